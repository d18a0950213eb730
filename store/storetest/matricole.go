package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/store"
)

// located stores a company of that office.
func located(t testing.TB, s *store.Store, matricola, name, sede string) {
	t.Helper()
	p := company(matricola, "01234567890", name)
	p.Sede = sede
	p.Digest = digest([]byte(matricola + name + sede))
	if _, _, err := s.WritePosizione(t.Context(), p, -1); err != nil {
		t.Fatal(err)
	}
}

// consultantReach is what an intermediario lists.
var consultantReach = archive.Reach{CodiceFiscale: consultant, Tipi: []archive.Tipo{archive.Intermediario}, Today: today}

func listed(t testing.TB, s *store.Store, reach archive.Reach, q string, limit int) []archive.Listed {
	t.Helper()
	return walk(t, limit, func(ctx context.Context, p archive.Page) ([]archive.Listed, bool, error) {
		return s.Matricole(ctx, reach, q, p)
	},
		func(l archive.Listed) string { return l.Matricola })
}

func matricoleOf(list []archive.Listed) (matricole []string) {
	for _, l := range list {
		matricole = append(matricole, l.Matricola)
	}
	return matricole
}

// matricole is the part about what binds a person to a matricola, and which ones a person may list.
func matricole(t *testing.T, open Open) {
	t.Run("a subject is all bonds, past and revoked ones too, and the office", func(t *testing.T) { subject(t, open) })
	t.Run("a delegation counts on its last day in Rome, not on the next", func(t *testing.T) { lastDay(t, open) })
	t.Run("a list has what is in reach, each with its reasons", func(t *testing.T) { reaches(t, open) })
	t.Run("the search box takes words and beginnings, and nothing as a wildcard", func(t *testing.T) { searchBox(t, open) })
	t.Run("what is in reach is what the bonds of each matricola say", func(t *testing.T) { reachIsNaive(t, open) })
	t.Run("a list goes on where it was when others come in between", func(t *testing.T) { stableList(t, open) })
	t.Run("a revoked delegation is gone from the next page and the next subject", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		located(t, s, matricola1, "Uno", "7000")
		d := delega()
		child := subdelega(d)
		granted(t, s, d, child)
		assistantReach := archive.Reach{CodiceFiscale: assistant, Tipi: []archive.Tipo{archive.Subdelega}, Today: today}
		for _, want := range []int{1, 0} {
			for _, reach := range []archive.Reach{consultantReach, assistantReach} {
				if n := len(listed(t, s, reach, "", 10)); n != want {
					t.Errorf("%s lists %d, want %d", reach.CodiceFiscale, n, want)
				}
				if n := len(goodFor(t, s, reach, matricola1)); n != want {
					t.Errorf("%s has %d good bonds, want %d", reach.CodiceFiscale, n, want)
				}
			}
			revoked(t, s, d.ID, noon)
		}
	})
}

// goodFor is the naive way: the bonds of the person with one matricola, held to the rule one by one.
func goodFor(t testing.TB, s *store.Store, reach archive.Reach, matricola string) (good []archive.Delega) {
	t.Helper()
	subject, err := s.Subject(t.Context(), reach.CodiceFiscale, matricola)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range subject.Deleghe {
		if naiveHas(reach, &d) {
			good = append(good, d)
		}
	}
	return good
}

// naiveHas is archive.Reach.Has spelled out from the text of the rule.
func naiveHas(r archive.Reach, d *archive.Delega) bool {
	good := func(d *archive.Delega) bool {
		started, ended := d.From <= r.Today, d.To != nil && *d.To < r.Today
		return d.RevocataIl == nil && started && !ended && (r.Servizio == "" || slices.Contains(d.Servizi, r.Servizio))
	}
	if r.CodiceFiscale == "" || !slices.Contains(r.Tipi, d.Tipo) || !good(d) {
		return false
	}
	if d.Tipo == archive.Subdelega {
		return d.Parent != nil && d.Parent.Tipo != archive.Subdelega && good(d.Parent)
	}
	return true
}

