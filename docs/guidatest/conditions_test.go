package guidatest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"omnia/engine/rulebook"
)

// edition is the folder as it is, loaded.
func edition(t *testing.T) *rulebook.Edition {
	t.Helper()
	ed, defects := rulebook.Load(shipped(t).fs())
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return ed
}

func scope(ed *rulebook.Edition) *rulebook.Scope {
	return &rulebook.Scope{Vocabulary: ed.Vocabulary, Row: ed.Vocabulary.Groups["periodo"], Parameters: ed.Parameters, Tables: ed.Tables}
}

func TestEachConditionOfTheGuideIsOne(t *testing.T) {
	t.Parallel()
	ed := edition(t)
	rows := find(t, readGuide(t), "Scrivere una condizione").rows
	checked := 0
	for _, row := range rows {
		if row[0] == "Funzione" {
			break // the table of functions has a test of its own
		}
		if row[0] == "Si scrive" {
			continue
		}
		checked++
		if _, defects := rulebook.CompileExpr(row[0], rulebook.Place{}, scope(ed), rulebook.Want{}); len(defects) > 0 {
			t.Errorf("%s: %s", row[0], defects[0].Message)
		}
	}
	if checked < 10 {
		t.Errorf("only %d conditions were read", checked)
	}
}

func TestTheGuideSaysWhatIsTrueFalseAndUnknown(t *testing.T) {
	t.Parallel()
	ed := edition(t)
	names := map[rulebook.Tri]string{rulebook.True: "vero", rulebook.False: "falso", rulebook.Unknown: "ignoto", rulebook.Failed: "guasto"}
	env := &rulebook.Env{Root: ed.Vocabulary.Root.New(), Row: ed.Vocabulary.Groups["periodo"].New()}
	rows := find(t, readGuide(t), "Vero, falso, ignoto").rows
	if len(rows) < 8 {
		t.Fatalf("only %d rows were read", len(rows))
	}
	for _, row := range rows[1:] {
		c, defects := rulebook.CompileCondition(row[0], rulebook.Place{}, scope(ed))
		if len(defects) > 0 {
			t.Errorf("%s: %s", row[0], defects[0].Message)
			continue
		}
		if got := names[c.Eval(env)]; got != row[1] {
			t.Errorf("%s is %s, not %s", row[0], got, row[1])
		}
	}
}

const (
	tableBegin = "<!-- funzioni: questa tabella è scritta da una prova, non a mano -->\n"
	tableEnd   = "<!-- fine funzioni -->"
)

func TestTheTableOfFunctionsIsThatOfTheLanguage(t *testing.T) {
	text, err := os.ReadFile(guidePath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), tableBegin)
	got, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok1 || !ok2 {
		t.Fatal("the marks around the table of functions are gone")
	}
	var want strings.Builder
	want.WriteString("\n| Funzione | Che cosa dà |\n|---|---|\n")
	for _, f := range rulebook.Functions() {
		fmt.Fprintf(&want, "| `%s` | %s |\n", f.Signature, f.Text)
	}
	want.WriteString("\n")
	switch {
	case got == want.String():
	case *update:
		if err := os.WriteFile(guidePath, []byte(before+tableBegin+want.String()+tableEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table is not that of today: go test ./docs/guidatest -update writes it\n%s", want.String())
	}
}
