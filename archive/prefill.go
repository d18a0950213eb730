package archive

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// Prefilled is a fact that the archive knew and the person had not written.
type Prefilled struct {
	Field  string          `json:"field"` // "azienda.settore", "periodi[2]"
	Value  json.RawMessage `json:"value"` // as it would be written there
	Source Source          `json:"source"`
}

// Source is where the archive has a fact from.
type Source struct {
	Kind       string     `json:"kind"` // one of the kinds below
	Numero     string     `json:"numero,omitempty"`
	Version    int        `json:"version,omitempty"`
	Registered *time.Time `json:"registered,omitempty"`
}

// The kinds of sources. A treatment elsewhere names no measure: it may be of a matricola that the caller may not see.
const (
	FromPosizione     = "posizione"     // the company, in that version
	FromProvvedimento = "provvedimento" // one measure, in that version
	FromHistory       = "storia"        // that there are no measures at all
	FromElsewhere     = "altra_unita"   // a treatment of another unit or matricola of the same company
)

// Difference is a fact that the person wrote otherwise than the archive has it. What was written stays.
type Difference struct {
	Field   string          `json:"field"`
	Written json.RawMessage `json:"written,omitempty"` // absent: a measure that was not written
	Known   json.RawMessage `json:"known,omitempty"`   // absent: a measure that the archive does not have
	Source  Source          `json:"source"`
	fact    *fact.Field
	a, b    fact.Value // written and known
}

// Label is what the fact is called.
func (d *Difference) Label(lang string) string { return d.fact.Label.In(lang) }

// Words are both values as people read them.
func (d *Difference) Words(lang string) (written, known string) {
	return d.fact.Word(&d.a, lang), d.fact.Word(&d.b, lang)
}

// Quotable tells whether both values may be put into words: no list, and nothing personal.
func (d *Difference) Quotable() bool {
	return d.fact.Type != fact.List && d.fact.Type != fact.Days && !d.fact.Personal
}

// Known is what the archive knows of a unit for the check of an application: the facts of [Reader.Case], and
// whether the unit is there and works on the first day requested. For a unit that the company does not have, and for "" which is
// none yet, it is the company alone.
func (r *Reader) Known(pos *Posizione, unita string, history []Provvedimento, first calendar.Day, ask Ask) (*fact.Facts, error) {
	if pos.unit(unita) == nil {
		return r.companyAlone(pos, unita, first, ask), nil
	}
	f, err := r.Case(pos, unita, history, ask)
	if err != nil {
		return nil, err
	}
	f.Root[r.at.day] = fact.Value{} // the day is asked, not known
	r.state(f.Root, pos.unit(unita), first)
	return f, nil
}

// companyAlone is what is known of an application whose unit is not chosen yet, or is not the company's.
func (r *Reader) companyAlone(pos *Posizione, unita string, first calendar.Day, ask Ask) *fact.Facts {
	f := &fact.Facts{Vocabulary: r.voc, Root: r.voc.Root.New()}
	r.company(f.Root, pos, ask)
	if unita != "" {
		f.Root[r.at.progressivo] = fact.OfText(unita)
		r.state(f.Root, nil, first)
	}
	return f
}

// state writes whether the unit is there, and whether it works on the day.
func (r *Reader) state(root fact.Record, u *Unita, on calendar.Day) {
	if r.at.nota >= 0 {
		root[r.at.nota] = fact.OfBool(u != nil)
	}
	if r.at.attiva >= 0 && u != nil {
		root[r.at.attiva] = fact.OfBool(u.Attiva.Has(on))
	}
}

// Prefill puts into the facts of an application what the archive knows and the person has not written, and
// says where each comes from. What was written is never changed: where it differs, that is told. A value
// that can't be read (wrong format, unknown code) was written too, and is told by its own finding.
//
// known is the result of [Reader.Known] on the same company and history.
func (r *Reader) Prefill(written, known *fact.Facts, pos *Posizione, history []Provvedimento) ([]Prefilled, []Difference) {
	p := &prefilling{reader: r, pos: pos, history: history, filled: []Prefilled{}}
	for _, f := range r.voc.Root.Fields {
		if v := &known.Root[f.Slot]; v.IsKnown() && f.Slot != r.at.periodi {
			p.value(f, f.Path, &written.Root[f.Slot], v, p.sourceOf(f))
		}
	}
	if all := &known.Root[r.at.periodi]; all.IsKnown() {
		p.periods(&written.Root[r.at.periodi], all)
	}
	return p.filled, p.differ
}

// prefilling is one application being filled in.
type prefilling struct {
	reader  *Reader
	pos     *Posizione
	history []Provvedimento
	filled  []Prefilled
	differ  []Difference
}

