package rulebook_test

import (
	"io/fs"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"omnia/engine/rulebook"
)

// memory copies a folder, so that a test can change files in it.
func memory(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	fsys := os.DirFS(dir)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var (
	shippedOnce  sync.Once
	shippedFiles fstest.MapFS
)

// minimal is the smallest set of rules with every kind of file; shipped is the real one.
func minimal(t testing.TB) fstest.MapFS { return memory(t, "testdata/minimal") }

func shipped(t testing.TB) fstest.MapFS {
	shippedOnce.Do(func() { shippedFiles = memory(t, "../../rules") })
	return maps.Clone(shippedFiles)
}

func mustLoad(t testing.TB, fsys fs.FS) *rulebook.Edition {
	t.Helper()
	ed, defects := rulebook.Load(fsys)
	if len(defects) > 0 {
		t.Fatalf("the rules have defects:\n%v", defects)
	}
	return ed
}

// edit replaces a text, which must be there once.
func edit(t testing.TB, files fstest.MapFS, name, before, after string) {
	t.Helper()
	text := string(files[name].Data)
	if n := strings.Count(text, before); n != 1 {
		t.Fatalf("%s has the text to be replaced %d times:\n%s", name, n, before)
	}
	files[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, before, after, 1))}
}

func printed(t testing.TB, defects rulebook.Defects) string {
	t.Helper()
	var b strings.Builder
	if err := defects.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
