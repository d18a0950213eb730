package counter

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// requestPeriod is the index of the request where items name the period they come from.
const requestPeriod = -1

// slots are the facts the kernel itself reads; everything else is read by the rules.
type slots struct {
	perWeek, periods                                        int      // root
	reqFrom, reqTo, reqHours                                int      // root
	numero, from, to, usedDays, complete, days, hours, used int      // row of periodi
	request                                                 [][2]int // (root slot, row slot) of the facts a request shares with a period
	reqFields                                               []int    // every root slot of the request
}

// Plan is an edition made ready for the kernel: slots and exceptions by norm, found once at load.
type Plan struct {
	edition    *rulebook.Edition
	group      *fact.Group
	slots      slots
	looks      []int                             // row slots that exceptions and lines look at, days apart
	exceptions []*dated                          // every version of every exception
	steady     map[*rulebook.CounterVersion]bool // its lines read nothing that changes or is a day
	changes    []calendar.Day                    // days on which the law changes, in order
	breaks     map[*rulebook.Version][]calendar.Day
	measures   map[*rulebook.Version][]calendar.Day // days on which what sizes windows changes
	cases      sync.Pool                            // of *Case: their room serves the next one
}

// NewPlan prepares an edition. The vocabulary must have the facts of the contract.
func NewPlan(ed *rulebook.Edition) *Plan {
	root, row := ed.Vocabulary.Root, ed.Vocabulary.Groups["periodo"]
	s := slots{
		perWeek: root.Slot("unita_produttiva.giorni_settimana"), periods: root.Slot("periodi"),
		reqFrom: root.Slot("richiesta.dal"), reqTo: root.Slot("richiesta.al"), reqHours: root.Slot("richiesta.ore"),
		numero: row.Slot("numero"), from: row.Slot("dal"), to: row.Slot("al"),
		usedDays: row.Slot("giorni_fruiti"), complete: row.Slot("flussi_completi"), days: row.Slot("giornate_fruite"),
		hours: row.Slot("ore_autorizzate"), used: row.Slot("ore_fruite"),
	}
	for _, f := range root.Fields {
		name, ok := strings.CutPrefix(f.Name, "richiesta.")
		if !ok {
			continue
		}
		s.reqFields = append(s.reqFields, f.Slot)
		if name == "ore" {
			name = "ore_autorizzate"
		}
		if i := row.Slot(name); i >= 0 {
			s.request = append(s.request, [2]int{f.Slot, i})
		}
	}
	p := &Plan{
		edition: ed, group: row, slots: s, changes: changesOf(ed), breaks: breaksOf(ed), measures: measuresOf(ed),
	}
	p.cases.New = func() any {
		c := &Case{plan: p, arena: new(arena), noRow: row.New()}
		c.noted = c.noteSwitch
		return c
	}
	p.survey()
	return p
}

// Case is the facts of one decision made ready for every counter. It is used by one goroutine.
type Case struct {
	Brief    bool // leave out what each period adds, when room comes back and when all of the request would fit: the verdict and its figures are wanted
	NoSearch bool // do not look for a first start that fits

	plan     *Plan
	facts    *fact.Facts
	ref      calendar.Day
	perWeek  int  // 0 while unknown
	known    bool // the history is known, be it empty
	periods  []period
	request  period // meaningful when asked
	asked    bool   // a request is being made
	env      rulebook.Env
	noRow    fact.Record // a row in which nothing is known: `periodo` when nothing is requested
	params   []ParamUse
	arena    *arena // for the tables of the counter in hand
	memo     memo
	segments []segment // room for those of the counter in hand
	first    []int

	switching switchUse // the exception being looked at
	switches  []switchUse
	holding   []*dated // room for the exceptions of the period in hand
	toAsk     []*dated
	waivers   []waiver                                              // room for those of all periods, one after the other
	noted     func(*rulebook.Parameter, *rulebook.ParameterVersion) // noteSwitch, bound once
}

// period is one row of the history, or the request seen as one.
type period struct {
	row     int // index in periodi; rulebook.RequestRow for the request
	rec     fact.Record
	span    calendar.Span
	dated   bool              // both days are known
	class   int               // rows of one class are alike in all that exceptions look at; -1: not classed
	waivers []waiver          // once asked
	asked   bool              // waivers have been looked for
	refused *rulebook.Failure // why nothing can be decided on its days
}

