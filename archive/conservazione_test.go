package archive_test

import (
	"strings"
	"testing"
	"time"

	"omnia/archive"
	"omnia/engine/rulebook"
	"omnia/rules"
)

// retaining is the shipped edition with its parameter of retention changed.
func retaining(t *testing.T, old, with string) *rulebook.Edition {
	t.Helper()
	texts, err := rulebook.TextsOf(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	const file = "parameters/registro.yaml"
	changed := strings.Replace(texts[file], old, with, 1)
	if changed == texts[file] && old != with {
		t.Fatalf("%q is not in %s", old, file)
	}
	texts[file] = changed
	for path := range texts {
		if strings.HasPrefix(path, "editions/") {
			delete(texts, path) // nothing was published: a version may change
		}
	}
	ed, defects := rulebook.Load(rulebook.FolderOf(texts))
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return ed
}

func TestPersonalRetention(t *testing.T) {
	t.Parallel()
	now := time.Date(2036, 11, 23, 10, 0, 0, 0, time.UTC)
	ed := retaining(t, "", "")
	got, speaks := archive.PersonalRetention(ed, now)
	if !speaks || got.Before != now.AddDate(0, 0, -3653) || got.Rule != "registro.dati_personali_giorni, versione 1, edizione "+ed.Name {
		t.Errorf("%+v, %t", got, speaks)
	}
	if got, speaks := archive.PersonalRetention(retaining(t, "registro.dati_personali_giorni", "registro.altro"), now); speaks {
		t.Errorf("an edition that says nothing keeps %+v", got)
	}
}

// What is erased can't be had back: a slip of the pen is found before it erases.
func TestCheckRetention(t *testing.T) {
	t.Parallel()
	if defects := archive.CheckRetention(retaining(t, "", "")); len(defects) > 0 {
		t.Error(defects)
	}
	for _, tt := range []struct{ old, with, code string }{
		{`"3653"`, `"3"`, "bad_value"},
		{`"3653"`, `"0"`, "bad_value"},
		{`"3653"`, `"7307/2"`, "bad_value"},
		{`"3653"`, `"36530000"`, "bad_value"},
		{`valid_from: "2015-09-24"`, "valid_from: \"2015-09-24\"\n        valid_to: \"2030-12-31\"", "not_in_force"},
	} {
		defects := archive.CheckRetention(retaining(t, tt.old, tt.with))
		if len(defects) != 1 || defects[0].Code != tt.code || defects[0].Hint == "" || defects[0].Place.File == "" {
			t.Errorf("%s: %+v", tt.with, defects)
		}
	}
}
