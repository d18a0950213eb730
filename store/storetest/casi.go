package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/store"
)

// casi is the part about reading many at once: it must say what asking one by one says.
func casi(t *testing.T, open Open) {
	t.Run("many matricole at once are each as asked alone", func(t *testing.T) {
		t.Parallel()
		s, n := open(t), 0
		rapid.Check(t, func(rt *rapid.T) { n++; manyAsOne(rt, t.Context(), s, n) })
	})
	t.Run("the sections count what a search finds", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		n := 0
		rapid.Check(t, func(rt *rapid.T) { n++; sectionsAsSearch(rt, t.Context(), s, n) })
	})
	t.Run("nothing asked is nothing found", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		for _, names := range [][]string{nil, {"7000000001"}, {"a\x00b"}, {"\xff"}, {"' OR 1=1 --"}} {
			for _, name := range names {
				if got, err := s.Case(t.Context(), name, "0", calendar.Of(2025, 1, 1), time.Time{}); !errors.Is(err, archive.ErrNotFound) {
					t.Errorf("%q alone: %v, %v", name, got, err)
				}
			}
			if got, err := s.Cases(t.Context(), names, calendar.Of(2025, 1, 1), time.Time{}); len(got) > 0 || err != nil {
				t.Errorf("%q: %v, %v", names, got, err)
			}
		}
	})
}

// filled stores a few companies, two of them of one codice fiscale, and grants, refusals and corrections; it
// gives instants between the writes.
func filled(rt *rapid.T, ctx context.Context, s *store.Store, n int) (moments []time.Time) {
	for i := range 4 {
		p := company(nth(n, i), fmt.Sprintf("%09d%d", n, i/2), fmt.Sprintf("Azienda %d", i))
		if _, _, err := s.WritePosizione(ctx, p, -1); err != nil {
			rt.Fatal(err)
		}
		moments = append(moments, tick())
	}
	versions := map[string]int{}
	for range rapid.IntRange(1, 12).Draw(rt, "writes") {
		numero := fmt.Sprintf("%d-%d", n, rapid.IntRange(0, 5).Draw(rt, "numero"))
		versions[numero]++
		from := calendar.Of(2025, 1, 1) + calendar.Day(rapid.IntRange(0, 300).Draw(rt, "dal"))
		p := sample(numero, version(versions[numero]), func(p *archive.Provvedimento) {
			p.Matricola = nth(n, rapid.IntRange(0, 3).Draw(rt, "matricola"))
			p.UnitaProduttiva = fmt.Sprint(rapid.IntRange(0, 1).Draw(rt, "unita"))
			p.Esito = rapid.SampledFrom([]string{"accoglimento", "accoglimento_parziale", "reiezione", "in_istruttoria"}).Draw(rt, "esito")
			p.Dal, p.Al = from, from+calendar.Day(rapid.IntRange(0, 60).Draw(rt, "giorni"))
			p.DataEmissione = p.Al
		})
		if _, err := s.WriteProvvedimenti(ctx, []archive.Provvedimento{p}, true); err != nil {
			rt.Fatal(err)
		}
		moments = append(moments, tick())
	}
	return append(moments, time.Time{})
}

// nth is a matricola of one run: all runs share a store.
func nth(n, i int) string { return fmt.Sprintf("%09d%d", n, i) }

