package engine

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// presume fills what the input leaves unknown and a rule lets presume. The fact is marked Presumed.
func (c *decision) presume() {
	for _, p := range c.engine.edition.Presumed {
		c.presumeOne(p)
	}
}

func (c *decision) presumeOne(p *rulebook.Presumption) {
	if c.facts.Vocabulary.Root.Field(p.Target.Name) == p.Target {
		c.presumeInto(p, &c.facts.Root[p.Target.Slot], nil, c.ref)
		return
	}
	for i, row := range c.rowsOf(p.Target) {
		c.env.RowIndex = i
		c.presumeInto(p, &row[p.Target.Slot], row, c.startOf(row, p.Target))
	}
}

// rowsOf is the rows of the list that a field is in.
func (c *decision) rowsOf(f *fact.Field) []fact.Record {
	return c.facts.Root[c.listOf(f)].Rows()
}

// listOf is the slot of the root list whose rows have that field; the vocabulary guarantees one.
func (c *decision) listOf(f *fact.Field) int {
	for _, l := range c.facts.Vocabulary.Root.Fields {
		if l.Element != nil && l.Element.Field(f.Name) == f {
			return l.Slot
		}
	}
	panic("engine: field " + f.Path + " is in no list")
}

// startOf is the first day of a row, which selects the version; the reference day when unknown.
func (c *decision) startOf(row fact.Record, f *fact.Field) calendar.Day {
	if g := c.facts.Vocabulary.Root.Fields[c.listOf(f)].Element; g.Slot("dal") >= 0 {
		if v := &row[g.Slot("dal")]; v.IsKnown() {
			return v.Day()
		}
	}
	return c.ref
}

func (c *decision) presumeInto(p *rulebook.Presumption, target *fact.Value, row fact.Record, day calendar.Day) {
	if target.IsKnown() {
		return
	}
	for i := range p.Versions {
		v := &p.Versions[i]
		if !v.Has(day) {
			continue
		}
		c.env.Row, c.env.Day, c.env.Failure = row, day, nil
		if t := v.When.Eval(&c.env); t != rulebook.True {
			c.notePresumption(v, row, day, rulebook.StateOf(t))
			return
		}
		if v.Latest != nil {
			c.presumeLatest(v, target, day)
		} else if value, t := v.Value.Value(&c.env); t == rulebook.True {
			*target = value.As(fact.Presumed)
		}
		state := rulebook.UseUnknown
		if target.IsKnown() {
			state = rulebook.UseTrue
			if !c.Presumed(p) {
				c.filled = append(c.filled, p)
			}
		}
		c.notePresumption(v, row, day, state)
		return
	}
}

// presumeLatest takes the greatest day among the rows where the condition holds. One row that
// can't be judged leaves the fact unknown: nothing is presumed on a guess.
func (c *decision) presumeLatest(v *rulebook.PresumptionVersion, target *fact.Value, day calendar.Day) {
	var best *fact.Value
	for i, row := range c.rowsOf(v.Latest) {
		c.env.Row, c.env.RowIndex, c.env.Day = row, i, day
		switch v.Where.Eval(&c.env) {
		case rulebook.False:
			continue
		case rulebook.True:
		default:
			return
		}
		x := &row[v.Latest.Slot]
		if !x.IsKnown() {
			return
		}
		if best == nil || x.Num > best.Num {
			best = x
		}
	}
	if best != nil {
		*target = best.As(fact.Presumed)
	}
}
