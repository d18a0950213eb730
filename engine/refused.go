package engine

import (
	"fmt"
	"strings"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// refused is a period of a kept history that the rules refuse.
type refused struct {
	row     int
	failure *rulebook.Failure
}

// refuse has the row in hand fail every counter that looks at its days. The warning names it as people do: whoever
// reads the answer did not write the history, and an index says nothing to them.
func (c *decision) refuse(k *check, row fact.Record, finding *Warning) Warning {
	w := *finding
	if numero := &row[c.engine.slots.numero]; numero.IsKnown() {
		w.Message = fmt.Sprintf(ofPeriod.In(c.opt.Language), numero.Text, w.Message)
	}
	c.refused = append(c.refused, refused{c.env.RowIndex, &rulebook.Failure{Code: w.Code, Text: strings.TrimSuffix(w.Message, "."), Place: k.rule.Place}})
	return w
}

var ofPeriod = fact.Texts{"it": "Provvedimento %s: %s", "en": "Measure %s: %s", "de": "Bescheid %s: %s"}
