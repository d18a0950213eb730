package engine

import (
	"omnia/engine/calendar"
	"omnia/engine/counter"
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
	form := g.edition.Form(opt.Form)
	if form == nil {
		return nil, ErrNoForm.With(fault.Detail{Pointer: "/form", Code: ErrNoForm.Code, Text: ErrNoForm.Text})
	}
	digest := f.Digest()
	c := &decision{engine: g, opt: Options{Today: opt.Today, Language: opt.Language}, facts: f, amounts: map[amount]*quantity.Quantity{}}
	c.env.Repeats = &rulebook.Repeats{}
	c.forget()
	c.reference()
	c.presume()
	version := form.At(c.dayOf(rulebook.ByStart))
	if version == nil {
		return nil, ErrFormNotInForce
	}
	v := &validation{
		decision: c, options: opt, plan: g.forms[version], refused: refusedFacts(f), unlocks: map[fact.Ref]int{},
		out: &Validation{
			Decision: Header{Edition: g.edition.Name, EditionDigest: g.edition.Digest, FactsDigest: digest},
			Findings: []Finding{}, Missing: []Missing{}, Derived: DerivedValues{}, Explanations: []DerivedNote{}, Counters: []CounterState{},
		},
	}
	c.words = g.book.Writer(opt.Language, f.Get("unita_produttiva.giorni_settimana").Num)
	defer c.words.Done()
	v.run()
	return v.out, nil
}

// refusedFacts are the places of the facts that were written and can't be used: they are told, and
// nobody is asked for them.
func refusedFacts(f *fact.Facts) map[string]bool {
	out := make(map[string]bool, len(f.Findings))
	for _, d := range f.Findings {
		out[d.Pointer] = true
	}
	return out
}

// validation is one check on its way.
type validation struct {
	*decision
	options ValidateOptions
	plan    *formPlan
	refused map[string]bool

	results map[*rulebook.Counter]*counter.Result // nil: the facts are impossible, and nothing is counted
	unlocks map[fact.Ref]int                      // missing facts, and how many rules each would unlock
	asked   []fact.Ref                            // the same, in the order in which they were met
	needs   map[fact.Ref]*rulebook.Rule           // the first rule that needs each
	failed  bool                                  // a rule could not be evaluated
	wrong   bool                                  // an error on the merits
	out     *Validation
}

func (v *validation) run() {
	v.needs = map[fact.Ref]*rulebook.Rule{}
	v.declared()
	done := v.count()
	defer done()
	for _, k := range v.plan.checks {
		v.rule(k)
	}
	v.derive()
	v.states()
	v.mandatory()
	v.rank()
	v.out.Outcome = v.outcome()
}

func (v *validation) outcome() string {
	switch {
	case v.wrong:
		return OutcomeInvalid
	case v.failed || len(v.out.Missing) > 0:
		return OutcomeIncomplete
	}
	return OutcomeValid
}

// count runs the counters that the form needs. On facts that no decision can be taken on they stay out.
func (v *validation) count() (done func()) {
	if v.impossible() {
		return func() {}
	}
	c := v.decision
	kase := c.engine.plan.NewCase(c.facts, c.ref)
	v.results = make(map[*rulebook.Counter]*counter.Result, len(v.plan.counters))
	for _, k := range v.plan.counters {
		v.results[k] = kase.Run(k)
	}
	return kase.Done
}

// impossible tells whether a check of every decision refuses the facts.
func (v *validation) impossible() bool {
	_, refused := v.check()
	return len(refused) > 0
}

// states are the counters that the form shows.
func (v *validation) states() {
	for _, k := range v.plan.version.Counters {
		r := v.results[k]
		if r == nil {
			continue
		}
		v.out.Counters = append(v.out.Counters, CounterState{ID: k.ID, Verdict: string(r.Verdict), Residual: v.quantity(r.Residual, k.Unit)})
		if v.options.Complete && r.Verdict == counter.MissingData {
			v.need(nil, r.Missing)
		}
	}
}

// dayOf is a day of the case, else the reference day.
func (c *decision) dayOf(s rulebook.Selector) calendar.Day {
	return c.selecting(&check{rule: &rulebook.Rule{SelectBy: s}, list: -1, from: -1}, nil)
}
