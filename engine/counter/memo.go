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
}

// class is the rows that agree in every fact that exceptions and lines look at, days apart.
type class struct {
	row     fact.Record                                 // one of them
	ready   bool                                        // holding and asked are filled
	holding []*dated                                    // exceptions that hold on these rows
	asked   []*dated                                    // exceptions that each row must be asked of
	lines   map[*rulebook.CounterVersion]*rulebook.Line // the line that claims these rows; nil: none does
}

// dated is one version of an exception, with the label people know.
type dated struct {
	label   string
	version *rulebook.ExceptionVersion
	steady  bool // nothing that its condition reads changes while it is in force
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
			p.exceptions = append(p.exceptions, &dated{label: x.ID, version: v, steady: steady})
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
	for i := range m.classes {
		if p.alike(rec, m.classes[i].row) {
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

// exceptionsOn gives the exceptions that hold on a period whatever its days, and those that it
// must be asked of.
func (c *Case) exceptionsOn(p *period) (holding, ask []*dated) {
	if p.class < 0 {
		return nil, c.plan.exceptions
	}
	k := &c.memo.classes[p.class]
	if !k.ready {
		k.ready = true
		for _, x := range c.plan.exceptions {
			truth := rulebook.Unknown
			if x.steady {
				truth = c.look(x, p, x.version.From)
			}
			switch truth {
			case rulebook.True:
				k.holding = append(k.holding, x)
			case rulebook.False:
			default:
				k.asked = append(k.asked, x)
			}
		}
	}
	return k.holding, k.asked
}

// look evaluates an exception on a period under the law of a day.
func (c *Case) look(x *dated, p *period, day calendar.Day) rulebook.Tri {
	c.switching = switchUse{class: p.class, row: p.row, version: x.version}
	return x.version.When.Eval(c.on(p, day))
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
	for i := range v.Lines {
		switch v.Lines[i].When.Eval(c.on(p, v.From)) {
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
