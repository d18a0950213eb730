package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omnia/archive/importing"
)

// importLine is a measure of that number.
func importLine(numero int, more string) string {
	return fmt.Sprintf(`{"numero":"%d","prestazione":"CIGO","esito":"accoglimento","dal":"2025-03-03","al":"2025-05-04","matricola":"0123456789",`+
		`"unita_produttiva":"0","data_emissione":"2025-06-10"%s}`+"\n", numero, more)
}

// imported runs `omnia import` on the archive of a folder.
func imported(t *testing.T, folder, stdin string, args ...string) (code int, report importing.Report, stderr string) {
	t.Helper()
	code, out, stderr := call(t, stdin, append([]string{"import", "--data", folder}, args...)...)
	if out != "" {
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return code, report, stderr
}

func textFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// officine is the company of the lines.
const officine = `{"matricola":"0123456789","codice_fiscale":"80078750587","denominazione":"Officine Bianchi","sede":"7000","attiva_dal":"2001-02-01","unita_produttive":[{"progressivo":"0","attiva_dal":"2001-02-01"}]}` + "\n"

// peopled is a folder whose archive has the company.
func peopled(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if code, r, stderr := imported(t, folder, officine, "--kind", "posizioni", "-"); code != 0 || r.Creati != 1 {
		t.Fatalf("exit %d, %+v, %s", code, r, stderr)
	}
	return folder
}

func TestImport(t *testing.T) {
	t.Parallel()
	folder := peopled(t)
	var text strings.Builder
	for i := range 2500 {
		text.WriteString(importLine(i, ""))
	}
	file := textFile(t, text.String())
	for _, want := range []importing.Report{{Creati: 2500}, {Invariati: 2500}} {
		code, r, stderr := imported(t, folder, "", file)
		if code != 0 || r.Lines != 2500 || r.Creati != want.Creati || r.Invariati != want.Invariati || r.Batches != 3 || stderr != "" {
			t.Fatalf("exit %d, %+v, %s", code, r, stderr)
		}
	}
	code, r, stderr := imported(t, folder, "", "--resume", file)
	if code != 0 || r.ResumedFrom != 2500 || r.Lines != 2500 {
		t.Errorf("an import that is done is resumed: exit %d, %+v, %s", code, r, stderr)
	}
	code, r, _ = imported(t, folder, text.String(), "--batch", "all", "-")
	if code != 0 || r.Invariati != 2500 || r.Batches != 1 {
		t.Errorf("from standard input: exit %d, %+v", code, r)
	}
	if _, err := os.Stat(filepath.Join(folder, "omnia.db")); err != nil {
		t.Error(err)
	}
}

func TestImportTellsWhatItRefuses(t *testing.T) {
	t.Parallel()
	folder := peopled(t)
	text := importLine(1, "") + importLine(2, `,"lavoratori":-1`) + importLine(3, "") + importLine(1, `,"lavoratori":1`)
	code, r, stderr := imported(t, folder, text, "--batch", "2", "--lang", "en", "-")
	if code != 1 || r.Errati != 1 || r.Conflitti != 0 || r.Creati != 2 || r.Annullati != 1 || !strings.Contains(stderr, "of 4 lines 2 are not stored") {
		t.Errorf("exit %d, %+v, %s", code, r, stderr)
	}
	// The first batch left nothing, so that the number of its first line was free for the last.
	code, r, _ = imported(t, folder, text, "--batch", "1", "--lang", "en", "-")
	if code != 1 || r.Conflitti != 1 || r.Invariati != 2 || r.Errati != 1 {
		t.Errorf("again: exit %d, %+v", code, r)
	}
	if len(r.Errors) != 2 || r.Errors[0].Line != 1 || r.Errors[0].Code != "provvedimento_conflict" || r.Errors[1].Line != 2 || r.Errors[1].Pointer != "/lavoratori" ||
		r.Errors[1].Detail != "Workers concerned: the number must be between 0 and 10000000." {
		t.Errorf("%+v", r.Errors)
	}
	code, r, _ = imported(t, folder, importLine(9, "")+"{\n", "--batch", "all", "-")
	if code != 1 || r.Creati != 0 || r.Annullati != 1 {
		t.Errorf("all or nothing: exit %d, %+v", code, r)
	}
}

// What nobody would find, and what no counter could be decided with, is not taken.
func TestImportHoldsMeasuresToTheArchiveAndToTheRules(t *testing.T) {
	t.Parallel()
	folder := peopled(t)
	text := importLine(1, "") +
		strings.Replace(importLine(2, ""), "0123456789", "0123456788", 1) +
		strings.Replace(importLine(3, ""), `"unita_produttiva":"0"`, `"unita_produttiva":"4"`, 1) +
		importLine(4, `,"causale":"covid19"`) +
		importLine(5, `,"regime":"covid19"`)
	code, r, stderr := imported(t, folder, text, "--batch", "1", "--lang", "en", "-")
	var got []string
	for _, e := range r.Errors {
		got = append(got, fmt.Sprintf("%d %s %s", e.Line, e.Code, e.Pointer))
	}
	want := "2 unknown_matricola /matricola, 3 unknown_unita_produttiva /unita_produttiva, 4 outside_covid_window /regime, 5 outside_covid_window /regime"
	if strings.Join(got, ", ") != want || code != 1 || r.Creati != 1 || r.Errati != 4 {
		t.Errorf("exit %d, %s: %v\nwant %s", code, stderr, got, want)
	}
	if !strings.Contains(r.Errors[2].Detail, "between 2020-02-23 and 2021-12-31") {
		t.Errorf("the rule is not told: %s", r.Errors[2].Detail)
	}
}

func TestImportOfCompaniesAndDeleghe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, want := range []importing.Report{{Creati: 1}, {Invariati: 1}} {
		if code, r, stderr := imported(t, folder, officine, "--kind", "posizioni", "-"); code != 0 || r.Creati != want.Creati || r.Invariati != want.Invariati {
			t.Errorf("exit %d, %+v, %s", code, r, stderr)
		}
	}
	csv := "matricola,tipo,delegato,studio,servizi,valida_dal,valida_al,delegante\n" +
		"0123456789,intermediario,CLNMRC68H14H501Y,Studio Colonna,contatori provvedimenti deleghe,2026-01-01,,80078750587\n"
	for _, want := range []importing.Report{{Creati: 1}, {Invariati: 1}} {
		if code, r, stderr := imported(t, folder, csv, "--kind", "deleghe", "-"); code != 0 || r.Creati != want.Creati || r.Invariati != want.Invariati {
			t.Errorf("exit %d, %+v, %s", code, r, stderr)
		}
	}
	orphan := `{"tipo":"subdelega","matricola":"0123456789","delegato":"CSTLNE90D65D969O","servizi":["chat"],"valida_dal":"2026-01-01","delegante":"CLNMRC68H14H501Y","padre":"018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f"}` + "\n"
	if code, r, _ := imported(t, folder, orphan, "--kind", "deleghe", "-"); code != 1 || len(r.Errors) != 1 || r.Errors[0].Code != "delega_padre" {
		t.Errorf("a subdelega of nothing: exit %d, %+v", code, r)
	}
}

func TestImportRefusesAWrongCall(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no file":               {},
		"a file that isn't":     {"nowhere.ndjson"},
		"a folder":              {t.TempDir()},
		"an unknown kind":       {"--kind", "messaggi", "-"},
		"a batch of nothing":    {"--batch", "0", "-"},
		"a batch too large":     {"--batch", "10001", "-"},
		"a batch of some":       {"--batch", "some", "-"},
		"resuming a pipe":       {"--resume", "-"},
		"a database of no kind": {"--database", "mysql:x", "-"},
		"a database in a file":  {"--database", "sqlite:" + textFile(t, "") + "/x.db", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := imported(t, t.TempDir(), "", args...)
			if code != 2 || stderr == "" {
				t.Errorf("exit %d, %s", code, stderr)
			}
		})
	}
}
