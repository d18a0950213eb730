package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/internal/rome"
)

// accessoRow is a row of accessi.
type accessoRow struct {
	ID            string `gorm:"primaryKey"`
	Istante       instant
	Giorno        day
	Persona       string
	CodiceFiscale string
	Ruolo         string
	Base          string
	Delega        string
	Azione        string
	Matricola     string
	Oggetto       string
	Motivo        string
	Esito         string
	Policy        string
	Correlazione  string
	Indirizzo     string
}

// TableName is for gorm.
func (accessoRow) TableName() string { return "accessi" }

func accessoRowOf(a *archive.Access) accessoRow {
	return accessoRow{
		ID: a.ID, Istante: instant(archive.Instant(a.Instant)), Giorno: day(rome.Day(a.Instant)),
		Persona: recordable(a.Persona), CodiceFiscale: recordable(a.CodiceFiscale), Ruolo: recordable(a.Ruolo), Base: recordable(a.Base),
		Delega: recordable(a.Delega), Azione: recordable(a.Azione), Matricola: recordable(a.Matricola), Oggetto: recordable(a.Oggetto),
		Motivo: recordable(a.Motivo), Esito: recordable(a.Esito), Policy: recordable(a.Policy),
		Correlazione: recordable(a.Correlation), Indirizzo: recordable(a.Address),
	}
}

// recordable is s with what a database can't hold replaced: an access must not go unrecorded because of
// the bytes that it came with.
func recordable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func (r *accessoRow) access() archive.Access {
	return archive.Access{
		ID: r.ID, Instant: time.Time(r.Istante), Persona: r.Persona, CodiceFiscale: r.CodiceFiscale, Ruolo: r.Ruolo, Base: r.Base,
		Delega: r.Delega, Azione: r.Azione, Matricola: r.Matricola, Oggetto: r.Oggetto, Motivo: r.Motivo, Esito: r.Esito,
		Policy: r.Policy, Correlation: r.Correlazione, Address: r.Indirizzo,
	}
}

// Record adds lines to the record of accesses; they are on disk when it returns nil. Within a
// transaction they are part of it.
//
// Callers at the same time share a commit: while one is under way, those who come wait for the next, which
// takes the lines of all. So a busy service pays one sync of the disk for many requests, and a
// quiet one waits for no one.
func (s *Store) Record(ctx context.Context, lines ...archive.Access) error {
	if len(lines) == 0 {
		return nil
	}
	rows := make([]accessoRow, len(lines))
	for i := range lines {
		rows[i] = accessoRowOf(&lines[i])
	}
	if s.joined(ctx) != nil {
		return s.failure(ctx, "record an access", s.insertAccessi(ctx, rows))
	}
	return s.recorder.record(ctx, s.commitAccessi, rows)
}

// commitTimeout bounds one commit of lines: callers that give up sooner do so by their own context.
const commitTimeout = 30 * time.Second

// commitAccessi stores rows, all or none. It runs for many callers and so under the context of none.
func (s *Store) commitAccessi(rows []accessoRow) error {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	insert := func(ctx context.Context) error { return s.insertAccessi(ctx, rows) }
	transact := s.Within
	if len(rows) == 1 {
		// One statement is a transaction by itself.
		transact = func(ctx context.Context, do func(ctx context.Context) error) error { return do(ctx) }
	}
	err := transact(ctx, insert)
	if err != nil && ctx.Err() != nil {
		return archive.ErrUnavailable.Wrap(err) // our own time limit, not that of a caller
	}
	return s.failure(ctx, "record accesses", err)
}

// insertAccessi writes rows in statements of 64, 32, 16, … rows: a few texts only, which the database
// need not read again and again.
func (s *Store) insertAccessi(ctx context.Context, rows []accessoRow) error {
	for n := 64; len(rows) > 0; {
		if n > len(rows) {
			n /= 2
			continue
		}
		if err := s.db(ctx).Create(rows[:n]).Error; err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// recorder gathers the lines of callers who come while others are being written.
//
// What waits is bounded by the requests under way: a caller stays until its lines are written, and takes
// them away when it gives up. No goroutine is left when nothing waits.
type recorder struct {
	mu      sync.Mutex
	waiting []*recording
	writing bool
	closed  bool
	idle    sync.WaitGroup // the goroutine that writes
}

// recording is the lines of one caller.
type recording struct {
	rows []accessoRow
	done chan error // holds one: who writes never waits for the caller
}

func (r *recorder) record(ctx context.Context, commit func([]accessoRow) error, rows []accessoRow) error {
	mine := &recording{rows: rows, done: make(chan error, 1)}
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

func (r *recorder) enqueue(mine *recording, commit func([]accessoRow) error) error {
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

// withdraw takes lines away that no one has begun to write.
func (r *recorder) withdraw(mine *recording) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, func(w *recording) bool { return w == mine })
}

// write commits what waits until nothing does.
func (r *recorder) write(commit func([]accessoRow) error) {
	for batch := r.next(); batch != nil; batch = r.next() {
		commitBatch(batch, commit)
	}
}

// batchLines bounds one commit, so that its first caller does not wait for long.
const batchLines = 1024

// next takes the oldest of those who wait; nil ends the goroutine.
func (r *recorder) next() (batch []*recording) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := 0
	for len(r.waiting) > 0 && lines < batchLines {
		lines += len(r.waiting[0].rows)
		batch = append(batch, r.waiting[0])
		r.waiting = r.waiting[1:]
	}
	r.writing = batch != nil
	return batch
}

// commitBatch writes the lines of several callers as one. When the database takes them not for a fault
// of its own, each caller is written alone, so that a line which can't be stored hurts its caller only.
func commitBatch(batch []*recording, commit func([]accessoRow) error) {
	var rows []accessoRow
	for _, b := range batch {
		rows = append(rows, b.rows...)
	}
	err := commit(rows)
	alone := err != nil && len(batch) > 1 && !errors.Is(err, archive.ErrUnavailable)
	for _, b := range batch {
		if alone {
			err = commit(b.rows)
		}
		b.done <- err
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

// Accesses lists the record, the newest first; After is an id.
func (s *Store) Accesses(ctx context.Context, c archive.AccessCriteria, page archive.Page) (items []archive.Access, more bool, err error) {
	if !storable(c.Matricola, c.Persona, c.Delega, c.Azione, c.Esito, page.After) {
		return nil, false, nil
	}
	var rows []accessoRow
	if err := accessiWhere(s.db(ctx), c, page).Order("id DESC").Limit(page.Limit + 1).Find(&rows).Error; err != nil {
		return nil, false, s.failure(ctx, "list accesses", err)
	}
	rows, more = upTo(rows, page.Limit)
	for i := range rows {
		items = append(items, rows[i].access())
	}
	return items, more, nil
}

func accessiWhere(db *gorm.DB, c archive.AccessCriteria, page archive.Page) *gorm.DB {
	for _, criterion := range []struct{ condition, value string }{
		{"id < ?", page.After}, {"matricola = ?", c.Matricola}, {"persona = ?", c.Persona},
		{"delega = ?", c.Delega}, {"azione = ?", c.Azione},
	} {
		if criterion.value != "" {
			db = db.Where(criterion.condition, criterion.value)
		}
	}
	if c.Esito != "" { // the outcome itself, or with its code behind a colon
		db = db.Where("(esito = ? OR esito LIKE ? ESCAPE '!')", c.Esito, likeEscape.Replace(c.Esito)+":%")
	}
	if c.From != 0 {
		db = db.Where("giorno >= ?", day(c.From))
	}
	if c.To != 0 {
		db = db.Where("giorno <= ?", day(c.To))
	}
	return db
}
