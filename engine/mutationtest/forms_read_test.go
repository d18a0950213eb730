package mutationtest

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/rules"
)

var update = flag.Bool("update", false, "write anew what the cases of the forms get")

// A case says what it is about; what else its answer holds stands in testdata, a few lines for each case, for a
// person to read: the first case of a form in full, the others by what they add or change (+) and what they lack (−).
// A change of the rules shows there in every case that it touches.
func TestTheCasesOfTheFormsGetWhatWasRead(t *testing.T) {
	t.Parallel()
	f := formsOf(t)
	ed, defects := rulebook.Load(f.with("", ""))
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	cases, defects := rulebook.FormCases(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	texts := map[string]*strings.Builder{}
	first := map[string][]string{}
	g := engine.New(ed)
	for i := range cases {
		c := &cases[i]
		lines, err := linesOf(g, c)
		if err != nil {
			t.Fatalf("%s: %v", c.Label(), err)
		}
		b := texts[c.Form]
		if b == nil {
			b = &strings.Builder{}
			texts[c.Form], first[c.Form] = b, lines
			fmt.Fprintf(b, "== %s\n%s\n", c.Name, strings.Join(lines, "\n"))
			continue
		}
		fmt.Fprintf(b, "\n== %s\n", c.Name)
		for _, line := range lines {
			if !slices.Contains(first[c.Form], line) {
				fmt.Fprintf(b, "+ %s\n", line)
			}
		}
		for _, line := range first[c.Form] {
			if !slices.ContainsFunc(lines, func(l string) bool { return subject(l) == subject(line) }) {
				fmt.Fprintf(b, "− %s\n", subject(line))
			}
		}
	}
	for form, b := range texts {
		compareRead(t, filepath.Join("testdata", form+".txt"), b.String())
	}
}

// subject is what a line is about: its first two words, of which the second may be a name.
func subject(line string) string {
	words := strings.SplitN(line, " ", 3)
	return strings.Join(words[:min(2, len(words))], " ")
}

func compareRead(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; write it with: go test ./engine/mutationtest -run WhatWasRead -update", err)
	}
	if got == string(want) {
		return
	}
	was, is := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range is {
		if i >= len(was) || was[i] != is[i] {
			t.Fatalf("%s: line %d is %q, it was %q; read the difference, then: go test ./engine/mutationtest -run WhatWasRead -update", name, i+1, is[i], at(was, i))
		}
	}
	t.Fatalf("%s has %d lines more", name, len(was)-len(is))
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// linesOf is the answer to a case in lines, without what cites the law.
func linesOf(g *engine.Engine, c *rulebook.FormCase) (lines []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine broke: %v", p)
		}
	}()
	facts, err := fact.Decode(g.Edition().Vocabulary, c.FactsJSON, fact.Options{Language: "it", Lenient: true})
	if err != nil {
		return nil, err
	}
	v, err := g.Validate(facts, engine.ValidateOptions{Form: c.Form, Complete: c.Complete, Today: c.Today, Language: "it"})
	if err != nil {
		return nil, err
	}
	return linesOfAnswer(v), nil
}

func linesOfAnswer(v *engine.Validation) []string {
	lines := []string{"esito " + v.Outcome}
	for i := range v.Findings {
		f := &v.Findings[i]
		line := fmt.Sprintf("%s %s (%s) %s", f.Severity, f.Code, strings.Join(f.Fields, ", "), f.Message)
		if s := f.Suggestion; s != nil {
			line += fmt.Sprintf(" → %s = %s: %s", s.Field, s.Value, s.Text)
		}
		lines = append(lines, line)
	}
	for _, m := range v.Missing {
		lines = append(lines, "manca "+m.Field+": "+m.Why)
	}
	for _, d := range v.Derived {
		lines = append(lines, d.Name+" = "+plainly(d.Value))
	}
	for _, k := range v.Counters {
		line := "contatore " + k.ID + " " + k.Verdict
		if k.Residual != nil {
			line += ", restano " + k.Residual.Text
		}
		lines = append(lines, line)
	}
	for _, a := range v.Allowed {
		lines = append(lines, fmt.Sprintf("può %s%s%s%s: %s", a.Field, bound(" da ", a.Min), bound(" fino a ", a.Max), strings.Join(append([]string{""}, a.Options...), " "), a.Text))
	}
	return lines
}

// plainly is a value as JSON; of a quantity, its words.
func plainly(value engine.Scalar) string {
	var q struct{ Text string }
	if json.Unmarshal(value, &q) == nil {
		return q.Text
	}
	return string(value)
}

func bound(word string, value engine.Scalar) string {
	if len(value) == 0 {
		return ""
	}
	return word + string(value)
}
