package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omnia/archive"
)

func answer(key string) archive.Answer {
	return archive.Answer{
		Persona: "consulente", Key: key, Operation: "POST /v1/deleghe", Request: "sha256:00", Status: 201,
		Header: map[string]string{"Location": "/v1/deleghe/1", "ETag": `"1"`}, Body: []byte("{\"id\":\"1\"}\x00\xff"), CreatedAt: noon,
	}
}

// risposte is the part about answers kept for repetitions, and about the ledger of imports.
func risposte(t *testing.T, open Open) {
	t.Run("an answer is given again as it was", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		full, empty := answer("k1"), answer("k2")
		empty.Body, empty.Header = nil, nil
		for _, a := range []archive.Answer{full, empty} {
			if err := s.KeepAnswer(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			got, err := s.Answered(t.Context(), a.Persona, a.Key)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "the answer to "+a.Key, &a, got)
		}
	})
	t.Run("keys of two people never meet, and hostile ones find nothing", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		if err := s.KeepAnswer(t.Context(), answer("k")); err != nil {
			t.Fatal(err)
		}
		for _, who := range [][2]string{{"titolare", "k"}, {"consulente", "K"}, {"consulente", "%"}, {"consulente", "' OR '1'='1"}, {"consulente", "\x00"}, {"consulente", "\xff"}} {
			if _, err := s.Answered(t.Context(), who[0], who[1]); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("%q: %v, want ErrNotFound", who, err)
			}
		}
	})
	t.Run("of many who answer at once, one is kept", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		var wg sync.WaitGroup
		var kept atomic.Int64
		for i := range 32 {
			wg.Go(func() {
				a := answer("k")
				a.Body = fmt.Appendf(nil, "%d", i)
				switch err := s.KeepAnswer(t.Context(), a); {
				case err == nil:
					kept.Add(1)
				case !errors.Is(err, archive.ErrConflict):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if kept.Load() != 1 {
			t.Errorf("%d answers were kept, want 1", kept.Load())
		}
	})
	t.Run("a transaction can go on after a conflict", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		if err := s.KeepAnswer(t.Context(), answer("k")); err != nil {
			t.Fatal(err)
		}
		err := s.Within(t.Context(), func(ctx context.Context) error {
			if err := s.KeepAnswer(ctx, answer("k")); !errors.Is(err, archive.ErrConflict) {
				t.Errorf("stored twice: %v, want ErrConflict", err)
			}
			return s.Grant(ctx, []archive.Delega{delega()})
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Run("an answer goes when it is past its time", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for i := range 2500 {
			a := answer(fmt.Sprintf("old %d", i))
			if err := s.KeepAnswer(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		young := answer("young")
		young.CreatedAt = noon.Add(time.Microsecond)
		if err := s.KeepAnswer(t.Context(), young); err != nil {
			t.Fatal(err)
		}
		if err := s.Expire(t.Context(), noon.Add(archive.AnswerLife)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Answered(t.Context(), "consulente", "old 7"); err != nil {
			t.Errorf("on its last instant: %v", err)
		}
		if err := s.Expire(t.Context(), noon.Add(archive.AnswerLife+time.Microsecond)); err != nil {
			t.Fatal(err)
		}
		for i := range 2500 {
			if _, err := s.Answered(t.Context(), "consulente", fmt.Sprintf("old %d", i)); !errors.Is(err, archive.ErrNotFound) {
				t.Fatalf("old %d after its time: %v, want ErrNotFound", i, err)
			}
		}
		if _, err := s.Answered(t.Context(), "consulente", "young"); err != nil {
			t.Errorf("a younger one: %v", err)
		}
	})
	t.Run("how far an import is, is one with what it stored", func(t *testing.T) { imports(t, open) })
}

func imports(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	if _, err := s.Imported(t.Context(), "sha256:1"); !errors.Is(err, archive.ErrNotFound) {
		t.Fatalf("before anything: %v, want ErrNotFound", err)
	}
	state := archive.Import{
		Digest: "sha256:1", Kind: "provvedimenti", Lines: 1000, Counts: map[string]int{"creato": 990, "invariato": 10}, StartedAt: noon, UpdatedAt: noon,
	}
	record := func(lines int64, fail error) error {
		return s.Within(t.Context(), func(ctx context.Context) error {
			d := delega(func(d *archive.Delega) { d.Matricola = fmt.Sprintf("07000%05d", lines) })
			if err := s.Grant(ctx, []archive.Delega{d}); err != nil {
				return err
			}
			state.Lines, state.UpdatedAt = lines, noon.Add(time.Duration(lines)*time.Second)
			if err := s.RecordImport(ctx, state); err != nil {
				return err
			}
			return fail
		})
	}
	broke := errors.New("power cut")
	for _, err := range []error{record(1000, nil), record(2000, nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := state
	if err := record(3000, broke); !errors.Is(err, broke) {
		t.Fatal(err)
	}
	got, err := s.Imported(t.Context(), "sha256:1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the state of the import", want, got)
	if n := len(everything(t, s, archive.DelegaCriteria{}, 10)); n != 2 {
		t.Errorf("%d deleghe are stored, want those of the two batches", n)
	}
}
