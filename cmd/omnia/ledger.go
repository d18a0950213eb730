package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"omnia/ledger"
	"omnia/store"
)

// ledgerCmd is `omnia ledger`: what those who run the log, and those who watch it, do with it.
type ledgerCmd struct {
	Key        ledgerKeyCmd        `cmd:"" help:"Make a key, or show its public half."`
	Keys       ledgerKeysCmd       `cmd:"" help:"Print the keyring: what whoever verifies needs."`
	Checkpoint ledgerCheckpointCmd `cmd:"" help:"Print the last signed checkpoint; with --since, the proof that the log has only grown."`
	Witness    ledgerWitnessCmd    `cmd:"" help:"Countersign a checkpoint, as a witness: the log must only have grown since the last."`
	Cosign     ledgerCosignCmd     `cmd:"" help:"Keep a checkpoint that came back from a witness."`
	AddWitness ledgerAddWitnessCmd `cmd:"" help:"Put the key of a witness into the keyring."`
	Rotate     ledgerRotateCmd     `cmd:"" help:"Let another key sign the log from here on."`
	Export     ledgerExportCmd     `cmd:"" help:"Write the whole log to a file that anybody with the keyring can verify and replay."`
}

// ledgerKeyCmd is `omnia ledger key`.
type ledgerKeyCmd struct {
	New    ledgerKeyNewCmd    `cmd:"" help:"Put a new secret key behind those in a file, and print its public half."`
	Public ledgerKeyPublicCmd `cmd:"" help:"Print the public halves of the keys in a file."`
}

type ledgerKeyNewCmd struct {
	Origin string `required:"" placeholder:"NAME" help:"Name of the log, or of the witness, without blanks: omnia.example.it/registro."`
	File   string `arg:"" help:"File of secret keys, one a line; made when it is not there, readable by its owner only."`
}

// Run makes the key.
func (c *ledgerKeyNewCmd) Run(std streams) error {
	secret, public, err := ledger.GenerateKey(rand.Reader, c.Origin)
	if err != nil {
		return usage(err)
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return usage(err)
	}
	_, err = fmt.Fprintln(f, secret)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return usage(err)
	}
	_, err = fmt.Fprintln(std.out, public)
	return err
}

type ledgerKeyPublicCmd struct {
	File string `arg:"" help:"File of secret keys."`
}

// Run prints what may be seen of the keys.
func (c *ledgerKeyPublicCmd) Run(std streams) error {
	secrets, err := readSecrets(c.File)
	if err != nil {
		return usage(err)
	}
	for _, s := range secrets {
		public, err := ledger.PublicOf(s)
		if err != nil {
			return usage(err)
		}
		if _, err := fmt.Fprintln(std.out, public); err != nil {
			return err
		}
	}
	return nil
}

// log opens the archive for its log.
func (c archiveConfig) log(ctx context.Context, std streams) (*store.Store, func(), error) {
	s, err := c.open(ctx, slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.Close() }, nil
}

type ledgerKeysCmd struct{ archiveConfig }

