package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// SearchYears is how far on a first admissible start is looked for.
const SearchYears = 10

// run is one counter on one case.
type run struct {
	c        *Case
	k        *rulebook.Counter
	r        *Result
	need     calendar.Day // first day that any window looks back to
	lo, hi   calendar.Day // days laid on tables: whole weeks around those that matter
	segments []segment
	first    []int // segments of period i are segments[first[i]:first[i+1]]
	declared bool  // some period declares what was used
	blind    bool  // the history is not known well enough to count
	kept     kept
}

// Run answers one counter.
func (c *Case) Run(k *rulebook.Counter) *Result {
	u := &run{c: c, k: k, r: &Result{Counter: k}}
	c.params = c.params[:0]
	c.arena.reset()
	c.env.Used = c.noteParam
	u.answer()
	u.addSwitches()
	u.r.Params = slices.Clone(c.params)
	u.r.settle()
	return u.r
}

func (c *Case) noteParam(p *rulebook.Parameter, v *rulebook.ParameterVersion) {
	for i := range c.params {
		if c.params[i].Version == v {
			return
		}
	}
	c.params = append(c.params, ParamUse{p, v})
}

// settle lets what could not be decided win over any verdict: nothing unknown reads as an answer.
func (r *Result) settle() {
	switch {
	case r.Verdict == NotApplicable:
	case r.Failure != nil && r.Failure.Code == codeConflict:
		r.Verdict = InConflict
	case r.Failure != nil && r.Failure.Code == codeNoRule && len(r.Missing) > 0:
		r.Verdict, r.Failure = MissingData, nil // no rule holds because a fact is missing
	case r.Failure != nil:
		r.Verdict = RuleFailed
	case len(r.Missing) > 0:
		r.Verdict = MissingData
	case r.Verdict == "":
		r.Failure = &rulebook.Failure{Code: codeNoRule, Text: "il contatore non dice come concludere in questo caso", Place: r.Counter.Place}
		r.Verdict = RuleFailed
	}
	switch r.Verdict {
	case InConflict, RuleFailed, MissingData:
		r.Total, r.Grantable, r.EarliestStart, r.EarliestFullStart = nil, nil, nil, nil
	case Inadmissible, Exempt:
		r.Grantable = nil
	}
}

const (
	codeConflict = "conflict"
	codeNoRule   = "no_rule"
)

// answer walks from what is asked to the verdict.
func (u *run) answer() {
	c, r := u.c, u.r
	if r.Version = u.k.At(c.ref); r.Version == nil {
		r.Version, r.Verdict, r.NotFor = nearest(u.k, c.ref), NotApplicable, NotInForce
		c.env.Uses.Note(&r.Version.Version, c.ref, rulebook.ByNearest, rulebook.UseIdle)
		return
	}
	c.env.Uses.Note(&r.Version.Version, c.ref, rulebook.ByRefDay, rulebook.UseApplied)
	req, day := c.asRequest(), c.ref
	if req != nil && req.rec[c.plan.slots.from].IsKnown() {
		day = req.span.From
	}
	v := u.k.At(day)
	if v == nil {
		r.Verdict, r.NotFor = NotApplicable, NotInForce
		return
	}
	c.env.Uses.Note(&v.Version, day, rulebook.ByAnyDay, rulebook.UseApplied)
	yes, ok := c.holds(v.AppliesWhen, req, day, r)
	if ok && !yes {
		r.Verdict, r.NotFor = NotApplicable, NotCompany
		return
	}
	asked, concerns := u.concerned(v, req, day)
	u.prepare(v, day)
	if v.Breakdown != "" {
		u.breakdown()
	}
	if !concerns {
		r.Verdict, r.NotFor, r.Missing, r.Failure = NotApplicable, NotRequest, nil, nil
		if req == nil {
			r.NotFor = NotAsked
		}
		return
	}
	if !ok {
		u.blind = true
	}
	r.Asked = asked
	u.state()
	if v.Rate != nil || r.Version.Rate != nil {
		u.rate(v, day)
		return
	}
	if asked {
		u.judge(v, day)
	} else if r.Residual != nil {
		r.Verdict = Inadmissible
		if r.Residual.Sign() > 0 {
			r.Verdict = Admissible
		}
	}
}

// nearest is the version closest in time, to be named when none is in force.
func nearest(k *rulebook.Counter, day calendar.Day) *rulebook.CounterVersion {
	best := &k.Versions[0]
	for i := range k.Versions {
		if v := &k.Versions[i]; v.To < day {
			return v
		} else {
			best = v
		}
	}
	return best
}

