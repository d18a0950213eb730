package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// asked is a request being judged.
type asked struct {
	*run
	step    rulebook.Step
	excess  string
	placed  calendar.Day  // first day of the request, where it is placed now
	reach   calendar.Span // the days classified: the request, or the whole search
	claimed []segment     // its days that a line wants, over reach
	laid    []*laid       // one for each variant that judges a day
	limits  map[calendar.Day]quantity.Rat
	weeks   *weekMap        // of a chain: weeks of the history that count
	pause   *pause          // of a chain
	bound   []calendar.Span // requested days that the pause binds
}

// laid is the history and the request laid on the tables of one variant.
type laid struct {
	v     *rulebook.CounterVersion
	x     *rulebook.Variant
	tally *tally
	term  int             // the term and part the request's days go to
	part  *linePart       // nil when none of its days count here
	days  []calendar.Span // its days that count, over reach
	adds  *series         // what those days add to the history, day by day
	cut   *tally          // the history beside the request placed on cutAt
	cutAt calendar.Span
}

// judge decides the request.
func (u *run) judge(v *rulebook.CounterVersion, day calendar.Day) {
	if !u.requestKnown() {
		return
	}
	x := u.pick(v, day)
	if x == nil {
		return
	}
	step, excess, ok := u.how(x, day)
	if !ok {
		return
	}
	req := u.c.request.span
	a := &asked{run: u, step: step, excess: excess, placed: req.From}
	if step == rulebook.StepHours && !u.c.facts.Root[u.c.plan.slots.reqHours].IsKnown() {
		u.r.missing(u.c.plan, u.c.rootRef(u.c.plan.slots.reqHours)) // asked for whatever else is missing
	}
	if u.blind || !a.classifyRequest(req) {
		return
	}
	l := a.by(day)
	if l == nil {
		return
	}
	a.requested(l)
	switch {
	case step == rulebook.StepHours:
		a.judgeHours()
	case x.Window.Kind == rulebook.WindowChain:
		a.judgeChain(l)
	case x.Window.Kind == rulebook.WindowTreatment:
		a.judgeTreatment(l)
	case step == rulebook.StepWeek:
		a.judgeWeeks(l)
	default:
		a.judgeWhole(l)
	}
	if a.exempt(l) {
		u.r.Verdict, u.r.Grantable, u.r.EarliestStart, u.r.EarliestFullStart = Exempt, nil, nil, nil
	}
}

// requestKnown asks for the days of the request when they are missing.
func (u *run) requestKnown() bool {
	c := u.c
	known := true
	for _, slot := range []int{c.plan.slots.reqFrom, c.plan.slots.reqTo} {
		if !c.facts.Root[slot].IsKnown() {
			u.r.missing(c.plan, c.rootRef(slot))
			known = false
		}
	}
	return known
}

// how is the step and the treatment of the excess; exactly one way must hold.
func (u *run) how(x *rulebook.Variant, day calendar.Day) (rulebook.Step, string, bool) {
	var found *rulebook.Judge
	for i := range x.Judge {
		yes, ok := u.c.holds(x.Judge[i].When, u.c.asRequest(), day, u.r)
		if !ok {
			return "", "", false
		}
		if yes && found != nil {
			u.fail(codeConflict, "due modi di giudicare la richiesta valgono insieme")
			return "", "", false
		}
		if yes {
			found = &x.Judge[i]
		}
	}
	if found == nil {
		u.fail(codeNoRule, "nessun modo di giudicare la richiesta vale in questo caso")
		return "", "", false
	}
	if found.Excess == nil {
		return found.Step, "", true
	}
	code, t := found.Excess.Code(u.c.on(u.c.asRequest(), day))
	if t != rulebook.True {
		u.c.lack(u.r, t, func(refs []fact.Ref) []fact.Ref { return found.Excess.Blocking(&u.c.env, refs) })
		return "", "", false
	}
	return found.Step, code, true
}

