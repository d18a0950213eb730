package store

import (
	"context"

	"omnia/archive"
)

// SaveRun keeps how far a long job is, and Run gives it back; archive.ErrNotFound when there is none.
func (s *Store) SaveRun(ctx context.Context, id string, state []byte) error {
	err := s.db(ctx).Exec(`INSERT INTO ripetizioni (id, stato, aggiornata_il) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET stato = excluded.stato, aggiornata_il = excluded.aggiornata_il`, id, state, instant(s.now())).Error
	return s.failure(ctx, "keep a run", err)
}

// Run is what SaveRun kept.
func (s *Store) Run(ctx context.Context, id string) ([]byte, error) {
	var rows []struct{ Stato []byte }
	if err := s.db(ctx).Raw("SELECT stato FROM ripetizioni WHERE id = ?", id).Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read a run", err)
	}
	if len(rows) == 0 {
		return nil, archive.ErrNotFound
	}
	return rows[0].Stato, nil
}