// Run prints the keyring.
func (c *ledgerKeysCmd) Run(ctx context.Context, std streams) error {
	k, done, err := c.log(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	ring, err := k.Keyring(ctx)
	if err != nil {
		return usage(err)
	}
	e := json.NewEncoder(std.out)
	e.SetIndent("", "  ")
	return e.Encode(ring)
}

type ledgerCheckpointCmd struct {
	archiveConfig
	Since int64 `default:"-1" placeholder:"SIZE" help:"Size of a checkpoint that is held: print the proof that leads from it to the last."`
}

// Run prints the head, or the proof that leads to it.
func (c *ledgerCheckpointCmd) Run(ctx context.Context, std streams) error {
	k, done, err := c.log(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	head, err := k.Head(ctx)
	if err != nil {
		return usage(err)
	}
	if c.Since < 0 {
		_, err = io.WriteString(std.out, head.Note)
		return err
	}
	g, err := ledger.Consistency(ctx, c.Since, head, k)
	if err != nil {
		return usage(fmt.Errorf("from %d to %d leaves: %w", c.Since, head.Tree.N, err))
	}
	_, err = fmt.Fprintf(std.out, "%s\n", g.Encode())
	return err
}

// ledgerWitnessCmd needs no archive: a witness is somebody else, on another machine.
type ledgerWitnessCmd struct {
	Key   string `required:"" placeholder:"FILE" help:"Secret key of the witness: the first in the file."`
	Keys  string `required:"" placeholder:"FILE" help:"Keyring of the log."`
	State string `required:"" placeholder:"FILE" help:"Where the witness keeps the last checkpoint that it has countersigned; made when it is not there."`
	Log   string `placeholder:"URL" help:"Where the log is served, such as https://omnia.example.it: its growth is read there, and the signature sent back."`
	File  string `arg:"" optional:"" help:"Without --log: the proof of growth since then, as omnia ledger checkpoint --since prints it; the first time a checkpoint will do. - is standard input."`
}

// Run countersigns. What was countersigned is kept before it is handed out; what is refused is kept beside it, signed by the log
// as it is: the evidence against it.
func (c *ledgerWitnessCmd) Run(ctx context.Context, std streams) error {
	if (c.Log == "") == (c.File == "") {
		return usage(errors.New("name the log with --log, or a file with its growth"))
	}
	keys, _, err := readTrust(c.Keys, nil)
	if err != nil {
		return err
	}
	secrets, err := readSecrets(c.Key)
	if err != nil {
		return usage(err)
	}
	w, err := ledger.NewWitness(secrets[0], keys)
	if err != nil {
		return usage(err)
	}
	last, err := c.last(secrets[0], keys)
	if err != nil {
		return err
	}
	text, proof, err := c.offered(ctx, std.in, last)
	if err != nil {
		return err
	}
	signed, err := w.Cosign(last, text, proof)
	if err != nil {
		return c.refuse(text, err)
	}
	if err := replaceFile(c.State, []byte(signed.Note)); err != nil {
		return usage(err)
	}
	note := signed.Note
	if c.Log != "" {
		if note, err = c.sendBack(ctx, note); err != nil {
			return err
		}
	}
	_, err = io.WriteString(std.out, note)
	return err
}

// refuse keeps what was offered and not countersigned.
func (c *ledgerWitnessCmd) refuse(text string, why error) error {
	evidence := c.State + ".refused"
	if err := replaceFile(evidence, []byte(text)); err != nil {
		return wrong(fmt.Errorf("not countersigned: %w; and what was offered can't be kept: %w", why, err))
	}
	return wrong(fmt.Errorf("not countersigned: %w; what was offered is in %s", why, evidence))
}

// last is what was countersigned before; nil the first time.
func (c *ledgerWitnessCmd) last(secret string, keys *ledger.Keyring) (*ledger.Signed, error) {
	text, err := os.ReadFile(c.State)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, usage(err)
	}
	public, err := ledger.PublicOf(secret)
	if err != nil {
		return nil, usage(err)
	}
	with, err := withWitness(keys, public)
	if err != nil {
		return nil, usage(err)
	}
	last, err := with.Open(string(text))
	if err != nil {
		return nil, wrong(fmt.Errorf("%s: %w", c.State, err))
	}
	return last, nil
}

// offered is the checkpoint to countersign, with the proof from the last one.
func (c *ledgerWitnessCmd) offered(ctx context.Context, stdin io.Reader, last *ledger.Signed) (text string, proof tlog.TreeProof, err error) {
	var data []byte
	if c.Log != "" {
		data, err = c.fetched(ctx, last)
	} else {
		data, err = c.read(stdin)
	}
	if err != nil {
		return "", nil, err
	}
	if !bytes.HasPrefix(data, []byte("{")) {
		return string(data), nil, nil
	}
	g, err := ledger.DecodeGrowth(bytes.TrimSuffix(data, []byte("\n")))
	if err != nil {
		return "", nil, wrong(fmt.Errorf("%s%s: %w", c.Log, c.File, err))
	}
	if last != nil && g.Before != last.Tree.N {
		return "", nil, usage(fmt.Errorf("%s: it begins at %d leaves, what was countersigned last has %d: omnia ledger checkpoint --since %d", c.File, g.Before, last.Tree.N, last.Tree.N))
	}
	return g.Checkpoint, g.Proof, nil
}

func (c *ledgerWitnessCmd) read(stdin io.Reader) ([]byte, error) {
	in, done, err := openExport(c.File, stdin)
	if err != nil {
		return nil, err
	}
	defer done()
	data, err := io.ReadAll(io.LimitReader(in, maxInput))
	if err != nil {
		return nil, usage(err)
	}
	return data, nil
}

// withWitness is the keyring with that witness, if it was not in it.
func withWitness(ring *ledger.Keyring, public string) (*ledger.Keyring, error) {
	v, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("key of a witness: %w", err)
	}
	next := *ring
	next.Witnesses = nil
	for _, k := range ring.Witnesses {
		known, err := note.NewVerifier(k.Verifier)
		if err != nil {
			return nil, err
		}
		if k.Verifier == public {
			return ring, nil
		}
		if known.Name() == v.Name() {
			return nil, fmt.Errorf("there is a witness %s with another key", v.Name())
		}
		next.Witnesses = append(next.Witnesses, k)
	}
	next.Witnesses = append(next.Witnesses, ledger.Key{Verifier: public})
	return &next, next.Check()
}

