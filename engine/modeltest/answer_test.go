package modeltest

// answer is what the model says of one counter. A nil field is absent.
type answer struct {
	id         string
	verdict    string
	window     *span
	limit      rat
	counted    rat
	residual   rat
	authorised rat
	used       rat
	requested  rat
	total      rat
	rate       rat
	grant      *grant
	start      *day
	fullStart  *day
	releases   []release
	periods    map[string]rat // by numero; a period that adds nothing may be left out
	byCausale  map[string][3]rat
	open       map[string]string // fields on which the text leaves the figure open, and why
}

// grant is the part of a request that fits. Hours have no span.
type grant struct {
	span   *span
	amount rat
}

type release struct {
	on     day
	amount rat
}

func (a *answer) leave(why string, fields ...string) *answer {
	if a.open == nil {
		a.open = map[string]string{}
	}
	for _, f := range fields {
		a.open[f] = why
	}
	return a
}

// state is the verdict with no request.
func (a *answer) state() {
	if a.residual.Sign() > 0 {
		a.verdict = "admissible"
	} else {
		a.verdict = "inadmissible"
	}
}

const tenYears = 120 // months searched for the earliest start

// week is one calendar week requested.
type week struct {
	monday day
	total  rat
	fits   bool
}

// weekly judges a request week by week. totalAt is the counter on the Sunday of a week with the
// request from its first day to that Sunday; limitAt is the limit in that week. adds tells whether
// a requested day counts; a week in which none does always fits (default 33).
type weekly struct {
	adds    func(d day) bool
	totalAt func(req span, sunday day) rat
	limitAt func(req span, monday day) rat
	refuses func(req span, monday day) bool
}

// judge looks at the first upTo weeks; with stop it ends at the first that does not fit.
func (j *weekly) judge(req span, upTo int, stop bool) []week {
	var out []week
	for m := req.from.monday(); m <= req.to && len(out) < upTo; m += 7 {
		w := week{monday: m, total: j.totalAt(req, m+6), fits: true}
		counting := false
		for d := max(m, req.from); d <= min(m+6, req.to); d++ {
			counting = counting || j.adds(d)
		}
		if counting {
			w.fits = !over(w.total, j.limitAt(req, m)) && !(j.refuses != nil && j.refuses(req, m))
		}
		out = append(out, w)
		if stop && !w.fits {
			break
		}
	}
	return out
}

const all = 1 << 30

// decide fills verdict, total, grantable and the earliest starts. amount turns requested days into the unit.
func (j *weekly) decide(a *answer, req span, amount func(s span) rat) {
	fit, broken := 0, false
	weeks := j.judge(req, all, false)
	for _, w := range weeks {
		broken = broken || !w.fits
		if !broken {
			fit++
		}
		if a.total == nil || over(w.total, a.total) {
			a.total = w.total
		}
	}
	switch {
	case fit == len(weeks):
		a.verdict = "admissible"
		a.grant = &grant{&req, amount(req)}
		return
	case fit == 0:
		a.verdict = "inadmissible"
	default:
		a.verdict = "partly_admissible"
		s := span{req.from, weeks[fit-1].monday + 6}
		a.grant = &grant{&s, amount(s)}
	}
	a.start, a.fullStart = j.search(req, 1), j.search(req, all)
}

// search is the first Monday from which the first weeks of the request fit.
func (j *weekly) search(req span, weeks int) *day {
	s := req.from.monday()
	if s < req.from {
		s += 7
	}
	for ; s <= req.from.addMonths(tenYears); s += 7 {
		found := j.judge(span{s, s + req.to - req.from}, weeks, true)
		if found[len(found)-1].fits {
			return &s
		}
	}
	return nil
}

// mondays lists the falls of a figure that moves by the week after ref, until last has left.
func mondays(ref, last day, at func(d day) rat) []release {
	out := []release{}
	for m := ref.monday() + 7; m <= last+106*7; m += 7 {
		if fall := sub(at(m-7), at(m)); fall.Sign() > 0 {
			out = append(out, release{m, fall})
		}
	}
	return out
}

// days lists the falls of a figure that moves by the day after ref, until last has left.
func days(ref, last day, at func(d day) rat) []release {
	out := []release{}
	before := at(ref)
	for d := ref + 1; d <= last.addMonths(61); d++ {
		now := at(d)
		if fall := sub(before, now); fall.Sign() > 0 {
			out = append(out, release{d, fall})
		}
		before = now
	}
	return out
}
