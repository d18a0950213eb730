package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"omnia/bench/measure"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/fixtures"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/policies"
	"omnia/store"
)

// million fills a log and lets the commands go over all of it, at a tenth of its size and at the whole: what they hold in
// memory must not grow with it.
func (b *bench) million() error {
	b.Title(fmt.Sprintf("A log of %d decisions", b.sizes.decisions),
		"Decisions that the engine took, a few hundred different ones stored again and again through the store, 500 in a commit. The commands are those of the program, each a process of its own: the most memory it ever had (resident, as Linux counts it), and its time by the clock. The export is not kept: it goes through a pipe.")
	return b.with(func(d *databases) error {
		binary, err := d.program()
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			s, dsn, err := d.fresh(kind)
			if err != nil {
				return err
			}
			l := &longLog{bench: b, binary: binary, dsn: dsn, data: filepath.Join(d.dir, "log on "+kind)}
			if err := errors.Join(s.Close(), l.run(kind)); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
		return nil
	})
}

// longLog is a log on the way to its length.
type longLog struct {
	*bench
	binary, dsn, data string
	made              int
	rows              [][]string
}

func (l *longLog) run(kind string) error {
	server, err := startService(l.binary, l.dsn, l.data) // publishes the edition and makes the key
	if err != nil {
		return err
	}
	server.stop()
	decisions, err := l.decide()
	if err != nil {
		return err
	}
	for _, size := range []int{l.sizes.decisions / 10, l.sizes.decisions} {
		for _, step := range []func(int) error{func(n int) error { return l.fill(decisions, n) }, l.replay, l.exportAndVerify, l.verifyStored} {
			if err := step(size); err != nil {
				return fmt.Errorf("%d decisions: %w", size, err)
			}
		}
	}
	b := l.bench
	b.Line("%s:\n", kind)
	b.Table([]string{"", "decisions", "time", "most memory"}, l.rows)
	b.Line("")
	return nil
}

// decide takes some decisions, as the service records them.
func (l *longLog) decide() (list []*ledger.Decision, err error) {
	rego, err := policies.New()
	if err != nil {
		return nil, err
	}
	ed, opt := l.edition, engine.Options{Today: today, Language: "it", Explain: engine.Normal}
	for seed := range uint64(200) {
		var body struct{ Facts json.RawMessage }
		if err := json.Unmarshal(fixtures.Generate(seed, periodsOfRequest), &body); err != nil {
			return nil, err
		}
		facts, err := fact.Decode(ed.Vocabulary, body.Facts, fact.Options{Language: opt.Language})
		if err != nil {
			return nil, err
		}
		a, err := l.engine.Counters(facts, opt)
		if err != nil {
			return nil, err
		}
		public, personal, bound, err := ledger.Split(facts.AppendJSON(nil, true), replay.Personal(ed.Vocabulary), rand.Reader)
		if err != nil {
			return nil, err
		}
		d := &ledger.Decision{Facts: public, Personal: personal, Outcome: replay.CountersOutcome(a, personal)}
		d.Index = ledger.Index{Esito: replay.Esito(a), Matricola: facts.Text("azienda.matricola"), UnitaProduttiva: facts.Text("unita_produttiva.progressivo"), Settore: facts.Text("azienda.settore")}
		d.Receipt = ledger.Receipt{
			Kind: replay.KindCounters, Edition: ed.Name, EditionDigest: ledger.Digest(ed.Digest), PolicyDigest: ledger.Digest(rego.Digest()), Engine: "bench", Options: replay.CountersOptions(opt),
			FactsDigest: ledger.DigestOf(public), Personal: bound, OutcomeDigest: ledger.DigestOf(d.Outcome), Rules: replay.Rules(a.Applied()),
		}
		list = append(list, d)
	}
	return list, nil
}

