package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/engine/calendar"
)

// Case is what the counters of one unit rest on, as known at that instant (zero: now): the company, its last
// treatment before the day, and the history of the unit by dal, numero. Of a measure only Numero, Esito, Dal,
// Al and Corpo are read. A company that was not stored is ErrNotFound; one without that unit has no history.
//
// It is asked for with every look at the counters of a unit: two questions, and no column for nothing.
func (s *Store) Case(ctx context.Context, matricola, unita string, before calendar.Day, knownAt time.Time) (*archive.Dossier, error) {
	if !storable(matricola, unita) {
		return nil, archive.ErrNotFound
	}
	d, err := s.caseCompany(ctx, matricola, before, knownAt)
	if err != nil {
		return nil, s.failure(ctx, "read a company", err)
	}
	if d.History, err = s.caseHistory(ctx, matricola, unita, knownAt); err != nil {
		return nil, s.failure(ctx, "read a history", err)
	}
	return d, nil
}

// caseCompany reads the company, and the last treatment in any of its matricole.
func (s *Store) caseCompany(ctx context.Context, matricola string, before calendar.Day, knownAt time.Time) (d *archive.Dossier, err error) {
	q := &query{}
	q.add(`SELECT z.versione, z.codice_fiscale, z.denominazione, z.sede, z.corpo, z.digest, z.registrato_il, z.registrato_da,
(SELECT max(p.al) FROM posizioni AS c JOIN provvedimenti AS p ON p.matricola = c.matricola
WHERE c.codice_fiscale = z.codice_fiscale AND p.sezione = ? AND p.dal < ?`, archive.Autorizzazioni, day(before))
	q.known("c", knownAt)
	q.known("p", knownAt)
	q.add(") FROM posizioni AS z WHERE z.matricola = ?", matricola)
	q.known("z", knownAt)
	rows, err := s.db(ctx).Raw(q.String(), q.args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if err := first(rows); err != nil {
		return nil, err
	}
	r, last := posizione{Matricola: matricola}, (*day)(nil)
	if err := rows.Scan(&r.Versione, &r.CodiceFiscale, &r.Denominazione, &r.Sede, &r.Corpo, &r.Digest, &r.RegistratoIl, &r.RegistratoDa, &last); err != nil {
		return nil, err
	}
	d = &archive.Dossier{Posizione: r.value()}
	if last != nil {
		on := min(calendar.Day(*last), before-1)
		d.LastTreatment = &on
	}
	return d, rows.Err()
}

// first goes to the only row. A read that broke off is not one that found nothing: SQLite reads nothing before
// the first row is asked for, so that a database that fails, fails there.
func first(rows interface {
	Next() bool
	Err() error
}) error {
	if rows.Next() {
		return nil
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return gorm.ErrRecordNotFound
}

func (s *Store) caseHistory(ctx context.Context, matricola, unita string, knownAt time.Time) (list []archive.Provvedimento, err error) {
	q := &query{}
	q.add("SELECT p.numero, p.esito, p.dal, p.al, p.corpo FROM provvedimenti AS p WHERE p.matricola = ? AND p.unita_produttiva = ?", matricola, unita)
	q.known("p", knownAt)
	q.add(" ORDER BY p.dal, p.numero")
	rows, err := s.db(ctx).Raw(q.String(), q.args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		p := archive.Provvedimento{Matricola: matricola, UnitaProduttiva: unita}
		if err := rows.Scan(&p.Numero, &p.Esito, (*day)(&p.Dal), (*day)(&p.Al), &p.Corpo); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// known is the condition that a row was the last word at that instant (zero: now); see [known].
func (q *query) known(alias string, at time.Time) {
	if at.IsZero() {
		q.add(" AND " + alias + ".superato_il IS NULL")
		return
	}
	t := instant(at)
	q.add(" AND "+alias+".registrato_il <= ? AND ("+alias+".superato_il IS NULL OR "+alias+".superato_il > ?)", t, t)
}
