package importing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/internal/fault"
)

// writer stores chunks in their order, and keeps the report.
type writer struct {
	store   Store
	opt     Options
	report  *Report
	started time.Time
	known   *Known
}

// errRefused undoes the transaction of a batch that has a bad line.
var errRefused = errors.New("the batch is refused")

// resume takes up the counts of an earlier run of the same text.
func (w *writer) resume(ctx context.Context) error {
	if !w.opt.Resume {
		return nil
	}
	before, err := w.opt.Progress.Imported(ctx, w.opt.Digest)
	if errors.Is(err, archive.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for an import to resume: %w", err)
	}
	if before.Kind != string(w.opt.Kind) {
		return fmt.Errorf("the text was brought in as %s before, not as %s", before.Kind, w.opt.Kind)
	}
	w.report.ResumedFrom, w.started = before.Lines, before.StartedAt
	for name, n := range w.report.counts() {
		*n = int64(before.Counts[name])
	}
	return nil
}

// run stores the batches as they come. A batch with an end is gathered first, so that its transaction
// waits for nothing; the one of the whole text is stored as it is read.
func (w *writer) run(ctx context.Context, chunks <-chan *chunk) error {
	next := func() (*chunk, error) { return nextChunk(ctx, chunks) }
	if w.opt.Batch != All {
		next = gathered(next)
	}
	for last := false; !last; {
		c, err := next()
		if err != nil {
			return err
		}
		if len(c.lines) > 0 || !c.final {
			if c, err = w.batch(ctx, c, next); err != nil {
				return err
			}
		}
		last = c.final
	}
	w.report.done = true
	return nil
}

