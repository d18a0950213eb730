package fact

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"omnia/engine/quantity"
)

// JSONSchema describes the object of facts as a schema of OpenAPI 3.0, which editors read too.
// Keys come in the declared order, so that the text is the same for the same declarations.
func (v *Vocabulary) JSONSchema() json.RawMessage { return v.Root.JSONSchema() }

// JSONSchema describes one record of the group: a row, or the root. Names with dots are nested
// objects. Descriptions are in Italian.
func (g *Group) JSONSchema() json.RawMessage {
	w := schemaWriter{}
	w.object(g.tree)
	return w.out
}

// schemaWriter writes JSON objects whose keys keep the order they are given in.
type schemaWriter struct {
	out   []byte
	first bool
}

func (w *schemaWriter) open() {
	w.out, w.first = append(w.out, '{'), true
}

func (w *schemaWriter) close() {
	w.out, w.first = append(w.out, '}'), false
}

func (w *schemaWriter) key(name string) {
	if !w.first {
		w.out = append(w.out, ',')
	}
	w.first = false
	w.out = append(appendText(w.out, name), ':')
}

func (w *schemaWriter) text(key, value string) {
	if value != "" {
		w.key(key)
		w.out = appendText(w.out, value)
	}
}

func (w *schemaWriter) raw(key, value string) {
	w.key(key)
	w.out = append(w.out, value...)
}

func (w *schemaWriter) texts(key string, values []string) {
	w.key(key)
	w.out = append(w.out, '[')
	for i, s := range values {
		w.out = appendText(comma(w.out, i), s)
	}
	w.out = append(w.out, ']')
}

func (w *schemaWriter) object(o *object) {
	w.open()
	w.text("type", "object")
	w.raw("additionalProperties", "false")
	var required []string
	w.key("properties")
	w.open()
	for i := range o.members {
		m := &o.members[i]
		if m.required {
			required = append(required, m.name)
		}
		w.key(m.name)
		if m.child != nil {
			w.object(m.child)
		} else {
			w.field(m.field)
		}
	}
	w.close()
	if len(required) > 0 {
		w.texts("required", required)
	}
	w.close()
}

func (w *schemaWriter) field(f *Field) {
	w.open()
	switch f.Type {
	case Text, Code:
		w.string(f)
	case Bool:
		w.text("type", "boolean")
	case Integer:
		w.number(f, "integer", "int64")
	case Decimal:
		w.number(f, "number", "double")
	case Date:
		w.day()
	case Days:
		w.list(f, func() { w.open(); w.day(); w.close() })
	case List:
		w.list(f, func() { w.row(f.Element) })
	}
	w.text("description", describe(f))
	if example := exampleOf(f); example != "" {
		w.raw("example", example)
	}
	w.close()
}

func (w *schemaWriter) string(f *Field) {
	w.text("type", "string")
	if len(f.Options) > 0 {
		w.texts("enum", codesOf(f))
	}
	if f.Format != "" {
		w.text("pattern", formats[f.Format].Pattern)
	}
	if n := longest(f); n > 0 {
		w.raw("maxLength", strconv.Itoa(n))
	}
}

func (w *schemaWriter) number(f *Field, kind, format string) {
	w.text("type", kind)
	w.text("format", format)
	if f.Min != nil {
		w.raw("minimum", string(appendDecimal(nil, *f.Min)))
	}
	if f.Max != nil {
		w.raw("maximum", string(appendDecimal(nil, *f.Max)))
	}
}

func (w *schemaWriter) day() {
	w.text("type", "string")
	w.text("format", "date")
	w.text("pattern", `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	w.raw("maxLength", "10")
}

func (w *schemaWriter) list(f *Field, element func()) {
	w.text("type", "array")
	if f.MaxLen > 0 {
		w.raw("maxItems", strconv.Itoa(f.MaxLen))
	}
	w.key("items")
	element()
}

func (w *schemaWriter) row(g *Group) {
	if g.bare {
		w.field(g.Fields[0])
	} else {
		w.object(g.tree)
	}
}

// longest is the most characters a text has, 0 when there is no limit.
func longest(f *Field) int {
	if len(f.Options) == 0 {
		return f.MaxLen
	}
	return len(slices.MaxFunc(codesOf(f), func(a, b string) int { return len(a) - len(b) }))
}

func codesOf(f *Field) []string {
	codes := make([]string, len(f.Options))
	for i, o := range f.Options {
		codes[i] = o.Code
	}
	return codes
}

// describe says in Italian what a field is, in which unit, and what its codes mean.
func describe(f *Field) string {
	parts := []string{f.Label.In("it")}
	if unit := unitNames[f.Unit]; unit != "" {
		parts[0] += " (" + unit + ")"
	}
	if help := f.Help.In("it"); help != "" {
		parts = append(parts, strings.TrimSuffix(help, "."))
	}
	if len(f.Options) > 0 {
		parts = append(parts, "Codici: "+strings.Join(optionTexts(f), "; "))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ". ")
}

func optionTexts(f *Field) []string {
	out := make([]string, len(f.Options))
	for i, o := range f.Options {
		out[i] = o.Code + " = " + o.Label.In("it")
	}
	return out
}

// unitNames are the units in Italian, in the plural.
var unitNames = map[quantity.Unit]string{
	quantity.Days: "giorni", quantity.Weeks: "settimane", quantity.Months: "mesi",
	quantity.Hours: "ore", quantity.Euro: "euro", quantity.Percent: "percentuale",
}

// exampleOf is a value that the field takes, as JSON; "" for lists, whose rows have their own.
func exampleOf(f *Field) string {
	switch f.Type {
	case Text, Code:
		switch {
		case len(f.Options) > 0:
			return string(appendText(nil, f.Options[0].Code))
		case f.Format != "":
			return string(appendText(nil, formats[f.Format].Example))
		}
		return string(appendText(nil, "testo"))
	case Bool:
		return "true"
	case Integer, Decimal:
		switch {
		case f.Min != nil:
			return string(appendDecimal(nil, *f.Min))
		case f.Max != nil:
			return string(appendDecimal(nil, *f.Max))
		}
		return "40"
	case Date:
		return `"2025-11-30"`
	case Days:
		return `["2025-11-24","2025-11-25"]`
	}
	return ""
}
