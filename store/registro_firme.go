package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"omnia/archive"
	"omnia/ledger"
)

// Head is the last checkpoint, as it is signed; archive.ErrNotFound while the log is empty.
func (s *Store) Head(ctx context.Context) (*ledger.Signed, error) {
	head, err := s.readHead(ctx, false)
	if err != nil {
		return nil, err
	}
	return head.signed()
}

// HeadOf is the checkpoint that leaves before size are proved under: the last that as many witnesses have signed as the keyring asks for, so that
// the proof can be verified; or the head when none of these has so many leaves.
func (s *Store) HeadOf(ctx context.Context, size int64) (*ledger.Signed, error) {
	head, err := s.readHead(ctx, false)
	if err != nil {
		return nil, err
	}
	keys, err := head.keyring()
	if err != nil {
		return nil, err
	}
	signed, err := s.witnessed(ctx, head, keys)
	if errors.Is(err, ErrUnwitnessed) || err == nil && signed.Tree.N < size {
		return head.signed()
	}
	return signed, err
}

func (r *headRow) signed() (*ledger.Signed, error) {
	if r.Checkpoint == "" {
		return nil, archive.ErrNotFound
	}
	keys, err := r.keyring()
	if err != nil {
		return nil, err
	}
	return keys.Open(r.Checkpoint)
}

// Keyring is what is needed to check the log; archive.ErrNotFound while it is empty.
func (s *Store) Keyring(ctx context.Context) (*ledger.Keyring, error) {
	head, err := s.readHead(ctx, false)
	if err != nil {
		return nil, err
	}
	return head.keyring()
}

// ActiveEdition is the root digest of the edition that decisions must be under; "" while there is none.
func (s *Store) ActiveEdition(ctx context.Context) (string, error) {
	head, err := s.readHead(ctx, false)
	if err != nil {
		return "", err
	}
	return head.Edizione, nil
}

// ChangeKeyring puts another keyring into the row of the head, under its lock: nobody appends meanwhile. When the keys of the log change, a
// leaf says so first, signed under the key that was good until then: who does it must have its secret. size is that of the log
// with this leaf.
func (s *Store) ChangeKeyring(ctx context.Context, change func(ring *ledger.Keyring, size int64) (*ledger.Keyring, error)) error {
	return s.Within(ctx, func(ctx context.Context) error {
		head, err := s.readHead(ctx, true)
		if err != nil {
			return err
		}
		ring, err := head.keyring()
		if err != nil {
			return err
		}
		next, err := change(ring, head.Dimensione+1)
		if err != nil {
			return err
		}
		if !slices.Equal(ring.Log, next.Log) {
			if err := s.announce(ctx, head, next); err != nil {
				return err
			}
		}
		text, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("write the keyring: %w", err)
		}
		return s.failure(ctx, "change the keyring", s.db(ctx).Exec("UPDATE testa SET chiavi = ? WHERE id = 'testa'", string(text)).Error)
	})
}

// announce appends the leaf that names the keys from here on. What signs it must be good under the new keyring, too: a successor
// that begins at the size of this leaf, or before the last checkpoint was signed, is refused.
func (s *Store) announce(ctx context.Context, head *headRow, next *ledger.Keyring) error {
	a := ledger.Announcement{ID: uuid.Must(uuid.NewV7()).String(), Instant: s.now(), Keys: next.Log}
	leaf, err := a.Encode()
	if err != nil {
		return fmt.Errorf("record a change of keys: %w", err)
	}
	var before time.Time
	if last := next.Log[len(next.Log)-1]; last.From != nil {
		before = *last.From
	}
	x, err := s.extendBefore(ctx, head, []*entry{{id: a.ID, schema: ledger.SchemaKeys, leaf: leaf}}, before)
	if err != nil {
		return err
	}
	if _, err := next.Open(x.log.Checkpoint.Note); err != nil {
		return fmt.Errorf("the change of keys can't be signed under the key before it: %w", err)
	}
	return nil
}

