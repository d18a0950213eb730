package main

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"

	"omnia/bench/measure"
	"omnia/engine/rulebook"
)

// rulesLoaded and rulesPerFile shape the generated folder.
const (
	rulesLoaded  = 1000
	rulesPerFile = 50
)

// load measures reading, checking and compiling a folder twenty times the size of a real one.
func (b *bench) load() error {
	folder, size, err := b.bigFolder()
	if err != nil {
		return err
	}
	if _, defects := rulebook.Load(folder); len(defects) > 0 {
		return defects.Err()
	}
	b.Title(fmt.Sprintf("Loading and compiling %d rules", rulesLoaded),
		fmt.Sprintf("The folder as it is and %d further checks: %d files, %s of YAML, in memory.", rulesLoaded, len(folder), measure.Size(float64(size))))
	rows := measure.Compare(b.plan,
		measure.Subject{Name: "the folder as it is (floor)", Run: func(int) { mustLoad(b.content) }},
		measure.Subject{Name: fmt.Sprintf("with %d further rules", rulesLoaded), Run: func(int) { mustLoad(folder) }},
	)
	b.Rows(rows)
	b.AtMost("seconds to load it", rows[1].Nanoseconds/1e9, 0.5)
	return nil
}

func mustLoad(fsys fs.FS) {
	if _, defects := rulebook.Load(fsys); len(defects) > 0 {
		panic(defects)
	}
}

// bigFolder is the folder of rules with many more checks.
func (b *bench) bigFolder() (fstest.MapFS, int, error) {
	folder, size := fstest.MapFS{}, 0
	put := func(name string, data []byte) {
		folder[name] = &fstest.MapFile{Data: data}
		size += len(data)
	}
	err := fs.WalkDir(b.content, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		data, err := fs.ReadFile(b.content, name)
		put(name, data)
		return err
	})
	for i := 0; i < rulesLoaded; i += rulesPerFile {
		put(fmt.Sprintf("checks/misura%03d.yaml", i/rulesPerFile), checksFile(i))
	}
	return folder, size, err
}

// checksFile has rulesPerFile rules, numbered from first, of the length of those that we write.
func checksFile(first int) []byte {
	var out strings.Builder
	out.WriteString("schema: rules/v1\nrules:\n")
	for i := first; i < first+rulesPerFile; i++ {
		fmt.Fprintf(&out, `  - id: misura.regola%d
    title: {it: "Regola di misura %d", en: "Rule for measuring %d", de: "Messregel %d"}
    for_each: periodo
    select_by: inizio_periodo
    versions:
      - version: 1
        valid_from: "2015-09-24"
        when: 'periodo.prestazione == "CIGO" && table("settori", "cigo", azienda.settore)'
        finding: '(periodo.giorni_fruiti > workdays(periodo.dal, periodo.al, unita_produttiva.giorni_settimana) + %d || weeks(periodo.dal, periodo.al) > param("cigo.request.max_weeks")) && periodo.causale in ["meteo", "sciopero"]'
        severity: warning
        fields: [periodo.giorni_fruiti]
        code: misura_%d
        unknown: skip
        message:
          it: "Dal {periodo.dal} al {periodo.al} qualcosa non torna."
          en: "From {periodo.dal} to {periodo.al} something is odd."
          de: "Vom {periodo.dal} bis {periodo.al} stimmt etwas nicht."
        law: [{act: D148, article: "12", paragraph: "3"}]
        confidence: CONFIRMED
`, i, i, i, i, i, i)
	}
	return []byte(out.String())
}
