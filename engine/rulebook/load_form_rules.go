package rulebook

import (
	"slices"

	"omnia/engine/fact"
	"omnia/engine/quantity"
)

const formsDir = "forms"

// Suggestion is what a finding proposes to write instead. One of Value and Part is set.
type Suggestion struct {
	Field string // as in RuleVersion.Fields
	Value *Expr
	Part  string // of the counter of the rule
	Text  *Template
}

// SlotValue is the slot of the text of a suggestion, or of a derived value, that holds the value.
const SlotValue = "valore"

// The slots of a message about several rows: how many they are, and their numbers.
const (
	SlotCount = "quanti"
	SlotRows  = "righe"
)

// findingOrVerdicts wants one of the two keys that say when a rule speaks.
func (l *loader) findingOrVerdicts(o object, counted bool) {
	finding, verdicts := valueOf(o.n, "finding") != nil, valueOf(o.n, "verdicts") != nil
	switch {
	case counted && !verdicts:
		l.defect(o, "", "missing_key", "«verdicts»: gli esiti del contatore con cui la segnalazione esce", "manca la chiave «verdicts» in una versione della regola")
	case !counted && !finding:
		l.defect(o, "", "missing_key", "«finding»: quando è vera, la segnalazione esce", "manca la chiave «finding» in una versione della regola")
	case counted && finding:
		l.defect(o, "finding", "two_conditions", "togli finding: decide l'esito del contatore; per i casi da escludere usa when", "una regola su un contatore non ha «finding»")
	case !counted && verdicts:
		l.defect(o, "verdicts", "two_conditions", "aggiungi counter alla regola, o togli verdicts", "«verdicts» vuole la chiave «counter» nella regola")
	}
	if counted && o.has("over") {
		l.defect(o, "over", "two_conditions", "togli over, o la chiave counter della regola", "una regola sull'esito di un contatore non ha «over»")
	}
}

// onlyInForms refuses, in a check of every decision, what only a form can use.
func (l *loader) onlyInForms(o object) {
	for _, v := range append(o.list("versions"), o) {
		for _, name := range []string{"counter", "verdicts", "over", "values", "several", "suggestion"} {
			if v.has(name) {
				l.defect(v, name, "only_in_forms", "sposta il file nella cartella "+formsDir+", o togli la chiave", "«%s» vale solo per le regole di un modulo", name)
			}
		}
	}
}

// formRuleVersion builds the messages of a version, and what only the rules of a form have.
func (l *loader) formRuleVersion(o object, v *RuleVersion, s *Scope, counted bool, slot func(string) string) {
	v.Verdicts = o.strings("verdicts")
	values, extra := l.values(o, s)
	v.Values = values
	if g, ok := o.object("over"); ok {
		v.Over = &Over{Counter: g.text("counter"), Part: g.text("part"), Value: l.expr(g, "value", s, Want{Kind: WantNumber})}
	}
	if counted || v.Over != nil {
		extra = append(extra, counterParts...)
	}
	v.Message = l.template(o, "message", withSlots(slot, extra))
	if o.has("several") {
		v.Several = l.template(o, "several", withSlots(slot, append([]string{SlotCount, SlotRows}, extra...)))
	}
	if g, ok := o.object("suggestion"); ok {
		v.Suggestion = l.suggestion(g, s, counted, withSlots(slot, append([]string{SlotValue}, extra...)))
	}
}

// values compiles the further slots of the messages, and gives their names.
func (l *loader) values(o object, s *Scope) (values map[string]*Expr, names []string) {
	g, ok := o.object("values")
	if !ok {
		return nil, nil
	}
	values = map[string]*Expr{}
	for i := 0; i+1 < len(g.n.Content); i += 2 {
		name := g.n.Content[i].Value
		if x := l.expr(g, name, s, Want{}); x != nil {
			values[name] = x
		}
		names = append(names, name)
	}
	return values, names
}

// withSlots allows further slots.
func withSlots(slot func(string) string, more []string) func(string) string {
	return func(name string) string {
		if slices.Contains(more, name) {
			return ""
		}
		return slot(name)
	}
}