func subject(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	located(t, s, matricola1, "Uno", "5000")
	located(t, s, matricola1, "Uno", "7000") // it moved: the office in charge is the present one
	parent := delega()
	child := subdelega(parent)
	ended := delega(func(d *archive.Delega) {
		d.Delegato, d.Tipo, d.Validity = assistant, archive.Dipendente, until("2020-01-01", "2020-12-31")
	})
	gone := delega(func(d *archive.Delega) { d.Delegato, d.Tipo = assistant, archive.Dipendente })
	unknown := delega(func(d *archive.Delega) { d.Matricola = matricola2 })
	granted(t, s, parent, child, ended, gone, unknown)
	gone = *revoked(t, s, gone.ID, noon)
	child.Parent = &parent
	for _, tt := range []struct {
		name, who, matricola string
		want                 archive.Subject
	}{
		{"all bonds, parents read along", assistant, matricola1, archive.Subject{Sede: "7000", Deleghe: []archive.Delega{child, ended, gone}}},
		{"a person without a bond", stranger, matricola1, archive.Subject{Sede: "7000"}},
		{"no person", "", matricola1, archive.Subject{Sede: "7000"}},
		{"a matricola that does not exist", stranger, "0799999999", archive.Subject{}},
		{"a delegation of a company that is not stored", consultant, matricola2, archive.Subject{Deleghe: []archive.Delega{unknown}}},
		{"SQL", "' OR '1'='1", "' OR '1'='1", archive.Subject{}},
		{"wildcards", "%", "%", archive.Subject{}},
		{"a NUL", consultant, matricola1 + "\x00", archive.Subject{}},
		{"no UTF-8", "\xff", matricola1, archive.Subject{}},
	} {
		got, err := s.Subject(t.Context(), tt.who, tt.matricola)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if tt.name == "no UTF-8" {
			got.Sede = "" // such a person can't exist
		}
		tt.want.Matricola = tt.matricola
		same(t, tt.name, tt.want, got)
	}
}

func lastDay(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	located(t, s, matricola1, "Uno", "7000")
	located(t, s, matricola2, "Due", "7000")
	d := delega(func(d *archive.Delega) { d.Validity = until("2026-03-05", "2026-03-10") })
	wide := delega(func(d *archive.Delega) { d.Matricola = matricola2 })
	granted(t, s, d, wide, subdelega(d), subdelega(wide, func(d *archive.Delega) { d.Validity = until("2026-03-05", "2026-03-10") }))
	for _, reach := range []archive.Reach{consultantReach, {CodiceFiscale: assistant, Tipi: []archive.Tipo{archive.Subdelega}}} {
		for date, want := range map[string]bool{"2026-03-04": false, "2026-03-05": true, "2026-03-10": true, "2026-03-11": false} {
			reach.Today = calendar.MustParse(date)
			if got := slices.Contains(matricoleOf(listed(t, s, reach, "", 10)), matricola1); got != want {
				t.Errorf("%s lists it on %s: %v, want %v", reach.CodiceFiscale, date, got, want)
			}
			if got := len(goodFor(t, s, reach, matricola1)) == 1; got != want {
				t.Errorf("%s is bound on %s: %v, want %v", reach.CodiceFiscale, date, got, want)
			}
		}
	}
}

