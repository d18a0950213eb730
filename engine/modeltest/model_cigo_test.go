package modeltest

import "slices"

// ordinary tells whether a period is CIGO of art. 12 on a day: granted, neither COVID nor the 26 weeks of 2022.
func ordinary(p past, d day) bool {
	return p.is("CIGO") && p.granted() && !p.covid() && !(p.regime == "ucraina22" && ukraine.has(d))
}

// waived tells whether art. 12 cc. 2-3 are waived for a day of CIGO (c. 4 and the weather decrees).
func (l *law) waived(eone bool, d day) bool {
	return eone && (!l.building() || weather(d))
}

// special tells whether a requested day of CIGO is outside art. 12 altogether.
func (q *ask) special(d day) bool { return q.covid() || q.regime == "ucraina22" && ukraine.has(d) }

// every tells whether something holds on every day.
func every(s span, holds func(d day) bool) bool {
	for d := s.from; d <= s.to; d++ {
		if !holds(d) {
			return false
		}
	}
	return true
}

// requestedDays counts the days of s that the request adds.
func requestedDays(s span, adds func(d day) bool) int {
	n := 0
	for d := s.from; d <= s.to; d++ {
		if adds(d) {
			n++
		}
	}
	return n
}

// room is how much the requested days in s add to the history: a day is never more than one, a week never more than d.
func (l *law) room(g *ledger, s span, adds func(d day) bool) rat {
	sum := whole(0)
	for m := s.from.monday(); m <= s.to; m += 7 {
		in := within(s, span{m, m + 6})
		n := whole(requestedDays(in, adds))
		busy := false
		for d := m; d <= m+6; d++ {
			if v := g.value[d]; v != nil {
				busy = true
				if in.has(d) && adds(d) {
					n = sub(n, v)
				}
			}
		}
		if busy {
			n = smaller(n, sub(whole(l.d), g.week(m)))
		}
		sum = add(sum, n)
	}
	return sum
}

func within(a, b span) span { return span{max(a.from, b.from), min(a.to, b.to)} }

// bases fills authorised and used.
func (l *law) bases(a *answer, counts func(p past, d day) bool, unit rat) {
	a.authorised = mul(l.lay(l.authorised, counts).sum(*a.window), unit)
	declared, inside := false, false
	for _, p := range l.past {
		if p.Giornate == nil && p.Fruiti == nil {
			continue
		}
		for d := p.from; d <= p.to; d++ {
			if d >= inForce && counts(p, d) {
				declared, inside = true, inside || a.window.has(d)
			}
		}
	}
	if declared {
		a.used = mul(l.lay(l.used, counts).sum(*a.window), unit)
	}
	if declared && !inside {
		a.leave("declared, but outside the window: none or absent", "used")
	}
}

func shares(l *law, g *ledger, w span, unit rat) map[string]rat {
	out := map[string]rat{}
	for _, p := range l.past {
		out[p.numero] = mul(g.of(p.numero, w), unit)
	}
	return out
}

// cigoBiennio: 52 weeks in 104 (art. 12 cc. 3-4).
func (l *law) cigoBiennio() *answer {
	a := &answer{id: "cigo.settimane_biennio"}
	if l.letter == "" {
		a.verdict = "missing_data"
		return a
	}
	if !l.industry() {
		a.verdict = "not_applicable"
		return a
	}
	if l.d == 0 || !l.known {
		a.verdict = "missing_data"
		return a
	}
	counts := func(p past, d day) bool { return ordinary(p, d) && !l.waived(p.eone, d) }
	g := l.lay(l.counted, counts)
	unit := frac(1, l.d)
	w := biennio(l.ref)
	a.window, a.limit = &w, whole(52)
	a.counted = mul(g.sum(w), unit)
	a.residual = notBelowZero(sub(a.limit, a.counted))
	l.bases(a, counts, unit)
	a.releases = mondays(l.ref, g.last(), func(d day) rat { return mul(g.sum(biennio(d)), unit) })
	a.periods = shares(l, g, w, unit)
	if !l.ask.is("CIGO") {
		a.state()
		return a
	}
	l.inWeeks(a, func(span) *ledger { return g }, func(d day) bool { return l.ask.special(d) || l.waived(l.ask.eone, d) }, func(span, day) rat { return whole(52) })
	return a
}

// inWeeks judges a request against a number of weeks in 104. The law waives some days.
func (l *law) inWeeks(a *answer, history func(req span) *ledger, waived func(day) bool, limit func(span, day) rat) {
	unit := frac(1, l.d)
	adds := func(d day) bool { return l.works(d) && !waived(d) }
	j := &weekly{
		adds: adds,
		totalAt: func(req span, sunday day) rat {
			w, g := biennio(sunday), history(req)
			return mul(add(g.sum(w), l.room(g, within(req, w), adds)), unit)
		},
		limitAt: limit,
	}
	amount := func(s span) rat { return mul(whole(requestedDays(s, adds)), unit) }
	a.requested = amount(l.ask.span)
	j.decide(a, l.ask.span, amount)
	if every(l.ask.span, waived) {
		a.exempt()
	}
}

