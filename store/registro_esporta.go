package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/ledger"
)

// Snapshot runs do on the state of one moment: whatever is written meanwhile is not seen. It writes nothing.
func (s *Store) Snapshot(ctx context.Context, do func(ctx context.Context) error) error {
	pool, begin := s.pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	if s.dialect == sqlite {
		pool, begin = s.readers, "BEGIN"
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return s.failure(ctx, "begin to read", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return s.failure(ctx, "begin to read", err)
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
			discard(conn)
		}
	}()
	db := s.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	db.Statement.ConnPool = conn
	return do(context.WithValue(ctx, workKey{}, &work{store: s, conn: conn, db: db}))
}

var _ gorm.ConnPool = (*sql.Conn)(nil)

// entryPage is how many leaves are read at a time for an export.
const entryPage = 500

// ExportLog reads the log from its beginning to its head, and the checkpoints that are kept, in their places: everything an
// export is made of, at one moment. head is told before the first entry: it is the last checkpoint that enough witnesses have
// signed, where the keyring asks for witnesses.
//
// What is in memory does not grow with the log. ErrUnwitnessed: there is none that could be verified. What can't be exported because
// it was altered is a *ledger.Finding.
func (s *Store) ExportLog(ctx context.Context, head func(*ledger.Signed) error, entry func(*ledger.Entry) error, checkpoint func(*ledger.Signed) error) error {
	return s.Snapshot(ctx, func(ctx context.Context) error {
		signed, keys, err := s.exportable(ctx)
		if err != nil {
			return err
		}
		if err := head(signed); err != nil {
			return err
		}
		for from := int64(0); from < signed.Tree.N; from += entryPage {
			if err := s.exportPage(ctx, from, signed.Tree.N, keys, entry, checkpoint); err != nil {
				return err
			}
		}
		return nil
	})
}

// exportable is the head up to which the log can be given away.
func (s *Store) exportable(ctx context.Context) (*ledger.Signed, *ledger.Keyring, error) {
	row, err := s.readHead(ctx, false)
	if err != nil {
		return nil, nil, err
	}
	keys, err := row.keyring()
	if err != nil {
		return nil, nil, err
	}
	signed, err := s.witnessed(ctx, row, keys)
	if err != nil {
		return nil, nil, err
	}
	return signed, keys, s.settled(ctx, signed.Tree.N)
}

func (s *Store) exportPage(ctx context.Context, from, size int64, keys *ledger.Keyring, entry func(*ledger.Entry) error, checkpoint func(*ledger.Signed) error) error {
	list, err := s.entriesAt(ctx, "f.posizione >= ? AND f.posizione < ?", from, min(from+entryPage, size))
	if err != nil {
		return err
	}
	var notes []struct {
		Dimensione int64
		Nota       string
	}
	err = s.db(ctx).Raw("SELECT dimensione, nota FROM firme WHERE dimensione > ? AND dimensione <= ? AND dimensione < ? ORDER BY dimensione", from, from+entryPage, size).Scan(&notes).Error
	if err != nil {
		return s.failure(ctx, "read checkpoints", err)
	}
	for i, e := range list {
		if e.Position != from+int64(i) {
			return removed(from + int64(i))
		}
		if err := entry(e); err != nil {
			return err
		}
		if len(notes) > 0 && notes[0].Dimensione == e.Position+1 {
			c, err := keys.Open(notes[0].Nota)
			if err != nil {
				return ledger.NotSound(fmt.Sprint("checkpoint ", notes[0].Dimensione), err)
			}
			if err := checkpoint(c); err != nil {
				return err
			}
			notes = notes[1:]
		}
	}
	if last := from + int64(len(list)); last < min(from+entryPage, size) {
		return removed(last)
	}
	return nil
}

// removed is of a leaf that must be there.
func removed(at int64) error {
	return &ledger.Finding{Subject: fmt.Sprint("leaf ", at), Code: ledger.CodeRemoved, Text: "it is not there"}
}

// ErrUnwitnessed says that nothing can be exported that could be verified: the keyring asks for witnesses, and too few have
// signed since the last erasure.
var ErrUnwitnessed = errors.New("no checkpoint since the last erasure is signed by as many witnesses as the keyring asks for: have them sign the last one")

// witnessed is the last checkpoint that enough witnesses have signed.
func (s *Store) witnessed(ctx context.Context, head *headRow, keys *ledger.Keyring) (*ledger.Signed, error) {
	last, err := head.signed()
	if errors.Is(err, archive.ErrNotFound) {
		return nil, err
	}
	if err != nil {
		return nil, ledger.NotSound(fmt.Sprintf("head of %d leaves", head.Dimensione), err)
	}
	if keys.Witnessed(last) == nil {
		return last, nil
	}
	var notes []string
	err = s.db(ctx).Raw("SELECT nota FROM firme WHERE testimoni >= ? AND testimoni > 0 ORDER BY dimensione DESC LIMIT 1", keys.Quorum).Scan(&notes).Error
	if err != nil {
		return nil, s.failure(ctx, "read checkpoints", err)
	}
	if len(notes) == 0 {
		return nil, ErrUnwitnessed
	}
	return keys.Open(notes[0])
}

