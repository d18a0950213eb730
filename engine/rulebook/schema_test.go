package rulebook_test

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"omnia/engine/rulebook"
)

func compiledSchemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	out := map[string]*jsonschema.Schema{}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for name, data := range rulebook.JSONSchemas() {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.AddResource(name, doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s, err := c.Compile(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = s
	}
	return out
}

func plainYAML(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

var schemaComment = regexp.MustCompile(`^# yaml-language-server: \$schema=(\S+)\n`)

func TestEveryShippedFileFitsTheSchemaItNames(t *testing.T) {
	t.Parallel()
	schemas := compiledSchemas(t)
	for name, f := range shipped(t) {
		m := schemaComment.FindSubmatch(f.Data)
		if m == nil {
			t.Errorf("%s names no schema on its first line", name)
			continue
		}
		if got := path.Join(path.Dir(name), string(m[1])); path.Dir(got) != "schema" {
			t.Errorf("%s looks for its schema in %s", name, got)
		}
		s := schemas[path.Base(string(m[1]))]
		if s == nil {
			t.Errorf("%s names a schema that is not made: %s", name, m[1])
			continue
		}
		if err := s.Validate(plainYAML(t, f.Data)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemasRefuseWhatTheLoaderRefuses(t *testing.T) {
	t.Parallel()
	schemas := compiledSchemas(t)
	for _, tt := range []struct{ name, schema, file, old, new string }{
		{"an unknown key", "counter", "counters/cigo.settimane.yaml", "    norms:", "    normes:"},
		{"a missing key", "counter", "counters/cigo.settimane.yaml", "    confidence: CONFIRMED\n", ""},
		{"a missing language", "counter", "counters/cigo.settimane.yaml", `, de: "Wochen"`, ""},
		{"an unknown word", "counter", "counters/cigo.settimane.yaml", "measure: giorni", "measure: giornate"},
		{"a number for a text", "parameters", "parameters/limiti.yaml", `value: "52"`, `value: 52`},
		{"a text for a number", "counter", "counters/cigo.settimane.yaml", "order: 1", `order: "1"`},
		{"a badly written norm", "exception", "exceptions/meteo.yaml", "D148.art12.c3", "D148-12-3"},
		{"a badly written day", "exception", "exceptions/meteo.yaml", `"2023-12-31"`, `"31-12-2023"`},
		{"an empty list", "rules", "checks/periodi.yaml", "fields: [periodo.giorni]", "fields: []"},
		{"a number in a cell", "table", "tables/settori.yaml", `mesi: "24"`, `mesi: 24`},
		{"a month beyond December", "holidays", "tables/festivita.yaml", "month: 1", "month: 13"},
		{"an unknown type", "facts", "facts/fatti.yaml", "type: integer", "type: intero"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := minimal(t)
			s := schemas[tt.schema+".schema.json"]
			if err := s.Validate(plainYAML(t, files[tt.file].Data)); err != nil {
				t.Fatalf("the file as it stands: %v", err)
			}
			edit(t, files, tt.file, tt.old, tt.new)
			if s.Validate(plainYAML(t, files[tt.file].Data)) == nil {
				t.Error("the schema takes it")
			}
			if _, defects := rulebook.Load(files); len(defects) == 0 {
				t.Error("the loader takes it")
			}
		})
	}
}

func TestTheSchemasOfTheFolderAreThoseOfTheLoader(t *testing.T) {
	t.Parallel()
	const dir = "../../rules/schema"
	want := rulebook.JSONSchemas()
	if *update {
		for name, data := range want {
			if err := os.WriteFile(path.Join(dir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := want[e.Name()]; !ok {
			t.Errorf("%s has no kind of file", e.Name())
		}
	}
	for name, data := range want {
		got, err := fs.ReadFile(os.DirFS(dir), name)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s is not as the loader has it: write it anew with `omnia rules schema --dir rules` (%v)", name, err)
		}
	}
}

func TestSchemasDescribeEveryKeyInItalian(t *testing.T) {
	t.Parallel()
	for name, data := range rulebook.JSONSchemas() {
		if n := strings.Count(string(data), `"description": ""`); n > 0 {
			t.Errorf("%s has %d keys without a description", name, n)
		}
	}
}
