package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/store"
)

// unread are the fields that are not those of the writer: set by the store, or in Corpo only.
var unread = cmpopts.IgnoreFields(archive.Provvedimento{}, "RegistratoIl", "SuperatoIl", "Motivazione", "Correzione")

// provvedimenti is the part about measures, their versions, and what is read of one.
func provvedimenti(t *testing.T, open Open) {
	t.Run("a measure is read back as it was written", func(t *testing.T) { t.Parallel(); readBack(t, open(t)) })
	t.Run("the outcome tells what became of each", func(t *testing.T) { t.Parallel(); outcomes(t, open(t)) })
	t.Run("with atomic one that can't be stored keeps all out", func(t *testing.T) { t.Parallel(); allOrNothing(t, open(t)) })
	t.Run("batches of any size", func(t *testing.T) { t.Parallel(); sizes(t, open(t)) })
	t.Run("versions in one list follow each other", func(t *testing.T) { t.Parallel(); versionsInOneList(t, open(t)) })
	t.Run("what was known at an instant stays as it was", func(t *testing.T) { t.Parallel(); knownAt(t, open(t)) })
	t.Run("a history is that of one unit by day", func(t *testing.T) { t.Parallel(); history(t, open(t)) })
	t.Run("the last treatment of a company", func(t *testing.T) { t.Parallel(); lastTreatment(t, open(t)) })
	t.Run("hostile text is text", func(t *testing.T) { t.Parallel(); hostile(t, open(t)) })
	t.Run("what no database can hold is refused", func(t *testing.T) { t.Parallel(); unstorable(t, open(t)) })
}

func readBack(t *testing.T, s *store.Store) {
	end := calendar.Max
	for i, p := range []archive.Provvedimento{
		sample("CIGO-1"),
		sample("CIGO-2", outcome("accoglimento_parziale"), days("1969-12-31", "1970-01-01")),
		sample("CIGO-3", outcome("reiezione"), days("2024-02-29", "2024-02-29")),
		sample("CIGO-4", outcome("in_istruttoria"), func(p *archive.Provvedimento) { p.Al, p.Causale = end, "" }),
	} {
		before := tick()
		mustWrite(t, s, archive.Created, p)
		got, err := s.Provvedimento(t.Context(), p.Numero, 0, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(&p, got, unread); d != "" {
			t.Errorf("%d: read back (-written +read):\n%s", i, d)
		}
		if got.RegistratoIl.Before(before) || got.RegistratoIl.After(tick()) || got.RegistratoIl.Location() != time.UTC || got.SuperatoIl != nil {
			t.Errorf("registered at %s and overtaken at %v, written after %s", got.RegistratoIl, got.SuperatoIl, before)
		}
		if err := got.Open(); err != nil || got.Motivazione != p.Motivazione {
			t.Errorf("out of its body: %q, %v", got.Motivazione, err)
		}
	}
}

func outcomes(t *testing.T, s *store.Store) {
	list := []archive.Provvedimento{
		sample("A"), sample("A"), sample("A", reason("altro")), sample("A", version(3)), sample("A", version(2)), sample("A", version(3)),
		sample("B", version(2)), sample("B", version(0)), sample("B", version(-1)), sample("B"),
	}
	want := []archive.Written{
		archive.Created, archive.Same, archive.Conflict, archive.Gap, archive.Corrected, archive.Corrected,
		archive.Gap, archive.Gap, archive.Gap, archive.Created,
	}
	got, err := s.WriteProvvedimenti(t.Context(), list, false)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Fatalf("%v (-want +got):\n%s", err, d)
	}
	again := []archive.Written{
		archive.Same, archive.Same, archive.Conflict, archive.Same, archive.Same, archive.Same,
		archive.Corrected, archive.Gap, archive.Gap, archive.Same, // the version before is there now
	}
	got, err = s.WriteProvvedimenti(t.Context(), list, false)
	if d := cmp.Diff(again, got); err != nil || d != "" {
		t.Fatalf("a second time: %v (-want +got):\n%s", err, d)
	}
	wantVersions(t, s, "A", 3, 2, 1)
	wantVersions(t, s, "B", 2, 1)
	if got, err := s.WriteProvvedimenti(t.Context(), nil, true); err != nil || len(got) != 0 {
		t.Errorf("nothing to write: %v, %v", got, err)
	}
}

