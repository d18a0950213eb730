// Package fact holds the declared vocabulary of facts and the facts of one case.
//
// The vocabulary is data: rules/facts declares each field once (type, unit, format, label,
// source, personal or not), and from it come the strict decoder, the JSON Schema of the API,
// the completion for rule authors and the reference page. A fact that is absent is Unknown:
// never zero, never false, never a pass.
package fact

import (
	"strconv"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/internal/fault"
)

// State is how much is known of a fact. Anything but Unknown carries a value.
type State uint8

// The states of a fact.
const (
	Unknown  State = iota
	Known          // taken from the input or an archive
	Declared       // self-certified by the employer
	Presumed       // put there by a cited rule, because the input did not say
)

// Type is the type of a field.
type Type uint8

// The types an author may declare. List holds rows of a group; Days is a list of days.
const (
	Text    Type = iota // free text
	Code                // one of Values, or checked by Format
	Bool                // true or false
	Integer             // whole number in 64 bits
	Decimal             // exact decimal
	Date                // civil day
	Days                // list of civil days
	List                // list of rows of Element
)

// Value is one fact. Which part is meaningful follows from the field's type; a zero Value is unknown.
//
// Lenient decoding leaves a value that can't be used Unknown, with its JSON text in Text, so
// that no rule rests on it and yet the facts can be written back as they came. See [Value.Refused].
type Value struct {
	State State
	Num   int64        // Integer; Bool as 0 or 1; Date as calendar.Day
	Text  string       // Text, Code; the JSON text of a refused value
	Rat   quantity.Rat // Decimal
	list  *elements    // Days, List
}

// elements are apart, for most facts have none, and a row of a list has some thirty facts.
type elements struct {
	days []calendar.Day
	rows []Record
}

// Days are the days of a list of days, in the order given.
func (v *Value) Days() []calendar.Day {
	if v.list == nil {
		return nil
	}
	return v.list.days
}

// Rows are the rows of a list; nil where there is no list, which is another thing than an empty one.
func (v *Value) Rows() []Record {
	if v.list == nil {
		return nil
	}
	return v.list.rows
}

// SetDays puts other days in the place of those of this value; copies of it keep theirs.
func (v *Value) SetDays(days []calendar.Day) { v.list = &elements{days: days} }

// SetRows puts other rows in the place of those of this value; copies of it keep theirs.
func (v *Value) SetRows(rows []Record) { v.list = &elements{rows: rows} }

// IsKnown tells whether there is a value, presumed ones included.
func (v *Value) IsKnown() bool { return v.State != Unknown }

// Refused is the JSON text of what was written and can't be used; "" when there is none.
func (v *Value) Refused() string {
	if v.State == Unknown {
		return v.Text
	}
	return ""
}

// Bool is the value of a boolean fact.
func (v *Value) Bool() bool { return v.Num != 0 }

// Day is the value of a day.
func (v *Value) Day() calendar.Day { return calendar.Day(v.Num) }

// OfText, OfBool, OfInt, OfDay and OfRat make known values.
func OfText(s string) Value      { return Value{State: Known, Text: s} }
func OfInt(n int64) Value        { return Value{State: Known, Num: n} }
func OfDay(d calendar.Day) Value { return Value{State: Known, Num: int64(d)} }
func OfRat(r quantity.Rat) Value { return Value{State: Known, Rat: r} }

// OfDays and OfRows make known lists.
func OfDays(days []calendar.Day) Value { return Value{State: Known, list: &elements{days: days}} }
func OfRows(rows []Record) Value       { return Value{State: Known, list: &elements{rows: rows}} }
func OfBool(b bool) Value {
	v := Value{State: Known}
	if b {
		v.Num = 1
	}
	return v
}

// As is v with another state.
func (v Value) As(s State) Value { v.State = s; return v }

// Record is the fields of one group, in the order of Group.Fields.
type Record []Value

// Texts are words for people by language code ("it", "en", "de").
type Texts map[string]string

// In is the text in lang, else in Italian.
func (t Texts) In(lang string) string {
	if s, ok := t[lang]; ok {
		return s
	}
	return t["it"]
}

// Option is one allowed code of a field.
type Option struct {
	Code  string
	Label Texts
}

// Field is one declared fact.
type Field struct {
	Name     string // path inside its group, dots for nested objects: "consultazione.data_conclusione"
	Path     string // from the root, [] for each list: "richiesta.lavoratori[].qualifica"
	Type     Type
	Unit     quantity.Unit
	Format   string        // named check: matricola, codice_fiscale, progressivo, …; "" is none
	Options  []Option      // allowed codes; empty means any
	Min, Max *quantity.Rat // inclusive bounds of a number
	MaxLen   int           // longest text in characters, or most rows or days; 0 is no limit
	Label    Texts
	Help     Texts
	Source   string // where the fact comes from, for people
	Personal bool
	Required bool   // a record without it is refused; facts never are, only members of an [Envelope]
	Element  *Group // of a List
	Slot     int    // index in a Record of its group
}

