package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"omnia/engine"
	"omnia/engine/rulebook"
	"omnia/ledger"
)

// ReasonDifferent is why an answer can't be shown again: this version does not come to what was recorded.
const ReasonDifferent = reasonDifferent

// Rendered is a recorded decision with the words of its answer, which the record does not keep.
type Rendered struct {
	Edition *rulebook.Edition // it was taken under; nil when its text is not there

	Counters   *engine.Counters   // one of the two, or none
	Validation *engine.Validation //
	Applied    []engine.Applied   // the versions, each with why it was the one

	Reason string // why there is no answer: erased, edition, form, different
	Detail string // the same for people
}

// Render says the answer of a decision again, in that language, under the edition that it was taken under, and with its own header. What does not come
// out as it was recorded is not shown. The error is one of reaching the editions.
func Render(ctx context.Context, editions Editions, d *ledger.Decision, lang string) (*Rendered, error) {
	now, facts, r, err := rerun(ctx, editions, d)
	if err != nil {
		return nil, err
	}
	out := &Rendered{Reason: r.Reason, Detail: r.Detail}
	g, err := editions.At(ctx, string(d.Receipt.EditionDigest))
	switch {
	case errors.Is(err, ErrNoEdition):
		return out, nil
	case err != nil:
		return nil, fmt.Errorf("render %s: edition %s: %w", d.Receipt.ID, d.Receipt.Edition, err)
	}
	out.Edition = g.Edition()
	if r.State == Identical && optionsOf(d)["language"] != lang {
		if now, err = decide(g, inLanguage(d, lang), facts); err != nil {
			return nil, fmt.Errorf("render %s in %s: %w", d.Receipt.ID, lang, err)
		}
	}
	if r.State == Different {
		out.Reason, out.Detail = ReasonDifferent, fmt.Sprint(r.Differences[0])
	}
	if r.State == Identical {
		out.answer(d, now)
	}
	return out, nil
}

func (out *Rendered) answer(d *ledger.Decision, now *decided) {
	out.Counters, out.Validation = now.counters, now.validation
	if a := now.counters; a != nil {
		a.Decision, out.Applied = HeaderOf(&d.Receipt), a.Applied()
	}
	if a := now.validation; a != nil {
		a.Decision, out.Applied = HeaderOf(&d.Receipt), a.Applied()
	}
}

// HeaderOf is the header that the answer of a decision had.
func HeaderOf(r *ledger.Receipt) engine.Header {
	return engine.Header{
		ID: r.ID, Instant: r.Instant.UTC().Format("2006-01-02T15:04:05.000Z"), Edition: r.Edition, EditionDigest: string(r.EditionDigest),
		FactsDigest: string(r.FactsDigest), Simulation: r.Simulation,
	}
}

// inLanguage is the decision as it would have been asked in another language.
func inLanguage(d *ledger.Decision, lang string) *ledger.Decision {
	out := *d
	out.Receipt.Options = slices.Clone(d.Receipt.Options)
	for i := range out.Receipt.Options {
		if o := &out.Receipt.Options[i]; o.Name == "language" {
			o.Value = lang
		}
	}
	return &out
}
