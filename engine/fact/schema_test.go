package fact_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"omnia/engine/fact"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	path := "testdata/" + file
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: the page has changed (-want +got); read it, then run with -update\n%s", file, diff)
	}
}

func TestJSONSchema(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := json.Indent(&out, vocabulary.JSONSchema(), "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	golden(t, "facts.schema.json", out.Bytes())
}

func TestReference(t *testing.T) {
	t.Parallel()
	golden(t, "reference.md", vocabulary.Reference())
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(vocabulary.JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.DefaultDraft(jsonschema.Draft4) // the draft that OpenAPI 3.0 is made from
	if err := c.AddResource("facts.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("facts.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func conforms(s *jsonschema.Schema, body []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

// What we take, the published schema takes too.
func TestAcceptedFactsConformToTheSchema(t *testing.T) {
	t.Parallel()
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		body := drawFacts(t).AppendJSON(nil, true)
		if err := conforms(s, body); err != nil {
			t.Fatalf("%s\n%v", body, err)
		}
	})
}

// What the schema can refuse, it refuses as we do.
func TestTheSchemaRefusesWhatDecodingRefuses(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for _, body := range []string{
		`{"x":1}`, `{"azienda":{"Settore":"a"}}`, `{"azienda":{"settore":"z"}}`, `{"azienda":{"matricola":123}}`,
		`{"azienda":{"matricola":"12"}}`, `{"azienda":null}`, `{"periodi":{}}`, `{"periodi":[{"zero_ore":0}]}`,
		`{"unita_produttiva":{"giorni_settimana":7}}`, `{"unita_produttiva":{"giorni_settimana":5.5}}`,
		`{"richiesta":{"ore":-1}}`, `{"richiesta":{"dal":"2025-02-30"}}`, `{"richiesta":{"relazione_tecnica":"` + strings.Repeat("a", 301) + `"}}`,
		`{"richiesta":{"lavoratori":[{"codice_fiscale":"rssmra80a01h501u"}]}}`,
	} {
		if conforms(s, []byte(body)) == nil {
			t.Errorf("the schema takes %s", body)
		}
		if _, err := fact.Decode(vocabulary, []byte(body), fact.Options{}); err == nil {
			t.Errorf("decoding takes %s", body)
		}
	}
}

func TestExamplesOfTheSchemaAreAccepted(t *testing.T) {
	t.Parallel()
	var root any
	if err := json.Unmarshal(vocabulary.JSONSchema(), &root); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(exampleFrom(root.(map[string]any)))
	if err != nil {
		t.Fatal(err)
	}
	f := decode(t, string(body))
	for i, field := range vocabulary.Root.Fields {
		if !f.Root[i].IsKnown() {
			t.Errorf("%s has no example", field.Path)
		}
	}
}

// exampleFrom puts the examples of a schema together.
func exampleFrom(s map[string]any) any {
	if example, ok := s["example"]; ok {
		return example
	}
	if s["type"] == "array" {
		return []any{exampleFrom(s["items"].(map[string]any))}
	}
	out := map[string]any{}
	for name, p := range s["properties"].(map[string]any) {
		out[name] = exampleFrom(p.(map[string]any))
	}
	return out
}
