package store_test

import (
	crand "crypto/rand"
	"errors"
	"math/rand/v2"
	"path/filepath"
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
	secret, _, err := ledger.GenerateKey(crand.Reader, "omnia.example/registro")
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
	makeOneLog(t, 2)
}

// TestOneInstanceMakesOneLog is the same with one, which as a rule finds the log as it left it, and writes without reading it first.
func TestOneInstanceMakesOneLog(t *testing.T) {
	t.Parallel()
	makeOneLog(t, 1)
}

func makeOneLog(t *testing.T, instances int) {
	t.Helper()
	dsn, key := postgresDSN(t), newKey(t)
	list := make([]*store.Store, instances)
	for i := range list {
		list[i] = openKeyed(t, dsn, key)
	}
	a, b := list[0], list[instances-1]
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
	acknowledged := storetest.Change(t, 16, 60, editions, list...)
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

// TestOthersMoveTheHead lets instances commit in turn, so that each finds the log as it left it at times and moved at others, by
// decisions or by another edition. What is decided under an edition that is not in use is never kept.
func TestOthersMoveTheHead(t *testing.T) {
	t.Parallel()
	for kind, dsn := range map[string]string{"postgres": postgresDSN(t), "sqlite": "sqlite:" + filepath.Join(t.TempDir(), "archivio.db")} {
		t.Run(kind, func(t *testing.T) {
			key := newKey(t)
			list := []*store.Store{openKeyed(t, dsn, key)}
			if kind == "postgres" {
				list = append(list, openKeyed(t, dsn, key))
			}
			moveTheHead(t, list)
		})
	}
}

func moveTheHead(t *testing.T, list []*store.Store) {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 7))
	editions := []*archive.Edition{storetest.Edition("2026-1", 1), storetest.Edition("2026-2", 2)}
	inUse, want, alone := 0, map[string]int{}, 0
	storetest.Publish(t, list[0], editions[0])
	for range 120 {
		s, which := list[random.IntN(len(list))], inUse
		switch random.IntN(12) {
		case 0:
			inUse = 1 - inUse
			storetest.Publish(t, s, editions[inUse])
			continue
		case 1:
			which = 1 - inUse
		}
		if store.Alone(s) {
			alone++
		}
		d := storetest.Decision(editions[which], storetest.Asked{})
		switch err := s.Commit(t.Context(), []*ledger.Decision{d}, nil); {
		case which == inUse && err == nil:
			want[d.Receipt.ID] = 1
		case which != inUse && errors.Is(err, ledger.ErrEdition):
			want[d.Receipt.ID] = 0
		default:
			t.Fatalf("a decision under %s while %s is in use: %v", editions[which].Name, editions[inUse].Name, err)
		}
	}
	if alone == 0 || alone == 120 {
		t.Errorf("%d commits expected to find the log as it was left: the test shows nothing", alone)
	}
	_, there := storetest.Verified(t, list[0])
	for id, n := range want {
		if there[id] != n {
			t.Errorf("%s is in the log %d times, want %d", id, there[id], n)
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
