package engine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// declared tells what the declarations of the facts refuse: format, code, check digit, order of days.
// Rows that are wrong in the same way are told together.
func (v *validation) declared() {
	type same struct{ field, code, text string }
	at := map[same]int{}
	for _, d := range v.facts.Findings {
		path := fact.PathOf(d.Pointer)
		key := same{withoutRows(path), d.Code, d.Text}
		if i, ok := at[key]; ok {
			v.out.Findings[i].Fields = append(v.out.Findings[i].Fields, path)
			continue
		}
		at[key] = len(v.out.Findings)
		v.wrong = true
		v.out.Findings = append(v.out.Findings, Finding{
			Rule: v.declaration(key.field), Severity: severityOfError, Fields: []string{path}, Code: d.Code, Message: d.Text, Law: []rulebook.Citation{},
		})
	}
}

const severityOfError = "error"

// withoutRows is a path with the numbers of the rows taken out: "richiesta.lavoratori[].qualifica".
func withoutRows(path string) string {
	from := strings.IndexByte(path, '[')
	to := strings.IndexByte(path, ']')
	if from < 0 || to < from {
		return path
	}
	return path[:from+1] + path[to:]
}

// declaration is the group of facts that a path stands in: a list, an object, or the root.
func (v *validation) declaration(path string) FindingRule {
	list, _, isRow := strings.Cut(path, "[]")
	head, _, isObject := strings.Cut(path, ".")
	by := v.engine.declarations
	switch {
	case isRow:
		return by[list]
	case isObject:
		return by[head]
	}
	if d, ok := by[path]; ok {
		return d // a list
	}
	return by["radice"]
}

// rule runs one rule of the form on the case, or on each row.
func (v *validation) rule(k *check) {
	run := &ruleRun{validation: v, check: k}
	if k.list < 0 {
		run.once(nil, 0)
	} else {
		for i, row := range v.facts.Root[k.list].Rows {
			run.once(row, i)
		}
	}
	run.report()
}

// ruleRun is one rule going over its rows.
type ruleRun struct {
	*validation
	check *check
	fired []firing
	state string
}

// firing is a row on which the rule speaks; without rows, the case.
type firing struct {
	version *rulebook.RuleVersion
	row     fact.Record
	index   int
	failed  string // why the rule could not be evaluated
}

var strength = map[string]int{"": 0, rulebook.RuleSilent: 1, rulebook.RuleUnknown: 2, rulebook.RuleFires: 3}

func (r *ruleRun) saw(state string) {
	if strength[state] > strength[r.state] {
		r.state = state
	}
}

func (r *ruleRun) once(row fact.Record, i int) {
	c := r.decision
	c.env.Row, c.env.RowIndex = row, i
	day := c.selecting(r.check, row)
	for j := range r.check.rule.Versions {
		if x := &r.check.rule.Versions[j]; x.Has(day) {
			c.env.Day, c.env.Failure = day, nil
			r.version(x, row, i)
			return
		}
	}
}

func (r *ruleRun) version(x *rulebook.RuleVersion, row fact.Record, i int) {
	t, refs := r.truth(x)
	switch t {
	case rulebook.True:
		if r.toldElsewhere(x) {
			r.saw(rulebook.RuleSilent)
			return
		}
		r.saw(rulebook.RuleFires)
		r.fired = append(r.fired, firing{version: x, row: row, index: i})
	case rulebook.False:
		r.saw(rulebook.RuleSilent)
	case rulebook.Unknown:
		r.saw(rulebook.RuleUnknown)
		if x.Unknown == rulebook.UnknownAsk {
			r.need(r.check.rule, refs)
		}
	case rulebook.Failed:
		r.fired = append(r.fired, firing{version: x, row: row, index: i, failed: r.failure(x)})
	}
}

// truth evaluates a version; of what is unknown it names the facts that keep it so.
func (r *ruleRun) truth(x *rulebook.RuleVersion) (rulebook.Tri, []fact.Ref) {
	env := &r.decision.env
	t := x.When.Eval(env)
	if t == rulebook.Unknown {
		return t, x.When.Blocking(env, nil)
	}
	if t != rulebook.True {
		return t, nil
	}
	if r.check.rule.Counter != nil {
		return r.verdict(x)
	}
	if t = x.Finding.Eval(env); t == rulebook.Unknown {
		return t, x.Finding.Blocking(env, nil)
	}
	return t, nil
}

// verdict is whether the counter of the rule answered with one of the verdicts that it waits for.
func (r *ruleRun) verdict(x *rulebook.RuleVersion) (rulebook.Tri, []fact.Ref) {
	res := r.results[r.check.rule.Counter]
	switch {
	case res == nil: // the facts are impossible, and that was told
		return rulebook.False, nil
	case res.Verdict == counter.MissingData:
		return rulebook.Unknown, res.Missing
	case res.Verdict == counter.RuleFailed || res.Verdict == counter.InConflict:
		return rulebook.Failed, nil
	case res.Asked && slices.Contains(x.Verdicts, string(res.Verdict)):
		return rulebook.True, nil
	}
	return rulebook.False, nil
}