// concerned tells whether the request is for this counter, and whether the counter speaks at all.
func (u *run) concerned(v *rulebook.CounterVersion, req *period, day calendar.Day) (asked, concerns bool) {
	if req == nil {
		return false, v.WithoutRequest != rulebook.NotAsked
	}
	if v.AsksWhen != nil {
		if yes, ok := u.c.holds(v.AsksWhen, req, day, u.r); ok && !yes {
			return false, false
		}
	}
	yes, _ := u.c.holds(v.Requests, req, day, u.r)
	return yes, true
}

// prepare bounds the days that matter and classifies the history.
func (u *run) prepare(v *rulebook.CounterVersion, day calendar.Day) {
	c := u.c
	ahead := 12 * SearchYears // months
	if c.NoSearch {
		ahead = 1
	}
	u.hi = max(c.ref, day).AddMonths(ahead) + 7
	if c.asked && c.request.dated {
		u.hi = max(u.hi, c.request.span.To.AddMonths(ahead)+7)
	}
	u.need = u.reach(u.r.Version, c.ref)
	if c.asked {
		u.need = min(u.need, u.reach(v, u.firstExamined(v, day)))
	}
	u.lo = u.need.Monday()
	if len(v.Lines) == 0 {
		return
	}
	if !c.known {
		u.r.missing(c.plan, c.rootRef(c.plan.slots.periods))
		u.blind = true
		return
	}
	u.classifyAll()
	u.checkKnown()
}

// firstExamined is the earliest day that a window over the request ends with: the Sunday of its
// first week, or its last day when that comes before; the day itself for a rate.
func (u *run) firstExamined(v *rulebook.CounterVersion, day calendar.Day) calendar.Day {
	switch req := &u.c.request; {
	case v.Rate != nil:
		return day
	case req.dated:
		return min(day.Sunday(), req.span.To)
	}
	return day.Sunday()
}

// reach is the first day that a window of the version, ending with day, looks back to.
func (u *run) reach(v *rulebook.CounterVersion, day calendar.Day) calendar.Day {
	law := day
	if v.Rate != nil {
		day = day.FirstOfMonth() - 1 // the tier is read at the end of the month before
	}
	first := day
	for i := range v.Variants {
		x := &v.Variants[i]
		switch x.Window.Kind {
		case rulebook.WindowChain, rulebook.WindowTreatment:
			first = min(first, u.k.Versions[len(u.k.Versions)-1].From)
		default:
			if w, ok := u.windowUnder(x, day, law); ok {
				first = min(first, w.From)
			}
		}
	}
	return first
}

// classifyAll splits every period of the history that can matter.
func (u *run) classifyAll() {
	c := u.c
	c.first = slices.Grow(c.first[:0], len(c.periods)+1)[:len(c.periods)+1]
	u.first, u.segments = c.first, c.segments[:0]
	u.first[0] = 0
	reach := calendar.Span{From: u.lo, To: u.hi}
	for i := range c.periods {
		p := &c.periods[i]
		if span := p.span.Clip(reach); p.refused != nil {
			u.segments = append(u.segments, segment{period: i, span: p.weeks(), fate: failed, failure: p.refused})
		} else if !span.Empty() {
			n := len(u.segments)
			u.segments = c.classify(u.k, i, p, p.span, nil, u.segments)
			if wide := p.span.From.Monday(); p.dated && (wide != p.span.From || p.span.To.Sunday() != p.span.To) && u.wholeWeeks(p, u.segments[n:]) {
				u.segments = c.classify(u.k, i, p, calendar.Span{From: wide, To: p.span.To.Sunday()}, nil, u.segments[:n])
			}
			u.declared = u.declared || c.declared(p) || p.rec[c.plan.slots.used].IsKnown()
		}
		u.first[i+1] = len(u.segments)
	}
	c.segments = u.segments
}

// wholeWeeks tells whether the period counts by whole calendar weeks.
func (u *run) wholeWeeks(p *period, segs []segment) bool {
	for i := range segs {
		s := &segs[i]
		if s.fate != counts || s.line.WholeWeeksWhen == nil || u.c.replaced(p, s.line) {
			continue
		}
		if yes, ok := u.c.holds(s.line.WholeWeeksWhen, p, s.span.From, u.r); yes && ok {
			return true
		} else if !ok {
			u.blind = true
		}
	}
	return false
}

