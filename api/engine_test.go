package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"omnia/api"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/ledger/replay"
)

// real decides with the engine, under the rules in the binary.
type real struct{ engine *engine.Engine }

func (r real) Edition() *rulebook.Edition { return r.engine.Edition() }

func (r real) Ready() error { return nil }

func (r real) Renew(context.Context) error { return nil }

func (r real) Servable(ctx context.Context, digest string) error {
	_, err := r.At(ctx, digest)
	return err
}

// At knows one edition only.
func (r real) At(_ context.Context, digest string) (*engine.Engine, error) {
	if digest != r.engine.Edition().Digest {
		return nil, replay.ErrNoEdition
	}
	return r.engine, nil
}

func (r real) Counters(_ context.Context, ed *rulebook.Edition, f *fact.Facts, opt engine.Options) (*engine.Counters, error) {
	answer, err := r.engine.Counters(f, opt)
	if err == nil {
		answer.Decision.ID, answer.Decision.Instant = "01939a00-0000-7000-8000-000000000001", "2025-11-30T12:00:00.000Z"
	}
	return answer, err
}

func realService(t *testing.T) *service {
	t.Helper()
	return newService(t, func(c *api.Config) { c.Decider = real{engine.New(embedded(t))} })
}

// TestDecisionsAreAsTheDocumentSays sends the examples of the document, and requests of each kind
// of answer, through the real engine; do holds each answer against the document.
func TestDecisionsAreAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	s := realService(t)
	bodies := map[string]string{
		"nothing known":  `{"facts": {}}`,
		"no history":     `{"facts": {"azienda": {"settore": "a"}, "unita_produttiva": {"giorni_settimana": 5}, "periodi": []}}`,
		"a FIS employer": `{"facts": {"azienda": {"settore": "fis", "dipendenti_semestre": 5.01}, "unita_produttiva": {"giorni_settimana": 6}, "periodi": [], "richiesta": {"prestazione": "AIS", "causale": "crisi_mercato", "dal": "2025-09-01", "al": "2025-11-30"}}}`,
		"solidarity":     `{"facts": {"data_riferimento": "2025-06-30", "azienda": {"settore": "a"}, "unita_produttiva": {"giorni_settimana": 5}, "periodi": [{"numero": "C-1", "prestazione": "CIGS", "causale": "solidarieta", "esito": "accoglimento", "dal": "2023-01-01", "al": "2024-12-31"}], "richiesta": {"prestazione": "CIGS", "causale": "solidarieta", "dal": "2025-07-01", "al": "2026-06-30"}}}`,
		"nothing left":   `{"facts": {"data_riferimento": "2025-06-29", "azienda": {"settore": "a"}, "unita_produttiva": {"giorni_settimana": 5}, "periodi": [{"numero": "A-1", "prestazione": "CIGO", "causale": "mancanza_lavoro", "esito": "accoglimento", "dal": "2024-07-01", "al": "2025-06-29"}], "richiesta": {"prestazione": "CIGO", "causale": "mancanza_lavoro", "dal": "2025-07-07", "al": "2025-08-31"}}}`,
		"hours":          `{"facts": {"data_riferimento": "2025-06-29", "azienda": {"settore": "a"}, "unita_produttiva": {"giorni_settimana": 5, "organico_medio": [{"ore_settimanali": 40, "lavoratori": 10}]}, "periodi": [], "richiesta": {"prestazione": "CIGO", "causale": "meteo", "dal": "2025-07-07", "al": "2025-08-31", "ore": 2400.5}}}`,
	}
	examples := s.doc.Paths.Find("/v1/counters").Post.RequestBody.Value.Content["application/json"].Examples
	for name, e := range examples {
		body, err := json.Marshal(e.Value.Value)
		if err != nil {
			t.Fatal(err)
		}
		bodies["example "+name] = string(body)
	}
	for name, body := range bodies {
		for _, depth := range []string{"short", "normal", "full"} {
			for _, lang := range []string{"it", "en", "de"} {
				w := s.do(post("/v1/counters?explain="+depth, body).with("Accept-Language", lang))
				if w.Code != http.StatusOK {
					t.Errorf("%s, %s, %s: %d %s", name, depth, lang, w.Code, w.Body)
				}
			}
		}
	}
}

