package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/fixtures"
	"omnia/internal/rome"
	"omnia/store"
)

// seeder is who the archive says wrote the demo data.
const seeder = "demo"

// seedDemo puts the demo data into an archive without companies, whole or not at all, and says how many
// provvedimenti these are. Two instances that start at once put them in once.
func seedDemo(ctx context.Context, s *store.Store, ed *rulebook.Edition, now time.Time) (stored int, err error) {
	reader, err := archive.ReaderOf(ed)
	if err != nil {
		return 0, err
	}
	d := demo{store: s, reader: reader, opt: archive.Options{Today: rome.Day(now)}}
	for range seedTries {
		stored, err = d.once(ctx)
		if !errors.Is(err, archive.ErrStale) {
			break
		}
	}
	return stored, err
}

// seedTries bounds how often the data are tried again when another instance was putting them in at the same moment.
const seedTries = 5

// once puts the data in, unless the archive has companies.
func (d *demo) once(ctx context.Context) (stored int, err error) {
	err = d.store.Within(ctx, func(ctx context.Context) error {
		there, _, err := d.store.Matricole(ctx, archive.Reach{All: true}, "", archive.Page{Limit: 1})
		if err != nil || len(there) > 0 {
			return err
		}
		stored, err = d.load(ctx, fixtures.Italia(civil(d.opt.Today)))
		return err
	})
	return stored, err
}

// demo stores the demo data.
type demo struct {
	store  *store.Store
	reader *archive.Reader
	opt    archive.Options
}

func (d *demo) load(ctx context.Context, italia *fixtures.Demo) (int, error) {
	for _, body := range italia.Posizioni {
		p, err := d.reader.Posizione(body, d.opt)
		if err != nil {
			return 0, fmt.Errorf("posizione %.60s: %w", body, err)
		}
		p.RegistratoDa = seeder
		if _, _, err := d.store.WritePosizione(ctx, p, 0); err != nil {
			return 0, err
		}
	}
	list := make([]archive.Provvedimento, 0, len(italia.Provvedimenti))
	for _, body := range italia.Provvedimenti {
		p, err := d.reader.Provvedimento(body, d.opt)
		if err != nil {
			return 0, fmt.Errorf("provvedimento %.60s: %w", body, err)
		}
		p.RegistratoDa = seeder
		list = append(list, *p)
	}
	if _, err := d.store.WriteProvvedimenti(ctx, list, true); err != nil {
		return 0, err
	}
	return len(list), d.grant(ctx, italia.Deleghe)
}

// grant stores the bonds first and ends those that are over afterwards, so that what hung on one of these
// hangs on it still.
func (d *demo) grant(ctx context.Context, deleghe []fixtures.Delega) error {
	list := make([]archive.Delega, 0, len(deleghe))
	for i := range deleghe {
		x := &deleghe[i]
		g, err := d.reader.LoadedDelega(x.Body(), d.opt)
		if err != nil {
			return fmt.Errorf("delega %.60s: %w", x.Body(), err)
		}
		g.ID, g.Padre, g.CreataIl, g.CreataDa = x.ID, x.Padre, archive.Instant(x.CreataIl), seeder
		list = append(list, *g)
	}
	if err := d.store.Grant(ctx, list); err != nil {
		return err
	}
	for i := range deleghe {
		if at := deleghe[i].RevocataIl; at != nil {
			if _, err := d.store.Revoke(ctx, deleghe[i].ID, seeder, archive.Instant(*at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// civil is a day as the fixtures, which know no calendar of ours, take it.
func civil(d calendar.Day) time.Time {
	year, month, day := d.Date()
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}
