package fact

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/internal/fault"
)

// Options say how to read.
type Options struct {
	// Lenient is for the form while it is being filled: a value of the right JSON type that can't
	// be used (wrong code, format, bounds, order of days) is a finding and stays unknown, and an
	// empty text is a field not filled yet. Strict decoding refuses all of these.
	Lenient  bool
	Language string // of the messages: it, en, de; anything else is Italian
	Stored   bool   // keys that are no facts any more are passed over: the text was good when it was kept

	Above int // lines that stand before the body in the text it is a part of, for messages

	// Also looks at a record that is JSON of the right shape, for what no declaration says; what it
	// finds is reported with the rest. Values that were refused are unknown to it. Only [DecodeRecord] asks it.
	Also func(rec Record) []fault.Detail
}

// Decode reads the facts of one case from a JSON object, strictly.
//
// Every defect comes back at once as a *fault.Fault: Malformed for what is not JSON, for a key
// that is unknown or written twice and for nesting beyond 32 levels; Invalid for a value of the wrong
// type, format, code, size or order. Pointers begin with /facts. A null is a wrong type, not an
// absent fact. Numbers are taken exactly as written.
func Decode(voc *Vocabulary, body []byte, opt Options) (*Facts, error) {
	d := newDecoder(body, opt)
	d.base = "/facts"
	f := &Facts{Vocabulary: voc, Root: voc.Root.New()}
	if err := d.document(voc.Root, f.Root); err != nil {
		return nil, err
	}
	f.Findings = d.sortedFindings()
	return f, nil
}

