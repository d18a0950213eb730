package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"omnia/archive"
	"omnia/store"
)

// posizioni is the part about companies.
func posizioni(t *testing.T, open Open) {
	t.Run("a company is read back as it was written", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		p := company("0700000001", "01234567890", "Forge d’Étè & «Figli» S.r.l. 🙂")
		before := tick()
		wrote(t, s, p, 0, archive.Created, 1)
		got, err := s.Posizione(t.Context(), p.Matricola, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		want := *p
		want.Versione = 1
		if d := cmp.Diff(&want, got, cmpopts.IgnoreFields(archive.Posizione{}, "RegistratoIl")); d != "" {
			t.Errorf("read back (-written +read):\n%s", d)
		}
		if got.RegistratoIl.Before(before) || got.RegistratoIl.After(tick()) || got.RegistratoIl.Location() != time.UTC {
			t.Errorf("registered at %s, written after %s", got.RegistratoIl, before)
		}
	})
	t.Run("many are read at once, each as it is now", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		names := []string{"0700000001", "0700000002", "0700000003"}
		for _, m := range names {
			wrote(t, s, company(m, "01234567890", "Uno"), 0, archive.Created, 1)
		}
		wrote(t, s, company(names[1], "01234567890", "Due"), 1, archive.Corrected, 2)
		got, err := s.Posizioni(t.Context(), []string{names[1], "0799999999", names[0], "' OR '1'='1", "\x00", "\xff", `"}`})
		if err != nil || len(got) != 2 || got[0].Denominazione != "Uno" || got[1].Denominazione != "Due" || got[1].Versione != 2 || len(got[1].Corpo) == 0 {
			t.Errorf("read %+v, %v", got, err)
		}
		for _, none := range [][]string{nil, {"\x00"}, {"0799999999"}} {
			if got, err := s.Posizioni(t.Context(), none); err != nil || len(got) != 0 {
				t.Errorf("of %q there are %+v, %v", none, got, err)
			}
		}
	})
	t.Run("a change needs the version it rests on", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		first, second, third := company("0700000001", "01234567890", "Uno"), company("0700000001", "01234567890", "Due"), company("0700000001", "01234567890", "Tre")
		stale(t, s, first, 1, 0)
		wrote(t, s, first, 0, archive.Created, 1)
		stale(t, s, second, 0, 1)
		wrote(t, s, second, 1, archive.Corrected, 2)
		stale(t, s, third, 1, 2)
		wrote(t, s, second, 2, archive.Same, 2)
		wrote(t, s, third, -1, archive.Corrected, 3)
		wrote(t, s, third, -1, archive.Same, 3)
		wrote(t, s, company("0700000002", "01234567890", "Altra"), -1, archive.Created, 1)
	})
	t.Run("what was known at an instant stays as it was", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		at := []time.Time{tick()}
		for i, name := range []string{"Uno", "Due", "Tre"} {
			wrote(t, s, company("0700000001", "01234567890", name), i, archive.Written([]archive.Written{archive.Created, archive.Corrected, archive.Corrected}[i]), i+1)
			at = append(at, tick())
		}
		if _, err := s.Posizione(t.Context(), "0700000001", at[0]); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("before it was written: %v, want ErrNotFound", err)
		}
		for i, name := range []string{"Uno", "Due", "Tre"} {
			got, err := s.Posizione(t.Context(), "0700000001", at[i+1])
			if err != nil || got.Denominazione != name || got.Versione != i+1 {
				t.Errorf("known at the time of version %d: %+v, %v", i+1, got, err)
			}
		}
	})
	t.Run("of many who change one version at once, one does", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		var wg sync.WaitGroup
		var done atomic.Int64
		for i := range 16 {
			wg.Go(func() {
				p := company("0700000001", "01234567890", string(rune('A'+i)))
				switch _, _, err := s.WritePosizione(context.WithoutCancel(t.Context()), p, 0); {
				case err == nil:
					done.Add(1)
				case !errors.Is(err, archive.ErrStale):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 {
			t.Errorf("%d created the company, want 1", done.Load())
		}
	})
	t.Run("of many who replace whatever there is, each does", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if _, _, err := s.WritePosizione(t.Context(), company("0700000001", "01234567890", string(rune('A'+i))), -1); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, err := s.Posizione(t.Context(), "0700000001", time.Time{}); err != nil || got.Versione != 8 {
			t.Errorf("after 8 changes: %+v, %v", got, err)
		}
	})
	t.Run("what is not there is not found", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for _, m := range []string{"0700000009", "", "%", "_________1", "' OR '1'='1", "\x00", "\xff"} {
			if _, err := s.Posizione(t.Context(), m, time.Time{}); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("%q: %v, want ErrNotFound", m, err)
			}
		}
	})
}

func wrote(t *testing.T, s *store.Store, p *archive.Posizione, ifVersion int, want archive.Written, version int) {
	t.Helper()
	got, v, err := s.WritePosizione(t.Context(), p, ifVersion)
	if err != nil || got != want || v != version {
		t.Fatalf("%s on version %d: %s, version %d, %v; want %s, version %d", p.Denominazione, ifVersion, got, v, err, want, version)
	}
}

func stale(t *testing.T, s *store.Store, p *archive.Posizione, ifVersion, stored int) {
	t.Helper()
	if _, v, err := s.WritePosizione(t.Context(), p, ifVersion); !errors.Is(err, archive.ErrStale) || v != stored {
		t.Fatalf("%s on version %d: version %d, %v; want ErrStale and version %d", p.Denominazione, ifVersion, v, err, stored)
	}
}
