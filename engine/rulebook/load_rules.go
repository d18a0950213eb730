package rulebook

import (
	"omnia/engine/fact"
)

// rules builds the checks of one file.
func (l *loader) rules(o object) {
	for _, r := range o.list("rules") {
		l.rule(r)
	}
}

func (l *loader) rule(o object) {
	list := o.list("versions")
	r := &Rule{
		ID: o.text("id"), Title: o.texts("title"), SelectBy: Selector(o.text("select_by")),
		Versions: make([]RuleVersion, len(list)), Place: o.placeOf("id"),
	}
	l.take(o, "rule", r.ID)
	r.ForEach = l.forEach(o)
	if r.SelectBy == ByRowStart && (r.ForEach == nil || !hasStart(r.ForEach)) && l.ed.Vocabulary != nil {
		l.defect(o, "select_by", "wrong_selector", "aggiungi for_each: periodo, o scegli un'altra data", "la regola non ha una riga con un giorno «dal»")
	}
	heads := make([]*Version, len(list))
	for i, v := range list {
		r.Versions[i] = l.ruleVersion(v, o.text("for_each"))
		heads[i] = &r.Versions[i].Version
	}
	l.timeline(list, heads)
	for i, v := range list {
		rv := &r.Versions[i]
		l.item(v, "rule", r.ID, r.Title, heads[i], map[string]any{
			"for_each": o.text("for_each"), "select_by": r.SelectBy, "when": rv.When.Canonical(), "finding": rv.Finding.Canonical(),
			"severity": rv.Severity, "fields": rv.Fields, "code": rv.Code, "unknown": rv.Unknown,
		}, map[string]any{"message": v.texts("message")})
	}
	l.ed.Rules = append(l.ed.Rules, r)
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

func (l *loader) ruleVersion(o object, row string) RuleVersion {
	s := l.scope(row)
	v := RuleVersion{
		Version: l.version(o), Severity: o.text("severity"), Fields: o.strings("fields"), Code: o.text("code"),
		Unknown: o.text("unknown"), When: l.condition(o, "when", s), Finding: l.condition(o, "finding", s),
	}
	if s == nil {
		return v
	}
	for _, n := range o.nodes("fields") {
		if f, _ := s.resolve(n.Value); f == nil {
			l.defects = append(l.defects, o.src.defect(n, "unknown_fact", suggestOr(n.Value, s.names(), ""), "«%s» non è un fatto dichiarato", n.Value))
		}
	}
	v.Message = l.template(o, "message", func(slot string) string {
		if f, _ := s.resolve(slot); f != nil && f.Type != fact.List && f.Type != fact.Days {
			return ""
		}
		return suggestOr(slot, s.names(), "tra graffe va il nome di un fatto, per esempio {data_riferimento}")
	})
	return v
}
