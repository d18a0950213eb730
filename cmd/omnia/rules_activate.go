package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"omnia/archive"
	"omnia/policies"
)

// rulesActivateCmd is `omnia rules activate`: an edition that the archive knows is taken into use by every instance on
// it, an older one as well as a newer. On SQLite the service must be stopped.
type rulesActivateCmd struct {
	archiveConfig
	Reason string `required:"" placeholder:"TEXT" help:"Why, without naming anyone; it goes into the log."`
	Name   string `arg:"" help:"Name or digest of the edition."`
}

// Run takes it into use.
func (c *rulesActivateCmd) Run(ctx context.Context, std streams) error {
	p, err := policies.New()
	if err != nil {
		return wrong(err)
	}
	log := slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	publisher := publisher{store: s, policies: p, log: log, shelf: shelf{store: s}}
	e, err := publisher.activate(ctx, c.Name, c.Reason)
	if errors.Is(err, archive.ErrNotFound) {
		return usage(fmt.Errorf("the archive knows no edition %s: it is published when a service starts with it", c.Name))
	}
	if err != nil {
		return wrong(err)
	}
	_, err = fmt.Fprintf(std.out, "in uso l'edizione %s, %s\n", e.Name, e.Digest)
	return err
}
