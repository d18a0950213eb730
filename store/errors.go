package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	gosqlite "github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"omnia/archive"
	"omnia/internal/fault"
)

// failure is err as the archive says it; nil stays nil, and what was said already stays as it is.
//
// Nothing found is archive.ErrNotFound. A store that can't be reached, has no room, or did not answer
// in time is archive.ErrUnavailable with its cause. When the caller's own context ended, that is the
// error. Anything else is a defect of ours.
func (s *Store) failure(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if _, said := errors.AsType[*fault.Fault](err); said {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, sql.ErrNoRows):
		return archive.ErrNotFound.Wrap(wrapped)
	case unavailable(err):
		s.warn(ctx, doing, err)
		return archive.ErrUnavailable.Wrap(wrapped)
	}
	return wrapped
}

func (s *Store) warn(ctx context.Context, doing string, err error) {
	if s.opt.Log != nil {
		s.opt.Log.WarnContext(ctx, "archive unavailable", "doing", doing, "error", err)
	}
}

// unavailable tells whether err says that the database is away, full or too busy, rather than that
// we asked something wrong.
func unavailable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgUnavailable(pg)
	}
	if lite, ok := errors.AsType[*gosqlite.Error](err); ok {
		return sqliteUnavailable(lite.Code())
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, gone := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, context.DeadlineExceeded} {
		if errors.Is(err, gone) {
			return true
		}
	}
	// pgconn has no value for a connection that was found closed before anything was sent.
	return pgconn.SafeToRetry(err) || strings.HasSuffix(err.Error(), "conn closed")
}

// pgUnavailable goes by the classes of PostgreSQL's manual, appendix A.
func pgUnavailable(e *pgconn.PgError) bool {
	switch e.Code[:min(2, len(e.Code))] {
	case "08", // connection exception
		"53", // insufficient resources: disk full, out of memory, too many connections
		"57", // operator intervention: shut down, starting up, statement time-out
		"58", // system error: input/output
		"40": // serialization failure, deadlock, after all attempts
		return true
	}
	switch e.Code {
	case "55P03", // a lock was not given in time
		"25006",                   // read-only: a standby that was taken for the primary
		"28000", "28P01", "3D000": // not let in: the service is set up wrong, the caller can't help it
		return true
	}
	// A file that can't grow for a quota or a size limit has no code of its own; the routine tells.
	return e.Code == "XX000" && strings.HasSuffix(e.Routine, "extend")
}

// SQLite's primary result codes that speak of the machine and not of the statement.
const (
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteNoMem    = 7
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteProtocol = 15
)

func sqliteUnavailable(code int) bool {
	switch code & 0xff {
	case sqliteBusy, sqliteLocked, sqliteNoMem, sqliteReadOnly, sqliteIOErr, sqliteFull, sqliteCantOpen, sqliteProtocol:
		return true
	}
	return false
}

// duplicate tells whether err is a row that a unique index does not let in.
func duplicate(err error) bool {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return true
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505"
	}
	if lite, ok := errors.AsType[*gosqlite.Error](err); ok {
		return lite.Code() == 1555 || lite.Code() == 2067 // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE
	}
	return false
}

// errRetry is a write that found another in its way, seen by us rather than by the database.
var errRetry = errors.New("another writer was faster")

// collided tells whether a write failed because another writer did the same or was in the way: begun
// again, it will see what that one did.
func collided(err error) bool {
	if duplicate(err) || errors.Is(err, errRetry) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}
