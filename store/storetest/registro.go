package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omnia/archive"
	"omnia/ledger"
	"omnia/store"
)

// rulesOfEdition are the ids of the versions that editions of tests have.
var rulesOfEdition = []string{"ais.settimane_biennio", "cigo.ore_un_terzo", "cigo.settimane_biennio", "complessivo.mesi_quinquennio"}

// Edition is an edition in which every rule has that version.
func Edition(name string, version int) *archive.Edition {
	e := &archive.Edition{Name: name, Digest: digest([]byte("edizione " + name)), PublishedAt: noon}
	for _, id := range rulesOfEdition {
		e.Items = append(e.Items, archive.EditionItem{Kind: "counter", ID: id, Version: version, Digest: digest(fmt.Appendf(nil, "%s %d", id, version))})
		text := fmt.Sprintf("id: %s\nversion: %d # è così\n", id, version)
		e.Files = append(e.Files, archive.EditionFile{Path: "counters/" + id + ".yaml", Text: text, Digest: digest([]byte(text))})
	}
	return e
}

// Publish takes an edition into use.
func Publish(t testing.TB, s *store.Store, e *archive.Edition) {
	t.Helper()
	if err := s.Publish(context.Background(), e, true, "direttore", "prova"); err != nil {
		t.Fatal(err)
	}
}

// Asked is what a decision of a test is about; what is left out has a value of its own.
type Asked struct {
	Matricola, Unita, Persona, Delega, Kind, Esito string
	Numero                                         string // of a period in the facts
	Simulation                                     bool
	Instant                                        time.Time
	Rules                                          int // of the edition; 0 is all
	Room                                           int // bytes that the outcome has at least
}

// Decision is a decision under an edition, with everything that the record keeps.
func Decision(e *archive.Edition, a Asked) *ledger.Decision {
	d, err := decide(e, a)
	if err != nil {
		panic(err) // what tests ask can be decided
	}
	return d
}

func decide(e *archive.Edition, a Asked) (*ledger.Decision, error) {
	a = a.filled()
	facts := fmt.Appendf(nil, `{"azienda":{"codice_fiscale":%q,"matricola":%q,"settore":"a"},"periodi":[{"numero":%q}],"richiesta":{"lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U"}]}}`, "cf"+a.Matricola, a.Matricola, a.Numero)
	public, personal, commitments, err := ledger.Split(facts, func(shape string) (here, within bool) { return strings.HasSuffix(shape, "/codice_fiscale"), true }, rand.Reader)
	if err != nil {
		return nil, err
	}
	d := &ledger.Decision{Facts: public, Personal: personal, Index: ledger.Index{Matricola: a.Matricola, UnitaProduttiva: a.Unita, Persona: a.Persona, Esito: a.Esito, Settore: "a"}}
	d.Outcome = fmt.Appendf(nil, `{"verdict":%q,"room":%q}`, a.Esito, strings.Repeat("x", a.Room))
	d.Receipt = ledger.Receipt{
		ID: id(), Instant: a.Instant, Kind: a.Kind, Simulation: a.Simulation, Edition: e.Name, EditionDigest: ledger.Digest(e.Digest), Engine: "omnia v1",
		Options: []ledger.Option{{Name: "today", Value: "2026-03-02"}}, FactsDigest: ledger.DigestOf(public), Personal: commitments,
		OutcomeDigest: ledger.DigestOf(d.Outcome), Role: "intermediario", Delegation: a.Delega, Correlation: "c-1",
	}
	for i, item := range e.Items {
		if a.Rules == 0 || i < a.Rules {
			d.Receipt.Rules = append(d.Receipt.Rules, ledger.Rule{ID: item.ID, Version: item.Version, Digest: ledger.Digest(item.Digest), On: a.Instant.Format(time.DateOnly), State: "applied"})
		}
	}
	if a.Persona != "" {
		actor, commitment, err := ledger.Seal(ledger.PathActor, fmt.Appendf(nil, "%q", a.Persona), rand.Reader)
		if err != nil {
			return nil, err
		}
		d.Personal, d.Receipt.Actor = append(d.Personal, actor), commitment.Hash
	}
	return d, nil
}