// classifyRequest splits the days of reach as if all were requested.
func (a *asked) classifyRequest(reach calendar.Span) bool {
	u := a.run
	a.reach, a.claimed, a.laid, a.bound = reach, nil, nil, nil
	p := u.c.request
	p.span, p.asked = reach, false
	for _, s := range u.c.classify(u.k, requestPeriod, &p, reach, nil, nil) {
		switch s.fate {
		case unclear:
			u.r.missing(u.c.plan, s.refs...)
			return false
		case failed:
			u.r.Failure = s.failure
			return false
		case counts:
			a.claimed = append(a.claimed, s)
		case waived:
			if s.span.Meets(u.c.request.span) {
				u.r.waivedBy(s.label)
			}
		}
	}
	if u.c.perWeek == 0 && len(a.claimed) > 0 && a.step != rulebook.StepWhole {
		u.needPerWeek()
		return false
	}
	return true
}

// by is the tables of the version that judges a day; nil when they can't be laid.
func (a *asked) by(day calendar.Day) *laid {
	v := a.k.At(day)
	if v == nil {
		v = a.k.At(a.c.request.span.From)
	}
	for _, l := range a.laid {
		if l.v == v {
			return l
		}
	}
	a.c.env.Uses.Note(&v.Version, day, rulebook.ByAnyDay, rulebook.UseApplied)
	x := a.pick(v, day)
	if x == nil {
		return nil
	}
	l := &laid{v: v, x: x}
	var ok bool
	if l.tally, ok = a.run.tally(v, x, day, asCounted); !ok {
		return nil
	}
	for _, s := range a.claimed {
		if term, part := l.tally.part(s.line); part != nil {
			l.term, l.part = term, part
			l.days = append(l.days, s.span)
		}
	}
	l.layAdds(a.reach, a.c.arena)
	a.laid = append(a.laid, l)
	if !slices.Contains(a.r.Versions, v) {
		a.r.Versions = append(a.r.Versions, v)
	}
	return l
}

// layAdds lays the request on the days the history leaves free: a day counts once.
func (l *laid) layAdds(reach calendar.Span, room *arena) {
	items := make([]item, len(l.days))
	for i, s := range l.days {
		items[i] = item{span: s, perDay: quantity.Int(1), period: requestPeriod}
	}
	lay := layout{arena: room, lo: reach.From.Monday(), hi: reach.To, perWeek: l.tally.perWeek, capped: true}
	for i := range l.tally.terms {
		for j := range l.tally.terms[i].parts {
			if p := &l.tally.terms[i].parts[j]; p.table != nil && p.measure == rulebook.MeasureDays {
				lay.before = append(lay.before, p.table)
			}
		}
	}
	l.adds = lay.build(items)
}

func (r *Result) waivedBy(label string) {
	for _, l := range r.Waived {
		if l == label {
			return
		}
	}
	r.Waived = append(r.Waived, label)
}

// workdays is how many working days of the request that count lie in a span.
func (l *laid) workdays(w calendar.Span) int {
	n := 0
	for _, s := range l.days {
		n += s.Clip(w).Workdays(l.tally.perWeek)
	}
	return n
}

// exempt tells whether the law waives this counter for every day requested.
func (a *asked) exempt(l *laid) bool {
	if len(a.r.Waived) == 0 {
		return false
	}
	for _, s := range l.days {
		if s.Meets(a.c.request.span) {
			return false
		}
	}
	return true
}

// measure is the request, or a part of it, in the unit of the counter.
func (l *laid) measure(w calendar.Span) quantity.Rat {
	var sum quantity.Rat
	if l.part == nil {
		return sum
	}
	if l.part.measure == rulebook.MeasureMonths {
		for _, s := range l.days {
			if c := s.Clip(w); !c.Empty() {
				sum = sum.Add(months(c))
			}
		}
		return sum
	}
	return quantity.Int(int64(l.workdays(w))).Mul(l.perDay())
}

// perDay is the worth of one requested day.
func (l *laid) perDay() quantity.Rat {
	if l.part.measure == rulebook.MeasureWeeks {
		return quantity.Frac(1, int64(l.tally.perWeek))
	}
	return l.part.factor
}

