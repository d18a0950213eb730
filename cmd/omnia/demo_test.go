package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omnia/rules"
	"omnia/store"
)

// lines runs a command line and gives what it wrote, line by line.
func lines(t *testing.T, args ...string) [][]byte {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(args, streams{strings.NewReader(""), &out, &errs}); code != exitFine {
		t.Fatalf("omnia %s: exit %d: %s", strings.Join(args, " "), code, errs.String())
	}
	var list [][]byte
	for line := range bytes.Lines(out.Bytes()) {
		if !bytes.HasSuffix(line, []byte{'\n'}) || !json.Valid(line) {
			t.Fatalf("no line of NDJSON: %q", line)
		}
		list = append(list, line)
	}
	return list
}

func TestDemoGenerateWritesEachKind(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]int{"posizioni": 20, "deleghe": 40, "provvedimenti": 300} {
		args := []string{"demo", "generate", "--companies", "20", "--provvedimenti", "300", "--seed", "9", "--kind", kind}
		first := lines(t, args...)
		if len(first) != want {
			t.Errorf("%s: %d lines, not %d", kind, len(first), want)
		}
		if again := lines(t, args...); !bytes.Equal(bytes.Join(first, nil), bytes.Join(again, nil)) {
			t.Errorf("%s: the same seed gives other lines", kind)
		}
	}
}

func TestDemoItaliaWritesTheCompaniesOfADay(t *testing.T) {
	t.Parallel()
	if n := len(lines(t, "demo", "italia", "--kind", "posizioni", "--on", "2026-11-23")); n < 40 {
		t.Errorf("%d companies", n)
	}
	if n := len(lines(t, "demo", "italia")); n < 100 {
		t.Errorf("%d provvedimenti", n)
	}
	for _, line := range lines(t, "demo", "italia", "--kind", "deleghe") {
		if bytes.Contains(line, []byte(`"padre"`)) {
			t.Errorf("a sub-delegation can't be in a mass upload: %s", line)
		}
	}
}

func TestDemoRefusesWrongCalls(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"demo", "generate", "--kind", "aziende"}, {"demo", "generate", "--companies", "0"}, {"demo", "generate", "--provvedimenti", "-1"},
		{"demo", "generate", "--companies", "99999999999"}, {"demo", "italia", "--kind", "x"}, {"demo", "italia", "--on", "ieri"},
	} {
		var out, errs bytes.Buffer
		if code := run(args, streams{strings.NewReader(""), &out, &errs}); code != exitUsage || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%v: exit %d, %d bytes written, said %q", args, code, out.Len(), errs.String())
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestDemoSaysWhenItsLinesCantBeWritten(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	if code := run([]string{"demo", "generate", "--provvedimenti", "5000"}, streams{strings.NewReader(""), full{}, &errs}); code != exitWrong {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}

// Instances that start at the same moment on an empty archive put the demo data in once, and none of them fails.
func TestTheDemoDataGoInOnce(t *testing.T) {
	t.Parallel()
	p := onShared(t)
	ed, err := loadEdition(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	var stores [6]*store.Store
	for i := range stores {
		if stores[i], err = p.archiveConfig().open(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = stores[i].Close() })
	}
	var seeding sync.WaitGroup
	var times atomic.Int32
	for _, s := range stores {
		seeding.Go(func() {
			n, err := seedDemo(t.Context(), s, ed, time.Now())
			if err != nil {
				t.Error(err)
			}
			if n > 0 {
				times.Add(1)
			}
		})
	}
	seeding.Wait()
	if times.Load() != 1 {
		t.Errorf("they went in %d times", times.Load())
	}
}
