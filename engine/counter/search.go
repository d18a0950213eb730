package counter

import (
	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// search finds the first start from which the first piece of the request would fit, and the
// first from which all of it would, with the history as it stands and the law of each day.
func (a *asked) search() {
	if a.c.NoSearch {
		return
	}
	missing, failure := len(a.r.Missing), a.r.Failure
	defer func() { // what is unknown of other days does not touch the verdict on these
		a.r.Missing, a.r.Failure = a.r.Missing[:missing], failure
	}()
	req := a.c.request.span
	if l := a.by(req.From); l == nil || l.x.Window.Kind == rulebook.WindowRequest {
		return // the programme brings its own window: moving it frees nothing
	}
	end := req.From.AddMonths(12 * SearchYears)
	if !a.classifyRequest(calendar.Span{From: req.From.Monday(), To: end + calendar.Day(req.Len()) + 31}) {
		return
	}
	r := a.r
	open := func() bool { return r.EarliestStart == nil || r.EarliestFullStart == nil && !a.c.Brief }
	for start := a.firstStart(req.From); start <= end && open(); start = a.nextStart(start) {
		full := a.shift(start)
		if r.EarliestStart == nil && a.fits(full, a.firstPiece(full)) {
			s := start
			r.EarliestStart = &s
		}
		if r.EarliestFullStart == nil && !a.c.Brief && (r.EarliestStart != nil || a.wholeAlone()) && a.fits(full, full) {
			s := start
			r.EarliestFullStart = &s
		}
	}
}

// wholeAlone tells whether all of a request can fit where its first piece alone would not: what is
// judged whole looks at a later window. Week by week, the first must fit before all can.
func (a *asked) wholeAlone() bool { return a.step != rulebook.StepWeek }

// monthly tells whether the request moves by months (CIGS) or by weeks.
func (a *asked) monthly() bool { return a.step == rulebook.StepWhole }

// firstStart is the first Monday, or first of a month, not before the day.
func (a *asked) firstStart(d calendar.Day) calendar.Day {
	if a.monthly() {
		if f := d.FirstOfMonth(); f < d {
			return f.AddMonths(1)
		}
		return d
	}
	return (d + 6).Monday()
}

func (a *asked) nextStart(d calendar.Day) calendar.Day {
	if a.monthly() {
		return d.AddMonths(1)
	}
	return d + 7
}

// shift is the request moved to start: as many days, or as many months and days.
func (a *asked) shift(start calendar.Day) calendar.Span {
	req := a.c.request.span
	if !a.monthly() {
		return calendar.Span{From: start, To: start + (req.To - req.From)}
	}
	whole, days := req.Months()
	return calendar.Span{From: start, To: start.AddMonths(whole) + calendar.Day(days) - 1}
}

// firstPiece is the first week or month of a request.
func (a *asked) firstPiece(full calendar.Span) calendar.Span {
	if a.monthly() {
		return full.Clip(calendar.Span{From: full.From, To: full.From.AddMonths(1) - 1})
	}
	return full.Clip(calendar.Span{From: full.From, To: full.From + 6})
}

// fits tells whether a part of the request, moved to full, would fit.
func (a *asked) fits(full, part calendar.Span) bool {
	a.placed = full.From
	l := a.by(full.From)
	switch {
	case l == nil:
		return false
	case a.step == rulebook.StepHours:
		return a.hoursFit(l, full, part)
	case l.x.Window.Kind == rulebook.WindowChain:
		return a.chainFits(l, part)
	case l.x.Window.Kind == rulebook.WindowTreatment:
		j, ok := a.treatmentOf(l, part)
		return ok && j.Fits
	case a.step == rulebook.StepWeek:
		return a.weeksFit(part)
	}
	j, ok := a.whole(part)
	return ok && j.Fits
}

func (a *asked) weeksFit(part calendar.Span) bool {
	for monday := part.From; monday <= part.To; monday += 7 {
		if j, ok := a.week(part, monday); !ok || !j.Fits {
			return false
		}
	}
	return true
}

// hoursFit shares the hours over the working days, to know those of the first week.
func (a *asked) hoursFit(l *laid, full, part calendar.Span) bool {
	hours := a.c.facts.Root[a.c.plan.slots.reqHours].Rat
	if n := full.Workdays(l.tally.perWeek); part != full && n > 0 {
		hours = hours.Mul(quantity.Frac(int64(part.Workdays(l.tally.perWeek)), int64(n)))
	}
	j, ok := a.hours(part, hours)
	return ok && j.Fits
}
