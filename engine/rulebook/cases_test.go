package rulebook_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

func casesOf(t *testing.T, text string) []rulebook.TestCase {
	t.Helper()
	files := minimal(t)
	files["counters/cigo.settimane.cases.yaml"] = &fstest.MapFile{Data: []byte("schema: cases/v1\ncases:\n" + text)}
	cases, defects := rulebook.Cases(files)
	if len(defects) > 0 {
		t.Fatal(defects)
	}
	return cases
}

func TestFactsOfACaseBecomeJSONDigitByDigit(t *testing.T) {
	t.Parallel()
	c := casesOf(t, `
  - name: "cifre"
    source: "WE-1"
    today: "2024-05-01"
    facts:
      zeta: "0123456701"
      azienda: {settore: m, media: 5.010, "non più": null, si: true}
      periodi:
        - {dal: "2024-01-01", giorni: 12, nota: "riga\n\"due\""}
        - {}
    expect: {data_riferimento: "2024-05-01"}
`)[0]
	const want = `{"zeta":"0123456701","azienda":{"settore":"m","media":5.010,"non più":null,"si":true},` +
		`"periodi":[{"dal":"2024-01-01","giorni":12,"nota":"riga\n\"due\""},{}]}`
	if got := string(c.FactsJSON); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := c.Label() + c.Today.String(); got != `"cifre" (WE-1)2024-05-01` {
		t.Errorf("got %s", got)
	}
}

const answer = `{"data_riferimento": "2024-01-31", "warnings": [{"pointer": "/facts/a", "code": "x", "message": "m"}],
 "items": [{"id": "cigo.settimane", "verdict": "partly_admissible", "limit": {"exact": "52", "value": 52, "unit": "week", "text": "52 settimane"},
  "counted": {"exact": "315/13", "value": 24.2308, "unit": "month", "text": "24"},
  "window": {"from": "2022-02-07", "to": "2024-02-04"}, "releases": [{"on": "2024-03-04", "amount": {"exact": "1"}}, {"on": "2024-03-11", "amount": {"exact": "2"}}],
  "periods": [{"numero": "A", "dal": "2023-01-01", "code": "counted", "counted": {"exact": "4"}}, {"numero": "B", "dal": "2023-06-01", "code": "METEO"}],
  "missing": ["azienda.settore", "richiesta.ore"], "explanation": ["Restano 28 settimane (art. 12, c. 3).", "Altro."]}]}`

func TestAnAnswerIsComparedWithWhatTheCaseExpects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, expect, want string }{
		{"everything holds", `
      data_riferimento: "2024-01-31"
      cigo.settimane:
        verdict: partly_admissible
        limit: 52
        counted: "315/13"
        window: {from: "2022-02-07", to: "2024-02-04"}
        releases: [{on: "2024-03-11", amount: "2"}]
        periods: [{numero: B, code: METEO, absent: [counted]}, {numero: A, counted: 4}]
        missing: [richiesta.ore, azienda.settore]
        explanation: ["28 settimane", "Altro"]
        absent: [grantable, total]
      warnings: [{code: x, pointer: /facts/a}]`, ""},
		{"a verdict", `{cigo.settimane: {verdict: admissible}}`, "cigo.settimane.verdict: atteso admissible, trovato partly_admissible"},
		{"an exact number", `{cigo.settimane: {counted: "24.2308"}}`, "cigo.settimane.counted: atteso 24.2308, trovato 315/13"},
		{"the words of a quantity", `{cigo.settimane: {limit: {text: "51 settimane", exact: 52}}}`, "cigo.settimane.limit.text: atteso 51 settimane, trovato 52 settimane"},
		{"a day of the window", `{cigo.settimane: {window: {to: "2024-02-05"}}}`, "cigo.settimane.window.to: atteso 2024-02-05, trovato 2024-02-04"},
		{"a field that is not there", `{cigo.settimane: {total: "3"}}`, "cigo.settimane.total: atteso 3, trovato nulla"},
		{"a field that is there", `{cigo.settimane: {absent: [limit]}}`, "cigo.settimane.limit: non ci deve essere, trovato 52"},
		{"a period, by its number", `{cigo.settimane: {periods: [{numero: A, code: METEO}]}}`, "cigo.settimane.periods[A].code: atteso METEO, trovato counted"},
		{"a period that is not there", `{cigo.settimane: {periods: [{numero: C}]}}`, "cigo.settimane.periods: nessuno con numero C"},
		{"a release without its day", `{cigo.settimane: {releases: [{amount: "3"}]}}`, `cigo.settimane.releases: nessuno come questo, trovato [{"amount":{"exact":"1"},"on":"2024-03-04"},{"amount":{"exact":"2"},"on":"2024-03-11"}]`},
		{"an empty list", `{cigo.settimane: {missing: []}}`, "cigo.settimane.missing: non atteso azienda.settore\ncigo.settimane.missing: non atteso richiesta.ore"},
		{"a word missing from a list", `{cigo.settimane: {missing: [azienda.settore, richiesta.ore, altro]}}`, `cigo.settimane.missing: atteso altro, trovato ["azienda.settore","richiesta.ore"]`},
		{"a sentence", `{cigo.settimane: {explanation: ["29 settimane"]}}`, "cigo.settimane.explanation: nessuna frase contiene «29 settimane»"},
		{"no warnings", `{warnings: []}`, `warnings: non atteso {"code":"x","message":"m","pointer":"/facts/a"}`},
		{"another warning", `{warnings: [{pointer: /facts/a, code: altro}]}`,
			`warnings: atteso {pointer: /facts/a, code: altro}, trovato [{"code":"x","message":"m","pointer":"/facts/a"}]` + "\n" +
				`warnings: non atteso {"code":"x","message":"m","pointer":"/facts/a"}`},
		{"a refusal", `{errors: [{pointer: /facts/a, code: altro}]}`, "errors: atteso {pointer: /facts/a, code: altro}, trovato nulla"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := casesOf(t, "  - name: \"nome\"\n    facts: {data_riferimento: \"2024-01-01\"}\n    expect: "+tt.expect+"\n")[0]
			var got []string
			for _, d := range c.Check([]byte(answer)) {
				got = append(got, d.Message)
				if d.Place.Line < 5 {
					t.Errorf("the difference is told at line %d, not where it is expected", d.Place.Line)
				}
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), tt.want)
			}
		})
	}
}

