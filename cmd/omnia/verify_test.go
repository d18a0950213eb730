package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/ledger"
)

func TestASoundExportIsFoundSound(t *testing.T) {
	t.Parallel()
	export, keys := someExport(t)
	f := putExport(t, export, keys)
	code, stdout, stderr := call(t, "", "verify", f.export, "--keys", f.keys)
	if code != 0 || stderr != "" || !strings.Contains(stdout, "is sound: the log is whole from its first leaf\nomnia.example/decisioni, ") ||
		!strings.Contains(stdout, "no checkpoint from before was given") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if code, fromStdin, stderr := call(t, string(export), "verify", "-", "--keys", f.keys, "--checkpoint", headOf(t, export)); code != 0 || strings.Contains(fromStdin, "no checkpoint") {
		t.Errorf("exit %d\n%s%s", code, fromStdin, stderr)
	}
}

// headOf is a file with the head of an export, as somebody would have kept it.
func headOf(t *testing.T, export []byte) string {
	t.Helper()
	first, _, _ := bytes.Cut(export, []byte("\n"))
	var header struct {
		Export struct{ Head string }
	}
	if err := json.Unmarshal(first, &header); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "head.txt")
	if err := os.WriteFile(name, []byte(header.Export.Head), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// No byte of an export is without meaning.
func TestAnyByteIsMissed(t *testing.T) {
	t.Parallel()
	export, keys := someExport(t)
	ring, err := ledger.ParseKeyring(keys)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		at, bit := random.IntN(len(export)), byte(1)<<random.IntN(8)
		altered := bytes.Clone(export)
		altered[at] ^= bit
		if _, err := (ledger.Verification{Keys: ring}).Verify(bytes.NewReader(altered)); err == nil {
			t.Fatalf("byte %d, bit %d: nobody noticed\n…%s…", at, bit, export[max(0, at-80):min(len(export), at+80)])
		}
	}
}

// Who kept a checkpoint sees that the log was cut back since, or that another one is shown.
func TestACheckpointThatIsHeldShowsWhatAnExportCannot(t *testing.T) {
	t.Parallel()
	b, err := newCorpusBook()
	if err != nil {
		t.Fatal(err)
	}
	grow := func(b *corpusBook, name string) {
		t.Helper()
		waiting, err := b.publish(os.DirFS("../../rules/tables"), name, string(ledger.DigestOf([]byte(name))), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.extend(t.Context(), waiting); err != nil {
			t.Fatal(err)
		}
	}
	exported := func(b *corpusBook, name string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := b.write(file); err != nil {
			t.Fatal(err)
		}
		return file
	}
	grow(b, "1")
	short := exported(b, "short.gz")
	other := &corpusBook{ring: b.ring, signer: b.signer, tiles: map[tlog.Tile][]byte{}, now: time.Now().UTC()}
	grow(other, "another 1")
	grow(other, "another 2")
	grow(b, "2")
	whole := exported(b, "whole.gz")
	keys, held := filepath.Join(t.TempDir(), "keys.json"), filepath.Join(t.TempDir(), "head.txt")
	if err := b.writeKeys(keys); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(held, []byte(b.head.Note), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, file string
		code       int
		want       string
	}{
		{"the log as it was", whole, exitFine, ""},
		{"cut back since", short, exitWrong, "[truncated]"},
		{"another log of the same size", exported(other, "other.gz"), exitWrong, "[split_view]"},
	} {
		if code, _, stderr := call(t, "", "verify", tt.file, "--keys", keys, "--checkpoint", held); code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit %d, %s", tt.name, code, stderr)
		}
		if code, _, stderr := call(t, "", "verify", tt.file, "--keys", keys); code != exitFine {
			t.Errorf("%s, to who holds nothing: exit %d, %s", tt.name, code, stderr)
		}
	}
}

