package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"omnia/ledger"
)

func TestAKeyIsMadeOnceAndKeptFromOthers(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	var all sync.Map
	var group sync.WaitGroup
	for range 8 { // instances that start at once
		group.Go(func() {
			list, err := ledgerConfig{}.secrets(folder)
			if err != nil || len(list) != 1 {
				t.Error(list, err)
				return
			}
			all.Store(list[0], true)
		})
	}
	group.Wait()
	n := 0
	all.Range(func(any, any) bool { n++; return true })
	info, err := os.Stat(filepath.Join(folder, devLedgerKey))
	if n != 1 || err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%d keys, %v, %v", n, info, err)
	}
	left, err := filepath.Glob(filepath.Join(folder, ".key-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSecretsAreReadOneALine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keys")
	var publics []string
	for range 2 {
		code, stdout, stderr := call(t, "", "ledger", "key", "new", "--origin", "omnia.example/registro", file)
		if code != 0 {
			t.Fatal(stderr)
		}
		publics = append(publics, strings.TrimSpace(stdout))
	}
	code, stdout, stderr := call(t, "", "ledger", "key", "public", file)
	if code != 0 || stdout != strings.Join(publics, "\n")+"\n" {
		t.Errorf("exit %d, %s%s\nwant %s", code, stdout, stderr, publics)
	}
	list, err := ledgerConfig{LedgerKey: file, LedgerOrigin: "omnia.example/registro"}.secrets("")
	if err != nil || len(list) != 2 {
		t.Fatal(len(list), err)
	}
	if public, err := ledger.PublicOf(list[1]); err != nil || public != publics[1] {
		t.Errorf("%s, %v", public, err)
	}
	good := strings.Join(list, "\n")
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		origin     string
		want       string // "" is none
	}{
		{"with words between", "# the old one\n\n" + good + "\n", 0o600, "", ""},
		{"of a group", good, 0o640, "", ""},
		{"nothing", "# soon\n", 0o600, "", "there is no key in it: omnia ledger key new"},
		{"something else", good + "\nhello\n", 0o600, "", "line 3: not a secret key"},
		{"a public key", publics[0], 0o600, "", "line 1: not a secret key"},
		{"for everybody", good, 0o644, "", "can be read by everybody"},
		{"of another log", good, 0o600, "omnia.example/altro", "OMNIA_LEDGER_ORIGIN: the log is omnia.example/altro"},
	} {
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := ledgerConfig{LedgerKey: file, LedgerOrigin: tt.origin}.secrets("")
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: a secret is told: %v", tt.name, err)
		}
	}
	if _, err := (ledgerConfig{LedgerKey: filepath.Join(t.TempDir(), "none")}).secrets(""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// watched is a log in memory, with a witness beside it.
type watched struct {
	*corpusBook
	t                *testing.T
	key, keys, state string
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	b, err := newCorpusBook()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	w := &watched{b, t, filepath.Join(folder, "key"), filepath.Join(folder, "keys.json"), filepath.Join(folder, "state")}
	if code, _, stderr := call(t, "", "ledger", "key", "new", "--origin", "osservatorio.example/1", w.key); code != 0 {
		t.Fatal(stderr)
	}
	if err := b.writeKeys(w.keys); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watched) grow(names ...string) {
	w.t.Helper()
	var waiting []ledger.Waiting
	for _, name := range names {
		one, err := w.publish(os.DirFS("../../rules/tables"), name, string(ledger.DigestOf([]byte(name))), nil)
		if err != nil {
			w.t.Fatal(err)
		}
		waiting = append(waiting, one...)
	}
	if err := w.extend(w.t.Context(), waiting); err != nil {
		w.t.Fatal(err)
	}
}

// countersign offers the growth since a size, or the checkpoint alone when that is below zero.
func (w *watched) countersign(b *corpusBook, since int64) (code int, stdout, stderr string) {
	w.t.Helper()
	text := b.head.Note
	if since >= 0 {
		g, err := ledger.Consistency(w.t.Context(), since, b.head, b)
		if err != nil {
			w.t.Fatal(err)
		}
		text = string(g.Encode()) + "\n"
	}
	return call(w.t, text, "ledger", "witness", "--key", w.key, "--keys", w.keys, "--state", w.state, "-")
}

func TestAWitnessSignsOnlyWhatHasGrown(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.grow("1", "2")
	code, first, stderr := w.countersign(w.corpusBook, -1)
	if code != 0 || strings.Count(first, "\n— ") != 2 || !strings.Contains(first, "— osservatorio.example/1 ") {
		t.Fatalf("exit %d, %s%s", code, first, stderr)
	}
	w.grow("3")
	if code, _, stderr := w.countersign(w.corpusBook, -1); code != exitWrong || !strings.Contains(stderr, "not countersigned: ") {
		t.Errorf("without a proof: exit %d, %s", code, stderr)
	}
	if code, _, stderr := w.countersign(w.corpusBook, 2); code != exitUsage || !strings.Contains(stderr, "omnia ledger checkpoint --since 4") {
		t.Errorf("from another size: exit %d, %s", code, stderr)
	}
	code, second, stderr := w.countersign(w.corpusBook, 4)
	if code != 0 || !strings.Contains(second, "\n6\n") {
		t.Fatalf("exit %d, %s%s", code, second, stderr)
	}
	if kept, err := os.ReadFile(w.state); err != nil || string(kept) != second {
		t.Errorf("%v, kept is %s", err, kept)
	}
	// Its signature counts for those who know its key, and only for them.
	_, public, _ := call(t, "", "ledger", "key", "public", w.key)
	public = strings.TrimSpace(public)
	ring, err := withWitness(w.ring, public)
	if err != nil {
		t.Fatal(err)
	}
	ring.Quorum = 1
	s, err := ring.Open(second)
	if err != nil || ring.Witnessed(s) != nil {
		t.Errorf("%v, %+v", err, s)
	}
	if _, err := w.ring.Open(second); !errors.Is(err, ledger.ErrUnknownKey) {
		t.Errorf("to who does not know the witness: %v", err)
	}
	if again, err := withWitness(ring, public); err != nil || len(again.Witnesses) != 1 {
		t.Errorf("put in twice: %v, %v", again, err)
	}

	// The operator can't show the witness another past.
	rewritten, err := newCorpusBook()
	if err != nil {
		t.Fatal(err)
	}
	rewritten.ring, rewritten.signer = w.ring, w.signer
	other := &watched{rewritten, t, w.key, w.keys, w.state}
	other.grow("1", "2", "another 3", "4")
	if code, _, stderr := w.countersign(rewritten, 6); code != exitWrong || !strings.Contains(stderr, ledger.ErrSplitView.Error()) {
		t.Errorf("a rewritten past: exit %d, %s", code, stderr)
	}
	if kept, err := os.ReadFile(w.state); err != nil || string(kept) != second {
		t.Errorf("%v, kept is %s", err, kept)
	}
}
