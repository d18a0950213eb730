package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/store"
)

// recordReader is the record of decisions as a replay needs it; the store has it.
type recordReader interface {
	replay.Editions
	// DecisionsAfter are decisions behind that position, ascending, with their personal values, at most so many.
	DecisionsAfter(ctx context.Context, c ledger.Criteria, after int64, limit int) ([]*ledger.Decision, error)
	// Decision is one decision, whole.
	Decision(ctx context.Context, id string) (*ledger.Decision, error)
	// Head is the last checkpoint.
	Head(ctx context.Context) (*ledger.Signed, error)
	// SaveRun keeps how far a long job is, and Run gives it back.
	SaveRun(ctx context.Context, id string, state []byte) error
	Run(ctx context.Context, id string) ([]byte, error)
}

// chunkOfRecord is how many decisions are read at once.
const chunkOfRecord = 256

// recorded is the record in the database as a source.
func (c *replayCmd) recorded(ctx context.Context, std streams) (*replaySource, error) {
	s, err := c.archiveConfig.open(ctx, slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return nil, err
	}
	src := &replaySource{close: func() { _ = s.Close() }}
	r := &storedRecord{Store: s, shelf: shelf{store: s}}
	src.editions = r
	err = c.known(ctx, s)
	if err == nil {
		err = c.choose(ctx, std, src, r)
	}
	if err != nil {
		src.close()
		return nil, err
	}
	return src, nil
}

// known refuses a rule or a version that there never was: that no decision applied it would read as if all was well.
func (c *replayCmd) known(ctx context.Context, s *store.Store) error {
	if c.Rule == "" {
		return nil
	}
	versions, err := s.RuleVersions(ctx, c.Rule)
	switch {
	case err != nil:
		return usage(err)
	case len(versions) == 0:
		return usage(fmt.Errorf("--rule: no edition in the archive has a rule %q, and no decision applied one", c.Rule))
	case c.RuleVersion > 0 && !slices.Contains(versions, c.RuleVersion):
		return usage(fmt.Errorf("--rule-version: rule %s never had a version %d, only %v", c.Rule, c.RuleVersion, versions))
	}
	return nil
}

// storedRecord is the record in a database, with the editions in it.
type storedRecord struct {
	*store.Store
	shelf shelf
}

// At is the engine of an edition that was published. One that is there and can't be used is as good as none; one that can't be reached is
// not.
func (r *storedRecord) At(ctx context.Context, digest string) (*engine.Engine, error) {
	g, err := r.shelf.at(ctx, digest)
	if err != nil && ctx.Err() == nil && !errors.Is(err, archive.ErrUnavailable) {
		return nil, fmt.Errorf("%w: %w", replay.ErrNoEdition, err)
	}
	return g, err
}

// Named is the engine of an edition by its name.
func (r *storedRecord) Named(ctx context.Context, name string) (*engine.Engine, error) {
	e, err := r.PublishedEdition(ctx, name)
	if err != nil {
		return nil, err
	}
	return r.At(ctx, e.Digest)
}

// choose sets what is read of the record.
func (c *replayCmd) choose(ctx context.Context, std streams, src *replaySource, r recordReader) error {
	if c.ID != "" {
		src.chunks = func(int64) chunks { return single(ctx, r, c.ID) }
		return nil
	}
	state, err := c.state(ctx, r)
	if err != nil {
		return err
	}
	src.most = state.Until
	src.chunks = func(after int64) chunks { return stored(ctx, r, state.Criteria, after, state.Until) }
	if c.Edition == "" {
		src.runs = &runs{record: r, state: state, saved: time.Now()}
		if err := src.runs.save(ctx); err != nil {
			return err
		}
		fmt.Fprintf(std.err, "run %s: to go on with it, omnia replay --resume %s\n", state.ID, state.ID) // kept by now: this holds
	}
	return nil
}

// state is that of a run that was broken off, or of a new one. It ends where the log ends now: decisions taken meanwhile
// are not a part of it.
func (c *replayCmd) state(ctx context.Context, r recordReader) (*runState, error) {
	if c.Resume != "" {
		text, err := r.Run(ctx, c.Resume)
		if err != nil {
			return nil, usage(fmt.Errorf("run %s: %w", c.Resume, err))
		}
		state := new(runState)
		if err := json.Unmarshal(text, state); err != nil {
			return nil, wrong(fmt.Errorf("run %s: %w", c.Resume, err))
		}
		return state, nil
	}
	want, err := c.criteria()
	if err != nil {
		return nil, usage(err)
	}
	head, err := r.Head(ctx)
	if err != nil {
		return nil, usage(fmt.Errorf("head of the log: %w", err))
	}
	return &runState{ID: newID(time.Now()), Criteria: want, Position: -1, Until: head.Tree.N}, nil
}

// single is one decision.
func single(ctx context.Context, r recordReader, id string) chunks {
	return func(yield func(replay.Chunk, error) bool) {
		d, err := r.Decision(ctx, id)
		if err != nil {
			yield(nil, fmt.Errorf("decision %s: %w", id, err))
			return
		}
		yield(replay.Chunk{d}, nil)
	}
}

// stored reads the record piece by piece.
func stored(ctx context.Context, r recordReader, want ledger.Criteria, after, until int64) chunks {
	return func(yield func(replay.Chunk, error) bool) {
		for {
			chunk, err := r.DecisionsAfter(ctx, want, after, chunkOfRecord)
			if err != nil {
				yield(nil, err)
				return
			}
			for len(chunk) > 0 && chunk[len(chunk)-1].Position >= until {
				chunk = chunk[:len(chunk)-1]
			}
			if len(chunk) == 0 || !yield(chunk, nil) {
				return
			}
			after = chunk[len(chunk)-1].Position
		}
	}
}

// runState is what is kept of a run.
type runState struct {
	ID       string          `json:"id"`
	Criteria ledger.Criteria `json:"criteria"`
	Position int64           `json:"position"` // all up to it are in Total
	Until    int64           `json:"until"`    // exclusive
	Total    replay.Total    `json:"total"`
	Done     bool            `json:"done"`
}

// runs keeps a run; nil keeps nothing.
type runs struct {
	record recordReader
	state  *runState
	saved  time.Time
}

// saveEvery bounds what is done twice after a crash.
const saveEvery = 200 * time.Millisecond

func (r *runs) name() string {
	if r == nil {
		return ""
	}
	return r.state.ID
}

// reached notes how far the run is, in the same write as what it came to.
func (r *runs) reached(ctx context.Context, position int64) error {
	if r == nil {
		return nil
	}
	r.state.Position = position
	if time.Since(r.saved) < saveEvery {
		return nil
	}
	return r.save(ctx)
}

func (r *runs) finish(ctx context.Context) error {
	if r == nil {
		return nil
	}
	r.state.Done = true
	return r.save(ctx)
}

func (r *runs) save(ctx context.Context) error {
	text, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	r.saved = time.Now()
	if err := r.record.SaveRun(ctx, r.state.ID, text); err != nil {
		return fmt.Errorf("keep run %s: %w", r.state.ID, err)
	}
	return nil
}
