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

// draft has something in every column; change what the test is about.
func draft(id string, change ...func(d *archive.Draft)) *archive.Draft {
	d := &archive.Draft{
		ID: id, Matricola: "7000000001", Form: "cigo", UnitaProduttiva: "0", Step: "periodo", State: archive.DraftOpen, Version: 1,
		Facts: []byte(`{"richiesta":{"relazione_tecnica":"Così è: «già» \u0000 𝕏"}}`), Digest: "sha256:01",
		CreatedAt: noon, CreatedBy: "RSSMRA80A01H501U", UpdatedAt: noon, UpdatedBy: "RSSMRA80A01H501U", ExpiresAt: noon.Add(time.Hour),
	}
	for _, c := range change {
		c(d)
	}
	return d
}

// next is the version after d.
func next(d *archive.Draft, change ...func(d *archive.Draft)) *archive.Draft {
	n := *d
	n.Version, n.UpdatedAt = d.Version+1, d.UpdatedAt.Add(time.Second)
	for _, c := range change {
		c(&n)
	}
	return &n
}

// bozze is the part about applications being filled in.
func bozze(t *testing.T, open Open) {
	t.Run("a draft is read as it was written", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for _, d := range []*archive.Draft{
			draft("a"),
			draft("b", func(d *archive.Draft) {
				d.UnitaProduttiva, d.Step = "", ""
				d.Check = &archive.Check{Decision: "d", Instant: noon, Edition: "2026-3", EditionDigest: "sha256:02", FactsDigest: "sha256:03", Outcome: "invalid", Complete: true, Version: 1}
			}),
		} {
			if err := s.CreateDraft(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			got, err := s.Draft(t.Context(), d.ID, noon)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "the draft", d, got)
		}
	})
	t.Run("a change rests on the last version", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		d := draft("a")
		if err := s.CreateDraft(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		second := next(d, func(d *archive.Draft) { d.Facts, d.Digest = []byte(`{}`), "sha256:09" })
		for _, want := range []error{nil, archive.ErrStale} { // the second time it rests on what is gone
			if err := s.WriteDraft(t.Context(), second); !errors.Is(err, want) {
				t.Fatalf("%v, want %v", err, want)
			}
		}
		got, err := s.Draft(t.Context(), "a", noon)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the draft", second, got)
		if err := s.WriteDraft(t.Context(), next(draft("b"))); !errors.Is(err, archive.ErrStale) {
			t.Errorf("a draft that is not there: %v", err)
		}
		if err := s.DeleteDraft(t.Context(), "a", 1); !errors.Is(err, archive.ErrStale) {
			t.Errorf("deleted by an old version: %v", err)
		}
		if err := s.DeleteDraft(t.Context(), "a", 2); err != nil {
			t.Error(err)
		}
	})
	t.Run("of many changes at once one is kept, and of many who take an id one has it", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		var created, written atomic.Int64
		race(func(i int) {
			err := s.CreateDraft(t.Context(), draft("a", func(d *archive.Draft) { d.Step = fmt.Sprint(i) }))
			count(t, &created, err, archive.ErrDraftExists)
		})
		d, err := s.Draft(t.Context(), "a", noon)
		if err != nil {
			t.Fatal(err)
		}
		race(func(i int) {
			err := s.WriteDraft(t.Context(), next(d, func(d *archive.Draft) { d.Step = fmt.Sprint("later ", i) }))
			count(t, &written, err, archive.ErrStale)
		})
		if created.Load() != 1 || written.Load() != 1 {
			t.Errorf("created %d times, written %d times", created.Load(), written.Load())
		}
	})
	t.Run("a draft that is ready stays as it is, but may go", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		d := draft("a")
		ready := next(d, func(d *archive.Draft) { d.State = archive.DraftReady })
		if err := errors.Join(s.CreateDraft(t.Context(), d), s.WriteDraft(t.Context(), ready)); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteDraft(t.Context(), next(ready)); !errors.Is(err, archive.ErrStale) {
			t.Errorf("written: %v", err)
		}
		if err := s.KeepCheck(t.Context(), "a", &archive.Check{Decision: "d", Instant: noon}); !errors.Is(err, archive.ErrStale) {
			t.Errorf("checked: %v", err)
		}
		if err := s.DeleteDraft(t.Context(), "a", 2); err != nil {
			t.Error(err)
		}
	})
	t.Run("a check is kept beside the version, which stays", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		d := draft("a")
		if err := s.CreateDraft(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		d.Check = &archive.Check{Decision: "d", Instant: noon, Outcome: "incomplete", Version: 1}
		if err := s.KeepCheck(t.Context(), "a", d.Check); err != nil {
			t.Fatal(err)
		}
		got, err := s.Draft(t.Context(), "a", noon)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the draft", d, got)
		if err := s.KeepCheck(t.Context(), "nobody", d.Check); !errors.Is(err, archive.ErrStale) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a draft goes when its time is over", func(t *testing.T) { expiringDrafts(t, open) })
	t.Run("drafts are listed by matricola, in pages", func(t *testing.T) { listedDrafts(t, open) })
	t.Run("text that a database can't hold is refused, and finds nothing", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for _, bad := range []string{"\x00", "\xff"} {
			for _, change := range []func(d *archive.Draft){
				func(d *archive.Draft) { d.Step = bad }, func(d *archive.Draft) { d.Facts = []byte(bad) }, func(d *archive.Draft) { d.UnitaProduttiva = bad },
			} {
				if err := s.CreateDraft(t.Context(), draft("a", change)); err == nil {
					t.Errorf("%q was stored", bad)
				}
			}
			if _, err := s.Draft(t.Context(), bad, noon); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("%q: %v", bad, err)
			}
			if err := s.DeleteDraft(t.Context(), bad, 1); !errors.Is(err, archive.ErrStale) {
				t.Errorf("%q: %v", bad, err)
			}
			if list, more, err := s.Drafts(t.Context(), bad, noon, archive.Page{Limit: 1}); len(list) > 0 || more || err != nil {
				t.Errorf("%q: %v %v %v", bad, list, more, err)
			}
		}
	})
	t.Run("a draft is one with the transaction it is written in", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		broke := errors.New("power cut")
		err := s.Within(t.Context(), func(ctx context.Context) error {
			if err := s.CreateDraft(ctx, draft("a")); err != nil {
				return err
			}
			return broke
		})
		if !errors.Is(err, broke) {
			t.Fatal(err)
		}
		if _, err := s.Draft(t.Context(), "a", noon); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("%v", err)
		}
	})
}

