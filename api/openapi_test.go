package api_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"omnia/api"
	"omnia/engine/rulebook"
	"omnia/rules"
)

var update = flag.Bool("update", false, "rewrite the generated files")

// embedded is the edition in the binary.
func embedded(t testing.TB) *rulebook.Edition {
	t.Helper()
	return editionOnce()
}

// editionOnce loads it once for all tests: it never changes.
var editionOnce = sync.OnceValue(func() *rulebook.Edition {
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		panic(err)
	}
	return ed
})

// document is what the service serves with the embedded rules.
func document(t testing.TB) *openapi3.T {
	t.Helper()
	return servedDocument(t, api.New(api.Config{Decider: &fake{edition: embedded(t)}}))
}

func TestGeneratedSchemasAreFresh(t *testing.T) {
	t.Parallel()
	fresh, err := api.WithFacts(api.OpenAPISource, embedded(t).Vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	if fresh, err = api.WithArchive(fresh, embedded(t).Vocabulary); err != nil {
		t.Fatal(err)
	}
	generated(t, "openapi.yaml", fresh)
}

// generated compares a checked-in file with what it should be, or rewrites it.
func generated(t *testing.T, path string, fresh []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, fresh, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(old, fresh) {
		t.Errorf("%s is not what it is generated from: run `make generate`, read the difference, commit it", path)
	}
}

func TestTheDocumentIsValidWithItsExamples(t *testing.T) {
	t.Parallel()
	doc := document(t)
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}

func TestYAMLAndJSONAreTheSameDocument(t *testing.T) {
	t.Parallel()
	s := newService(t)
	fromYAML, err := openapi3.NewLoader().LoadFromData(s.do(get("/openapi.yaml")).Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	a, err1 := fromYAML.MarshalJSON()
	b := s.do(get("/openapi.json")).Body.Bytes()
	if err1 != nil || !bytes.Equal(a, b) {
		t.Errorf("they differ (%v)", err1)
	}
}

func TestEachRouteIsInTheDocumentAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	var documented []string
	for path, item := range document(t).Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	registered := api.Routes(api.Config{Decider: &fake{edition: smallEdition(t)}})
	slices.Sort(documented)
	slices.Sort(registered)
	if !slices.Equal(documented, registered) {
		t.Errorf("documented %v\nregistered %v", documented, registered)
	}
}

// operations visits each operation with its place.
func operations(t *testing.T, visit func(place string, op *openapi3.Operation)) {
	t.Helper()
	n := 0
	for path, item := range document(t).Paths.Map() {
		for method, op := range item.Operations() {
			visit(method+" "+path, op)
			n++
		}
	}
	if n == 0 {
		t.Fatal("the document has no operations")
	}
}

func TestMetadataAsTheItalianGuidelinesWant(t *testing.T) {
	t.Parallel()
	doc := document(t)
	if doc.Info.Contact == nil || doc.Info.Contact.URL == "" || doc.Info.TermsOfService == "" {
		t.Error("info lacks contact or termsOfService")
	}
	for _, x := range []string{"x-summary", "x-api-id"} {
		if s, _ := doc.Info.Extensions[x].(string); s == "" {
			t.Errorf("info lacks %s", x)
		}
	}
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(doc.Info.Version) {
		t.Errorf("version %q is not semantic", doc.Info.Version)
	}
	for _, s := range doc.Servers {
		if sandbox, _ := s.Extensions["x-sandbox"].(bool); s.Description == "" || !sandbox && !strings.HasPrefix(s.URL, "https://") {
			t.Errorf("server %s lacks a description, or is neither https nor a sandbox", s.URL)
		}
	}
	if doc.Paths.Find("/status") == nil {
		t.Error("there is no /status")
	}
}

func TestOperationsAsTheItalianGuidelinesWant(t *testing.T) {
	t.Parallel()
	doc := document(t)
	ids := map[string]bool{}
	verb := regexp.MustCompile(`^(get|post|put|patch|delete|head)`)
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	operations(t, func(place string, op *openapi3.Operation) {
		if !snake.MatchString(op.OperationID) || verb.MatchString(op.OperationID) || ids[op.OperationID] {
			t.Errorf("%s: operationId %q is not a name of its own, or begins with a method", place, op.OperationID)
		}
		ids[op.OperationID] = true
		if op.Description == "" || op.Summary == "" || len(op.Tags) != 1 || doc.Tags.Get(op.Tags[0]) == nil || doc.Tags.Get(op.Tags[0]).Description == "" {
			t.Errorf("%s: lacks description, summary or one described tag", place)
		}
		for _, p := range op.Parameters {
			if p.Value.Description == "" || p.Value.In == "query" && !snake.MatchString(p.Value.Name) {
				t.Errorf("%s: parameter %s has no description, or is not snake_case", place, p.Value.Name)
			}
		}
	})
}

func TestPathsAreKebabCaseWithoutVerbs(t *testing.T) {
	t.Parallel()
	segment := regexp.MustCompile(`^([a-z0-9]+(-[a-z0-9]+)*(\.(json|yaml|ics))?|\{[a-z_]+\})$`)
	verb := regexp.MustCompile(`^(get|post|put|delete|create|update|list|show)$`)
	for path := range document(t).Paths.Map() {
		for _, s := range strings.Split(strings.Trim(path, "/"), "/") {
			if s != "" && !segment.MatchString(s) || verb.MatchString(s) {
				t.Errorf("%s: segment %q", path, s)
			}
		}
	}
}

func TestEachResponseCarriesTheCommonHeaders(t *testing.T) {
	t.Parallel()
	common := []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Correlation-ID", "Cache-Control"}
	pascal := regexp.MustCompile(`^([A-Z][A-Za-z]*)(-[A-Z][A-Za-z]*)*$`)
	operations(t, func(place string, op *openapi3.Operation) {
		for status, ref := range op.Responses.Map() {
			headers := ref.Value.Headers
			for _, h := range common {
				if headers[h] == nil {
					t.Errorf("%s: %s lacks %s", place, status, h)
				}
			}
			if (status == "429" || status == "503") && headers["Retry-After"] == nil {
				t.Errorf("%s: %s lacks Retry-After", place, status)
			}
			for name := range headers {
				if !pascal.MatchString(name) || slices.Contains([]string{"Accept", "Content-Type", "Authorization"}, name) || strings.HasPrefix(name, "RateLimit-") {
					t.Errorf("%s: %s: header %s", place, status, name)
				}
			}
		}
		for _, status := range []string{"429", "500"} {
			if op.Responses.Value(status) == nil {
				t.Errorf("%s does not announce %s", place, status)
			}
		}
	})
}

func TestErrorsAreProblemsAndNothingElse(t *testing.T) {
	t.Parallel()
	operations(t, func(place string, op *openapi3.Operation) {
		for status, ref := range op.Responses.Map() {
			if status < "400" && status != "default" {
				continue
			}
			media := slices.Collect(maps.Keys(ref.Value.Content))
			if !slices.Equal(media, []string{"application/problem+json"}) {
				t.Errorf("%s: %s is %v", place, status, media)
				continue
			}
			schema := ref.Value.Content["application/problem+json"].Schema.Value
			for _, field := range []string{"type", "title", "status", "detail"} {
				if schema.Properties[field] == nil {
					t.Errorf("%s: %s: the problem lacks %s", place, status, field)
				}
			}
		}
	})
}

func TestSchemasAreNamedAndBounded(t *testing.T) {
	t.Parallel()
	doc := document(t)
	pascal := regexp.MustCompile(`^([A-Z][a-z0-9]*)+$`)
	for name, ref := range doc.Components.Schemas {
		if !pascal.MatchString(name) {
			t.Errorf("schema %s is not PascalCase", name)
		}
		bounds(t, "#/components/schemas/"+name, ref)
	}
	operations(t, func(place string, op *openapi3.Operation) {
		for _, p := range op.Parameters {
			bounds(t, place+" "+p.Value.Name, p.Value.Schema)
		}
		for status, r := range op.Responses.Map() {
			for media, m := range r.Value.Content {
				bounds(t, fmt.Sprint(place, " ", status, " ", media), m.Schema)
			}
			for name, h := range r.Value.Headers {
				bounds(t, fmt.Sprint(place, " ", status, " ", name), h.Value.Schema)
			}
		}
	})
}

var numberFormats = map[string][]string{"integer": {"int32", "int64"}, "number": {"float", "double", "decimal32", "decimal64", "decimal128"}}

// bounds demands that whatever comes in or goes out has a limit, and numbers a format. A
// reference is looked at where it is defined.
func bounds(t *testing.T, place string, ref *openapi3.SchemaRef) {
	t.Helper()
	s := ref.Value
	switch {
	case s.Type.Is("string"):
		if s.MaxLength == nil {
			t.Errorf("%s: a string without maxLength", place)
		}
	case s.Type.Is("integer"), s.Type.Is("number"):
		kind := (*s.Type)[0]
		if !slices.Contains(numberFormats[kind], s.Format) || s.Min == nil || s.Max == nil {
			t.Errorf("%s: a %s without format, minimum or maximum", place, kind)
		}
	case s.Type.Is("array"):
		if s.MaxItems == nil {
			t.Errorf("%s: an array without maxItems", place)
		}
		if s.Items.Ref == "" {
			bounds(t, place+"[]", s.Items)
		}
	case s.Type.Is("object"):
		closed := s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has
		if !closed && s.MaxProps == nil {
			t.Errorf("%s: an open object without maxProperties", place)
		}
		for name, p := range s.Properties {
			if p.Ref == "" {
				bounds(t, place+"."+name, p)
			}
		}
	case len(s.AnyOf) > 0:
		for _, one := range s.AnyOf {
			bounds(t, place, one)
		}
	case !s.Type.Is("boolean"):
		t.Errorf("%s: no type", place)
	}
}

func TestThePublicAddressIsTheServer(t *testing.T) {
	t.Parallel()
	doc := servedDocument(t, api.New(api.Config{Decider: &fake{edition: smallEdition(t)}, PublicURL: "https://omnia.example.it/omnia-is"}))
	if len(doc.Servers) != 1 || doc.Servers[0].URL != "https://omnia.example.it/omnia-is" || doc.Servers[0].Extensions["x-sandbox"] != nil {
		t.Errorf("servers: %+v", doc.Servers[0])
	}
}

func TestTheDocumentFollowsAReload(t *testing.T) {
	t.Parallel()
	s := newService(t)
	before := s.do(get("/openapi.json")).Body.String()
	s.fake.edition = embedded(t)
	after := s.do(get("/openapi.json")).Body.String()
	if before == after || !strings.Contains(after, "giorni_settimana") {
		t.Error("the document still describes the old vocabulary")
	}
	want(t, s.do(get("/openapi.yaml")), http.StatusOK, "")
}
