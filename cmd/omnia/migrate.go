package main

import (
	"context"
	"fmt"
	"log/slog"
)

// migrateCmd is `omnia migrate`: `serve` does the same by itself when it starts.
type migrateCmd struct {
	archiveConfig
}

// Run brings the schema of the archive up to date and says which version it is at. Again changes nothing.
func (c *migrateCmd) Run(ctx context.Context, std streams) error {
	s, err := c.open(ctx, logTo(std.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer s.Close()
	current, latest, err := s.Version(ctx)
	if err != nil {
		return wrong(err)
	}
	fmt.Fprintf(std.out, "schema version %d of %d\n", current, latest)
	return nil
}