// Esito reads what [Decision] writes.
func Esito(outcome []byte) (string, error) {
	var o struct{ Verdict string }
	err := json.Unmarshal(outcome, &o)
	return o.Verdict, err
}

func (a Asked) filled() Asked {
	for _, f := range []struct {
		field *string
		value string
	}{{&a.Matricola, matricola1}, {&a.Kind, "counters"}, {&a.Esito, "admissible"}} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	if a.Instant.IsZero() {
		a.Instant = noon
	}
	a.Instant = a.Instant.Truncate(time.Millisecond) // as leaves have it
	return a
}

// Export is the whole log, as it would be given away.
func Export(t testing.TB, s *store.Store) []byte {
	t.Helper()
	var out bytes.Buffer
	var w *ledger.ExportWriter
	err := s.ExportLog(context.Background(), func(head *ledger.Signed) error {
		w = ledger.NewExportWriter(&out, head, true)
		return nil
	}, func(e *ledger.Entry) error { return w.Entry(e) }, func(c *ledger.Signed) error { return w.Checkpoint(c) })
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatalf("export: %v", err)
	}
	return out.Bytes()
}

// Verified exports the log and verifies it with its keyring alone. It gives the report and how often each id is in the log.
func Verified(t testing.TB, s *store.Store) (*ledger.Report, map[string]int) {
	t.Helper()
	keys, err := s.Keyring(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	v := ledger.Verification{Keys: keys, Each: func(e *ledger.Entry) error {
		var leaf struct{ ID string }
		if err := json.Unmarshal(e.Leaf, &leaf); err != nil {
			return err
		}
		ids[leaf.ID]++
		return nil
	}}
	report, err := v.Verify(bytes.NewReader(Export(t, s)))
	if err != nil {
		t.Fatalf("the log does not verify: %v", err)
	}
	return report, ids
}

// registro is the part about the log of decisions.
func registro(t *testing.T, open Open) {
	t.Run("a decision is read back as it was recorded", func(t *testing.T) { decisionsAreKept(t, open) })
	t.Run("each of many callers at once has its decision there, once", func(t *testing.T) { manyDecide(t, open) })
	t.Run("no decision is under an edition that is not in use", func(t *testing.T) { editionsChange(t, open) })
	t.Run("a decision under another edition hurts its caller only", func(t *testing.T) { anotherEdition(t, open) })
	t.Run("within a transaction decisions are part of it", func(t *testing.T) { decisionsWithin(t, open) })
	t.Run("what can't be verified is not recorded", func(t *testing.T) { unsoundDecisions(t, open) })
	t.Run("while nothing is in it", func(t *testing.T) { emptyLog(t, open) })
	t.Run("whatever bytes came with a request", func(t *testing.T) { anyBytes(t, open) })
	t.Run("runs are kept", func(t *testing.T) { runsAreKept(t, open) })
}

func emptyLog(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	if _, err := s.Head(t.Context()); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("head: %v", err)
	}
	if _, err := s.Keyring(t.Context()); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("keyring: %v", err)
	}
	if err := s.Commit(t.Context(), []*ledger.Decision{Decision(Edition("2026-1", 1), Asked{})}, nil); !errors.Is(err, ledger.ErrEdition) {
		t.Errorf("a decision before any edition: %v, want ErrEdition", err)
	}
	if err := s.Commit(t.Context(), nil, nil); err != nil {
		t.Errorf("nothing: %v", err)
	}
	if _, err := s.Decision(t.Context(), "x"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("a decision: %v", err)
	}
}

