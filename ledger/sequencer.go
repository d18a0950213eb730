package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Storage is what a sequencer asks of a database.
//
// What keeps the log in one piece is the last line of [Tx.Append]; leases only spare two instances from doing
// the same work for nothing. A lease that has run out while its holder still works harms nobody.
type Storage interface {
	// Lease makes owner the sequencer, and gives a token greater than every one given before. While another
	// holds it, and for as long as that one can be taken for alive, it is ErrHeld. Asked again by who
	// holds it, it goes on under the same token.
	Lease(ctx context.Context, owner string) (token int64, err error)
	// Sequence runs do in one transaction. When do returns nil it is committed, and nothing of it is kept
	// otherwise. After an error of the commit itself it may have taken place or not.
	Sequence(ctx context.Context, do func(ctx context.Context, tx Tx) error) error
}

// Tx is the log within one transaction.
type Tx interface {
	TileReader
	// Head is the token of the last lease, and the last checkpoint as it is signed; "" while the log is
	// empty. A database that can, locks that row until the end.
	Head(ctx context.Context) (token int64, checkpoint string, err error)
	// Waiting are leaves without a place, at most so many, in the order in which they shall stand.
	Waiting(ctx context.Context, most int) ([]Waiting, error)
	// Append writes the leaves, the tiles (insert or replace) and the checkpoint, and takes the leaves off
	// those that wait. It begins with one conditional update of the row of the head: the new size and
	// checkpoint, where the token is that one and the size x.Before. When no row is hit it is ErrFenced.
	// Positions and ids are unique keys of the leaves.
	Append(ctx context.Context, token int64, x *Extension) error
}

// The reasons for which a sequencer does nothing; none of them is a fault.
var (
	ErrHeld   = errors.New("another instance is the sequencer")
	ErrFenced = errors.New("another instance has become the sequencer")
)

// Sequencer gives waiting leaves their place in the log. It is a state machine whose only state that
// matters is in the database: it can be dropped at any moment, in the middle of a step too, and another take
// its place. It is not safe for concurrent use.
type Sequencer struct {
	Storage Storage
	Signer  *Signer
	Keys    *Keyring
	Owner   string           // unique among instances and restarts
	Batch   int              // leaves in one step at most; 0 is 256
	Now     func() time.Time // nil is time.Now

	token int64   // 0: no lease
	head  *head   // of the last step of our own; nil: read it
	seen  *Signed // the last checkpoint known to be on disk
}

const defaultBatch = 256

// Step appends what waits, at most one batch, and gives what was appended, which is on disk then; nil when
// nothing was waiting. ErrHeld and ErrFenced say that another instance does it. After any error the
// same step may be tried again: it finds out what was kept.
//
// ErrRollback and ErrSplitView are not to be tried again: the database is not the one that this
// process has written, restored from a backup or altered. Nothing is appended to it.
func (s *Sequencer) Step(ctx context.Context) (*Extension, error) {
	if s.token == 0 {
		token, err := s.Storage.Lease(ctx, s.Owner)
		if err != nil {
			return nil, err
		}
		s.token = token
	}
	var done *Extension
	err := s.Storage.Sequence(ctx, func(ctx context.Context, tx Tx) (err error) {
		done, err = s.step(ctx, tx)
		return err
	})
	if err != nil {
		s.token, s.head = 0, nil // what is on disk is not known: begin again
		return nil, err
	}
	if done != nil {
		s.seen = done.Checkpoint
	}
	return done, nil
}

// step is a step within its transaction.
func (s *Sequencer) step(ctx context.Context, tx Tx) (*Extension, error) {
	if err := s.enter(ctx, tx); err != nil {
		return nil, err
	}
	most := s.Batch
	if most == 0 {
		most = defaultBatch
	}
	leaves, err := tx.Waiting(ctx, most)
	if err != nil || len(leaves) == 0 {
		return nil, err
	}
	now := s.Now
	if now == nil {
		now = time.Now
	}
	x, err := s.head.extend(leaves, s.Signer, now())
	if err != nil {
		return nil, err
	}
	return x, tx.Append(ctx, s.token, x)
}

// enter finds the head of the log, and that it is a continuation of what was seen before.
func (s *Sequencer) enter(ctx context.Context, tx Tx) error {
	token, text, err := tx.Head(ctx)
	switch {
	case err != nil:
		return err
	case token != s.token:
		return ErrFenced
	case s.head != nil && s.head.last != nil && s.head.last.Text() == bodyOf(text):
		return nil // nobody else was here; witnesses may have signed
	}
	var last *Signed
	if text != "" {
		if last, err = s.Keys.Open(text); err != nil {
			return fmt.Errorf("head of the log: %w", err)
		}
	}
	if s.head, err = readHead(ctx, last, tx); err != nil {
		return err
	}
	return s.recognise(ctx, last, tx)
}

func bodyOf(text string) string {
	body, err := noteBody(text)
	if err != nil {
		return ""
	}
	return body
}

// recognise compares the head with what this process knows to have been on disk.
func (s *Sequencer) recognise(ctx context.Context, last *Signed, r TileReader) error {
	switch {
	case s.seen == nil:
	case last == nil:
		return fmt.Errorf("%w: it is empty, and had %d leaves", ErrRollback, s.seen.Tree.N)
	default:
		if err := continues(ctx, s.seen, last, r); err != nil {
			return err
		}
	}
	if last != nil {
		s.seen = last
	}
	return nil
}

// continues tells whether a log only grew between two checkpoints, by its tiles.
func continues(ctx context.Context, before, now *Signed, r TileReader) error {
	proof, err := proveTree(ctx, before.Tree.N, now.Tree, r)
	if err != nil {
		return err
	}
	return follows(before.Tree, now.Tree, proof)
}
