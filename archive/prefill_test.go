package archive_test

import (
	"fmt"
	"slices"
	"testing"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// prefilled reads an application leniently and lets the archive fill it in.
func prefilled(t *testing.T, written, unita string) (*fact.Facts, []archive.Prefilled, []archive.Difference) {
	t.Helper()
	r := reader(t)
	pos, err := r.Posizione([]byte(prefillCompany), archive.Options{Language: "it", Today: calendar.MustParse("2025-11-30")})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Provvedimento([]byte(prefillMeasure), archive.Options{Language: "it", Today: calendar.MustParse("2025-11-30")})
	if err != nil {
		t.Fatal(err)
	}
	history := []archive.Provvedimento{*p}
	known, err := r.Known(pos, unita, history, calendar.MustParse("2025-11-17"), archive.Ask{Day: calendar.MustParse("2025-12-14")})
	if err != nil {
		t.Fatal(err)
	}
	f, err := fact.Decode(known.Vocabulary, []byte(written), fact.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	filled, differ := r.Prefill(f, known, pos, history)
	return f, filled, differ
}

const prefillCompany = `{"matricola": "1000000001", "codice_fiscale": "01533450266", "denominazione": "Meccanica Ferri", "sede": "7000", "attiva_dal": "2010-01-01",
	"inquadramenti": [{"dal": "2010-01-01", "settore": "a"}], "dipendenti": [{"dal": "2010-01-01", "media": 40.5}],
	"unita_produttive": [
		{"progressivo": "0", "attiva_dal": "2010-01-01", "giorni_settimana": [{"dal": "2010-01-01", "giorni": 5}],
			"organico": [{"dal": "2010-01-01", "fasce": [{"ore_settimanali": 40, "lavoratori": 38.5}, {"ore_settimanali": 20, "lavoratori": 4}]}]},
		{"progressivo": "9", "attiva_dal": "2011-01-01", "attiva_al": "2025-11-16"}]}`

const prefillMeasure = `{"numero": "A-1", "versione": 1, "matricola": "1000000001", "unita_produttiva": "0", "prestazione": "CIGO", "causale": "mancanza_lavoro",
	"esito": "accoglimento", "dal": "2024-12-02", "al": "2025-01-26", "data_emissione": "2025-02-10", "ore_autorizzate": 400, "motivazione": "Mancanza di lavoro"}`

func fieldsOf[T any](list []T, field func(*T) string) []string {
	out := []string{}
	for i := range list {
		out = append(out, field(&list[i]))
	}
	slices.Sort(out)
	return out
}

// Nothing written: all that is known is filled in. All of it written the same way, in whatever order: nothing is, and
// nothing differs. So filling in twice is filling in once.
func TestFillingInTwiceIsFillingInOnce(t *testing.T) {
	t.Parallel()
	f, filled, differ := prefilled(t, `{}`, "0")
	if len(filled) < 8 || len(differ) != 0 {
		t.Fatalf("%v %v", filled, differ)
	}
	again, more, differ := prefilled(t, string(f.AppendJSON(nil, true)), "0")
	if len(more) != 0 || len(differ) != 0 || string(again.AppendJSON(nil, true)) != string(f.AppendJSON(nil, true)) {
		t.Errorf("%v %v", more, differ)
	}
	_, _, differ = prefilled(t, `{"unita_produttiva": {"organico_medio": [{"ore_settimanali": 20.0, "lavoratori": 4}, {"ore_settimanali": 40, "lavoratori": 38.50}]}}`, "0")
	if len(differ) != 0 {
		t.Errorf("the same staff in another order differs: %v", differ)
	}
}

// Each known fact in turn is written otherwise: it stays as written, and it alone is told.
func TestEachFactWrittenOtherwiseIsTold(t *testing.T) {
	t.Parallel()
	for field, written := range map[string]string{
		"azienda.matricola":                 `{"azienda": {"matricola": "1000000002"}}`,
		"azienda.settore":                   `{"azienda": {"settore": "m"}}`,
		"azienda.dipendenti_semestre":       `{"azienda": {"dipendenti_semestre": 40.51}}`,
		"unita_produttiva.progressivo":      `{"unita_produttiva": {"progressivo": "9"}}`,
		"unita_produttiva.giorni_settimana": `{"unita_produttiva": {"giorni_settimana": 6}}`,
		"unita_produttiva.organico_medio":   `{"unita_produttiva": {"organico_medio": []}}`,
		"periodi":                           `{"periodi": []}`,
		"periodi[0].dal":                    `{"periodi": [{"numero": "A-1", "dal": "2024-12-09"}]}`,
		"periodi[0].esito":                  `{"periodi": [{"numero": "A-1", "esito": "reiezione"}]}`,
	} {
		f, filled, differ := prefilled(t, written, "0")
		if got := fieldsOf(differ, func(d *archive.Difference) string { return d.Field }); fmt.Sprint(got) != "["+field+"]" {
			t.Errorf("%s: %v", field, got)
		}
		if slices.Contains(fieldsOf(filled, func(p *archive.Prefilled) string { return p.Field }), field) {
			t.Errorf("%s was filled in", field)
		}
		kept, err := fact.Decode(f.Vocabulary, []byte(written), fact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range f.Vocabulary.Root.Fields {
			if v := &kept.Root[x.Slot]; v.IsKnown() && x.Type != fact.List && string(fact.AppendValue(nil, x, v)) != string(fact.AppendValue(nil, x, &f.Root[x.Slot])) {
				t.Errorf("%s was overwritten", x.Path)
			}
		}
	}
}

// A value that can't be read was written too, and stays; an empty text was not.
func TestWhatCantBeReadStays(t *testing.T) {
	t.Parallel()
	f, filled, differ := prefilled(t, `{"azienda": {"settore": "zz", "matricola": "  "}}`, "0")
	fields := fieldsOf(filled, func(p *archive.Prefilled) string { return p.Field })
	if slices.Contains(fields, "azienda.settore") || !slices.Contains(fields, "azienda.matricola") || len(differ) != 0 || f.Get("azienda.settore").Refused() != `"zz"` {
		t.Errorf("%v %v", fields, differ)
	}
}

// The state of a unit is that of the first day requested; one that the company does not have has no history.
func TestTheStateOfAUnit(t *testing.T) {
	t.Parallel()
	for unita, want := range map[string]struct{ nota, attiva, periodi string }{
		"0": {"true", "true", "1"}, "9": {"true", "false", "1"}, "77": {"false", "", ""}, "": {"", "", ""},
	} {
		f, _, _ := prefilled(t, `{}`, unita)
		said := func(path string) string {
			x := f.Vocabulary.Root.Field(path)
			if x == nil {
				t.Fatalf("there is no fact %s", path)
			}
			if v := f.Get(path); v.IsKnown() {
				if x.Type == fact.List {
					return fmt.Sprint(len(v.Rows()))
				}
				return fmt.Sprint(v.Bool())
			}
			return ""
		}
		if got := said("unita_produttiva.nota"); got != want.nota {
			t.Errorf("%q: nota %q", unita, got)
		}
		if got := said("unita_produttiva.attiva"); got != want.attiva {
			t.Errorf("%q: attiva %q", unita, got)
		}
		if got := said("periodi"); got != want.periodi {
			t.Errorf("%q: periodi %q", unita, got)
		}
	}
}