func (a *asked) requested(l *laid) {
	if a.step == rulebook.StepHours {
		if h := &a.c.facts.Root[a.c.plan.slots.reqHours]; h.IsKnown() {
			a.r.Requested = &h.Rat
		} else {
			a.r.missing(a.c.plan, a.c.rootRef(a.c.plan.slots.reqHours))
		}
		return
	}
	n := l.measure(a.c.request.span)
	a.r.Requested = &n
}

// limitOn is the limit in force on a day.
func (a *asked) limitOn(l *laid, day calendar.Day) (quantity.Rat, bool) {
	if n, ok := a.limits[day]; ok {
		return n, true
	}
	n, ok := a.run.limit(l.x, day)
	if ok {
		if a.limits == nil {
			a.limits = make(map[calendar.Day]quantity.Rat)
		}
		a.limits[day] = n
	}
	return n, ok
}

// strictest is the lower of the limits in force on the first and last day of a piece.
func (a *asked) strictest(first, last calendar.Day) (*laid, quantity.Rat, bool) {
	l := a.by(last)
	if l == nil {
		return nil, quantity.Rat{}, false
	}
	n, ok := a.limitOn(l, last)
	if !ok || first == last {
		return l, n, ok
	}
	f := a.by(first)
	if f == nil {
		return nil, n, false
	}
	m, ok := a.limitOn(f, first)
	return l, n.Min(m), ok
}

// edges is the first and last day whose law judges a piece: the same day when nothing changes
// in between, and the start of the request when the counter is selected by it.
func (a *asked) edges(span calendar.Span) (first, last calendar.Day) {
	if a.k.SelectBy == rulebook.ByStart {
		return a.placed, a.placed
	}
	if a.step == rulebook.StepWeek {
		span = a.counting(span)
	}
	return a.era(span.From), a.era(span.To)
}

// counting is a week from its first to its last working day that some line wants: the law of
// other days judges nothing. A week without any is left as it is.
func (a *asked) counting(week calendar.Span) calendar.Span {
	out := calendar.Span{From: week.To + 1, To: week.From - 1}
	for i := range a.claimed {
		c := a.claimed[i].span.Clip(week)
		for d := c.From; d <= c.To; d++ {
			if d.Weekday() < a.c.perWeek {
				out = calendar.Span{From: min(out.From, d), To: max(out.To, d)}
			}
		}
	}
	if out.Empty() {
		return week
	}
	return out
}

// judgeWeeks judges every calendar week in order.
func (a *asked) judgeWeeks(l *laid) {
	req := a.c.request.span
	fit := a.c.request.span.From - 1 // last day of the leading run of weeks that fit
	all := true
	for monday := req.From.Monday(); monday <= req.To; monday += 7 {
		j, ok := a.week(req, monday)
		if !ok {
			return
		}
		a.r.Judged = append(a.r.Judged, j)
		if a.r.Total == nil || j.Total.Cmp(*a.r.Total) > 0 {
			t := j.Total
			a.r.Total = &t
		}
		if all = all && j.Fits; all {
			fit = j.Span.To
		} else if j.Why == WhyOutside && fit == j.Span.From-1 && len(a.r.Judged) > 0 {
			fit = a.clipOutside(l, fit, j)
		}
	}
	a.conclude(l, fit, all)
}

// clipOutside keeps the days of a week that still lie in a fixed window.
func (a *asked) clipOutside(l *laid, fit calendar.Day, j Judged) calendar.Day {
	if inside := j.Span.Clip(j.Window); !inside.Empty() && inside.From == j.Span.From && l.workdays(inside) > 0 {
		return inside.To
	}
	if w, ok := a.window(l.x, j.Span.To); ok && w.To < fit && w.Has(a.c.request.span.From) {
		return w.To
	}
	return fit
}

