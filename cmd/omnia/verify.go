package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"omnia/archive"
	"omnia/ledger"
	"omnia/ledger/replay"
)

// verifyCmd is `omnia verify`: what an auditor runs, far from the service, with an export and the public keys. Whoever runs the service
// verifies the log where it is stored.
type verifyCmd struct {
	Database string `env:"OMNIA_DATABASE" placeholder:"DSN" help:"Without a file: verify the log in this database, sqlite:FILE or postgres://…, and all that searches go by. Nothing is written. On SQLite the service must be stopped."`

	Keys       string   `required:"" placeholder:"FILE" help:"Keyring: the public keys of the log, as the service gives them or as they were handed over."`
	Checkpoint []string `placeholder:"FILE" help:"A signed checkpoint that was kept from before, or got from a witness. Only with one can it be seen that the end was cut off, or that another log is shown. May be given several times."`
	File       string   `arg:"" optional:"" help:"An export, the bundle of one case, or the proof of one decision; - reads standard input. May be compressed with gzip."`
}

// Run verifies, and names the first thing that is wrong.
func (c *verifyCmd) Run(ctx context.Context, std streams) error {
	keys, held, err := readTrust(c.Keys, c.Checkpoint)
	if err != nil {
		return err
	}
	if c.File == "" {
		return c.stored(ctx, std, ledger.Verification{Keys: keys, Held: held})
	}
	in, done, err := openExport(c.File, std.in)
	if err != nil {
		return err
	}
	defer done()
	start, err := in.Peek(len(proofStart))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return wrong(fmt.Errorf("%s: %w", c.File, err))
	case string(start) == proofStart:
		return c.proof(std.out, in, keys, held)
	case strings.HasPrefix(string(start), growthStart):
		return c.growth(std.out, in, keys, held)
	}
	report, err := ledger.Verification{Keys: keys, Held: held}.Verify(in)
	if err != nil {
		return notSound(c.File, err)
	}
	return c.sound(std.out, c.File, report)
}

// stored verifies the log in a database.
func (c *verifyCmd) stored(ctx context.Context, std streams, v ledger.Verification) error {
	if c.Database == "" {
		return usage(errors.New("say what to verify: a file, or --database"))
	}
	at := archiveConfig{Database: c.Database}
	s, err := at.look(ctx, logTo(std.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer s.Close() // nothing was written
	report, err := s.VerifyLog(ctx, v, replay.EsitoOf)
	switch {
	case errors.Is(err, archive.ErrUnavailable):
		return usage(err)
	case err != nil:
		return notSound(at.place(), err)
	}
	return c.sound(std.out, at.place(), report)
}

// How the documents that are no exports begin.
const (
	proofStart  = `{"schema":"proof/v1"`
	growthStart = `{"schema":"growth/v1`
)

// readTrust reads what whoever verifies relies on: the keys, and the checkpoints held from before.
func readTrust(keyFile string, checkpointFiles []string) (*ledger.Keyring, []*ledger.Signed, error) {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, nil, usage(err)
	}
	keys, err := ledger.ParseKeyring(text)
	if err != nil {
		return nil, nil, usage(fmt.Errorf("%s: %w", keyFile, err))
	}
	var held []*ledger.Signed
	for _, name := range checkpointFiles {
		note, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, usage(err)
		}
		s, err := keys.Open(string(note))
		if err != nil {
			return nil, nil, wrong(fmt.Errorf("%s: the checkpoint that is held: %w", name, err))
		}
		held = append(held, s)
	}
	return keys, held, nil
}

// openExport opens a file, or standard input, that may be compressed.
func openExport(name string, stdin io.Reader) (in *bufio.Reader, done func(), err error) {
	done = func() {}
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, usage(err)
		}
		from, done = f, func() { _ = f.Close() } // read only
	}
	in = bufio.NewReaderSize(from, 64<<10)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			done()
			return nil, nil, wrong(fmt.Errorf("%s: %w", name, err))
		}
		in = bufio.NewReaderSize(z, 64<<10)
	}
	return in, done, nil
}

// notSound says what is wrong with a file. One that can't be read to its end is not sound either.
func notSound(name string, err error) error { return wrong(fmt.Errorf("%s: %w", name, err)) }

