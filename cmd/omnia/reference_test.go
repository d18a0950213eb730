package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"omnia/rules"
)

func TestGeneratedReferencesAreFresh(t *testing.T) {
	t.Parallel()
	ed, err := loadEdition(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	for name, fresh := range references(ed) {
		old, err := os.ReadFile(filepath.Join("../../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(old, fresh) {
			t.Errorf("docs/%s is not what it is generated from: run `make generate`, read the difference, commit it", name)
		}
	}
}

func TestRulesReferenceWritesThePages(t *testing.T) {
	t.Parallel()
	docs := t.TempDir()
	if code, _, stderr := call(t, "", "rules", "reference", "--dir", rulesFolder(t), docs); code != 0 {
		t.Fatal(stderr)
	}
	for _, name := range []string{"riferimento-fatti.md", "riferimento-regole.md"} {
		if page, err := os.ReadFile(filepath.Join(docs, name)); err != nil || !bytes.Contains(page, []byte("cigo.")) && !bytes.Contains(page, []byte("`azienda.")) {
			t.Errorf("%s: %v, %s", name, err, page)
		}
	}
	if code, _, _ := call(t, "", "rules", "reference", "--dir", rulesFolder(t), filepath.Join(docs, "nowhere")); code != exitUsage {
		t.Errorf("a folder that is not there: exit %d", code)
	}
}