// nextChunk is the next one, its lines read. It is not asked for after the final one.
func nextChunk(ctx context.Context, chunks <-chan *chunk) (*chunk, error) {
	select {
	case c, ok := <-chunks:
		if !ok { // the splitter gave up, for the same reason
			return nil, context.Cause(ctx)
		}
		if c.failed != nil {
			return nil, c.failed
		}
		select {
		case <-c.done:
			return c, nil
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	return nil, ctx.Err()
}

// gathered gives whole batches, each as one chunk.
func gathered(next func() (*chunk, error)) func() (*chunk, error) {
	return func() (*chunk, error) {
		c, err := next()
		for err == nil && !c.closes {
			var more *chunk
			if more, err = next(); err == nil {
				more.items, more.bad, more.lines = append(c.items, more.items...), append(c.bad, more.bad...), append(c.lines, more.lines...)
				c = more
			}
		}
		return c, err
	}
}

// tally is what became of the lines of one batch, before it is known whether it is kept.
type tally struct {
	outcomes map[archive.Written]int64
	lines    int64
	errati   int64
	bad      []Error
	dropped  int64 // bad ones that the report has no room for
	last     int64
}

// batch stores one batch, whole or not at all, and counts it. It gives its last chunk.
func (w *writer) batch(ctx context.Context, c *chunk, next func() (*chunk, error)) (*chunk, error) {
	t := &tally{outcomes: map[archive.Written]int64{}}
	err := w.store.Within(ctx, func(ctx context.Context) error {
		for {
			if err := w.chunk(ctx, c, t); err != nil {
				return err
			}
			if c.closes {
				break
			}
			var err error
			if c, err = next(); err != nil {
				return err
			}
		}
		if t.refused() {
			return errRefused
		}
		return w.record(ctx, w.after(t))
	})
	switch {
	case errors.Is(err, errRefused):
		after := w.after(t)
		if err := w.record(ctx, after); err != nil {
			return nil, err
		}
		*w.report = *after
	case err != nil:
		return nil, fmt.Errorf("store a batch, at line %d: %w", t.last, err)
	default:
		*w.report = *w.after(t)
	}
	return c, nil
}

// chunk stores one chunk in the transaction of ctx. Once a line of the batch is bad nothing of it will
// stay, and yet the rest is tried: whoever corrects the text wants to know of all bad lines.
func (w *writer) chunk(ctx context.Context, c *chunk, t *tally) error {
	if err := w.check(ctx, c); err != nil {
		return err
	}
	t.lines += int64(len(c.lines))
	t.errati += int64(len(c.lines) - len(c.items))
	t.last = c.last
	t.list(w.report.most, c.bad...)
	outcomes, err := w.items(ctx, c.items)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		t.outcomes[o]++
		if code := codeOf[o]; code != "" {
			t.list(w.report.most, Error{Line: c.items[i].line, Numero: c.items[i].name(), Code: code, Detail: sentence(w.opt.Language, code)})
		}
	}
	if w.opt.Seen != nil {
		w.opt.Seen(c.end)
	}
	return nil
}

// check takes the lines out of c that something is wrong with beyond what they say.
func (w *writer) check(ctx context.Context, c *chunk) error {
	switch {
	case w.opt.Kind == Provvedimenti:
		return w.hold(ctx, c)
	case w.opt.Kind == Deleghe && w.opt.Judge != nil:
		return w.judge(ctx, c)
	}
	return nil
}

// judge takes the deleghe out of c that the caller may not grant.
func (w *writer) judge(ctx context.Context, c *chunk) error {
	good := c.items[:0]
	for _, it := range c.items {
		err := w.opt.Judge(ctx, it.delega)
		if _, refused := errors.AsType[*fault.Fault](err); err != nil && (!refused || errors.Is(err, archive.ErrUnavailable)) {
			return err
		}
		if err == nil {
			good = append(good, it)
			continue
		}
		c.bad = append(c.bad, errorsOf(Error{Line: it.line, Numero: it.name()}, err)...)
	}
	c.items = good
	return nil
}

// hold takes the measures out of c that are of no company or unit that the archive knows.
func (w *writer) hold(ctx context.Context, c *chunk) error {
	matricole := make([]string, len(c.items))
	for i := range c.items {
		matricole[i] = c.items[i].provvedimento.Matricola
	}
	if err := w.known.meet(ctx, matricole); err != nil {
		return err
	}
	good := c.items[:0]
	for _, it := range c.items {
		if wrong := w.known.judge(it.provvedimento); wrong != nil {
			c.bad = append(c.bad, Error{Line: it.line, Numero: it.name(), Code: wrong.Code, Pointer: wrong.Pointer, Detail: wrong.Text})
			continue
		}
		good = append(good, it)
	}
	c.items = good
	return nil
}

// Outcomes of this package: a subdelega that its parent does not carry, a delegation beside one like it.
const (
	refusedParent  archive.Written = "padre"
	refusedOverlap archive.Written = "sovrapposta"
)

// codeOf is the problem that an outcome is, if it is one.
var codeOf = map[archive.Written]string{
	archive.Conflict: "provvedimento_conflict", archive.Gap: "version_gap", refusedParent: "delega_padre", refusedOverlap: "delega_overlap",
}

func (t *tally) list(most int, bad ...Error) {
	room := min(len(bad), most-len(t.bad))
	t.bad = append(t.bad, bad[:room]...)
	t.dropped += int64(len(bad) - room)
}

func (t *tally) refused() bool {
	for o := range codeOf {
		if t.outcomes[o] > 0 {
			return true
		}
	}
	return t.errati > 0
}

// after is the report as it is once the batch is dealt with.
func (w *writer) after(t *tally) *Report {
	r := *w.report
	r.Errors = slices.Clone(r.Errors)
	r.Lines += t.lines
	r.Batches++
	r.Conflitti += t.outcomes[archive.Conflict]
	r.Salti += t.outcomes[archive.Gap]
	r.Errati += t.errati + t.outcomes[refusedParent] + t.outcomes[refusedOverlap]
	created, corrected, same := t.outcomes[archive.Created], t.outcomes[archive.Corrected], t.outcomes[archive.Same]
	if t.refused() {
		r.Refused++
		r.Annullati += created + corrected
		created, corrected = 0, 0
	}
	r.Creati, r.Corretti, r.Invariati = r.Creati+created, r.Corretti+corrected, r.Invariati+same
	slices.SortStableFunc(t.bad, func(a, b Error) int { return int(a.Line - b.Line) })
	r.list(t.bad...)
	r.NotListed += t.dropped
	r.line = t.last
	return &r
}

// record stores how far the import is, with the batch that ctx carries.
func (w *writer) record(ctx context.Context, r *Report) error {
	if w.opt.Progress == nil {
		return nil
	}
	i := archive.Import{
		Digest: w.opt.Digest, Kind: string(w.opt.Kind), Lines: r.line, Counts: map[string]int{},
		StartedAt: w.started, UpdatedAt: archive.Instant(w.opt.Now()),
	}
	for name, n := range r.counts() {
		i.Counts[name] = int(*n)
	}
	return w.opt.Progress.RecordImport(ctx, i)
}

// items stores what the lines say and tells what became of each.
func (w *writer) items(ctx context.Context, items []item) ([]archive.Written, error) {
	switch {
	case len(items) == 0:
		return nil, nil
	case w.opt.Kind == Provvedimenti:
		list := make([]archive.Provvedimento, len(items))
		for i, it := range items {
			list[i] = *it.provvedimento
		}
		return w.store.WriteProvvedimenti(ctx, list, false)
	case w.opt.Kind == Posizioni:
		return w.posizioni(ctx, items)
	}
	return w.deleghe(ctx, items)
}

func (w *writer) posizioni(ctx context.Context, items []item) ([]archive.Written, error) {
	out := make([]archive.Written, len(items))
	for i, it := range items {
		var err error
		if out[i], _, err = w.store.WritePosizione(ctx, it.posizione, -1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// deleghe grants what is not there yet: a delegation has no number of its own, so that the same one
// loaded again is known by what it says.
func (w *writer) deleghe(ctx context.Context, items []item) ([]archive.Written, error) {
	out := make([]archive.Written, len(items))
	for i, it := range items {
		there, err := w.granted(ctx, it.delega)
		switch {
		case err != nil:
			return nil, err
		case there:
			out[i] = archive.Same
			continue
		}
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		it.delega.ID = id.String()
		switch err := w.grant(ctx, it.delega); {
		case errors.Is(err, archive.ErrParent):
			out[i] = refusedParent
		case errors.Is(err, archive.ErrOverlap):
			out[i] = refusedOverlap
		case err != nil:
			return nil, err
		default:
			out[i] = archive.Created
		}
	}
	return out, nil
}

func (w *writer) grant(ctx context.Context, d *archive.Delega) error {
	if w.opt.Judge != nil {
		return w.store.GrantApart(ctx, *d)
	}
	return w.store.Grant(ctx, []archive.Delega{*d})
}

// granted tells whether the same delegation is stored and not revoked.
func (w *writer) granted(ctx context.Context, d *archive.Delega) (bool, error) {
	page := archive.Page{Limit: 200}
	for {
		list, more, err := w.store.Deleghe(ctx, archive.DelegaCriteria{Matricola: d.Matricola, Delegato: d.Delegato}, page)
		if err != nil {
			return false, err
		}
		for i := range list {
			if sameDelega(&list[i], d) {
				return true, nil
			}
		}
		if !more {
			return false, nil
		}
		page.After = list[len(list)-1].ID
	}
}

func sameDelega(a, b *archive.Delega) bool {
	return a.RevocataIl == nil && a.Tipo == b.Tipo && a.Delegante == b.Delegante && a.Studio == b.Studio && a.Padre == b.Padre &&
		slices.Equal(a.Servizi, b.Servizi) && a.From == b.From &&
		(a.To == nil) == (b.To == nil) && (a.To == nil || *a.To == *b.To)
}

// name is the number by which a person finds the line.
func (it *item) name() string {
	switch {
	case it.provvedimento != nil:
		return it.provvedimento.Numero
	case it.posizione != nil:
		return it.posizione.Matricola
	}
	return it.delega.Matricola
}
