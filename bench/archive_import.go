package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"omnia/archive"
	"omnia/archive/importing"
	"omnia/bench/measure"
	"omnia/engine/calendar"
	"omnia/fixtures"
	"omnia/store"
)

// importBatch is how many lines `omnia import` stores together unless it is told otherwise.
const importBatch = 1000

// imports measures `omnia import` of provvedimenti beside the database's own way to take finished rows.
func (b *bench) imports() error {
	f, err := b.newImportFile()
	if err != nil {
		return err
	}
	b.Title(fmt.Sprintf("Import of %s provvedimenti", thousands(b.sizes.rows)),
		fmt.Sprintf("NDJSON (%s), read strictly, checked against the companies, its words stemmed, stored in batches with how far it is recorded in each, as `omnia import` does, into a fresh archive that has the %s companies; time by the clock. The floor takes the finished rows, made before, into the same table with the same indexes: PostgreSQL by COPY in one transaction, SQLite by a prepared INSERT of %d rows, in transactions of %d.",
			measure.Size(float64(len(f.text))), thousands(f.load.companies), insertedRows, importBatch))
	return b.with(func(d *databases) error {
		for _, kind := range kinds {
			if err := b.importOn(d, kind, f); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
		return nil
	})
}

// importFile is what is brought in, as text and as finished rows.
type importFile struct {
	load archiveLoad
	text []byte
	rows []finished
}

// finished is a row of provvedimenti.
type finished struct {
	archive.Provvedimento
	ricerca    string
	registrato time.Time
	superato   *time.Time
}

func (b *bench) newImportFile() (*importFile, error) {
	reader, err := archive.ReaderOf(b.edition)
	if err != nil {
		return nil, err
	}
	f := &importFile{load: archiveLoad{4, max(1, b.sizes.rows/perCompany), b.sizes.rows}}
	at, last := archive.Instant(time.Now()), map[string]int{}
	for line := range f.load.of(fixtures.Provvedimenti) {
		f.text = append(append(f.text, line...), '\n')
		p, err := reader.Provvedimento(bytes.Clone(line), archive.Options{Language: "it", Today: today})
		if err != nil {
			return nil, err
		}
		at = at.Add(time.Microsecond)
		if before, corrected := last[p.Numero]; corrected {
			end := at
			f.rows[before].superato = &end
		}
		last[p.Numero] = len(f.rows)
		p.RegistratoDa = "bench"
		f.rows = append(f.rows, finished{*p, " " + strings.Join(archive.Stems(p.Motivazione), " ") + " ", at, nil})
	}
	return f, nil
}

var provvedimentiColumns = []string{
	"numero", "versione", "matricola", "unita_produttiva", "sezione", "prestazione", "causale", "esito", "dal", "al",
	"data_emissione", "ricerca", "corpo", "digest", "registrato_il", "superato_il", "registrato_da",
}

// values are the columns; days and instants are as form has them.
func (r *finished) values(day func(calendar.Day) any, instant func(time.Time) any) []any {
	var superato any
	if r.superato != nil {
		superato = instant(*r.superato)
	}
	return []any{
		r.Numero, r.Versione, r.Matricola, r.UnitaProduttiva, string(archive.SezioneOf(r.Esito)), r.Prestazione, r.Causale, r.Esito,
		day(r.Dal), day(r.Al), day(r.DataEmissione), r.ricerca, string(r.Corpo), r.Digest, instant(r.registrato), superato, r.RegistratoDa,
	}
}

// importWays are how rows get in; the first is the floor.
type importWay struct {
	name string
	run  func(dsn string) error
}

func (b *bench) importOn(d *databases, kind string, f *importFile) error {
	template, err := b.companiesOnly(d, kind, f)
	if err != nil {
		return err
	}
	ways := []importWay{
		{"finished rows (floor)", f.floorOn(kind)},
		{fmt.Sprintf("import, batches of %d (default)", importBatch), func(dsn string) error { return b.importText(dsn, f, importBatch) }},
		{fmt.Sprintf("import, batches of %d", importing.MaxBatch), func(dsn string) error { return b.importText(dsn, f, importing.MaxBatch) }},
	}
	took := make([][]float64, len(ways))
	for range b.importRounds() {
		for i, way := range ways {
			t, err := d.timed(kind, template, way.run, len(f.rows))
			if err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			took[i] = append(took[i], t.Seconds())
		}
	}
	b.Line("%s, %d rounds:\n", kind, b.importRounds())
	var rows [][]string
	for i, way := range ways {
		s := measure.Median(took[i])
		rows = append(rows, []string{way.name, fmt.Sprintf("%.2f s", s), thousands(int(float64(len(f.rows)) / s)), fmt.Sprintf("%.2f", ratio(took[0], took[i]))})
	}
	b.Table([]string{"", "time", "rows/s", "× floor's speed"}, rows)
	b.AtLeast(kind+": speed of the import, × finished rows", ratio(took[0], took[1]), 0.5)
	b.Line("")
	return nil
}

// importRounds is one where a round takes minutes.
func (b *bench) importRounds() int {
	switch {
	case b.sizes.hasty, b.sizes.rows > 500_000:
		return 1
	}
	return 5
}

// companiesOnly is an archive with the companies and no measure: its name, from which others are cloned.
func (b *bench) companiesOnly(d *databases, kind string, f *importFile) (name string, err error) {
	s, _, err := d.fresh(kind)
	if err != nil {
		return "", err
	}
	err = b.bring(s, fixtures.Posizioni, text(f.load.of(fixtures.Posizioni)), importing.MaxBatch)
	return fmt.Sprintf("b%d", d.made), errors.Join(err, s.Close())
}

// timed runs one way into a clone of the template, which is gone afterwards, and checks that all rows are there.
func (d *databases) timed(kind, template string, run func(dsn string) error, rows int) (took time.Duration, err error) {
	dsn, drop, err := d.clone(kind, template)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	runtime.GC()
	start := time.Now()
	if err := run(dsn); err != nil {
		return 0, err
	}
	took = time.Since(start)
	stored, err := stored(dsn)
	if err == nil && stored != rows {
		err = fmt.Errorf("%d rows are stored, not %d", stored, rows)
	}
	return took, err
}

// clone is a database like another one, to which nobody is connected.
func (d *databases) clone(kind, template string) (dsn string, drop func() error, err error) {
	name := d.name()
	if kind == "SQLite" {
		path := filepath.Join(d.dir, name)
		if err := copyFile(path, filepath.Join(d.dir, template)); err != nil {
			return "", nil, err
		}
		return "sqlite:" + path, func() error {
			return errors.Join(os.Remove(path), removeIfThere(path+"-wal"), removeIfThere(path+"-shm"))
		}, nil
	}
	dsn, err = d.postgres.Create(name, template)
	if err == nil {
		err = d.postgres.Exec("postgres", "CHECKPOINT") // of what was before
	}
	return dsn, func() error { return d.postgres.Drop(name) }, err
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// stored counts the rows of a database.
func stored(dsn string) (n int, err error) {
	db, err := plain(dsn)
	if err != nil {
		return 0, err
	}
	err = db.QueryRow("SELECT count(*) FROM provvedimenti").Scan(&n)
	return n, errors.Join(err, db.Close())
}

// plain opens a database without the store: SQLite with the very settings that the store writes with.
func plain(dsn string) (*sql.DB, error) {
	path, isFile := strings.CutPrefix(dsn, "sqlite:")
	if !isFile {
		return sql.Open("pgx", dsn)
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)", "cache_size(-128000)",
	}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String())
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// importText is what `omnia import` does.
func (b *bench) importText(dsn string, f *importFile, batch int) error {
	s, err := store.Open(context.Background(), dsn, store.Options{})
	if err != nil {
		return err
	}
	reader, err := archive.ReaderOf(b.edition)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	report, err := importing.Run(context.Background(), reader, s, bytes.NewReader(f.text), importing.Options{
		Kind: importing.Provvedimenti, Batch: batch, By: "bench", Language: "it", Today: today, Now: time.Now, Errors: 3,
		Digest: "sha256:bench", Progress: s,
	})
	if err == nil && !report.Clean() {
		err = fmt.Errorf("lines that were not stored: %+v", report)
	}
	return errors.Join(err, s.Close())
}

func (f *importFile) floorOn(kind string) func(dsn string) error {
	if kind == "SQLite" {
		return f.insert
	}
	return f.copy
}

// copy sends all rows by one COPY.
func (f *importFile) copy(dsn string) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	date := func(d calendar.Day) any {
		y, m, dd := d.Date()
		return time.Date(y, time.Month(m), dd, 0, 0, 0, 0, time.UTC)
	}
	_, err = c.CopyFrom(ctx, pgx.Identifier{"provvedimenti"}, provvedimentiColumns, pgx.CopyFromSlice(len(f.rows), func(i int) ([]any, error) {
		return f.rows[i].values(date, func(t time.Time) any { return t }), nil
	}))
	return errors.Join(err, c.Close(ctx))
}

