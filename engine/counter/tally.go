package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// basis is which days of a period a tally lays down.
type basis uint8

const (
	asCounted    basis = iota // use where it replaces what was authorised
	asAuthorised              // what was authorised
	asUsed                    // what was declared as used, complete or not
)

// tally answers "how much is in this window" for one variant.
type tally struct {
	perWeek int
	terms   []termTally
}

type termTally struct {
	parts []linePart
	steps []step // piecewise weight on the sum; empty: as it is
}

type step struct {
	upTo   quantity.Rat
	open   bool // no upper end
	factor quantity.Rat
}

// linePart is the days of one or more lines measured alike.
type linePart struct {
	measure   rulebook.Measure
	factor    quantity.Rat // units per day (days), 1 for hours
	lines     []*rulebook.Line
	items     []item
	table     *series
	stretches []stretch
}

// total is the sum over the window, weights applied.
func (t *tally) total(w calendar.Span) quantity.Rat {
	var sum quantity.Rat
	for i := range t.terms {
		sum = sum.Add(t.terms[i].weigh(t.terms[i].raw(w)))
	}
	return sum
}

// totalWith is total with an amount put into one term first: what a request adds.
func (t *tally) totalWith(w calendar.Span, term int, extra quantity.Rat) quantity.Rat {
	var sum quantity.Rat
	for i := range t.terms {
		raw := t.terms[i].raw(w)
		if i == term {
			raw = raw.Add(extra)
		}
		sum = sum.Add(t.terms[i].weigh(raw))
	}
	return sum
}

// raw is the unweighted sum of one term.
func (t *termTally) raw(w calendar.Span) quantity.Rat {
	var sum quantity.Rat
	for i := range t.parts {
		sum = sum.Add(t.parts[i].in(w))
	}
	return sum
}

func (p *linePart) in(w calendar.Span) quantity.Rat {
	if p.measure == rulebook.MeasureMonths {
		return monthsIn(p.stretches, w)
	}
	v := p.table.sum(w)
	if v.Sign() == 0 {
		return v
	}
	return v.Mul(p.factor)
}

// weigh applies the piecewise weight to a sum.
func (t *termTally) weigh(m quantity.Rat) quantity.Rat {
	if len(t.steps) == 0 {
		return m
	}
	var sum, from quantity.Rat
	for _, s := range t.steps {
		to := m
		if !s.open {
			to = m.Min(s.upTo)
		}
		if to.Cmp(from) > 0 {
			sum = sum.Add(to.Sub(from).Mul(s.factor))
		}
		if s.open || m.Cmp(s.upTo) <= 0 {
			break
		}
		from = s.upTo
	}
	return sum
}

// stretched tells whether a stretch of months meets a span.
func (t *tally) stretched(span calendar.Span) bool {
	for i := range t.terms {
		for j := range t.terms[i].parts {
			for _, s := range t.terms[i].parts[j].stretches {
				if s.span.Meets(span) {
					return true
				}
			}
		}
	}
	return false
}

// cutBy is the tally with some days taken out of its stretches.
func (t *tally) cutBy(taken []calendar.Span) *tally {
	out := &tally{perWeek: t.perWeek, terms: slices.Clone(t.terms)}
	for i := range out.terms {
		out.terms[i].parts = slices.Clone(t.terms[i].parts)
		for j := range out.terms[i].parts {
			p := &out.terms[i].parts[j]
			p.stretches = without(p.stretches, taken)
		}
	}
	return out
}

// weighted tells whether a period's unweighted amount may differ from what it weighs.
func (t *termTally) weighted() bool { return len(t.steps) > 0 }

// last is the last day on which anything counts.
func (t *tally) last() calendar.Day {
	last := calendar.Min
	for i := range t.terms {
		for j := range t.terms[i].parts {
			p := &t.terms[i].parts[j]
			if p.table != nil {
				last = max(last, p.table.last())
			}
			for _, s := range p.stretches {
				last = max(last, s.span.To)
			}
		}
	}
	return last
}

// part finds the term and part that a line's days belong to; nil when the variant does not sum it.
func (t *tally) part(line *rulebook.Line) (term int, p *linePart) {
	if line == nil {
		return 0, nil
	}
	for i := range t.terms {
		for j := range t.terms[i].parts {
			for _, l := range t.terms[i].parts[j].lines {
				if l.ID == line.ID {
					return i, &t.terms[i].parts[j]
				}
			}
		}
	}
	return 0, nil
}

// tally lays the segments of the history on tables, for one variant and one basis. ok is
// false when a number of the rules could not be read; the result says why.
func (u *run) tally(v *rulebook.CounterVersion, x *rulebook.Variant, day calendar.Day, b basis) (*tally, bool) {
	if k := &u.kept; b == asCounted && k.tally != nil && k.x == x && u.c.plan.sameLaw(min(k.day, day), max(k.day, day)) {
		return k.tally, true
	}
	t, ok := u.layTally(v, x, day, b)
	if ok && b == asCounted {
		u.kept = kept{x, day, t}
	}
	return t, ok
}

// kept is the tally last laid: the state and the request mostly ask for the same.
type kept struct {
	x     *rulebook.Variant
	day   calendar.Day
	tally *tally
}