// fill makes the log so many decisions long.
func (l *longLog) fill(decisions []*ledger.Decision, size int) error {
	keys, err := os.ReadFile(filepath.Join(l.data, "ledger.key"))
	if err != nil {
		return err
	}
	s, err := store.Open(context.Background(), l.dsn, store.Options{Keys: strings.Fields(string(keys))})
	if err != nil {
		return err
	}
	start, from := time.Now(), l.made
	for l.made < size {
		batch := make([]*ledger.Decision, min(500, size-l.made))
		for i := range batch {
			d := *decisions[l.made%len(decisions)]
			d.Receipt.ID, d.Receipt.Instant = fmt.Sprintf("decisione-%09d", l.made), time.Now().UTC()
			batch[i] = &d
			l.made++
		}
		if err := s.Commit(context.Background(), batch, nil); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	l.row("storing (in this process)", size-from, time.Since(start), 0)
	return s.Close()
}

// command is one of the program, over that database.
func (l *longLog) command(args ...string) *exec.Cmd {
	c := exec.Command(l.binary, args...)
	c.Env = append(os.Environ(), "OMNIA_DATABASE="+l.dsn, "OMNIA_DATA="+l.data)
	c.Stdout, c.Stderr = new(bytes.Buffer), new(bytes.Buffer)
	return c
}

// wait waits for commands that have begun, and gives the most memory that each had, in bytes; 0 where the system does not tell.
func wait(commands ...*exec.Cmd) (most []float64, err error) {
	most = make([]float64, len(commands))
	var watched sync.WaitGroup
	ended := make(chan struct{})
	for i, c := range commands {
		watched.Go(func() { most[i] = watchMemory(c.Process.Pid, ended) })
	}
	for _, c := range commands {
		if e := c.Wait(); e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w\n%s", strings.Join(c.Args[1:], " "), e, c.Stderr))
		}
	}
	close(ended)
	watched.Wait()
	return most, err
}

// watchMemory looks now and then at the most that a process has had, from Linux.
func watchMemory(pid int, ended <-chan struct{}) (most float64) {
	for {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // gone, or another system
		if _, rest, ok := strings.Cut(string(text), "VmHWM:"); ok {
			if n, err := strconv.ParseFloat(strings.Fields(rest)[0], 64); err == nil {
				most = n * 1024
			}
		}
		select {
		case <-ended:
			return most
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (l *longLog) row(what string, n int, took time.Duration, memory float64) {
	most := ""
	if memory > 0 {
		most = measure.Size(memory)
	}
	l.rows = append(l.rows, []string{what, fmt.Sprint(n), fmt.Sprintf("%.1f s", took.Seconds()), most})
}

// replay decides all of them again.
func (l *longLog) replay(size int) error {
	c, start := l.command("replay", "--all"), time.Now()
	if err := c.Start(); err != nil {
		return err
	}
	most, err := wait(c)
	if err != nil {
		return err
	}
	if out := fmt.Sprint(c.Stdout); !strings.Contains(out, fmt.Sprint(size)) {
		return fmt.Errorf("replay: not all %d were seen:\n%s", size, out)
	}
	l.row("omnia replay --all", size, time.Since(start), most[0])
	return nil
}

// verifyStored holds every stored copy against the log.
func (l *longLog) verifyStored(size int) error {
	keys, err := l.keys()
	if err != nil {
		return err
	}
	c, start := l.command("verify", "--database", l.dsn, "--keys", keys), time.Now()
	if err := c.Start(); err != nil {
		return err
	}
	most, err := wait(c)
	if err != nil {
		return err
	}
	if said := fmt.Sprint(c.Stdout); !strings.Contains(said, fmt.Sprintf("\n%d decisions", size)) {
		return fmt.Errorf("verify --database: not all %d were seen:\n%s", size, said)
	}
	l.row("omnia verify --database", size, time.Since(start), most[0])
	return nil
}

// keys is the file with the public keys of the log.
func (l *longLog) keys() (string, error) {
	ring := l.command("ledger", "keys")
	if err := ring.Run(); err != nil {
		return "", err
	}
	name := filepath.Join(l.data, "keys.json")
	return name, os.WriteFile(name, fmt.Append(nil, ring.Stdout), 0o600)
}

// exportAndVerify sends the export of the log to who verifies it.
func (l *longLog) exportAndVerify(size int) error {
	keys, err := l.keys()
	if err != nil {
		return err
	}
	export, verify := l.command("ledger", "export", "-"), l.command("verify", "-", "--keys", keys)
	export.Stdout = nil
	pipe, err := export.StdoutPipe()
	if err != nil {
		return err
	}
	verify.Stdin = pipe
	start := time.Now()
	if err := errors.Join(export.Start(), verify.Start(), pipe.Close()); err != nil { // only they hold it, so that neither waits for one that is gone
		return err
	}
	most, err := wait(export, verify)
	if err != nil {
		return err
	}
	if said := fmt.Sprint(verify.Stdout); !strings.Contains(said, fmt.Sprintf("\n%d decisions", size)) {
		return fmt.Errorf("verify: not all %d were seen:\n%s", size, said)
	}
	took := time.Since(start)
	l.row("omnia ledger export -", size, took, most[0])
	l.row("… | omnia verify -", size, took, most[1])
	return nil
}
