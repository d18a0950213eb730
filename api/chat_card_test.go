package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omnia/api"
	"omnia/archive"
	"omnia/engine"
)

// card is what the tests read of a context card.
type card struct {
	header
	Draft *struct {
		Outcome  string
		Findings []struct{ Code string }
	}
	Counters []struct{ ID, Verdict string }
}

// newRecordedParlour is INFO CIG with a record of decisions.
func newRecordedParlour(t *testing.T) (*parlour, *court) {
	t.Helper()
	d := &follower{engines: map[string]*engine.Engine{}}
	for _, e := range []*lawText{editionA(), editionB()} {
		d.engines[e.edition.Digest] = engine.New(e.edition)
	}
	d.current.Store(d.engines[editionA().edition.Digest])
	p := newParlour(t, func(c *api.Config) {
		c.Decider, c.EngineVersion = d, "prova"
		c.Ledger, _ = c.Archive.(api.Ledger)
	})
	d.world = p.world
	k := &court{p.world, d}
	k.publish(t, editionA())
	return p, k
}

// What an adviser was shown is a decision in the record, in their name and on that matricola, and can be replayed. It is
// recorded when it is shown and when it has changed, not when the adviser has it already.
func TestWhatTheAdviserSawIsInTheRecord(t *testing.T) {
	t.Parallel()
	p, k := newRecordedParlour(t)
	p.post2("advisor", http.MethodPut, "/v1/chat/presence", `{"available": true}`, http.StatusOK)
	path, tag := p.world.open("titolare", first, `{}`)
	at := p.open("titolare", first, fmt.Sprintf(`, "unita_produttiva": "0", "consent_notice": "2026-1", "draft": %q`, strings.TrimPrefix(path, "/v1/drafts/")))
	show := func(have string) (card, *httptest.ResponseRecorder) {
		t.Helper()
		res := p.as("advisor", get(at+"/context").with("If-None-Match", have))
		if res.Code == http.StatusNotModified {
			return card{}, res
		}
		return read[card](t, res), res
	}
	shown, res := show(`"x"`)
	if res.Code != http.StatusOK || shown.Draft == nil || shown.Decision.Recorded != nil || len(shown.Counters) == 0 {
		t.Fatalf("the card: %d %s", res.Code, res.Body)
	}
	list := k.recorded(t)
	if len(list) != 1 {
		t.Fatalf("%d decisions are in the record", len(list))
	}
	d := &list[0]
	if d.Receipt.ID != shown.Decision.ID || d.Receipt.Kind != "validate" || d.Index.Persona != "sub-advisor" || d.Index.Matricola != first ||
		d.Receipt.Edition != shown.Decision.Edition || d.Index.Esito != shown.Draft.Outcome || d.Receipt.Delegation != strings.TrimPrefix(at, conversations+"/") {
		t.Errorf("recorded %+v %+v for the card %+v", d.Receipt, d.Index, shown)
	}
	for _, c := range shown.Counters {
		if !strings.Contains(string(d.Outcome), `"`+c.ID+`"`) {
			t.Errorf("%s is on the card, and not in what is recorded: %s", c.ID, d.Outcome)
		}
	}
	if r := k.replayed(t, d.Receipt.ID); r["identical"] != true {
		t.Errorf("replayed: %v", r)
	}

	if _, again := show(res.Header().Get("ETag")); again.Code != http.StatusNotModified || len(k.recorded(t)) != 1 {
		t.Errorf("the same card again: %d, %d decisions", again.Code, len(k.recorded(t)))
	}
	k.later(time.Minute)
	if saved := p.as("titolare", put(path, draftBody(first, "periodo", `{"azienda": {"settore": "a"}}`)).with("If-Match", tag)); saved.Code != http.StatusOK {
		t.Fatalf("saved: %d %s", saved.Code, saved.Body)
	}
	changed, res := show(res.Header().Get("ETag"))
	if list := k.recorded(t); res.Code != http.StatusOK || len(list) != 2 || list[0].Receipt.ID != changed.Decision.ID {
		t.Errorf("the card that has changed: %d, %d decisions", res.Code, len(list))
	}
	lines := k.lines()
	last := lines[len(lines)-1] // the access and the decision are of one request
	if last.Oggetto != "conversazione "+strings.TrimPrefix(at, conversations+"/")+" scheda" || last.Correlation != k.recorded(t)[0].Receipt.Correlation {
		t.Errorf("the line of the access: %+v", last)
	}
}

