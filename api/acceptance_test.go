package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"omnia/archive"
)

// What a first reader of the finished service found.

// The list refuses a day before the law with the words that one unit has, the day among them.
func TestADayBeforeTheLawIsNamed(t *testing.T) {
	t.Parallel()
	h := small(t)
	for _, lang := range []string{"it", "en", "de"} {
		var said []string
		for _, path := range []string{"/v1/counters", "/v1/matricole/" + ownMatric + "/unita-produttive/0/counters"} {
			w := h.as("titolare", get(path+"?data_fine=2015-09-23").with("Accept-Language", lang))
			want(t, w, http.StatusUnprocessableEntity, "before_law", "before_law")
			said = append(said, fmt.Sprint(problem(t, w).Errors))
		}
		if said[0] != said[1] || strings.Contains(said[0], "…") {
			t.Errorf("%s: the list says %s, one unit %s", lang, said[0], said[1])
		}
	}
}

// A delegation changes without a new version of the company: whoever has one is always told what it allows now.
func TestAChangedDelegationIsNotHiddenByATag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.as("consulente", get("/v1/matricole/"+first))
	w.bond(t, "more", "consulente", first, archive.Dipendente, "", "2025-12-31", archive.ServizioChat)
	after := w.as("consulente", get("/v1/matricole/"+first).with("If-None-Match", before.Header().Get("ETag")))
	want(t, after, http.StatusOK, "")
	if got := len(read[map[string]any](t, after)["deleghe"].([]any)); got != 2 {
		t.Errorf("%d delegations are told, want 2", got)
	}
}

// The record tells which matricole a list showed, page by page.
func TestTheRecordTellsWhatAListShowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, wanted := range map[string]string{
		"/v1/matricole?limit=2":         "q= matricole mostrate: 2, da " + first + " a " + second,
		"/v1/matricole?q=nessunocosi":   "q=nessunocosi",
		"/v1/alerts?limit=200":          "matricole mostrate: 3, da " + first + " a " + third,
		"/v1/alerts?matricola=" + first: "matricole mostrate: 1, da " + first + " a " + first,
		"/v1/alerts.ics":                "matricole mostrate: 3, da " + first + " a " + third,
	} {
		want(t, w.as("auditor", get(path)), http.StatusOK, "")
		if got := w.last().Oggetto; got != wanted {
			t.Errorf("%s: the record says %q, want %q", path, got, wanted)
		}
	}
	want(t, w.as("auditor", get("/v1/counters?limit=200")), http.StatusOK, "")
	if got := w.last().Oggetto; !strings.HasSuffix(got, "matricole mostrate: 3, da "+first+" a "+third) {
		t.Errorf("/v1/counters: the record says %q", got)
	}
}

// A numero is read by people and stands in addresses.
func TestANumeroIsVisible(t *testing.T) {
	t.Parallel()
	h := small(t)
	for _, numero := range []string{".", "..", " A-1", "A-1 ", "A\n1", "A\t1", "A\u202e1", "A\u200b1", "A\u00a01"} {
		want(t, h.as("archivio", post("/v1/provvedimenti", measure(numero, nil))), http.StatusUnprocessableEntity, "invalid_input", "bad_numero")
	}
	for _, numero := range []string{"...", "A 1", "É/1"} {
		want(t, h.as("archivio", post("/v1/provvedimenti", measure(numero, nil))), http.StatusCreated, "")
	}
}

// Two instances may store the same lines under one key: the slower one never answers with nothing.
func TestATwinOfManyLinesIsSentAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.failKeep.Store(ptr(error(archive.ErrConflict))) // as if the other one had just stored its answer
	res := w.as("archivio", ndjson("/v1/provvedimenti", "").with("Idempotency-Key", "k1"))
	want(t, res, http.StatusConflict, "idempotency_in_progress")
	if res.Header().Get("Retry-After") == "" {
		t.Errorf("headers %v", res.Header())
	}
}
