package store_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/ledger"
	"omnia/store"
	"omnia/store/storetest"
)

// childKey is the secret key of the log for a child; one that has it takes decisions instead of writing the archive.
const childKey = "STORE_TEST_KEY"

// newKey is a secret key of a log.
func newKey(t testing.TB) string {
	t.Helper()
	secret, _, err := ledger.GenerateKey(rand.Reader, "omnia.example/registro")
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// openKeyed is a migrated store that signs with that key.
func openKeyed(t testing.TB, dsn, key string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{Keys: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// decideForEver takes decisions in several goroutines until the process is killed. It says the id of each once it is on disk.
func decideForEver(dsn, _ string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dsn, store.Options{Keys: []string{os.Getenv(childKey)}})
	if err != nil {
		return err
	}
	e := storetest.Edition("2026-1", 1)
	if err := s.Publish(ctx, e, true, "", "prova"); err != nil {
		return err
	}
	failed := make(chan error)
	for range 8 {
		go func() {
			for {
				d := storetest.Decision(e, storetest.Asked{Persona: "p"})
				if err := s.Commit(ctx, []*ledger.Decision{d}, nil); err != nil {
					failed <- err
				}
				if _, err := fmt.Printf("= %s\n", d.Receipt.ID); err != nil { // one write each: lines do not mix
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// TestNothingDecidedIsLostToAKill kills a process that takes decisions, at random moments, twenty times over one log.
func TestNothingDecidedIsLostToAKill(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			dsn, key := d.dsn(t), newKey(t)
			if err := migrate(dsn); err != nil {
				t.Fatal(err)
			}
			random := mathrand.New(mathrand.NewPCG(4, 20))
			told := map[string]bool{}
			for range 20 {
				killedDecider(t, dsn, key, 1+random.IntN(60), time.Duration(random.IntN(3000))*time.Microsecond, told)
			}
			s := openKeyed(t, dsn, key)
			report, there := storetest.Verified(t, s)
			for id := range told {
				if there[id] != 1 {
					t.Errorf("an acknowledged decision is in the log %d times", there[id])
				}
			}
			if report.Decisions < int64(len(told)) || report.Activations != 1 {
				t.Errorf("%d told, in the log %+v", len(told), report)
			}
		})
	}
}

// killedDecider starts a decider, kills it some moment after so many decisions, and notes the ids it told.
func killedDecider(t *testing.T, dsn, key string, decisions int, moment time.Duration, told map[string]bool) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childDSN+"="+dsn, childKey+"="+key)
	var complaint strings.Builder
	c.Stderr = &complaint
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	n := 0
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // killed; a line that was cut tells nothing
		}
		told[strings.TrimSpace(line[2:])] = true
		if n++; n == decisions {
			time.Sleep(moment)
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = c.Wait() // it was killed: that is an error
	if complaint.Len() > 0 || n < decisions {
		t.Fatalf("the decider ended by itself after %d decisions: %s", n, complaint.String())
	}
}

// TestTwoInstancesMakeOneLog lets two instances decide while editions change and the connections of both are cut.
func TestTwoInstancesMakeOneLog(t *testing.T) {
	t.Parallel()
	dsn, key := postgresDSN(t), newKey(t)
	a, b := openKeyed(t, dsn, key), openKeyed(t, dsn, key)
	editions := []*archive.Edition{storetest.Edition("2026-1", 1), storetest.Edition("2026-2", 2)}
	storetest.Publish(t, a, editions[0])
	admin := plain(t, "pgx", dsn)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	cut := 0
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(15 * time.Millisecond):
			}
			var n int
			err := admin.QueryRowContext(t.Context(), `SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'omnia' AND datname = current_database() AND state <> 'idle' LIMIT 2) AS t`).Scan(&n)
			if err != nil {
				t.Error(err)
				return
			}
			cut += n
		}
	})
	acknowledged := storetest.Change(t, 16, 60, editions, a, b)
	close(stop)
	wg.Wait()
	if cut == 0 {
		t.Error("no connection was cut at work: the test shows nothing")
	}
	_, there := storetest.Verified(t, b)
	for id := range acknowledged {
		if there[id] != 1 {
			t.Errorf("%s is in the log %d times", id, there[id])
		}
	}
}

// TestAnInstanceIsClosedUnderItsCallers closes one of two instances in the middle; the other one goes on.
func TestAnInstanceIsClosedUnderItsCallers(t *testing.T) {
	t.Parallel()
	dsn, key := postgresDSN(t), newKey(t)
	stays := openKeyed(t, dsn, key)
	goes, err := store.Open(t.Context(), dsn, store.Options{Keys: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	e := storetest.Edition("2026-1", 1)
	storetest.Publish(t, stays, e)
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var wg sync.WaitGroup
	for c := range 32 {
		wg.Go(func() {
			for n := range 40 {
				if c == 0 && n == 10 {
					if err := goes.Close(); err != nil {
						t.Error(err)
					}
				}
				d := storetest.Decision(e, storetest.Asked{})
				err := []*store.Store{stays, goes}[c%2].Commit(t.Context(), []*ledger.Decision{d}, nil)
				if err != nil && (c%2 == 0 || !errors.Is(err, archive.ErrUnavailable)) {
					t.Errorf("caller %d: %v", c, err)
				}
				mu.Lock()
				acknowledged[d.Receipt.ID] = err == nil
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	_, there := storetest.Verified(t, stays)
	for id, ok := range acknowledged {
		if ok && there[id] != 1 || there[id] > 1 {
			t.Errorf("%s, acknowledged %v, is in the log %d times", id, ok, there[id])
		}
	}
}

// TestKeysAreRotated lets another key sign from one size on. An instance that has both goes on, one that has the old one only reads.
func TestKeysAreRotated(t *testing.T) {
	t.Parallel()
	dsn, old, fresh := postgresDSN(t), newKey(t), newKey(t)
	onlyOld := openKeyed(t, dsn, old)
	both, err := store.Open(t.Context(), dsn, store.Options{Keys: []string{fresh, old}}) // an empty log is founded on the last
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := both.Close(); err != nil {
			t.Error(err)
		}
	})
	public, err := ledger.PublicOf(fresh)
	if err != nil {
		t.Fatal(err)
	}
	e := storetest.Edition("2026-1", 1)
	storetest.Publish(t, both, e)
	decide := func(s *store.Store) error {
		return s.Commit(t.Context(), []*ledger.Decision{storetest.Decision(e, storetest.Asked{})}, nil)
	}
	if err := errors.Join(decide(onlyOld), decide(both)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if err := decide(both); err != nil {
					t.Error(err)
				}
			}
		})
	}
	err = onlyOld.ChangeKeyring(t.Context(), func(ring *ledger.Keyring, size int64) (*ledger.Keyring, error) {
		return ring.Rotate(public, size+1, time.Now().UTC().Truncate(time.Millisecond).Add(20*time.Millisecond)) // a clock ahead
	})
	if err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := decide(onlyOld); !errors.Is(err, ledger.ErrReadOnly) {
		t.Errorf("with the old key: %v, want ErrReadOnly", err)
	}
	if report, _ := storetest.Verified(t, onlyOld); report.Decisions != 82 {
		t.Errorf("in the log: %+v", report)
	}
}
