package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/internal/rome"
	"omnia/ledger"
	"omnia/ledger/replay"
)

// replayCmd is `omnia replay`: decide again what the record says was decided.
type replayCmd struct {
	archiveConfig

	ID  string `arg:"" optional:"" help:"Id of one decision."`
	All bool   `help:"All decisions, or those that --from, --to, --rule and --rule-version choose."`

	Export     string   `placeholder:"FILE" help:"Read the decisions and the texts of the editions from an export, without a database. It is verified at the same time. - is standard input."`
	Keys       string   `placeholder:"FILE" help:"Keyring; needed with --export."`
	Checkpoint []string `placeholder:"FILE" help:"A checkpoint held from before, for --export."`

	From        string `placeholder:"DAY" help:"Only decisions of this day or later, YYYY-MM-DD."`
	To          string `placeholder:"DAY" help:"Only decisions up to this day, inclusive."`
	Rule        string `placeholder:"ID" help:"Only decisions that applied this rule."`
	RuleVersion int    `placeholder:"N" help:"In this version."`

	Edition string `placeholder:"DRAFT" help:"Back-test: what this edition, a folder of rules or the name of a published one, would change."`
	JSON    bool   `help:"Print the report as JSON."`

	Parallel int    `placeholder:"N" help:"Decisions decided at once (default: the number of processors)."`
	Resume   string `placeholder:"RUN" help:"Go on with a run that was broken off; its name was printed when it began."`
	Progress bool   `help:"Show how far it is."`
}

// Run replays, and says what is not identical.
func (c *replayCmd) Run(ctx context.Context, std streams) error {
	if err := c.check(); err != nil {
		return usage(err)
	}
	src, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	defer src.close()
	if c.Edition != "" {
		return c.backtest(ctx, std, src)
	}
	return c.replay(ctx, std, src)
}

// check finds what can't be meant together.
func (c *replayCmd) check() error {
	several := c.All || c.Export != "" || c.Resume != "" || c.Edition != ""
	switch {
	case c.ID == "" && !several:
		return errors.New("which decisions? give the id of one, or --all, or --export FILE")
	case c.ID != "" && several:
		return errors.New("the id of one decision stands alone")
	case c.Export != "" && c.Keys == "":
		return errors.New("--export needs --keys: the keyring of the log")
	case c.Export == "" && (c.Keys != "" || len(c.Checkpoint) > 0):
		return errors.New("--keys and --checkpoint are for --export")
	case c.Resume != "" && (c.Export != "" || c.Edition != ""):
		return errors.New("--resume is for --all: an export and a back-test begin anew")
	case c.RuleVersion != 0 && c.Rule == "":
		return errors.New("--rule-version needs --rule")
	}
	_, err := c.criteria()
	return err
}

// criteria are the decisions wanted; days are those of Rome.
func (c *replayCmd) criteria() (ledger.Criteria, error) {
	want := ledger.Criteria{Rule: c.Rule, Version: c.RuleVersion}
	for _, bound := range []struct {
		flag, text string
		days       calendar.Day
		to         *time.Time
	}{{"--from", c.From, 0, &want.From}, {"--to", c.To, 1, &want.To}} {
		if bound.text == "" {
			continue
		}
		day, err := calendar.Parse(bound.text)
		if err != nil {
			return want, fmt.Errorf("%s: %q is not a day: write it as 2025-11-30", bound.flag, bound.text)
		}
		*bound.to = rome.Midnight(day + bound.days)
	}
	return want, nil
}

// replaySource is where decisions and editions come from.
type replaySource struct {
	editions replay.Editions
	chunks   func(after int64) chunks
	most     int64 // position of the last leaf, for the progress; 0: not known
	report   func() *ledger.Report
	runs     *runs // nil: a run can't be taken up again
	close    func()
}

func (c *replayCmd) open(ctx context.Context, std streams) (*replaySource, error) {
	if c.Export != "" {
		return c.exported(std)
	}
	return c.recorded(ctx, std)
}

func (c *replayCmd) parallel() int {
	if c.Parallel > 0 {
		return c.Parallel
	}
	return runtime.GOMAXPROCS(0)
}

// replay decides again, and fails when anything is not identical.
func (c *replayCmd) replay(ctx context.Context, std streams, src *replaySource) error {
	total, err := c.sum(ctx, std, src)
	if err != nil {
		return c.broken(err)
	}
	if err := c.printTotal(std.out, src, total); err != nil {
		return err
	}
	switch {
	case total.Different > 0:
		return wrong(fmt.Errorf("%d of %d decisions are not identical", total.Different, total.Decisions))
	case c.ID != "" && total.Identical == 0:
		return wrong(errors.New("the decision can't be replayed"))
	}
	return nil
}

// broken tells an export that is not sound from a database that can't be reached.
func (c *replayCmd) broken(err error) error {
	if c.Export != "" {
		return notSound(c.Export, err)
	}
	return usage(err)
}

