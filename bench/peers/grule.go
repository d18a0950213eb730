package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/hyperjumptech/grule-rule-engine/ast"
	"github.com/hyperjumptech/grule-rule-engine/builder"
	grule "github.com/hyperjumptech/grule-rule-engine/engine"
	"github.com/hyperjumptech/grule-rule-engine/logger"
	"github.com/hyperjumptech/grule-rule-engine/pkg"

	material "omnia/engine/rulebook/bench"
)

// gruleEngine asks grule which rules match; their actions are not run.
func gruleEngine(inputs []material.Form) (engine, error) {
	logger.SetLogLevel(logger.ErrorLevel)
	library := ast.NewKnowledgeLibrary()
	if err := builder.NewRuleBuilder(library).BuildRuleFromResource("rules", "1", pkg.NewBytesResource([]byte(gruleText()))); err != nil {
		return engine{}, err
	}
	knowledge, err := library.NewKnowledgeBaseInstance("rules", "1")
	if err != nil {
		return engine{}, err
	}
	facts := make([]any, len(inputs))
	for i := range inputs {
		facts[i] = gruleFact(values[int64](&inputs[i]))
	}
	machine := grule.NewGruleEngine()
	return engine{name: "grule 1.20.4, FetchMatchingRules", run: func(i int, out *answers) {
		data := ast.NewDataContext()
		if err := data.Add("F", facts[i]); err != nil {
			panic(err)
		}
		matching, err := machine.FetchMatchingRules(data, knowledge)
		if err != nil {
			panic(err)
		}
		*out = answers{}
		for _, rule := range matching {
			n, err := strconv.Atoi(strings.TrimPrefix(rule.RuleName, "R"))
			if err != nil {
				panic(err)
			}
			out[n] = true
		}
	}}, nil
}

var (
	membership = regexp.MustCompile(`^(s[0-9]+) in \[(.*)\]$`)
	negated    = regexp.MustCompile(`!(b[0-9]+)`)
	lonely     = regexp.MustCompile(`(^|[ (])(b[0-9]+)`)
)

func gruleText() string {
	var out strings.Builder
	for i, r := range material.Generate(material.Seed) {
		text := startsWith.ReplaceAllString(r.Expr, `$1.HasPrefix("a")`)
		text = membership.ReplaceAllString(text, "$1.In($2)")
		text = lonely.ReplaceAllString(text, "$1$2 == true")
		text = negated.ReplaceAllString(text, "$1 == false")
		text = rename(text, func(name string) string { return "F." + strings.ToUpper(name[:1]) + name[1:] })
		fmt.Fprintf(&out, "rule R%d \"\" salience 0 {\n\twhen %s\n\tthen Retract(\"R%d\");\n}\n", i, text, i)
	}
	return out.String()
}

// gruleFact is a struct with a field for each fact: grule reads structs fastest.
func gruleFact(m map[string]any) any {
	var fields []reflect.StructField
	for name, v := range m {
		fields = append(fields, reflect.StructField{Name: strings.ToUpper(name[:1]) + name[1:], Type: reflect.TypeOf(v)})
	}
	object := reflect.New(reflect.StructOf(fields))
	for name, v := range m {
		object.Elem().FieldByName(strings.ToUpper(name[:1]) + name[1:]).Set(reflect.ValueOf(v))
	}
	return object.Interface()
}
