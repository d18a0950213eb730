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
		key := same{fact.WithoutRows(path), d.Code, d.Text}
		if i, ok := at[key]; ok {
			v.out.Findings[i].Fields = append(v.out.Findings[i].Fields, path)
			continue
		}
		at[key] = len(v.out.Findings)
		v.wrong = true
		v.out.Findings = append(v.out.Findings, Finding{
			Rule: Declaration(v.engine.edition, key.field), Severity: severityOfError, Fields: []string{path}, Code: d.Code, Message: d.Text, Law: []rulebook.Citation{},
		})
	}
}

const severityOfError = "error"

// Declaration names the declaration that a place among the facts stands in, for what is said of the place by no rule.
func Declaration(ed *rulebook.Edition, path string) FindingRule {
	it := ed.Declaration(path)
	if it == nil {
		return FindingRule{}
	}
	return FindingRule{ID: it.ID, Version: it.Version.Number, Digest: it.Version.Digest}
}

// ruled is what one rule found.
type ruled struct {
	findings []Finding
	wanted   []fact.Ref // the facts to ask for, each once
	failed   bool       // it could not be evaluated on some row
	wrong    bool       // it reported an error on the merits
	final    bool       // one on which nothing can be decided
	rows     []rowState // by row; of a rule without rows, one
	details  []rowDetail
}

// rowState is what a rule did on a row. Lists are long and rules many: it is as small as it can be.
type rowState struct {
	state   uint8  // an index of stateNames
	version uint16 // index of the version that holds
}

// rowDetail is what few rows have to say beside their state.
type rowDetail struct {
	row     int
	refs    []fact.Ref // what keeps it unknown, if that is asked for
	failure string     // why it could not be evaluated
}

// The states, weakest first: a rule over rows is in the strongest of theirs.
const (
	notInForce uint8 = iota
	silent
	unknown
	fires
	failing
)

var stateNames = [...]string{notInForce: "", silent: rulebook.RuleSilent, unknown: rulebook.RuleUnknown, fires: rulebook.RuleFires, failing: ""}

// rule runs one rule of the form on the case, or on each row, and adds what it found.
func (v *validation) rule(i int) {
	k := v.plan.checks[i]
	same := v.sameResult(k.counter)
	if v.before != nil && same && !v.changed.touch(k.reads) {
		v.done.rules[i] = v.before.rules[i]
	} else {
		v.now = ruleRun{validation: v, check: k, ruled: v.done.rule(i)}
		if rows, few := v.fewRows(k); few && same {
			v.now.again(v.before.rules[i], rows)
		} else {
			v.now.all()
		}
		v.now.report()
	}
	v.add(k, v.done.rules[i])
}

// fewRows are the rows to look at again when nothing else changed of what the rule rests on.
func (v *validation) fewRows(k *formCheck) ([]int, bool) {
	if v.before == nil || k.list < 0 || !k.alone {
		return nil, false
	}
	return v.changed.only(k.reads, k.list)
}

// add puts what a rule found into the answer.
func (v *validation) add(k *formCheck, r *ruled) {
	v.out.Findings = append(v.out.Findings, r.findings...)
	v.ask(k.rule, r.wanted)
	v.wrong = v.wrong || r.wrong
	v.final = v.final || r.final
	if v.options.Observe == nil {
		return
	}
	state := notInForce
	for i := range r.rows {
		if s := r.rows[i].state; s != failing && s > state {
			state = s
		}
	}
	if state != notInForce {
		v.options.Observe(k.rule, stateNames[state])
	}
}

// ruleRun is one rule going over its rows.
type ruleRun struct {
	*validation
	*ruled
	check *formCheck
}

func (r *ruleRun) all() {
	if r.check.list < 0 {
		r.rows = append(r.rows[:0], r.once(nil, 0))
		return
	}
	list := r.facts.Root[r.check.list].Rows()
	r.rows = slices.Grow(r.rows[:0], len(list))
	for i, row := range list {
		r.rows = append(r.rows, r.once(row, i))
	}
}

// again looks at these rows, and takes the others over.
func (r *ruleRun) again(before *ruled, rows []int) {
	r.rows = slices.Clone(before.rows)
	for _, i := range rows {
		r.rows[i] = r.once(r.facts.Root[r.check.list].Rows()[i], i)
	}
	for _, d := range before.details {
		if _, anew := slices.BinarySearch(rows, d.row); !anew {
			r.details = append(r.details, d)
		}
	}
	slices.SortFunc(r.details, func(a, b rowDetail) int { return cmp.Compare(a.row, b.row) })
}

