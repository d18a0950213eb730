package store_test

import (
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/ledger"
	"omnia/store"
	"omnia/store/storetest"
)

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
	if report, _ := storetest.Verified(t, onlyOld); report.Decisions != 82 || report.KeyChanges != 1 || report.Unannounced != 0 {
		t.Errorf("in the log: %+v", report)
	}
}
