package rulebook

import (
	"regexp"

	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// parameters builds the parameters of one file.
func (l *loader) parameters(o object) {
	for _, p := range o.list("parameters") {
		l.parameter(p)
	}
}

func (l *loader) parameter(o object) {
	list := o.list("versions")
	p := &Parameter{
		ID: o.text("id"), Title: o.texts("title"), Unit: quantity.Unit(o.text("unit")),
		Versions: make([]ParameterVersion, len(list)), Place: o.placeOf("id"),
	}
	l.take(o, "parameter", p.ID)
	if p.Unit != quantity.None {
		p.Kind = fact.Decimal
	}
	heads := make([]*Version, len(list))
	for i, v := range list {
		p.Versions[i].Version = l.version(v)
		heads[i] = &p.Versions[i].Version
		l.value(p, v, &p.Versions[i])
	}
	l.timeline(list, heads)
	for i, v := range list {
		l.item(v, "parameter", p.ID, p.Title, heads[i],
			map[string]any{"unit": p.Unit, "value": v.text("value")}, nil)
	}
	l.ed.Parameters[p.ID] = p
}

// value reads the value of a version, which must be of one kind with the others.
func (l *loader) value(p *Parameter, o object, version *ParameterVersion) {
	text := o.text("value")
	if text == "" {
		return
	}
	kind, value, ok := parseValue(text)
	switch {
	case !ok:
		l.defect(o, "value", "bad_value", `un numero si scrive con il punto ("5.01") o come frazione ("1/3"); un codice con lettere minuscole, cifre e _`, "«%s» non è un valore", text)
		return
	case p.Unit != quantity.None && kind != fact.Decimal:
		l.defect(o, "value", "unit_mismatch", "togli unit, o scrivi un numero", "un valore in «%s» deve essere un numero, non «%s»", p.Unit, text)
		return
	case p.Kind == fact.Text:
		p.Kind = kind
	case kind != p.Kind:
		l.defect(o, "value", "wrong_type", "un altro tipo di valore vuole un altro parametro", "«%s» non è dello stesso tipo del valore della versione più recente", text)
	}
	version.Value = value
}

var codeText = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// parseValue reads a value by its form: true or false, an exact number, else a code.
func parseValue(text string) (fact.Type, fact.Value, bool) {
	if text == "true" || text == "false" {
		return fact.Bool, fact.OfBool(text == "true"), true
	}
	if r, err := quantity.Parse(text); err == nil {
		return fact.Decimal, fact.OfRat(r), true
	}
	return fact.Code, fact.OfText(text), codeText.MatchString(text)
}
