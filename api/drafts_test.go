package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omnia/archive"
)

// draft is what the tests read of a draft.
type draft struct {
	ID, Form, Matricola, Step, State string
	Version                          int
	Facts                            map[string]any
	UpdatedBy                        string `json:"updated_by"`
	ExpiresAt                        string `json:"expires_at"`
}

func draftBody(matricola, step, facts string) string {
	return fmt.Sprintf(`{"form": "cigo", "matricola": %q, "unita_produttiva": "0", "step": %q, "facts": %s}`, matricola, step, facts)
}

// open opens a draft and gives its path and its tag.
func (w *world) open(persona, matricola, facts string) (path, tag string) {
	w.t.Helper()
	answer := w.as(persona, post("/v1/drafts", draftBody(matricola, "periodo", facts)))
	want(w.t, answer, http.StatusCreated, "")
	return answer.Header().Get("Location"), answer.Header().Get("ETag")
}

// A consultant begins on one device and goes on on another; the owner sees it too. What is wrong or half written is
// kept as it was written.
func TestADraftIsResumedElsewhere(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("consulente", first, `{"azienda": {"matricola": "12"}, "richiesta": {"dal": "2025-11-17", "relazione_tecnica": ""}}`)
	seen := w.as("titolare", get(path))
	d := read[draft](t, seen)
	if seen.Header().Get("ETag") != tag || d.Version != 1 || d.State != "aperta" || d.Step != "periodo" || d.Facts["azienda"].(map[string]any)["matricola"] != "12" {
		t.Errorf("%+v", d)
	}
	if again := w.as("titolare", get(path).with("If-None-Match", tag)); again.Code != http.StatusNotModified {
		t.Errorf("%d", again.Code)
	}
	saved := w.as("titolare", put(path, draftBody(first, "lavoratori", `{"richiesta": {"dal": "2025-11-17", "al": "2025-12-14"}}`)).with("If-Match", tag))
	d = read[draft](t, saved)
	if d.Version != 2 || d.UpdatedBy != w.people["titolare"].CodiceFiscale || saved.Header().Get("ETag") == tag {
		t.Errorf("%+v", d)
	}
	l := read[listing](t, w.as("consulente", get("/v1/drafts?matricola="+first)))
	if !slices.Equal(l.column("id"), []string{d.ID}) || !slices.Equal(l.column("step"), []string{"lavoratori"}) || l.Items[0]["facts"] != nil {
		t.Errorf("%v", l.Items)
	}
}

// An autosave of what is there already writes nothing; one that says nothing of what it rests on is refused.
func TestAnAutosave(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("titolare", first, `{"richiesta": {"dal": "2025-11-17"}}`)
	same := put(path, draftBody(first, "periodo", `{"richiesta":{"dal":"2025-11-17"}}`))
	if answer := w.as("titolare", same.with("If-Match", tag)); answer.Code != http.StatusOK || answer.Header().Get("ETag") != tag {
		t.Errorf("%d %s", answer.Code, answer.Header().Get("ETag"))
	}
	want(t, w.as("titolare", same), http.StatusPreconditionRequired, "precondition_required")
	want(t, w.as("titolare", put(path, draftBody(second, "periodo", `{}`)).with("If-Match", tag)), http.StatusUnprocessableEntity, "invalid_input", "draft_fixed")
	want(t, w.as("titolare", put(path, strings.Replace(draftBody(first, "periodo", `{}`), "cigo", "nessuno", 1)).with("If-Match", tag)),
		http.StatusUnprocessableEntity, "invalid_input", "unknown_form")
	want(t, w.as("titolare", put(path, draftBody(first, "periodo", `{"richiesta": {"dal": 7}}`)).with("If-Match", tag)),
		http.StatusUnprocessableEntity, "invalid_input", "wrong_type")
}

// Two devices read the same version. The second to save is told who was faster and what differs, and loses nothing:
// with the tag it was given it can save again.
func TestTwoDevicesConflict(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("consulente", first, `{"richiesta": {"dal": "2025-11-17", "ore": 100}}`)
	one := w.as("consulente", put(path, draftBody(first, "periodo", `{"richiesta": {"dal": "2025-11-24", "ore": 100}}`)).with("If-Match", tag))
	want(t, one, http.StatusOK, "")
	mine := put(path, draftBody(first, "periodo", `{"richiesta": {"dal": "2025-11-17", "ore": 100, "pagamento": "diretto"}}`))
	for persona, self := range map[string]bool{"titolare": false, "consulente": true} {
		late := w.as(persona, mine.with("If-Match", tag))
		want(t, late, http.StatusPreconditionFailed, "draft_conflict")
		d := problem(t, late).Draft.(map[string]any)
		if d["etag"] != one.Header().Get("ETag") || d["version"] != 2.0 || d["self"] != self || d["updated_by"] != w.people["consulente"].CodiceFiscale ||
			fmt.Sprint(d["fields"]) != "[richiesta.dal richiesta.pagamento]" {
			t.Errorf("%v", d)
		}
	}
	want(t, w.as("titolare", mine.with("If-Match", one.Header().Get("ETag"))), http.StatusOK, "")
}

