package replay

import (
	"encoding/json"
	"fmt"
	"slices"

	"omnia/engine"
	"omnia/engine/counter"
)

// gravity orders the verdicts, the gravest first.
var gravity = []string{
	string(counter.RuleFailed), string(counter.InConflict), string(counter.MissingData), string(counter.Inadmissible),
	string(counter.PartlyAdmissible), string(counter.Admissible), string(counter.Exempt), string(counter.NotApplicable),
}

// Esito is the outcome of an answer about counters as a whole: the gravest of its verdicts; "" when it has none. One that
// could not be judged is graver than a refusal: nobody knows.
func Esito(a *engine.Counters) string {
	return gravest(len(a.Items), func(i int) string { return a.Items[i].Verdict })
}

// gravest is the gravest of n verdicts.
func gravest(n int, verdict func(int) string) string {
	best := len(gravity)
	esito := ""
	for i := range n {
		v := verdict(i)
		at := slices.Index(gravity, v)
		if at < 0 {
			return v // one that this version does not know is the gravest
		}
		if at < best {
			best, esito = at, v
		}
	}
	return esito
}

// EsitoOf is what an outcome that was recorded is called: Esito of the answer it was made of, or the outcome of a check. It is how
// a name that is kept for searches is held against what was decided.
func EsitoOf(outcome []byte) (string, error) {
	var o struct {
		Schema  string
		Items   []struct{ Verdict string }
		Outcome string
	}
	if err := json.Unmarshal(outcome, &o); err != nil {
		return "", fmt.Errorf("the outcome: %w", err)
	}
	switch o.Schema {
	case SchemaValidate:
		return o.Outcome, nil
	case SchemaCounters:
		return gravest(len(o.Items), func(i int) string { return o.Items[i].Verdict }), nil
	}
	return "", fmt.Errorf("the outcome has the form %q, which this version can't read", o.Schema)
}
