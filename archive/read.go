package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// Reader reads what is to be kept, strictly, with the vocabulary of one edition. It is immutable and
// safe to share; build it once for each edition.
type Reader struct {
	voc           *fact.Vocabulary
	provvedimento shape
	posizione     *posizioneShape
	delega        shape
	loaded        shape // a delega as INPS loads it, with who granted it
	at            caseSlots
	rules         *engine.PeriodChecks // nil: provvedimenti are held to their form only
}

// Options are what reading needs beside the body.
type Options struct {
	Language string       // of the messages: it, en, de
	Today    calendar.Day // the civil day in Rome
	Above    int          // lines before the body in the file it is a line of, for messages
}

// fact is these options for a record, with a further look at it.
func (o Options) fact(also func(fact.Record) []fault.Detail) fact.Options {
	return fact.Options{Language: o.Language, Above: o.Above, Also: also}
}

// shape is a group with its slots by name, found once.
type shape struct {
	*fact.Group
	slot map[string]int
}

func newShape(g *fact.Group) shape {
	s := shape{g, make(map[string]int, len(g.Fields))}
	for _, f := range g.Fields {
		s.slot[f.Name] = f.Slot
	}
	return s
}

// get is the value of a field of rec. The name must be one of the group.
func (s *shape) get(rec fact.Record, name string) *fact.Value {
	i, ok := s.slot[name]
	if !ok {
		panic("archive: no field " + name + " in " + s.Name)
	}
	return &rec[i]
}

// NewReader makes the reader of a vocabulary, which knows the form of what is kept and no rule; what is to be
// written is read by [ReaderOf]. It fails when the facts lack what the archive rests
// on, or when a row of periodi has a field that the archive calls its own.
func NewReader(voc *fact.Vocabulary) (*Reader, error) {
	if err := checkVocabulary(voc); err != nil {
		return nil, err
	}
	r := &Reader{
		voc: voc, provvedimento: newShape(provvedimentoGroup(voc)), posizione: newPosizioneShape(voc),
		delega: newShape(delegaGroup(voc)), loaded: newShape(loadedGroup(voc)),
	}
	r.at = newCaseSlots(voc)
	return r, nil
}

// ReaderOf makes the reader of an edition. It holds provvedimenti to the rules of the edition too: a period that no
// counter could be decided with is refused before it is kept.
func ReaderOf(ed *rulebook.Edition) (*Reader, error) {
	r, err := NewReader(ed.Vocabulary)
	if err != nil {
		return nil, err
	}
	r.rules = engine.NewPeriodChecks(ed)
	return r, nil
}

// checkVocabulary finds what an edition would have to declare for its facts to be kept.
func checkVocabulary(voc *fact.Vocabulary) error {
	row := voc.Groups["periodo"]
	if row == nil {
		return fmt.Errorf("the facts have no list with the row periodo: the archive can't keep provvedimenti")
	}
	for name, t := range neededOfPeriodo {
		if f := row.Field(name); f == nil || f.Type != t {
			return fmt.Errorf("the archive needs the fact periodi[].%s, of type %s", name, t)
		}
	}
	for name, t := range neededOfRoot {
		if f := voc.Root.Field(name); f == nil || f.Type != t {
			return fmt.Errorf("the archive needs the fact %s, of type %s", name, t)
		}
	}
	staff := voc.Root.Field("unita_produttiva.organico_medio").Element
	for _, name := range []string{"ore_settimanali", "lavoratori"} {
		if f := staff.Field(name); f == nil || f.Type != fact.Decimal {
			return fmt.Errorf("the archive needs the fact unita_produttiva.organico_medio[].%s, of type decimal", name)
		}
	}
	for _, f := range ownFields(nil) {
		if row.Field(f.Name) != nil {
			return fmt.Errorf("the fact periodi[].%s has the name of a field of the archive: call it otherwise", f.Name)
		}
	}
	return nil
}

// The facts that the archive reads by name.
var (
	neededOfPeriodo = map[string]fact.Type{
		"numero": fact.Text, "prestazione": fact.Code, "causale": fact.Code, "esito": fact.Code,
		"dal": fact.Date, "al": fact.Date, "giornate_fruite": fact.Days,
	}
	neededOfRoot = map[string]fact.Type{
		"data_riferimento": fact.Date, "periodi": fact.List, "richiesta.dal": fact.Date, "richiesta.al": fact.Date,
		"azienda.matricola": fact.Text, "azienda.codice_fiscale": fact.Text, "azienda.settore": fact.Code, "azienda.fondo": fact.Code,
		"azienda.dipendenti_semestre": fact.Decimal, "azienda.fine_ultimo_trattamento": fact.Date,
		"unita_produttiva.progressivo": fact.Text, "unita_produttiva.giorni_settimana": fact.Integer,
		"unita_produttiva.mesi_attivita": fact.Integer, "unita_produttiva.organico_medio": fact.List,
	}
)

// Schemas are the JSON Schemas (OpenAPI 3.0) of the bodies, by name: provvedimento, posizione,
// delega.
func (r *Reader) Schemas() map[string]json.RawMessage {
	return map[string]json.RawMessage{
		"provvedimento": r.provvedimento.JSONSchema(),
		"posizione":     r.posizione.JSONSchema(),
		"delega":        r.delega.JSONSchema(),
	}
}

// digestOf names a content: "sha256:" and the hash of its canonical JSON.
func digestOf(corpo []byte) string {
	sum := sha256.Sum256(corpo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// like is a copy of a root fact under another name, so that the archive and the facts have one
// idea of its form. Without a vocabulary it is the bare field.
func like(voc *fact.Vocabulary, root, name string, t fact.Type) fact.Field {
	if voc == nil {
		return fact.Field{Name: name, Type: t}
	}
	f := *voc.Root.Field(root)
	f.Name, f.Path = name, name
	return f
}

// must is f as a field that a record can't be without.
func must(f fact.Field) fact.Field { f.Required = true; return f }

// labels are the words for a field in the three languages.
func labels(it, en, de string) fact.Texts { return fact.Texts{"it": it, "en": en, "de": de} }

// text is a field of free text.
func text(name string, most int, label fact.Texts) fact.Field {
	return fact.Field{Name: name, Type: fact.Text, MaxLen: most, Label: label}
}

// day is a field of a civil day.
func day(name string, label fact.Texts) fact.Field {
	return fact.Field{Name: name, Type: fact.Date, Label: label}
}

// rows is a field that is a list.
func rows(name string, most int, label fact.Texts, g *fact.Group) fact.Field {
	return fact.Field{Name: name, Type: fact.List, MaxLen: most, Label: label, Element: g}
}

// group makes a group of these fields, with a run of days from the first to the second name of each span.
func group(name string, spans [][2]string, fields ...fact.Field) *fact.Group {
	list := make([]*fact.Field, len(fields))
	for i := range fields {
		if fields[i].Path == "" {
			fields[i].Path = fields[i].Name
		}
		list[i] = &fields[i]
	}
	g := fact.NewGroup(name, list)
	for _, s := range spans {
		g.Spans = append(g.Spans, fact.SpanCheck{From: g.Field(s[0]), To: g.Field(s[1])})
	}
	return g
}

// requiring is g with these fields required.
func requiring(g *fact.Group, names ...string) *fact.Group {
	out := *g
	out.Fields = slices.Clone(g.Fields)
	for i, f := range out.Fields {
		if slices.Contains(names, f.Name) {
			required := must(*f)
			out.Fields[i] = &required
		}
	}
	return &out
}

// bound is a limit of a number.
func bound(n int64) *quantity.Rat {
	r := quantity.Int(n)
	return &r
}
