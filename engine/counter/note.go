package counter

import (
	"omnia/engine/calendar"
	"omnia/engine/rulebook"
)

// noteOn notes a version by which a day of a period is judged. A day that is only the edge of a version, because
// the period does not say when it began, is none of the case: the reference day stands for it.
func (c *Case) noteOn(v *rulebook.Version, p *period, day calendar.Day, s rulebook.UseState) {
	if c.env.Uses == nil {
		return
	}
	sort := rulebook.ByPeriodDay
	switch {
	case !p.rec[c.plan.slots.from].IsKnown():
		day, sort = c.ref, rulebook.ByRefDay
	case p.row == rulebook.RequestRow:
		sort = rulebook.ByAnyDay
	}
	c.env.Uses.Note(v, day, sort, s)
}
