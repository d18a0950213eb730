package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"omnia/ledger"
	"omnia/ledger/replay"
)

// files are an export and its keyring.
type files struct{ export, keys string }

// storedExport is an export of decisions under the rules in the binary, made once for all tests; plain, so that it can be altered.
var storedExport = sync.OnceValues(func() ([]byte, []byte) {
	folder, err := os.MkdirTemp("", "omnia-corpus-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	var errs bytes.Buffer
	if run([]string{"corpus", "--out", folder, "x"}, streams{strings.NewReader(""), io.Discard, &errs}) != 0 {
		panic(errs.String())
	}
	in, done, err := openExport(filepath.Join(folder, "x.ndjson.gz"), nil)
	if err != nil {
		panic(err)
	}
	defer done()
	export, err := io.ReadAll(in)
	if err != nil {
		panic(err)
	}
	keys, err := os.ReadFile(filepath.Join(folder, "x.keys.json"))
	if err != nil {
		panic(err)
	}
	return export, keys
})

// someExport is that export.
func someExport(t testing.TB) (export, keys []byte) {
	t.Helper()
	return storedExport()
}

// putExport writes both into a folder of the test.
func putExport(t testing.TB, export, keys []byte) files {
	t.Helper()
	folder := t.TempDir()
	f := files{filepath.Join(folder, "export.ndjson"), filepath.Join(folder, "keys.json")}
	for name, data := range map[string][]byte{f.export: export, f.keys: keys} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// forge is a log that is sound, of which one decision, the first that alter accepts, was recorded otherwise: by another engine.
func forge(t testing.TB, export, keys []byte, alter func(d *ledger.Decision) bool) files {
	t.Helper()
	ring, err := ledger.ParseKeyring(keys)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newCorpusBook()
	if err != nil {
		t.Fatal(err)
	}
	var waiting []ledger.Waiting
	altered := false
	_, err = ledger.Verification{Keys: ring, Each: func(e *ledger.Entry) error {
		entry := ledger.Entry{Position: int64(len(b.entries)), Leaf: bytes.Clone(e.Leaf)}
		for _, f := range e.Files {
			entry.Files = append(entry.Files, bytes.Clone(f))
		}
		if d, err := replay.Recorded(e); err == nil {
			if !altered && alter(d) {
				altered = true
				d.Receipt.FactsDigest, d.Receipt.OutcomeDigest = ledger.DigestOf(d.Facts), ledger.DigestOf(d.Outcome)
				if entry.Leaf, err = d.Receipt.Encode(); err != nil {
					return err
				}
			}
			entry.Facts, entry.Outcome, entry.Personal = d.Facts, d.Outcome, d.Personal
		}
		b.entries = append(b.entries, entry)
		waiting = append(waiting, ledger.Waiting{ID: "x", Data: entry.Leaf})
		return nil
	}}.Verify(bytes.NewReader(export))
	if err == nil {
		err = b.extend(t.Context(), waiting)
	}
	if err != nil || !altered {
		t.Fatal(err, altered)
	}
	f := putExport(t, nil, nil)
	for _, name := range []string{f.export, f.keys} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.write(f.export); err != nil {
		t.Fatal(err)
	}
	if err := b.writeKeys(f.keys); err != nil {
		t.Fatal(err)
	}
	return f
}