func expiringDrafts(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	d := draft("a")
	if err := s.CreateDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Draft(t.Context(), "a", d.ExpiresAt.Add(-time.Microsecond)); err != nil {
		t.Errorf("in its last instant: %v", err)
	}
	if _, err := s.Draft(t.Context(), "a", d.ExpiresAt); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("after it: %v", err)
	}
	if err := s.WriteDraft(t.Context(), next(d, func(n *archive.Draft) { n.UpdatedAt = d.ExpiresAt })); !errors.Is(err, archive.ErrStale) {
		t.Errorf("written after it: %v", err)
	}
	again := draft("a", func(n *archive.Draft) {
		n.CreatedAt, n.UpdatedAt, n.ExpiresAt = d.ExpiresAt, d.ExpiresAt, d.ExpiresAt.Add(time.Hour)
	})
	if err := s.CreateDraft(t.Context(), again); err != nil {
		t.Errorf("its id is not free again: %v", err)
	}
	if err := s.Expire(t.Context(), d.ExpiresAt); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Draft(t.Context(), "a", d.ExpiresAt); err != nil {
		t.Errorf("a younger one went too: %v", err)
	}
	if err := s.Expire(t.Context(), again.ExpiresAt); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Draft(t.Context(), "a", noon); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("it is still stored: %v", err)
	}
}

func listedDrafts(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	for i := range 7 {
		d := draft(fmt.Sprintf("%c", 'a'+i), func(d *archive.Draft) {
			if i == 3 {
				d.Matricola = "7000000002"
			}
			if i == 5 {
				d.ExpiresAt = noon.Add(time.Minute)
			}
		})
		if err := s.CreateDraft(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	var seen string
	for after, more := "", true; more; {
		list, further, err := s.Drafts(t.Context(), "7000000001", noon.Add(time.Minute), archive.Page{After: after, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			seen += list[i].ID
			if list[i].Facts != nil || list[i].Step == "" {
				t.Errorf("%+v", list[i])
			}
			after = list[i].ID
		}
		more = further
	}
	if seen != "abceg" {
		t.Errorf("listed %s", seen)
	}
}

// race runs do sixteen times at once.
func race(do func(i int)) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

// count counts what succeeded; the others must have met that error.
func count(t *testing.T, n *atomic.Int64, err, lost error) {
	t.Helper()
	if err == nil {
		n.Add(1)
	} else if !errors.Is(err, lost) {
		t.Error(err)
	}
}