// sourceOf is where a fact of the root comes from.
func (p *prefilling) sourceOf(f *fact.Field) Source {
	if f.Slot == p.reader.at.ultimo {
		return Source{Kind: FromElsewhere}
	}
	return Source{Kind: FromPosizione, Version: p.pos.Versione, Registered: instantOrNil(p.pos.RegistratoIl)}
}

func sourceOfMeasure(m *Provvedimento) Source {
	return Source{Kind: FromProvvedimento, Numero: m.Numero, Version: m.Versione, Registered: instantOrNil(m.RegistratoIl)}
}

func instantOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = Instant(t)
	return &t
}

// value fills one fact, or tells that it differs.
func (p *prefilling) value(f *fact.Field, path string, written, known *fact.Value, from Source) {
	switch {
	case !written.IsKnown() && empty(written):
		*written = *known
		p.filled = append(p.filled, Prefilled{Field: path, Value: fact.AppendValue(nil, f, known), Source: from})
	case written.IsKnown() && !alike(f, written, known):
		p.differ = append(p.differ, Difference{
			Field: path, Written: fact.AppendValue(nil, f, written), Known: fact.AppendValue(nil, f, known), Source: from, fact: f, a: *written, b: *known,
		})
	}
}

// empty tells a fact that nobody wrote from one that can't be used: an empty text is a field not filled yet.
func empty(v *fact.Value) bool {
	text, err := strconv.Unquote(v.Refused())
	return v.Refused() == "" || err == nil && len(bytes.TrimSpace([]byte(text))) == 0
}

// alike compares two known values of a fact. The order of rows says nothing.
func alike(f *fact.Field, a, b *fact.Value) bool {
	switch f.Type {
	case fact.Text, fact.Code:
		return a.Text == b.Text
	case fact.Decimal:
		return a.Rat.Equal(b.Rat)
	case fact.Days:
		return slices.Equal(slices.Sorted(slices.Values(a.Days())), slices.Sorted(slices.Values(b.Days())))
	case fact.List:
		return slices.Equal(rowTexts(f, a.Rows()), rowTexts(f, b.Rows()))
	}
	return a.Num == b.Num
}

func rowTexts(f *fact.Field, rows []fact.Record) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = string(fact.AppendRecord(nil, f.Element, row, true))
	}
	slices.Sort(out)
	return out
}

// periods fills the history, or compares the one that was written with the one of the archive, measure by
// measure: they are the same measure when they have the same numero.
func (p *prefilling) periods(written, known *fact.Value) {
	list := p.reader.voc.Root.Fields[p.reader.at.periodi]
	if !written.IsKnown() {
		*written = *known
		p.whole(list, known)
		return
	}
	measures := map[string]int{}
	for i := range p.history {
		measures[p.history[i].Numero] = i
	}
	for i, row := range written.Rows() {
		numero := &row[p.reader.at.numero]
		if !numero.IsKnown() {
			continue
		}
		at := "periodi[" + strconv.Itoa(i) + "]"
		m, there := measures[numero.Text]
		if !there {
			p.differ = append(p.differ, Difference{Field: at, Written: fact.AppendValue(nil, list.Element.Fields[p.reader.at.numero], numero), Source: Source{Kind: FromHistory}, fact: list})
			continue
		}
		delete(measures, numero.Text)
		p.period(at, row, known.Rows()[m], sourceOfMeasure(&p.history[m]))
	}
	p.unwritten(list, measures)
}

// whole says where each row of a history comes from that was filled as a whole.
func (p *prefilling) whole(list *fact.Field, known *fact.Value) {
	if len(known.Rows()) == 0 {
		p.filled = append(p.filled, Prefilled{Field: list.Path, Value: json.RawMessage("[]"), Source: Source{Kind: FromHistory}})
	}
	for i, row := range known.Rows() {
		p.filled = append(p.filled, Prefilled{
			Field: list.Path + "[" + strconv.Itoa(i) + "]", Value: fact.AppendRecord(nil, list.Element, row, true), Source: sourceOfMeasure(&p.history[i]),
		})
	}
}

// period fills and compares one measure that was written.
func (p *prefilling) period(at string, written, known fact.Record, from Source) {
	for _, f := range p.reader.at.periodo.Fields {
		if v := &known[f.Slot]; v.IsKnown() {
			p.value(f, at+"."+f.Name, &written[f.Slot], v, from)
		}
	}
}

// unwritten tells the measures of the archive that the written history does not have, in the archive's order.
func (p *prefilling) unwritten(list *fact.Field, measures map[string]int) {
	for i := range p.history {
		m := &p.history[i]
		if _, left := measures[m.Numero]; left {
			numero, _ := json.Marshal(m.Numero) // a text always has a JSON
			p.differ = append(p.differ, Difference{Field: list.Path, Known: numero, Source: sourceOfMeasure(m), fact: list})
		}
	}
}
