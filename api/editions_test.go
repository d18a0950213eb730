package api_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/api"
	"omnia/ledger"
)

// shownEdition is what the tests read of an edition.
type shownEdition struct {
	Name, Digest string
	PublishedOn  string `json:"published_on"`
	RecordedAt   string `json:"recorded_at"`
	Current      bool
	Size         int
	InUse        []struct{ From, To, By, Reason string } `json:"in_use"`
	PolicyDigest string                                  `json:"policy_digest"`
	Position     *int64
	Items        []struct {
		Kind, ID, Digest string
		ValidFrom        string `json:"valid_from"`
	}
	Files []struct{ Path, Digest string }
}

// twoEditions are a court in which B followed A, both drafts.
func twoEditions(t *testing.T) *court {
	t.Helper()
	k := newCourt(t)
	k.later(time.Minute)
	k.publish(t, editionB())
	if err := k.decider.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *court) editions(t testing.TB, persona string) map[string]shownEdition {
	t.Helper()
	out := map[string]shownEdition{}
	for _, e := range read[struct{ Items []shownEdition }](t, k.as(persona, get("/v1/editions"))).Items {
		if _, twice := out[e.Digest]; twice {
			t.Errorf("%s is listed twice", e.Name)
		}
		out[e.Digest] = e
	}
	return out
}

func activate(name string) request {
	return post("/v1/editions/"+url.PathEscape(name)+"/activation", `{"reason": "errore nel limite"}`)
}

// An edition comes with when decisions were taken under it, and why; who took it into use is told to who may do it, and to
// auditors.
func TestEditionsTellWhenTheyWereInUse(t *testing.T) {
	t.Parallel()
	k := twoEditions(t)
	for persona, by := range map[string]string{"auditor": "approvatore", "approvatore": "approvatore", "esperto": "", "titolare": "", "": ""} {
		list := k.editions(t, persona)
		a, b := list[editionA().edition.Digest], list[editionB().edition.Digest]
		if a.Current || !b.Current || len(a.InUse) != 1 || len(b.InUse) != 1 {
			t.Fatalf("%q: %+v, %+v", persona, a, b)
		}
		if a.InUse[0].To == "" || a.InUse[0].To != b.InUse[0].From || b.InUse[0].To != "" {
			t.Errorf("%q: %+v, %+v", persona, a.InUse, b.InUse)
		}
		if a.InUse[0].By != by || a.InUse[0].Reason != "prova" || a.RecordedAt == "" || a.Size != len(editionA().edition.Items) || a.PublishedOn != "" {
			t.Errorf("%q: %+v", persona, a)
		}
	}
}

// An edition of long ago is shown as it is now, by its name and its digest, with the text of every file.
func TestAnOldEditionIsShownWithItsText(t *testing.T) {
	t.Parallel()
	k := twoEditions(t)
	law := editionA()
	for _, name := range []string{law.edition.Name, law.edition.Digest} {
		e := read[shownEdition](t, k.as("auditor", get("/v1/editions/"+url.PathEscape(name))))
		if e.Digest != law.edition.Digest || len(e.Items) != len(law.edition.Items) || len(e.Files) != len(law.files) || e.Position == nil || e.PolicyDigest == "" || e.Items[0].ValidFrom == "" {
			t.Errorf("%s: %s, %d items, %d files, %v", name, e.Digest, len(e.Items), len(e.Files), e.Position)
		}
	}
	texts := k.texts(t, law.edition.Name)
	for path, text := range law.files {
		if texts["rules/"+path] != text {
			t.Errorf("%s differs", path)
		}
	}
	if len(texts) != len(law.files) {
		t.Errorf("%d files, want %d", len(texts), len(law.files))
	}
	one := read[struct{ Items []struct{ Path string } }](t, k.do(get("/v1/editions/"+law.edition.Name+"/files?path=rules/acts.yaml"))).Items
	if len(one) != 1 || one[0].Path != "rules/acts.yaml" {
		t.Errorf("%+v", one)
	}
	want(t, k.do(get("/v1/editions/2020-1/files")), http.StatusNotFound, "edition_not_found")
	want(t, k.do(get("/v1/editions/"+law.edition.Name+"/files?path=rules/x.yaml")), http.StatusNotFound, "edition_file_not_found")
}

