package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"
)

const (
	today   = "2025-06-15"
	subject = "BSSLRA80T47H501T"
	home    = "7000" // the office of the caller
	away    = "4900"
)

// caller is one row of the matrix's sections: who asks.
type caller struct {
	name, about string
	person      *Person
	development bool
}

func someone(level int, roles ...string) *Person {
	return &Person{Subject: "s", CodiceFiscale: subject, Ruoli: roles, Livello: level, Profilo: "portale"}
}

func atHome(roles ...string) *Person {
	p := someone(0, roles...)
	p.Sede = home
	return p
}

func account(roles ...string) *Person {
	return &Person{Subject: "conto", Ruoli: roles, Organizzazione: true, Profilo: "portale"}
}

func voucherFor(purpose string) *Person {
	return &Person{Subject: "pa", Organizzazione: true, Profilo: "pdnd", Finalita: purpose}
}

const (
	purposeMeasures = "7d1f9a52-0c64-4b8e-9a3d-5e2b6f80c417"
	purposeCounters = "b2c8e6d0-93f7-4f1a-8c55-1a7e4d09f366"
)

var callers = []caller{
	{"anonimo", "non autenticato", nil, false},
	{"anonimo-sviluppo", "non autenticato, servizio in sviluppo", nil, true},
	{"impresa", "persona, livello 2", someone(2, "impresa"), false},
	{"impresa-1", "persona, livello 1", someone(1, "impresa"), false},
	{"impresa-senza-cf", "ruolo impresa su un'utenza di servizio", account("impresa"), false},
	{"advisor", "consulente INPS in chat", atHome("advisor"), false},
	{"operatore", "operatore della sede 7000", atHome("operatore"), false},
	{"operatore-senza-sede", "operatore senza sede", someone(3, "operatore"), false},
	{"archivio", "utenza che alimenta l'archivio", account("archivio"), false},
	{"esperto", "autore delle regole", someone(2, "esperto"), false},
	{"approvatore", "approva le regole", someone(2, "approvatore"), false},
	{"auditor", "controlla", someone(0, "auditor"), false},
	{"portale", "utenza del portale", account("portale"), false},
	{"pdnd-provvedimenti", "voucher, finalità di esempio sui provvedimenti", voucherFor(purposeMeasures), true},
	{"pdnd-contatori", "voucher, finalità di esempio sui contatori", voucherFor(purposeCounters), true},
	{"pdnd-senza-finalita", "voucher senza finalità", voucherFor(""), true},
	{"impresa+operatore", "due ruoli", func() *Person { p := someone(2, "impresa", "operatore"); p.Sede = home; return p }(), false},
	{"senza-ruoli", "persona senza ruoli", someone(3), false},
}

// relation is one column: what ties the caller to the matricola.
type relation struct {
	name, about string
	matricola   string
	sede        string
	bonds       []Bond
}

var all = []string{"chat", "contatori", "deleghe", "domande", "provvedimenti"}

func bond(kind string, services ...string) Bond {
	return Bond{ID: "0190-" + kind, Tipo: kind, Servizi: services, Dal: "2025-01-01", Al: "2025-12-31"}
}

func under(b, parent Bond) Bond { b.Parent = &parent; return b }

func revoked(b Bond) Bond { b.Revocata = true; return b }

func until(b Bond, day string) Bond { b.Al = day; return b }

