package guidatest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// caseFile is where a case of the guide is put, so that it is read by the reader of cases.
const caseFile = "counters/prova-della-guida.cases.yaml"

// expectation runs a case of the guide on a folder; the error says what the answer is instead.
func expectation(t *testing.T, f folder, facts, expect *block) error {
	t.Helper()
	f = f.clone()
	f[caseFile] = "schema: cases/v1\ncases:\n  - name: \"prova\"\n    facts:\n" + indent(facts.body) + "    expect:\n" + indent(expect.body)
	cases, defects := rulebook.Cases(f.fs())
	if err := defects.Err(); err != nil {
		t.Fatalf("%s: %v", expect, err)
	}
	ed, defects := rulebook.Load(f.fs())
	if err := defects.Err(); err != nil {
		t.Fatalf("%s: %v", expect, err)
	}
	for i := range cases {
		if cases[i].Place.File == caseFile {
			return holds(ed, &cases[i])
		}
	}
	t.Fatalf("%s: the case was not read", expect)
	return nil
}

func indent(s string) string {
	return "      " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n      ") + "\n"
}

// holds decides on the case and compares.
func holds(ed *rulebook.Edition, c *rulebook.TestCase) error {
	answer, err := decide(ed, c)
	if err != nil {
		return err
	}
	for _, e := range c.Expect {
		got, ok := answer[e.Key]
		if !ok {
			return fmt.Errorf("%s: not in the answer", e.Key)
		}
		if err := compare(e.Key, e, got); err != nil {
			return err
		}
	}
	return nil
}

// decide gives the answer by the names that a case uses: counters by id, warnings, errors.
func decide(ed *rulebook.Edition, c *rulebook.TestCase) (map[string]any, error) {
	facts, err := fact.Decode(ed.Vocabulary, c.FactsJSON, fact.Options{})
	var answer *engine.Counters
	if err == nil {
		today, _ := calendar.Parse("2026-11-23")
		answer, err = engine.Decide(ed, facts, engine.Options{Today: today, Language: "it", Explain: engine.Normal})
	}
	var refused *fault.Fault
	switch {
	case errors.As(err, &refused):
		return plain(map[string]any{"errors": refused.Details})
	case err != nil:
		return nil, err
	}
	named := map[string]any{"warnings": answer.Warnings}
	for _, it := range answer.Items {
		named[it.ID] = it
	}
	return plain(named)
}

// plain is v as a reader of its JSON sees it.
func plain(v any) (out map[string]any, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(text, &out)
}

// compare checks one expectation. A quantity is compared by its exact value; of a list, what is
// expected must be there.
func compare(at string, want rulebook.Expected, got any) error {
	switch want.Kind {
	case rulebook.ExpectObject:
		object, _ := got.(map[string]any)
		for _, f := range want.Fields {
			if f.Key == "absent" {
				for _, name := range f.Items {
					if v, ok := object[name.Text]; ok {
						return fmt.Errorf("%s.%s is %v, not absent", at, name.Text, v)
					}
				}
				continue
			}
			if err := compare(at+"."+f.Key, f, object[f.Key]); err != nil {
				return err
			}
		}
	case rulebook.ExpectList:
		list, _ := got.([]any)
		for _, item := range want.Items {
			if !slices.ContainsFunc(list, func(g any) bool { return compare(at, item, g) == nil }) {
				return fmt.Errorf("%s has nothing like the expected: %v", at, got)
			}
		}
	default:
		if q, ok := got.(map[string]any); ok {
			got = q["exact"]
		}
		if fmt.Sprint(got) != want.Text {
			return fmt.Errorf("%s is %v, not %s", at, got, want.Text)
		}
	}
	return nil
}
