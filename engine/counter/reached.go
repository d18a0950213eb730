package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
)

// Reached is which parts of a counter's declaration had a say in a result: what a case exercises.
type Reached struct {
	Lines           []*rulebook.Line    // that claimed days of the history in a window looked at, or days requested
	Variants        []*rulebook.Variant // chosen for the state or for the request
	Limits          []*rulebook.Case    // that held, of those variants
	Tiers           []*rulebook.Tier    // of the schedule in Result.Schedule: the one that gave the rate
	Exceptions      []string            // that took days of the history, or requested, out of the count
	PauseExceptions []string            // that took days out of what starts a pause, or freed those requested of one
}

// Reached looks back at a result of this case. It is for coverage and not on the way of a
// decision: the parts that spoke are found again from the trace.
func (c *Case) Reached(r *Result) *Reached {
	out := &Reached{}
	if r.Verdict == NotApplicable {
		return out
	}
	c.arena.reset()
	uses := c.env.Uses
	c.env.Uses = nil // the look back decides nothing
	defer func() { c.env.Uses = uses }()
	u := &run{c: c, k: r.Counter, r: &Result{Counter: r.Counter, Version: r.Version, Asked: r.Asked}}
	day := c.ref
	if r.Asked && c.request.dated {
		day = c.request.span.From
	}
	v := u.k.At(day)
	u.prepare(v, day)
	out.choose(u, r.Version, c.ref)
	out.days(u, r.windows(), u.segments)
	if r.Asked && c.request.dated && r.decided() {
		out.choose(u, v, day)
		p := c.request
		p.asked = false
		out.days(u, []calendar.Span{p.span}, c.classify(u.k, requestPeriod, &p, p.span, nil, nil))
		addOnce(&out.Exceptions, r.Waived...)
		out.pause(u, v, day)
	}
	out.tier(u, r, day)
	return out
}

// decided tells whether the verdict is an answer.
func (r *Result) decided() bool {
	return r.Verdict != MissingData && r.Verdict != RuleFailed && r.Verdict != InConflict
}

// windows are those in which the result counted something.
func (r *Result) windows() (list []calendar.Span) {
	if r.Window != nil && r.Counted != nil {
		list = append(list, *r.Window)
	}
	for i := range r.Judged {
		list = append(list, r.Judged[i].Window)
	}
	return list
}

// choose notes the variant of a version on a day, and which of its limits hold.
func (out *Reached) choose(u *run, v *rulebook.CounterVersion, day calendar.Day) {
	x := u.pick(v, day)
	if x == nil {
		return
	}
	addOnce(&out.Variants, x)
	for i := range x.Limit {
		if yes, ok := u.c.holds(x.Limit[i].When, u.c.asRequest(), day, u.r); yes && ok {
			addOnce(&out.Limits, &x.Limit[i])
		}
	}
}

// days notes who decided the fate of the days in some windows, of the lines that a variant sums.
func (out *Reached) days(u *run, windows []calendar.Span, segments []segment) {
	for i := range segments {
		s := &segments[i]
		if s.line == nil || !out.sums(s.line) || !slices.ContainsFunc(windows, s.span.Meets) {
			continue
		}
		switch s.fate {
		case counts:
			addOnce(&out.Lines, s.line)
		case waived:
			addOnce(&out.Exceptions, s.label)
		}
	}
}

func (out *Reached) sums(line *rulebook.Line) bool {
	return slices.ContainsFunc(out.Variants, func(x *rulebook.Variant) bool {
		return slices.ContainsFunc(x.Sum, func(t rulebook.Term) bool { return slices.Contains(t.Lines, line.ID) })
	})
}

// pause notes the exceptions that spoke where a pause after a full chain was looked at.
func (out *Reached) pause(u *run, v *rulebook.CounterVersion, day calendar.Day) {
	x := u.pick(v, day)
	if x == nil || x.Pause == nil || x.Pause.After == nil || u.blind {
		return
	}
	t, ok := u.tally(v, x, day, asCounted)
	if !ok {
		return
	}
	weeks := u.history(t)
	p := u.newPause(weeks, v, x, day)
	if p == nil {
		return // the history holds no chain long enough
	}
	norms := slices.Concat(v.Norms, x.Pause.Norms)
	for i := range u.c.periods {
		if row := &u.c.periods[i]; row.dated {
			out.freed(u, i, row, norms)
		}
	}
	if p.runs(day.Monday()) {
		req := u.c.request
		req.asked = false
		out.freed(u, requestPeriod, &req, norms)
	}
}

func (out *Reached) freed(u *run, index int, p *period, norms []string) {
	for _, s := range u.c.classify(u.k, index, p, p.span, norms, nil) {
		if s.fate == waived {
			addOnce(&out.PauseExceptions, s.label)
		}
	}
}

// tier notes the tier that gave the rate.
func (out *Reached) tier(u *run, r *Result, day calendar.Day) {
	if r.Schedule == nil || r.Tier == nil || r.Rate == nil {
		return
	}
	for i := range r.Schedule.Tiers {
		t := &r.Schedule.Tiers[i]
		if t.UpTo != nil {
			if upTo, ok := u.c.number(t.UpTo, u.c.asRequest(), day, u.r); !ok || r.Tier.Total.Cmp(upTo) > 0 {
				continue
			}
		}
		out.Tiers = append(out.Tiers, t)
		return
	}
}

func addOnce[T comparable](list *[]T, items ...T) {
	for _, x := range items {
		if !slices.Contains(*list, x) {
			*list = append(*list, x)
		}
	}
}
