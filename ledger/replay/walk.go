package replay

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"omnia/ledger"
)

// Chunk is decisions that stand one after the other, by ascending position.
type Chunk []*ledger.Decision

// Walk visits decisions, chunk by chunk, in that many goroutines. add is called for each decision, with the sum of its chunk; done
// for each chunk, one at a time and in their order, whichever was ready first: position is that of the last decision, and all up to it were done.
//
// In memory are never more than about three chunks for each goroutine. The first error ends it.
func Walk[S any](ctx context.Context, chunks iter.Seq2[Chunk, error], parallel int, fresh func() S,
	add func(ctx context.Context, sum S, d *ledger.Decision) error, done func(position int64, sum S) error) error {
	group, ctx := errgroup.WithContext(ctx)
	waiting := make(chan *piece[S])                   // to be worked on
	ordered := make(chan *piece[S], max(parallel, 1)) // the same, in order
	group.Go(func() error {
		defer close(waiting)
		defer close(ordered)
		return feed(ctx, chunks, fresh, waiting, ordered)
	})
	for range max(parallel, 1) {
		group.Go(func() error { return work(ctx, waiting, add) })
	}
	group.Go(func() error { return collect(ctx, ordered, done) })
	return group.Wait()
}

// piece is a chunk on its way.
type piece[S any] struct {
	chunk Chunk
	sum   S
	ready chan struct{} // closed when all of it is in sum
}

// feed hands out the chunks. It waits where those before are not done.
func feed[S any](ctx context.Context, chunks iter.Seq2[Chunk, error], fresh func() S, waiting, ordered chan<- *piece[S]) error {
	for chunk, err := range chunks {
		if err != nil {
			return err
		}
		if len(chunk) == 0 {
			continue
		}
		p := &piece[S]{chunk, fresh(), make(chan struct{})}
		for _, to := range []chan<- *piece[S]{ordered, waiting} {
			select {
			case to <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func work[S any](ctx context.Context, waiting <-chan *piece[S], add func(context.Context, S, *ledger.Decision) error) error {
	for p := range waiting {
		for _, d := range p.chunk {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := add(ctx, p.sum, d); err != nil {
				return err
			}
		}
		close(p.ready)
	}
	return nil
}

func collect[S any](ctx context.Context, ordered <-chan *piece[S], done func(int64, S) error) error {
	for p := range ordered {
		select {
		case <-p.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := done(p.chunk[len(p.chunk)-1].Position, p.sum); err != nil {
			return err
		}
	}
	return nil
}
