package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"omnia/archive"
	"omnia/internal/pgtest"
	"omnia/ledger"
)

// heavyLines are lines that take room: of bytes that don't compress.
func heavyLines(t *testing.T) []archive.Access {
	t.Helper()
	lines := make([]archive.Access, 100)
	for i := range lines {
		b := make([]byte, 900)
		if _, err := rand.Read(b); err != nil {
			t.Fatal(err)
		}
		lines[i] = line()
		lines[i].Motivo = hex.EncodeToString(b)
	}
	return lines
}

// appendUntilFull makes the log longer until there is no room, and gives the number of lines that were acknowledged.
func appendUntilFull(t *testing.T, s *Store) (n int) {
	t.Helper()
	for range 1000 {
		lines := heavyLines(t)
		err := s.Record(t.Context(), lines...)
		if err == nil {
			n += len(lines)
			continue
		}
		if !errors.Is(err, archive.ErrUnavailable) {
			t.Fatalf("without room: %v, want ErrUnavailable", err)
		}
		if n == 0 {
			t.Fatal("not even one batch had room: the test shows nothing")
		}
		return n
	}
	t.Fatal("it was never full: the test shows nothing")
	return 0
}

// wantWhole wants exactly so many lines in every table of the log, and the head at them.
func wantWhole(t *testing.T, s *Store, want int) {
	t.Helper()
	head, err := s.Head(t.Context())
	if err != nil || head.Tree.N != int64(want) {
		t.Errorf("the head is at %+v, %v; want %d", head, err, want)
	}
	for _, table := range []string{"foglie", "personali", "accessi"} {
		var n int64
		if err := s.gorm.Raw("SELECT count(*) FROM " + table).Scan(&n).Error; err != nil || n != int64(want) {
			t.Errorf("%s has %d rows, %v; want %d", table, n, err, want)
		}
	}
	if _, err := ledger.ReadEdge(t.Context(), head.Tree, s); err != nil {
		t.Errorf("the tree: %v", err)
	}
}

func TestALogWithoutRoomUnderSQLite(t *testing.T) {
	t.Parallel()
	s := openMigrated(t, "sqlite:"+filepath.Join(t.TempDir(), "omnia.db"))
	limit := func(pages int) {
		if _, err := s.pool.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(1000)
	n := appendUntilFull(t, s)
	wantWhole(t, s, n)
	limit(1_000_000)
	if err := s.Record(t.Context(), heavyLines(t)...); err != nil {
		t.Errorf("with room again: %v", err)
	}
	wantWhole(t, s, n+100)
}

func TestALogWithoutRoomUnderPostgreSQL(t *testing.T) {
	t.Parallel()
	server := pgtest.Own(t, pgtest.Config{Durable: true, MaxFile: 17 << 20})
	dsn, err := server.Create("omnia", "")
	if err != nil {
		t.Fatal(err)
	}
	s := openMigrated(t, dsn)
	n := appendUntilFull(t, s)
	wantWhole(t, s, n)
	if err := server.Grow(0); err != nil {
		t.Fatal(err)
	}
	for attempt := 0; ; attempt++ { // connections of before the restart are found out one by one
		err := s.Record(t.Context(), heavyLines(t)...)
		if err == nil {
			break
		}
		if !errors.Is(err, archive.ErrUnavailable) || attempt > 20 {
			t.Fatalf("with room again: %v", err)
		}
	}
	wantWhole(t, s, n+100)
}

// TestWhoHasNoKeyDoesNotWrite holds that a store without a key, or with one of another log, reads and does not write.
func TestWhoHasNoKeyDoesNotWrite(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "omnia.db")
	attempt := func(keys []string, want error) {
		t.Helper()
		s, err := Open(t.Context(), dsn, Options{Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		err = s.Record(t.Context(), line())
		if !errors.Is(err, want) || want != nil && !errors.Is(err, archive.ErrUnavailable) {
			t.Errorf("%v, want %v", err, want)
		}
		if _, _, err := s.Accesses(t.Context(), archive.AccessCriteria{}, archive.Page{Limit: 1}); err != nil {
			t.Errorf("reading: %v", err)
		}
	}
	key := func(name string) string {
		t.Helper()
		secret, _, err := ledger.GenerateKey(rand.Reader, name)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	own := key("omnia.example/registro")
	attempt([]string{}, ledger.ErrReadOnly) // does not even found it
	attempt([]string{own}, nil)
	attempt([]string{}, ledger.ErrReadOnly)
	attempt([]string{key("omnia.example/registro"), key("other.example/log")}, ledger.ErrReadOnly)
	attempt([]string{key("other.example/log"), own}, nil)
}

// TestAHeadThatStoodForLongIsKept holds that a checkpoint which others may have fetched can still be asked for.
func TestAHeadThatStoodForLongIsKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "omnia.db"), Options{Now: func() time.Time { return now }})
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
	for size, wait := range []time.Duration{time.Second, time.Second, signEvery, time.Second, time.Hour, 0} {
		if err := s.Record(t.Context(), line()); err != nil {
			t.Fatalf("leaf %d: %v", size, err)
		}
		now = now.Add(wait)
	}
	for size, want := range map[int64]bool{2: false, 3: true, 5: true, 6: true} {
		if got, err := s.SignedAt(t.Context(), size); (err == nil) != want || want && got.Tree.N != size {
			t.Errorf("checkpoint %d: %+v, %v", size, got, err)
		}
	}
}
