package main

import (
	"context"
	"log/slog"
	"time"

	"omnia/archive"
	"omnia/engine/rulebook"
)

// The rhythm of retention. Every instance has one; the log is changed by one of them at a time, and what one has erased the
// others find erased.
const (
	retainEvery  = time.Hour
	retainAtOnce = 1000 // decisions, between two looks at whether to stop
)

// retention erases the personal values of decisions that are older than the rules say. The decisions stay, and so do their
// proofs; each erasure has a leaf that names the rule.
type retention struct {
	store   personalKeeper
	edition func() *rulebook.Edition
	now     func() time.Time
	log     *slog.Logger
}

// personalKeeper is the part of the store that erases.
type personalKeeper interface {
	ExpirePersonal(ctx context.Context, before time.Time, reason string, most int) (int, error)
}

// run erases at once, and then once in an hour, until ctx ends.
func (r *retention) run(ctx context.Context) {
	tick := time.NewTicker(retainEvery)
	defer tick.Stop()
	for {
		n, rule, err := r.once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.log.Error("personal values that are too old could not be erased; it is tried again within the hour", "erased", n, "error", err)
		case n > 0:
			r.log.Info("personal values that were too old are erased", "decisions", n, "rule", rule)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// once erases all that is too old now, and says by which rule.
func (r *retention) once(ctx context.Context) (n int, rule string, err error) {
	kept, speaks := archive.PersonalRetention(r.edition(), r.now())
	if !speaks {
		return 0, "", nil
	}
	for {
		done, err := r.store.ExpirePersonal(ctx, kept.Before, "conservazione: "+kept.Rule, retainAtOnce)
		n += done
		if err != nil || done < retainAtOnce {
			return n, kept.Rule, err
		}
	}
}
