package policies

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// input is the question as domanda.schema.json describes it. It is put together by hand: a detour by
// maps would cost more than the evaluation. Without a matricola there is no office and are no bonds.
func (p *Policies) input(q *Question) (ast.Value, error) {
	if !isDay(q.Oggi) {
		return nil, fmt.Errorf("oggi: %q is no day YYYY-MM-DD", q.Oggi)
	}
	if q.Matricola == "" { // whose office, and bonds with what?
		q.Sede, q.Bonds = "", nil
	}
	bonds, err := p.bonds(q.Bonds)
	if err != nil {
		return nil, err
	}
	fields := append(make([][2]*ast.Term, 0, 9),
		field(key.azione, p.names.term(q.Azione)),
		field(key.matricola, withMatricola(q.Matricola)),
		field(key.sede, p.names.term(q.Sede)),
		field(key.oggi, ast.StringTerm(q.Oggi)),
		field(key.sviluppo, ast.InternedTerm(q.Sviluppo)),
		field(key.legami, bonds))
	if line := p.permits.of(q); line != nil {
		fields = append(fields, field(key.permesso, line))
	}
	if q.Person != nil {
		fields = append(fields, field(key.persona, p.person(q.Person)))
	}
	if q.Delega != nil {
		d, err := p.delegation(q.Delega)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field(key.delega, d))
	}
	return ast.NewObject(fields...), nil
}

// withMatricola tells the rules whether the question names one. Which one, they need not know.
func withMatricola(matricola string) *ast.Term {
	if matricola == "" {
		return without
	}
	return with
}

// assurance is what stands behind the token, and of a person with a codice fiscale how sure that is.
func assurance(who *Person) string {
	switch {
	case who.Profilo == profilePDND:
		return "voucher"
	case who.Organizzazione:
		return "utenza"
	case who.CodiceFiscale == "":
		return "anonima"
	}
	return persons[min(max(who.Livello, 0), len(persons)-1)]
}

var persons = []string{"persona0", "persona1", "persona2", "persona3"}

func (p *Policies) person(who *Person) *ast.Term {
	return ast.ObjectTerm(
		field(key.codiceFiscale, p.names.term(who.CodiceFiscale)),
		field(key.ruoli, p.names.set(who.Ruoli)),
		field(key.sede, p.names.term(who.Sede)),
		field(key.garanzia, p.names.term(assurance(who))),
		field(key.finalita, p.names.term(who.Finalita)))
}

// bonds are those of a question, those that last longest first, then by id: so the rules can name
// the one that decides without comparing days.
func (p *Policies) bonds(list []Bond) (*ast.Term, error) {
	if len(list) == 0 {
		return noBonds, nil
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Bond) int {
		return cmp.Or(cmp.Compare(lastDay(b.Al), lastDay(a.Al)), cmp.Compare(a.ID, b.ID))
	})
	terms := make([]*ast.Term, len(sorted))
	for i := range sorted {
		var err error
		if terms[i], err = p.bond(&sorted[i]); err != nil {
			return nil, fmt.Errorf("bond %s: %w", sorted[i].ID, err)
		}
	}
	return ast.ArrayTerm(terms...), nil
}

func (p *Policies) bond(b *Bond) (*ast.Term, error) {
	if err := checkDays(b.Dal, b.Al); err != nil {
		return nil, err
	}
	fields := append(make([][2]*ast.Term, 0, 7),
		field(key.id, ast.StringTerm(b.ID)),
		field(key.tipo, p.names.term(b.Tipo)),
		field(key.servizi, p.names.set(b.Servizi, "")),
		field(key.dal, ast.StringTerm(b.Dal)),
		field(key.al, p.names.term(lastDay(b.Al))),
		field(key.revocata, ast.InternedTerm(b.Revocata)))
	if b.Parent != nil {
		parent := *b.Parent
		parent.Parent = nil // there is one level only
		t, err := p.bond(&parent)
		if err != nil {
			return nil, fmt.Errorf("parent: %w", err)
		}
		fields = append(fields, field(key.padre, t))
	}
	return ast.ObjectTerm(fields...), nil
}

func (p *Policies) delegation(d *Delegation) (*ast.Term, error) {
	if d.Dal != "" || d.ID == "" {
		if err := checkDays(d.Dal, d.Al); err != nil {
			return nil, fmt.Errorf("delega: %w", err)
		}
	}
	return ast.ObjectTerm(
		field(key.id, ast.StringTerm(d.ID)),
		field(key.tipo, p.names.term(d.Tipo)),
		field(key.delegante, ast.StringTerm(d.Delegante)),
		field(key.delegato, ast.StringTerm(d.Delegato)),
		field(key.servizi, p.names.set(d.Servizi)),
		field(key.dal, ast.StringTerm(d.Dal)),
		field(key.al, p.names.term(lastDay(d.Al))),
		field(key.padre, ast.StringTerm(d.Padre)),
		field(key.padreDelegato, ast.StringTerm(d.PadreDelegato))), nil
}