func (r *ruleRun) failure(x *rulebook.RuleVersion) string {
	if f := r.env.Failure; f != nil {
		return f.Text
	}
	if k := r.check.rule.Counter; k != nil && r.results[k] != nil && r.results[k].Failure != nil {
		return r.results[k].Failure.Text
	}
	return x.Code
}

// report tells what the rule found: each row, or all of them together when the rule has words for that.
func (r *ruleRun) report() {
	if r.options.Observe != nil && r.state != "" {
		r.options.Observe(r.check.rule, r.state)
	}
	for len(r.fired) > 0 {
		n := 1
		if first := r.fired[0]; first.failed != "" || first.version.Several != nil {
			for n < len(r.fired) && r.fired[n].version == first.version && (r.fired[n].failed == "") == (first.failed == "") {
				n++
			}
		}
		r.tell(r.fired[:n])
		r.fired = r.fired[n:]
	}
}

// tell adds one finding about one row or several.
func (r *ruleRun) tell(rows []firing) {
	first, c := rows[0], r.decision
	x := first.version
	c.env.Row, c.env.RowIndex, c.env.Day = first.row, first.index, c.selecting(r.check, first.row)
	f := Finding{
		Rule:     FindingRule{ID: r.check.rule.ID, Version: x.Number, Digest: x.Digest},
		Severity: x.Severity, Fields: r.fields(rows), Code: x.Code, Law: orNone(x.Law),
	}
	switch {
	case first.failed != "":
		f.Severity, f.Code = severityOfError, codeRuleFailed
		f.Message = r.check.rule.ID + ": " + first.failed
		r.failed = true
	case len(rows) > 1:
		f.Message = x.Several.Render(c.opt.Language, func(slot string) string { return r.slot(x, rows, slot) })
	default:
		f.Message = x.Message.Render(c.opt.Language, func(slot string) string { return r.slot(x, rows, slot) })
		f.Suggestion = r.suggestion(x, rows)
	}
	if f.Severity == severityOfError && first.failed == "" {
		r.wrong = true
	}
	r.out.Findings = append(r.out.Findings, f)
}

func orNone(law []rulebook.Citation) []rulebook.Citation {
	if law == nil {
		return []rulebook.Citation{}
	}
	return law
}

// fields are the facts a finding is about, each once.
func (r *ruleRun) fields(rows []firing) []string {
	var out []string
	for i := range rows {
		for _, name := range rows[i].version.Fields {
			f, inRow := r.field(r.check, name)
			ref := fact.Ref{Field: f, Row: -1}
			if inRow {
				ref.Row = rows[i].index
			}
			if inRow || i == 0 {
				out = append(out, ref.Path())
			}
		}
	}
	return out
}

// slot is a value of a message: of the rows, a value of the rule, a part of its counter, else a fact.
func (r *ruleRun) slot(x *rulebook.RuleVersion, rows []firing, name string) string {
	lang := r.opt.Language
	switch {
	case name == rulebook.SlotCount:
		return strconv.Itoa(len(rows))
	case name == rulebook.SlotRows:
		return rowNumbers(rows)
	case x.Values[name] != nil:
		w, _ := r.worded(x.Values[name])
		return cmp.Or(w, "–")
	}
	if k := r.check.rule.Counter; k != nil {
		if p, ok := r.partOf(k, name); ok {
			return p.word(lang)
		}
	}
	return r.word(r.check, rows[0].row, name)
}

// rowNumbers are the numbers of the rows as people count them, the first twenty.
func rowNumbers(rows []firing) string {
	const most = 20
	var b strings.Builder
	for i := range rows {
		if i == most {
			return b.String() + ", …"
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(rows[i].index + 1))
	}
	return b.String()
}

// suggestion is what could be written instead; nil when it can't be computed, or is there already.
func (r *ruleRun) suggestion(x *rulebook.RuleVersion, rows []firing) *Suggestion {
	s := x.Suggestion
	if s == nil {
		return nil
	}
	f, inRow := r.field(r.check, s.Field)
	now, ref := &r.facts.Root[f.Slot], fact.Ref{Field: f, Row: -1}
	if inRow {
		now, ref.Row = &rows[0].row[f.Slot], rows[0].index
	}
	value, ok := r.proposed(s, f)
	if !ok || now.IsKnown() && now.Num == value.Num && now.Text == value.Text && now.Rat.Equal(value.Rat) {
		return nil
	}
	scalar, ok := scalarOf(f, &value)
	if !ok {
		return nil
	}
	return &Suggestion{Field: ref.Path(), Value: scalar, Text: s.Text.Render(r.opt.Language, func(slot string) string {
		if slot == rulebook.SlotValue {
			return f.Word(&value, r.opt.Language)
		}
		return r.slot(x, rows, slot)
	})}
}

func (r *ruleRun) proposed(s *rulebook.Suggestion, f *fact.Field) (fact.Value, bool) {
	if s.Value != nil {
		value, t := s.Value.Value(&r.decision.env)
		return value, t == rulebook.True
	}
	p, ok := r.partOf(r.check.rule.Counter, s.Part)
	return p.value, ok && p.known && p.field.Type == f.Type
}
