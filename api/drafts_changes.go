package api

import (
	"slices"

	"omnia/archive"
	"omnia/internal/rome"
)

// changes explain why a check of a draft says otherwise than the one before it: by other facts (what was written, or
// what the archive filled in), by other rules, by another day, or because it asks for all that is needed to send.
type changes struct {
	Before        draftReceipt    `json:"before"`
	OutcomeBefore string          `json:"outcome_before"`
	OutcomeAfter  string          `json:"outcome_after"`
	Causes        []string        `json:"causes"`
	Edition       string          `json:"edition,omitempty"` // of now, when it is another one
	Fields        []string        `json:"fields"`            // that differ, the first maxDiffering
	Gone          []archive.Found `json:"gone"`
	New           []archive.Found `json:"new"`
}

// The causes of a change.
const (
	causeFacts    = "facts"
	causeRules    = "rules"
	causeDay      = "day"
	causeComplete = "complete"
)

// changesSince is nil when there was no check before, or when both say the same for the same reasons.
func changesSince(before, after *archive.Check) (*changes, error) {
	if before == nil {
		return nil, nil
	}
	fields, err := archive.DifferingFields(before.Facts, after.Facts, maxDiffering)
	if err != nil {
		return nil, err
	}
	out := &changes{
		Before: receiptOf(before), OutcomeBefore: before.Outcome, OutcomeAfter: after.Outcome, Causes: causesOf(before, after, len(fields) > 0),
		Fields: slices.Concat([]string{}, fields), Gone: without(before.Findings, after.Findings), New: without(after.Findings, before.Findings),
	}
	if before.EditionDigest != after.EditionDigest {
		out.Edition = after.Edition
	}
	if len(out.Gone)+len(out.New) == 0 && before.Outcome == after.Outcome {
		return nil, nil
	}
	return out, nil
}

func causesOf(before, after *archive.Check, facts bool) []string {
	out := []string{}
	for _, x := range []struct {
		cause string
		so    bool
	}{
		{causeFacts, facts}, {causeRules, before.EditionDigest != after.EditionDigest},
		{causeDay, rome.Day(before.Instant) != rome.Day(after.Instant)}, {causeComplete, before.Complete != after.Complete},
	} {
		if x.so {
			out = append(out, x.cause)
		}
	}
	return out
}

// without are the findings of list that other does not have.
func without(list, other []archive.Found) []archive.Found {
	has := make(map[string]bool, len(other))
	for i := range other {
		has[other[i].Key()] = true
	}
	out := []archive.Found{}
	for i := range list {
		if !has[list[i].Key()] {
			out = append(out, list[i])
		}
	}
	return out
}
