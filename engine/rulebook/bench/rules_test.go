package bench

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	exprlang "github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

func TestFloorIsWhatTheGeneratorWrites(t *testing.T) {
	t.Parallel()
	got, err := os.ReadFile("floor.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, Source()) {
		t.Error("floor.go is not what the generator writes: run go generate ./engine/rulebook/bench")
	}
}

// material is the rules in every form, and the forms in every form.
type material struct {
	conditions []*rulebook.Condition
	slots      [][]int // facts each rule reads
	programs   []*vm.Program
	forms      []Form
	records    []fact.Record
	natives    []flat
}

func newMaterial(t testing.TB, forms int) *material {
	t.Helper()
	g := Group()
	scope := &rulebook.Scope{Vocabulary: &fact.Vocabulary{Root: g}}
	m := &material{forms: Forms(Seed, forms)}
	for i, r := range Generate(Seed) {
		c, defects := rulebook.CompileCondition(r.Expr, rulebook.Place{File: "bench", Line: i + 1, Col: 1}, scope)
		if len(defects) > 0 {
			t.Fatal(rulebook.Defects(defects).Error())
		}
		m.conditions = append(m.conditions, c)
		var slots []int
		for _, f := range c.Reads() {
			slots = append(slots, f.Slot)
		}
		m.slots = append(m.slots, slots)
		p, err := exprlang.Compile(r.Expr, exprlang.Env(flat{}), exprlang.AsBool())
		if err != nil {
			t.Fatal(err)
		}
		m.programs = append(m.programs, p)
	}
	for i := range m.forms {
		m.records = append(m.records, m.forms[i].Record())
		m.natives = append(m.natives, flatten(&m.forms[i]))
	}
	return m
}

// closures evaluates every rule on one form.
func (m *material) closures(e *rulebook.Env, out *[Rules]bool) {
	for i, c := range m.conditions {
		out[i] = c.Eval(e) == rulebook.True
	}
}

// arena is a full trace: of each rule its verdict, and the facts it read. Facts never change
// during a decision, so a trace points to their values.
type arena struct {
	steps  []step
	values []*fact.Value
}

type step struct {
	rule     int32
	verdict  rulebook.Tri
	from, to int32
}

func (m *material) traced(e *rulebook.Env, out *[Rules]bool, a *arena) {
	a.steps, a.values = a.steps[:0], a.values[:0]
	for i, c := range m.conditions {
		verdict := c.Eval(e)
		from := int32(len(a.values))
		for _, s := range m.slots[i] {
			a.values = append(a.values, &e.Root[s])
		}
		a.steps = append(a.steps, step{int32(i), verdict, from, int32(len(a.values))})
		out[i] = verdict == rulebook.True
	}
}

func (m *material) machine(t testing.TB, v *vm.VM, form *flat, out *[Rules]bool) {
	var env any = *form // boxed once for all rules
	for i, p := range m.programs {
		result, err := v.Run(p, env)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = result.(bool)
	}
}

func TestEveryEngineGivesTheSameAnswers(t *testing.T) {
	t.Parallel()
	m := newMaterial(t, 1000)
	count := map[bool]int{}
	for i := range m.forms {
		var floor, closures, traced, machine [Rules]bool
		e := &rulebook.Env{Root: m.records[i]}
		Floor(&m.forms[i], &floor)
		m.closures(e, &closures)
		m.traced(e, &traced, &arena{})
		m.machine(t, new(vm.VM), &m.natives[i], &machine)
		for j := range floor {
			count[floor[j]]++
			if floor[j] != closures[j] || floor[j] != traced[j] || floor[j] != machine[j] {
				t.Fatalf("form %d, rule %s: Go %v, closures %v, traced %v, machine %v", i, m.conditions[j].Canonical(), floor[j], closures[j], traced[j], machine[j])
			}
		}
	}
	if count[false] < 5000 || count[true] < 5000 {
		t.Errorf("the rules are lopsided: %v", count)
	}
}

