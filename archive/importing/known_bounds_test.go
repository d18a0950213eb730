package importing

import (
	"context"
	"fmt"
	"testing"

	"omnia/archive"
)

// registry knows the companies it was told of.
type registry struct {
	known map[string]bool
	asked int
}

func (r *registry) Posizioni(_ context.Context, matricole []string) (out []archive.Posizione, err error) {
	r.asked += len(matricole)
	for _, m := range matricole {
		if r.known[m] {
			out = append(out, archive.Posizione{Matricola: m, Corpo: []byte(`{"matricola":"` + m + `","codice_fiscale":"80078750587","denominazione":"Prova","sede":"7000",` +
				`"attiva_dal":"2001-02-01","unita_produttive":[{"progressivo":"0","attiva_dal":"2001-02-01"}]}`)})
		}
	}
	return out, nil
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	t.Parallel()
	r := &registry{known: map[string]bool{}}
	k := NewKnown(r, "it")
	k.most = 10
	measure := func(i int) *archive.Provvedimento {
		return &archive.Provvedimento{Matricola: fmt.Sprintf("%010d", i), UnitaProduttiva: "0"}
	}
	for i := range 1000 {
		r.known[fmt.Sprintf("%010d", i)] = true
		for _, j := range []int{0, i} { // the first is met all the time, so that it is never forgotten
			if d, err := k.Check(t.Context(), measure(j)); d != nil || err != nil {
				t.Fatalf("company %d: %v, %v", j, d, err)
			}
		}
		if n := len(k.young) + len(k.old); n > 2*k.most {
			t.Fatalf("%d companies are remembered, %d are allowed", n, 2*k.most)
		}
	}
	if r.asked != 1000 {
		t.Errorf("1000 companies took %d questions", r.asked)
	}
}

// A company that comes after it was asked for is found: what is unknown is not remembered.
func TestACompanyMayCome(t *testing.T) {
	t.Parallel()
	r := &registry{known: map[string]bool{}}
	k, p := NewKnown(r, "it"), &archive.Provvedimento{Matricola: "0000000001", UnitaProduttiva: "0"}
	if d, err := k.Check(t.Context(), p); err != nil || d == nil || d.Code != "unknown_matricola" {
		t.Errorf("before it came: %v, %v", d, err)
	}
	r.known[p.Matricola] = true
	if d, err := k.Check(t.Context(), p); err != nil || d != nil {
		t.Errorf("once it has come: %v, %v", d, err)
	}
}
