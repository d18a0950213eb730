package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	material "omnia/engine/rulebook/bench"
)

// opaEngine asks OPA, in this process, for the set of rules that hold; inputs are parsed before.
func opaEngine(inputs []material.Form) (engine, error) {
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.forms.holds"), rego.Module("forms.rego", regoText())).PrepareForEval(ctx)
	if err != nil {
		return engine{}, err
	}
	parsed := make([]ast.Value, len(inputs))
	for i := range inputs {
		if parsed[i], err = ast.InterfaceToValue(values[int64](&inputs[i])); err != nil {
			return engine{}, err
		}
	}
	return engine{name: "OPA 1.22.2, in process, input parsed before", run: func(i int, out *answers) {
		results, err := query.Eval(ctx, rego.EvalParsedInput(parsed[i]))
		if err != nil {
			panic(err)
		}
		*out = answers{}
		for _, id := range results[0].Expressions[0].Value.([]any) {
			var n int
			if _, err := fmt.Sscan(fmt.Sprint(id), &n); err != nil {
				panic(err)
			}
			out[n] = true
		}
	}}, nil
}

// regoText has one body for each alternative of each rule.
func regoText() string {
	var out strings.Builder
	out.WriteString("package forms\n\n")
	for i, r := range material.Generate(material.Seed) {
		for _, body := range alternatives(r.Expr) {
			body = startsWith.ReplaceAllString(body, `startswith($1, "a")`)
			body = membership.ReplaceAllString(body, "$1 in {$2}")
			body = strings.ReplaceAll(strings.ReplaceAll(body, " && ", "; "), "!b", "not b")
			fmt.Fprintf(&out, "holds contains %d if { %s }\n", i, rename(body, func(name string) string { return "input." + name }))
		}
	}
	return out.String()
}
