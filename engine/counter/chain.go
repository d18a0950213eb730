package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// weekMap marks calendar weeks, by their Monday.
type weekMap struct {
	lo    calendar.Day // a Monday
	marks []bool
}

func newWeekMap(span calendar.Span) *weekMap {
	lo := span.From.Monday()
	return &weekMap{lo: lo, marks: make([]bool, max(int(span.To-lo)/7+1, 0))}
}

func (m *weekMap) mark(s calendar.Span) {
	for d := max(s.From.Monday(), m.lo); d <= s.To; d += 7 {
		if i := int(d-m.lo) / 7; i < len(m.marks) {
			m.marks[i] = true
		}
	}
}

func (m *weekMap) has(monday calendar.Day) bool {
	i := int(monday-m.lo) / 7
	return monday >= m.lo && i < len(m.marks) && m.marks[i]
}

// touch marks the weeks in which an item has a working day, or a day known by date.
func (m *weekMap) touch(it *item, perWeek int) {
	if it.days != nil {
		for _, d := range it.days {
			m.mark(calendar.Span{From: d, To: d})
		}
		return
	}
	if it.perDay.Sign() <= 0 {
		return
	}
	s := it.span
	if s.From.Weekday() >= perWeek { // a Saturday or Sunday that is not worked does not touch its week
		s.From = s.From.Sunday() + 1
	}
	if !s.Empty() {
		m.mark(s)
	}
}

// chainBefore is the unbroken run of marked weeks that ends with the week before monday, or
// with monday's own week when that is marked.
func (m *weekMap) chain(monday calendar.Day) (calendar.Span, int) {
	last := monday
	if !m.has(last) {
		last -= 7
	}
	n, first := 0, last
	for m.has(first) {
		n++
		first -= 7
	}
	return calendar.Span{From: first + 7, To: last + 6}, n
}

// longest is the length of the longest unbroken run.
func (m *weekMap) longest() (best int64) {
	var run int64
	for _, marked := range m.marks {
		if run++; !marked {
			run = 0
		}
		best = max(best, run)
	}
	return best
}

// history marks the weeks with counted days of the lines a variant sums.
func (u *run) history(l *tally) *weekMap {
	m := newWeekMap(calendar.Span{From: u.lo, To: u.hi})
	for i := range l.terms {
		for j := range l.terms[i].parts {
			for k := range l.terms[i].parts[j].items {
				m.touch(&l.terms[i].parts[j].items[k], l.perWeek)
			}
		}
	}
	return m
}

// chainState is the chain that ends in the reference week, or that the request touches.
func (u *run) chainState(x *rulebook.Variant) {
	r := u.r
	if u.blind {
		return
	}
	t, ok := u.tally(r.Version, x, u.c.ref, asCounted)
	if !ok {
		return
	}
	weeks := u.history(t)
	span, n := calendar.Span{}, 0
	onRef := weeks.has(u.c.ref.Monday())
	if onRef {
		span, n = weeks.chain(u.c.ref.Monday())
	} else if r.Asked && u.c.request.dated {
		span, n = weeks.chain(u.c.request.span.From.Monday())
	}
	count := quantity.Int(int64(n))
	r.Counted = &count
	if n > 0 {
		r.Window = &span
		u.chainBases(x, t, span)
		if onRef {
			u.chainRelease(weeks)
		}
	} else {
		zero := quantity.Int(0)
		r.Authorised = &zero
	}
	if !u.c.Brief {
		u.listChainPeriods(t, span, n > 0)
	}
	p := u.newPause(weeks, r.Version, x, u.c.ref)
	if p == nil || !p.runs(u.c.ref.Monday()) && !p.doubtful(u.c.ref.Monday()) {
		return
	}
	if p.doubtful(u.c.ref.Monday()) {
		if !r.Asked {
			p.ask(r, u.c.plan, u.c.ref.Monday())
		}
		r.Residual = nil
	} else {
		zero := quantity.Int(0)
		r.Residual = &zero
		if end, ok := p.end(u.c.ref.Monday()); ok {
			r.PauseEnd = &end
		}
	}
}

