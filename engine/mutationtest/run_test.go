package mutationtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
	"omnia/rules"
)

// least is the share of mutants that the cases must notice.
const least = 0.90

// fate is what became of a mutant.
type fate uint8

const (
	survived fate = iota
	killed
	stopped // it does not load: the check of the rules noticed
)

func TestTheCasesNoticeMistakesInTheLaw(t *testing.T) {
	cases, defects := rulebook.Cases(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	f := shipped(t)
	bench := newBench(t, f, cases)
	all, outOfScope := mutants(t, f)
	if len(all) < 500 {
		t.Fatalf("only %d mutants: the patterns no longer fit the files", len(all))
	}
	fates := bench.run(all)
	report := newReport(all, fates)
	report.print(t, outOfScope)
	if share := report.share(); share < least {
		t.Errorf("the cases notice %.1f %% of the mistakes, less than %.0f %%: write a case for the survivors", 100*share, 100*least)
	}
}

// bench runs cases on mutants.
type bench struct {
	folder   folder
	cases    []rulebook.TestCase
	baseline []*engine.Counters // the answers under the law as it is; nil for an input that is refused
	kills    []atomic.Int64     // by case: what killed often is tried first
}

func newBench(t testing.TB, f folder, cases []rulebook.TestCase) *bench {
	t.Helper()
	ed, defects := rulebook.Load(f.with("", ""))
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	b := &bench{folder: f, kills: make([]atomic.Int64, len(cases))}
	g := engine.New(ed)
	for i := range cases {
		answer, refused, err := decide(g, &cases[i])
		if err != nil {
			t.Errorf("%s: %v", cases[i].Label(), err)
			continue
		}
		if d := check(&cases[i], answer, refused); len(d) > 0 {
			t.Errorf("%s fails on the law as it is: %v", cases[i].Label(), d)
			continue
		}
		b.cases, b.baseline = append(b.cases, cases[i]), append(b.baseline, answer)
	}
	return b
}

// decide is the answer that a case is checked on, without what no case looks at, or the refusal of
// its input. Where the engine breaks, that is an error like any other: a mutant that breaks it is
// noticed.
func decide(g *engine.Engine, c *rulebook.TestCase) (answer *engine.Counters, refused *fault.Fault, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine broke: %v", p)
		}
	}()
	facts, err := fact.Decode(g.Edition().Vocabulary, c.FactsJSON, fact.Options{})
	if err == nil {
		answer, err = g.Counters(facts, engine.Options{Today: c.Today, Language: "it", Explain: engine.Short})
	}
	if errors.As(err, &refused) {
		return nil, refused, nil
	}
	if err != nil {
		return nil, nil, err
	}
	answer.Decision = engine.Header{}
	for i := range answer.Items {
		it := &answer.Items[i]
		it.Title, it.Law, it.Rule, it.Explanation = "", nil, engine.RuleRef{}, nil
		for j := range it.Periods {
			it.Periods[j].Reason = ""
		}
	}
	return answer, nil, nil
}

// check compares as `omnia rules test` does.
func check(c *rulebook.TestCase, answer *engine.Counters, refused *fault.Fault) rulebook.Defects {
	var seen any = answer
	if refused != nil {
		seen = map[string]any{"errors": refused.Details}
	}
	text, err := json.Marshal(seen)
	if err != nil {
		return rulebook.Defects{{Message: err.Error()}}
	}
	return c.Check(text)
}

// run tries every mutant, on all cores.
func (b *bench) run(all []mutant) []fate {
	return onAllCores(len(all), func(i int) fate { return b.try(&all[i]) })
}

// onAllCores is the fate of each of n mutants.
func onAllCores(n int, try func(i int) fate) []fate {
	fates := make([]fate, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < n; i = next.Add(1) - 1 {
				fates[i] = try(int(i))
			}
		})
	}
	wg.Wait()
	return fates
}

// try loads a mutant and runs cases until one fails.
func (b *bench) try(m *mutant) fate {
	ed, defects := rulebook.Load(b.folder.with(m.file, m.text))
	if len(defects) > 0 {
		return stopped
	}
	g := engine.New(ed)
	for _, i := range b.order(m) {
		if b.notices(g, i) {
			b.kills[i].Add(1)
			return killed
		}
	}
	return survived
}

// order tries the cases of the counter that was changed first, then those that killed most.
func (b *bench) order(m *mutant) []int {
	own := strings.TrimSuffix(path.Base(m.file), ".yaml")
	order := make([]int, len(b.cases))
	weight := make([]int64, len(b.cases))
	for i := range order {
		order[i], weight[i] = i, b.kills[i].Load()
		if strings.HasPrefix(path.Base(b.cases[i].Place.File), own+".") {
			weight[i] += 1 << 32
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return int(weight[y] - weight[x]) })
	return order
}

// notices tells whether a case fails. An answer that is the same needs no comparing.
func (b *bench) notices(g *engine.Engine, i int) bool {
	answer, refused, err := decide(g, &b.cases[i])
	if err != nil {
		return true
	}
	if refused == nil && b.baseline[i] != nil && reflect.DeepEqual(answer, b.baseline[i]) {
		return false
	}
	return len(check(&b.cases[i], answer, refused)) > 0
}

// report counts fates by kind and by file.
type report struct {
	all   []mutant
	fates []fate
}

func newReport(all []mutant, fates []fate) *report { return &report{all, fates} }

// share is how many of the mutants that load are killed.
func (r *report) share() float64 {
	k, n := 0, 0
	for _, f := range r.fates {
		if f != stopped {
			n++
		}
		if f == killed {
			k++
		}
	}
	return float64(k) / float64(max(n, 1))
}

func (r *report) print(t testing.TB, outOfScope []string) {
	t.Helper()
	var out strings.Builder
	for _, by := range []struct {
		name string
		key  func(*mutant) string
	}{{"kind", func(m *mutant) string { return m.kind }}, {"file", func(m *mutant) string { return m.file }}} {
		fmt.Fprintf(&out, "\n%-44s %8s %8s %8s %8s\n", by.name, "killed", "alive", "stopped", "killed %")
		r.table(&out, by.key)
	}
	if len(outOfScope) > 0 {
		fmt.Fprintf(&out, "\nparameters that no counter reads, not mutated: %s\n", strings.Join(outOfScope, ", "))
	}
	fmt.Fprint(&out, "\nsurvivors:\n")
	for i := range r.all {
		if r.fates[i] == survived {
			fmt.Fprintln(&out, " ", r.all[i].String())
		}
	}
	t.Log(out.String())
}

func (r *report) table(out *strings.Builder, key func(*mutant) string) {
	counts := map[string]*[3]int{}
	var names []string
	total := [3]int{}
	for i := range r.all {
		k := key(&r.all[i])
		if counts[k] == nil {
			counts[k] = &[3]int{}
			names = append(names, k)
		}
		counts[k][r.fates[i]]++
		total[r.fates[i]]++
	}
	slices.Sort(names)
	line := func(name string, c *[3]int) {
		share := "-"
		if n := c[killed] + c[survived]; n > 0 {
			share = fmt.Sprintf("%.1f", 100*float64(c[killed])/float64(n))
		}
		fmt.Fprintf(out, "%-44s %8d %8d %8d %8s\n", name, c[killed], c[survived], c[stopped], share)
	}
	for _, n := range names {
		line(n, counts[n])
	}
	line("all", &total)
}