// DecodeRecord reads one object of any group, strictly; pointers begin at its root. Where
// opt is lenient, findings are errors all the same: a record has no room for them.
func DecodeRecord(g *Group, body []byte, opt Options) (Record, error) {
	opt.Lenient = false
	d, rec := newDecoder(body, opt), g.New()
	if d.whole(g.tree, rec) {
		d.check(g, rec)
		if opt.Also != nil {
			d.invalid = append(d.invalid, opt.Also(rec)...)
		}
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return rec, nil
}

// decoder fills records from the tokens of one body, and gathers what is wrong with it.
type decoder struct {
	scanner
	report
	lenient bool
	facts   Record // where the facts of an envelope go
	form    bool   // the facts of an envelope are read leniently; its plain members never are
	stored  bool   // keys that are not declared are passed over
}

func newDecoder(body []byte, opt Options) *decoder {
	return &decoder{scanner: scanner{buf: body, above: opt.Above}, report: report{lang: languageOf(opt.Language)}, lenient: opt.Lenient, stored: opt.Stored}
}

// document reads the whole body as one object of g.
func (d *decoder) document(g *Group, rec Record) error {
	if d.whole(g.tree, rec) {
		d.check(g, rec)
	}
	return d.err()
}

// whole reads the body; false when a syntax error stopped it.
func (d *decoder) whole(o *object, rec Record) bool {
	if d.open() && d.objectOrWrong(o, rec) && d.close() {
		return true
	}
	d.syntax(&d.scanner)
	return false
}

// objectOrWrong reads an object, or reports what stands there instead.
func (d *decoder) objectOrWrong(o *object, rec Record) bool {
	if d.peek() != '{' {
		return d.wrongType("object", "")
	}
	return d.object(o, rec)
}

// object reads the members of o into rec. It is false only on a syntax error.
func (d *decoder) object(o *object, rec Record) bool {
	if !d.enter() {
		return false
	}
	var seen bitset
	at := -1
	for first := true; ; first = false {
		more, ok := d.more('}', first)
		if !ok {
			return false
		}
		if !more {
			break
		}
		name, ok := d.key()
		if !ok {
			return false
		}
		i := o.find(name, at)
		if i < 0 {
			if !d.stored {
				d.unknownField(o, string(name))
			}
			ok = d.skip()
		} else if m := &o.members[i]; !seen.add(i) {
			d.push(m.name, -1)
			d.malformedAt(duplicateKey, m.name)
			d.pop()
			ok = d.skip()
		} else {
			at = i
			d.push(m.name, -1)
			ok = d.member(m, rec)
			if ok {
				d.pop()
			}
		}
		if !ok {
			return false
		}
	}
	d.required(o, &seen)
	return true
}

func (d *decoder) member(m *member, rec Record) bool {
	switch {
	case m.facts:
		d.lenient = d.form
		ok := d.objectOrWrong(m.child, d.facts)
		d.lenient = false
		return ok
	case m.child != nil:
		return d.objectOrWrong(m.child, rec)
	}
	return d.value(m.field, &rec[m.field.Slot])
}

// required reports the members that must be there and are not.
func (d *decoder) required(o *object, seen *bitset) {
	for i := range o.members {
		if m := &o.members[i]; m.required && !seen.has(i) {
			d.push(m.name, -1)
			d.invalidAt(m.field, missing)
			d.pop()
		}
	}
}

// value reads the value of f. It is false only on a syntax error.
func (d *decoder) value(f *Field, v *Value) bool {
	c := d.peek()
	switch f.Type {
	case Text, Code:
		if c == '"' {
			return d.words(f, v)
		}
	case Bool:
		if c == 't' || c == 'f' {
			return d.boolean(c, v)
		}
	case Integer, Decimal:
		if c == '-' || c >= '0' && c <= '9' {
			return d.figure(f, v)
		}
	case Date:
		if c == '"' {
			return d.date(f, v)
		}
	case Days:
		if c == '[' {
			return d.days(f, v)
		}
	case List:
		if c == '[' {
			return d.rows(f, v)
		}
	}
	return d.wrongType(f.Type.String(), f.Label.In(d.lang))
}

// wrongType reports a value of the wrong JSON type, and passes over it.
func (d *decoder) wrongType(want, label string) bool {
	got := jsonType(d.peek())
	if got == "" {
		return d.stray()
	}
	if !d.skip() {
		return false
	}
	d.invalidType(label, want, got)
	return true
}

// jsonType names the kind of value that starts with c; "" when none does.
func jsonType(c byte) string {
	switch {
	case c == '"':
		return "string"
	case c == '{':
		return "object"
	case c == '[':
		return "array"
	case c == 't' || c == 'f':
		return "boolean"
	case c == 'n':
		return "null"
	case c == '-' || c >= '0' && c <= '9':
		return "number"
	}
	return ""
}

func (d *decoder) boolean(c byte, v *Value) bool {
	if c == 'f' {
		*v = OfBool(false)
		return d.word("false")
	}
	*v = OfBool(true)
	return d.word("true")
}

// words reads a text or a code.
func (d *decoder) words(f *Field, v *Value) bool {
	start := d.pos
	b, ok := d.text()
	if !ok {
		return false
	}
	if len(f.Options) > 0 {
		if code, ok := optionOf(f.Options, b); ok {
			v.State, v.Text = Known, code
			return true
		}
	}
	if len(bytes.TrimSpace(b)) == 0 {
		d.blank(f, v, start)
		return true
	}
	s := string(b)
	if code, args := faultOfText(f, s); code != "" {
		d.refuse(f, v, start, code, args...)
		return true
	}
	v.State, v.Text = Known, s
	return true
}

// blank takes an empty text: a field not filled yet in a form, an error elsewhere.
func (d *decoder) blank(f *Field, v *Value, start int) {
	if d.lenient {
		v.Text = string(d.buf[start:d.pos])
		return
	}
	d.invalidAt(f, emptyText)
}

// refuse reports a value that can't be used. In lenient reading it stays unknown, as written.
func (d *decoder) refuse(f *Field, v *Value, start int, code string, args ...any) {
	if !d.lenient {
		d.invalidAt(f, code, args...)
		return
	}
	*v = Value{Text: string(d.buf[start:d.pos])}
	d.findingAt(f, code, args...)
}

// optionOf is the declared code that b spells, so that the text is not copied.
func optionOf(options []Option, b []byte) (string, bool) {
	for i := range options {
		if options[i].Code == string(b) {
			return options[i].Code, true
		}
	}
	return "", false
}

// faultOfText is what is wrong with a text: a code, and the arguments of its sentence.
func faultOfText(f *Field, s string) (code string, args []any) {
	if len(f.Options) > 0 {
		return unknownCode, []any{s}
	}
	if strings.IndexFunc(s, isControl) >= 0 {
		return controlCharacter, nil
	}
	if f.Format != "" {
		if code, ok := formats[f.Format].Check(s); !ok {
			return code, nil
		}
	}
	if f.MaxLen > 0 && len(s) > f.MaxLen && utf8.RuneCountInString(s) > f.MaxLen {
		return tooLong, []any{f.MaxLen}
	}
	return "", nil
}

// isControl tells the characters that no text of a person has: NUL and its like.
func isControl(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0
}

func (d *decoder) date(f *Field, v *Value) bool {
	b, ok := d.text()
	if !ok {
		return false
	}
	day, ok := calendar.ParseBytes(b)
	if !ok {
		d.invalidAt(f, invalidDate, shorten(string(b)))
		return true
	}
	v.State, v.Num = Known, int64(day)
	return true
}

// days reads a list of days.
func (d *decoder) days(f *Field, v *Value) bool {
	list := &elements{days: []calendar.Day{}}
	v.State, v.list = Known, list
	return d.elements(f, func() bool {
		if d.peek() != '"' {
			return d.wrongType(Date.String(), f.Label.In(d.lang))
		}
		var day Value
		ok := d.date(f, &day)
		list.days = append(list.days, day.Day())
		return ok
	})
}

// rows reads a list of records, which are cut from slabs that grow with the list.
func (d *decoder) rows(f *Field, v *Value) bool {
	g := f.Element
	width, rows := len(g.Fields), 2
	var slab Record
	list := &elements{rows: []Record{}}
	v.State, v.list = Known, list
	return d.elements(f, func() bool {
		if len(slab) == 0 {
			slab = make(Record, rows*width)
			list.rows = append(make([]Record, 0, len(list.rows)+rows), list.rows...)
			rows = min(2*rows, 512)
		}
		var rec Record
		rec, slab = slab[:width:width], slab[width:]
		list.rows = append(list.rows, rec)
		if g.bare {
			return d.value(g.Fields[0], &rec[0])
		}
		return d.objectOrWrong(g.tree, rec)
	})
}

// elements reads a list, calling read for each element; those beyond the limit of f are passed over.
func (d *decoder) elements(f *Field, read func() bool) bool {
	if !d.enter() {
		return false
	}
	for i := 0; ; i++ {
		more, ok := d.more(']', i == 0)
		if !more {
			if ok && f.MaxLen > 0 && i > f.MaxLen {
				d.invalidAt(f, tooMany, f.MaxLen, i)
			}
			return ok
		}
		if f.MaxLen > 0 && i >= f.MaxLen {
			ok = d.skip()
		} else {
			d.push("", i)
			if ok = read(); ok {
				d.pop()
			}
		}
		if !ok {
			return false
		}
	}
}

// figure reads a number.
func (d *decoder) figure(f *Field, v *Value) bool {
	start := d.pos
	literal, ok := d.number()
	if !ok {
		return false
	}
	code := readNumber(literal, f.Type, v)
	if code == "" && !within(f, v) {
		code = outOfRange
	}
	if code != "" {
		*v = Value{}
		d.refuse(f, v, start, code)
	}
	return true
}

// readNumber takes a JSON number exactly; code says why it can't.
func readNumber(literal []byte, t Type, v *Value) (code string) {
	if len(literal) > quantity.MaxDigits {
		return tooLong
	}
	if bytes.ContainsAny(literal, "eE") {
		return notExact
	}
	r, ok := smallNumber(literal)
	if !ok {
		var err error
		if r, err = quantity.Parse(string(literal)); err != nil {
			return notExact
		}
	}
	v.State = Known
	if t == Decimal {
		v.Rat = r
		return ""
	}
	if v.Num, ok = r.Int64(); ok {
		return ""
	}
	if r.Big().IsInt() {
		return outOfRange
	}
	return notInteger
}

// smallNumber reads a number of up to 18 digits without big arithmetic.
func smallNumber(literal []byte) (quantity.Rat, bool) {
	if len(literal) > 18 {
		return quantity.Rat{}, false
	}
	var n, scale int64 = 0, 0
	for _, c := range literal {
		switch c {
		case '-':
		case '.':
			scale = 1
		default:
			n, scale = n*10+int64(c-'0'), scale*10
		}
	}
	if literal[0] == '-' {
		n = -n
	}
	if scale <= 1 {
		return quantity.Int(n), true
	}
	return quantity.Frac(n, scale), true
}

// within tells whether a number is inside the bounds of its field.
func within(f *Field, v *Value) bool {
	if f.Min == nil && f.Max == nil {
		return true
	}
	r := v.Rat
	if f.Type == Integer {
		r = quantity.Int(v.Num)
	}
	return (f.Min == nil || f.Min.Cmp(r) <= 0) && (f.Max == nil || r.Cmp(*f.Max) <= 0)
}

// bitset remembers which members of an object were seen.
type bitset struct {
	low  uint64
	high map[int]bool // members from the 65th on
}

func (b *bitset) has(i int) bool {
	if i < 64 {
		return b.low&(1<<i) != 0
	}
	return b.high[i]
}

// add is false when i was there.
func (b *bitset) add(i int) bool {
	if b.has(i) {
		return false
	}
	if i < 64 {
		b.low |= 1 << i
		return true
	}
	if b.high == nil {
		b.high = map[int]bool{}
	}
	b.high[i] = true
	return true
}

// sortedFindings is what lenient reading let pass, sorted as every fault sorts its details.
func (d *decoder) sortedFindings() []fault.Detail {
	if len(d.findings) == 0 {
		return nil
	}
	if d.untold > 0 { // said in the place of the first that is not
		d.findings = append(d.findings, fault.Detail{Pointer: d.untoldAt, Code: tooManyErrors, Text: d.sentence(tooManyErrors, d.untold)})
	}
	return fault.New(fault.Invalid, "", "").With(d.findings...).Details
}
