package archive_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// company is the document of a matricola that is right, its lists in no order.
const company = `{"matricola":"0123456789","codice_fiscale":"80078750587","denominazione":"Officine Bianchi S.p.A.","sede":"7000","attiva_dal":"2001-02-01",
	"inquadramenti":[{"dal":"2018-01-01","settore":"fondo","fondo":"fsba"},{"dal":"2001-02-01","al":"2017-12-31","settore":"a"}],
	"dipendenti":[{"dal":"2024-01-01","media":48.50},{"dal":"2020-01-01","media":51}],
	"unita_produttive":[
		{"progressivo":"10","attiva_dal":"2025-10-01","giorni_settimana":[{"dal":"2025-10-01","giorni":5}]},
		{"progressivo":"2","denominazione":"Stabilimento","comune":"Brescia","attiva_dal":"2005-01-01","attiva_al":"2030-12-31",
		 "giorni_settimana":[{"dal":"2022-01-01","giorni":5},{"dal":"2005-01-01","giorni":6}],
		 "organico":[{"dal":"2024-01-01","fasce":[{"ore_settimanali":20,"lavoratori":8},{"ore_settimanali":40,"lavoratori":40.25}]}]}]}`

func TestAPosizioneIsRead(t *testing.T) {
	t.Parallel()
	p, err := reader(t).Posizione([]byte(company), options("it"))
	if err != nil {
		t.Fatal(err)
	}
	day := func(s string) calendar.Day { return calendar.MustParse(s) }
	until := func(s string) *calendar.Day { d := day(s); return &d }
	want := &archive.Posizione{
		Matricola: "0123456789", CodiceFiscale: "80078750587", Denominazione: "Officine Bianchi S.p.A.", Sede: "7000",
		Attiva: archive.Validity{From: day("2001-02-01")},
		Inquadramenti: []archive.Inquadramento{
			{Validity: archive.Validity{From: day("2001-02-01"), To: until("2017-12-31")}, Settore: "a"},
			{Validity: archive.Validity{From: day("2018-01-01")}, Settore: "fondo", Fondo: "fsba"},
		},
		Dipendenti: []archive.Dipendenti{{Dal: day("2020-01-01"), Media: quantity.Int(51)}, {Dal: day("2024-01-01"), Media: quantity.Frac(97, 2)}},
		Unita: []archive.Unita{
			{
				Progressivo: "2", Denominazione: "Stabilimento", Comune: "Brescia",
				Attiva:          archive.Validity{From: day("2005-01-01"), To: until("2030-12-31")},
				GiorniSettimana: []archive.GiorniSettimana{{Dal: day("2005-01-01"), Giorni: 6}, {Dal: day("2022-01-01"), Giorni: 5}},
				Organico: []archive.Organico{{Dal: day("2024-01-01"), Fasce: []archive.Fascia{
					{OreSettimanali: quantity.Int(40), Lavoratori: quantity.Frac(161, 4)}, {OreSettimanali: quantity.Int(20), Lavoratori: quantity.Int(8)},
				}}},
			},
			{
				Progressivo: "10", Attiva: archive.Validity{From: day("2025-10-01")},
				GiorniSettimana: []archive.GiorniSettimana{{Dal: day("2025-10-01"), Giorni: 5}},
			},
		},
		Corpo: p.Corpo, Digest: p.Digest,
	}
	exact := cmp.Comparer(func(a, b quantity.Rat) bool { return a.Equal(b) })
	if diff := cmp.Diff(want, p, exact); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	opened := &archive.Posizione{Corpo: p.Corpo, Digest: p.Digest}
	if err := opened.Open(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, opened, exact); diff != "" {
		t.Errorf("opened otherwise (-read +opened)\n%s", diff)
	}
	if got := opened.AppendJSON(nil); !bytes.Equal(got, p.Corpo) {
		t.Errorf("written as\n%s\nnot\n%s", got, p.Corpo)
	}
}

func TestDefectsOfAPosizioneAreToldAtOnce(t *testing.T) {
	t.Parallel()
	r := reader(t)
	out := map[string]any{}
	for _, lang := range []string{"it", "en", "de"} {
		for name, body := range map[string]string{
			"everything wrong": `{"matricola":"1","codice_fiscale":"80078750588","denominazione":" ","sede":"ROMA 1","attiva_dal":"2020-01-01","attiva_al":"2019-01-01",
				"inquadramenti":[{"dal":"2020-01-01","al":"2020-12-31","settore":"z"},{"settore":"a"},{"dal":"2022-01-01","al":"2021-01-01","settore":"a"}],
				"dipendenti":[{"dal":"2020-01-01","media":-1},{"media":"5"}],
				"unita_produttive":[{"progressivo":"0","attiva_dal":"2020-01-01","giorni_settimana":[{"dal":"2020-01-01","giorni":7},{"dal":"2020-01-01","giorni":5}]},
					{"progressivo":"0","attiva_dal":"2021-01-01","attiva_al":"2020-01-01","organico":[{"dal":"2020-01-01","fasce":[{"ore_settimanali":40},{"ore_settimanali":169,"lavoratori":1,"altro":2}]},{"dal":"2020-01-01"}]}]}`,
			"classifications that overlap": `{"matricola":"0123456789","codice_fiscale":"80078750587","denominazione":"A","sede":"7000","attiva_dal":"2001-01-01",
				"inquadramenti":[{"dal":"2022-01-01","settore":"a"},{"dal":"2001-01-01","al":"2010-12-31","settore":"a"},{"dal":"2010-12-31","al":"2011-01-31","settore":"b"},{"dal":"2022-02-01","al":"2022-03-01","settore":"b"},{"dal":"2022-04-01","settore":"b"}]}`,
		} {
			if name == "everything wrong" {
				body = strings.Replace(body, `,"altro":2`, "", 1)
			}
			_, err := r.Posizione([]byte(body), options(lang))
			out[name+" ("+lang+")"] = told(t, err)
		}
	}
	_, err := r.Posizione([]byte(strings.Replace(company, `"comune"`, `"città"`, 1)), options("it"))
	out["an unknown field of a unit (it)"] = told(t, err)
	golden(t, "posizione.json", out)
}

