package rules_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/rules"
)

func shipped(t *testing.T) *rulebook.Edition {
	t.Helper()
	ed, defects := rulebook.Load(rules.FS)
	if len(defects) > 0 {
		t.Fatalf("the shipped rules have %d defects, the first: %s", len(defects), defects[0].String())
	}
	return ed
}

// contract are the names and types that callers are promised.
const contract = `
data_riferimento date
azienda.matricola text
azienda.codice_fiscale text personal
azienda.settore code
azienda.fondo code
azienda.dipendenti_semestre decimal
azienda.fine_ultimo_trattamento date
unita_produttiva.progressivo text
unita_produttiva.giorni_settimana integer
unita_produttiva.mesi_attivita integer
unita_produttiva.organico_medio list
unita_produttiva.organico_medio[].ore_settimanali decimal
unita_produttiva.organico_medio[].lavoratori decimal
periodi list
periodi[].numero text
periodi[].prestazione code
periodi[].causale code
periodi[].evento_non_evitabile boolean
periodi[].regime code
periodi[].esito code
periodi[].dal date
periodi[].al date
periodi[].giorni_fruiti integer
periodi[].flussi_completi boolean
periodi[].giornate_fruite days
periodi[].ore_autorizzate decimal
periodi[].ore_fruite decimal
periodi[].zero_ore boolean
richiesta.prestazione code
richiesta.causale code
richiesta.evento_non_evitabile boolean
richiesta.regime code
richiesta.dal date
richiesta.al date
richiesta.ore decimal
richiesta.data_presentazione date
richiesta.data_evento date
richiesta.data_inizio_effettivo date
richiesta.pagamento code
richiesta.relazione_tecnica text personal
richiesta.consultazione.data_comunicazione date
richiesta.consultazione.data_conclusione date
richiesta.consultazione.esame_congiunto boolean
richiesta.lavoratori list
richiesta.lavoratori[].codice_fiscale text personal
richiesta.lavoratori[].qualifica code
richiesta.lavoratori[].anzianita_giorni integer
richiesta.allegati list
richiesta.allegati[].tipo text
richiesta.allegati[].nome text personal
`

func TestFactsKeepTheirNamesAndTypes(t *testing.T) {
	t.Parallel()
	var got []string
	var walk func(g *fact.Group)
	walk = func(g *fact.Group) {
		for _, f := range g.Fields {
			line := f.Path + " " + f.Type.String()
			if f.Personal {
				line += " personal"
			}
			got = append(got, line)
			if f.Element != nil {
				walk(f.Element)
			}
		}
	}
	walk(shipped(t).Vocabulary.Root)
	for _, want := range strings.Split(strings.TrimSpace(contract), "\n") {
		if !slices.Contains(got, want) {
			t.Errorf("the facts have no %s", want)
		}
	}
}

// The code lists of a fact and the table that explains the codes are two files: they must agree.
func TestCodesAgreeWithTheirTables(t *testing.T) {
	t.Parallel()
	ed := shipped(t)
	for table, names := range map[string][]string{
		"settori": {"azienda.settore"}, "causali": {"periodi[].causale", "richiesta.causale"},
	} {
		var rows []string
		for _, v := range ed.Tables[table].Versions {
			for _, r := range v.Rows {
				rows = append(rows, r.Inputs[0].Text)
			}
		}
		slices.Sort(rows)
		for _, name := range names {
			var codes []string
			for _, o := range field(ed.Vocabulary, name).Options {
				codes = append(codes, o.Code)
			}
			slices.Sort(codes)
			if !slices.Equal(codes, slices.Compact(rows)) {
				t.Errorf("%s has the codes %v, the table %s %v", name, codes, table, rows)
			}
		}
	}
}

func field(v *fact.Vocabulary, path string) *fact.Field {
	list, name, inList := strings.Cut(path, "[].")
	if inList {
		return v.Root.Field(list).Element.Field(name)
	}
	return v.Root.Field(path)
}

func TestPeriodAndRequestShareTheirCodes(t *testing.T) {
	t.Parallel()
	v := shipped(t).Vocabulary
	for _, name := range []string{"prestazione", "causale", "regime"} {
		of := func(path string) string { return fmt.Sprint(field(v, path).Options) }
		if a, b := of("periodi[]."+name), of("richiesta."+name); a != b {
			t.Errorf("%s differs:\nperiodi:   %s\nrichiesta: %s", name, a, b)
		}
	}
}

func TestEveryTextAndListHasALimit(t *testing.T) {
	t.Parallel()
	v := shipped(t).Vocabulary
	groups := []*fact.Group{v.Root}
	for _, g := range v.Groups {
		groups = append(groups, g)
	}
	for _, g := range groups {
		for _, f := range g.Fields {
			open := len(f.Options) == 0 && slices.Contains([]fact.Type{fact.Text, fact.Code, fact.Days, fact.List}, f.Type)
			if open && f.MaxLen == 0 || f.Type.IsNumber() && (f.Min == nil || f.Max == nil) {
				t.Errorf("%s has no limit", f.Path)
			}
		}
	}
	for list, want := range map[string]int{"periodi": 10_000, "richiesta.lavoratori": 20_000} {
		if got := v.Root.Field(list).MaxLen; got != want {
			t.Errorf("%s takes %d rows, want %d", list, got, want)
		}
	}
}

func TestTheSchemaOfTheFactsIsJSON(t *testing.T) {
	t.Parallel()
	var doc struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(shipped(t).Vocabulary.JSONSchema(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data_riferimento", "azienda", "unita_produttiva", "periodi", "richiesta"} {
		if doc.Properties[name] == nil {
			t.Errorf("the schema has no %s", name)
		}
	}
}