// waiver is one exception that holds, or may hold, on some days of a period.
type waiver struct {
	label   string
	norm    *rulebook.Derogation
	span    calendar.Span
	truth   rulebook.Tri      // True, Unknown or Failed
	refs    []fact.Ref        // what is missing when Unknown
	failure *rulebook.Failure // why, when Failed
}

// NewCase prepares facts. ref is the day asked; the facts have their presumptions in them.
func (p *Plan) NewCase(f *fact.Facts, ref calendar.Day) *Case {
	c := p.cases.Get().(*Case)
	c.facts, c.ref, c.perWeek, c.asked, c.memo, c.switches = f, ref, 0, false, memo{}, c.switches[:0]
	c.Brief, c.NoSearch = false, false
	c.env = rulebook.Env{Root: f.Root}
	if v := &f.Root[p.slots.perWeek]; v.IsKnown() {
		c.perWeek = int(v.Num)
	}
	history := &f.Root[p.slots.periods]
	c.known = history.IsKnown()
	c.periods = slices.Grow(c.periods[:0], len(history.Rows()))[:len(history.Rows())]
	for i, rec := range history.Rows() {
		p.fill(&c.periods[i], i, rec)
		c.periods[i].class = c.memo.class(p, rec)
	}
	byStart := func(a, b period) int {
		return cmp.Or(cmp.Compare(a.span.From, b.span.From), cmp.Compare(a.rec[p.slots.numero].Text, b.rec[p.slots.numero].Text))
	}
	if !slices.IsSortedFunc(c.periods, byStart) { // archives come sorted
		slices.SortStableFunc(c.periods, byStart)
	}
	for _, slot := range p.slots.reqFields {
		c.asked = c.asked || f.Root[slot].State == fact.Known || f.Root[slot].State == fact.Declared
	}
	if c.asked {
		c.request = p.newPeriod(rulebook.RequestRow, p.requestRow(f))
	}
	return c
}

// Note has the versions noted that the case rests on; before, none are.
func (c *Case) Note(u *rulebook.Uses) { c.env.Uses = u }

// Refuse has every counter that looks at a day of the period in that row of the history fail. What is wrong with
// the period may be any of its facts, so that none of them says what it counts as.
func (c *Case) Refuse(row int, failure *rulebook.Failure) {
	for i := range c.periods {
		if p := &c.periods[i]; p.row == row && p.refused == nil {
			p.refused = failure
		}
	}
}

// Done gives back the room of the case. Results stay good; the case must not be used again.
func (c *Case) Done() {
	c.facts, c.env, c.memo, c.request, c.switching = nil, rulebook.Env{}, memo{}, period{}, switchUse{}
	clear(c.periods)
	clear(c.waivers)
	c.waivers = c.waivers[:0]
	clear(c.segments[:cap(c.segments)])
	c.plan.cases.Put(c)
}

// requestRow is the request as a row of the history that has been granted.
func (p *Plan) requestRow(f *fact.Facts) fact.Record {
	rec := p.group.New()
	for _, pair := range p.slots.request {
		rec[pair[1]] = f.Root[pair[0]]
	}
	if i := p.group.Slot("esito"); i >= 0 {
		rec[i] = fact.OfText("accoglimento").As(fact.Presumed)
	}
	return rec
}

func (p *Plan) newPeriod(row int, rec fact.Record) (out period) {
	p.fill(&out, row, rec)
	return out
}

// fill makes an empty period that of a row, in its place: there are thousands.
func (p *Plan) fill(out *period, row int, rec fact.Record) {
	from, to := &rec[p.slots.from], &rec[p.slots.to]
	out.row, out.rec, out.class, out.span = row, rec, -1, calendar.Span{From: calendar.Min, To: calendar.Max}
	if from.IsKnown() {
		out.span.From = from.Day()
	}
	if to.IsKnown() {
		out.span.To = to.Day()
	}
	out.dated = from.IsKnown() && to.IsKnown()
}

// on points the environment at a row and at the day whose law applies.
func (c *Case) on(p *period, day calendar.Day) *rulebook.Env {
	c.env.Day, c.env.Failure = day, nil
	if p == nil {
		c.env.Row, c.env.RowIndex = c.noRow, rulebook.RequestRow
	} else {
		c.env.Row, c.env.RowIndex = p.rec, p.row
	}
	return &c.env
}

// asRequest is the request, or nil when nothing is requested.
func (c *Case) asRequest() *period {
	if c.asked {
		return &c.request
	}
	return nil
}

