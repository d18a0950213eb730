package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"omnia/bench/measure"
	"omnia/policies"
)

// microseconds that one decision may take, by the clock of the processor.
const mostOfDecision = 25

// ruling is what matters of a verdict.
type ruling struct {
	allow                     bool
	code, ruolo, base, delega string
}

// access measures one decision of the policies beside the same rules as straight-line Go.
func (b *bench) access() error {
	p, err := policies.New()
	if err != nil {
		return err
	}
	cases := accessCases()
	if err := agreeOnAccess(p, cases); err != nil {
		return err
	}
	b.Title("One access decision",
		"May this person read the counters of this matricola today, or: of which matricole? In process. The floor decides the same questions by straight-line Go with the tables written into the code; it gives no version, no reasons, and knows this one action.")
	ctx := context.Background()
	decide := func(q policies.Question) {
		if _, err := p.Decide(ctx, q); err != nil {
			panic(err)
		}
	}
	subjects := []measure.Subject{
		{Name: "straight-line Go, all of these by turns (floor)", Run: func(i int) { plainDecide(&cases[i%len(cases)].Question) }},
		{Name: "Decide, all of these by turns", Run: func(i int) { decide(cases[i%len(cases)].Question) }},
	}
	for _, c := range cases {
		subjects = append(subjects, measure.Subject{Name: "Decide: " + c.name, Run: func(int) { decide(c.Question) }})
	}
	rows := measure.Compare(b.plan, subjects...)
	b.Rows(rows)
	for _, r := range rows[1:] {
		b.AtMost(r.Name+", µs", r.Nanoseconds/1e3, mostOfDecision)
	}
	b.Line("")
	return b.accessLists(p)
}

// accessLists measures how a list is decided, whatever its length.
func (b *bench) accessLists(p *policies.Policies) error {
	q := accessCases()[0].Question
	q.Azione = "matricole.elenca"
	reach, v, err := p.Reach(context.Background(), q)
	if err != nil || !v.Allow {
		return fmt.Errorf("the list is not allowed: %+v, %w", v, err)
	}
	if want := plainReach(&q); !slices.Equal(reach.Tipi, want.Tipi) || reach.CodiceFiscale != want.CodiceFiscale || reach.Sede != want.Sede || reach.All != want.All {
		return fmt.Errorf("Reach says %+v, the floor %+v", reach, want)
	}
	rows := measure.Compare(b.plan,
		measure.Subject{Name: "straight-line Go (floor)", Run: func(int) { plainReach(&q) }},
		measure.Subject{Name: "Reach: the matricole of a person", Run: func(int) {
			if _, _, err := p.Reach(context.Background(), q); err != nil {
				panic(err)
			}
		}})
	b.Rows(rows)
	b.AtMost("one list, µs", rows[1].Nanoseconds/1e3, mostOfDecision)
	return nil
}

// accessCase is a question with what it is about.
type accessCase struct {
	name string
	policies.Question
}

func accessCases() []accessCase {
	all := []string{"contatori", "provvedimenti", "domande", "chat", "deleghe"}
	bond := func(tipo string, al string, servizi ...string) policies.Bond {
		return policies.Bond{ID: "0190-" + tipo, Tipo: tipo, Servizi: servizi, Dal: "2020-01-01", Al: al}
	}
	sub := bond("subdelega", "", all...)
	parent := bond("intermediario", "", all...)
	sub.Parent = &parent
	var expired []policies.Bond
	for i := range 10 {
		old := bond("intermediario", fmt.Sprintf("2025-05-%02d", i+1), all...)
		old.ID = fmt.Sprint(old.ID, i)
		expired = append(expired, old)
	}
	ask := func(name string, bonds ...policies.Bond) accessCase {
		return accessCase{name, policies.Question{
			Person: &policies.Person{Subject: "RSSMRA80A01H501U", CodiceFiscale: "RSSMRA80A01H501U", Ruoli: []string{"impresa"}, Livello: 2, Profilo: "portale"},
			Azione: "contatori.leggi", Matricola: "4900000001", Sede: "4900", Bonds: bonds, Oggi: today.String(),
		}}
	}
	office := ask("operatore of the office")
	office.Person = &policies.Person{Subject: "BNCLCU75B02F205X", CodiceFiscale: "BNCLCU75B02F205X", Ruoli: []string{"operatore"}, Sede: "4900", Livello: 2, Profilo: "portale"}
	return []accessCase{
		ask("titolare", bond("titolare", "", all...)), ask("intermediario", bond("intermediario", "2027-12-31", "contatori", "provvedimenti")),
		ask("subdelegato", sub), office, ask("titolare and intermediario", bond("intermediario", "", all...), bond("titolare", "", all...)),
		ask("nobody's", nil...), ask("service not delegated", bond("intermediario", "", "chat")), ask("ten delegations that are over", expired...),
	}
}