// insertedRows is how many rows one INSERT takes: the driver of SQLite is slower with fewer and with more.
const insertedRows = 20

// insert sends all rows by prepared statements.
func (f *importFile) insert(dsn string) error {
	db, err := plain(dsn)
	if err != nil {
		return err
	}
	for from := 0; err == nil && from < len(f.rows); from += importBatch {
		err = insertBatch(db, f.rows[from:min(from+importBatch, len(f.rows))])
	}
	return errors.Join(err, db.Close())
}

func insertBatch(db *sql.DB, rows []finished) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	many, err := tx.Prepare(insertOf(insertedRows))
	if err != nil {
		return err
	}
	for ; len(rows) >= insertedRows; rows = rows[insertedRows:] {
		if _, err := many.Exec(textual(rows[:insertedRows])...); err != nil {
			return err
		}
	}
	for i := range rows {
		if _, err := tx.Exec(insertOf(1), textual(rows[i:i+1])...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func insertOf(rows int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(provvedimentiColumns)), ",") + ")"
	return "INSERT INTO provvedimenti (" + strings.Join(provvedimentiColumns, ",") + ") VALUES " + strings.TrimSuffix(strings.Repeat(row+",", rows), ",")
}

// textual are the values of rows as SQLite keeps them.
func textual(rows []finished) (values []any) {
	day := func(d calendar.Day) any { return d.String() }
	instant := func(t time.Time) any { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
	for i := range rows {
		values = append(values, rows[i].values(day, instant)...)
	}
	return values
}
