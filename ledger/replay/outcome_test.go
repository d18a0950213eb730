package replay_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"omnia/engine"
	"omnia/engine/quantity"
	"omnia/ledger/replay"
)

// notKept are the fields of the answers that the outcome leaves to the digest of the answer or to the receipt: words, citations, and which version
// of a rule it was. Whatever else an answer has must be in the outcome.
var notKept = []string{
	"Decision", "Items.Title", "Items.Law", "Items.Rule", "Items.Failure.Detail", "Items.Periods.Reason", "Warnings.Message",
	"Items.Periods.Numero", "Items.Periods.Dal", "Items.Periods.Al", // of the facts, in their order
	"Items.Explanation",
	"Findings.Rule.Digest", "Findings.Message", "Findings.Law", "Findings.Suggestion.Text", "Missing.Label", "Missing.Why",
	"Explanations", "Allowed.Text", "Allowed.Law", "Allowed.Rule",
}

// units are where the unit of all amounts of an item is taken from.
var units = []string{"Items.Counted.Unit", "Counters.Residual.Unit"}

func TestNoFieldOfAnAnswerIsForgotten(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]func() (answer reflect.Value, write func() []byte){
		"counters": func() (reflect.Value, func() []byte) {
			a := new(engine.Counters)
			return reflect.ValueOf(a).Elem(), func() []byte { return replay.CountersOutcome(a, nil) }
		},
		"validate": func() (reflect.Value, func() []byte) {
			a := new(engine.Validation)
			return reflect.ValueOf(a).Elem(), func() []byte { return replay.ValidationOutcome(a, nil) }
		},
	} {
		answer, write := outcome()
		fill(answer)
		kept := 0
		walk(answer, "", func(path string, v reflect.Value) {
			before := withoutAnswer(write())
			old := reflect.New(v.Type()).Elem()
			old.Set(v)
			alter(v)
			after := withoutAnswer(write())
			v.Set(old)
			left := strings.HasSuffix(path, ".Text") || strings.HasSuffix(path, ".Unit") && !slices.Contains(units, path) ||
				slices.ContainsFunc(notKept, func(p string) bool { return path == p || strings.HasPrefix(path, p+".") })
			if changed := before != after; changed == left {
				t.Errorf("%s: %s is in the outcome: %t; words and what the receipt binds must not be, all else must", name, path, changed)
			}
			kept++
		})
		if kept < 20 || !json.Valid(write()) {
			t.Errorf("%s: %d fields seen; %s", name, kept, write())
		}
	}
}

var answerMember = regexp.MustCompile(`"answer":"[^"]*"`)

func withoutAnswer(outcome []byte) string { return answerMember.ReplaceAllString(string(outcome), "") }

var rat = reflect.TypeFor[quantity.Rat]()

// walk visits every value that an answer has, the fields of others' packages too.
func walk(v reflect.Value, path string, visit func(string, reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		walk(v.Elem(), path, visit)
	case reflect.Struct:
		if v.Type() == rat {
			visit(path, v)
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				walk(v.Field(i), strings.TrimPrefix(path+"."+f.Name, "."), visit)
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			visit(path, v)
			return
		}
		walk(v.Index(0), path, visit)
	default:
		visit(path, v)
	}
}

// fill gives every value something.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		if v.Type() == rat {
			v.Set(reflect.ValueOf(quantity.Frac(1, 3)))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte("1"))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(20_000)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic(fmt.Sprintf("%s: say here how to fill it", v.Type()))
	}
}

// alter gives a value another one.
func alter(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "y")
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Slice:
		v.SetBytes([]byte("2"))
	case reflect.Struct:
		v.Set(reflect.ValueOf(quantity.Frac(2, 3)))
	default:
		panic(fmt.Sprintf("%s: say here how to alter it", v.Type()))
	}
}
