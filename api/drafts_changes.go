package api

import (
	"context"
	"errors"
	"slices"
	"strings"

	"omnia/archive"
	"omnia/engine/fact"
	"omnia/ledger/replay"
)

// changes explain why a check of a draft says otherwise than the one before it: by other facts (what was written, or
// what the archive filled in), by other rules, by another day, or because it asks for all that is needed to send. The
// two decisions are in the record, and are compared as any two are.
type changes struct {
	Before        draftReceipt   `json:"before"`
	OutcomeBefore string         `json:"outcome_before"`
	OutcomeAfter  string         `json:"outcome_after"`
	Reason        string         `json:"reason,omitempty"` // why the two can't be compared
	Causes        []string       `json:"causes"`
	Edition       string         `json:"edition,omitempty"` // of now, when it is another one
	Fields        []string       `json:"fields"`            // that differ, the first maxDiffering
	Gone          []foundInBrief `json:"gone"`
	New           []foundInBrief `json:"new"`
	Text          []string       `json:"text"` // the same for a person, the conclusion first
}

// foundInBrief is a finding without words.
type foundInBrief struct {
	Rule string `json:"rule"`
	Code string `json:"code"`
}

// The causes of a change.
const (
	causeFacts    = "facts"
	causeRules    = "rules"
	causeDay      = "day"
	causeComplete = "complete"
)

// changesSince compares the check just made with the one before it. It is nil when there was none before, when the
// record is not kept, or when both find the same.
func (s *server) changesSince(ctx context.Context, c *call, before, after *archive.Check) (*changes, error) {
	if before == nil || s.Ledger == nil || len(c.decisions) == 0 {
		return nil, nil
	}
	earlier, err := s.Ledger.Decision(ctx, before.Decision)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	x, err := replay.Compare(ctx, s.Decider, earlier, c.decisions[len(c.decisions)-1], c.lang)
	if err != nil || x.Comparable && !foundOtherwise(x) || !x.Comparable && before.Outcome == after.Outcome {
		return nil, err
	}
	out := &changes{
		Before: receiptOf(before), OutcomeBefore: before.Outcome, OutcomeAfter: after.Outcome, Reason: x.Reason,
		Causes: causesOf(x), Fields: fieldsOf(x), Gone: []foundInBrief{}, New: []foundInBrief{}, Text: x.Text,
	}
	if before.EditionDigest != after.EditionDigest {
		out.Edition = after.Edition
	}
	for i := range x.Changes {
		out.found(&x.Changes[i])
	}
	return out, nil
}

// foundOtherwise tells whether two checks differ in their outcome or in what they found; what is still missing
// and what was worked out change with every field.
func foundOtherwise(x *replay.Contrast) bool {
	return slices.ContainsFunc(x.Changes, func(p replay.PartChange) bool { return p.Kind == replay.PartOutcome || p.Kind == replay.PartFinding })
}

// found adds a finding that only one of the two has.
func (x *changes) found(p *replay.PartChange) {
	if p.Kind != replay.PartFinding {
		return
	}
	rule, code, _ := strings.Cut(p.ID, " ")
	switch {
	case p.After == "":
		x.Gone = append(x.Gone, foundInBrief{rule, code})
	case p.Before == "":
		x.New = append(x.New, foundInBrief{rule, code})
	}
}

// causesOf are what the difference rests on. What was asked beside the facts is weighed with them.
func causesOf(x *replay.Contrast) []string {
	asked := func(name string) bool {
		return x.FactsMattered && slices.ContainsFunc(x.Asked, func(a replay.AskedChange) bool { return a.Name == name })
	}
	out := []string{}
	for _, k := range []struct {
		cause string
		so    bool
	}{
		{causeFacts, x.FactsMattered && len(x.Facts) > 0}, {causeRules, x.RulesMattered},
		{causeDay, asked(replay.OptionToday)}, {causeComplete, asked(replay.OptionComplete)},
	} {
		if k.so {
			out = append(out, k.cause)
		}
	}
	return out
}

// fieldsOf are the fields that differ, the first maxDiffering.
func fieldsOf(x *replay.Contrast) []string {
	out := []string{}
	for i := range x.Facts[:min(len(x.Facts), maxDiffering)] {
		out = append(out, fact.PathOf(x.Facts[i].Pointer))
	}
	return out
}
