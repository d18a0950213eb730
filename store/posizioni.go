package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"omnia/archive"
)

// posizione is a row of the table of companies: one version of a matricola.
type posizione struct {
	Matricola     string `gorm:"primaryKey"`
	Versione      int    `gorm:"primaryKey;autoIncrement:false"`
	CodiceFiscale string
	Denominazione string
	Ricerca       string
	Sede          string
	Corpo         string
	Digest        string
	RegistratoIl  instant
	SuperatoIl    *instant
	RegistratoDa  string
}

// TableName is for gorm.
func (posizione) TableName() string { return "posizioni" }

func (r *posizione) value() *archive.Posizione {
	return &archive.Posizione{
		Matricola: r.Matricola, CodiceFiscale: r.CodiceFiscale, Denominazione: r.Denominazione, Sede: r.Sede,
		Versione: r.Versione, Corpo: []byte(r.Corpo), Digest: r.Digest,
		RegistratoIl: time.Time(r.RegistratoIl), RegistratoDa: r.RegistratoDa,
	}
}

// Posizione is a company as it was known at that instant (zero: now). What has no column of its own
// (classification, staff, units, days of activity) is in Corpo only: see [archive.Posizione.Open].
func (s *Store) Posizione(ctx context.Context, matricola string, knownAt time.Time) (*archive.Posizione, error) {
	if !storable(matricola) {
		return nil, archive.ErrNotFound
	}
	var r posizione
	if err := known(s.db(ctx).Where("matricola = ?", matricola), knownAt).Take(&r).Error; err != nil {
		return nil, s.failure(ctx, "read a company", err)
	}
	return r.value(), nil
}

// Posizioni are the companies of these matricole, as they are now, by matricola; one that is not stored is left
// out. As many as are asked for are one question.
func (s *Store) Posizioni(ctx context.Context, matricole []string) ([]archive.Posizione, error) {
	askable := make([]string, 0, len(matricole))
	for _, m := range matricole {
		if storable(m) {
			askable = append(askable, m)
		}
	}
	if len(askable) == 0 {
		return nil, nil
	}
	var rows []posizione
	condition, arg := s.among("matricola", askable)
	if err := known(s.db(ctx).Where(condition, arg), time.Time{}).Order("matricola").Find(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read companies", err)
	}
	out := make([]archive.Posizione, len(rows))
	for i := range rows {
		out[i] = *rows[i].value()
	}
	return out, nil
}

// WritePosizione stores a company, or a change of it, and gives the version stored. ifVersion is the
// version that the change rests on: 0 for a new one, -1 for whatever there is; when another one is stored,
// it is ErrStale with the version that is. The same content as stored is Same, and no new version.
func (s *Store) WritePosizione(ctx context.Context, p *archive.Posizione, ifVersion int) (outcome archive.Written, versione int, err error) {
	row := posizione{
		Matricola: p.Matricola, CodiceFiscale: p.CodiceFiscale, Denominazione: p.Denominazione, Ricerca: nameWords(p.Denominazione),
		Sede: p.Sede, Corpo: string(p.Corpo), Digest: p.Digest, RegistratoDa: p.RegistratoDa,
	}
	if !storable(row.Matricola, row.CodiceFiscale, row.Denominazione, row.Sede, row.Corpo, row.Digest, row.RegistratoDa) {
		return "", 0, fmt.Errorf("write the company %q: it has a NUL or is not UTF-8", p.Matricola)
	}
	err = s.write(ctx, func(ctx context.Context) (err error) {
		outcome, versione, err = s.writePosizione(ctx, row, ifVersion)
		return err
	})
	return outcome, versione, s.failure(ctx, "write a company", err)
}

func (s *Store) writePosizione(ctx context.Context, row posizione, ifVersion int) (archive.Written, int, error) {
	last, err := s.lastPosizione(ctx, row.Matricola)
	switch {
	case err != nil:
		return "", 0, err
	case ifVersion >= 0 && ifVersion != last.Versione:
		return "", last.Versione, archive.ErrStale
	case last.Versione > 0 && last.Digest == row.Digest:
		return archive.Same, last.Versione, nil
	}
	outcome, since := archive.Created, s.now()
	if last.Versione > 0 {
		outcome, since = archive.Corrected, later(since, time.Time(last.RegistratoIl))
		if err := s.endPosizione(ctx, last, since); err != nil {
			return "", 0, err
		}
	}
	row.Versione, row.RegistratoIl = last.Versione+1, instant(since)
	if err := s.db(ctx).Create(&row).Error; err != nil {
		return "", 0, err
	}
	return outcome, row.Versione, nil
}

// later is now, or the first instant after the one before when a clock is behind: the order of versions
// never wavers.
func later(now, before time.Time) time.Time {
	if earliest := before.Add(time.Microsecond); now.Before(earliest) {
		return earliest
	}
	return now
}

// lastPosizione is the version that is the last word; its number is 0 when there is none.
func (s *Store) lastPosizione(ctx context.Context, matricola string) (posizione, error) {
	var r posizione
	err := s.db(ctx).Select("matricola", "versione", "digest", "registrato_il").
		Where("matricola = ? AND superato_il IS NULL", matricola).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return posizione{}, nil
	}
	return r, err
}

func (s *Store) endPosizione(ctx context.Context, last posizione, at time.Time) error {
	r := s.db(ctx).Exec("UPDATE posizioni SET superato_il = ? WHERE matricola = ? AND versione = ? AND superato_il IS NULL",
		instant(at), last.Matricola, last.Versione)
	if r.Error == nil && r.RowsAffected != 1 {
		return errRetry
	}
	return r.Error
}

// nameWords are the words of a name as the search box compares them: folded, between blanks, so that
// " word" is the beginning of one.
func nameWords(name string) string { return " " + archive.Fold(name) + " " }
