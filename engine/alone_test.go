package engine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
	"omnia/rules"
)

var shippedEdition = sync.OnceValue(func() *rulebook.Edition {
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		panic(err)
	}
	return ed
})

// caseOf reads facts whose history has these rows.
func caseOf(t testing.TB, ed *rulebook.Edition, rows ...string) *fact.Facts {
	t.Helper()
	envelope, err := fact.NewEnvelope(ed.Vocabulary, fact.AllFacts("facts"))
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"facts": {"data_riferimento": "2025-11-30", "azienda": {"settore": "a", "dipendenti_semestre": 50},
		"unita_produttiva": {"giorni_settimana": 5, "organico_medio": [{"ore_settimanali": 40, "lavoratori": 50}]}, "periodi": [%s]}}`, strings.Join(rows, ","))
	request, err := envelope.Decode([]byte(body), fact.Options{Language: "it"})
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return request.Facts
}

// rowsOf are the rows of the history of a case.
func rowsOf(f *fact.Facts) []fact.Record { return f.Get("periodi").Rows() }

const covid = `{"numero": "C-%s", "prestazione": "CIGO", %s, "esito": "accoglimento", "dal": "%s", "al": "%s"}`

// A row alone is refused exactly when every decision with it is, at the same place and with the same words.
func TestARowAloneIsRefusedAsItIsInACase(t *testing.T) {
	t.Parallel()
	ed := shippedEdition()
	checks, g := engine.NewPeriodChecks(ed), engine.New(ed)
	refused := 0
	for _, facts := range []string{`"regime": "covid19"`, `"causale": "covid19"`, `"causale": "covid19", "regime": "ordinario"`, `"causale": "meteo"`, `"regime": "eccezionale"`} {
		for _, days := range [][2]string{
			{"2020-02-22", "2020-03-01"}, {"2020-02-23", "2021-12-31"}, {"2021-12-31", "2022-01-01"}, {"2025-03-03", "2025-03-09"}, {"2014-01-01", "2014-02-01"},
		} {
			for _, lang := range []string{"it", "en", "de"} {
				row := fmt.Sprintf(covid, "1", facts, days[0], days[1])
				if strings.Contains(facts, "eccezionale") {
					row = strings.Replace(row, facts, `"causale": "mancanza_lavoro"`, 1)
				}
				alone := checks.Check(rowsOf(caseOf(t, ed, row))[0], lang)
				for i := range alone {
					alone[i].Pointer = "/facts/periodi/0" + alone[i].Pointer
				}
				_, err := g.Counters(caseOf(t, ed, row), engine.Options{Today: calendar.Of(2025, 11, 30), Language: lang})
				var f *fault.Fault
				if errors.As(err, &f); f == nil {
					f = &fault.Fault{}
				}
				if !slices.Equal(alone, f.Details) {
					t.Errorf("%s, %s: alone %+v, in a case %+v", row, lang, alone, f.Details)
				}
				refused += len(alone)
			}
		}
	}
	if refused != 36 { // four spans outside of the law, three ways to say covid, three languages
		t.Errorf("%d refusals", refused)
	}
}

func TestCheckingARowLeavesItAsItIs(t *testing.T) {
	t.Parallel()
	ed := shippedEdition()
	checks := engine.NewPeriodChecks(ed)
	row := rowsOf(caseOf(t, ed, fmt.Sprintf(covid, "1", `"causale": "covid19"`, "2025-03-03", "2025-03-09")))[0]
	before := slices.Clone(row)
	first := checks.Check(row, "it")
	if !reflect.DeepEqual(before, row) {
		t.Errorf("what a rule presumes was written into the row: %+v", row)
	}
	good := rowsOf(caseOf(t, ed, fmt.Sprintf(covid, "1", `"causale": "meteo"`, "2025-03-03", "2025-03-09")))[0]
	if found := checks.Check(good, "it"); found != nil {
		t.Errorf("a row after one that was refused: %+v", found)
	}
	if again := checks.Check(row, "it"); len(first) != 1 || !slices.Equal(first, again) {
		t.Errorf("the same row twice: %+v, %+v", first, again)
	}
	var wg sync.WaitGroup // it is shared by all who read lines
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if len(checks.Check(row, "it")) != 1 || checks.Check(good, "it") != nil {
					t.Error("another answer when many ask")
				}
			}
		})
	}
	wg.Wait()
}

// Rules that need more than the row are left to the decisions: alone they would be judged on facts that are
// not there.
func TestOnlyWhatTheRowSaysIsJudgedAlone(t *testing.T) {
	t.Parallel()
	checks := engine.NewPeriodChecks(edited(t, `
rules:
  - {id: periodo.a, title: {it: A, en: A, de: A}, for_each: periodo, select_by: inizio_periodo, versions: [{version: 1, valid_from: "2020-01-01",
     finding: 'periodo.causale == "meteo"', severity: error, fields: [periodo.causale], code: no_meteo, unknown: skip,
     message: {it: "No al {periodo.dal}.", en: "No on {periodo.dal}.", de: "Nein am {periodo.dal}."}, law: [{act: D148}], confidence: DEFAULT}]}
  - {id: periodo.b, title: {it: B, en: B, de: B}, for_each: periodo, select_by: inizio_periodo, versions: [{version: 1, valid_from: "0001-01-01",
     finding: '!known(unita_produttiva.giorni_settimana)', severity: error, fields: [periodo.dal], code: reads_the_case, unknown: skip,
     message: {it: "No.", en: "No.", de: "Nein."}, law: [{act: D148}], confidence: DEFAULT}]}
  - {id: periodo.c, title: {it: C, en: C, de: C}, for_each: periodo, select_by: data_riferimento, versions: [{version: 1, valid_from: "0001-01-01",
     finding: 'known(periodo.dal)', severity: error, fields: [periodo.dal], code: depends_on_the_day, unknown: skip,
     message: {it: "No.", en: "No.", de: "Nein."}, law: [{act: D148}], confidence: DEFAULT}]}
