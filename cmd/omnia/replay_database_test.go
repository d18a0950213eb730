package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"omnia/archive"
	"omnia/engine"
	"omnia/ledger"
	"omnia/rules"
)

// archiveConfig is how commands reach the place.
func (p *place) archiveConfig() archiveConfig { return archiveConfig{Data: p.data, Database: p.dsn} }

// record publishes the rules in the binary and records decisions under them, each of those that a corpus has so many times. It
// gives the id of the first.
func (p *place) record(t *testing.T, times int) (first string) {
	t.Helper()
	ctx := t.Context()
	s, err := p.archiveConfig().open(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ed, err := loadEdition(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	files, texts, err := filesToDecide(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	e := &archive.Edition{Name: ed.Name, Digest: ed.Digest, PublishedAt: time.Now()}
	for i, f := range files {
		e.Files = append(e.Files, archive.EditionFile{Path: f.Path, Text: string(texts[i]), Digest: string(f.Digest)})
	}
	for _, i := range itemsOf(ed) {
		e.Items = append(e.Items, archive.EditionItem{Kind: i.Kind, ID: i.ID, Version: i.Version, Digest: string(i.Digest)})
	}
	if err := s.Publish(ctx, e, true, "", "prova"); err != nil {
		t.Fatal(err)
	}
	taken, err := newCorpusTaker(engine.New(ed), rules.FS, time.Now()).decisions()
	if err != nil {
		t.Fatal(err)
	}
	for range times {
		var batch []*ledger.Decision
		for _, d := range taken {
			again := *d
			again.Receipt.ID = newID(time.Now())
			batch = append(batch, &again)
		}
		if err := s.Commit(ctx, batch, nil); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = batch[0].Receipt.ID
		}
	}
	return first
}

// An auditor's round: the record is replayed where it is, exported, verified far from it, replayed from the file.
func TestTheRecordIsReplayedExportedAndVerified(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		first := p.record(t, 1)
		var total struct{ Decisions, Identical, Different int }
		if err := json.Unmarshal([]byte(p.run(t, "replay", "--all", "--json")), &total); err != nil || total.Decisions < 100 || total.Identical != total.Decisions {
			t.Fatalf("%+v, %v", total, err)
		}
		if out := p.run(t, "replay", first); out != "1 decisions: 1 identical, 0 different, 0 not replayable\n" {
			t.Error(out)
		}
		if out := p.run(t, "replay", "--all", "--rule", "cigo.settimane_biennio", "--to", "2020-12-31"); !strings.HasPrefix(out, "0 decisions") {
			t.Error(out)
		}
		for want, args := range map[string][]string{`rule "niente"`: {"niente"}, "never had a version 9": {"cigo.settimane_biennio", "--rule-version", "9"}} {
			cmd := command(t, p.env(), append([]string{"replay", "--all", "--rule"}, args...)...)
			if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), want) {
				t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), out)
			}
		}
		folder := t.TempDir()
		export, part, keys, held := filepath.Join(folder, "export"), filepath.Join(folder, "part"), filepath.Join(folder, "keys"), filepath.Join(folder, "head")
		p.run(t, "ledger", "export", export)
		p.run(t, "ledger", "export", "--from", "2020-01-01", "--to", "2020-12-31", part)
		for name, args := range map[string][]string{keys: {"ledger", "keys"}, held: {"ledger", "checkpoint"}} {
			if err := os.WriteFile(name, []byte(p.run(t, args...)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if code, stdout, stderr := call(t, "", "verify", export, "--keys", keys, "--checkpoint", held); code != 0 || !strings.Contains(stdout, "the log is whole") {
			t.Errorf("exit %d, %s%s", code, stdout, stderr)
		}
		if code, stdout, stderr := call(t, "", "verify", part, "--keys", keys, "--checkpoint", held); code != 0 || !strings.Contains(stdout, "a part of the log") || !strings.Contains(stdout, "\n0 decisions, ") {
			t.Errorf("exit %d, %s%s", code, stdout, stderr)
		}
		if code, stdout, stderr := call(t, "", "replay", "--export", export, "--keys", keys); code != 0 || !strings.HasPrefix(stdout, fmt.Sprintf("%d decisions: %d identical, 0 different", total.Decisions, total.Decisions)) {
			t.Errorf("exit %d, %s%s", code, stdout, stderr)
		}
		p.watch(t, keys)
		p.rotate(t, keys, held)
	})
}

