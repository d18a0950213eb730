package engine

import (
	"slices"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// formPlan is a version of a form made ready to check.
type formPlan struct {
	version  *rulebook.FormVersion
	checks   []*check            // its rules, in its order
	counters []*rulebook.Counter // those it shows, and those its rules and values look at
	place    map[*fact.Field]int // where the form asks for a fact
	fields   map[*fact.Field]*rulebook.FormField
}

func newFormPlans(ed *rulebook.Edition) map[*rulebook.FormVersion]*formPlan {
	all := *ed
	all.Rules = slices.Concat(ed.Rules, ed.FormRules)
	ready := map[*rulebook.Rule]*check{}
	for _, k := range newChecks(&all) {
		ready[k.rule] = k
	}
	plans := map[*rulebook.FormVersion]*formPlan{}
	for _, f := range ed.Forms {
		for i := range f.Versions {
			plans[&f.Versions[i]] = newFormPlan(&f.Versions[i], ready)
		}
	}
	return plans
}

func newFormPlan(v *rulebook.FormVersion, ready map[*rulebook.Rule]*check) *formPlan {
	p := &formPlan{version: v, counters: slices.Clone(v.Counters), place: map[*fact.Field]int{}, fields: map[*fact.Field]*rulebook.FormField{}}
	also := func(k *rulebook.Counter) {
		if k != nil && !slices.Contains(p.counters, k) {
			p.counters = append(p.counters, k)
		}
	}
	for _, r := range v.Rules {
		p.checks = append(p.checks, ready[r])
		also(r.Counter)
	}
	for i := range v.Derived {
		also(v.Derived[i].Counter)
	}
	for i := range v.Steps {
		for j := range v.Steps[i].Fields {
			f := &v.Steps[i].Fields[j]
			p.place[f.Field], p.fields[f.Field] = len(p.place), f
		}
	}
	return p
}

// declarations is the version of the declaration that each fact stands in, for what lenient reading finds.
func declarations(ed *rulebook.Edition) map[string]FindingRule {
	out := map[string]FindingRule{}
	for i := range ed.Items {
		if it := &ed.Items[i]; it.Kind == "facts" {
			out[it.ID] = FindingRule{ID: it.ID, Version: it.Version.Number, Digest: it.Version.Digest}
		}
	}
	return out
}
