package store

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"omnia/archive"
	"omnia/engine/calendar"
)

// WriteProvvedimenti stores versions of provvedimenti, in order, in one transaction, and tells for each
// what became of it. A list may hold several versions of one numero, the older ones first.
//
// With atomic, a Conflict or a Gap anywhere leaves nothing stored: err is nil, and the other outcomes are
// what would have become of them. Without, the others are stored. The instants of a p are set here;
// those that come with it are not read.
//
// Two instances that write the same numero at once both succeed: one row is stored, the other finds it.
func (s *Store) WriteProvvedimenti(ctx context.Context, list []archive.Provvedimento, atomic bool) ([]archive.Written, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rows, err := rowsOf(list)
	if err != nil {
		return nil, err
	}
	var outcomes []archive.Written
	err = s.write(ctx, func(ctx context.Context) error {
		b, err := s.decide(ctx, rows)
		if err != nil {
			return err
		}
		outcomes = b.outcomes
		if atomic && b.refused {
			return nil
		}
		return s.keep(ctx, b)
	})
	if err != nil {
		return nil, s.failure(ctx, "write provvedimenti", err)
	}
	return outcomes, nil
}

// rowsOf does what needs no database, before the transaction begins: it holds others up. Finding the stems
// is most of it, so that a long list is shared out among the processors.
func rowsOf(list []archive.Provvedimento) ([]provvedimento, error) {
	rows := make([]provvedimento, len(list))
	share := max(200, (len(list)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var g errgroup.Group
	for from := 0; from < len(list); from += share {
		g.Go(func() (err error) {
			for i := from; i < min(from+share, len(list)) && err == nil; i++ {
				rows[i], err = rowOf(&list[i])
			}
			return err
		})
	}
	return rows, g.Wait()
}

func rowOf(p *archive.Provvedimento) (provvedimento, error) {
	corpo := string(p.Corpo)
	if !storable(p.Numero, p.Matricola, p.UnitaProduttiva, p.Prestazione, p.Causale, p.Esito, p.Motivazione, corpo, p.Digest, p.RegistratoDa) || !storable(p.Stems...) {
		return provvedimento{}, fmt.Errorf("write provvedimenti: %q has a NUL or is not UTF-8", p.Numero)
	}
	return provvedimento{
		Numero: p.Numero, Versione: p.Versione, Matricola: p.Matricola, UnitaProduttiva: p.UnitaProduttiva,
		Sezione: string(archive.SezioneOf(p.Esito)), Prestazione: p.Prestazione, Causale: p.Causale, Esito: p.Esito,
		Dal: day(p.Dal), Al: day(p.Al), DataEmissione: day(p.DataEmissione),
		Ricerca: " " + strings.Join(stemsOf(p), " ") + " ",
		Corpo:   corpo, Digest: p.Digest, RegistratoDa: p.RegistratoDa,
	}, nil
}

// stemsOf are the stems of the motivazione, which the reader of a large file finds beforehand.
func stemsOf(p *archive.Provvedimento) []string {
	if p.Stems != nil {
		return p.Stems
	}
	return archive.Stems(p.Motivazione)
}

// batch is a list of which it is decided what to do.
type batch struct {
	outcomes   []archive.Written
	refused    bool // there is a Conflict or a Gap
	add        []*provvedimento
	superseded map[time.Time][]string // numeri whose stored last version ends at that instant
}

// version names a row.
type version struct {
	numero   string
	versione int
}

// tip is the last version of a numero.
type tip struct {
	versione int
	since    time.Time
	row      *provvedimento // where it is of this batch
}

// decide looks up all numeri of the list at once, and says of each row what to do with it.
func (s *Store) decide(ctx context.Context, rows []provvedimento) (*batch, error) {
	digests, tips, err := s.stored(ctx, rows)
	if err != nil {
		return nil, err
	}
	now := s.now()
	b := &batch{outcomes: make([]archive.Written, len(rows)), superseded: map[time.Time][]string{}}
	for i := range rows {
		r := rows[i] // a copy: another attempt begins from the same rows
		b.outcomes[i] = decideOne(&r, digests, tips[r.Numero])
		switch b.outcomes[i] {
		case archive.Conflict, archive.Gap:
			b.refused = true
		case archive.Created, archive.Corrected:
			tips[r.Numero] = b.put(&r, tips[r.Numero], now)
			digests[version{r.Numero, r.Versione}] = r.Digest
		case archive.Same:
		}
	}
	return b, nil
}

func decideOne(r *provvedimento, digests map[version]string, last tip) archive.Written {
	digest, there := digests[version{r.Numero, r.Versione}]
	switch {
	case there && digest == r.Digest:
		return archive.Same
	case there:
		return archive.Conflict
	case r.Versione < 1 || r.Versione != last.versione+1:
		return archive.Gap
	case r.Versione == 1:
		return archive.Created
	}
	return archive.Corrected
}

// put adds a row and ends the version before it at the same instant: later than the beginning of that
// one, whatever the clocks say.
func (b *batch) put(r *provvedimento, last tip, now time.Time) tip {
	since := now
	if last.versione > 0 {
		since = later(now, last.since)
	}
	r.RegistratoIl = instant(since)
	b.add = append(b.add, r)
	switch {
	case last.row != nil:
		last.row.SuperatoIl = instantOf(&since)
	case last.versione > 0:
		b.superseded[since] = append(b.superseded[since], r.Numero)
	}
	return tip{r.Versione, since, r}
}

// stored finds what is stored of the numeri of a list: the digest of each version, and the last one.
func (s *Store) stored(ctx context.Context, rows []provvedimento) (map[version]string, map[string]tip, error) {
	numeri := make([]string, len(rows))
	for i := range rows {
		numeri[i] = rows[i].Numero
	}
	slices.Sort(numeri)
	in, arg := s.among("numero", slices.Compact(numeri))
	var found []struct {
		Numero       string
		Versione     int
		Digest       string
		RegistratoIl instant
	}
	err := s.db(ctx).Raw("SELECT numero, versione, digest, registrato_il FROM provvedimenti WHERE "+in, arg).Scan(&found).Error
	if err != nil {
		return nil, nil, err
	}
	digests, tips := make(map[version]string, len(rows)), make(map[string]tip, len(rows))
	for _, f := range found {
		digests[version{f.Numero, f.Versione}] = f.Digest
		if f.Versione > tips[f.Numero].versione {
			tips[f.Numero] = tip{versione: f.Versione, since: time.Time(f.RegistratoIl)}
		}
	}
	return digests, tips, nil
}

// keep writes what was decided: first what ends, then what begins, each in the order of numero. As every
// writer does the same, two that meet wait for each other rather than lock each other out.
func (s *Store) keep(ctx context.Context, b *batch) error {
	if err := s.supersede(ctx, b.superseded); err != nil {
		return err
	}
	slices.SortFunc(b.add, func(x, y *provvedimento) int {
		return cmp.Or(cmp.Compare(x.Numero, y.Numero), cmp.Compare(x.Versione, y.Versione))
	})
	switch {
	case len(b.add) == 0:
		return nil
	case s.dialect == postgres && len(b.add) >= copyFrom:
		return s.raw(ctx, func(c *pgx.Conn) error { return copyRows(ctx, c, b.add) })
	}
	return s.db(ctx).CreateInBatches(b.add, insertRows).Error
}

// supersede ends versions that a correction takes the place of. One that is ended already was
// corrected by another writer meanwhile.
func (s *Store) supersede(ctx context.Context, superseded map[time.Time][]string) error {
	if err := s.lockLast(ctx, superseded); err != nil {
		return err
	}
	for at, numeri := range superseded {
		in, arg := s.among("numero", numeri)
		r := s.db(ctx).Exec("UPDATE provvedimenti SET superato_il = ? WHERE superato_il IS NULL AND "+in, instant(at), arg)
		if r.Error != nil {
			return r.Error
		}
		if r.RowsAffected != int64(len(numeri)) {
			return errRetry
		}
	}
	return nil
}

// lockLast takes the rows that will be ended, in the order of numero. An UPDATE takes them in the order in
// which it comes by them: two of the same rows in different orders would wait for each other for ever.
func (s *Store) lockLast(ctx context.Context, superseded map[time.Time][]string) error {
	if s.dialect == sqlite || len(superseded) == 0 {
		return nil // SQLite has one writer
	}
	var numeri []string
	for _, n := range superseded {
		numeri = append(numeri, n...)
	}
	in, arg := s.among("numero", numeri)
	return s.db(ctx).Exec("SELECT 1 FROM provvedimenti WHERE superato_il IS NULL AND "+in+" ORDER BY numero FOR UPDATE", arg).Error
}

// From copyFrom rows on, PostgreSQL's COPY is faster than an INSERT in spite of its further round trips.
// insertRows is how many rows one INSERT takes; the time the driver of SQLite needs to pass parameters grows with
// the square of their number.
const (
	copyFrom   = 50
	insertRows = 20
)

var copied = []string{
	"numero", "versione", "matricola", "unita_produttiva", "sezione", "prestazione", "causale", "esito", "dal", "al",
	"data_emissione", "ricerca", "corpo", "digest", "registrato_il", "superato_il", "registrato_da",
}

// copyRows sends rows by PostgreSQL's COPY, in its binary form.
func copyRows(ctx context.Context, c *pgx.Conn, rows []*provvedimento) error {
	_, err := c.CopyFrom(ctx, pgx.Identifier{"provvedimenti"}, copied, pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		r := rows[i]
		return []any{
			r.Numero, int32(r.Versione), r.Matricola, r.UnitaProduttiva, r.Sezione, r.Prestazione, r.Causale, r.Esito,
			midnight(r.Dal), midnight(r.Al), midnight(r.DataEmissione), r.Ricerca, r.Corpo, r.Digest,
			time.Time(r.RegistratoIl), instantFrom(r.SuperatoIl), r.RegistratoDa,
		}, nil
	}))
	return err
}

// midnight is a day as pgx takes dates.
func midnight(d day) time.Time {
	y, m, dd := calendar.Day(d).Date()
	return time.Date(y, time.Month(m), dd, 0, 0, 0, 0, time.UTC)
}
