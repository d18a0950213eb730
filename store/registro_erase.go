package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/ledger"
)

// Erase removes personal values of a decision or an access, and appends the leaf that says so, in one transaction.
// e.Entry is its id; no Paths are all of them. What is erased already is left out; when nothing is left, nothing is
// done. A path that the entry never had, or an entry that is not there, is archive.ErrNotFound. One whose matricola is
// under a legal hold is archive.ErrHeld.
func (s *Store) Erase(ctx context.Context, e ledger.Erasure) error {
	return s.write(ctx, func(ctx context.Context) error {
		head, err := s.readHead(ctx, true) // first: who places a hold takes it too
		if err != nil {
			return err
		}
		at, err := s.leafOf(ctx, e.Entry)
		if err != nil {
			return err
		}
		if held, err := s.held(ctx, at); err != nil || held {
			return errors.Join(err, heldIf(held))
		}
		x, err := s.erasing(ctx, at, e)
		if err != nil || x == nil {
			return err
		}
		return s.erase(ctx, head, []*erasing{x})
	})
}

func heldIf(held bool) error {
	if held {
		return archive.ErrHeld
	}
	return nil
}

func (s *Store) leafOf(ctx context.Context, id string) (int64, error) {
	if !storable(id) {
		return 0, archive.ErrNotFound
	}
	var at []int64
	if err := s.db(ctx).Raw("SELECT posizione FROM foglie WHERE id = ?", id).Scan(&at).Error; err != nil {
		return 0, s.failure(ctx, "find a leaf", err)
	}
	if len(at) == 0 {
		return 0, archive.ErrNotFound
	}
	return at[0], nil
}

// erasing is an erasure on its way: what stays, and the paths of what goes.
type erasing struct {
	ledger.Erasure
	at   int64
	kept []ledger.Personal
}

// held tells whether an entry is under a legal hold.
func (s *Store) held(ctx context.Context, at int64) (bool, error) {
	var n int64
	err := s.db(ctx).Raw(`SELECT count(*) FROM vincoli AS v WHERE v.tolto_il IS NULL AND v.matricola IN (
SELECT matricola FROM decisioni WHERE posizione = ? UNION ALL
SELECT a.matricola FROM accessi AS a JOIN foglie AS f ON f.id = a.id WHERE f.posizione = ?)`, at, at).Scan(&n).Error
	return n > 0, s.failure(ctx, "look for legal holds", err)
}

// erasing takes the personal values of a leaf apart into those that stay and those that go; nil when none goes.
func (s *Store) erasing(ctx context.Context, at int64, e ledger.Erasure) (*erasing, error) {
	var texts []string
	if err := s.db(ctx).Raw("SELECT valori FROM personali WHERE foglia = ?", at).Scan(&texts).Error; err != nil {
		return nil, s.failure(ctx, "read personal values", err)
	}
	erased, err := s.erasedFrom(ctx, []int64{at})
	if err != nil {
		return nil, err
	}
	var all []ledger.Personal
	if len(texts) > 0 {
		if all, err = personalFrom(texts[0]); err != nil {
			return nil, err
		}
	}
	x := &erasing{Erasure: e, at: at}
	x.Paths = nil
	for _, p := range all {
		if e.Paths == nil || slices.Contains(e.Paths, p.Path) {
			x.Paths = append(x.Paths, p.Path)
		} else {
			x.kept = append(x.kept, p)
		}
	}
	for _, path := range e.Paths {
		if _, gone := erased[at][path]; !gone && !slices.Contains(x.Paths, path) {
			return nil, archive.ErrNotFound
		}
	}
	if len(x.Paths) == 0 {
		return nil, nil
	}
	return x, nil
}

// erase appends the leaves of erasures and removes the values, within a transaction that has the head.
func (s *Store) erase(ctx context.Context, head *headRow, list []*erasing) error {
	entries := make([]*entry, len(list))
	for i, x := range list {
		if x.Instant.IsZero() {
			x.Instant = s.now()
		}
		if x.ID == "" {
			x.ID = uuid.Must(uuid.NewV7()).String()
		}
		leaf, err := x.Encode()
		if err != nil {
			return fmt.Errorf("record an erasure: %w", err)
		}
		entries[i] = &entry{id: x.ID, schema: ledger.SchemaErasure, leaf: leaf}
	}
	e, err := s.extend(ctx, head, entries)
	if err != nil {
		return err
	}
	for i, x := range list {
		if err := s.forget(ctx, x, e.log.Leaves[i].Position); err != nil {
			return s.failure(ctx, "erase personal values", err)
		}
	}
	return nil
}

