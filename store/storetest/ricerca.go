package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/store"
)

// ricerca is the part about searching.
func ricerca(t *testing.T, open Open) {
	t.Run("a search finds what a naive one does, page by page, under inserts", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		rapid.Check(t, func(rt *rapid.T) { searchAsNaive(rt, t.Context(), s) })
	})
	t.Run("what was known at any instant is what a naive archive knew", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		rapid.Check(t, func(rt *rapid.T) { knownAsNaive(rt, t.Context(), s) })
	})
	t.Run("words are found by their stem, all of them", func(t *testing.T) { t.Parallel(); words(t, open(t)) })
	t.Run("a key of another order is refused", func(t *testing.T) { t.Parallel(); badKeys(t, open(t)) })
	t.Run("the order must be one there is", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		if _, _, err := s.Search(t.Context(), archive.Criteria{Matricola: "1", Sort: "corpo"}, archive.Page{Limit: 1}); err == nil {
			t.Error("an order that is none was taken")
		}
	})
}

// naive is an archive as one would write it on paper: what is the last word of each numero.
type naive struct {
	last map[string]archive.Provvedimento
	was  []moment
}

// moment is what was known at an instant.
type moment struct {
	at    time.Time
	known map[string]archive.Provvedimento
}

func newNaive() *naive { return &naive{last: map[string]archive.Provvedimento{}} }

// write is the naive form of WriteProvvedimenti, without atomic.
func (n *naive) write(list []archive.Provvedimento, history map[string]map[int]string) (out []archive.Written) {
	for _, p := range list {
		if history[p.Numero] == nil {
			history[p.Numero] = map[int]string{}
		}
		digest, there := history[p.Numero][p.Versione]
		switch {
		case there && digest == p.Digest:
			out = append(out, archive.Same)
		case there:
			out = append(out, archive.Conflict)
		case p.Versione != n.last[p.Numero].Versione+1:
			out = append(out, archive.Gap)
		default:
			w := archive.Corrected
			if p.Versione == 1 {
				w = archive.Created
			}
			out = append(out, w)
			n.last[p.Numero], history[p.Numero][p.Versione] = p, p.Digest
		}
	}
	return out
}

// remember notes what is known now.
func (n *naive) remember() {
	known := map[string]archive.Provvedimento{}
	for k, v := range n.last {
		known[k] = v
	}
	n.was = append(n.was, moment{tick(), known})
}

// round names what belongs to one case of a property, so that all can share one store.
var round atomic.Int64

// vocabulary is what reasons are made of. No word has a stem of another one.
var vocabulary = []string{"mancanza", "commesse", "incendio", "maltempo", "pioggia", "contratto", "ordini", "sciopero"}

var causali = []string{"", "mancanza_commesse", "eventi_meteo"}

// drawMeasure is a random measure among few values of each kind, so that criteria meet.
func drawMeasure(rt *rapid.T, numero string, versione int, matricole []string) archive.Provvedimento {
	pick := func(name string, from []string) string { return rapid.SampledFrom(from).Draw(rt, name) }
	dal := calendar.MustParse("2024-01-01") + calendar.Day(rapid.IntRange(0, 60).Draw(rt, "dal"))
	return sealed(archive.Provvedimento{
		Numero: numero, Versione: versione, Matricola: pick("matricola", matricole), UnitaProduttiva: pick("unità", []string{"0", "1"}),
		Prestazione: pick("prestazione", []string{"CIGO", "CIGS", "AIS"}), Causale: pick("causale", causali),
		Esito: pick("esito", []string{"accoglimento", "accoglimento_parziale", "reiezione", "in_istruttoria"}),
		Dal:   dal, Al: dal + 6, DataEmissione: dal + calendar.Day(rapid.IntRange(-10, 10).Draw(rt, "emissione")),
		Motivazione:  strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 3).Draw(rt, "motivazione"), " "),
		RegistratoDa: "archivio",
	})
}

// grow writes some measures and corrections of the round's own, to the store and to the naive archive.
func grow(rt *rapid.T, ctx context.Context, s *store.Store, n *naive, history map[string]map[int]string, prefix string, matricole []string) {
	var list []archive.Provvedimento
	next := map[string]int{}
	for range rapid.IntRange(1, 12).Draw(rt, "rows") {
		numero := prefix + rapid.SampledFrom([]string{"a", "B", "b", "10", "9", "à", "z z"}).Draw(rt, "numero") + rapid.StringMatching(`[0-9]?`).Draw(rt, "digit")
		last := max(n.last[numero].Versione, next[numero])
		versione := max(1, last+rapid.SampledFrom([]int{1, 1, 1, 1, 0, 2}).Draw(rt, "step"))
		if versione == last+1 {
			next[numero] = versione
		}
		list = append(list, drawMeasure(rt, numero, versione, matricole))
	}
	got, err := s.WriteProvvedimenti(ctx, list, false)
	if err != nil {
		rt.Fatal(err)
	}
	if d := gocmp.Diff(n.write(list, history), got); d != "" {
		rt.Fatalf("outcomes (-naive +store):\n%s", d)
	}
	n.remember()
}

