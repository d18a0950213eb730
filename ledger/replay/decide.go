package replay

import (
	"fmt"
	"strings"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/ledger"
)

// decided is a decision as it is taken now.
type decided struct {
	facts   *fact.Facts
	outcome []byte
	digest  string // of the facts
	rules   []ledger.Rule

	counters   *engine.Counters   // one of the two
	validation *engine.Validation //
}

// unknownForm is a record that this version can't read.
type unknownForm struct{ error }

// decide takes the decision under the edition of g: its own, or a draft.
func decide(g *engine.Engine, d *ledger.Decision, facts []byte) (*decided, error) {
	o, err := readOptions(d.Receipt.Options)
	if err != nil {
		return nil, &unknownForm{err}
	}
	switch d.Receipt.Kind {
	case KindCounters:
		return o.counters(g, d, facts)
	case KindValidate:
		return o.validate(g, d, facts)
	}
	return nil, &unknownForm{fmt.Errorf("decisions of kind %q are not known to this version", d.Receipt.Kind)}
}

func (o *asked) counters(g *engine.Engine, d *ledger.Decision, body []byte) (*decided, error) {
	facts, err := fact.Decode(g.Edition().Vocabulary, body, fact.Options{Language: o.language})
	if err != nil {
		return nil, err
	}
	a, err := g.Counters(facts, engine.Options{Today: o.today, Language: o.language, Explain: engine.Depth(o.explain), Kept: o.kept})
	if err != nil {
		return nil, err
	}
	return &decided{facts: facts, outcome: CountersOutcome(a, d.Personal), digest: a.Decision.FactsDigest, rules: Rules(a.Applied()), counters: a}, nil
}

func (o *asked) validate(g *engine.Engine, d *ledger.Decision, body []byte) (*decided, error) {
	facts, err := fact.Decode(g.Edition().Vocabulary, body, fact.Options{Language: o.language, Lenient: true})
	if err != nil {
		return nil, err
	}
	a, err := g.Validate(facts, engine.ValidateOptions{Form: o.form, Complete: o.completeForm, Today: o.today, Language: o.language})
	if err != nil {
		return nil, err
	}
	return &decided{facts: facts, outcome: ValidationOutcome(a, d.Personal), digest: a.Decision.FactsDigest, rules: Rules(a.Applied()), validation: a}, nil
}

// esito is the outcome as a whole.
func (x *decided) esito() string {
	if x.counters != nil {
		return Esito(x.counters)
	}
	return x.validation.Outcome
}

const unknownSector = "unknown"

// sector is unknown where the facts do not tell.
func (x *decided) sector() string {
	if s := x.facts.Text("azienda.settore"); s != "" {
		return s
	}
	return unknownSector
}

// words are those of an answer that rest on nothing else: an edition may say the same thing better.
func (x *decided) words() string {
	var b strings.Builder
	if a := x.counters; a != nil {
		for i := range a.Items {
			b.WriteString(a.Items[i].Title)
			for _, s := range a.Items[i].Explanation {
				b.WriteString(s)
			}
		}
		for i := range a.Warnings {
			b.WriteString(a.Warnings[i].Message)
		}
		return b.String()
	}
	a := x.validation
	for i := range a.Findings {
		b.WriteString(a.Findings[i].Message)
	}
	for i := range a.Missing {
		b.WriteString(a.Missing[i].Label + a.Missing[i].Why)
	}
	for i := range a.Explanations {
		b.WriteString(a.Explanations[i].Text)
	}
	for i := range a.Allowed {
		b.WriteString(a.Allowed[i].Text)
	}
	return b.String()
}
