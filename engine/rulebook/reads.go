package rulebook

import (
	"slices"

	"omnia/engine/fact"
)

// reading gathers the facts that pieces of content look at, each once.
type reading []*fact.Field

func (r *reading) fields(list []*fact.Field) {
	for _, f := range list {
		if !slices.Contains(*r, f) {
			*r = append(*r, f)
		}
	}
}

func (r *reading) conditions(list ...*Condition) {
	for _, c := range list {
		r.fields(c.Reads())
	}
}

func (r *reading) exprs(list ...*Expr) {
	for _, x := range list {
		if x != nil {
			r.fields(x.Reads())
		}
	}
}

// Reads are the facts that some version of the counter looks at in its conditions and values. What
// the kernel reads by itself (days, hours) and what exceptions look at is not among them.
func (c *Counter) Reads() []*fact.Field {
	var r reading
	for i := range c.Versions {
		v := &c.Versions[i]
		r.conditions(v.AppliesWhen, v.AsksWhen, v.Requests)
		for j := range v.Lines {
			r.conditions(v.Lines[j].When, v.Lines[j].WholeWeeksWhen)
			r.exprs(v.Lines[j].Factor)
		}
		for j := range v.Variants {
			r.variant(&v.Variants[j])
		}
		if v.Rate != nil {
			for j := range v.Rate.Schedules {
				r.schedule(&v.Rate.Schedules[j])
			}
		}
	}
	return r
}

func (r *reading) variant(x *Variant) {
	r.conditions(x.When)
	r.exprs(x.Window.Length, x.MaxRequest)
	for i := range x.Sum {
		r.conditions(x.Sum[i].WeightWhen)
		for _, w := range x.Sum[i].Weight {
			r.exprs(w.UpTo, w.Factor)
		}
	}
	for i := range x.Limit {
		r.conditions(x.Limit[i].When)
		r.exprs(x.Limit[i].Value)
	}
	for i := range x.Judge {
		r.conditions(x.Judge[i].When)
		r.exprs(x.Judge[i].Excess)
	}
	if p := x.Pause; p != nil {
		r.conditions(p.IdleWhen)
		r.exprs(p.After, p.Length)
	}
}

func (r *reading) schedule(s *Schedule) {
	r.conditions(s.When)
	for _, t := range s.Tiers {
		r.exprs(t.UpTo, t.Rate)
	}
}

// Reads are the facts that some version of the exception looks at.
func (x *Exception) Reads() []*fact.Field {
	var r reading
	for i := range x.Versions {
		v := &x.Versions[i]
		r.conditions(v.When)
		for j := range v.Derogates {
			r.conditions(v.Derogates[j].When)
		}
	}
	return r
}

// Reads are the facts that some version of the presumption looks at.
func (p *Presumption) Reads() []*fact.Field { return p.reads() }

// Reads are the facts that some version of the rule looks at, in its conditions and in what it says. A slot
// of a sentence that names a fact is told apart by its name; see Template.
func (r *Rule) Reads() []*fact.Field {
	var all reading
	for i := range r.Versions {
		v := &r.Versions[i]
		all.conditions(v.When, v.Finding)
		for _, name := range sortedKeys(v.Values) {
			all.exprs(v.Values[name])
		}
		if v.Over != nil {
			all.exprs(v.Over.Value)
		}
		if v.Suggestion != nil {
			all.exprs(v.Suggestion.Value)
		}
	}
	return all
}

// Reads are the facts that some version of the bound looks at; not those that its options are tried on.
func (b *Bound) Reads() []*fact.Field {
	var all reading
	for i := range b.Versions {
		v := &b.Versions[i]
		all.conditions(v.When)
		all.exprs(v.Value)
		for _, name := range sortedKeys(v.Values) {
			all.exprs(v.Values[name])
		}
		for _, a := range v.Attempts {
			all.exprs(a.Value)
		}
	}
	return all
}
