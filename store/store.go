// Package store keeps the archive in a database: one implementation over gorm, on SQLite (one file,
// no server, the default) and on PostgreSQL (any number of instances on one server).
//
// # What is kept
//
// Companies and provvedimenti are kept whole, as the canonical JSON they came as (corpo), beside the
// columns that are searched. Rows are only ever added: a correction is a further version, and the
// version before it gets the instant at which it was overtaken. Every read can be asked as the archive
// was known at an instant T:
//
//	registrato_il <= T AND (superato_il IS NULL OR superato_il > T)
//
// # What a transaction promises
//
// A method that returns nil has its work on disk. One that fails has changed nothing. A store that
// can't be reached, or has no room, is [archive.ErrUnavailable]: the same call may be made again, and
// works when the database is back; nothing has to be restarted. When the connection breaks during the
// commit itself, no one can know whether it took place: all writes of provvedimenti and posizioni may be
// repeated, and a repetition finds its own work ([archive.Same]).
//
// # The two instants of a commit
//
// registrato_il is read from the clock just before rows are inserted, their commit follows a little
// later: some milliseconds for one row, about half a second for a batch of ten thousand. A question as
// known at T, put in between by someone else, does not see these rows yet; the same question put after
// the commit does. So what was known at T is settled once the writes that were running at T have ended;
// Options.StatementTimeout bounds their statements on PostgreSQL. For one numero the order never wavers:
// a correction is always later than what it corrects, even when the clocks of two instances differ.
// Who writes and then asks as of the instant after the answer sees what was written, on one instance
// always, and on several as far as their clocks agree.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"omnia/ledger"
)

// dialect is which of the two databases a store speaks to. Its text is the name of its migrations.
type dialect string

const (
	sqlite   dialect = "sqlite"
	postgres dialect = "postgres"
)

// Options are the settings of a store; the zero value is what the service runs with.
type Options struct {
	// MaxConns bounds the connections to PostgreSQL, and on SQLite those that read (one more writes).
	// 0 is 16 on PostgreSQL, and on SQLite twice the processors, at least 4.
	MaxConns int
	// StatementTimeout bounds one statement on PostgreSQL; half of it what the statement waits for locks,
	// twice what a transaction may lie idle. 0 is 30 seconds. On SQLite a write waits for the one
	// before it as long as its context lets it.
	StatementTimeout time.Duration
	// ConnectTimeout bounds the making of a connection to PostgreSQL. 0 is 5 seconds.
	ConnectTimeout time.Duration
	// Keys are the secret keys that this process may sign the log with, as ledger.GenerateKey makes them; which of them
	// is good at a time is said by the keyring of the log, and an empty log is founded on the last one. A list that is empty
	// is a store that does not write to the log. nil is for tests and measurements: a key is made that lives as long as the
	// store, and a log that was founded on it can be read later, and not made longer.
	Keys []string
	// Now is the clock that stamps what is registered; nil is time.Now.
	Now func() time.Time
	// Log hears of statements that fail, without their values; nil is silent.
	Log *slog.Logger
}

func (o Options) defaults() Options {
	if o.StatementTimeout == 0 {
		o.StatementTimeout = 30 * time.Second
	}
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// passing is the origin of a log that is founded without a key of its own (RFC 2606).
const passing = "omnia.invalid/senza-chiave"

// keys are the keys to sign with; see Options.Keys.
func (o Options) keys() ([]string, error) {
	if o.Keys != nil {
		return o.Keys, nil
	}
	secret, _, err := ledger.GenerateKey(rand.Reader, passing)
	return []string{secret}, err
}

// Store is the archive in a database. All methods are safe for concurrent use.
type Store struct {
	dialect dialect
	gorm    *gorm.DB
	pool    *sql.DB // what transactions come from
	readers *sql.DB // of SQLite: those that only read
	opt     Options
	migrate func(ctx context.Context, do func(*sql.DB) error) error
	closers []io.Closer // in the order in which they are closed

	recorder recorder // of decisions and accesses
	left     left     // of the recorder alone
	appender *ledger.Appender
	classes  sync.Map // of decisions: those known to be on disk, by id
	shelf    shelf    // of versions
	sets     setNames
	signals  signals                                  // of the chat
	dial     func(context.Context) (*pgx.Conn, error) // a connection of its own, to listen on; nil on SQLite
}

// Open connects to the database named by dsn: "sqlite:<path>" or a "postgres://…" URL. The schema is not
// touched; see [Store.Migrate].
//
// A SQLite file is created when it is missing, with its folder, readable by the owner only. It can be
// open in one process at a time: a second one is refused.
func Open(ctx context.Context, dsn string, opt Options) (*Store, error) {
	opt = opt.defaults()
	var err error
	if opt.Keys, err = opt.keys(); err != nil {
		return nil, fmt.Errorf("open the archive: %w", err)
	}
	switch scheme, rest, _ := strings.Cut(dsn, ":"); scheme {
	case "sqlite":
		return openSQLite(ctx, rest, opt)
	case "postgres", "postgresql":
		return openPostgres(ctx, dsn, opt)
	}
	// The text of the DSN stays out of the error: it may hold a password.
	return nil, errors.New(`open the archive: the database must be written as "sqlite:<path>" or "postgres://user@host/name"`)
}

// finish builds the store over its pools.
func (s *Store) finish(d gorm.Dialector) (*Store, error) {
	db, err := gorm.Open(d, &gorm.Config{
		// Each method decides what belongs together; a transaction around each statement is wasted.
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
		NowFunc:                func() time.Time { return s.opt.Now().UTC() },
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the archive: %w", err), s.Close())
	}
	s.gorm = db
	s.appender = ledger.NewAppender(s.opt.Keys, s.opt.Now)
	return s, nil
}

// Close gives the connections back, and on SQLite the file to other processes.
func (s *Store) Close() error {
	errs := []error{s.recorder.Close(), s.signals.Close()} // first: they still write
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// Ping tells whether the store can be reached and has its tables.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	err := s.db(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM posizioni LIMIT 1) AS p").Scan(&n).Error
	return s.failure(ctx, "reach the archive", err)
}

// now is the instant of something that is registered.
func (s *Store) now() time.Time { return s.opt.Now().UTC().Truncate(time.Microsecond) }