// week judges the calendar week of monday for a request placed on req.
func (a *asked) week(req calendar.Span, monday calendar.Day) (Judged, bool) {
	span := calendar.Span{From: monday, To: monday + 6}.Clip(req)
	j := Judged{Span: span, Fits: true}
	l, limit, ok := a.strictest(a.edges(span))
	if !ok {
		return j, false
	}
	w, ok := a.window(l.x, monday+6)
	if !ok {
		return j, false
	}
	j.Window, j.Limit = w, limit
	j.Total = l.totalWith(w, calendar.Span{From: max(req.From, w.From), To: min(span.To, w.To)}, req)
	n := l.workdays(span)
	switch {
	case n == 0: // nothing is added: it always fits (law.md section 9, default 33)
	case l.x.Window.Kind == rulebook.WindowFixed && l.workdays(span.Clip(w)) < n:
		j.Fits, j.Why = false, WhyOutside
		if j.Total.Cmp(j.Limit) > 0 {
			j.Why = WhyOverLimit
		}
	case j.Total.Cmp(j.Limit) > 0:
		j.Fits, j.Why = false, WhyOverLimit
	}
	return j, true
}

// totalWith is the window with the history and the requested days of `from`.
func (l *laid) totalWith(w, from, req calendar.Span) quantity.Rat {
	if l.part == nil {
		return l.tally.total(w)
	}
	extra := l.adds.sum(from).Mul(l.part.factor)
	return l.beside(req).totalWith(w, l.term, extra)
}

// beside is the history without the days that the request, placed on req, takes from stretches of
// months: a day counts once, as what the request is.
func (l *laid) beside(req calendar.Span) *tally {
	if !l.tally.stretched(req) {
		return l.tally
	}
	if l.cut != nil && l.cutAt == req {
		return l.cut
	}
	var taken []calendar.Span
	for _, s := range l.days {
		if c := s.Clip(req); !c.Empty() {
			taken = append(taken, c)
		}
	}
	l.cut, l.cutAt = l.tally.cutBy(taken), req
	return l.cut
}

// conclude turns the leading run that fits into a verdict, and looks on when not all does.
func (a *asked) conclude(l *laid, fit calendar.Day, all bool) {
	req := a.c.request.span
	switch {
	case all:
		a.r.Verdict = Admissible
		fit = req.To
	case fit >= req.From && a.excess == rulebook.ExcessPrefix:
		a.r.Verdict = PartlyAdmissible
	default:
		a.r.Verdict = Inadmissible
	}
	if a.r.Verdict != Inadmissible {
		s := calendar.Span{From: req.From, To: fit}
		a.r.Grantable = &Grant{Span: &s, Amount: l.measure(s)}
	}
	if a.r.Verdict != Admissible && !a.exempt(l) {
		a.search()
	}
}

// judgeWhole judges the request as one, in the window that ends on its last day.
func (a *asked) judgeWhole(l *laid) {
	req := a.c.request.span
	j, ok := a.whole(req)
	if !ok {
		return
	}
	a.r.Judged = append(a.r.Judged, j)
	a.r.Total = &j.Total
	fit := req.From - 1
	if !j.Fits && a.excess == rulebook.ExcessPrefix {
		fit = a.wholeMonthsThatFit(req)
	}
	a.conclude(l, fit, j.Fits)
}

// wholeMonthsThatFit is the last day of the longest run of whole months that fits.
func (a *asked) wholeMonthsThatFit(req calendar.Span) calendar.Day {
	fit := req.From - 1
	for n := 1; ; n++ {
		to := req.From.AddMonths(n) - 1
		if to > req.To {
			return fit
		}
		if j, ok := a.whole(calendar.Span{From: req.From, To: to}); !ok || !j.Fits {
			return fit
		}
		fit = to
	}
}