// watch has a witness countersign the head, and takes it into the keyring.
func (p *place) watch(t *testing.T, keys string) {
	t.Helper()
	folder := t.TempDir()
	key, state, signed := filepath.Join(folder, "key"), filepath.Join(folder, "state"), filepath.Join(folder, "signed")
	code, public, stderr := call(t, "", "ledger", "key", "new", "--origin", "osservatorio.example/1", key)
	if code != 0 {
		t.Fatal(stderr)
	}
	code, note, stderr := call(t, p.run(t, "ledger", "checkpoint"), "ledger", "witness", "--key", key, "--keys", keys, "--state", state, "-")
	if code != 0 {
		t.Fatal(stderr)
	}
	if err := os.WriteFile(signed, []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(t, "ledger", "add-witness", "--quorum", "1", strings.TrimSpace(public))
	if out := p.run(t, "ledger", "cosign", signed); !strings.Contains(out, "is signed by the log, and by osservatorio.example/1") {
		t.Error(out)
	}
	if err := os.WriteFile(keys, []byte(p.run(t, "ledger", "keys")), 0o600); err != nil {
		t.Fatal(err)
	}
	export := filepath.Join(folder, "export")
	p.run(t, "ledger", "export", export)
	if code, stdout, stderr := call(t, "", "verify", export, "--keys", keys); code != 0 || !strings.Contains(stdout, ", and by osservatorio.example/1") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}

// refuseRotation tries to have that key sign from here on, which must be refused for that reason.
func (p *place) refuseRotation(t *testing.T, public string, want int, why string) {
	t.Helper()
	cmd := command(t, p.env(), "ledger", "rotate", strings.TrimSpace(public))
	out, _ := cmd.CombinedOutput() // the code is looked at
	if code := cmd.ProcessState.ExitCode(); code != want || !strings.Contains(string(out), why) {
		t.Errorf("rotate to another key: exit %d, %s, want %d, %q", code, out, want, why)
	}
}

// rotate has another key sign from here on. What the old one signed stays good; without the secret of the new one nothing is appended.
func (p *place) rotate(t *testing.T, keys, held string) {
	t.Helper()
	file := filepath.Join(p.data, devLedgerKey)
	_, public, _ := call(t, "", "ledger", "key", "new", "--origin", devLedgerOrigin, file)
	_, stranger, _ := call(t, "", "ledger", "key", "new", "--origin", devLedgerOrigin, filepath.Join(t.TempDir(), "key"))
	both, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p.refuseRotation(t, stranger, exitUsage, "the secret of the new key is not in the file")
	fresh := strings.SplitAfter(string(both), "\n")[1]
	if err := os.WriteFile(file, []byte(fresh), 0o600); err != nil {
		t.Fatal(err)
	}
	p.refuseRotation(t, public, exitUsage, "signed under the key that is good until then")
	if err := os.WriteFile(file, both, 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(t, "ledger", "rotate", strings.TrimSpace(public))
	p.refuseRotation(t, public, exitWrong, "is in it already")
	ring, err := ledger.ParseKeyring([]byte(p.run(t, "ledger", "keys")))
	if err != nil || len(ring.Log) != 2 {
		t.Fatal(ring, err)
	}
	s, err := p.archiveConfig().open(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Record(t.Context(), archive.Access{ID: newID(time.Now()), Instant: time.Now(), Azione: "prova", Esito: "allow"})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	// An export ends where enough witnesses have signed; the new head was not countersigned yet.
	text := p.run(t, "ledger", "add-witness", "--quorum", "0", ring.Witnesses[0].Verifier)
	if err := os.WriteFile(keys, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	export := filepath.Join(t.TempDir(), "export")
	p.run(t, "ledger", "export", export)
	if code, stdout, stderr := call(t, "", "verify", export, "--keys", keys, "--checkpoint", held); code != 0 || !strings.Contains(stdout, " 1 accesses,") || !strings.Contains(stdout, "1 changes of the keys of the log are in it") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}

func TestAReplayThatIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		p.record(t, 6)
		whole := withoutRun(t, p.run(t, "replay", "--all", "--json", "--parallel", "2"))
		args, met := []string{"replay", "--all", "--parallel", "2"}, 0
		for i := range 4 {
			run, ended := p.killedReplay(t, time.Duration(i*rand.IntN(300))*time.Millisecond, args...) // the first at once: it is under way
			if run == "" {
				t.Fatal("no run was named")
			}
			args = []string{"replay", "--resume", run, "--parallel", "1"}
			if !ended {
				met++
			}
		}
		if met == 0 {
			t.Fatal("no kill met a run under way: the test proves too little")
		}
		if diff := cmp.Diff(whole, withoutRun(t, p.run(t, append(args, "--json")...))); diff != "" {
			t.Error(diff)
		}
	})
}

// killedReplay kills a replay so long after it has said what it is called.
func (p *place) killedReplay(t *testing.T, after time.Duration, args ...string) (run string, ended bool) {
	t.Helper()
	cmd := command(t, p.env(), args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for run == "" && lines.Scan() {
		_, rest, _ := strings.Cut(lines.Text(), "run ")
		run, _, _ = strings.Cut(rest, ":")
	}
	time.Sleep(after)
	_ = cmd.Process.Kill() // it may be through
	_ = cmd.Wait()
	return run, out.Len() > 0
}
