package replay

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// RuleChange is content of which a version was applied that only one of the two editions has. What changed between the editions
// and was applied nowhere can't have mattered: an answer rests on nothing but what it names.
type RuleChange struct {
	Kind     string      `json:"kind"`
	ID       string      `json:"id"`
	Title    fact.Texts  `json:"title"`
	Before   []VersionOf `json:"before"` // applied under the first edition; none: it had nothing to say
	After    []VersionOf `json:"after"`  // applied under the second
	Mattered Weight      `json:"mattered"`
	Parts    []string    `json:"parts"` // ids of the changes it may be the reason of
}

// VersionOf names a version, by its number and the digest of its meaning.
type VersionOf struct {
	Version int    `json:"version"`
	Digest  string `json:"digest"`
	On      string `json:"on,omitempty"` // the day that selected it
}

// content names a piece of content.
type content struct{ kind, id string }

// rules finds the versions that make the editions differ for these facts, and which parts of the outcome they may be
// the reason of.
func (w *weighing) rules() {
	first, second := w.a.engine.Edition(), w.b.engine.Edition()
	if first.Digest == second.Digest {
		return
	}
	before, after := appliedBy(w.aa, w.ba), appliedBy(w.ab, w.bb)
	for _, x := range contents(before, after) {
		if !lacks(second, x, before[x]) && !lacks(first, x, after[x]) {
			continue
		}
		w.Rules = append(w.Rules, RuleChange{
			Kind: x.kind, ID: x.id, Title: titleOf(second, first, x), Before: orEmpty(before[x]), After: orEmpty(after[x]), Mattered: No, Parts: []string{},
		})
	}
	w.attribute(newMentions(first, second))
}

func orEmpty(list []VersionOf) []VersionOf {
	if list == nil {
		return []VersionOf{}
	}
	return list
}

// appliedBy are the versions that some of the decisions applied.
func appliedBy(of ...*corner) map[content][]VersionOf {
	m := map[content][]VersionOf{}
	for _, c := range of {
		for i := range c.applied {
			a := &c.applied[i]
			k, v := content{a.Kind, a.ID}, VersionOf{a.Version, a.Digest, a.On}
			if !slices.ContainsFunc(m[k], func(x VersionOf) bool { return x.Version == v.Version && x.Digest == v.Digest }) {
				m[k] = append(m[k], v)
			}
		}
	}
	return m
}

func contents(a, b map[content][]VersionOf) (list []content) {
	for k := range a {
		list = append(list, k)
	}
	for k := range b {
		if _, both := a[k]; !both {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b content) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) })
	return list
}

// lacks tells whether the edition does not have one of these versions, or has it with another meaning.
func lacks(ed *rulebook.Edition, x content, versions []VersionOf) bool {
	for _, v := range versions {
		if !slices.ContainsFunc(ed.Items, func(it rulebook.Item) bool {
			return it.Kind == x.kind && it.ID == x.id && it.Version.Number == v.Version && it.Version.Digest == v.Digest
		}) {
			return true
		}
	}
	return false
}

func titleOf(ed, other *rulebook.Edition, x content) fact.Texts {
	for _, e := range []*rulebook.Edition{ed, other} {
		for i := range e.Items {
			if it := &e.Items[i]; it.Kind == x.kind && it.ID == x.id {
				return it.Title
			}
		}
	}
	return fact.Texts{}
}

// attribute joins the changed rules to the changed parts. A part that rests on one of them alone changed because of it.
func (w *weighing) attribute(m *mentions) {
	for i := range w.Changes {
		p := &w.Changes[i]
		if p.Cause == ByFacts {
			continue
		}
		reach := m.reach(p)
		var may []*RuleChange
		for j := range w.Rules {
			if r := &w.Rules[j]; reach == nil || reach[r.ID] {
				may = append(may, r)
			}
		}
		for _, r := range may {
			p.Rules, r.Parts = append(p.Rules, r.ID), append(r.Parts, p.ID)
			switch {
			case len(may) == 1:
				r.Mattered = Yes
			case r.Mattered == No:
				r.Mattered = Possibly
			}
		}
	}
}

// everywhere are the kinds of content that work on whatever is decided: what they do is not to be seen in the
// text of what they do it to.
var everywhere = map[string]bool{"exception": true, "presumption": true, "facts": true}

// mentions is, of each content, which others its text names, in either edition.
type mentions struct {
	of   map[string]map[string]bool
	wide []string // ids of what works everywhere
}

var quotedName = regexp.MustCompile(`"([A-Za-z0-9_.]+)\\?"`)

func newMentions(editions ...*rulebook.Edition) *mentions {
	m := &mentions{of: map[string]map[string]bool{}}
	for _, ed := range editions {
		for i := range ed.Items {
			it := &ed.Items[i]
			if it.Kind == "form" {
				continue // it names its rules, and no part rests on it: «cigo» elsewhere is a column or a line
			}
			if m.of[it.ID] == nil {
				m.of[it.ID] = map[string]bool{}
			}
			if everywhere[it.Kind] {
				m.wide = append(m.wide, it.ID)
			}
			for _, found := range quotedName.FindAllStringSubmatch(it.Canon, -1) {
				m.of[it.ID][found[1]] = true
			}
		}
	}
	return m
}

// reach is all that a part of the outcome may rest on, by id; nil when that may be anything.
func (m *mentions) reach(p *PartChange) map[string]bool {
	roots := []string{p.ID}
	switch p.Kind {
	case partCounter:
	case PartFinding:
		roots[0], _, _ = strings.Cut(p.ID, " ")
	default:
		return nil
	}
	if m.of[roots[0]] == nil {
		return nil
	}
	roots = append(roots, m.wide...)
	seen := map[string]bool{}
	for len(roots) > 0 {
		id := roots[0]
		roots = roots[1:]
		if seen[id] || m.of[id] == nil {
			continue
		}
		seen[id] = true
		for next := range m.of[id] {
			roots = append(roots, next)
		}
	}
	return seen
}