func TestACounterThatTheAnswerLacksIsTold(t *testing.T) {
	t.Parallel()
	c := casesOf(t, "  - {name: nome, facts: {}, expect: {cigo.settimane: {verdict: exempt}}}\n")[0]
	if d := c.Check([]byte(`{"items": []}`)); len(d) != 1 || d[0].Message != "la risposta non ha il contatore «cigo.settimane»" {
		t.Error(d)
	}
}

func TestRunningCasesReportsWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	cases := casesOf(t, `
  - {name: "tiene", facts: {n: 1}, expect: {cigo.settimane: {verdict: partly_admissible}}}
  - {name: "non tiene", source: WE-2, facts: {n: 1}, expect: {cigo.settimane: {verdict: exempt}}}
  - {name: "rifiutato come atteso", facts: {n: 2}, expect: {errors: [{pointer: /facts/n, code: brutto}]}}
  - {name: "rifiutato per sorpresa", facts: {n: 2}, expect: {cigo.settimane: {verdict: exempt}}}
  - {name: "rotto", facts: {n: 3}, expect: {cigo.settimane: {verdict: exempt}}}
`)
	decide := func(facts []byte, today calendar.Day) ([]byte, error) {
		if today != rulebook.CasesDay {
			t.Errorf("a case without a day is decided on %s", today)
		}
		switch string(facts) {
		case `{"n":2}`:
			return nil, fault.New(fault.Invalid, "invalid", "no").With(fault.Detail{Pointer: "/facts/n", Code: "brutto", Text: "no"})
		case `{"n":3}`:
			return nil, errors.New("si è rotto")
		}
		return []byte(answer), nil
	}
	coverage := rulebook.NewCoverage(mustLoad(t, minimal(t)))
	var b strings.Builder
	report := rulebook.RunCases(cases, decide, coverage)
	if err := report.Print(&b); err != nil {
		t.Fatal(err)
	}
	const want = `counters/cigo.settimane.cases.yaml:5:12: il caso "non tiene" (WE-2) non torna
    counters/cigo.settimane.cases.yaml:5:89: cigo.settimane.verdict: atteso exempt, trovato partly_admissible
counters/cigo.settimane.cases.yaml:7:12: il caso "rifiutato per sorpresa" non torna
    counters/cigo.settimane.cases.yaml:7:12: i fatti del caso sono rifiutati: [{"code":"brutto","detail":"no","pointer":"/facts/n"}]
counters/cigo.settimane.cases.yaml:8:12: il caso "rotto" non torna
    counters/cigo.settimane.cases.yaml:8:12: la decisione non riesce: si è rotto
5 casi, 3 non tornano
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	coverage.Line("cigo.settimane", "cigo")
	b.Reset()
	if err := coverage.Print(&b); err != nil {
		t.Fatal(err)
	}
	const covered = `cigo.settimane                             2 su   8
    esiti mai dati: admissible, inadmissible, exempt, not_applicable, missing_data
    deroghe che non hanno mai tolto giorni: METEO
periodo.troppo_lungo                       0 su   1
    mai segnalato
raggiunti 2 stati su 9
`
	if b.String() != covered {
		t.Errorf("got\n%s\nwant\n%s", b.String(), covered)
	}
}
