package fact

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"omnia/engine/quantity"
)

// GroupSpec is one group of fields as an author declares it. The comments give the YAML keys.
//
// Three kinds: an object at the root (`name`), the root itself (`name: ""`), or a list
// (`list`, its path from the root, and `row`, the name that rules use for one row).
type GroupSpec struct {
	Name      string      // name
	List      string      // list: "periodi", "richiesta.lavoratori"
	Row       string      // row: "periodo"
	Label     Texts       // label
	Help      Texts       // help, optional
	Source    string      // source, optional: where the rows come from
	MaxLength int         // max_length: most rows of a list; 0 stands for DefaultRows
	Spans     []SpanSpec  // spans
	Unique    []string    // unique: fields of a list whose value no two rows share
	Fields    []FieldSpec // fields
}

// SpanSpec names two days of a group that must be in order.
type SpanSpec struct {
	From string // from
	To   string // to
}

// FieldSpec is one field as an author declares it.
type FieldSpec struct {
	Name      string   // name, with dots for nested objects
	Type      string   // type: text code boolean integer decimal date days
	Options   []Option // options: [{code, label}]
	Unit      string   // unit
	Format    string   // format
	Min, Max  string   // min, max: exact numbers, inclusive
	MaxLength int      // max_length: characters of a text, or days; 0 stands for DefaultText or DefaultRows
	Label     Texts    // label
	Help      Texts    // help, optional
	Source    string   // source
	Personal  bool     // personal
}

// Lengths where a declaration gives none: everything that comes in has a limit.
const (
	DefaultText = 200
	DefaultRows = 1000
)

// SpecError is one defect of a declaration, said in Italian to its author. Field is empty when
// it concerns the group, Key when it concerns the whole field or group.
type SpecError struct {
	Group   string // name of the group, or path of the list
	Field   string
	Key     string // the YAML key at fault
	Message string
}

// Error is the defect with its place.
func (e SpecError) Error() string {
	place := strings.Trim(e.Group+"."+e.Field, ".")
	return fmt.Sprintf("%s: %s: %s", place, e.Key, e.Message)
}

// ID is what a defect names as its Group.
func (g *GroupSpec) ID() string {
	if g.List != "" {
		return g.List
	}
	return g.Name
}

// NewVocabulary checks the declarations and builds the vocabulary, in their order. All defects
// come back together, and then there is no vocabulary.
func NewVocabulary(groups []GroupSpec) (*Vocabulary, []SpecError) {
	b := builder{rows: map[string]*Group{}, taken: map[string]bool{}}
	for i := range groups {
		b.group(&groups[i])
	}
	b.namesOfRows(groups)
	if len(b.errors) > 0 {
		return nil, b.errors
	}
	root := NewGroup("", b.root)
	root.Spans = b.rootSpans
	return &Vocabulary{Root: root, Groups: b.rows}, nil
}

// builder gathers the root fields and the defects of one vocabulary.
type builder struct {
	root      []*Field
	rootSpans []SpanCheck
	rows      map[string]*Group
	taken     map[string]bool // groups seen, by ID
	names     object          // the root names, to find clashes
	errors    []SpecError

	spec  *GroupSpec // in hand
	field string
}

