package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"omnia/internal/pgtest"
	"omnia/store"
	"omnia/store/storetest"
)

// databases are the two that everything must hold on. PostgreSQL is no option: without it, tests fail.
var databases = []struct {
	name string
	dsn  func(t testing.TB) string
}{
	{"sqlite", sqliteDSN},
	{"postgres", postgresDSN},
}

func sqliteDSN(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "omnia.db")
}

func postgresDSN(t testing.TB) string { return pgtest.DSN(t, migrate) }

// migrate brings the database of a DSN to the newest schema.
func migrate(dsn string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(s.Migrate(ctx), s.Close())
}

// open opens a store that is migrated, and closed when the test ends.
func open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{})
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

func TestStore(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t testing.TB) *store.Store { return open(t, d.dsn(t)) })
		})
	}
}

func TestTwoInstancesOnOnePostgreSQL(t *testing.T) {
	t.Parallel()
	dsn := postgresDSN(t)
	storetest.Overlap(t, open(t, dsn), open(t, dsn))
}