func allOrNothing(t *testing.T, s *store.Store) {
	mustWrite(t, s, archive.Created, sample("A"))
	for _, bad := range []archive.Provvedimento{sample("A", reason("altro")), sample("Z", version(2))} {
		list := []archive.Provvedimento{sample("B"), sample("A", version(2)), bad, sample("C")}
		got, err := s.WriteProvvedimenti(t.Context(), list, true)
		if err != nil {
			t.Fatal(err)
		}
		if got[0] != archive.Created || got[1] != archive.Corrected || got[2] != archive.Conflict && got[2] != archive.Gap || got[3] != archive.Created {
			t.Errorf("outcomes %v", got)
		}
	}
	wantVersions(t, s, "A", 1)
	wantVersions(t, s, "B")
	wantVersions(t, s, "C")
}

// sizes goes over each way in which rows are sent: single, in one statement, in several, by COPY.
func sizes(t *testing.T, s *store.Store) {
	for _, n := range []int{1, 2, 49, 50, 51, 100, 101, 1234} {
		list := make([]archive.Provvedimento, n)
		for i := range list {
			list[i] = sample(fmt.Sprintf("N%d-%d", n, n-i), days("2025-01-06", "2025-03-02"))
		}
		mustWrite(t, s, archive.Created, list...)
		mustWrite(t, s, archive.Same, list...)
		for i := range list {
			list[i].Versione = 2
			list[i] = sealed(list[i])
		}
		mustWrite(t, s, archive.Corrected, list...)
		for _, i := range []int{0, n / 2, n - 1} {
			wantVersions(t, s, list[i].Numero, 2, 1)
			got, err := s.Provvedimento(t.Context(), list[i].Numero, 0, time.Time{})
			if d := cmp.Diff(&list[i], got, unread); err != nil || d != "" {
				t.Errorf("number %d of %d: %v (-written +read):\n%s", i, n, err, d)
			}
		}
	}
}

func versionsInOneList(t *testing.T, s *store.Store) {
	var list []archive.Provvedimento
	for v := range 60 {
		list = append(list, sample("A", version(v+1)), sample("B", version(v+1)))
	}
	got, err := s.WriteProvvedimenti(t.Context(), list, true)
	if err != nil || got[0] != archive.Created || got[119] != archive.Corrected {
		t.Fatalf("%v, %v", got, err)
	}
	for _, numero := range []string{"A", "B"} {
		all, err := s.Versions(t.Context(), numero)
		if err != nil || len(all) != 60 || all[0].SuperatoIl != nil {
			t.Fatalf("%d versions, %v", len(all), err)
		}
		for i := range all[1:] {
			newer, older := all[i], all[i+1]
			if older.SuperatoIl == nil || !older.SuperatoIl.Equal(newer.RegistratoIl) || !older.RegistratoIl.Before(newer.RegistratoIl) {
				t.Fatalf("version %d is known from %s to %v, the next from %s", older.Versione, older.RegistratoIl, older.SuperatoIl, newer.RegistratoIl)
			}
		}
	}
}

func knownAt(t *testing.T, s *store.Store) {
	at := []time.Time{tick()}
	for v := 1; v <= 3; v++ {
		mustWrite(t, s, []archive.Written{archive.Created, archive.Corrected, archive.Corrected}[v-1], sample("A", version(v)))
		at = append(at, tick())
	}
	if _, err := s.Provvedimento(t.Context(), "A", 0, at[0]); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("before it was written: %v, want ErrNotFound", err)
	}
	for last := 1; last <= 3; last++ {
		for asked := range 5 {
			got, err := s.Provvedimento(t.Context(), "A", asked, at[last])
			want := asked
			if asked == 0 {
				want = last
			}
			switch {
			case want > last:
				if !errors.Is(err, archive.ErrNotFound) {
					t.Errorf("version %d when %d was the last: %v, want ErrNotFound", asked, last, err)
				}
			case err != nil || got.Versione != want || (got.SuperatoIl == nil) != (want == last):
				t.Errorf("version %d when %d was the last: %+v, %v", asked, last, got, err)
			}
		}
	}
	// The instant itself belongs to the newer version.
	all, err := s.Versions(t.Context(), "A")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if got, err := s.Provvedimento(t.Context(), "A", 0, p.RegistratoIl); err != nil || got.Versione != p.Versione {
			t.Errorf("at the instant of version %d: %+v, %v", p.Versione, got, err)
		}
	}
}

