package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/engine"
	"omnia/ledger"
)

// corpusCmd is `omnia corpus`: it takes a few hundred decisions under some editions, and keeps them as an export. Later versions of
// the engine must give the same bytes again: see fixtures/decisioni/README.md. The key that signs it is thrown away.
type corpusCmd struct {
	Out     string   `default:"fixtures/decisioni" placeholder:"FOLDER" help:"Where it is kept (default ${default})."`
	Name    string   `arg:"" help:"Of the files; one that is there is never written over."`
	Folders []string `arg:"" optional:"" help:"Folders of rules, one of each edition, the oldest first; without them those in the binary."`
}

// Run takes the decisions and writes the files.
func (c *corpusCmd) Run(ctx context.Context, std streams) error {
	export, keys := filepath.Join(c.Out, c.Name+".ndjson.gz"), filepath.Join(c.Out, c.Name+".keys.json")
	for _, name := range []string{export, keys} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return usage(fmt.Errorf("%s is there already: what was decided is never written over; choose another name", name))
		}
	}
	b, err := newCorpusBook()
	if err != nil {
		return err
	}
	if len(c.Folders) == 0 {
		c.Folders = []string{""}
	}
	for _, folder := range c.Folders {
		n, err := b.take(ctx, folder)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(std.out, "%s: %d decisions\n", rulesConfig{folder}.where(), n); err != nil {
			return err
		}
	}
	if err := b.write(export); err != nil {
		return err
	}
	return b.writeKeys(keys)
}

// corpusBook is a log in memory.
type corpusBook struct {
	ring    *ledger.Keyring
	signer  *ledger.Signer
	tiles   map[tlog.Tile][]byte
	entries []ledger.Entry
	head    *ledger.Signed
	now     time.Time
}

// corpusOrigin is the name of no log that anyone keeps.
const corpusOrigin = "omnia.example/decisioni"

func newCorpusBook() (*corpusBook, error) {
	secret, public, err := ledger.GenerateKey(rand.Reader, corpusOrigin)
	if err != nil {
		return nil, err
	}
	ring := &ledger.Keyring{Origin: corpusOrigin, Log: []ledger.Key{{Verifier: public}}}
	signer, err := ledger.NewSigner(secret, ring)
	return &corpusBook{ring: ring, signer: signer, tiles: map[tlog.Tile][]byte{}, now: time.Now().UTC().Truncate(time.Second)}, err
}

// take publishes the edition of a folder and takes decisions under it.
func (b *corpusBook) take(ctx context.Context, folder string) (int, error) {
	fsys, err := rulesConfig{folder}.fsys()
	if err != nil {
		return 0, err
	}
	ed, err := loadEdition(fsys)
	if err != nil {
		return 0, wrong(fmt.Errorf("the rules (%s) can't be used:\n%w", folder, err))
	}
	waiting, err := b.publish(fsys, ed.Name, ed.Digest, itemsOf(ed))
	if err != nil {
		return 0, err
	}
	decisions, err := newCorpusTaker(engine.New(ed), fsys, b.now).decisions()
	if err != nil {
		return 0, err
	}
	for _, d := range decisions {
		leaf, err := d.Receipt.Encode()
		if err != nil {
			return 0, fmt.Errorf("decision %s: %w", d.Receipt.ID, err)
		}
		waiting = append(waiting, ledger.Waiting{ID: d.Receipt.ID, Data: leaf})
		b.entries = append(b.entries, ledger.Entry{Position: int64(len(b.entries)), Leaf: leaf, Facts: d.Facts, Outcome: d.Outcome, Personal: d.Personal})
	}
	return len(decisions), b.extend(ctx, waiting)
}

// extend appends leaves that have their entries.
func (b *corpusBook) extend(ctx context.Context, waiting []ledger.Waiting) error {
	b.now = b.now.Add(time.Second)
	x, err := ledger.Extend(ctx, b.head, b, waiting, b.signer, b.now)
	if err != nil {
		return err
	}
	for _, t := range x.Tiles {
		b.tiles[tlog.Tile{L: t.Level, N: t.Number}] = t.Data
	}
	b.head = x.Checkpoint
	return nil
}

// ReadTiles implements ledger.TileReader.
func (b *corpusBook) ReadTiles(_ context.Context, tiles []tlog.Tile) (list [][]byte, err error) {
	for _, t := range tiles {
		data, ok := b.tiles[tlog.Tile{L: t.L, N: t.N}]
		if !ok {
			return nil, fmt.Errorf("%s is not there", t.Path())
		}
		list = append(list, data)
	}
	return list, nil
}

// write writes the export, and verifies what it has written.
func (b *corpusBook) write(name string) error {
	var text bytes.Buffer
	x := ledger.NewExportWriter(&text, b.head, true)
	for i := range b.entries {
		if err := x.Entry(&b.entries[i]); err != nil {
			return err
		}
	}
	if err := x.Close(); err != nil {
		return err
	}
	if _, err := (ledger.Verification{Keys: b.ring}).Verify(bytes.NewReader(text.Bytes())); err != nil {
		return wrong(err)
	}
	return createFile(name, func(w io.Writer) error {
		z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(text.Bytes()); err != nil {
			return err
		}
		return z.Close()
	})
}

func (b *corpusBook) writeKeys(name string) error {
	return createFile(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(b.ring)
	})
}

// createFile writes a file that is not there yet.
func createFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return usage(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}
