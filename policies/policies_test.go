package policies

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func build(tb testing.TB) *Policies {
	tb.Helper()
	p, err := New()
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func decide(t *testing.T, p *Policies, q Question) Verdict {
	t.Helper()
	v, err := p.Decide(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// reading asks for the counters of a matricola with these bonds.
func reading(bonds ...Bond) Question {
	return Question{Person: someone(2, "impresa"), Azione: "contatori.leggi", Matricola: "4900000001", Sede: away, Bonds: bonds, Oggi: today}
}

func TestVerdictNamesItsGround(t *testing.T) {
	t.Parallel()
	p := build(t)
	got := decide(t, p, reading(bond("intermediario", "contatori")))
	want := Verdict{
		Allow: true, Ruolo: "intermediario", Base: BaseDelega, Delega: "0190-intermediario", Visible: true, Policy: p.Version(),
		Reasons: []string{"Intermediario delegato: Contatori di una matricola (servizio contatori)."},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got = decide(t, p, reading())
	want = Verdict{Code: "no_bond", Policy: p.Version(), Reasons: []string{"Nulla lega chi chiede alla matricola."}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got.Reasons[0] = "altro"
	if again := decide(t, p, reading()); again.Reasons[0] == "altro" {
		t.Error("who changes the reasons of a verdict changes those of the next")
	}
}

// Among several bonds: own before delega before subdelega, then the one that lasts longest, then by id;
// the order in which they come does not matter.
func TestOneBondDecides(t *testing.T) {
	t.Parallel()
	p := build(t)
	named := func(b Bond, id, al string) Bond { b.ID, b.Al = id, al; return b }
	own := named(bond("titolare", "contatori"), "e", "2025-06-15")
	longer := named(bond("dipendente", "contatori"), "d", "")
	long := named(bond("intermediario", "contatori"), "b", "2025-12-31")
	twin := named(bond("intermediario", "contatori"), "c", "2025-12-31")
	sub := named(under(bond("subdelega", "contatori"), bond("intermediario", "contatori")), "a", "")
	poor := named(bond("titolare"), "0", "")
	for _, tt := range []struct {
		name  string
		bonds []Bond
		want  string
	}{
		{"own before all", []Bond{own, longer, long, twin, sub, poor}, "e"},
		{"the longest delega", []Bond{longer, long, twin, sub, poor}, "d"},
		{"as long: by id", []Bond{long, twin, sub, poor}, "b"},
		{"a subdelega at last", []Bond{sub, poor}, "a"},
	} {
		for range 2 {
			slices.Reverse(tt.bonds)
			given := slices.Clone(tt.bonds)
			if v := decide(t, p, reading(tt.bonds...)); v.Delega != tt.want {
				t.Errorf("%s: %s decides, not %s", tt.name, v.Delega, tt.want)
			}
			if d := cmp.Diff(given, tt.bonds); d != "" {
				t.Errorf("%s: the question was changed: %s", tt.name, d)
			}
		}
	}
}

// Days are those of Rome and inclusive at both ends; a parent's end is the subdelega's too.
func TestBondsAreGoodOnTheirDays(t *testing.T) {
	t.Parallel()
	p := build(t)
	days := []string{"2024-12-31", "2025-01-01", "2025-06-15", "2025-12-31", "2026-01-01"}
	one := bond("dipendente", "contatori")
	open := one
	open.Al = ""
	day := one
	day.Dal, day.Al = today, today
	short := bond("intermediario", "contatori")
	short.Dal, short.Al = today, today
	for _, tt := range []struct {
		name string
		bond Bond
		want []bool
	}{
		{"a year", one, []bool{false, true, true, true, false}},
		{"without end", open, []bool{false, true, true, true, true}},
		{"one day", day, []bool{false, false, true, false, false}},
		{"under a parent of one day", under(bond("subdelega", "contatori"), short), []bool{false, false, true, false, false}},
		{"revoked", revoked(open), []bool{false, false, false, false, false}},
	} {
		for i, d := range days {
			q := reading(tt.bond)
			q.Oggi = d
			if v := decide(t, p, q); v.Allow != tt.want[i] || !v.Allow && (v.Code != "bond_not_good" || v.Visible) {
				t.Errorf("%s on %s: %+v", tt.name, d, v)
			}
		}
	}
}

// A day that is none compares as a text all the same, and could make a bond good: it is refused.
func TestQuestionsThatMakeNoSenseAreDenied(t *testing.T) {
	t.Parallel()
	p := build(t)
	broken := func(do func(b *Bond)) Question {
		b := bond("titolare", all...)
		do(&b)
		return reading(b)
	}
	revoke := reading(bond("titolare", all...))
	revoke.Azione, revoke.Delega = "deleghe.conferisci", &Delegation{Tipo: "intermediario", Dal: today, Al: "presto"}
	noDay := reading(bond("titolare", all...))
	noDay.Oggi = ""
	for name, tt := range map[string]struct {
		q    Question
		want string
	}{
		"no today":            {noDay, `oggi: "" is no day`},
		"no first day":        {broken(func(b *Bond) { b.Dal = "" }), `bond 0190-titolare: dal: "" is no day`},
		"a last day of words": {broken(func(b *Bond) { b.Al = "zzzz-zz-zz" }), `al: "zzzz-zz-zz" is no day`},
		"a month too many":    {broken(func(b *Bond) { b.Al = "2025-13-01" }), `"2025-13-01" is no day`},
		"a day too many":      {broken(func(b *Bond) { b.Dal = "2025-01-32" }), `"2025-01-32" is no day`},
		"an Italian day":      {broken(func(b *Bond) { b.Dal = "01/01/2025" }), `"01/01/2025" is no day`},
		"in a parent":         {broken(func(b *Bond) { *b = under(*b, Bond{Dal: "x"}) }), `parent: dal: "x" is no day`},
		"in a delegation":     {revoke, `delega: al: "presto" is no day`},
	} {
		v, err := p.Decide(t.Context(), tt.q)
		if err == nil || !strings.Contains(err.Error(), tt.want) || v.Allow || v.Code != CodeError {
			t.Errorf("%s: %+v, %v; want an error with %s", name, v, err, tt.want)
		}
		if tt.q.Oggi == "" {
			if r, v, err := p.Reach(t.Context(), tt.q); err == nil || v.Allow || v.Code != CodeError || !cmp.Equal(r, Reach{}) {
				t.Errorf("%s: a list: %+v %+v %v", name, r, v, err)
			}
		}
	}
}

func TestACancelledRequestIsDenied(t *testing.T) {
	t.Parallel()
	p := build(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v, err := p.Decide(ctx, reading(bond("titolare", all...)))
	if !errors.Is(err, context.Canceled) || v.Allow || v.Code != CodeError {
		t.Errorf("Decide: %+v, %v", v, err)
	}
	if r, v, err := p.Reach(ctx, reading()); !errors.Is(err, context.Canceled) || v.Allow || len(r.Tipi) > 0 {
		t.Errorf("Reach: %+v, %+v, %v", r, v, err)
	}
}

// Office and bonds are those of a matricola: without one they count for nothing.
func TestNothingIsBoundToNoMatricola(t *testing.T) {
	t.Parallel()
	p := build(t)
	q := reading(bond("titolare", all...))
	q.Matricola = ""
	if v := decide(t, p, q); v.Allow || v.Code != "matricola_missing" {
		t.Errorf("bonds: %+v", v)
	}
	q.Person, q.Sede = atHome("operatore"), home
	if v := decide(t, p, q); v.Allow || v.Code != "matricola_missing" {
		t.Errorf("office: %+v", v)
	}
}

func TestALevelBeyondTheScaleIsOneOfIt(t *testing.T) {
	t.Parallel()
	p := build(t)
	for level, want := range map[int]bool{-1: false, 0: false, 1: false, 2: true, 3: true, 4: true, 1 << 40: true} {
		q := reading(bond("titolare", all...))
		q.Person = someone(level, "impresa")
		if v := decide(t, p, q); v.Allow != want {
			t.Errorf("level %d: %+v", level, v)
		}
	}
}

func TestWhoMayRevoke(t *testing.T) {
	t.Parallel()
	p := build(t)
	given := Delegation{
		ID: "0191", Tipo: "subdelega", Delegante: "GRANTER", Delegato: "HOLDER", PadreDelegato: "PARENT", Servizi: []string{"contatori"},
		Dal: "2025-01-01",
	}
	ask := func(who string, change func(*Question)) Verdict {
		d := given
		q := Question{Person: someone(2, "impresa"), Azione: "deleghe.revoca", Matricola: "4900000001", Sede: away, Delega: &d, Oggi: today}
		q.Person.CodiceFiscale = who
		change(&q)
		return decide(t, p, q)
	}
	same := func(*Question) {}
	for who, want := range map[string]string{"GRANTER": "delegante", "HOLDER": "delegato", "PARENT": "delegato_padre"} {
		if v := ask(who, same); !v.Allow || v.Ruolo != want || v.Delega != "0191" || len(v.Reasons) == 0 {
			t.Errorf("%s: %+v", who, v)
		}
	}
	titolare := func(q *Question) { q.Bonds = []Bond{bond("titolare")} }
	if v := ask("OTHER", titolare); !v.Allow || v.Base != BaseOwn {
		t.Errorf("the titolare: %+v", v)
	}
	for name, change := range map[string]func(*Question){
		"somebody else":          same,
		"a titolare until today": func(q *Question) { q.Bonds = []Bond{until(bond("titolare"), "2025-06-14")} },
		"nobody's codice fiscale": func(q *Question) {
			q.Delega.Delegante, q.Person.CodiceFiscale = "", ""
		},
		"an operatore": func(q *Question) { q.Person.Ruoli, q.Sede, q.Person.Sede = []string{"operatore"}, home, home },
	} {
		if v := ask("OTHER", change); v.Allow {
			t.Errorf("%s: %+v", name, v)
		}
	}
	hidden := ask("OTHER", same)
	if hidden.Visible || hidden.Code != "delega_not_yours" {
		t.Errorf("somebody else learns that it exists: %+v", hidden)
	}
}

func TestASubdelegaStaysWithinItsParent(t *testing.T) {
	t.Parallel()
	p := build(t)
	for _, tt := range []struct {
		name   string
		change func(d *Delegation)
		want   string
	}{
		{"as wide and long as it", func(d *Delegation) {
			d.Dal, d.Al, d.Servizi = "2025-01-01", "2025-12-31", []string{"contatori", "chat"}
		}, ""},
		{"nothing", func(d *Delegation) { d.Servizi = nil }, ""},
		{"a service more", func(d *Delegation) { d.Servizi = []string{"contatori", "domande"} }, "subdelega_wider"},
		{"the right to delegate on", func(d *Delegation) { d.Servizi = []string{"deleghe"} }, "subdelega_wider"},
		{"no service that is", func(d *Delegation) { d.Servizi = []string{""} }, ""},
		{"a day before", func(d *Delegation) { d.Dal = "2024-12-31" }, "subdelega_longer"},
		{"a day after", func(d *Delegation) { d.Al = "2026-01-01" }, "subdelega_longer"},
		{"without end", func(d *Delegation) { d.Al = "" }, "subdelega_longer"},
		{"under another", func(d *Delegation) { d.Padre = "0000" }, "delega_not_yours"},
		{"of another kind", func(d *Delegation) { d.Tipo = "intermediario" }, "delega_tipo"},
	} {
		d := asked("deleghe.subdelega")
		tt.change(d)
		q := reading(bond("intermediario", "contatori", "chat", "deleghe"))
		q.Azione, q.Delega = "deleghe.subdelega", d
		if v := decide(t, p, q); v.Code != tt.want || v.Allow != (tt.want == "") {
			t.Errorf("%s: %+v, want %q", tt.name, v, tt.want)
		}
	}
}

func TestPoliciesServeManyAtOnce(t *testing.T) {
	t.Parallel()
	p := build(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := range 100 {
				q := reading(bond("intermediario", "contatori"))
				if n%2 == i%2 {
					q.Bonds = nil
				}
				v, err := p.Decide(t.Context(), q)
				if err != nil || v.Allow != (len(q.Bonds) > 0) {
					t.Errorf("%+v, %v", v, err)
					return
				}
			}
		})
	}
	group.Wait()
}

// FuzzDecide never finds access to the archive for a person whom nothing binds to the matricola.
func FuzzDecide(f *testing.F) {
	p := build(f)
	f.Add("contatori.leggi", "impresa", "4900000001", away, subject, "intermediario", "contatori", "2025-01-01", "", 2, false)
	f.Add("deleghe.revoca", "impresa,pubblico", "1", "", "", "titolare", "", "0000-00-00", "9999-99-99", 3, true)
	f.Add("regole.leggi", "operatore", "", home, "\xff", "subdelega", "deleghe", today, today, -1, false)
	f.Fuzz(func(t *testing.T, action, role, matricola, sede, cf, kind, service, dal, al string, level int, dev bool) {
		who := &Person{CodiceFiscale: cf, Ruoli: strings.Split(role, ","), Livello: level, Profilo: "portale", Sede: sede}
		q := Question{
			Person: who, Azione: action, Matricola: matricola, Sede: sede, Oggi: today, Sviluppo: dev,
			Bonds:  []Bond{{ID: "1", Tipo: kind, Servizi: []string{service}, Dal: dal, Al: al}},
			Delega: &Delegation{ID: "1", Tipo: kind, Delegante: "", Servizi: []string{service}, Dal: dal, Al: al},
		}
		v, err := p.Decide(t.Context(), q)
		sound(t, q, v, err)
		q.Bonds, who.Ruoli = nil, []string{"impresa"}
		v, err = p.Decide(t.Context(), q)
		sound(t, q, v, err)
		if v.Allow && p.tables.Azioni[action].Riguarda == "matricola" {
			t.Errorf("%q on %q without a bond: %+v", action, matricola, v)
		}
		reach, v, err := p.Reach(t.Context(), q)
		sound(t, q, v, err)
		if reach.All || reach.Sede != "" || len(reach.Tipi) > 0 && reach.CodiceFiscale != cf {
			t.Errorf("a person reaches %+v", reach)
		}
	})
}

// sound is what holds of every answer.
func sound(t *testing.T, q Question, v Verdict, err error) {
	t.Helper()
	switch {
	case err != nil && (v.Allow || v.Code != CodeError):
		t.Errorf("%+v: %v and %+v", q, err, v)
	case v.Allow && (v.Code != "" || !slices.Contains(Actions(), q.Azione)):
		t.Errorf("%+v: %+v", q, v)
	case !v.Allow && !slices.Contains(Codes(), v.Code):
		t.Errorf("%+v: a deny without a code: %+v", q, v)
	case v.Code == CodeUndefined:
		t.Errorf("%+v: undefined", q)
	}
}

func BenchmarkDecide(b *testing.B) {
	p := build(b)
	sub := under(bond("subdelega", all...), bond("intermediario", all...))
	office := reading()
	office.Person, office.Sede = atHome("operatore"), home
	many := reading()
	for i := range 10 {
		old := until(bond("intermediario", all...), fmt.Sprintf("2025-05-%02d", i+1))
		many.Bonds = append(many.Bonds, old)
	}
	for _, bm := range []struct {
		name  string
		q     Question
		allow bool
	}{
		{"titolare", reading(bond("titolare", all...)), true},
		{"intermediario", reading(bond("intermediario", "contatori", "provvedimenti")), true},
		{"subdelega", reading(sub), true},
		{"operatore", office, true},
		{"nobody", reading(), false},
		{"expired", reading(until(bond("intermediario", all...), "2025-06-14")), false},
		{"ten expired", many, false},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v, err := p.Decide(b.Context(), bm.q); err != nil || v.Allow != bm.allow {
					b.Fatalf("%+v, %v", v, err)
				}
			}
		})
	}
}

func BenchmarkReach(b *testing.B) {
	p, q := build(b), reading()
	b.ReportAllocs()
	for b.Loop() {
		if _, v, err := p.Reach(b.Context(), q); err != nil || !v.Allow {
			b.Fatalf("%+v, %v", v, err)
		}
	}
}

func TestARequestWhoseTimeIsUpSaysSo(t *testing.T) {
	t.Parallel()
	failed := errors.New("eval_cancel_error")
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	<-ctx.Done()
	if err := interrupted(ctx, failed); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("out of time: %v", err)
	}
	if err := interrupted(t.Context(), failed); !errors.Is(err, failed) {
		t.Errorf("in time: %v", err)
	}
}