// chainBases is authorised and used inside the chain, in days ÷ days a week.
func (u *run) chainBases(x *rulebook.Variant, t *tally, span calendar.Span) {
	week := func(b basis) (*quantity.Rat, bool) {
		ft, ok := u.tally(u.r.Version, x, u.c.ref, b)
		if !ok {
			return nil, false
		}
		var sum quantity.Rat
		for i := range ft.terms {
			for j := range ft.terms[i].parts {
				sum = sum.Add(ft.terms[i].parts[j].table.sum(span))
			}
		}
		sum = sum.Quo(quantity.Int(int64(ft.perWeek)))
		return &sum, true
	}
	u.r.Authorised, _ = week(asAuthorised)
	if u.declared && u.declaresUse(t) {
		u.r.Used, _ = week(asUsed)
	}
}

// chainRelease is the Monday after the chain, when it ends: what is counted falls to nothing.
func (u *run) chainRelease(weeks *weekMap) {
	monday := u.c.ref.Monday()
	for weeks.has(monday + 7) {
		monday += 7
	}
	_, n := weeks.chain(monday)
	u.r.Releases = []Release{{On: monday + 7, Amount: quantity.Int(int64(n))}}
}

// listChainPeriods gives each week of the chain to the first period that touches it.
func (u *run) listChainPeriods(t *tally, span calendar.Span, any bool) {
	if !any {
		span = calendar.Span{From: 1, To: 0}
	}
	out := make([]PeriodCount, len(u.c.periods))
	for i := range out {
		out[i] = u.describe(i, t, span)
	}
	taken := newWeekMap(span)
	for i := range t.terms {
		for j := range t.terms[i].parts {
			for k := range t.terms[i].parts[j].items {
				it := &t.terms[i].parts[j].items[k]
				own := newWeekMap(span)
				own.touch(it, t.perWeek)
				for w := range own.marks {
					if own.marks[w] && !taken.marks[w] {
						taken.marks[w] = true
						out[it.period].Counted = out[it.period].Counted.Add(quantity.Int(1))
					}
				}
			}
		}
	}
	u.r.Periods = out
}

// pause is the time after a full chain in which nothing new may start.
type pause struct {
	full, work int64
	weeks      *weekMap // weeks that count for the pause
	idle       *weekMap // weeks in which the whole unit stood still: no work
	doubt      *weekMap // weeks for which that is not known
	doubts     []doubt
	worst      *pause         // the same with the weeks of which it is not known whether they count; nil when all is known
	unclear    []doubt        // those weeks
	ends       []calendar.Day // by week: the Monday after the last full chain before it; 0 for none
}

// doubt is days of which it is not known whether the unit stood still.
type doubt struct {
	span calendar.Span
	refs []fact.Ref
}

// ask names the facts that would tell whether the pause has run by monday.
func (p *pause) ask(r *Result, plan *Plan, monday calendar.Day) {
	if !p.runs(monday) {
		for _, d := range p.unclear {
			r.missing(plan, d.refs...)
		}
		return
	}
	from, _ := p.lastFull(monday)
	for _, d := range p.doubts {
		if d.span.Meets(calendar.Span{From: from, To: monday - 1}) {
			r.missing(plan, d.refs...)
		}
	}
}

// newPause reads the pause of a variant; nil when there is none, when the weeks of the history hold
// no chain long enough to start one, or when it can't be read.
func (u *run) newPause(weeks *weekMap, v *rulebook.CounterVersion, x *rulebook.Variant, day calendar.Day) *pause {
	if x.Pause == nil || x.Pause.After == nil {
		return nil
	}
	after, ok1 := u.c.number(x.Pause.After, u.c.asRequest(), day, u.r)
	length, ok2 := u.c.number(x.Pause.Length, u.c.asRequest(), day, u.r)
	if !ok1 || !ok2 {
		return nil
	}
	full, _ := after.Ceil()
	if weeks.longest() < full {
		return nil
	}
	reach := calendar.Span{From: u.lo, To: u.hi}
	p := &pause{full: full, weeks: newWeekMap(reach), idle: newWeekMap(reach), doubt: newWeekMap(reach)}
	p.work, _ = length.Ceil()
	for i := range u.c.periods {
		row := &u.c.periods[i]
		if row.dated && row.span.Meets(reach) {
			u.markPause(p, v, x, i, row)
		}
	}
	p.markEnds()
	p.markWorst()
	return p
}

