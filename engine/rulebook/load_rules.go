package rulebook

import (
	"path"
	"strings"

	"omnia/engine/fact"
)

// rules builds the checks of one file. Those of the folder forms are run by the forms that name them.
func (l *loader) rules(o object) {
	ofForm := path.Dir(o.src.name) == formsDir
	for _, r := range o.list("rules") {
		rule := l.rule(r)
		if ofForm {
			l.ed.FormRules = append(l.ed.FormRules, rule)
			continue
		}
		l.ed.Rules = append(l.ed.Rules, rule)
		l.onlyInForms(r)
	}
}

func (l *loader) rule(o object) *Rule {
	list := o.list("versions")
	r := &Rule{
		ID: o.text("id"), Title: o.texts("title"), SelectBy: Selector(o.text("select_by")),
		Versions: make([]RuleVersion, len(list)), Place: o.placeOf("id"),
	}
	l.take(o, "rule", r.ID)
	r.ForEach = l.forEach(o)
	known := l.ed.Vocabulary != nil && (r.ForEach != nil || o.text("for_each") == "")
	if r.SelectBy == ByRowStart && known && (r.ForEach == nil || !hasStart(r.ForEach)) {
		l.defect(o, "select_by", "wrong_selector", "aggiungi for_each: periodo, o scegli un'altra data", "la regola non ha una riga con un giorno «dal»")
	}
	heads := make([]*Version, len(list))
	for i, v := range list {
		var s *Scope
		if known {
			s = l.scope(o.text("for_each"))
		}
		r.Versions[i] = l.ruleVersion(v, s, o.text("counter") != "")
		heads[i] = &r.Versions[i].Version
	}
	l.timeline(list, heads)
	for i, v := range list {
		rv := &r.Versions[i]
		meaning := map[string]any{
			"for_each": o.text("for_each"), "select_by": r.SelectBy, "when": rv.When.Canonical(), "finding": rv.Finding.Canonical(),
			"severity": rv.Severity, "fields": rv.Fields, "code": rv.Code, "unknown": rv.Unknown,
		}
		words := map[string]any{"message": v.texts("message")}
		if rv.Final {
			meaning["final"] = true
		}
		addFormMeaning(o, v, rv, meaning, words)
		l.item(v, "rule", r.ID, r.Title, heads[i], meaning, words)
	}
	return r
}

// forEach is the list over whose rows the rule is repeated.
func (l *loader) forEach(o object) *fact.Group {
	name := o.text("for_each")
	if name == "" || l.ed.Vocabulary == nil {
		return nil
	}
	g := l.ed.Vocabulary.Groups[name]
	if g == nil {
		names := sortedKeys(l.ed.Vocabulary.Groups)
		l.defect(o, "for_each", "unknown_row", suggestKey(name, names), "«%s» non è la riga di un elenco di fatti", name)
	}
	return g
}

func hasStart(g *fact.Group) bool {
	f := g.Field("dal")
	return f != nil && f.Type == fact.Date
}

// ruleVersion builds one version; without a scope its expressions are left out.
func (l *loader) ruleVersion(o object, s *Scope, counted bool) RuleVersion {
	v := RuleVersion{
		Version: l.version(o), Severity: o.text("severity"), Fields: o.strings("fields"), Code: o.text("code"),
		Unknown: o.text("unknown"), When: l.condition(o, "when", s), Finding: l.condition(o, "finding", s),
	}
	if v.Final = o.flag("final"); v.Final && v.Severity != "error" {
		l.defect(o, "final", "not_an_error", "scrivi severity: error, o togli final", "solo con un errore non c'è altro da decidere")
	}
	l.findingOrVerdicts(o, counted)
	if s == nil {
		return v
	}
	for _, n := range o.nodes("fields") {
		if f, _ := s.resolve(n.Value); f == nil {
			l.defects = append(l.defects, o.src.defect(n, "unknown_fact", s.cure(n.Value), "«%s» non è un fatto che la regola possa nominare", n.Value))
		}
	}
	l.formRuleVersion(o, &v, s, counted, s.slotOf)
	return v
}

// cure is what to write instead of a name that is no fact in scope.
func (s *Scope) cure(name string) string {
	head, _, _ := strings.Cut(name, ".")
	if g := s.Vocabulary.Groups[head]; g != nil && g != s.Row {
		return "«" + head + "» esiste solo con for_each: " + head
	}
	return suggestOr(name, s.names(), "i fatti sono dichiarati nella cartella facts")
}
