package rulebook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"omnia/engine/rulebook"
)

// codes are the codes of the defects found when a file is put in the place of another.
func codes(t *testing.T, name, text string) string {
	t.Helper()
	files := minimal(t)
	files[name] = &fstest.MapFile{Data: []byte(text)}
	start := time.Now()
	_, defects := rulebook.Load(files)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("loading took %v", took)
	}
	var list []string
	for _, d := range defects {
		if d.Place.File == name {
			list = append(list, d.Code)
		}
	}
	return strings.Join(list, " ")
}

func TestHostileFilesAreRefusedQuickly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"too large", "schema: acts/v1 #" + strings.Repeat("x", 1<<20), "file_too_large"},
		{"not UTF-8", "schema: acts/v1\nacts: \"\xff\"\n", "not_utf8"},
		{"UTF-16", "\xff\xfes\x00c\x00", "not_utf8"},
		{"a byte order mark", "\ufeffschema: acts/v1\n", "byte_order_mark"},
		{"a control character", "schema: \"a\x00b\"\n", "invisible"},
		{"a key behind a line end that only YAML sees", "schema: acts/v1 # x\u2028acts: []\n", "invisible"},
		{"a carriage return alone", "schema: acts/v1 # x\racts: []\n", "invisible"},
		{"a comment that turns the reading order", "schema: acts/v1 # \u202e\n", "invisible"},
		{"brackets without end", strings.Repeat("[", 200_000), "yaml_syntax"},
		{"braces without end", strings.Repeat("{a: ", 50_000), "yaml_syntax"},
		{"a quote that never closes", "schema: 'acts/v1\n" + strings.Repeat("acts: 1\n", 10_000), "yaml_syntax"},
		{"aliases that multiply", "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "anchor anchor alias alias anchor alias alias"},
		{"a key that is an object", "schema: acts/v1\n? {a: b}\n: c\nacts: [{id: D148, name: \"D\"}]\n", "wrong_key"},
		{"a key that is a number", "schema: acts/v1\n1: c\nacts: [{id: D148, name: \"D\"}]\n", "wrong_key"},
		{"deep nesting where a list is wanted", "schema: acts/v1\nacts: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "wrong_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := codes(t, "acts.yaml", tt.text); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestLinksOutOfTheFolderAreNotFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/minimal")); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "fuori.yaml")
	if err := os.WriteFile(outside, []byte("schema: acts/v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "parameters", "link.yaml")); err != nil {
		t.Fatal(err)
	}
	_, defects := rulebook.Load(os.DirFS(dir))
	if len(defects) != 1 || defects[0].Code != "not_a_file" {
		t.Errorf("got %v", defects)
	}
}

func TestAMissingFolderIsADefectNotAPanic(t *testing.T) {
	t.Parallel()
	_, defects := rulebook.Load(os.DirFS(filepath.Join(t.TempDir(), "manca")))
	if len(defects) == 0 || defects[0].Code != "unreadable" {
		t.Errorf("got %v", defects)
	}
	if _, defects = rulebook.Load(fstest.MapFS{}); len(defects) == 0 {
		t.Error("an empty folder is no set of rules")
	}
}

func TestReportsAreHarmlessToATerminal(t *testing.T) {
	t.Parallel()
	files := minimal(t)
	files["counters/x.yaml"] = &fstest.MapFile{Data: []byte("schema: counter/v1\n\"id\\e[31m\\x9b\": x\n")}
	_, defects := rulebook.Load(files)
	if text := printed(t, defects); strings.ContainsAny(text, "\x1b\u009b") || !strings.Contains(text, "[31m") {
		t.Errorf("a control character reaches the terminal: %q", text)
	}
}

func TestLoadingIsSafeFromManyGoroutines(t *testing.T) {
	t.Parallel()
	files := minimal(t)
	want := mustLoad(t, files).Digest
	got := make(chan string)
	for range 8 {
		go func() {
			ed, _ := rulebook.Load(files)
			got <- ed.Digest
		}()
	}
	for range 8 {
		if d := <-got; d != want {
			t.Errorf("digest %s, want %s", d, want)
		}
	}
}