// sum adds up all replays, from where the run was broken off.
func (c *replayCmd) sum(ctx context.Context, std streams, src *replaySource) (*replay.Total, error) {
	total, after := new(replay.Total), int64(-1)
	if src.runs != nil {
		total, after = &src.runs.state.Total, src.runs.state.Position
	}
	bar := c.bar(std.err, src.most)
	_ = bar.Set64(after + 1)
	err := replay.Walk(ctx, src.chunks(after), c.parallel(),
		func() *replay.Total { return new(replay.Total) },
		func(ctx context.Context, sum *replay.Total, d *ledger.Decision) error {
			return sum.Add(ctx, src.editions, d)
		},
		func(position int64, sum *replay.Total) error {
			total.Merge(sum)
			_ = bar.Set64(position + 1)
			return src.runs.reached(ctx, position)
		})
	_ = bar.Finish()
	if err != nil {
		return nil, err
	}
	return total, src.runs.finish(ctx)
}

// bar shows progress, or nothing.
func (c *replayCmd) bar(w io.Writer, most int64) *progressbar.ProgressBar {
	if most == 0 {
		most = -1
	}
	if !c.Progress {
		w = io.Discard
	}
	return progressbar.NewOptions64(most, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("replay"),
		progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish())
}

// printed is what `omnia replay` prints as JSON.
type printed struct {
	Run string `json:"run,omitempty"`
	*replay.Total
}

func (c *replayCmd) printTotal(w io.Writer, src *replaySource, t *replay.Total) error {
	if c.JSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(printed{src.runs.name(), t})
	}
	for i := range t.Examples {
		if err := printDifferent(w, &t.Examples[i]); err != nil {
			return err
		}
	}
	if t.Different > int64(len(t.Examples)) {
		fmt.Fprintf(w, "… and %d further decisions that differ\n", t.Different-int64(len(t.Examples)))
	}
	_, err := fmt.Fprintf(w, "%d decisions: %d identical, %d different, %d not replayable%s\n", t.Decisions, t.Identical, t.Different, missed(t.NotReplayable), byReason(t.NotReplayable))
	if err == nil && src.report != nil && src.report() != nil {
		_, err = fmt.Fprintf(w, "the export is sound: %d leaves, complete: %t\n", src.report().Head.Tree.N, src.report().Complete)
	}
	return err
}

func printDifferent(w io.Writer, r *replay.Result) error {
	if _, err := fmt.Fprintf(w, "%s is different:\n", r.ID); err != nil {
		return err
	}
	for _, d := range r.Differences {
		if _, err := fmt.Fprintf(w, "  %s\n", d); err != nil {
			return err
		}
	}
	return nil
}

func missed(reasons map[string]int64) (n int64) {
	for _, v := range reasons {
		n += v
	}
	return n
}

func byReason(reasons map[string]int64) string {
	if len(reasons) == 0 {
		return ""
	}
	out, _ := json.Marshal(reasons) // keys are sorted; plain numbers always have a form
	return " " + string(out)
}

// backtest says what another edition would change.
func (c *replayCmd) backtest(ctx context.Context, std streams, src *replaySource) error {
	draft, err := c.draft(ctx, src)
	if err != nil {
		return err
	}
	bar := c.bar(std.err, src.most)
	total := replay.NewBacktest()
	err = replay.Walk(ctx, src.chunks(-1), c.parallel(), replay.NewBacktest,
		func(ctx context.Context, sum *replay.Backtest, d *ledger.Decision) error {
			return sum.Add(ctx, src.editions, draft, d)
		},
		func(position int64, sum *replay.Backtest) error {
			total.Merge(sum)
			return bar.Set64(position + 1)
		})
	_ = bar.Finish()
	if err != nil {
		return c.broken(err)
	}
	report := total.Report(draft.Edition())
	if c.JSON {
		return report.JSON(std.out)
	}
	return report.Text(std.out)
}

// draft is the edition to try: a folder, else one that was published.
func (c *replayCmd) draft(ctx context.Context, src *replaySource) (*engine.Engine, error) {
	if info, err := os.Stat(c.Edition); err == nil && info.IsDir() {
		ed, err := loadEdition(os.DirFS(c.Edition))
		if err != nil {
			return nil, wrong(fmt.Errorf("the rules (%s) can't be used:\n%w", c.Edition, err))
		}
		return engine.New(ed), nil
	}
	named, ok := src.editions.(interface {
		Named(ctx context.Context, name string) (*engine.Engine, error)
	})
	if !ok {
		return nil, usage(fmt.Errorf("--edition: %s is not a folder", c.Edition))
	}
	g, err := named.Named(ctx, c.Edition)
	if err != nil {
		return nil, usage(fmt.Errorf("--edition: %s is neither a folder nor a published edition: %w", c.Edition, err))
	}
	return g, nil
}
