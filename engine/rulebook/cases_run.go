package rulebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"omnia/engine/calendar"
	"omnia/internal/fault"
)

// Decider gives the answer to facts, as the service would: a decision, or a *fault.Fault of an
// input that no decision can be taken on.
type Decider func(factsJSON []byte, today calendar.Day) (answerJSON []byte, err error)

// CasesDay is the civil day of a case that names none: cases do not depend on when they are run.
var CasesDay = calendar.MustParse("2026-01-01")

// CaseReport is what running the cases showed.
type CaseReport struct {
	Run    int
	Failed []FailedCase
}

// FailedCase is one case that does not hold, with every difference.
type FailedCase struct {
	Case    *TestCase
	Defects Defects
}

// RunCases decides every case and compares. Coverage, when not nil, is told each answer.
func RunCases(cases []TestCase, decide Decider, coverage *Coverage) *CaseReport {
	report := &CaseReport{Run: len(cases)}
	for i := range cases {
		c := &cases[i]
		answer, err := decide(c.FactsJSON, c.Today)
		var refused *fault.Fault
		switch {
		case errors.As(err, &refused):
			answer = problem(refused)
		case err != nil:
			report.fail(c, Defects{{Place: c.Place, Code: "case_failed", Message: "la decisione non riesce: " + err.Error()}})
			continue
		}
		coverage.answer(answer)
		if d := c.Check(answer); len(d) > 0 {
			report.fail(c, d)
		}
	}
	return report
}

// Add takes the cases of another report into this one.
func (r *CaseReport) Add(o *CaseReport) { r.Run, r.Failed = r.Run+o.Run, append(r.Failed, o.Failed...) }

func (r *CaseReport) fail(c *TestCase, d Defects) { r.Failed = append(r.Failed, FailedCase{c, d}) }

// problem is what the service answers to a fault, as far as cases look at it.
func problem(f *fault.Fault) []byte {
	details := f.Details
	if len(details) == 0 {
		details = []fault.Detail{{Code: f.Code, Text: f.Text}}
	}
	b, _ := json.Marshal(map[string]any{"code": f.Code, "errors": details}) // plain words: always has a JSON form
	return b
}

// Print writes every failed case for a person, and the count.
func (r *CaseReport) Print(w io.Writer) error {
	for _, f := range r.Failed {
		if _, err := fmt.Fprintf(w, "%s: il caso %s non torna\n", f.Case.Place, f.Case.Label()); err != nil {
			return err
		}
		for _, d := range f.Defects {
			if _, err := fmt.Fprintf(w, "    %s: %s\n", d.Place, d.Message); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "%d casi, %d non tornano\n", r.Run, len(r.Failed))
	return err
}
