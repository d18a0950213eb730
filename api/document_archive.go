package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"omnia/archive"
	"omnia/engine/fact"
)

// The schemas of what is archived are made from the vocabulary too, for it has the fields of the facts, and
// more. They stand between marks of their own.
var (
	archiveBegin = []byte("    # BEGIN archive (generated from rules/facts and archive: make generate)\n")
	archiveEnd   = []byte("    # END archive\n")
)

// archivedSchemas are those that are made, by the names of the document. With more, the schema has these
// members besides: an object that is closed can't be extended by reference.
var archivedSchemas = []struct {
	name, of, description string
	more                  schema
	required              []string
}{
	{"Provvedimento", "provvedimento", "Un provvedimento, come si invia.", nil, nil},
	{"Posizione", "posizione", "Una matricola, come si invia.", nil, nil},
	{"DelegaInput", "delega", "Una delega, come si conferisce.", nil, nil},
	{"ProvvedimentoTrovato", "provvedimento", "Un provvedimento di un elenco: tutto ciò che è registrato.", schema{
		"registrato_il": ref("Instant"), "superato_il": ref("Instant"), "links": ref("ProvvedimentoLinks"),
	}, []string{"versione", "registrato_il", "links"}},
	{"ProvvedimentoRegistrato", "provvedimento", "Un provvedimento appena inviato, e che cosa ne è stato.", schema{
		"registrazione": schema{"type": "string", "maxLength": 9, "enum": []string{"creato", "corretto", "invariato"}}, "links": ref("ProvvedimentoLinks"),
	}, []string{"versione", "registrazione", "links"}},
	{"ProvvedimentoDettaglio", "provvedimento", "Un provvedimento con il suo effetto su ogni contatore.", schema{
		"registrato_il": ref("Instant"), "superato_il": ref("Instant"), "links": ref("ProvvedimentoLinks"),
		"data_riferimento": ref("Day"), "noto_al": ref("Instant"),
		"effetti":         schema{"type": "array", "minItems": 0, "maxItems": 200, "items": ref("Effetto")},
		"effetti_assenti": ref("Unexplained"),
		"versioni":        schema{"type": "array", "minItems": 1, "maxItems": 1_000_000, "items": ref("VersioneProvvedimento")},
	}, []string{"versione", "registrato_il", "links", "data_riferimento", "noto_al", "effetti", "versioni"}},
}

func ref(name string) schema { return schema{"$ref": "#/components/schemas/" + name} }

// withArchive is the document with the schemas of that vocabulary between the marks. A vocabulary that
// nothing can be archived with leaves what is there.
func withArchive(source []byte, vocabulary *fact.Vocabulary) ([]byte, error) {
	before, rest, ok1 := bytes.Cut(source, archiveBegin)
	_, after, ok2 := bytes.Cut(rest, archiveEnd)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("openapi.yaml lacks the marks around the schemas of the archive")
	}
	reader, err := archive.NewReader(vocabulary)
	if err != nil {
		return source, nil
	}
	out := append(bytes.Clone(before), archiveBegin...)
	for _, a := range archivedSchemas {
		text, err := archivedSchema(reader.Schemas()[a.of], a.description, a.more, a.required)
		if err != nil {
			return nil, fmt.Errorf("schema of %s: %w", a.name, err)
		}
		out = append(append(append(out, "    "+a.name+": "...), text...), '\n')
	}
	return append(append(out, archiveEnd...), after...), nil
}

// archivedSchema is a schema with a description and further members. Codes are not explained there: the
// schema of the facts does that.
func archivedSchema(text json.RawMessage, description string, more schema, required []string) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var s schema
	if err := d.Decode(&s); err != nil {
		return nil, err
	}
	s["description"] = description
	properties := s["properties"].(map[string]any)
	for name, p := range more {
		properties[name] = p
	}
	for _, name := range required {
		s["required"] = append(s["required"].([]any), name)
	}
	return json.MarshalIndent(s, "      ", "  ")
}