func searchAsNaive(rt *rapid.T, ctx context.Context, s *store.Store) {
	prefix := fmt.Sprintf("r%d-", round.Add(1))
	matricole := []string{prefix + "1", prefix + "2"}
	n, history := newNaive(), map[string]map[int]string{}
	for range rapid.IntRange(1, 4).Draw(rt, "writes") {
		grow(rt, ctx, s, n, history, prefix, matricole)
	}
	when := rapid.SampledFrom(n.was).Draw(rt, "known at")
	for _, sort := range archive.Sorts {
		c := drawCriteria(rt, matricole, when.at, sort)
		want := search(when.known, c)
		got := allPages(rt, ctx, s, c, rapid.IntRange(1, 7).Draw(rt, "limit"), func() {
			if rapid.IntRange(0, 3).Draw(rt, "insert between") == 0 {
				grow(rt, ctx, s, n, history, prefix, matricole)
			}
		})
		if d := gocmp.Diff(brief(want), brief(got)); d != "" {
			rt.Fatalf("%+v (-naive +store):\n%s", c, d)
		}
		last := n.was[len(n.was)-1]
		c.KnownAt = time.Time{}
		if d := gocmp.Diff(brief(search(last.known, c)), brief(allPages(rt, ctx, s, c, 200, func() {}))); d != "" {
			rt.Fatalf("now: %+v (-naive +store):\n%s", c, d)
		}
	}
}

func drawCriteria(rt *rapid.T, matricole []string, at time.Time, sort string) archive.Criteria {
	maybe := func(name string, from ...string) string {
		return rapid.SampledFrom(append([]string{"", ""}, from...)).Draw(rt, "criterion "+name)
	}
	c := archive.Criteria{
		Matricola: rapid.SampledFrom(matricole).Draw(rt, "of"), KnownAt: at, Sort: sort,
		Sezione: archive.Sezione(maybe("sezione", "autorizzazioni", "reiezioni", "in_istruttoria")), Prestazione: maybe("prestazione", "CIGO", "AIS"),
		Causale: maybe("causale", causali[1:]...), UnitaProduttiva: maybe("unità", "0", "1"),
		Parole: archive.Stems(maybe("parole", append(vocabulary, "pioggia incendio")...)),
	}
	if rapid.Bool().Draw(rt, "from?") {
		c.Emissione.From = calendar.MustParse("2024-01-20") + calendar.Day(rapid.IntRange(-20, 20).Draw(rt, "from"))
	}
	if rapid.Bool().Draw(rt, "to?") {
		to := calendar.MustParse("2024-02-10") + calendar.Day(rapid.IntRange(-20, 20).Draw(rt, "to"))
		c.Emissione.To = &to
	}
	return c
}

// search is the naive form of Search, without pages.
func search(known map[string]archive.Provvedimento, c archive.Criteria) (found []archive.Provvedimento) {
	for _, p := range known {
		stems := archive.Stems(p.Motivazione)
		lacks := func(stem string) bool { return !slices.Contains(stems, stem) }
		switch {
		case p.Matricola != c.Matricola,
			!inSection(c.Sezione, p.Esito),
			c.Prestazione != "" && p.Prestazione != c.Prestazione,
			c.Causale != "" && p.Causale != c.Causale,
			c.UnitaProduttiva != "" && p.UnitaProduttiva != c.UnitaProduttiva,
			c.Emissione.From != 0 && p.DataEmissione < c.Emissione.From,
			c.Emissione.To != nil && p.DataEmissione > *c.Emissione.To,
			slices.ContainsFunc(c.Parole, lacks):
			continue
		}
		found = append(found, p)
	}
	sort, down := strings.CutPrefix(c.Sort, "-")
	slices.SortFunc(found, func(a, b archive.Provvedimento) int {
		order := cmp.Compare(a.Numero, b.Numero)
		switch sort {
		case "data_emissione":
			order = cmp.Or(cmp.Compare(a.DataEmissione, b.DataEmissione), order)
		case "dal":
			order = cmp.Or(cmp.Compare(a.Dal, b.Dal), order)
		}
		if down {
			return -order
		}
		return order
	})
	return found
}

