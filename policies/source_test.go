package policies

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

var update = flag.Bool("update", false, "rewrite the golden files and docs/accessi.md")

// A built-in function whose result is not the same every time would make a verdict that nobody can
// repeat. The file is that of this version of OPA without them, and without any network.
func TestCapabilitiesHaveNothingNonDeterministic(t *testing.T) {
	want := ast.CapabilitiesForThisVersion()
	kept := want.Builtins[:0:0]
	for _, b := range want.Builtins {
		if !b.Nondeterministic {
			kept = append(kept, b)
		}
	}
	if len(want.Builtins)-len(kept) < 5 {
		t.Fatalf("only %d functions of %d are non-deterministic: the mark is not read right", len(want.Builtins)-len(kept), len(want.Builtins))
	}
	want.Builtins, want.AllowNet = kept, []string{}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	// One function a line, so that a change of the library's list is seen in a diff.
	text = bytes.ReplaceAll(append(text, '\n'), []byte(`,{"name":`), []byte(",\n{\"name\":"))
	golden(t, capabilitiesFile, text)
}

// golden compares with a file, or rewrites it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: go test ./policies -update rewrites it; read the change before it is committed", path)
	}
}