// texts are the files of an edition, read page by page.
func (k *court) texts(t *testing.T, edition string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for next := "/v1/editions/" + edition + "/files?limit=20"; next != ""; {
		p := read[struct {
			Items      []struct{ Path, Digest, Text string }
			NextCursor string `json:"next_cursor"`
		}](t, k.as("auditor", get(next)))
		for _, f := range p.Items {
			texts[f.Path] = f.Text
			if f.Digest != string(ledger.DigestOf([]byte(f.Text))) {
				t.Errorf("%s: the digest is that of another text", f.Path)
			}
		}
		if next = ""; p.NextCursor != "" {
			next = "/v1/editions/" + edition + "/files?limit=20&cursor=" + url.QueryEscape(p.NextCursor)
		}
	}
	return texts
}

// What this version can't read any more is shown by its leaf.
func TestAnEditionThatCanNotBeReadIsShownByItsLeaf(t *testing.T) {
	t.Parallel()
	k := twoEditions(t)
	k.decider.absent.Store(true)
	e := read[shownEdition](t, k.as("auditor", get("/v1/editions/"+editionA().edition.Name)))
	if len(e.Items) != len(editionA().edition.Items) || e.Items[0].ValidFrom != "" || e.Items[0].Digest == "" {
		t.Errorf("%d items, %+v", len(e.Items), e.Items[0])
	}
	want(t, k.do(get("/v1/rules/cigo.biennio.max_weeks?edition="+editionA().edition.Name)), http.StatusConflict, "edition_not_servable")
	want(t, k.as("approvatore", activate(editionA().edition.Name)), http.StatusConflict, "edition_not_servable")
}

// The text of a rule can be read as it was in another edition.
func TestARuleIsReadAsOfAnotherEdition(t *testing.T) {
	t.Parallel()
	k := twoEditions(t)
	const path = "/v1/rules/cigo.biennio.max_weeks"
	for edition, value := range map[string]string{editionA().edition.Name: `"52"`, editionA().edition.Digest: `"52"`, editionB().edition.Digest: `"20"`} {
		r := read[struct{ Source, Edition string }](t, k.as("auditor", get(path+"?edition="+url.QueryEscape(edition))))
		if !strings.Contains(r.Source, "value: "+value) {
			t.Errorf("%q: %s of %s", edition, r.Source, r.Edition)
		}
	}
	for _, p := range []string{"/v1/rules?q=biennio", path + "/versions?kind=parameter"} {
		want(t, k.do(get(p+"&edition="+editionA().edition.Name)), http.StatusOK, "")
		want(t, k.do(get(p+"&edition=2020-1")), http.StatusUnprocessableEntity, "invalid_parameters", "edition_not_found")
	}
}

// Who approves takes an older edition back into use, for everybody; it is an access with its line.
func TestAnOlderEditionIsTakenBackIntoUse(t *testing.T) {
	t.Parallel()
	k := twoEditions(t)
	a, b := editionA().edition, editionB().edition
	if _, answer := k.decide(t, "portale", history(named)); !strings.Contains(answer, b.Digest) {
		t.Fatal(answer)
	}
	k.later(time.Minute)
	for range 2 { // the second time nothing happens
		e := read[shownEdition](t, k.as("approvatore", activate(a.Name).with("Idempotency-Key", "one")))
		if e.Digest != a.Digest || !e.Current || len(e.InUse) != 2 || e.InUse[0].By == "" || e.InUse[0].Reason != "errore nel limite" || e.InUse[0].To != "" {
			t.Errorf("%+v", e)
		}
	}
	if l := k.last(); l.Azione != "regole.pubblica" || l.Esito != "allow" || !strings.Contains(l.Oggetto, a.Name) {
		t.Errorf("%+v", l)
	}
	if _, answer := k.decide(t, "portale", history(named)); !strings.Contains(answer, a.Digest) {
		t.Errorf("decided under another: %s", answer)
	}
	list, err := k.store.Activations(t.Context())
	if err != nil || len(list) != 3 {
		t.Errorf("%+v %v", list, err)
	}
	var under []string
	for _, d := range k.recorded(t) {
		under = append(under, string(d.Receipt.EditionDigest))
	}
	if !slices.Equal(under, []string{a.Digest, b.Digest}) {
		t.Errorf("decisions under %v", under)
	}
}

