package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"omnia/archive"
)

// keyed is a grant under a key.
func (w *world) keyed(key, persona string) request {
	return post("/v1/deleghe", w.grant("dipendente", persona, first, "")).with("Idempotency-Key", key)
}

// granted counts the delegations of a person for the first matricola.
func (w *world) granted(persona string) int {
	return len(read[listing](w.t, w.as("auditor", get("/v1/deleghe?matricola="+first+"&delegato="+w.people[persona].CodiceFiscale))).Items)
}

func TestARepeatedRequestGetsTheSameAnswerAndNoEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.as("titolare", w.keyed("k1", "auditor"))
	want(t, one, http.StatusCreated, "")
	w.at(noon.Add(23 * time.Hour))
	two := w.as("titolare", w.keyed("k1", "auditor").with("Accept-Language", "de"))
	want(t, two, http.StatusCreated, "")
	for _, name := range []string{"Location", "Content-Type", "Content-Language"} {
		if one.Header().Get(name) != two.Header().Get(name) {
			t.Errorf("%s: %q, then %q", name, one.Header().Get(name), two.Header().Get(name))
		}
	}
	if one.Body.String() != two.Body.String() || w.granted("auditor") != 1 {
		t.Errorf("%s\n%s\n%d granted", one.Body, two.Body, w.granted("auditor"))
	}
	if one.Header().Get("Idempotent-Replayed") != "" || two.Header().Get("Idempotent-Replayed") != "true" {
		t.Error("the repetition is not marked, or the first is")
	}
	if l := w.lines(); l[len(l)-2].Azione != "deleghe.conferisci" { // the last one counted
		t.Errorf("the repetition is not recorded: %v", l)
	}
}

func TestAKeyIsGoodForOneThing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want(t, w.as("titolare", w.keyed("k1", "auditor")), http.StatusCreated, "")
	want(t, w.as("titolare", w.keyed("k1", "esperto")), http.StatusUnprocessableEntity, "idempotency_key_reused")
	if n := w.granted("esperto"); n != 0 {
		t.Errorf("%d granted", n)
	}
	body := w.grant("subdelega", "esperto", first, `, "padre": "`+w.bonds["mandate1"]+`"`)
	want(t, w.as("consulente", post("/v1/deleghe", body).with("Idempotency-Key", "k1")), http.StatusCreated, "") // another person's key
}

func TestAKeyOpensNothingThatWasClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := post("/v1/deleghe", w.grant("subdelega", "esperto", first, `, "padre": "`+w.bonds["mandate1"]+`"`)).with("Idempotency-Key", "k1")
	want(t, w.as("consulente", body), http.StatusCreated, "")
	want(t, w.as("titolare", del("/v1/deleghe/"+w.bonds["mandate1"])), http.StatusOK, "")
	want(t, w.as("consulente", body), http.StatusNotFound, "matricola_not_found")
}

func TestWhatFailedMayBeTriedAgainUnderItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want(t, w.as("titolare", w.keyed("k1", "titolare")), http.StatusUnprocessableEntity, "invalid_input", "delega_self")
	want(t, w.as("titolare", w.keyed("k1", "consulente")), http.StatusCreated, "") // dipendente: of another kind than the one there is
	failure := error(archive.ErrUnavailable)
	w.store.failKeep.Store(&failure)
	want(t, w.as("titolare", w.keyed("k2", "auditor")), http.StatusServiceUnavailable, "archive_unavailable")
	if n := w.granted("auditor"); n != 0 {
		t.Errorf("%d granted without an answer", n)
	}
	w.store.failKeep.Store(nil)
	want(t, w.as("titolare", w.keyed("k2", "auditor")), http.StatusCreated, "")
}

func TestTwinsHaveOneEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token("titolare")
	answers := make([]*httptest.ResponseRecorder, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = httptest.NewRecorder()
			w.handler.ServeHTTP(answers[i], w.keyed("twins", "auditor").with("Authorization", "Bearer "+token).build())
		})
	}
	all.Wait()
	replayed := 0
	for _, a := range answers {
		if a.Code != http.StatusCreated || a.Body.String() != answers[0].Body.String() {
			t.Errorf("%d %s", a.Code, a.Body)
		}
		if a.Header().Get("Idempotent-Replayed") != "" {
			replayed++
		}
	}
	if replayed != len(answers)-1 || w.granted("auditor") != 1 {
		t.Errorf("%d of %d replayed, %d granted", replayed, len(answers), w.granted("auditor"))
	}
}

func TestATwinOnAnotherInstanceWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.failKeep.Store(ptr(error(archive.ErrConflict))) // as if the other one had just stored its answer
	res := w.as("titolare", w.keyed("k1", "auditor"))
	want(t, res, http.StatusConflict, "idempotency_in_progress")
	if n := w.granted("auditor"); n != 0 || res.Header().Get("Retry-After") == "" || res.Header().Get("Location") != "" {
		t.Errorf("%d granted, headers %v", n, res.Header())
	}
}

func ptr[T any](v T) *T { return &v }

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"", " ", "a b", "è", "a\x00", "\x7f", strings.Repeat("k", 129)} {
		want(t, w.as("titolare", w.keyed(key, "auditor")), http.StatusBadRequest, "bad_idempotency_key")
	}
	want(t, w.as("titolare", w.keyed(strings.Repeat("k", 128), "auditor")), http.StatusCreated, "")
	twice := w.keyed("a", "esperto").with("Authorization", "Bearer "+w.token("titolare")).build()
	twice.Header["Idempotency-Key"] = []string{"a", "b"}
	res := httptest.NewRecorder()
	w.handler.ServeHTTP(res, twice)
	want(t, res, http.StatusBadRequest, "bad_idempotency_key")
}
