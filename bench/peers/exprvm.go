package main

import (
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	material "omnia/engine/rulebook/bench"
)

// exprMachine is the machine of expr at its fastest: a typed map that is ready, one machine reused.
func exprMachine(inputs []material.Form) (engine, error) {
	envs := allValues[int](inputs)
	var programs []*vm.Program
	for _, r := range material.Generate(material.Seed) {
		p, err := expr.Compile(r.Expr, expr.Env(envs[0]), expr.AsBool())
		if err != nil {
			return engine{}, err
		}
		programs = append(programs, p)
	}
	var machine vm.VM
	return engine{name: "expr 1.17.8, its machine", run: func(i int, out *answers) {
		for j, p := range programs {
			v, err := machine.Run(p, envs[i])
			if err != nil {
				panic(err)
			}
			out[j] = v.(bool)
		}
	}}, nil
}
