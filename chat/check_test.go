package chat_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/chat"
	"omnia/engine/rulebook"
	"omnia/rules"
)

var update = flag.Bool("update", false, "write the golden file anew; read it before it is committed")

// The files of the rules that speak of INFO CIG.
const (
	hoursFile      = "tables/chat_orario.yaml"
	classesFile    = "tables/chat_classi.yaml"
	parametersFile = "parameters/chat.yaml"
	textsFile      = "messages/chat.yaml"
)

// change is one slip of an expert: in one file, a text that becomes another. An empty text is the whole file, which goes.
type change struct{ name, file, from, to string }

// slips are what an expert may get wrong, each with the rest in order.
var slips = []change{
	{"a day that is none", hoursFile, `giorno: "lun"`, `giorno: "lunedì"`},
	{"hours that overlap: the same day twice", hoursFile, `giorno: "mar"`, `giorno: "lun"`},
	{"two spans of a day that overlap", hoursFile, `giorno: "mar", dalle: "15:00"`, `giorno: "lun_2", dalle: "17:59"`},
	{"a fourth span of a day", hoursFile, `giorno: "mar"`, `giorno: "mar_4"`},
	{"a patience of no day", parametersFile, `value: "30"
        law: [{act: M4620-2023}]
        confidence: DEFAULT
        note: "Una conversazione`, `value: "0"
        law: [{act: M4620-2023}]
        confidence: DEFAULT
        note: "Una conversazione`},
	{"hours that end before they begin", hoursFile, `dalle: "15:00", alle: "18:00", label: {it: "Lunedì"`, `dalle: "18:00", alle: "15:00", label: {it: "Lunedì"`},
	{"hours that are none", hoursFile, `dalle: "15:00", alle: "18:00", label: {it: "Lunedì"`, `dalle: "15", alle: "18:00", label: {it: "Lunedì"`},
	{"an end that is missing", hoursFile, `dalle: "15:00", alle: "18:00", label: {it: "Lunedì"`, `dalle: "15:00", label: {it: "Lunedì"`},
	{"hours past midnight", hoursFile, `alle: "18:00", label: {it: "Lunedì"`, `alle: "24:30", label: {it: "Lunedì"`},
	{"columns of another table", hoursFile, `name: dalle`, `name: inizio`},
	{"hours without a file", hoursFile, "", ""},
	{"classes without a file", classesFile, "", ""},
	{"a topic without a queue", classesFile, "      - {argomento: \"cigs\", classe: \"cigs\", priorita: \"1\", label: {it: \"CIGS\", en: \"CIGS\", de: \"CIGS\"}}\n", ""},
	{"a class that no topic reaches", classesFile, `argomento: "altro"`, `argomento: "varie"`},
	{"a topic in two classes", classesFile, `argomento: "ais", classe: "domande"`, `argomento: "cigo", classe: "altre"`},
	{"two priorities within a class", classesFile, `argomento: "ais", classe: "domande", priorita: "1"`, `argomento: "ais", classe: "domande", priorita: "2"`},
	{"a class without a name", classesFile, `classe: "altro", `, ``},
	{"a priority of nought", classesFile, `argomento: "cigs", classe: "cigs", priorita: "1"`, `argomento: "cigs", classe: "cigs", priorita: "0"`},
	{"columns of another kind", classesFile, `{name: priorita, type: integer}`, `{name: priorita, type: text}`},
	{"classes that end while the service goes on", classesFile, `valid_from: "2023-12-22"`, "valid_from: \"2023-12-22\"\n    valid_to: \"2026-12-31\""},
	{"a parameter that is missing", parametersFile, "id: chat.capienza", "id: chat.capacita"},
	{"room for nobody", parametersFile, `value: "3"
        law: [{act: M4620-2023}]
        confidence: DEFAULT
        note: "Il messaggio non lo dice`, `value: "0"
        law: [{act: M4620-2023}]
        confidence: DEFAULT
        note: "Il messaggio non lo dice`},
	{"half a conversation", parametersFile, `value: "15"`, `value: "2.5"`},
	{"a parameter that begins later than the service", parametersFile, `valid_from: "2023-12-22"
        value: "3"`, `valid_from: "2025-01-01"
        value: "3"`},
	{"events kept for longer than conversations", parametersFile, `value: "730"`, `value: "20"`},
	{"a notice that is missing", textsFile, "id: chat.avviso.trasferita", "id: chat.avviso.trasferimento"},
	{"a placeholder that a notice does not have", textsFile, "per la matricola {matricola} non vale più", "per la matricola {titolo} non vale più"},
	{"a placeholder of another notice", textsFile, "La conversazione passa a un altro consulente", "La conversazione di {matricola} passa a un altro consulente"},
	{"a placeholder that nobody has", textsFile, "Buongiorno {persona}", "Buongiorno {cliente}"},
	{"a placeholder in one language only", textsFile, "Good afternoon {persona}, this", "Good afternoon {limite}, this"},
	{"a reply of no topic", textsFile, "id: chat.risposta.tutti.saluto", "id: chat.risposta.saluto"},
	{"a reply of a topic that is none", textsFile, "id: chat.risposta.cigo.relazione", "id: chat.risposta.cigi.relazione"},
	{"a language that is missing", textsFile, "    en: \"Good afternoon {persona}, this is {consulente}. How can I help you?\"\n", ""},
	{"a reply that fits in no message", textsFile, "Se non c'è altro, ", strings.Repeat("Se non c'è altro, ", 230)},
}

