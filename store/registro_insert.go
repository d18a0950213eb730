package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"omnia/ledger"
)

// table is how a table is filled: its columns, with the types that PostgreSQL gives them.
type table struct {
	name    string
	columns []string
	types   []string
	more    string // behind the statement
}

// filled are the tables that a commit of the log writes, in the order in which it writes them.
var filled = []table{
	{"foglie", words("posizione id tipo dati"), words("bigint text text text"), ""},
	{"personali", words("foglia valori"), words("bigint text"), ""},
	{"accessi", words("id istante giorno persona codice_fiscale ruolo base delega azione matricola oggetto motivo esito policy correlazione indirizzo"),
		words("text timestamptz date text text text text text text text text text text text text text"), ""},
	{"decisioni", words("posizione istante classe matricola unita_produttiva persona delega settore fatti risultato"),
		words("bigint timestamptz bigint text text text text text text text"), ""},
	{"ore", words("ora prima ultima"), words("bigint bigint bigint"),
		" ON CONFLICT (ora) DO UPDATE SET prima = CASE WHEN excluded.prima < ore.prima THEN excluded.prima ELSE ore.prima END, ultima = CASE WHEN excluded.ultima > ore.ultima THEN excluded.ultima ELSE ore.ultima END"},
	{"insiemi", words("id testo"), words("bigint text"), " ON CONFLICT (id) DO NOTHING"},
	{"insiemi_regole", words("regola versione insieme"), words("text integer bigint"), " ON CONFLICT (regola, versione, insieme) DO NOTHING"},
	{"classi", words("id insieme edizione edizione_digest tipo simulazione esito"), words("bigint bigint text text text integer text"), " ON CONFLICT (id) DO NOTHING"},
	{"tessere", words("livello numero dati"), words("integer bigint bytea"), " ON CONFLICT (livello, numero) DO UPDATE SET dati = excluded.dati"},
}

func words(s string) []string { return strings.Fields(s) }

// insertion is rows on their way into several tables.
type insertion struct {
	rows  map[string][][]any
	hours map[int64][2]int64 // of decisions: the first and the last place
}

func newInsertion() *insertion {
	return &insertion{map[string][][]any{}, map[int64][2]int64{}}
}

func (in *insertion) add(table string, values ...any) {
	in.rows[table] = append(in.rows[table], values)
}

// entry adds a leaf and the rows that belong to it.
func (in *insertion) entry(at int64, e *entry) error {
	leaf := e.leaf
	if e.decision != nil {
		leaf = e.decision.rest
	}
	in.add("foglie", at, e.id, e.schema, string(leaf))
	if len(e.personal) > 0 {
		values, err := json.Marshal(personalRows(e.personal))
		if err != nil {
			return err
		}
		in.add("personali", at, string(values))
	}
	if e.access != nil {
		in.access(e.access)
	}
	if e.decision != nil {
		in.decision(at, e.decision)
	}
	return nil
}

func (in *insertion) access(r *accessoRow) {
	in.add("accessi", r.ID, written(time.Time(r.Istante)), text(r.Giorno), r.Persona, r.CodiceFiscale, r.Ruolo, r.Base, r.Delega, r.Azione, r.Matricola,
		r.Oggetto, r.Motivo, r.Esito, r.Policy, r.Correlazione, r.Indirizzo)
}

func (in *insertion) decision(at int64, c *decision) {
	c.Position = at
	i := &c.Index
	in.add("decisioni", at, written(c.Receipt.Instant.Truncate(time.Millisecond)), c.class, recordable(i.Matricola), recordable(i.UnitaProduttiva), recordable(i.Persona),
		recordable(c.Receipt.Delegation), recordable(i.Settore), string(c.Facts), string(c.Outcome))
	hour := hourOf(c.Receipt.Instant)
	if span, ok := in.hours[hour]; ok {
		at = span[0] // places ascend
		in.hours[hour] = [2]int64{at, c.Position}
		return
	}
	in.hours[hour] = [2]int64{at, at}
}

// written is an instant as columns have it.
func written(t time.Time) string { return t.UTC().Format(instantForm) }

func text(d day) string {
	v, _ := d.Value() // never fails
	s, _ := v.(string)
	return s
}

// insert writes all rows, within the transaction that ctx carries.
func (s *Store) insert(ctx context.Context, in *insertion) error {
	for hour, span := range in.hours {
		in.add("ore", hour, span[0], span[1])
	}
	for i := range filled {
		t := &filled[i]
		rows := in.rows[t.name]
		if len(rows) == 0 {
			continue
		}
		var err error
		if s.dialect == postgres {
			err = s.raw(ctx, func(c *pgx.Conn) error { return t.intoPostgres(ctx, c, rows) })
		} else {
			err = t.intoSQLite(ctx, s, rows)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

// intoPostgres writes any number of rows by one statement, the same each time: a column is one parameter, an array.
func (t *table) intoPostgres(ctx context.Context, c *pgx.Conn, rows [][]any) error {
	args := make([]any, len(t.columns))
	for i := range t.columns {
		column := make([]string, len(rows))
		for j, row := range rows {
			column[j] = asText(row[i])
		}
		args[i] = column
	}
	_, err := c.Exec(ctx, t.unnested(), args...)
	return err
}

// asText is a value as PostgreSQL reads it out of a text.
func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return `\x` + hex.EncodeToString(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	}
	panic(fmt.Sprintf("store: a %T can't be inserted", v))
}

func (t *table) unnested() string {
	var list strings.Builder
	for i, kind := range t.types {
		if i > 0 {
			list.WriteString(", ")
		}
		fmt.Fprintf(&list, "$%d::text[]::%s[]", i+1, kind)
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") SELECT * FROM unnest(" + list.String() + ") AS r" + t.more
}

// intoSQLite writes rows in statements of 32, 16, 8, … of them: each is read by the database anew, so that few are better
// than many.
func (t *table) intoSQLite(ctx context.Context, s *Store, rows [][]any) error {
	tx := s.db(ctx).Statement.ConnPool
	for n := 32; len(rows) > 0; {
		if n > len(rows) {
			n /= 2
			continue
		}
		args := make([]any, 0, n*len(t.columns))
		for _, row := range rows[:n] {
			args = append(args, row...)
		}
		if _, err := tx.ExecContext(ctx, t.statement(n), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// statement is that of n rows, with question marks.
func (t *table) statement(n int) string {
	row := "(?" + strings.Repeat(", ?", len(t.columns)-1) + ")"
	return "INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, n-1) + t.more
}

var _ ledger.TileReader = (*Store)(nil)
