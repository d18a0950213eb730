package rulebook_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"gopkg.in/yaml.v3"

	"omnia/engine/rulebook"
)

// digests are those of every version, by kind, id and number.
func digests(ed *rulebook.Edition) map[string]string {
	out := map[string]string{"edition": ed.Digest}
	for _, it := range ed.Items {
		out[it.Kind+" "+it.ID+" "+it.Version.From.String()] = it.Version.Digest
	}
	return out
}

func sameDigests(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d digests, want %d", len(got), len(want))
	}
	for k, d := range want {
		if got[k] != d {
			t.Errorf("the digest of %s changed", k)
		}
	}
}

// shuffle writes a file anew with the keys of every object in another order.
func shuffle(t *testing.T, r *rand.Rand, data []byte) []byte {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	shuffleNode(r, &doc)
	out, err := yaml.Marshal(&doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func shuffleNode(r *rand.Rand, n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	if n.Kind == yaml.MappingNode {
		r.Shuffle(len(n.Content)/2, func(i, j int) {
			for k := range 2 {
				n.Content[2*i+k], n.Content[2*j+k] = n.Content[2*j+k], n.Content[2*i+k]
			}
		})
	}
	for _, k := range n.Content {
		shuffleNode(r, k)
	}
}

func TestTheOrderOfKeysAndCommentsDoNotChangeDigests(t *testing.T) {
	t.Parallel()
	want := digests(mustLoad(t, shipped(t)))
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		files := fstest.MapFS{}
		for name, f := range shipped(t) {
			if strings.HasPrefix(name, "facts/") { // the order of groups and fields is that of the answer
				files[name] = f
				continue
			}
			files[name] = &fstest.MapFile{Data: shuffle(t, r, f.Data)}
		}
		sameDigests(t, digests(mustLoad(t, files)), want)
	}
}

func TestTheNamesOfFilesDoNotChangeDigests(t *testing.T) {
	t.Parallel()
	want := digests(mustLoad(t, shipped(t)))
	files := fstest.MapFS{}
	for name, f := range shipped(t) {
		for _, dir := range []string{"parameters/", "checks/", "presumptions/"} {
			if base, ok := strings.CutPrefix(name, dir); ok {
				name = dir + reversed(strings.TrimSuffix(base, ".yaml")) + ".yaml"
			}
		}
		files[name] = f
	}
	sameDigests(t, digests(mustLoad(t, files)), want)
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func TestCommentsAndBlankLinesDoNotChangeDigests(t *testing.T) {
	t.Parallel()
	want := digests(mustLoad(t, shipped(t)))
	files := fstest.MapFS{}
	for name, f := range shipped(t) {
		text := f.Data
		if !bytes.Contains(text, []byte(": >-\n")) { // inside a folded text a # is text
			text = bytes.ReplaceAll(text, []byte("\n"), []byte("\n\n# un commento\n"))
		}
		files[name] = &fstest.MapFile{Data: append([]byte("# in testa\r\n"), text...)}
	}
	sameDigests(t, digests(mustLoad(t, files)), want)
}

func TestWindowsLineEndsDoNotChangeDigests(t *testing.T) {
	t.Parallel()
	want := mustLoad(t, shipped(t))
	files := fstest.MapFS{}
	for name, f := range shipped(t) {
		files[name] = &fstest.MapFile{Data: bytes.ReplaceAll(f.Data, []byte("\n"), []byte("\r\n"))}
	}
	got := mustLoad(t, files)
	sameDigests(t, digests(got), digests(want))
	for i := range want.Items {
		if got.Items[i].Version.TextDigest != want.Items[i].Version.TextDigest {
			t.Errorf("the digest of the text of %s changed", want.Items[i].ID)
		}
	}
}

func TestWordsChangeTheEditionButNoMeaning(t *testing.T) {
	t.Parallel()
	before := mustLoad(t, minimal(t))
	for _, change := range []struct{ name, file, old, new string }{
		{"a title", "counters/cigo.settimane.yaml", `it: "Settimane"`, `it: "Settimane di CIGO"`},
		{"a message", "checks/periodi.yaml", `de: "Zu viele Tage`, `de: "Viel zu viele Tage`},
		{"a label", "tables/settori.yaml", `label: {it: "Edilizia"`, `label: {it: "Edilizia e affini"`},
		{"a note", "parameters/limiti.yaml", `note: "Di prova."`, `note: "Ancora di prova."`},
		{"a citation", "exceptions/meteo.yaml", `law: [{act: D148, article: "12"}]`, `law: [{act: D148, article: "12", paragraph: "3"}]`},
		{"the name of an act", "acts.yaml", `name: "D.lgs. 148/2015"`, `name: "Decreto legislativo 148/2015"`},
	} {
		t.Run(change.name, func(t *testing.T) {
			files := minimal(t)
			edit(t, files, change.file, change.old, change.new)
			after := mustLoad(t, files)
			if after.Digest == before.Digest {
				t.Error("the edition has the same digest, but its answers read otherwise")
			}
			for i := range before.Items {
				if after.Items[i].Version.Digest != before.Items[i].Version.Digest {
					t.Errorf("the meaning of %s changed", before.Items[i].ID)
				}
			}
		})
	}
}

func TestWhatDecidesChangesTheMeaning(t *testing.T) {
	t.Parallel()
	before := digests(mustLoad(t, minimal(t)))
	for _, change := range []struct{ name, file, old, new string }{
		{"a value", "parameters/limiti.yaml", `value: "52"`, `value: "51"`},
		{"a unit", "parameters/limiti.yaml", "Finestra\", en: \"Window\", de: \"Fenster\"}\n    unit: week", "Finestra\", en: \"Window\", de: \"Fenster\"}"},
		{"a condition", "counters/cigo.settimane.yaml", `requests: 'periodo.prestazione == "CIGO"'`, `requests: 'periodo.prestazione != "CIGO"'`},
		{"a basis", "counters/cigo.settimane.yaml", "basis: fruito_completo", "basis: autorizzato"},
		{"a norm", "exceptions/meteo.yaml", "D148.art12.c3", "D148.art12.c2"},
		{"a first day", "exceptions/meteo.yaml", `valid_from: "2023-07-01"`, `valid_from: "2023-07-02"`},
		{"a cell", "tables/settori.yaml", `mesi: "24"`, `mesi: "30"`},
		{"a severity", "checks/periodi.yaml", "severity: warning", "severity: error"},
		{"a holiday", "tables/festivita.yaml", "day: 1}", "day: 6}"},
		{"where a day is looked for", "presumptions/fine.yaml", "periodo.dal < data_riferimento", "periodo.dal <= data_riferimento"},
		{"a longest list", "facts/fatti.yaml", "    row: periodo\n", "    row: periodo\n    max_length: 7\n"},
	} {
		t.Run(change.name, func(t *testing.T) {
			files := minimal(t)
			edit(t, files, change.file, change.old, change.new)
			after := digests(mustLoad(t, files))
			changed := 0
			for k, d := range before {
				if k != "edition" && after[k] != d {
					changed++
				}
			}
			if changed != 1 {
				t.Errorf("%d versions changed their meaning, want 1", changed)
			}
		})
	}
}

func TestAddingAVersionLeavesTheOlderOnesAlone(t *testing.T) {
	t.Parallel()
	files := minimal(t)
	before := mustLoad(t, files)
	edit(t, files, "parameters/limiti.yaml", "    versions:\n      - version: 2\n", `    versions:
      # Una legge nuova.
      - version: 3
        valid_from: "2030-01-01"
        value: "60"
        law: [{act: D148}]
        confidence: CONFIRMED

      - version: 2
`)
	after := mustLoad(t, files)
	old, now := before.Parameters["cigo.limite"], after.Parameters["cigo.limite"]
	for i, v := range old.Versions {
		w := now.Versions[i+1]
		if v.Digest != w.Digest || v.TextDigest != w.TextDigest {
			t.Errorf("version %d has other digests", v.Number)
		}
	}
	if got := now.Versions[1].To.String(); got != "2029-12-31" {
		t.Errorf("version 2 ends on %s", got)
	}
}

func FuzzLoad(f *testing.F) {
	files := minimal(f)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		f.Add(uint8(i), files[name].Data)
	}
	for _, hostile := range []string{
		"", "\x00", "a: &a [*a]", "a: &a\n  - *a\n", "? {a: b}\n: c", "%YAML 1.2\n---\n", "schema: counter/v1\nversions: [[[[[[", "schema: [a]",
		"schema: counter/v1\nid: |\n", "schema: parameters/v1\nparameters: [{versions: [{value: !!binary x}]}]", "{schema: table/v1, versions: [{rows: [{? [a] : b}]}]}",
		"schema: rules/v1\nrules:\n  - versions:\n      - finding: >-\n", "schema: rules/v1\nrules: [{versions: [{finding: \"\\\"\\u00e8\\U0001F600 (\"}]}]",
		"schema: cases/v1\ncases: [{name: a, facts: {a: 0x10}, expect: {b: ~}}]", "schema: edition/v1\nitems: [{}]", "\ufeffschema: acts/v1",
	} {
		f.Add(uint8(0), []byte(hostile))
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		changed := minimal(t)
		name := names[int(which)%len(names)]
		changed[name] = &fstest.MapFile{Data: data}
		ed, defects := rulebook.Load(changed)
		if (ed == nil) != (len(defects) > 0) {
			t.Fatalf("edition %v with %d defects", ed != nil, len(defects))
		}
		for _, d := range defects {
			if d.Message == "" || d.Code == "" || d.Place.File == "" {
				t.Fatalf("a defect says too little: %+v", d)
			}
		}
		printed(t, defects)
		if out, wrongs := rulebook.Format(name, data); len(wrongs) == 0 {
			again, wrongs := rulebook.Format(name, out)
			if len(wrongs) > 0 || !bytes.Equal(again, out) {
				t.Fatalf("formatting is not stable:\n%s\nthen\n%s\n%v", out, again, wrongs)
			}
		}
	})
}