// allPages reads a search to its end, and calls between after each page.
func allPages(rt *rapid.T, ctx context.Context, s *store.Store, c archive.Criteria, limit int, between func()) (all []archive.Provvedimento) {
	page := archive.Page{Limit: limit}
	for {
		items, more, err := s.Search(ctx, c, page)
		if err != nil {
			rt.Fatal(err)
		}
		if len(items) > limit || more && len(items) < limit {
			rt.Fatalf("a page of %d has %d items, more: %v", limit, len(items), more)
		}
		all = append(all, items...)
		if !more {
			return all
		}
		page.After = c.Key(&items[len(items)-1])
		between()
	}
}

// brief names versions.
func brief(list []archive.Provvedimento) []string {
	out := []string{}
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s v%d %s", p.Numero, p.Versione, p.Digest))
	}
	return out
}

func knownAsNaive(rt *rapid.T, ctx context.Context, s *store.Store) {
	prefix := fmt.Sprintf("k%d-", round.Add(1))
	matricole := []string{prefix + "1", prefix + "2"}
	n, history := newNaive(), map[string]map[int]string{}
	n.remember()
	for range rapid.IntRange(1, 5).Draw(rt, "writes") {
		grow(rt, ctx, s, n, history, prefix, matricole)
	}
	for _, m := range n.was {
		for _, matricola := range matricole {
			for _, unit := range []string{"0", "1"} {
				got, err := s.History(ctx, matricola, unit, m.at)
				if d := gocmp.Diff(brief(naiveHistory(m.known, matricola, unit)), brief(got)); err != nil || d != "" {
					rt.Fatalf("history known at %s: %v (-naive +store):\n%s", m.at, err, d)
				}
			}
		}
		for numero := range n.last {
			got, err := s.Provvedimento(ctx, numero, 0, m.at)
			want, there := m.known[numero]
			if there && (err != nil || got.Versione != want.Versione || got.Digest != want.Digest || got.SuperatoIl != nil) || !there && err == nil {
				rt.Fatalf("%s known at %s: %+v, %v; want %+v", numero, m.at, got, err, want)
			}
		}
	}
}

// naiveHistory is what a search finds, and what is under examination too.
func naiveHistory(known map[string]archive.Provvedimento, matricola, unit string) []archive.Provvedimento {
	c := archive.Criteria{Matricola: matricola, UnitaProduttiva: unit, Sort: "dal"}
	all := search(known, c)
	c.Sezione = archive.InIstruttoria
	all = append(all, search(known, c)...)
	slices.SortFunc(all, func(a, b archive.Provvedimento) int { return strings.Compare(c.Key(&a), c.Key(&b)) })
	return all
}

func words(t *testing.T, s *store.Store) {
	mustWrite(t, s, archive.Created,
		sample("A", reason("Mancanza di commesse")), sample("B", reason("È mancata una COMMESSA")), sample("C", reason("Attività sospesa")), sample("D", reason("")),
		sample("E", reason("100% commesse_estere! sconto")))
	for _, c := range []struct {
		q    string
		want []string
	}{
		{"commessa", []string{"A", "B", "E"}},
		{"commess", []string{"A", "B", "E"}},
		{"comm", nil}, // a part of a word is none
		{"commesse mancanza", []string{"A"}},
		{"attivita", []string{"C"}},
		{"ATTIVITÀ", []string{"C"}},
		{"incendio", nil},
	} {
		found, _, err := s.Search(t.Context(), archive.Criteria{Matricola: "7000000001", Parole: archive.Stems(c.q), Sort: "numero"}, archive.Page{Limit: 10})
		wantNumeri(t, c.q, c.want)(found, err)
	}
}

func badKeys(t *testing.T, s *store.Store) {
	mustWrite(t, s, archive.Created, sample("A"))
	for _, sort := range []string{"", "-data_emissione", "dal"} {
		for _, key := range []string{"A", "2025-02-30 A", "2025-02-10", "'; DROP TABLE provvedimenti; --", "\x00", "2025-02-10\x00 A", "\xff"} {
			if _, _, err := s.Search(t.Context(), archive.Criteria{Matricola: "7000000001", Sort: sort}, archive.Page{After: key, Limit: 1}); err == nil || !strings.Contains(err.Error(), "bad_cursor") {
				t.Errorf("%q in the order %q: %v, want bad_cursor", key, sort, err)
			}
		}
	}
	found, more, err := s.Search(t.Context(), archive.Criteria{Matricola: "7000000001", Sort: "numero"}, archive.Page{After: "' OR '1'='1", Limit: 1})
	if wantNumeri(t, "after any text", []string{"A"})(found, err); more {
		t.Error("there is no further page")
	}
}

// inSection tells whether a search of that section finds that outcome.
func inSection(s archive.Sezione, esito string) bool {
	switch s {
	case archive.Tutte:
		return esito != "in_istruttoria"
	case archive.InIstruttoria:
		return esito == "in_istruttoria"
	}
	return archive.SezioneOf(esito) == s
}
