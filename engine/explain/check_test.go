package explain_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine/explain"
	"omnia/engine/rulebook"
	"omnia/rules"
)

func TestShippedSentencesAreComplete(t *testing.T) {
	t.Parallel()
	for _, d := range explain.Check(edition(t)) {
		t.Error(d.String())
	}
}

// edited is the shipped rules with one text changed in one file of messages.
func edited(t *testing.T, file, from, to string) *rulebook.Edition {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(rules.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "editions/") {
			return err
		}
		data, err := fs.ReadFile(rules.FS, name)
		if name == "messages/"+file {
			changed := strings.Replace(string(data), from, to, 1)
			if changed == string(data) {
				t.Fatalf("%s does not have %q", file, from)
			}
			data = []byte(changed)
		}
		files[name] = &fstest.MapFile{Data: data, Mode: 0o444}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ed, defects := rulebook.Load(files)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return ed
}

func TestCheckNamesEachDefect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, from, to, code, want string }{
		{"a sentence that is missing", "esiti.yaml", "id: counter.short.room\n", "id: counter.short.rooms\n", "missing_message", "«counter.short.room»"},
		{"a sentence that nothing says", "esiti.yaml", "id: counter.short.room\n", "id: counter.short.rooms\n", "unknown_message", "controlla il nome: counter.short.room"},
		{"a value that may be missing there", "esiti.yaml", "con un residuo di {residuo}", "con un residuo di {esame_totale}", "slot_not_held", "{esame_totale}"},
		{"a window where none need be", "esiti.yaml", "{titolo} — la CIGO non è prevista per il settore", "{titolo} — {finestra_dal} non è prevista per il settore", "slot_not_held", "{finestra_dal}"},
		{"a counter that does not exist", "norme.yaml", "counter.norm@cigo.settimane_biennio", "counter.norm@cigo.settimane", "unknown_message_target", "«cigo.settimane»"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var said []string
			for _, d := range explain.Check(edited(t, tt.file, tt.from, tt.to)) {
				if d.Code == tt.code && strings.Contains(d.String(), tt.want) {
					return
				}
				said = append(said, d.Code+": "+d.String())
			}
			t.Errorf("no %s about %s in\n%s", tt.code, tt.want, strings.Join(said, "\n"))
		})
	}
}

func TestAMissingSentenceIsSaidSo(t *testing.T) {
	t.Parallel()
	ed := edited(t, "esiti.yaml", "id: counter.short.room\n", "id: counter.short.rooms\n")
	k := decideUnder(t, ed, []byte(`{"data_riferimento":"2025-11-30","azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},"periodi":[]}`), []string{"cigo.settimane_biennio"})
	got := explain.New(ed, "it", 5).Counter(k.results[0], k, "short")
	if len(got) != 1 || got[0] != "‹messaggio mancante: counter.short.room›" {
		t.Errorf("said %q", got)
	}
}