func (a *answer) exempt() {
	a.verdict, a.grant, a.start, a.fullStart = "exempt", nil, nil, nil
}

// weeksOf are the Mondays of the weeks with something on them.
func (g *ledger) weeks() map[day]bool {
	out := map[day]bool{}
	for d, v := range g.value {
		if v.Sign() > 0 {
			out[d.monday()] = true
		}
	}
	return out
}

// back counts the unbroken weeks that end in the week of m.
func back(m day, in func(monday day) bool) int {
	n := 0
	for in(m - day(7*n)) {
		n++
	}
	return n
}

// standsStill tells whether the whole unit was at zero hours on some day of a week (default 27).
func (l *law) standsStill(monday day, unknownIsStill bool) bool {
	for _, p := range l.past {
		still := p.ZeroOre != nil && *p.ZeroOre || p.ZeroOre == nil && unknownIsStill
		if still && p.granted() && p.from <= monday+6 && p.to >= monday {
			return true
		}
	}
	return false
}

// paused tells whether 52 weeks of work have yet to pass, at the week of m, since a chain of 52.
func (l *law) paused(m day, feeds map[day]bool, unknownIsStill bool) bool {
	for end := range feeds {
		if end >= m || feeds[end+7] || back(end, func(x day) bool { return feeds[x] }) < 52 {
			continue
		}
		work := 0
		for x := end + 7; x < m; x += 7 {
			if !l.standsStill(x, unknownIsStill) {
				work++
			}
		}
		if work < 52 {
			return true
		}
	}
	return false
}

// cigoConsecutive: 13 weeks an application, 52 in a chain, then 52 of work (art. 12 cc. 1-2).
func (l *law) cigoConsecutive() *answer {
	a := l.cigoConsecutiveIf(false)
	b := l.cigoConsecutiveIf(true)
	if !same(a.residual, b.residual) {
		a.leave("whether the unit stood still is unknown", "residual")
	}
	if showDay(a.start) != showDay(b.start) || showDay(a.fullStart) != showDay(b.fullStart) {
		a.leave("whether the unit stood still is unknown, and only the next start depends on it", "verdict", "total", "start", "fullStart")
	}
	if a.verdict != b.verdict {
		a.verdict, a.open = "missing_data", nil
	}
	return a
}

func same(a, b rat) bool { return a == nil && b == nil || a != nil && b != nil && a.Cmp(b) == 0 }

func (l *law) cigoConsecutiveIf(unknownIsStill bool) *answer {
	a := &answer{id: "cigo.settimane_consecutive"}
	if l.letter == "" {
		a.verdict = "missing_data"
		return a
	}
	if !l.industry() {
		a.verdict = "not_applicable"
		return a
	}
	if l.d == 0 || !l.known {
		a.verdict = "missing_data"
		return a
	}
	// c. 4 and the weather decrees waive cc. 2-3, not c. 1: what they exempt feeds the chain, not the pause (default 34).
	counts := ordinary
	byDay := func(p past, counts func(day) bool) map[day]rat {
		p.eone = false // a chain is of weeks anyway: default 12 has no say
		return l.counted(p, counts)
	}
	g := l.lay(byDay, counts)
	chain := g.weeks()
	pause := l.lay(byDay, func(p past, d day) bool { return ordinary(p, d) && !l.waived(p.eone, d) }).weeks()

	asked := l.ask.is("CIGO")
	in := func(m day) bool { return chain[m] }
	end := l.ref.monday()
	n := back(end, in)
	if n == 0 && asked {
		if end = l.ask.from.monday(); !chain[end] {
			end -= 7
		}
		n = back(end, in)
	}
	a.limit, a.counted = whole(52), whole(n)
	a.periods = map[string]rat{}
	if n > 0 {
		a.window = &span{end - day(7*(n-1)), end + 6}
		l.bases(a, counts, frac(1, l.d))
		if slices.ContainsFunc(l.past, l.byWeek) {
			a.leave("whether a base is of days or of weeks", "authorised", "used")
		}
	} else {
		a.authorised = whole(0)
	}
	a.residual = notBelowZero(sub(a.limit, a.counted))
	if l.paused(l.ref.monday(), pause, unknownIsStill) {
		a.residual = whole(0)
	}
	a.leave("a chain does not leave a window", "releases")
	a.leave("whose week a shared week is", "periods")
	if !l.ask.is("CIGO") {
		a.state()
		return a
	}
	adds := func(d day) bool { return l.works(d) && !l.ask.special(d) }
	j := &weekly{
		adds: adds,
		totalAt: func(req span, sunday day) rat {
			return whole(back(sunday.monday(), func(m day) bool {
				if chain[m] {
					return true
				}
				for d := max(m, req.from); d <= min(m+6, req.to, sunday); d++ {
					if adds(d) {
						return true
					}
				}
				return false
			}))
		},
		limitAt: func(span, day) rat { return whole(52) },
		refuses: func(req span, m day) bool {
			if int(m-req.from.monday())/7 >= 13 {
				return true
			}
			for d := max(m, req.from); d <= min(m+6, req.to); d++ {
				if adds(d) && !l.waived(l.ask.eone, d) {
					return l.paused(m, pause, unknownIsStill)
				}
			}
			return false
		},
	}
	amount := func(s span) rat { return frac(requestedDays(s, adds), l.d) }
	a.requested = amount(l.ask.span)
	j.decide(a, l.ask.span, amount)
	if every(l.ask.span, l.ask.special) {
		a.exempt()
	}
	return a
}

