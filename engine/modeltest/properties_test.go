package modeltest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wide is a taste of everything that the law knows.
var wide = taste{sectors: append(slices.Clone(letters), "fis", "altro"), from: date(2016, 1, 4), to: date(2026, 12, 31), used: true, mixed: true, odd: true}

// items are the answers of the engine by counter, without some fields.
func items(t fataler, f *Facts, without ...string) map[string]map[string]any {
	t.Helper()
	b, err := decide(f.json())
	if err != nil {
		t.Fatalf("%s\n%v", f.json(), err)
	}
	var r struct {
		Items []map[string]any `json:"items"`
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatalf("%v", err)
	}
	out := map[string]map[string]any{}
	for _, it := range r.Items {
		for _, w := range without {
			delete(it, w)
		}
		out[it["id"].(string)] = it
	}
	return out
}

// sameItems compares counters, all of them when none is named.
func sameItems(t fataler, what string, f, g *Facts, a, b map[string]map[string]any, only ...string) {
	t.Helper()
	for id := range a {
		if len(only) > 0 && !slices.Contains(only, id) {
			continue
		}
		for _, key := range slices.Sorted(keysOf(a[id], b[id])) {
			x, _ := json.Marshal(a[id][key])
			y, _ := json.Marshal(b[id][key])
			if string(x) != string(y) {
				t.Fatalf("%s: %s.%s was %s, is %s\nwas %s\nis  %s", what, id, key, x, y, f.json(), g.json())
			}
		}
	}
}

func keysOf(maps ...map[string]any) func(yield func(string) bool) {
	seen := map[string]bool{}
	return func(yield func(string) bool) {
		for _, m := range maps {
			for k := range m {
				if !seen[k] {
					seen[k] = true
					if !yield(k) {
						return
					}
				}
			}
		}
	}
}

