package store_test

import (
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	_ "github.com/glebarez/go-sqlite"
	gocmp "github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// The two schemas are written by hand, one file a dialect; here they are held together. Each is read out of
// the database itself, as lines: a column with its type and whether it may be empty, an index with its columns and its
// condition, a reference.

// sameType is how the types of SQLite are called in PostgreSQL, column by column: SQLite has no days and no
// instants, both are text there.
func sameType(sqlite, postgres string) string {
	postgres = strings.ToLower(postgres)
	switch {
	case sqlite == "text" && (postgres == "text" || postgres == "date" || postgres == "timestamp with time zone"),
		sqlite == "integer" && (postgres == "integer" || postgres == "bigint"),
		sqlite == "blob" && postgres == "bytea":
		return postgres
	}
	return sqlite
}

// schema is what a database says of itself.
type schema struct {
	columns map[string]column // by "table.column"
	indexes []string
	foreign []string
}

type column struct {
	Type string
	Null bool
}

const sqliteColumns = `SELECT m.name || '.' || c.name, lower(c.type), c."notnull" = 0 AND c.pk = 0
	FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'`

const postgresColumns = `SELECT table_name || '.' || column_name, data_type, is_nullable = 'YES'
	FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%'`

// A primary key is an index without a name of its own in SQLite, so that indexes are compared without names. One that is
// a whole number is the place of the row itself, and no index at all.
const sqliteIndexes = `SELECT m.name, i."unique", (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)),
	coalesce((SELECT sql FROM sqlite_master WHERE name = i.name), '')
	FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'
	UNION ALL SELECT m.name, 1, c.name, '' FROM sqlite_master m, pragma_table_info(m.name) c
	WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' AND c.pk = 1 AND lower(c.type) = 'integer'
	AND (SELECT count(*) FROM pragma_table_info(m.name) AS p WHERE p.pk > 0) = 1`

const postgresIndexes = `SELECT t.relname, i.indisunique, (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k (att, n) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.att),
	coalesce('WHERE ' || pg_get_expr(i.indpred, t.oid), '')
	FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace
	WHERE s.nspname = 'public' AND t.relname NOT LIKE 'goose_%'`

const sqliteForeign = `SELECT m.name || '.' || f."from" || ' -> ' || f."table" || '.' || f."to" || ' ' || lower(f.on_delete)
	FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`

const postgresForeign = `SELECT t.relname || '.' || a.attname || ' -> ' || r.relname || '.' || b.attname || ' ' || CASE c.confdeltype WHEN 'a' THEN 'no action' WHEN 'c' THEN 'cascade' ELSE c.confdeltype::text END
	FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
	JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1] JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = c.confkey[1]
	WHERE c.contype = 'f'`

func schemaOf(t *testing.T, db *sql.DB, columns, indexes, foreign string) schema {
	t.Helper()
	s := schema{columns: map[string]column{}}
	each(t, db, columns, func(rows *sql.Rows) error {
		var name string
		var c column
		err := rows.Scan(&name, &c.Type, &c.Null)
		s.columns[name] = c
		return err
	})
	each(t, db, indexes, func(rows *sql.Rows) error {
		var table, names, text string
		var unique bool
		err := rows.Scan(&table, &unique, &names, &text)
		s.indexes = append(s.indexes, fmt.Sprintf("%s (%s) unique=%v %s", table, names, unique, condition(text)))
		return err
	})
	each(t, db, foreign, func(rows *sql.Rows) error {
		var line string
		err := rows.Scan(&line)
		s.foreign = append(s.foreign, line)
		return err
	})
	slices.Sort(s.indexes)
	slices.Sort(s.foreign)
	return s
}

var partial = regexp.MustCompile(`(?i)\bWHERE\s+(.*)$`)

// condition is that of a partial index, without the brackets and casts that PostgreSQL adds.
func condition(text string) string {
	m := partial.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return strings.Join(strings.Fields(strings.NewReplacer("(", "", ")", "", "::text", "").Replace(m[1])), " ")
}

func each(t *testing.T, db *sql.DB, query string, row func(*sql.Rows) error) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// plain opens a database without the store.
func plain(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func sqliteSchema(t *testing.T, db *sql.DB) schema {
	t.Helper()
	return schemaOf(t, db, sqliteColumns, sqliteIndexes, sqliteForeign)
}

func postgresSchema(t *testing.T, db *sql.DB) schema {
	t.Helper()
	return schemaOf(t, db, postgresColumns, postgresIndexes, postgresForeign)
}

func TestBothSchemasAreOne(t *testing.T) {
	t.Parallel()
	lite, pg := sqliteDSN(t), postgresDSN(t)
	open(t, lite)
	a, b := sqliteSchema(t, plain(t, "sqlite", strings.TrimPrefix(lite, "sqlite:"))), postgresSchema(t, plain(t, "pgx", pg))
	for name, c := range a.columns {
		c.Type = sameType(c.Type, b.columns[name].Type)
		a.columns[name] = c
	}
	if len(a.columns) < 50 || len(a.indexes) < 15 || len(a.foreign) < 2 {
		t.Fatalf("too little was read to compare: %d columns, %d indexes, %d references", len(a.columns), len(a.indexes), len(a.foreign))
	}
	if d := gocmp.Diff(a.columns, b.columns); d != "" {
		t.Errorf("columns (-sqlite +postgres):\n%s", d)
	}
	if d := gocmp.Diff(a.indexes, b.indexes); d != "" {
		t.Errorf("indexes (-sqlite +postgres):\n%s", d)
	}
	if d := gocmp.Diff(a.foreign, b.foreign); d != "" {
		t.Errorf("references (-sqlite +postgres):\n%s", d)
	}
}

// A text that PostgreSQL sorts by a language would come in another order than SQLite's, and make LIKE
// forget its index.
func TestPostgreSQLComparesTextsByTheirBytes(t *testing.T) {
	t.Parallel()
	db := plain(t, "pgx", postgresDSN(t))
	each(t, db, `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		t.Errorf(`%s needs COLLATE "C"`, name)
		return err
	})
}

func TestMigrationsGoUpAndDown(t *testing.T) {
	t.Parallel()
	for _, d := range []struct {
		name, driver, folder string
		dialect              goose.Dialect
		dsn                  func(t *testing.T) string
		schema               func(t *testing.T, db *sql.DB) schema
	}{
		{"sqlite", "sqlite", "migrations/sqlite", goose.DialectSQLite3, func(t *testing.T) string { return strings.TrimPrefix(sqliteDSN(t), "sqlite:") }, sqliteSchema},
		{"postgres", "pgx", "migrations/postgres", goose.DialectPostgres, func(t *testing.T) string { return postgresDSN(t) }, postgresSchema},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := plain(t, d.driver, d.dsn(t))
			p, err := goose.NewProvider(d.dialect, db, os.DirFS(d.folder), goose.WithDisableGlobalRegistry(true))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			up := d.schema(t, db)
			if _, err := p.DownTo(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			if down := d.schema(t, db); len(down.columns)+len(down.indexes) != 0 {
				t.Errorf("left over after the way down: %v %v", down.columns, down.indexes)
			}
			if _, err := p.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(up, d.schema(t, db), gocmp.AllowUnexported(schema{})); d != "" {
				t.Errorf("another schema the second time (-first +second):\n%s", d)
			}
		})
	}
}

func TestBothDialectsHaveTheSameMigrations(t *testing.T) {
	t.Parallel()
	names := func(folder string) (list []string) {
		entries, err := fs.ReadDir(os.DirFS("migrations"), folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return list
	}
	if d := gocmp.Diff(names("sqlite"), names("postgres")); d != "" {
		t.Errorf("migrations (-sqlite +postgres):\n%s", d)
	}
}

// lastFree is the last migration from before programs of two versions had to live on one schema; see docs/operating.md.
const lastFree = 7

// takesAway finds what a program that is live while the schema changes under it would miss, or could not write any more.
var takesAway = regexp.MustCompile(`(?i)\b(DROP\s+(TABLE|COLUMN|VIEW|FUNCTION)|RENAME|ALTER\s+COLUMN|SET\s+NOT\s+NULL|ADD\s+COLUMN\s+(IF NOT EXISTS\s+)?\w+[^,;]*\bNOT\s+NULL\b)`)

// given is a column that older programs need not write.
var given = regexp.MustCompile(`(?i)\bDEFAULT\b`)

func tooMuch(migration string) (found []string) {
	up, _, _ := strings.Cut(migration, "-- +goose Down")
	for line := range strings.SplitSeq(up, "\n") {
		line, _, _ = strings.Cut(line, "--")
		if takesAway.MatchString(line) && !(strings.Contains(strings.ToUpper(line), "ADD COLUMN") && given.MatchString(line)) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// TestMigrationsOnlyAdd keeps instances of the version before at work while a newer one brings the schema up to date.
func TestMigrationsOnlyAdd(t *testing.T) {
	t.Parallel()
	for text, bad := range map[string]bool{
		"CREATE TABLE x (id text NOT NULL PRIMARY KEY);": false, "ALTER TABLE x ADD COLUMN y text NOT NULL DEFAULT '';": false, "ALTER TABLE x ADD COLUMN y text;": false,
		"CREATE INDEX x_y ON x (y); -- no RENAME": false, "-- +goose Up\nSELECT 1;\n-- +goose Down\nDROP TABLE x;": false,
		"ALTER TABLE x RENAME COLUMN y TO z;": true, "drop table x;": true, "ALTER TABLE x DROP COLUMN y;": true, "ALTER TABLE x ADD COLUMN y text NOT NULL;": true,
		"ALTER TABLE x ALTER COLUMN y TYPE bigint;": true,
	} {
		if got := tooMuch(text); (len(got) > 0) != bad {
			t.Errorf("%q: found %q", text, got)
		}
	}
	files, err := filepath.Glob("migrations/*/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	for _, name := range files {
		number, err := strconv.Atoi(filepath.Base(name)[:5])
		if err != nil {
			t.Fatalf("%s: its number can't be read", name)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := tooMuch(string(text)); number > lastFree && len(found) > 0 {
			t.Errorf("%s takes away what an older program may be using; add, and remove in a later version: %q", name, found)
		}
		if number == 6 && len(tooMuch(string(text))) == 0 {
			t.Errorf("%s renames a column, and it is not seen", name)
		}
	}
}
