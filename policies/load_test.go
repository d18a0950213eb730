package policies

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// changed are the policies of the binary with one file edited.
func changed(t *testing.T, file, old, with string) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fsys[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(fsys[file].Data)
	if strings.Count(text, old) == 0 {
		t.Fatalf("%s has no %q", file, old)
	}
	fsys[file].Data = []byte(strings.Replace(text, old, with, 1))
	return fsys
}

// A wrong table is found when the service starts, with the file, the line and the column.
func TestLoadNamesEachDefectOfATable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, old, with, want string }{
		{"an action mistyped", "ruoli", "chat.rispondi]", "chat.risponde]", `tabelle/ruoli.yaml:31:33: unknown azione "chat.risponde"`},
		{"a service mistyped", "azioni", "servizio: chat", "servizio: ciat", `unknown servizio "ciat"`},
		{"a role mistyped", "legami", "ruolo: advisor", "ruolo: adviser", `unknown ruolo "adviser"`},
		{"a role that reaches no bond", "legami", "ruolo: advisor", "ruolo: auditor", "no legame of it would count"},
		{"a kind mistyped", "legami", "padre: intermediario", "padre: intermediari", `unknown legame "intermediari"`},
		{"two levels of subdelega", "legami", "padre: intermediario", "padre: subdelega", "there is one level only"},
		{"a scope mistyped", "ruoli", "ambito: ufficio", "ambito: uffici", `"uffici" is not one of ["legami" "ufficio" "tutte" "nessuna"]`},
		{"an origin mistyped", "ruoli", "origine: voucher", "origine: vaucher", `"vaucher" is not one of`},
		{"a token that declares itself a voucher", "ruoli", "origine: voucher", "origine: token", "the rules expect voucher of pdnd"},
		{"a precedence twice", "ruoli", "precedenza: 20", "precedenza: 10", "which of the two decides must be clear"},
		{"a level that is none", "ruoli", "livello: 2", "livello: 4", "4 is no level of assurance"},
		{"an action twice", "ruoli", "[contatori.calcola, chat.rispondi]", "[chat.rispondi, chat.rispondi]", "chat.rispondi is there twice"},
		{"a matricola for who has none", "ruoli", "azioni: [regole.leggi, edizioni.leggi, regole.pubblica]", "azioni: [regole.pubblica, contatori.leggi]", "the ambito of approvatore has none"},
		{"a matricola without a bond", "ruoli", "[contatori.calcola, chat.rispondi]", "[chat.rispondi, contatori.leggi]", "say in legami.yaml which legame allows it"},
		{"a bond for what needs none", "legami", "      - chat.usa", "      - regole.leggi", "concerns no matricola: say in ruoli.yaml"},
		{"a rank out of range", "legami", "rango: 4", "rango: 9", "9 is not from 1 to 8"},
		{"a basis mistyped", "legami", "base: own", "base: owner", `"owner" is not one of`},
		{"a birth mistyped", "legami", "nasce: deleghe.subdelega", "nasce: deleghe.sub", `unknown azione "deleghe.sub"`},
		{"a concern mistyped", "azioni", "riguarda: facoltativa", "riguarda: forse", `"forse" is not one of`},
		{"a service where none is asked for", "azioni", `riguarda: niente, servizio: ""`, "riguarda: niente, servizio: chat", "can't belong to a servizio"},
		{"an action of nobody's", "azioni", "azioni:\n", "azioni:\n  x.y: {titolo: X, riguarda: niente, servizio: \"\", scrive: false}\n", "no ruolo and no legame allows the action"},
		{"an action that the rules name", "azioni", "  deleghe.revoca:", "  deleghe.ritira:", `unknown azione "deleghe.revoca"`},
		{"a purpose that writes", "finalita", "azioni: [contatori.leggi]", "azioni: [posizioni.scrivi]", "posizioni.scrivi writes"},
		{"a purpose beyond the most", "finalita", "azioni: [contatori.leggi]", "azioni: [accessi.leggi]", "not among what pdnd may do at most"},
		{"no title", "codici", `titolo: "Occorre autenticarsi."`, `titolo: ""`, "sign_in_required has no titolo"},
		{"a code that Go needs", "codici", "policy_undefined:", "policy_undef:", `unknown codice "policy_undefined"`},
		{"an unknown field", "ruoli", "persona: true", "persone: true", "field persone not found"},
		{"a key twice", "servizi", "  chat:", "  deleghe:", "already defined"},
		{"another key", "servizi", "servizi:", "altro: 1\nservizi:", "must have the key servizi and no other"},
		{"a mask mistyped", "mascheramento", "fatti: ultimi", "fatti: ultime", `"ultime" is not one of ["chiaro" "iniziali" "ultimi" "nascosto"]`},
		{"a mask of no place", "mascheramento", "/richiesta/relazione_tecnica", "relazione_tecnica", "is no place in the facts"},
		{"a reader without a mask", "mascheramento", "  operatore:", "  esperto:", `unknown ruolo "operatore"`},
		{"a second document", "servizi", "servizi:", "servizi: {}\n---\nservizi:", "must have one document"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := load(changed(t, tablePath(tt.file), tt.old, tt.with))
			if err == nil || p != nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "tabelle/"+tt.file+".yaml") {
				t.Errorf("load: %v; want %q, and the file", err, tt.want)
			}
		})
	}
}

