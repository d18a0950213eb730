package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"omnia/archive"
	"omnia/ledger"
)

// vincoloRow is a row of vincoli.
type vincoloRow struct {
	ID        string `gorm:"primaryKey"`
	Matricola string
	Motivo    string
	PostoDa   string
	PostoIl   instant
	ToltoDa   string
	ToltoIl   *instant
}

// TableName is for gorm.
func (vincoloRow) TableName() string { return "vincoli" }

// Hold places a legal hold, by a leaf of the log: once it returns, nothing personal of the matricola is erased. The same hold again is
// no error.
func (s *Store) Hold(ctx context.Context, h archive.Hold) error {
	row := vincoloRow{ID: h.ID, Matricola: h.Matricola, Motivo: recordable(h.Reason), PostoDa: recordable(h.PlacedBy), PostoIl: instant(archive.Instant(h.PlacedAt))}
	if !storable(h.ID, h.Matricola) {
		return errors.New("place a legal hold: its id or matricola has a NUL, or is not UTF-8")
	}
	return s.write(ctx, func(ctx context.Context) error {
		if _, err := s.readHead(ctx, true); err != nil { // erasures under way end first
			return err
		}
		done := s.db(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil || done.RowsAffected == 0 {
			return s.failure(ctx, "place a legal hold", done.Error)
		}
		return s.recordHold(ctx, &row)
	})
}

// Unhold lifts a legal hold, by a leaf of the log; again is no error.
func (s *Store) Unhold(ctx context.Context, id, by string, at time.Time) error {
	if !storable(id) {
		return archive.ErrNotFound
	}
	return s.write(ctx, func(ctx context.Context) error {
		done := s.db(ctx).Exec("UPDATE vincoli SET tolto_da = ?, tolto_il = ? WHERE id = ? AND tolto_il IS NULL", recordable(by), instant(archive.Instant(at)), id)
		if done.Error != nil {
			return s.failure(ctx, "lift a legal hold", done.Error)
		}
		var rows []vincoloRow
		if err := s.db(ctx).Where("id = ?", id).Find(&rows).Error; err != nil {
			return s.failure(ctx, "lift a legal hold", err)
		}
		switch {
		case len(rows) == 0:
			return archive.ErrNotFound
		case done.RowsAffected == 0:
			return nil // it was lifted before
		}
		return s.recordHold(ctx, &rows[0])
	})
}

// The leaves of a hold are named by it: one is written when it is placed, and one when it is lifted.
const (
	holdLeaf   = "vincolo "
	liftedLeaf = " tolto"
)

// recordHold adds the leaf that says what has just become of a hold, to the transaction that ctx carries.
func (s *Store) recordHold(ctx context.Context, row *vincoloRow) error {
	l := ledger.Hold{ID: holdLeaf + row.ID, Instant: time.Time(row.PostoIl), Hold: row.ID, Matricola: row.Matricola}
	values := map[string]string{"/persona": row.PostoDa, "/motivo": row.Motivo}
	if row.ToltoIl != nil {
		l.ID, l.Instant, l.Lifted = l.ID+liftedLeaf, time.Time(*row.ToltoIl), true
		values = map[string]string{"/persona": row.ToltoDa}
	}
	personal, commitments, err := ledger.SealTexts(values, rand.Reader)
	if err != nil {
		return fmt.Errorf("record a legal hold: %w", err)
	}
	l.Personal = commitments
	leaf, err := l.Encode()
	if err != nil {
		return fmt.Errorf("record a legal hold: %w", err)
	}
	w := s.joined(ctx)
	w.entries = append(w.entries, &entry{id: l.ID, schema: ledger.SchemaHold, leaf: leaf, personal: personal})
	return nil
}

// Holds lists the legal holds of a matricola, the newest last; "" is all.
func (s *Store) Holds(ctx context.Context, matricola string) (list []archive.Hold, err error) {
	if !storable(matricola) {
		return nil, nil
	}
	q := s.db(ctx).Order("id")
	if matricola != "" {
		q = q.Where("matricola = ?", matricola)
	}
	var rows []vincoloRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, s.failure(ctx, "list legal holds", err)
	}
	for _, r := range rows {
		list = append(list, archive.Hold{ID: r.ID, Matricola: r.Matricola, Reason: r.Motivo, PlacedBy: r.PostoDa, PlacedAt: time.Time(r.PostoIl), LiftedBy: r.ToltoDa, LiftedAt: instantFrom(r.ToltoIl)})
	}
	return list, nil
}
