package replay

import (
	"omnia/engine"
	"omnia/ledger"
)

// Rules are the versions that a decision rested on, as its receipt binds them: what the answer's Applied method gives. Why a version was the one
// is not bound: it follows from the facts.
func Rules(applied []engine.Applied) []ledger.Rule {
	list := make([]ledger.Rule, len(applied))
	for i := range applied {
		a := &applied[i]
		list[i] = ledger.Rule{ID: a.ID, Version: a.Version, Digest: ledger.Digest(a.Digest), On: a.On, State: a.State}
	}
	return list
}
