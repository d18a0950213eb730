package explain

import (
	"cmp"
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// motivate gives the reasons in the order of an administrative act: the facts, the norm, how it
// applies, what follows; then why this version, what else would fit, and what it all rests on.
func (w *Writer) motivate() {
	switch w.r.Verdict {
	case counter.NotApplicable, counter.RuleFailed, counter.InConflict:
		w.short()
	case counter.MissingData:
		w.short()
		w.facts()
		w.norm()
		w.add(outcomeMissing)
	default:
		w.facts()
		w.norm()
		w.apply()
		w.alternatives()
	}
	w.states()
	if w.r.NotFor == counter.NotInForce {
		return
	}
	w.version()
	if w.r.NotFor != counter.NotCompany {
		w.presumptions()
	}
	if w.r.Verdict != counter.NotApplicable || len(w.r.Breakdown) > 0 {
		w.sources()
	}
}

// facts say what is requested and what the history counts.
func (w *Writer) facts() {
	r := w.r
	if r.Asked && r.Requested != nil && w.values[sRichiestaDal] != "" {
		w.add(w.requestFact())
	}
	if r.Counted != nil && !w.ofRequest() {
		if r.Window != nil {
			w.add(factState)
		} else {
			w.add(factStateNoWindow)
		}
	}
	if r.Used != nil && r.Authorised != nil && r.Counted != nil {
		w.add(factBases)
	}
	if len(r.Waived) > 0 && r.Verdict != counter.Exempt {
		w.values[sEccezioni] = w.waived()
		w.add(factWaived)
	}
}

func (w *Writer) requestFact() msg {
	switch {
	case w.r.Verdict == counter.Exempt:
		return factRequestExempt
	case w.r.Counter.Unit == quantity.Hours:
		return factRequestHours
	}
	return factRequest
}

// ofRequest tells whether the counter looks at the request alone: its state says nothing more.
func (w *Writer) ofRequest() bool {
	return w.r.Variant != nil && w.r.Variant.Window.Kind == rulebook.WindowRequest
}

// norm says what the law allows.
func (w *Writer) norm() {
	switch {
	case w.r.Version.Rate != nil:
		w.add(normRate)
	case w.r.Limit != nil:
		w.add(norm)
	default:
		w.add(normOpen)
	}
}

// apply holds the facts against the norm and says what follows.
func (w *Writer) apply() {
	r := w.r
	switch {
	case r.Rate != nil:
		w.applyRate()
	case r.Verdict == counter.Exempt:
		w.values[sEccezioni] = w.waived()
		w.add(outcomeExempt)
	case r.Asked:
		w.applyRequest()
	default:
		w.applyState()
	}
}

func (w *Writer) applyState() {
	switch w.stateOutcome() {
	case shortRoom:
		w.add(stateRoom)
	case shortPaused:
		w.add(paused)
	case shortPausedOpen:
		w.add(pausedOpen)
	default:
		w.add(stateFull)
	}
}

func (w *Writer) applyRate() {
	r := w.r
	if r.Verdict == counter.Exempt {
		w.values[sEccezioni] = w.waived()
		w.add(rateExempt)
		return
	}
	if r.Tier == nil || len(r.Schedule.Tiers) == 1 {
		w.add(rateFlat)
		return
	}
	w.add(rate)
	switch {
	case r.Limit == nil:
	case r.Counted.Cmp(*r.Limit) > 0:
		w.add(rateLate)
	default:
		w.add(rateUntil)
	}
}

func (w *Writer) applyRequest() {
	r := w.r
	if j := firstUnfit(r.Judged); j != nil {
		w.putExam(j)
		w.add(w.unfit(j))
	} else if j := worst(r.Judged); j != nil {
		w.putExam(j)
		w.values[sEsaminate] = w.amount(quantity.Int(int64(len(r.Judged))), quantity.Weeks)
		if w.inOne() {
			w.add(fitsOne)
		} else {
			w.add(fits)
		}
	}
	switch {
	case r.Verdict == counter.Admissible:
		w.add(outcomeAdmissible)
	case r.Verdict == counter.Inadmissible:
		w.add(outcomeInadmissible)
	case r.Grantable == nil:
	case r.Grantable.Span == nil:
		w.add(outcomePartlyAmount)
	default:
		w.add(outcomePartly)
		if w.values[sResto] != "" {
			w.add(restOf)
		}
	}
}

// unfit chooses the sentence that tells how a piece does not fit.
func (w *Writer) unfit(j *counter.Judged) msg {
	switch w.why(j) {
	case whyOverRequest:
		return overRequest
	case whyPause:
		return paused
	case whyPauseOpen:
		return pausedOpen
	case whyOutside:
		return outside
	case whyOverLimitWhole:
		return overLimitWhole
	}
	return overLimitWeek
}

// alternatives tell what would fit and from when, and when room comes back.
func (w *Writer) alternatives() {
	r := w.r
	if r.Asked && (r.Verdict == counter.Inadmissible || r.Verdict == counter.PartlyAdmissible) {
		w.otherStart()
	}
	if r.Verdict == counter.Inadmissible && !r.Asked || r.Verdict == counter.PartlyAdmissible {
		w.nextRelease()
	}
	if r.PauseEnd != nil && r.Verdict == counter.Admissible {
		w.add(pauseEnd)
	}
}

func (w *Writer) otherStart() {
	first, full := w.r.EarliestStart, w.r.EarliestFullStart
	partly := w.r.Verdict == counter.PartlyAdmissible // the first piece fits where it is
	switch {
	case first == nil && full == nil && w.ofRequest():
	case first == nil && full == nil || partly && full == nil:
		w.add(startNone)
	case full == nil:
		w.add(startFirst)
	case partly || *first == *full:
		w.add(startFull)
	default:
		w.add(startBoth)
	}
}

// nextRelease is the next day on which the count falls.
func (w *Writer) nextRelease() {
	if len(w.r.Releases) > 0 {
		w.putRelease(&w.r.Releases[0])
		w.add(releaseNext)
	}
}

func (w *Writer) putRelease(x *counter.Release) {
	w.values[sRientro], w.values[sRientroIl] = w.amount(x.Amount, w.r.Counter.Unit), w.day(x.On)
}

// states give the state of every variant, where the counter tells it.
func (w *Writer) states() {
	u := w.r.Counter.Unit
	for i := range w.r.Breakdown {
		b := &w.r.Breakdown[i]
		if b.Limit == nil {
			continue
		}
		w.values[sCausale], w.values[sCausaleLimite] = w.variants[b.Variant], w.amount(*b.Limit, u)
		if b.Counted == nil || b.Residual == nil {
			w.add(breakdownUncounted)
			continue
		}
		w.values[sCausaleContato], w.values[sCausaleResiduo] = w.amount(*b.Counted, u), w.amount(*b.Residual, u)
		w.add(breakdown)
	}
}

// version says why this version of the rule: the day that chose it.
func (w *Writer) version() {
	req, known := w.f.Request()
	if !w.r.Asked || !known {
		w.values[sGiorno] = w.day(w.f.Ref())
		w.add(versionState)
		return
	}
	judged := w.judgedBy(req)
	if len(judged) > 1 {
		w.severalVersions(judged)
	} else {
		if len(judged) == 1 {
			w.putVersion(&judged[0].Version)
		}
		w.values[sGiorno] = w.values[sRichiestaDal]
		if w.r.Counter.Unit == quantity.Weeks && req.From.Monday() == req.From {
			w.add(versionWeek)
		} else {
			w.add(versionDay)
		}
	}
	w.putVersion(&w.r.Version.Version)
}

// judgedBy is the versions that judged the days requested, oldest first. The trace also has those
// that were only tried on other days, in search of another start.
func (w *Writer) judgedBy(req calendar.Span) (out []*rulebook.CounterVersion) {
	if w.r.Counter.SelectBy == rulebook.ByStart {
		req.To = req.From
	}
	for _, v := range w.r.Versions {
		if req.Meets(calendar.Span{From: v.From, To: v.To}) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *rulebook.CounterVersion) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

func (w *Writer) severalVersions(judged []*rulebook.CounterVersion) {
	items := make([]string, len(judged))
	for i, v := range judged {
		w.putVersion(&v.Version)
		items[i] = w.say(versionItem)
	}
	w.values[sVersioni] = enumerate(w.set, listAnd, items)
	w.add(versionSeveral)
}
