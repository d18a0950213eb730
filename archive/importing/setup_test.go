package importing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/archive/importing"
	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/rules"
)

var today = calendar.MustParse("2026-11-23")

var readers = sync.OnceValue(func() *archive.Reader {
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		panic(err)
	}
	r, err := archive.ReaderOf(ed)
	if err != nil {
		panic(err)
	}
	return r
})

// contents is what a store has.
type contents struct {
	versions map[string][]string // digests by numero
	company  map[string]string   // digest by matricola
	deleghe  []archive.Delega
	imports  map[string]archive.Import
}

func (c contents) clone() contents {
	out := contents{maps.Clone(c.versions), maps.Clone(c.company), slices.Clone(c.deleghe), maps.Clone(c.imports)}
	for k, v := range out.versions {
		out.versions[k] = slices.Clone(v)
	}
	return out
}

// memory is an archive in memory that keeps the promises of the interface. It is used by one goroutine.
type memory struct {
	contents
	within  bool
	commits int
	writes  int
	fail    func(writes int) error // asked before each write
	largest int                    // list ever written
	asked   [][]string             // matricole, question by question
	lookup  error                  // of these questions
}

func newMemory() *memory {
	return &memory{contents: contents{map[string][]string{}, map[string]string{}, nil, map[string]archive.Import{}}}
}

func (m *memory) Within(ctx context.Context, do func(ctx context.Context) error) error {
	if m.within {
		return errors.New("a transaction in a transaction")
	}
	before := m.contents.clone()
	m.within = true
	err := do(ctx)
	m.within = false
	if err != nil {
		m.contents = before
		return err
	}
	m.commits++
	return nil
}

func (m *memory) write(n int) error {
	m.writes++
	m.largest = max(m.largest, n)
	if !m.within {
		return errors.New("a write outside of a transaction")
	}
	if m.fail != nil {
		return m.fail(m.writes)
	}
	return nil
}

// Posizioni knows every matricola that begins with 0, with the units 0 and 1.
func (m *memory) Posizioni(_ context.Context, matricole []string) (out []archive.Posizione, err error) {
	m.asked = append(m.asked, matricole)
	for _, name := range matricole {
		if name[0] == '0' {
			out = append(out, archive.Posizione{Matricola: name, Corpo: []byte(`{"matricola":"` + name + `","codice_fiscale":"80078750587","denominazione":"Prova","sede":"7000",` +
				`"attiva_dal":"2001-02-01","unita_produttive":[{"progressivo":"0","attiva_dal":"2001-02-01"},{"progressivo":"1","attiva_dal":"2001-02-01"}]}`)})
		}
	}
	return out, m.lookup
}

func (m *memory) WriteProvvedimenti(_ context.Context, list []archive.Provvedimento, atomic bool) ([]archive.Written, error) {
	if err := m.write(len(list)); err != nil || atomic {
		return nil, err
	}
	out := make([]archive.Written, len(list))
	for i, p := range list {
		v := m.versions[p.Numero]
		switch {
		case p.Versione <= len(v) && v[p.Versione-1] == p.Digest:
			out[i] = archive.Same
		case p.Versione <= len(v):
			out[i] = archive.Conflict
		case p.Versione > len(v)+1:
			out[i] = archive.Gap
		case len(v) == 0:
			out[i] = archive.Created
		default:
			out[i] = archive.Corrected
		}
		if out[i] == archive.Created || out[i] == archive.Corrected {
			m.versions[p.Numero] = append(v, p.Digest)
		}
	}
	return out, nil
}

func (m *memory) WritePosizione(_ context.Context, p *archive.Posizione, ifVersion int) (archive.Written, int, error) {
	if err := m.write(1); err != nil || ifVersion != -1 {
		return "", 0, err
	}
	before, there := m.company[p.Matricola]
	m.company[p.Matricola] = p.Digest
	switch {
	case !there:
		return archive.Created, 1, nil
	case before == p.Digest:
		return archive.Same, 1, nil
	}
	return archive.Corrected, 2, nil
}

func (m *memory) Grant(_ context.Context, list []archive.Delega) error {
	if err := m.write(len(list)); err != nil {
		return err
	}
	for _, d := range list {
		if d.Padre != "" {
			return archive.ErrParent
		}
	}
	m.deleghe = append(m.deleghe, list...)
	return nil
}

func (m *memory) GrantApart(ctx context.Context, d archive.Delega) error {
	for _, o := range m.deleghe {
		if o.Matricola == d.Matricola && o.Delegato == d.Delegato && o.Tipo == d.Tipo {
			return archive.ErrOverlap
		}
	}
	return m.Grant(ctx, []archive.Delega{d})
}

func (m *memory) Deleghe(_ context.Context, c archive.DelegaCriteria, page archive.Page) (items []archive.Delega, more bool, err error) {
	for _, d := range m.deleghe {
		if d.Matricola == c.Matricola && d.Delegato == c.Delegato && d.ID > page.After {
			items = append(items, d)
		}
	}
	return items, false, nil
}

func (m *memory) Imported(_ context.Context, digest string) (archive.Import, error) {
	i, ok := m.imports[digest]
	if !ok {
		return i, archive.ErrNotFound
	}
	return i, nil
}

func (m *memory) RecordImport(_ context.Context, i archive.Import) error {
	m.imports[i.Digest] = i
	return nil
}

func options(kind importing.Kind, batch int) importing.Options {
	return importing.Options{
		Kind: kind, Batch: batch, By: "import", Language: "it", Today: today,
		Now: func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) },
	}
}

// measure is a line with the provvedimento of that number; more are further members.
func measure(numero any, more string) string {
	return fmt.Sprintf(`{"numero":"%v","prestazione":"CIGO","causale":"meteo","esito":"accoglimento","dal":"2025-03-03","al":"2025-05-04","ore_autorizzate":1200.5,`+
		`"matricola":"0123456789","unita_produttiva":"0","data_emissione":"2025-06-10","motivazione":"Pioggia sul cantiere"%s}`, numero, more)
}

// run imports a text into m.
func run(t testing.TB, m *memory, text io.Reader, opt importing.Options) *importing.Report {
	t.Helper()
	r, err := importing.Run(t.Context(), readers(), m, text, opt)
	if err != nil {
		t.Fatal(err)
	}
	sum := r.Creati + r.Corretti + r.Invariati + r.Conflitti + r.Salti + r.Errati + r.Annullati
	if sum != r.Lines {
		t.Errorf("%d lines, but %d outcomes: %s", r.Lines, sum, short(r))
	}
	if r.Incomplete {
		t.Errorf("an import that came to its end is incomplete")
	}
	return r
}

func lines(list ...string) io.Reader { return strings.NewReader(strings.Join(list, "\n") + "\n") }

// short is a report on one line.
func short(r *importing.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lines %d: creati %d corretti %d invariati %d conflitti %d salti %d errati %d annullati %d; batches %d, refused %d",
		r.Lines, r.Creati, r.Corretti, r.Invariati, r.Conflitti, r.Salti, r.Errati, r.Annullati, r.Batches, r.Refused)
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "\n%d %s %s %s", e.Line, e.Numero, e.Code, e.Pointer)
	}
	if r.NotListed > 0 {
		fmt.Fprintf(&b, "\n%d more", r.NotListed)
	}
	return b.String()
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
