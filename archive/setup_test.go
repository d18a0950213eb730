package archive_test

import (
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
	"omnia/rules"
)

var update = flag.Bool("update", false, "write the golden files again")

var today = calendar.MustParse("2026-11-23")

// shipped is the edition as built in.
var shipped = sync.OnceValue(func() *rulebook.Edition {
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		panic(err)
	}
	return ed
})

var decider = sync.OnceValue(func() *engine.Engine { return engine.New(shipped()) })

func reader(t testing.TB) *archive.Reader {
	t.Helper()
	r, err := archive.NewReader(shipped().Vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func options(lang string) archive.Options { return archive.Options{Language: lang, Today: today} }

// object is a JSON object with some members changed; nil takes one out.
func object(t testing.TB, base map[string]any, changes map[string]any) []byte {
	t.Helper()
	out := maps.Clone(base)
	for k, v := range changes {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// told is what a caller is told of an error, for golden files.
func told(t testing.TB, err error) any {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%v is no fault", err)
	}
	return map[string]any{"code": f.Code, "text": f.Text, "errors": f.Details}
}

// golden compares a value with a file of testdata.
func golden(t *testing.T, name string, value any) {
	t.Helper()
	got, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
