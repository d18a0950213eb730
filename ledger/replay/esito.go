package replay

import (
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
	best := len(gravity)
	esito := ""
	for i := range a.Items {
		at := slices.Index(gravity, a.Items[i].Verdict)
		if at < 0 {
			return a.Items[i].Verdict // one that this version does not know is the gravest
		}
		if at < best {
			best, esito = at, gravity[at]
		}
	}
	return esito
}