func (u *run) layTally(v *rulebook.CounterVersion, x *rulebook.Variant, day calendar.Day, b basis) (*tally, bool) {
	t, ok := u.frame(v, x, day)
	if !ok {
		return nil, false
	}
	var claimed []calendar.Span
	var before []*series
	for i := range v.Lines { // in the order of the lines: a day belongs to the first that claims it
		line := &v.Lines[i]
		_, p := t.part(line)
		if p == nil || p.lines[0] != line {
			continue
		}
		switch p.measure {
		case rulebook.MeasureMonths:
			p.stretches = join(without(u.pieces(p, b), claimed))
			for _, s := range p.stretches {
				claimed = append(claimed, s.span)
			}
		default:
			p.items = u.lay(p, b)
			l := layout{arena: u.c.arena, lo: u.lo, hi: u.hi, perWeek: t.perWeek, capped: p.measure != rulebook.MeasureHours}
			if l.capped {
				l.before = before
			}
			p.table = l.build(p.items)
			if l.capped {
				before = append(before, p.table)
				if t.measuresMonths() {
					claimed = append(claimed, u.spans(p)...)
				}
			}
		}
	}
	return t, true
}

// measuresMonths tells whether any line is measured date to date.
func (t *tally) measuresMonths() bool {
	for i := range t.terms {
		for j := range t.terms[i].parts {
			if t.terms[i].parts[j].measure == rulebook.MeasureMonths {
				return true
			}
		}
	}
	return false
}

// frame is the empty tally: terms, weights and factors read as in force on day.
func (u *run) frame(v *rulebook.CounterVersion, x *rulebook.Variant, day calendar.Day) (*tally, bool) {
	t := &tally{perWeek: max(u.c.perWeek, 1), terms: make([]termTally, len(x.Sum))}
	for i := range x.Sum {
		sum := &x.Sum[i]
		term := &t.terms[i]
		if len(sum.Weight) > 0 {
			yes, ok := u.c.holds(sum.WeightWhen, u.c.asRequest(), day, u.r)
			if !ok {
				return nil, false
			}
			if yes {
				if term.steps, ok = u.steps(sum.Weight, day); !ok {
					return nil, false
				}
			}
		}
		for _, id := range sum.Lines {
			line := lineOf(v, id)
			if line == nil {
				continue // a line of another version: nothing here is of it
			}
			factor, ok := u.factor(line, day)
			if !ok {
				return nil, false
			}
			term.add(line, factor)
		}
	}
	return t, true
}

// add puts a line with the others that are measured alike.
func (t *termTally) add(line *rulebook.Line, factor quantity.Rat) {
	if line.Measure == rulebook.MeasureDays {
		for i := range t.parts {
			if t.parts[i].measure == line.Measure && t.parts[i].factor.Equal(factor) {
				t.parts[i].lines = append(t.parts[i].lines, line)
				return
			}
		}
	}
	t.parts = append(t.parts, linePart{measure: line.Measure, factor: factor, lines: []*rulebook.Line{line}})
}

// factor is what one day of the line is worth: days make weeks, and weeks the counter's unit.
func (u *run) factor(line *rulebook.Line, day calendar.Day) (quantity.Rat, bool) {
	one := quantity.Int(1)
	if line.Measure != rulebook.MeasureDays {
		return one, true
	}
	if line.Factor != nil {
		f, ok := u.c.number(line.Factor, u.c.asRequest(), day, u.r)
		if !ok {
			return f, false
		}
		one = f
	}
	return one.Quo(quantity.Int(int64(max(u.c.perWeek, 1)))), true
}

func (u *run) steps(weight []rulebook.WeightStep, day calendar.Day) ([]step, bool) {
	out := make([]step, len(weight))
	for i := range weight {
		var ok bool
		if out[i].factor, ok = u.c.number(weight[i].Factor, u.c.asRequest(), day, u.r); !ok {
			return nil, false
		}
		if out[i].open = weight[i].UpTo == nil; !out[i].open {
			if out[i].upTo, ok = u.c.number(weight[i].UpTo, u.c.asRequest(), day, u.r); !ok {
				return nil, false
			}
		}
	}
	return out, true
}

func lineOf(v *rulebook.CounterVersion, id string) *rulebook.Line {
	for i := range v.Lines {
		if v.Lines[i].ID == id {
			return &v.Lines[i]
		}
	}
	return nil
}

// wants tells whether the part measures the days of that segment. Lines are the same across
// versions when their ids are.
func (p *linePart) wants(s *segment) bool {
	if s.fate != counts {
		return false
	}
	for _, l := range p.lines {
		if l == s.line || l.ID == s.line.ID {
			return true
		}
	}
	return false
}

// lay is the items of a part on one basis.
func (u *run) lay(p *linePart, b basis) []item {
	out := make([]item, 0, len(u.segments))
	for i := range u.segments {
		if s := &u.segments[i]; p.wants(s) {
			out = u.c.itemsOf(s, b, out)
		}
	}
	return out
}

// pieces is the stretches of a part, before they are joined.
func (u *run) pieces(p *linePart, b basis) []stretch {
	var out []stretch
	for i := range u.segments {
		s := &u.segments[i]
		if !p.wants(s) {
			continue
		}
		share, ok := u.c.share(s, b)
		span := s.span.Clip(calendar.Span{From: u.lo, To: u.hi})
		if ok && share.Sign() > 0 && !span.Empty() {
			out = append(out, stretch{span: span, share: share, parts: []part{{s.period, span}}})
		}
	}
	return out
}

// spans is the calendar days a part counts, merged: what later lines may not count again.
func (u *run) spans(p *linePart) []calendar.Span {
	var out []calendar.Span
	for i := range u.segments {
		if s := &u.segments[i]; p.wants(s) {
			if share, ok := u.c.share(s, asCounted); ok && share.Sign() > 0 {
				out = append(out, s.span)
			}
		}
	}
	slices.SortFunc(out, func(a, b calendar.Span) int { return int(a.From) - int(b.From) })
	merged := out[:0]
	for _, s := range out {
		if n := len(merged); n > 0 && s.From <= merged[n-1].To+1 {
			merged[n-1].To = max(merged[n-1].To, s.To)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}
