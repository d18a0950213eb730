package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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
// the one in use, who are left out. It runs for many callers and so under the context of none, and one at a time.
func (s *Store) commitBatch(batch []*recording) (refused map[*recording]bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	if entries, ok := s.foreseen(batch); ok {
		if err := s.commitAtOnce(ctx, entries); !errors.Is(err, ledger.ErrFenced) {
			return nil, s.failedCommit(ctx, err)
		}
	}
	var st *step
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
		s.left.alone = s.left.head.same(head)
		st, err = s.extend(ctx, head, entries)
		return err
	})
	s.leave(st, err)
	return refused, s.failedCommit(ctx, err)
}

func (s *Store) failedCommit(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return archive.ErrUnavailable.Wrap(err) // our own time limit, not that of a caller
	}
	return s.failure(ctx, "append to the log", err)
}

// left is the head of the log as the last commit of this process left it.
type left struct {
	head  headRow
	alone bool // nobody else had moved it since the commit before
}

// leave remembers the head after a commit.
func (s *Store) leave(st *step, err error) {
	switch {
	case err != nil: // who knows what is there
		s.left = left{}
	case st != nil:
		s.left.head = st.head
	}
}

// foreseen are the entries of all callers, if they can be expected to need nothing of the database but to be written.
func (s *Store) foreseen(batch []*recording) (entries []*entry, ok bool) {
	if !s.left.alone {
		return nil, false
	}
	for _, b := range batch {
		entries = append(entries, b.entries...)
	}
	return entries, s.left.head.admits(entries) && s.seen(entries)
}

// commitAtOnce stores entries for a process that finds the log as it left it, and does not read the head again: it is
// moved where it is still that one, to the letter. Elsewhere it is ledger.ErrFenced, and nothing is kept.
func (s *Store) commitAtOnce(ctx context.Context, entries []*entry) error {
	head := s.left.head
	s.left.alone = false // until it is known to be kept
	st, err := s.step(&head, entries, func(keys *ledger.Keyring, leaves []ledger.Waiting) (*ledger.Extension, error) {
		return s.appender.StepOn(head.Checkpoint, keys, leaves)
	})
	if err != nil {
		return err
	}
	st.from = &head
	if s.dialect == postgres {
		err = s.insertAtOnce(ctx, st)
	} else {
		err = s.Within(ctx, func(ctx context.Context) error { return s.insert(ctx, st) })
	}
	if err != nil {
		return err
	}
	s.appender.Kept(st.log)
	s.left = left{st.head, true}
	return nil
}

// insertAtOnce is insert in one way to the server and back: statements that are sent together are a transaction, and the head comes first, so
// that a process which does not find it as it left it leaves no rows to be cleared away. To begin, to read the head and to
// commit are three ways more.
func (s *Store) insertAtOnce(ctx context.Context, st *step) error {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool; a broken one is thrown away there
	statements := &pgx.Batch{}
	statements.Queue("WITH mossa AS ("+movedFrom+" RETURNING id) SELECT 1 / count(*) FROM mossa", st.move()...) // of another head: nothing to divide by
	st.rows.queue(statements)
	err = rawOf(conn, func(c *pgx.Conn) error {
		_, err := sendAll(ctx, c, statements)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == divisionByZero {
		return ledger.ErrFenced
	}
	return err
}

const divisionByZero = "22012"

// recorder gathers the entries of callers who come while others are being written.
//
// A commit costs nearly the same whether it is of one caller or of twenty, and on a busy service it is the processor that
// everybody waits for. So where callers wait when a commit ends, and either was of several, the next one is begun no sooner than
// commitGap after it, and takes with it who came meanwhile; unless as many are there already. Who finds nobody at work never waits.
//
// What waits is bounded by the requests under way: a caller stays until its entries are written, and takes
// them away when it gives up. No goroutine is left when nothing waits.
type recorder struct {
	mu      sync.Mutex
	waiting []*recording
	writing bool
	closed  bool
	begun   time.Time      // the last commit
	last    int            // how many callers were in it
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
	for {
		time.Sleep(r.pause())
		batch := r.next()
		if batch == nil {
			return
		}
		answer(batch, commit)
	}
}

// commitGap is the least time from the beginning of one of these commits to that of the next, unless as many are there as were in
// the last one, and company enough: then there is nobody to wait for.
const (
	commitGap = 2 * time.Millisecond
	company   = 8
)

// pause is how long the next commit lets others join it.
func (r *recorder) pause() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.waiting)
	if alone := n <= 1 && r.last <= 1; n == 0 || alone || n >= max(r.last, company) || r.closed {
		return 0
	}
	return commitGap - time.Since(r.begun)
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
	r.begun, r.last = time.Now(), len(batch)
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
