package rulebook_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine/rulebook"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each file of testdata/wrong is one slip of an author, as an edit of the minimal set, and what
// the author is told: exactly, and nothing more.
//
//	@ file            the file edited, or a new one
//	-text             lines taken away
//	+text             lines put in their place
//	---               then the report
func TestEverySlipIsToldWithItsPlaceAndCure(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/wrong/*.txt")
	if err != nil || len(names) < 40 {
		t.Fatalf("examples: %d, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			edits, want, ok := strings.Cut(string(data), "\n---\n")
			if !ok {
				t.Fatal("no line ---")
			}
			files := minimal(t)
			applyEdits(t, files, edits)
			ed, defects := rulebook.Load(files)
			if len(defects) == 0 || ed != nil {
				t.Fatal("the slip was not noticed, or an edition came with it")
			}
			got := printed(t, defects)
			if *update {
				if err := os.WriteFile(name, []byte(edits+"\n---\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func applyEdits(t *testing.T, files fstest.MapFS, edits string) {
	t.Helper()
	for _, hunk := range strings.Split(edits, "@ ")[1:] {
		lines := strings.Split(strings.TrimSuffix(hunk, "\n"), "\n")
		var before, after []string
		for _, line := range lines[1:] {
			if text, ok := strings.CutPrefix(line, "-"); ok {
				before = append(before, text)
			} else {
				after = append(after, strings.TrimPrefix(line, "+"))
			}
		}
		if name := lines[0]; before == nil {
			files[name] = &fstest.MapFile{Data: []byte(strings.Join(after, "\n") + "\n")}
		} else {
			edit(t, files, name, strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
	}
}
