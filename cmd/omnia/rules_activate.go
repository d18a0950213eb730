package main

import (
	"context"
	"errors"
	"fmt"

	"omnia/archive"
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
	p, closing, err := c.publisher(ctx, std)
	if err != nil {
		return err
	}
	defer closing()
	e, err := p.activate(ctx, c.Name, c.Reason)
	if errors.Is(err, archive.ErrNotFound) {
		return usage(fmt.Errorf("l'archivio non conosce l'edizione %s: ce la mette omnia rules publish, o un servizio che parte con essa", c.Name))
	}
	if errors.Is(err, archive.ErrUnavailable) {
		return usage(err)
	}
	if err != nil {
		return wrong(err)
	}
	_, err = fmt.Fprintf(std.out, "in uso l'edizione %s, %s\n", e.Name, e.Digest)
	return err
}
