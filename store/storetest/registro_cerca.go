package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/archive"
	"omnia/ledger"
)

// registroCerca compares searches with a look at each decision.
func registroCerca(t *testing.T, open Open) {
	s := open(t)
	random := rand.New(rand.NewPCG(3, 1))
	one := func(of ...string) string { return of[random.IntN(len(of))] }
	var all []*ledger.Decision // in the order of the log
	for _, e := range []*archive.Edition{Edition("2026-1", 1), Edition("2026-2", 2)} {
		Publish(t, s, e)
		for range 150 {
			at := noon.Add(time.Duration(random.IntN(6*3600*1000)) * time.Millisecond) // not in the order of the log
			d := Decision(e, Asked{
				Numero: one("77", "7x", "7_", "\"7"), Matricola: one(matricola1, matricola2), Unita: one("", "0", "1"), Persona: one("", "p1", "p2"), Delega: one("", "d1"), Kind: one("counters", "counters", "validate"),
				Esito: one("admissible", "not_admissible"), Simulation: random.IntN(5) == 0, Instant: at, Rules: 1 + random.IntN(4),
			})
			if err := s.Commit(t.Context(), []*ledger.Decision{d}, nil); err != nil {
				t.Fatal(err)
			}
			all = append(all, d)
		}
	}
	yes, no := true, false
	criteria := []ledger.Criteria{
		{}, {Rule: "cigo.settimane_biennio"}, {Rule: "cigo.settimane_biennio", Version: 1}, {Rule: "complessivo.mesi_quinquennio", Version: 2}, {Rule: "ais.settimane_biennio", Version: 9},
		{Edition: "2026-1"}, {Edition: "2026-9"}, {EditionDigest: ledger.Digest(Edition("2026-2", 2).Digest)}, {Matricola: matricola2}, {UnitaProduttiva: "1"}, {Persona: "p2"},
		{Delegation: "d1"}, {Kind: "validate"}, {Esito: "not_admissible"}, {Simulation: &yes}, {Simulation: &no},
		{From: noon.Add(90 * time.Minute)}, {To: noon.Add(90 * time.Minute)}, {From: noon.Add(61 * time.Minute), To: noon.Add(62 * time.Minute)}, {From: noon.Add(100 * time.Hour)}, {To: noon},
		{From: noon.Add(time.Hour), To: noon.Add(3 * time.Hour), Kind: "validate", Rule: "cigo.ore_un_terzo"},
		{Matricola: matricola1, Rule: "cigo.ore_un_terzo", Version: 2, Esito: "admissible", Simulation: &no, Persona: "p1"},
		{Matricole: []string{matricola2, "7000000009"}}, {Matricole: []string{matricola2, matricola1, matricola2}, Kind: "validate"}, {Matricole: []string{}},
		{Matricole: []string{matricola2}, Persona: "p1", Rule: "cigo.ore_un_terzo"}, {Matricole: []string{"\x00"}},
		{Numero: "77"}, {Numero: "7_"}, {Numero: "7", Matricola: matricola1}, {Numero: "\"7"},
		{Persona: "' OR '1'='1"}, {Matricola: "\x00"}, {Rule: "\xff"},
	}
	for _, c := range criteria {
		var want []string
		for _, d := range all {
			if meets(d, c) {
				want = append(want, d.Receipt.ID)
			}
		}
		ascending := slices.Clone(want)
		slices.Reverse(want)
		for _, limit := range []int{1, 7, 100, 400} {
			if limit == 1 && len(want) > 40 {
				continue
			}
			what := fmt.Sprintf("%+v, pages of %d", c, limit)
			got := walk(t, limit, func(ctx context.Context, p archive.Page) ([]ledger.Decision, bool, error) {
				return s.Decisions(ctx, c, p)
			}, func(d ledger.Decision) string { return d.Receipt.ID })
			same(t, what, want, ids(got))
			same(t, what+", ascending", ascending, forward(t, s, c, limit))
		}
	}
}

func ids(list []ledger.Decision) (out []string) {
	for _, d := range list {
		out = append(out, d.Receipt.ID)
	}
	return out
}

// forward reads as a replay does.
func forward(t *testing.T, s interface {
	DecisionsAfter(ctx context.Context, c ledger.Criteria, after int64, limit int) ([]*ledger.Decision, error)
}, c ledger.Criteria, limit int) (out []string) {
	t.Helper()
	for after := int64(-1); ; {
		list, err := s.DecisionsAfter(t.Context(), c, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return out
		}
		for _, d := range list {
			if d.Position <= after || len(d.Personal) == 0 {
				t.Fatalf("at %d after %d, %d personal values", d.Position, after, len(d.Personal))
			}
			after = d.Position
			out = append(out, d.Receipt.ID)
		}
	}
}

// meets is what criteria mean.
func meets(d *ledger.Decision, c ledger.Criteria) bool {
	r := &d.Receipt
	applied := slices.ContainsFunc(r.Rules, func(v ledger.Rule) bool { return v.ID == c.Rule && (c.Version == 0 || v.Version == c.Version) })
	for _, f := range []struct{ want, has string }{
		{c.Edition, r.Edition}, {string(c.EditionDigest), string(r.EditionDigest)}, {c.Matricola, d.Index.Matricola}, {c.UnitaProduttiva, d.Index.UnitaProduttiva},
		{c.Persona, d.Index.Persona}, {c.Delegation, r.Delegation}, {c.Kind, r.Kind}, {c.Esito, d.Index.Esito},
	} {
		if f.want != "" && f.want != f.has {
			return false
		}
	}
	numero := c.Numero == "" || strings.Contains(string(d.Facts), fmt.Sprintf(`"numero":%q`, c.Numero))
	return numero && (c.Matricole == nil || slices.Contains(c.Matricole, d.Index.Matricola)) && (c.Rule == "" || applied) && (c.Simulation == nil || *c.Simulation == r.Simulation) &&
		(c.From.IsZero() || !r.Instant.Before(c.From)) && (c.To.IsZero() || r.Instant.Before(c.To))
}
