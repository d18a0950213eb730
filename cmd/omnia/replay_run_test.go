package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"omnia/ledger"
	"omnia/ledger/replay"
)

// heldRecord is a record in memory.
type heldRecord struct {
	*replay.Export
	decisions []*ledger.Decision

	mu    sync.Mutex
	reads int
	fail  int // the reading at which the database goes away; 0: never
	runs  map[string][]byte
}

var errGone = errors.New("the database is gone")

func newHeldRecord(t *testing.T) *heldRecord {
	t.Helper()
	export, keys := someExport(t)
	ring, err := ledger.ParseKeyring(keys)
	if err != nil {
		t.Fatal(err)
	}
	h := &heldRecord{Export: &replay.Export{Keys: ring}, runs: map[string][]byte{}}
	for chunk, err := range h.Chunks(bytes.NewReader(export)) {
		if err != nil {
			t.Fatal(err)
		}
		h.decisions = append(h.decisions, chunk...)
	}
	h.decisions = slices.DeleteFunc(h.decisions, func(d *ledger.Decision) bool { return d.Receipt.Kind != replay.KindCounters })
	some := h.decisions[:50]
	for range 14 { // long enough to be broken off
		for _, d := range some {
			again := *d
			again.Position = h.decisions[len(h.decisions)-1].Position + 1
			h.decisions = append(h.decisions, &again)
		}
	}
	h.decisions[60].Outcome = bytes.Replace(bytes.Clone(h.decisions[60].Outcome), []byte(`"verdict":"`), []byte(`"verdict":"un`), 1)
	return h
}

func (h *heldRecord) DecisionsAfter(_ context.Context, c ledger.Criteria, after int64, limit int) (list []*ledger.Decision, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reads++; h.reads == h.fail {
		return nil, errGone
	}
	for _, d := range h.decisions {
		if d.Position > after && wanted(c, d) && len(list) < limit {
			list = append(list, d)
		}
	}
	return list, nil
}

func (h *heldRecord) Decision(_ context.Context, id string) (*ledger.Decision, error) {
	at := slices.IndexFunc(h.decisions, func(d *ledger.Decision) bool { return d.Receipt.ID == id })
	if at < 0 {
		return nil, errors.New("there is no such decision")
	}
	return h.decisions[at], nil
}

func (h *heldRecord) Head(context.Context) (*ledger.Signed, error) {
	s := new(ledger.Signed)
	s.Tree.N = h.decisions[len(h.decisions)-1].Position + 1
	return s, nil
}

func (h *heldRecord) SaveRun(_ context.Context, id string, state []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs[id] = bytes.Clone(state)
	return nil
}

func (h *heldRecord) Run(_ context.Context, id string) ([]byte, error) {
	if state := h.runs[id]; state != nil {
		return state, nil
	}
	return nil, errors.New("there is no such run")
}

// over runs a command over the record, as if it were the database.
func (h *heldRecord) over(t *testing.T, c replayCmd) (stdout string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	std := streams{strings.NewReader(""), &out, &errs}
	src := &replaySource{editions: h, close: func() {}}
	if err := c.choose(t.Context(), std, src, h); err != nil {
		return "", err
	}
	if c.Edition != "" {
		err = c.backtest(t.Context(), std, src)
	} else {
		err = c.replay(t.Context(), std, src)
	}
	return out.String(), err
}

func TestARunThatWasBrokenOffEndsWithTheSameTotals(t *testing.T) {
	t.Parallel()
	h := newHeldRecord(t)
	whole, err := h.over(t, replayCmd{All: true, JSON: true, Parallel: 2})
	if err == nil || !strings.Contains(err.Error(), "1 of ") {
		t.Fatal(err, whole)
	}
	for at := 2; at <= 4; at++ {
		h.fail, h.reads, h.runs = at, 0, map[string][]byte{}
		if _, err := h.over(t, replayCmd{All: true, JSON: true, Parallel: 2}); !errors.Is(err, errGone) {
			t.Fatalf("at %d: %v", at, err)
		}
		if len(h.runs) != 1 {
			t.Fatalf("%d runs are kept", len(h.runs))
		}
		h.fail = 0
		h.decisions = append(h.decisions, h.decisions[0]) // taken meanwhile: behind the end of the run
		for id := range h.runs {
			rest, err := h.over(t, replayCmd{Resume: id, JSON: true, Parallel: 3})
			if diff := cmp.Diff(withoutRun(t, whole), withoutRun(t, rest)); diff != "" {
				t.Errorf("broken off at reading %d: %v\n%s", at, err, diff)
			}
		}
		h.decisions = h.decisions[:len(h.decisions)-1]
	}
	if _, err := h.over(t, replayCmd{Resume: "nothing"}); err == nil || !strings.Contains(err.Error(), "run nothing") {
		t.Error(err)
	}
}

func withoutRun(t *testing.T, printed string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(printed), &m); err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	delete(m, "run")
	return m
}

