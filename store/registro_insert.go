package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"omnia/archive"
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
	{"firme", words("dimensione nota testimoni"), words("bigint text integer"), " ON CONFLICT (dimensione) DO NOTHING"},
	{"tessere", words("livello numero dati"), words("integer bigint bytea"), " ON CONFLICT (livello, numero) DO UPDATE SET dati = excluded.dati"},
}

func words(s string) []string { return strings.Fields(s) }

// insertion is rows on their way into several tables.
type insertion struct {
	rows  map[string][][]any
	hours map[int64][2]int64 // of decisions: the first and the last place
}

func newInsertion() *insertion {
	return &insertion{rows: map[string][][]any{}, hours: map[int64][2]int64{}}
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
		values, err := personalTo(e.personal)
		if err != nil {
			return err
		}
		in.add("personali", at, values)
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

// moved writes the head, where it is still as long as the one that was read; movedFrom where it is one that was not read, to the letter.
const (
	moved     = "UPDATE testa SET dimensione = $1, checkpoint = $2, chiavi = $3, firmata_il = $4 WHERE id = 'testa' AND dimensione = $5"
	movedFrom = moved + " AND checkpoint = $6 AND chiavi = $7 AND edizione = $8"
)

// statement is that which moves the head.
func (st *step) statement() string {
	if st.from == nil {
		return moved
	}
	return movedFrom
}

// move is the arguments of statement.
func (st *step) move() []any {
	h := &st.head
	args := []any{h.Dimensione, h.Checkpoint, h.Chiavi, written(time.Time(h.FirmataIl)), st.log.Before}
	if f := st.from; f != nil {
		args = append(args, f.Checkpoint, f.Chiavi, f.Edizione)
	}
	return args
}

// insert writes all rows and the head, within the transaction that ctx carries.
func (s *Store) insert(ctx context.Context, st *step) error {
	if s.dialect == sqlite {
		return st.intoSQLite(ctx, s.db(ctx).Statement.ConnPool)
	}
	return s.raw(ctx, func(c *pgx.Conn) error {
		batch := &pgx.Batch{}
		batch.Queue(st.statement(), st.move()...)
		st.rows.queue(batch)
		n, err := sendAll(ctx, c, batch)
		if err != nil {
			return err
		}
		return fenced(n)
	})
}

// queue adds the statements for all rows.
func (in *insertion) queue(batch *pgx.Batch) {
	for i := range filled {
		t := &filled[i]
		if rows := in.rows[t.name]; len(rows) > 0 {
			batch.Queue(t.unnested(), t.columnwise(rows)...)
		}
	}
}

// sendAll sends all statements at once, and then hears what became of them: one way to the server and back. n is how many
// rows the first of them wrote.
func sendAll(ctx context.Context, c *pgx.Conn, batch *pgx.Batch) (n int64, err error) {
	results := c.SendBatch(ctx, batch)
	for i := range batch.Len() {
		done, err := results.Exec()
		if err != nil {
			return 0, errors.Join(err, results.Close())
		}
		if i == 0 {
			n = done.RowsAffected()
		}
	}
	return n, results.Close() // without a transaction around it, it is only then that they are kept
}

// fenced is of a head that was not moved.
func fenced(rows int64) error {
	if rows != 1 {
		return archive.ErrUnavailable.Wrap(ledger.ErrFenced)
	}
	return nil
}

// columnwise is rows as the arguments of one statement, the same for any number of them: a column is one array.
func (t *table) columnwise(rows [][]any) []any {
	args := make([]any, len(t.columns))
	for i := range t.columns {
		column := make([]string, len(rows))
		for j, row := range rows {
			column[j] = asText(row[i])
		}
		args[i] = column
	}
	return args
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

func (st *step) intoSQLite(ctx context.Context, tx gorm.ConnPool) error {
	done, err := tx.ExecContext(ctx, st.statement(), st.move()...)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err := errors.Join(err, fenced(n)); err != nil {
		return err
	}
	for i := range filled {
		if err := filled[i].intoSQLite(ctx, tx, st.rows.rows[filled[i].name]); err != nil {
			return fmt.Errorf("%s: %w", filled[i].name, err)
		}
	}
	return nil
}

// intoSQLite writes rows in statements of some: each is read by the database anew, so that few are better than many.
func (t *table) intoSQLite(ctx context.Context, tx gorm.ConnPool, rows [][]any) error {
	for some := range slices.Chunk(rows, inOneStatement) {
		if _, err := tx.ExecContext(ctx, t.statement(len(some)), slices.Concat(some...)...); err != nil {
			return err
		}
	}
	return nil
}

const inOneStatement = 32

// statement is that of n rows, with question marks.
func (t *table) statement(n int) string {
	row := "(?" + strings.Repeat(", ?", len(t.columns)-1) + ")"
	return "INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, n-1) + t.more
}

var _ ledger.TileReader = (*Store)(nil)