var (
	dottedName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
	plainName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

func (b *builder) defect(key, format string, args ...any) {
	b.errors = append(b.errors, SpecError{Group: b.spec.ID(), Field: b.field, Key: key, Message: fmt.Sprintf(format, args...)})
}

func (b *builder) group(g *GroupSpec) {
	b.spec, b.field = g, ""
	if b.taken[g.ID()] {
		b.defect("name", "il gruppo «%s» è dichiarato due volte: riunire i campi in uno solo", g.ID())
	}
	b.taken[g.ID()] = true
	b.headOf(g)
	fields := b.fieldsOf(g)
	if g.List != "" {
		b.list(g, fields)
		return
	}
	for _, f := range fields {
		if f == nil {
			continue
		}
		if g.Name != "" {
			f.Name = g.Name + "." + f.Name
		}
		f.Path = f.Name
		b.toRoot(f)
	}
	b.rootSpans = append(b.rootSpans, b.spans(fields)...)
	if len(g.Unique) > 0 {
		b.defect("unique", "vale solo per un elenco (list)")
	}
}

// headOf checks what is said of the group itself.
func (b *builder) headOf(g *GroupSpec) {
	switch {
	case g.List != "" && g.Name != "":
		b.defect("name", "un gruppo ha `name` oppure `list`, non tutti e due")
	case g.List != "" && !dottedName.MatchString(g.List):
		b.defect("list", "«%s» non è un nome: lettere minuscole, cifre e _, con punti fra i livelli", g.List)
	case g.List == "" && g.Name != "" && !plainName.MatchString(g.Name):
		b.defect("name", "«%s» non è un nome: lettere minuscole, cifre e _", g.Name)
	}
	if (g.List != "") != (g.Row != "") {
		b.defect("row", "`list` e `row` vanno insieme: il percorso dell'elenco e il nome di una sua riga")
	} else if g.Row != "" && !plainName.MatchString(g.Row) {
		b.defect("row", "«%s» non è un nome: lettere minuscole, cifre e _", g.Row)
	}
	if g.MaxLength < 0 || g.MaxLength > 0 && g.List == "" {
		b.defect("max_length", "il numero massimo di righe è positivo, e vale solo per un elenco (list)")
	}
	if g.Name != "" || g.List != "" {
		b.texts("label", g.Label)
	}
	if len(g.Fields) == 0 {
		b.defect("fields", "il gruppo non dichiara alcun campo")
	}
}

// fieldsOf builds the fields of a group; one that is wrong is nil.
func (b *builder) fieldsOf(g *GroupSpec) []*Field {
	fields, clash := make([]*Field, len(g.Fields)), object{}
	for i := range g.Fields {
		b.field = g.Fields[i].Name
		before := len(b.errors)
		f := b.newField(&g.Fields[i])
		if err := clash.add(f); err != nil {
			b.defect("name", "il nome «%s» è già preso nel gruppo, come campo o come oggetto", f.Name)
		}
		if len(b.errors) == before {
			fields[i] = f
		}
	}
	b.field = ""
	return fields
}

func (b *builder) newField(s *FieldSpec) *Field {
	f := &Field{
		Name: s.Name, Path: s.Name, Unit: quantity.Unit(s.Unit), Format: s.Format, Options: s.Options,
		MaxLen: s.MaxLength, Label: s.Label, Help: s.Help, Source: s.Source, Personal: s.Personal,
	}
	if !dottedName.MatchString(s.Name) {
		b.defect("name", "«%s» non è un nome: lettere minuscole, cifre e _, con punti fra i livelli", s.Name)
	}
	t, ok := ParseType(s.Type)
	if !ok {
		b.defect("type", "il tipo «%s» non esiste%s", s.Type, orList(s.Type, TypeNames()))
		return f
	}
	f.Type = t
	b.texts("label", s.Label)
	if len(s.Help) > 0 {
		b.texts("help", s.Help)
	}
	if strings.TrimSpace(s.Source) == "" {
		b.defect("source", "manca l'origine del dato: uniemens, dichiarato, archivio o calcolato, con una parola di spiegazione")
	}
	b.codes(f)
	b.format(f)
	b.numbers(f, s)
	b.length(f)
	return f
}

func (b *builder) texts(key string, t Texts) {
	for _, lang := range quantity.Languages {
		if strings.TrimSpace(t[lang]) == "" {
			b.defect(key, "manca il testo in «%s»", lang)
		}
	}
	for lang := range t {
		if !slices.Contains(quantity.Languages, lang) {
			b.defect(key, "la lingua «%s» non è prevista: it, en, de", lang)
		}
	}
}

func (b *builder) codes(f *Field) {
	if len(f.Options) == 0 {
		return
	}
	if f.Type != Code {
		b.defect("options", "i codici ammessi valgono solo per il tipo code")
	}
	seen := map[string]bool{}
	for _, o := range f.Options {
		switch {
		case strings.TrimSpace(o.Code) == "":
			b.defect("options", "un codice è vuoto")
		case seen[o.Code]:
			b.defect("options", "il codice «%s» è scritto due volte", o.Code)
		}
		seen[o.Code] = true
		b.texts("options", o.Label)
	}
}

func (b *builder) format(f *Field) {
	if f.Format == "" {
		return
	}
	if f.Type != Text && f.Type != Code {
		b.defect("format", "il formato vale solo per i tipi text e code")
	}
	if !KnownFormat(f.Format) {
		b.defect("format", "il formato «%s» non esiste%s", f.Format, orList(f.Format, FormatNames()))
	}
}

func (b *builder) numbers(f *Field, s *FieldSpec) {
	if !f.Type.IsNumber() {
		for _, k := range [][2]string{{"unit", s.Unit}, {"min", s.Min}, {"max", s.Max}} {
			if k[1] != "" {
				b.defect(k[0], "vale solo per i tipi integer e decimal")
			}
		}
		return
	}
	if s.Unit != "" && !slices.Contains(quantity.Units, f.Unit) {
		b.defect("unit", "l'unità «%s» non esiste: day, week, month, hour, euro o percent", s.Unit)
	}
	f.Min, f.Max = b.bound("min", s.Min), b.bound("max", s.Max)
	if f.Min != nil && f.Max != nil && f.Max.Cmp(*f.Min) < 0 {
		b.defect("max", "il massimo %s è minore del minimo %s", s.Max, s.Min)
	}
}

func (b *builder) bound(key, text string) *quantity.Rat {
	if text == "" {
		return nil
	}
	r, err := quantity.Parse(text)
	if err != nil {
		b.defect(key, "«%s» non è un numero esatto, come 24 o 5.5", text)
		return nil
	}
	return &r
}

func (b *builder) length(f *Field) {
	if f.MaxLen < 0 || f.MaxLen > math.MaxInt32 {
		b.defect("max_length", "la lunghezza massima è un numero positivo")
	}
	switch {
	case f.Type == Text || f.Type == Code && len(f.Options) == 0:
		f.MaxLen = orDefault(f.MaxLen, DefaultText)
	case f.Type == Days:
		f.MaxLen = orDefault(f.MaxLen, DefaultRows)
	case f.MaxLen != 0:
		b.defect("max_length", "vale solo per i tipi text e days e per i codici liberi")
	}
}

// list makes the group of the rows, and the root field that holds them.
func (b *builder) list(g *GroupSpec, fields []*Field) {
	at := &Field{
		Name: g.List, Path: g.List, Type: List, MaxLen: orDefault(g.MaxLength, DefaultRows),
		Label: g.Label, Help: g.Help, Source: g.Source,
	}
	b.toRoot(at)
	spans := b.spans(fields)
	unique := b.unique(fields)
	if b.rows[g.Row] != nil {
		b.defect("row", "il nome di riga «%s» è già di un altro elenco", g.Row)
	}
	if slices.Contains(fields, nil) {
		return
	}
	for _, f := range fields {
		f.Path = g.List + "[]." + f.Name
	}
	at.Element = NewGroup(g.Row, fields)
	at.Element.Label, at.Element.Spans, at.Element.Unique = g.Label, spans, unique
	b.rows[g.Row] = at.Element
}

// toRoot files a field under the root, whose names are of all groups together.
func (b *builder) toRoot(f *Field) {
	if err := b.names.add(f); err != nil {
		b.defect("name", "il nome «%s» è già preso, come campo o come oggetto", f.Name)
		return
	}
	b.root = append(b.root, f)
}

func (b *builder) spans(fields []*Field) []SpanCheck {
	var out []SpanCheck
	for _, s := range b.spec.Spans {
		from, to := b.named("spans", s.From, fields), b.named("spans", s.To, fields)
		if from == nil || to == nil {
			continue
		}
		if from.Type != Date || to.Type != Date {
			b.defect("spans", "«%s» e «%s» devono essere di tipo date", s.From, s.To)
			continue
		}
		out = append(out, SpanCheck{from, to})
	}
	return out
}

func (b *builder) unique(fields []*Field) []*Field {
	var out []*Field
	for _, name := range b.spec.Unique {
		f := b.named("unique", name, fields)
		if f != nil && f.Type != Text && f.Type != Code {
			b.defect("unique", "«%s» deve essere di tipo text o code", name)
		} else if f != nil {
			out = append(out, f)
		}
	}
	return out
}

// named is the field of the group in hand that the author wrote as name; nil, and a defect
// unless the field itself is wrong, when there is none.
func (b *builder) named(key, name string, fields []*Field) *Field {
	i := slices.IndexFunc(b.spec.Fields, func(s FieldSpec) bool { return s.Name == name })
	if i >= 0 {
		return fields[i]
	}
	var names []string
	for _, s := range b.spec.Fields {
		names = append(names, s.Name)
	}
	b.defect(key, "il gruppo non ha un campo «%s»%s", name, orList(name, names))
	return nil
}

// namesOfRows refuses a row named like something at the root: in a rule the two could not be told apart.
func (b *builder) namesOfRows(groups []GroupSpec) {
	for i := range groups {
		if _, taken := b.names.index[groups[i].Row]; taken && groups[i].Row != "" {
			b.spec, b.field = &groups[i], ""
			b.defect("row", "il nome di riga «%s» è già di un campo o gruppo della radice", groups[i].Row)
		}
	}
}

func orDefault(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

// orList is the cure for a word that is not in a list: the nearest one, else the whole list.
func orList(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return fmt.Sprintf(": forse intendevi «%s»?", near)
	}
	return ": scegliere fra " + strings.Join(candidates, ", ")
}
