package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

// Migrate brings the schema to the newest version. Instances that start at once on one PostgreSQL take
// turns: the first one does it, the others find it done. A schema that a newer program has brought further
// is refused: what it means is not known here.
func (s *Store) Migrate(ctx context.Context) error {
	return s.withGoose(ctx, "migrate the archive", func(p *goose.Provider) error {
		if _, err := p.Up(ctx); err != nil {
			return err
		}
		current, latest, err := p.GetVersions(ctx)
		if err == nil && current > latest {
			err = fmt.Errorf("it is at version %d and this program knows %d: a newer omnia has migrated it, use that one", current, latest)
		}
		return err
	})
}

// Version is the number of the migration that the schema is at, and that of the newest one known. A
// schema ahead of this program was migrated by a newer one.
func (s *Store) Version(ctx context.Context) (current, latest int64, err error) {
	err = s.withGoose(ctx, "read the version of the archive", func(p *goose.Provider) (err error) {
		current, latest, err = p.GetVersions(ctx)
		return err
	})
	return current, latest, err
}

func (s *Store) withGoose(ctx context.Context, doing string, do func(*goose.Provider) error) error {
	err := s.migrate(ctx, func(db *sql.DB) error {
		p, err := s.goose(db)
		if err != nil {
			return err
		}
		return do(p)
	})
	return s.failure(ctx, doing, err)
}

// goose reads the migrations of this dialect.
func (s *Store) goose(db *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations/"+string(s.dialect))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	if s.dialect == sqlite {
		return goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithDisableGlobalRegistry(true))
	}
	// Asked every second, for ten minutes: a migration of big tables by another instance.
	turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithDisableGlobalRegistry(true), goose.WithSessionLocker(turns))
}
