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
		Releases: make([]Release, len(r.Releases)), Periods: make([]Period, len(r.Periods)), Missing: make([]string, len(r.Missing)),
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
	for i, x := range r.Releases { // most release as much as the one before
		if i > 0 && x.Amount.Equal(r.Releases[i-1].Amount) {
			it.Releases[i] = Release{On: x.On, Amount: it.Releases[i-1].Amount}
			continue
		}
		it.Releases[i] = Release{On: x.On, Amount: c.words.Quantity(x.Amount, u)}
	}
	for i, x := range r.Missing {
		it.Missing[i] = x.Path()
	}
	for i, p := range r.Periods {
		it.Periods[i] = c.period(r, p, u)
	}
	for _, b := range r.Breakdown {
		it.ByCausale = append(it.ByCausale, Breakdown{
			Causale: b.Variant.ID, Limit: c.quantity(b.Limit, u), Counted: c.quantity(b.Counted, u), Residual: c.quantity(b.Residual, u),
		})
	}
	if r.Failure != nil && (r.Verdict == counter.RuleFailed || r.Verdict == counter.InConflict) {
		it.Failure = &Failure{Code: r.Failure.Code, Detail: r.Failure.Text}
	}
	return it
}

func (c *decision) period(r *counter.Result, p counter.PeriodCount, u quantity.Unit) Period {
	numero, _ := c.Period(p.Row)
	row := c.facts.Get("periodi").Rows[p.Row]
	g := c.facts.Vocabulary.Groups["periodo"]
	out := Period{
		Numero: numero, Dal: knownDay(&row[g.Slot("dal")]), Al: knownDay(&row[g.Slot("al")]),
		Reason: c.words.Reason(r, p, c), Code: p.Code,
	}
	if p.Code != counter.CodeUnknown {
		out.Counted = c.quantity(&p.Counted, u)
	}
	return out
}

func knownDay(v *fact.Value) *calendar.Day {
	if !v.IsKnown() {
		return nil
	}
	d := v.Day()
	return &d
}

func (c *decision) quantity(v *quantity.Rat, u quantity.Unit) *quantity.Quantity {
	if v == nil {
		return nil
	}
	q := c.words.Quantity(*v, u)
	return &q
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

// Period is the number and the days of one period of the history.
func (c *decision) Period(row int) (numero string, span calendar.Span) {
	rec := c.facts.Get("periodi").Rows[row]
	g := c.facts.Vocabulary.Groups["periodo"]
	span = calendar.Span{From: rec[g.Slot("dal")].Day(), To: rec[g.Slot("al")].Day()}
	return rec[g.Slot("numero")].Text, span
}

// Request is the days requested; ok is false when they are not known.
func (c *decision) Request() (span calendar.Span, ok bool) {
	from, to := c.facts.Get("richiesta.dal"), c.facts.Get("richiesta.al")
	return calendar.Span{From: from.Day(), To: to.Day()}, from.IsKnown() && to.IsKnown()
}

// Label is how people call a fact.
func (c *decision) Label(r fact.Ref) string { return r.Field.Label.In(c.opt.Language) }

// Presumed tells whether a presumption filled a fact of the case.
func (c *decision) Presumed(p *rulebook.Presumption) bool { return slices.Contains(c.filled, p) }
