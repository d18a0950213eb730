package replay

import (
	"context"

	"omnia/ledger"
)

// Total is what many replays came to. It keeps sums, and the first decisions that differ. It is plain JSON, so that a run can be
// broken off and taken up again.
type Total struct {
	Decisions     int64            `json:"decisions"`
	Identical     int64            `json:"identical"`
	Different     int64            `json:"different"`
	NotReplayable map[string]int64 `json:"not_replayable,omitempty"` // by reason
	Examples      []Result         `json:"examples,omitempty"`       // the first that differ
}

// mostResults is how many decisions that differ are shown.
const mostResults = 20

// Add replays a decision. The error is one of reaching the editions.
func (t *Total) Add(ctx context.Context, editions Editions, d *ledger.Decision) error {
	r, err := Rerun(ctx, editions, d)
	if err != nil {
		return err
	}
	t.Decisions++
	switch r.State {
	case Identical:
		t.Identical++
	case NotReplayable:
		t.missed(r.Reason, 1)
	default:
		t.Different++
		if len(t.Examples) < mostResults {
			t.Examples = append(t.Examples, *r)
		}
	}
	return nil
}

func (t *Total) missed(reason string, n int64) {
	if t.NotReplayable == nil {
		t.NotReplayable = map[string]int64{}
	}
	t.NotReplayable[reason] += n
}

// Merge adds what comes behind.
func (t *Total) Merge(o *Total) {
	t.Decisions, t.Identical, t.Different = t.Decisions+o.Decisions, t.Identical+o.Identical, t.Different+o.Different
	for reason, n := range o.NotReplayable {
		t.missed(reason, n)
	}
	t.Examples = append(t.Examples, o.Examples[:min(len(o.Examples), mostResults-len(t.Examples))]...)
}
