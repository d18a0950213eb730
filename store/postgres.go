package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	pg "gorm.io/driver/postgres"
)

// openPostgres connects to a PostgreSQL server. pgx prepares each statement once per connection and
// replaces connections that broke. What the DSN sets is never overruled: behind a pooler that shares
// sessions between transactions, say default_query_exec_mode=exec in it.
func openPostgres(ctx context.Context, dsn string, opt Options) (*Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("open the archive: %w", err) // pgx leaves the password out
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = opt.ConnectTimeout
	}
	s := &Store{dialect: postgres, opt: opt, pool: pgPool(config, opt)}
	s.connectOthers(config)
	s.closers = []io.Closer{s.pool}
	s.migrate = func(_ context.Context, do func(*sql.DB) error) error { return unhurried(config, do) }
	if err := s.pool.PingContext(ctx); err != nil {
		return nil, errors.Join(s.failure(ctx, "open the archive", err), s.Close())
	}
	return s.finish(pg.New(pg.Config{Conn: s.pool}))
}

// pgPool is the pool of the service. No statement, lock or transaction left alone can hold a
// connection for ever.
func pgPool(config *pgx.ConnConfig, opt Options) *sql.DB {
	config = config.Copy()
	millis := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	for name, value := range map[string]string{
		"application_name":                    "omnia",
		"timezone":                            "UTC",
		"statement_timeout":                   millis(opt.StatementTimeout),
		"lock_timeout":                        millis(opt.StatementTimeout / 2),
		"idle_in_transaction_session_timeout": millis(2 * opt.StatementTimeout),
		// Every question we ask has its index. A plan made while a table was new and small would read all of it,
		// and be kept for the life of the connection: an import into an empty archive would crawl.
		"enable_seqscan": "off",
		"jit":            "off", // worth it for plans that run for seconds; ours never should
	} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	conns := opt.MaxConns
	if conns == 0 {
		conns = 16
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(time.Hour)
	return pool
}

// unhurried lends a connection without time-outs: a migration of big tables may take its time.
func unhurried(config *pgx.ConnConfig, do func(*sql.DB) error) error {
	pool := stdlib.OpenDB(*config)
	return errors.Join(do(pool), pool.Close())
}
