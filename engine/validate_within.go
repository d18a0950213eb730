package engine

import (
	"omnia/engine/counter"
	"omnia/engine/rulebook"
)

// within brings a derived day back to the last day that each of its counters lets. A counter that
// refuses all that is asked leaves no day; one that lacks data says nothing about it.
func (v *validation) within(d *rulebook.Derived, p part) part {
	for _, k := range d.Within {
		r := v.result(v.counterAt(k))
		if r == nil || !p.known {
			continue
		}
		if r.Verdict == counter.Inadmissible {
			p.known = false
		}
		if last, _ := partOf(r, k, rulebook.PartGrantTo); last.known && last.value.Num < p.value.Num {
			p.value = last.value
		}
	}
	return p
}

// sameWithin tells whether what those counters answered was taken over.
func (v *validation) sameWithin(d *rulebook.Derived) bool {
	for _, k := range d.Within {
		if !v.sameResult(v.counterAt(k)) {
			return false
		}
	}
	return true
}
