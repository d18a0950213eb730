package engine

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// item is a result in the shape of the contract, with its words.
func (c *decision) item(r *counter.Result) Item {
	u := r.Counter.Unit
	it := Item{
		ID: r.Counter.ID, Title: r.Counter.Title.In(c.opt.Language), Law: r.Version.Law,
		Rule: ruleRef(r.Counter.ID, &r.Version.Version), Verdict: string(r.Verdict),
		Limit: c.quantity(r.Limit, u), Counted: c.quantity(r.Counted, u), Residual: c.quantity(r.Residual, u),
		Authorised: c.quantity(r.Authorised, u), Used: c.quantity(r.Used, u),
		Requested: c.quantity(r.Requested, u), Total: c.quantity(r.Total, u), Rate: c.quantity(r.Rate, quantity.Percent),
		EarliestStart: r.EarliestStart, EarliestFullStart: r.EarliestFullStart,
		Releases: c.releases(r), Periods: c.periods(r), Missing: make([]string, len(r.Missing)),
		Explanation: c.words.Counter(r, c, string(c.opt.Explain)),
	}
	if it.Law == nil {
		it.Law = []rulebook.Citation{}
	}
	if r.Window != nil {
		it.Window = &Span{r.Window.From, r.Window.To}
	}
	if g := r.Grantable; g != nil {
		it.Grantable = &Grant{Amount: c.words.Quantity(g.Amount, u)}
		if g.Span != nil {
			it.Grantable.From, it.Grantable.To = &g.Span.From, &g.Span.To
		}
	}
	for i, x := range r.Missing {
		it.Missing[i] = x.Path()
	}
	if n := len(r.Breakdown); n > 0 {
		it.ByCausale = make([]Breakdown, n)
	}
	for i, b := range r.Breakdown {
		it.ByCausale[i] = Breakdown{
			Causale: b.Variant.ID, Limit: c.quantity(b.Limit, u), Counted: c.quantity(b.Counted, u), Residual: c.quantity(b.Residual, u),
		}
	}
	if r.Failure != nil && (r.Verdict == counter.RuleFailed || r.Verdict == counter.InConflict) {
		it.Failure = &Failure{Code: r.Failure.Code, Detail: r.Failure.Text}
	}
	return it
}

func (c *decision) releases(r *counter.Result) []Release {
	out := make([]Release, len(r.Releases))
	for i := range out {
		x := &r.Releases[i]
		out[i] = Release{On: x.On, Amount: *c.quantity(&x.Amount, r.Counter.Unit)}
	}
	return out
}

func (c *decision) periods(r *counter.Result) []Period {
	out := make([]Period, len(r.Periods))
	for i := range out {
		p := &r.Periods[i]
		out[i] = c.history[p.Row].Period
		out[i].Reason, out[i].Code = c.words.Reason(r, *p, c), p.Code
		if p.Code != counter.CodeUnknown {
			out[i].Counted = c.quantity(&p.Counted, r.Counter.Unit)
		}
	}
	return out
}

// quantity is v with its words; equal amounts of a decision share one. It is nil for nil.
func (c *decision) quantity(v *quantity.Rat, u quantity.Unit) *quantity.Quantity {
	if v == nil {
		return nil
	}
	if q := c.last; q != nil && q.Unit == u && q.Value.Equal(*v) { // most periods add as much as the one before
		return q
	}
	num, den, small := v.Frac64()
	if !small {
		q := c.words.Quantity(*v, u)
		return &q
	}
	key := amount{num, den, u}
	q := c.amounts[key]
	if q == nil {
		said := c.words.Quantity(*v, u)
		q = &said
		c.amounts[key] = q
	}
	c.last = q
	return q
}

// amount is a quantity as a key: numbers themselves can't be compared with ==.
type amount struct {
	num, den int64
	unit     quantity.Unit
}

func ruleRef(id string, v *rulebook.Version) RuleRef {
	ref := RuleRef{ID: id, Version: v.Number, ValidFrom: v.From, Digest: v.Digest, TextDigest: v.TextDigest}
	if !v.Open() {
		to := v.To
		ref.ValidTo = &to
	}
	return ref
}

// Ref is the reference day.
func (c *decision) Ref() calendar.Day { return c.ref }

// Request is the days requested; ok is false when they are not known.
func (c *decision) Request() (span calendar.Span, ok bool) {
	from, to := &c.facts.Root[c.engine.slots.reqFrom], &c.facts.Root[c.engine.slots.reqTo]
	return calendar.Span{From: from.Day(), To: to.Day()}, from.IsKnown() && to.IsKnown()
}

// Label is how people call a fact.
func (c *decision) Label(r fact.Ref) string { return r.Field.Label.In(c.opt.Language) }

// Presumed tells whether a presumption filled a fact of the case.
func (c *decision) Presumed(p *rulebook.Presumption) bool { return slices.Contains(c.filled, p) }