func reaches(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	m := func(i int) string { return fmt.Sprintf("070000000%d", i) }
	for i := range 6 {
		located(t, s, m(i), fmt.Sprintf("Azienda %d", i), []string{"7000", "5000"}[i%2])
	}
	to := func(i int, change ...func(d *archive.Delega)) archive.Delega {
		d := delega(change...)
		d.Matricola = m(i)
		return d
	}
	own := func(d *archive.Delega) { d.Tipo, d.Servizi = archive.Titolare, archive.Servizi }
	few := func(d *archive.Delega) { d.Servizi = []archive.Servizio{archive.ServizioChat} }
	list := []archive.Delega{to(1), to(1, few), to(2, few), to(3, own), to(9) /* not stored */, to(5, func(d *archive.Delega) { d.Delegato = stranger })}
	granted(t, s, list...)
	both := []archive.Tipo{archive.Titolare, archive.Intermediario}
	for _, tt := range []struct {
		name  string
		reach archive.Reach
		want  map[string][]archive.Delega
	}{
		{"none", archive.Reach{Today: today}, nil},
		{"no bond counts", archive.Reach{CodiceFiscale: consultant, Today: today}, nil},
		{"one bond counts", consultantReach, map[string][]archive.Delega{m(1): list[0:2], m(2): list[2:3]}},
		{"two bonds count", archive.Reach{CodiceFiscale: consultant, Tipi: both, Today: today}, map[string][]archive.Delega{m(1): list[0:2], m(2): list[2:3], m(3): list[3:4]}},
		{"for a service", archive.Reach{CodiceFiscale: consultant, Tipi: both, Servizio: archive.ServizioContatori, Today: today}, map[string][]archive.Delega{m(1): list[0:1], m(3): list[3:4]}},
		{"a wildcard is no service", archive.Reach{CodiceFiscale: consultant, Tipi: both, Servizio: "%", Today: today}, nil},
		{"an office", archive.Reach{Sede: "7000", Today: today}, map[string][]archive.Delega{m(0): nil, m(2): nil, m(4): nil}},
		{"an office and bonds", archive.Reach{Sede: "7000", CodiceFiscale: consultant, Tipi: both, Today: today},
			map[string][]archive.Delega{m(0): nil, m(1): list[0:2], m(2): list[2:3], m(3): list[3:4], m(4): nil}},
		{"all", archive.Reach{All: true, Today: today}, map[string][]archive.Delega{m(0): nil, m(1): nil, m(2): nil, m(3): nil, m(4): nil, m(5): nil}},
		{"all, and bonds", archive.Reach{All: true, Sede: "7000", CodiceFiscale: stranger, Tipi: both, Today: today},
			map[string][]archive.Delega{m(0): nil, m(1): nil, m(2): nil, m(3): nil, m(4): nil, m(5): list[5:6]}},
		{"SQL", archive.Reach{Sede: "' OR '1'='1", CodiceFiscale: "' OR '1'='1", Tipi: both, Today: today}, nil},
		{"a NUL", archive.Reach{Sede: "7000\x00", Today: today}, nil},
	} {
		for limit := 1; limit <= 7; limit++ {
			got := map[string][]archive.Delega{}
			all := listed(t, s, tt.reach, "", limit)
			for _, l := range all {
				got[l.Matricola] = l.Deleghe
			}
			same(t, fmt.Sprintf("%s, pages of %d", tt.name, limit), tt.want, got)
			if !slices.IsSorted(matricoleOf(all)) || len(all) != len(got) {
				t.Errorf("%s, pages of %d: %v is not in order, once each", tt.name, limit, matricoleOf(all))
			}
		}
	}
	got, _, err := s.Matricole(t.Context(), consultantReach, "", archive.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what is told of one", []archive.Listed{{Matricola: m(1), CodiceFiscale: "01234567890", Denominazione: "Azienda 1", Sede: "5000", Deleghe: list[0:2]}}, got)
}

func searchBox(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	names := map[string]string{
		"0700000001": "Società Edile D'Àngelo & Figli S.r.l.", "0700000002": "100% Cotone", "0700000003": "Edil_Nord S.p.A.",
		"0711111111": "Nord Edilizia", "1234567890": "Ditta 0700 di Rossi",
	}
	var list []archive.Delega
	for m, name := range names {
		located(t, s, m, name, "7000")
		list = append(list, delega(func(d *archive.Delega) { d.Matricola = m }))
	}
	granted(t, s, list...)
	for q, want := range map[string][]string{
		"":                              {"0700000001", "0700000002", "0700000003", "0711111111", "1234567890"},
		"  ":                            {"0700000001", "0700000002", "0700000003", "0711111111", "1234567890"},
		"edil":                          {"0700000001", "0700000003", "0711111111"},
		"EDIL nord":                     {"0700000003", "0711111111"},
		"nord  edil":                    {"0700000003", "0711111111"},
		"angelo":                        {"0700000001"},
		"D’ANGELO":                      {"0700000001"},
		"societa":                       {"0700000001"},
		"SOCIETÀ":                       {"0700000001"},
		"ngelo":                         nil,
		"dile":                          nil,
		"0700000002":                    {"0700000002"},
		"07000":                         {"0700000001", "0700000002", "0700000003"},
		"0700":                          {"0700000001", "0700000002", "0700000003", "1234567890"},
		"07 edil":                       {"0700000001", "0700000003", "0711111111"},
		"00000002":                      nil,
		"100%":                          {"0700000002"},
		strings.Repeat("edil", 20_000):  nil,
		strings.Repeat("edil ", 20_000): {"0700000001", "0700000003", "0711111111"},
		manyWords(5_000):                nil,
		"%":                             nil,
		"_":                             nil,
		"_______":                       nil,
		"edil%":                         {"0700000001", "0700000003", "0711111111"},
		"edi%ord":                       nil,
		"edil_nord":                     {"0700000003", "0711111111"},
		"!":                             nil,
		"\\":                            nil,
		"' OR '1'='1":                   nil,
		"edil\x00":                      nil,
		"\xff":                          nil,
		"e\u200bdil nord 🙂":             {"0700000003", "0711111111"},
	} {
		for name, reach := range map[string]archive.Reach{"bonds": consultantReach, "an office": {Sede: "7000", Today: today}, "all": {All: true, Today: today}} {
			for _, limit := range []int{1, 2, 200} {
				same(t, fmt.Sprintf("%.40q among %s, pages of %d", q, name, limit), want, matricoleOf(listed(t, s, reach, q, limit)))
			}
		}
	}
}

// manyWords are words that are all different.
func manyWords(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "edil%d ", i)
	}
	return b.String()
}

