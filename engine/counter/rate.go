package counter

import (
	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// rate sets the tiered rate of a counter that never refuses: that of the first day requested,
// or of the reference day.
func (u *run) rate(v *rulebook.CounterVersion, day calendar.Day) {
	r := u.r
	r.Verdict = Admissible
	if !r.Asked {
		v, day = r.Version, u.c.ref
	}
	free := false
	if r.Asked {
		var ok bool
		if free, ok = u.rateWaived(v); !ok {
			return
		}
		if !u.blind && len(v.Variants) > 0 {
			u.rateRequested(v, day)
		}
	}
	s := u.schedule(v, day)
	if s == nil || u.blind || r.Counted == nil {
		return
	}
	r.Schedule = s
	n, ok := u.weeksForTier(v, day)
	if !ok {
		return
	}
	for i := range s.Tiers {
		t := &s.Tiers[i]
		var upTo quantity.Rat
		if t.UpTo != nil {
			if upTo, ok = u.c.number(t.UpTo, u.c.asRequest(), day, r); !ok {
				return
			}
			if n.Cmp(upTo) > 0 {
				continue
			}
			r.Limit = &upTo
		}
		rate, ok := u.c.number(t.Rate, u.c.asRequest(), day, r)
		if !ok {
			return
		}
		if free {
			rate, r.Verdict = quantity.Int(0), Exempt
		}
		r.Rate = &rate
		u.residual()
		return
	}
	u.fail(codeNoRule, "nessuno scaglione vale per "+n.String()+" settimane")
}

// weeksForTier is what the tier is read on: the use up to the day before the request, or up to the
// reference day. With Delay a threshold that is crossed changes the rate from the month after, so
// use that came after the end of the month before does not raise it.
func (u *run) weeksForTier(v *rulebook.CounterVersion, day calendar.Day) (quantity.Rat, bool) {
	x := u.pick(v, day)
	if x == nil {
		return quantity.Rat{}, false
	}
	t, ok := u.tally(v, x, day, asCounted)
	if !ok {
		return quantity.Rat{}, false
	}
	at := day
	if u.r.Asked {
		at = day - 1
	}
	w, ok := u.windowUnder(x, at, day)
	if !ok {
		return quantity.Rat{}, false
	}
	n := t.total(w)
	if v.Rate.Delay {
		month, ok := u.windowUnder(x, day.FirstOfMonth()-1, day)
		if !ok {
			return quantity.Rat{}, false
		}
		if m := t.total(month); m.Cmp(n) < 0 {
			n, w = m, month
		}
	}
	u.r.Tier = &Judged{Span: calendar.Span{From: day, To: day}, Window: w, Total: n, Fits: true}
	return n, true
}

// rateWaived tells whether the law waives the rate for every day requested.
func (u *run) rateWaived(v *rulebook.CounterVersion) (bool, bool) {
	if !u.requestKnown() {
		return false, false
	}
	p := u.c.request
	p.asked = false
	free := true
	// Days that no line wants are looked at as well: the rate is due on them too.
	for _, s := range u.c.waive(segment{period: requestPeriod, span: p.span, fate: counts}, &p, v.Norms, nil) {
		switch s.fate {
		case waived:
			u.r.waivedBy(s.label)
		case unclear:
			u.r.missing(u.c.plan, s.refs...)
			return false, false
		case failed:
			u.r.Failure = s.failure
			return false, false
		default:
			free = false
		}
	}
	return free, true
}

// rateRequested measures the request in the counter's unit.
func (u *run) rateRequested(v *rulebook.CounterVersion, day calendar.Day) {
	a := &asked{run: u, step: rulebook.StepNone, placed: u.c.request.span.From}
	if !a.classifyRequest(u.c.request.span) {
		return
	}
	if l := a.by(day); l != nil {
		a.requested(l)
	}
}

// schedule chooses the tiers that hold.
func (u *run) schedule(v *rulebook.CounterVersion, day calendar.Day) *rulebook.Schedule {
	var found *rulebook.Schedule
	for i := range v.Rate.Schedules {
		s := &v.Rate.Schedules[i]
		yes, ok := u.c.holds(s.When, u.c.asRequest(), day, u.r)
		if !ok {
			return nil
		}
		if yes && found != nil {
			u.fail(codeConflict, "scaglioni «"+found.ID+"» e «"+s.ID+"» valgono insieme e nessuno viene prima")
			return nil
		}
		if yes {
			found = s
		}
	}
	if found == nil {
		u.fail(codeNoRule, "nessuno scaglione vale in questo caso")
	}
	return found
}
