package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/store"
)

// access is a line with something in every column; change what the test is about.
func access(change ...func(a *archive.Access)) archive.Access {
	a := archive.Access{
		ID: id(), Instant: noon, Persona: "consulente", CodiceFiscale: consultant, Ruolo: "intermediario", Base: "delega", Delega: "d1",
		Azione: "provvedimenti.cerca", Matricola: matricola1, Oggetto: "esito=reiezioni", Motivo: "pratica 12", Esito: "allow",
		Policy: "2026-1", Correlation: "c1", Address: "127.0.0.1",
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func recordedLines(t testing.TB, s *store.Store, c archive.AccessCriteria, limit int) []archive.Access {
	t.Helper()
	return walk(t, limit, func(ctx context.Context, p archive.Page) ([]archive.Access, bool, error) {
		return s.Accesses(ctx, c, p)
	},
		func(a archive.Access) string { return a.ID })
}

// accessi is the part about the record of accesses.
func accessi(t *testing.T, open Open) {
	t.Run("lines are read back as they were recorded, the newest first", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		first, second := access(), access(func(a *archive.Access) { a.Matricola, a.Delega, a.Esito = "", "", "no_relation" })
		if err := s.Record(t.Context(), first, second); err != nil {
			t.Fatal(err)
		}
		if err := s.Record(t.Context()); err != nil {
			t.Errorf("no lines: %v", err)
		}
		same(t, "the record", []archive.Access{second, first}, recordedLines(t, s, archive.AccessCriteria{}, 10))
	})
	t.Run("a line is recorded whatever its bytes", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		if err := s.Record(t.Context(), access(func(a *archive.Access) { a.Oggetto, a.Motivo = "a\x00b", "c\xffd"+strings.Repeat("'", 9000) })); err != nil {
			t.Fatal(err)
		}
		got := recordedLines(t, s, archive.AccessCriteria{}, 10)
		if len(got) != 1 || got[0].Oggetto != "a\uFFFDb" || got[0].Motivo != "c\uFFFDd"+strings.Repeat("'", 9000) {
			t.Errorf("recorded %+v", got)
		}
	})
	t.Run("the record is found by each criterion, in pages", func(t *testing.T) { accessLists(t, open) })
	t.Run("each of many callers at once has its lines there, once", func(t *testing.T) { manyRecord(t, open) })
	t.Run("who gives up does not hurt the others", func(t *testing.T) { someGiveUp(t, open) })
	t.Run("a line that can't be stored hurts its caller only", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		twice := access()
		if err := s.Record(t.Context(), twice); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				line := access()
				if i%8 == 0 {
					line = twice
				}
				if err := s.Record(t.Context(), line); (err == nil) == (i%8 == 0) {
					t.Errorf("caller %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if n := len(recordedLines(t, s, archive.AccessCriteria{}, 200)); n != 1+56 {
			t.Errorf("%d lines, want 57", n)
		}
	})
	t.Run("within a transaction lines are part of it", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		broke := errors.New("no")
		for _, fail := range []error{nil, broke} {
			err := s.Within(t.Context(), func(ctx context.Context) error {
				if err := s.Record(ctx, access()); err != nil {
					return err
				}
				return fail
			})
			if !errors.Is(err, fail) {
				t.Fatal(err)
			}
		}
		if n := len(recordedLines(t, s, archive.AccessCriteria{}, 10)); n != 1 {
			t.Errorf("%d lines, want that of the transaction that was kept", n)
		}
	})
	t.Run("closing lets those finish who wait, and no one else in", func(t *testing.T) { closing(t, open) })
}

