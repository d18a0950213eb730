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
)

// heavy is a batch of measures that take room: of bytes that don't compress.
func heavy(t *testing.T, name string) []archive.Provvedimento {
	t.Helper()
	list := make([]archive.Provvedimento, 250)
	for i := range list {
		b := make([]byte, 900)
		if _, err := rand.Read(b); err != nil {
			t.Fatal(err)
		}
		list[i] = archive.Provvedimento{Numero: fmt.Sprintf("%s-%d", name, i), Versione: 1, Matricola: name, Corpo: []byte(`"` + hex.EncodeToString(b) + `"`), Digest: name}
	}
	return list
}

// untilFull writes batches until there is no room, and wants nothing of the last one stored; its name
// is given back.
func untilFull(t *testing.T, s *Store) string {
	t.Helper()
	for b := range 1000 {
		name := fmt.Sprint("B", b)
		_, err := s.WriteProvvedimenti(t.Context(), heavy(t, name), true)
		if err == nil {
			continue
		}
		if !errors.Is(err, archive.ErrUnavailable) {
			t.Fatalf("without room: %v, want ErrUnavailable", err)
		}
		if b == 0 {
			t.Fatal("not even one batch had room: the test shows nothing")
		}
		wantStored(t, s, name, 0)
		wantStored(t, s, fmt.Sprint("B", b-1), 250)
		return name
	}
	t.Fatal("it was never full: the test shows nothing")
	return ""
}

func wantStored(t *testing.T, s *Store, name string, want int) {
	t.Helper()
	list, err := s.History(t.Context(), name, "", time.Time{})
	if err != nil || len(list) != want {
		t.Errorf("of batch %s %d are stored, %v; want %d", name, len(list), err, want)
	}
}

func TestAFullDiskUnderSQLite(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "omnia.db"), Options{})
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
	limit := func(pages int) {
		if _, err := s.pool.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(700)
	name := untilFull(t, s)
	if _, err := s.WriteProvvedimenti(t.Context(), heavy(t, name), true); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("a second time without room: %v, want ErrUnavailable", err)
	}
	limit(1_000_000)
	if _, err := s.WriteProvvedimenti(t.Context(), heavy(t, name), true); err != nil {
		t.Errorf("with room again: %v", err)
	}
	wantStored(t, s, name, 250)
}

func TestAFullDiskUnderPostgreSQL(t *testing.T) {
	t.Parallel()
	server := pgtest.Own(t, pgtest.Config{Durable: true, MaxFile: 17 << 20})
	dsn, err := server.Create("omnia", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := migrateForPlans(dsn); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dsn, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	name := untilFull(t, s)
	if _, err := s.WriteProvvedimenti(t.Context(), heavy(t, name), true); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("a second time without room: %v, want ErrUnavailable", err)
	}
	if err := server.Grow(0); err != nil {
		t.Fatal(err)
	}
	list := heavy(t, name)
	for attempt := 0; ; attempt++ { // connections of before the restart are found out one by one
		_, err := s.WriteProvvedimenti(t.Context(), list, true)
		if err == nil {
			break
		}
		if !errors.Is(err, archive.ErrUnavailable) || attempt > 20 {
			t.Fatalf("with room again: %v", err)
		}
	}
	wantStored(t, s, name, 250)
}
