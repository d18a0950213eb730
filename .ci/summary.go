// Summary runs the steps named on its command line as make targets, then every Go test, and
// closes with one line that counts them: "N passed, N failed, N skipped".
//
// A step counts as one. A skipped test fails the run: what was not run holds nothing up.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

type tally struct{ passed, failed, skipped int }

func main() {
	var t tally
	for _, step := range os.Args[1:] {
		t.step(step)
	}
	t.tests()
	fmt.Printf("%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	if t.failed > 0 || t.skipped > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

// step runs one make target and shows its output only when it fails.
func (t *tally) step(target string) {
	start := time.Now()
	out, err := exec.Command("make", "--no-print-directory", target).CombinedOutput()
	if err != nil {
		t.failed++
		fmt.Printf("FAIL  make %s: %v\n%s", target, err, out)
		return
	}
	t.passed++
	fmt.Printf("ok    make %s  %.1fs\n", target, time.Since(start).Seconds())
}

// event is one line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
	FailedBuild                   string
	ImportPath                    string // of build output
}

// tests runs every test uncached, so that a count is a count of what ran now.
func (t *tally) tests() {
	cmd := exec.Command("go", "test", "-json", "-count=1", "./...")
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.failed++
		fmt.Println("FAIL  go test:", err)
		return
	}
	before := t.failed
	t.read(pipe)
	if err := cmd.Wait(); err != nil && t.failed == before {
		t.failed++
		fmt.Println("FAIL  go test:", err)
	}
}

func (t *tally) read(pipe io.Reader) {
	output := map[string]string{} // of tests under way, by package and name
	failures := map[string]int{}  // by package
	lines := bufio.NewScanner(pipe)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			output[key] += e.Output
		case "build-output":
			fmt.Print(e.Output)
		case "pass", "fail", "skip":
			if e.Test != "" {
				t.count(e, output[key])
				if e.Action == "fail" {
					failures[e.Package]++
				}
			} else {
				t.pack(e, output[key], failures[e.Package])
			}
			delete(output, key)
		}
	}
}

// count takes one finished test into the tally.
func (t *tally) count(e event, output string) {
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		fmt.Printf("SKIP  %s %s\n%s", e.Package, e.Test, output)
	case "fail":
		t.failed++
		fmt.Printf("FAIL  %s %s\n%s", e.Package, e.Test, output)
	}
}

// pack reports one finished package; one that failed without a failing test did not build or
// did not end. A package without tests is reported as skipped by go, and is no skip here.
func (t *tally) pack(e event, output string, failures int) {
	switch {
	case e.Action == "pass":
		fmt.Printf("ok    %s  %.1fs\n", e.Package, e.Elapsed)
	case e.Action == "fail" && failures == 0:
		t.failed++
		fmt.Printf("FAIL  %s %s\n%s", e.Package, e.FailedBuild, output)
	}
}
