package modeltest

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"
)

func TestSurvey(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("SURVEY"))
	if n == 0 {
		return
	}
	type hit struct {
		n    int
		json string
		diff string
	}
	hits := map[string]*hit{}
	for _, w := range tastes {
		if s := os.Getenv("TASTE"); s != "" && !strings.Contains(w.name, s) {
			continue
		}
		gen := w.facts()
		for seed := range n {
			f := gen.Example(seed)
			b, err := decide(f.json())
			if err != nil {
				h := hits["error"]
				if h == nil {
					hits["error"] = &hit{1, string(f.json()), err.Error() + string(b)}
				}
				continue
			}
			r := ask4(t, f)
			for i, a := range open(f, today).answers() {
				for _, d := range differences(a, &r.Items[i]) {
					k, _, _ := strings.Cut(d, ":")
					k, _, _ = strings.Cut(k, " ")
					k = w.name + " / " + k
					h := hits[k]
					if h == nil {
						h = &hit{json: string(f.json()), diff: d}
						hits[k] = h
					}
					h.n++
					if j := string(f.json()); len(j) < len(h.json) {
						h.json, h.diff = j, d
					}
				}
			}
		}
	}
	keys := []string{}
	for k := range hits {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		h := hits[k]
		if k != "error" {
			_, field, _ := strings.Cut(k, " / ")
			h.json, h.diff = reduce(h.json, field)
		}
		if len(h.diff) > 700 {
			h.diff = h.diff[:700]
		}
		fmt.Printf("== %s x%d\n   %s\n   %s\n", k, h.n, h.diff, compact.Replace(h.json))
	}
}

var compact = strings.NewReplacer(`"`, "", "accoglimento_parziale", "AP", "accoglimento", "A", "prestazione:", "", "causale:", "", "ore_autorizzate", "oa", "evento_non_evitabile", "EONE", "zero_ore", "Z",
	"unita_produttiva", "U", "organico_medio:", "", "ore_settimanali:", "", "lavoratori:", "", "giorni_settimana", "d", "data_riferimento", "ref", "dipendenti_semestre", "n", "numero:", "", "esito:", "", "flussi_completi", "flussi")

func has(f *Facts, field string) string {
	b, err := decide(f.json())
	if err != nil {
		return ""
	}
	r := new(reply)
	if err := json.Unmarshal(b, r); err != nil {
		return ""
	}
	for i, a := range open(f, today).answers() {
		for _, d := range differences(a, &r.Items[i]) {
			k, _, _ := strings.Cut(d, ":")
			k, _, _ = strings.Cut(k, " ")
			if k == field {
				return d
			}
		}
	}
	return ""
}

func reduce(body, field string) (string, string) {
	f := new(Facts)
	if err := json.Unmarshal([]byte(body), f); err != nil {
		panic(err)
	}
	try := func(change func(g *Facts)) bool {
		g := f.clone()
		ok := true
		func() {
			defer func() {
				if recover() != nil {
					ok = false
				}
			}()
			change(g)
			ok = has(g, field) != ""
		}()
		if ok && string(g.json()) != string(f.json()) {
			f = g
			return true
		}
		return false
	}
	for again := true; again; {
		again = false
		for i := len(*f.Periodi) - 1; i >= 0; i-- {
			again = try(func(g *Facts) { *g.Periodi = append((*g.Periodi)[:i], (*g.Periodi)[i+1:]...) }) || again
		}
		again = try(func(g *Facts) { g.Richiesta = nil }) || again
		again = try(func(g *Facts) { g.Richiesta.Ore = nil }) || again
		again = try(func(g *Facts) { g.Richiesta.Evento = nil }) || again
		again = try(func(g *Facts) { g.DataRiferimento = nil }) || again
		again = try(func(g *Facts) { g.Unita.Organico = nil }) || again
		again = try(func(g *Facts) { g.Azienda.Dipendenti = nil }) || again
		for i := range *f.Periodi {
			again = try(func(g *Facts) { (*g.Periodi)[i].OreAut = nil }) || again
			again = try(func(g *Facts) { (*g.Periodi)[i].OreFruite = nil }) || again
			again = try(func(g *Facts) { (*g.Periodi)[i].ZeroOre = nil }) || again
			again = try(func(g *Facts) { (*g.Periodi)[i].Evento = nil }) || again
			again = try(func(g *Facts) { (*g.Periodi)[i].Regime = nil }) || again
			again = try(func(g *Facts) { (*g.Periodi)[i].Flussi, (*g.Periodi)[i].Fruiti, (*g.Periodi)[i].Giornate = nil, nil, nil }) || again
			again = try(func(g *Facts) { (*g.Periodi)[i].Esito = ptr("accoglimento") }) || again
			again = try(func(g *Facts) { (*g.Periodi)[i].Causale = ptr("mancanza_lavoro") }) || again
		}
	}
	return string(f.json()), has(f, field)
}
