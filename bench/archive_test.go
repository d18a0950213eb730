package main

import (
	"errors"
	"testing"
	"time"

	"omnia/bench/measure"
	"omnia/internal/pgtest"
	"omnia/policies"
)

// The groups on the archive check by themselves that what they compare gives the same answers, on both
// databases; so it is enough to run each of them on small ones. Servers of their own they have in the report only:
// a test binary can't become one.

func small(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	b.plan = measure.Plan{Rounds: 7, Slice: 1}
	b.sizes = archiveSizes{small: 1000, large: 3000, rows: 2500, units: 3, few: 40, many: 120, hasty: true}
	b.server = pgtest.Config{}
	return b
}

func TestTheArchiveIsMeasured(t *testing.T) {
	t.Parallel()
	b := small(t)
	err := b.with(func(d *databases) error {
		b.shared = d
		for _, g := range []struct {
			name string
			run  func() error
		}{
			{"search", b.search}, {"archive", b.archivedInProcess}, {"import", b.imports}, {"lists", b.lists},
		} {
			if err := g.run(); err != nil {
				t.Errorf("%s: %v", g.name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The service is a program of its own here too.
func TestTheRecordIsMeasured(t *testing.T) {
	t.Parallel()
	b := small(t)
	b.sizes.decisions, b.sizes.connections = 200, []int{2, 5}
	b.sizes.chat = chatSizes{people: 3, tabs: 2, connect: 12, pairs: 2, talk: 8, rate: 20, spoken: 300 * time.Millisecond, missed: 400}
	err := b.with(func(d *databases) error {
		b.shared = d
		return errors.Join(b.recorded(), b.million(), b.chatted())
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTheFloorOfTheAccessGivesTheSameVerdicts(t *testing.T) {
	t.Parallel()
	p, err := policies.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := agreeOnAccess(p, accessCases()); err != nil {
		t.Error(err)
	}
}
