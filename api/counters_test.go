package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"omnia/api"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/internal/fault"
)

const oneFact = `{"facts": {"azienda": {"matricola": "0123456789"}}}`

func TestCountersAnswersInTheLanguageAndDepthAsked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct{ name, path, language, want string }{
		{"nothing asked", "/v1/counters", "", "normal it"},
		{"short, English", "/v1/counters?explain=short", "en-GB", "short en"},
		{"full, German by weight", "/v1/counters?explain=full", "it;q=0.3, de-AT;q=0.9, fr", "full de"},
		{"a language we don't have", "/v1/counters", "fr", "normal it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := post(tt.path, oneFact)
			if tt.language != "" {
				r = r.with("Accept-Language", tt.language)
			}
			w := s.do(r)
			want(t, w, http.StatusOK, "")
			var got engine.Counters
			decode(t, w.Body.Bytes(), &got)
			if got.Items[0].Explanation[0] != tt.want {
				t.Errorf("explanation %q, want %q", got.Items[0].Explanation[0], tt.want)
			}
			if lang := tt.want[len(tt.want)-2:]; w.Header().Get("Content-Language") != lang {
				t.Errorf("Content-Language %q, want %q", w.Header().Get("Content-Language"), lang)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", w.Header().Get("Cache-Control"))
			}
		})
	}
}

func TestCountersPassesTheFactsAndTheDayInRome(t *testing.T) {
	t.Parallel()
	var got *fact.Facts
	var opt engine.Options
	s := newService(t, func(c *api.Config) {
		c.Now = func() time.Time { return time.Date(2025, 11, 30, 23, 30, 0, 0, time.UTC) } // 1 December in Rome
	})
	s.fake.decide = func(_ context.Context, f *fact.Facts, o engine.Options) (*engine.Counters, error) {
		got, opt = f, o
		return answer(s.fake.edition, o), nil
	}
	want(t, s.do(post("/v1/counters", oneFact)), http.StatusOK, "")
	if m := got.Get("azienda.matricola").Text; m != "0123456789" {
		t.Errorf("matricola %q", m)
	}
	if opt.Today.String() != "2025-12-01" {
		t.Errorf("today is %s, want 2025-12-01", opt.Today)
	}
}

func TestCountersRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct {
		name   string
		r      request
		status int
		code   string
		errors []string
	}{
		{"not JSON", post("/v1/counters", `{"facts":`), 400, "malformed_json", []string{"malformed_json"}},
		{"no body", post("/v1/counters", ""), 400, "malformed_json", []string{"malformed_json"}},
		{"an unknown field", post("/v1/counters", `{"facts": {"azienda": {"Matricola": "0123456789"}}}`), 400, "unknown_field", []string{"unknown_field"}},
		{"an unknown member of the envelope", post("/v1/counters", `{"facts": {}, "richiesta": {}}`), 400, "unknown_field", []string{"unknown_field"}},
		{"a duplicate key", post("/v1/counters", `{"facts": {}, "facts": {}}`), 400, "duplicate_key", []string{"duplicate_key"}},
		{"trailing data", post("/v1/counters", oneFact+"{}"), 400, "trailing_data", []string{"trailing_data"}},
		{"no facts", post("/v1/counters", `{}`), 422, "invalid_input", []string{"required"}},
		{"all wrong values at once", post("/v1/counters", `{"facts": {"data_riferimento": "2025-02-30", "azienda": {"matricola": "12"},
			"periodi": [{"numero": "A", "dal": "2025-02-01", "al": "2025-01-01"}, {"numero": "A"}]}}`),
			422, "invalid_input", []string{"invalid_format", "invalid_date", "date_order", "duplicate_numero"}},
		{"an unknown depth, and a parameter that does not exist", post("/v1/counters?explain=long&Explain=full", oneFact),
			422, "invalid_parameters", []string{"unknown_parameter", "value_not_allowed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want(t, s.do(tt.r), tt.status, tt.code, tt.errors...)
		})
	}
}

func TestPointersLeadToTheValue(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := problem(t, s.do(post("/v1/counters", `{"facts": {"periodi": [{}, {"dal": "2025-02-01", "al": "2025-01-01"}]}}`)))
	if p.Errors[0].Pointer != "/facts/periodi/1/al" {
		t.Errorf("pointer %q", p.Errors[0].Pointer)
	}
}

func TestAnEngineErrorBecomesItsProblem(t *testing.T) {
	t.Parallel()
	secret := "password=hunter2"
	for _, tt := range []struct {
		name   string
		err    error
		status int
		code   string
	}{
		{"a fault", fault.New(fault.Invalid, "invalid_facts", "x").With(fault.Detail{Pointer: "/facts/data_riferimento", Code: "out_of_range", Text: "x"}), 422, "invalid_facts"},
		{"a fault that is internal", fault.New(fault.Internal, "secret_code", secret), 500, "internal"},
		{"any other error", errors.New(secret), 500, "internal"},
		{"a deadline", context.DeadlineExceeded, 504, "timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			s.fake.decide = func(context.Context, *fact.Facts, engine.Options) (*engine.Counters, error) { return nil, tt.err }
			w := s.do(post("/v1/counters", oneFact))
			if p := problem(t, w); w.Code != tt.status || p.Code != tt.code {
				t.Errorf("got %d %s, want %d %s", w.Code, p.Code, tt.status, tt.code)
			}
			if strings.Contains(w.Body.String(), "hunter2") || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the answer tells: %s", w.Body)
			}
		})
	}
}

func TestAPanicIsA500AndTheServiceGoesOn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.fake.decide = func(context.Context, *fact.Facts, engine.Options) (*engine.Counters, error) { panic("hunter2") }
	w := s.do(post("/v1/counters", oneFact))
	want(t, w, http.StatusInternalServerError, "internal")
	if strings.Contains(w.Body.String(), "hunter2") {
		t.Errorf("the answer tells: %s", w.Body)
	}
	want(t, s.do(get("/status")), http.StatusOK, "")
}

func TestADecisionThatTakesTooLongIsNotGiven(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *api.Config) { c.Limits.Time = time.Second })
	s.fake.decide = func(ctx context.Context, _ *fact.Facts, o engine.Options) (*engine.Counters, error) {
		<-ctx.Done()
		return answer(s.fake.edition, o), nil
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		want(t, s.do(post("/v1/counters", oneFact)), http.StatusGatewayTimeout, "timeout")
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %s, want 1s", took)
		}
	})
}

func TestProblemsSpeakTheLanguageOfTheRequest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for lang, title := range map[string]string{"it": "Percorso inesistente", "en": "No such path", "de": "Pfad nicht vorhanden"} {
		w := s.do(get("/v1/nothing").with("Accept-Language", lang))
		if p := problem(t, w); p.Title != title {
			t.Errorf("%s: title %q, want %q", lang, p.Title, title)
		}
	}
}