// Cosign adds signatures of witnesses to a checkpoint of this log. It need not be one that is kept: the signature of the log on
// it is checked, and its root against the tree as it was then. ledger.ErrNotCovered: the log was never so long.
func (s *Store) Cosign(ctx context.Context, text string) (out *ledger.Signed, err error) {
	err = s.Within(ctx, func(ctx context.Context) error {
		head, err := s.readHead(ctx, true)
		if err != nil {
			return err
		}
		keys, err := head.keyring()
		if err != nil {
			return err
		}
		given, err := keys.Open(text)
		if err != nil {
			return err
		}
		out, err = s.merge(ctx, head, keys, given)
		return err
	})
	return out, err
}

func (s *Store) merge(ctx context.Context, head *headRow, keys *ledger.Keyring, given *ledger.Signed) (*ledger.Signed, error) {
	merged, kept := given, ""
	if given.Tree.N == head.Dimensione {
		kept = head.Checkpoint
	} else {
		notes, err := s.notesAt(ctx, given.Tree.N)
		if err != nil {
			return nil, err
		}
		if len(notes) > 0 {
			kept = notes[0]
		}
	}
	var err error
	if kept != "" {
		merged, err = keys.Merge(kept, given.Note)
	} else {
		err = s.ours(ctx, head, given)
	}
	if err != nil {
		return nil, err
	}
	if given.Tree.N == head.Dimensione {
		if err := s.db(ctx).Exec("UPDATE testa SET checkpoint = ? WHERE id = 'testa'", merged.Note).Error; err != nil {
			return nil, s.failure(ctx, "countersign the head", err)
		}
	}
	return merged, s.keepCheckpoint(ctx, merged)
}

// ours tells whether the log had that root when it had that size.
func (s *Store) ours(ctx context.Context, head *headRow, given *ledger.Signed) error {
	now, err := head.signed()
	if err != nil {
		return err
	}
	growth, err := ledger.Consistency(ctx, given.Tree.N, now, s)
	if err != nil {
		return err
	}
	keys, err := head.keyring()
	if err != nil {
		return err
	}
	_, err = growth.Verify(given, keys)
	return err
}

func (s *Store) notesAt(ctx context.Context, size int64) (notes []string, err error) {
	err = s.db(ctx).Raw("SELECT nota FROM firme WHERE dimensione = ?", size).Scan(&notes).Error
	return notes, s.failure(ctx, "read a checkpoint", err)
}

// SignedAt is the checkpoint that is kept of that size; archive.ErrNotFound when none is.
func (s *Store) SignedAt(ctx context.Context, size int64) (*ledger.Signed, error) {
	head, err := s.readHead(ctx, false)
	if err != nil {
		return nil, err
	}
	if head.Dimensione == size {
		return head.signed()
	}
	keys, err := head.keyring()
	if err != nil {
		return nil, err
	}
	notes, err := s.notesAt(ctx, size)
	if err != nil {
		return nil, err
	}
	if len(notes) == 0 {
		return nil, archive.ErrNotFound
	}
	return keys.Open(notes[0])
}

// ReadTiles reads the tree; see ledger.TileReader.
func (s *Store) ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	if len(tiles) == 0 {
		return nil, nil
	}
	var sql strings.Builder
	var args []any
	for i, t := range tiles {
		if i > 0 {
			sql.WriteString(" OR ")
		}
		sql.WriteString("(livello = ? AND numero = ?)")
		args = append(args, t.L, t.N)
	}
	var rows []struct {
		Livello int
		Numero  int64
		Dati    []byte
	}
	if err := s.db(ctx).Raw("SELECT livello, numero, dati FROM tessere WHERE "+sql.String(), args...).Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read the tree of the log", err)
	}
	found := make(map[[2]int64][]byte, len(rows))
	for _, r := range rows {
		found[[2]int64{int64(r.Livello), r.Numero}] = r.Dati
	}
	list := make([][]byte, len(tiles))
	for i, t := range tiles {
		data, ok := found[[2]int64{int64(t.L), t.N}]
		if !ok {
			return nil, fmt.Errorf("the tree of the log: %s is not there", t.Path())
		}
		list[i] = data
	}
	return list, nil
}
