package modeltest

import "slices"

// months: the largest n with first day + n months - 1 day not after the last, and the rest ÷ 30 (default 31).
func months(s span) rat {
	if s.to < s.from {
		return whole(0)
	}
	n := 0
	for s.from.addMonths(n+1)-1 <= s.to {
		n++
	}
	return add(whole(n), frac(int(s.to-(s.from.addMonths(n)-1)), 30))
}

// joined clips spans to w, joins those that touch and sums their months.
func joined(spans []span, w span) rat {
	sum := whole(0)
	for _, s := range touching(spans, span{max(w.from, inForce), w.to}) {
		sum = add(sum, months(s))
	}
	return sum
}

// touching clips spans to w and joins those that overlap or follow each other.
func touching(spans []span, w span) []span {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b span) int { return int(a.from - b.from) })
	var out []span
	for _, s := range sorted {
		s = within(s, w)
		if s.to < s.from {
			continue
		}
		if n := len(out); n > 0 && s.from <= out[n-1].to+1 {
			out[n-1].to = max(out[n-1].to, s.to)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// cigoDays are the days that count in weeks: where CIGO and CIGS meet, the day is one of CIGO; solidarity comes last (defaults 25, 32).
func (l *law) cigoDays(feeds func(p past, d day) bool) []span {
	var out []span
	for _, p := range l.past {
		if !p.useKnown() {
			for d := p.from; d <= p.to; d++ {
				if feeds(p, d) {
					out = append(out, span{d, d})
					if l.byWeek(p) {
						out = append(out, span{d.monday(), d.sunday()})
					}
				}
			}
		}
	}
	return out
}

// without takes the days of cut out of spans.
func without(spans, cut []span) []span {
	out := slices.Clone(spans)
	for _, c := range cut {
		var rest []span
		for _, s := range out {
			if c.to < s.from || s.to < c.from {
				rest = append(rest, s)
				continue
			}
			if s.from < c.from {
				rest = append(rest, span{s.from, c.from - 1})
			}
			if c.to < s.to {
				rest = append(rest, span{c.to + 1, s.to})
			}
		}
		out = rest
	}
	return out
}

// extraordinary tells whether a period is CIGS of art. 22: granted, under no regime of its own.
func extraordinary(p past, causale string) bool {
	return p.is("CIGS") && p.granted() && p.regime == "ordinario" && text(p.Causale) == causale
}

var cigsCauses = []string{"riorganizzazione", "crisi", "solidarieta"}

func (l *law) stretches(causale string) []span {
	var out []span
	for _, p := range l.past {
		if extraordinary(p, causale) {
			out = append(out, p.span)
		}
	}
	return out
}

// leaveUsedMonths leaves out what no text measures: months of which only some days were used.
func (l *law) leaveUsedMonths(a *answer) {
	for _, p := range l.past {
		if !p.useKnown() {
			continue
		}
		cigs := p.is("CIGS") || l.ask.is("CIGS") && p.from <= l.ask.to
		for _, c := range cigsCauses {
			for _, s := range l.stretches(c) {
				cigs = cigs || p.from <= s.to && s.from <= p.to
			}
		}
		if cigs {
			a.leave("months of which some days were used", "verdict", "byCausale", "counted", "residual", "authorised", "used", "total", "grant", "start", "fullStart", "releases", "periods")
			return
		}
	}
}

// halved weighs the months of solidarity contracts: half up to 24, full beyond; in full for letter m (art. 22 cc. 5-6).
func (l *law) halved(m rat) rat {
	if l.letter == "m" {
		return m
	}
	low := smaller(m, whole(24))
	return add(mul(low, frac(1, 2)), sub(m, low))
}

// fisReform is the first day of the FIS of L. 234/2021. What began before goes on under the old rules (A.4).
var fisReform = date(2022, 1, 1)

// ads tells whether an AIS that begins on d is the assegno di solidarietà of before 2022 (default 36).
func ads(causale *string, d day) bool { return text(causale) == "solidarieta" && d < fisReform }

func ordinaryAIS(p past) bool {
	return p.is("AIS") && p.granted() && !p.covid() && p.regime == "ordinario"
}

// overall: 24 or 30 months in five years (arts. 4 and 22 cc. 5-6).
func (l *law) overall() *answer {
	a := &answer{id: "complessivo.mesi_quinquennio"}
	if l.letter == "" || l.d == 0 || !l.known {
		a.verdict = "missing_data"
		return a
	}
	limit := whole(24)
	if l.building() {
		limit = whole(30)
	}
	feeds := func(p past, d day) bool {
		return ordinary(p, d) || l.letter == "fis" && ordinaryAIS(p) && !ads(p.Causale, p.from)
	}
	feedsHalf := func(p past, d day) bool { return l.letter == "fis" && ordinaryAIS(p) && ads(p.Causale, p.from) }
	g := l.lay(l.counted, feeds)
	h := l.layOn(g, l.counted, feedsHalf)
	cigo := touching(l.cigoDays(func(p past, d day) bool { return feeds(p, d) || feedsHalf(p, d) }), span{inForce, date(9999, 1, 1)})
	unit := frac(3, 13*l.d)

	adds := func(span, day) bool { return false }
	addsHalf := adds
	var cigs map[string]span
	q := l.ask
	weeklyAsk := q.is("CIGO") || l.letter == "fis" && q.is("AIS")
	if weeklyAsk {
		adds = func(req span, d day) bool {
			return l.works(d) && !q.special(d) && !(q.is("AIS") && ads(q.Causale, req.from))
		}
		addsHalf = func(req span, d day) bool {
			return l.works(d) && !q.special(d) && q.is("AIS") && ads(q.Causale, req.from)
		}
	}
	at := func(w span, req *span) rat {
		full, half := g.sum(w), h.sum(w)
		if req != nil && cigs == nil {
			in := within(*req, w)
			full = add(full, l.room(g, in, func(d day) bool { return adds(*req, d) }))
			half = add(half, l.room(h, in, func(d day) bool { return addsHalf(*req, d) }))
		}
		sum := mul(full, unit)
		cds := mul(half, unit)
		taken := slices.Clone(cigo)
		if req != nil && weeklyAsk {
			ordinary := *req
			for ordinary.from <= req.to && q.special(ordinary.from) { // special days come first
				ordinary.from++
			}
			taken = append(taken, ordinary)
		}
		for _, c := range cigsCauses {
			spans := l.stretches(c)
			if req != nil && cigs != nil && text(q.Causale) == c {
				spans = append(spans, *req)
			}
			m := joined(without(spans, taken), w)
			taken = append(taken, spans...)
			if c == "solidarieta" {
				cds = add(cds, m)
			} else {
				sum = add(sum, m)
			}
		}
		return add(sum, l.halved(cds))
	}

	w := quinquennio(l.ref)
	a.window, a.limit = &w, limit
	a.counted = at(w, nil)
	a.residual = notBelowZero(sub(limit, a.counted))
	a.periods = map[string]rat{}
	last := max(g.last(), h.last())
	onlyWeeks := true
	for _, p := range l.past {
		for _, c := range cigsCauses {
			if extraordinary(p, c) {
				last, onlyWeeks = max(last, p.to), false
			}
		}
		a.periods[p.numero] = mul(add(g.of(p.numero, w), h.of(p.numero, w)), unit)
	}
	if onlyWeeks {
		l.bases(a, feeds, unit)
		if slices.ContainsFunc(l.past, func(p past) bool { return feedsHalf(p, p.from) }) {
			a.leave("whether a base is weighted", "authorised", "used")
		}
	} else {
		a.leave("days in the window, of months", "authorised", "used")
		a.leave("how joined stretches are shared out", "periods")
	}
	a.releases = days(l.ref, last, func(d day) rat { return at(quinquennio(d), nil) })
	l.leaveUsedMonths(a)

	switch {
	case weeklyAsk:
		either := func(d day) bool { return l.works(d) && !q.special(d) }
		j := &weekly{
			adds:    either,
			totalAt: func(req span, sunday day) rat { return at(quinquennio(sunday), &req) },
			limitAt: func(span, day) rat { return limit },
		}
		amount := func(s span) rat { return mul(whole(requestedDays(s, either)), unit) }
		a.requested = amount(q.span)
		j.decide(a, q.span, amount)
		if slices.ContainsFunc(l.past, func(p past) bool {
			return q.is("AIS") && ordinaryAIS(p) && ads(p.Causale, p.from) != ads(q.Causale, q.from) && q.from <= p.to && p.from <= q.to
		}) {
			a.leave("AdS and AO on the same days", "verdict", "total", "grant", "start", "fullStart")
		}
		if q.is("AIS") && ads(q.Causale, q.from) && (a.start == nil || *a.start >= fisReform || a.fullStart == nil || *a.fullStart >= fisReform) {
			a.leave("AdS moved beyond its end", "start", "fullStart")
		}
		if every(q.span, q.special) {
			a.exempt()
		}
	case q.is("CIGS"):
		cigs = map[string]span{}
		if q.regime != "ordinario" {
			a.exempt()
			return a.leave("an exempt request of months", "requested", "total")
		}
		l.wholeMonths(a, func(req span) rat { return at(quinquennio(req.to), &req) }, nil)
	default:
		a.state()
	}
	return a
}

// wholeMonths grants a request of months whole, or refuses it.
func (l *law) wholeMonths(a *answer, totalOf func(req span) rat, waits func(req span) bool) {
	req := l.ask.span
	fits := func(r span) bool { return !over(totalOf(r), a.limit) && (waits == nil || !waits(r)) }
	a.requested = months(req)
	a.total = totalOf(req)
	if fits(req) {
		a.verdict = "admissible"
		a.grant = &grant{&req, a.requested}
		return
	}
	a.verdict = "inadmissible"
	n := 0
	for req.from.addMonths(n+1)-1 <= req.to {
		n++
	}
	rest := req.to - (req.from.addMonths(n) - 1)
	y, m, d := req.from.time().Date()
	s := date(y, int(m), 1)
	if d > 1 {
		s = s.addMonths(1)
	}
	for ; s <= req.from.addMonths(tenYears); s = s.addMonths(1) {
		length := span{s, s.addMonths(n) - 1 + rest}
		first := span{s, min(length.to, s.addMonths(1)-1)}
		if a.start == nil && fits(first) {
			a.start = ptr(s)
		}
		if a.fullStart == nil && fits(length) {
			a.fullStart = ptr(s)
		}
	}
}

// treatments are the runs of touching crisi periods (default 35).
func (l *law) treatments() []span {
	return touching(l.stretches("crisi"), span{inForce, date(9999, 1, 1)})
}

// freeFrom is the first day on which the pause of two thirds has run.
func freeFrom(s span) day {
	pause := mul(months(s), frac(2, 3))
	n := 0
	for !over(whole(n+1), pause) {
		n++
	}
	rest := mul(sub(pause, whole(n)), whole(30))
	k := 0
	for over(rest, whole(k)) {
		k++
	}
	return (s.to + 1).addMonths(n) + day(k)
}

// cigsMonths: the months of art. 22 cc. 1-3.
func (l *law) cigsMonths() *answer {
	a := &answer{id: "cigs.mesi_quinquennio"}
	if !l.known {
		a.verdict = "missing_data"
		return a
	}
	if l.letter == "" {
		a.verdict = "missing_data"
		return a.leave("the sector decides on one causale of three", "verdict")
	}
	w := quinquennio(l.ref)
	limits := map[string]rat{"riorganizzazione": whole(24), "crisi": whole(12), "solidarieta": whole(36)}
	if l.letter == "m" {
		limits["solidarieta"] = whole(24)
	}
	at := func(c string, ref day) rat {
		if c != "crisi" {
			return joined(l.stretches(c), quinquennio(ref))
		}
		sum := whole(0)
		for _, t := range l.treatments() {
			if t.from <= ref {
				sum = whole(0)
				if ref < freeFrom(t) {
					sum = months(within(t, quinquennio(ref)))
				}
			}
		}
		return sum
	}
	l.leaveUsedMonths(a)
	a.byCausale = map[string][3]rat{}
	for _, c := range cigsCauses {
		n := at(c, l.ref)
		a.byCausale[c] = [3]rat{limits[c], n, notBelowZero(sub(limits[c], n))}
	}
	a.leave("months of days", "authorised", "used")
	if !l.ask.is("CIGS") {
		a.verdict = "not_applicable"
		return a.leave("what an item that does not apply still shows", "window", "limit", "counted", "residual", "releases", "periods")
	}
	c := text(l.ask.Causale)
	state := a.byCausale[c]
	a.window, a.limit, a.counted, a.residual = &w, state[0], state[1], state[2]
	last := l.ref
	for _, s := range l.stretches(c) {
		last = max(last, s.to)
	}
	a.releases = days(l.ref, last, func(d day) rat { return at(c, d) })
	a.leave("how joined stretches are shared out", "periods")
	if slices.ContainsFunc(l.treatments(), func(s span) bool { return c == "crisi" && s.from > l.ref }) {
		a.leave("the pause of a treatment that has not begun", "releases")
	}
	if slices.ContainsFunc(l.treatments(), func(s span) bool { return c == "crisi" && freeFrom(s) > s.from.addMonths(60) }) {
		a.leave("a treatment so long that its pause outlives the window", "releases")
	}
	if l.ask.regime != "ordinario" {
		a.exempt()
		return a.leave("an exempt request of months", "requested", "total")
	}
	if c != "crisi" {
		l.wholeMonths(a, func(req span) rat { return joined(append(l.stretches(c), req), quinquennio(req.to)) }, nil)
		return a
	}
	joins := func(req span) (treatment span, waits bool) {
		treatment = req
		for again := true; again; {
			again = false
			for _, t := range l.treatments() {
				if t.from <= treatment.to+1 && treatment.from <= t.to+1 && (t.from < treatment.from || t.to > treatment.to) {
					treatment = span{min(t.from, treatment.from), max(t.to, treatment.to)}
					again = true
				}
			}
		}
		for _, t := range l.treatments() {
			waits = waits || t.to < req.from && req.from < freeFrom(t)
		}
		if slices.ContainsFunc(l.treatments(), func(t span) bool { return t.from <= req.to+1 && req.from <= t.to+1 }) {
			waits = false // it extends a treatment that there is
		}
		return treatment, waits
	}
	l.wholeMonths(a,
		func(req span) rat { t, _ := joins(req); return months(t) },
		func(req span) bool { _, waits := joins(req); return waits })
	return a
}

// cigsHours: 80 % of the workable hours of the programme (art. 22 c. 4).
func (l *law) cigsHours() *answer {
	a := &answer{id: "cigs.ore_programma"}
	if !l.ask.is("CIGS") || text(l.ask.Causale) == "solidarieta" {
		a.verdict = "not_applicable"
		return a.leave("what an item that does not apply still shows", "window", "limit", "counted", "residual", "releases", "periods")
	}
	if l.ask.from < date(2017, 9, 24) || l.ask.regime != "ordinario" {
		return a.leave("before the cap, and under other regimes", "verdict", "window", "limit", "counted", "residual", "requested", "total", "grant", "start", "fullStart")
	}
	a.leave("no history here", "authorised", "used", "releases", "periods", "start", "fullStart")
	q := l.ask
	a.window = &q.span
	a.limit = l.hoursCap(frac(int(q.to-q.from)+1, 7), frac(4, 5))
	if a.limit == nil || q.Ore == nil {
		a.verdict = "missing_data"
		return a
	}
	a.counted = decimal(q.Ore)
	a.requested, a.total = a.counted, a.counted
	a.residual = notBelowZero(sub(a.limit, a.counted))
	switch {
	case !over(a.total, a.limit):
		a.verdict, a.grant = "admissible", &grant{amount: a.total}
	case a.limit.Sign() > 0:
		a.verdict, a.grant = "partly_admissible", &grant{amount: a.limit}
	default:
		a.verdict = "inadmissible"
	}
	return a
}
