package guidatest

import (
	"encoding/json"
	"strings"
	"testing"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
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

// holds runs the case as `omnia rules test` does.
func holds(ed *rulebook.Edition, c *rulebook.TestCase) error {
	report := rulebook.RunCases([]rulebook.TestCase{*c}, decider(ed), nil)
	for _, f := range report.Failed {
		return f.Defects
	}
	return nil
}

// decider answers as the service would.
func decider(ed *rulebook.Edition) rulebook.Decider {
	e := engine.New(ed)
	return func(body []byte, today calendar.Day) ([]byte, error) {
		facts, err := fact.Decode(ed.Vocabulary, body, fact.Options{Language: "it"})
		if err != nil {
			return nil, err
		}
		answer, err := e.Counters(facts, engine.Options{Today: today, Language: "it", Explain: engine.Normal})
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	}
}
