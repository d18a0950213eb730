package engine

import (
	"slices"
	"strings"
	"sync"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// PeriodChecks are the rules of an edition on a row of `periodi`, ready to run on one that stands alone: what
// would have every decision on it refused is known before it is kept. It is immutable and safe to share.
//
// Only rules that rest on the row itself are run. One that reads anything else, or whose version depends on
// what is asked, can't be decided before there is a case.
type PeriodChecks struct {
	group    *fact.Group
	list     int // root slot of `periodi`
	checks   []*check
	presumed []*rulebook.Presumption
	room     sync.Pool // of *decision, each with a row of its own
}

// NewPeriodChecks prepares those of an edition.
func NewPeriodChecks(ed *rulebook.Edition) *PeriodChecks {
	p := &PeriodChecks{group: ed.Vocabulary.Groups["periodo"], list: ed.Vocabulary.Root.Slot("periodi")}
	for _, k := range newChecks(ed) {
		if k.list == p.list && p.decides(k.rule) {
			p.checks = append(p.checks, k)
		}
	}
	for _, x := range ed.Presumed {
		if p.group.Field(x.Target.Name) == x.Target && p.presumes(x) {
			p.presumed = append(p.presumed, x)
		}
	}
	p.room.New = func() any {
		c := &decision{facts: &fact.Facts{Vocabulary: ed.Vocabulary, Root: ed.Vocabulary.Root.New()}}
		c.env.Root, c.env.Row = c.facts.Root, p.group.New()
		return c
	}
	return p
}

// decides tells whether a rule can refuse a row, and needs nothing but the row.
func (p *PeriodChecks) decides(r *rulebook.Rule) bool {
	refuses := false
	for i := range r.Versions {
		v := &r.Versions[i]
		refuses = refuses || v.Severity == severityError
		if !p.own(v.When.Reads()) || !p.own(v.Finding.Reads()) {
			return false
		}
	}
	return refuses && r.SelectBy == rulebook.ByRowStart
}

// presumes tells whether a presumption fills a row out of the row.
func (p *PeriodChecks) presumes(x *rulebook.Presumption) bool {
	for i := range x.Versions {
		v := &x.Versions[i]
		if v.Value == nil || !p.own(v.When.Reads()) || !p.own(v.Value.Reads()) {
			return false
		}
	}
	return true
}

func (p *PeriodChecks) own(fields []*fact.Field) bool {
	return !slices.ContainsFunc(fields, func(f *fact.Field) bool { return p.group.Field(f.Name) != f })
}

// Check tells what the rules refuse about a row, which may have further fields behind its own. Pointers begin at
// the row: "/regime"; what a rule says of the case as a whole keeps its own. The row stays as it is. A rule that fails is no refusal: the decisions will say so.
func (p *PeriodChecks) Check(row fact.Record, lang string) (refused []fault.Detail) {
	c := p.room.Get().(*decision)
	defer p.room.Put(c)
	own := c.env.Row
	copy(own, row)
	defer clear(own)
	c.opt.Language, c.env.RowIndex, c.filled = lang, 0, c.filled[:0]
	for _, x := range p.presumed {
		c.presumeInto(x, &own[x.Target.Slot], own, c.startOf(own, x.Target))
	}
	for _, k := range p.checks {
		v, finding := c.find(k, own)
		if finding == nil || v.Severity != severityError || finding.Code == codeRuleFailed {
			continue
		}
		pointer, _ := strings.CutPrefix(finding.Pointer, "/facts/periodi/0")
		refused = append(refused, fault.Detail{Pointer: pointer, Code: finding.Code, Text: finding.Message})
	}
	return refused
}