func history(t *testing.T, s *store.Store) {
	other := func(p *archive.Provvedimento) { p.UnitaProduttiva = "1" }
	mustWrite(t, s, archive.Created,
		sample("C", days("2025-03-03", "2025-03-09")), sample("B", days("2025-01-06", "2025-01-12")), sample("A", days("2025-03-03", "2025-03-16"), outcome("reiezione")),
		sample("D", other), sample("E", of("7000000002")))
	before := tick()
	mustWrite(t, s, archive.Corrected, sample("B", version(2), days("2025-06-02", "2025-06-08")))
	wantNumeri(t, "now", []string{"A", "C", "B"})(s.History(t.Context(), "7000000001", "0", time.Time{}))
	wantNumeri(t, "before the correction", []string{"B", "A", "C"})(s.History(t.Context(), "7000000001", "0", before))
	wantNumeri(t, "of the other unit", []string{"D"})(s.History(t.Context(), "7000000001", "1", time.Time{}))
	wantNumeri(t, "of another unit", nil)(s.History(t.Context(), "7000000001", "2", time.Time{}))
	wantNumeri(t, "of no text at all", nil)(s.History(t.Context(), "7000000001\x00", "0", time.Time{}))
}

func lastTreatment(t *testing.T, s *store.Store) {
	const cf = "01234567890"
	wrote(t, s, company("7000000001", cf, "Uno"), 0, archive.Created, 1)
	wrote(t, s, company("7000000002", cf, "Uno, altra matricola"), 0, archive.Created, 1)
	wrote(t, s, company("7000000003", "09876543210", "Due"), 0, archive.Created, 1)
	mustWrite(t, s, archive.Created,
		sample("A", days("2025-01-06", "2025-01-12")),
		sample("B", days("2025-02-03", "2025-02-09"), of("7000000002"), outcome("accoglimento_parziale")),
		sample("C", days("2025-03-03", "2025-03-09"), outcome("reiezione")),
		sample("D", days("2025-03-10", "2025-03-16"), outcome("in_istruttoria")),
		sample("E", days("2025-04-07", "2025-04-13"), of("7000000003")))
	at := tick()
	mustWrite(t, s, archive.Corrected, sample("B", version(2), of("7000000002"), days("2025-02-03", "2025-02-05")))
	for _, c := range []struct {
		why, before, want string
		known             time.Time
	}{
		{"nothing before the first", "2025-01-06", "", time.Time{}},
		{"a grant that goes on counts up to the day before", "2025-01-09", "2025-01-08", time.Time{}},
		{"the last day itself", "2025-01-13", "2025-01-12", time.Time{}},
		{"in the other matricola, as corrected", "2025-12-31", "2025-02-05", time.Time{}},
		{"as it was known before", "2025-12-31", "2025-02-09", at},
	} {
		got, ok, err := s.LastTreatment(t.Context(), cf, calendar.MustParse(c.before), c.known)
		if err != nil || ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%s: %s %v %v, want %q", c.why, got, ok, err, c.want)
		}
	}
	if _, ok, err := s.LastTreatment(t.Context(), "nessuno", calendar.Max, time.Time{}); ok || err != nil {
		t.Errorf("of a company that is not there: %v %v", ok, err)
	}
}

// nasty are texts that were meant to break something.
var nasty = []string{
	"' OR '1'='1", "'; DROP TABLE provvedimenti; --", `"; DROP TABLE provvedimenti; --`, `\`, `\'`, `{a,"b"}`, "{", "}", `\\"`, "NULL", "null",
	"%", "_", "!%", "!_", "%%%", "a%b_c!d", "?", "$1", ":a", "@a", "/*", "--", "\t", "\n", "\r\n", " ", "  x  ", "'", `"`, "`", "[1,2]", "\\x00", "\\N",
	"citt\u00e0", "citta\u0300", "ﬁ", "İ", "ß", "🙂", "👨‍👩‍👧", "שלום", "\u202eevil\u202c", "\ufeff", "\u2028", "\U0010ffff", strings.Repeat("à", 5000),
}

