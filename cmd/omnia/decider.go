package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/ledger/replay"
	"omnia/policies"
)

// editionStore is what the decider asks of the store, which says which edition is in use.
type editionStore interface {
	published
	ActiveEdition(ctx context.Context) (digest string, err error)
	Edition(ctx context.Context, name string) (*archive.Edition, error)
	Publish(ctx context.Context, e *archive.Edition, activate bool, by, reason string) error
}

// decider gives the pure engine what it may not have: the edition in use, a clock, and ids. It implements api.Decider.
//
// With a store the edition in use is the one that the store names, and its text is the one in the store: every
// instance decides under the same bytes, whatever it was built with. Without one it is the edition given.
type decider struct {
	engine atomic.Pointer[engine.Engine]
	now    func() time.Time
	shelf  shelf

	store    editionStore // nil: there is none
	policies *policies.Policies
	unfit    atomic.Pointer[unfit]
	follow   sync.Mutex
	taken    string // name of the edition that was taken out of the store last; "" is none
}

// unfit is why the edition in use can't be used here.
type unfit struct {
	digest string
	err    error
}

func newDecider(ed *rulebook.Edition, now func() time.Time) *decider {
	d := &decider{now: now}
	e := engine.New(ed)
	d.shelf.put(e)
	d.engine.Store(e)
	return d
}

// follows makes the decider follow the store from the next Renew on.
func (d *decider) follows(s editionStore, p *policies.Policies) {
	d.store, d.policies = s, p
	d.shelf = shelf{store: s} // the text in the store may differ from the one given in what decides nothing
}

// loadEdition reads and checks a folder of rules. It is whole, or there is none.
func loadEdition(fsys fs.FS) (*rulebook.Edition, error) {
	ed, defects := checkedRules(fsys)
	if err := defects.Err(); err != nil {
		return nil, err
	}
	return ed, nil
}

// Edition is the edition in use.
func (d *decider) Edition() *rulebook.Edition { return d.engine.Load().Edition() }

// At is the engine of any edition that was ever published.
func (d *decider) At(ctx context.Context, digest string) (*engine.Engine, error) {
	e, err := d.shelf.at(ctx, digest)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, fmt.Errorf("%w: none was published with the digest %q", replay.ErrNoEdition, digest)
	}
	return e, err
}

// Servable tells whether an edition that was published could be taken into use here.
func (d *decider) Servable(ctx context.Context, digest string) error {
	e, err := d.At(ctx, digest)
	if err != nil {
		return err
	}
	return servable(e.Edition())
}

// Ready is why the edition in use can't be used here; nil: it can.
func (d *decider) Ready() error {
	if u := d.unfit.Load(); u != nil {
		return u.err
	}
	return nil
}

// Renew takes the edition up that the store says is in use. One that this program can't use leaves the old one where it
// is, and Ready tells why until another one is in use: what could not be recorded is not answered.
func (d *decider) Renew(ctx context.Context) error {
	if d.store == nil {
		return nil
	}
	d.follow.Lock()
	defer d.follow.Unlock()
	in, err := inUse(ctx, d.store)
	if err != nil || in == nil {
		return err
	}
	if u := d.unfit.Load(); u != nil && u.digest == in.Digest {
		return u.err
	}
	if d.taken != in.Name || d.Edition().Digest != in.Digest {
		err = d.take(ctx, in)
	}
	switch {
	case err == nil:
		d.unfit.Store(nil)
		d.taken = in.Name
	case errors.Is(err, replay.ErrNoEdition):
		d.unfit.Store(&unfit{in.Digest, err})
	}
	return err
}

// take makes the engine of an edition ready, sees to it that the log knows that it decides with the policies of this
// program, and takes it into use.
func (d *decider) take(ctx context.Context, in *archive.Edition) error {
	text, err := d.store.PublishedEdition(ctx, in.Digest)
	if err != nil {
		return err
	}
	e := d.shelf.get(in.Digest)
	if e == nil || e.Edition().Name != in.Name {
		if e, err = compiled(text); err != nil {
			return err
		}
	}
	if err := servable(e.Edition()); err != nil {
		return err
	}
	own, err := underPolicies(text, d.policies)
	if err != nil {
		return err
	}
	if err := d.store.Publish(ctx, own, false, "", ""); err != nil {
		return err
	}
	d.shelf.put(e)
	d.engine.Store(e)
	return nil
}

// followEvery is how soon an instance that decides nothing learns of another edition. One that decides learns of it
// by its next decision.
const followEvery = time.Second

// watch follows the edition in use until ctx ends.
func (d *decider) watch(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := d.Renew(ctx)
		if ctx.Err() == nil {
			said = d.report(ctx, log, err, said)
		}
	}
}

// report tells the log what is new, once, and gives what it said.
func (d *decider) report(ctx context.Context, log *slog.Logger, err error, said string) string {
	now := d.Edition()
	news := now.Name + " " + now.Digest
	if err != nil {
		news = err.Error()
	}
	switch {
	case news == said:
	case err != nil:
		log.ErrorContext(ctx, "the edition in use can't be taken up: nothing is decided until it can, or another one is in use", "error", err)
	default:
		log.InfoContext(ctx, "edition in use", "edition", now.Name, "digest", now.Digest)
	}
	return news
}

// of is the engine of an edition whose vocabulary facts were read with.
func (d *decider) of(ed *rulebook.Edition) *engine.Engine {
	if e := d.engine.Load(); e.Edition() == ed {
		return e
	}
	if e := d.shelf.get(ed.Digest); e != nil && e.Edition() == ed {
		return e
	}
	return engine.New(ed) // it was taken out of use meanwhile
}

// Counters decides, and stamps the decision.
func (d *decider) Counters(ctx context.Context, ed *rulebook.Edition, facts *fact.Facts, opt engine.Options) (*engine.Counters, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer, err := d.of(ed).Counters(facts, opt)
	if err != nil {
		return nil, err
	}
	d.stamp(&answer.Decision)
	return answer, nil
}

// Validate checks a form, and stamps the decision.
func (d *decider) Validate(ctx context.Context, ed *rulebook.Edition, facts *fact.Facts, opt engine.ValidateOptions) (*engine.Validation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answer, err := d.of(ed).Validate(facts, opt)
	if err != nil {
		return nil, err
	}
	d.stamp(&answer.Decision)
	return answer, nil
}

func (d *decider) stamp(h *engine.Header) {
	now := d.now().UTC()
	h.ID, h.Instant = newID(now), now.Format("2006-01-02T15:04:05.000Z")
}

// newID is a UUID of version 7: ids sort by the time they were made.
func newID(at time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[6:]) // never fails
	binary.BigEndian.PutUint16(b[:2], uint16(at.UnixMilli()>>32))
	binary.BigEndian.PutUint32(b[2:6], uint32(at.UnixMilli()))
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
