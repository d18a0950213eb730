package rulebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"omnia/engine/calendar"
	"omnia/internal/fault"
)

// FormCase is one worked example of a form: what is written in it, and what the check must say.
//
//	schema: form_cases/v1
//	form: cigo
//	facts: {…}                       a whole application, from which every case starts
//	cases:
//	  - name: "comincia di martedì"
//	    facts: {richiesta: {dal: "2025-03-04"}}
//	    expect: {outcome: invalid, fires: [cigo.settimane_intere]}
type FormCase struct {
	TestCase // without expectations of counters
	Form     string
	Complete bool

	States map[string]string // by rule: RuleFires, RuleSilent or RuleUnknown

	// Looked is to be told the rows of tables that the check reads; for coverage.
	Looked func(*Table, *TableRow)
}

// What a rule of a form may do with a case.
const (
	RuleFires   = "fires"
	RuleSilent  = "silent"
	RuleUnknown = "unknown"
)

// FormDecider checks a form as the service would, and tells the state of every rule that ran.
type FormDecider func(c *FormCase) (answerJSON []byte, states map[string]string, err error)

// FormCases reads the cases of the forms, in the order of files and lines.
func FormCases(fsys fs.FS) ([]FormCase, Defects) {
	l := load(fsys)
	if len(l.defects) > 0 {
		return nil, l.defects
	}
	return l.formCases, nil
}

func (l *loader) formCasesFile(o object) {
	if !strings.HasSuffix(o.src.name, ".cases.yaml") {
		l.file(o.src.name, "wrong_name", "rinominalo in "+strings.TrimSuffix(o.src.name, ".yaml")+".cases.yaml", "un file di casi finisce in .cases.yaml")
	}
	form := l.ed.Form(o.text("form"))
	if form == nil && o.has("form") {
		l.defect(o, "form", "unknown_form", "i moduli sono nella cartella "+formsDir, "il modulo «%s» non esiste", o.text("form"))
	}
	for _, c := range o.list("cases") {
		l.formCase(o, c, form)
	}
}

func (l *loader) formCase(file, o object, form *Form) {
	c := FormCase{Form: file.text("form"), Complete: o.flag("complete"), States: map[string]string{}}
	c.Name, c.Source, c.Today, c.Place = o.text("name"), o.text("source"), CasesDay, o.placeOf("name")
	for _, holder := range []object{file, o} {
		if day, ok := holder.day("today"); ok {
			c.Today = day
		}
	}
	l.take(o, "case "+o.src.name, c.Name)
	c.FactsJSON = l.mergedFacts(file, o)
	if expect, ok := o.object("expect"); ok {
		l.formExpected(&c, expect, form)
	}
	l.formCases = append(l.formCases, c)
}

// mergedFacts are the facts of the file with the changes of the case.
func (l *loader) mergedFacts(file, o object) []byte {
	var merged any = map[string]any{}
	for _, holder := range []object{file, o} {
		n := holder.node("facts")
		if n == nil {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(l.plainJSON(o, n, nil)))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) == nil { // what is not JSON was told already
			merged = patched(merged, v)
		}
	}
	return []byte(canonical(merged))
}

// patched is before with what after says: an object changes the keys it names, null takes one out.
func patched(before, after any) any {
	change, ok := after.(map[string]any)
	if !ok {
		return after
	}
	out := map[string]any{}
	if old, ok := before.(map[string]any); ok {
		for k, v := range old {
			out[k] = v
		}
	}
	for k, v := range change {
		if v == nil {
			delete(out, k)
			continue
		}
		out[k] = patched(out[k], v)
	}
	return out
}

func (l *loader) formExpected(c *FormCase, o object, form *Form) {
	for i := 0; i+1 < len(o.n.Content); i += 2 {
		key, n := o.n.Content[i].Value, o.n.Content[i+1]
		if o.wrong[n] {
			continue
		}
		switch key {
		case RuleFires, RuleSilent, RuleUnknown:
			for _, x := range o.nodes(key) {
				l.formState(c, o, x, key, form)
			}
		default:
			e := l.expected(o, n, key)
			c.Expect = append(c.Expect, e)
		}
	}
	if len(c.Expect)+len(c.States) == 0 {
		l.defects = append(l.defects, o.src.defect(o.n, "empty_list", "scrivi che cosa deve dire il controllo", "il caso non si aspetta nulla"))
	}
}

