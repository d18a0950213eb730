package rulebook_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"omnia/engine/fact"
	. "omnia/engine/rulebook"
)

var here = Place{File: "prova.yaml", Line: 1, Col: 1}

// grow compiles a random condition and hands it over with its source.
func grow(t *testing.T, w *world, n int, asked bool, check func(r *rand.Rand, src string, c *Condition)) {
	t.Helper()
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(1, seed))
		g := &grower{Rand: r, asked: asked}
		src := g.boolean(1 + r.IntN(4))
		for len(src) > 1500 {
			src = g.boolean(2)
		}
		c, defects := CompileCondition(src, here, w.Scope)
		if len(defects) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, src, Defects(defects).Error())
		}
		check(r, src, c)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestClosuresMeanWhatTheTreeSays(t *testing.T) {
	t.Parallel()
	w := newWorld()
	seen := map[Tri]int{}
	grow(t, w, 8_000, true, func(r *rand.Rand, src string, c *Condition) {
		tree := parse(src)
		for range 4 {
			e := w.env(r, r.IntN(60))
			got, want := c.Eval(e), naive{w, e}.truth(tree)
			seen[want]++
			if got != want {
				t.Errorf("%s\n is %d, want %d", src, got, want)
			}
			if (got == Failed) != (e.Failure != nil) {
				t.Errorf("%s\n is %d with failure %v", src, got, e.Failure)
			}
		}
	})
	for _, v := range []Tri{False, True, Unknown, Failed} {
		if seen[v] < 500 {
			t.Errorf("the generator gave %d only %d times", v, seen[v])
		}
	}
}

func TestWhatIsDecidedNeverChanges(t *testing.T) {
	t.Parallel()
	w := newWorld()
	grow(t, w, 4_000, false, func(r *rand.Rand, src string, c *Condition) {
		e := w.env(r, 40)
		got := c.Eval(e)
		if got != True && got != False {
			return
		}
		for range 5 {
			full := c.Eval(w.complete(r, e))
			if full != got && full != Failed { // what was unknown may turn out not to be computable
				t.Errorf("%s\n is %d, and %d once everything is known", src, got, full)
			}
		}
	})
}

func TestOnlyBlockingFactsCanDecide(t *testing.T) {
	t.Parallel()
	w := newWorld()
	some := 0
	grow(t, w, 4_000, false, func(r *rand.Rand, src string, c *Condition) {
		e := w.env(r, 40)
		used := 0
		e.Used = func(*Parameter, *ParameterVersion) { used++ }
		got := c.Eval(e)
		before, failure := used, e.Failure
		refs := c.Blocking(e, nil)
		if used != before || e.Failure != failure {
			t.Errorf("%s\n asking what blocks left a trace", src)
		}
		if got != Unknown {
			if len(refs) > 0 {
				t.Errorf("%s\n is %d but blocked by %s", src, got, paths(refs))
			}
			return
		}
		if len(refs) > 0 {
			some++
		}
		named := func(f *fact.Field, row int) bool { return slices.Contains(refs, fact.Ref{Field: f, Row: row}) }
		for i, ref := range refs {
			if slices.Contains(refs[:i], ref) {
				t.Errorf("%s\n names %s twice", src, ref.Path())
			}
			if v := valueOf(w, e, ref); v.State != fact.Unknown {
				t.Errorf("%s\n is not blocked by %s, which is known", src, ref.Path())
			}
		}
		for range 3 {
			other := *e
			other.Used = nil
			other.Root = w.fill(r, w.root, e.Root, named)
			other.Row = w.fill(r, w.row, e.Row, func(f *fact.Field, _ int) bool { return named(f, e.RowIndex) })
			if now := c.Eval(&other); now != Unknown && now != Failed {
				t.Errorf("%s\n is blocked by %s, yet %d once the rest is known", src, paths(refs), now)
			}
		}
	})
	if some < 300 {
		t.Errorf("only %d conditions were blocked", some)
	}
}

func paths(refs []fact.Ref) (p []string) {
	for _, r := range refs {
		p = append(p, r.Path())
	}
	return p
}

// valueOf finds a named fact. A row of `periodi` and the row in hand share their fields: index 3
// is the row in hand, of which lists here have at most three before it.
func valueOf(w *world, e *Env, ref fact.Ref) fact.Value {
	switch {
	case ref.Row < 0:
		return e.Root[ref.Field.Slot]
	case ref.Row == e.RowIndex:
		return e.Row[ref.Field.Slot]
	}
	return e.Root[w.root.Slot("periodi")].Rows()[ref.Row][ref.Field.Slot]
}

func TestCanonicalFormIsStable(t *testing.T) {
	t.Parallel()
	w := newWorld()
	grow(t, w, 3_000, true, func(r *rand.Rand, src string, c *Condition) {
		again, defects := CompileCondition(c.Canonical(), here, w.Scope)
		if len(defects) > 0 {
			t.Errorf("%s\n is printed as %s\n%s", src, c.Canonical(), Defects(defects).Error())
			return
		}
		if again.Canonical() != c.Canonical() {
			t.Errorf("%s\n is printed as %s\n and then as %s", src, c.Canonical(), again.Canonical())
		}
		for range 3 {
			if e := w.env(r, 30); c.Eval(e) != again.Eval(e) {
				t.Errorf("%s\n and its form %s differ", src, c.Canonical())
			}
		}
	})
}
