package replay

import (
	"cmp"
	"maps"
	"slices"

	"omnia/engine"
)

// partKey names a part of an outcome.
type partKey struct{ kind, id string }

// The kinds of parts. Those of a check whose change is worth a word have names for callers too.
const (
	PartOutcome = "outcome"
	partCounter = "counter"
	partWarning = "warning"
	PartFinding = "finding"
	partMissing = "missing"
	partValue   = "value"
	partAllowed = "allowed"
)

// partOrder is the order in which people want to know of them.
var partOrder = []string{PartOutcome, partCounter, PartFinding, partMissing, partValue, partAllowed, partWarning}

// part is what an answer says of it: a word, and everything that was found, to compare by.
type part struct{ word, all string }

// partsOfCounters leaves out what each period adds: a period that adds nothing would be a change.
func partsOfCounters(a *engine.Counters) map[partKey]part {
	m := parts{}
	for i := range a.Items {
		it := a.Items[i]
		it.Periods = nil
		m[partKey{partCounter, it.ID}] = part{it.Verdict, string(writer(nil).item(&it))}
	}
	for i := range a.Warnings {
		m.add(partWarning, a.Warnings[i].Code, "warning", a.Warnings[i].Pointer)
	}
	return m
}

func partsOfValidation(a *engine.Validation) map[partKey]part {
	m := parts{{PartOutcome, ""}: {a.Outcome, a.Outcome}}
	for i := range a.Findings {
		f := a.Findings[i]
		f.Rule.Version, f.Rule.Digest = 0, "" // another version that says the same is no change
		m.add(PartFinding, f.Rule.ID+" "+f.Code, f.Severity, string(writer(nil).finding(&f)))
	}
	for i := range a.Missing {
		m.add(partMissing, a.Missing[i].Field, needed, "")
	}
	for i := range a.Derived {
		m.add(partValue, a.Derived[i].Name, value, string(a.Derived[i].Value))
	}
	for i := range a.Counters {
		m.add(partCounter, a.Counters[i].ID, a.Counters[i].Verdict, string(writer(nil).state(&a.Counters[i])))
	}
	for i := range a.Allowed {
		x := &a.Allowed[i]
		m.add(partAllowed, x.Field, value, string(x.Min)+" "+string(x.Max))
		for _, o := range x.Options {
			m.add(partAllowed, x.Field, value, o)
		}
	}
	return m
}

// parts gathers them; what is said twice of one part is one.
type parts map[partKey]part

func (m parts) add(kind, id, word, all string) {
	k := partKey{kind, id}
	m[k] = part{word, m[k].all + all + "\n"}
}

// parts lists what differs of the outcomes, and why.
func (w *weighing) parts() {
	keys := slices.Collect(maps.Keys(w.aa.parts))
	for k := range w.bb.parts {
		if _, both := w.aa.parts[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b partKey) int {
		return cmp.Or(slices.Index(partOrder, a.kind)-slices.Index(partOrder, b.kind), cmp.Compare(a.id, b.id))
	})
	for _, k := range keys {
		before, after := w.aa.parts[k], w.bb.parts[k]
		if before == after {
			continue
		}
		w.Changes = append(w.Changes, PartChange{Kind: k.kind, ID: k.id, Before: before.word, After: after.word, Cause: w.cause(k), Rules: []string{}})
	}
	w.Same = len(w.Changes) == 0
	for i := range w.Changes {
		cause := w.Changes[i].Cause
		w.FactsMattered = w.FactsMattered || cause != ByRules
		w.RulesMattered = w.RulesMattered || cause != ByFacts
	}
}

// cause is which of the two steps from the first decision to the second brings a part to where it ends.
func (w *weighing) cause(k partKey) Cause {
	end := w.bb.parts[k]
	rules, facts := w.ab.parts[k] == end, w.ba.parts[k] == end
	switch {
	case rules && facts:
		return ByEither
	case rules:
		return ByRules
	case facts:
		return ByFacts
	}
	return ByBoth
}