func (l *loader) formState(c *FormCase, o object, n *yaml.Node, state string, form *Form) {
	if form == nil {
		return
	}
	var ids []string
	for i := range form.Versions {
		for _, r := range form.Versions[i].Rules {
			ids = append(ids, r.ID)
		}
	}
	if !slices.Contains(ids, n.Value) {
		l.defects = append(l.defects, o.src.defect(n, "unknown_rule", suggestKey(n.Value, ids), "«%s» non è una regola del modulo", n.Value))
		return
	}
	if was, twice := c.States[n.Value]; twice && was != state {
		l.defects = append(l.defects, o.src.defect(n, "duplicate_id", "tieni una sola delle due attese", "il caso si aspetta già altro da «%s»", n.Value))
	}
	c.States[n.Value] = state
}

// RunFormCases checks every case and compares. Coverage, when not nil, is told what each rule did.
func RunFormCases(cases []FormCase, decide FormDecider, coverage *Coverage) *CaseReport {
	report := &CaseReport{Run: len(cases)}
	for i := range cases {
		c := cases[i]
		c.Looked = coverage.Row
		answer, states, err := decide(&c)
		if err != nil {
			message := err.Error()
			if f := (*fault.Fault)(nil); errors.As(err, &f) {
				message = string(problem(f))
			}
			report.fail(&cases[i].TestCase, Defects{{Place: c.Place, Code: "case_failed", Message: "il controllo non riesce: " + message}})
			continue
		}
		for id, state := range states {
			coverage.RuleState(id, state)
		}
		coverage.allowed(answer)
		if d := append(c.checkStates(states), c.checkAnswer(answer)...); len(d) > 0 {
			report.fail(&cases[i].TestCase, d)
		}
	}
	return report
}

var stateWords = map[string]string{RuleFires: "segnala", RuleSilent: "tace", RuleUnknown: "non si può decidere", "": "non è in vigore"}

func (c *FormCase) checkStates(got map[string]string) (d Defects) {
	for _, id := range sortedKeys(c.States) {
		if want := c.States[id]; got[id] != want {
			d = append(d, Defect{Place: c.Place, Code: "case_failed", Message: fmt.Sprintf("la regola %s doveva essere «%s», invece %s", id, stateWords[want], stateWords[got[id]])})
		}
	}
	return d
}

// checkAnswer compares what was written of the answer: `findings` is all of them; `missing` are the
// fields that must be there, in that order, and others may stand between.
func (c *FormCase) checkAnswer(answerJSON []byte) Defects {
	answer, err := readAnswer(answerJSON)
	if err != nil {
		return Defects{{Place: c.Place, Code: "case_failed", Message: err.Error()}}
	}
	k := &caseChecker{}
	for _, e := range c.Expect {
		switch e.Key {
		case "findings":
			k.exactly(e.Key, e, answer[e.Key])
		case "missing":
			k.inOrder(e, answer[e.Key])
		case "counters":
			for _, f := range e.Fields {
				k.formCounter(f, answer[e.Key])
			}
		case "allowed":
			k.object(e.Key, e, allowedByField(answer[e.Key]))
		default:
			k.compare(e.Key, e, answer[e.Key])
		}
	}
	return k.defects
}

// readAnswer reads what was decided, with its numbers as they are written.
func readAnswer(text []byte) (answer map[string]any, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil {
		return nil, fmt.Errorf("la risposta non è JSON: %w", err)
	}
	return answer, nil
}

// allowedByField gathers what is said of each field: its least and greatest value, its options.
func allowedByField(got any) map[string]any {
	out := map[string]any{}
	list, _ := got.([]any)
	for _, item := range list {
		m, _ := item.(map[string]any)
		name, _ := m["field"].(string)
		field, ok := out[name].(map[string]any)
		if !ok {
			field = map[string]any{}
			out[name] = field
		}
		for _, key := range []string{"min", "max", "options", "text"} {
			if v, said := m[key]; said {
				field[key] = v
			}
		}
	}
	return out
}

func (k *caseChecker) formCounter(e Expected, got any) {
	list, _ := got.([]any)
	k.counter(e, map[string]any{"items": list})
}

func (k *caseChecker) inOrder(e Expected, got any) {
	list, _ := got.([]any)
	var fields []string
	for _, item := range list {
		if m, ok := item.(map[string]any); ok {
			name, _ := m["field"].(string)
			fields = append(fields, name)
		}
	}
	from := 0
	for _, want := range e.Items {
		i := slices.Index(fields[from:], want.Text)
		if i < 0 {
			k.differs(want, "missing: manca «%s» al suo posto; ci sono %s", want.Text, strings.Join(fields, ", "))
			continue
		}
		from += i + 1
	}
	if len(e.Items) == 0 && len(fields) > 0 {
		k.differs(e, "missing: non doveva mancare nulla, mancano %s", strings.Join(fields, ", "))
	}
}

// The states of a rule of a form, in the words that say that one never occurred.
const neverState = "stati mai visti"