func TestLoadTellsAllDefectsAtOnce(t *testing.T) {
	t.Parallel()
	fsys := changed(t, "tabelle/ruoli.yaml", "chat.rispondi]", "chat.risponde]")
	text := string(fsys["tabelle/azioni.yaml"].Data)
	fsys["tabelle/azioni.yaml"].Data = []byte(strings.Replace(text, "servizio: chat", "servizio: ciat", 1))
	_, err := load(fsys)
	if err == nil || strings.Count(err.Error(), "\n") < 1 || strings.Index(err.Error(), "ciat") > strings.Index(err.Error(), "risponde") {
		t.Errorf("load: %v; want both, azioni.yaml first", err)
	}
}

func TestLoadRefusesWhatIsMissingOrBroken(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"tabelle/legami.yaml", capabilitiesFile, schemaFile} {
		fsys := changed(t, file, "e", "e")
		delete(fsys, file)
		if _, err := load(fsys); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("without %s: %v", file, err)
		}
		fsys[file] = &fstest.MapFile{Data: []byte("{")}
		if _, err := load(fsys); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("with a broken %s: %v", file, err)
		}
	}
	broken := changed(t, "accesso.rego", "verdetto :=", "verdetto =:=")
	if _, err := load(broken); err == nil || !strings.Contains(err.Error(), "accesso.rego:") {
		t.Errorf("with a broken rule: %v", err)
	}
}

// No answer is not a no of the rules: it has a code of its own. A rule that fails is an error too.
func TestNoAnswerAndAFailureAreDenied(t *testing.T) {
	t.Parallel()
	allowed := reading(bond("titolare", all...))
	for _, tt := range []struct{ name, file, old, with, code string }{
		{"undefined", "accesso.rego", `} else := {"allow": false, "codice": codice}`, "}", CodeUndefined},
		{"a code that nobody knows", "rifiuto.rego", `} else := "no_bond" if {`, `} else := "boh" if {`, CodeUndefined},
		{"no ground", "accesso.rego", `{"allow": true, "titolo": t}`, `{"allow": true, "titolo": [count(t)]}`, CodeUndefined},
		{"an answer of another form", "accesso.rego", `{"allow": true, "titolo": t}`, `count(t)`, CodeUndefined},
		{"a failure", "accesso.rego", "t := min(titoli)", `t := min(titoli); numbers.range_step(1, 2, 0)`, CodeError},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := load(changed(t, tt.file, tt.old, tt.with))
			if err != nil {
				t.Fatal(err)
			}
			q := allowed
			if tt.name == "undefined" || tt.file == "rifiuto.rego" {
				q.Bonds = nil
			}
			v, err := p.Decide(t.Context(), q)
			if v.Allow || v.Code != tt.code || !v.Visible || (err != nil) != (tt.code == CodeError) {
				t.Errorf("Decide: %+v, %v", v, err)
			}
		})
	}
}

func TestVersionChangesWithEveryByte(t *testing.T) {
	t.Parallel()
	p := build(t)
	if len(p.Version()) != 32 || p.Version() != build(t).Version() {
		t.Errorf("version %q", p.Version())
	}
	for _, file := range []string{"accesso.rego", "tabelle/codici.yaml", capabilitiesFile, schemaFile} {
		v, err := digest(changed(t, file, "e", "E"))
		if err != nil || strings.HasPrefix(v, p.Version()) {
			t.Errorf("%s changed, the version did not (%v)", file, err)
		}
	}
	if v, err := digest(changed(t, "accesso_test.rego", "e", "E")); err != nil || !strings.HasPrefix(v, p.Version()) {
		t.Errorf("a test of the rules changed the version (%v)", err)
	}
}

func TestActionsAndCodesAreThoseOfTheTables(t *testing.T) {
	t.Parallel()
	if got := Actions(); len(got) != 35 || !slices.IsSorted(got) || !slices.Contains(got, "contatori.leggi") {
		t.Errorf("Actions: %v", got)
	}
	Actions()[0] = "x"
	if Actions()[0] == "x" {
		t.Error("who changes the list changes it for all")
	}
	for _, c := range []string{CodeError, CodeUndefined, "level_too_low", "no_bond"} {
		if !slices.Contains(Codes(), c) {
			t.Errorf("Codes lacks %s", c)
		}
	}
}

// Each code of the table is given by the rules or by Go, so that none is promised in vain.
func TestEachCodeIsGiven(t *testing.T) {
	t.Parallel()
	var rules strings.Builder
	names, err := ruleFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		rules.Write(text)
	}
	for _, c := range Codes() {
		if c != CodeError && c != CodeUndefined && !strings.Contains(rules.String(), `"`+c+`"`) {
			t.Errorf("%s is in codici.yaml, and no rule gives it", c)
		}
	}
}
