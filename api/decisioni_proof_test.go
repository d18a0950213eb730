package api_test

import (
	"bytes"
	"crypto/rand"

	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/api"
	"omnia/ledger"
)

// keys are those that the service gives to anybody.
func (k *court) keys(t *testing.T) *ledger.Keyring {
	t.Helper()
	ring, err := ledger.ParseKeyring(k.as("", get("/v1/ledger/keys")).Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func (k *court) checkpoint(t *testing.T) *ledger.Signed {
	t.Helper()
	w := k.as("", get("/v1/ledger/checkpoint"))
	signed, err := k.keys(t).Open(w.Body.String())
	if err != nil {
		t.Fatal(err, w.Body)
	}
	return signed
}

type replayAnswer struct {
	ID          string
	Identical   *bool
	Differences []struct{ Pointer string }
}

// A decision comes out again as it was taken, under its own edition, after another one came into use; and offline it is shown to be in the log.
func TestADecisionIsReplayedAndProved(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	id, _ := k.decide(t, "portale", history(named))
	k.publish(t, editionB())
	k.decide(t, "portale", history(named))
	r := read[replayAnswer](t, k.as("titolare", post("/v1/decisions/"+id+"/replay", "")))
	if r.Identical == nil || !*r.Identical || r.Differences == nil || len(r.Differences) != 0 || r.ID != id {
		t.Errorf("%+v", r)
	}
	text := k.as("titolare", get("/v1/decisions/"+id+"/proof")).Body.Bytes()
	p, err := ledger.DecodeProof(bytes.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(k.keys(t)); err != nil {
		t.Error(err)
	}
	d, err := k.store.Decision(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Holds(d.Facts, d.Personal, d.Outcome); err != nil {
		t.Error(err)
	}
	k.decider.absent.Store(true)
	want(t, k.as("titolare", post("/v1/decisions/"+id+"/replay", "")), http.StatusConflict, "not_replayable")
	if d := k.shown(t, "auditor", id); d.AnswerMissing == nil || d.AnswerMissing.Code != "edition" || d.Answer != nil || len(d.Facts) == 0 {
		t.Errorf("%+v", d)
	}
}

// Erasing takes the values and nothing else: the proof holds, the replay says that it can't be made, and a hold forbids it.
func TestPersonalValuesAreErased(t *testing.T) {
	bothCourts(t, func(t *testing.T, k *court) {
		id, _ := k.decide(t, "portale", history(named))
		erasure := "/v1/decisions/" + id + "/erasure"
		want(t, k.as("auditor", post(erasure, `{"reason": "x"}`)), http.StatusForbidden, "role_not_allowed")
		want(t, k.as("titolare", post(erasure, `{"reason": "x"}`)), http.StatusForbidden, "role_not_allowed")
		want(t, k.as("operatore", post(erasure, `{"paths": ["/azienda/settore", "/a"]}`)), http.StatusUnprocessableEntity, "invalid_input", "required")
		want(t, k.as("operatore", post(erasure, `{"reason": "x", "paths": ["/azienda/settore", "/azienda/codice_fiscale"]}`)), http.StatusUnprocessableEntity, "invalid_input", "not_a_personal_value")

		w := k.as("auditor", post("/v1/legal-holds", `{"matricola": "`+first+`", "reason": "causa pendente"}`))
		hold := read[struct{ ID string }](t, w).ID
		if w.Code != http.StatusCreated || w.Header().Get("Location") != "/v1/legal-holds/"+hold {
			t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
		}
		want(t, k.as("operatore", post(erasure, `{"reason": "richiesta della persona"}`)), http.StatusConflict, "legal_hold")
		want(t, k.as("operatore", del("/v1/legal-holds/"+hold)), http.StatusForbidden, "role_not_allowed")
		want(t, k.as("auditor", del("/v1/legal-holds/nessuno")), http.StatusNotFound, "hold_not_found")
		for range 2 {
			if w := k.as("auditor", del("/v1/legal-holds/"+hold)); w.Code != http.StatusNoContent {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		if l := read[listing](t, k.as("auditor", get("/v1/legal-holds?matricola="+first))); len(l.Items) != 1 || l.Items[0]["lifted_by"] != "sub-auditor" {
			t.Errorf("%v", l)
		}

		body := post(erasure, `{"reason": "richiesta della persona", "paths": ["/azienda/codice_fiscale"]}`)
		for range 2 { // again is no error
			e := read[struct {
				Erased []struct {
					Path     string
					Position int64
				}
			}](t, k.as("operatore", body))
			if len(e.Erased) != 1 || e.Erased[0].Path != "/azienda/codice_fiscale" || e.Erased[0].Position == 0 {
				t.Errorf("%+v", e)
			}
		}
		w = k.as("titolare", post("/v1/decisions/"+id+"/replay", ""))
		want(t, w, http.StatusConflict, "not_replayable", "erased")
		if p := problem(t, w); p.Errors[0].Pointer != "/facts/azienda/codice_fiscale" {
			t.Errorf("%+v", p)
		}
		d := k.shown(t, "auditor", id)
		if d.AnswerMissing == nil || d.AnswerMissing.Code != "erased" || len(d.Erased) != 1 || strings.Contains(string(d.Facts), "01533450266") || len(d.Rules) == 0 || d.Rules[0].Why == "" {
			t.Errorf("%+v", d)
		}
		p, err := ledger.DecodeProof(bytes.TrimSpace(k.as("auditor", get("/v1/decisions/"+id+"/proof")).Body.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(k.keys(t)); err != nil {
			t.Error(err)
		}
		verified(t, k, id)
		k.as("operatore", post(erasure, `{"reason": "richiesta della persona"}`))
		if d := k.shown(t, "auditor", id); d.Actor != "" || len(d.Erased) != 2 {
			t.Errorf("%q, %v", d.Actor, d.Erased)
		}
		verified(t, k, id)
	})
}

// verified reads the evidence of a case as omnia verify does.
func verified(t *testing.T, k *court, id string) *ledger.Report {
	t.Helper()
	w := k.as("auditor", get("/v1/decisions/"+id+"/evidence"))
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	r, err := ledger.Verification{Keys: k.keys(t)}.Verify(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The evidence of a case has the edition with its texts, the decision, and the accesses: to the archive when it was taken, and to it since.
func TestEvidenceIsVerifiedOffline(t *testing.T) {
	bothCourts(t, func(t *testing.T, k *court) {
		k.as("consulente", get(unitCounters))
		id := k.recorded(t)[0].Receipt.ID
		k.shown(t, "titolare", id)
		k.as("operatore", get("/v1/decisions/"+id))
		k.decide(t, "portale", history(named)) // not of this case
		if r := verified(t, k, id); r.Decisions != 1 || r.Editions != 1 || r.Activations != 1 || r.Accesses != 3 || r.Complete {
			t.Errorf("%+v", r)
		}
		want(t, k.as("operatore", get("/v1/decisions/"+id+"/evidence")), http.StatusForbidden, "role_not_allowed")
		text := k.as("auditor", get("/v1/decisions/"+id+"/evidence")).Body.Bytes()
		altered := bytes.Replace(text, []byte(`"settore":"a"`), []byte(`"settore":"b"`), 1)
		if bytes.Equal(text, altered) {
			t.Fatal("nothing to alter")
		}
		if _, err := (ledger.Verification{Keys: k.keys(t)}).Verify(bytes.NewReader(altered)); err == nil {
			t.Error("altered facts are not noticed")
		}
	})
}

// Where the keyring asks for witnesses, proofs are under what they have signed: the last head alone would not be believed.
func TestProofsAreUnderWhatWitnessesHaveSigned(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	id, _ := k.decide(t, "portale", history(named))
	secret, public, err := ledger.GenerateKey(rand.Reader, "osservatorio.example/1")
	if err != nil {
		t.Fatal(err)
	}
	if err := k.store.ChangeKeyring(t.Context(), func(ring *ledger.Keyring, _ int64) (*ledger.Keyring, error) {
		out := *ring
		out.Witnesses, out.Quorum = append(out.Witnesses, ledger.Key{Verifier: public}), 1
		return &out, out.Check()
	}); err != nil {
		t.Fatal(err)
	}
	witness, err := ledger.NewWitness(secret, k.keys(t))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := witness.Cosign(nil, k.checkpoint(t).Note, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.store.Cosign(t.Context(), signed.Note); err != nil {
		t.Fatal(err)
	}
	late, _ := k.decide(t, "portale", history(named))
	verified(t, k, id)
	for proved, believed := range map[string]bool{id: true, late: false} {
		p, err := ledger.DecodeProof(bytes.TrimSpace(k.as("auditor", get("/v1/decisions/"+proved+"/proof")).Body.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		head, err := p.Verify(k.keys(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := k.keys(t).Witnessed(head); (err == nil) != believed {
			t.Errorf("the proof of %s is under a checkpoint of %d leaves: %v", proved, head.Tree.N, err)
		}
	}
}

// Two decisions on the same facts under two editions differ because of the limit; a corrected measure would have changed one.
func TestDecisionsAreCompared(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	a, _ := k.decide(t, "portale", history(named))
	k.publish(t, editionB())
	b, _ := k.decide(t, "portale", history(named))
	type contrast struct {
		Comparable, Same bool
		FactsMattered    bool `json:"facts_mattered"`
		RulesMattered    bool `json:"rules_mattered"`
		Rules            []struct{ ID, Title, Mattered string }
		Facts            []struct{ Pointer, Mattered string }
		Text             []string
	}
	w := k.as("titolare", get("/v1/decisions/"+a+"/comparison?with="+b).with("Accept-Language", "en"))
	c := read[contrast](t, w)
	if !c.Comparable || c.Same || c.FactsMattered || !c.RulesMattered || len(c.Rules) != 1 || c.Rules[0].ID != "cigo.biennio.max_weeks" || !strings.HasPrefix(c.Rules[0].Title, "Most weeks") {
		t.Errorf("%s", w.Body)
	}
	want(t, k.as("titolare", get("/v1/decisions/"+a+"/comparison")), http.StatusUnprocessableEntity, "invalid_parameters", "required")

	k.measures(t, granted("A-1", "2025-01-06", "2025-06-29"))
	w = k.as("titolare", get("/v1/decisions/"+b+"/correction?provvedimento=A-1"))
	c = read[contrast](t, w)
	if !c.Comparable || c.Same || !c.FactsMattered || c.RulesMattered || len(c.Facts) == 0 {
		t.Errorf("%s", w.Body)
	}
	want(t, k.as("titolare", get("/v1/decisions/"+b+"/correction?provvedimento=Z-9")), http.StatusUnprocessableEntity, "period_not_in_decision")
	r := read[replayAnswer](t, k.as("titolare", post("/v1/decisions/"+b+"/replay", "")))
	if !*r.Identical {
		t.Error("the decision itself changed")
	}
}

// Whoever watches needs no token: the head, its growth, the keys, and the tree itself.
func TestTheLogCanBeWatchedByAnybody(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	before := k.checkpoint(t)
	for range 3 {
		k.decide(t, "portale", history(named))
	}
	now := k.checkpoint(t)
	if now.Tree.N != before.Tree.N+3 {
		t.Errorf("%d leaves after %d", now.Tree.N, before.Tree.N)
	}
	w := k.as("", get(fmt.Sprintf("/v1/ledger/consistency?from=%d", before.Tree.N)))
	g, err := ledger.DecodeGrowth(bytes.TrimSpace(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err, w.Body)
	}
	if _, err := g.Verify(before, k.keys(t)); err != nil {
		t.Error(err)
	}
	data := k.as("", get("/v1/ledger/tiles/0/0")).Body.Bytes()
	if int64(len(data)) != now.Tree.N*32 {
		t.Fatalf("%d bytes for %d leaves", len(data), now.Tree.N)
	}
	d := k.recorded(t)[0]
	if leaf := ledger.LeafHash(d.Leaf); !bytes.Equal(data[d.Position*32:d.Position*32+32], leaf[:]) {
		t.Error("the tile does not have the leaf")
	}
	root, err := tlog.TreeHash(now.Tree.N, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			h, err := tlog.HashFromTile(tlog.Tile{H: ledger.TileHeight, W: int(now.Tree.N)}, data, i)
			if err != nil {
				return nil, err
			}
			out = append(out, h)
		}
		return out, nil
	}))
	if err != nil || root != now.Tree.Hash {
		t.Errorf("the tiles do not give the root: %v", err)
	}
	if w := k.as("", get("/v1/ledger/tiles/0/0?width=2")); !bytes.Equal(w.Body.Bytes(), data[:64]) {
		t.Errorf("%d bytes", w.Body.Len())
	}
	for _, path := range []string{"0/1", "1/0", "64/0", "-1/0", "0/-1", "x/0", "0/99999999999999999999", "0/4611686018427387903", "0/0?width=60"} {
		want(t, k.as("", get("/v1/ledger/tiles/"+path)), http.StatusNotFound, "tile_not_found")
	}
	want(t, k.as("", get("/v1/ledger/tiles/0/0?width=65")), http.StatusUnprocessableEntity, "invalid_parameters", "number_out_of_range")
	want(t, k.as("", get("/v1/ledger/consistency?from=99999")), http.StatusUnprocessableEntity, "invalid_parameters", "log_not_so_long")
	want(t, k.as("", get("/v1/ledger/consistency?from=3&to=2")), http.StatusUnprocessableEntity, "invalid_parameters", "sizes_in_wrong_order")
	want(t, k.as("", get("/v1/ledger/consistency")), http.StatusUnprocessableEntity, "invalid_parameters", "required")
	want(t, k.as("", get("/v1/ledger/consistency?from=0&to=99999")), http.StatusNotFound, "checkpoint_not_kept")
}

// A witness adds its name; what is not signed by one, or speaks of another log, does not get in.
func TestAWitnessCountersigns(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	k.decide(t, "portale", history(named))
	note := k.checkpoint(t).Note
	send := func(body string) request {
		return request{method: http.MethodPost, path: "/v1/ledger/cosignatures", body: body, headers: map[string]string{"Content-Type": "text/plain"}}
	}
	for _, body := range []string{"x", note, note + "\n", strings.Replace(note, "\n", "x\n", 1)} {
		want(t, k.as("", send(body)), http.StatusUnprocessableEntity, "not_countersigned")
	}
	want(t, k.as("", send(note).with("Content-Type", "application/json")), http.StatusUnsupportedMediaType, "unsupported_media_type")
	want(t, k.as("", send(strings.Repeat("x", 70<<10))), http.StatusRequestEntityTooLarge, "body_too_large")

	secret, public, err := ledger.GenerateKey(rand.Reader, "osservatorio.example/1")
	if err != nil {
		t.Fatal(err)
	}
	watch := func(ring *ledger.Keyring, _ int64) (*ledger.Keyring, error) {
		out := *ring
		out.Witnesses = append(out.Witnesses, ledger.Key{Verifier: public})
		return &out, out.Check()
	}
	if err := k.store.ChangeKeyring(t.Context(), watch); err != nil {
		t.Fatal(err)
	}
	witness, err := ledger.NewWitness(secret, k.keys(t))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := witness.Cosign(nil, note, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := k.as("", send(signed.Note)); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	if got := k.checkpoint(t); len(got.Witnesses) != 1 {
		t.Errorf("witnesses: %v", got.Witnesses)
	}
}

// Without a record its routes say that it is not there, and counters are answered as ever.
func TestWithoutARecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, r := range []request{get("/v1/decisions"), get("/v1/decisions/x"), get("/v1/legal-holds"), get("/v1/ledger/checkpoint"), get("/v1/ledger/keys"), get("/v1/ledger/tiles/0/0")} {
		want(t, w.as("auditor", r), http.StatusServiceUnavailable, "archive_unavailable")
	}
	if h := read[header](t, w.as("portale", post("/v1/counters", history(named)).with("Prefer", "record=none"))); h.Decision.Recorded != nil {
		t.Errorf("%+v", h)
	}
}

// An empty log has no head.
func TestAnEmptyLogHasNoHead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *api.Config) { c.Ledger, _ = c.Archive.(api.Ledger) })
	want(t, w.as("", get("/v1/ledger/checkpoint")), http.StatusNotFound, "log_empty")
	want(t, w.as("", get("/v1/ledger/keys")), http.StatusNotFound, "log_empty")
	want(t, w.as("", get("/v1/ledger/consistency?from=0")), http.StatusNotFound, "log_empty")
}
