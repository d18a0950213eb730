// Package engine decides: facts and an edition of the law go in, a decision comes out, with
// the reason and the version that applied. It is pure: no I/O, no clock, no goroutines. The same
// edition, facts, day and language give the same bytes.
package engine

import (
	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// Depth is how much an explanation says.
type Depth string

// The depths.
const (
	Short  Depth = "short"  // one sentence
	Normal Depth = "normal" // the motivated paragraph
	Full   Depth = "full"   // with the calculation, period by period
)

// Options are what a decision needs beside the facts.
type Options struct {
	Today    calendar.Day // the civil day in Rome; used only when the facts name no day
	Language string       // it, en, de
	Explain  Depth

	// Kept says that the history was kept before it is asked about, so that the caller can't put it right: a period
	// that the rules refuse is a warning then, and a failure of the counters that look at its days, rather than the
	// end of the whole decision.
	Kept bool

	// Observe is told the result of each counter, with what it Reached, and Found each check that
	// reported something. They are for coverage; nil, they cost nothing.
	Observe func(*counter.Result)
	Found   func(*rulebook.Rule)
}

// Header is the envelope of a decision. ID and Instant are given by the caller.
type Header struct {
	ID            string `json:"id"`
	Instant       string `json:"instant"`
	Edition       string `json:"edition"`
	EditionDigest string `json:"edition_digest"`
	FactsDigest   string `json:"facts_digest"`
	Simulation    bool   `json:"simulation"`
	Recorded      *bool  `json:"recorded,omitempty"` // false when the caller asked, and was allowed, not to record it
}

// Counters is the answer of POST /v1/counters.
type Counters struct {
	Decision        Header    `json:"decision"`
	DataRiferimento string    `json:"data_riferimento"`
	Items           []Item    `json:"items"`
	Warnings        []Warning `json:"warnings"`

	applied applied // see Applied
}

// Item is one counter of the answer; a field without meaning is absent, never null.
type Item struct {
	ID                string              `json:"id"`
	Title             string              `json:"title"`
	Law               []rulebook.Citation `json:"law"`
	Rule              RuleRef             `json:"rule"`
	Verdict           string              `json:"verdict"`
	Window            *Span               `json:"window,omitempty"`
	Limit             *quantity.Quantity  `json:"limit,omitempty"`
	Counted           *quantity.Quantity  `json:"counted,omitempty"`
	Residual          *quantity.Quantity  `json:"residual,omitempty"`
	Authorised        *quantity.Quantity  `json:"authorised,omitempty"`
	Used              *quantity.Quantity  `json:"used,omitempty"`
	Requested         *quantity.Quantity  `json:"requested,omitempty"`
	Total             *quantity.Quantity  `json:"total,omitempty"`
	Rate              *quantity.Quantity  `json:"rate,omitempty"`
	Grantable         *Grant              `json:"grantable,omitempty"`
	EarliestStart     *calendar.Day       `json:"earliest_start,omitempty"`
	EarliestFullStart *calendar.Day       `json:"earliest_full_start,omitempty"`
	ByCausale         []Breakdown         `json:"by_causale,omitempty"`
	Releases          []Release           `json:"releases"`
	Periods           []Period            `json:"periods"`
	Missing           []string            `json:"missing"`
	Explanation       []string            `json:"explanation"`
	Failure           *Failure            `json:"failure,omitempty"` // with verdict rule_failed or conflict
}

// RuleRef names the version that applied.
type RuleRef struct {
	ID         string        `json:"id"`
	Version    int           `json:"version"`
	ValidFrom  calendar.Day  `json:"valid_from"`
	ValidTo    *calendar.Day `json:"valid_to,omitempty"`
	Digest     string        `json:"digest"`
	TextDigest string        `json:"text_digest"`
}

// Span is a run of days, both ends inclusive.
type Span struct {
	From calendar.Day `json:"from"`
	To   calendar.Day `json:"to"`
}

// Grant is the part of a request that fits; hours have an amount only.
type Grant struct {
	From   *calendar.Day     `json:"from,omitempty"`
	To     *calendar.Day     `json:"to,omitempty"`
	Amount quantity.Quantity `json:"amount"`
}

// Release is room that comes back on a day.
type Release struct {
	On     calendar.Day      `json:"on"`
	Amount quantity.Quantity `json:"amount"`
}

// Period is what one period of the history adds to a counter, or why it adds nothing.
type Period struct {
	Numero  string             `json:"numero,omitempty"`
	Dal     *calendar.Day      `json:"dal,omitempty"`
	Al      *calendar.Day      `json:"al,omitempty"`
	Counted *quantity.Quantity `json:"counted,omitempty"`
	Reason  string             `json:"reason"`
	Code    string             `json:"code"`
}

// Breakdown is the state of one causale.
type Breakdown struct {
	Causale  string             `json:"causale"`
	Limit    *quantity.Quantity `json:"limit,omitempty"`
	Counted  *quantity.Quantity `json:"counted,omitempty"`
	Residual *quantity.Quantity `json:"residual,omitempty"`
}

// Failure says why a rule could not be evaluated.
type Failure struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Warning is a datum that looks wrong but stops no decision.
type Warning struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}