func hostile(t *testing.T, s *store.Store) {
	list := make([]archive.Provvedimento, len(nasty))
	for i, text := range nasty {
		list[i] = sample(text, reason(text), of(text), func(p *archive.Provvedimento) {
			p.UnitaProduttiva, p.Prestazione, p.Causale, p.RegistratoDa = text, text, text, text
		})
	}
	mustWrite(t, s, archive.Created, list[:20]...) // one statement
	mustWrite(t, s, archive.Created, list[20:]...)
	mustWrite(t, s, archive.Same, list...)
	for i, text := range nasty {
		got, err := s.Provvedimento(t.Context(), text, 0, time.Time{})
		if d := cmp.Diff(&list[i], got, unread); err != nil || d != "" {
			t.Errorf("%q: %v (-written +read):\n%s", text, err, d)
		}
		wantNumeri(t, fmt.Sprintf("history of %q", text), []string{text})(s.History(t.Context(), text, text, time.Time{}))
		found, _, err := s.Search(t.Context(), archive.Criteria{Matricola: text, Prestazione: text, Causale: text, UnitaProduttiva: text}, archive.Page{Limit: 200})
		wantNumeri(t, fmt.Sprintf("search for %q", text), []string{text})(found, err)
		found, _, err = s.Search(t.Context(), archive.Criteria{Matricola: "7000000001", Parole: []string{text}}, archive.Page{Limit: 200})
		wantNumeri(t, fmt.Sprintf("the word %q where there is none", text), nil)(found, err)
	}
	// By COPY, where there is one.
	for i := range list {
		list[i].Versione = 2
		list[i] = sealed(list[i])
	}
	for i := range 60 {
		list = append(list, sample(fmt.Sprintf("filler %d", i)))
	}
	if got, err := s.WriteProvvedimenti(t.Context(), list, true); err != nil || slices.Contains(got, archive.Conflict) || slices.Contains(got, archive.Gap) {
		t.Fatalf("%v, %v", got, err)
	}
	for i, text := range nasty {
		got, err := s.Provvedimento(t.Context(), text, 2, time.Time{})
		if d := cmp.Diff(&list[i], got, unread); err != nil || d != "" {
			t.Errorf("%q: %v (-written +read):\n%s", text, err, d)
		}
	}
}

func unstorable(t *testing.T, s *store.Store) {
	for _, text := range []string{"\x00", "a\x00b", "\xff", "\xed\xa0\x80"} {
		bad := sample("A")
		bad.Corpo = []byte(text)
		for _, p := range []archive.Provvedimento{sample(text), sample("A", of(text)), sample("A", reason(text)), bad} {
			if got, err := s.WriteProvvedimenti(t.Context(), []archive.Provvedimento{sample("B"), p}, false); err == nil || errors.Is(err, archive.ErrUnavailable) {
				t.Errorf("%q was taken: %v, %v", text, got, err)
			}
		}
		if _, err := s.Provvedimento(t.Context(), text, 0, time.Time{}); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("read %q: %v, want ErrNotFound", text, err)
		}
		if _, err := s.Versions(t.Context(), text); !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("versions of %q: %v, want ErrNotFound", text, err)
		}
		found, _, err := s.Search(t.Context(), archive.Criteria{Matricola: "7000000001", Parole: []string{text}}, archive.Page{Limit: 10})
		wantNumeri(t, "search", nil)(found, err)
	}
	wantVersions(t, s, "B")
}

// wantVersions compares the numbers of the versions that are stored, the newest first.
func wantVersions(t testing.TB, s *store.Store, numero string, want ...int) {
	t.Helper()
	all, err := s.Versions(t.Context(), numero)
	if len(want) == 0 {
		if !errors.Is(err, archive.ErrNotFound) {
			t.Errorf("%s: %d versions, %v; want ErrNotFound", numero, len(all), err)
		}
		return
	}
	var got []int
	for _, p := range all {
		got = append(got, p.Versione)
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: versions %v, %v; want %v", numero, got, err, want)
	}
}

// wantNumeri compares the numeri of a list, in their order.
func wantNumeri(t testing.TB, what string, want []string) func([]archive.Provvedimento, error) {
	t.Helper()
	return func(list []archive.Provvedimento, err error) {
		t.Helper()
		if got := numeriOf(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", what, got, err, want)
		}
	}
}

func numeriOf(list []archive.Provvedimento) (numeri []string) {
	for _, p := range list {
		numeri = append(numeri, p.Numero)
	}
	return numeri
}