func (r *ruleRun) once(row fact.Record, i int) rowState {
	c := r.decision
	c.env.Row, c.env.RowIndex = row, i
	day := c.selecting(r.check.check, row)
	for j := range r.check.rule.Versions {
		if x := &r.check.rule.Versions[j]; x.Has(day) {
			c.env.Day, c.env.Failure = day, nil
			return rowState{r.version(x, i), uint16(j)}
		}
	}
	return rowState{}
}

func (r *ruleRun) version(x *rulebook.RuleVersion, row int) uint8 {
	t, on := r.truth(r.decision, r.check, x)
	r.noteRule(r.check.check, x, r.env.Row, r.env.Day, rulebook.StateOf(t))
	switch t {
	case rulebook.True:
		if r.toldElsewhere(x) {
			return silent
		}
		refs := r.undone(x)
		if len(refs) == 0 {
			return fires
		}
		r.details = append(r.details, rowDetail{row: row, refs: refs})
		return unknown
	case rulebook.Unknown:
		if x.Unknown == rulebook.UnknownAsk {
			r.details = append(r.details, rowDetail{row: row, refs: r.blocking(x, on)})
		}
		return unknown
	case rulebook.Failed:
		r.details = append(r.details, rowDetail{row: row, failure: r.failure(x)})
		return failing
	}
	return silent
}

// undone are the facts that could still undo an error: it rests on their not being known, and whoever is
// writing has not come to them yet. At the end, what is not there counts as not there.
func (r *ruleRun) undone(x *rulebook.RuleVersion) []fact.Ref {
	if r.options.Complete || x.Severity != severityOfError || x.Unknown != rulebook.UnknownAsk {
		return nil
	}
	env := &r.decision.env
	env.Open = true
	defer func() { env.Open = false }()
	if t, on := r.truth(r.decision, r.check, x); t == rulebook.Unknown && on != nil {
		return on.Blocking(env, nil)
	}
	return nil
}

// truth evaluates a version, on the facts of c; of what is unknown it says which part is.
func (v *validation) truth(c *decision, k *formCheck, x *rulebook.RuleVersion) (t rulebook.Tri, on *rulebook.Condition) {
	if t = x.When.Eval(&c.env); t != rulebook.True {
		return t, x.When
	}
	if x.Finding == nil {
		return v.verdict(k, x), nil
	}
	if t = x.Finding.Eval(&c.env); t != rulebook.True || x.Over == nil {
		return t, x.Finding
	}
	return v.over(c, k, x.Over), nil
}

// over is whether the counter of the rule counts more than the value.
func (v *validation) over(c *decision, k *formCheck, x *rulebook.Over) rulebook.Tri {
	res := v.result(k.counter)
	if t := answered(res); t != rulebook.True {
		return t
	}
	p, _ := partOf(res, k.rule.Counter, x.Part)
	if !p.known { // nothing of the kind is asked of the counter
		return rulebook.False
	}
	value, t := x.Value.Number(&c.env)
	if t == rulebook.True && p.value.Rat.Cmp(value) <= 0 {
		return rulebook.False
	}
	return t
}

// blocking are the facts that keep a version unknown: of a condition, else of the counter.
func (r *ruleRun) blocking(x *rulebook.RuleVersion, on *rulebook.Condition) []fact.Ref {
	if on == nil {
		return r.result(r.check.counter).Missing
	}
	return on.Blocking(&r.decision.env, nil)
}

// verdict is whether the counter of the rule answered with one of the verdicts that it waits for.
func (v *validation) verdict(k *formCheck, x *rulebook.RuleVersion) rulebook.Tri {
	res := v.result(k.counter)
	if t := answered(res); t != rulebook.True {
		return t
	}
	if res.Asked && slices.Contains(x.Verdicts, string(res.Verdict)) {
		return rulebook.True
	}
	return rulebook.False
}

// answered is true where a counter came to an answer on the merits.
func answered(res *counter.Result) rulebook.Tri {
	switch {
	case res == nil: // the facts are impossible, and that was told
		return rulebook.False
	case res.Verdict == counter.MissingData:
		return rulebook.Unknown
	case res.Verdict == counter.RuleFailed || res.Verdict == counter.InConflict:
		return rulebook.Failed
	}
	return rulebook.True
}

func (r *ruleRun) failure(x *rulebook.RuleVersion) string {
	if f := r.env.Failure; f != nil {
		return f.Text
	}
	if res := r.result(r.check.counter); res != nil && res.Failure != nil {
		return res.Failure.Text
	}
	return x.Code
}

