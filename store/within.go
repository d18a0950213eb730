package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// work is a transaction under way, carried in the context of those who take part.
type work struct {
	store *Store
	conn  *sql.Conn
	db    *gorm.DB // bound to the transaction
	after []func() // run once the transaction is on disk

	entries []*entry // for the log, appended when all else is done
}

type workKey struct{}

// joined is the transaction of this store that ctx carries, or nil.
func (s *Store) joined(ctx context.Context) *work {
	if w, ok := ctx.Value(workKey{}).(*work); ok && w.store == s {
		return w
	}
	return nil
}

// db is where statements go: the transaction that ctx carries, else the pool.
func (s *Store) db(ctx context.Context) *gorm.DB {
	if w := s.joined(ctx); w != nil {
		return w.db.WithContext(ctx)
	}
	return s.gorm.WithContext(ctx)
}

// Within runs do in one transaction: all of it is kept, or nothing when do fails or panics. Within a
// Within joins the outer one. The context given to do must not be used once do has returned.
//
// On SQLite the transaction holds the one right to write from its first moment: do must be short, and
// must not wait for anything that writes outside of it.
func (s *Store) Within(ctx context.Context, do func(ctx context.Context) error) (err error) {
	if s.joined(ctx) != nil {
		return do(ctx)
	}
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return s.failure(ctx, "begin a transaction", err)
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool; a broken one is thrown away there
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return s.failure(ctx, "begin a transaction", err)
	}
	done := false
	defer func() {
		if !done { // a panic, or a goroutine that exits
			rollback(tx, conn)
		}
	}()
	w := &work{store: s, conn: conn, db: bound(ctx, s.gorm, tx)}
	within := context.WithValue(ctx, workKey{}, w)
	if err = do(within); err == nil {
		err = s.appendWithin(within)
	}
	done = true
	if err != nil {
		rollback(tx, conn)
		return err
	}
	if err = tx.Commit(); err != nil {
		discard(conn)
		return s.failure(ctx, "commit", err)
	}
	for _, f := range w.after {
		f()
	}
	return nil
}

// rollback ends a transaction that must leave nothing. What went wrong with it is said by the error
// that led here.
func rollback(tx *sql.Tx, conn *sql.Conn) {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		discard(conn)
	}
}

// discard keeps a connection out of the pool. One whose commit failed may still be in its transaction:
// SQLite leaves it open after some errors, and whoever came next would be part of it.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // the one way to tell the pool
}

// bound is db with its statements sent to tx.
func bound(ctx context.Context, db *gorm.DB, tx *sql.Tx) *gorm.DB {
	b := db.Session(&gorm.Session{NewDB: true, Context: ctx})
	b.Statement.ConnPool = tx
	return b
}

// attempts bounds how often a write is begun again when another instance wrote the same meanwhile.
const attempts = 8

// write runs do in a transaction, again from the start when it collided with another writer. Joined
// to an outer transaction, only its own part is undone before it is tried again. do must not keep
// anything from an attempt that failed.
func (s *Store) write(ctx context.Context, do func(ctx context.Context) error) (err error) {
	for range attempts {
		if w := s.joined(ctx); w != nil {
			err = w.attempt(ctx, do)
		} else {
			err = s.Within(ctx, do)
		}
		if err == nil || !collided(err) {
			return err
		}
	}
	return err
}

// attempt runs do up to a savepoint. SQLite needs none: it has one writer, so that nothing collides.
func (w *work) attempt(ctx context.Context, do func(ctx context.Context) error) (err error) {
	entries, after := len(w.entries), len(w.after)
	defer func() {
		if err != nil {
			w.entries, w.after = w.entries[:entries], w.after[:after]
		}
	}()
	if w.store.dialect == sqlite {
		return do(ctx)
	}
	if err := w.db.WithContext(ctx).Exec("SAVEPOINT attempt").Error; err != nil {
		return w.store.failure(ctx, "begin a part of a transaction", err)
	}
	err = do(ctx)
	end := "RELEASE SAVEPOINT attempt"
	if err != nil {
		end = "ROLLBACK TO SAVEPOINT attempt"
	}
	if endErr := w.db.WithContext(ctx).Exec(end).Error; endErr != nil {
		return errors.Join(err, w.store.failure(ctx, "end a part of a transaction", endErr))
	}
	return err
}

// raw lends the PostgreSQL connection of the transaction that ctx carries: what it does is part of it.
func (s *Store) raw(ctx context.Context, do func(c *pgx.Conn) error) error {
	w := s.joined(ctx)
	if w == nil {
		return errors.New("store: a raw connection is lent within a transaction only")
	}
	return rawOf(w.conn, do)
}

// rawOf lends the connection of pgx below one of a pool.
func rawOf(conn *sql.Conn, do func(c *pgx.Conn) error) error {
	return conn.Raw(func(connection any) error {
		c, ok := connection.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("store: a connection of pgx was expected, not %T", connection)
		}
		return do(c.Conn())
	})
}