// Without a draft the card has the counters of the unit, which are a decision as well; what can't be recorded is not shown.
func TestTheCountersOfACardAreInTheRecord(t *testing.T) {
	t.Parallel()
	p, k := newRecordedParlour(t)
	p.post2("advisor", http.MethodPut, "/v1/chat/presence", `{"available": true}`, http.StatusOK)
	at := p.open("titolare", first, `, "unita_produttiva": "0", "consent_notice": "2026-1"`)
	shown := read[card](t, p.as("advisor", get(at+"/context")))
	list := k.recorded(t)
	if len(list) != 1 || list[0].Receipt.Kind != "counters" || list[0].Receipt.ID != shown.Decision.ID || list[0].Index.UnitaProduttiva != "0" {
		t.Fatalf("recorded: %+v", list)
	}
	k.decider.before = func() { k.publish(t, editionB()) } // another edition comes into use while the card is made
	shown = read[card](t, p.as("advisor", get(at+"/context")))
	if list = k.recorded(t); len(list) != 2 || shown.Decision.EditionDigest != editionB().edition.Digest || string(list[0].Receipt.EditionDigest) != shown.Decision.EditionDigest {
		t.Errorf("the card is under %s", shown.Decision.EditionDigest)
	}
}

// replayed is what a replay of a decision says.
func (k *court) replayed(t testing.TB, id string) (m map[string]any) {
	t.Helper()
	return read[map[string]any](t, k.as("auditor", post("/v1/decisions/"+id+"/replay", "")))
}

// The card tells the delegation that allows it now, which may not be the one of the opening.
func TestTheCardTellsTheDelegationInForce(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.onDuty("advisor", "")
	at := p.open("consulente", second, `, "consent_notice": "2026-1"`)
	shown := func() any {
		t.Helper()
		d, _ := read[map[string]any](t, p.as("advisor", get(at+"/context")))["delegation"].(map[string]any)
		return d["id"]
	}
	if id := shown(); id != p.bonds["mandate2"] {
		t.Errorf("at first %v", id)
	}
	p.bond(t, "mandate3", "consulente", second, archive.Intermediario, "", "", archive.Servizi...)
	if _, err := p.store.Revoke(t.Context(), p.bonds["mandate2"], "prova", opening); err != nil {
		t.Fatal(err)
	}
	if id := shown(); id != p.bonds["mandate3"] {
		t.Errorf("then %v, want the one in force", id)
	}
	if _, err := p.store.Revoke(t.Context(), p.bonds["mandate3"], "prova", opening); err != nil {
		t.Fatal(err)
	}
	want(t, p.as("advisor", get(at+"/context")), http.StatusNotFound, "matricola_not_found")
}

// An abandoned conversation is one that the person closed before an adviser wrote, and no other.
func TestWhatCountsAsAbandoned(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.onDuty("advisor", "")
	byAdviser := p.open("titolare", first, "")
	p.post("advisor", byAdviser+"/close", `{}`, http.StatusOK)
	answered := p.open("titolare", first, "")
	p.say("advisor", answered, "Prego")
	p.post("titolare", answered+"/close", `{}`, http.StatusOK)
	ended := p.open("titolare", first, "")
	if err := p.chat.End(t.Context(), strings.TrimPrefix(ended, conversations+"/")); err != nil {
		t.Fatal(err)
	}
	given := p.open("titolare", first, "")
	p.post("titolare", given+"/close", `{}`, http.StatusOK)
	if f := read[map[string]any](t, p.as("operatore", get("/v1/chat/figures"))); f["closed"] != 4.0 || f["abandoned"] != 1.0 || f["answered"] != 1.0 {
		t.Errorf("figures: %v", f)
	}
}
