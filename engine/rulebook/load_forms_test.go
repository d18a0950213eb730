package rulebook_test

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine/rulebook"
)

// Every slip in a form is told at its place.
func TestDefectsOfFormsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	const cigo, rules, extension = "forms/cigo.yaml", "forms/regole-periodo.yaml", "forms/regole-procedura.yaml"
	for _, tt := range []struct{ name, file, before, after, want string }{
		{"a fact that is not there", cigo, "- fact: richiesta.ore\n", "- fact: richiesta.oree\n", "unknown_fact"},
		{"a fact asked twice", cigo, "- fact: azienda.codice_fiscale\n", "- fact: azienda.matricola\n", "duplicate_id"},
		{"a wrong condition", cigo, "mandatory: '!richiesta.evento_non_evitabile && lavoratore.qualifica", "mandatory: '!richiesta.evento_non_evitabile && lavoratore.grado", "unknown_fact"},
		{"a row out of its list", cigo, "- fact: allegato.nome\n", "- fact: allegato.nome\n            asked_when: 'known(lavoratore.qualifica)'\n", "row_not_in_scope"},
		{"a table that is not there", cigo, "options: {table: causali_modulo,", "options: {table: causali_moduli,", "unknown_table"},
		{"a table that offers nothing", cigo, "- fact: richiesta.ore\n", "- fact: richiesta.ore\n            options: {table: fondi}\n", "wrong_table"},
		{"a column that is not there", cigo, "where: cigo}", "where: cigs}", "unknown_column"},
		{"a rule that is not there", cigo, "- cigo.durata_massima\n", "- cigo.durata_minima\n", "unknown_rule unused_rule"},
		{"a rule named twice", cigo, "- cigo.durata_massima\n", "- cigo.durata_massima\n      - cigo.durata_massima\n", "duplicate_id"},
		{"a rule that no form runs", cigo, "      - cigo.durata_massima\n", "", "unused_rule"},
		{"a counter that is not there", cigo, "counters: [cigo.settimane_biennio,", "counters: [cigo.settimane_trienni,", "unknown_counter"},
		{"a slot that is not there", rules, "qui sono {chieste}. ", "qui sono {chiesti}. ", "unknown_slot"},
		{"no condition at all", rules, "        finding: 'richiesta.dal != monday(richiesta.dal)'\n", "", "missing_key"},
		{"verdicts without a counter", rules, "        finding: 'richiesta.dal != monday(richiesta.dal)'\n", "        finding: 'richiesta.dal != monday(richiesta.dal)'\n        verdicts: [inadmissible]\n", "two_conditions"},
		{"a suggestion of the wrong type", rules, "value: 'monday(richiesta.dal)'", "value: '\"lunedì\"'", "wrong_type"},
		{"a suggestion from no counter", rules, "value: 'monday(richiesta.dal)'", "part: primo_inizio", "wrong_key"},
		{"a suggestion without a value", rules, "          value: 'monday(richiesta.dal)'\n", "", "one_of_two"},
		{"a counter of a rule that is not there", "forms/regole-ais.yaml", "id: ais.biennio_esaurito\n", "id: ais.biennio_esaurito\n    counter: ais.settimane_trienni\n", "duplicate_key unknown_counter"},
		{"a comparison with a counter that is not there", extension, "over: {counter: cigo.settimane_consecutive", "over: {counter: cigo.settimane_di_seguito", "unknown_counter"},
		{"a comparison in another unit", extension, "part: totale, value: 'param(\"cigo.request.max_weeks\")'}", "part: totale, value: 'param(\"appeal.days\")'}", "unit_mismatch"},
		{"a comparison with a day", extension, "part: totale, value:", "part: ammesso_al, value:", "unknown_code"},
		{"a comparison beside a verdict", "forms/regole-limiti.yaml", "        verdicts: [inadmissible]\n        severity: error\n        fields: [richiesta.dal]\n        code: limit_reached\n        unknown: ask\n        message:\n          it: \"Le settimane di CIGO", "        verdicts: [inadmissible]\n        over: {counter: cigo.settimane_biennio, part: totale, value: 'param(\"cigo.request.max_weeks\")'}\n        severity: error\n        fields: [richiesta.dal]\n        code: limit_reached\n        unknown: ask\n        message:\n          it: \"Le settimane di CIGO", "two_conditions"},
		{"comparisons with two counters", extension, "      - version: 1\n        valid_from: \"0001-01-01\"\n        finding: 'value(\"cigo.proroga_edile\")", "      - version: 1\n        valid_from: \"0001-01-01\"\n        over: {counter: cigo.settimane_biennio, part: totale, value: 'param(\"cigo.request.max_weeks\")'}\n        finding: 'value(\"cigo.proroga_edile\")", "two_counters"},
		{"a comparison in a check of every decision", "checks/ingresso.yaml", "        finding: 'richiesta.al > add_months(richiesta.dal, 120)'\n", "        finding: 'richiesta.al > add_months(richiesta.dal, 120)'\n        over: {counter: cigo.settimane_biennio, part: totale, value: '1'}\n", "only_in_forms"},
		{"a case of a form that is not there", "forms/cigo.cases.yaml", "\nform: cigo\n", "\nform: cigs\n", "unknown_form"},
		{"a case about a rule of no form", "forms/cigo.cases.yaml", "fires: [cigo.fine_cantiere_lunga]", "fires: [cigo.fine_cantieri_lunga]", "unknown_rule"},
		{"what only a form can use", "checks/ingresso.yaml", "        finding: 'richiesta.al > add_months(richiesta.dal, 120)'\n", "        finding: 'richiesta.al > add_months(richiesta.dal, 120)'\n        values: {uno: 'richiesta.al'}\n", "only_in_forms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := shipped(t)
			edit(t, files, tt.file, tt.before, tt.after)
			_, defects := rulebook.Load(files)
			var codes []string
			for _, d := range defects {
				codes = append(codes, d.Code)
				if d.Place.Line == 0 || d.Place.Col == 0 || d.Message == "" {
					t.Errorf("%+v", d)
				}
			}
			for _, want := range strings.Fields(tt.want) {
				if !strings.Contains(strings.Join(codes, " "), want) {
					t.Errorf("got %s, want %s\n%s", codes, want, printed(t, defects))
				}
			}
		})
	}
}