// settled tells whether what is erased was erased by a leaf before that size: otherwise the export would lack the leaf that says so.
func (s *Store) settled(ctx context.Context, size int64) error {
	var n int64
	err := s.db(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM cancellazioni WHERE da >= ? LIMIT 1) AS c", size).Scan(&n).Error
	if err == nil && n > 0 {
		return ErrUnwitnessed
	}
	return s.failure(ctx, "read erasures", err)
}

// fogliaRow is a leaf with all that belongs to it.
type fogliaRow struct {
	Posizione int64
	ID        string
	Tipo      string
	Dati      string
	Insieme   int64
	Fatti     *string
	Risultato *string
	Valori    *string
}

// EntriesOf are leaves of the log with what belongs to them, by their ids, ascending: what is shown of one case.
func (s *Store) EntriesOf(ctx context.Context, ids []string) ([]*ledger.Entry, error) {
	if len(ids) == 0 || !storable(ids...) {
		return nil, nil
	}
	return s.entriesAt(ctx, "f.id IN ?", ids)
}

// Entries are leaves from a position on, with all that belongs to them, at most so many.
func (s *Store) Entries(ctx context.Context, from int64, limit int) ([]ledger.Entry, error) {
	list, err := s.entriesAt(ctx, "f.posizione >= ? AND f.posizione < ?", from, from+int64(limit))
	entries := make([]ledger.Entry, len(list))
	for i, e := range list {
		entries[i] = *e
	}
	return entries, err
}

func (s *Store) entriesAt(ctx context.Context, condition string, args ...any) ([]*ledger.Entry, error) {
	var rows []fogliaRow
	err := s.db(ctx).Raw(`SELECT f.posizione, f.id, f.tipo, f.dati, coalesce(c.insieme, -1) AS insieme, d.fatti, d.risultato, p.valori FROM foglie AS f
LEFT JOIN decisioni AS d ON d.posizione = f.posizione LEFT JOIN classi AS c ON c.id = d.classe LEFT JOIN personali AS p ON p.foglia = f.posizione
WHERE `+condition+" ORDER BY f.posizione", args...).Scan(&rows).Error
	if err != nil {
		return nil, s.failure(ctx, "read the log", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	erased, err := s.erasedFrom(ctx, pick(rows, func(r fogliaRow) int64 { return r.Posizione }))
	if err != nil {
		return nil, err
	}
	sets, err := s.versionSets(ctx, setsOf(rows))
	if err != nil {
		return nil, err
	}
	list := make([]*ledger.Entry, len(rows))
	for i := range rows {
		if list[i], err = s.entryOf(ctx, &rows[i], sets, erased[rows[i].Posizione]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// setsOf are the sets of versions of those leaves that are receipts.
func setsOf(rows []fogliaRow) (ids []int64) {
	for i := range rows {
		if rows[i].Insieme >= 0 {
			ids = append(ids, rows[i].Insieme)
		}
	}
	return ids
}

func (s *Store) entryOf(ctx context.Context, r *fogliaRow, sets map[int64]*ledger.Versions, erased map[string]int64) (e *ledger.Entry, err error) {
	e = &ledger.Entry{Position: r.Posizione, Leaf: []byte(r.Dati), Erased: erased}
	if r.Tipo == ledger.SchemaReceipt {
		if r.Fatti == nil || r.Insieme < 0 {
			return nil, &ledger.Finding{Subject: "decision " + r.ID, Code: ledger.CodeRemoved, Text: "its row is not there: facts, outcome and the versions applied"}
		}
		e.Facts, e.Outcome = []byte(*r.Fatti), []byte(*r.Risultato)
		if e.Leaf, err = receipt(r.Dati, r.Insieme, sets); err != nil {
			return nil, &ledger.Finding{Subject: "decision " + r.ID, Field: "rules", Code: ledger.CodeAltered, Text: err.Error()}
		}
	}
	if r.Valori != nil {
		if e.Personal, err = personalFrom(*r.Valori); err != nil {
			return nil, &ledger.Finding{Subject: fmt.Sprint("leaf ", r.Posizione), Field: "personal", Code: ledger.CodeAltered, Text: err.Error()}
		}
	}
	if r.Tipo == ledger.SchemaEdition {
		e.Files, err = s.editionFiles(ctx, r.Dati)
	}
	return e, err
}
