package policies

import (
	"fmt"
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// The codes that do not come from the rules.
const (
	CodeUndefined = "policy_undefined" // the rules have no answer
	CodeError     = "policy_error"     // they failed, or the question makes no sense
)

// read turns an answer of the rules into a verdict. Anything but a clear yes is a deny.
func (p *Policies) read(q *Question, answer ast.Object) Verdict {
	if answer == nil {
		return p.deny(CodeUndefined)
	}
	if !isTrue(answer.Get(key.allow)) {
		return p.deny(text(answer.Get(key.codice)))
	}
	g, ok := groundOf(answer)
	if !ok {
		return p.deny(CodeUndefined)
	}
	v := Verdict{
		Allow: true, Ruolo: text(g.Elem(3)), Base: text(g.Elem(4)), Delega: text(g.Elem(5)), Policy: p.version, Visible: true,
	}
	v.Reasons = slices.Clone(p.grounds[ground{q.Azione, v.Ruolo}])
	return v
}

// groundOf is what allows: [precedence, rank, place, as what, basis, bond].
func groundOf(answer ast.Object) (*ast.Array, bool) {
	g, ok := term(answer.Get(key.titolo)).(*ast.Array)
	return g, ok && g.Len() == 6
}

// deny is a refusal with that code. One that the table of codes lacks is no answer.
func (p *Policies) deny(code string) Verdict {
	c, ok := p.tables.Codici[code]
	if !ok {
		code, c = CodeUndefined, p.tables.Codici[CodeUndefined]
	}
	return Verdict{Code: code, Visible: c.Visibile, Reasons: slices.Clone(p.refusals[code]), Policy: p.version}
}

// readReach reads what an allowed list reaches. An answer without these fields reaches nothing.
func (p *Policies) readReach(q *Question, answer ast.Object) Reach {
	r := Reach{Servizio: text(answer.Get(key.servizio)), Tipi: texts(answer.Get(key.tipi))}
	if len(r.Tipi) > 0 {
		r.CodiceFiscale = q.Person.CodiceFiscale
	}
	scopes := texts(answer.Get(key.ambiti))
	if slices.Contains(scopes, "ufficio") {
		r.Sede = q.Person.Sede
	}
	r.All = slices.Contains(scopes, "tutte")
	return r
}

// texts are the texts of a set, sorted.
func texts(t *ast.Term) (list []string) {
	if set, ok := term(t).(ast.Set); ok {
		set.Foreach(func(t *ast.Term) { list = append(list, text(t)) })
	}
	slices.Sort(list)
	return list
}

func term(t *ast.Term) ast.Value {
	if t == nil {
		return nil
	}
	return t.Value
}

func text(t *ast.Term) string {
	s, _ := term(t).(ast.String)
	return string(s)
}

func isTrue(t *ast.Term) bool {
	b, ok := term(t).(ast.Boolean)
	return ok && bool(b)
}

// ground is what allows: an action, and as what the caller acts.
type ground struct{ azione, veste string }

// parties are the people of a delegation, who may revoke it without owning the matricola.
var parties = map[string]string{
	"delegante":      "Chi ha conferito la delega",
	"delegato":       "Chi rinuncia alla propria delega",
	"delegato_padre": "Chi ha la delega da cui la subdelega dipende",
}

// reasons are the sentences of all verdicts, made once: those of what allows, and those of each code.
func (t *tables) reasons() (map[ground][]string, map[string][]string) {
	grounds, refusals := map[ground][]string{}, map[string][]string{}
	add := func(veste, title string, actions []string) {
		for _, a := range actions {
			grounds[ground{a, veste}] = []string{t.reason(title, a)}
		}
	}
	for name, r := range t.Ruoli {
		add(name, r.Titolo, r.Azioni)
	}
	for name, l := range t.Legami {
		add(name, l.Titolo, l.Azioni)
	}
	for name, title := range parties {
		add(name, title, []string{"deleghe.revoca"})
	}
	for code, c := range t.Codici {
		refusals[code] = []string{c.Titolo}
	}
	return grounds, refusals
}

func (t *tables) reason(title, action string) string {
	a := t.Azioni[action]
	if a.Servizio == "" {
		return fmt.Sprintf("%s: %s.", title, a.Titolo)
	}
	return fmt.Sprintf("%s: %s (servizio %s).", title, a.Titolo, a.Servizio)
}

// vocabulary are the names that others check against.
type vocabulary struct{ actions, codes []string }

// builtInNames reads the tables in the binary, once. They are tested: a defect is a programming error.
var builtInNames = sync.OnceValue(func() vocabulary {
	t, err := readTables(files)
	if err != nil {
		panic(err)
	}
	return vocabulary{sortedKeys(t.Azioni), sortedKeys(t.Codici)}
})
