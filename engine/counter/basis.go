package counter

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// at is the history period of that index, or the request.
func (c *Case) at(i int) *period {
	if i == requestPeriod {
		return &c.request
	}
	return &c.periods[i]
}

// declared tells whether the employer has declared how many days of the period were used.
func (c *Case) declared(p *period) bool {
	s := &c.plan.slots
	return p.rec[s.usedDays].IsKnown() || p.rec[s.days].IsKnown()
}

// replaced tells whether declared days stand in for the authorised ones: only when the
// flows are known to be complete (law.md A.2.3).
func (c *Case) replaced(p *period, line *rulebook.Line) bool {
	flag := &p.rec[c.plan.slots.complete]
	return line.Basis == rulebook.BasisUsedComplete && c.declared(p) && flag.IsKnown() && flag.Bool()
}

// itemsOf is what a counted segment lays on a table of days or hours.
func (c *Case) itemsOf(s *segment, b basis, out []item) []item {
	p := c.at(s.period)
	if s.line.Measure == rulebook.MeasureHours {
		if hours, ok := c.hoursOf(p, s.line, b); ok {
			if it, ok := spread(s, p.span, hours, c.perWeek); ok {
				out = append(out, it)
			}
		}
		return out
	}
	use := b == asUsed || b == asCounted && c.replaced(p, s.line)
	if !use {
		return append(out, item{span: s.span, perDay: quantity.Int(1), period: s.period})
	}
	if !c.declared(p) {
		return out
	}
	if days := &p.rec[c.plan.slots.days]; days.IsKnown() {
		return append(out, item{days: distinct(days.Days(), s.span, p.span), period: s.period})
	}
	// Days known only as a number: each authorised working day counts used ÷ authorised
	// (law.md section 9, default 28).
	used := quantity.Int(p.rec[c.plan.slots.usedDays].Num)
	if it, ok := spread(s, p.span, used, c.perWeek); ok && used.Sign() > 0 {
		out = append(out, it)
	}
	return out
}

// spread lays an amount of the whole period evenly on its working days, and keeps those of
// the segment. A period without a working day has nowhere to lay it: ok is false.
func spread(s *segment, whole calendar.Span, amount quantity.Rat, perWeek int) (item, bool) {
	n := whole.Workdays(perWeek)
	if n == 0 {
		return item{}, false
	}
	return item{span: s.span.Clip(whole), perDay: amount.Quo(quantity.Int(int64(n))), period: s.period}, true
}

// distinct is the known days of a segment, one each, in order. Days outside the whole period
// go to its first segment: they were used, whatever was authorised (law.md section 9, default 29).
func distinct(days []calendar.Day, seg, whole calendar.Span) []calendar.Day {
	seen := make(map[calendar.Day]bool, len(days))
	out := make([]calendar.Day, 0, len(days))
	for _, d := range days {
		if !seen[d] && (seg.Has(d) || !whole.Has(d) && seg.From <= whole.From) {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}

// hoursOf is the hours of a period on one basis; ok is false when that basis has none.
func (c *Case) hoursOf(p *period, line *rulebook.Line, b basis) (quantity.Rat, bool) {
	s := &c.plan.slots
	granted, used, flag := &p.rec[s.hours], &p.rec[s.used], &p.rec[s.complete]
	incomplete := flag.IsKnown() && !flag.Bool()
	replaces := used.IsKnown() && !incomplete && line.Basis != rulebook.BasisAuthorised
	if b == asUsed || b == asCounted && replaces {
		return used.Rat, used.IsKnown()
	}
	return granted.Rat, granted.IsKnown()
}

// share is how much of a segment's months count: one, or used ÷ authorised working days where
// declared use replaces them.
func (c *Case) share(s *segment, b basis) (quantity.Rat, bool) {
	p := c.at(s.period)
	if b == asAuthorised || b == asCounted && !c.replaced(p, s.line) {
		return quantity.Int(1), true
	}
	if !c.declared(p) {
		return quantity.Rat{}, false
	}
	n := p.span.Workdays(c.perWeek)
	if n == 0 {
		return quantity.Rat{}, false
	}
	used := p.rec[c.plan.slots.usedDays].Num
	if days := &p.rec[c.plan.slots.days]; days.IsKnown() {
		used = int64(len(distinct(days.Days(), p.span, p.span)))
	}
	return quantity.Frac(used, int64(n)).Min(quantity.Int(1)), true
}

// hoursRef is the fact to ask for when the hours of a period are not known.
func (u *run) hoursRef(p *period) fact.Ref {
	return fact.Ref{Field: u.c.plan.group.Fields[u.c.plan.slots.hours], Row: p.row}
}
