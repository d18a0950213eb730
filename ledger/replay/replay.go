// Package replay decides again what the record says was decided, and tells whether the same came out.
//
// # The idea
//
// A record keeps of a decision its facts, what was asked beside them, the edition it was taken under, and its outcome:
// compact JSON without words, with the digest of the whole answer ([CountersOutcome], [ValidationOutcome]). [Rerun] puts the
// facts together, decides under the text of that same edition, writes the outcome in the same way and compares the bytes.
// What is not identical is told exactly, as JSON pointers with the value before and after.
//
// A decision whose personal facts were erased can't be decided again, and is never guessed. It is counted apart.
//
// A [Backtest] decides past decisions under a draft as well, and adds up what the draft would change.
package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"omnia/engine"
	"omnia/internal/fault"
	"omnia/ledger"
)

// Editions gives the engine of any edition that was ever published, by the digest of its root. One that is not known
// is [ErrNoEdition].
type Editions interface {
	At(ctx context.Context, digest string) (*engine.Engine, error)
}

// ErrNoEdition says that the text of an edition is not there, or can't be used by this version any more.
var ErrNoEdition = errors.New("the text of the edition is not there")

// The states of a replay.
const (
	Identical     = "identical"
	Different     = "different"
	NotReplayable = "not_replayable"
)

// The reasons why a decision can't be replayed.
const (
	ReasonErased  = "erased"  // personal facts were erased
	ReasonEdition = "edition" // the text of its edition is not there
	ReasonForm    = "form"    // recorded in a form that this version does not know
)

// Result is what came out of deciding once more.
type Result struct {
	ID          string       `json:"id"`
	State       string       `json:"state"`
	Reason      string       `json:"reason,omitempty"` // when it is not replayable
	Detail      string       `json:"detail,omitempty"` // of the reason, for people
	Differences []Difference `json:"differences,omitempty"`
}

// Difference is one place at which the decision of today is not the recorded one. Pointers go into the outcome as [Expand]
// writes it, or are /facts…, /facts_digest and /rules/N.
type Difference struct {
	Pointer string          `json:"pointer"`
	Before  json.RawMessage `json:"before,omitempty"` // as recorded; absent when there was nothing
	After   json.RawMessage `json:"after,omitempty"`  // as decided now; absent when there is nothing
	Text    string          `json:"text,omitempty"`
}

// String is the difference on one line.
func (d Difference) String() string {
	s := fmt.Sprintf("%s: %s → %s", d.Pointer, orNothing(d.Before), orNothing(d.After))
	if d.Text != "" {
		s += " (" + d.Text + ")"
	}
	return s
}

func orNothing(v json.RawMessage) string {
	if len(v) == 0 {
		return "nothing"
	}
	return string(v)
}

// Rerun decides a recorded decision again. The error is one of reaching the editions; whatever is wrong with the decision is in the
// result.
func Rerun(ctx context.Context, editions Editions, d *ledger.Decision) (*Result, error) {
	_, _, r, err := rerun(ctx, editions, d)
	return r, err
}

// rerun gives what was decided as well, and the facts it was decided on; nil when nothing could be.
func rerun(ctx context.Context, editions Editions, d *ledger.Decision) (now *decided, facts []byte, r *Result, err error) {
	r = &Result{ID: d.Receipt.ID, State: Identical}
	if facts, err = assembled(d); err != nil {
		r.unassembled(err)
		return nil, nil, r, nil
	}
	g, err := editions.At(ctx, string(d.Receipt.EditionDigest))
	switch {
	case errors.Is(err, ErrNoEdition):
		r.cannot(ReasonEdition, fmt.Sprintf("edition %s, %s: %v", d.Receipt.Edition, d.Receipt.EditionDigest, err))
		return nil, nil, r, nil
	case err != nil:
		return nil, nil, nil, fmt.Errorf("replay %s: edition %s: %w", d.Receipt.ID, d.Receipt.Edition, err)
	}
	now, err = decide(g, d, facts)
	switch {
	case errors.As(err, new(*unknownForm)):
		r.cannot(ReasonForm, err.Error())
	case err != nil:
		r.differ(refusedToday(err))
	default:
		r.compare(d, now)
	}
	return now, facts, r, nil
}

func (r *Result) cannot(reason, detail string) {
	r.State, r.Reason, r.Detail = NotReplayable, reason, detail
}

func (r *Result) differ(d Difference) {
	r.State, r.Differences = Different, append(r.Differences, d)
}

// assembled are the facts as they were given, the personal ones put back.
func assembled(d *ledger.Decision) ([]byte, error) {
	if ledger.DigestOf(d.Facts) != d.Receipt.FactsDigest {
		return nil, &ledger.Altered{Path: ""}
	}
	if len(d.Receipt.Personal) == 0 {
		return d.Facts, nil
	}
	return ledger.Assemble(d.Facts, d.Receipt.Personal, d.Personal)
}

// unassembled says why the facts can't be put together.
func (r *Result) unassembled(err error) {
	var altered *ledger.Altered
	switch {
	case errors.As(err, new(*ledger.Erased)):
		r.cannot(ReasonErased, err.Error())
	case errors.As(err, &altered):
		r.differ(Difference{Pointer: "/facts" + altered.Path, Text: "what is kept is not what was recorded"})
	default:
		r.differ(Difference{Pointer: "/facts", Text: err.Error()})
	}
}

// refusedToday is a recorded decision that is not taken any more.
func refusedToday(err error) Difference {
	code := "error"
	var f *fault.Fault
	if errors.As(err, &f) {
		code = f.Code
	}
	return Difference{Pointer: "", Text: fmt.Sprintf("the decision is refused now, %s: %v", code, err)}
}

// compare holds what is decided now against the record.
func (r *Result) compare(d *ledger.Decision, now *decided) {
	if ledger.DigestOf(d.Outcome) != d.Receipt.OutcomeDigest {
		r.differ(Difference{Pointer: "/outcome", Text: "the outcome that is kept is not the one that was recorded"})
	}
	if string(d.Receipt.FactsDigest) != now.digest {
		r.differ(Difference{Pointer: "/facts_digest", Before: quoted(string(d.Receipt.FactsDigest)), After: quoted(now.digest)})
	}
	for _, x := range diffRules(d.Receipt.Rules, now.rules) {
		r.differ(x)
	}
	if bytes.Equal(d.Outcome, now.outcome) {
		return
	}
	for _, x := range Diff(d.Outcome, now.outcome) {
		r.differ(x)
	}
}

func quoted(s string) json.RawMessage { return json.RawMessage(writer(nil).string(s)) }
