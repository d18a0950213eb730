package replay_test

import (
	"testing"

	"omnia/engine"
	"omnia/ledger/replay"
)

// What is kept of an answer is called as the answer was: who alters the name that searches go by is found out by it.
func TestAnOutcomeIsCalledAsItsAnswer(t *testing.T) {
	t.Parallel()
	answers := map[string][]byte{
		"admissible": replay.CountersOutcome(&engine.Counters{Items: []engine.Item{{Verdict: "exempt"}, {Verdict: "admissible"}}}, nil),
		"incomplete": replay.ValidationOutcome(&engine.Validation{Outcome: "incomplete"}, nil),
		"":           replay.CountersOutcome(&engine.Counters{}, nil),
		"new":        replay.CountersOutcome(&engine.Counters{Items: []engine.Item{{Verdict: "inadmissible"}, {Verdict: "new"}}}, nil),
	}
	for want, outcome := range answers {
		if got, err := replay.EsitoOf(outcome); err != nil || got != want {
			t.Errorf("%s is called %q, %v, want %q", outcome, got, err, want)
		}
	}
	for _, strange := range []string{`{"schema":"counters/v9"}`, `{}`, `[]`, ``} {
		if got, err := replay.EsitoOf([]byte(strange)); err == nil {
			t.Errorf("%s is called %q", strange, got)
		}
	}
}
