package engine

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// Validated is a check that was made, with what each of its parts found, so that the next one, of the same
// form with little changed, does again only what the change touches. It is immutable, and keeps the facts
// it was made on: they must not be decided on again.
type Validated struct {
	engine     *Engine
	options    ValidateOptions
	plan       *formPlan
	facts      *fact.Facts
	impossible bool            // facts that no decision can be taken on: nothing was counted
	counted    *counted        // on the facts as they are
	trials     []*counted      // on the facts with a value tried in some field; nil: there was nothing to try
	rules      []*ruled        // an entry that was taken over is shared with the check before
	derived    []*derivedValue // likewise
	states     []CounterState
	bounds     []bounded
	out        *Validation
}

// newValidated is the room for a check.
func newValidated(plan *formPlan, bounds bool) *Validated {
	d := &Validated{
		plan: plan, rules: make([]*ruled, len(plan.checks)), derived: make([]*derivedValue, len(plan.version.Derived)),
		states: make([]CounterState, 0, len(plan.version.Counters)),
	}
	if bounds {
		d.bounds, d.trials = make([]bounded, len(plan.bounds)), make([]*counted, len(plan.trials))
	}
	return d
}

// rule is the place for what a rule finds.
func (d *Validated) rule(i int) *ruled {
	if d.rules[i] == nil {
		d.rules[i] = &ruled{}
	}
	return d.rules[i]
}

// value is the place for a derived value.
func (d *Validated) value(i int) *derivedValue {
	if d.derived[i] == nil {
		d.derived[i] = &derivedValue{}
	}
	return d.derived[i]
}

// leave gives back the room of a check that nobody carries on, and that carries on none. Its answer stays good.
func (d *Validated) leave() {
	for _, r := range d.rules {
		if r != nil {
			*r = ruled{rows: r.rows[:0]}
		}
	}
	for _, x := range d.derived {
		if x != nil {
			*x = derivedValue{}
		}
	}
	clear(d.states)
	clear(d.bounds)
	clear(d.trials)
	plan := d.plan
	*d = Validated{plan: plan, rules: d.rules, derived: d.derived, states: d.states[:0], bounds: d.bounds, trials: d.trials}
	plan.room.Put(d)
}

// Answer is what the check says. The identity of the decision in it may be set; the rest must stay as it is.
func (d *Validated) Answer() *Validation { return d.out }

// Check is [Engine.Validate] whose answer can be carried on.
func (g *Engine) Check(f *fact.Facts, opt ValidateOptions) (*Validated, error) {
	return g.validated(nil, f, opt, true)
}

// Revalidate checks facts that differ little from those of an earlier check, with its options. The answer is the
// same, byte for byte, as that of a check from the beginning; what differs is found by comparing, so
// that nothing has to be said about it. The facts are further ones, not those of before with a change written into them.
func (g *Engine) Revalidate(before *Validated, f *fact.Facts) (*Validated, error) {
	if before.engine != g || before.facts == f {
		before = &Validated{options: before.options}
	}
	return g.validated(before, f, before.options, true)
}

func (g *Engine) validated(before *Validated, f *fact.Facts, opt ValidateOptions, carry bool) (*Validated, error) {
	form := g.edition.Form(opt.Form)
	if form == nil {
		return nil, ErrNoForm.With(fault.Detail{Pointer: "/form", Code: ErrNoForm.Code, Text: ErrNoForm.Text})
	}
	digest := f.Digest()
	c := &decision{engine: g, opt: Options{Today: opt.Today, Language: opt.Language}, facts: f, amounts: map[amount]*quantity.Quantity{}}
	c.env.Repeats, c.env.Looked = &rulebook.Repeats{}, opt.Looked
	c.env.Uses = g.noting.begin()
	defer g.noting.end(c.env.Uses)
	c.forget()
	c.noteFacts()
	c.reference()
	c.presume()
	version := form.At(c.dayOf(rulebook.ByStart))
	if version == nil {
		return nil, ErrFormNotInForce
	}
	c.noteForm(version)
	v := newValidation(c, g.forms[version], opt, carry)
	if before != nil && before.plan == v.plan {
		v.before, v.changed = before, changesBetween(before.facts, f)
	}
	v.out.Decision = Header{Edition: g.edition.Name, EditionDigest: g.edition.Digest, FactsDigest: digest}
	c.words = g.book.Writer(opt.Language, f.Root[g.slots.perWeek].Num)
	defer c.words.Done()
	v.run()
	if v.out.applied = c.applied(); v.before != nil { // what was taken over was not looked at
		v.out.applied.again = v.done.again
	}
	return v.done, nil
}

func newValidation(c *decision, plan *formPlan, opt ValidateOptions, carry bool) *validation {
	out := &Validation{
		Findings: []Finding{}, Missing: []Missing{}, Derived: make(DerivedValues, 0, len(plan.version.Derived)), Explanations: make([]DerivedNote, 0, len(plan.version.Derived)),
		Counters: make([]CounterState, 0, len(plan.version.Counters)), Allowed: []Allowed{},
	}
	v := &validation{decision: c, options: opt, plan: plan, out: out}
	if carry {
		v.done = newValidated(plan, !opt.Complete)
	} else {
		v.done = plan.room.Get().(*Validated)
	}
	v.done.engine, v.done.options, v.done.facts, v.done.out = c.engine, opt, c.facts, out
	if len(c.facts.Findings) > 0 {
		v.refused = make(map[string]bool, len(c.facts.Findings))
		for _, d := range c.facts.Findings {
			v.refused[d.Pointer] = true
		}
	}
	return v
}

// kept tells whether what rests on these slots is as it was.
func (v *validation) kept(reads slotSet) bool {
	return v.before != nil && !v.changed.touch(reads)
}

// on points the environment at the case, under the law of a day.
func (c *decision) on(day calendar.Day) {
	c.env.Row, c.env.RowIndex, c.env.Day, c.env.Failure = nil, 0, day, nil
}