`))
	for days, want := range map[[2]string]string{
		{"2025-03-03", "2025-03-09"}: "[{/causale no_meteo No al 03-03-2025.}]",
		{"2019-03-03", "2019-03-09"}: "[]", // the rule was not in force on its first day
	} {
		row := rowsOf(caseOf(t, shippedEdition(), fmt.Sprintf(covid, "1", `"causale": "meteo"`, days[0], days[1])))[0]
		if got := fmt.Sprint(checks.Check(row, "it")); got != want {
			t.Errorf("%v: %s, want %s", days, got, want)
		}
	}
}

// edited is the edition with further checks.
func edited(t *testing.T, checks string) *rulebook.Edition {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, rules.FS); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "editions")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "checks", "prova.yaml"), []byte("schema: rules/v1"+checks), 0o600); err != nil {
		t.Fatal(err)
	}
	ed, defects := rulebook.Load(os.DirFS(dir))
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return ed
}

// A million lines are checked one by one: a row that nothing is wrong with costs no memory.
func BenchmarkCheckARow(b *testing.B) {
	ed := shippedEdition()
	checks := engine.NewPeriodChecks(ed)
	row := rowsOf(caseOf(b, ed, fmt.Sprintf(covid, "1", `"causale": "meteo"`, "2025-03-03", "2025-03-09")))[0]
	b.ReportAllocs()
	for b.Loop() {
		checks.Check(row, "it")
	}
}

// answered decides on a history that is kept.
func answered(t *testing.T, lang string, rows ...string) *engine.Counters {
	t.Helper()
	ed := shippedEdition()
	a, err := engine.Decide(ed, caseOf(t, ed, rows...), engine.Options{Today: calendar.Of(2025, 11, 30), Language: lang, Kept: true, Explain: engine.Full})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAKeptPeriodThatIsRefusedFailsTheCountersThatLookAtIt(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf(covid, "good", `"causale": "mancanza_lavoro"`, "2025-09-01", "2025-09-28")
	recent := fmt.Sprintf(covid, "recent", `"causale": "covid19"`, "2025-03-03", "2025-03-09")
	sixYearsAgo := fmt.Sprintf(covid, "old", `"regime": "covid19"`, "2019-03-04", "2019-03-10")
	plain := answered(t, "it", good)

	failed := answered(t, "it", good, recent)
	if w := failed.Warnings; len(w) != 1 || w[0].Code != "outside_covid_window" || w[0].Pointer != "/facts/periodi/1/regime" || !strings.HasPrefix(w[0].Message, "Provvedimento C-recent: ") {
		t.Errorf("warnings %+v", w)
	}
	decided := 0
	for i, it := range failed.Items {
		switch before := plain.Items[i]; {
		case before.Verdict == "not_applicable":
			if it.Verdict != "not_applicable" {
				t.Errorf("%s: %s, and it was not applicable", it.ID, it.Verdict)
			}
		case it.Verdict != "rule_failed" || it.Failure == nil || it.Failure.Code != "outside_covid_window" || !strings.Contains(it.Failure.Detail, "C-recent"):
			t.Errorf("%s: %s, %+v", it.ID, it.Verdict, it.Failure)
		case it.Counted != nil || it.Residual != nil || it.EarliestStart != nil || len(it.Periods) > 0:
			t.Errorf("%s counts all the same: %+v", it.ID, it)
		case !strings.Contains(strings.Join(it.Explanation, " "), "C-recent"):
			t.Errorf("%s does not explain itself: %q", it.ID, it.Explanation)
		default:
			decided++
		}
	}
	if decided < 3 {
		t.Errorf("only %d counters look at the period", decided)
	}

	far := answered(t, "en", good, sixYearsAgo)
	if len(far.Warnings) != 1 || !strings.HasPrefix(far.Warnings[0].Message, "Measure C-old: ") {
		t.Errorf("warnings %+v", far.Warnings)
	}
	alive := false
	for _, it := range far.Items {
		if it.ID == "cigo.settimane_biennio" {
			alive = it.Verdict != "rule_failed" && it.Counted != nil && it.Counted.Value.String() == "4"
		}
	}
	if !alive {
		t.Errorf("a period that the two years do not reach fails them: %+v", far.Items)
	}
}

// Who sends the history can put it right, and is refused.
func TestASentPeriodThatIsRefusedEndsTheDecision(t *testing.T) {
	t.Parallel()
	ed := shippedEdition()
	facts := caseOf(t, ed, fmt.Sprintf(covid, "1", `"causale": "covid19"`, "2025-03-03", "2025-03-09"))
	if _, err := engine.Decide(ed, facts, engine.Options{Today: calendar.Of(2025, 11, 30), Language: "it"}); err == nil {
		t.Error("it was decided")
	}
	// Only periods are the archive's: what the caller asks is the caller's.
	facts = caseOf(t, ed)
	*facts.Get("data_riferimento") = fact.OfDay(calendar.Of(2010, 1, 1))
	if _, err := engine.Decide(ed, facts, engine.Options{Today: calendar.Of(2025, 11, 30), Language: "it", Kept: true}); err == nil {
		t.Error("a day before the law was decided on")
	}
}
