package explain

import (
	"omnia/engine/counter"
	"omnia/engine/quantity"
)

// short says the outcome in one sentence.
func (w *Writer) short() { w.add(w.outcome()) }

// outcome chooses the sentence that gives the outcome, and fills what it needs.
func (w *Writer) outcome() msg {
	r := w.r
	switch r.Verdict {
	case counter.NotApplicable:
		return notFor(r.NotFor)
	case counter.MissingData:
		w.values[sMancanti] = w.missing(r.Missing)
		return shortMissing
	case counter.RuleFailed:
		return shortFailed
	case counter.InConflict:
		return shortConflict
	case counter.Exempt:
		w.values[sEccezioni] = w.waived()
		if r.Rate != nil {
			return shortRateExempt
		}
		return shortExempt
	}
	switch {
	case r.Rate != nil && r.Asked:
		return shortRateAsked
	case r.Rate != nil:
		return shortRate
	case !r.Asked:
		return w.stateOutcome()
	}
	return w.requestOutcome()
}

func notFor(why string) msg {
	switch why {
	case counter.NotInForce:
		return shortNotInForce
	case counter.NotRequest:
		return shortNotRequest
	case counter.NotAsked:
		return shortNotAsked
	}
	return shortNotCompany
}

// stateOutcome is what is left when nothing is requested.
func (w *Writer) stateOutcome() msg {
	r := w.r
	switch {
	case r.Verdict == counter.Admissible:
		return shortRoom
	case r.PauseEnd != nil:
		return shortPaused
	case r.Counted != nil && r.Limit != nil && r.Counted.Cmp(*r.Limit) < 0:
		return shortPausedOpen
	}
	return shortFull
}

func (w *Writer) requestOutcome() msg {
	r := w.r
	if r.Verdict == counter.Admissible {
		if j := worst(r.Judged); j != nil {
			w.putExam(j)
		}
		return shortAdmissible
	}
	if j := firstUnfit(r.Judged); j != nil {
		w.putExam(j)
		w.put(sPerche, w.why(j))
	}
	switch {
	case r.Verdict == counter.Inadmissible:
		return shortInadmissible
	case r.Grantable != nil && r.Grantable.Span == nil:
		return shortPartlyAmount
	}
	return shortPartly
}

// why chooses the clause that tells why a piece does not fit.
func (w *Writer) why(j *counter.Judged) msg {
	switch j.Why {
	case counter.WhyOverRequest:
		w.putLongest()
		return whyOverRequest
	case counter.WhyPause:
		if w.r.PauseEnd == nil {
			return whyPauseOpen
		}
		return whyPause
	case counter.WhyOutside:
		return whyOutside
	}
	if w.inOne() {
		return whyOverLimitWhole
	}
	return whyOverLimitWeek
}

// inOne tells whether the request was judged in one piece.
func (w *Writer) inOne() bool {
	req, ok := w.f.Request()
	return ok && len(w.r.Judged) == 1 && w.r.Judged[0].Span == req
}

// putLongest fills how long one application may be: the weeks before the first one too many.
func (w *Writer) putLongest() {
	for i := range w.r.Judged {
		if w.r.Judged[i].Why == counter.WhyOverRequest {
			w.values[sMassimoDomanda] = w.amount(quantity.Int(int64(i)), quantity.Weeks)
			return
		}
	}
}

// firstUnfit is the first piece of the request that does not fit.
func firstUnfit(judged []counter.Judged) *counter.Judged {
	for i := range judged {
		if !judged[i].Fits {
			return &judged[i]
		}
	}
	return nil
}

// worst is the first piece with the highest total.
func worst(judged []counter.Judged) (found *counter.Judged) {
	for i := range judged {
		if found == nil || judged[i].Total.Cmp(found.Total) > 0 {
			found = &judged[i]
		}
	}
	return found
}