func (c *verifyCmd) sound(w io.Writer, what string, r *ledger.Report) error {
	head := r.Head
	whole := "the log is whole from its first leaf"
	if !r.Complete {
		whole = "a part of the log: what was left out can't be seen"
	}
	_, err := fmt.Fprintf(w, "%s is sound: %s\n%s, %d leaves, signed %s%s\n%d decisions, %d accesses, %d erasures, %d editions, taken into use %d times; %d values erased; %d lines, %d bytes\n%s",
		what, whole, head.Origin, head.Tree.N, head.Instant.Format("2006-01-02T15:04:05.000Z"), witnessed(head),
		r.Decisions, r.Accesses, r.Erasures, r.Editions, r.Activations, r.Erased, r.Lines, r.Bytes, c.advice())
	if err == nil && r.KeyChanges > 0 {
		_, err = fmt.Fprintf(w, "%d changes of the keys of the log are in it\n", r.KeyChanges)
	}
	if err == nil && r.Holds > 0 {
		_, err = fmt.Fprintf(w, "%d times a legal hold was placed or lifted\n", r.Holds)
	}
	if err == nil && r.UnloggedHolds > 0 {
		_, err = fmt.Fprintf(w, "%d legal holds are from before the log had them, which does not bind them\n", r.UnloggedHolds)
	}
	if err == nil && r.Unannounced > 0 {
		_, err = fmt.Fprintf(w, "%d keys of the keyring took over before the log named its keys: that they are those of the log rests on where the keyring came from\n", r.Unannounced)
	}
	if err == nil && r.Unlogged > 0 {
		_, err = fmt.Fprintf(w, "%d lines of the record of accesses are older than the log, which does not bind them: nothing here shows that they are what was written\n", r.Unlogged)
	}
	return err
}

func witnessed(s *ledger.Signed) string {
	if len(s.Witnesses) == 0 {
		return ""
	}
	return ", and by " + strings.Join(s.Witnesses, ", ")
}

// advice is for who holds nothing from before.
func (c *verifyCmd) advice() string {
	if len(c.Checkpoint) > 0 {
		return ""
	}
	return "no checkpoint from before was given (--checkpoint): an older state of the log would look just as sound\n"
}

// proof verifies that one leaf is in the log.
func (c *verifyCmd) proof(w io.Writer, in io.Reader, keys *ledger.Keyring, held []*ledger.Signed) error {
	text, err := io.ReadAll(io.LimitReader(in, maxInput))
	if err != nil {
		return notSound(c.File, err)
	}
	p, err := ledger.DecodeProof(bytes.TrimSuffix(text, []byte("\n")))
	if err != nil {
		return notSound(c.File, err)
	}
	head, err := p.Verify(keys)
	if err != nil {
		return notSound(c.File, err)
	}
	if err := keys.Witnessed(head); err != nil {
		return notSound(c.File, err)
	}
	if err := agrees(head, held); err != nil {
		return notSound(c.File, err)
	}
	_, err = fmt.Fprintf(w, "%s is sound: leaf %d is in %s, %d leaves, signed %s%s\n%s\n%s", c.File, p.Position, head.Origin, head.Tree.N,
		head.Instant.Format("2006-01-02T15:04:05.000Z"), witnessed(head), p.Leaf, c.advice())
	return err
}

// agrees holds a checkpoint against those held, as far as can be told without a proof between them.
func agrees(head *ledger.Signed, held []*ledger.Signed) error {
	for _, h := range held {
		switch {
		case h.Tree.N == head.Tree.N && h.Tree.Hash != head.Tree.Hash:
			return fmt.Errorf("%w: a checkpoint of size %d that is held has another root", ledger.ErrSplitView, h.Tree.N)
		case h.Tree.N > head.Tree.N:
			return fmt.Errorf("%w: it has %d leaves, a checkpoint that is held has %d", ledger.ErrRollback, head.Tree.N, h.Tree.N)
		}
	}
	return nil
}

// growth verifies that the log has only grown since a checkpoint that is held.
func (c *verifyCmd) growth(w io.Writer, in io.Reader, keys *ledger.Keyring, held []*ledger.Signed) error {
	text, err := io.ReadAll(io.LimitReader(in, maxInput))
	if err != nil {
		return notSound(c.File, err)
	}
	g, err := ledger.DecodeGrowth(bytes.TrimSuffix(text, []byte("\n")))
	if err != nil {
		return notSound(c.File, err)
	}
	if len(held) == 0 {
		return usage(fmt.Errorf("%s shows that the log grew from %d leaves: give the checkpoint of that size with --checkpoint", c.File, g.Before))
	}
	for _, h := range held {
		now, err := g.Verify(h, keys)
		if err != nil {
			return notSound(c.File, err)
		}
		if _, err := fmt.Fprintf(w, "%s is sound: %s has only grown from %d to %d leaves, signed %s%s\n", c.File, now.Origin, h.Tree.N, now.Tree.N,
			now.Instant.Format("2006-01-02T15:04:05.000Z"), witnessed(now)); err != nil {
			return err
		}
	}
	return nil
}
