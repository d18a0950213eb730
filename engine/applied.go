package engine

import (
	"slices"
	"strings"
	"sync"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// Applied is one version of the law's content that a decision rested on: had it said something else, the decision
// could be another. A version that was looked at and left everything as it was is one of them.
type Applied struct {
	Kind    string `json:"kind"` // bound, counter, exception, facts, form, parameter, presumption, rule, table, value
	ID      string `json:"id"`   // names the content, whatever its kind
	Version int    `json:"version"`
	Digest  string `json:"digest"`       // of meaning
	On      string `json:"on,omitempty"` // the day of the case under whose law it is, the earliest of several; "" when none selects it
	Why     string `json:"why"`          // by what that day was chosen: see the Why constants
	State   string `json:"state"`        // what came of it: see the State constants
}

// Why a version was the one that holds.
const (
	WhyCase      = "by_case"          // it is chosen by no day: there is one for every case
	WhyReference = "by_reference_day" // data_riferimento
	WhyStart     = "by_start"         // the first day requested
	WhyEachDay   = "by_each_day"      // a day requested, or one of its calendar week
	WhyFiling    = "by_filing"        // the day of filing
	WhyPeriodDay = "by_period_day"    // a day of a period of the history, or of its calendar weeks; the first day of another row
	WhyTriedDay  = "by_tried_day"     // a day on which the request was tried for a start that fits
	WhyUse       = "by_use"           // another day under whose law something was reckoned
	WhyNearest   = "nearest"          // none is in force on the day: the answer names the one closest to it
)

// What came of a version: of several uses the strongest, in this order.
const (
	StateNotInForce = "not_in_force" // it is named, and decided nothing
	StateFalse      = "false"        // its condition did not hold
	StateUnknown    = "unknown"      // its condition could not be decided: a fact is missing
	StateApplied    = "applied"      // it was read, consulted or reckoned with
	StateTrue       = "true"         // its condition held: it reported, waived or filled something
	StateFailed     = "failed"       // it could not be evaluated
)

var whyOf = map[rulebook.DaySort]string{
	rulebook.ByAnyDay: WhyUse, rulebook.ByCase: WhyCase, rulebook.ByRefDay: WhyReference, rulebook.ByFirstDay: WhyStart, rulebook.ByEachDay: WhyEachDay,
	rulebook.ByFilingDay: WhyFiling, rulebook.ByPeriodDay: WhyPeriodDay, rulebook.ByTriedDay: WhyTriedDay, rulebook.ByNearest: WhyNearest,
}

// applied are the versions that a decision rested on, in few bytes: most answers are never asked for them.
type applied struct {
	edition *rulebook.Edition
	uses    []use
	again   func() applied // of a check that carries on another: it is made anew to be asked; nil: uses is all of it
}

type use struct {
	item uint32 // in Edition.Items
	rulebook.Use
}

// Applied are the versions that the answer rested on, sorted by kind, id and version, each once. It is complete: a
// version that is not there could say anything else, and the answer would be the same to the byte, but for its
// explanations, which also tell what a counter may presume under its whole text. Digests of the edition apart, that is: they name all of it.
func (a *Counters) Applied() []Applied { return a.applied.list() }

// Applied are the versions that the answer rested on, as those of [Counters.Applied].
func (a *Validation) Applied() []Applied { return a.applied.list() }

func (a *applied) list() []Applied {
	if a.again != nil {
		whole := a.again()
		return whole.list()
	}
	out := make([]Applied, len(a.uses))
	for i := range out {
		u := &a.uses[i]
		it := &a.edition.Items[u.item]
		out[i] = Applied{
			Kind: it.Kind, ID: it.ID, Version: it.Version.Number, Digest: it.Version.Digest, Why: whyOf[u.Sort], State: u.State.String(),
		}
		if u.Sort != rulebook.ByCase {
			out[i].On = u.Day.String()
		}
	}
	return out
}

// noting is the room in which the uses of one decision are noted.
type noting struct{ pool sync.Pool }

func newNoting(ed *rulebook.Edition) *noting {
	return &noting{sync.Pool{New: func() any { return rulebook.NewUses(ed) }}}
}

func (n *noting) begin() *rulebook.Uses { return n.pool.Get().(*rulebook.Uses) }

// end gives back the room.
func (n *noting) end(u *rulebook.Uses) {
	u.Reset()
	n.pool.Put(u)
}

// applied gathers what was noted of the decision.
func (c *decision) applied() applied {
	all := c.env.Uses.All()
	n := 0
	for i := range all {
		if all[i].State != rulebook.NotUsed {
			n++
		}
	}
	out := applied{edition: c.engine.edition, uses: make([]use, 0, n)}
	for i := range all {
		if all[i].State != rulebook.NotUsed {
			x := use{uint32(i), all[i]}
			if x.Sort == rulebook.ByAnyDay {
				x.Sort = c.sortOf(x.Day)
			}
			out.uses = append(out.uses, x)
		}
	}
	return out
}

// sortOf is what a day is to the case.
func (c *decision) sortOf(d calendar.Day) rulebook.DaySort {
	at, root := &c.engine.slots, c.facts.Root
	from, to, filed := &root[at.reqFrom], &root[at.reqTo], &root[at.filed]
	switch {
	case from.IsKnown() && d == from.Day():
		return rulebook.ByFirstDay
	case d == c.ref:
		return rulebook.ByRefDay
	case from.IsKnown() && to.IsKnown() && from.Day().Monday() <= d && d <= to.Day().Sunday():
		return rulebook.ByEachDay
	case filed.IsKnown() && d == filed.Day():
		return rulebook.ByFilingDay
	case c.inHistory(d):
		return rulebook.ByPeriodDay
	case from.IsKnown() && d > from.Day():
		return rulebook.ByTriedDay
	}
	return rulebook.ByAnyDay
}

// inHistory tells whether a period of the history touches the calendar week of a day.
func (c *decision) inHistory(d calendar.Day) bool {
	at := &c.engine.slots
	for _, row := range c.facts.Root[at.periodi].Rows() {
		from, to := &row[at.dal], &row[at.al]
		if from.IsKnown() && from.Day().Monday() <= d && (!to.IsKnown() || d <= to.Day().Sunday()) {
			return true
		}
	}
	return false
}

// declaredIn is, by root slot, the version of the declaration that a fact stands in.
func declaredIn(ed *rulebook.Edition) []*rulebook.Version {
	out := make([]*rulebook.Version, len(ed.Vocabulary.Root.Fields))
	for _, f := range ed.Vocabulary.Root.Fields {
		if it := ed.Declaration(f.Name); it != nil {
			out[f.Slot] = it.Version
		}
	}
	return out
}

// noteFacts notes the declarations of the facts that were written: how they are read rests on them.
func (c *decision) noteFacts() {
	for i := range c.facts.Root {
		v, by := &c.facts.Root[i], c.engine.declare[i]
		if by != nil && (v.State == fact.Known || v.State == fact.Declared) {
			c.env.Uses.Note(by, 0, rulebook.ByCase, rulebook.UseApplied)
		}
	}
	for _, d := range c.facts.Findings { // what lenient reading refused is known no more
		path, _, _ := strings.Cut(fact.PathOf(d.Pointer), "[")
		if i := c.facts.Vocabulary.Root.Slot(path); i >= 0 && c.engine.declare[i] != nil {
			c.env.Uses.Note(c.engine.declare[i], 0, rulebook.ByCase, rulebook.UseApplied)
		}
	}
}

// noteForm notes the version of the form.
func (c *decision) noteForm(v *rulebook.FormVersion) {
	sort := rulebook.ByRefDay
	if c.facts.Root[c.engine.slots.reqFrom].IsKnown() {
		sort = rulebook.ByFirstDay
	}
	c.env.Uses.Note(&v.Version, c.dayOf(rulebook.ByStart), sort, rulebook.UseApplied)
}

// again are the versions of the same check made from the beginning, on facts of its own.
func (d *Validated) again() applied {
	f := &fact.Facts{Vocabulary: d.facts.Vocabulary, Root: slices.Clone(d.facts.Root), Findings: d.facts.Findings}
	for i := range f.Root {
		if rows := slices.Clone(f.Root[i].Rows()); rows != nil {
			for j := range rows {
				rows[j] = slices.Clone(rows[j])
			}
			f.Root[i].SetRows(rows)
		}
	}
	opt := d.options
	opt.Observe = nil
	v, err := d.engine.Check(f, opt)
	if err != nil { // the form is in force: the facts say so as they did
		panic("engine: a check that was made can't be made again: " + err.Error())
	}
	return v.out.applied
}

// noteRule notes what a version of a rule came to, and by what its day was chosen.
func (c *decision) noteRule(k *check, v *rulebook.RuleVersion, row fact.Record, day calendar.Day, s rulebook.UseState) {
	if c.env.Uses == nil {
		return
	}
	sort := rulebook.ByRefDay
	switch {
	case k.rule.SelectBy == rulebook.ByRowStart && k.from >= 0 && row[k.from].IsKnown():
		sort = rulebook.ByPeriodDay
	case k.by >= 0 && c.facts.Root[k.by].IsKnown():
		sort = rulebook.ByFirstDay
		if k.rule.SelectBy == rulebook.ByFiling {
			sort = rulebook.ByFilingDay
		}
	}
	c.env.Uses.Note(&v.Version, day, sort, s)
}

// notePresumption notes what a version of a presumption came to.
func (c *decision) notePresumption(v *rulebook.PresumptionVersion, row fact.Record, day calendar.Day, s rulebook.UseState) {
	sort := rulebook.ByRefDay
	if row != nil && day != c.ref {
		sort = rulebook.ByPeriodDay
	}
	c.env.Uses.Note(&v.Version, day, sort, s)
}
