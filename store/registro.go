package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"omnia/archive"
	"omnia/ledger"
)

// How the log of decisions lies in the database.
//
// foglie has the leaves, tessere the tree, testa its head. Whoever appends takes the row of testa before it adds
// any: on PostgreSQL by its lock, on SQLite as the only writer there is. So one process at a time makes the log longer;
// when it dies its transaction ends with its connection, and the next one goes on.
//
// What a leaf commits to lies beside it: facts and outcome in decisioni, personal values in personali, texts of
// editions in the tables of editions.

// entry is a leaf on its way into the log, with the rows that belong to it.
type entry struct {
	id       string
	schema   string
	leaf     []byte
	personal []ledger.Personal
	decision *decision   // of a receipt
	access   *accessoRow // of an access
}

// entriesOf makes the leaves of decisions and of lines of the record of accesses.
func (s *Store) entriesOf(decisions []*ledger.Decision, lines []archive.Access) ([]*entry, error) {
	list := make([]*entry, 0, len(decisions)+len(lines))
	for i := range lines {
		e, err := accessEntry(&lines[i])
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	for _, d := range decisions {
		e, err := s.decisionEntry(d)
		if err != nil {
			return nil, fmt.Errorf("record a decision: %w", err)
		}
		list = append(list, e)
	}
	return list, nil
}

// accessEntry is the leaf of one line, what names a person kept apart.
func accessEntry(a *archive.Access) (*entry, error) {
	row := accessoRowOf(a)
	personal, commitments, err := ledger.SealTexts(map[string]string{
		"/persona": row.Persona, "/codice_fiscale": row.CodiceFiscale, "/oggetto": row.Oggetto, "/motivo": row.Motivo, "/indirizzo": row.Indirizzo,
	}, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("record an access: %w", err)
	}
	leaf, err := (&ledger.Access{
		ID: row.ID, Instant: a.Instant, Role: row.Ruolo, Basis: row.Base, Delegation: row.Delega, Action: row.Azione, Matricola: row.Matricola,
		Outcome: row.Esito, Policy: row.Policy, Personal: commitments, Correlation: row.Correlazione,
	}).Encode()
	if err != nil {
		return nil, fmt.Errorf("record an access: %w", err)
	}
	return &entry{id: row.ID, schema: ledger.SchemaAccess, leaf: leaf, personal: personal, access: &row}, nil
}

// headRow is the row of testa.
type headRow struct {
	Dimensione int64
	Checkpoint string
	Chiavi     string
	Edizione   string
	FirmataIl  instant
}

// same tells whether nobody has moved the head, nor signed it.
func (r *headRow) same(as *headRow) bool {
	return r.Dimensione == as.Dimensione && r.Checkpoint == as.Checkpoint && r.Chiavi == as.Chiavi && r.Edizione == as.Edizione
}

func (r *headRow) keyring() (*ledger.Keyring, error) {
	if r.Chiavi == "" {
		return nil, archive.ErrNotFound
	}
	return ledger.ParseKeyring([]byte(r.Chiavi))
}

// readHead reads testa; lock keeps others from appending until the end of the transaction.
func (s *Store) readHead(ctx context.Context, lock bool) (*headRow, error) {
	query := "SELECT dimensione, checkpoint, chiavi, edizione, firmata_il FROM testa WHERE id = 'testa'"
	if lock && s.dialect == postgres {
		query += " FOR UPDATE"
	}
	var r headRow
	err := s.db(ctx).Statement.ConnPool.QueryRowContext(ctx, query).Scan(&r.Dimensione, &r.Checkpoint, &r.Chiavi, &r.Edizione, &r.FirmataIl)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errors.New("store: the log has no head: its row was removed")
	}
	return &r, s.failure(ctx, "read the head of the log", err)
}

// Which checkpoints are kept beside the head: one each signLeaves leaves, so that in an export a fault can be told to be between two
// of them, and to verify them costs next to nothing; one each signEvery under load; and any that was the head for so long, for
// others may hold it. Witnesses may sign any other too, which is then kept.
const (
	signEvery  = 5 * time.Second
	signLeaves = 1000
)

// extend makes the log longer by entries, within the transaction that ctx carries, which has read head with its lock: leaves,
// their rows, the tiles and the head.
func (s *Store) extend(ctx context.Context, head *headRow, entries []*entry) (*step, error) {
	return s.extendBefore(ctx, head, entries, time.Time{})
}

// extendBefore is extend, signed as of before an instant, if there is one.
func (s *Store) extendBefore(ctx context.Context, head *headRow, entries []*entry, before time.Time) (*step, error) {
	w := s.joined(ctx)
	if w == nil {
		return nil, errors.New("store: the log is made longer within a transaction only")
	}
	st, err := s.step(head, entries, func(keys *ledger.Keyring, leaves []ledger.Waiting) (*ledger.Extension, error) {
		return s.appender.Step(ctx, head.Checkpoint, keys, s, leaves, before)
	})
	if err != nil {
		return nil, s.unsigned(ctx, err)
	}
	if err := s.keepClasses(ctx, st.rows, entries); err != nil {
		return nil, s.failure(ctx, "append to the log", err)
	}
	if err := s.insert(ctx, st); err != nil {
		return nil, s.failure(ctx, "append to the log", err)
	}
	w.after = append(w.after, func() { s.appender.Kept(st.log) })
	return st, nil
}