// Of many devices that save at once on the same version, one wins and every other is told; no save is lost silently.
func TestOfManySavesAtOnceOneWins(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("consulente", first, `{}`)
	codes := make([]int, 16)
	var wg sync.WaitGroup
	token := "Bearer " + w.token("consulente")
	for i := range codes {
		wg.Go(func() {
			r := put(path, draftBody(first, fmt.Sprint("passo", i), `{}`)).with("If-Match", tag).with("Authorization", token)
			answer := httptest.NewRecorder()
			w.handler.ServeHTTP(answer, r.build())
			codes[i] = answer.Code
		})
	}
	wg.Wait()
	slices.Sort(codes)
	if codes[0] != http.StatusOK || codes[1] != http.StatusPreconditionFailed || codes[15] != http.StatusPreconditionFailed {
		t.Errorf("%v", codes)
	}
	if d := read[draft](t, w.as("consulente", get(path))); d.Version != 2 {
		t.Errorf("version %d", d.Version)
	}
}

// The portal may choose the id; the same again is refused, and nothing of the first is lost.
func TestADraftUnderAnIdOfThePortal(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	const path = "/v1/drafts/0198c0de-0000-7000-8000-00000000abcd"
	create := put(path, draftBody(first, "inizio", `{}`)).with("If-None-Match", "*")
	want(t, w.as("titolare", create), http.StatusCreated, "")
	want(t, w.as("titolare", create), http.StatusPreconditionFailed, "draft_conflict")
	want(t, w.as("subdelegato", create), http.StatusNotFound, "draft_not_found") // of others: as if it were not there
	want(t, w.as("titolare", put("/v1/drafts/0198C0DE-0000-7000-8000-00000000ABCD", draftBody(first, "inizio", `{}`)).with("If-None-Match", "*")), http.StatusNotFound, "draft_not_found")
}

// A draft of others answers byte for byte as one that does not exist, whatever is asked of it.
func TestADraftOfOthersIsNotThere(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("titolare", first, `{}`)
	const nowhere = "/v1/drafts/0198c0de-0000-7000-8000-00000000ffff"
	for _, persona := range []string{"subdelegato", "consulente-scaduto"} {
		for _, r := range []request{get(path), put(path, draftBody(first, "x", `{}`)).with("If-Match", tag), del(path).with("If-Match", tag),
			get(path + "/validation"), post(path+"/validation", ""), post(path+"/submission", "").with("If-Match", tag)} {
			r = r.with("X-Correlation-ID", "the-same")
			other := r
			other.path = strings.Replace(r.path, path, nowhere, 1)
			a, b := w.as(persona, r), w.as(persona, other)
			want(t, a, http.StatusNotFound, "draft_not_found")
			if a.Body.String() != b.Body.String() {
				t.Errorf("%s %s: %s and %s", r.method, r.path, a.Body, b.Body)
			}
		}
		want(t, w.as(persona, get("/v1/drafts?matricola="+first)), http.StatusNotFound, "matricola_not_found")
		want(t, w.as(persona, post("/v1/drafts", draftBody(first, "x", `{}`))), http.StatusNotFound, "matricola_not_found")
	}
	for _, persona := range []string{"auditor", "operatore", "portale"} {
		want(t, w.as(persona, get(path)), http.StatusForbidden, "role_not_allowed")
	}
	want(t, w.as("", get(path)), http.StatusUnauthorized, "authentication_required")
	want(t, w.as("titolare", get("/v1/drafts/not-an-id")), http.StatusNotFound, "draft_not_found")
	want(t, w.as("titolare", get("/v1/drafts")), http.StatusUnprocessableEntity, "invalid_parameters", "not_a_matricola")
}

// Who loses the delegation loses the drafts with it, and the service of the delegation counts.
func TestADraftFollowsTheDelegation(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, _ := w.open("consulente", first, `{}`)
	if _, err := w.store.Revoke(t.Context(), w.bonds["mandate1"], "prova", noon); err != nil {
		t.Fatal(err)
	}
	want(t, w.as("consulente", get(path)), http.StatusNotFound, "draft_not_found")
	want(t, w.as("titolare", get(path)), http.StatusOK, "")
	want(t, w.as("subdelegato", post("/v1/drafts", draftBody(second, "x", `{}`))), http.StatusForbidden, "service_not_delegated")
}

