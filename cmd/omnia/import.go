package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"

	"omnia/archive"
	"omnia/archive/importing"
	"omnia/internal/rome"
)

// importCmd is `omnia import`: many lines into the archive, without a server.
type importCmd struct {
	rulesConfig
	archiveConfig

	Kind   string    `enum:"provvedimenti,posizioni,deleghe" default:"provvedimenti" help:"What the lines are: ${enum} (default ${default})."`
	Batch  batchSize `default:"1000" placeholder:"N|all" help:"Lines stored together, all or none: 1 to 10000, or all of the file (default ${default})."`
	Resume bool      `help:"Go on where an earlier import of the same file broke off."`
	Errors int       `default:"100" help:"Most errors listed in the report; the rest is counted (default ${default})."`
	Lang   string    `enum:"it,en,de" default:"it" help:"Language of the messages: ${enum} (default ${default})."`
	File   string    `arg:"" help:"NDJSON, one object a line; for deleghe also CSV with a header. - reads standard input."`
}

// batchSize is a number of lines, or all.
type batchSize int

// UnmarshalText reads a flag.
func (b *batchSize) UnmarshalText(text []byte) error {
	if string(text) == "all" {
		*b = importing.All
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > importing.MaxBatch {
		return fmt.Errorf("a batch is all, or a number from 1 to %d", importing.MaxBatch)
	}
	*b = batchSize(n)
	return nil
}

// Run imports and prints the report. A stop signal ends it between two lines; what is stored stays.
func (c *importCmd) Run(ctx context.Context, std streams) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	reader, err := c.reader()
	if err != nil {
		return err
	}
	src, err := c.source(std.in)
	if err != nil {
		return err
	}
	defer src.Close()
	defer context.AfterFunc(ctx, func() { _ = src.Close() })() // a read that waits for a pipe would not see the signal
	s, err := c.open(ctx, logTo(std.err, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer s.Close()
	opt := c.options()
	if src.digest != "" {
		opt.Digest, opt.Progress, opt.Resume = src.digest, s, c.Resume
	}
	bar := newBar(std.err, src.size)
	opt.Seen = bar.seen
	report, err := importing.Run(ctx, reader, s, src, opt)
	bar.end()
	return errors.Join(printReport(std.out, report), outcome(report, err))
}

// reader reads lines with the rules in use.
func (c *importCmd) reader() (*archive.Reader, error) {
	fsys, err := c.fsys()
	if err != nil {
		return nil, err
	}
	ed, err := loadEdition(fsys)
	if err != nil {
		return nil, wrong(fmt.Errorf("the rules (%s) can't be used:\n%w", c.where(), err))
	}
	reader, err := archive.ReaderOf(ed)
	if err != nil {
		return nil, wrong(err)
	}
	return reader, nil
}

func (c *importCmd) options() importing.Options {
	return importing.Options{
		Kind: importing.Kind(c.Kind), Batch: int(c.Batch), By: "import", Language: c.Lang,
		Today: rome.Day(time.Now()), Now: time.Now, Errors: c.Errors,
	}
}

// source is the text to import.
type source struct {
	io.ReadCloser
	size   int64  // -1 when not known
	digest string // "" of standard input, which can't be read twice
}

func (c *importCmd) source(stdin io.Reader) (*source, error) {
	if c.File == "-" {
		if c.Resume {
			return nil, usage(errors.New("--resume needs a file: standard input can't be recognised before it is read"))
		}
		if closer, ok := stdin.(io.ReadCloser); ok {
			return &source{closer, -1, ""}, nil
		}
		return &source{io.NopCloser(stdin), -1, ""}, nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, usage(err)
	}
	digest, err := importing.Digest(f)
	if err != nil {
		return nil, usage(errors.Join(fmt.Errorf("read %s: %w", c.File, err), f.Close()))
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, usage(errors.Join(fmt.Errorf("%s can't be read twice; give it through standard input: %w", c.File, err), f.Close()))
	}
	return &source{f, size, digest}, nil
}

func printReport(w io.Writer, r *importing.Report) error {
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(out, '\n'))
	return err
}

// outcome is the exit code of an import: wrong as soon as a line is not in the archive.
func outcome(r *importing.Report, err error) error {
	switch {
	case err != nil:
		return wrong(fmt.Errorf("the import broke off: %w; run it again with --resume", err))
	case !r.Clean():
		return wrong(fmt.Errorf("of %d lines %d are not stored: see the report", r.Lines, r.Conflitti+r.Salti+r.Errati+r.Annullati))
	}
	return nil
}

// bar shows on a terminal how far the import is; anywhere else it is silent.
type bar struct{ *progressbar.ProgressBar }

func newBar(w io.Writer, size int64) bar {
	f, ok := w.(*os.File)
	if !ok {
		return bar{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return bar{}
	}
	return bar{progressbar.NewOptions64(size, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription("import"), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())}
}

// What a bar can't write to its terminal is no reason to stop.

func (b bar) seen(bytes int64) {
	if b.ProgressBar != nil {
		_ = b.Set64(bytes)
	}
}

func (b bar) end() {
	if b.ProgressBar != nil {
		_ = b.Finish()
	}
}
