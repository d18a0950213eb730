package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A witness watches a log that is served: it signs what has grown, and refuses one that was begun anew, shorter or longer, with
// the evidence kept. The operator has the key of the log, so the signatures of both are good.
func TestAWitnessWatchesAServedLog(t *testing.T) {
	t.Parallel()
	p := &place{t: t, data: t.TempDir(), driver: "sqlite"}
	folder := t.TempDir()
	key, state, keys := filepath.Join(folder, "key"), filepath.Join(folder, "state"), filepath.Join(folder, "keys")
	_, public, stderr := call(t, "", "ledger", "key", "new", "--origin", "osservatorio.example/1", key)
	if stderr != "" {
		t.Fatal(stderr)
	}
	s := p.start(t)
	token := p.token(t, "portale")
	decide := func(times int) {
		t.Helper()
		for range times {
			if a := (caller{s.url, token}).ask(http.MethodPost, "/v1/counters", demoBody); a.status != http.StatusOK {
				t.Fatal(a)
			}
		}
	}
	again := func() {
		t.Helper()
		s.signal(syscall.SIGTERM)
		<-s.ended
	}
	decide(5)
	again()
	p.run(t, "ledger", "add-witness", strings.TrimSpace(public))
	if err := os.WriteFile(keys, []byte(p.run(t, "ledger", "keys")), 0o600); err != nil {
		t.Fatal(err)
	}
	s = p.start(t)
	watch := func() (int, string, string) {
		return call(t, "", "ledger", "witness", "--key", key, "--keys", keys, "--state", state, "--log", s.url)
	}
	for range 3 {
		code, note, stderr := watch()
		if code != 0 || !strings.Contains(note, "— osservatorio.example/1 ") || !strings.Contains(note, "— "+devLedgerOrigin+" ") {
			t.Fatalf("exit %d: %s%s", code, note, stderr)
		}
		if status, head := s.get("/v1/ledger/checkpoint"); status != http.StatusOK || head != note {
			t.Errorf("the log does not show the signature: %d %s, want %s", status, head, note)
		}
		decide(3)
	}
	before, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	again()
	old, err := filepath.Glob(filepath.Join(p.data, "omnia.db*"))
	if err != nil || len(old) == 0 {
		t.Fatal(old, err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	s = p.start(t) // with the same key: another past
	for _, says := range []string{"can't show that it goes on", "not countersigned"} {
		code, note, stderr := watch()
		if code != 1 || note != "" || !strings.Contains(stderr, says) || !strings.Contains(stderr, state+".refused") {
			t.Errorf("exit %d: %s%s", code, note, stderr)
		}
		evidence, err := os.ReadFile(state + ".refused")
		if err != nil || !strings.Contains(string(evidence), "— "+devLedgerOrigin+" ") {
			t.Errorf("%v: %s", err, evidence)
		}
		decide(30) // and now it is longer than the one that was signed
	}
	if after, err := os.ReadFile(state); err != nil || string(after) != string(before) {
		t.Errorf("what was countersigned last is %s, %v", after, err)
	}
	for _, args := range [][]string{{}, {"--log", s.url, "file"}} {
		if code, _, stderr := call(t, "", append([]string{"ledger", "witness", "--key", key, "--keys", keys, "--state", state}, args...)...); code != 2 || !strings.Contains(stderr, "--log") {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	s.signal(syscall.SIGTERM)
	<-s.ended
	if code, _, stderr := watch(); code != 2 || !strings.Contains(stderr, "--log") {
		t.Errorf("without a service: exit %d: %s", code, stderr)
	}
}
