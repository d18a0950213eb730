package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/internal/fault"
	"omnia/store"
)

// export is a job that expires in a day.
func export(change ...func(e *archive.Export)) archive.Export {
	now := archive.Instant(time.Now())
	e := archive.Export{
		ID: id(), Persona: "consulente", Request: []byte(`{"formato":"csv"}`), State: archive.ExportQueued,
		CreatedAt: now, ExpiresAt: now.Add(24 * time.Hour),
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func queued(t testing.TB, s *store.Store, list ...archive.Export) {
	t.Helper()
	for _, e := range list {
		if err := s.PutExport(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// claim takes a job; nil is that there is none.
func claim(t testing.TB, s *store.Store, silent time.Duration) *archive.Export {
	t.Helper()
	now := time.Now()
	e, err := s.ClaimExport(t.Context(), now, now.Add(-silent))
	if err != nil && !errors.Is(err, archive.ErrNotFound) {
		t.Fatal(err)
	}
	return e
}

func state(t testing.TB, s *store.Store, id string) archive.Export {
	t.Helper()
	e, err := s.Export(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return *e
}

// text writes a file of that content.
func text(content string) func(w io.Writer) (int, error) {
	return func(w io.Writer) (int, error) {
		_, err := io.WriteString(w, content)
		return len(content), err
	}
}

func file(t testing.TB, s *store.Store, id string) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.ReadExport(t.Context(), id, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// esportazioni is the part about jobs that make a file.
func esportazioni(t *testing.T, open Open) {
	t.Run("a job goes from the queue to its file", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		first, second := export(), export(func(e *archive.Export) { e.CreatedAt = e.CreatedAt.Add(time.Second) })
		queued(t, s, second, first)
		same(t, "in the queue", first, state(t, s, first.ID))
		e := claim(t, s, time.Minute)
		if e == nil || e.ID != first.ID || e.State != archive.ExportRunning || e.ClaimedAt == nil {
			t.Fatalf("claimed %+v, want the oldest", e)
		}
		unreadable(t, s, e.ID)
		if err := s.WriteExport(t.Context(), e, text("a;b\r\n")); err != nil {
			t.Fatal(err)
		}
		done := state(t, s, e.ID)
		if done.State != archive.ExportReady || done.Rows != 5 || done.ReadyAt == nil || done.Error != "" {
			t.Errorf("afterwards %+v", done)
		}
		if got := file(t, s, e.ID); got != "a;b\r\n" {
			t.Errorf("the file is %q", got)
		}
		if err := s.WriteExport(t.Context(), e, text("again")); !errors.Is(err, archive.ErrStale) {
			t.Errorf("written again: %v, want ErrStale", err)
		}
		if e := claim(t, s, time.Minute); e == nil || e.ID != second.ID {
			t.Errorf("claimed next %+v, want the other", e)
		}
		if e := claim(t, s, time.Minute); e != nil {
			t.Errorf("claimed %+v of an empty queue", e)
		}
	})
	t.Run("a file of many parts is read back to the byte", func(t *testing.T) { bigFile(t, open) })
	t.Run("a file may be empty", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		queued(t, s, export())
		e := claim(t, s, time.Minute)
		if err := s.WriteExport(t.Context(), e, text("")); err != nil {
			t.Fatal(err)
		}
		if got := file(t, s, e.ID); got != "" {
			t.Errorf("the file is %q", got)
		}
	})
	t.Run("a job that can't be done says why, and keeps nothing", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for cause, code := range map[error]string{errors.New("bug"): "internal", fault.New(fault.TooLarge, "too_many_rows", "Too many."): "too_many_rows"} {
			queued(t, s, export())
			e := claim(t, s, time.Minute)
			err := s.WriteExport(t.Context(), e, func(w io.Writer) (int, error) {
				_, _ = w.Write(make([]byte, 3<<20))
				return 0, fmt.Errorf("row 7: %w", cause)
			})
			if got := state(t, s, e.ID); !errors.Is(err, cause) || got.State != archive.ExportFailed || got.Error != code {
				t.Errorf("%v: %+v, want %s", err, got, code)
			}
			unreadable(t, s, e.ID)
			if e := claim(t, s, -time.Hour); e != nil {
				t.Errorf("a job that failed is claimed again: %+v", e)
			}
		}
	})
	t.Run("a job is taken over from a worker that is silent, who then can do nothing", func(t *testing.T) { takeOver(t, open) })
	t.Run("a worker that only computes gives signs of life", func(t *testing.T) { heartbeat(t, open) })
	t.Run("a job outlives the store being away and the worker being stopped", func(t *testing.T) { interrupted(t, open) })
	t.Run("of many workers each job is done by one", func(t *testing.T) { manyWorkers(t, open) })
	t.Run("a job goes when it is past its time, with its file", func(t *testing.T) { expiry(t, open) })
	t.Run("what is not there is not found", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		queued(t, s, export())
		for _, hostile := range []string{id(), "", "%", "' OR '1'='1", "\x00", "\xff"} {
			if _, err := s.Export(t.Context(), hostile); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("%q: %v, want ErrNotFound", hostile, err)
			}
			unreadable(t, s, hostile)
		}
	})
}

// unreadable holds that there is no file and that nothing was written.
func unreadable(t testing.TB, s *store.Store, id string) {
	t.Helper()
	var b bytes.Buffer
	if err := s.ReadExport(t.Context(), id, &b); !errors.Is(err, archive.ErrNotFound) || b.Len() > 0 {
		t.Errorf("read %q: %d bytes, %v; want none, ErrNotFound", id, b.Len(), err)
	}
}

func bigFile(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	for _, size := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 5<<20 + 12345} {
		queued(t, s, export())
		e := claim(t, s, time.Minute)
		chance, wrote := rand.New(rand.NewPCG(1, uint64(size))), sha256.New()
		err := s.WriteExport(t.Context(), e, func(w io.Writer) (int, error) {
			for left := size; left > 0; {
				b := make([]byte, min(left, chance.IntN(3<<20)))
				for i := range b {
					b[i] = byte(chance.Uint32())
				}
				if n, err := io.MultiWriter(w, wrote).Write(b); err != nil {
					return n, err
				}
				left -= len(b)
			}
			return 1, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		read := sha256.New()
		largest := &largest{w: read}
		if err := s.ReadExport(t.Context(), e.ID, largest); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(wrote.Sum(nil), read.Sum(nil)) || largest.total != size {
			t.Errorf("%d bytes were written, %d read, or others", size, largest.total)
		}
		if largest.most > 1<<20 {
			t.Errorf("%d bytes came at once: a part is to have a MiB at most", largest.most)
		}
	}
}

// largest sees how much is written at once.
type largest struct {
	w           io.Writer
	most, total int
}

func (l *largest) Write(b []byte) (int, error) {
	l.most, l.total = max(l.most, len(b)), l.total+len(b)
	return l.w.Write(b)
}

func takeOver(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	queued(t, s, export())
	slow := claim(t, s, time.Minute)
	if e := claim(t, s, time.Minute); e != nil {
		t.Fatalf("taken from a worker that is alive: %+v", e)
	}
	var quick *archive.Export
	err := s.WriteExport(t.Context(), slow, func(w io.Writer) (int, error) {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
		quick = claim(t, s, -time.Hour) // as if it had been silent for long
		if quick == nil {
			return 0, errors.New("not taken over")
		}
		_, err := w.Write(make([]byte, 1<<20))
		if !errors.Is(err, archive.ErrStale) {
			t.Errorf("wrote on: %v, want ErrStale", err)
		}
		return 1, nil // a worker that looks at no error
	})
	if !errors.Is(err, archive.ErrStale) {
		t.Errorf("the slow worker ended with %v, want ErrStale", err)
	}
	if err := s.WriteExport(t.Context(), quick, text("quick")); err != nil {
		t.Fatal(err)
	}
	if got := file(t, s, quick.ID); got != "quick" {
		t.Errorf("the file has %d bytes, want those of the second worker only", len(got))
	}
	if err := s.WriteExport(t.Context(), slow, func(io.Writer) (int, error) { return 0, errors.New("late") }); !errors.Is(err, archive.ErrStale) {
		t.Errorf("the slow worker comes back: %v, want ErrStale", err)
	}
	if got := state(t, s, quick.ID); got.State != archive.ExportReady {
		t.Errorf("the job is %s, want ready", got.State)
	}
}

func heartbeat(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	queued(t, s, export())
	e := claim(t, s, time.Minute)
	err := s.WriteExport(t.Context(), e, func(io.Writer) (int, error) {
		before := state(t, s, e.ID).ClaimedAt
		for state(t, s, e.ID).ClaimedAt.Equal(*before) { // until the test as a whole is out of time
			time.Sleep(20 * time.Millisecond)
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func interrupted(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	queued(t, s, export())
	e := claim(t, s, time.Minute)
	err := s.WriteExport(t.Context(), e, func(io.Writer) (int, error) { return 0, archive.ErrUnavailable })
	if !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("the store was away: %v", err)
	}
	e = claim(t, s, -time.Hour)
	if e == nil {
		t.Fatal("the job is lost")
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.WriteExport(ctx, e, func(w io.Writer) (int, error) {
		cancel()
		return 0, ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the worker was stopped: %v", err)
	}
	e = claim(t, s, -time.Hour)
	if e == nil {
		t.Fatal("the job is lost")
	}
	if err := s.WriteExport(t.Context(), e, text("at last")); err != nil || file(t, s, e.ID) != "at last" {
		t.Errorf("in the end: %v", err)
	}
}

func manyWorkers(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	const jobs, workers = 200, 16
	for range jobs {
		queued(t, s, export())
	}
	var mu sync.Mutex
	done := map[string]int{}
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for e := claim(t, s, time.Hour); e != nil; e = claim(t, s, time.Hour) {
				if err := s.WriteExport(t.Context(), e, text(fmt.Sprintf("%s by %d", e.ID, worker))); err != nil {
					t.Error(err)
				}
				mu.Lock()
				done[e.ID]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(done) != jobs {
		t.Errorf("%d jobs were done, want %d", len(done), jobs)
	}
	for id, n := range done {
		if n != 1 || state(t, s, id).State != archive.ExportReady {
			t.Errorf("a job was done %d times", n)
		}
	}
}

func expiry(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	brief := func(e *archive.Export) { e.ExpiresAt = e.CreatedAt.Add(time.Hour) }
	list := []archive.Export{export(brief), export(brief), export()}
	queued(t, s, list...)
	for range 2 {
		if err := s.WriteExport(t.Context(), claim(t, s, time.Hour), text("x")); err != nil {
			t.Fatal(err)
		}
	}
	at := list[1].ExpiresAt
	if err := s.Expire(t.Context(), at.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := file(t, s, list[0].ID); got != "x" {
		t.Errorf("before its time: %q", got)
	}
	if _, err := s.ClaimExport(t.Context(), list[2].ExpiresAt, at); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("a job past its time is claimed: %v", err)
	}
	var b cutShort
	b.expire = func() {
		if err := s.Expire(t.Context(), at); err != nil {
			t.Error(err)
		}
	}
	if err := s.ReadExport(t.Context(), list[0].ID, &b); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("expired while it was read: %v, want io.ErrUnexpectedEOF", err)
	}
	for i, e := range list {
		if _, err := s.Export(t.Context(), e.ID); errors.Is(err, archive.ErrNotFound) != (i < 2) {
			t.Errorf("job %d after the time of the first two: %v", i, err)
		}
	}
	unreadable(t, s, list[1].ID)
}

// cutShort has the job expire as soon as a part was read.
type cutShort struct{ expire func() }

func (c *cutShort) Write(b []byte) (int, error) {
	c.expire()
	return len(b), nil
}
