package replay

import (
	"context"
	"errors"
	"fmt"

	"omnia/engine"
	"omnia/internal/fault"
	"omnia/ledger"
)

// Contrast is why two decisions came out differently: the facts they were taken on, what was asked beside them, or the
// law they were taken under.
//
// It is found by deciding, not by guessing. Beside the two decisions, the facts of each are decided under the edition of the
// other. What of the outcome follows the facts through both editions changed because of the facts; what follows the edition
// through both sets of facts, because of the rules; what does neither needs both.
//
// What it can't tell: which of several changed rules did it, where more than one that a part of the outcome may
// rest on was applied; no edition ever held one of the changes without the others. Then they are all [Possibly]. Of
// facts each change is tried alone, so that two which only matter together, and not beside the rest, are told as [No].
// Whether the words of the answers differ is left aside, and so is the list of what each period adds.
type Contrast struct {
	First  Side `json:"first"`
	Second Side `json:"second"`

	Comparable bool   `json:"comparable"`       // the four decisions could be taken
	Reason     string `json:"reason,omitempty"` // why not: erased, edition, form, kind, different
	Detail     string `json:"detail,omitempty"`

	Same          bool `json:"same"` // the outcomes are the same
	FactsMattered bool `json:"facts_mattered"`
	RulesMattered bool `json:"rules_mattered"`

	Changes []PartChange  `json:"changes"` // what differs of the outcome
	Facts   []FactChange  `json:"facts"`   // which facts differ
	Asked   []AskedChange `json:"asked"`   // what differs of what was asked beside the facts; it is tried with the facts
	Rules   []RuleChange  `json:"rules"`   // which versions that were applied are not in both editions
	Text    []string      `json:"text"`    // the same for a person, the conclusion first
}

// Side names one of the two decisions.
type Side struct {
	ID            string `json:"id"`
	Edition       string `json:"edition"`
	EditionDigest string `json:"edition_digest"`
}

// Weight is whether a change mattered.
type Weight string

// The weights.
const (
	Yes      Weight = "yes"
	Possibly Weight = "possibly" // it, or another that is told with it
	No       Weight = "no"
	Untested Weight = "untested" // there are too many to try each
)

// Cause is what a part of the outcome changed because of.
type Cause string

// The causes.
const (
	ByFacts  Cause = "facts"  // under either edition it follows the facts
	ByRules  Cause = "rules"  // on either facts it follows the edition
	ByBoth   Cause = "both"   // it takes the facts and the edition of the second decision
	ByEither Cause = "either" // each of the two alone has the same effect
)

// PartChange is a part of the outcome that differs.
type PartChange struct {
	Kind   string   `json:"kind"`   // counter, finding, missing, value, allowed, warning, outcome
	ID     string   `json:"id"`     // of the counter, of the rule with its code, of the field …
	Before string   `json:"before"` // verdict, severity or the like; "" when it was not there
	After  string   `json:"after"`  //
	Cause  Cause    `json:"cause"`
	Rules  []string `json:"rules"` // ids of the changed versions that it may rest on, when rules had a part in it
}

// Figures tells that only figures differ.
func (c *PartChange) Figures() bool { return c.Before == c.After }

const (
	reasonKind      = "kind"      // one is of counters, the other of a form
	reasonDifferent = "different" // one does not come out again as it was recorded: replay it first
)

// Compare tells why two decisions came out differently. It serves the same for a check of a form that was made earlier and
// one that was made later. The error is one of reaching the editions.
func Compare(ctx context.Context, editions Editions, a, b *ledger.Decision, lang string) (*Contrast, error) {
	c := newContrast(sideOf(a), sideOf(b))
	if a.Receipt.Kind != b.Receipt.Kind {
		return c.cannot(reasonKind, fmt.Sprintf("%s and %s", a.Receipt.Kind, b.Receipt.Kind), lang), nil
	}
	x, err := sourceOf(ctx, editions, c, a, lang)
	if err != nil || x == nil {
		return c, err
	}
	y, err := sourceOf(ctx, editions, c, b, lang)
	if err != nil || y == nil {
		return c, err
	}
	w := &weighing{Contrast: c, a: x, b: y, lang: lang}
	w.aa, w.bb = cornerOf(x.own, nil), cornerOf(y.own, nil)
	w.ab, w.ba = x.under(y.engine, x.facts), y.under(x.engine, y.facts)
	w.weigh()
	return c, nil
}