// step is what the log grows by, on its way into the database.
type step struct {
	log  *ledger.Extension
	rows *insertion
	from *headRow // the head, where it was not read under its lock
	head headRow  // as it is then
}

// step makes the log longer by entries, and writes nothing.
func (s *Store) step(head *headRow, entries []*entry, by func(*ledger.Keyring, []ledger.Waiting) (*ledger.Extension, error)) (*step, error) {
	keys, err := s.keyring(head)
	if err != nil {
		return nil, err
	}
	leaves := make([]ledger.Waiting, len(entries))
	for i, e := range entries {
		leaves[i] = ledger.Waiting{ID: e.id, Data: e.leaf}
	}
	x, err := by(keys, leaves)
	if err != nil {
		return nil, err
	}
	rows, err := insertionOf(x, entries)
	if err != nil {
		return nil, err
	}
	st := &step{log: x, rows: rows}
	st.head, err = s.headAfter(rows, head, keys, x)
	return st, err
}

// keyring is that of the head; an empty log gets the one that our own keys found.
func (s *Store) keyring(head *headRow) (*ledger.Keyring, error) {
	if head.Chiavi != "" {
		return head.keyring()
	}
	return ledger.Found(s.opt.Keys)
}

// unsigned is why the log can't be made longer here. None of the reasons is the caller's.
func (s *Store) unsigned(ctx context.Context, err error) error {
	if errors.Is(err, ledger.ErrReadOnly) || errors.Is(err, ledger.ErrRollback) || errors.Is(err, ledger.ErrSplitView) {
		s.warn(ctx, "append to the log", err)
		return archive.ErrUnavailable.Wrap(err)
	}
	return s.failure(ctx, "append to the log", err)
}

// headAfter is the head as a step leaves it; checkpoints that are to be kept beside it are added to the rows.
func (s *Store) headAfter(in *insertion, head *headRow, keys *ledger.Keyring, x *ledger.Extension) (headRow, error) {
	chiavi, signed := head.Chiavi, time.Time(head.FirmataIl)
	if chiavi == "" {
		text, err := json.Marshal(keys)
		if err != nil {
			return headRow{}, fmt.Errorf("write the keyring: %w", err)
		}
		chiavi = string(text)
	}
	now := s.now()
	if x.Last != nil && now.Sub(x.Last.Instant) >= signEvery {
		in.checkpoint(x.Last.Tree.N, head.Checkpoint)
	}
	if size := x.Checkpoint.Tree.N; now.Sub(signed) >= signEvery || size/signLeaves != x.Before/signLeaves || now.Before(signed) {
		in.checkpoint(size, x.Checkpoint.Note)
		signed = now
	}
	return headRow{x.Checkpoint.Tree.N, x.Checkpoint.Note, chiavi, head.Edizione, instant(signed)}, nil
}

// checkpoint keeps a checkpoint on which no witness was told here. One that is kept already has all that this has.
func (in *insertion) checkpoint(size int64, note string) {
	in.add("firme", size, note, 0)
}

// keepCheckpoint keeps a checkpoint for those who come later. Signatures that were added to it since stay.
func (s *Store) keepCheckpoint(ctx context.Context, c *ledger.Signed) error {
	err := s.db(ctx).Exec(`INSERT INTO firme (dimensione, nota, testimoni) VALUES (?, ?, ?)
ON CONFLICT (dimensione) DO UPDATE SET nota = excluded.nota, testimoni = excluded.testimoni WHERE firme.testimoni < excluded.testimoni`,
		c.Tree.N, c.Note, len(c.Witnesses)).Error
	return s.failure(ctx, "keep a checkpoint", err)
}

// insertionOf is the rows that belong to the leaves.
func insertionOf(x *ledger.Extension, entries []*entry) (*insertion, error) {
	in := newInsertion()
	for i, e := range entries {
		if err := in.entry(x.Leaves[i].Position, e); err != nil {
			return nil, err
		}
	}
	for _, t := range x.Tiles {
		in.add("tessere", t.Level, t.Number, t.Data)
	}
	for hour, span := range in.hours {
		in.add("ore", hour, span[0], span[1])
	}
	return in, nil
}

// personalRow is a personal value as personali has it.
type personalRow struct {
	Path  string          `json:"path"`
	Salt  string          `json:"salt"`
	Value json.RawMessage `json:"value"`
}

// personalTo is the text of a row of personali. The values in it are the very bytes that were hashed: nothing of them is escaped.
func personalTo(list []ledger.Personal) (string, error) {
	rows := make([]personalRow, len(list))
	for i, p := range list {
		rows[i] = personalRow(p)
	}
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(rows)
	return strings.TrimSuffix(text.String(), "\n"), err
}

func personalFrom(text string) ([]ledger.Personal, error) {
	if text == "" {
		return nil, nil
	}
	var rows []personalRow
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("personal values as they are stored: %w", err)
	}
	list := make([]ledger.Personal, len(rows))
	for i, r := range rows {
		list[i] = ledger.Personal(r)
	}
	return list, nil
}