func (u *run) markPause(p *pause, v *rulebook.CounterVersion, x *rulebook.Variant, i int, row *period) {
	norms := append(append([]string(nil), v.Norms...), x.Pause.Norms...)
	var items []item
	for _, s := range u.c.classify(u.k, i, row, row.span, norms, nil) {
		switch s.fate {
		case counts:
			items = u.c.itemsOf(&s, asCounted, items)
		case unclear:
			p.unclear = append(p.unclear, doubt{s.span, s.refs})
		}
	}
	for k := range items {
		p.weeks.touch(&items[k], max(u.c.perWeek, 1))
	}
	if x.Pause.IdleWhen == nil {
		return
	}
	switch x.Pause.IdleWhen.Eval(u.c.on(row, row.span.From)) {
	case rulebook.True:
		p.idle.mark(row.span)
	case rulebook.Unknown:
		p.doubt.mark(row.span)
		p.doubts = append(p.doubts, doubt{row.span, x.Pause.IdleWhen.Blocking(&u.c.env, nil)})
	case rulebook.Failed:
		if u.r.Failure == nil {
			u.r.Failure = u.c.env.Failure
		}
	}
}

// markWorst takes every week that may count as one that does: if a pause would then run where
// none does, it is not known whether one does.
func (p *pause) markWorst() {
	if len(p.unclear) == 0 {
		return
	}
	worst := *p
	worst.weeks = &weekMap{lo: p.weeks.lo, marks: slices.Clone(p.weeks.marks)}
	for _, d := range p.unclear {
		worst.weeks.mark(d.span)
	}
	worst.markEnds()
	p.worst = &worst
}

// markEnds notes, for each week, the Monday after the last full chain that ended before it.
func (p *pause) markEnds() {
	p.ends = make([]calendar.Day, len(p.weeks.marks)+1)
	var run int64
	for i, marked := range p.weeks.marks {
		p.ends[i+1] = p.ends[i]
		if run++; !marked {
			run = 0
		} else if run >= p.full {
			p.ends[i+1] = p.weeks.lo + calendar.Day(7*(i+1))
		}
	}
}

// lastFull is the Monday after the last full chain before monday; ok is false when there is none.
func (p *pause) lastFull(monday calendar.Day) (end calendar.Day, ok bool) {
	i := min(int(monday-p.weeks.lo)/7, len(p.ends)-1)
	if i < 0 || p.ends[i] == 0 {
		return 0, false
	}
	return p.ends[i], true
}

// worked counts the weeks of work from a Monday to another; doubtful weeks count when lenient.
func (p *pause) worked(from, to calendar.Day, lenient bool) int64 {
	var n int64
	for d := from; d < to; d += 7 {
		if !p.idle.has(d) && (lenient || !p.doubt.has(d)) {
			n++
		}
	}
	return n
}

// runs tells whether a pause runs in the week of monday.
func (p *pause) runs(monday calendar.Day) bool {
	end, ok := p.lastFull(monday)
	return ok && p.worked(end, monday, false) < p.work
}

// doubtful tells whether the answer hangs on weeks of which it is not known if they were worked.
func (p *pause) doubtful(monday calendar.Day) bool {
	if p.worst != nil && p.worst.runs(monday) && !p.runs(monday) {
		return true
	}
	end, ok := p.lastFull(monday)
	return ok && p.worked(end, monday, false) < p.work && p.worked(end, monday, true) >= p.work
}

// end is the first Monday on which the pause that runs on monday is over.
func (p *pause) end(monday calendar.Day) (calendar.Day, bool) {
	from, ok := p.lastFull(monday)
	if !ok {
		return 0, false
	}
	for d, n := from, int64(0); d < from+7*520; d += 7 {
		if n >= p.work {
			return d, true
		}
		if !p.idle.has(d) && !p.doubt.has(d) {
			n++
		}
	}
	return 0, false
}

