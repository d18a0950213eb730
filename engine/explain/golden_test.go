package explain_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omnia/engine/explain"
	"omnia/engine/quantity"
)

var update = flag.Bool("update", false, "write the golden files anew; read them before they are committed")

// TestGolden compares every word people read, in every language and depth.
func TestGolden(t *testing.T) {
	book := explain.NewBook(edition(t))
	for _, k := range cases(t) {
		t.Run(k.name, func(t *testing.T) {
			for _, lang := range quantity.Languages {
				golden(t, k.name+"."+lang+".txt", words(k, book, lang))
			}
		})
	}
}

// words is everything said of a case in one language.
func words(k *kase, book *explain.Book, lang string) string {
	var b strings.Builder
	k.lang = lang
	w := book.Writer(lang, k.facts.Get("unita_produttiva.giorni_settimana").Num)
	for _, r := range k.results {
		fmt.Fprintf(&b, "%s: %s\n", r.Counter.ID, r.Verdict)
		for _, depth := range []string{"short", "normal", "full"} {
			fmt.Fprintf(&b, "\n  [%s]\n", depth)
			for _, s := range w.Counter(r, k, depth) {
				fmt.Fprintf(&b, "  %s\n", s)
			}
		}
		if len(r.Periods) > 0 {
			b.WriteString("\n  [periods]\n")
		}
		for _, p := range r.Periods {
			numero, _ := k.Period(p.Row)
			fmt.Fprintf(&b, "  %s: %s\n", numero, w.Reason(r, p, k))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update and read what it writes", err)
	}
	if got != string(want) {
		t.Errorf("%s differs from what is said now; run with -update and read the difference.\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}