// hoursCap is the part of the workable hours of some weeks, for the average staff.
func (l *law) hoursCap(weeks rat, part rat) rat {
	if l.facts.Unita == nil || l.facts.Unita.Organico == nil {
		return nil
	}
	sum := whole(0)
	for _, f := range *l.facts.Unita.Organico {
		if f.Ore == nil || f.Lavoratori == nil {
			return nil
		}
		sum = add(sum, mul(decimal(f.Ore), decimal(f.Lavoratori)))
	}
	return mul(mul(sum, weeks), part)
}

// hoursIn are the hours of CIGO in w: used where declared, else authorised. A period cut by the window counts by
// its working days inside. Nil when a period has no hours.
func (l *law) hoursIn(w span, of func(p past) rat, periods map[string]rat) rat {
	sum := whole(0)
	for _, p := range l.past {
		inside := 0
		for d := max(p.from, w.from, inForce); d <= min(p.to, w.to); d++ {
			if l.works(d) && ordinary(p, d) {
				inside++
			}
		}
		if inside == 0 {
			continue
		}
		h := of(p)
		if h == nil {
			return nil
		}
		h = mul(h, frac(inside, l.workdays(p.span)))
		if periods != nil {
			periods[p.numero] = h
		}
		sum = add(sum, h)
	}
	return sum
}

func hoursCounted(p past) rat {
	if p.OreFruite != nil {
		return decimal(p.OreFruite)
	}
	return hoursAuthorised(p)
}

func hoursAuthorised(p past) rat {
	if p.OreAut != nil {
		return decimal(p.OreAut)
	}
	return nil
}

// cigoHours: a third of the workable hours of the biennio (art. 12 cc. 5-6).
func (l *law) cigoHours() *answer {
	a := &answer{id: "cigo.ore_un_terzo"}
	if l.letter == "" {
		a.verdict = "missing_data"
		return a
	}
	if !l.industry() {
		a.verdict = "not_applicable"
		return a
	}
	if l.d == 0 || !l.known {
		a.verdict = "missing_data"
		return a
	}
	w := biennio(l.ref)
	a.window = &w
	a.limit = l.hoursCap(whole(104), frac(1, 3))
	a.periods = map[string]rat{}
	a.counted = l.hoursIn(w, hoursCounted, a.periods)
	asked := l.ask.is("CIGO")
	if asked && every(l.ask.span, l.ask.special) {
		a.verdict = "exempt"
		a.leave("an exempt request of hours", "total", "requested")
		if a.limit == nil || a.counted == nil || l.ask.Ore == nil {
			return a.leave("exempt, but hours are unknown", "verdict", "limit", "counted", "residual", "authorised", "used", "releases", "periods")
		}
		asked = false
	}
	for _, p := range l.past {
		if p.OreFruite != nil && p.Flussi != nil && !*p.Flussi {
			return a.leave("hours declared used, but the flows are not complete", "verdict", "limit", "counted", "residual",
				"authorised", "used", "requested", "total", "grant", "start", "fullStart", "releases", "periods")
		}
	}
	windows := []span{w}
	if asked {
		windows = append(windows, biennio(l.ask.to))
	}
	for _, p := range l.past {
		for _, w := range windows {
			if in := within(p.span, w); ordinary(p, p.from) && hoursCounted(p) == nil && in.from <= in.to && l.workdays(in) == 0 {
				return a.leave("hours unknown of a period that is in the window only on a weekend", "verdict", "limit", "counted", "residual",
					"authorised", "used", "requested", "total", "grant", "start", "fullStart", "releases", "periods")
			}
		}
	}
	if a.limit == nil || a.counted == nil || asked && l.ask.Ore == nil {
		a.verdict = "missing_data"
		return a
	}
	a.residual = notBelowZero(sub(a.limit, a.counted))
	a.authorised = l.hoursIn(w, hoursAuthorised, nil)
	if a.authorised == nil {
		a.leave("hours granted unknown, used known", "authorised")
	}
	if a.used = l.usedHours(w); a.used == nil {
		a.leave("none declared in the window: none or absent", "used")
	}
	at := func(d day) rat { return l.hoursIn(biennio(d), hoursCounted, nil) }
	last := inForce
	for _, p := range l.past {
		if ordinary(p, p.to) && hoursCounted(p) == nil {
			a.leave("hours of a period outside the window are unknown", "releases", "start", "fullStart")
		}
		last = max(last, p.to)
	}
	if a.open["releases"] == "" {
		a.releases = mondays(l.ref, last, at)
	}
	switch {
	case a.verdict == "exempt":
		return a
	case !asked:
		a.state()
		return a
	}
	if !every(l.ask.span, func(d day) bool { return !l.ask.special(d) }) {
		return a.leave("hours of a request only partly waived", "verdict", "requested", "total", "grant", "start", "fullStart")
	}
	before := at(l.ask.to)
	if before == nil {
		a.verdict = "missing_data"
		return a
	}
	a.requested = decimal(l.ask.Ore)
	a.total = add(before, a.requested)
	room := sub(a.limit, before)
	switch {
	case !over(a.total, a.limit):
		a.verdict = "admissible"
		a.grant = &grant{amount: a.requested}
		return a
	case room.Sign() > 0:
		a.verdict = "partly_admissible"
		a.grant = &grant{amount: room}
	default:
		a.verdict = "inadmissible"
	}
	if a.open["start"] != "" {
		return a
	}
	a.leave("the hours of the first week of a request judged as a whole", "start")
	s := l.ask.from.monday()
	if s < l.ask.from {
		s += 7
	}
	for ; s <= l.ask.from.addMonths(tenYears); s += 7 {
		if !over(add(at(s+l.ask.to-l.ask.from), a.requested), a.limit) {
			a.fullStart = &s
			break
		}
	}
	return a
}