// reachIsNaive holds the SQL of the list to the rule in Go, on deleghe of all kinds.
func reachIsNaive(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	var known []string
	for i := range 5 {
		known = append(known, fmt.Sprintf("070000000%d", i))
		located(t, s, known[i], fmt.Sprintf("Azienda %d", i), []string{"7000", "5000"}[i%2])
	}
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		// People of this round only: what the rounds before left behind concerns others.
		people := []string{fmt.Sprintf("A%d", round), fmt.Sprintf("B%d", round), fmt.Sprintf("C%d", round)}
		list := randomDeleghe(r, people, known)
		granted(t, s, list...)
		if rapid.Bool().Draw(r, "revoke one") {
			revoked(t, s, rapid.SampledFrom(list).Draw(r, "which").ID, noon)
		}
		for range 4 {
			reach := archive.Reach{
				CodiceFiscale: rapid.SampledFrom(people).Draw(r, "person"),
				Tipi:          rapid.SliceOfNDistinct(rapid.SampledFrom(tipi), 1, 4, rapid.ID[archive.Tipo]).Draw(r, "kinds"),
				Servizio:      rapid.SampledFrom(append([]archive.Servizio{""}, archive.Servizi...)).Draw(r, "service"),
				Sede:          rapid.SampledFrom([]string{"", "", "7000"}).Draw(r, "office"),
				Today:         today + calendar.Day(rapid.IntRange(-3, 3).Draw(r, "day")),
			}
			var want []archive.Listed
			for i, m := range known {
				if good := goodFor(t, s, reach, m); len(good) > 0 || reach.Sede != "" && i%2 == 0 {
					want = append(want, archive.Listed{Matricola: m, CodiceFiscale: "01234567890", Denominazione: fmt.Sprintf("Azienda %d", i), Sede: []string{"7000", "5000"}[i%2], Deleghe: good})
				}
			}
			limit := rapid.IntRange(1, 6).Draw(r, "limit")
			same(r, fmt.Sprintf("%+v, pages of %d", reach, limit), want, listed(t, s, reach, "", limit))
		}
	})
}

var tipi = []archive.Tipo{archive.Titolare, archive.Dipendente, archive.Intermediario, archive.Subdelega}

