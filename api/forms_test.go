package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"omnia/engine/calendar"
)

// shownForm is what the tests read of a form.
type shownForm struct {
	ID     string          `json:"id"`
	Title  string          `json:"title"`
	At     string          `json:"at"`
	Schema json.RawMessage `json:"schema"`
	UI     struct {
		Steps []struct {
			ID, Title string
			Fields    []struct {
				Field, List, Pointer, Widget, Label string
				Options                             []struct{ Value, Label string }
				Asked                               *struct {
					Expression, Text string
					DependsOn        []string `json:"depends_on"`
				} `json:"asked_when"`
			}
		}
	} `json:"ui"`
}

func TestFormsAreListed(t *testing.T) {
	t.Parallel()
	s := formService(t)
	l := read[listing](t, s.do(get("/v1/forms")))
	if !slices.Equal(l.column("id"), []string{"ais-fis", "cigo"}) {
		t.Errorf("%v", l.column("id"))
	}
	want(t, s.do(get("/v1/forms?at=domani")), http.StatusUnprocessableEntity, "invalid_parameters", "not_a_day")
	want(t, s.do(get("/v1/forms/nessuno")), http.StatusNotFound, "form_not_found")
}

// A portal that knows nothing but this answer can show the form: each field has a label and a control, a choice has
// its options, and its schema is where the pointer says.
func TestAFormIsAllThatAPortalNeeds(t *testing.T) {
	t.Parallel()
	s := formService(t)
	for _, id := range []string{"cigo", "ais-fis"} {
		titles := map[string]bool{}
		for _, lang := range []string{"it", "en", "de"} {
			w := s.do(get("/v1/forms/"+id+"?at=2025-11-30").with("Accept-Language", lang))
			form := read[shownForm](t, w)
			titles[form.Title] = true
			if form.ID != id || form.At != "2025-11-30" || len(form.UI.Steps) == 0 {
				t.Fatalf("%s", w.Body)
			}
			for _, step := range form.UI.Steps {
				for _, f := range step.Fields {
					if f.Label == "" || f.Widget == "" || (f.Widget == "select") != (len(f.Options) > 0) {
						t.Errorf("%s: %+v", lang, f)
					}
					if node := at(t, form.Schema, f.Pointer); node["title"] != f.Label || node["type"] == nil {
						t.Errorf("%s: at %s stands %v", f.Field, f.Pointer, node)
					}
					if f.Asked != nil && (f.Asked.Text == "" || f.Asked.Expression == "" || len(f.Asked.DependsOn) == 0) {
						t.Errorf("%s: %+v", f.Field, f.Asked)
					}
				}
			}
		}
		if len(titles) != 3 {
			t.Errorf("%v", titles)
		}
	}
}

// at is the node of a schema that a JSON pointer leads to.
func at(t *testing.T, schema json.RawMessage, pointer string) map[string]any {
	t.Helper()
	var node map[string]any
	if err := json.Unmarshal(schema, &node); err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		next, ok := node[name].(map[string]any)
		if !ok {
			t.Fatalf("%s leads nowhere at %s", pointer, name)
		}
		node = next
	}
	return node
}

// The choices of a causale are those of the table on the day asked, and the schema says the same.
func TestTheChoicesAreThoseOfTheDay(t *testing.T) {
	t.Parallel()
	form := read[shownForm](t, formService(t).do(get("/v1/forms/cigo?at=2025-11-30")))
	for _, step := range form.UI.Steps {
		for _, f := range step.Fields {
			if f.Field != "richiesta.causale" {
				continue
			}
			ed := embedded(t)
			want := ed.Form("cigo").At(calendar.MustParse("2025-11-30"))
			n := 0
			for i := range want.Steps {
				for j := range want.Steps[i].Fields {
					if x := &want.Steps[i].Fields[j]; x.Field.Path == f.Field {
						n = len(x.Options.Choices(calendar.MustParse("2025-11-30")))
					}
				}
			}
			of, _ := at(t, form.Schema, f.Pointer)["oneOf"].([]any)
			if len(f.Options) != n || len(of) != n || n == 0 {
				t.Errorf("%d options, %d in the schema, %d in the table", len(f.Options), len(of), n)
			}
			return
		}
	}
	t.Error("the form does not ask for the causale")
}

// A form may be kept: the same question has the same tag, another language or day another one.
func TestAFormMayBeKept(t *testing.T) {
	t.Parallel()
	s := formService(t)
	w := s.do(get("/v1/forms/cigo?at=2025-11-30"))
	tag := w.Header().Get("ETag")
	if tag == "" || !strings.Contains(w.Header().Get("Cache-Control"), "max-age") {
		t.Fatalf("%v", w.Header())
	}
	if again := s.do(get("/v1/forms/cigo?at=2025-11-30").with("If-None-Match", tag)); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
		t.Errorf("%d", again.Code)
	}
	for _, r := range []request{get("/v1/forms/cigo?at=2025-12-01"), get("/v1/forms/cigo?at=2025-11-30").with("Accept-Language", "de")} {
		if other := s.do(r.with("If-None-Match", tag)); other.Code != http.StatusOK || other.Header().Get("ETag") == tag {
			t.Errorf("%s: %d", r.path, other.Code)
		}
	}
}
