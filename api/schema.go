package api

import (
	"encoding/json"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// schema is one node of an OpenAPI 3.0 schema; maps marshal with sorted keys, so that the same
// vocabulary always gives the same bytes.
type schema map[string]any

// factsSchema describes the facts of a vocabulary. Every fact may be absent: it is then unknown.
func factsSchema(v *fact.Vocabulary) schema {
	s := objectSchema(v.Root)
	s["description"] = "I fatti di un caso. Un fatto assente è ignoto: mai zero, mai falso."
	return s
}

// objectSchema is the object of a group; dots in the names of its fields are objects inside.
func objectSchema(g *fact.Group) schema {
	top := emptyObject()
	for _, f := range g.Fields {
		at := top
		path := strings.Split(f.Name, ".")
		for _, step := range path[:len(path)-1] {
			at = at.child(step)
		}
		at["properties"].(schema)[path[len(path)-1]] = fieldSchema(f)
	}
	return top
}

func emptyObject() schema {
	return schema{"type": "object", "additionalProperties": false, "properties": schema{}}
}

// child is the nested object of that name, made when it is not there.
func (s schema) child(name string) schema {
	properties := s["properties"].(schema)
	if properties[name] == nil {
		properties[name] = emptyObject()
	}
	return properties[name].(schema)
}

func fieldSchema(f *fact.Field) schema {
	s := typeSchema(f)
	if d := describeField(f); d != "" {
		s["description"] = d
	}
	if f.Personal {
		s["x-personal-data"] = true
	}
	if f.Unit != "" {
		s["x-unit"] = string(f.Unit)
	}
	return s
}

// describeField is the label and the help, in Italian.
func describeField(f *fact.Field) string {
	var parts []string
	for _, t := range []string{f.Label.In("it"), f.Help.In("it")} {
		if t != "" {
			parts = append(parts, strings.TrimRight(t, ". ")+".")
		}
	}
	return strings.Join(parts, " ")
}

func typeSchema(f *fact.Field) schema {
	switch f.Type {
	case fact.Bool:
		return schema{"type": "boolean"}
	case fact.Integer:
		return bounded(f, schema{"type": "integer", "format": "int64"})
	case fact.Decimal:
		return bounded(f, schema{"type": "number", "format": "decimal128"})
	case fact.Date:
		return daySchema()
	case fact.Days:
		return schema{"type": "array", "minItems": 0, "maxItems": f.MaxLen, "items": daySchema()}
	case fact.List:
		return schema{"type": "array", "minItems": 0, "maxItems": f.MaxLen, "items": objectSchema(f.Element)}
	}
	return textSchema(f)
}

func daySchema() schema {
	n := len(calendar.Max.String())
	return schema{"type": "string", "format": "date", "minLength": n, "maxLength": n, "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}
}

// bounded adds the bounds of a number as written.
func bounded(f *fact.Field, s schema) schema {
	if f.Min != nil {
		s["minimum"] = json.Number(f.Min.Decimal(6))
	}
	if f.Max != nil {
		s["maximum"] = json.Number(f.Max.Decimal(6))
	}
	return s
}

func textSchema(f *fact.Field) schema {
	s := schema{"type": "string"}
	if f.MaxLen > 0 {
		s["maxLength"] = f.MaxLen
	}
	if format := fact.FormatOf(f.Format); format != nil {
		s["pattern"] = format.Pattern
		s["example"] = format.Example
	}
	if len(f.Options) > 0 {
		codes := make([]string, len(f.Options))
		for i, o := range f.Options {
			codes[i] = o.Code
			s["maxLength"] = max(len(o.Code), s.length())
		}
		s["enum"] = codes
	}
	return s
}

// length is the longest text allowed so far.
func (s schema) length() int {
	n, _ := s["maxLength"].(int)
	return n
}
