package store

import (
	"context"
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
)

// Sections counts the hits of a search by section, whichever section c asks for. It reads one matricola's
// part of an index, as the search does.
func (s *Store) Sections(ctx context.Context, c archive.Criteria) (map[archive.Sezione]int, error) {
	found := map[archive.Sezione]int{}
	if !storable(append([]string{c.Matricola, c.Prestazione, c.Causale, c.UnitaProduttiva}, c.Parole...)...) {
		return found, nil
	}
	var rows []struct {
		Sezione archive.Sezione
		N       int
	}
	q := filtered(s.db(ctx).Table("provvedimenti"), c).Select("sezione, count(*) AS n").Group("sezione")
	if err := q.Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "count provvedimenti", err)
	}
	for _, r := range rows {
		if r.Sezione == "" {
			r.Sezione = archive.InIstruttoria
		}
		found[r.Sezione] = r.N
	}
	return found, nil
}

// Cases are all that is kept of these matricole, as known at that instant (zero: now), in their order; one
// that is not stored is left out. It takes three questions, however many matricole there are.
func (s *Store) Cases(ctx context.Context, matricole []string, before calendar.Day, knownAt time.Time) ([]archive.Dossier, error) {
	if len(matricole) == 0 || !storable(matricole...) {
		return nil, nil
	}
	companies, err := s.companies(ctx, matricole, knownAt)
	if err != nil {
		return nil, s.failure(ctx, "read companies", err)
	}
	histories, err := s.histories(ctx, matricole, knownAt)
	if err != nil {
		return nil, s.failure(ctx, "read histories", err)
	}
	last, err := s.lastTreatments(ctx, matricole, before, knownAt)
	if err != nil {
		return nil, s.failure(ctx, "read the last treatments", err)
	}
	var out []archive.Dossier
	for _, m := range matricole {
		if p := companies[m]; p != nil {
			out = append(out, archive.Dossier{Posizione: p, History: histories[m], LastTreatment: last[p.CodiceFiscale]})
		}
	}
	return out, nil
}

func (s *Store) companies(ctx context.Context, matricole []string, knownAt time.Time) (map[string]*archive.Posizione, error) {
	condition, arg := s.among("matricola", matricole)
	var rows []posizione
	if err := known(s.db(ctx).Where(condition, arg), knownAt).Find(&rows).Error; err != nil {
		return nil, err
	}
	out := make(map[string]*archive.Posizione, len(rows))
	for i := range rows {
		out[rows[i].Matricola] = rows[i].value()
	}
	return out, nil
}

func (s *Store) histories(ctx context.Context, matricole []string, knownAt time.Time) (map[string][]archive.Provvedimento, error) {
	condition, arg := s.among("matricola", matricole)
	q := known(s.db(ctx).Where(condition, arg), knownAt).Order("matricola, dal, numero")
	list, err := measures(q, knownAt)
	out := make(map[string][]archive.Provvedimento, len(matricole))
	for _, p := range list {
		out[p.Matricola] = append(out[p.Matricola], p)
	}
	return out, err
}

// lastTreatments are what LastTreatment says of the companies of these matricole, by codice fiscale.
func (s *Store) lastTreatments(ctx context.Context, matricole []string, before calendar.Day, knownAt time.Time) (map[string]*calendar.Day, error) {
	condition, arg := s.among("matricola", matricole)
	of := known(s.db(ctx).Table("posizioni").Select("codice_fiscale").Where(condition, arg), knownAt)
	companies := known(s.db(ctx).Table("posizioni").Select("matricola, codice_fiscale").Where("codice_fiscale IN (?)", of), knownAt)
	grants := known(s.db(ctx).Table("provvedimenti").Select("matricola, max(al) AS al").
		Where("sezione = ? AND dal < ?", archive.Autorizzazioni, day(before)).
		Where("matricola IN (?)", known(s.db(ctx).Table("posizioni").Select("matricola").Where("codice_fiscale IN (?)", of), knownAt)), knownAt).
		Group("matricola")
	var rows []struct {
		CodiceFiscale string
		Al            day
	}
	err := s.db(ctx).Table("(?) AS c", companies).Joins("JOIN (?) AS g ON g.matricola = c.matricola", grants).
		Select("c.codice_fiscale, max(g.al) AS al").Group("c.codice_fiscale").Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	out := make(map[string]*calendar.Day, len(rows))
	for _, r := range rows {
		last := min(calendar.Day(r.Al), before-1)
		out[r.CodiceFiscale] = &last
	}
	return out, nil
}
