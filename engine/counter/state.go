package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// state fills what is so on the reference day, with the history alone.
func (u *run) state() {
	r := u.r
	x := u.pick(r.Version, u.c.ref)
	if x == nil {
		return
	}
	r.Variant = x
	// A window that is the request has no limit before its days are known: judge asks for them.
	if x.Window.Kind != rulebook.WindowRequest || u.c.request.dated {
		if l, ok := u.limit(x, u.c.ref); ok && len(x.Limit) > 0 {
			r.Limit = &l
		}
	}
	switch x.Window.Kind {
	case rulebook.WindowChain:
		u.chainState(x)
	case rulebook.WindowTreatment:
		u.treatmentState(x)
	case rulebook.WindowRequest:
		u.requestState(x)
	default:
		u.windowState(x)
	}
	u.residual()
}

// residual is limit − counted, never below zero.
func (u *run) residual() {
	if r := u.r; r.Limit != nil && r.Counted != nil && r.Residual == nil {
		left := r.Limit.Sub(*r.Counted).Max(quantity.Int(0))
		r.Residual = &left
	}
}

// requestState is that of a counter over the request alone: the hours requested.
func (u *run) requestState(x *rulebook.Variant) {
	if w, ok := u.window(x, u.c.ref); ok {
		u.r.Window = &w
	}
	if h := &u.c.facts.Root[u.c.plan.slots.reqHours]; h.IsKnown() {
		u.r.Counted = &h.Rat
	}
}

// windowState is that of a moving or fixed window.
func (u *run) windowState(x *rulebook.Variant) {
	r := u.r
	w, ok := u.window(x, u.c.ref)
	if !ok {
		return
	}
	r.Window = &w
	if u.blind || !u.hoursKnown(x, w) {
		return
	}
	t, ok := u.tally(r.Version, x, u.c.ref, asCounted)
	if !ok {
		return
	}
	n := t.total(w)
	r.Counted = &n
	if !u.c.Brief {
		u.bases(x, w, t)
		u.listPeriods(t, w)
		u.releases(x, t, w)
	}
}

// bases sets the authorised and used amounts side by side.
func (u *run) bases(x *rulebook.Variant, w calendar.Span, counted *tally) {
	r := u.r
	if !u.declared {
		r.Authorised = r.Counted
		return
	}
	if t, ok := u.tally(r.Version, x, u.c.ref, asAuthorised); ok {
		n := t.total(w)
		r.Authorised = &n
	}
	if !u.declaresUse(counted) {
		return
	}
	if t, ok := u.tally(r.Version, x, u.c.ref, asUsed); ok {
		n := t.total(w)
		r.Used = &n
	}
}

// declaresUse tells whether a period that counts here says what was used.
func (u *run) declaresUse(t *tally) bool {
	for i := range u.segments {
		s := &u.segments[i]
		if s.fate != counts {
			continue
		}
		_, p := t.part(s.line)
		if p == nil {
			continue
		}
		row := u.c.at(s.period)
		if p.measure == rulebook.MeasureHours && row.rec[u.c.plan.slots.used].IsKnown() || p.measure != rulebook.MeasureHours && u.c.declared(row) {
			return true
		}
	}
	return false
}

// hoursKnown names the hours missing from periods that count in the window; unknown hours are not zero.
func (u *run) hoursKnown(x *rulebook.Variant, w calendar.Span) bool {
	known := true
	for i := range u.segments {
		s := &u.segments[i]
		if s.fate != counts || s.line.Measure != rulebook.MeasureHours || !s.span.Meets(w) {
			continue
		}
		p := &u.c.periods[s.period]
		if _, ok := u.c.hoursOf(p, s.line, asCounted); !ok {
			u.r.missing(u.c.plan, u.hoursRef(p))
			known = false
		}
	}
	return known
}

// listPeriods says for each period what it adds inside the window, or why nothing.
func (u *run) listPeriods(t *tally, w calendar.Span) {
	amounts := u.amounts(t, w)
	out := make([]PeriodCount, len(u.c.periods))
	for i := range u.c.periods {
		out[i] = u.describe(i, t, w)
		out[i].Counted = amounts[i]
		if amounts[i].Sign() > 0 && (out[i].Code == CodeUsedNothing || out[i].Code == CodeOutside) {
			out[i].Code = CodeUsed
		}
	}
	u.r.Periods = out
}