func manyAsOne(rt *rapid.T, ctx context.Context, s *store.Store, n int) {
	moments := filled(rt, ctx, s, n)
	at := rapid.SampledFrom(moments).Draw(rt, "known at")
	before := calendar.Of(2025, 1, 1) + calendar.Day(rapid.IntRange(0, 400).Draw(rt, "before"))
	names := []string{nth(n, 3), nth(n, 0), "7999999999", nth(n, 1), nth(n, 2)}
	got, err := s.Cases(ctx, names, before, at)
	if err != nil {
		rt.Fatal(err)
	}
	var want []archive.Dossier
	for _, m := range names {
		p, err := s.Posizione(ctx, m, at)
		if err != nil {
			continue // not stored then
		}
		d := archive.Dossier{Posizione: p}
		for _, unit := range []string{"0", "1"} {
			history, err := s.History(ctx, m, unit, at)
			if err != nil {
				rt.Fatal(err)
			}
			d.History = append(d.History, history...)
			oneAsMany(rt, ctx, s, m, unit, before, at, p, history)
		}
		if day, ok, err := s.LastTreatment(ctx, p.CodiceFiscale, before, at); err != nil {
			rt.Fatal(err)
		} else if ok {
			d.LastTreatment = &day
		}
		want = append(want, d)
	}
	byUnit := cmp.Transformer("byUnit", func(d archive.Dossier) map[string]any {
		return map[string]any{"posizione": d.Posizione, "last": d.LastTreatment, "0": d.Of("0"), "1": d.Of("1")}
	})
	if diff := cmp.Diff(want, got, byUnit); diff != "" {
		rt.Fatalf("as known at %s (-alone +together):\n%s", at, diff)
	}
}

// oneAsMany holds the case of one unit to the readings it stands for.
func oneAsMany(rt *rapid.T, ctx context.Context, s *store.Store, matricola, unit string, before calendar.Day, at time.Time, p *archive.Posizione, history []archive.Provvedimento) {
	got, err := s.Case(ctx, matricola, unit, before, at)
	if err != nil {
		rt.Fatal(err)
	}
	want := &archive.Dossier{Posizione: p}
	for _, h := range history {
		want.History = append(want.History, archive.Provvedimento{Numero: h.Numero, Matricola: matricola, UnitaProduttiva: unit, Esito: h.Esito, Dal: h.Dal, Al: h.Al, Corpo: h.Corpo})
	}
	if day, ok, err := s.LastTreatment(ctx, p.CodiceFiscale, before, at); err != nil {
		rt.Fatal(err)
	} else if ok {
		want.LastTreatment = &day
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("the case of %s %s as known at %s (-readings +case):\n%s", matricola, unit, at, diff)
	}
}

func sectionsAsSearch(rt *rapid.T, ctx context.Context, s *store.Store, n int) {
	matricola := nth(n, 0)
	var list []archive.Provvedimento
	for i := range rapid.IntRange(0, 12).Draw(rt, "measures") {
		list = append(list, sample(fmt.Sprintf("%d-%d", n, i), of(matricola), func(p *archive.Provvedimento) {
			p.Esito = rapid.SampledFrom([]string{"accoglimento", "accoglimento_parziale", "reiezione", "in_istruttoria"}).Draw(rt, "esito")
			p.UnitaProduttiva = fmt.Sprint(rapid.IntRange(0, 1).Draw(rt, "unita"))
			p.DataEmissione = calendar.Of(2025, 1, 1) + calendar.Day(rapid.IntRange(0, 30).Draw(rt, "emissione"))
			p.Motivazione = rapid.SampledFrom([]string{"Mancanza di commesse", "Gelo", "", "100% sospesi_tutti"}).Draw(rt, "motivazione")
		}))
	}
	if _, err := s.WriteProvvedimenti(ctx, list, true); err != nil {
		rt.Fatal(err)
	}
	to := calendar.Of(2025, 1, 1) + calendar.Day(rapid.IntRange(0, 30).Draw(rt, "al"))
	c := archive.Criteria{
		Matricola: matricola, Sezione: archive.Reiezioni, // which does not matter
		UnitaProduttiva: rapid.SampledFrom([]string{"", "0", "9"}).Draw(rt, "criterion unita"),
		Parole:          rapid.SampledFrom([][]string{nil, archive.Stems("commessa"), {"%"}}).Draw(rt, "words"),
		Emissione:       archive.Validity{To: &to},
	}
	got, err := s.Sections(ctx, c)
	if err != nil {
		rt.Fatal(err)
	}
	want := map[archive.Sezione]int{}
	for _, c.Sezione = range []archive.Sezione{archive.Autorizzazioni, archive.Reiezioni, archive.InIstruttoria} {
		found, _, err := s.Search(ctx, c, archive.Page{Limit: 200})
		if err != nil {
			rt.Fatal(err)
		}
		if len(found) > 0 {
			want[c.Sezione] = len(found)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("(-search +sections):\n%s", diff)
	}
}