// usedHours are the hours declared used in w; nil when none is.
func (l *law) usedHours(w span) rat {
	declared := false
	for _, p := range l.past {
		declared = declared || ordinary(p, p.to) && p.OreFruite != nil && l.workdays(within(p.span, span{max(w.from, inForce), w.to})) > 0
	}
	sum := l.hoursIn(w, func(p past) rat {
		if p.OreFruite == nil {
			return whole(0)
		}
		return decimal(p.OreFruite)
	}, nil)
	if !declared {
		return nil
	}
	return sum
}

// ukraine22: 26 weeks of their own (art. 44 c. 11-quinquies).
func (l *law) ukraine22() *answer {
	a := &answer{id: "ucraina22.settimane"}
	if l.letter == "" {
		a.verdict = "missing_data"
		return a
	}
	if !l.industry() || l.ask != nil && l.ask.regime != "ucraina22" {
		a.verdict = "not_applicable"
		return a.leave("what an item that does not apply still shows", "window", "limit", "counted", "residual", "authorised", "used", "releases", "periods")
	}
	if l.d == 0 || !l.known {
		a.verdict = "missing_data"
		return a
	}
	counts := func(p past, d day) bool {
		return p.is("CIGO") && p.granted() && p.regime == "ucraina22" && ukraine.has(d)
	}
	g := l.lay(l.counted, counts)
	unit := frac(1, l.d)
	a.window, a.limit = &span{ukraine.from, ukraine.to}, whole(26)
	a.counted = mul(g.sum(ukraine), unit)
	a.residual = notBelowZero(sub(a.limit, a.counted))
	l.bases(a, counts, unit)
	a.releases = []release{}
	a.periods = shares(l, g, ukraine, unit)
	if l.ask == nil {
		a.state()
		return a
	}
	adds := func(d day) bool { return l.works(d) }
	j := &weekly{
		adds: adds,
		totalAt: func(req span, sunday day) rat {
			return mul(add(g.sum(ukraine), l.room(g, within(within(req, span{ukraine.from, sunday}), ukraine), adds)), unit)
		},
		limitAt: func(span, day) rat { return whole(26) },
		refuses: func(req span, m day) bool {
			for d := max(m, req.from); d <= min(m+6, req.to); d++ {
				if adds(d) && d > ukraine.to {
					return true
				}
			}
			return false
		},
	}
	amount := func(s span) rat { return mul(whole(requestedDays(s, adds)), unit) }
	a.requested = amount(l.ask.span)
	if l.ask.to > ukraine.to {
		a.leave("how days that can't fit are measured", "requested", "total")
	}
	j.decide(a, l.ask.span, amount)
	if a.verdict == "partly_admissible" {
		a.grant.span = ptr(within(*a.grant.span, ukraine))
	}
	return a
}