// A draft goes when its time is over: from that instant on it is not there, and the worker removes it.
func TestADraftExpires(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("titolare", first, `{}`)
	until, err := time.Parse(time.RFC3339Nano, read[draft](t, w.as("titolare", get(path))).ExpiresAt)
	if err != nil || until != noon.AddDate(0, 0, 90) {
		t.Fatalf("%s %v", until, err)
	}
	w.at(noon.AddDate(0, 0, 60))
	saved := w.as("titolare", put(path, draftBody(first, "oltre", `{}`)).with("If-Match", tag))
	w.at(until.Add(time.Hour)) // each change lets it live on
	want(t, w.as("titolare", get(path)), http.StatusOK, "")
	w.at(noon.AddDate(0, 0, 150))
	want(t, w.as("titolare", get(path)), http.StatusNotFound, "draft_not_found")
	want(t, w.as("titolare", put(path, draftBody(first, "x", `{}`)).with("If-Match", saved.Header().Get("ETag"))), http.StatusNotFound, "draft_not_found")
	if l := read[listing](t, w.as("titolare", get("/v1/drafts?matricola="+first))); len(l.Items) != 0 {
		t.Errorf("%v", l.Items)
	}
	if err := w.store.Expire(t.Context(), w.clock()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Draft(t.Context(), strings.TrimPrefix(path, "/v1/drafts/"), noon); err == nil {
		t.Error("it is still stored")
	}
}

func TestADraftIsDeleted(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("titolare", first, `{}`)
	want(t, w.as("titolare", del(path)), http.StatusPreconditionRequired, "precondition_required")
	want(t, w.as("titolare", del(path).with("If-Match", `"9-00"`)), http.StatusPreconditionFailed, "draft_conflict")
	want(t, w.as("titolare", del(path).with("If-Match", tag)), http.StatusNoContent, "")
	want(t, w.as("titolare", get(path)), http.StatusNotFound, "draft_not_found")
}

// Nothing about a draft happens without its line in the record of accesses; when that can't be written, nothing does.
func TestEachLookAtADraftIsRecorded(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	path, tag := w.open("consulente", first, `{}`)
	if l := w.last(); l.Azione != "bozze.scrivi" || l.Matricola != first || l.Delega != w.bonds["mandate1"] || l.Oggetto != "bozza "+strings.TrimPrefix(path, "/v1/drafts/") {
		t.Errorf("%+v", l)
	}
	w.as("titolare", get(path))
	if l := w.last(); l.Azione != "bozze.leggi" || l.Esito != "allow" {
		t.Errorf("%+v", l)
	}
	w.store.failRecord.Store(true)
	want(t, w.as("consulente", put(path, draftBody(first, "nuovo", `{}`)).with("If-Match", tag)), http.StatusServiceUnavailable, "archive_unavailable")
	want(t, w.as("consulente", get(path)), http.StatusServiceUnavailable, "archive_unavailable")
	w.store.failRecord.Store(false)
	if d := read[draft](t, w.as("consulente", get(path))); d.Version != 1 {
		t.Errorf("%+v", d)
	}
}

// The same POST sent again under its key opens no second draft.
func TestOpeningADraftIsRepeatable(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	r := post("/v1/drafts", draftBody(first, "x", `{}`)).with("Idempotency-Key", "k1")
	a, b := w.as("titolare", r), w.as("titolare", r)
	if a.Code != http.StatusCreated || a.Header().Get("Location") != b.Header().Get("Location") || b.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", a.Header().Get("Location"), b.Header().Get("Location"))
	}
}

// A matricola has a bounded number of drafts.
func TestThereAreOnlySoManyDrafts(t *testing.T) {
	t.Parallel()
	w := formWorld(t)
	for i := range archive.MaxDrafts {
		d := &archive.Draft{ID: fmt.Sprintf("0198c0de-0000-7000-8000-%012d", i), Matricola: first, Form: "cigo", State: archive.DraftOpen, Version: 1, Facts: []byte("{}"),
			CreatedAt: noon, UpdatedAt: noon, ExpiresAt: noon.AddDate(0, 1, 0)}
		if err := w.store.CreateDraft(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	want(t, w.as("titolare", post("/v1/drafts", draftBody(first, "x", `{}`))), http.StatusConflict, "too_many_drafts")
	l := read[listing](t, w.as("titolare", get("/v1/drafts?matricola="+first+"&limit=200")))
	n := len(l.Items)
	for l.NextCursor != "" {
		l = read[listing](t, w.as("titolare", get("/v1/drafts?limit=200&matricola="+first+"&cursor="+l.NextCursor)))
		n += len(l.Items)
	}
	if n != archive.MaxDrafts {
		t.Errorf("%d listed", n)
	}
}