// What is kept of a run says how far it is and what it came to at one and the same moment: a crash between
// them can't happen, wherever it comes.
func TestEachStateOfARunIsWhole(t *testing.T) {
	t.Parallel()
	h := newHeldRecord(t)
	r := &runs{record: h, state: &runState{ID: "x", Position: -1, Until: 1 << 20}}
	var states []runState
	err := replay.Walk(t.Context(), stored(t.Context(), h, ledger.Criteria{}, -1, 1<<20), 3, func() *replay.Total { return new(replay.Total) },
		func(ctx context.Context, sum *replay.Total, d *ledger.Decision) error { return sum.Add(ctx, h, d) },
		func(position int64, sum *replay.Total) error {
			r.state.Total.Merge(sum)
			r.saved = time.Time{} // each time
			if err := r.reached(t.Context(), position); err != nil {
				return err
			}
			var s runState
			err := json.Unmarshal(h.runs["x"], &s)
			states = append(states, s)
			return err
		})
	if err != nil || len(states) < 3 {
		t.Fatal(len(states), err)
	}
	for _, s := range states {
		n := int64(0)
		for _, d := range h.decisions {
			if d.Position <= s.Position {
				n++
			}
		}
		if s.Total.Decisions != n {
			t.Errorf("at position %d: %d decisions, %d were there", s.Position, s.Total.Decisions, n)
		}
	}
}

func TestOneDecisionIsReplayed(t *testing.T) {
	t.Parallel()
	h := newHeldRecord(t)
	good, bad := h.decisions[3].Receipt.ID, h.decisions[60].Receipt.ID
	if out, err := h.over(t, replayCmd{ID: good}); err != nil || out != "1 decisions: 1 identical, 0 different, 0 not replayable\n" {
		t.Error(out, err)
	}
	if out, err := h.over(t, replayCmd{ID: bad}); err == nil || !strings.Contains(out, bad+" is different:\n  /outcome: nothing → nothing (the outcome that is kept is not the one that was recorded)\n  /items/0/verdict: \"un") {
		t.Error(out, err)
	}
	if _, err := h.over(t, replayCmd{ID: "nobody"}); err == nil || !strings.Contains(err.Error(), "no such decision") {
		t.Error(err)
	}
}

func TestDecisionsAreChosen(t *testing.T) {
	t.Parallel()
	h := newHeldRecord(t)
	h.decisions[5].Receipt.Instant = time.Date(2024, 3, 30, 23, 30, 0, 0, time.UTC) // half past midnight of the 31st in Rome
	for _, tt := range []struct {
		name string
		c    replayCmd
		want string
	}{
		{"a day of Rome", replayCmd{All: true, From: "2024-03-31", To: "2024-03-31"}, "1 decisions: 1 identical"},
		{"the day before", replayCmd{All: true, From: "2024-03-30", To: "2024-03-30"}, "0 decisions"},
		{"a version that nobody applied", replayCmd{All: true, Rule: "cigo.settimane_biennio", RuleVersion: 99}, "0 decisions"},
		{"a rule", replayCmd{All: true, To: "2024-12-31", Rule: "cigo.settimane_biennio"}, "1 decisions: 1 identical"},
	} {
		if out, err := h.over(t, tt.c); err != nil || !strings.Contains(out, tt.want) {
			t.Errorf("%s: %s, %v", tt.name, out, err)
		}
	}
}

func TestADraftIsTriedOnTheRecord(t *testing.T) {
	t.Parallel()
	h := newHeldRecord(t)
	out, err := h.over(t, replayCmd{All: true, Edition: "../../rules", Parallel: 2})
	want := fmt.Sprintf("Decisioni esaminate: %d\n  invariate: %d,", len(h.decisions), len(h.decisions)-1)
	if err != nil || !strings.Contains(out, want) || !strings.Contains(out, "  cambiate: 0\n  non ripetibili: 1 (diverse già con la loro edizione 1)") {
		t.Errorf("%v\n%s\nwant %s", err, out, want)
	}
}

// However many are at work, the same is printed.
func TestParallelReplaysPrintTheSame(t *testing.T) {
	t.Parallel()
	h := newHeldRecord(t)
	one, _ := h.over(t, replayCmd{All: true, JSON: true, Parallel: 1})
	many, _ := h.over(t, replayCmd{All: true, JSON: true, Parallel: 16})
	if diff := cmp.Diff(withoutRun(t, one), withoutRun(t, many)); diff != "" {
		t.Error(diff)
	}
}

var _ replay.Editions = (*heldRecord)(nil)
var _ recordReader = (*heldRecord)(nil)

// BenchmarkReplayExport replays an export, verifying on the way.
func BenchmarkReplayExport(b *testing.B) {
	export, keys := someExport(b)
	ring, err := ledger.ParseKeyring(keys)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(export)))
	for b.Loop() {
		x := &replay.Export{Keys: ring}
		total := new(replay.Total)
		err := replay.Walk(b.Context(), x.Chunks(bytes.NewReader(export)), 2, func() *replay.Total { return new(replay.Total) },
			func(ctx context.Context, sum *replay.Total, d *ledger.Decision) error { return sum.Add(ctx, x, d) },
			func(_ int64, sum *replay.Total) error { total.Merge(sum); return nil })
		if err != nil || total.Identical != total.Decisions {
			b.Fatal(err, total)
		}
	}
}

// BenchmarkVerify verifies stored decisions and hashes the same bytes in turn, the best of each: "of-hashing" is the speed of the first as a
// part of that of the second.
func BenchmarkVerify(b *testing.B) {
	export, keys := someExport(b)
	ring, err := ledger.ParseKeyring(keys)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(export)))
	hash, verify := time.Hour, time.Hour
	for b.Loop() {
		start := time.Now()
		sha256.Sum256(export)
		hashed := time.Now()
		if _, err := (ledger.Verification{Keys: ring}).Verify(bytes.NewReader(export)); err != nil {
			b.Fatal(err)
		}
		hash, verify = min(hash, hashed.Sub(start)), min(verify, time.Since(hashed))
	}
	b.ReportMetric(float64(hash)/float64(verify), "of-hashing")
}
