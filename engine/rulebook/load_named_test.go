package rulebook_test

import (
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

const namedHead = "schema: values/v1\nvalues:\n"

// namedYAML is one value of a file; more is written before its versions.
func namedYAML(id, more string, formulas ...string) string {
	text := "  - id: " + id + "\n    title: {it: \"" + id + "\", en: \"" + id + "\", de: \"" + id + "\"}\n" + more + "    versions:\n"
	from := []string{"2026-01-01", "0001-01-01"}[2-len(formulas):]
	for i, f := range formulas {
		text += strings.NewReplacer("#", string(rune('0'+len(formulas)-i)), "DAY", from[i], "FORMULA", f).Replace(
			"      - version: #\n        valid_from: \"DAY\"\n        value: 'FORMULA'\n        law: [{act: D148}]\n        confidence: CONFIRMED\n")
	}
	return text
}

// withNamed is the shipped rules, as a draft, with a file of values and a formula in place of one of a rule.
func withNamed(t *testing.T, finding string, values ...string) fs.FS {
	t.Helper()
	files := shipped(t)
	maps.DeleteFunc(files, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, "editions/") })
	files["forms/prova.yaml"] = &fstest.MapFile{Data: []byte(namedHead + strings.Join(values, ""))}
	if finding != "" {
		edit(t, files, "forms/regole-periodo.yaml", "finding: 'richiesta.dal != monday(richiesta.dal)'", "finding: '"+finding+"'")
	}
	return files
}

func TestANamedValueIsReadWhereItIsNamed(t *testing.T) {
	t.Parallel()
	ed := mustLoad(t, withNamed(t, `richiesta.dal != value("prova.lunedi")`,
		namedYAML("prova.lunedi", "", `value("prova.base")`, "richiesta.dal"), namedYAML("prova.base", "", "monday(richiesta.dal)")))
	rule := ruleNamed(t, ed, "modulo.inizio_lunedi").Versions[0]
	if got, want := rule.Finding.Canonical(), `richiesta.dal != value("prova.lunedi")`; got != want {
		t.Errorf("%s", got)
	}
	if reads := rule.Finding.Reads(); len(reads) != 1 || reads[0].Path != "richiesta.dal" {
		t.Errorf("%v", reads)
	}
	tuesday := fact.OfDay(calendar.Of(2025, 3, 4))
	for _, tt := range []struct {
		name  string
		value fact.Value
		day   calendar.Day
		want  rulebook.Tri
	}{
		{"the version of 2026 looks at Mondays", tuesday, calendar.Of(2026, 1, 1), rulebook.True},
		{"the one before takes any day", tuesday, calendar.Of(2025, 12, 31), rulebook.False},
		{"nothing is known", fact.Value{}, calendar.Of(2026, 1, 1), rulebook.Unknown},
	} {
		env := rulebook.Env{Root: ed.Vocabulary.Root.New(), Day: tt.day}
		env.Root[ed.Vocabulary.Root.Slot("richiesta.dal")] = tt.value
		if got := rule.Finding.Eval(&env); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if refs := rule.Finding.Blocking(&env, nil); (len(refs) == 1 && refs[0].Path() == "richiesta.dal") != (tt.want == rulebook.Unknown) {
			t.Errorf("%s: blocked by %v", tt.name, refs)
		}
	}
}

func ruleNamed(t *testing.T, ed *rulebook.Edition, id string) *rulebook.Rule {
	t.Helper()
	for _, r := range ed.FormRules {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no rule %s", id)
	return nil
}

// A value that is not in force on the day is a failure, as a parameter is, and never silence.
func TestANamedValueOutsideItsLifeFails(t *testing.T) {
	t.Parallel()
	late := strings.Replace(namedYAML("prova.tardi", "", "richiesta.dal"), "0001-01-01", "2025-01-01", 1)
	ed := mustLoad(t, withNamed(t, `richiesta.dal != value("prova.tardi")`, late))
	env := rulebook.Env{Root: ed.Vocabulary.Root.New(), Day: calendar.Of(2024, 12, 31)}
	env.Root[ed.Vocabulary.Root.Slot("richiesta.dal")] = fact.OfDay(calendar.Of(2025, 3, 4))
	if got := ruleNamed(t, ed, "modulo.inizio_lunedi").Versions[0].Finding.Eval(&env); got != rulebook.Failed || env.Failure.Code != "value_not_in_force" {
		t.Errorf("%v %+v", got, env.Failure)
	}
}

func TestDefectsOfNamedValues(t *testing.T) {
	t.Parallel()
	day := namedYAML("prova.giorno", "", "richiesta.dal")
	for _, tt := range []struct {
		name, finding string
		values        []string
		want          string
	}{
		{"rests on itself", "", []string{namedYAML("prova.a", "", `add_days(value("prova.a"), 1)`)}, "cycle"},
		{"two rest on each other", "", []string{namedYAML("prova.a", "", `value("prova.b")`), namedYAML("prova.b", "", `value("prova.a")`)}, "cycle"},
		{"is not there", `value("prova.ora") > 3`, []string{day}, "unknown_value"},
		{"is of another type", `value("prova.giorno") > 3`, []string{day}, "type_mismatch"},
		{"changes its type", "", []string{namedYAML("prova.a", "", "richiesta.dal", "3")}, "type_mismatch"},
		{"is a list", "", []string{namedYAML("prova.a", "", "richiesta.lavoratori")}, "list_as_value"},
		{"is of a row that is not there", `value("prova.a")`, []string{namedYAML("prova.a", "    for_each: lavoratore\n", `lavoratore.qualifica == "dirigente"`)}, "row_not_in_scope"},
		{"is declared twice", "", []string{day, day}, "duplicate_id"},
		{"is not written out", `value(richiesta.dal) > 3`, []string{day}, "argument"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, defects := rulebook.Load(withNamed(t, tt.finding, tt.values...))
			codes := ""
			for _, d := range defects {
				codes += d.Code + " "
			}
			if !strings.Contains(codes, tt.want) {
				t.Errorf("got %q, want %s\n%s", codes, tt.want, printed(t, defects))
			}
		})
	}
}

// A value of a row is read by the rules on such rows, and a change of it shows in its own digest.
func TestANamedValueOfARow(t *testing.T) {
	t.Parallel()
	value := namedYAML("prova.capo", "    for_each: lavoratore\n", `lavoratore.qualifica == "dirigente"`)
	files := withNamed(t, "", value).(fstest.MapFS)
	edit(t, files, "forms/regole-lavoratori.yaml", `finding: 'lavoratore.qualifica == "dirigente"'`, `finding: 'value("prova.capo")'`)
	before := mustLoad(t, files)
	edit(t, files, "forms/prova.yaml", `"dirigente"`, `"quadro"`)
	changes := rulebook.Diff(before, mustLoad(t, files))
	if len(changes) != 1 || changes[0].Kind != "value" || changes[0].ID != "prova.capo" || changes[0].What != rulebook.ChangeMeaning {
		t.Errorf("%+v", changes)
	}
}
