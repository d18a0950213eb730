package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"omnia/archive"
	"omnia/engine/rulebook"
	"omnia/policies"
	"omnia/store"
)

// publisher puts editions into the store and takes them into use.
type publisher struct {
	store    *store.Store
	policies *policies.Policies
	log      *slog.Logger
	shelf    shelf
	keeps    bool // start leaves the edition in use where it is
}

// errMoved says that another edition was taken into use while it was weighed whether to take one.
var errMoved = errors.New("another edition was taken into use meanwhile")

// publishTries bounds how often that is weighed again.
const publishTries = 5

// start publishes the edition that a process was started with, when the store does not know it, and takes it into use
// when it goes on from the one in use. So a new release brings its law with it; an older program that is started again
// does not bring the older law back, and none sets aside what somebody published meanwhile.
func (p *publisher) start(ctx context.Context, ed *rulebook.Edition, fsys fs.FS, reason string) (err error) {
	for range publishTries {
		if err = p.tryStart(ctx, ed, fsys, reason); !errors.Is(err, errMoved) {
			return err
		}
	}
	return err
}

func (p *publisher) tryStart(ctx context.Context, ed *rulebook.Edition, fsys fs.FS, reason string) error {
	in, err := inUse(ctx, p.store)
	if err != nil {
		return err
	}
	known, err := p.known(ctx, ed.Digest)
	if err != nil {
		return err
	}
	activate := in == nil || !known && !p.keeps && p.succeeds(ctx, ed, in)
	if err := p.put(ctx, ed, fsys, in, activate, reason); err != nil {
		return err
	}
	if !activate && in.Digest != ed.Digest {
		p.log.Warn("this program was started with another edition than the one in use, which stays in use; «omnia rules activate» changes it",
			"in_use", in.Name, "in_use_digest", in.Digest, "started_with", ed.Distinct().Name, "started_with_digest", ed.Digest)
	}
	return nil
}

func (p *publisher) known(ctx context.Context, digest string) (bool, error) {
	_, err := p.store.Edition(ctx, digest)
	if errors.Is(err, archive.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// succeeds tells whether ed goes on from the edition in use: it lists it among those published before it. On a draft any
// other goes on, but for one that the draft itself goes on from, or when it is a draft for a later program.
func (p *publisher) succeeds(ctx context.Context, ed *rulebook.Edition, in *archive.Edition) bool {
	if !in.Draft() {
		return lists(ed, in.Digest)
	}
	e, err := p.shelf.at(ctx, in.Digest)
	return err == nil && !lists(e.Edition(), ed.Digest)
}

func lists(ed *rulebook.Edition, digest string) bool {
	return slices.ContainsFunc(ed.Published, func(l *rulebook.Published) bool { return l.Digest == digest })
}

// put publishes and, if so wished, takes into use what is to follow in, all or nothing.
func (p *publisher) put(ctx context.Context, ed *rulebook.Edition, fsys fs.FS, in *archive.Edition, activate bool, reason string) error {
	e, err := editionOf(ed, fsys, p.policies, time.Now())
	if err != nil {
		return err
	}
	return p.store.Within(ctx, func(ctx context.Context) error {
		if err := p.store.Publish(ctx, e, false, "", ""); err != nil { // from here on nobody else takes one into use
			return err
		}
		if !activate {
			return nil
		}
		now, err := p.store.ActiveEdition(ctx)
		if err != nil {
			return err
		}
		if in == nil && now != "" || in != nil && now != in.Digest {
			return errMoved
		}
		return p.store.Activate(ctx, e.Digest, "", reason)
	})
}

// publish stores an edition, and takes it into use when activate says so. It is what somebody asked for: nothing is
// weighed.
func (p *publisher) publish(ctx context.Context, ed *rulebook.Edition, fsys fs.FS, activate bool, reason string) (*archive.Edition, error) {
	e, err := editionOf(ed, fsys, p.policies, time.Now())
	if err != nil {
		return nil, err
	}
	if err := p.store.Publish(ctx, e, activate, "", reason); err != nil {
		return nil, err
	}
	return p.store.Edition(ctx, e.Digest)
}

// activate takes an edition that is stored into use, if this program could serve it.
func (p *publisher) activate(ctx context.Context, name, reason string) (*archive.Edition, error) {
	e, err := p.store.Edition(ctx, name)
	if err != nil {
		return nil, err
	}
	g, err := p.shelf.at(ctx, e.Digest)
	if err == nil {
		err = servable(g.Edition())
	}
	if err != nil {
		return nil, err
	}
	return e, p.store.Activate(ctx, e.Digest, "", reason)
}

// failingCases are the cases beside the rules that do not hold: an edition with one is not published.
func failingCases(ed *rulebook.Edition, fsys fs.FS) error {
	cases, defects := casesBeside(fsys)
	if err := defects.Err(); err != nil {
		return err
	}
	report, err := decideCases(ed, cases, rulebook.NewCoverage(ed))
	if err != nil {
		return err
	}
	var all rulebook.Defects
	for i := range report.Failed {
		all = append(all, report.Failed[i].Defects...)
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d cases beside the rules do not hold:\n%w", len(report.Failed), report.Run, all)
}
