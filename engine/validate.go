package engine

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// ValidateOptions are what the check of a form needs beside the facts.
type ValidateOptions struct {
	Form     string       // id of the form
	Complete bool         // the check before sending: whatever may still be needed is missing
	Today    calendar.Day // the civil day in Rome; used only when the facts name no day
	Language string       // it, en, de

	// Observe is told what each rule that is in force did: rulebook.RuleFires, RuleSilent or
	// RuleUnknown. A rule over rows is told once, by the strongest of them. It is for cases and coverage.
	Observe func(r *rulebook.Rule, state string)
	// Looked is told the rows of tables that are read, for coverage too; not those that an earlier check read.
	Looked func(*rulebook.Table, *rulebook.TableRow)
}

// The outcomes of the check of a form.
const (
	OutcomeValid      = "valid"
	OutcomeInvalid    = "invalid"    // at least one error on the merits
	OutcomeIncomplete = "incomplete" // nothing is wrong, but something is needed, or a rule could not be evaluated
)

// Validation is the answer of POST /v1/validate.
type Validation struct {
	Decision     Header         `json:"decision"`
	Outcome      string         `json:"outcome"`
	Findings     []Finding      `json:"findings"`
	Missing      []Missing      `json:"missing"`
	Derived      DerivedValues  `json:"derived"`
	Explanations []DerivedNote  `json:"explanations"` // of the derived values, in the same order
	Counters     []CounterState `json:"counters"`
	Allowed      []Allowed      `json:"allowed"` // what fields may still be, while the form is written; a field that is not there is bounded by its declaration alone

	applied applied // see Applied
}

// Finding is something that a rule, or the form of a fact, has to say.
type Finding struct {
	Rule       FindingRule         `json:"rule"`
	Severity   string              `json:"severity"` // error, warning, info
	Fields     []string            `json:"fields"`   // "richiesta.lavoratori[0].qualifica"; several when rows are told together
	Code       string              `json:"code"`
	Message    string              `json:"message"`
	Law        []rulebook.Citation `json:"law"`
	Suggestion *Suggestion         `json:"suggestion,omitempty"`
}

// FindingRule names the version that spoke. What the declaration of a fact refuses bears the id of the declaration.
type FindingRule struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Digest  string `json:"digest"`
}

// Suggestion is what could be written instead; Value fits the field as it is.
type Suggestion struct {
	Field string `json:"field"`
	Value Scalar `json:"value"`
	Text  string `json:"text"`
}

// Missing is a fact still needed.
type Missing struct {
	Field string `json:"field"` // with [] for a fact that many rows lack
	Label string `json:"label"`
	Why   string `json:"why"`
}

// DerivedNote explains a derived value.
type DerivedNote struct {
	Name  string              `json:"name"`
	Label string              `json:"label"`
	Text  string              `json:"text"`
	Law   []rulebook.Citation `json:"law"`
}

// CounterState is a counter in brief.
type CounterState struct {
	ID       string             `json:"id"`
	Verdict  string             `json:"verdict"`
	Residual *quantity.Quantity `json:"residual,omitempty"`
}

// ErrNoForm is a form that the edition does not have.
var ErrNoForm = fault.New(fault.Invalid, "unknown_form", "There is no such form.")

// ErrFormNotInForce is a day on which no version of the form is in force.
var ErrFormNotInForce = fault.New(fault.Invalid, "form_not_in_force", "The form is not in force on that day.")

// Validate checks a form that is being filled in. The facts are the engine's while it checks, as in
// [Engine.Counters]; what lenient decoding found is told with the rest.
//
// It is an answer whatever is wrong with the facts. An error is a form that does not exist or is
// not in force on the first day requested.
func (g *Engine) Validate(f *fact.Facts, opt ValidateOptions) (*Validation, error) {
	done, err := g.validated(nil, f, opt, false)
	if err != nil {
		return nil, err
	}
	defer done.leave()
	return done.Answer(), nil
}

// validation is one check on its way. What an earlier one of the same form found is taken over where
// nothing that it rests on has changed.
type validation struct {
	*decision
	options ValidateOptions
	plan    *formPlan
	refused map[string]bool // places of the facts that were written and can't be used: they are told, and nobody is asked for them
	before  *Validated      // nil: everything is done anew
	changed changes         // since then

	done    *Validated
	now     ruleRun                     // the rule in hand
	unlocks map[fact.Ref]int            // missing facts, and how many rules each would unlock
	asked   []fact.Ref                  // the same, in the order in which they were met
	needs   map[fact.Ref]*rulebook.Rule // the first rule that needs each
	wrong   bool                        // an error on the merits
	final   bool                        // one on which nothing can be decided, whatever else there is
	out     *Validation
}

func (v *validation) run() {
	v.declared()
	v.count()
	for i := range v.plan.checks {
		v.rule(i)
	}
	if v.final { // a rule that can't judge such facts is not to blame, and its words help nobody
		v.out.Findings = slices.DeleteFunc(v.out.Findings, func(f Finding) bool { return f.Code == codeRuleFailed })
	}
	v.derive()
	v.states()
	v.mandatory()
	v.rank()
	if !v.options.Complete {
		v.allow()
	}
	v.out.Outcome = v.outcome()
}

func (v *validation) outcome() string {
	failed := false
	for i := range v.done.rules {
		failed = failed || v.done.rules[i].failed
	}
	switch {
	case v.wrong:
		return OutcomeInvalid
	case failed || len(v.out.Missing) > 0:
		return OutcomeIncomplete
	}
	return OutcomeValid
}

// dayOf is a day of the case, else the reference day.
func (c *decision) dayOf(s rulebook.Selector) calendar.Day {
	switch s {
	case rulebook.ByStart:
		return c.dayIn(c.engine.slots.reqFrom)
	case rulebook.ByFiling:
		return c.dayIn(c.engine.slots.filed)
	}
	return c.ref
}
