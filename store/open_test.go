package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"omnia/internal/pgtest"
	"omnia/store"
)

func TestADatabaseMustBeOneOfTheTwo(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"":                                  `must be written as "sqlite:<path>"`,
		"omnia.db":                          `must be written as "sqlite:<path>"`,
		"mysql://root:secret@localhost/db":  `must be written as "sqlite:<path>"`,
		"sqlite:":                           "the path of a file",
		"sqlite::memory:":                   "the path of a file",
		"sqlite:" + t.TempDir():             "", // a folder
		"postgres://u:secret@%zz/db":        "",
		"postgres://u:secret@localhost:1/x": "archive_unavailable",
	} {
		s, err := store.Open(t.Context(), dsn, store.Options{})
		if err == nil {
			t.Errorf("%q was opened", dsn)
			_ = s.Close()
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q and no password", dsn, err, want)
		}
	}
}

func TestAFileIsMadeForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new folder", "100%?#", "omnia.db")
	s := open(t, "sqlite:"+path)
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the rights %s", info.Name(), info.Mode())
		}
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has the rights %s", info.Mode())
	}
}

func TestTwoInstancesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	dsn, err := pgtest.Own(t, pgtest.Config{}).Create("omnia", "")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 3 {
		s, err := store.Open(t.Context(), dsn, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if current, latest, err := s.Version(t.Context()); err != nil || current != latest {
				t.Errorf("version %d of %d, %v", current, latest, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