func decisionsAreKept(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	d := Decision(e, Asked{Unita: "3", Persona: "p1", Delega: "d1"})
	if err := s.Commit(t.Context(), []*ledger.Decision{d}, []archive.Access{access()}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Decision(t.Context(), d.Receipt.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the decision", d, got)
	list, more, err := s.Decisions(t.Context(), ledger.Criteria{}, archive.Page{Limit: 5})
	if err != nil || more || len(list) != 1 {
		t.Fatalf("%d decisions, more %v, %v", len(list), more, err)
	}
	want := *d
	want.Personal = nil
	same(t, "in a list, without personal values", want, list[0])
	report, _ := Verified(t, s)
	if report.Decisions != 1 || report.Accesses != 1 || report.Editions != 1 || report.Activations != 1 {
		t.Errorf("in the log: %+v", report)
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.Keyring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proof, err := ledger.Prove(t.Context(), got.Position, got.Leaf, head, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proof.Verify(keys); err != nil {
		t.Errorf("its proof: %v", err)
	}
	if err := proof.Holds(got.Facts, got.Personal, got.Outcome); err != nil {
		t.Error(err)
	}
	if _, err := s.Decision(t.Context(), access().ID); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("a line of accesses is no decision: %v", err)
	}
	if err := s.Commit(t.Context(), []*ledger.Decision{d}, nil); err == nil {
		t.Error("the same decision a second time")
	}
}

func manyDecide(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	const callers, calls = 64, 8
	var mu sync.Mutex
	places, ids := map[int64]string{}, map[string]bool{}
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for n := range calls {
				d := Decision(e, Asked{Matricola: fmt.Sprintf("70%08d", c), Rules: 1 + (c+n)%4, Persona: fmt.Sprint("p", c%3), Simulation: n%4 == 0})
				lines := []archive.Access{access(), access()}[:c%3]
				if err := s.Commit(t.Context(), []*ledger.Decision{d}, lines); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				places[d.Position], ids[d.Receipt.ID] = d.Receipt.ID, true
				for _, l := range lines {
					ids[l.ID] = true
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	report, there := Verified(t, s)
	if report.Decisions != callers*calls || len(places) != callers*calls || int64(len(there)) != report.Head.Tree.N {
		t.Errorf("%d decisions at %d places, %d ids among %d leaves", report.Decisions, len(places), len(there), report.Head.Tree.N)
	}
	for id := range ids {
		if there[id] != 1 {
			t.Errorf("%s is in the log %d times", id, there[id])
		}
	}
	for at, id := range places {
		if d, err := s.Decision(t.Context(), id); err != nil || d.Position != at {
			t.Fatalf("decision %s told to be at %d: %v", id, at, err)
		}
	}
}

// Change lets callers decide through all the stores given, which must be of one database, while editions change under them.
// A caller who is told that the edition is another one decides again under the new one; each has at least so many decisions
// recorded. It gives the ids acknowledged.
func Change(t testing.TB, callers, calls int, editions []*archive.Edition, stores ...*store.Store) map[string]bool {
	t.Helper()
	c := &changing{t: t, editions: editions, stores: stores, calls: calls, acknowledged: map[string]bool{}}
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() { c.decide(stores[n%len(stores)]) })
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		c.publish(done)
	}()
	wg.Wait()
	close(done)
	<-ended
	if c.refused.Load() == 0 {
		t.Error("no caller was refused: the test shows nothing")
	}
	return c.acknowledged
}

// changing is callers and somebody who publishes.
type changing struct {
	t        testing.TB
	editions []*archive.Edition
	stores   []*store.Store
	calls    int

	changes, refused atomic.Int64
	mu               sync.Mutex
	acknowledged     map[string]bool
}

// enough is how many changes callers wait for before they stop.
const enough = 6

func (c *changing) decide(s *store.Store) {
	ctx := context.Background()
	e := c.editions[0]
	for n := 0; n < c.calls || c.changes.Load() < enough; {
		d, line := Decision(e, Asked{}), access()
		err := s.Commit(ctx, []*ledger.Decision{d}, []archive.Access{line})
		switch {
		case err == nil:
			n++
			c.mu.Lock()
			c.acknowledged[d.Receipt.ID], c.acknowledged[line.ID] = true, true
			c.mu.Unlock()
			continue
		case errors.Is(err, ledger.ErrEdition):
			c.refused.Add(1)
		case !errors.Is(err, archive.ErrUnavailable):
			c.t.Error(err)
			return
		}
		if digest, err := s.ActiveEdition(ctx); err == nil {
			e = c.editions[slices.IndexFunc(c.editions, func(e *archive.Edition) bool { return e.Digest == digest })]
		}
	}
}

func (c *changing) publish(done chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		case <-time.After(5 * time.Millisecond):
		}
		err := c.stores[n%len(c.stores)].Publish(context.Background(), c.editions[(n+1)%len(c.editions)], true, "", "prova")
		if err == nil {
			c.changes.Add(1)
		} else if !errors.Is(err, archive.ErrUnavailable) {
			c.t.Error(err)
			c.changes.Add(enough)
			return
		}
	}
}

func editionsChange(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	editions := []*archive.Edition{Edition("2026-1", 1), Edition("2026-2", 2), Edition("2026-3", 3)}
	Publish(t, s, editions[0])
	acknowledged := Change(t, 24, 30, editions, s)
	_, there := Verified(t, s) // and with it that each decision is under the edition that was in use
	for id := range acknowledged {
		if there[id] != 1 {
			t.Errorf("%s is in the log %d times", id, there[id])
		}
	}
}

func anotherEdition(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e, other := Edition("2026-1", 1), Edition("2026-2", 2)
	Publish(t, s, e)
	var mu sync.Mutex
	gone := map[string]bool{}
	var wg sync.WaitGroup
	for c := range 64 {
		wg.Go(func() {
			decisions, line := []*ledger.Decision{Decision(e, Asked{})}, access()
			if c%8 == 0 {
				decisions = append(decisions, Decision(other, Asked{}))
			}
			err := s.Commit(t.Context(), decisions, []archive.Access{line})
			if want := c%8 == 0; errors.Is(err, ledger.ErrEdition) != want || !want && err != nil {
				t.Errorf("caller %d: %v", c, err)
			}
			mu.Lock()
			gone[decisions[0].Receipt.ID], gone[line.ID] = err != nil, err != nil
			mu.Unlock()
		})
	}
	wg.Wait()
	_, there := Verified(t, s)
	for id, missing := range gone {
		if want := 1; missing {
			if there[id] != 0 {
				t.Errorf("%s was refused and is in the log", id)
			}
		} else if there[id] != want {
			t.Errorf("%s is in the log %d times", id, there[id])
		}
	}
}

func decisionsWithin(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	broke := errors.New("no")
	var kept []*ledger.Decision
	for n, fail := range []error{nil, broke, nil, broke, broke, nil} {
		d := Decision(e, Asked{})
		err := s.Within(t.Context(), func(ctx context.Context) error {
			if err := s.Commit(ctx, []*ledger.Decision{d}, nil); err != nil {
				return err
			}
			// A part that is undone takes its lines with it, and the rest goes on.
			_ = s.Within(ctx, func(ctx context.Context) error { return s.Record(ctx, access()) })
			if _, err := s.WriteProvvedimenti(ctx, []archive.Provvedimento{sample(fmt.Sprint("N", n))}, true); err != nil {
				return err
			}
			if err := s.Publish(ctx, Edition(fmt.Sprint("bozza-", n), 1), false, "", "prova"); err != nil { // a second step of one transaction
				return err
			}
			return fail
		})
		if !errors.Is(err, fail) {
			t.Fatalf("%v, want %v", err, fail)
		}
		if fail == nil {
			kept = append(kept, d)
		}
		// The log goes on whatever became of the transaction.
		if err := s.Record(t.Context(), access()); err != nil {
			t.Fatal(err)
		}
	}
	report, there := Verified(t, s)
	if report.Decisions != int64(len(kept)) || report.Accesses != 6+3 || report.Editions != 1+3 {
		t.Errorf("in the log: %+v", report)
	}
	for _, d := range kept {
		if there[d.Receipt.ID] != 1 {
			t.Errorf("%s is in the log %d times", d.Receipt.ID, there[d.Receipt.ID])
		}
		if got, err := s.Decision(t.Context(), d.Receipt.ID); err != nil || got.Position != d.Position {
			t.Errorf("%s told to be at %d: %v", d.Receipt.ID, d.Position, err)
		}
	}
	if err := s.Within(t.Context(), func(ctx context.Context) error {
		return s.Commit(ctx, []*ledger.Decision{Decision(Edition("2026-9", 9), Asked{})}, nil)
	}); !errors.Is(err, ledger.ErrEdition) {
		t.Errorf("under another edition: %v", err)
	}
}

func unsoundDecisions(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	for name, spoil := range map[string]func(d *ledger.Decision){
		"other facts":            func(d *ledger.Decision) { d.Facts = []byte(`{}`) },
		"another outcome":        func(d *ledger.Decision) { d.Outcome = []byte(`{}`) },
		"another personal value": func(d *ledger.Decision) { d.Personal[0].Value = []byte(`"x"`) },
		"a personal value more": func(d *ledger.Decision) {
			d.Personal = append(d.Personal, ledger.Personal{Path: "/x", Value: []byte("1")})
		},
		"a personal value less":  func(d *ledger.Decision) { d.Personal = d.Personal[1:] },
		"a receipt that is none": func(d *ledger.Decision) { d.Receipt.Kind = "Zähler" },
		"facts on two lines": func(d *ledger.Decision) {
			d.Facts = []byte("{\n}")
			d.Receipt.FactsDigest = ledger.DigestOf(d.Facts)
		},
		"an outcome that is no JSON": func(d *ledger.Decision) {
			d.Outcome = []byte("{")
			d.Receipt.OutcomeDigest = ledger.DigestOf(d.Outcome)
		},
	} {
		d := Decision(e, Asked{Persona: "p"})
		spoil(d)
		if err := s.Commit(t.Context(), []*ledger.Decision{d}, nil); err == nil || errors.Is(err, archive.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if report, _ := Verified(t, s); report.Decisions != 0 {
		t.Errorf("%d decisions are in the log", report.Decisions)
	}
}

func runsAreKept(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	if _, err := s.Run(t.Context(), "r"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("no run: %v", err)
	}
	for _, state := range []string{`{"position":1}`, "\x00\xff"} {
		if err := s.SaveRun(t.Context(), "r", []byte(state)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Run(t.Context(), "r"); err != nil || string(got) != state {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// anyBytes records texts that JSON, SQL or HTML could change on their way, and erases some of them: the rest is what was hashed.
func anyBytes(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	const odd = "rule=x&version=1 <b>\"'\\ \u2028 è \x00 \xff"
	line := access()
	line.Oggetto, line.Motivo, line.Persona = odd, odd, odd
	d := Decision(e, Asked{Persona: "p", Delega: odd[:24]})
	d.Index.Persona, d.Receipt.Correlation = "p", odd[:24]
	if err := s.Commit(t.Context(), []*ledger.Decision{d}, []archive.Access{line}); err != nil {
		t.Fatal(err)
	}
	Verified(t, s)
	for _, x := range []ledger.Erasure{{Entry: line.ID, Paths: []string{"/motivo"}, Reason: "x"}, {Entry: d.Receipt.ID, Paths: []string{worker}, Reason: "x"}} {
		if err := s.Erase(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	report, _ := Verified(t, s)
	if keys, err := s.Keyring(t.Context()); err != nil {
		t.Error(err)
	} else if _, err := s.VerifyLog(t.Context(), ledger.Verification{Keys: keys}, Esito); err != nil || report.Erased != 2 {
		t.Errorf("%v, %+v", err, report)
	}
}