// checkKnown reports what is missing of the periods that can matter.
func (u *run) checkKnown() {
	c, s := u.c, &u.c.plan.slots
	fields := c.plan.group.Fields
	needsWeek := false
	for i := range u.segments {
		seg := &u.segments[i]
		if seg.span.To < u.need || seg.span.From > u.hi {
			continue
		}
		p := &c.periods[seg.period]
		switch seg.fate {
		case unclear:
			u.r.missing(c.plan, seg.refs...)
			u.blind = true
		case failed:
			u.r.Failure, u.blind = seg.failure, true
		case counts:
			needsWeek = needsWeek || seg.line.Measure != rulebook.MeasureMonths || c.replaced(p, seg.line)
		}
		if seg.fate == counts || seg.fate == unclear {
			for _, slot := range []int{s.from, s.to} {
				if !p.rec[slot].IsKnown() {
					u.r.missing(c.plan, fact.Ref{Field: fields[slot], Row: p.row})
					u.blind = true
				}
			}
		}
	}
	if needsWeek && c.perWeek == 0 {
		u.needPerWeek()
	}
}

func (u *run) needPerWeek() {
	u.r.missing(u.c.plan, u.c.rootRef(u.c.plan.slots.perWeek))
	u.blind = true
}

// pick chooses the variant that holds.
func (u *run) pick(v *rulebook.CounterVersion, day calendar.Day) *rulebook.Variant {
	var found *rulebook.Variant
	for i := range v.Variants {
		x := &v.Variants[i]
		yes, ok := u.c.holds(x.When, u.c.asRequest(), day, u.r)
		if !ok {
			return nil
		}
		if yes && found != nil {
			u.fail(codeConflict, "varianti «"+found.ID+"» e «"+x.ID+"» valgono insieme e nessuna viene prima")
			return nil
		}
		if yes {
			found = x
		}
	}
	if found == nil {
		u.fail(codeNoRule, "nessuna variante vale in questo caso")
	}
	return found
}

func (u *run) fail(code, text string) {
	if u.r.Failure == nil {
		u.r.Failure = &rulebook.Failure{Code: code, Text: text, Place: u.k.Place}
	}
}

// limit is the value of the one case that holds; two that hold with different values are a conflict.
func (u *run) limit(x *rulebook.Variant, day calendar.Day) (quantity.Rat, bool) {
	var value quantity.Rat
	found, undecided := false, false
	for i := range x.Limit {
		yes, ok := u.c.holds(x.Limit[i].When, u.c.asRequest(), day, u.r)
		undecided = undecided || !ok
		if !ok || !yes {
			continue
		}
		n, ok := u.c.number(x.Limit[i].Value, u.c.asRequest(), day, u.r)
		if !ok {
			return n, false
		}
		if found && !n.Equal(value) {
			u.fail(codeConflict, "due limiti diversi valgono insieme: "+value.String()+" e "+n.String())
			return n, false
		}
		value, found = n, true
	}
	if !found && !undecided && len(x.Limit) > 0 {
		u.fail(codeNoRule, "nessun limite vale in questo caso")
	}
	return value, found
}

// window is the window that ends with the examined day (weeks: with its week), as long as the
// law of that day says.
func (u *run) window(x *rulebook.Variant, day calendar.Day) (calendar.Span, bool) {
	return u.windowUnder(x, day, day)
}

// windowUnder is the window that ends with a day, as long as the law of another day says.
func (u *run) windowUnder(x *rulebook.Variant, day, law calendar.Day) (calendar.Span, bool) {
	switch x.Window.Kind {
	case rulebook.WindowFixed:
		return calendar.Span{From: x.Window.From, To: x.Window.To}, true
	case rulebook.WindowRequest:
		return u.c.request.span, u.c.asked && u.c.request.dated
	case rulebook.WindowChain:
		return calendar.Span{From: 1, To: 0}, true
	}
	v, ok := u.c.number(x.Window.Length, u.c.asRequest(), law, u.r)
	if !ok {
		return calendar.Span{}, false
	}
	n, whole := v.Int64()
	if !whole || n < 1 || n > 12_000 {
		u.fail("window_length", "la finestra deve durare un numero intero di settimane o di mesi: "+v.String())
		return calendar.Span{}, false
	}
	return spanBack(x.Window.Kind, n, day), true
}

// spanBack is the window of n weeks or months that ends with day.
func spanBack(kind rulebook.WindowKind, n int64, day calendar.Day) calendar.Span {
	if kind == rulebook.WindowWeeks {
		return calendar.Span{From: day.Monday() - 7*calendar.Day(n-1), To: day.Sunday()}
	}
	return calendar.Span{From: (day + 1).AddMonths(-int(n)), To: day}
}
