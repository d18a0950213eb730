// Package importing brings many provvedimenti, posizioni or deleghe into the archive from one text:
// NDJSON, one JSON object a line, or, for deleghe, CSV with a header.
//
// A text of any length needs the same memory. Lines are split by one goroutine, read strictly on all
// cores, and stored in their order by the caller's. They are stored in batches, and a batch is all or
// nothing: one bad line refuses its batch, and every bad line is reported with its number. Because
// the archive knows what it has by (numero, versione), the same text can be brought in again: what is there
// changes nothing. How far an import is can be stored in the transaction of each batch, so that one
// that broke off goes on where it was.
//
// A measure is taken only of a company and a production unit that the archive knows; see [Known].
//
// A batch of the whole text is one transaction, open while the text is read: give it a file, not a
// caller who may be slow.
package importing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"omnia/archive"
	"omnia/engine/calendar"
)

// Kind is what the lines are.
type Kind string

// The kinds.
const (
	Provvedimenti Kind = "provvedimenti"
	Posizioni     Kind = "posizioni"
	Deleghe       Kind = "deleghe"
)

// Store is what is asked of the archive. Methods called with a context that Within passed on are part
// of its transaction.
type Store interface {
	Companies
	Within(ctx context.Context, do func(ctx context.Context) error) error
	WriteProvvedimenti(ctx context.Context, list []archive.Provvedimento, atomic bool) ([]archive.Written, error)
	WritePosizione(ctx context.Context, p *archive.Posizione, ifVersion int) (archive.Written, int, error)
	Grant(ctx context.Context, list []archive.Delega) error
	GrantApart(ctx context.Context, d archive.Delega) error
	Deleghe(ctx context.Context, c archive.DelegaCriteria, page archive.Page) ([]archive.Delega, bool, error)
}

// Progress keeps how far imports are.
type Progress interface {
	// Imported is how far the import of the text with that digest is, or archive.ErrNotFound.
	Imported(ctx context.Context, digest string) (archive.Import, error)
	// RecordImport stores how far an import is, in the transaction that ctx carries.
	RecordImport(ctx context.Context, i archive.Import) error
}

// All is the Batch of the whole text.
const All = 0

// The bounds of an import.
const (
	MaxBatch      = 10_000  // lines of a batch that is not the whole text: they are held in memory
	maxLine       = 1 << 20 // bytes of a line
	maxCompany    = 8 << 20 // bytes of a line that is a whole company
	defaultErrors = 1_000
)

// Options say what is brought in, and how.
type Options struct {
	Kind     Kind
	Batch    int          // lines that are stored together; All is the whole text
	By       string       // who brings it in: the subject of the token, or "import"
	Language string       // of the messages: it, en, de
	Today    calendar.Day // the civil day in Rome
	Now      func() time.Time
	Errors   int // most errors listed; 0 is 1,000. The rest is counted
	Workers  int // lines are read by so many; 0 is the number of cores

	// Digest names the text (see [Digest]); with Progress, what is done is recorded under it after each
	// batch, and with Resume lines that are done already are passed over.
	Digest   string
	Progress Progress
	Resume   bool

	// Judge has deleghe granted by the caller, who may be anybody: lines name no delegante, and each is completed and
	// judged before its batch is stored. A *fault.Fault refuses the line; any other error ends the import. It is asked by
	// one goroutine, in the order of the lines, within the transaction of the batch. One that overlaps another is
	// refused. Without Judge lines are taken as the institute loads them.
	Judge func(ctx context.Context, d *archive.Delega) error

	// Seen is told how much of the text is dealt with, in bytes from its beginning; nil is nobody.
	Seen func(bytes int64)
}

// check finds a call that can't be meant.
func (o *Options) check() error {
	switch {
	case o.Kind != Provvedimenti && o.Kind != Posizioni && o.Kind != Deleghe:
		return fmt.Errorf("import: there is no kind %q", o.Kind)
	case o.Batch < 0 || o.Batch > MaxBatch:
		return fmt.Errorf("import: a batch has 1 to %d lines, or is the whole text; %d asked", MaxBatch, o.Batch)
	case o.Now == nil:
		return errors.New("import: there is no clock")
	case o.Progress != nil && o.Digest == "":
		return errors.New("import: progress is recorded under the digest of the text, which is missing")
	case o.Resume && o.Progress == nil:
		return errors.New("import: nothing to resume from")
	}
	return nil
}

// Run brings in the text. The report is there whatever happens, and says what is stored; lines that were
// refused are in it, and no error. An error is what kept Run from going on: the store, the source, or
// ctx, after which what is stored stays.
func Run(ctx context.Context, reader *archive.Reader, store Store, source io.Reader, opt Options) (*Report, error) {
	report := newReport(opt)
	if err := opt.check(); err != nil {
		return report, err
	}
	w := &writer{store: store, opt: opt, report: report, started: archive.Instant(opt.Now()), known: NewKnown(store, opt.Language)}
	if err := w.resume(ctx); err != nil {
		return report, err
	}
	workers := opt.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	// Chunks stand in the order of the text in one queue, and wait to be read in the other. When the store is
	// slower than the source both fill up, and the splitter waits.
	ordered, waiting := make(chan *chunk, 2*workers), make(chan *chunk, 2*workers)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(ordered)
		defer close(waiting)
		return newSplitter(source, opt, report.ResumedFrom).run(ctx, ordered, waiting)
	})
	for range workers {
		g.Go(func() error {
			d := decoder{reader: reader, opt: opt}
			for c := range waiting {
				d.read(c)
				close(c.done)
			}
			return nil
		})
	}
	g.Go(func() error { return w.run(ctx, ordered) })
	err := g.Wait()
	report.finish()
	return report, err
}
