package main

import (
	"fmt"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
	material "omnia/engine/rulebook/bench"
)

func ours(inputs []material.Form) (engine, error) {
	scope := &rulebook.Scope{Vocabulary: &fact.Vocabulary{Root: material.Group()}}
	var conditions []*rulebook.Condition
	for _, r := range material.Generate(material.Seed) {
		c, defects := rulebook.CompileCondition(r.Expr, rulebook.Place{}, scope)
		if len(defects) > 0 {
			return engine{}, fmt.Errorf("%s: %s", r.Expr, defects[0].Message)
		}
		conditions = append(conditions, c)
	}
	records := make([]fact.Record, len(inputs))
	for i := range inputs {
		records[i] = inputs[i].Record()
	}
	env := &rulebook.Env{}
	return engine{name: "our closures (three-valued, exact)", run: func(i int, out *answers) {
		env.Root = records[i]
		for j, c := range conditions {
			out[j] = c.Eval(env) == rulebook.True
		}
	}}, nil
}
