package counter

import (
	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// treatmentState is the last treatment begun by the reference day, until its pause has run.
func (u *run) treatmentState(x *rulebook.Variant) {
	r := u.r
	w, ok := u.window(x, u.c.ref)
	if !ok {
		return
	}
	r.Window = &w
	if u.blind {
		return
	}
	t, ok := u.tally(r.Version, x, u.c.ref, asCounted)
	if !ok {
		return
	}
	var n quantity.Rat
	view := calendar.Span{From: 1, To: 0}
	r.Releases = []Release{}
	if last := lastTreatment(t.treatments(), u.c.ref); last != nil {
		end, ok := u.pauseEnd(x, last, u.c.ref)
		if !ok {
			return
		}
		if u.c.ref < end {
			view = last.span.Clip(w)
			n = months(view)
			if last.span.To < u.c.ref {
				r.PauseEnd = &end
			}
			r.Releases = append(r.Releases, Release{On: end, Amount: months(last.span)})
		}
	}
	r.Counted, r.Authorised = &n, &n
	u.listPeriods(t, view)
}

// treatments are the stretches of the variant's lines: touching periods are one.
func (t *tally) treatments() []stretch {
	var out []stretch
	for i := range t.terms {
		for j := range t.terms[i].parts {
			out = append(out, t.terms[i].parts[j].stretches...)
		}
	}
	return join(out)
}

func lastTreatment(list []stretch, by calendar.Day) *stretch {
	var last *stretch
	for i := range list {
		if list[i].span.From <= by {
			last = &list[i]
		}
	}
	return last
}

// pauseEnd is the first day on which a new treatment may start: the share of the authorised
// months after the treatment, whole months first, a fraction as days of thirty rounded up
// (law.md section 9, default 35).
func (u *run) pauseEnd(x *rulebook.Variant, s *stretch, day calendar.Day) (calendar.Day, bool) {
	after := s.span.To + 1
	if x.Pause == nil {
		return after, true
	}
	share, ok := u.c.number(x.Pause.Length, u.c.asRequest(), day, u.r)
	if !ok {
		return after, false
	}
	m := months(s.span).Mul(share)
	whole, _ := m.Floor()
	days, _ := m.Sub(quantity.Int(whole)).Mul(quantity.Int(30)).Ceil()
	return after.AddMonths(int(whole)) + calendar.Day(days), true
}

// judgeTreatment judges the request as part of the treatment it touches, or as a new one.
func (a *asked) judgeTreatment(l *laid) {
	req := a.c.request.span
	j, ok := a.treatmentOf(l, req)
	if !ok {
		return
	}
	a.r.Judged = append(a.r.Judged, j)
	a.r.Total = &j.Total
	a.conclude(l, req.From-1, j.Fits)
}

// treatmentOf judges a span of the request.
func (a *asked) treatmentOf(l *laid, span calendar.Span) (Judged, bool) {
	j := Judged{Span: span, Window: span, Fits: true}
	at, limit, ok := a.strictest(a.edges(span))
	if !ok {
		return j, false
	}
	j.Limit = limit
	if l.measure(span).Sign() == 0 {
		return j, true
	}
	joins := false
	list := l.tally.treatments()
	for i := range list {
		if s := list[i].span; s.To+1 >= j.Window.From && s.From-1 <= j.Window.To {
			j.Window = calendar.Span{From: min(s.From, j.Window.From), To: max(s.To, j.Window.To)}
			joins = true
		}
	}
	if j.Total = months(j.Window); j.Total.Cmp(limit) > 0 {
		j.Fits, j.Why = false, WhyOverLimit
	}
	if joins {
		return j, true
	}
	for i := range list {
		if list[i].span.To >= span.From {
			continue
		}
		end, ok := a.pauseEnd(at.x, &list[i], span.From)
		if !ok {
			return j, false
		}
		if span.From < end {
			j.Fits, j.Why = false, WhyPause
			if a.r.PauseEnd == nil || end > *a.r.PauseEnd {
				a.r.PauseEnd = &end
			}
		}
	}
	return j, true
}