// amounts splits the unweighted sum among the periods, in order of first day and number.
func (u *run) amounts(t *tally, w calendar.Span) []quantity.Rat {
	out := make([]quantity.Rat, len(u.c.periods))
	add := func(period int, m quantity.Rat) { out[period] = out[period].Add(m) }
	for i := range t.terms {
		for j := range t.terms[i].parts {
			p := &t.terms[i].parts[j]
			switch {
			case p.measure == rulebook.MeasureMonths:
				shares(p.stretches, w, add)
			case p.table.capped:
				p.paint(w, t.perWeek, u.c.arena, add)
			default:
				for k := range p.items {
					if m := p.items[k].amountIn(w, t.perWeek); m.Sign() != 0 {
						add(p.items[k].period, m.Mul(p.factor))
					}
				}
			}
		}
	}
	return out
}

// paint splits the amount of each day among the items that share it, in order: the first
// takes what the day can hold.
func (p *linePart) paint(w calendar.Span, perWeek int, room *arena, add func(int, quantity.Rat)) {
	if p.table.exact != nil {
		p.paintExact(w, perWeek, add)
		return
	}
	t := p.table
	left := room.zeroes(len(t.prefix))
	for i := 0; i+1 < len(t.prefix); i++ {
		left[i] = t.prefix[i+1] - t.prefix[i]
	}
	for i := range p.items {
		it := &p.items[i]
		amount := t.scale
		if it.days == nil {
			num, den, _ := it.perDay.Frac64()
			amount = num * (t.scale / den)
		}
		var own int64
		it.each(w, perWeek, func(d calendar.Day) {
			if i := int(d - t.lo); i >= 0 && i < len(left) {
				take := min(amount, left[i])
				left[i] -= take
				own += take
			}
		})
		if own != 0 {
			add(it.period, quantity.Frac(own, t.scale).Mul(p.factor))
		}
	}
}

// paintExact is paint in rationals.
func (p *linePart) paintExact(w calendar.Span, perWeek int, add func(int, quantity.Rat)) {
	left := make(map[calendar.Day]quantity.Rat)
	for i := range p.items {
		it := &p.items[i]
		amount, own := it.perDay, quantity.Int(0)
		if it.days != nil {
			amount = quantity.Int(1)
		}
		it.each(w, perWeek, func(d calendar.Day) {
			free, seen := left[d]
			if !seen {
				free = p.table.sum(calendar.Span{From: d, To: d})
			}
			take := amount.Min(free)
			left[d], own = free.Sub(take), own.Add(take)
		})
		if own.Sign() != 0 {
			add(it.period, own.Mul(p.factor))
		}
	}
}

// each calls yield for the days of a window on which the item has something.
func (it *item) each(w calendar.Span, perWeek int, yield func(calendar.Day)) {
	if it.days != nil {
		for _, d := range it.days {
			if w.Has(d) {
				yield(d)
			}
		}
		return
	}
	s := it.span.Clip(w)
	for d := s.From; d <= s.To; d++ {
		if d.Weekday() < perWeek {
			yield(d)
		}
	}
}

// describe finds the code of a period and the exceptions that took days of it out. What is
// never counted says why, wherever it lies; what could count says that it is outside the window.
func (u *run) describe(i int, t *tally, w calendar.Span) PeriodCount {
	out := PeriodCount{Row: u.c.periods[i].row, Code: CodeOutside}
	rank, wouldCount := 0, false
	for k := u.first[i]; k < u.first[i+1]; k++ {
		s := &u.segments[k]
		r, code := u.code(s, t, &out)
		inside := s.span.Meets(w)
		wouldCount = wouldCount || r >= rankCounts && !inside
		if r > rank && (inside || r < rankCounts) {
			rank, out.Code = r, code
		}
		if inside && s.fate == waived && !slices.Contains(out.Labels, s.label) {
			out.Labels = append(out.Labels, s.label)
		}
	}
	if wouldCount && rank < rankCounts && len(out.Labels) == 0 {
		out.Code = CodeOutside
	}
	return out
}

// The stronger code wins when a period has days of several fates.
const (
	rankBefore = iota + 1
	rankOther
	rankWaived
	rankCounts
	rankUnclear
)

// code is the word for the fate of a segment.
func (u *run) code(s *segment, t *tally, out *PeriodCount) (rank int, code string) {
	switch s.fate {
	case counts:
		term, p := t.part(s.line)
		if p == nil {
			return rankOther, CodeOther
		}
		out.Weighted = out.Weighted || t.terms[term].weighted()
		return rankCounts, u.countCode(s, p)
	case waived:
		return rankWaived, s.label
	case other:
		return rankOther, CodeOther
	case before:
		return rankBefore, CodeBeforeLaw
	}
	return rankUnclear, CodeUnknown
}

// countCode tells authorised days from declared use, and declared use of nothing.
func (u *run) countCode(s *segment, p *linePart) string {
	row := u.c.at(s.period)
	if p.measure == rulebook.MeasureHours {
		counted, _ := u.c.hoursOf(row, s.line, asCounted)
		if used, ok := u.c.hoursOf(row, s.line, asUsed); ok && used.Equal(counted) {
			return CodeUsed
		}
		return CodeCounted
	}
	if !u.c.replaced(row, s.line) {
		return CodeCounted
	}
	if share, ok := u.c.share(s, asUsed); ok && share.Sign() == 0 {
		return CodeUsedNothing
	}
	return CodeUsed
}