// report tells what the rule found: each row, or all of them together when the rule has words for that.
func (r *ruleRun) report() {
	var told []int // rows that fire or fail
	for i := range r.rows {
		if r.rows[i].state >= fires {
			told = append(told, i)
		}
	}
	if len(r.details) > 0 {
		seen := map[fact.Ref]bool{}
		for i := range r.details {
			r.wanted = r.sources(r.wanted, seen, r.details[i].refs)
		}
	}
	for len(told) > 0 {
		n := r.together(told)
		r.tell(told[:n])
		told = told[n:]
	}
}

// together is how many of the first rows make one finding.
func (r *ruleRun) together(rows []int) int {
	first := &r.rows[rows[0]]
	if first.state != failing && r.check.rule.Versions[first.version].Several == nil {
		return 1
	}
	n := 1
	for n < len(rows) && r.rows[rows[n]] == *first {
		n++
	}
	return n
}

// whyFailed is why the rule could not be evaluated on a row.
func (r *ruleRun) whyFailed(row int) string {
	i, _ := slices.BinarySearchFunc(r.details, row, func(d rowDetail, row int) int { return cmp.Compare(d.row, row) })
	return r.details[i].failure
}

// row is a row of the list that the rule goes over; nil when it goes over none.
func (r *ruleRun) row(i int) fact.Record {
	if r.check.list < 0 {
		return nil
	}
	return r.facts.Root[r.check.list].Rows()[i]
}

// tell adds one finding about one row or several.
func (r *ruleRun) tell(rows []int) {
	first, c := &r.rows[rows[0]], r.decision
	x, row := &r.check.rule.Versions[first.version], r.row(rows[0])
	c.env.Row, c.env.RowIndex, c.env.Day, c.env.Failure = row, rows[0], c.selecting(r.check.check, row), nil
	f := Finding{
		Rule:     FindingRule{ID: r.check.rule.ID, Version: x.Number, Digest: x.Digest},
		Severity: x.Severity, Fields: r.fields(x, rows), Code: x.Code, Law: orNone(x.Law),
	}
	switch {
	case first.state == failing:
		f.Severity, f.Code = severityOfError, codeRuleFailed
		f.Message = r.check.rule.ID + ": " + r.whyFailed(rows[0])
		r.failed = true
	case len(rows) > 1:
		f.Message = x.Several.Render(c.opt.Language, func(slot string) string { return r.slot(x, rows, slot) })
	default:
		f.Message = x.Message.Render(c.opt.Language, func(slot string) string { return r.slot(x, rows, slot) })
		f.Suggestion = r.suggestion(x, rows)
	}
	if f.Severity == severityOfError && first.state != failing {
		r.ruled.wrong, r.ruled.final = true, r.ruled.final || x.Final
	}
	r.findings = append(r.findings, f)
}

func orNone(law []rulebook.Citation) []rulebook.Citation {
	if law == nil {
		return []rulebook.Citation{}
	}
	return law
}

// fields are the facts a finding is about, each once.
func (r *ruleRun) fields(x *rulebook.RuleVersion, rows []int) []string {
	out := make([]string, 0, len(rows)*len(x.Fields))
	for n, i := range rows {
		for _, name := range x.Fields {
			f, inRow := r.field(r.check.check, name)
			ref := fact.Ref{Field: f, Row: -1}
			if inRow {
				ref.Row = i
			}
			if inRow || n == 0 {
				out = append(out, ref.Path())
			}
		}
	}
	return out
}

// slot is a value of a message: of the rows, a value of the rule, a part of its counter, else a fact.
func (r *ruleRun) slot(x *rulebook.RuleVersion, rows []int, name string) string {
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
		if p, ok := partOf(r.result(r.check.counter), k, name); ok {
			return p.word(lang)
		}
	}
	return r.word(r.check.check, r.row(rows[0]), name)
}

// rowNumbers are the numbers of the rows as people count them, the first twenty.
func rowNumbers(rows []int) string {
	const most = 20
	var b strings.Builder
	for n, i := range rows {
		if n == most {
			return b.String() + ", …"
		}
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(i + 1))
	}
	return b.String()
}

// suggestion is what could be written instead; nil when it can't be computed, or is there already.
func (r *ruleRun) suggestion(x *rulebook.RuleVersion, rows []int) *Suggestion {
	s := x.Suggestion
	if s == nil {
		return nil
	}
	f, inRow := r.field(r.check.check, s.Field)
	now, ref := &r.facts.Root[f.Slot], fact.Ref{Field: f, Row: -1}
	if inRow {
		now, ref.Row = &r.row(rows[0])[f.Slot], rows[0]
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
	p, ok := partOf(r.result(r.check.counter), r.check.rule.Counter, s.Part)
	return p.value, ok && p.known && p.field.Type == f.Type
}
