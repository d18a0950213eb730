package counter

import (
	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// Every is what a counter counts on each day of a span, with the history alone, for charts
// and calendars: the history is laid once, and each further day costs two look-ups.
//
// The result carries what is missing or failed; then the list is nil, as it is for counters
// whose window is not a moving one.
func (c *Case) Every(k *rulebook.Counter, days calendar.Span) ([]quantity.Rat, *Result) {
	c.arena.reset()
	ref := c.ref
	defer func() { c.ref = ref }()
	c.ref = days.From
	u := &run{c: c, k: k, r: &Result{Counter: k, Version: k.At(days.From)}}
	if u.r.Version == nil {
		u.r.Verdict = NotApplicable
		return nil, u.r
	}
	u.prepare(u.r.Version, days.To)
	out := make([]quantity.Rat, 0, days.Len())
	for from := days.From; from <= days.To && !u.blind; {
		v := k.At(from)
		if v == nil {
			break
		}
		part := calendar.Span{From: from, To: min(days.To, v.To)}
		for _, d := range c.plan.measures[&v.Version] { // under the parameters of the day
			if d > from {
				part.To = min(part.To, d-1)
			}
		}
		var ok bool
		if out, ok = u.everyUnder(v, part, out); !ok {
			break
		}
		from = part.To + 1
	}
	u.r.settle()
	if len(out) < days.Len() {
		return nil, u.r
	}
	return out, u.r
}

// everyUnder answers the days of one version.
func (u *run) everyUnder(v *rulebook.CounterVersion, days calendar.Span, out []quantity.Rat) ([]quantity.Rat, bool) {
	x := u.pick(v, days.From)
	if x == nil || x.Window.Kind != rulebook.WindowWeeks && x.Window.Kind != rulebook.WindowMonths {
		return out, false
	}
	t, ok := u.tally(v, x, days.From, asCounted)
	if !ok {
		return out, false
	}
	w, ok := u.window(x, days.From)
	if !ok {
		return out, false
	}
	length, _ := u.c.number(x.Window.Length, u.c.asRequest(), days.From, u.r)
	n, _ := length.Int64()
	now := t.total(w)
	for d := days.From; d <= days.To; d++ {
		if x.Window.Kind != rulebook.WindowWeeks || d.Weekday() == 0 {
			next := spanBack(x.Window.Kind, n, d)
			if t.moves(w, next) {
				now = t.total(next)
			}
			w = next
		}
		out = append(out, now)
	}
	return out, true
}
