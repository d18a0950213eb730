package rulebook

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr/builtin"
	typecheck "github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"

	"omnia/engine/fact"
)

// environment is the vocabulary as expr's own type checker sees it.
type environment struct{ config *conf.Config }

// frontEnd is the configuration of expr's parser: every function of its own is off, and ours are known.
func frontEnd() *conf.Config {
	config := conf.CreateNew()
	for name := range config.Builtins {
		config.Disabled[name] = true
	}
	clear(config.Builtins)
	for name, f := range functions {
		config.Functions[name] = signature(f)
	}
	return config
}

// signature tells expr's checker how many arguments a function takes and what it gives. What
// hangs on the arguments (param, table, max, …) is any to it; our own check has settled those.
func signature(f *function) *builtin.Function {
	result := map[string]reflect.Type{
		"known": reflect.TypeFor[bool](), "data": reflect.TypeFor[time.Time](),
		"add_months": reflect.TypeFor[time.Time](), "add_days": reflect.TypeFor[time.Time](),
		"days": reflect.TypeFor[int](), "weeks": reflect.TypeFor[float64](), "workdays": reflect.TypeFor[int](),
		"add_weeks": reflect.TypeFor[time.Time](), "monday": reflect.TypeFor[time.Time](), "sunday": reflect.TypeFor[time.Time](), "month_end": reflect.TypeFor[time.Time](), "not_holiday": reflect.TypeFor[time.Time](),
		"has_row": reflect.TypeFor[bool](), "repeated": reflect.TypeFor[bool](),
		"count": reflect.TypeFor[int](), "floor": reflect.TypeFor[int](), "ceil": reflect.TypeFor[int](),
	}[f.Name]
	if result == nil {
		result = reflect.TypeFor[any]()
	}
	return &builtin.Function{
		Name: f.Name,
		Func: func(...any) (any, error) { return nil, errors.New("only for checking") },
		Validate: func(args []reflect.Type) (reflect.Type, error) {
			if len(args) < f.least || len(args) > f.most {
				return result, fmt.Errorf("wrong number of arguments for %s", f.Name)
			}
			return result, nil
		},
	}
}

// verify has expr's type checker read the tree too. Our own check has accepted it, and is the
// stricter; a disagreement means that one of the two is wrong, and then nothing is published.
func (c *checker) verify(tree *parser.Tree) {
	if c.scope.env == nil {
		c.scope.env = newEnvironment(c.scope)
	}
	if _, err := typecheck.Check(tree, c.scope.env.config); err != nil {
		var e *file.Error
		if !errors.As(err, &e) {
			e = &file.Error{Message: err.Error()}
		}
		c.defect(e.From, "type_error", "", "il controllo dei tipi non accetta l'espressione (%s)", e.Message)
	}
}

func newEnvironment(s *Scope) *environment {
	names := types.Map{}
	for _, f := range s.Vocabulary.Root.Fields {
		place(names, f.Name, f)
	}
	if s.Row != nil {
		for _, f := range s.Row.Fields {
			place(names, s.Row.Name+"."+f.Name, f)
		}
	}
	config := frontEnd()
	config.WithEnv(names)
	return &environment{config}
}

// place puts a dotted name into nested maps.
func place(m types.Map, name string, f *fact.Field) {
	head, rest, nested := strings.Cut(name, ".")
	if !nested {
		m[head] = checkedType(f.Type)
		return
	}
	inner, ok := m[head].(types.Map)
	if !ok {
		inner = types.Map{}
		m[head] = inner
	}
	place(inner, rest, f)
}

// checkedType stands for a type in expr's check. A decimal passes as float64 there: nothing is
// ever computed with it.
func checkedType(t fact.Type) types.Type {
	switch t {
	case fact.Text, fact.Code:
		return types.String
	case fact.Bool:
		return types.Bool
	case fact.Integer:
		return types.Int
	case fact.Decimal:
		return types.Float64
	case fact.Date:
		return types.TypeOf(time.Time{})
	}
	return types.TypeOf([]rowOfList{})
}

// rowOfList is the element of every list in expr's eyes: nothing can be read from it.
type rowOfList struct{}
