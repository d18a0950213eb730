package engine

import (
	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/explain"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// Engine is one edition made ready to decide. It is immutable and safe to share.
type Engine struct {
	edition *rulebook.Edition
	plan    *counter.Plan
	book    *explain.Book
	checks  []*check
	slots   slots
	noting  *noting
	declare []*rulebook.Version // by root slot: the declaration of the fact

	forms map[*rulebook.FormVersion]*formPlan
}

// New prepares an edition: everything that does not depend on a case is done here, once.
func New(ed *rulebook.Edition) *Engine {
	g := &Engine{edition: ed, plan: counter.NewPlan(ed), book: explain.NewBook(ed), checks: newChecks(ed), slots: newSlots(ed.Vocabulary), noting: newNoting(ed), declare: declaredIn(ed)}
	g.forms = newFormPlans(g)
	return g
}

// Edition is what the engine decides under.
func (g *Engine) Edition() *rulebook.Edition { return g.edition }

// ErrInput is input on which no decision can be taken; its details name every defect at once.
var ErrInput = fault.New(fault.Invalid, "invalid_facts", "Some facts are impossible under the law.")

// Decide answers every counter on the facts given; see [Engine.Counters].
func Decide(ed *rulebook.Edition, f *fact.Facts, opt Options) (*Counters, error) {
	return New(ed).Counters(f, opt)
}

// Counters answers every counter of the edition on the facts given. They are the engine's while it
// decides: what a rule lets presume is written into them, marked Presumed, and left out of their digest.
//
// Facts that no decision can be taken on (a day before the law, a COVID period outside its
// dates, …) are a *fault.Fault of kind Invalid with all of them. What is only unlikely is a warning.
func (g *Engine) Counters(f *fact.Facts, opt Options) (*Counters, error) {
	digest := f.Digest()
	c := &decision{engine: g, opt: opt, facts: f, amounts: make(map[amount]*quantity.Quantity, 32)}
	c.env.Uses = g.noting.begin()
	defer g.noting.end(c.env.Uses)
	c.forget()
	c.noteFacts()
	c.reference()
	c.presume()
	warnings, refused := c.check()
	if len(refused) > 0 {
		return nil, refusal(refused)
	}
	out := &Counters{
		Decision:        Header{Edition: g.edition.Name, EditionDigest: g.edition.Digest, FactsDigest: digest},
		DataRiferimento: c.ref.String(),
		Items:           make([]Item, 0, len(g.edition.Counters)),
		Warnings:        warnings,
	}
	kase := g.plan.NewCase(c.facts, c.ref)
	defer kase.Done()
	kase.Note(c.env.Uses)
	for _, r := range c.refused {
		kase.Refuse(r.row, r.failure)
	}
	c.recall()
	c.words = g.book.Writer(opt.Language, c.facts.Get("unita_produttiva.giorni_settimana").Num)
	defer c.words.Done()
	for _, k := range g.edition.Counters {
		r := kase.Run(k)
		if opt.Observe != nil {
			r.Reached = kase.Reached(r)
			opt.Observe(r)
		}
		out.Items = append(out.Items, c.item(r))
	}
	out.applied = c.applied()
	return out, nil
}

// refusal is the fault for these defects; when all are of one sort, it bears their code.
func refusal(details []fault.Detail) error {
	f := ErrInput
	for _, d := range details {
		if d.Code != details[0].Code {
			return f.With(details...)
		}
	}
	return fault.New(fault.Invalid, details[0].Code, details[0].Text).With(details...)
}

// decision is one case on its way through the engine.
type decision struct {
	engine *Engine
	opt    Options
	facts  *fact.Facts
	ref    calendar.Day
	words  *explain.Writer
	env    rulebook.Env
	filled []*rulebook.Presumption // those that filled a fact

	refused []refused // periods of a kept history

	history []past
	amounts map[amount]*quantity.Quantity
	last    *quantity.Quantity // the last one given out of them
}

// forget takes back what an earlier decision presumed, so that facts can be decided on again.
func (c *decision) forget() {
	again := func(v *fact.Value) {
		if v.State == fact.Presumed {
			*v = fact.Value{}
		}
	}
	again(&c.facts.Root[c.engine.slots.ref])
	for _, p := range c.engine.edition.Presumed {
		if c.facts.Vocabulary.Root.Field(p.Target.Name) == p.Target {
			again(&c.facts.Root[p.Target.Slot])
			continue
		}
		for _, row := range c.rowsOf(p.Target) {
			again(&row[p.Target.Slot])
		}
	}
}

// reference is the day asked: given, else the last day requested, else today.
func (c *decision) reference() {
	v := c.facts.Get("data_riferimento")
	if !v.IsKnown() {
		if to := c.facts.Get("richiesta.al"); to.IsKnown() {
			*v = fact.OfDay(to.Day()).As(fact.Presumed)
		} else {
			*v = fact.OfDay(c.opt.Today).As(fact.Presumed)
		}
	}
	c.ref = v.Day()
	c.env.Root = c.facts.Root
}
