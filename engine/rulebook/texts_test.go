package rulebook_test

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	gocmp "github.com/google/go-cmp/cmp"

	"omnia/engine/rulebook"
)

// sameEdition holds what texts load as against the edition that they are of.
func sameEdition(t *testing.T, want *rulebook.Edition, texts map[string]string) {
	t.Helper()
	got, defects := rulebook.LoadTexts(texts)
	if len(defects) > 0 {
		t.Fatal(printed(t, defects))
	}
	if got.Name != want.Name || got.Digest != want.Digest || len(got.Published) != len(want.Published) {
		t.Errorf("%s %s, want %s %s", got.Name, got.Digest, want.Name, want.Digest)
	}
	for i := range want.Items {
		a, b := &want.Items[i], &got.Items[i]
		if a.ID != b.ID || a.Version.Digest != b.Version.Digest || a.Version.TextDigest != b.Version.TextDigest || a.Source != b.Source {
			t.Errorf("%s %s %d is another", a.Kind, a.ID, a.Version.Number)
		}
	}
}

// textsOf takes texts of files that have something beside the rules in their folder.
func textsOf(t *testing.T, files fstest.MapFS) map[string]string {
	t.Helper()
	beside := maps.Clone(files)
	for _, name := range []string{"README.md", "schema/x.json", ".git/config.yaml", "editions/README.md"} {
		beside[name] = &fstest.MapFile{Data: []byte("no rule")}
	}
	texts, err := rulebook.TextsOf(beside)
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// The text that is kept of an edition gives it back, whichever it is: the shipped one, and any in which words, numbers
// and the order of keys are others.
func TestTheTextsOfAnEditionGiveItBack(t *testing.T) {
	t.Parallel()
	sameEdition(t, mustLoad(t, shipped(t)), textsOf(t, shipped(t)))
	r := rand.New(rand.NewPCG(11, 4))
	seen := map[string]bool{}
	for range 60 {
		files := published(t)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			data := files[name].Data
			if strings.HasPrefix(name, "editions/") || r.IntN(3) == 0 {
				continue
			}
			if r.IntN(2) == 0 {
				data = shuffle(t, r, data)
			}
			files[name] = &fstest.MapFile{Data: []byte(strings.Replace(string(data), "Limit", "Limit"+strings.Repeat("o", r.IntN(9)), 1))}
		}
		ed := mustLoad(t, files)
		seen[ed.Name+ed.Digest] = true
		sameEdition(t, ed, textsOf(t, files))
	}
	if len(seen) < 5 {
		t.Errorf("only %d different editions were tried", len(seen))
	}
}

func TestTextsAreThoseOfTheRulesOnly(t *testing.T) {
	t.Parallel()
	files := minimal(t)
	want := slices.Sorted(maps.Keys(files))
	if d := gocmp.Diff(want, slices.Sorted(maps.Keys(textsOf(t, files)))); d != "" {
		t.Errorf("(-rules +texts):\n%s", d)
	}
	folder := rulebook.FolderOf(textsOf(t, files))
	for _, name := range want {
		if data, err := fs.ReadFile(folder, name); err != nil || string(data) != string(files[name].Data) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFolderThatCanNotBeReadHasNoTexts(t *testing.T) {
	t.Parallel()
	link := minimal(t)
	link["checks/link.yaml"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("x")}
	wrong := minimal(t)
	wrong["checks/x.yml"] = &fstest.MapFile{Data: []byte("x")}
	for name, folder := range map[string]fs.FS{
		"empty": fstest.MapFS{}, "a link": link, "a wrong name": wrong, "no folder": os.DirFS("testdata/nowhere"),
	} {
		if texts, err := rulebook.TextsOf(folder); err == nil {
			t.Errorf("%s: %d texts", name, len(texts))
		}
	}
}

func TestDraftsAreToldApartByTheirDigest(t *testing.T) {
	t.Parallel()
	one, other := minimal(t), minimal(t)
	edit(t, other, "parameters/limiti.yaml", `en: "Limit"`, `en: "Bound"`)
	a, b := mustLoad(t, one).Distinct(), mustLoad(t, other).Distinct()
	if a.Name == b.Name || !strings.HasPrefix(a.Name, "bozza-") || len(a.Name) != len("bozza-")+12 || !strings.HasPrefix(a.Digest, "sha256:"+a.Name[6:]) {
		t.Errorf("%s %s, %s %s", a.Name, a.Digest, b.Name, b.Digest)
	}
	if again := a.Distinct(); again.Name != a.Name {
		t.Errorf("%s", again.Name)
	}
	named := mustLoad(t, published(t))
	if named.Distinct() != named {
		t.Errorf("what was published keeps its name: %s", named.Distinct().Name)
	}
	if rulebook.DraftName("short") != "bozza-" {
		t.Error(rulebook.DraftName("short"))
	}
}
