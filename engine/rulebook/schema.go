package rulebook

import (
	"bytes"
	"encoding/json"
	"strings"

	"omnia/engine/quantity"
)

// JSONSchemas are the schemas that editors complete and check with, by file name: one for each
// kind of file, drawn from the forms that the loader itself checks.
func JSONSchemas() map[string][]byte {
	files := map[string][]byte{}
	for i := range fileKinds {
		k := &fileKinds[i]
		name, _, _ := strings.Cut(k.schema, "/")
		files[name+".schema.json"] = k.jsonSchema()
	}
	return files
}

// jsonObject is an object of JSON Schema; its keys are written sorted.
type jsonObject map[string]any

func (k *kindOfFile) jsonSchema() []byte {
	w := schemaWriter{defs: jsonObject{}}
	root := w.object(k.shape)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = k.schema
	if len(w.defs) > 0 {
		root["$defs"] = w.defs
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		panic(err) // our own words and lists always have a JSON form
	}
	return b.Bytes()
}

// schemaWriter gathers the shapes that are named more than once under $defs.
type schemaWriter struct{ defs jsonObject }

func (w *schemaWriter) object(s *shape) jsonObject {
	properties, required := jsonObject{}, []string{}
	for i := range s.keys {
		k := &s.keys[i]
		property := w.form(k.form)
		property["description"] = k.text
		properties[k.name] = property
		if k.required {
			required = append(required, k.name)
		}
	}
	o := jsonObject{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	if s.free != nil {
		o["additionalProperties"] = w.form(s.free)
	}
	return o
}

func (w *schemaWriter) form(f *form) jsonObject {
	switch f.kind {
	case formCode:
		return jsonObject{"enum": f.options}
	case formDay:
		return jsonObject{"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
	case formWhole:
		o := jsonObject{"type": "integer", "minimum": f.least}
		if f.most != 0 {
			o["maximum"] = f.most
		}
		return o
	case formBool:
		return jsonObject{"type": "boolean"}
	case formTexts:
		return w.define("texts", w.texts)
	case formList:
		return jsonObject{"type": "array", "items": w.form(f.of), "minItems": f.atLeast}
	case formObject:
		return w.define(f.shape.name, func() jsonObject {
			o := w.object(f.shape)
			o["description"] = f.shape.text
			return o
		})
	case formMap:
		return jsonObject{"type": "object", "additionalProperties": w.form(f.of)}
	case formAny:
		return jsonObject{}
	}
	return textSchema(f)
}

func textSchema(f *form) jsonObject {
	o := jsonObject{"type": "string", "pattern": `\S`}
	if f.pattern != nil {
		o["pattern"] = f.pattern.String()
	}
	return o
}

func (w *schemaWriter) texts() jsonObject {
	properties := jsonObject{}
	for _, lang := range quantity.Languages {
		properties[lang] = jsonObject{"type": "string", "pattern": `\S`}
	}
	return jsonObject{
		"type": "object", "description": "un testo per lingua",
		"properties": properties, "required": quantity.Languages, "additionalProperties": false,
	}
}

// define refers to a named shape, and writes it the first time.
func (w *schemaWriter) define(name string, write func() jsonObject) jsonObject {
	if _, ok := w.defs[name]; !ok {
		w.defs[name] = nil // a shape that contains itself would otherwise be written for ever
		w.defs[name] = write()
	}
	return jsonObject{"$ref": "#/$defs/" + name}
}
