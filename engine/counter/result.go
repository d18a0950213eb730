// Package counter is the moving-window kernel: one engine that runs every counter declared in
// the rules, and knows no law of its own.
//
// A counter is lines (which days of which periods count, and how they are measured), a window,
// a limit, and a way to judge a request. The kernel classifies each period day by day (a rule
// version and an exception hold on their own days), lays the counted days on a day-indexed
// table of running sums, and then answers any window in constant time: the state on a day,
// every requested week in order, the releases and the first start that fits.
//
// Numbers are exact; what is unknown stays unknown and is named.
package counter

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// Verdict is the outcome of one counter.
type Verdict string

// The verdicts of the contract, and two loud ones that are never an answer on the merits.
const (
	Admissible       Verdict = "admissible"
	PartlyAdmissible Verdict = "partly_admissible"
	Inadmissible     Verdict = "inadmissible"
	Exempt           Verdict = "exempt"
	NotApplicable    Verdict = "not_applicable"
	MissingData      Verdict = "missing_data"
	RuleFailed       Verdict = "rule_failed" // a rule could not be evaluated
	InConflict       Verdict = "conflict"    // two outcomes hold and none comes first: for a person
)

// Result is what the kernel found for one counter. A nil pointer is a field without meaning.
type Result struct {
	Counter *rulebook.Counter
	Version *rulebook.CounterVersion // in force on the reference day
	Variant *rulebook.Variant        // the one shown; nil when none was chosen
	Verdict Verdict

	Window                           *calendar.Span
	Limit, Counted, Residual         *quantity.Rat
	Authorised, Used                 *quantity.Rat
	Requested, Total                 *quantity.Rat
	Rate                             *quantity.Rat
	Schedule                         *rulebook.Schedule
	Grantable                        *Grant
	EarliestStart, EarliestFullStart *calendar.Day
	Releases                         []Release
	Periods                          []PeriodCount
	Breakdown                        []VariantState
	Missing                          []fact.Ref
	Failure                          *rulebook.Failure
	NotFor                           string // why the counter is not applicable

	Judged   []Judged                   // each piece of the request in order, the trace of the verdict
	Asked    bool                       // something is requested of this counter
	PauseEnd *calendar.Day              // first day after a running pause, when one blocks
	Waived   []string                   // exceptions that took days of the request out
	Versions []*rulebook.CounterVersion // every version that judged a day, newest first
	Params   []ParamUse                 // parameter versions read
	Tier     *Judged                    // what the tier of a rate was read on; Limit is not set
	Reached  *Reached                   // only for an observer: see Case.Reached
}

// Reasons of Result.NotFor.
const (
	NotInForce = "not_in_force" // no version of the counter is in force on the day
	NotCompany = "company"      // the company, or what it asks for, does not have this counter
	NotRequest = "request"      // what is requested is not of the kind this counter judges
	NotAsked   = "not_asked"    // nothing is requested, and the counter only judges requests
)

// ParamUse is a parameter version that a result rests on.
type ParamUse struct {
	Parameter *rulebook.Parameter
	Version   *rulebook.ParameterVersion
}

// Grant is the part of a request that fits. Span is nil when only the amount has meaning (hours).
type Grant struct {
	Span   *calendar.Span
	Amount quantity.Rat
}

// Release is room that comes back on a day as old periods leave the window.
type Release struct {
	On     calendar.Day
	Amount quantity.Rat
}

// PeriodCount is what one period adds inside the window, or why nothing.
type PeriodCount struct {
	Row      int    // index in `periodi`
	Code     string // one of the codes below, or the label of an exception
	Counted  quantity.Rat
	Labels   []string // exceptions that took some of its days out
	Weighted bool     // a weight applies to the sum: Counted is before it
}

// Codes of a period that are not the label of an exception.
const (
	CodeCounted     = "counted"      // authorised days count
	CodeUsed        = "counted_used" // declared use replaces what was authorised
	CodeOutside     = "outside_window"
	CodeOther       = "other_benefit" // of a kind this counter does not count
	CodeBeforeLaw   = "before_law"    // before the counter came into force
	CodeUnknown     = "unknown"       // a fact is missing
	CodeUsedNothing = "used_nothing"  // declared use is zero
)

// Judged is one piece of the request: a week, or the whole.
type Judged struct {
	Span   calendar.Span
	Window calendar.Span
	Limit  quantity.Rat
	Total  quantity.Rat
	Fits   bool
	Why    string // when it does not fit: over_limit, over_request, pause, outside_window
}

// Reasons of Judged.Why.
const (
	WhyOverLimit   = "over_limit"
	WhyOverRequest = "over_request"
	WhyPause       = "pause"
	WhyOutside     = "outside_window"
)

// VariantState is the state of one variant, for the breakdown by causale.
type VariantState struct {
	Variant  *rulebook.Variant
	Limit    *quantity.Rat
	Counted  *quantity.Rat
	Residual *quantity.Rat
}
