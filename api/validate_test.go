package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/api"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// checking is real with checks of forms, and with ids of their own.
type checking struct {
	real
	now func() time.Time
}

func (k checking) Validate(_ context.Context, _ *rulebook.Edition, f *fact.Facts, opt engine.ValidateOptions) (*engine.Validation, error) {
	a, err := k.engine.Validate(f, opt)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	a.Decision.ID, a.Decision.Instant = id.String(), k.now().UTC().Format("2006-01-02T15:04:05.000Z")
	return a, err
}

func formService(t *testing.T) *service {
	t.Helper()
	return newService(t, func(c *api.Config) {
		c.Decider = checking{real{engine.New(embedded(t))}, func() time.Time { return noon }}
		c.Development = true
	})
}

// application is a form being filled in by a test.
type application map[string]any

// put writes a value at a path such as richiesta.dal; nil takes it away.
func (a application) put(path string, value any) application {
	at, names := map[string]any(a), strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	if last := names[len(names)-1]; value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
	return a
}

func (a application) body(complete bool) string {
	b, err := json.Marshal(map[string]any{"form": "cigo", "complete": complete, "facts": a})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// entry is one field as a person fills it.
type entry struct {
	path  string
	value any
}

// whole is an application in order, field by field, for a unit with a clean history.
func whole() []entry {
	workers := []any{map[string]any{"codice_fiscale": "RSSMRA80A01H501U", "qualifica": "operaio", "anzianita_giorni": 400}}
	return []entry{
		{"azienda.matricola", "1000000001"}, {"azienda.settore", "a"}, {"azienda.dipendenti_semestre", 40.5},
		{"unita_produttiva.progressivo", "0"}, {"unita_produttiva.giorni_settimana", 5}, {"unita_produttiva.nota", true}, {"unita_produttiva.attiva", true},
		{"unita_produttiva.mesi_attivita", 6},
		{"richiesta.prestazione", "CIGO"}, {"richiesta.causale", "mancanza_lavoro"},
		{"richiesta.dal", "2025-11-17"}, {"richiesta.al", "2025-12-14"}, {"richiesta.ore", 150}, {"richiesta.data_ripresa", "2026-03-02"},
		{"unita_produttiva.organico_medio", []any{map[string]any{"ore_settimanali": 40, "lavoratori": 38.5}}},
		{"richiesta.lavoratori", workers},
		{"richiesta.consultazione.data_comunicazione", "2025-10-20"}, {"richiesta.consultazione.data_conclusione", "2025-10-30"}, {"richiesta.consultazione.esame_congiunto", true},
		{"richiesta.pagamento", "conguaglio"}, {"richiesta.relazione_tecnica", "Calo degli ordini del 40 % nel semestre; ripresa attesa a marzo."},
		{"richiesta.allegati", []any{}}, {"periodi", []any{}}, {"richiesta.data_presentazione", "2025-11-25"},
	}
}

// known drops the entries whose fact the rules don't have.
func known(t *testing.T, all []entry) []entry {
	root := embedded(t).Vocabulary.Root
	return slices.DeleteFunc(all, func(e entry) bool { return root.Field(e.path) == nil })
}

// checked is what the tests read of the check of a form.
type checked struct {
	Outcome  string
	Findings []struct {
		Severity, Code, Message string
		Fields                  []string
		Rule                    struct {
			ID      string
			Version int
		}
		Suggestion *struct{ Field string }
	}
	Missing []struct{ Field, Label, Why string }
	Derived map[string]any

	Prefilled []struct {
		Field  string
		Value  any
		Source struct {
			Kind, Numero, Registered string
			Version                  int
		}
	}
	Differences []struct {
		Field          string
		Written, Known any
	}
	Draft *struct {
		ID, State, ETag string
		Version         int
	}
	Changes *struct {
		Before        struct{ Decision string }
		Causes        []string
		Fields        []string
		Edition       string
		Gone, New     []struct{ Rule, Code string }
		Text          []string
		OutcomeBefore string `json:"outcome_before"`
		OutcomeAfter  string `json:"outcome_after"`
	} `json:"changes_since"`
	Decision struct{ ID string }
}

// find is the place of the first finding of that code, or -1.
func (v *checked) find(code string) int { return slices.Index(codesOf(*v), code) }

func check(t *testing.T, w *httptest.ResponseRecorder) (v checked) {
	t.Helper()
	want(t, w, http.StatusOK, "")
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func codesOf(v checked) (out []string) {
	for _, f := range v.Findings {
		out = append(out, f.Code)
	}
	return out
}

// A person fills in the form field by field: nothing is ever wrong, each answer says what to write next, and the
// last one is valid. Filled in the other way round, it ends the same.
func TestAFormIsFilledInFieldByField(t *testing.T) {
	t.Parallel()
	s := formService(t)
	for _, back := range []bool{false, true} {
		form, entries := application{}, known(t, whole())
		if back {
			slices.Reverse(entries)
		}
		for i, e := range entries {
			v := check(t, s.do(post("/v1/validate", form.body(false))))
			if v.Outcome != engine.OutcomeIncomplete || len(v.Missing) == 0 {
				t.Fatalf("before %s: %s %v", e.path, v.Outcome, v.Findings)
			}
			form.put(e.path, e.value)
			for _, f := range v.Findings {
				if f.Severity == "error" {
					t.Errorf("after %d fields: %s %s", i, f.Code, f.Message)
				}
			}
		}
		v := check(t, s.do(post("/v1/validate", form.body(true))))
		if v.Outcome != engine.OutcomeValid || len(v.Derived) == 0 {
			t.Errorf("filled in (backwards: %v): %s, findings %v, missing %v", back, v.Outcome, v.Findings, v.Missing)
		}
	}
}

func TestAnEmptyFormAsksInEachLanguage(t *testing.T) {
	t.Parallel()
	s := formService(t)
	seen := map[string]bool{}
	for _, lang := range []string{"it", "en", "de"} {
		v := check(t, s.do(post("/v1/validate", `{"form": "cigo", "facts": {}}`).with("Accept-Language", lang)))
		if v.Outcome != engine.OutcomeIncomplete || len(v.Findings) != 0 || len(v.Missing) < 10 || v.Missing[0].Label == "" || v.Missing[0].Why == "" {
			t.Errorf("%s: %s %v", lang, v.Outcome, v.Findings)
		}
		seen[v.Missing[0].Why] = true
	}
	if len(seen) != 3 {
		t.Errorf("%v", seen)
	}
}

// What is wrong with a fact is told in the answer; only what is not of the right JSON type, or no day, is refused.
func TestOnlyAWrongTypeOrAnUnreadableDayIsRefused(t *testing.T) {
	t.Parallel()
	s := formService(t)
	const facts = `{"form": "cigo", "facts": %s}`
	told := map[string]string{
		`{"azienda": {"matricola": "12"}}`:                                                                           "invalid_format",
		`{"azienda": {"codice_fiscale": "00000000001"}}`:                                                             "invalid_check_digit",
		`{"azienda": {"settore": "zz"}}`:                                                                             "unknown_code",
		`{"richiesta": {"dal": "2025-11-17", "al": "2025-11-10"}}`:                                                   "date_order",
		`{"unita_produttiva": {"giorni_settimana": 9}}`:                                                              "out_of_range",
		`{"periodi": [{"numero": "A"}, {"numero": "A"}]}`:                                                            "duplicate_numero",
		`{"richiesta": {"relazione_tecnica": "a\u0000b"}}`:                                                           "control_character",
		`{"richiesta": {"lavoratori": [{"qualifica": "` + `<script>alert(1)</script>` + `"}]}}`:                      "unknown_code",
		`{"richiesta": {"allegati": [{"tipo": "` + strings.Repeat("x", 500) + `"}]}}`:                                "",
		`{"richiesta": {"relazione_tecnica": "<script>alert(1)</script> ' OR 1=1 -- ${jndi:ldap://x} ‮تجربة 漢字 𝕏"}}`: "",
	}
	for body, code := range told {
		v := check(t, s.do(post("/v1/validate", fmt.Sprintf(facts, body))))
		if code != "" && !slices.Contains(codesOf(v), code) {
			t.Errorf("%s: %v, want %s", body, codesOf(v), code)
		}
	}
	refused := []struct {
		body, code string
		errors     []string
		status     int
	}{
		{`{"form": "cigo", "facts": {"richiesta": {"dal": "2025-02-30", "ore": "many"}}}`, "invalid_input", []string{"invalid_date", "wrong_type"}, 422},
		{`{"form": "cigo", "facts": {"richiesta": {"dal": null}}}`, "invalid_input", []string{"wrong_type"}, 422},
		{`{"form": 1, "facts": {}}`, "invalid_input", []string{"wrong_type"}, 422},
		{`{"facts": {}}`, "invalid_input", []string{"required"}, 422},
		{`{"form": "nessuno", "facts": {}}`, "unknown_form", []string{"unknown_form"}, 422},
		{`{"form": "cigo", "facts": {}, "extra": 1}`, "unknown_field", []string{"unknown_field"}, 400},
		{`{"form": "cigo", "facts": {"azienda": {"Matricola": "1"}}}`, "unknown_field", []string{"unknown_field"}, 400},
		{`{"form": "cigo", "form": "cigo", "facts": {}}`, "duplicate_key", []string{"duplicate_key"}, 400},
		{`{"form": "cigo", "facts": ` + strings.Repeat(`{"azienda":`, 100), "too_deep", nil, 400},
		{`{"form": "cigo", "facts": {}} {}`, "trailing_data", []string{"trailing_data"}, 400},
	}
	for _, x := range refused {
		w := s.do(post("/v1/validate", x.body))
		if x.errors == nil {
			if p := problem(t, w); w.Code != x.status || !slices.Contains(codes(p), x.code) && p.Code != x.code {
				t.Errorf("%.80s: %d %s", x.body, w.Code, w.Body)
			}
			continue
		}
		want(t, w, x.status, x.code, x.errors...)
	}
}

// The place of a defect is told in the reader's language, also where it says what the whole says.
func TestAnUnknownFormIsToldInOnesLanguage(t *testing.T) {
	t.Parallel()
	s := formService(t)
	for lang, text := range map[string]string{"it": "Il modulo indicato non esiste.", "de": "Dieses Formular gibt es nicht."} {
		r := post("/v1/validate", `{"form": "nessuno", "facts": {}}`).with("Accept-Language", lang)
		if p := problem(t, s.do(r)); len(p.Errors) != 1 || p.Errors[0].Text != text {
			t.Errorf("%s: %+v", lang, p.Errors)
		}
	}
}

// Every fact is given a value of each other JSON type: each is one refusal that names its place.
func TestEveryFieldWithEveryWrongType(t *testing.T) {
	t.Parallel()
	s := formService(t)
	for _, f := range embedded(t).Vocabulary.Root.Fields {
		for _, value := range []any{true, 7, "x", []any{1}, map[string]any{"a": 1}} {
			if rightType(f, value) {
				continue
			}
			w := s.do(post("/v1/validate", application{}.put(f.Path, value).body(false)))
			p := problem(t, w)
			if w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest || len(p.Errors) == 0 ||
				!strings.HasPrefix(p.Errors[0].Pointer, "/facts/"+strings.ReplaceAll(f.Path, ".", "/")) {
				t.Errorf("%s = %v: %d %s", f.Path, value, w.Code, w.Body)
			}
		}
	}
}

func rightType(f *fact.Field, value any) bool {
	switch value.(type) {
	case bool:
		return f.Type == fact.Bool
	case int:
		return f.Type == fact.Integer || f.Type == fact.Decimal
	case string:
		return f.Type == fact.Text || f.Type == fact.Code
	case []any:
		return false
	}
	return false
}

// crowd is an application with that many workers, the first of them with a tax code of a wrong check digit.
func crowd(workers, wrong int) string {
	rows := make([]any, workers)
	for i := range rows {
		cf := "RSSMRA80A01H501U"
		if i < wrong {
			cf = "RSSMRA80A01H501X"
		}
		rows[i] = map[string]any{"codice_fiscale": cf, "qualifica": "operaio", "anzianita_giorni": 400}
	}
	return application{}.put("richiesta.lavoratori", rows).body(true)
}

// Of 5,000 workers every wrong one is told, and all of them in one finding; so it is when all are wrong.
func TestAllWrongRowsAreToldTogether(t *testing.T) {
	t.Parallel()
	s := formService(t)
	for _, wrong := range []int{200, 5_000} {
		v := check(t, s.do(post("/v1/validate", crowd(5_000, wrong))))
		i := v.find("invalid_check_digit")
		if i < 0 || len(v.Findings[i].Fields) != wrong || v.Findings[i].Fields[wrong-1] != fmt.Sprintf("richiesta.lavoratori[%d].codice_fiscale", wrong-1) {
			t.Errorf("%d wrong: %d findings, at %d", wrong, len(v.Findings), i)
		}
		if slices.Contains(codesOf(v), "too_many_errors") {
			t.Errorf("%d wrong: some were not told", wrong)
		}
	}
}

func TestABodyBeyondTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	want(t, formService(t).do(post("/v1/validate", `{"form": "cigo", "facts": {"richiesta": {"relazione_tecnica": "`+strings.Repeat("x", 8<<20)+`"}}}`)), http.StatusRequestEntityTooLarge, "body_too_large")
}

// Who may check an application: the portal, people of companies, and anyone during development.
func TestWhoMayCheck(t *testing.T) {
	t.Parallel()
	const body = `{"form": "cigo", "facts": {}}`
	for _, development := range []bool{true, false} {
		w := formWorld(t, func(c *api.Config) { c.Development = development })
		for persona, allowed := range map[string]bool{"portale": true, "titolare": true, "": development, "auditor": development} {
			status := w.as(persona, post("/v1/validate", body)).Code
			if allowed != (status == http.StatusOK) {
				t.Errorf("%q, development %v: %d", persona, development, status)
			}
		}
	}
}

// formWorld is a world whose decider checks forms.
func formWorld(t *testing.T, change ...func(*api.Config)) *world {
	t.Helper()
	var w *world
	clock := func() time.Time { return w.clock() }
	w = newWorld(t, append([]func(*api.Config){func(c *api.Config) { c.Decider = checking{real{engine.New(embedded(t))}, clock} }}, change...)...)
	return w
}

// Validate checks with the real engine.
func (f *fake) Validate(_ context.Context, ed *rulebook.Edition, facts *fact.Facts, opt engine.ValidateOptions) (*engine.Validation, error) {
	return checking{real{engine.New(ed)}, func() time.Time { return noon }}.Validate(context.Background(), ed, facts, opt)
}

// Validate is that of the engine, without an id.
func (r real) Validate(_ context.Context, _ *rulebook.Edition, f *fact.Facts, opt engine.ValidateOptions) (*engine.Validation, error) {
	return r.engine.Validate(f, opt)
}