// endless stands for a last day that is open, so that days compare as texts.
const endless = "9999-12-31"

func lastDay(al string) string { return cmp.Or(al, endless) }

// checkDays refuses what would compare as a text but is no day: such a bond must not come out good.
func checkDays(dal, al string) error {
	if !isDay(dal) {
		return fmt.Errorf("dal: %q is no day YYYY-MM-DD", dal)
	}
	if al != "" && !isDay(al) {
		return fmt.Errorf("al: %q is no day YYYY-MM-DD", al)
	}
	return nil
}

// isDay tells whether s has the form YYYY-MM-DD, with a month and a day of it that can be: days of
// that form come in the order of their texts.
func isDay(s string) bool {
	if len(s) != 10 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (i == 4 || i == 7) != (c == '-') || c != '-' && (c < '0' || c > '9') {
			return false
		}
	}
	return s[5:7] >= "01" && s[5:7] <= "12" && s[8:] >= "01" && s[8:] <= "31"
}

// names are the words of the tables as terms, made once: most of a question consists of them.
type names map[string]*ast.Term

func intern(t *tables) names {
	n := names{"": ast.StringTerm(""), endless: ast.StringTerm(endless)}
	add := func(words []string) {
		for _, w := range words {
			n[w] = ast.StringTerm(w)
		}
	}
	add(sortedKeys(t.Azioni))
	add(sortedKeys(t.Ruoli))
	add(sortedKeys(t.Legami))
	add(sortedKeys(t.Servizi))
	add(sortedKeys(t.Finalita))
	add(append([]string{"anonima", "utenza", "voucher"}, persons...))
	return n
}

func (n names) term(s string) *ast.Term {
	if t := n[s]; t != nil {
		return t
	}
	return ast.StringTerm(s)
}

// set is a list as the rules look it up: {name: true}.
func (n names) set(list []string, always ...string) *ast.Term {
	o := ast.NewObject()
	for _, s := range list {
		o.Insert(n.term(s), yes)
	}
	for _, s := range always {
		o.Insert(n.term(s), yes)
	}
	return ast.NewTerm(o)
}

func field(k, v *ast.Term) [2]*ast.Term { return [2]*ast.Term{k, v} }

var (
	yes           = ast.InternedTerm(true)
	noBonds       = ast.ArrayTerm()
	with, without = ast.StringTerm("con"), ast.StringTerm("senza")
)

// profilePDND is the profile of issuer whose tokens are vouchers.
const profilePDND = "pdnd"

// key are the names of the fields of questions and answers, as terms.
var key = struct {
	azione, matricola, sede, oggi, sviluppo, permesso, legami, persona, delega *ast.Term
	codiceFiscale, ruoli, garanzia, finalita                                   *ast.Term
	id, tipo, servizi, dal, al, revocata, padre                                *ast.Term
	delegante, delegato, padreDelegato                                         *ast.Term
	allow, titolo, codice, tipi, servizio, ambiti                              *ast.Term
}{
	azione: ast.StringTerm("azione"), matricola: ast.StringTerm("matricola"), sede: ast.StringTerm("sede"),
	oggi: ast.StringTerm("oggi"), sviluppo: ast.StringTerm("sviluppo"), permesso: ast.StringTerm("permesso"),
	legami: ast.StringTerm("legami"), persona: ast.StringTerm("persona"), delega: ast.StringTerm("delega"),
	codiceFiscale: ast.StringTerm("codice_fiscale"), ruoli: ast.StringTerm("ruoli"), garanzia: ast.StringTerm("garanzia"), finalita: ast.StringTerm("finalita"),
	id: ast.StringTerm("id"), tipo: ast.StringTerm("tipo"), servizi: ast.StringTerm("servizi"), dal: ast.StringTerm("dal"),
	al: ast.StringTerm("al"), revocata: ast.StringTerm("revocata"), padre: ast.StringTerm("padre"),
	delegante: ast.StringTerm("delegante"), delegato: ast.StringTerm("delegato"), padreDelegato: ast.StringTerm("padre_delegato"),
	allow: ast.StringTerm("allow"), titolo: ast.StringTerm("titolo"), codice: ast.StringTerm("codice"),
	tipi: ast.StringTerm("tipi"), servizio: ast.StringTerm("servizio"), ambiti: ast.StringTerm("ambiti"),
}