func TestEvaluationAllocatesNothing(t *testing.T) {
	m := newMaterial(t, 20)
	var out [Rules]bool
	var a arena
	e := &rulebook.Env{Root: m.records[0]}
	m.traced(e, &out, &a)
	form := 0
	if n := testing.AllocsPerRun(200, func() {
		e.Root = m.records[form%len(m.records)]
		form++
		m.closures(e, &out)
		m.traced(e, &out, &a)
	}); n != 0 {
		t.Errorf("evaluation allocates %v times", n)
	}
}

// TestRatios prints the ratios to straight-line Go, each the median of interleaved rounds. It
// judges nothing: run it with OMNIA_BENCH=1 on a quiet machine and read it.
//
// A decision is taken once, on facts that were read just before. So each form is brought into
// the cache, outside of the time taken, and then evaluated once; over a thousand forms no branch
// can be learnt by heart.
func TestRatios(t *testing.T) {
	if os.Getenv("OMNIA_BENCH") == "" {
		t.Log("set OMNIA_BENCH=1 to measure")
		return
	}
	m := newMaterial(t, 1000)
	h := newHot(m)
	var a arena
	v := new(vm.VM)
	h.report(t, 15, []variant{
		{"straight-line Go", func() { Floor(&h.form, &h.out) }},
		{"closures", func() { m.closures(&h.env, &h.out) }},
		{"closures, every rule traced", func() { m.traced(&h.env, &h.out, &a) }},
		{"machine of expr, struct by value", func() { m.machine(t, v, &h.native, &h.out) }},
	})
	var shapes []variant
	for shape := range 10 {
		shapes = append(shapes, variant{"ten of " + m.conditions[shape].Canonical(), func() {
			for j := shape; j < Rules; j += 10 {
				m.conditions[j].Eval(&h.env)
			}
		}})
	}
	h.report(t, 7, shapes)
}

// hot is where each form is copied to before it is evaluated.
type hot struct {
	*material
	form   Form
	env    rulebook.Env
	native flat
	out    [Rules]bool
}

func newHot(m *material) *hot {
	h := &hot{material: m}
	h.env.Root = make(fact.Record, len(m.records[0]))
	return h
}

func (h *hot) load(i int) {
	h.form, h.native = h.forms[i], h.natives[i]
	copy(h.env.Root, h.records[i])
}

type variant struct {
	name string
	run  func()
}

func (h *hot) report(t *testing.T, rounds int, variants []variant) {
	ratios, times := make([][]float64, len(variants)), make([][]float64, len(variants))
	for range rounds {
		clock := h.measure(func() {})
		var floor float64
		for i, v := range variants {
			ns := h.measure(v.run) - clock
			if i == 0 {
				floor = ns
			}
			times[i] = append(times[i], ns)
			ratios[i] = append(ratios[i], ns/floor)
		}
	}
	var b strings.Builder
	for i, v := range variants {
		fmt.Fprintf(&b, "\n%-110s %9.0f ns  x%.2f", v.name, median(times[i]), median(ratios[i]))
	}
	t.Log(b.String())
}

// measure is the mean time of one form, the clock's own included.
func (h *hot) measure(run func()) float64 {
	var total time.Duration
	n := 0
	for total < 20*time.Millisecond && n < 50*len(h.forms) {
		for i := range h.forms {
			h.load(i)
			start := time.Now()
			run()
			total += time.Since(start)
		}
		n += len(h.forms)
	}
	return float64(total.Nanoseconds()) / float64(n)
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return s[len(s)/2]
}

func BenchmarkRules(b *testing.B) {
	m := newMaterial(b, 1000)
	var out [Rules]bool
	var a arena
	e, v := &rulebook.Env{}, new(vm.VM)
	runs := map[string]func(int){
		"floor":    func(i int) { Floor(&m.forms[i], &out) },
		"closures": func(i int) { e.Root = m.records[i]; m.closures(e, &out) },
		"traced":   func(i int) { e.Root = m.records[i]; m.traced(e, &out, &a) },
		"machine":  func(i int) { m.machine(b, v, &m.natives[i], &out) },
	}
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				runs[name](i % len(m.forms))
			}
		})
	}
}
