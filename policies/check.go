package policies

import (
	"cmp"
	"slices"
)

// What the tables may say where the answer is one of a few words.
var (
	words = struct{ riguarda, origine, ambito, base []string }{
		riguarda: []string{"matricola", "facoltativa", "niente"},
		origine:  []string{"token", "pubblico", "sviluppo", "voucher"},
		ambito:   []string{"legami", "ufficio", "tutte", "nessuna"},
		base:     []string{BaseOwn, BaseDelega, BaseSubdelega, BaseConversazione},
	}
	// builtIn are the roles that no token declares: the rules name them.
	builtIn = map[string]string{"pdnd": "voucher", "pubblico": "pubblico", "sviluppo": "sviluppo"}
	// named are actions that the rules name.
	named = []string{"deleghe.conferisci", "deleghe.subdelega", "deleghe.revoca"}
)

// check holds the tables against each other: whatever one says of another must be there.
func (t *tableFiles) check() {
	t.checkAzioni()
	t.checkRuoli()
	t.checkLegami()
	t.checkFinalita()
	t.checkCodici()
	t.checkMaschere()
}

func (t *tableFiles) checkAzioni() {
	for name, a := range t.Azioni {
		t.titled("azioni", name, a.Titolo)
		t.oneOf("azioni", []string{name, "riguarda"}, a.Riguarda, words.riguarda)
		if a.Servizio != "" {
			known(t, "azioni", []string{name, "servizio"}, "servizio", a.Servizio, t.Servizi)
		}
		if a.Servizio != "" && a.Riguarda == "niente" {
			t.at("azioni", []string{name, "servizio"}, "an action that concerns no matricola can't belong to a servizio: no bond is asked for")
		}
		if !t.someone(name) {
			t.at("azioni", []string{name}, "no ruolo and no legame allows the action: take it out, or say whose it is")
		}
	}
	for _, name := range named {
		known(t, "azioni", nil, "azione", name, t.Azioni)
	}
	for name, s := range t.Servizi {
		t.titled("servizi", name, s.Titolo)
	}
}

// someone tells whether anybody may do that.
func (t *tableFiles) someone(action string) bool {
	for _, r := range t.Ruoli {
		if slices.Contains(r.Azioni, action) {
			return true
		}
	}
	for _, l := range t.Legami {
		if slices.Contains(l.Azioni, action) {
			return true
		}
	}
	return false
}

func (t *tableFiles) checkRuoli() {
	seen := map[int]string{}
	for _, name := range sortedKeys(t.Ruoli) {
		r := t.Ruoli[name]
		t.titled("ruoli", name, r.Titolo)
		t.oneOf("ruoli", []string{name, "origine"}, r.Origine, words.origine)
		t.oneOf("ruoli", []string{name, "ambito"}, r.Ambito, words.ambito)
		if want := cmp.Or(builtIn[name], "token"); r.Origine != want && slices.Contains(words.origine, r.Origine) {
			t.at("ruoli", []string{name, "origine"}, "the rules expect %s of %s", want, name)
		}
		if other, ok := seen[r.Precedenza]; ok {
			t.at("ruoli", []string{name, "precedenza"}, "%d is that of %s already: which of the two decides must be clear", r.Precedenza, other)
		}
		seen[r.Precedenza] = name
		if r.Livello < 0 || r.Livello > 3 {
			t.at("ruoli", []string{name, "livello"}, "%d is no level of assurance: 0 to 3", r.Livello)
		}
		t.actions("ruoli", name, r.Azioni)
		t.scoped(name, r)
	}
	for name := range builtIn {
		known(t, "ruoli", nil, "ruolo", name, t.Ruoli)
	}
}

// scoped checks that a role's actions fit its ambito.
func (t *tableFiles) scoped(name string, r ruolo) {
	for _, a := range r.Azioni {
		concerns := t.Azioni[a].Riguarda == "matricola"
		switch {
		case concerns && r.Ambito == "nessuna":
			t.at("ruoli", []string{name, "azioni", a}, "%s concerns a matricola, and the ambito of %s has none", a, name)
		case concerns && r.Ambito == "legami":
			t.at("ruoli", []string{name, "azioni", a}, "%s concerns a matricola: say in legami.yaml which legame allows it", a)
		}
	}
}

func (t *tableFiles) checkLegami() {
	for name, l := range t.Legami {
		t.titled("legami", name, l.Titolo)
		t.oneOf("legami", []string{name, "base"}, l.Base, words.base)
		known(t, "legami", []string{name, "ruolo"}, "ruolo", l.Ruolo, t.Ruoli)
		if r, ok := t.Ruoli[l.Ruolo]; ok && r.Ambito != "legami" {
			t.at("legami", []string{name, "ruolo"}, "the ambito of %s is %s, so that no legame of it would count", l.Ruolo, r.Ambito)
		}
		if l.Rango < 1 || l.Rango > 8 {
			t.at("legami", []string{name, "rango"}, "%d is not from 1 to 8", l.Rango)
		}
		if l.Padre != "" {
			known(t, "legami", []string{name, "padre"}, "legame", l.Padre, t.Legami)
		}
		if t.Legami[l.Padre].Padre != "" {
			t.at("legami", []string{name, "padre"}, "%s depends on another itself: there is one level only", l.Padre)
		}
		if l.Nasce != "" {
			known(t, "legami", []string{name, "nasce"}, "azione", l.Nasce, t.Azioni)
		}
		t.actions("legami", name, l.Azioni)
		for _, a := range l.Azioni {
			if t.Azioni[a].Riguarda == "niente" {
				t.at("legami", []string{name, "azioni", a}, "%s concerns no matricola: say in ruoli.yaml who may do it", a)
			}
		}
	}
}

func (t *tableFiles) checkFinalita() {
	for name, f := range t.Finalita {
		t.titled("finalita", name, f.Titolo)
		t.actions("finalita", name, f.Azioni)
		for _, a := range f.Azioni {
			switch {
			case t.Azioni[a].Scrive:
				t.at("finalita", []string{name, "azioni", a}, "%s writes: a voucher only reads", a)
			case !slices.Contains(t.Ruoli["pdnd"].Azioni, a):
				t.at("finalita", []string{name, "azioni", a}, "%s is not among what pdnd may do at most (ruoli.yaml)", a)
			}
		}
	}
}

func (t *tableFiles) checkCodici() {
	for name, c := range t.Codici {
		t.titled("codici", name, c.Titolo)
	}
	for _, name := range []string{CodeUndefined, CodeError} {
		known(t, "codici", nil, "codice", name, t.Codici)
	}
}

func (t *tableFiles) titled(table, name, title string) {
	if title == "" {
		t.at(table, []string{name}, "%s has no titolo: people read it", name)
	}
}

func (t *tableFiles) oneOf(table string, path []string, word string, words []string) {
	if !slices.Contains(words, word) {
		t.at(table, path, "%q is not one of %q", word, words)
	}
}

// actions checks a list of actions: each is known, and there once.
func (t *tableFiles) actions(table, name string, list []string) {
	for i, a := range list {
		known(t, table, []string{name, "azioni", a}, "azione", a, t.Azioni)
		if slices.Contains(list[:i], a) {
			t.at(table, []string{name, "azioni", a}, "%s is there twice", a)
		}
	}
}

// known checks that a name is one of a table's.
func known[T any](t *tableFiles, table string, path []string, what, name string, among map[string]T) {
	if _, ok := among[name]; !ok {
		t.at(table, path, "unknown %s %q: it must be one of %q", what, name, sortedKeys(among))
	}
}
