package avvisi_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/archive/avvisi"
	"omnia/engine/rulebook"
	"omnia/rules"
)

// folder is the folder of rules as shipped, without what was published.
func folder(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	err := fs.WalkDir(rules.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path, "editions/") {
			return err
		}
		text, err := fs.ReadFile(rules.FS, path)
		out[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func load(t *testing.T, fsys fs.FS) *rulebook.Edition {
	t.Helper()
	ed, defects := rulebook.Load(fsys)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return ed
}

func TestTheShippedAlertsAreFine(t *testing.T) {
	t.Parallel()
	if defects := avvisi.Check(load(t, folder(t))); len(defects) > 0 {
		t.Errorf("%v", defects)
	}
}

func TestAnEditionWithoutAlertsIsFine(t *testing.T) {
	t.Parallel()
	f := folder(t)
	delete(f, "parameters/avvisi.yaml")
	if defects := avvisi.Check(load(t, f)); len(defects) > 0 {
		t.Errorf("sentences that nothing says: %v", defects)
	}
	delete(f, "messages/avvisi.yaml")
	if defects := avvisi.Check(load(t, f)); len(defects) > 0 {
		t.Errorf("%v", defects)
	}
}

func TestEachDefectOfTheAlertsIsFound(t *testing.T) {
	t.Parallel()
	const parameters, messages = "parameters/avvisi.yaml", "messages/avvisi.yaml"
	for _, c := range []struct{ code, file, from, to string }{
		{"missing_parameter", parameters, "id: avvisi.delega.giorni", "id: avvisi.delega_giorni"},
		{"unknown_parameter", parameters, "id: avvisi.delega.giorni", "id: avvisi.delega_giorni"},
		{"unknown_counter", parameters, "avvisi.soglia.cigo.settimane_biennio", "avvisi.soglia.cigo.settimane_bienio"},
		{"unit_mismatch", parameters, "unit: week", "unit: month"},
		{"unit_mismatch", parameters, `value: "1/52"`, `value: "1/52"`},
		{"bad_value", parameters, `value: "warning"`, `value: "urgente"`},
		{"bad_value", parameters, `value: "90"`, `value: "1/2"`},
		{"bad_value", parameters, `value: "90"`, `value: "400000"`},
		{"bad_value", parameters, `value: "1/8"`, `value: "mezzo"`},
		{"bad_value", parameters, `value: "8"`, `value: "-8"`},
		{"missing_message", messages, "id: avviso.rientro.testo", "id: avviso.rientro.prosa"},
		{"unknown_message", messages, "id: avviso.rientro.testo", "id: avviso.rientro.prosa"},
		{"slot_not_held", messages, "La delega per la matricola {matricola}", "La delega per la matricola {numero}"},
		{"missing_parameter", "parameters/termini.yaml", "id: appeal.days", "id: appeal.giorni"},
	} {
		f := folder(t)
		text := string(f[c.file].Data)
		if !strings.Contains(text, c.from) {
			t.Fatalf("%s has no %q", c.file, c.from)
		}
		text = strings.Replace(text, c.from, c.to, 1)
		if c.from == c.to { // a share of the limit, given a unit
			text = strings.Replace(text, "  - id: avvisi.soglia.non_fruito\n", "  - id: avvisi.soglia.non_fruito\n    unit: week\n", 1)
		}
		f[c.file] = &fstest.MapFile{Data: []byte(text)}
		defects := avvisi.Check(load(t, f))
		if !slices.ContainsFunc(defects, func(d rulebook.Defect) bool { return d.Code == c.code }) {
			t.Errorf("%q for %q: not found to be %s, but %v", c.to, c.from, c.code, defects)
		}
		for _, d := range defects {
			if d.Hint == "" || d.Place.File == "" || d.Message == "" {
				t.Errorf("%s: a defect without its place or cure: %+v", c.code, d)
			}
		}
	}
}