var relations = func() []relation {
	with := func(name, about string, bonds ...Bond) relation {
		return relation{name, about, "4900000001", away, bonds}
	}
	return []relation{
		{"senza", "nessuna matricola indicata", "", "", nil},
		{"ignota", "matricola che non esiste", "9999999999", "", nil},
		with("altrui", "matricola di un'altra sede, nessun legame"),
		{"sede", "matricola della sede 7000, nessun legame", "7000000001", home, nil},
		with("tit", "titolare", bond("titolare", all...)),
		with("tit-rev", "titolare, revocato", revoked(bond("titolare", all...))),
		with("dip", "dipendente, tutti i servizi", bond("dipendente", all...)),
		with("dip-scad", "dipendente, fino a ieri", until(bond("dipendente", all...), "2025-06-14")),
		with("int", "intermediario, tutti i servizi", bond("intermediario", all...)),
		with("int-0", "intermediario, nessun servizio", bond("intermediario")),
		with("int-con", "intermediario, contatori", bond("intermediario", "contatori")),
		with("int-pro", "intermediario, provvedimenti", bond("intermediario", "provvedimenti")),
		with("int-dom", "intermediario, domande", bond("intermediario", "domande")),
		with("int-cha", "intermediario, chat", bond("intermediario", "chat")),
		with("int-del", "intermediario, deleghe e contatori", bond("intermediario", "contatori", "deleghe")),
		with("sub", "subdelega di tutto, sotto intermediario di tutto", under(bond("subdelega", all...), bond("intermediario", all...))),
		with("sub-con", "subdelega di tutto, sotto intermediario di contatori e deleghe", under(bond("subdelega", all...), bond("intermediario", "contatori", "deleghe"))),
		with("sub-rev", "subdelega sotto intermediario revocato", under(bond("subdelega", all...), revoked(bond("intermediario", all...)))),
		with("sub-sola", "subdelega senza delega di origine", bond("subdelega", all...)),
		with("chat", "conversazione con consenso su contatori e provvedimenti", bond("conversazione", "contatori", "provvedimenti")),
	}
}()

// asked is the delegation that a question of that action is about.
func asked(action string) *Delegation {
	d := &Delegation{Delegante: "altri", Delegato: "terzi", Servizi: []string{"contatori"}, Dal: today, Al: "2025-06-30"}
	switch action {
	case "deleghe.conferisci":
		d.Tipo = "intermediario"
	case "deleghe.subdelega":
		d.Tipo = "subdelega"
	case "deleghe.revoca":
		d.ID, d.Tipo = "0191", "dipendente"
	default:
		return nil
	}
	return d
}

func question(c caller, action string, r relation) Question {
	return Question{
		Person: c.person, Azione: action, Matricola: r.matricola, Sede: r.sede, Bonds: r.bonds,
		Delega: asked(action), Oggi: today, Sviluppo: c.development,
	}
}

// everyCell asks each caller × action × relation.
func everyCell(t *testing.T, do func(c caller, action string, r relation, q Question, v Verdict)) {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, c := range callers {
		for _, action := range Actions() {
			for _, r := range relations {
				q := question(c, action, r)
				v, err := p.Decide(t.Context(), q)
				if err != nil {
					t.Fatalf("%s %s %s: %v", c.name, action, r.name, err)
				}
				do(c, action, r, q, v)
				cells++
			}
		}
	}
	if want := len(callers) * 35 * len(relations); cells != want {
		t.Fatalf("%d cells, not %d: an action came or went, and the matrix must say so", cells, want)
	}
}