// forget removes values wherever they are, and notes which leaf says so.
func (s *Store) forget(ctx context.Context, x *erasing, by int64) error {
	db := s.db(ctx)
	if err := s.keepOnly(ctx, x); err != nil {
		return err
	}
	for _, path := range x.Paths {
		if err := db.Exec("INSERT INTO cancellazioni (foglia, percorso, da) VALUES (?, ?, ?)", x.at, path, by).Error; err != nil {
			return err
		}
		for _, sql := range copiesOf(path) {
			if err := db.Exec(sql, x.at).Error; err != nil {
				return err
			}
		}
	}
	return nil
}

// copiesOf are the statements that empty the columns in which the value of a path stands a second time, to be found by it.
func copiesOf(path string) []string {
	if path == ledger.PathActor {
		return []string{"UPDATE decisioni SET persona = '' WHERE posizione = ?", "UPDATE attivazioni SET da = '' WHERE posizione = ?"}
	}
	if column, ok := strings.CutPrefix(path, "/"); ok && slices.Contains(personalOfAccess, column) {
		copies := []string{"UPDATE accessi SET " + column + " = '' WHERE id = (SELECT id FROM foglie WHERE posizione = ? AND tipo = 'access/v1')"}
		return append(copies, copiesOfHold[column]...)
	}
	return nil
}

// copiesOfHold are those of a leaf of a legal hold, by the column that a line of the record of accesses has for it.
var copiesOfHold = map[string][]string{
	"persona": {
		"UPDATE vincoli SET posto_da = '' WHERE id = (SELECT substr(id, 9) FROM foglie WHERE posizione = ? AND tipo = 'hold/v1' AND id NOT LIKE '% tolto')",
		"UPDATE vincoli SET tolto_da = '' WHERE id = (SELECT replace(substr(id, 9), ' tolto', '') FROM foglie WHERE posizione = ? AND tipo = 'hold/v1' AND id LIKE '% tolto')",
	},
	"motivo": {"UPDATE vincoli SET motivo = '' WHERE id = (SELECT substr(id, 9) FROM foglie WHERE posizione = ? AND tipo = 'hold/v1')"},
}

func (s *Store) keepOnly(ctx context.Context, x *erasing) error {
	if len(x.kept) == 0 {
		return s.db(ctx).Exec("DELETE FROM personali WHERE foglia = ?", x.at).Error
	}
	text, err := personalTo(x.kept)
	if err != nil {
		return err
	}
	return s.db(ctx).Exec("UPDATE personali SET valori = ? WHERE foglia = ?", text, x.at).Error
}

// expireTogether is how many decisions lose their personal values in one transaction, while which nobody else appends.
const expireTogether = 100

// ExpirePersonal erases the personal values of decisions taken before that instant, the oldest first, of at most so many
// decisions, and gives their number: fewer than asked when there are no more. Each gets its leaf. Those under a legal hold stay.
// It goes in small transactions: what is done when it fails stays done.
func (s *Store) ExpirePersonal(ctx context.Context, before time.Time, reason string, most int) (n int, err error) {
	for n < most {
		done, err := s.expireSome(ctx, before, reason, min(most-n, expireTogether))
		n += done
		if err != nil || done == 0 {
			return n, err
		}
	}
	return n, nil
}

func (s *Store) expireSome(ctx context.Context, before time.Time, reason string, most int) (n int, err error) {
	err = s.write(ctx, func(ctx context.Context) error {
		head, err := s.readHead(ctx, true)
		if err != nil {
			return err
		}
		rows, err := s.tooOld(ctx, before, most)
		if err != nil || len(rows) == 0 {
			n = 0
			return err
		}
		list := make([]*erasing, len(rows))
		for i, r := range rows {
			if list[i], err = s.erasing(ctx, r.Posizione, ledger.Erasure{Entry: r.ID, Reason: reason}); err != nil {
				return err
			}
			if list[i] == nil {
				return fmt.Errorf("the personal values of leaf %d are an empty list", r.Posizione)
			}
		}
		n = len(list)
		return s.erase(ctx, head, list)
	})
	if err != nil {
		n = 0
	}
	return n, err
}

// agedRow is a decision whose personal values are too old.
type agedRow struct {
	Posizione int64
	ID        string
}

func (s *Store) tooOld(ctx context.Context, before time.Time, most int) (rows []agedRow, err error) {
	err = s.db(ctx).Raw(`SELECT d.posizione, f.id FROM personali AS p JOIN decisioni AS d ON d.posizione = p.foglia JOIN foglie AS f ON f.posizione = d.posizione
WHERE p.foglia <= coalesce((SELECT max(ultima) FROM ore WHERE ora <= ?), -1) AND d.istante < ?
AND NOT EXISTS (SELECT 1 FROM vincoli AS v WHERE v.matricola = d.matricola AND v.tolto_il IS NULL)
ORDER BY p.foglia LIMIT ?`, hourOf(before), instant(before), most).Scan(&rows).Error
	return rows, s.failure(ctx, "find what is too old", err)
}