func newContrast(first, second Side) *Contrast {
	return &Contrast{First: first, Second: second, Changes: []PartChange{}, Facts: []FactChange{}, Asked: []AskedChange{}, Rules: []RuleChange{}, Text: []string{}}
}

func sideOf(d *ledger.Decision) Side {
	return Side{d.Receipt.ID, d.Receipt.Edition, string(d.Receipt.EditionDigest)}
}

func (c *Contrast) cannot(reason, detail, lang string) *Contrast {
	c.Reason, c.Detail = reason, detail
	c.Text = append(c.Text, contrastWords["reason."+reason].In(lang))
	return c
}

// source is one of the two decisions, with all that it takes to decide it otherwise.
type source struct {
	engine   *engine.Engine
	decision *ledger.Decision
	facts    []byte
	own      *decided
}

// sourceOf is a decision, taken again; none when it does not come out as it was recorded, and then the contrast says so.
func sourceOf(ctx context.Context, editions Editions, c *Contrast, d *ledger.Decision, lang string) (*source, error) {
	now, facts, r, err := rerun(ctx, editions, d)
	switch {
	case err != nil:
		return nil, err
	case r.State == NotReplayable:
		c.cannot(r.Reason, d.Receipt.ID+": "+r.Detail, lang)
		return nil, nil
	case r.State == Different || now == nil:
		c.cannot(reasonDifferent, fmt.Sprintf("%s: %v", d.Receipt.ID, r.Differences), lang)
		return nil, nil
	}
	g, err := editions.At(ctx, string(d.Receipt.EditionDigest))
	if err != nil {
		return nil, fmt.Errorf("compare %s: edition %s: %w", d.Receipt.ID, d.Receipt.Edition, err)
	}
	return &source{g, d, facts, now}, nil
}

// weighing is a contrast on its way.
type weighing struct {
	*Contrast
	a, b *source
	lang string

	aa, ab, ba, bb *corner // facts of the first letter under the edition of the second
}

// corner is one of the four decisions.
type corner struct {
	parts   map[partKey]part
	applied []engine.Applied
}

func (w *weighing) weigh() {
	w.Comparable = true
	w.parts()
	w.facts()
	w.asked()
	w.rules()
	w.say()
}

// under is what these facts come to under an edition, asked as the decision was.
func (s *source) under(g *engine.Engine, facts []byte) *corner {
	if x, err := decide(g, s.decision, facts); err != nil {
		return cornerOf(nil, err)
	} else {
		return cornerOf(x, nil)
	}
}

// cornerOf is an answer in its parts; a refusal is one part.
func cornerOf(x *decided, err error) *corner {
	if err != nil {
		code := "refused"
		var f *fault.Fault
		if errors.As(err, &f) {
			code += " " + f.Code
		}
		return &corner{parts: map[partKey]part{{PartOutcome, ""}: {code, code}}}
	}
	if x.counters != nil {
		return &corner{partsOfCounters(x.counters), x.counters.Applied()}
	}
	return &corner{partsOfValidation(x.validation), x.validation.Applied()}
}

// same tells whether two answers agree in all parts.
func (c *corner) same(o *corner) bool {
	if len(c.parts) != len(o.parts) {
		return false
	}
	for k, p := range c.parts {
		if q, there := o.parts[k]; !there || p != q {
			return false
		}
	}
	return true
}