// The whole matrix is on paper, and each cell of the paper holds.
func TestMatrixIsAsWritten(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	writeLegend(&out)
	last := caller{}
	lastAction := ""
	everyCell(t, func(c caller, action string, r relation, _ Question, v Verdict) {
		if c.name != last.name {
			fmt.Fprintf(&out, "\n\n== %s (%s)\n%-21s", c.name, c.about, "")
			for _, r := range relations {
				fmt.Fprintf(&out, " %-9s", r.name)
			}
			last, lastAction = c, ""
		}
		if action != lastAction {
			fmt.Fprintf(&out, "\n%-21s", action)
			lastAction = action
		}
		fmt.Fprintf(&out, " %-9s", cell(v))
	})
	lines := strings.Split(out.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	golden(t, "testdata/matrice.txt", []byte(strings.Join(lines, "\n")+"\n"))
}

// tags are the codes as the matrix abbreviates them.
var tags = map[string]string{
	"sign_in_required": "accedi", "purpose_missing": "fin-manca", "purpose_not_allowed": "fin-no", "role_not_allowed": "ruolo",
	"person_required": "persona", "level_too_low": "livello", "office_missing": "sede-manca", "matricola_missing": "quale?",
	"service_not_delegated": "servizio", "bond_not_allowed": "legame", "delega_not_yours": "altrui", "bond_not_good": "oggi-no",
	"no_bond": "nessuno", "other_office": "ufficio", "delega_tipo": "tipo", "delega_missing": "delega?",
	"subdelega_wider": "ampia", "subdelega_longer": "lunga",
}

func writeLegend(out *strings.Builder) {
	out.WriteString(`Chi può che cosa: per ciascuno (sezione), ogni azione (riga), in ogni relazione con la matricola (colonna).
Il file è generato (go test ./policies -update) e va letto prima di accettarne un cambiamento.

Consentito: PROPRIO (own), DELEGA, SUBDELEGA, UFFICIO, CONVERS. (conversazione), SI (senza bisogno di un titolo sulla matricola).
Negato: -perché se chi chiede lo può sapere (403, o 401 per "accedi"), .perché se deve sembrare che non esista (404).

`)
	for _, code := range sortedKeys(tags) {
		fmt.Fprintf(out, "  %-11s %s\n", tags[code], code)
	}
	out.WriteString("\nRelazioni:\n")
	for _, r := range relations {
		fmt.Fprintf(out, "  %-11s %s\n", r.name, r.about)
	}
}

func cell(v Verdict) string {
	if v.Allow {
		return map[string]string{
			"": "SI", BaseOwn: "PROPRIO", BaseDelega: "DELEGA", BaseSubdelega: "SUBDELEGA", BaseUfficio: "UFFICIO", BaseConversazione: "CONVERS.",
		}[v.Base]
	}
	mark := "."
	if v.Visible {
		mark = "-"
	}
	return mark + cmp.Or(tags[v.Code], v.Code)
}

// The rules and the plain reading of them below, which shares nothing with the tables, agree on
// every cell: whether it is allowed, on which basis, and as what.
func TestMatrixAgreesWithAPlainReading(t *testing.T) {
	t.Parallel()
	allowed := 0
	everyCell(t, func(c caller, action string, r relation, q Question, v Verdict) {
		ruolo, base, ok := plain(c, action, r)
		if v.Allow != ok || v.Allow && (v.Base != base || v.Ruolo != ruolo) {
			t.Errorf("%s, %s, %s: the rules say %v %s %s (%s), the plain reading %v %s %s",
				c.name, action, r.name, v.Allow, v.Ruolo, v.Base, v.Code, ok, ruolo, base)
		}
		if v.Allow {
			allowed++
		}
		if (v.Delega != "") != (v.Base == BaseOwn || v.Base == BaseDelega || v.Base == BaseSubdelega || v.Base == BaseConversazione) {
			t.Errorf("%s, %s, %s: base %q under delega %q", c.name, action, r.name, v.Base, v.Delega)
		}
		if v.Allow == (v.Code != "") || len(v.Reasons) == 0 || v.Policy == "" {
			t.Errorf("%s, %s, %s: a verdict has a code or allows, and says why: %+v", c.name, action, r.name, v)
		}
	})
	if allowed < 500 {
		t.Errorf("only %d cells are allowed: the matrix shows nothing", allowed)
	}
}

// Who may do what, said once more: by hand, without the tables.
var (
	byService = map[string]string{
		"contatori.leggi": "contatori", "contatori.simula": "contatori", "avvisi.leggi": "contatori",
		"provvedimenti.cerca": "provvedimenti", "provvedimenti.leggi": "provvedimenti", "provvedimenti.esporta": "provvedimenti",
		"validazioni.calcola": "domande", "bozze.leggi": "domande", "bozze.scrivi": "domande", "chat.usa": "chat", "deleghe.elenca": "deleghe", "deleghe.subdelega": "deleghe",
	}
	plainOffice  = strings.Fields("matricole.elenca matricole.leggi provvedimenti.cerca provvedimenti.leggi provvedimenti.esporta contatori.leggi contatori.simula deleghe.elenca avvisi.leggi decisioni.leggi decisioni.ripeti decisioni.cancella")
	plainArchive = strings.Fields("matricole.elenca matricole.leggi posizioni.scrivi provvedimenti.cerca provvedimenti.leggi provvedimenti.scrivi deleghe.elenca deleghe.carica")
	plainAudit   = strings.Fields("matricole.elenca matricole.leggi provvedimenti.cerca provvedimenti.leggi provvedimenti.esporta contatori.leggi deleghe.elenca avvisi.leggi accessi.leggi decisioni.leggi decisioni.ripeti decisioni.fascicolo decisioni.vincola")
)

// plain is the reading: the role that decides, its basis, and whether it is allowed.
func plain(c caller, action string, r relation) (ruolo, base string, ok bool) {
	if p := c.person; p != nil && p.Profilo == "pdnd" {
		may := p.Finalita == purposeMeasures && (action == "provvedimenti.cerca" || action == "provvedimenti.leggi") ||
			p.Finalita == purposeCounters && action == "contatori.leggi"
		if may {
			return "pdnd", "", true
		}
	} else if p != nil {
		for _, role := range []string{"impresa", "advisor", "operatore", "archivio", "esperto", "approvatore", "auditor", "portale"} {
			if !slices.Contains(p.Ruoli, role) {
				continue
			}
			if ruolo, base, ok := plainRole(role, p, action, r); ok {
				return ruolo, base, true
			}
		}
	}
	switch {
	case action == "regole.leggi" || action == "edizioni.leggi" || action == "registro.leggi" || action == "registro.controfirma":
		return "pubblico", "", true
	case c.development && (action == "decisioni.tralascia" || action == "contatori.calcola" || action == "validazioni.calcola" && r.matricola == ""):
		return "sviluppo", "", true
	}
	return "", "", false
}

func plainRole(role string, p *Person, action string, r relation) (ruolo, base string, ok bool) {
	free := action == "contatori.calcola" || action == "validazioni.calcola" && r.matricola == ""
	switch role {
	case "impresa":
		if (free || action == "decisioni.proprie" || action == "decisioni.tralascia") && !p.Organizzazione {
			return role, "", true
		}
		if !p.Organizzazione && p.CodiceFiscale != "" && p.Livello >= 2 {
			return plainBond(action, r)
		}
	case "advisor":
		if action == "contatori.calcola" || action == "chat.rispondi" {
			return role, "", true
		}
		return plainChat(action, r)
	case "operatore":
		if free || action == "chat.sovrintendi" || action == "decisioni.proprie" { // figures of the service are about nobody
			return role, "", true
		}
		office := slices.Contains(plainOffice, action) || action == "validazioni.calcola"
		return role, BaseUfficio, office && p.Sede != "" && p.Sede == r.sede
	case "archivio":
		return role, "", slices.Contains(plainArchive, action)
	case "esperto":
		return role, "", action == "regole.leggi" || action == "edizioni.leggi"
	case "approvatore":
		return role, "", action == "regole.leggi" || action == "edizioni.leggi" || action == "regole.pubblica"
	case "auditor":
		return role, "", slices.Contains(plainAudit, action) || action == "regole.leggi" || action == "edizioni.leggi"
	case "portale":
		return role, "", free || action == "decisioni.proprie" || action == "decisioni.tralascia"
	}
	return "", "", false
}

func plainBond(action string, r relation) (ruolo, base string, ok bool) {
	for _, b := range r.bonds {
		if !plainGood(b) || b.Tipo == "conversazione" {
			continue
		}
		service := byService[action]
		if service != "" && !slices.Contains(b.Servizi, service) || service != "" && b.Parent != nil && !slices.Contains(b.Parent.Servizi, service) {
			continue
		}
		any := service != "" && !strings.HasPrefix(action, "deleghe.") || action == "matricole.elenca" || action == "matricole.leggi"
		switch b.Tipo {
		case "titolare":
			own := any || action == "deleghe.elenca" || action == "deleghe.conferisci" || action == "deleghe.revoca" || action == "decisioni.leggi" || action == "decisioni.ripeti"
			return b.Tipo, BaseOwn, own
		case "dipendente":
			return b.Tipo, BaseDelega, any
		case "intermediario":
			return b.Tipo, BaseDelega, any || action == "deleghe.elenca" || action == "deleghe.subdelega"
		case "subdelega":
			return b.Tipo, BaseSubdelega, any
		}
	}
	return "", "", false
}

func plainChat(action string, r relation) (ruolo, base string, ok bool) {
	for _, b := range r.bonds {
		if b.Tipo != "conversazione" || !plainGood(b) {
			continue
		}
		switch action {
		case "matricole.leggi", "contatori.leggi", "provvedimenti.cerca", "provvedimenti.leggi":
			return b.Tipo, BaseConversazione, true
		}
	}
	return "", "", false
}

func plainGood(b Bond) bool {
	good := !b.Revocata && b.Dal <= today && (b.Al == "" || today <= b.Al)
	if b.Tipo == "subdelega" {
		return good && b.Parent != nil && b.Parent.Tipo == "intermediario" && plainGood(*b.Parent)
	}
	return good
}

// A list decided once and each of its rows decided alone come out the same.
func TestReachAgreesWithDecide(t *testing.T) {
	t.Parallel()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	in, out := 0, 0
	everyCell(t, func(c caller, action string, r relation, q Question, v Verdict) {
		if p.tables.Azioni[action].Riguarda != "matricola" || r.matricola == "" {
			return
		}
		reach, list, err := p.Reach(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if !list.Allow && (list.Code == "" || !list.Visible) || list.Allow && !reach.All && reach.Sede == "" && len(reach.Tipi) == 0 {
			t.Errorf("%s lists %s: %+v %+v", c.name, action, reach, list)
		}
		// What exists in no office is in no archive: a list over all of it can't have it.
		if has := reaches(reach, r); has != v.Allow {
			t.Errorf("%s, %s, %s: in the list %v (%+v), alone %v (%s)", c.name, action, r.name, has, reach, v.Allow, v.Code)
		}
		if v.Allow {
			in++
		} else {
			out++
		}
	})
	if in < 300 || out < 300 {
		t.Errorf("%d in, %d out: the test shows little", in, out)
	}
}

// reaches reads a Reach as the store does.
func reaches(reach Reach, r relation) bool {
	if reach.All || reach.Sede != "" && reach.Sede == r.sede {
		return true
	}
	return slices.ContainsFunc(r.bonds, func(b Bond) bool {
		covers := reach.Servizio == "" || slices.Contains(b.Servizi, reach.Servizio) && (b.Parent == nil || slices.Contains(b.Parent.Servizi, reach.Servizio))
		return reach.CodiceFiscale == subject && slices.Contains(reach.Tipi, b.Tipo) && covers && plainGood(b)
	})
}

// OPA's index of rules changes no verdict and no list.
func TestTheIndexChangesNothing(t *testing.T) {
	t.Parallel()
	plainly, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*prepared{plainly.verdict, plainly.reach} {
		e.options = []rego.EvalOption{rego.EvalRuleIndexing(false)}
	}
	indexed, err := New()
	if err != nil {
		t.Fatal(err)
	}
	everyCell(t, func(c caller, action string, r relation, q Question, v Verdict) {
		w, err := plainly.Decide(t.Context(), q)
		if err != nil || fmt.Sprint(v) != fmt.Sprint(w) {
			t.Errorf("%s, %s, %s: with the index %v, without %v (%v)", c.name, action, r.name, v, w, err)
		}
		if r.name != relations[0].name {
			return
		}
		a, av, _ := indexed.Reach(t.Context(), q)
		b, bv, err := plainly.Reach(t.Context(), q)
		if err != nil || fmt.Sprint(a, av) != fmt.Sprint(b, bv) {
			t.Errorf("%s lists %s: with the index %v %v, without %v %v (%v)", c.name, action, a, av, b, bv, err)
		}
	})
}

// Nothing about a matricola can be told from the answer: one that does not exist, one of another
// office and one bound to somebody else look the same, and a code that is told depends on the caller alone.
func TestAnUnreachableMatricolaLooksLikeNone(t *testing.T) {
	t.Parallel()
	type answer struct {
		allow, visible bool
		code           string
	}
	seen := map[string]answer{}
	hidden := 0
	everyCell(t, func(c caller, action string, r relation, _ Question, v Verdict) {
		if len(r.bonds) > 0 || r.matricola == "" || r.sede == home {
			return
		}
		a := answer{v.Allow, v.Visible, ""}
		if v.Visible {
			a.code = v.Code
		} else {
			hidden++
		}
		key := c.name + " " + action
		if first, ok := seen[key]; ok && first != a {
			t.Errorf("%s: one that does not exist and one that is out of reach differ: %+v, %+v", key, first, a)
		}
		seen[key] = a
	})
	if hidden == 0 {
		t.Error("no verdict hides anything")
	}
}
