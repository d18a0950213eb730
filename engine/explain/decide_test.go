package explain_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/rules"
)

var shipped = sync.OnceValues(func() (*rulebook.Edition, error) {
	ed, defects := rulebook.Load(rules.FS)
	return ed, defects.Err()
})

func edition(t testing.TB) *rulebook.Edition {
	t.Helper()
	ed, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return ed
}

// kase is a case of testdata with its results.
type kase struct {
	name    string
	facts   *fact.Facts
	ref     calendar.Day
	lang    string
	results []*counter.Result
	filled  []*rulebook.Presumption
}

func (k *kase) Ref() calendar.Day { return k.ref }

func (k *kase) Period(row int) (string, calendar.Span) {
	rec, g := k.facts.Get("periodi").Rows()[row], k.facts.Vocabulary.Groups["periodo"]
	return rec[g.Slot("numero")].Text, calendar.Span{From: rec[g.Slot("dal")].Day(), To: rec[g.Slot("al")].Day()}
}

func (k *kase) Request() (calendar.Span, bool) {
	from, to := k.facts.Get("richiesta.dal"), k.facts.Get("richiesta.al")
	return calendar.Span{From: from.Day(), To: to.Day()}, from.IsKnown() && to.IsKnown()
}

func (k *kase) Label(r fact.Ref) string               { return r.Field.Label.In(k.lang) }
func (k *kase) Presumed(p *rulebook.Presumption) bool { return slices.Contains(k.filled, p) }

// cases reads every case of testdata and runs the counters it names.
func cases(t testing.TB) []*kase {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata has no cases: %v", err)
	}
	var out []*kase
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Counters []string
			Facts    json.RawMessage
		}
		if err := json.Unmarshal(body, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		k := decide(t, c.Facts, c.Counters)
		k.name = strings.TrimSuffix(filepath.Base(file), ".json")
		out = append(out, k)
	}
	return out
}

// decide runs counters on facts; all of them when none is named.
func decide(t testing.TB, body []byte, only []string) *kase {
	t.Helper()
	return decideUnder(t, edition(t), body, only)
}

func decideUnder(t testing.TB, ed *rulebook.Edition, body []byte, only []string) *kase {
	t.Helper()
	f, err := fact.Decode(ed.Vocabulary, body, fact.Options{})
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	k := &kase{facts: f, lang: "it", ref: f.Get("richiesta.al").Day()}
	if v := f.Get("data_riferimento"); v.IsKnown() {
		k.ref = v.Day()
	}
	k.presume(ed)
	c := counter.NewPlan(ed).NewCase(f, k.ref)
	for _, x := range ed.Counters {
		if len(only) == 0 || slices.Contains(only, x.ID) {
			k.results = append(k.results, c.Run(x))
		}
	}
	return k
}

// presume fills what the presumptions that give a value fill, as a decision would.
func (k *kase) presume(ed *rulebook.Edition) {
	root := k.facts.Vocabulary.Root
	for _, p := range ed.Presumed {
		v := &p.Versions[0]
		if v.Value == nil {
			continue
		}
		env := rulebook.Env{Root: k.facts.Root, Day: k.ref}
		if root.Field(p.Target.Name) == p.Target {
			k.fill(p, v, &env, k.facts.Root)
			continue
		}
		for i, row := range k.facts.Get("periodi").Rows() {
			env.Row, env.RowIndex = row, i
			k.fill(p, v, &env, row)
		}
	}
}

func (k *kase) fill(p *rulebook.Presumption, v *rulebook.PresumptionVersion, env *rulebook.Env, rec fact.Record) {
	target := &rec[p.Target.Slot]
	if target.IsKnown() || v.When.Eval(env) != rulebook.True {
		return
	}
	if value, t := v.Value.Value(env); t == rulebook.True {
		*target = value.As(fact.Presumed)
		k.filled = append(k.filled, p)
	}
}
