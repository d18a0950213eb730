package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"omnia/ledger"
)

// A search among decisions costs what its answer costs, however long the log is. It goes by one of these, the first that fits:
//
//   - an index of what has many values: matricola, unit, person, delegation;
//   - the matricole, when several are asked, or the classes, when something is asked that has few values (version of a rule,
//     edition, kind, outcome, simulation). Of each that fits the outermost decision is looked up in its index; only as many of
//     them as decisions are wanted can have one among the first, and only these are read further;
//   - the places, when nothing is asked but a time.
//
// Times become places by the hours in which decisions were taken; within the hours at both ends they are compared.
type inquiry struct {
	criteria  ledger.Criteria
	lateral   bool  // the database has LATERAL
	from, to  int64 // places, from inclusive, to exclusive
	limit     int
	ascending bool
}

// endOfLog is behind every place.
const endOfLog = 1 << 62

func newInquiry(d dialect, c ledger.Criteria, limit int) *inquiry {
	return &inquiry{criteria: c, lateral: d == postgres, to: endOfLog, limit: limit}
}

// possible tells whether there can be an answer at all.
func (q *inquiry) possible() bool {
	c := &q.criteria
	return q.from < q.to && storable(c.Rule, c.Edition, string(c.EditionDigest), c.Matricola, c.UnitaProduttiva, c.Persona, c.Delegation, c.Kind, c.Esito, c.Numero) &&
		storable(c.Matricole...) && (c.Matricole == nil || len(c.Matricole) > 0)
}

// RuleVersions are the versions of a rule that were published here, or that a decision applied, as one under a draft may have.
func (s *Store) RuleVersions(ctx context.Context, id string) (list []int, err error) {
	if !storable(id) {
		return nil, nil
	}
	const query = "SELECT versione FROM edizioni_voci WHERE id = ? UNION SELECT versione FROM insiemi_regole WHERE regola = ? ORDER BY 1"
	err = s.db(ctx).Raw(query, id, id).Scan(&list).Error
	return list, s.failure(ctx, "read what was published", err)
}

// narrowByTime turns the times into places.
func (s *Store) narrowByTime(ctx context.Context, q *inquiry) error {
	c := &q.criteria
	if c.From.IsZero() && c.To.IsZero() {
		return nil
	}
	w := &where{}
	if !c.From.IsZero() {
		w.add("ora >= ?", hourOf(c.From))
	}
	if !c.To.IsZero() {
		w.add("ora <= ?", hourOf(c.To.Add(-time.Microsecond)))
	}
	var span []struct{ Prima, Ultima *int64 }
	err := s.db(ctx).Raw("SELECT min(prima) AS prima, max(ultima) AS ultima FROM ore WHERE "+w.String(), w.args...).Scan(&span).Error
	if err != nil {
		return s.failure(ctx, "search decisions", err)
	}
	if len(span) == 0 || span[0].Prima == nil {
		q.to = q.from // nothing was decided then
		return nil
	}
	q.from, q.to = max(q.from, *span[0].Prima), min(q.to, *span[0].Ultima+1)
	return nil
}

// query gives the places of the first decisions that are asked for, as SQL.
func (q *inquiry) query() (string, []any) {
	classes := q.classes()
	byClass := len(classes.text) > 0
	column := q.narrow()
	own := q.own(column)
	if byClass && (column != "" || q.criteria.Matricole != nil) {
		own.add("d.classe + 0 IN (SELECT c.id FROM classi AS c WHERE "+classes.String()+")", classes.args...) // not by the index of classes
	}
	switch {
	case column != "":
		if q.criteria.Matricole != nil {
			source, args := q.listed()
			own.add("d.matricola IN ("+source+")", args...)
		}
		text, args := q.of(column, "?", own, q.limit)
		value := q.values()[column]
		return text, append([]any{value, q.from, value, q.to}, args...)
	case q.criteria.Matricole != nil:
		source, args := q.listed()
		return q.byGroups("matricola", own, source, args)
	case byClass:
		return q.byGroups("classe", own, "SELECT c.id FROM classi AS c WHERE "+classes.String(), classes.args)
	}
	own.add("d.posizione >= ? AND d.posizione < ?", q.from, q.to)
	return "SELECT d.posizione FROM decisioni AS d WHERE " + own.String() + q.tail("d.posizione", q.limit), own.args
}

// of is a search among the decisions that have a value in a column, in the index of that column. Written as an equation, a planner
// may think it good luck to find the value soon in the order of the places, and read the whole log when it is rare: as a span of
// pairs it has one way only.
func (q *inquiry) of(column, value string, own *where, limit int) (string, []any) {
	pair := "(d." + column + ", d.posizione)"
	return "SELECT d.posizione FROM decisioni AS d WHERE " + pair + " >= (" + value + ", ?) AND " + pair + " < (" + value + ", ?)" + present(column) +
		" AND " + own.String() + q.tail("d."+column, -1) + q.tail("d.posizione", limit)[len(" ORDER BY"):], own.args
}

