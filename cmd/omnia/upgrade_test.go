package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"omnia/rules"
)

// programs are two versions of the service: the older one that is live, and the newer one that is put beside it. Everywhere the newer one is
// this source under another name, with another edition; OMNIA_UPGRADE_FROM=COMMIT, as `make upgrade` sets it, takes that commit for the
// older one.
type programs struct {
	older, newer string
	env          []string // of the newer one
	edition      string   // digest of the edition that it brings
}

func twoPrograms(t *testing.T) programs {
	t.Helper()
	this, err := built()
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "omnia")
	if commit := os.Getenv("OMNIA_UPGRADE_FROM"); commit != "" {
		source := t.TempDir()
		text := output(t, exec.CommandContext(t.Context(), "git", "-C", "../..", "archive", commit))
		unpack := exec.CommandContext(t.Context(), "tar", "-x", "-C", source)
		unpack.Stdin = bytes.NewReader(text)
		output(t, unpack)
		build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.release="+commit, "-o", other, "./cmd/omnia")
		build.Dir = source
		output(t, build)
		own, err := loadEdition(rules.FS)
		if err != nil {
			t.Fatal(err)
		}
		return programs{older: other, newer: this, edition: own.Digest}
	}
	output(t, exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.release=successiva", "-o", other, "."))
	folder := lawFolder(t, "Seconde")
	if code, _, stderr := call(t, "", "rules", "publish", "2031-1", "--dir", folder); code != exitFine {
		t.Fatal(stderr)
	}
	return programs{older: this, newer: other, env: []string{"OMNIA_RULES=" + folder}, edition: digestOfFolder(t, folder)}
}

func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, &complaint)
	}
	return out
}

// A newer program is put beside an older one that is live, and takes its place: no question is lost, there is one log, and what either
// decided comes out again.
func TestARollingUpgradeKeepsOneLog(t *testing.T) {
	t.Parallel()
	p, two := onShared(t), twoPrograms(t)
	older := serving(t, commandOf(t, two.older, p.env(), "serve"))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the older one: %s", older.log)
		}
	})
	first := older.digest()
	portale := p.token(t, "portale")
	load := &asked{}
	load.run(portale, older)
	load.goesOn(t, 20)

	env := p.env(append(two.env, "OMNIA_ACTIVATE=no")...)
	newer := serving(t, commandOf(t, two.newer, env, "serve")) // it brings the schema with it, and stores its law
	load.goesOn(t, 10)                                         // by the older one, on the newer schema
	load.instead(nil, newer)
	load.goesOn(t, 30)
	load.kills.Store(true) // so far each question was answered where it was put
	activation := "/v1/editions/" + two.edition + "/activation"
	if a := (caller{newer.url, p.token(t, "approvatore")}).ask(http.MethodPost, activation, `{"reason":"passaggio di versione"}`); a.status != http.StatusOK {
		t.Fatal(a)
	}
	load.goesOn(t, 30) // the older one follows, or steps aside when it can't read that law
	older.signal(syscall.SIGTERM)
	if code := older.exit(); code != exitFine {
		t.Errorf("exit %d\n%s", code, older.log)
	}
	load.instead(older, serving(t, commandOf(t, two.newer, env, "serve")))
	load.goesOn(t, 20)
	load.end(t)

	there, engines, editions := p.inTheLog(t), map[string]bool{}, map[string]bool{}
	for id, digest := range load.under {
		list := there[id]
		if len(list) != 1 || string(list[0].EditionDigest) != digest {
			t.Fatalf("%s under %s is in the log %d times", id, digest, len(list))
		}
		engines[list[0].Engine], editions[digest] = true, true
	}
	if len(engines) != 2 || !editions[first] || !editions[two.edition] {
		t.Errorf("decided by %v under %v", engines, editions)
	}
	// What the older one decided is what the newer one decides.
	replay := commandOf(t, two.newer, p.env(two.env...), "replay", "--all")
	if out := string(output(t, replay)); !strings.Contains(out, " 0 different, 0 not replayable") {
		t.Error(out)
	}
	p.verified(t)
}
