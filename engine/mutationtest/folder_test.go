package mutationtest

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/rules"
)

// folder is the folder of rules in memory: text by file name.
type folder map[string]string

// shipped is the folder without what says nothing about the counters of a case: the cases
// themselves, the forms with their rules, and the lists of what was published, which would refuse every change.
func shipped(t testing.TB) folder {
	t.Helper()
	f := folder{}
	err := fs.WalkDir(rules.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" ||
			strings.HasSuffix(name, ".cases.yaml") || path.Dir(name) == "editions" || path.Dir(name) == "forms" {
			return err
		}
		text, err := fs.ReadFile(rules.FS, name)
		f[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// with is the folder with one file changed; an empty text takes the file out.
func (f folder) with(name, text string) fs.FS {
	m := make(fstest.MapFS, len(f))
	for n, s := range f {
		m[n] = &fstest.MapFile{Data: []byte(s)}
	}
	if delete(m, name); text != "" {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func (f folder) names() []string { return slices.Sorted(maps.Keys(f)) }

var readsParameter = regexp.MustCompile(`param\("([a-z0-9_.]+)"\)`)

// parametersRead are those named by the folders whose rules decide a counter.
func (f folder) parametersRead() map[string]bool {
	read := map[string]bool{}
	for name, text := range f {
		if !decides(path.Dir(name)) {
			continue
		}
		for _, m := range readsParameter.FindAllStringSubmatch(text, -1) {
			read[m[1]] = true
		}
	}
	return read
}

// decides tells whether the rules of a folder take part in the answer about counters.
func decides(dir string) bool {
	return slices.Contains([]string{"counters", "exceptions", "presumptions", "checks"}, dir)
}