// whole judges a span of the request as one piece.
func (a *asked) whole(span calendar.Span) (Judged, bool) {
	j := Judged{Span: span, Fits: true}
	l, limit, ok := a.strictest(a.edges(span))
	if !ok {
		return j, false
	}
	if j.Window, ok = a.window(l.x, span.To); !ok {
		return j, false
	}
	j.Limit, j.Total = limit, a.totalOver(l, span, j.Window)
	if l.measure(span).Sign() > 0 && j.Total.Cmp(j.Limit) > 0 {
		j.Fits, j.Why = false, WhyOverLimit
	}
	return j, true
}

// totalOver is the window with the history and the request, as if it had been granted on span.
func (a *asked) totalOver(l *laid, span, w calendar.Span) quantity.Rat {
	if l.part == nil || l.part.measure != rulebook.MeasureMonths {
		return l.totalWith(w, calendar.Span{From: max(span.From, w.From), To: span.To}, span)
	}
	if a.shares(l, span) {
		if t, ok := a.grantedOn(l, span); ok {
			return t.total(w)
		}
	}
	joined := slices.Clone(l.part.stretches)
	for _, s := range l.days {
		if c := s.Clip(span); !c.Empty() {
			joined = append(joined, stretch{span: c, share: quantity.Int(1)})
		}
	}
	extra := monthsIn(join(joined), w).Sub(monthsIn(l.part.stretches, w))
	return l.tally.totalWith(w, l.term, extra)
}

// shares tells whether another line of the history has claimed a day of the span.
func (a *asked) shares(l *laid, span calendar.Span) bool {
	for i := range l.tally.terms {
		for j := range l.tally.terms[i].parts {
			p := &l.tally.terms[i].parts[j]
			if p == l.part {
				continue
			}
			if p.table != nil && slices.ContainsFunc(a.spans(p), span.Meets) {
				return true
			}
			if slices.ContainsFunc(p.stretches, func(s stretch) bool { return s.span.Meets(span) }) {
				return true
			}
		}
	}
	return false
}

// grantedOn lays the history and the request together, so that each day goes to the line that claims it.
func (a *asked) grantedOn(l *laid, span calendar.Span) (*tally, bool) {
	u := *a.run
	u.segments = slices.Clone(a.run.segments)
	for _, s := range a.claimed {
		if s.span = s.span.Clip(span); !s.span.Empty() {
			u.segments = append(u.segments, s)
		}
	}
	return u.layTally(l.v, l.x, a.placed, asCounted)
}

// judgeHours judges the hours requested as a whole, in the window of the last week.
func (a *asked) judgeHours() {
	req := a.c.request.span
	hours := &a.c.facts.Root[a.c.plan.slots.reqHours]
	if !hours.IsKnown() {
		return
	}
	j, ok := a.hours(req, hours.Rat)
	if !ok {
		return
	}
	a.r.Judged = append(a.r.Judged, j)
	a.r.Total = &j.Total
	left := j.Limit.Sub(j.Total.Sub(hours.Rat))
	switch {
	case j.Fits:
		a.r.Verdict = Admissible
		a.r.Grantable = &Grant{Amount: hours.Rat}
	case left.Sign() > 0 && a.excess == rulebook.ExcessAmount:
		a.r.Verdict = PartlyAdmissible
		a.r.Grantable = &Grant{Amount: left}
	default:
		a.r.Verdict = Inadmissible
	}
	if a.r.Verdict != Admissible {
		a.search()
	}
}

// hours judges an amount of hours for a request placed on span.
func (a *asked) hours(span calendar.Span, amount quantity.Rat) (Judged, bool) {
	j := Judged{Span: span, Fits: true, Total: amount}
	l, limit, ok := a.strictest(a.edges(calendar.Span{From: span.To, To: span.To}))
	if !ok {
		return j, false
	}
	if j.Window, ok = a.window(l.x, span.To); !ok {
		return j, false
	}
	j.Limit = limit
	if len(l.x.Sum) > 0 {
		if !a.hoursKnown(l.x, j.Window) {
			return j, false
		}
		j.Total = l.tally.total(j.Window).Add(amount)
	}
	if j.Total.Cmp(j.Limit) > 0 {
		j.Fits, j.Why = false, WhyOverLimit
	}
	return j, true
}
