package store

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/internal/fault"
)

var errCursor = fault.New(fault.Invalid, "bad_cursor", "The cursor is not of this list or not of this sort order.")

// Search is one page of a search among the provvedimenti of one matricola, in the order of c.Sort; After is
// c.Key of the last item shown. Equal days follow numero, in the same direction.
//
// Pages go on after a key, not after a count: with the same c.KnownAt, what is written between two pages
// neither repeats an item nor hides one.
func (s *Store) Search(ctx context.Context, c archive.Criteria, page archive.Page) (items []archive.Provvedimento, more bool, err error) {
	if !storable(append([]string{c.Matricola, string(c.Sezione), c.Prestazione, c.Causale, c.UnitaProduttiva}, c.Parole...)...) {
		return nil, false, nil
	}
	q, err := search(s.db(ctx), c, page)
	if err != nil {
		return nil, false, err
	}
	if items, err = measures(q, c.KnownAt); err != nil {
		return nil, false, s.failure(ctx, "search provvedimenti", err)
	}
	if more = len(items) > page.Limit; more {
		items = items[:page.Limit]
	}
	return items, more, nil
}

// search is the query of a page, with one row more than it shows.
func search(db *gorm.DB, c archive.Criteria, page archive.Page) (*gorm.DB, error) {
	o, err := orderOf(c.Sort)
	if err != nil {
		return nil, err
	}
	q := section(filtered(db, c), c.Sezione)
	if q, err = o.after(q, page.After); err != nil {
		return nil, err
	}
	return q.Order(o.by()).Limit(page.Limit + 1), nil
}

// section narrows q to a section; applications under examination are in none.
func section(q *gorm.DB, s archive.Sezione) *gorm.DB {
	switch s {
	case archive.Tutte:
		return q.Where("sezione <> ''")
	case archive.InIstruttoria:
		return q.Where("sezione = ''")
	}
	return q.Where("sezione = ?", string(s))
}

// filtered narrows q to what the criteria ask for, whatever the section.
func filtered(q *gorm.DB, c archive.Criteria) *gorm.DB {
	q = q.Where("matricola = ?", c.Matricola)
	for _, f := range []struct{ column, value string }{
		{"prestazione", c.Prestazione}, {"causale", c.Causale}, {"unita_produttiva", c.UnitaProduttiva},
	} {
		if f.value != "" {
			q = q.Where(f.column+" = ?", f.value)
		}
	}
	if c.Emissione.From != 0 {
		q = q.Where("data_emissione >= ?", day(c.Emissione.From))
	}
	if c.Emissione.To != nil {
		q = q.Where("data_emissione <= ?", day(*c.Emissione.To))
	}
	for _, stem := range c.Parole {
		q = q.Where("ricerca LIKE ? ESCAPE '!'", "% "+likeEscape.Replace(stem)+" %")
	}
	return known(q, c.KnownAt)
}

// order is one order of a search.
type order struct {
	column string // a column of days that goes before numero; "" is none
	down   bool
}

func orderOf(sort string) (order, error) {
	if sort == "" {
		sort = archive.Sorts[0]
	}
	column, down := strings.CutPrefix(sort, "-")
	switch column {
	case "numero":
		return order{"", down}, nil
	case "data_emissione", "dal":
		return order{column, down}, nil
	}
	return order{}, fmt.Errorf("search provvedimenti: there is no order %q, it is one of %v", sort, archive.Sorts)
}

// byNumero is numero as no index has it: neither database should find the few rows of one matricola by walking
// the numeri of all, which they do when they misjudge how many there are.
const byNumero = "numero || ''"

// by is what ORDER BY says.
func (o order) by() string {
	direction := ""
	if o.down {
		direction = " DESC"
	}
	if o.column == "" {
		return byNumero + direction
	}
	return o.column + direction + ", numero" + direction
}

// after narrows q to what follows the key; a key that is not of this order is refused.
func (o order) after(q *gorm.DB, key string) (*gorm.DB, error) {
	if key == "" {
		return q, nil
	}
	if !storable(key) {
		return nil, errCursor
	}
	than := " > "
	if o.down {
		than = " < "
	}
	if o.column == "" {
		return q.Where(byNumero+than+"?", key), nil
	}
	text, numero, found := strings.Cut(key, " ")
	d, err := calendar.Parse(text)
	if err != nil || !found {
		return nil, errCursor
	}
	return q.Where("("+o.column+", numero)"+than+"(?, ?)", day(d), numero), nil
}