// edited is what the shipped rules say of INFO CIG, with one slip: the rest of them says nothing of it, and takes its time.
func edited(t *testing.T, slip change) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(rules.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.ContainsFunc([]string{"acts.yaml", "facts/", "tables/festivita", "tables/chat", "parameters/chat", "messages/chat"},
			func(start string) bool { return strings.HasPrefix(name, start) }) {
			return err
		}
		data, err := fs.ReadFile(rules.FS, name)
		if name == slip.file {
			if slip.from == "" {
				return err
			}
			changed := strings.Replace(string(data), slip.from, slip.to, 1)
			if changed == string(data) {
				t.Fatalf("%s: %s does not have %q", slip.name, name, slip.from)
			}
			data = []byte(changed)
		}
		files[name] = &fstest.MapFile{Data: data, Mode: 0o444}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// found is what `omnia rules check` finds about INFO CIG.
func found(files fs.FS) rulebook.Defects {
	ed, defects := rulebook.Load(files)
	if len(defects) > 0 {
		return defects
	}
	return chat.Check(ed)
}

func TestShippedRulesOfTheChatAreInOrder(t *testing.T) {
	t.Parallel()
	if defects := found(rules.FS); len(defects) > 0 {
		t.Error(defects)
	}
}

// Every slip is named, with its place and what to do about it, in words for experts.
func TestCheckNamesEverySlip(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, slip := range slips {
		fmt.Fprintf(&b, "# %s\n", slip.name)
		defects := found(edited(t, slip))
		if len(defects) == 0 {
			t.Errorf("%s: nothing is said", slip.name)
		}
		for _, d := range defects {
			if d.Message == "" || d.Hint == "" || d.Place.File == "" {
				t.Errorf("%s: no place, message or cure: %+v", slip.name, d)
			}
			fmt.Fprintf(&b, "%s: [%s] %s\n    %s\n", d.Place, d.Code, d.Message, d.Hint)
		}
	}
	const golden = "testdata/difetti.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("run with -update and read the difference; got\n%s", b.String())
	}
}

// An edition that says nothing of INFO CIG has no chat, and no defect.
func TestRulesWithoutAChat(t *testing.T) {
	t.Parallel()
	files := edited(t, change{file: hoursFile})
	for _, name := range []string{classesFile, parametersFile, textsFile, "tables/chat.cases.yaml"} {
		delete(files, name)
	}
	if defects := found(files); len(defects) > 0 {
		t.Error(defects)
	}
}

// mistakes are wrong rules that are well formed: only the cases can tell.
var mistakes = []change{
	{"opens an hour early", hoursFile, `dalle: "15:00", alle: "18:00", label: {it: "Lunedì"`, `dalle: "14:00", alle: "18:00", label: {it: "Lunedì"`},
	{"closes an hour late", hoursFile, `alle: "18:00", label: {it: "Martedì"`, `alle: "19:00", label: {it: "Martedì"`},
	{"is open on Saturdays", hoursFile, `giorno: "ven"`, `giorno: "sab"`},
	{"is closed on Thursdays", hoursFile, `giorno: "gio"`, `giorno: "dom"`},
	{"CIGO in a queue of its own", classesFile, `argomento: "cigo", classe: "domande"`, `argomento: "cigo", classe: "cigo"`},
	{"payments first", classesFile, `classe: "pagamenti", priorita: "2"`, `classe: "pagamenti", priorita: "1"`},
	{"anything else last", classesFile, `classe: "altro", priorita: "2"`, `classe: "altro", priorita: "3"`},
	{"more at a time", parametersFile, `value: "3"
        law: [{act: M4620-2023}]
        confidence: DEFAULT
        note: "Il messaggio non lo dice`, `value: "4"
        law: [{act: M4620-2023}]
        confidence: DEFAULT
        note: "Il messaggio non lo dice`},
	{"gone later", parametersFile, `value: "60"`, `value: "61"`},
	{"patient for longer", parametersFile, `value: "15"`, `value: "16"`},
	{"other offices at once", parametersFile, `value: "3"
        law: [{act: M4620-2023}]
        confidence: DEFAULT
        note: "Prima chi`, `value: "1"
        law: [{act: M4620-2023}]
        confidence: DEFAULT
        note: "Prima chi`},
	{"kept for a year", parametersFile, `value: "730"`, `value: "365"`},
	{"no Easter Monday", "tables/festivita.yaml", `offset: 1`, `offset: 2`},
	{"another word in a notice", textsFile, "riapertura, {prossima}", "apertura, {prossima}"},
	{"another word in a reply", textsFile, "Come posso aiutarla?", "Dica."},
}

func TestTheCasesNoticeMistakes(t *testing.T) {
	t.Parallel()
	for _, m := range append([]change{{name: "none"}}, mistakes...) {
		files := edited(t, m)
		if defects := found(files); len(defects) > 0 {
			t.Fatalf("%s: it is found without a case: %v", m.name, defects)
		}
		ed, _ := rulebook.Load(files)
		cases, defects := rulebook.ChatCases(files)
		if len(defects) > 0 || len(cases) == 0 {
			t.Fatal(defects)
		}
		report := rulebook.RunChatCases(cases, func(situation []byte) ([]byte, error) { return chat.Try(ed, situation, nil) })
		if failed := len(report.Failed) > 0; failed != (m.file != "") {
			t.Errorf("%s: %d of %d cases fail", m.name, len(report.Failed), report.Run)
		}
	}
}
