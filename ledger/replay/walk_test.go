package replay_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"omnia/ledger"
	"omnia/ledger/replay"
)

// numbered gives so many chunks of so many decisions; made counts those that were handed out.
func numbered(many, size int, made *atomic.Int64, end error) func(yield func(replay.Chunk, error) bool) {
	return func(yield func(replay.Chunk, error) bool) {
		for i := range many {
			var chunk replay.Chunk
			for j := range size {
				chunk = append(chunk, &ledger.Decision{Position: int64(i*size + j)})
			}
			made.Add(1)
			if !yield(chunk, nil) {
				return
			}
		}
		if end != nil {
			yield(nil, end)
		}
	}
}

func TestAWalkEndsInOrderWhoeverIsFaster(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	var done []int64
	var sum int64
	err := replay.Walk(t.Context(), numbered(50, 3, &made, nil), 8, func() *int64 { return new(int64) },
		func(_ context.Context, s *int64, d *ledger.Decision) error {
			time.Sleep(time.Duration(d.Position%5) * 100 * time.Microsecond)
			*s += d.Position
			return nil
		},
		func(position int64, s *int64) error {
			done, sum = append(done, position), sum+*s
			return nil
		})
	if err != nil || len(done) != 50 || !slices.IsSorted(done) || done[49] != 149 || sum != 149*150/2 {
		t.Errorf("%v, %d, %v", done, sum, err)
	}
}

func TestAWalkHoldsOnlyAFewChunks(t *testing.T) {
	t.Parallel()
	var made, finished, most atomic.Int64
	err := replay.Walk(t.Context(), numbered(200, 2, &made, nil), 2, func() *int { return new(int) },
		func(context.Context, *int, *ledger.Decision) error { return nil },
		func(int64, *int) error {
			time.Sleep(100 * time.Microsecond) // a slow end must hold up the beginning
			finished.Add(1)
			most.Store(max(most.Load(), made.Load()-finished.Load()))
			return nil
		})
	if err != nil || most.Load() > 8 {
		t.Errorf("%d chunks at a time, %v", most.Load(), err)
	}
}

func TestTheFirstErrorEndsAWalk(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	nothing := func() *int { return new(int) }
	add := func(context.Context, *int, *ledger.Decision) error { return nil }
	done := func(int64, *int) error { return nil }
	for _, tt := range []struct {
		name string
		run  func(made *atomic.Int64) error
	}{
		{"of the source", func(made *atomic.Int64) error {
			return replay.Walk(t.Context(), numbered(3, 2, made, broken), 4, nothing, add, done)
		}},
		{"of a decision", func(made *atomic.Int64) error {
			return replay.Walk(t.Context(), numbered(1000, 2, made, nil), 4, nothing, func(context.Context, *int, *ledger.Decision) error { return broken }, done)
		}},
		{"of the end", func(made *atomic.Int64) error {
			return replay.Walk(t.Context(), numbered(1000, 2, made, nil), 4, nothing, add, func(int64, *int) error { return broken })
		}},
	} {
		var made atomic.Int64
		if err := tt.run(&made); !errors.Is(err, broken) || made.Load() > 30 {
			t.Errorf("%s: %v after %d chunks", tt.name, err, made.Load())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var made atomic.Int64
	if err := replay.Walk(ctx, numbered(1000, 2, &made, nil), 4, nothing, add, done); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was given up: %v", err)
	}
}

// However the decisions are cut into pieces, the total is the same.
func TestTotalsAddUp(t *testing.T) {
	t.Parallel()
	whole, parts := new(replay.Total), new(replay.Total)
	for i := range 60 {
		one := &replay.Total{Decisions: 1}
		switch i % 3 {
		case 0:
			one.Identical = 1
		case 1:
			one.NotReplayable = map[string]int64{replay.ReasonErased: 1}
		case 2:
			one.Different, one.Examples = 1, []replay.Result{{ID: string(rune('A' + i)), State: replay.Different}, {ID: "second"}}
		}
		whole.Merge(one)
		if i == 29 {
			parts.Merge(whole)
			whole = new(replay.Total)
		}
	}
	parts.Merge(whole)
	if parts.Decisions != 60 || parts.Identical != 20 || parts.Different != 20 || parts.NotReplayable[replay.ReasonErased] != 20 || len(parts.Examples) != 20 || parts.Examples[0].ID != "C" {
		t.Errorf("%+v", parts)
	}
}
