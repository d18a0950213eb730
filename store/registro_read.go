package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"omnia/archive"
	"omnia/ledger"
)

// decisioneRow is a row of decisioni with its leaf and what is kept apart.
type decisioneRow struct {
	Posizione       int64
	ID              string
	Insieme         int64
	Matricola       string
	UnitaProduttiva string
	Persona         string
	Esito           string
	Settore         string
	Fatti           string
	Risultato       string
	Dati            string
	Valori          *string
}

func (r *decisioneRow) decision(sets map[int64]*ledger.Versions) (*ledger.Decision, error) {
	leaf, err := receipt(r.Dati, r.Insieme, sets)
	if err != nil {
		return nil, fmt.Errorf("decision %s as it is stored: %w", r.ID, err)
	}
	read, err := ledger.DecodeReceipt(leaf)
	if err != nil {
		return nil, fmt.Errorf("decision %s as it is stored: %w", r.ID, err)
	}
	d := &ledger.Decision{
		Receipt: *read, Facts: []byte(r.Fatti), Outcome: []byte(r.Risultato), Position: r.Posizione, Leaf: leaf,
		Index: ledger.Index{Matricola: r.Matricola, UnitaProduttiva: r.UnitaProduttiva, Persona: r.Persona, Esito: r.Esito, Settore: r.Settore},
	}
	if r.Valori != nil {
		if d.Personal, err = personalFrom(*r.Valori); err != nil {
			return nil, fmt.Errorf("decision %s: %w", r.ID, err)
		}
	}
	return d, nil
}

// wholeDecision reads decisions with all that belongs to them.
const wholeDecision = `SELECT d.posizione, f.id, c.insieme, d.matricola, d.unita_produttiva, d.persona, c.esito, d.settore, d.fatti, d.risultato, f.dati, p.valori
FROM decisioni AS d JOIN foglie AS f ON f.posizione = d.posizione JOIN classi AS c ON c.id = d.classe LEFT JOIN personali AS p ON p.foglia = d.posizione`

// Decisions lists decisions, the newest first in the order of the log, without their personal values; After is an id.
func (s *Store) Decisions(ctx context.Context, c ledger.Criteria, page archive.Page) (items []ledger.Decision, more bool, err error) {
	q := newInquiry(s.dialect, c, page.Limit+1)
	if page.After != "" {
		before, err := s.leafOf(ctx, page.After)
		if errors.Is(err, archive.ErrNotFound) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		q.to = before
	}
	list, err := s.searchDecisions(ctx, q)
	if err != nil {
		return nil, false, err
	}
	slices.Reverse(list)
	list, more = upTo(list, page.Limit)
	for _, d := range list {
		d.Personal, d.Erased = nil, nil
		items = append(items, *d)
	}
	return items, more, nil
}

// Decision is one decision, whole.
func (s *Store) Decision(ctx context.Context, id string) (*ledger.Decision, error) {
	if !storable(id) {
		return nil, archive.ErrNotFound
	}
	at, err := s.leafOf(ctx, id)
	if err != nil {
		return nil, err
	}
	list, err := s.decisionsAt(ctx, []int64{at})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, archive.ErrNotFound // a leaf of another kind
	}
	return list[0], nil
}

// DecisionsAfter are whole decisions behind a position, ascending, at most so many; -1 is before the first.
func (s *Store) DecisionsAfter(ctx context.Context, c ledger.Criteria, after int64, limit int) ([]*ledger.Decision, error) {
	q := newInquiry(s.dialect, c, limit)
	q.from, q.ascending = after+1, true
	return s.searchDecisions(ctx, q)
}

func (s *Store) searchDecisions(ctx context.Context, q *inquiry) ([]*ledger.Decision, error) {
	if !q.possible() {
		return nil, nil
	}
	if err := s.narrowByTime(ctx, q); err != nil {
		return nil, err
	}
	sql, args := q.query()
	var places []int64
	if err := s.db(ctx).Raw(sql, args...).Scan(&places).Error; err != nil {
		return nil, s.failure(ctx, "search decisions", err)
	}
	return s.decisionsAt(ctx, places)
}

// decisionsAt reads whole decisions by their places, ascending.
func (s *Store) decisionsAt(ctx context.Context, places []int64) ([]*ledger.Decision, error) {
	if len(places) == 0 {
		return nil, nil
	}
	var rows []decisioneRow
	if err := s.db(ctx).Raw(wholeDecision+" WHERE d.posizione IN ? ORDER BY d.posizione", places).Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read decisions", err)
	}
	erased, err := s.erasedFrom(ctx, places)
	if err != nil {
		return nil, err
	}
	sets, err := s.versionSets(ctx, pick(rows, func(r decisioneRow) int64 { return r.Insieme }))
	if err != nil {
		return nil, err
	}
	list := make([]*ledger.Decision, len(rows))
	for i := range rows {
		if list[i], err = rows[i].decision(sets); err != nil {
			return nil, err
		}
		list[i].Erased = erased[rows[i].Posizione]
	}
	return list, nil
}

// erasedFrom are the personal values that were erased, by leaf and path, with the leaf that says so.
func (s *Store) erasedFrom(ctx context.Context, places []int64) (map[int64]map[string]int64, error) {
	var rows []struct {
		Foglia   int64
		Percorso string
		Da       int64
	}
	if err := s.db(ctx).Raw("SELECT foglia, percorso, da FROM cancellazioni WHERE foglia IN ?", places).Scan(&rows).Error; err != nil {
		return nil, s.failure(ctx, "read erasures", err)
	}
	erased := map[int64]map[string]int64{}
	for _, r := range rows {
		if erased[r.Foglia] == nil {
			erased[r.Foglia] = map[string]int64{}
		}
		erased[r.Foglia][r.Percorso] = r.Da
	}
	return erased, nil
}

func pick[T, V any](list []T, of func(T) V) []V {
	out := make([]V, len(list))
	for i := range list {
		out[i] = of(list[i])
	}
	return out
}