// judgeChain judges every week: the length of the application, of the chain, and the pause.
func (a *asked) judgeChain(l *laid) {
	req := a.c.request.span
	fit, all := req.From-1, true
	ok := a.chainWeeks(l, req, func(j Judged) bool {
		a.r.Judged = append(a.r.Judged, j)
		if a.r.Total == nil || j.Total.Cmp(*a.r.Total) > 0 {
			t := j.Total
			a.r.Total = &t
		}
		if all = all && j.Fits; all {
			fit = j.Span.To
		}
		return true
	})
	if ok {
		a.conclude(l, fit, all)
	}
}

// chainFits tells whether every week of a part placed elsewhere would fit.
func (a *asked) chainFits(l *laid, part calendar.Span) bool {
	fits := true
	ok := a.chainWeeks(l, part, func(j Judged) bool {
		fits = j.Fits
		return fits
	})
	return ok && fits
}

// chainWeeks judges the weeks of a span in order until yield says stop. ok is false when a
// limit can't be read or a fact is missing.
func (a *asked) chainWeeks(l *laid, req calendar.Span, yield func(Judged) bool) bool {
	if a.weeks == nil {
		a.weeks = a.history(l.tally)
		a.pause = a.newPause(a.weeks, l.v, l.x, a.placed)
	}
	most, capped := quantity.Rat{}, l.x.MaxRequest != nil
	if capped {
		var ok bool
		if most, ok = a.c.number(l.x.MaxRequest, a.c.asRequest(), a.placed, a.r); !ok {
			return false
		}
	}
	_, chain := a.weeks.chain(req.From.Monday() - 7)
	if !a.weeks.has(req.From.Monday() - 7) {
		chain = 0
	}
	refused := false // an earlier week did not fit: what follows no longer decides
	for monday, n := req.From.Monday(), int64(1); monday <= req.To; monday, n = monday+7, n+1 {
		span := calendar.Span{From: monday, To: monday + 6}.Clip(req)
		touches := l.workdays(span) > 0
		if chain++; !touches && !a.weeks.has(monday) {
			chain = 0
		}
		at, limit, ok := a.strictest(a.edges(span))
		if !ok {
			return false
		}
		w := calendar.Span{From: monday - 7*calendar.Day(max(chain-1, 0)), To: monday + 6}
		j := Judged{Span: span, Window: w, Limit: limit, Total: quantity.Int(int64(chain)), Fits: true}
		switch {
		case !touches:
		case a.pause != nil && a.paused(at, span):
			if a.pause.doubtful(monday) && !refused && a.placed == a.c.request.span.From {
				a.pause.ask(a.r, a.c.plan, monday)
				return false
			}
			j.Fits, j.Why = false, WhyPause
			if end, ok := a.pause.end(monday); ok && a.r.PauseEnd == nil {
				a.r.PauseEnd = &end
			}
		case capped && quantity.Int(n).Cmp(most) > 0:
			j.Fits, j.Why = false, WhyOverRequest
		case j.Total.Cmp(limit) > 0:
			j.Fits, j.Why = false, WhyOverLimit
		}
		refused = refused || !j.Fits
		if !yield(j) {
			break
		}
	}
	return true
}

// paused tells whether the pause blocks a week: it runs, and the law does not free the days requested.
func (a *asked) paused(l *laid, week calendar.Span) bool {
	if monday := week.From.Monday(); !a.pause.runs(monday) && !a.pause.doubtful(monday) {
		return false
	}
	if a.bound == nil {
		norms := append(append([]string(nil), l.v.Norms...), l.x.Pause.Norms...)
		p := a.c.request
		p.span, p.asked = a.reach, false
		a.bound = []calendar.Span{}
		for _, s := range a.c.classify(a.k, requestPeriod, &p, a.reach, norms, nil) {
			if s.fate == counts {
				a.bound = append(a.bound, s.span)
			}
		}
	}
	for _, s := range a.bound {
		if s.Clip(week).Workdays(l.tally.perWeek) > 0 {
			return true
		}
	}
	return false
}
