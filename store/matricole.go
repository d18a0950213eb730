package store

import (
	"context"
	"slices"
	"strings"

	"omnia/archive"
)

// Subject is what binds a person to a matricola, in one question. The question starts from a row that is
// always there, so that the database takes the same steps for a matricola that exists and for one that
// does not.
func (s *Store) Subject(ctx context.Context, codiceFiscale, matricola string) (archive.Subject, error) {
	subject := archive.Subject{Matricola: matricola}
	if !storable(codiceFiscale, matricola) {
		return subject, nil
	}
	var rows []subjectRow
	if err := s.db(ctx).Raw(subjectQuery, matricola, codiceFiscale, matricola).Scan(&rows).Error; err != nil {
		return archive.Subject{}, s.failure(ctx, "read what binds a person to a matricola", err)
	}
	for i := range rows {
		subject.Sede = rows[i].Sede
		if rows[i].Bond.D.ID != "" {
			subject.Deleghe = append(subject.Deleghe, rows[i].Bond.delega())
		}
	}
	return subject, nil
}

type subjectRow struct {
	Sede string
	Bond bond `gorm:"embedded"`
}

var subjectQuery = "SELECT z.sede AS sede, " + bondColumns + ` FROM (SELECT 1 AS one) AS k
LEFT JOIN posizioni AS z ON z.matricola = ? AND z.superato_il IS NULL
LEFT JOIN deleghe AS d ON d.delegato = ? AND d.matricola = ?
LEFT JOIN deleghe AS p ON p.id = d.padre
ORDER BY d.id`

// Matricole lists what is in reach, by matricola, each with the delegations that put it there
// ([archive.Reach.Has]). A matricola whose company is not stored is not listed. Each word of q must
// begin the matricola or a word of the name; nothing in it is a wildcard.
//
// One statement reads the page and its delegations, so that a revocation in between can't leave a
// matricola in the list without its reason. Each way into reach is one index read in the order of the
// list from where the page begins: a page costs the same however many there are.
func (s *Store) Matricole(ctx context.Context, reach archive.Reach, q string, page archive.Page) (items []archive.Listed, more bool, err error) {
	words, ok := searchWords(q)
	if !ok || !storable(reach.CodiceFiscale, reach.Sede, page.After) {
		return nil, false, nil
	}
	list := matricoleQuery(reach, words, page)
	if list == nil {
		return nil, false, nil
	}
	var rows []listedRow
	if err := s.db(ctx).Raw(list.String(), list.args...).Scan(&rows).Error; err != nil {
		return nil, false, s.failure(ctx, "list matricole", err)
	}
	items, more = upTo(gather(reach, rows), page.Limit)
	return items, more, nil
}

type listedRow struct {
	ZMatricola     string
	ZCodiceFiscale string
	ZDenominazione string
	ZSede          string
	Bond           bond `gorm:"embedded"`
}

// gather puts the rows of one matricola together.
func gather(reach archive.Reach, rows []listedRow) (items []archive.Listed) {
	for i := range rows {
		r := &rows[i]
		if len(items) == 0 || items[len(items)-1].Matricola != r.ZMatricola {
			items = append(items, archive.Listed{Matricola: r.ZMatricola, CodiceFiscale: r.ZCodiceFiscale, Denominazione: r.ZDenominazione, Sede: r.ZSede})
		}
		if r.Bond.D.ID == "" {
			continue
		}
		if d := r.Bond.delega(); reach.Has(&d) {
			last := &items[len(items)-1]
			last.Deleghe = append(last.Deleghe, d)
		}
	}
	return items
}

// searchMost bounds a search, in words and in bytes: no name is like that, and SQLite refuses to compare it.
const searchMost = 64

// searchWords are the words of a search, folded, each one once; ok is false when it can't find anything.
func searchWords(q string) (words []string, ok bool) {
	words = strings.Fields(nameWords(q))
	slices.Sort(words)
	words = slices.Compact(words)
	blank := strings.TrimSpace(q) == ""
	long := slices.ContainsFunc(words, func(w string) bool { return len(w) > searchMost })
	return words, storable(q) && !long && len(words) <= searchMost && (len(words) > 0 || blank) // "%" alone is no letter of a name
}

