// Command bench measures how fast the engine is, as ratios to a floor taken in the same run: the
// same work done by straight-line Go, or by a plain handler. It prints one report.
//
//	go run ./bench                    everything
//	go run ./bench -only 'counter'    the groups whose name matches
//	go run ./bench -only load -cpuprofile cpu.out
//	go run ./bench -only import -rows 1000000
//
// No test asserts a time. The engines of others are measured by a module of its own, so that the
// service does not carry them: cd bench/peers && go run .
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"time"

	"omnia/bench/measure"
	"omnia/engine"
	"omnia/engine/rulebook"
	"omnia/internal/pgtest"
	"omnia/rules"
)

// bench is what the groups share.
type bench struct {
	measure.Report
	plan    measure.Plan
	content fs.FS
	edition *rulebook.Edition
	engine  *engine.Engine
	sizes   archiveSizes
	server  pgtest.Config // of the PostgreSQL under the archive
	shared  *databases    // what all groups on the archive use; nil is some for each
}

// groups in the order of the report.
var groups = []struct {
	name string
	run  func(*bench) error
}{
	{"rules", (*bench).rules},
	{"counter", (*bench).counter},
	{"dates", (*bench).dates},
	{"explain", (*bench).explain},
	{"http", (*bench).http},
	{"load", (*bench).load},
	{"growth", (*bench).growth},
	{"form", (*bench).form},
	{"search", (*bench).search},
	{"archive", (*bench).archived},
	{"access", (*bench).access},
	{"import", (*bench).imports},
	{"lists", (*bench).lists},
	{"record", (*bench).recorded},
	{"chat", (*bench).chatted},
	{"million", (*bench).million},
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == serveWord {
		serveChild(os.Args[2:])
		return
	}
	only := flag.String("only", "", "run the groups whose name matches this regular expression")
	rounds := flag.Int("rounds", 9, "rounds of each comparison, at least 7")
	slice := flag.Duration("slice", 100*time.Millisecond, "how long each subject runs in a round")
	profile := flag.String("cpuprofile", "", "write a CPU profile")
	folder := flag.String("rules", "", "folder of rules, else the embedded")
	sizes := archiveSizes{small: 10_000, units: 200, few: 50, many: 5_000, connections: []int{32, 256},
		chat: chatSizes{people: 157, tabs: 32, connect: 10_000, pairs: 100, talk: 2000, rate: 50, spoken: 20 * time.Second, missed: 10_000}}
	flag.IntVar(&sizes.large, "large", 1_000_000, "provvedimenti in the large archive of the group search")
	flag.IntVar(&sizes.decisions, "decisions", 1_000_000, "decisions in the log of the group million, which is run only when -only names it")
	flag.IntVar(&sizes.rows, "rows", 100_000, "provvedimenti that the group import brings in")
	flag.Parse()
	b := &bench{
		Report: measure.Report{W: os.Stdout}, plan: measure.Plan{Rounds: *rounds, Slice: *slice}, content: content(*folder),
		sizes: sizes, server: asInProduction,
	}
	if err := b.run(*only, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(only, profile string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	ed, defects := rulebook.Load(b.content)
	if err := defects.Err(); err != nil {
		return err
	}
	b.edition, b.engine = ed, engine.New(ed)
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	b.Line("# Benchmarks\n\n%s %s/%s, %d CPUs, %d rounds of %v; medians of processor time; ratios are taken round by round.",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), max(b.plan.Rounds, 7), b.plan.Slice)
	for _, g := range groups {
		if !wanted.MatchString(g.name) || g.name == "million" && only == "" { // it takes hours, and tens of GB
			continue
		}
		if err := g.run(b); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return nil
}

// content is the folder of rules, or those in the binary.
func content(folder string) fs.FS {
	if folder == "" {
		return rules.FS
	}
	return os.DirFS(folder)
}
