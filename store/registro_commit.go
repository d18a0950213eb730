package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"omnia/archive"
	"omnia/ledger"
)

// Commit puts decisions and lines of the record of accesses into the log, all of a call in one transaction; they are
// on disk, with their places, when it returns nil. Within a transaction they are part of it, and get their places when it
// commits. A decision under another edition than the one in use is ledger.ErrEdition, and nothing of the call is kept.
//
// Callers at the same time share a commit: while one is under way, those who come wait for the next, which takes the
// entries of all. So a busy service pays one sync of the disk and one signature for many requests, and a quiet one
// waits for no one.
func (s *Store) Commit(ctx context.Context, decisions []*ledger.Decision, lines []archive.Access) error {
	entries, err := s.entriesOf(decisions, lines)
	if err != nil || len(entries) == 0 {
		return err
	}
	if w := s.joined(ctx); w != nil {
		w.entries = append(w.entries, entries...)
		return nil
	}
	return s.recorder.record(ctx, s.commitBatch, entries)
}

// Record adds lines to the record of accesses; see [Store.Commit].
func (s *Store) Record(ctx context.Context, lines ...archive.Access) error {
	return s.Commit(ctx, nil, lines)
}

// appendWithin makes the log longer by what was committed within the transaction that ctx carries. It is its last step: the
// lock of the head is taken after all others, so that nobody waits for it in a circle, and held for a moment only.
func (s *Store) appendWithin(ctx context.Context) error {
	entries := s.joined(ctx).entries
	if len(entries) == 0 {
		return nil
	}
	head, err := s.readHead(ctx, true)
	if err != nil {
		return err
	}
	if !head.admits(entries) {
		return ledger.ErrEdition
	}
	_, err = s.extend(ctx, head, entries)
	return err
}

// admits tells whether all decisions are under the edition in use.
func (r *headRow) admits(entries []*entry) bool {
	return !slices.ContainsFunc(entries, func(e *entry) bool {
		return e.decision != nil && string(e.decision.Receipt.EditionDigest) != r.Edizione
	})
}

// commitTimeout bounds one commit: callers that give up sooner do so by their own context.
const commitTimeout = 30 * time.Second

// commitBatch stores the entries of several callers, all or none, but for callers with a decision under another edition than
// the one in use, who are left out. It runs for many callers and so under the context of none.
func (s *Store) commitBatch(batch []*recording) (refused map[*recording]bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	err = s.Within(ctx, func(ctx context.Context) error {
		head, err := s.readHead(ctx, true)
		if err != nil {
			return err
		}
		refused = map[*recording]bool{}
		var entries []*entry
		for _, b := range batch {
			if refused[b] = !head.admits(b.entries); !refused[b] {
				entries = append(entries, b.entries...)
			}
		}
		if len(entries) == 0 {
			return nil
		}
		_, err = s.extend(ctx, head, entries)
		return err
	})
	if err != nil && ctx.Err() != nil {
		return nil, archive.ErrUnavailable.Wrap(err) // our own time limit, not that of a caller
	}
	return refused, s.failure(ctx, "append to the log", err)
}

// recorder gathers the entries of callers who come while others are being written.
//
// What waits is bounded by the requests under way: a caller stays until its entries are written, and takes
// them away when it gives up. No goroutine is left when nothing waits.
type recorder struct {
	mu      sync.Mutex
	waiting []*recording
	writing bool
	closed  bool
	idle    sync.WaitGroup // the goroutine that writes
}

// recording is the entries of one caller.
type recording struct {
	entries []*entry
	done    chan error // holds one: who writes never waits for the caller
}

// commitFunc writes the entries of several callers as one, but for those that are refused for their edition.
type commitFunc func([]*recording) (refused map[*recording]bool, err error)

func (r *recorder) record(ctx context.Context, commit commitFunc, entries []*entry) error {
	mine := &recording{entries: entries, done: make(chan error, 1)}
	if err := r.enqueue(mine, commit); err != nil {
		return err
	}
	select {
	case err := <-mine.done:
		return err
	case <-ctx.Done():
		r.withdraw(mine)
		return context.Cause(ctx)
	}
}

var errClosed = errors.New("the archive is closed")

func (r *recorder) enqueue(mine *recording, commit commitFunc) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return archive.ErrUnavailable.Wrap(errClosed)
	}
	r.waiting = append(r.waiting, mine)
	if !r.writing {
		r.writing = true
		r.idle.Go(func() { r.write(commit) })
	}
	return nil
}

// withdraw takes entries away that no one has begun to write.
func (r *recorder) withdraw(mine *recording) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, func(w *recording) bool { return w == mine })
}

// write commits what waits until nothing does.
func (r *recorder) write(commit commitFunc) {
	for batch := r.next(); batch != nil; batch = r.next() {
		answer(batch, commit)
	}
}

// batchEntries bounds one commit, so that its first caller does not wait for long.
const batchEntries = 1024

// next takes the oldest of those who wait; nil ends the goroutine.
func (r *recorder) next() (batch []*recording) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for len(r.waiting) > 0 && n < batchEntries {
		n += len(r.waiting[0].entries)
		batch = append(batch, r.waiting[0])
		r.waiting = r.waiting[1:]
	}
	r.writing = batch != nil
	return batch
}

// answer writes the entries of several callers as one, and tells them. When the database takes them not for a fault of its
// own, each caller is written alone, so that an entry which can't be stored hurts its caller only.
func answer(batch []*recording, commit commitFunc) {
	refused, err := commit(batch)
	alone := err != nil && len(batch) > 1 && !errors.Is(err, archive.ErrUnavailable)
	for _, b := range batch {
		if alone {
			refused, err = commit([]*recording{b})
		}
		if err == nil && refused[b] {
			b.done <- ledger.ErrEdition
		} else {
			b.done <- err
		}
	}
}

// Close lets those finish who wait, and no one else in.
func (r *recorder) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.idle.Wait()
	return nil
}
