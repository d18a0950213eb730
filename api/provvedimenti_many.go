package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"omnia/archive/importing"
	"omnia/internal/fault"
)

// storeMany stores the measures of an NDJSON body. The body may be as long as Limits.Bulk and is never held
// in memory. Lines are stored in batches, each whole or not at all; the answer is a report with line numbers.
func (s *server) storeMany(c *call, g *grant) error {
	q := readQuery(c)
	batch := q.batch()
	if err := q.err(); err != nil {
		return err
	}
	g.about("NDJSON, blocco " + blockText(batch))
	// Batches are kept one by one, so that the access is recorded before the first of them.
	g.line.Esito = outcomeAllow
	return s.onceAfter(c, func() (*importing.Report, error) {
		if err := s.settle(c); err != nil {
			return nil, err
		}
		return s.bringIn(c, batch)
	})
}

// batch reads blocco: how many lines are stored together, all of them when nobody says.
func (q *query) batch() int {
	v := q.text("blocco", blockAll)
	if v == blockAll {
		return importing.All
	}
	n, ok := wholeNumber(v, importing.MaxBatch)
	if !ok {
		q.wrong("blocco", codeBlock, importing.MaxBatch)
	}
	return n
}

const blockAll = "tutto"

func blockText(batch int) string {
	if batch == importing.All {
		return blockAll
	}
	return strconv.Itoa(batch)
}

// onceAfter is [server.once] for work that can't be one transaction: under an Idempotency-Key, what was
// answered is answered again; what was cut off is done again, and finds what it stored already.
func (s *server) onceAfter(c *call, work func() (*importing.Report, error)) error {
	if c.key != "" {
		free, err := s.keys.take(c.Request.Context(), c.owner()+"\n"+c.key)
		if err != nil {
			return c.inProgress(err)
		}
		defer free()
		if done, err := s.replay(c); done || err != nil {
			return err
		}
	}
	report, err := work()
	if err != nil {
		return err
	}
	if err := c.json(report); err != nil || c.key == "" {
		return err
	}
	err = s.keep(c.Request.Context(), c)
	if !errors.Is(err, errTwin) {
		return err
	}
	c.held.takeBack() // another instance did the same: its report says what was new
	if done, err := s.replay(c); done || err != nil {
		return err
	}
	return c.inProgress(errTwin)
}

// bringIn runs the import. A batch of the whole text is one transaction, which must not wait for a slow
// caller: the body is put aside first.
func (s *server) bringIn(c *call, batch int) (*importing.Report, error) {
	reader, err := s.reader()
	if err != nil {
		return nil, err
	}
	body := s.patient(c)
	var source io.Reader = body
	if batch == importing.All {
		file, remove, err := aside(body)
		if err != nil {
			return nil, body.notAside(c, err, s.Limits.Bulk)
		}
		defer remove()
		source = file
	}
	report, err := importing.Run(c.Request.Context(), reader, s.Archive, source, importing.Options{
		Kind: importing.Provvedimenti, Batch: batch, By: c.who().Subject, Language: c.lang, Today: c.today(), Now: s.Now,
	})
	if err != nil {
		return nil, &reported{body.failure(c, err, s.Limits.Bulk), report}
	}
	if batch == importing.All && !report.Clean() {
		return nil, &reported{failure(c.lang, codeImportRefused), report}
	}
	return report, nil
}

// reported is a refusal that comes with the report of what was sent.
type reported struct {
	error
	report *importing.Report
}

// Unwrap gives the refusal itself.
func (r *reported) Unwrap() error { return r.error }

// patient reads a long body: it may take its time as a whole, but each piece must come soon.
type patient struct {
	body io.Reader
	conn *http.ResponseController
	time time.Duration
	err  error // why the body could not be read to its end
}

func (s *server) patient(c *call) *patient {
	return &patient{body: c.Request.Body, conn: http.NewResponseController(c.Writer), time: s.Limits.Time}
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(p.time)) // a test's recorder has none
	n, err := p.body.Read(b)
	switch {
	case err == io.EOF: // read: from here on the connection only watches for a caller who leaves
		_ = p.conn.SetReadDeadline(time.Time{})
	case err != nil:
		p.err = err
	}
	return n, err
}

// failure is err for the caller: what was wrong with the body, if it was the body. When a connection breaks
// the context of its request may end before the body is found broken.
func (p *patient) failure(c *call, err error, limit int64) error {
	if _, said := errors.AsType[*fault.Fault](err); said || p.err == nil {
		return err
	}
	c.Header("Connection", "close")
	return bodyFailure(c, p.err, limit)
}

// notAside is why the body could not be put aside: what is wrong with it, or that there is no room for it.
func (p *patient) notAside(c *call, err error, limit int64) error {
	if p.err == nil {
		return failure(c.lang, codeArchiveUnavailable).Wrap(err)
	}
	return p.failure(c, err, limit)
}

// aside puts a text into a file of its own, to be removed.
func aside(text io.Reader) (file *os.File, remove func(), err error) {
	file, err = os.CreateTemp("", "omnia-*.ndjson")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) } // what stays is in the temporary folder
	if _, err = io.Copy(file, text); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		remove()
		return nil, nil, err
	}
	return file, remove, nil
}