// The law of a form is its own: an edit of a rule shows in the digest of that rule alone, and in
// the edition.
func TestFormsAndTheirRulesAreVersionedContent(t *testing.T) {
	t.Parallel()
	before := mustLoad(t, shipped(t))
	files := shipped(t)
	maps.DeleteFunc(files, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, "editions/") }) // a draft may be edited
	edit(t, files, "forms/regole-periodo.yaml", `when: 'richiesta.causale == "fine_cantiere"'`, `when: 'richiesta.causale == "fine_fase"'`)
	edit(t, files, "forms/ais-fis.yaml", "      - ais.presto\n      - ais.tardiva\n", "      - ais.tardiva\n      - ais.presto\n")
	changes := rulebook.Diff(before, mustLoad(t, files))
	if len(changes) != 2 || changes[0].Kind != "form" || changes[0].ID != "ais-fis" || changes[1].ID != "cigo.fine_cantiere_lunga" || changes[1].What != rulebook.ChangeMeaning {
		t.Errorf("%+v", changes)
	}
}

func TestChoicesOfAFieldComeFromATable(t *testing.T) {
	t.Parallel()
	ed := mustLoad(t, shipped(t))
	v := ed.Form("cigo").At(rulebook.CasesDay)
	for _, s := range v.Steps {
		for _, f := range s.Fields {
			if f.Name != "richiesta.causale" {
				continue
			}
			choices := f.Options.Choices(rulebook.CasesDay)
			if len(choices) != 15 || choices[0].Code != "mancanza_lavoro" || choices[0].Label.In("de") == "" {
				t.Errorf("%s: %v", f.Name, choices)
			}
		}
	}
}
