package explain

import (
	"strconv"

	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// calculate lays the calculation open: each period, each week judged, when room comes back, and
// each parameter read.
func (w *Writer) calculate() {
	w.periods()
	w.judged()
	w.releases()
	w.parameters()
}

// periods gives a sentence to each period that counts, and one to all those that do not for the
// same reason.
func (w *Writer) periods() {
	var reasons []string
	var rows [][]int
	for i := range w.r.Periods {
		p := &w.r.Periods[i]
		said := w.Reason(w.r, *p, w.f)
		if p.Counted.Sign() != 0 {
			w.countedPeriod(p.Row, said)
			continue
		}
		k := 0
		for k < len(reasons) && reasons[k] != said {
			k++
		}
		if k == len(reasons) {
			reasons, rows = append(reasons, said), append(rows, nil)
		}
		rows[k] = append(rows[k], p.Row)
	}
	for k, said := range reasons {
		w.values[sMotivo], w.values[sNumeri] = said, w.numbers(rows[k])
		w.add(fullPeriods)
	}
}

func (w *Writer) countedPeriod(row int, said string) {
	_, span := w.f.Period(row)
	w.values[sNumero], w.values[sMotivo] = w.number(row), said
	w.values[sPeriodoDal], w.values[sPeriodoAl] = w.day(span.From), w.day(span.To)
	w.add(fullPeriod)
}

// judged gives the weeks of the request in order; weeks that go on in the same way are told together.
func (w *Writer) judged() {
	list := w.r.Judged
	if len(list) == 1 && w.inOne() || w.r.Verdict == counter.Exempt {
		return // told in the reasons
	}
	for i := 0; i < len(list); {
		n := alike(list[i:])
		w.judgedRun(list[i : i+n])
		i += n
	}
}

// alike is how many pieces from the first have the same outcome and limit, and a total that
// stands still or moves by the same step.
func alike(list []counter.Judged) int {
	n := 1
	for n < len(list) && same(&list[0], &list[n]) {
		step := list[1].Total.Sub(list[0].Total)
		if !list[n].Total.Sub(list[n-1].Total).Equal(step) {
			break
		}
		n++
	}
	return n
}

func same(a, b *counter.Judged) bool {
	return a.Fits == b.Fits && a.Why == b.Why && a.Limit.Equal(b.Limit)
}

func (w *Writer) judgedRun(list []counter.Judged) {
	first, last := &list[0], &list[len(list)-1]
	w.putExam(first)
	w.put(sEsito, esitoOf(first))
	w.values[sEsaminate] = w.amount(quantity.Int(int64(len(list))), quantity.Weeks)
	w.values[sSerieAl], w.values[sSerieTotale] = w.day(last.Span.To), w.amount(last.Total, w.r.Counter.Unit)
	switch {
	case len(list) == 1:
		w.add(fullWeek)
	case first.Total.Equal(last.Total):
		w.add(fullWeeks)
	default:
		w.add(fullWeeksChange)
	}
}

func esitoOf(j *counter.Judged) msg {
	switch {
	case j.Fits:
		return fullFits
	case j.Why == counter.WhyOverRequest:
		return fullOverRequest
	case j.Why == counter.WhyPause:
		return fullPause
	case j.Why == counter.WhyOutside:
		return fullOutside
	}
	return fullOverLimit
}

// releases tell when room comes back. Falls no more than a week apart are one descent, told with
// its length and sum.
func (w *Writer) releases() {
	list := w.r.Releases
	for i := 0; i < len(list); {
		n, sum := 1, list[i].Amount
		for i+n < len(list) && list[i+n].On-list[i+n-1].On <= 7 {
			sum = sum.Add(list[i+n].Amount)
			n++
		}
		w.putRelease(&counter.Release{On: list[i].On, Amount: sum})
		if n == 1 {
			w.add(fullRelease)
		} else {
			w.values[sRientroFine], w.values[sQuanti] = w.day(list[i+n-1].On), strconv.Itoa(n)
			w.add(fullReleases)
		}
		i += n
	}
}

// parameters name each value read, with its version and law.
func (w *Writer) parameters() {
	for _, p := range w.r.Params {
		w.values[sParametro], w.values[sParametroNumero] = p.Parameter.Title.In(w.lang), strconv.Itoa(p.Version.Number)
		w.values[sValore] = w.value(p)
		w.values[sNormaFonte] = w.cite(p.Version.Law)
		w.putVersion(&p.Version.Version)
		w.add(fullParameter)
	}
	w.putVersion(&w.r.Version.Version)
}

// value is the value of a parameter. A number without unit may be a share, 1/3: it is said exactly.
func (w *Writer) value(p counter.ParamUse) string {
	v := &p.Version.Value
	switch {
	case p.Parameter.Kind == fact.Bool && v.Bool():
		return w.say(valueTrue)
	case p.Parameter.Kind == fact.Bool:
		return w.say(valueFalse)
	case p.Parameter.Kind == fact.Code:
		return render(w.set, valueCode, []fill{{sValore, v.Text}})
	case p.Parameter.Unit == quantity.None:
		return v.Rat.String()
	}
	return w.amount(v.Rat, p.Parameter.Unit)
}
