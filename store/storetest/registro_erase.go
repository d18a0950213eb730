package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/ledger"
	"omnia/store"
)

// registroErase is the part about personal values in the log.
func registroErase(t *testing.T, open Open) {
	t.Run("erasing keeps every proof", func(t *testing.T) { erasing(t, open) })
	t.Run("an access is erased from too", func(t *testing.T) { erasingAccess(t, open) })
	t.Run("what is under a hold stays", func(t *testing.T) { holding(t, open) })
	t.Run("of many who erase at once each value goes once", func(t *testing.T) { manyErase(t, open) })
	t.Run("what is too old goes", func(t *testing.T) { expiring(t, open) })
}

func paths(list []ledger.Personal) (out []string) {
	for _, p := range list {
		out = append(out, p.Path)
	}
	slices.Sort(out)
	return out
}

func commit(t testing.TB, s *store.Store, list ...*ledger.Decision) {
	t.Helper()
	if err := s.Commit(t.Context(), list, nil); err != nil {
		t.Fatal(err)
	}
}

const worker = "/richiesta/lavoratori/0/codice_fiscale"

func erasing(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	d, other := Decision(e, Asked{Persona: "p1"}), Decision(e, Asked{Persona: "p1"})
	commit(t, s, d, other)
	erase := func(paths ...string) error {
		return s.Erase(t.Context(), ledger.Erasure{Entry: d.Receipt.ID, Paths: paths, Reason: "diritto dell'interessato", Correlation: "c"})
	}
	if err := erase(worker); err != nil {
		t.Fatal(err)
	}
	got, err := s.Decision(t.Context(), d.Receipt.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what stays", []string{"/azienda/codice_fiscale", ledger.PathActor}, paths(got.Personal))
	head, err := s.Head(t.Context())
	if err != nil || got.Erased[worker] != head.Tree.N-1 {
		t.Errorf("erased by leaf %v of %d, %v", got.Erased, head.Tree.N, err)
	}
	for _, wrong := range [][]string{{"/azienda"}, {worker, "/x"}} {
		if err := erase(wrong...); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("%v: %v, want ErrNotFound", wrong, err)
		}
	}
	if err := erase(worker); err != nil { // again: nothing is done
		t.Error(err)
	}
	if err := erase(); err != nil { // all that is left
		t.Fatal(err)
	}
	if err := erase(); err != nil {
		t.Error(err)
	}
	if err := s.Erase(t.Context(), ledger.Erasure{Entry: "nessuna", Reason: "x"}); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("an entry that is not there: %v", err)
	}
	if got, err = s.Decision(t.Context(), d.Receipt.ID); err != nil || len(got.Personal) != 0 || len(got.Erased) != 3 || got.Index.Persona != "" {
		t.Errorf("afterwards: %+v, %v", got, err)
	}
	if list, _, err := s.Decisions(t.Context(), ledger.Criteria{Persona: "p1"}, archive.Page{Limit: 9}); err != nil || len(list) != 1 || list[0].Receipt.ID != other.Receipt.ID {
		t.Errorf("by the person: %v, %v", ids(list), err)
	}
	who, err := s.Activations(t.Context())
	if err != nil || len(who) != 1 || who[0].By != "direttore" {
		t.Fatalf("who activated: %+v, %v", who, err)
	}
	if err := s.Erase(t.Context(), ledger.Erasure{Entry: who[0].ID, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	if who, err = s.Activations(t.Context()); err != nil || who[0].By != "" {
		t.Errorf("who activated, afterwards: %+v, %v", who, err)
	}
	report, _ := Verified(t, s)
	if report.Erasures != 3 || report.Erased != 4 {
		t.Errorf("in the log: %+v", report)
	}
	if _, err := ledger.Assemble(got.Facts, got.Receipt.Personal, got.Personal); err == nil {
		t.Error("facts that were erased were put together")
	}
}

func erasingAccess(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	line, other := access(), access()
	if err := s.Record(t.Context(), line, other); err != nil {
		t.Fatal(err)
	}
	if err := s.Erase(t.Context(), ledger.Erasure{Entry: line.ID, Paths: []string{"/codice_fiscale", "/indirizzo"}, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	want := line
	want.CodiceFiscale, want.Address = "", ""
	same(t, "the record", []archive.Access{other, want}, recordedLines(t, s, archive.AccessCriteria{}, 10))
	if err := s.Erase(t.Context(), ledger.Erasure{Entry: line.ID, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	want.Persona, want.Oggetto, want.Motivo = "", "", ""
	same(t, "the record", []archive.Access{other, want}, recordedLines(t, s, archive.AccessCriteria{}, 10))
	if report, _ := Verified(t, s); report.Erased != 5 {
		t.Errorf("in the log: %+v", report)
	}
}

func holding(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	d := Decision(e, Asked{Matricola: matricola1})
	line := access(func(a *archive.Access) { a.Matricola = matricola1 })
	free := Decision(e, Asked{Matricola: matricola2})
	if err := s.Commit(t.Context(), []*ledger.Decision{d, free}, []archive.Access{line}); err != nil {
		t.Fatal(err)
	}
	holds := []archive.Hold{
		{ID: "h1", Matricola: matricola1, Reason: "ricorso", PlacedBy: "ufficio", PlacedAt: noon.Truncate(time.Microsecond)},
		{ID: "h2", Matricola: matricola1, Reason: "ispezione", PlacedBy: "ufficio", PlacedAt: noon.Truncate(time.Microsecond)},
	}
	for _, h := range append(holds, holds[0]) { // the first again
		if err := s.Hold(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	erase := func(id string) error {
		return s.Erase(t.Context(), ledger.Erasure{Entry: id, Reason: "x"})
	}
	refused := func(id string) {
		t.Helper()
		if err := erase(id); !errors.Is(err, archive.ErrHeld) {
			t.Errorf("under a hold: %v, want ErrHeld", err)
		}
	}
	refused(d.Receipt.ID)
	refused(line.ID)
	if err := erase(free.Receipt.ID); err != nil {
		t.Error(err)
	}
	if n, err := s.ExpirePersonal(t.Context(), noon.AddDate(1, 0, 0), "conservazione", 10); err != nil || n != 0 {
		t.Errorf("%d expired, %v", n, err)
	}
	if err := s.Unhold(t.Context(), "h1", "direttore", noon); err != nil {
		t.Fatal(err)
	}
	refused(d.Receipt.ID) // there is another one
	for range 2 {
		if err := s.Unhold(t.Context(), "h2", "direttore", noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Unhold(t.Context(), "h9", "direttore", noon); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("a hold that is not there: %v", err)
	}
	at := noon.Truncate(time.Microsecond)
	for i := range holds {
		holds[i].LiftedBy, holds[i].LiftedAt = "direttore", &at
	}
	got, err := s.Holds(t.Context(), matricola1)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the holds", holds, got)
	if list, err := s.Holds(t.Context(), matricola2); err != nil || len(list) != 0 {
		t.Errorf("of another matricola: %v, %v", list, err)
	}
	for _, id := range []string{d.Receipt.ID, line.ID} {
		if err := erase(id); err != nil {
			t.Errorf("once lifted: %v", err)
		}
	}
	Verified(t, s)
}

func manyErase(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	var list []*ledger.Decision
	for range 6 {
		list = append(list, Decision(e, Asked{Persona: "p"}))
	}
	commit(t, s, list...)
	var wg sync.WaitGroup
	for c := range 24 {
		wg.Go(func() {
			x := ledger.Erasure{Entry: list[c%6].Receipt.ID, Reason: "x"}
			if c%2 == 0 {
				x.Paths = []string{worker}
			}
			if err := s.Erase(t.Context(), x); err != nil {
				t.Error(err)
			}
			commit(t, s, Decision(e, Asked{}))
		})
	}
	wg.Wait()
	if report, _ := Verified(t, s); report.Erased != 3*3+3 || report.Decisions != 30 {
		t.Errorf("in the log: %+v", report)
	}
}

func expiring(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	e := Edition("2026-1", 1)
	Publish(t, s, e)
	const old, young = 130, 5
	for n := range old + young {
		at := noon.AddDate(-11, 0, n%20)
		if n >= old {
			at = noon
		}
		commit(t, s, Decision(e, Asked{Instant: at, Persona: "p"}))
		if err := s.Record(t.Context(), access(func(a *archive.Access) { a.Instant = at })); err != nil {
			t.Fatal(err)
		}
	}
	before := noon.AddDate(-10, 0, 0)
	for _, step := range []struct{ most, want int }{{7, 7}, {500, old - 7}, {500, 0}} {
		if n, err := s.ExpirePersonal(t.Context(), before, "conservazione", step.most); err != nil || n != step.want {
			t.Errorf("%d of at most %d expired, %v; want %d", n, step.most, err, step.want)
		}
	}
	list, err := s.DecisionsAfter(t.Context(), ledger.Criteria{}, -1, 500)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if gone := d.Receipt.Instant.Before(before); gone != (len(d.Personal) == 0) || gone != (len(d.Erased) == 3) {
			t.Errorf("of %s there are %d values, %d erased", d.Receipt.Instant, len(d.Personal), len(d.Erased))
		}
	}
	if report, _ := Verified(t, s); report.Erasures != old {
		t.Error(fmt.Sprintf("in the log: %+v", report))
	}
}
