package store

import (
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

	lite "github.com/glebarez/sqlite"
)

// openSQLite opens the file of path. One connection writes and takes writers in the order they come;
// others only read, each on the last commit before it began, and wait for no one.
func openSQLite(ctx context.Context, path string, opt Options) (*Store, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, errors.New(`open the archive: "sqlite:" must be followed by the path of a file; several connections share it, so it can't be in memory`)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	if err := makePrivate(path); err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, fmt.Errorf("open the archive %s: %w", path, err)
	}
	s := &Store{dialect: sqlite, opt: opt}
	s.closers = append(s.closers, lock)
	pools, err := openSplit(path, opt.MaxConns)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.pool, s.readers = pools.write, pools.read
	s.closers = []io.Closer{pools, lock} // the lock last: the log is folded into the file before it is given up
	s.migrate = func(_ context.Context, do func(*sql.DB) error) error { return do(pools.write) }
	// The writer comes first: it is the one that may turn the file to WAL.
	if err := pools.write.PingContext(ctx); err != nil {
		return nil, errors.Join(s.failure(ctx, "open the archive "+path, err), s.Close())
	}
	return s.finish(lite.Dialector{Conn: pools})
}

// makePrivate creates the folder and the file for their owner alone: personal data are in it. What SQLite
// puts beside the file takes its rights.
func makePrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// openSplit makes the two pools over one file.
func openSplit(path string, readers int) (*split, error) {
	if readers == 0 {
		readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	write, err := sql.Open(lite.DriverName, sqliteDSN(path, false))
	if err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	write.SetMaxOpenConns(1)
	write.SetConnMaxIdleTime(0)
	read, err := sql.Open(lite.DriverName, sqliteDSN(path, true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the archive: %w", err), write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	read.SetConnMaxIdleTime(10 * time.Minute)
	return &split{read: read, write: write}, nil
}

// sqliteDSN is how the driver is told to open the file.
//
// WAL lets readers go on beside the writer; FULL syncs the log at each commit, so that a power cut loses
// nothing that was acknowledged; an immediate transaction takes the right to write at its beginning, where
// it can wait for it: taken later, after a read, it fails at once when another wrote in between.
func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"temp_store(MEMORY)",
	}}
	if readOnly {
		q["_pragma"] = append(q["_pragma"], "query_only(1)", "cache_size(-16000)")
	} else { // KiB: an import meets every page of the indexes again and again; what is erased is written over
		q["_pragma"] = append(q["_pragma"], "cache_size(-128000)", "secure_delete(1)")
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
}

// split sends what reads to one pool and what writes to another. gorm sees it as one.
type split struct{ read, write *sql.DB }

// of is the pool for a statement. Only what surely reads goes to the readers, which refuse to write.
func (p *split) of(query string) *sql.DB {
	if len(query) >= 6 && strings.EqualFold(query[:6], "SELECT") {
		return p.read
	}
	return p.write
}

// PrepareContext is for gorm.
func (p *split) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.of(query).PrepareContext(ctx, query)
}

// ExecContext is for gorm.
func (p *split) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.write.ExecContext(ctx, query, args...)
}

// QueryContext is for gorm.
func (p *split) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.of(query).QueryContext(ctx, query, args...)
}

// QueryRowContext is for gorm.
func (p *split) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.of(query).QueryRowContext(ctx, query, args...)
}

// BeginTx is for gorm.
func (p *split) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	return p.write.BeginTx(ctx, opts)
}

// Close ends the readers first: the writer, as the last one, folds the log into the file.
func (p *split) Close() error { return errors.Join(p.read.Close(), p.write.Close()) }
