package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"omnia/archive"
)

var errOops = errors.New("oops")

// transazioni is the part about Within, and about contexts.
func transazioni(t *testing.T, open Open) {
	t.Run("all of it is kept, or nothing", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		err := s.Within(t.Context(), func(ctx context.Context) error {
			if _, err := s.WriteProvvedimenti(ctx, []archive.Provvedimento{sample("A")}, true); err != nil {
				return err
			}
			if _, _, err := s.WritePosizione(ctx, company("7000000001", "01234567890", "Uno"), 0); err != nil {
				return err
			}
			if p, err := s.Provvedimento(ctx, "A", 0, time.Time{}); err != nil || p.Numero != "A" {
				t.Errorf("within, what was written is not read: %+v, %v", p, err)
			}
			if _, err := s.Provvedimento(t.Context(), "A", 0, time.Time{}); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("outside, what is not committed is read: %v", err)
			}
			return errOops
		})
		if !errors.Is(err, errOops) {
			t.Errorf("the error of the function is %v", err)
		}
		wantVersions(t, s, "A")
		if _, err := s.Posizione(t.Context(), "7000000001", time.Time{}); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("the company was kept: %v", err)
		}
	})
	t.Run("a nested one joins the outer one", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		err := s.Within(t.Context(), func(ctx context.Context) error {
			if err := s.Within(ctx, func(ctx context.Context) error {
				_, err := s.WriteProvvedimenti(ctx, []archive.Provvedimento{sample("A")}, true)
				return err
			}); err != nil {
				return err
			}
			return errOops
		})
		if !errors.Is(err, errOops) {
			t.Error(err)
		}
		wantVersions(t, s, "A")
	})
	t.Run("a panic leaves nothing, and the store usable", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		func() {
			defer func() {
				if recover() != errOops {
					t.Error("the panic did not come through")
				}
			}()
			_ = s.Within(t.Context(), func(ctx context.Context) error {
				if _, err := s.WriteProvvedimenti(ctx, []archive.Provvedimento{sample("A")}, true); err != nil {
					t.Error(err)
				}
				panic(errOops)
			})
		}()
		wantVersions(t, s, "A")
		mustWrite(t, s, archive.Created, sample("A"))
	})
	t.Run("a caller who goes away is told so, and leaves nothing", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.WriteProvvedimenti(gone, []archive.Provvedimento{sample("A")}, true); !errors.Is(err, context.Canceled) {
			t.Errorf("before it began: %v", err)
		}
		if _, err := s.Posizione(gone, "7000000001", time.Time{}); !errors.Is(err, context.Canceled) {
			t.Errorf("a reading: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Within(ctx, func(ctx context.Context) error {
			if _, err := s.WriteProvvedimenti(ctx, []archive.Provvedimento{sample("A")}, true); err != nil {
				return err
			}
			cancel()
			_, err := s.Provvedimento(ctx, "A", 0, time.Time{})
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("in the middle: %v", err)
		}
		wantVersions(t, s, "A")
		mustWrite(t, s, archive.Created, sample("A"))
	})
	t.Run("a batch that collides in an outer transaction is begun again", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				err := s.Within(t.Context(), func(ctx context.Context) error {
					for _, numero := range []string{"A", "B", "C"} {
						if _, err := s.WriteProvvedimenti(ctx, []archive.Provvedimento{sample(numero), sample(numero, version(2))}, true); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, numero := range []string{"A", "B", "C"} {
			wantVersions(t, s, numero, 2, 1)
		}
	})
	t.Run("it answers", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if current, latest, err := s.Version(t.Context()); err != nil || current != latest || latest < 1 {
			t.Errorf("version %d of %d, %v", current, latest, err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Errorf("migrated again: %v", err)
		}
	})
}
