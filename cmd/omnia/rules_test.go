package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rulesFolder is a copy of the minimal set of rules, with one case and the general sentences.
func rulesFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../engine/rulebook/testdata/minimal")); err != nil {
		t.Fatal(err)
	}
	copySentences(t, dir)
	return dir
}

// copySentences takes the shipped sentences, without those for one of the shipped counters.
func copySentences(t *testing.T, dir string) {
	t.Helper()
	shipped, err := filepath.Glob("../../rules/messages/*.yaml")
	if err != nil || len(shipped) == 0 {
		t.Fatalf("no sentences: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "messages"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, file := range shipped {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var kept strings.Builder
		for _, sentence := range strings.SplitAfter(string(data), "\n  - id: ") {
			if id, _, _ := strings.Cut(sentence, "\n"); strings.Contains(id, "@") {
				continue
			}
			kept.WriteString(sentence)
		}
		text := strings.TrimSuffix(kept.String(), "\n  - id: ") // what was left out stood last
		if err := os.WriteFile(filepath.Join(dir, "messages", filepath.Base(file)), []byte(strings.TrimRight(text, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func replaceIn(t *testing.T, file, before, after string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil || strings.Count(string(data), before) != 1 {
		t.Fatalf("%s: %v, or %q is not there once", file, err, before)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRulesCommandsKeepTheExitCodes(t *testing.T) {
	t.Parallel()
	good, bad := rulesFolder(t), rulesFolder(t)
	replaceIn(t, filepath.Join(bad, "counters/cigo.settimane.yaml"), "azienda.settore", "azienda.setore")
	for _, tt := range []struct {
		name   string
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"check of the rules in the binary", "check", 0, "nessun difetto", ""},
		{"check of a folder", "check --dir " + good, 0, "21 versioni, edizione bozza", ""},
		{"check of rules that can't be explained", "check --dir ../../engine/rulebook/testdata/minimal", 1, "", "manca la frase «counter.norm»"},
		{"check of wrong rules", "check --dir " + bad, 1, "", "counters/cigo.settimane.yaml:12:45: «azienda.setore» non è un fatto dichiarato"},
		{"check of nothing", "check --dir nowhere", 2, "", "nowhere"},
		{"test of wrong rules", "test --dir " + bad, 1, "", "forse intendevi azienda.settore?"},
		{"test with coverage", "test --coverage --dir " + good, 0, "raggiunti 0 stati", ""},
		{"show", "show METEO --dir " + good, 0, "in vigore dal 2023-07-01, fino al 2023-12-31", ""},
		{"show on a day without it", "show METEO --at 2024-01-01 --dir " + good, 1, "", "non è in vigore il 2024-01-01"},
		{"show on no day", "show METEO --at domani --dir " + good, 2, "", "AAAA-MM-GG"},
		{"show of nothing", "show METOE --dir " + good, 1, "", "forse intendevi «METEO»?"},
		{"diff of equals", "diff " + good + " --dir " + good, 0, "nessuna differenza", ""},
		{"diff of nothing", "diff 2024.1 --dir " + good, 2, "", "né una cartella né un'edizione"},
		{"schema into the binary", "schema", 2, "", "--dir"},
		{"fmt of canonical files", "fmt --check --dir " + good, 0, "", ""},
		{"publish into the binary", "publish 2024.1", 2, "", "--dir"},
		{"publish of wrong rules", "publish 2024.1 --dir " + bad, 1, "", "azienda.setore"},
		{"publish under no name", "publish a/b --dir " + good, 1, "", "non può essere il nome"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := call(t, "", append([]string{"rules"}, strings.Fields(tt.args)...)...)
			if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("exit %d, want %d\nstdout %q\nstderr %q", code, tt.code, stdout, stderr)
			}
		})
	}
}

func TestRulesFmtWritesOnlyWhatChanges(t *testing.T) {
	t.Parallel()
	dir := rulesFolder(t)
	file := filepath.Join(dir, "counters/cigo.settimane.yaml")
	replaceIn(t, file, "unit: week", "unit:   'week'")
	if code, _, stderr := call(t, "", "rules", "fmt", "--check", "--dir", dir); code != 1 || !strings.Contains(stderr, "counters/cigo.settimane.yaml\n") {
		t.Errorf("fmt --check: exit %d, %s", code, stderr)
	}
	if code, stdout, stderr := call(t, "", "rules", "fmt", "--dir", dir); code != 0 || stdout != "counters/cigo.settimane.yaml\n" {
		t.Errorf("fmt: exit %d, %q, %s", code, stdout, stderr)
	}
	if code, stdout, _ := call(t, "", "rules", "fmt", "--dir", dir); code != 0 || stdout != "" {
		t.Errorf("fmt again: exit %d, %q", code, stdout)
	}
}

func TestRulesPublishFreezesAndDiffCompares(t *testing.T) {
	t.Parallel()
	dir := rulesFolder(t)
	do := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		code, stdout, stderr := call(t, "", append([]string{"rules"}, args...)...)
		if code != want {
			t.Errorf("%v: exit %d, want %d: %s", args, code, want, stderr)
		}
		return stdout, stderr
	}
	do(0, "publish", "2024.1", "--on", "2024-03-01", "--dir", dir)
	if stdout, _ := do(0, "check", "--dir", dir); !strings.Contains(stdout, "edizione 2024.1") {
		t.Error(stdout)
	}
	if _, stderr := do(1, "publish", "2024.2", "--dir", dir); !strings.Contains(stderr, "già pubblicato") {
		t.Error(stderr)
	}
	file := filepath.Join(dir, "parameters/limiti.yaml")
	replaceIn(t, file, `value: "50"`, `value: "51"`)
	if _, stderr := do(1, "check", "--dir", dir); !strings.Contains(stderr, "il suo significato è cambiato") {
		t.Error(stderr)
	}
	replaceIn(t, file, `value: "51"`, `value: "50"`)
	replaceIn(t, file, `it: "Limite"`, `it: "Il limite"`)
	do(0, "publish", "2024.2", "--on", "2024-04-01", "--dir", dir)
	replaceIn(t, file, `it: "Finestra"`, `it: "La finestra"`)
	const limit = "parametro cigo.limite, versione 2 (dal 2020-01-01): cambiano le parole, non il significato\n"
	if stdout, _ := do(0, "diff", "2024.1", "2024.2", "--dir", dir); !strings.Contains(stdout, limit) || strings.Contains(stdout, "finestra") {
		t.Error(stdout)
	}
	if stdout, _ := do(0, "diff", "2024.2", "--dir", dir); strings.Contains(stdout, limit) || !strings.Contains(stdout, "parametro cigo.finestra") {
		t.Error(stdout)
	}
}

func TestRulesSchemaWritesTheSchemas(t *testing.T) {
	t.Parallel()
	dir := rulesFolder(t)
	if code, _, stderr := call(t, "", "rules", "schema", "--dir", dir); code != 0 {
		t.Fatal(stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "schema", "counter.schema.json")); err != nil {
		t.Error(err)
	}
}
