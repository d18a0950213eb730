package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// memo remembers what an exception said of a row, so that a thousand periods that are alike are
// judged once. Only decided answers that hang on nothing but the row's class are kept.
type memo struct {
	classes []fact.Record    // one row of each class
	truths  [][]rulebook.Tri // by class, then by exception; Unknown stands for "not asked yet"
}

// maxClasses bounds the search for a row's class; histories have a handful.
const maxClasses = 12

// numberExceptions finds what exceptions look at in a row, and numbers those that can be remembered:
// the ones whose parameters and tables never change.
func (p *Plan) numberExceptions() {
	p.order = map[*rulebook.ExceptionVersion]int{}
	for _, x := range p.edition.Exceptions {
		for i := range x.Versions {
			v := &x.Versions[i]
			for _, f := range v.When.Reads() {
				if p.group.Field(f.Name) == f && !slices.Contains(p.looks, f.Slot) {
					p.looks = append(p.looks, f.Slot)
				}
			}
			if len(p.breaks[&v.Version]) == 0 {
				p.order[v] = len(p.order)
			}
		}
	}
}

// class is the number of the rows that look like this one; -1 when there are too many sorts.
func (m *memo) class(p *Plan, rec fact.Record) int {
	for i, other := range m.classes {
		if p.alike(rec, other) {
			return i
		}
	}
	if len(m.classes) == maxClasses {
		return -1
	}
	truths := make([]rulebook.Tri, len(p.order))
	for i := range truths {
		truths[i] = rulebook.Unknown
	}
	m.classes, m.truths = append(m.classes, rec), append(m.truths, truths)
	return len(m.classes) - 1
}

// alike tells whether two rows agree in everything that exceptions look at.
func (p *Plan) alike(a, b fact.Record) bool {
	for _, i := range p.looks {
		x, y := &a[i], &b[i]
		if x.IsKnown() != y.IsKnown() || x.Num != y.Num || x.Text != y.Text || !x.Rat.Equal(y.Rat) {
			return false
		}
	}
	return true
}

// truth evaluates an exception on a period, from memory when it can.
func (c *Case) truth(v *rulebook.ExceptionVersion, p *period, day calendar.Day) rulebook.Tri {
	n, ok := c.plan.order[v]
	if !ok || p.class < 0 {
		return v.When.Eval(c.on(p, day))
	}
	known := &c.memo.truths[p.class][n]
	if *known != rulebook.Unknown {
		c.on(p, day)
		return *known
	}
	t := v.When.Eval(c.on(p, day))
	if t == rulebook.True || t == rulebook.False {
		*known = t
	}
	return t
}