func TestTheSameQuestionGetsTheSameBytes(t *testing.T) {
	t.Parallel()
	first := realService(t).do(post("/v1/counters?explain=full", `{"facts": {"azienda": {"settore": "a"}, "periodi": []}}`)).Body.String()
	again := realService(t).do(post("/v1/counters?explain=full", `{"facts": {"periodi": [], "azienda": {"settore": "a"}}}`)).Body.String()
	if first != again {
		t.Errorf("first %s\nagain %s", first, again)
	}
}

// TestARefusalBearsTheCodeOfItsDefects: one sort of defect gives its code to the problem; several
// share a general one. The rules give those codes, so the rules title them.
func TestARefusalBearsTheCodeOfItsDefects(t *testing.T) {
	t.Parallel()
	s := realService(t)
	const covid = `{"prestazione": "CIGO", "causale": "covid19", "regime": "covid19", "dal": "2025-01-06", "al": "2025-01-12"}`
	for _, tt := range []struct {
		name, facts, code string
		errors            []string
		pointer, title    string
	}{
		{"a day before the law", `{"data_riferimento": "2015-09-23"}`,
			"before_law", []string{"before_law"}, "/facts/data_riferimento", "Request before the law; Day before the law"},
		{"a request before the law", `{"data_riferimento": "2016-01-01", "richiesta": {"dal": "2015-09-01", "al": "2015-10-04"}}`,
			"before_law", []string{"before_law"}, "/facts/richiesta/dal", "Request before the law; Day before the law"},
		{"a request that can't be that long", `{"data_riferimento": "2025-01-01", "richiesta": {"dal": "2025-01-06", "al": "2035-06-10"}}`,
			"request_too_long", []string{"request_too_long"}, "/facts/richiesta/al", "Request longer than ten years"},
		{"two of one sort", `{"data_riferimento": "2025-01-01", "periodi": [` + covid + `], "richiesta": ` + covid + `}`,
			"outside_covid_window", []string{"outside_covid_window", "outside_covid_window"}, "/facts/periodi/0/regime", "COVID period outside the legal dates; COVID request outside the legal dates"},
		{"two of different sorts", `{"data_riferimento": "2015-09-23", "richiesta": ` + covid + `}`,
			"invalid_facts", []string{"before_law", "outside_covid_window"}, "/facts/data_riferimento", "Impossible facts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := s.do(post("/v1/counters", `{"facts": `+tt.facts+`}`).with("Accept-Language", "en"))
			want(t, w, http.StatusUnprocessableEntity, tt.code, tt.errors...)
			if p := problem(t, w); p.Errors[0].Pointer != tt.pointer || p.Title != tt.title || p.Type != "/problems/"+tt.code {
				t.Errorf("pointer %s, title %q, type %s", p.Errors[0].Pointer, p.Title, p.Type)
			}
		})
	}
}

// TestTheContentIsAsTheDocumentSays walks every list to its end and shows every item.
func TestTheContentIsAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	s := realService(t)
	shown := 0
	for next := "/v1/rules?limit=200"; next != ""; {
		p := s.page(next)
		for _, i := range p.Items {
			path := "/v1/rules/" + i["id"].(string)
			want(t, s.do(get(path+"/versions?kind="+i["kind"].(string))), http.StatusOK, "")
			if i["current"] != nil {
				want(t, s.do(get(path+"?kind="+i["kind"].(string))), http.StatusOK, "")
				shown++
			}
		}
		if next = ""; p.NextCursor != "" {
			next = "/v1/rules?limit=200&cursor=" + p.NextCursor
		}
	}
	if shown < 20 {
		t.Errorf("only %d items are in force", shown)
	}
	want(t, s.do(get("/v1/editions/"+s.page("/v1/editions").Items[0]["digest"].(string))), http.StatusOK, "")
}