func TestWhoMayTakeAnEditionIntoUse(t *testing.T) {
	t.Parallel()
	k := twoEditions(t)
	for _, persona := range []string{"titolare", "operatore", "esperto", "auditor", "archivio", "portale"} {
		want(t, k.as(persona, activate(editionA().edition.Name)), http.StatusForbidden, "")
	}
	want(t, k.do(activate(editionA().edition.Name)), http.StatusUnauthorized, "authentication_required")
	path := "/v1/editions/" + editionA().edition.Name + "/activation"
	for body, code := range map[string]int{
		``: http.StatusBadRequest, `{}`: http.StatusUnprocessableEntity, `{"reason": ""}`: http.StatusUnprocessableEntity, `{"reason": "   "}`: http.StatusUnprocessableEntity,
		`{"reason": "a\u0007b"}`: http.StatusUnprocessableEntity, `{"reason": "x", "by": "y"}`: http.StatusBadRequest, `{"reason": 1}`: http.StatusUnprocessableEntity,
		`{"reason": "` + strings.Repeat("x", 501) + `"}`: http.StatusUnprocessableEntity,
	} {
		if w := k.as("approvatore", post(path, body)); w.Code != code {
			t.Errorf("%.40s: %d %s", body, w.Code, w.Body)
		}
	}
	want(t, k.as("approvatore", activate("2020-1")), http.StatusNotFound, "edition_not_found")
	if digest, err := k.store.ActiveEdition(t.Context()); err != nil || digest != editionB().edition.Digest {
		t.Errorf("%s %v", digest, err)
	}
}

// An instance that can't load the edition in use says so, and answers under no other; editions can be read and changed, for
// that is the way out.
func TestAnInstanceThatCanNotLoadTheEditionInUseAnswersUnderNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *api.Config) {
		c.Decider = &fake{edition: editionOnce(), unready: errors.New("the language is newer than this program")}
	})
	for _, r := range []request{
		get("/status"), post("/v1/counters", `{"facts": {}}`), get("/v1/rules"), get("/v1/rules/cigo.settimane_biennio"),
		get("/v1/matricole"), get(unitCounters), get("/v1/forms"), post("/v1/validate", `{"form": "cigo", "facts": {}}`),
	} {
		res := w.as("titolare", r)
		want(t, res, http.StatusServiceUnavailable, "edition_unavailable")
		if !strings.Contains(res.Body.String(), "the language is newer") || res.Header().Get("Retry-After") == "" {
			t.Errorf("%v: %s", r, res.Body)
		}
	}
	for _, path := range []string{"/v1/editions", "/problems", "/metrics"} {
		want(t, w.do(get(path)), http.StatusOK, "")
	}
}

func TestWithoutAnArchiveThereIsNoTextOfEditions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	want(t, s.do(get("/v1/editions/2025-11/files")), http.StatusServiceUnavailable, "archive_unavailable")
	want(t, s.do(get("/v1/rules?edition=2024-1")), http.StatusUnprocessableEntity, "invalid_parameters", "edition_not_found")
	want(t, s.do(get("/v1/rules?edition=2025-11")), http.StatusOK, "")
}

// A draft that got a name is found by both, and is one edition.
func TestADraftThatGotANameIsOneEdition(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	draft := editionA()
	published := *draft.edition
	published.Name = "2026-9"
	k.publish(t, &lawText{&published, draft.files})
	for _, name := range []string{"2026-9", draft.edition.Name} {
		e := read[shownEdition](t, k.as("auditor", get("/v1/editions/"+name)))
		if e.Name != "2026-9" || e.Digest != published.Digest || e.PublishedOn == "" || !e.Current {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if e := k.editions(t, "auditor")[published.Digest]; e.Name != "2026-9" {
		t.Errorf("%+v", e)
	}
}