func accessLists(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	at := func(instant string) func(a *archive.Access) {
		return func(a *archive.Access) { a.Instant, _ = time.Parse(time.RFC3339, instant) }
	}
	list := []archive.Access{
		0: access(at("2026-03-09T22:59:59Z")),
		1: access(at("2026-03-09T23:00:00Z")), // the 10th in Rome
		2: access(at("2026-03-10T22:59:59Z"), func(a *archive.Access) { a.Matricola = matricola2 }),
		3: access(at("2026-03-10T23:00:00Z"), func(a *archive.Access) { a.Persona = "titolare" }),
		4: access(at("2026-03-12T12:00:00Z"), func(a *archive.Access) { a.Delega, a.Azione, a.Esito = "d2", "deleghe.revoca", "deny" }),
	}
	if err := s.Record(t.Context(), list...); err != nil {
		t.Fatal(err)
	}
	day := calendar.MustParse
	for _, tt := range []struct {
		name string
		c    archive.AccessCriteria
		want []int
	}{
		{"everything", archive.AccessCriteria{}, []int{4, 3, 2, 1, 0}},
		{"a matricola", archive.AccessCriteria{Matricola: matricola2}, []int{2}},
		{"a person", archive.AccessCriteria{Persona: "titolare"}, []int{3}},
		{"a delegation", archive.AccessCriteria{Delega: "d2"}, []int{4}},
		{"an action", archive.AccessCriteria{Azione: "provvedimenti.cerca"}, []int{3, 2, 1, 0}},
		{"an outcome", archive.AccessCriteria{Esito: "deny"}, []int{4}},
		{"a day of Rome", archive.AccessCriteria{From: day("2026-03-10"), To: day("2026-03-10")}, []int{2, 1}},
		{"from a day", archive.AccessCriteria{From: day("2026-03-11")}, []int{4, 3}},
		{"up to a day", archive.AccessCriteria{To: day("2026-03-09")}, []int{0}},
		{"all together", archive.AccessCriteria{Matricola: matricola1, Persona: "consulente", Delega: "d1", Azione: "provvedimenti.cerca", Esito: "allow", From: day("2026-03-10")}, []int{1}},
		{"SQL", archive.AccessCriteria{Persona: "' OR '1'='1"}, nil},
		{"a NUL", archive.AccessCriteria{Matricola: "\x00"}, nil},
	} {
		for limit := 1; limit <= 6; limit++ {
			var want []archive.Access
			for _, i := range tt.want {
				want = append(want, list[i])
			}
			same(t, fmt.Sprintf("%s, pages of %d", tt.name, limit), want, recordedLines(t, s, tt.c, limit))
		}
	}
}

func manyRecord(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	const callers, calls = 200, 5
	var mu sync.Mutex
	var want []string
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for range calls {
				lines := []archive.Access{access(), access(), access()}[:1+caller%3]
				if err := s.Record(t.Context(), lines...); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, l := range lines {
					want = append(want, l.ID)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	same(t, "the ids", sorted(want), idsOfLines(recordedLines(t, s, archive.AccessCriteria{}, 200)))
}

// sorted are ids in the order of the record: the newest first.
func sorted(ids []string) []string {
	slices.Sort(ids)
	slices.Reverse(ids)
	return ids
}

func idsOfLines(list []archive.Access) (ids []string) {
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	return ids
}

func someGiveUp(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	var mu sync.Mutex
	acknowledged, tried := map[string]bool{}, map[string]bool{}
	var wg sync.WaitGroup
	for caller := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			line := access()
			mu.Lock()
			tried[line.ID] = true
			mu.Unlock()
			if caller%4 == 0 {
				go cancel() // at any moment: before, while it waits, while it is written, after
			}
			err := s.Record(ctx, line)
			if err != nil && (caller%4 != 0 || !errors.Is(err, context.Canceled)) {
				t.Errorf("caller %d: %v", caller, err)
			}
			mu.Lock()
			acknowledged[line.ID] = err == nil
			mu.Unlock()
		})
	}
	wg.Wait()
	if err := s.Record(t.Context(), access(func(a *archive.Access) { tried[a.ID] = true })); err != nil {
		t.Fatal(err)
	}
	there := map[string]int{}
	for _, l := range recordedLines(t, s, archive.AccessCriteria{}, 200) {
		there[l.ID]++
		if !tried[l.ID] {
			t.Errorf("a line of no one: %s", l.ID)
		}
	}
	for id, ok := range acknowledged {
		if ok && there[id] != 1 {
			t.Errorf("an acknowledged line is there %d times", there[id])
		}
	}
}

func closing(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	before := access()
	if err := s.Record(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := s.Record(t.Context(), access()); err != nil && !errors.Is(err, archive.ErrUnavailable) {
				t.Error(err)
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := s.Record(t.Context(), access()); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("after closing: %v, want ErrUnavailable", err)
	}
}

// Accesses are that many lines, with something in every column.
func Accesses(n int) chan archive.Access {
	lines := make(chan archive.Access, n)
	for range n {
		lines <- access()
	}
	return lines
}
