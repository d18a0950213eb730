package counter

import (
	"slices"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// Reads are the root slots that the answer of a counter may rest on, in order: two cases that are alike in all of
// them, and in whether something is requested at all (see [Plan.Asks]), have the same answer.
func (p *Plan) Reads(k *rulebook.Counter) []int {
	root := p.edition.Vocabulary.Root
	slots := []int{root.Slot("data_riferimento"), p.slots.perWeek, p.slots.periods, p.slots.reqFrom, p.slots.reqTo}
	fields := k.Reads()
	for _, x := range p.edition.Exceptions {
		fields = append(fields, x.Reads()...)
	}
	for _, f := range fields {
		slots = append(slots, p.readOf(f))
	}
	if measuresHours(k) {
		slots = append(slots, p.slots.reqHours)
	}
	slices.Sort(slots)
	slots = slices.Compact(slots)
	return slices.DeleteFunc(slots, func(s int) bool { return s < 0 })
}

// readOf is the root slot through which a fact is read: its own; of a period, that of the request, which is looked at
// as one. The periods themselves are read in any case.
func (p *Plan) readOf(f *fact.Field) int {
	if p.edition.Vocabulary.Root.Field(f.Name) == f {
		return f.Slot
	}
	for _, pair := range p.slots.request {
		if p.group.Fields[pair[1]] == f {
			return pair[0]
		}
	}
	return -1
}

func measuresHours(k *rulebook.Counter) bool {
	for i := range k.Versions {
		v := &k.Versions[i]
		if slices.ContainsFunc(v.Lines, func(n rulebook.Line) bool { return n.Measure == rulebook.MeasureHours }) {
			return true
		}
		for j := range v.Variants {
			x := &v.Variants[j]
			if x.Window.Kind == rulebook.WindowRequest || slices.ContainsFunc(x.Judge, func(j rulebook.Judge) bool { return j.Step == rulebook.StepHours }) {
				return true
			}
		}
	}
	return false
}

// Asks tells whether the facts request anything.
func (p *Plan) Asks(root fact.Record) bool {
	return slices.ContainsFunc(p.slots.reqFields, func(slot int) bool {
		return root[slot].State == fact.Known || root[slot].State == fact.Declared
	})
}
