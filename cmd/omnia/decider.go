package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// decider gives the pure engine what it may not have: the edition in use, a clock, and ids.
// It implements api.Decider.
type decider struct {
	engine atomic.Pointer[engine.Engine]
	now    func() time.Time
}

func newDecider(ed *rulebook.Edition, now func() time.Time) *decider {
	d := &decider{now: now}
	d.replace(ed)
	return d
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

// replace takes another edition into use; decisions under way finish on the old one.
func (d *decider) replace(ed *rulebook.Edition) { d.engine.Store(engine.New(ed)) }

// Counters decides, and stamps the decision.
func (d *decider) Counters(ctx context.Context, ed *rulebook.Edition, facts *fact.Facts, opt engine.Options) (*engine.Counters, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := d.engine.Load()
	if e.Edition() != ed { // a reload came between reading the facts and deciding on them
		e = engine.New(ed)
	}
	answer, err := e.Counters(facts, opt)
	if err != nil {
		return nil, err
	}
	now := d.now().UTC()
	answer.Decision.ID = newID(now)
	answer.Decision.Instant = now.Format("2006-01-02T15:04:05.000Z")
	return answer, nil
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
