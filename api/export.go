package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"omnia/archive"
	"omnia/archive/export"
	"omnia/identity"
	"omnia/internal/rome"
	"omnia/policies"
)

const azioneEsporta = "provvedimenti.esporta"

// exportProvvedimenti gives the result of a search as a file. Up to Limits.Export rows it is the answer; a
// longer one is made by a worker, and the answer says where it will be.
func (s *server) exportProvvedimenti(c *call) error {
	g, err := s.authorize(c, azioneEsporta, c.Param("matricola"))
	if err != nil {
		return err
	}
	q := readQuery(c)
	format := export.Format(q.choice("formato", string(export.CSV), string(export.CSVExcel), string(export.XLSX)))
	what := &search{matricola: c.Param("matricola"), knownAt: c.orNow(q.knownAt(c.now))}
	what.read(q, s.Decider.Edition().Vocabulary)
	if err := q.err(); err != nil {
		return err
	}
	g.about(string(format) + " " + what.String())
	n, err := s.hits(c, what)
	if err != nil {
		return err
	}
	job := s.exportJob(c, format, what)
	if n > s.Limits.Export {
		return s.exportLater(c, job)
	}
	return s.exportNow(c, job)
}

// hits is how many rows the search has.
func (s *server) hits(c *call, what *search) (int, error) {
	n, err := s.Archive.Sections(c.Request.Context(), what.asked())
	if err != nil || what.Esito != archive.Tutte {
		return n[what.Esito], err
	}
	return n[archive.Autorizzazioni] + n[archive.Reiezioni], nil
}

// exportJob is all that is needed to make one file, by whoever makes it; it is kept as JSON.
type exportJob struct {
	Format   export.Format      `json:"formato"`
	Language string             `json:"lingua"`
	Search   archive.Criteria   `json:"ricerca"`
	Criteria criteria           `json:"criteri"`
	Who      identity.Principal `json:"persona"`
	Purpose  string             `json:"motivo,omitempty"`
	Address  string             `json:"indirizzo"`
	Request  string             `json:"correlazione"`
	At       time.Time          `json:"istante"`
}

func (s *server) exportJob(c *call, format export.Format, what *search) *exportJob {
	return &exportJob{
		Format: format, Language: c.lang, Search: what.asked(), Criteria: what.criteria, Who: *c.who(), Purpose: c.purpose,
		Address: c.ClientIP(), Request: c.GetString(correlationKey), At: archive.Instant(c.now),
	}
}

// name is what the file is called.
func (j *exportJob) name() string {
	return "provvedimenti-" + j.Search.Matricola + "-" + rome.Day(j.At).String() + j.Format.Extension()
}

// header is what the file says beside its rows.
func (s *server) exportHeader(j *exportJob) (export.Header, error) {
	reader, err := s.reader()
	if err != nil {
		return export.Header{}, err
	}
	head := export.Header{Group: reader.Group(), By: j.Who.Subject, At: j.At}
	if j.Who.Nome != "" {
		head.By = j.Who.Nome
	}
	add := func(name, value string) {
		if value != "" {
			head.Criteria = append(head.Criteria, export.Criterion{Name: name, Value: value})
		}
	}
	k := &j.Criteria
	add("matricola", j.Search.Matricola)
	add("esito", string(k.Esito))
	if k.Dal != nil {
		add("dal", k.Dal.String())
	}
	if k.Al != nil {
		add("al", k.Al.String())
	}
	for _, p := range [][2]string{
		{"prestazione", k.Prestazione}, {"causale", k.Causale}, {"unita_produttiva", k.UnitaProduttiva}, {"q", k.Q}, {"sort", k.Sort}, {"noto_al", k.NotoAl},
	} {
		add(p[0], p[1])
	}
	return head, nil
}

// exportNow writes the file into the answer.
func (s *server) exportNow(c *call, job *exportJob) error {
	s.fileHeaders(c, job)
	if err := s.stream(c); err != nil {
		return err
	}
	if _, err := s.writeFile(c.Request.Context(), job, c.Writer); err != nil {
		s.cutOff(c, err)
	}
	return nil
}

func (s *server) fileHeaders(c *call, job *exportJob) {
	c.Header("Content-Type", job.Format.MediaType())
	c.Header("Content-Disposition", `attachment; filename="`+job.name()+`"`)
	c.Status(http.StatusOK)
}

// cutOff ends an answer that can't be finished: half a file must not look whole.
func (s *server) cutOff(c *call, err error) {
	c.Set(causeKey, err)
	s.Log.ErrorContext(c.Request.Context(), "answer cut off", "correlation_id", c.GetString(correlationKey), "error", err)
	panic(http.ErrAbortHandler)
}

// exportPage is how many rows are read at a time; between two pages it is asked whether the access still holds.
const exportPage = 200

// writeFile writes all hits of a search as a file, and tells how many there are.
func (s *server) writeFile(ctx context.Context, job *exportJob, to io.Writer) (rows int, err error) {
	head, err := s.exportHeader(job)
	if err != nil {
		return 0, err
	}
	out := &gate{to: to}
	file, err := export.New(job.Format, out, head, job.Language)
	if err != nil {
		return 0, err
	}
	if rows, err = s.writeRows(ctx, job, file); err != nil {
		out.shut = true
		_ = file.Close() // gives back what it holds; the first error is the one to tell
		return rows, err
	}
	return rows, file.Close()
}

func (s *server) writeRows(ctx context.Context, job *exportJob, file export.Writer) (rows int, err error) {
	page := archive.Page{Limit: exportPage}
	for {
		if err := s.stillAllowed(ctx, &job.Who, azioneEsporta, job.Search.Matricola); err != nil {
			return rows, err
		}
		hits, more, err := s.Archive.Search(ctx, job.Search, page)
		if err != nil {
			return rows, err
		}
		for i := range hits {
			if err := file.Row(hits[i]); err != nil {
				return rows, err
			}
			rows++
		}
		if !more {
			return rows, nil
		}
		page.After = job.Search.Key(&hits[len(hits)-1])
	}
}

// gate lets bytes through until it is shut.
type gate struct {
	to   io.Writer
	shut bool
}

// Write implements io.Writer.
func (g *gate) Write(b []byte) (int, error) {
	if g.shut {
		return len(b), nil
	}
	return g.to.Write(b)
}

// stillAllowed asks again what was allowed when a long work began. It is errRevoked when it is not any more.
func (s *server) stillAllowed(ctx context.Context, who *identity.Principal, azione, matricola string) error {
	subject, err := s.Archive.Subject(ctx, who.CodiceFiscale, matricola)
	if err != nil {
		return err
	}
	v, err := s.Policies.Decide(ctx, policies.Question{
		Person: personOf(who), Azione: azione, Matricola: matricola, Sede: subject.Sede, Bonds: bondsOf(subject.Deleghe),
		Oggi: rome.Day(s.Now()).String(), Sviluppo: s.Development,
	})
	if err == nil && !v.Allow {
		err = errRevoked
	}
	return err
}

var errRevoked = errors.New("the access does not hold any more")