// releases lists the days on which what is counted falls, until the history has left.
func (u *run) releases(x *rulebook.Variant, t *tally, w calendar.Span) {
	if x.Window.Kind == rulebook.WindowFixed {
		return
	}
	n, ok := u.c.number(x.Window.Length, u.c.asRequest(), u.c.ref, u.r)
	length, whole := n.Int64()
	if !ok || !whole {
		return
	}
	step := calendar.Day(1)
	if x.Window.Kind == rulebook.WindowWeeks {
		step = 7
	}
	last := t.last()
	was := *u.r.Counted
	u.r.Releases = make([]Release, 0, min(t.busyDays(w)/int(step), 1_000)+8)
	for end := w.To + step; ; end += step {
		next := spanBack(x.Window.Kind, length, end)
		if t.moves(w, next) {
			now := t.total(next)
			if fall := was.Sub(now); fall.Sign() > 0 {
				on := end
				if step == 7 {
					on = end.Monday()
				}
				u.r.Releases = append(u.r.Releases, Release{On: on, Amount: fall})
			}
			was = now
		}
		if w = next; w.From > last {
			return
		}
		if step == 1 {
			end = max(end, t.idleUntil(w, int(length)))
		}
	}
}

// busyDays is about how many days of the window count.
func (t *tally) busyDays(w calendar.Span) int {
	n := 0
	for i := range t.terms {
		for j := range t.terms[i].parts {
			p := &t.terms[i].parts[j]
			if s := p.table; s != nil && s.exact == nil {
				n += int(s.units(w) / s.scale)
			}
			for k := range p.stretches {
				n += p.stretches[k].span.Clip(w).Len()
			}
		}
	}
	return n
}

// idleUntil is a day up to which a window of months can end without losing or gaining a day
// that counts: most of five years are idle, and are jumped over.
func (t *tally) idleUntil(w calendar.Span, length int) calendar.Day {
	leaves, enters := t.next(w.From), t.next(w.To+1)
	const clamp = 4 // the ends of months are up to three days apart
	return min(leaves.AddMonths(length)-clamp, enters-1)
}

// next is the first day from d on that has anything; far ahead when there is none.
func (t *tally) next(d calendar.Day) calendar.Day {
	found := calendar.Max
	for i := range t.terms {
		for j := range t.terms[i].parts {
			p := &t.terms[i].parts[j]
			if p.table != nil {
				found = min(found, p.table.next(d))
			}
			for k := range p.stretches {
				if s := p.stretches[k].span; s.To >= d {
					found = min(found, max(s.From, d))
				}
			}
		}
	}
	return found
}

// moves tells whether a window that slides on loses or gains a day that counts.
func (t *tally) moves(from, to calendar.Span) bool {
	out := calendar.Span{From: from.From, To: to.From - 1}
	in := calendar.Span{From: from.To + 1, To: to.To}
	for i := range t.terms {
		for j := range t.terms[i].parts {
			p := &t.terms[i].parts[j]
			if s := p.table; s != nil {
				if s.exact != nil || s.units(out) != 0 || s.units(in) != 0 {
					return true
				}
			}
			for k := range p.stretches {
				if p.stretches[k].span.Meets(out) || p.stretches[k].span.Meets(in) {
					return true
				}
			}
		}
	}
	return false
}

// breakdown is the state of every variant, whatever is requested.
func (u *run) breakdown() {
	r, v := u.r, u.r.Version
	for i := range v.Variants {
		x := &v.Variants[i]
		st := VariantState{Variant: x}
		probe := &run{c: u.c, k: u.k, r: &Result{Counter: u.k, Version: v, Variant: x}, need: u.need, lo: u.lo, hi: u.hi, segments: u.segments, first: u.first}
		if l, ok := probe.limit(x, u.c.ref); ok {
			st.Limit = &l
		}
		if u.blind {
			// The limits are known all the same.
		} else if x.Window.Kind == rulebook.WindowTreatment {
			probe.treatmentState(x)
		} else if w, ok := probe.window(x, u.c.ref); ok {
			if t, ok := probe.tally(v, x, u.c.ref, asCounted); ok {
				n := t.total(w)
				probe.r.Counted = &n
			}
		}
		if st.Counted = probe.r.Counted; st.Counted != nil && st.Limit != nil {
			left := st.Limit.Sub(*st.Counted).Max(quantity.Int(0))
			st.Residual = &left
		}
		r.Breakdown = append(r.Breakdown, st)
	}
}