// agreeOnAccess checks that the floor gives the same rulings.
func agreeOnAccess(p *policies.Policies, cases []accessCase) error {
	for _, c := range cases {
		v, err := p.Decide(context.Background(), c.Question)
		if err != nil {
			return err
		}
		got, want := (ruling{v.Allow, v.Code, v.Ruolo, v.Base, v.Delega}), plainDecide(&c.Question)
		if got != want {
			return fmt.Errorf("%s: the policies say %+v, the floor %+v", c.name, got, want)
		}
	}
	return nil
}

// rank orders what allows; the smallest decides.
type rank struct {
	precedence, bond int
	al, id           string
	as, base         string
}

// plainDecide is contatori.leggi of a matricola, as the tables say it today.
func plainDecide(q *policies.Question) ruling {
	var best *rank
	for _, role := range q.Person.Ruoli {
		switch role {
		case "impresa":
			best = plainBonds(q, best)
		case "operatore":
			if q.Sede != "" && q.Person.Sede == q.Sede {
				best = better(best, rank{precedence: 30, as: "operatore", base: policies.BaseUfficio})
			}
		case "auditor":
			best = better(best, rank{precedence: 70, as: "auditor"})
		}
	}
	if best == nil {
		return ruling{code: plainRefusal(q)}
	}
	return ruling{allow: true, ruolo: best.as, base: best.base, delega: best.id}
}

func plainBonds(q *policies.Question, best *rank) *rank {
	if q.Person.Livello < 2 {
		return best
	}
	for i := range q.Bonds {
		d := &q.Bonds[i]
		if !plainGood(d, q.Oggi) || !plainCovers(d, "contatori") {
			continue
		}
		r := rank{precedence: 10, al: d.Al, id: d.ID, as: d.Tipo, base: policies.BaseDelega, bond: 2}
		switch d.Tipo {
		case "titolare":
			r.bond, r.base = 1, policies.BaseOwn
		case "subdelega":
			r.bond, r.base = 3, policies.BaseSubdelega
		}
		best = better(best, r)
	}
	return best
}

// plainGood tells whether a bond is good on the day.
func plainGood(d *policies.Bond, on string) bool {
	good := func(d *policies.Bond) bool { return !d.Revocata && d.Dal <= on && (d.Al == "" || on <= d.Al) }
	return good(d) && (d.Tipo != "subdelega" || d.Parent != nil && d.Parent.Tipo == "intermediario" && good(d.Parent))
}

func plainCovers(d *policies.Bond, service string) bool {
	return slices.Contains(d.Servizi, service) && (d.Parent == nil || slices.Contains(d.Parent.Servizi, service))
}

// better is the smaller of two: by precedence, by kind of bond, then the one that lasts longest, then by id.
func better(best *rank, r rank) *rank {
	if best == nil {
		return &r
	}
	last := func(al string) string { return cmp.Or(al, "9999-12-31") }
	if cmp.Or(cmp.Compare(r.precedence, best.precedence), cmp.Compare(r.bond, best.bond), cmp.Compare(last(best.al), last(r.al)), cmp.Compare(r.id, best.id)) < 0 {
		return &r
	}
	return best
}

// plainRefusal is why not.
func plainRefusal(q *policies.Question) string {
	switch {
	case len(q.Bonds) == 0:
		return "no_bond"
	case slices.ContainsFunc(q.Bonds, func(d policies.Bond) bool { return plainGood(&d, q.Oggi) }):
		return "service_not_delegated"
	}
	return "bond_not_good"
}

// plainReach is which matricole a person may list.
func plainReach(q *policies.Question) (r policies.Reach) {
	for _, role := range q.Person.Ruoli {
		switch role {
		case "impresa":
			if q.Person.Livello >= 2 {
				r.CodiceFiscale, r.Tipi = q.Person.CodiceFiscale, []string{"dipendente", "intermediario", "subdelega", "titolare"}
			}
		case "operatore":
			r.Sede = q.Person.Sede
		case "auditor", "archivio":
			r.All = true
		}
	}
	return r
}
