package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"omnia/store"
)

// archiveConfig says where the archive is. It is part of every command that reads or writes it.
type archiveConfig struct {
	ledgerConfig

	Data     string `env:"OMNIA_DATA" default:"./data" placeholder:"FOLDER" help:"Data folder, created when absent (default ${default})."`
	Database string `env:"OMNIA_DATABASE" placeholder:"DSN" help:"sqlite:FILE or postgres://…; without it a SQLite file in the data folder."`
}

// dsn is the database, the default one included.
func (c archiveConfig) dsn() string {
	if c.Database == "" {
		return "sqlite:" + filepath.Join(c.Data, "omnia.db")
	}
	return c.Database
}

// place names the database for people, without what is secret in it: a password may stand before the host,
// or among the parameters.
func (c archiveConfig) place() string {
	if strings.HasPrefix(c.dsn(), "sqlite:") {
		return c.dsn()
	}
	u, err := url.Parse(c.dsn())
	if err != nil {
		return "PostgreSQL"
	}
	socket := url.Values{}
	if folder := u.Query().Get("host"); folder != "" {
		socket.Set("host", folder)
	}
	u.RawQuery = socket.Encode()
	return u.Redacted()
}

// check finds a database that can't be meant.
func (c archiveConfig) check() error {
	if c.Database == "" {
		return nil
	}
	for _, scheme := range []string{"sqlite:", "postgres://", "postgresql://"} {
		if rest, ok := strings.CutPrefix(c.Database, scheme); ok && rest != "" {
			return nil
		}
	}
	return errors.New("OMNIA_DATABASE: it is neither sqlite:FILE nor postgres://USER@HOST/NAME") // it may hold a password: not repeated
}

// makeData creates the data folder.
func (c archiveConfig) makeData() error {
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return usage(fmt.Errorf("OMNIA_DATA: %w", err))
	}
	return nil
}

// open opens the archive and brings its schema up to date.
func (c archiveConfig) open(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	if err := c.check(); err != nil {
		return nil, usage(err)
	}
	if err := c.makeData(); err != nil {
		return nil, err
	}
	keys, err := c.secrets(c.Data)
	if err != nil {
		return nil, usage(err)
	}
	s, err := store.Open(ctx, c.dsn(), store.Options{Log: log, Keys: append([]string{}, keys...)})
	if err != nil {
		return nil, usage(fmt.Errorf("the archive can't be opened: %w", err))
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(wrong(fmt.Errorf("the schema of the archive can't be brought up to date: %w", err)), s.Close())
	}
	return s, nil
}

// look opens an archive that is there, without a key of its log: what is there is read, and nothing is made or changed.
func (c archiveConfig) look(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	if err := c.check(); err != nil {
		return nil, usage(err)
	}
	if file, ok := strings.CutPrefix(c.dsn(), "sqlite:"); ok {
		if _, err := os.Stat(file); err != nil {
			return nil, usage(fmt.Errorf("the archive can't be opened: %w", err))
		}
	}
	s, err := store.Open(ctx, c.dsn(), store.Options{Log: log})
	if err != nil {
		return nil, usage(fmt.Errorf("the archive can't be opened: %w", err))
	}
	current, latest, err := s.Version(ctx)
	if err == nil && current != latest {
		err = fmt.Errorf("its schema has version %d, this program reads version %d: omnia migrate", current, latest)
	}
	if err != nil {
		return nil, errors.Join(usage(fmt.Errorf("the archive can't be read: %w", err)), s.Close())
	}
	return s, nil
}