func TestAProofIsVerified(t *testing.T) {
	t.Parallel()
	b, err := newCorpusBook()
	if err != nil {
		t.Fatal(err)
	}
	var waiting []ledger.Waiting
	for _, name := range []string{"2026-1", "2026-2", "2026-3", "2026-4"} {
		one, err := b.publish(os.DirFS("../../rules/tables"), name, string(ledger.DigestOf([]byte(name))), nil)
		if err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, one...)
	}
	if err := b.extend(t.Context(), waiting); err != nil {
		t.Fatal(err)
	}
	p, err := ledger.Prove(t.Context(), 2, waiting[2].Data, b.head, b)
	if err != nil {
		t.Fatal(err)
	}
	g, err := ledger.Consistency(t.Context(), 8, b.head, b)
	if err != nil {
		t.Fatal(err)
	}
	keys, held := filepath.Join(t.TempDir(), "keys.json"), filepath.Join(t.TempDir(), "head.txt")
	if err := b.writeKeys(keys); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(held, []byte(b.head.Note), 0o600); err != nil {
		t.Fatal(err)
	}
	proof, growth := string(p.Encode()), string(g.Encode())
	for _, tt := range []struct {
		name, text string
		code       int
		want       string
		args       []string
	}{
		{"a proof", proof + "\n", exitFine, "is sound: leaf 2 is in omnia.example/decisioni, 8 leaves", nil},
		{"a proof, with the checkpoint", proof, exitFine, "is sound: leaf 2", []string{"--checkpoint", held}},
		{"a proof of another leaf", strings.Replace(proof, `"id":"2026-2"`, `"id":"2026-5"`, 1), exitWrong, "the leaf is not in the log at that place", nil},
		{"a proof of another place", strings.Replace(proof, `"position":2`, `"position":1`, 1), exitWrong, "the leaf is not in the log at that place", nil},
		{"half a proof", proof[:len(proof)/2], exitWrong, "expected", nil},
		{"a growth", growth, exitFine, "has only grown from 8 to 8 leaves", []string{"--checkpoint", held}},
		{"a growth without what it grew from", growth, exitUsage, "give the checkpoint of that size", nil},
		{"nothing", "", exitWrong, "the export is empty [truncated]", nil},
		{"something else", "hello\n", exitWrong, "line 1", nil},
	} {
		code, stdout, stderr := call(t, tt.text, append([]string{"verify", "-", "--keys", keys}, tt.args...)...)
		if code != tt.code || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("%s: exit %d\n%s%s", tt.name, code, stdout, stderr)
		}
	}
}

func TestACallOfVerifyThatIsWrong(t *testing.T) {
	t.Parallel()
	export, keys := someExport(t)
	f := putExport(t, export, keys)
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no keys", []string{"verify", f.export}, exitUsage, "--keys"},
		{"no file", []string{"verify", "--keys", f.keys}, exitUsage, "file"},
		{"a file that is not there", []string{"verify", "nowhere", "--keys", f.keys}, exitUsage, "nowhere"},
		{"keys that are not there", []string{"verify", f.export, "--keys", "nowhere"}, exitUsage, "nowhere"},
		{"keys that are none", []string{"verify", f.export, "--keys", f.export}, exitUsage, "keyring"},
		{"a checkpoint that is none", []string{"verify", f.export, "--keys", f.keys, "--checkpoint", f.keys}, exitWrong, "the checkpoint that is held"},
		{"replay of nothing", []string{"replay"}, exitUsage, "which decisions?"},
		{"replay of one and all", []string{"replay", "x", "--all"}, exitUsage, "stands alone"},
		{"an export without keys", []string{"replay", "--export", f.export}, exitUsage, "--keys"},
		{"keys without an export", []string{"replay", "--all", "--keys", f.keys}, exitUsage, "--export"},
		{"a day that is none", []string{"replay", "--export", f.export, "--keys", f.keys, "--from", "ieri"}, exitUsage, "--from"},
		{"a version of no rule", []string{"replay", "--all", "--rule-version", "2"}, exitUsage, "--rule"},
		{"an edition that is no folder", []string{"replay", "--export", f.export, "--keys", f.keys, "--edition", "nowhere"}, exitUsage, "nowhere"},
		{"an export taken up again", []string{"replay", "--export", f.export, "--keys", f.keys, "--resume", "x"}, exitUsage, "--resume"},
	} {
		if code, _, stderr := call(t, "", tt.args...); code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit %d, %s", tt.name, code, stderr)
		}
	}
}