// weeks is the calendar weeks the period touches: some counters count those whole.
func (p *period) weeks() calendar.Span {
	if !p.dated {
		return p.span
	}
	return calendar.Span{From: p.span.From.Monday(), To: p.span.To.Sunday()}
}

// findWaivers finds the exceptions that hold, or may hold, on days of the period.
func (c *Case) findWaivers(p *period) []waiver {
	outer := c.env.Used
	c.env.Used = c.noted
	defer func() { c.env.Used = outer }()
	from := len(c.waivers)
	out := c.waivers
	holding, ask := c.exceptionsOn(p)
	for _, x := range holding {
		out = c.waiversOn(x, rulebook.True, p, p.weeks().Clip(x.days), out)
	}
	for _, x := range ask {
		span := p.weeks().Clip(x.days)
		c.plan.split(&x.version.Version, span, func(part calendar.Span) {
			out = c.waiversOn(x, c.look(x, p, part.From), p, part, out)
		})
	}
	c.waivers = out
	return out[from:len(out):len(out)]
}

// waiversOn is what one version of an exception waives on days under the same law.
func (c *Case) waiversOn(x *dated, truth rulebook.Tri, p *period, span calendar.Span, out []waiver) []waiver {
	if truth == rulebook.False {
		return out
	}
	v := x.version
	w := waiver{label: x.label, span: span, truth: truth, failure: c.env.Failure}
	if truth == rulebook.Unknown {
		w.refs = v.When.Blocking(&c.env, nil)
	}
	for j := range v.Derogates {
		d := &v.Derogates[j]
		c.switching = switchUse{class: p.class, row: p.row, version: v, norm: d}
		switch t := d.When.Eval(c.on(p, span.From)); {
		case t == rulebook.False:
			continue
		case t == rulebook.Failed:
			w.truth, w.failure = t, c.env.Failure
		case t == rulebook.Unknown && truth != rulebook.Failed:
			w.truth, w.refs = t, d.When.Blocking(&c.env, slices.Clip(w.refs))
		}
		w.norm = d
		out = append(out, w)
		w.truth = truth
	}
	return out
}

// Translate names a fact of the request, seen as a period, by the name callers know.
func (p *Plan) Translate(r fact.Ref) fact.Ref {
	if r.Row >= 0 || r.Field == nil || p.group.Field(r.Field.Name) != r.Field {
		return r
	}
	for _, pair := range p.slots.request {
		if pair[1] == r.Field.Slot {
			return fact.Ref{Field: p.edition.Vocabulary.Root.Fields[pair[0]], Row: -1}
		}
	}
	return r
}

// number reads a compiled number; missing facts and failures go to the result.
func (c *Case) number(x *rulebook.Expr, p *period, day calendar.Day, r *Result) (quantity.Rat, bool) {
	v, truth := x.Number(c.on(p, day))
	if truth == rulebook.True {
		return v, true
	}
	c.lack(r, truth, func(refs []fact.Ref) []fact.Ref {
		if refs = x.Blocking(&c.env, refs); len(refs) == 0 { // known facts for which the law gives no number
			for _, f := range x.Reads() {
				refs = append(refs, fact.Ref{Field: f, Row: rulebook.RequestRow})
			}
		}
		return refs
	})
	return quantity.Rat{}, false
}

// holds reads a compiled condition; ok is false when it is not decided.
func (c *Case) holds(x *rulebook.Condition, p *period, day calendar.Day, r *Result) (yes, ok bool) {
	switch t := x.Eval(c.on(p, day)); t {
	case rulebook.True:
		return true, true
	case rulebook.False:
		return false, true
	default:
		c.lack(r, t, func(refs []fact.Ref) []fact.Ref { return x.Blocking(&c.env, refs) })
		return false, false
	}
}

// lack records why something could not be decided.
func (c *Case) lack(r *Result, t rulebook.Tri, blocking func([]fact.Ref) []fact.Ref) {
	if t == rulebook.Failed {
		if r.Failure == nil {
			r.Failure = c.env.Failure
		}
		return
	}
	r.missing(c.plan, blocking(nil)...)
}

// missing adds facts to the list, once each.
func (r *Result) missing(p *Plan, refs ...fact.Ref) {
	for _, ref := range refs {
		ref = p.Translate(ref)
		if !slices.Contains(r.Missing, ref) {
			r.Missing = append(r.Missing, ref)
		}
	}
}

func (c *Case) rootRef(slot int) fact.Ref {
	return fact.Ref{Field: c.plan.edition.Vocabulary.Root.Fields[slot], Row: -1}
}
