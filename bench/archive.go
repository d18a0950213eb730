package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"omnia/archive"
	"omnia/archive/importing"
	"omnia/engine/calendar"
	"omnia/fixtures"
	"omnia/internal/pgtest"
	"omnia/store"
)

// archiveSizes are how large the archives are that are measured. Tests have small ones.
type archiveSizes struct {
	small, large int   // provvedimenti of the two archives of a search, 100 for each matricola
	rows         int   // lines of an import
	decisions    int   // of the longest log
	connections  []int // over which decisions are asked for
	units        int   // matricole whose counters are asked
	few, many    int   // matricole of the two studios
	chat         chatSizes
	hasty        bool
}

// today is the day on which the archive is asked. The generated load ends shortly before.
var today = mustDay("2026-11-23")

// asInProduction is how PostgreSQL runs while it is measured: each commit is forced to the disk, and
// there is the memory that one would give it, and files of its log to be used again. All else is as it comes, autovacuum too.
var asInProduction = pgtest.Config{Durable: true, Settings: map[string]string{
	"fsync": "on", "autovacuum": "on", "shared_buffers": "1GB", "max_wal_size": "4GB", "min_wal_size": "2GB",
}}

// kinds are the databases that the archive can be in. SQLite is measured as the store opens it: WAL, a
// sync of the disk for each commit.
var kinds = []string{"SQLite", "PostgreSQL"}

// databases makes databases of both kinds in a temporary folder.
type databases struct {
	dir      string
	postgres *pgtest.Server
	made     int
}

func newDatabases(c pgtest.Config) (*databases, error) {
	dir, err := os.MkdirTemp("", "omnia-bench")
	if err != nil {
		return nil, err
	}
	d := &databases{dir: dir}
	if d.postgres, err = pgtest.Start(c); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *databases) close() error {
	var err error
	if d.postgres != nil {
		err = d.postgres.Close()
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// with runs do with databases that are gone afterwards, unless the groups share some.
func (b *bench) with(do func(d *databases) error) error {
	if b.shared != nil {
		return do(b.shared)
	}
	d, err := newDatabases(b.server)
	if err != nil {
		return err
	}
	return errors.Join(do(d), d.close())
}

// name is a database that does not exist yet, in both kinds.
func (d *databases) name() string {
	d.made++
	return fmt.Sprintf("b%d", d.made)
}

// fresh is an archive with a schema and nothing in it, and where it is.
func (d *databases) fresh(kind string) (s *store.Store, dsn string, err error) {
	name := d.name()
	if kind == "SQLite" {
		dsn = "sqlite:" + filepath.Join(d.dir, name)
	} else if dsn, err = d.postgres.Create(name, ""); err != nil {
		return nil, "", err
	}
	s, err = store.Open(context.Background(), dsn, store.Options{})
	if err != nil {
		return nil, "", err
	}
	if err := s.Migrate(context.Background()); err != nil {
		return nil, "", errors.Join(err, s.Close())
	}
	return s, dsn, nil
}

// settle does at once what autovacuum would do soon after so many rows came, so that it does not do it while
// something is measured. SQLite has no such thing.
func (d *databases) settle(kind string) error {
	if kind == "SQLite" {
		return nil
	}
	return errors.Join(
		d.postgres.Exec(fmt.Sprintf("b%d", d.made), "VACUUM ANALYZE"),
		d.postgres.Exec("postgres", "CHECKPOINT"))
}

// walFiles are the files of PostgreSQL's log, of 16 MB each, that are there to be used again while something is measured.
const walFiles = 64

// age makes PostgreSQL's log as it is on a server that has run for a day: a file that was not there before is filled
// with zeros first, and all commits wait for that, some tenth of a second for each 16 MB.
func (d *databases) age(kind string) error {
	if kind == "SQLite" {
		return nil
	}
	for range walFiles {
		if err := d.postgres.Exec("postgres", "SELECT pg_logical_emit_message(false, 'omnia', 'age'), pg_switch_wal()"); err != nil {
			return err
		}
	}
	return d.postgres.Exec("postgres", "CHECKPOINT")
}

// archiveLoad is a generated load: its companies and their provvedimenti.
type archiveLoad struct {
	seed                     uint64
	companies, provvedimenti int
}

// of are the lines of one kind.
func (l archiveLoad) of(kind fixtures.Kind) iter.Seq[[]byte] {
	if kind != fixtures.Provvedimenti {
		l.provvedimenti = 0 // they come last
	}
	return func(yield func([]byte) bool) {
		for k, line := range fixtures.Load(l.seed, l.companies, l.provvedimenti) {
			if k == kind && !yield(line) {
				return
			}
		}
	}
}

// text is lines as a text to import.
func text(lines iter.Seq[[]byte]) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		for line := range lines {
			if _, err := w.Write(append(line, '\n')); err != nil {
				return // the reader is gone
			}
		}
		_ = w.Close() // of a pipe, it never fails
	}()
	return r
}

// bring imports lines of one kind. All of them must be new and good.
func (b *bench) bring(s *store.Store, kind fixtures.Kind, lines io.ReadCloser, batch int) error {
	defer lines.Close()
	reader, err := archive.ReaderOf(b.edition)
	if err != nil {
		return err
	}
	report, err := importing.Run(context.Background(), reader, s, lines, importing.Options{
		Kind: importing.Kind(kind), Batch: batch, By: "bench", Language: "it", Today: today, Now: time.Now, Errors: 3,
	})
	if err == nil && !report.Clean() {
		err = fmt.Errorf("lines that were not stored: %+v", report)
	}
	return err
}

// fill brings companies and provvedimenti into an archive.
func (b *bench) fill(s *store.Store, l archiveLoad) error {
	if err := b.bring(s, fixtures.Posizioni, text(l.of(fixtures.Posizioni)), importing.MaxBatch); err != nil {
		return err
	}
	return b.bring(s, fixtures.Provvedimenti, text(l.of(fixtures.Provvedimenti)), importing.MaxBatch)
}

// matricolaOf is the matricola of a line of provvedimenti, as it stands there.
func matricolaOf(line []byte) string {
	key := []byte(`"matricola":"`)
	at := bytes.Index(line, key) + len(key)
	return string(line[at : at+10])
}

// counts are how many provvedimenti each matricola of a load has, corrections included.
func (l archiveLoad) counts() map[string]int {
	out := map[string]int{}
	for line := range l.of(fixtures.Provvedimenti) {
		out[matricolaOf(line)]++
	}
	return out
}

// least is that number of operations, or a few where nobody reads the report.
func (b *bench) least(n int) int {
	if b.sizes.hasty {
		return 3
	}
	return n
}

// monthsAgo is a day some months back.
func monthsAgo(n int) calendar.Day { return today.AddMonths(-n) }
