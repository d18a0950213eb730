package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"omnia/ledger"
	"omnia/store"
)

type ledgerExportCmd struct {
	archiveConfig
	From string `placeholder:"DAY" help:"Only leaves of this day or later, YYYY-MM-DD: a part, in which what was left out can't be seen."`
	To   string `placeholder:"DAY" help:"Only leaves up to this day, inclusive."`
	File string `arg:"" help:"The file; - is standard output."`
}

// Run writes the log as it is now; what is appended meanwhile is not a part of it.
func (c *ledgerExportCmd) Run(ctx context.Context, std streams) error {
	want, err := (&replayCmd{From: c.From, To: c.To}).criteria()
	if err != nil {
		return usage(err)
	}
	s, done, err := c.log(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	x := &exporting{store: s, want: want, whole: want.From.IsZero() && want.To.IsZero()}
	if c.File == "-" {
		return x.write(ctx, std.out)
	}
	return createWhole(c.File, func(w io.Writer) error { return x.write(ctx, w) })
}

// exporting is an export under way.
type exporting struct {
	store *store.Store
	want  ledger.Criteria
	whole bool
	head  *ledger.Signed
	out   *ledger.ExportWriter
}

func (x *exporting) write(ctx context.Context, w io.Writer) error {
	begin := func(head *ledger.Signed) error {
		x.head, x.out = head, ledger.NewExportWriter(w, head, x.whole)
		return nil
	}
	entry := func(e *ledger.Entry) error { return x.entry(ctx, e) }
	checkpoint := func(s *ledger.Signed) error {
		if !x.whole {
			return nil
		}
		return x.out.Checkpoint(s)
	}
	if err := x.store.ExportLog(ctx, begin, entry, checkpoint); err != nil {
		return usage(fmt.Errorf("export the log: %w", err))
	}
	return x.out.Close()
}

func (x *exporting) entry(ctx context.Context, e *ledger.Entry) error {
	if !x.whole {
		wanted, err := withinDays(e, x.want)
		if err != nil || !wanted {
			return err
		}
		p, err := ledger.Prove(ctx, e.Position, e.Leaf, x.head, x.store)
		if err != nil {
			return err
		}
		e.Proof = p.Proof
	}
	return x.out.Entry(e)
}

// withinDays tells whether a leaf is of the days wanted. Editions always are: nothing can be verified without them.
func withinDays(e *ledger.Entry, want ledger.Criteria) (bool, error) {
	at, err := instantOf(e.Leaf)
	if err != nil {
		return false, err
	}
	return at.IsZero() || (want.From.IsZero() || !at.Before(want.From)) && (want.To.IsZero() || at.Before(want.To)), nil
}

// instantOf is when something was recorded; zero for an edition.
func instantOf(leaf []byte) (time.Time, error) {
	schema, err := ledger.SchemaOf(leaf)
	if err != nil || schema == ledger.SchemaEdition {
		return time.Time{}, err
	}
	var head struct {
		Instant time.Time `json:"instant"`
	}
	err = json.Unmarshal(leaf, &head)
	return head.Instant, err
}

// createWhole writes a file that is not there before all of it is.
func createWhole(name string, write func(io.Writer) error) error {
	beside := name + ".part"
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return usage(err)
	}
	err = write(f)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(beside) // what went wrong first is told
		return err
	}
	return os.Rename(beside, name)
}
