// Command peers runs the hundred rules of the benchmark in other engines, in the same process and
// the same rounds as ours and as straight-line Go. Every engine must give the floor's answers on
// every form before it is timed.
//
//	cd bench/peers && go run .
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"omnia/bench/measure"
	material "omnia/engine/rulebook/bench"
)

const forms = 1000

// answers are those to all rules of one form.
type answers = [material.Rules]bool

// engine is one way to run the rules.
type engine struct {
	name string
	note string
	run  func(form int, out *answers) // out is only meaningful while agreement is checked
}

func main() {
	rounds := flag.Int("rounds", 7, "rounds, at least 7")
	slice := flag.Duration("slice", 100*time.Millisecond, "how long each engine runs in a round")
	flag.Parse()
	if err := run(measure.Plan{Rounds: *rounds, Slice: *slice}); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(plan measure.Plan) error {
	inputs := material.Forms(material.Seed, forms)
	var engines []engine
	for _, build := range []func([]material.Form) (engine, error){floor, ours, exprMachine, celGo, gruleEngine, opaEngine} {
		e, err := build(inputs)
		if err != nil {
			return err
		}
		if err := agree(e, inputs); err != nil {
			return err
		}
		engines = append(engines, e)
	}
	r := measure.Report{W: os.Stdout}
	r.Line("# The same 100 rules in other engines\n\n%s, %d CPUs, %d rounds of %v; medians of processor time. %d forms of 60 facts; every engine gave the floor's %d answers.\n",
		runtime.Version(), runtime.NumCPU(), max(plan.Rounds, 7), plan.Slice, forms, forms*material.Rules)
	var out answers
	subjects := make([]measure.Subject, len(engines))
	for i, e := range engines {
		subjects[i] = measure.Subject{Name: e.name, Run: func(i int) { e.run(i%forms, &out) }}
	}
	r.Rows(measure.Compare(plan, subjects...))
	return nil
}

// agree checks every answer against the floor.
func agree(e engine, inputs []material.Form) error {
	for i := range inputs {
		var want, got answers
		material.Floor(&inputs[i], &want)
		e.run(i, &got)
		for j := range want {
			if want[j] != got[j] {
				return fmt.Errorf("%s: form %d, rule %d is %v, the floor says %v", e.name, i, j, got[j], want[j])
			}
		}
	}
	return nil
}

func floor(inputs []material.Form) (engine, error) {
	return engine{name: "straight-line Go (floor)", run: func(i int, out *answers) { material.Floor(&inputs[i], out) }}, nil
}