func TestNineCountersInOrder(t *testing.T) {
	want := []string{
		"cigo.settimane_biennio", "cigo.settimane_consecutive", "cigo.ore_un_terzo", "complessivo.mesi_quinquennio", "cigs.mesi_quinquennio",
		"cigs.ore_programma", "ais.settimane_biennio", "ucraina22.settimane", "addizionale.aliquota",
	}
	gen := wide.facts()
	rapid.Check(t, func(t *rapid.T) {
		f := gen.Draw(t, "facts")
		got := []string{}
		for _, it := range replyTo(t, f).Items {
			got = append(got, it.ID)
			if it.Rule.ID != it.ID || it.Rule.Version < 1 || len(it.Law) == 0 || len(it.Explanation) == 0 {
				t.Fatalf("%s lacks rule, law or explanation: %s", it.ID, f.json())
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("items %v", got)
		}
	})
}

func TestOrderOfPeriodsDoesNotMatter(t *testing.T) {
	gen := wide.facts()
	rapid.Check(t, func(t *rapid.T) {
		f := gen.Draw(t, "facts")
		g := f.clone()
		if len(*f.Periodi) < 2 {
			t.Skip("no order")
		}
		*g.Periodi = rapid.Permutation(*g.Periodi).Draw(t, "order")
		sameItems(t, "another order", f, g, items(t, f, "missing", "explanation"), items(t, g, "missing", "explanation"))
	})
}

func TestANeutralPeriodChangesNothing(t *testing.T) {
	gen := wide.facts()
	rapid.Check(t, func(t *rapid.T) {
		f := gen.Draw(t, "facts")
		g := f.clone()
		benefit := "CIGO"
		if text(f.Azienda.Settore) == "fis" {
			benefit = "AIS"
		}
		s := stretch(t, date(2016, 1, 4), date(2026, 1, 5), true, 60)
		p := granted("ZZ", benefit, "mancanza_lavoro", s.from.String(), s.to.String())
		switch pick(t, "why", "reiezione", "in_istruttoria", "covid19") {
		case "reiezione":
			p.Esito, p.ZeroOre = ptr("reiezione"), ptr(true)
		case "in_istruttoria":
			p.Esito, p.ZeroOre = ptr("in_istruttoria"), nil
		default:
			p.Regime, p.Dal, p.Al = ptr("covid19"), ptr("2020-03-02"), ptr("2021-12-31")
		}
		*g.Periodi = append(*g.Periodi, p)
		sameItems(t, "a neutral period", f, g, items(t, f, "periods", "explanation"), items(t, g, "periods", "explanation"))
	})
}

func TestOneMoreDayNeverGivesRoom(t *testing.T) {
	w := wide
	w.used = false
	gen := w.facts()
	rapid.Check(t, func(t *rapid.T) {
		f := gen.Draw(t, "facts")
		if len(*f.Periodi) == 0 {
			t.Skip("no history")
		}
		i := rapid.IntRange(0, len(*f.Periodi)-1).Draw(t, "which")
		g := f.clone()
		p := &(*g.Periodi)[i]
		if text(p.Regime) != "" && text(p.Regime) != "ordinario" || text(p.Causale) == "covid19" {
			t.Skip("a regime of its own has its own days")
		}
		p.Al = ptr((parseDay(*p.Al) + 1).String())
		before, after := replyTo(t, f), replyTo(t, g)
		ids := []string{"cigo.settimane_biennio", "ais.settimane_biennio", "ucraina22.settimane"}
		if f.Richiesta == nil { // with a request, a day more may put another chain before the one that the request touches
			ids = append(ids, "cigo.settimane_consecutive")
		}
		for _, id := range ids {
			a, b := before.item(id).Residual, after.item(id).Residual
			if a != nil && b != nil && over(b.rat(), a.rat()) {
				t.Fatalf("%s: residual %v, with a day more %v\n%s", id, a, b, g.json())
			}
		}
	})
}

func TestSplittingAPeriodChangesNothing(t *testing.T) {
	w := wide
	w.used = false
	gen := w.facts()
	rapid.Check(t, func(t *rapid.T) {
		f := gen.Draw(t, "facts")
		if len(*f.Periodi) == 0 {
			t.Skip("no history")
		}
		i := rapid.IntRange(0, len(*f.Periodi)-1).Draw(t, "which")
		g := f.clone()
		first := &(*g.Periodi)[i]
		s := span{parseDay(*first.Dal), parseDay(*first.Al)}
		if s.from == s.to {
			t.Skip("a single day")
		}
		cut := s.from + day(rapid.IntRange(0, int(s.to-s.from)-1).Draw(t, "cut"))
		second := *first
		first.Al, second.Dal, second.Numero = ptr(cut.String()), ptr((cut + 1).String()), ptr("split")
		*g.Periodi = append(*g.Periodi, second)
		drop := []string{"periods", "explanation", "missing"}
		a, b := items(t, f, drop...), items(t, g, drop...)
		delete(a, "cigo.ore_un_terzo") // hours can't be split by days
		sameItems(t, "split after "+cut.String(), f, g, a, b)
	})
}

var anyDay = regexp.MustCompile(`\d{4}-\d\d-\d\d`)

func shifted(s string, by day) string {
	return anyDay.ReplaceAllStringFunc(s, func(d string) string { return (parseDay(d) + by).String() })
}

func TestAWeekLaterIsAWeekLater(t *testing.T) {
	w := taste{sectors: []string{"a", "e", "l"}, from: date(2017, 1, 2), to: date(2019, 6, 2), ask: "CIGO", used: true, odd: true}
	gen := w.facts()
	rapid.Check(t, func(t *rapid.T) {
		f := gen.Draw(t, "facts")
		g := new(Facts)
		if err := json.Unmarshal([]byte(shifted(string(f.json()), 7)), g); err != nil {
			t.Fatalf("%v", err)
		}
		a, b := items(t, f, "explanation", "rule", "law", "periods"), items(t, g, "explanation", "rule", "law", "periods")
		for _, id := range []string{"cigo.settimane_biennio", "cigo.settimane_consecutive", "cigo.ore_un_terzo"} {
			x, _ := json.Marshal(a[id])
			y, _ := json.Marshal(b[id])
			if moved := shifted(string(x), 7); moved != string(y) {
				t.Fatalf("%s\nmoved %s\nfound %s\n%s", id, moved, y, f.json())
			}
		}
	})
}

// dropped are the facts that a case may lack and no rule presumes.
func dropped(f *Facts) map[string]func(g *Facts) {
	out := map[string]func(g *Facts){
		"azienda.settore":                   func(g *Facts) { g.Azienda.Settore = nil },
		"azienda.dipendenti_semestre":       func(g *Facts) { g.Azienda.Dipendenti = nil },
		"unita_produttiva.giorni":           func(g *Facts) { g.Unita.Giorni = nil },
		"unita_produttiva.organico_medio":   func(g *Facts) { g.Unita.Organico = nil },
		"organico_medio[0].ore":             func(g *Facts) { (*g.Unita.Organico)[0].Ore = nil },
		"organico_medio[0].lavoratori":      func(g *Facts) { (*g.Unita.Organico)[0].Lavoratori = nil },
		"unita_produttiva, the whole of it": func(g *Facts) { g.Unita = nil },
		"periodi":                           func(g *Facts) { g.Periodi = nil },
	}
	for i := range *f.Periodi {
		p := func(g *Facts) *Periodo { return &(*g.Periodi)[i] }
		for name, drop := range map[string]func(g *Facts){
			"prestazione": func(g *Facts) { p(g).Prestazione = nil },
			"causale":     func(g *Facts) { p(g).Causale = nil },
			"esito":       func(g *Facts) { p(g).Esito = nil },
			"dal":         func(g *Facts) { p(g).Dal = nil },
			"al":          func(g *Facts) { p(g).Al = nil },
			"zero_ore":    func(g *Facts) { p(g).ZeroOre = nil },
			"ore":         func(g *Facts) { p(g).OreAut = nil },
		} {
			out[fmt.Sprintf("periodi[%d].%s", i, name)] = drop
		}
	}
	if f.Richiesta != nil {
		out["richiesta.prestazione"] = func(g *Facts) { g.Richiesta.Prestazione = nil }
		out["richiesta.causale"] = func(g *Facts) { g.Richiesta.Causale = nil }
		out["richiesta.dal"] = func(g *Facts) { g.Richiesta.Dal = nil }
		out["richiesta.al"] = func(g *Facts) { g.Richiesta.Al = nil }
		out["richiesta.ore"] = func(g *Facts) { g.Richiesta.Ore = nil }
	}
	return out
}

// TestAnUnknownFactNeverPasses drops one fact: the verdict stays or becomes missing_data.
func TestAnUnknownFactNeverPasses(t *testing.T) {
	gen := wide.facts()
	rapid.Check(t, func(t *rapid.T) {
		f := gen.Draw(t, "facts")
		if f.DataRiferimento == nil {
			f.DataRiferimento = f.Richiesta.Al // the day asked must not move with the fact that is dropped
		}
		before := replyTo(t, f)
		drops := dropped(f)
		names := []string{}
		for name := range drops {
			names = append(names, name)
		}
		slices.Sort(names)
		name := rapid.SampledFrom(names).Draw(t, "fact")
		g := f.clone()
		drops[name](g)
		after := replyTo(t, g)
		for i, a := range before.Items {
			if b := after.Items[i]; b.Verdict != a.Verdict && b.Verdict != "missing_data" {
				t.Fatalf("%s without %s: %s, with it %s\n%s", a.ID, name, b.Verdict, a.Verdict, f.json())
			} else if b.Verdict == "missing_data" && len(b.Missing) == 0 {
				t.Fatalf("%s without %s misses data and does not say which\n%s", a.ID, name, f.json())
			}
		}
	})
}

// TestTheEngineKeepsItsWord asks again for what it offered: the part that fits, and the starts it named.
func TestTheEngineKeepsItsWord(t *testing.T) {
	w := wide
	w.ask, w.sectors = "CIGO", letters
	gen := w.facts()
	rapid.Check(t, func(t *rapid.T) {
		f := gen.Draw(t, "facts")
		if f.DataRiferimento == nil {
			f.DataRiferimento = f.Richiesta.Al
		}
		length := parseDay(*f.Richiesta.Al) - parseDay(*f.Richiesta.Dal)
		r := replyTo(t, f)
		again := func(it *item, what, dal, al string, allowed ...string) {
			g := f.clone()
			g.Richiesta.Dal, g.Richiesta.Al = &dal, &al
			if got := replyTo(t, g).item(it.ID).Verdict; !slices.Contains(allowed, got) {
				t.Fatalf("%s: %s %s…%s is %s\n%s", it.ID, what, dal, al, got, f.json())
			}
		}
		for i := range r.Items {
			it := &r.Items[i]
			if strings.HasPrefix(it.ID, "cigs.") || it.ID == "addizionale.aliquota" {
				continue
			}
			if it.Grantable != nil && it.Grantable.From != "" && it.Verdict == "partly_admissible" {
				again(it, "the grantable part", it.Grantable.From, it.Grantable.To, "admissible")
			}
			if s := it.EarliestFullStart; s != nil {
				again(it, "the full start", *s, (parseDay(*s) + length).String(), "admissible", "exempt")
			}
			if s := it.EarliestStart; s != nil && it.ID != "cigo.ore_un_terzo" {
				again(it, "the first start", *s, (parseDay(*s) + length).String(), "admissible", "exempt", "partly_admissible")
			}
		}
	})
}
