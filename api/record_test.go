package api_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"omnia/api"
	"omnia/archive"
	"omnia/ledger"
)

// gatekeeper is a record that fails when a test wants it to.
type gatekeeper struct {
	api.Ledger
	err   atomic.Pointer[error]
	times atomic.Int64 // how often it fails; then it works
}

func (g *gatekeeper) Commit(ctx context.Context, decisions []*ledger.Decision, lines []archive.Access) error {
	if err := g.err.Load(); err != nil && g.times.Add(-1) >= 0 {
		return *err
	}
	return g.Ledger.Commit(ctx, decisions, lines)
}

func (g *gatekeeper) fail(err error, times int64) {
	g.err.Store(&err)
	g.times.Store(times)
}

func guardedCourt(t *testing.T) (*court, *gatekeeper) {
	g := &gatekeeper{}
	return newCourt(t, func(c *api.Config) { g.Ledger, c.Ledger = c.Ledger, g }), g
}

// What can't be recorded is not answered, and nothing of it is left.
func TestWhatCannotBeRecordedIsNotAnswered(t *testing.T) {
	t.Parallel()
	k, g := guardedCourt(t)
	lines := len(k.lines())
	for name, r := range map[string]request{
		"stateless": post("/v1/counters", history(named)), "archive": get(unitCounters), "what-if": post(unitCounters, `{"richiesta": {}}`),
		"list": get("/v1/counters"),
	} {
		g.fail(archive.ErrUnavailable, 1)
		w := k.as("operatore", r)
		want(t, w, http.StatusServiceUnavailable, "archive_unavailable")
		if strings.Contains(w.Body.String(), "verdict") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
	if n := len(k.recorded(t)); n != 0 || len(k.lines()) != lines {
		t.Errorf("%d decisions and %d lines are left", n, len(k.lines())-lines)
	}
	k.decide(t, "operatore", history(named))
}

// An edition that comes into use while a request is decided takes it: the request is decided again, and its decision is the only one.
func TestADecisionIsTakenUnderTheEditionInUse(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	for _, r := range []request{post("/v1/counters", history(named)), get(unitCounters), get("/v1/counters")} {
		k.publish(t, editionA())
		k.as("operatore", post("/v1/counters", history(named))) // the decider has A again
		before := len(k.recorded(t))
		k.decider.before = func() { k.publish(t, editionB()) }
		w := k.as("operatore", r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s %s: %d %s", r.method, r.path, w.Code, w.Body)
		}
		all := k.recorded(t)
		for _, d := range all[:len(all)-before] {
			if d.Receipt.EditionDigest != ledger.Digest(editionB().edition.Digest) {
				t.Errorf("%s %s: under %s", r.method, r.path, d.Receipt.Edition)
			}
		}
		if len(all) == before {
			t.Errorf("%s %s: nothing is recorded", r.method, r.path)
		}
	}
}

// A store that never agrees on the edition is not asked for ever.
func TestDecidingAgainEnds(t *testing.T) {
	t.Parallel()
	k, g := guardedCourt(t)
	g.fail(ledger.ErrEdition, 3)
	k.decide(t, "portale", history(named))
	if n := k.decider.renewed.Load(); n != 3 {
		t.Errorf("renewed %d times", n)
	}
	g.fail(ledger.ErrEdition, 1000)
	want(t, k.as("portale", post("/v1/counters", history(named))), http.StatusServiceUnavailable, "archive_unavailable")
	if n := k.decider.renewed.Load(); n > 10 {
		t.Errorf("renewed %d times", n)
	}
}

// Many at once, while editions change: each answer has one decision in the record, under the edition that it names.
func TestNoRequestIsLostWhileEditionsChange(t *testing.T) {
	bothCourts(t, func(t *testing.T, k *court) {
		var ids sync.Map
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 10 {
					w := k.as("portale", post("/v1/counters", history(named)))
					if w.Code != http.StatusOK {
						t.Errorf("%d %s", w.Code, w.Body)
						return
					}
					h := read[header](t, w)
					ids.Store(h.Decision.ID, h.Decision.EditionDigest)
				}
			})
		}
		for i := range 6 {
			k.publish(t, []*lawText{editionB(), editionA()}[i%2])
		}
		group.Wait()
		n := 0
		for _, d := range k.recorded(t) {
			if digest, told := ids.Load(d.Receipt.ID); !told || digest != string(d.Receipt.EditionDigest) {
				t.Errorf("%s: recorded under %s, told %v", d.Receipt.ID, d.Receipt.EditionDigest, digest)
			}
			n++
		}
		if n != 40 {
			t.Errorf("%d decisions for 40 answers", n)
		}
	})
}

// Whether somebody may is said by the policies: an operator may not, in production.
func TestNotToRecordIsForThosePermitted(t *testing.T) {
	t.Parallel()
	k := newCourt(t, func(c *api.Config) { c.Development = false })
	w := k.as("operatore", post("/v1/counters", history("")).with("Prefer", "record=none"))
	if h := read[header](t, w); h.Decision.Recorded != nil || w.Header().Get("Preference-Applied") != "" || len(k.recorded(t)) != 1 {
		t.Errorf("%+v", h)
	}
}

// A keystroke need not be recorded; the check before sending is, and all that reads the archive.
func TestAClientMayAskNotToRecord(t *testing.T) {
	t.Parallel()
	k := newCourt(t)
	form := application{}
	for _, e := range known(t, whole()) {
		form.put(e.path, e.value)
	}
	for name, tt := range map[string]struct {
		persona, prefer string
		r               request
		recorded        bool
	}{
		"keystroke":               {"portale", "record=none", post("/v1/validate", form.body(false)), false},
		"among other preferences": {"portale", `respond-async, RECORD="none"; x=1, wait=1`, post("/v1/validate", form.body(false)), false},
		"the first counts":        {"portale", "record=all, record=none", post("/v1/validate", form.body(false)), true},
		"another preference":      {"portale", "record=nonesuch", post("/v1/validate", form.body(false)), true},
		"simulation":              {"portale", "record=none", post("/v1/counters", history("")), false},
		"before sending":          {"portale", "record=none", post("/v1/validate", form.body(true)), true},
		"of the archive":          {"titolare", "record=none", get(unitCounters), true},
		"a form with the archive": {"titolare", "record=none", post(checkPath, requestAlone(t).body(false)), true},
	} {
		before := len(k.recorded(t))
		w := k.as(tt.persona, tt.r.with("Prefer", tt.prefer))
		h := read[header](t, w)
		if got := len(k.recorded(t)) - before; (got == 1) != tt.recorded || got > 1 {
			t.Errorf("%s: %d decisions", name, got)
		}
		if tt.recorded != (h.Decision.Recorded == nil) || tt.recorded != (w.Header().Get("Preference-Applied") == "") || h.Decision.Recorded != nil && *h.Decision.Recorded {
			t.Errorf("%s: %+v, %q", name, h.Decision, w.Header().Get("Preference-Applied"))
		}
	}
}
