package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"omnia/archive/importing"
)

// A process that is killed leaves nothing half done, and nothing that it said is forgotten.

// kills is how often the service is killed on each database: OMNIA_KILLS, as `make crash` sets it, or few.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("OMNIA_KILLS")
	if text == "" {
		return 20
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("OMNIA_KILLS=%s: it is how often the service is killed on each database", text)
	}
	return n
}

// checkEvery is after how many kills all is looked at, and begun anew on an empty database: what there is to look at stays small.
const checkEvery = 50

// The service is killed at random moments under load, also while it starts. Each effect is there once, and every decision that was told is
// in the log once, which verifies.
func TestEveryAnswerHoldsAfterKills(t *testing.T) {
	t.Parallel()
	for left := kills(t); left > 0; left -= checkEvery {
		t.Run(fmt.Sprint(left, " kills left"), func(t *testing.T) {
			livelyPlaces(t, func(t *testing.T, p *place) { p.killedOften(t, min(left, checkEvery)) })
		})
	}
}

func (p *place) killedOften(t *testing.T, times int) {
	t.Helper()
	f := newTraffic(t, p)
	f.mayVanish = true
	for round := range times {
		if rand.IntN(4) == 0 {
			p.killedStart(t)
			continue
		}
		s := p.start(t) // at once: what the killed one held, the file of SQLite, is free
		f.run(s, fmt.Sprint(round), 6)
		f.flows(t, 1+rand.IntN(20))
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		s.signal(syscall.SIGKILL)
		<-s.ended
		f.end()
	}
	s := p.start(t)
	f.settle(t, s)
	s.signal(syscall.SIGTERM)
	s.exit()
	f.accounted(t, p)
	t.Logf("%d kills: %d answers to decisions, %d letters, all there once", times, len(f.decided), len(f.letters))
}

// killedStart kills the service before it has said that it serves, most likely.
func (p *place) killedStart(t *testing.T) {
	t.Helper()
	cmd := command(t, p.env(), "serve")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed: that is an error
}

// generated is a file of invented measures, whose companies are in the archive already, and its lines.
func (p *place) generated(t *testing.T, lines int) (file string, keys []string) {
	t.Helper()
	companies := filepath.Join(t.TempDir(), "posizioni")
	file = filepath.Join(t.TempDir(), "provvedimenti")
	for name, kind := range map[string]string{companies: "posizioni", file: "provvedimenti"} {
		text := p.run(t, "demo", "generate", "--companies", "300", "--provvedimenti", fmt.Sprint(lines), "--kind", kind)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.run(t, "import", "--kind", "posizioni", companies)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		x := struct {
			Numero   string
			Versione int
		}{Versione: 1}
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, fmt.Sprintf("%s/%d", x.Numero, x.Versione))
	}
	if len(keys) != lines {
		t.Fatalf("%d lines were generated, not %d", len(keys), lines)
	}
	return file, keys
}

// stored is which versions of measures are in the archive, and how often.
func (p *place) stored(t *testing.T) map[string]int {
	t.Helper()
	return p.counts(t, `SELECT numero || '/' || versione, count(*) FROM provvedimenti GROUP BY numero, versione`)
}

func TestAnImportKilledAtAnyMomentLeavesWholeBatches(t *testing.T) {
	t.Parallel()
	const lines, batch, kills = 16_000, 400, 8
	livelyPlaces(t, func(t *testing.T, p *place) {
		file, keys := p.generated(t, lines)
		underWay := 0
		for i := range kills {
			args := []string{"--batch", fmt.Sprint(batch), file}
			if i%2 == 1 {
				args = append(args, "--resume")
			}
			p.watched(t, batch, args)
			stored := p.stored(t)
			wantWholeBatches(t, stored, keys, batch)
			if 0 < len(stored) && len(stored) < lines {
				underWay++
			}
		}
		if underWay < 2 {
			t.Fatalf("%d of %d kills met an import under way: the test proves too little", underWay, kills)
		}
		for _, args := range [][]string{{"--resume"}, {}} {
			var r importing.Report
			if err := json.Unmarshal([]byte(p.run(t, append([]string{"import", "--batch", fmt.Sprint(batch), file}, args...)...)), &r); err != nil {
				t.Fatal(err)
			}
			if sum := r.Creati + r.Corretti + r.Invariati; r.Lines != lines || sum != lines || !r.Clean() || len(args) == 0 && r.Invariati != lines {
				t.Errorf("import %v: the report does not add up: %+v", args, r)
			}
		}
		stored := p.stored(t)
		for _, key := range keys {
			if stored[key] != 1 {
				t.Errorf("%s is stored %d times", key, stored[key])
			}
		}
		if len(stored) != lines {
			t.Errorf("%d versions of %d lines", len(stored), lines)
		}
	})
}

// watched kills an import once it has stored some batches more, none at the least, and looks all the while from outside: what
// can be seen is whole. It goes by what is stored and not by the clock, so that kills meet a run under way on any machine.
func (p *place) watched(t *testing.T, batch int, args []string) {
	t.Helper()
	db := p.database(t)
	defer db.Close()
	rows := func() (n int) {
		if err := db.QueryRow(`SELECT count(*) FROM provvedimenti`).Scan(&n); err != nil || n%batch != 0 {
			t.Errorf("%d rows are seen, a part of a batch: %v", n, err)
		}
		return n
	}
	enough := rows() + batch*rand.IntN(6)
	cmd := command(t, p.env(), append([]string{"import"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if rows() >= enough {
			_ = cmd.Process.Kill() // it may be through
		}
		select {
		case err := <-ended:
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			return
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// wantWholeBatches wants each batch of the file stored as a whole, or not at all.
func wantWholeBatches(t *testing.T, stored map[string]int, keys []string, batch int) {
	t.Helper()
	for from := 0; from < len(keys); from += batch {
		n := 0
		for _, key := range keys[from : from+batch] {
			n += stored[key]
		}
		if n != 0 && n != batch {
			t.Fatalf("%d of the %d lines from line %d on are stored", n, batch, from+1)
		}
	}
}

// A second process is told what to do, whatever it wants to do; and the file is free with the process.
func TestASecondProcessIsSentAway(t *testing.T) {
	t.Parallel()
	p := &place{t: t, data: t.TempDir(), driver: "sqlite"}
	lines := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(lines, []byte(measure("S-1")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "another-name")
	if err := os.Symlink(p.data, other); err != nil {
		t.Fatal(err)
	}
	s := p.start(t)
	for _, tt := range []struct {
		env  []string
		args []string
	}{
		{p.env(), []string{"serve"}},
		{p.env(), []string{"import", lines}},
		{p.env(), []string{"migrate"}},
		{p.env("OMNIA_DATABASE=sqlite:" + filepath.Join(other, "omnia.db")), []string{"serve"}},
	} {
		cmd := command(t, tt.env, tt.args...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), "use PostgreSQL") || strings.Count(string(out), "\n") != 1 {
			t.Errorf("%v: %v: %s", tt.args, err, out)
		}
	}
	s.signal(syscall.SIGKILL)
	<-s.ended
	s = p.start(t)
	if !s.up() {
		t.Error("after the kill it does not serve")
	}
	if a := (caller{s.url, p.token(t, "titolare")}).ask(http.MethodGet, "/v1/matricole/"+matricola, ""); a.status != http.StatusOK {
		t.Errorf("after the kill: %s", a)
	}
}
