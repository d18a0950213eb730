package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// memo remembers what the rules said of a row, so that a thousand periods that are alike are
// judged once. Only decided answers that hang on nothing but the row's class are kept.
type memo struct {
	classes []class
	last    int // the class found last: periods that follow one another are mostly alike
}

// class is the rows that agree in every fact that exceptions and lines look at, days apart.
type class struct {
	row   fact.Record                                 // one of them
	ready bool                                        // left is filled
	left  []weighed                                   // the exceptions, but for those found not to hold on these rows
	lines map[*rulebook.CounterVersion]*rulebook.Line // the line that claims these rows; nil: none does
}

// dated is one version of an exception, with the label people know.
type dated struct {
	label   string
	version *rulebook.ExceptionVersion
	days    calendar.Span // on which it is in force
	steady  bool          // nothing that its condition reads changes while it is in force
}

// weighed is an exception with what its condition says of the rows of a class, once one of them has been
// looked at; False before.
type weighed struct {
	*dated
	truth rulebook.Tri
}

// maxClasses bounds the search for a row's class; histories have a handful.
const maxClasses = 12

// survey finds what rules look at in a row, and which of them can be remembered.
func (p *Plan) survey() {
	look := func(c *rulebook.Condition) (rowOnly bool) {
		rowOnly = true
		for _, f := range c.Reads() {
			switch {
			case p.group.Field(f.Name) != f: // a fact of the company or the request: the same for every row
			case f.Type == fact.Date || f.Type == fact.Days || f.Type == fact.Decimal || f.Type == fact.Integer:
				rowOnly = false
			case !slices.Contains(p.looks, f.Slot):
				p.looks = append(p.looks, f.Slot)
			}
		}
		return rowOnly
	}
	for _, x := range p.edition.Exceptions {
		for i := range x.Versions {
			v := &x.Versions[i]
			steady := look(v.When) && len(p.breaks[&v.Version]) == 0
			p.exceptions = append(p.exceptions, &dated{label: x.ID, version: v, days: calendar.Span{From: v.From, To: v.To}, steady: steady})
		}
	}
	p.steady = map[*rulebook.CounterVersion]bool{}
	for _, k := range p.edition.Counters {
		for i := range k.Versions {
			v := &k.Versions[i]
			p.steady[v] = len(p.breaks[&v.Version]) == 0
			for j := range v.Lines {
				p.steady[v] = look(v.Lines[j].When) && p.steady[v]
			}
		}
	}
}

// class is the number of the rows that look like this one; -1 when there are too many sorts.
func (m *memo) class(p *Plan, rec fact.Record) int {
	if m.last < len(m.classes) && p.alike(rec, m.classes[m.last].row) {
		return m.last
	}
	for i := range m.classes {
		if i != m.last && p.alike(rec, m.classes[i].row) {
			m.last = i
			return i
		}
	}
	if len(m.classes) == maxClasses {
		return -1
	}
	m.classes = append(m.classes, class{row: rec, lines: map[*rulebook.CounterVersion]*rulebook.Line{}})
	return len(m.classes) - 1
}

// alike tells whether two rows agree in everything that rules look at.
func (p *Plan) alike(a, b fact.Record) bool {
	for _, i := range p.looks {
		x, y := &a[i], &b[i]
		if x.Num != y.Num || x.Text != y.Text || x.IsKnown() != y.IsKnown() {
			return false
		}
	}
	return true
}

// exceptionsOn gives the exceptions that hold on days of a period whatever its days, and those that it
// must be asked of. One that no period of a class meets is never looked at: it decides nothing.
func (c *Case) exceptionsOn(p *period) (holding, ask []*dated) {
	days := p.weeks()
	holding, ask = c.holding[:0], c.toAsk[:0]
	if p.class < 0 {
		for _, x := range c.plan.exceptions {
			if x.days.Meets(days) {
				ask = append(ask, x)
			}
		}
		c.toAsk = ask
		return nil, ask
	}
	k := &c.memo.classes[p.class]
	if !k.ready {
		k.ready, k.left = true, make([]weighed, len(c.plan.exceptions))
		for i, x := range c.plan.exceptions {
			k.left[i].dated = x
		}
	}
	left := k.left[:0]
	for _, x := range k.left {
		if x.days.Meets(days) {
			if x.steady && x.truth == rulebook.False {
				x.truth = c.look(x.dated, p, c.dayOf(p, x.days))
			}
			switch {
			case !x.steady || x.truth > rulebook.True:
				ask = append(ask, x.dated)
			case x.truth == rulebook.True:
				c.noteOn(&x.version.Version, p, days.Clip(x.days).From, rulebook.UseTrue)
				holding = append(holding, x.dated)
			default:
				continue // it never holds on rows like these
			}
		}
		left = append(left, x)
	}
	k.left, c.holding, c.toAsk = left, holding, ask
	return holding, ask
}

// look evaluates an exception on a period under the law of a day.
func (c *Case) look(x *dated, p *period, day calendar.Day) rulebook.Tri {
	c.switching = switchUse{class: p.class, row: p.row, version: x.version}
	truth := x.version.When.Eval(c.on(p, day))
	c.noteOn(&x.version.Version, p, day, rulebook.StateOf(truth))
	return truth
}

// dayOf is the first day of a period among some days, on which what is steady there is read; the reference day, brought
// among them, when the period does not say when it began.
func (c *Case) dayOf(p *period, among calendar.Span) calendar.Day {
	day := c.ref
	if p.rec[c.plan.slots.from].IsKnown() {
		day = p.weeks().From
	}
	return min(max(day, among.From), among.To)
}

// remembered is the line that claims the rows of a period's class; ok is false when each row
// must be asked.
func (c *Case) remembered(v *rulebook.CounterVersion, p *period) (line *rulebook.Line, ok bool) {
	if p.class < 0 || !c.plan.steady[v] {
		return nil, false
	}
	k := &c.memo.classes[p.class]
	if line, ok = k.lines[v]; ok {
		return line, true
	}
	day := c.dayOf(p, calendar.Span{From: v.From, To: v.To})
	for i := range v.Lines {
		switch v.Lines[i].When.Eval(c.on(p, day)) {
		case rulebook.True:
			line = &v.Lines[i]
		case rulebook.False:
			continue
		default:
			return nil, false
		}
		break
	}
	k.lines[v] = line
	return line, true
}
