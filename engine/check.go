package engine

import (
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// check is a rule on the facts themselves, made ready to run.
type check struct {
	rule *rulebook.Rule
	list int // root slot of the list it goes through; -1: once for the case
	from int // slot of the first day of a row; -1: none
	by   int // root slot of the day that selects the version; -1: the reference day
}

func newChecks(ed *rulebook.Edition) []*check {
	var out []*check
	for _, r := range ed.Rules {
		k := &check{rule: r, list: -1, from: -1, by: selectedBy(ed.Vocabulary, r.SelectBy)}
		if r.ForEach != nil {
			for _, f := range ed.Vocabulary.Root.Fields {
				if f.Element == r.ForEach {
					k.list = f.Slot
				}
			}
			k.from = r.ForEach.Slot("dal")
		}
		out = append(out, k)
	}
	return out
}

// check runs every rule on the facts. Errors come back as details of the input, but for those about a period of
// a kept history; the rest as warnings.
func (c *decision) check() (warnings []Warning, refused []fault.Detail) {
	warnings = []Warning{}
	for _, k := range c.engine.checks {
		rows := []fact.Record{nil}
		if k.list >= 0 {
			rows = c.facts.Root[k.list].Rows()
		}
		for i, row := range rows {
			c.env.Row, c.env.RowIndex = row, i
			v, finding := c.find(k, row)
			if finding == nil {
				continue
			}
			if c.opt.Found != nil && finding.Code != codeRuleFailed {
				c.opt.Found(k.rule)
			}
			switch {
			case v.Severity != severityError || finding.Code == codeRuleFailed:
				warnings = append(warnings, *finding)
			case c.opt.Kept && k.list == c.engine.slots.periodi:
				warnings = append(warnings, c.refuse(k, row, finding))
			default:
				refused = append(refused, fault.Detail{Pointer: finding.Pointer, Code: finding.Code, Text: finding.Message})
			}
		}
	}
	return warnings, refused
}

const (
	codeRuleFailed = "rule_failed"
	severityError  = "error" // of a rule whose finding no decision can be taken on
)

// find runs one rule on one row. A rule that can't be evaluated is a finding of its own, never silence.
func (c *decision) find(k *check, row fact.Record) (*rulebook.RuleVersion, *Warning) {
	day := c.selecting(k, row)
	for i := range k.rule.Versions {
		v := &k.rule.Versions[i]
		if !v.Has(day) {
			continue
		}
		c.env.Day, c.env.Failure = day, nil
		t := v.When.Eval(&c.env)
		if t == rulebook.True {
			t = v.Finding.Eval(&c.env)
		}
		c.noteRule(k, v, row, day, rulebook.StateOf(t))
		if t == rulebook.False || t == rulebook.Unknown {
			return v, nil
		}
		w := &Warning{Pointer: c.pointer(v, k), Code: v.Code}
		switch t {
		case rulebook.True:
			w.Message = v.Message.Render(c.opt.Language, func(slot string) string { return c.word(k, row, slot) })
		case rulebook.Failed:
			w.Code, w.Message = codeRuleFailed, k.rule.ID+": "+c.env.Failure.Text
		}
		if t == rulebook.True && c.toldElsewhere(v) {
			return v, nil
		}
		return v, w
	}
	return nil, nil
}

// selecting is the day that selects the version of a rule.
func (c *decision) selecting(k *check, row fact.Record) calendar.Day {
	if k.rule.SelectBy == rulebook.ByRowStart && k.from >= 0 && row[k.from].IsKnown() {
		return row[k.from].Day()
	}
	return c.dayIn(k.by)
}

// selectedBy is the root slot of the day that selects a version; -1 when it is not of the root.
func selectedBy(v *fact.Vocabulary, s rulebook.Selector) int {
	switch s {
	case rulebook.ByStart, rulebook.ByDay:
		return v.Root.Slot("richiesta.dal")
	case rulebook.ByFiling:
		return v.Root.Slot("richiesta.data_presentazione")
	}
	return -1
}

// dayIn is the day in a root slot, else the reference day.
func (c *decision) dayIn(slot int) calendar.Day {
	if slot >= 0 && c.facts.Root[slot].IsKnown() {
		return c.facts.Root[slot].Day()
	}
	return c.ref
}

// field resolves a fact named in a rule: of the row in hand, or of the root.
func (c *decision) field(k *check, name string) (f *fact.Field, row bool) {
	if g := k.rule.ForEach; g != nil {
		if rest, ok := strings.CutPrefix(name, g.Name+"."); ok {
			return g.Field(rest), true
		}
	}
	return c.facts.Vocabulary.Root.Field(name), false
}

// pointer is where the first field of the finding stands in the request.
func (c *decision) pointer(v *rulebook.RuleVersion, k *check) string {
	if len(v.Fields) == 0 {
		return "/facts"
	}
	f, row := c.field(k, v.Fields[0])
	ref := fact.Ref{Field: f, Row: -1}
	if row {
		ref.Row = c.env.RowIndex
	}
	return ref.Pointer()
}

// toldElsewhere tells whether a finding is only about the reference day, and that day was taken
// from the request: the same defect is reported there.
func (c *decision) toldElsewhere(v *rulebook.RuleVersion) bool {
	ref := c.facts.Get("data_riferimento")
	return ref.State == fact.Presumed && c.facts.Get("richiesta.al").IsKnown() && len(v.Fields) == 1 && v.Fields[0] == "data_riferimento"
}

// word is the value of a slot in the language of the answer.
func (c *decision) word(k *check, row fact.Record, slot string) string {
	f, inRow := c.field(k, slot)
	if f == nil {
		return "{" + slot + "}"
	}
	v := &c.facts.Root[f.Slot]
	if inRow {
		v = &row[f.Slot]
	}
	return f.Word(v, c.opt.Language)
}