// Group is an ordered set of fields: the root of all facts, or the rows of a list.
type Group struct {
	Name   string // the name rules use for one row: "periodo", "lavoratore"; "" for the root
	Label  Texts  // of a list
	Fields []*Field
	Spans  []SpanCheck // pairs of days that must be in order
	Unique []*Field    // fields whose value no two rows share
	slots  map[string]int
	tree   *object  // the JSON objects that the names make
	lists  []*Field // the fields that are lists
	bare   bool     // a row is written as the value of its only field, without an object around it
}

// SpanCheck says that the day of To must not come before the day of From.
type SpanCheck struct{ From, To *Field }

// NewGroup indexes fields by name. It panics when two names are equal, or one is an object of
// another ("a" and "a.b"): content is checked by [NewVocabulary], which reports instead.
func NewGroup(name string, fields []*Field) *Group {
	g := &Group{Name: name, Fields: fields, slots: make(map[string]int, len(fields)), tree: &object{}}
	for i, f := range fields {
		f.Slot = i
		g.slots[f.Name] = i
		if f.Type == List {
			g.lists = append(g.lists, f)
		}
		if err := g.tree.add(f); err != nil {
			panic("fact: " + err.Error())
		}
	}
	return g
}

// NewBare is the group of rows that are plain values: ["a", "b"] instead of [{"code": "a"}, …]. No two
// rows may be equal.
func NewBare(f Field) *Group {
	f.Name, f.Path = "", ""
	g := NewGroup("", []*Field{&f})
	g.bare, g.Unique = true, []*Field{&f}
	return g
}

// Extend is a new group with copies of the fields of g, then those of extra, and with the same
// order of days: a row with what surrounds it, such as a measure with its company. It panics when
// two names are equal, as [NewGroup] does.
func (g *Group) Extend(name string, extra ...Field) *Group {
	var fields []*Field
	for _, f := range g.Fields {
		extended := *f
		fields = append(fields, &extended)
	}
	for _, f := range extra {
		if f.Path == "" {
			f.Path = f.Name
		}
		fields = append(fields, &f)
	}
	out := NewGroup(name, fields)
	out.Label = g.Label
	for _, s := range g.Spans {
		out.Spans = append(out.Spans, SpanCheck{fields[s.From.Slot], fields[s.To.Slot]})
	}
	return out
}

// Slot is the index of a field by its name; -1 when there is none.
func (g *Group) Slot(name string) int {
	if i, ok := g.slots[name]; ok {
		return i
	}
	return -1
}

// Field is the field of that name, or nil.
func (g *Group) Field(name string) *Field {
	if i, ok := g.slots[name]; ok {
		return g.Fields[i]
	}
	return nil
}

// New is a record in which everything is unknown.
func (g *Group) New() Record { return make(Record, len(g.Fields)) }

// Vocabulary is the whole declared set of facts. It never changes after it is built.
type Vocabulary struct {
	Root   *Group
	Groups map[string]*Group // list groups by row name: "periodo", "lavoratore", …
}

// Facts are the facts of one case.
type Facts struct {
	Vocabulary *Vocabulary
	Root       Record
	Findings   []fault.Detail // what lenient decoding let pass, sorted by place
}

// Get is the root fact of that name ("azienda.settore"). The name must be declared.
func (f *Facts) Get(name string) *Value { return &f.Root[f.Vocabulary.Root.Slot(name)] }

// Text is a text of the root; "" where it is unknown, to the facts or to their vocabulary.
func (f *Facts) Text(name string) string {
	at := f.Vocabulary.Root.Slot(name)
	if at < 0 || !f.Root[at].IsKnown() {
		return ""
	}
	return f.Root[at].Text
}

// Ref names one fact of one case: a field, and the row it is in when the field is in a list.
type Ref struct {
	Field *Field
	Row   int // index of the row in its list; -1 for a root fact
}

// Path is the fact as the contract writes it: "azienda.settore", "periodi[3].causale".
func (r Ref) Path() string {
	if r.Row < 0 {
		return r.Field.Path
	}
	return strings.Replace(r.Field.Path, "[]", "["+strconv.Itoa(r.Row)+"]", 1)
}

// Pointer is the same as a JSON pointer below /facts: "/facts/periodi/3/causale".
func (r Ref) Pointer() string {
	p := strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(r.Path())
	return "/facts/" + p
}

// WithoutRows is a path with the numbers of the rows taken out: "periodi[].causale", as [Field] has it.
func WithoutRows(path string) string {
	var b strings.Builder
	for {
		head, rest, found := strings.Cut(path, "[")
		b.WriteString(head)
		if !found {
			return b.String()
		}
		_, path, _ = strings.Cut(rest, "]")
		b.WriteString("[]")
	}
}

// PathOf turns a pointer below /facts into the dotted path of [Ref.Path]:
// "/facts/periodi/3/causale" is "periodi[3].causale".
func PathOf(pointer string) string {
	var b strings.Builder
	for name := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(pointer, "/facts"), "/"), "/") {
		switch {
		case name != "" && strings.Trim(name, "0123456789") == "":
			b.WriteString("[" + name + "]")
		case b.Len() > 0:
			b.WriteString("." + name)
		default:
			b.WriteString(name)
		}
	}
	return b.String()
}
