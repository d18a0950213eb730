package engine

import (
	"encoding/json"
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// Scalar is a value as JSON: a text or a day, a number, true or false, or a quantity.
type Scalar []byte

// MarshalJSON is the value as it is.
func (s Scalar) MarshalJSON() ([]byte, error) { return s, nil }

// DerivedValues are computed values by name, in the order of the form.
type DerivedValues []DerivedValue

// DerivedValue is one of them.
type DerivedValue struct {
	Name  string
	Value Scalar
}

// MarshalJSON is an object whose keys keep their order.
func (d DerivedValues) MarshalJSON() ([]byte, error) { return encoded(nil).derived(d), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (d *DerivedValues) UnmarshalJSON(b []byte) error {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*d = DerivedValues{}
	for name, value := range m {
		*d = append(*d, DerivedValue{name, Scalar(value)})
	}
	return nil
}

// scalarOf is a value as it would be written in a field; a number without an end has no such form.
func scalarOf(f *fact.Field, v *fact.Value) (Scalar, bool) {
	switch f.Type {
	case fact.Bool:
		if v.Bool() {
			return Scalar("true"), true
		}
		return Scalar("false"), true
	case fact.Integer:
		return Scalar(quantity.Int(v.Num).String()), true
	case fact.Decimal:
		text := v.Rat.Decimal(6)
		back, err := quantity.Parse(text)
		return Scalar(text), err == nil && back.Equal(v.Rat)
	case fact.Date:
		day := v.Day().String()
		return Scalar(encoded(nil).string(&day)), true
	}
	return Scalar(encoded(nil).string(&v.Text)), true
}

// part is a value that comes out of a counter or an expression, with the type that words it.
type part struct {
	field fact.Field
	value fact.Value
	known bool
}

func (p *part) word(lang string) string { return p.field.Word(&p.value, lang) }

// partOf is a part of the answer of a counter, which may be nil; ok is false when there is no such part at all.
func partOf(r *counter.Result, k *rulebook.Counter, name string) (p part, ok bool) {
	if r == nil {
		r = &counter.Result{}
	}
	g := r.Grantable
	switch name {
	case rulebook.PartResidual:
		return numberPart(r.Residual, k.Unit), true
	case rulebook.PartLimit:
		return numberPart(r.Limit, k.Unit), true
	case rulebook.PartRate:
		return numberPart(r.Rate, quantity.Percent), true
	case rulebook.PartGrantTo:
		if g != nil && g.Span != nil {
			return dayPart(&g.Span.To), true
		}
		return dayPart(nil), true
	case rulebook.PartGrant:
		if g != nil {
			return numberPart(&g.Amount, k.Unit), true
		}
		return numberPart(nil, k.Unit), true
	case rulebook.PartRoom:
		return numberPart(room(r), k.Unit), true
	case rulebook.PartStart:
		return dayPart(r.EarliestStart), true
	case rulebook.PartTotal:
		return numberPart(r.Total, k.Unit), true
	}
	return part{}, false
}

// room is how much could be asked in all where a request is judged as an amount: what the limit leaves beside the rest.
func room(r *counter.Result) *quantity.Rat {
	if r.Requested == nil || len(r.Judged) != 1 || r.Verdict == counter.Exempt {
		return nil
	}
	left := r.Judged[0].Limit.Sub(r.Judged[0].Total.Sub(*r.Requested)).Max(quantity.Int(0))
	return &left
}

func numberPart(r *quantity.Rat, u quantity.Unit) part {
	p := part{field: fact.Field{Type: fact.Decimal, Unit: u}}
	if r != nil {
		p.value, p.known = fact.OfRat(*r), true
	}
	return p
}

func dayPart(d *calendar.Day) part {
	p := part{field: fact.Field{Type: fact.Date}}
	if d != nil {
		p.value, p.known = fact.OfDay(*d), true
	}
	return p
}

// evaluated is the value of an expression with its type; known is false when it has none.
func (v *validation) evaluated(x *rulebook.Expr) part {
	t, unit := x.Type()
	p := part{field: fact.Field{Type: t, Unit: unit}}
	value, truth := x.Value(&v.env)
	if p.known = truth == rulebook.True; !p.known {
		return p
	}
	if p.value = value; t == fact.Integer || t == fact.Decimal {
		p.field.Type = fact.Decimal
		if t == fact.Integer {
			p.value = fact.OfRat(quantity.Int(value.Num))
		}
	}
	return p
}

func (v *validation) worded(x *rulebook.Expr) (string, bool) {
	p := v.evaluated(x)
	return p.word(v.opt.Language), p.known
}

// derivedValue is a value that the form shows, once computed.
type derivedValue struct {
	known bool
	value DerivedValue
	note  DerivedNote
}

// derive computes the values that the form shows. What can't be known yet is left out.
func (v *validation) derive() {
	for i := range v.plan.version.Derived {
		if d := &v.plan.version.Derived[i]; v.kept(v.plan.derived[i]) && v.sameResult(v.counterAt(d.Counter)) && v.sameWithin(d) {
			v.done.derived[i] = v.before.derived[i]
		} else {
			*v.done.value(i) = v.derivedNow(d)
		}
		if x := v.done.derived[i]; x.known {
			v.out.Derived = append(v.out.Derived, x.value)
			v.out.Explanations = append(v.out.Explanations, x.note)
		}
	}
}

// counterAt is the index of a counter in the plan; -1 for none.
func (v *validation) counterAt(k *rulebook.Counter) int {
	if k == nil {
		return -1
	}
	return slices.Index(v.plan.counters, k)
}

func (v *validation) derivedNow(d *rulebook.Derived) (x derivedValue) {
	v.on(v.dayOf(d.SelectBy))
	if d.When.Eval(&v.env) != rulebook.True {
		return x
	}
	p := part{}
	if d.Value != nil {
		p = v.within(d, v.evaluated(d.Value))
	} else {
		p, _ = partOf(v.result(v.counterAt(d.Counter)), d.Counter, d.Part)
	}
	if !p.known {
		return x
	}
	lang := v.opt.Language
	x = derivedValue{known: true, value: DerivedValue{d.Name, v.shown(&p)}, note: DerivedNote{Name: d.Name, Label: d.Label.In(lang), Law: orNone(d.Law)}}
	x.note.Text = d.Text.Render(lang, func(slot string) string {
		if slot == rulebook.SlotValue {
			return p.word(lang)
		}
		return v.factWord(slot)
	})
	return x
}

// factWord is a fact of the root in words.
func (v *validation) factWord(name string) string {
	f := v.facts.Vocabulary.Root.Field(name)
	return f.Word(&v.facts.Root[f.Slot], v.opt.Language)
}

// shown is a derived value: a quantity when it has a unit.
func (v *validation) shown(p *part) Scalar {
	if p.field.Type == fact.Decimal {
		q := v.words.Quantity(p.value.Rat, p.field.Unit)
		return Scalar(q.AppendJSON(nil))
	}
	s, _ := scalarOf(&p.field, &p.value) // only a number may have no form
	return s
}