// declareFormRule lists the states that a rule of a form can be in. One that decides even when
// nothing at all is known is never unknown.
func (c *Coverage) declareFormRule(ed *Edition, r *Rule) {
	c.declare(r.ID, neverState, stateWords[RuleFires])
	c.declare(r.ID, neverState, stateWords[RuleSilent])
	if r.Counter != nil || ed.mayBeUnknown(r) {
		c.declare(r.ID, neverState, stateWords[RuleUnknown])
	}
}

// declareBound wants each bound to have been the one that speaks.
func (c *Coverage) declareBound(b *Bound) { c.declare(b.ID, neverState, stateBound) }

const stateBound = "limita"

// allowed counts the bounds that an answer tells.
func (c *Coverage) allowed(answerJSON []byte) {
	var a struct {
		Allowed []struct{ Rule struct{ ID string } }
	}
	if c == nil || json.Unmarshal(answerJSON, &a) != nil {
		return
	}
	for _, x := range a.Allowed {
		c.hit(x.Rule.ID, neverState, stateBound)
	}
}

// declareTables wants each row of the tables that forms look at to have been read by a case: by a condition, a
// value or a bound. A row that no case reads could say anything.
func (c *Coverage) declareTables(ed *Edition) {
	for _, t := range ed.tablesOfForms() {
		c.declareRows(t)
	}
}

func (c *Coverage) declareRows(t *Table) {
	for i := range t.Versions {
		for j := range t.Versions[i].Rows {
			row := &t.Versions[i].Rows[j]
			c.rows[row] = rowName(t, &t.Versions[i], row)
			c.declare(t.ID, neverRow, c.rows[row])
		}
	}
}

const neverRow = "righe mai lette"

func rowName(t *Table, v *TableVersion, row *TableRow) string {
	var cells []string
	for i := range row.Inputs {
		cells = append(cells, valueInWords(&row.Inputs[i], t.Inputs[i].Type, t.Inputs[i].Unit))
	}
	name := strings.ReplaceAll(strings.Join(cells, " "), "`", "")
	if len(t.Versions) > 1 {
		name += " dal " + v.From.String()
	}
	return name
}

// Row counts a row of a table that was read.
func (c *Coverage) Row(t *Table, row *TableRow) {
	if c != nil && c.rows[row] != "" {
		c.hit(t.ID, neverRow, c.rows[row])
	}
}

// tablesOfForms are the tables that the rules, values and bounds of forms read, in the order of their names.
func (ed *Edition) tablesOfForms() []*Table {
	read := map[string]*Table{}
	note := func(list ...*Table) {
		for _, t := range list {
			read[t.ID] = t
		}
	}
	condition := func(c *Condition) {
		if c != nil {
			note(c.Tables()...)
		}
	}
	value := func(x *Expr) {
		if x != nil {
			note(x.Tables()...)
		}
	}
	for _, r := range ed.FormRules {
		for i := range r.Versions {
			v := &r.Versions[i]
			condition(v.When)
			condition(v.Finding)
			for _, x := range v.Values {
				value(x)
			}
			if v.Over != nil {
				value(v.Over.Value)
			}
			if v.Suggestion != nil {
				value(v.Suggestion.Value)
			}
		}
	}
	for _, b := range ed.Bounds {
		for i := range b.Versions {
			condition(b.Versions[i].When)
			value(b.Versions[i].Value)
		}
	}
	for _, f := range ed.Forms {
		for i := range f.Versions {
			for j := range f.Versions[i].Derived {
				condition(f.Versions[i].Derived[j].When)
				value(f.Versions[i].Derived[j].Value)
			}
			for _, s := range f.Versions[i].Steps {
				for _, x := range s.Fields {
					condition(x.Asked)
					condition(x.Mandatory)
				}
			}
		}
	}
	var out []*Table
	for _, id := range sortedKeys(read) {
		out = append(out, read[id])
	}
	return out
}

func (ed *Edition) mayBeUnknown(r *Rule) bool {
	env := Env{Root: ed.Vocabulary.Root.New()}
	if r.ForEach != nil {
		env.Row = r.ForEach.New()
	}
	for i := range r.Versions {
		v := &r.Versions[i]
		for _, day := range []calendar.Day{v.From, min(v.To, max(v.From, CasesDay))} {
			env.Day = day
			if t := v.When.Eval(&env); t == Unknown || t == True && v.Finding.Eval(&env) == Unknown {
				return true
			}
		}
	}
	return false
}

// RuleState counts what a rule of a form did with a case.
func (c *Coverage) RuleState(rule, state string) {
	if c != nil && c.formRules[rule] {
		c.hit(rule, neverState, stateWords[state])
	}
}