// present makes a partial index be seen to fit.
func present(column string) string {
	if column == "classe" {
		return ""
	}
	return " AND d." + column + " <> ''"
}

// listed are the matricole asked for, as a table of one column.
func (q *inquiry) listed() (string, []any) {
	if q.lateral {
		return "SELECT DISTINCT unnest(?::text[])", []any{arrayText(q.criteria.Matricole)}
	}
	list, err := json.Marshal(q.criteria.Matricole)
	if err != nil {
		panic("store: texts always have a JSON: " + err.Error())
	}
	return "SELECT DISTINCT value FROM json_each(?)", []any{string(list)}
}

// narrow is the column of those asked for that says most; "" when there is none.
func (q *inquiry) narrow() string {
	values := q.values()
	for _, column := range []string{"matricola", "persona", "delega", "unita_produttiva"} {
		if values[column] != "" {
			return column
		}
	}
	return ""
}

// values are those that are asked for by column.
func (q *inquiry) values() map[string]string {
	c := &q.criteria
	return map[string]string{"matricola": c.Matricola, "persona": c.Persona, "delega": c.Delegation, "unita_produttiva": c.UnitaProduttiva}
}

// tail is the order and the number of what is wanted.
func (q *inquiry) tail(column string, limit int) string {
	order := "DESC"
	if q.ascending {
		order = "ASC"
	}
	if limit < 0 {
		return " ORDER BY " + column + " " + order + ","
	}
	return fmt.Sprintf(" ORDER BY %s %s LIMIT %d", column, order, limit)
}

// own are the conditions on decisioni, but for the column that is gone by and the places.
func (q *inquiry) own(by string) *where {
	c, w := &q.criteria, &where{}
	for column, value := range q.values() {
		if value != "" && column != by {
			w.add("d."+column+" = ?", value)
		}
	}
	if c.Numero != "" {
		w.add("d.fatti LIKE ? ESCAPE '!'", "%"+likeEscape.Replace(`"numero":`+quoted(c.Numero))+"%")
	}
	if !c.From.IsZero() {
		w.add("d.istante >= ?", instant(c.From))
	}
	if !c.To.IsZero() {
		w.add("d.istante < ?", instant(c.To))
	}
	return w
}

// classes are the conditions on classi.
func (q *inquiry) classes() *where {
	c, w := &q.criteria, &where{}
	for _, f := range []struct{ column, value string }{
		{"edizione", c.Edition}, {"edizione_digest", string(c.EditionDigest)}, {"tipo", c.Kind}, {"esito", c.Esito},
	} {
		if f.value != "" {
			w.add("c."+f.column+" = ?", f.value)
		}
	}
	if c.Simulation != nil {
		w.add("c.simulazione = ?", boolean(*c.Simulation))
	}
	switch {
	case c.Rule != "" && c.Version != 0:
		w.add("c.insieme IN (SELECT insieme FROM insiemi_regole WHERE regola = ? AND versione = ?)", c.Rule, c.Version)
	case c.Rule != "":
		w.add("c.insieme IN (SELECT insieme FROM insiemi_regole WHERE regola = ?)", c.Rule)
	}
	return w
}

// byGroups goes by the groups that source has, each of which is one value of the column.
func (q *inquiry) byGroups(column string, own *where, source string, sourceArgs []any) (string, []any) {
	outermost, _ := q.of(column, "g.id", own, 1)
	each, _ := q.of(column, "s.id", own, q.limit)
	sql := "WITH gruppi(id) AS (" + source + "), " +
		"adatti AS MATERIALIZED (SELECT g.id, (" + outermost + ") AS prima FROM gruppi AS g), " +
		"scelti AS (SELECT id, prima FROM adatti WHERE prima IS NOT NULL" + q.tail("prima", q.limit) + ") "
	if q.lateral {
		sql += "SELECT e.posizione FROM scelti AS s CROSS JOIN LATERAL (" + each + ") AS e"
	} else {
		sql += "SELECT e.posizione FROM scelti AS s CROSS JOIN decisioni AS e WHERE e.posizione IN (" + each + ")"
	}
	span := append([]any{q.from, q.to}, own.args...)
	return sql + q.tail("e.posizione", q.limit), slices.Concat(sourceArgs, span, span)
}

// quoted is a text in JSON, as facts have it.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("store: texts always have a JSON: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// where is a condition as it grows.
type where struct {
	text []string
	args []any
}

func (w *where) add(text string, args ...any) {
	w.text, w.args = append(w.text, text), append(w.args, args...)
}

// String is the condition, with AND.
func (w *where) String() string {
	if len(w.text) == 0 {
		return "1 = 1"
	}
	return strings.Join(w.text, " AND ")
}