func (l *loader) suggestion(o object, s *Scope, counted bool, slot func(string) string) *Suggestion {
	x := &Suggestion{Field: o.text("field"), Part: o.text("part"), Text: l.template(o, "text", slot)}
	f, _ := s.resolve(x.Field)
	switch {
	case f == nil && x.Field != "":
		l.defect(o, "field", "unknown_fact", s.cure(x.Field), "«%s» non è un fatto che la regola possa nominare", x.Field)
	case f != nil && o.has("value"):
		x.Value = l.expr(o, "value", s, WantField(f))
	}
	switch {
	case o.has("value") == o.has("part"):
		l.defect(o, "", "one_of_two", "il valore si calcola con value, o si prende dal contatore con part", "il suggerimento vuole una sola fra le chiavi «value» e «part»")
	case x.Part != "" && !counted:
		l.defect(o, "part", "wrong_key", "aggiungi counter alla regola, o usa value", "«part» vuole la chiave «counter» nella regola")
	case x.Part != "" && f != nil && f.Type != partType(x.Part):
		l.defect(o, "part", "type_mismatch", "", "«%s» non si può scrivere in «%s»", x.Part, x.Field)
	}
	return x
}

// partType is the type of a part of the answer of a counter.
func partType(part string) fact.Type {
	if part == PartGrantTo || part == PartStart {
		return fact.Date
	}
	return fact.Decimal
}

// ruleCounters finds the counters that rules name, once all are read.
func (l *loader) ruleCounters(o object) {
	for _, r := range o.list("rules") {
		for _, rule := range l.ed.FormRules {
			if rule.ID != r.text("id") {
				continue
			}
			l.ruleCounter(r, rule)
			for i, v := range r.list("versions") {
				if over, ok := v.object("over"); ok {
					l.ruleCounter(over, rule)
					l.overUnit(over, rule, i)
				}
			}
		}
	}
}

// ruleCounter finds the counter that a rule names there, if it does. A rule looks at one counter.
func (l *loader) ruleCounter(at object, rule *Rule) {
	id := at.text("counter")
	if id == "" {
		return
	}
	k := l.counterNamed(id)
	if k == nil {
		l.defect(at, "counter", "unknown_counter", suggestKey(id, l.counterIDs()), "il contatore «%s» non esiste", id)
		return
	}
	if rule.Counter != nil && rule.Counter != k {
		l.defect(at, "counter", "two_counters", "usa lo stesso contatore in tutte le versioni", "una regola guarda un solo contatore, e questa già «%s»", rule.Counter.ID)
		return
	}
	rule.Counter = k
}

// overUnit wants the value in the unit of the counter that it is compared with.
func (l *loader) overUnit(at object, rule *Rule, version int) {
	x := rule.Versions[version].Over
	if x == nil || x.Value == nil || rule.Counter == nil {
		return
	}
	if _, unit := x.Value.Type(); unit != rule.Counter.Unit {
		l.defect(at, "value", "unit_mismatch", "scrivi un valore nell'unità del contatore, per esempio un parametro", "il contatore «%s» conta in un'altra unità", rule.Counter.ID)
	}
}

func (l *loader) counterNamed(id string) *Counter {
	for _, k := range l.ed.Counters {
		if k.ID == id {
			return k
		}
	}
	return nil
}

func (l *loader) counterIDs() []string {
	var ids []string
	for _, k := range l.ed.Counters {
		ids = append(ids, k.ID)
	}
	return ids
}

// addFormMeaning adds what only the rules of a form have; the others keep the digest they had before.
func addFormMeaning(o, version object, v *RuleVersion, meaning, words map[string]any) {
	if id := o.text("counter"); id != "" {
		meaning["counter"], meaning["verdicts"] = id, sorted(v.Verdicts)
	}
	if x := v.Over; x != nil {
		meaning["over"] = []string{x.Counter, x.Part, canonOf(x.Value)}
	}
	if len(v.Values) > 0 {
		values := map[string]string{}
		for name, x := range v.Values {
			values[name] = x.Canonical()
		}
		meaning["values"] = values
	}
	if v.Several != nil {
		meaning["grouped"] = true
		words["several"] = version.texts("several")
	}
	if s := v.Suggestion; s != nil {
		meaning["suggestion"] = []string{s.Field, canonOf(s.Value), s.Part}
		words["suggestion"] = s.Text.Texts
	}
}

// Type is the type of the value of an expression and, of a number, its unit.
func (x *Expr) Type() (fact.Type, quantity.Unit) {
	switch x.root.kind {
	case kindBool:
		return fact.Bool, quantity.None
	case kindInt:
		return fact.Integer, x.root.unit
	case kindDec:
		return fact.Decimal, x.root.unit
	case kindDate:
		return fact.Date, quantity.None
	}
	return fact.Text, quantity.None
}
