package main

import (
	"fmt"

	"omnia/bench/measure"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	material "omnia/engine/rulebook/bench"
)

// forms is how many random forms the rules are run on.
const forms = 1000

// rules measures a hundred conditions over sixty facts.
func (b *bench) rules() error {
	conditions, err := compileRules()
	if err != nil {
		return err
	}
	inputs := material.Forms(material.Seed, forms)
	records := make([]fact.Record, forms)
	for i := range inputs {
		records[i] = inputs[i].Record()
	}
	if err := agree(conditions, inputs, records); err != nil {
		return err
	}
	b.Title("100 rules over 60 facts", fmt.Sprintf("%d rules of ten shapes on %d random forms; every answer equals that of the floor.", material.Rules, forms))
	var out [material.Rules]bool
	env := &rulebook.Env{}
	trace := make(trace, 0, 4*material.Rules)
	rows := measure.Compare(b.plan,
		measure.Subject{Name: "straight-line Go (floor)", Run: func(i int) { material.Floor(&inputs[i%forms], &out) }},
		measure.Subject{Name: "our closures", Run: func(i int) {
			env.Root = records[i%forms]
			for _, c := range conditions {
				c.Eval(env)
			}
		}},
		measure.Subject{Name: "our closures, trace of every rule", Run: func(i int) {
			env.Root = records[i%forms]
			trace = trace[:0]
			for _, c := range conditions {
				trace = trace.of(c, env)
			}
		}},
	)
	b.Rows(rows)
	return nil
}

func compileRules() ([]*rulebook.Condition, error) {
	scope := &rulebook.Scope{Vocabulary: &fact.Vocabulary{Root: material.Group()}}
	var out []*rulebook.Condition
	for _, r := range material.Generate(material.Seed) {
		c, defects := rulebook.CompileCondition(r.Expr, rulebook.Place{}, scope)
		if len(defects) > 0 {
			return nil, fmt.Errorf("%s: %s", r.Expr, defects[0].Message)
		}
		out = append(out, c)
	}
	return out, nil
}

// agree checks that what is compared answers alike.
func agree(conditions []*rulebook.Condition, inputs []material.Form, records []fact.Record) error {
	var want [material.Rules]bool
	for i := range inputs {
		material.Floor(&inputs[i], &want)
		env := &rulebook.Env{Root: records[i]}
		for j, c := range conditions {
			if got := c.Eval(env); got != rulebook.True && want[j] || got != rulebook.False && !want[j] {
				return fmt.Errorf("form %d, rule %d (%s): %d, floor %v", i, j, c.Source, got, want[j])
			}
		}
	}
	return nil
}

// trace is what a reader of the decision is shown of each rule: its truth, and the value of every
// fact it read.
type trace []traced

type traced struct {
	field *fact.Field // nil: the truth of the rule
	truth rulebook.Tri
	num   int64
	text  string
	rat   quantity.Rat
}

func (t trace) of(c *rulebook.Condition, env *rulebook.Env) trace {
	t = append(t, traced{truth: c.Eval(env)})
	for _, f := range c.Reads() {
		v := &env.Root[f.Slot]
		t = append(t, traced{field: f, num: v.Num, text: v.Text, rat: v.Rat})
	}
	return t
}
