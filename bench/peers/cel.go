package main

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"

	material "omnia/engine/rulebook/bench"
)

func celGo(inputs []material.Form) (engine, error) {
	envs := allValues[int64](inputs)
	var options []cel.EnvOption
	types := map[byte]*cel.Type{'n': cel.IntType, 's': cel.StringType, 'd': cel.DoubleType, 'b': cel.BoolType}
	for name := range envs[0] {
		options = append(options, cel.Variable(name, types[name[0]]))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return engine{}, err
	}
	var programs []cel.Program
	for _, r := range material.Generate(material.Seed) {
		tree, issues := env.Compile(celText(r))
		if issues.Err() != nil {
			return engine{}, issues.Err()
		}
		p, err := env.Program(tree, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			return engine{}, err
		}
		programs = append(programs, p)
	}
	return engine{name: "cel-go 0.33.2", run: func(i int, out *answers) {
		for j, p := range programs {
			v, _, err := p.Eval(envs[i])
			if err != nil {
				panic(err)
			}
			out[j] = v.Value().(bool)
		}
	}}, nil
}

var (
	startsWith = regexp.MustCompile(`(s[0-9]+) startsWith "a"`)
	whole      = regexp.MustCompile(`([*=] )([0-9]+)`)
)

// celText is the rule in CEL, which does not mix whole numbers and doubles.
func celText(r material.Rule) string {
	text := startsWith.ReplaceAllString(r.Expr, `$1.startsWith("a")`)
	if strings.Contains(text, " * ") {
		text = whole.ReplaceAllString(text, "$1$2.0")
	}
	return text
}
