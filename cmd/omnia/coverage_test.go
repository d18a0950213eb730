package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omnia/rules"
)

// shippedWith is a copy of the shipped rules with these cases alone.
func shippedWith(t *testing.T, cases string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, rules.FS); err != nil {
		t.Fatal(err)
	}
	shipped, err := filepath.Glob(filepath.Join(dir, "*/*.cases.yaml"))
	if err != nil || len(shipped) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range shipped {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "counters/uno.cases.yaml"), []byte("schema: cases/v1\ncases:\n"+cases), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// covered is what `rules test --coverage` says of one counter or check.
func covered(t *testing.T, dir, id string) string {
	t.Helper()
	code, stdout, stderr := call(t, "", "rules", "test", "--coverage", "--dir", dir)
	if code != 0 {
		t.Fatal(stderr)
	}
	_, rest, ok := strings.Cut(stdout, id+" ")
	if !ok {
		t.Fatalf("nothing of %s:\n%s", id, stdout)
	}
	var out []string
	for i, line := range strings.Split(rest, "\n") {
		if i > 0 && !strings.HasPrefix(line, "    ") {
			break
		}
		out = append(out, strings.TrimSpace(line))
	}
	return strings.Join(out, "\n")
}

func TestCoverageNamesWhatNoCaseReached(t *testing.T) {
	t.Parallel()
	const company = `azienda: {settore: a, fine_ultimo_trattamento: "2024-01-31"}, unita_produttiva: {giorni_settimana: 5}`
	for _, tt := range []struct{ name, facts, id, want string }{
		{"a week of history that counts, and one that an exception takes out",
			`data_riferimento: "2025-11-30", periodi: [
        {numero: A, prestazione: CIGO, causale: mancanza_lavoro, esito: accoglimento, dal: "2025-03-03", al: "2025-03-09"},
        {numero: B, prestazione: CIGO, causale: meteo, esito: accoglimento, dal: "2025-04-07", al: "2025-04-13"}]`,
			"cigo.settimane_biennio", `3 su  16
esiti mai dati: inadmissible, partly_admissible, exempt, not_applicable, missing_data
deroghe che non hanno mai tolto giorni: COVID, IN_ISTRUTTORIA, METEO23, METEO24, METEO25, METEO26, REIEZIONE, UCRAINA22`},
		{"history outside the window reaches nothing",
			`data_riferimento: "2025-11-30", periodi: [
        {numero: A, prestazione: CIGO, causale: mancanza_lavoro, esito: accoglimento, dal: "2020-03-02", al: "2020-03-08"},
        {numero: B, prestazione: CIGO, causale: meteo, esito: accoglimento, dal: "2020-04-06", al: "2020-04-12"}]`,
			"cigo.settimane_biennio", `1 su  16
esiti mai dati: inadmissible, partly_admissible, exempt, not_applicable, missing_data
righe mai contate: cigo
deroghe che non hanno mai tolto giorni: COVID, EONE, IN_ISTRUTTORIA, METEO23, METEO24, METEO25, METEO26, REIEZIONE, UCRAINA22`},
		{"the variant of the request, and its limit",
			`data_riferimento: "2025-11-30", periodi: [], richiesta: {prestazione: CIGS, causale: solidarieta, dal: "2025-12-01", al: "2026-02-28"}`,
			"cigs.mesi_quinquennio", `4 su  19
esiti mai dati: inadmissible, exempt, not_applicable, missing_data
righe mai contate: riorganizzazione, crisi
varianti mai scelte: riorganizzazione, crisi
limiti mai applicati: param("cigs.cds.max_edilizia")
deroghe che non hanno mai tolto giorni: CIGS2223, COVID, CRISI_COMPLESSA, IN_ISTRUTTORIA, REIEZIONE, TRANSIZIONE`},
		{"what is missing reaches no line of the request",
			`data_riferimento: "2025-11-30", periodi: [], richiesta: {prestazione: CIGS, causale: solidarieta, dal: "2025-12-01"}`,
			"cigs.mesi_quinquennio", `3 su  19
esiti mai dati: admissible, inadmissible, exempt, not_applicable
righe mai contate: riorganizzazione, solidarieta, crisi
varianti mai scelte: riorganizzazione, crisi
limiti mai applicati: param("cigs.cds.max_edilizia")
deroghe che non hanno mai tolto giorni: CIGS2223, COVID, CRISI_COMPLESSA, IN_ISTRUTTORIA, REIEZIONE, TRANSIZIONE`},
		{"an exception that frees the request",
			`data_riferimento: "2025-11-30", periodi: [], richiesta: {prestazione: CIGO, causale: meteo, dal: "2025-12-01", al: "2025-12-07"}`,
			"cigo.settimane_biennio", `2 su  16
esiti mai dati: admissible, inadmissible, partly_admissible, not_applicable, missing_data
righe mai contate: cigo
deroghe che non hanno mai tolto giorni: COVID, IN_ISTRUTTORIA, METEO23, METEO24, METEO25, METEO26, REIEZIONE, UCRAINA22`},
		{"the tier that gave the rate, of the version in force",
			`data_riferimento: "2025-11-30", periodi: [{numero: A, prestazione: CIGS, causale: crisi, esito: accoglimento, dal: "2024-01-01", al: "2025-01-31"}], richiesta: {prestazione: CIGO, causale: mancanza_lavoro, dal: "2025-12-01", al: "2025-12-07"}`,
			"addizionale.aliquota", `4 su  24
esiti mai dati: exempt, not_applicable, missing_data
versioni mai usate: 1
aliquote mai applicate: fis_ridotta, fis, transizione, ridotta fino a param("addizionale.soglia1"), ridotta fino a param("addizionale.soglia2"), ridotta oltre, ordinaria fino a param("addizionale.soglia1"), ordinaria oltre
deroghe che non hanno mai tolto giorni: COVID, EONE_ADDIZIONALE, IN_ISTRUTTORIA, METEO23, METEO24, METEO25, METEO26, REIEZIONE`},
		{"a check that found something",
			`data_riferimento: "2025-11-30", periodi: [{numero: A, prestazione: CIGO, causale: meteo, esito: accoglimento, dal: "2025-03-03", al: "2025-03-09", giorni_fruiti: 6, flussi_completi: true}]`,
			"periodo.fruito_oltre_autorizzato", "1 su   1"},
		{"a check that found nothing",
			`data_riferimento: "2025-11-30", periodi: []`,
			"periodo.fruito_oltre_autorizzato", "0 su   1\nmai segnalato"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := shippedWith(t, "  - {name: uno, facts: {"+company+", "+tt.facts+"}, expect: {data_riferimento: \"2025-11-30\"}}\n")
			if got := covered(t, dir, tt.id); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
