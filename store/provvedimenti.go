package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/engine/calendar"
)

// provvedimento is a row of the table of provvedimenti: one version of a measure.
type provvedimento struct {
	Numero          string `gorm:"primaryKey"`
	Versione        int    `gorm:"primaryKey;autoIncrement:false"`
	Matricola       string
	UnitaProduttiva string
	Sezione         string
	Prestazione     string
	Causale         string
	Esito           string
	Dal             day
	Al              day
	DataEmissione   day
	Ricerca         string
	Corpo           string
	Digest          string
	RegistratoIl    instant
	SuperatoIl      *instant
	RegistratoDa    string
}

// TableName is for gorm.
func (provvedimento) TableName() string { return "provvedimenti" }

// shown are the columns that are read back: all but the stems.
var shown = []string{
	"numero", "versione", "matricola", "unita_produttiva", "prestazione", "causale", "esito", "dal", "al",
	"data_emissione", "corpo", "digest", "registrato_il", "superato_il", "registrato_da",
}

// value is the row as the archive has it, as it was known at that instant (zero: now): a correction that
// came later is not told.
func (r *provvedimento) value(knownAt time.Time) archive.Provvedimento {
	p := archive.Provvedimento{
		Numero: r.Numero, Versione: r.Versione, Matricola: r.Matricola, UnitaProduttiva: r.UnitaProduttiva,
		Prestazione: r.Prestazione, Causale: r.Causale, Esito: r.Esito,
		Dal: calendar.Day(r.Dal), Al: calendar.Day(r.Al), DataEmissione: calendar.Day(r.DataEmissione),
		Corpo: []byte(r.Corpo), Digest: r.Digest,
		RegistratoIl: time.Time(r.RegistratoIl), SuperatoIl: instantFrom(r.SuperatoIl), RegistratoDa: r.RegistratoDa,
	}
	if p.SuperatoIl != nil && !knownAt.IsZero() && p.SuperatoIl.After(knownAt) {
		p.SuperatoIl = nil
	}
	return p
}

// measures reads the rows of q as they were known at that instant. It goes over them itself: left to gorm's
// reflection, half of the time of a page goes there.
func measures(q *gorm.DB, knownAt time.Time) (list []archive.Provvedimento, err error) {
	rows, err := q.Model(&provvedimento{}).Select(shown).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r provvedimento
		if err := rows.Scan(&r.Numero, &r.Versione, &r.Matricola, &r.UnitaProduttiva, &r.Prestazione, &r.Causale, &r.Esito, &r.Dal, &r.Al,
			&r.DataEmissione, &r.Corpo, &r.Digest, &r.RegistratoIl, &r.SuperatoIl, &r.RegistratoDa); err != nil {
			return nil, err
		}
		list = append(list, r.value(knownAt))
	}
	return list, rows.Err()
}

// known narrows q to the rows that were the last word at that instant (zero: now).
func known(q *gorm.DB, at time.Time) *gorm.DB {
	if at.IsZero() {
		return q.Where("superato_il IS NULL")
	}
	t := instant(at)
	return q.Where("registrato_il <= ? AND (superato_il IS NULL OR superato_il > ?)", t, t)
}

// Provvedimento is one version of a measure (0: the last one), as known at that instant (zero: now).
// Motivazione and Correzione are in Corpo only, here and in all other readings: see [archive.Provvedimento.Open].
func (s *Store) Provvedimento(ctx context.Context, numero string, versione int, knownAt time.Time) (*archive.Provvedimento, error) {
	if !storable(numero) {
		return nil, archive.ErrNotFound
	}
	q := s.db(ctx).Where("numero = ?", numero)
	switch {
	case versione == 0:
		q = known(q, knownAt)
	case knownAt.IsZero():
		q = q.Where("versione = ?", versione)
	default:
		q = q.Where("versione = ? AND registrato_il <= ?", versione, instant(knownAt))
	}
	list, err := measures(q, knownAt)
	if err == nil && len(list) == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return nil, s.failure(ctx, "read a provvedimento", err)
	}
	return &list[0], nil
}

// Versions are all versions of a measure, the newest first; a numero that is not stored is ErrNotFound.
func (s *Store) Versions(ctx context.Context, numero string) ([]archive.Provvedimento, error) {
	if !storable(numero) {
		return nil, archive.ErrNotFound
	}
	list, err := measures(s.db(ctx).Where("numero = ?", numero).Order("versione DESC"), time.Time{})
	if err == nil && len(list) == 0 {
		err = gorm.ErrRecordNotFound
	}
	return list, s.failure(ctx, "read the versions of a provvedimento", err)
}

// History are the provvedimenti of one production unit, refused and pending ones too, as known at that
// instant (zero: now), by dal, numero.
func (s *Store) History(ctx context.Context, matricola, unita string, knownAt time.Time) ([]archive.Provvedimento, error) {
	if !storable(matricola, unita) {
		return nil, nil
	}
	list, err := measures(known(history(s.db(ctx), matricola, unita), knownAt), knownAt)
	return list, s.failure(ctx, "read a history", err)
}

func history(db *gorm.DB, matricola, unita string) *gorm.DB {
	return db.Where("matricola = ? AND unita_produttiva = ?", matricola, unita).Order("dal, numero")
}

// LastTreatment is the last day granted to the company of that codice fiscale, in any matricola and unit,
// before the day; ok is false when there was none. A grant that goes on over that day counts up to the
// day before. knownAt (zero: now) goes for the companies and for the grants.
func (s *Store) LastTreatment(ctx context.Context, codiceFiscale string, before calendar.Day, knownAt time.Time) (last calendar.Day, ok bool, err error) {
	if !storable(codiceFiscale) {
		return 0, false, nil
	}
	var found *day
	if err := lastTreatment(s.db(ctx), codiceFiscale, before, knownAt).Scan(&found).Error; err != nil {
		return 0, false, s.failure(ctx, "read the last treatment", err)
	}
	if found == nil {
		return 0, false, nil
	}
	return min(calendar.Day(*found), before-1), true, nil
}

func lastTreatment(db *gorm.DB, codiceFiscale string, before calendar.Day, knownAt time.Time) *gorm.DB {
	companies := known(db.Session(&gorm.Session{NewDB: true}).Table("posizioni").Select("matricola").Where("codice_fiscale = ?", codiceFiscale), knownAt)
	q := db.Table("provvedimenti").Select("max(al)").
		Where("matricola IN (?)", companies).
		Where("sezione = ? AND dal < ?", archive.Autorizzazioni, day(before))
	return known(q, knownAt)
}
