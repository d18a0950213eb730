package main

import (
	"iter"

	"omnia/ledger"
	"omnia/ledger/replay"
)

type chunks = iter.Seq2[replay.Chunk, error]

// exported is an export as a source. Named editions are those in it, and it must be read before they are known: so a
// back-test of an export wants a folder.
func (c *replayCmd) exported(std streams) (*replaySource, error) {
	keys, held, err := readTrust(c.Keys, c.Checkpoint)
	if err != nil {
		return nil, err
	}
	in, done, err := openExport(c.Export, std.in)
	if err != nil {
		return nil, err
	}
	want, err := c.criteria()
	if err != nil {
		done()
		return nil, usage(err)
	}
	x := &replay.Export{Keys: keys, Held: held, Wanted: func(d *ledger.Decision) bool { return wanted(want, d) }}
	return &replaySource{
		editions: x, chunks: func(int64) chunks { return x.Chunks(in) },
		report: func() *ledger.Report { return x.Report }, close: done,
	}, nil
}

// wanted tells whether a decision fits, as the database would.
func wanted(c ledger.Criteria, d *ledger.Decision) bool {
	at := d.Receipt.Instant
	if !c.From.IsZero() && at.Before(c.From) || !c.To.IsZero() && !at.Before(c.To) {
		return false
	}
	if c.Rule == "" {
		return true
	}
	for i := range d.Receipt.Rules {
		if r := &d.Receipt.Rules[i]; r.ID == c.Rule && (c.Version == 0 || r.Version == c.Version) {
			return true
		}
	}
	return false
}