// matricoleQuery is nil when nothing at all is in reach.
func matricoleQuery(reach archive.Reach, words []string, page archive.Page) *query {
	var ways []func(q *query)
	if reach.CodiceFiscale != "" && len(reach.Tipi) > 0 && !reach.All {
		ways = append(ways, func(q *query) { q.byDelega(reach, words, page) })
	}
	if reach.All || reach.Sede != "" {
		ways = append(ways, func(q *query) { q.byOffice(reach, words, page) })
	}
	if len(ways) == 0 {
		return nil
	}
	q := &query{}
	q.add("SELECT z.matricola AS z_matricola, z.codice_fiscale AS z_codice_fiscale, z.denominazione AS z_denominazione, z.sede AS z_sede, " + bondColumns + " FROM (")
	for i, way := range ways {
		if i > 0 {
			q.add(" UNION ")
		}
		q.add("SELECT matricola FROM (")
		way(q)
		q.add(") AS way")
	}
	// CROSS JOIN tells SQLite to go from the page to its rows; PostgreSQL finds that by itself.
	return q.add(` ORDER BY matricola LIMIT ?) AS page
CROSS JOIN posizioni AS z
LEFT JOIN deleghe AS d ON d.delegato = ? AND d.matricola = page.matricola AND d.revocata_il IS NULL
LEFT JOIN deleghe AS p ON p.id = d.padre
WHERE z.matricola = page.matricola AND z.superato_il IS NULL
ORDER BY page.matricola, d.id`, page.Limit+1, reach.CodiceFiscale)
}

// byDelega asks for the matricole of one page that delegations good on that day put in reach. It says in
// SQL what archive.Reach.Has says in Go; a test holds the two together.
func (q *query) byDelega(reach archive.Reach, words []string, page archive.Page) {
	q.add(`SELECT DISTINCT d.matricola FROM deleghe AS d LEFT JOIN deleghe AS p ON p.id = d.padre
WHERE d.delegato = ? AND d.matricola > ? AND d.tipo IN ? AND `, reach.CodiceFiscale, page.After, reach.Tipi)
	q.good("d", reach)
	q.add(" AND (d.tipo <> ? OR p.tipo <> ? AND ", archive.Subdelega, archive.Subdelega)
	q.good("p", reach)
	// The place of the page is said twice: PostgreSQL may read both indexes side by side.
	q.add(") AND EXISTS (SELECT 1 FROM posizioni AS z WHERE z.matricola = d.matricola AND z.superato_il IS NULL AND z.matricola > ?", page.After)
	q.named(words)
	q.add(") ORDER BY d.matricola LIMIT ?", page.Limit+1)
}

// good is the condition on one row of deleghe.
func (q *query) good(alias string, reach archive.Reach) {
	q.valid(alias, reach.Today)
	if reach.Servizio != "" {
		q.add(" AND "+alias+".servizi LIKE ? ESCAPE '!'", "%,"+likeEscape.Replace(string(reach.Servizio))+",%")
	}
}

// byOffice asks for the matricole of one page that are those of the office, or of all.
func (q *query) byOffice(reach archive.Reach, words []string, page archive.Page) {
	q.add("SELECT z.matricola FROM posizioni AS z WHERE z.superato_il IS NULL AND z.matricola > ?", page.After)
	if !reach.All {
		q.add(" AND z.sede = ?", reach.Sede)
	}
	q.named(words)
	q.add(" ORDER BY z.matricola LIMIT ?", page.Limit+1)
}

// named is the condition that each word begins the matricola or a word of the name; see nameWords.
func (q *query) named(words []string) {
	for _, w := range words {
		if len(w) == matricolaLength && strings.Trim(w, "0123456789") == "" {
			q.add(" AND z.matricola = ?", w) // whole: found by its index
			continue
		}
		begins := likeEscape.Replace(w) + "%"
		q.add(" AND (z.matricola LIKE ? ESCAPE '!' OR z.ricerca LIKE ? ESCAPE '!')", begins, "% "+begins)
	}
}

const matricolaLength = 10