// randomDeleghe are delegations that begin and end about today, some revoked. Parents are good when
// their children are granted; what happens to them later is up to the days and to the revocations.
func randomDeleghe(r *rapid.T, people, matricole []string) (list []archive.Delega) {
	days := rapid.Map(rapid.IntRange(-3, 3), func(n int) calendar.Day { return today + calendar.Day(n) })
	for range rapid.IntRange(1, 8).Draw(r, "bonds") {
		d := delega(func(d *archive.Delega) {
			d.Tipo = rapid.SampledFrom(tipi[:3]).Draw(r, "kind")
			d.Matricola = rapid.SampledFrom(append(slices.Clone(matricole), "0799999999")).Draw(r, "matricola")
			d.Delegato = rapid.SampledFrom(people).Draw(r, "delegato")
			d.Servizi = rapid.SliceOfDistinct(rapid.SampledFrom(archive.Servizi), rapid.ID[archive.Servizio]).Draw(r, "services")
			d.Validity = randomValidity(r, days)
			d.CreataIl = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
			if rapid.IntRange(0, 4).Draw(r, "revoked") == 0 {
				d.RevocataIl = &noon
			}
		})
		list = append(list, d)
		if d.Tipo == archive.Intermediario && rapid.Bool().Draw(r, "with a subdelega") {
			list = append(list, randomChild(r, &list[len(list)-1], people, days))
		}
	}
	return list
}

// randomChild makes the parent one that can have it, on the first of its days.
func randomChild(r *rapid.T, parent *archive.Delega, people []string, days *rapid.Generator[calendar.Day]) archive.Delega {
	if !slices.Contains(parent.Servizi, archive.ServizioDeleghe) {
		parent.Servizi = append(slices.Clone(parent.Servizi), archive.ServizioDeleghe)
	}
	parent.RevocataIl = nil
	return subdelega(*parent, func(d *archive.Delega) {
		d.Delegato = rapid.SampledFrom(people).Draw(r, "subdelegato")
		d.CreataIl = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(parent.From-calendar.MustParse("2026-03-01")))
		d.Servizi = rapid.SliceOfDistinct(rapid.SampledFrom(parent.Servizi), rapid.ID[archive.Servizio]).Draw(r, "services")
		d.From = max(parent.From, days.Draw(r, "from"))
		if to := max(d.From, days.Draw(r, "to")); parent.To == nil || to <= *parent.To {
			d.To = &to
		}
		if parent.To != nil {
			d.From = min(d.From, *parent.To)
		}
		if rapid.IntRange(0, 4).Draw(r, "revoked") == 0 {
			d.RevocataIl = &noon
		}
	})
}

func randomValidity(r *rapid.T, days *rapid.Generator[calendar.Day]) archive.Validity {
	v := archive.Validity{From: days.Draw(r, "from")}
	if rapid.Bool().Draw(r, "ends") {
		v.To = new(max(v.From, days.Draw(r, "to")))
	}
	return v
}

func stableList(t *testing.T, open Open) {
	t.Parallel()
	s := open(t)
	m := func(i int) string { return fmt.Sprintf("07000%05d", i) }
	var list []archive.Delega
	for i := range 20 {
		located(t, s, m(2*i), "Azienda", "7000")
		list = append(list, delega(func(d *archive.Delega) { d.Matricola = m(2 * i) }))
	}
	granted(t, s, list...)
	next := 0
	got := walk(t, 3, func(ctx context.Context, p archive.Page) ([]archive.Listed, bool, error) {
		items, more, err := s.Matricole(ctx, consultantReach, "", p)
		for range 2 { // others come in, before and after the place where the page ended
			i := (next*14 + 1) % 40
			next++
			located(t, s, m(i), "Azienda", "7000")
			granted(t, s, delega(func(d *archive.Delega) { d.Matricola = m(i) }))
		}
		return items, more, err
	}, func(l archive.Listed) string { return l.Matricola })
	seen := matricoleOf(got)
	if !slices.IsSorted(seen) || len(slices.Compact(slices.Clone(seen))) != len(seen) {
		t.Errorf("not in order, once each: %v", seen)
	}
	for _, d := range list {
		if !slices.Contains(seen, d.Matricola) {
			t.Errorf("%s was there all the time, but was not listed: %v", d.Matricola, seen)
		}
	}
}