// drawCompany is any company that can be written.
func drawCompany(t *rapid.T) *archive.Posizione {
	day := func(name string) calendar.Day {
		return calendar.Of(2000, 1, 1) + calendar.Day(rapid.IntRange(0, 9000).Draw(t, name))
	}
	days := func(name string) []calendar.Day {
		list := rapid.SliceOfNDistinct(rapid.IntRange(0, 9000), 0, 4, rapid.ID[int]).Draw(t, name)
		out := make([]calendar.Day, len(list))
		for i, d := range list {
			out[i] = calendar.Of(2000, 1, 1) + calendar.Day(d)
		}
		return out
	}
	rat := func(name string, most int64) quantity.Rat {
		return quantity.Frac(rapid.Int64Range(0, 100*most).Draw(t, name), 100)
	}
	word := func(name string) string {
		return rapid.StringMatching(`[A-Za-zàè&'"\\.][A-Za-zàè&'"\\. ]{0,20}`).Draw(t, name)
	}
	p := &archive.Posizione{
		Matricola: rapid.StringMatching(`[0-9]{10}`).Draw(t, "matricola"), CodiceFiscale: "80078750587", Denominazione: word("denominazione"),
		Sede: rapid.StringMatching(`[0-9]{4}`).Draw(t, "sede"), Attiva: archive.Validity{From: day("attiva")},
	}
	starts := days("inquadramenti")
	slices.Sort(starts)
	for i, d := range starts {
		q := archive.Inquadramento{Validity: archive.Validity{From: d}, Settore: "a"}
		if i+1 < len(starts) {
			last := starts[i+1] - 1
			q.To = &last
		}
		p.Inquadramenti = append(p.Inquadramenti, q)
	}
	for _, d := range days("dipendenti") {
		p.Dipendenti = append(p.Dipendenti, archive.Dipendenti{Dal: d, Media: rat("media", 1000)})
	}
	for _, number := range rapid.SliceOfNDistinct(rapid.StringMatching(`[0-9]{1,3}`), 0, 4, rapid.ID[string]).Draw(t, "unita") {
		u := archive.Unita{Progressivo: number, Attiva: archive.Validity{From: day("unita attiva")}}
		if rapid.Bool().Draw(t, "named") {
			u.Denominazione, u.Comune = word("nome"), word("comune")
		}
		for _, d := range days("giorni") {
			u.GiorniSettimana = append(u.GiorniSettimana, archive.GiorniSettimana{Dal: d, Giorni: rapid.IntRange(5, 6).Draw(t, "giorni a settimana")})
		}
		for _, d := range days("organico") {
			o := archive.Organico{Dal: d}
			for range rapid.IntRange(0, 3).Draw(t, "fasce") {
				o.Fasce = append(o.Fasce, archive.Fascia{OreSettimanali: rat("ore", 168), Lavoratori: rat("lavoratori", 1000)})
			}
			u.Organico = append(u.Organico, o)
		}
		p.Unita = append(p.Unita, u)
	}
	return p
}

func TestACompanyIsWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	r := reader(t)
	rapid.Check(t, func(t *rapid.T) {
		p := drawCompany(t)
		p.Seal()
		again, err := r.Posizione(p.Corpo, options("it"))
		if err != nil {
			t.Fatalf("%v\n%s", err, p.Corpo)
		}
		if again.Digest != p.Digest {
			t.Fatalf("written as\n%s\nread as\n%s", p.Corpo, again.Corpo)
		}
		var v map[string]any
		if err := json.Unmarshal(p.Corpo, &v); err != nil {
			t.Fatal(err)
		}
		for _, list := range []string{"inquadramenti", "dipendenti", "unita_produttive"} {
			if rows, ok := v[list].([]any); ok {
				v[list] = rapid.Permutation(rows).Draw(t, list)
			}
		}
		shuffled, err := json.MarshalIndent(v, "", "\t") // keys sorted, rows in any order
		if err != nil {
			t.Fatal(err)
		}
		if other, err := r.Posizione(shuffled, options("it")); err != nil || other.Digest != p.Digest {
			t.Fatalf("%v: the same company is\n%s\nand\n%s", err, p.Corpo, shuffled)
		}
	})
}
