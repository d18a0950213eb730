package archive

import (
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// Effect is what one provvedimento adds to one counter, or why it adds nothing.
type Effect struct {
	ID       string             `json:"id"`    // of the counter
	Title    string             `json:"title"` // in the language of the answer
	Rule     engine.RuleRef     `json:"rule"`
	Window   *engine.Span       `json:"window,omitempty"`
	Verdict  string             `json:"verdict"`            // state of the counter on the reference day
	Counted  *quantity.Quantity `json:"counted,omitempty"`  // absent when it can't be told
	Total    *quantity.Quantity `json:"total,omitempty"`    // what the whole history counts there
	Residual *quantity.Quantity `json:"residual,omitempty"` // what is left
	Reason   string             `json:"reason"`
	Code     string             `json:"code"`
}

// EffectDay is the day on which the effect of a provvedimento is looked at: its last one, so that
// each window ends with it and all of it is inside; never before the law.
func EffectDay(p *Provvedimento) calendar.Day { return max(p.Al, LawInForce) }

// Effects are what each counter of an answer counts of the measure of that number, in the order of the
// counters. A counter that does not look at it (another benefit, another sector) has no effect listed.
func Effects(counters *engine.Counters, numero string) []Effect {
	out := []Effect{}
	for i := range counters.Items {
		it := &counters.Items[i]
		for j := range it.Periods {
			p := &it.Periods[j]
			if p.Numero != numero {
				continue
			}
			out = append(out, Effect{
				ID: it.ID, Title: it.Title, Rule: it.Rule, Window: it.Window, Verdict: it.Verdict,
				Counted: p.Counted, Total: it.Counted, Residual: it.Residual, Reason: p.Reason, Code: p.Code,
			})
		}
	}
	return out
}
