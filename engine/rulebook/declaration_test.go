package rulebook_test

import (
	"strings"
	"testing"

	"omnia/engine/fact"
)

// Each fact, and each place in it, stands in the declaration that has it.
func TestEachFactStandsInItsDeclaration(t *testing.T) {
	t.Parallel()
	ed := mustLoad(t, shipped(t))
	seen := map[string]bool{}
	stands := func(path, want string) {
		t.Helper()
		it := ed.Declaration(path)
		if it == nil || it.Kind != "facts" || it.ID != want {
			t.Fatalf("%s: %+v, want %s", path, it, want)
		}
		seen[want] = true
	}
	for _, f := range ed.Vocabulary.Root.Fields {
		object, _, isObject := strings.Cut(f.Name, ".")
		switch {
		case f.Type == fact.List:
			stands(f.Path, f.Name)
			stands(f.Path+"[0]."+f.Element.Fields[0].Name, f.Name)
		case isObject:
			stands(f.Path, object)
		default:
			stands(f.Path, "radice")
		}
	}
	for i := range ed.Items {
		if it := &ed.Items[i]; it.Kind == "facts" && !seen[it.ID] {
			t.Errorf("nothing stands in %s", it.ID)
		}
	}
}
