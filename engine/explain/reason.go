package explain

import (
	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/fact"
)

// Reason says in a sentence what a period adds to a result, or why nothing.
func (w *Writer) Reason(r *counter.Result, p counter.PeriodCount, f Facts) string {
	w.begin(r, f)
	m := w.reasonOf(&p)
	if w.set[m].needs.meets(ofThePeriod) {
		return w.weighted(&p, w.say(m))
	}
	if w.reasons[m] == "" {
		w.reasons[m] = w.say(m)
	}
	return w.weighted(&p, w.reasons[m])
}

// ofThePeriod are the slots that differ from one period to the next.
var ofThePeriod = of(sConteggio, sEccezioni, sMancanti)

// reasonOf chooses the sentence and fills what it needs of the period.
func (w *Writer) reasonOf(p *counter.PeriodCount) msg {
	switch p.Code {
	case counter.CodeCounted, counter.CodeUsed:
		return w.countedReason(p)
	case counter.CodeOutside:
		if w.r.Window == nil {
			return reasonNoWindow
		}
		return reasonOutside
	case counter.CodeOther:
		return reasonOther
	case counter.CodeBeforeLaw:
		return reasonBeforeLaw
	case counter.CodeUsedNothing:
		return reasonUsedNothing
	case counter.CodeUnknown:
		if refs := w.missingIn(p.Row); len(refs) > 0 {
			w.values[sMancanti] = w.labels(refs)
			return reasonUnknownData
		}
		return reasonUnknown
	}
	w.values[sEccezioni] = w.exception(p.Code, w.spanOf(p.Row))
	return reasonWaived
}

func (w *Writer) countedReason(p *counter.PeriodCount) msg {
	if p.Counted.Sign() == 0 {
		return reasonNothingLeft
	}
	w.values[sConteggio] = w.amount(p.Counted, w.r.Counter.Unit)
	partly := len(p.Labels) > 0
	if partly {
		w.values[sEccezioni] = w.exceptionList(p.Labels, w.spanOf(p.Row))
	}
	switch {
	case p.Code == counter.CodeUsed && partly:
		return reasonUsedPartly
	case p.Code == counter.CodeUsed:
		return reasonUsed
	case partly:
		return reasonCountedPartly
	}
	return reasonCounted
}

// weighted adds that a weight applies to the sum of what is counted.
func (w *Writer) weighted(p *counter.PeriodCount, said string) string {
	if !p.Weighted || p.Counted.Sign() == 0 {
		return said
	}
	w.values[sMotivo] = said
	return w.say(reasonWeighted)
}

func (w *Writer) spanOf(row int) calendar.Span {
	_, span := w.f.Period(row)
	return span
}

// missingIn is what is missing of one period.
func (w *Writer) missingIn(row int) (refs []fact.Ref) {
	for _, ref := range w.r.Missing {
		if ref.Row == row {
			refs = append(refs, ref)
		}
	}
	return refs
}

func (w *Writer) labels(refs []fact.Ref) string {
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = w.f.Label(ref)
	}
	return enumerate(w.set, listAnd, names)
}