// replaceFile puts data at name, whole or not at all.
func replaceFile(name string, data []byte) error {
	beside := name + ".new"
	f, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(beside, name); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close()) // the name is on disk, too
}

type ledgerCosignCmd struct {
	archiveConfig
	File string `arg:"" help:"The checkpoint with the signature of the witness; - is standard input."`
}

// Run keeps the signature. The checkpoint must be one that this log has signed.
func (c *ledgerCosignCmd) Run(ctx context.Context, std streams) error {
	in, closeFile, err := openExport(c.File, std.in)
	if err != nil {
		return err
	}
	defer closeFile()
	text, err := io.ReadAll(io.LimitReader(in, maxInput))
	if err != nil {
		return usage(err)
	}
	k, done, err := c.log(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	s, err := k.Cosign(ctx, string(text))
	if err != nil {
		return wrong(err)
	}
	_, err = fmt.Fprintf(std.out, "checkpoint %d is signed by the log%s\n", s.Tree.N, witnessed(s))
	return err
}

type ledgerAddWitnessCmd struct {
	archiveConfig
	Quorum int    `default:"-1" placeholder:"N" help:"From here on, so many witnesses must have signed the head of an export."`
	Key    string `arg:"" help:"Public key of the witness: NAME+HASH+KEY."`
}

// Run changes the keyring.
func (c *ledgerAddWitnessCmd) Run(ctx context.Context, std streams) error {
	return c.change(ctx, std, func(ring *ledger.Keyring, _ int64) (*ledger.Keyring, error) {
		next, err := withWitness(ring, c.Key)
		if err != nil || c.Quorum < 0 {
			return next, err
		}
		changed := *next
		changed.Quorum = c.Quorum
		return &changed, changed.Check()
	})
}

type ledgerRotateCmd struct {
	archiveConfig
	Key string `arg:"" help:"Public key that signs from here on: NAME+HASH+KEY. Every instance must have its secret in OMNIA_LEDGER_KEY before."`
}

// Run names the new key in the log, signed by the last one, and ends the time of that one there; the next leaf is of the new one.
// So the secret of the key that ends is needed; and that of the new one must be beside it, or nothing could be signed from then on.
func (c *ledgerRotateCmd) Run(ctx context.Context, std streams) error {
	if err := c.kept(); err != nil {
		return err
	}
	return c.change(ctx, std, func(ring *ledger.Keyring, size int64) (*ledger.Keyring, error) {
		return ring.Rotate(c.Key, size+1, time.Now().UTC().Truncate(time.Millisecond).Add(time.Millisecond)) // the leaf is signed in this one
	})
}

// kept tells whether the secret of the new key is at hand.
func (c *ledgerRotateCmd) kept() error {
	secrets, err := c.secrets(c.Data)
	if err != nil {
		return usage(err)
	}
	for _, s := range secrets {
		if public, err := ledger.PublicOf(s); err == nil && public == c.Key {
			return nil
		}
	}
	return usage(errors.New("OMNIA_LEDGER_KEY: the secret of the new key is not in the file, and nothing could be signed any more: put it there first, on every instance"))
}

// change changes the keyring, and prints the new one.
func (c archiveConfig) change(ctx context.Context, std streams, to func(*ledger.Keyring, int64) (*ledger.Keyring, error)) error {
	k, done, err := c.log(ctx, std)
	if err != nil {
		return err
	}
	defer done()
	var next *ledger.Keyring
	err = k.ChangeKeyring(ctx, func(ring *ledger.Keyring, size int64) (_ *ledger.Keyring, err error) {
		next, err = to(ring, size)
		return next, err
	})
	if errors.Is(err, ledger.ErrReadOnly) {
		return usage(errors.New("OMNIA_LEDGER_KEY: a change of the keys is signed under the key that is good until then, and its secret is not in the file"))
	}
	if err != nil {
		return wrong(err)
	}
	e := json.NewEncoder(std.out)
	e.SetIndent("", "  ")
	return e.Encode(next)
}
