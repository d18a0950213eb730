package engine

import (
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// Presumed tells whether a presumption filled a fact of this case, so that explanations can say so.
func (c *decision) Presumed(p *rulebook.Presumption) bool {
	if c.facts.Vocabulary.Root.Field(p.Target.Name) == p.Target {
		return c.facts.Root[p.Target.Slot].State == fact.Presumed
	}
	for _, row := range c.rowsOf(p.Target) {
		if row[p.Target.Slot].State == fact.Presumed {
			return true
		}
	}
	return false
}
