package api

import (
	"bytes"
	"encoding/json"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// The schema of a form is JSON Schema 2020-12 of the member `facts` of POST /v1/validate: what the form asks for,
// and nothing else. It holds what can be said of a field alone. What is mandatory always is `required`; what is
// so on a condition is in the description beside it, and the check tells.

// schemaNode is one object of the schema; its members keep their order.
type schemaNode struct {
	keys   []string
	values map[string]any
}

func (n *schemaNode) set(key string, value any) *schemaNode {
	if n.values == nil {
		n.values = map[string]any{}
	}
	if _, there := n.values[key]; !there {
		n.keys = append(n.keys, key)
	}
	n.values[key] = value
	return n
}

// child is the node under key, made when it is not there.
func (n *schemaNode) child(key string) *schemaNode {
	if x, ok := n.values[key].(*schemaNode); ok {
		return x
	}
	x := &schemaNode{}
	n.set(key, x)
	return x
}

// MarshalJSON is an object whose keys keep their order.
func (n *schemaNode) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, key := range n.keys {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(n.values[key])
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

const dialect2020 = "https://json-schema.org/draft/2020-12/schema"

// schemaOfForm is the schema of the facts that a version of a form asks for.
func schemaOfForm(form *rulebook.Form, v *rulebook.FormVersion, at calendar.Day, lang string) json.RawMessage {
	root := (&schemaNode{}).set("$schema", dialect2020).set("$id", "/v1/forms/"+form.ID+"?at="+at.String()).set("title", form.Title.In(lang))
	object(root)
	for i := range v.Steps {
		for j := range v.Steps[i].Fields {
			x := &v.Steps[i].Fields[j]
			placeField(root, x, at, lang)
		}
	}
	b, err := json.Marshal(root)
	if err != nil {
		panic(err) // texts and numbers: they always have a JSON
	}
	return bytes.TrimSpace(b)
}

// object makes n the schema of an object that has only what is declared.
func object(n *schemaNode) *schemaNode {
	if n.values["type"] == nil {
		n.set("type", "object").set("additionalProperties", false).set("properties", &schemaNode{})
	}
	return n
}

// placeField puts the schema of a field where its path leads: "richiesta.lavoratori[].qualifica" goes through the
// object richiesta, the list lavoratori and its rows.
func placeField(root *schemaNode, x *rulebook.FormField, at calendar.Day, lang string) {
	names := strings.Split(x.Field.Path, ".")
	n := root
	for _, name := range names[:len(names)-1] {
		list, isList := strings.CutSuffix(name, "[]")
		n = object(n).child("properties").child(list)
		if isList {
			n = n.child("items")
		}
	}
	name := names[len(names)-1]
	askedSchema(object(n).child("properties").child(name), x, at, lang)
	if always(x.Mandatory) && x.Asked == nil {
		required, _ := n.values["required"].([]string)
		n.set("required", append(required, name))
	}
}

// always tells a condition that holds whatever the facts.
func always(k *rulebook.Condition) bool {
	return k != nil && len(k.Reads()) == 0 && k.Eval(&rulebook.Env{}) == rulebook.True
}

func askedSchema(n *schemaNode, x *rulebook.FormField, at calendar.Day, lang string) {
	f := x.Field
	n.set("title", x.Words(lang))
	if help := x.Hint(lang); help != "" {
		n.set("description", help)
	}
	switch f.Type {
	case fact.Bool:
		n.set("type", "boolean")
	case fact.Integer, fact.Decimal:
		askedNumber(n, f)
	case fact.Date:
		askedDay(n)
	case fact.Days:
		n.set("type", "array").set("items", askedDay(&schemaNode{}))
		most(n, "maxItems", f.MaxLen)
	case fact.List:
		n.set("type", "array")
		most(n, "maxItems", f.MaxLen)
		object(n.child("items"))
	default:
		askedText(n, x, at, lang)
	}
}

func askedNumber(n *schemaNode, f *fact.Field) {
	kind := "number"
	if f.Type == fact.Integer {
		kind = "integer"
	}
	n.set("type", kind)
	if f.Min != nil {
		n.set("minimum", json.Number(numberText(f.Min)))
	}
	if f.Max != nil {
		n.set("maximum", json.Number(numberText(f.Max)))
	}
}

func askedDay(n *schemaNode) *schemaNode {
	return n.set("type", "string").set("format", "date").set("pattern", `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
}

func askedText(n *schemaNode, x *rulebook.FormField, at calendar.Day, lang string) {
	n.set("type", "string")
	if choices := choicesOf(x, at); len(choices) > 0 {
		var of []*schemaNode
		for _, o := range choices {
			of = append(of, (&schemaNode{}).set("const", o.Code).set("title", o.Label.In(lang)))
		}
		n.set("oneOf", of)
		return
	}
	most(n, "maxLength", x.Field.MaxLen)
	if format := fact.FormatOf(x.Field.Format); format != nil && format.Pattern != "" {
		n.set("pattern", format.Pattern)
	}
}

func most(n *schemaNode, key string, limit int) {
	if limit > 0 {
		n.set(key, limit)
	}
}

// numberText is a bound as a JSON number; bounds have finitely many decimals.
func numberText(r *quantity.Rat) string {
	return string(fact.AppendValue(nil, &fact.Field{Type: fact.Decimal}, &fact.Value{State: fact.Known, Rat: *r}))
}

// schemaPointer is where the schema of a field stands inside the schema of its form.
func schemaPointer(path string) string {
	var b strings.Builder
	for name := range strings.SplitSeq(path, ".") {
		list, isList := strings.CutSuffix(name, "[]")
		b.WriteString("/properties/" + list)
		if isList {
			b.WriteString("/items")
		}
	}
	return b.String()
}
