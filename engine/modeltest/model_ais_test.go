package modeltest

import "slices"

// aisBiennio: 13 or 26 weeks in 104 (arts. 29-30); before 2022, 52 of AdS or 26 of AO.
func (l *law) aisBiennio() *answer {
	a := &answer{id: "ais.settimane_biennio"}
	if l.letter == "" {
		a.verdict = "missing_data"
		return a
	}
	if l.industry() || l.letter == "altro" {
		a.verdict = "not_applicable"
		return a
	}
	q := l.ask
	if q != nil && !q.is("AIS") {
		q = nil
	}
	var causale *string
	if q != nil {
		causale = q.Causale
	}
	// What begins before 2022 goes on under the old rules (A.4): AdS and AO have each its own limit, and each counts alone.
	limitOn := func(first day) rat {
		switch {
		case l.letter == "fondo":
			if first >= fisReform && l.facts.Azienda.Fondo != nil && *l.facts.Azienda.Fondo == "fsba" {
				return whole(26)
			}
			return nil
		case ads(causale, first):
			return whole(52)
		case first < fisReform:
			return whole(26)
		case l.facts.Azienda.Dipendenti == nil:
			return nil
		case over(decimal(l.facts.Azienda.Dipendenti), whole(5)):
			return whole(26)
		default:
			return whole(13)
		}
	}
	if l.d == 0 || !l.known || limitOn(l.ref) == nil || q != nil && limitOn(q.from) == nil {
		a.verdict = "missing_data"
		return a
	}
	solidarity := func(p past, d day) bool { return ordinaryAIS(p) && ads(p.Causale, p.from) }
	others := func(p past, d day) bool { return ordinaryAIS(p) && !ads(p.Causale, p.from) }
	every := func(p past, d day) bool { return ordinaryAIS(p) }
	under := func(first day) func(past, day) bool {
		switch {
		case ads(causale, first):
			return solidarity
		case first < fisReform:
			return others
		default:
			return every
		}
	}
	counts := under(l.ref)
	g := l.lay(l.counted, counts)
	unit := frac(1, l.d)
	w := biennio(l.ref)
	a.window, a.limit = &w, limitOn(l.ref)
	a.counted = mul(g.sum(w), unit)
	a.residual = notBelowZero(sub(a.limit, a.counted))
	l.bases(a, counts, unit)
	a.releases = mondays(l.ref, g.last(), func(d day) rat { return mul(g.sum(biennio(d)), unit) })
	a.periods = shares(l, g, w, unit)
	if slices.ContainsFunc(l.past, func(p past) bool { return l.ref < fisReform && ordinaryAIS(p) && p.to >= fisReform }) {
		a.leave("the old counters after the reform", "releases")
	}
	if q == nil {
		a.state()
		return a
	}
	ledgers := map[bool]*ledger{true: l.lay(l.counted, under(fisReform-1)), false: l.lay(l.counted, under(fisReform))}
	l.inWeeks(a, func(req span) *ledger { return ledgers[req.from < fisReform] }, func(day) bool { return q.covid() },
		func(req span, monday day) rat { return limitOn(req.from) })
	return a
}

// additional: tier and rate of art. 5.
func (l *law) additional() *answer {
	a := &answer{id: "addizionale.aliquota"}
	if l.letter == "" || l.d == 0 || !l.known {
		a.verdict = "missing_data"
		return a
	}
	feeds := func(p past, d day) bool {
		switch {
		case !p.granted() || p.covid():
			return false
		case p.is("CIGO"):
			return !p.eone
		default:
			return p.is("CIGS")
		}
	}
	g := l.lay(l.counted, feeds)
	unit := frac(1, l.d)
	w := quinquennio(l.ref)
	a.window, a.counted = &w, mul(g.sum(w), unit)
	a.periods = shares(l, g, w, unit)
	l.bases(a, feeds, unit)
	a.leave("a rate refuses nothing", "requested", "total", "grant", "start", "fullStart")
	a.leave("a figure of days seen on Mondays", "releases")
	first := l.ref
	weeks := a.counted
	if l.ask != nil {
		first = l.ask.from
		weeks = mul(g.sum(quinquennio(first-1)), unit)
	}
	a.verdict = "admissible"
	if l.letter == "fondo" {
		return a.leave("the contribution of another fund", "verdict", "rate", "limit", "residual", "counted", "window", "periods", "authorised", "used")
	}
	if l.letter == "fis" && l.ask != nil && !l.ask.is("AIS") {
		return a.leave("the contribution of another fund", "verdict", "rate", "limit", "residual")
	}
	if l.letter == "fis" {
		a.rate = whole(4)
		a.leave("FIS has no tiers", "limit", "residual", "counted", "window", "periods", "authorised", "used")
		if first < date(2025, 1, 1) {
			return a
		}
		if l.facts.Azienda.Dipendenti == nil {
			return a.leave("size unknown", "verdict", "rate")
		}
		if !over(decimal(l.facts.Azienda.Dipendenti), whole(5)) && l.restedFor24Months(first) {
			a.rate = frac(12, 5)
		}
		return a
	}
	if l.ask.is("CIGO") && l.ask.eone && !l.ask.covid() {
		a.verdict, a.rate = "exempt", whole(0)
		return a.leave("an exempt request is in no tier", "limit", "residual")
	}
	if l.ask != nil && l.ask.covid() {
		return a.leave("the COVID acts were only recalled", "verdict", "rate", "limit", "residual")
	}
	// The rate changes in the month after the one in which a threshold is crossed.
	y, m, _ := first.time().Date()
	weeks = smaller(weeks, mul(g.sum(quinquennio(date(y, int(m), 1)-1)), unit))
	reduced := first >= date(2025, 1, 1) && l.restedFor24Months(first)
	switch {
	case !over(weeks, whole(52)):
		a.rate, a.limit = whole(9), whole(52)
		if reduced {
			a.rate = whole(6)
		}
	case !over(weeks, whole(104)):
		a.rate, a.limit = whole(12), whole(104)
		if reduced {
			a.rate = whole(9)
		}
	default:
		a.rate = whole(15)
	}
	if l.ask != nil && l.ask.regime == "transizione" {
		a.leave("the rate of art. 22-ter has no tiers", "limit", "residual", "rate")
	}
	if a.limit != nil {
		a.residual = notBelowZero(sub(a.limit, a.counted))
	}
	return a
}

// restedFor24Months tells whether 24 months without treatment lie between the last one and d; never any: yes.
func (l *law) restedFor24Months(d day) bool {
	var last *day
	if s := l.facts.Azienda.FineUltimo; s != nil {
		last = ptr(parseDay(*s))
	} else {
		for _, p := range l.past {
			if p.granted() && (last == nil || p.to > *last) {
				last = ptr(p.to)
			}
		}
	}
	return last == nil || (*last+1).addMonths(24) <= d
}

// all nine counters, in the order of the contract.
func (l *law) answers() []*answer {
	return []*answer{
		l.cigoBiennio(), l.cigoConsecutive(), l.cigoHours(), l.overall(), l.cigsMonths(),
		l.cigsHours(), l.aisBiennio(), l.ukraine22(), l.additional(),
	}
}
