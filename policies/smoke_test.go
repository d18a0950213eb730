package policies

import (
	"fmt"
	"testing"
)

func TestSmoke(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	b := Bond{ID: "1", Tipo: "intermediario", Servizi: []string{"contatori"}, Dal: "2025-01-01"}
	per := &Person{CodiceFiscale: "X", Ruoli: []string{"impresa"}, Livello: 2, Profilo: "sviluppo"}
	for _, a := range Actions() {
		v, err := p.Decide(t.Context(), Question{Person: per, Azione: a, Matricola: "1", Bonds: []Bond{b}, Oggi: "2025-06-01"})
		r, rv, err2 := p.Reach(t.Context(), Question{Person: per, Azione: a, Oggi: "2025-06-01"})
		fmt.Println(a, v, err, r, rv, err2)
	}
}
func BenchmarkDecide(b *testing.B) {
	p, err := New()
	if err != nil {
		b.Fatal(err)
	}
	bo := Bond{ID: "1", Tipo: "intermediario", Servizi: []string{"contatori", "provvedimenti"}, Dal: "2025-01-01"}
	per := &Person{CodiceFiscale: "X", Ruoli: []string{"impresa"}, Livello: 2, Profilo: "sviluppo"}
	q := Question{Person: per, Azione: "contatori.leggi", Matricola: "1", Bonds: []Bond{bo}, Oggi: "2025-06-01"}
	run := func(n string, q Question, allow bool) {
		b.Run(n, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v, err := p.Decide(b.Context(), q)
				if err != nil || v.Allow != allow {
					b.Fatal(v, err)
				}
			}
		})
	}
	run("deleg", q, true)
	q.Bonds = nil
	run("nobond", q, false)
	q.Person = &Person{CodiceFiscale: "X", Ruoli: []string{"operatore"}, Sede: "7000"}
	q.Sede = "7000"
	run("operatore", q, true)
	q.Person = per
	run2 := func(n string) {
		b.Run(n, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, v, err := p.Reach(b.Context(), q)
				if err != nil || !v.Allow {
					b.Fatal(v, err)
				}
			}
		})
	}
	run2("reach")
}
