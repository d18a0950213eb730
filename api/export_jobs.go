package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/internal/fault"
)

// exportLife is how long a file that was made is kept.
const exportLife = 24 * time.Hour

// exportStatus is how far a job is.
type exportStatus struct {
	ID       string              `json:"id"`
	Stato    archive.ExportState `json:"stato"`
	Righe    int                 `json:"righe,omitempty"`
	Formato  string              `json:"formato"`
	Errore   *unexplained        `json:"errore,omitempty"`
	CreataIl string              `json:"creata_il"`
	ScadeIl  string              `json:"scade_il"`
	Links    exportLinks         `json:"links"`
}

type exportLinks struct {
	Self string `json:"self"`
}

func (s *server) exportURL(id string) string { return s.PublicURL + "/v1/esportazioni/" + id }

// exportLater puts the job in the queue, and says where to look for it.
func (s *server) exportLater(c *call, job *exportJob) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	request, err := json.Marshal(job)
	if err != nil {
		return err
	}
	e := archive.Export{
		ID: id.String(), Persona: c.owner(), Request: request, State: archive.ExportQueued,
		CreatedAt: job.At, ExpiresAt: job.At.Add(exportLife),
	}
	if err := s.Archive.PutExport(c.Request.Context(), e); err != nil {
		return err
	}
	c.media = typeJSON
	c.Header("Location", s.exportURL(e.ID))
	c.Header("Retry-After", "1")
	return c.reply(http.StatusAccepted, s.exportStatus(c, &e, job))
}

func (s *server) exportStatus(c *call, e *archive.Export, job *exportJob) exportStatus {
	out := exportStatus{
		ID: e.ID, Stato: e.State, Righe: e.Rows, Formato: string(job.Format),
		CreataIl: instantText(e.CreatedAt), ScadeIl: instantText(e.ExpiresAt), Links: exportLinks{s.exportURL(e.ID)},
	}
	if e.State == archive.ExportFailed {
		f := failure(c.lang, codeExportFailed)
		if problemIndex[e.Error] != nil && e.Error != codeInternal {
			f = failure(c.lang, e.Error)
		}
		out.Errore = &unexplained{f.Code, f.Text}
	}
	return out
}

// showExport says how far a job is; once it is done it sends the caller on to the file.
func (s *server) showExport(c *call) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	e, job, err := s.ownExport(c)
	if err != nil {
		return err
	}
	if e.State == archive.ExportReady {
		c.Header("Location", s.exportURL(e.ID)+"/file")
		c.Status(http.StatusSeeOther)
		c.Writer.WriteHeaderNow()
		return nil
	}
	if e.State != archive.ExportFailed {
		c.Header("Retry-After", "1")
	}
	return c.json(s.exportStatus(c, e, job))
}

// exportFile gives the file of a job that is done.
func (s *server) exportFile(c *call) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	e, job, err := s.ownExport(c)
	if err != nil {
		return err
	}
	if e.State != archive.ExportReady {
		return failure(c.lang, codeExportNotReady)
	}
	s.fileHeaders(c, job)
	if err := s.stream(c); err != nil {
		return err
	}
	// A long file takes longer than a request may: each of its parts has that time instead.
	ctx := context.WithoutCancel(c.Request.Context())
	out := &parts{ctx: ctx, server: s, job: job, to: c.Writer, conn: http.NewResponseController(c.Writer)}
	if err := s.Archive.ReadExport(ctx, e.ID, out); err != nil {
		s.cutOff(c, err)
	}
	return nil
}

// parts writes a long file part by part, as long as the access holds.
type parts struct {
	ctx    context.Context // of the request, which it does not outlive
	server *server
	job    *exportJob
	to     io.Writer
	conn   *http.ResponseController
}

// Write implements io.Writer.
func (p *parts) Write(b []byte) (int, error) {
	if err := p.server.stillAllowed(p.ctx, &p.job.Who, azioneEsporta, p.job.Search.Matricola); err != nil {
		return 0, err
	}
	_ = p.conn.SetWriteDeadline(time.Now().Add(p.server.Limits.Time + writeGrace)) // a test's recorder has none
	return p.to.Write(b)
}

// ownExport is a job of the caller, whose access must still hold. Any other one is not there, after the
// same steps.
func (s *server) ownExport(c *call) (*archive.Export, *exportJob, error) {
	if c.who() == nil {
		return nil, nil, unauthenticated(c)
	}
	id := c.Param("id")
	e, err := s.Archive.Export(c.Request.Context(), id)
	if err != nil && !errors.Is(err, archive.ErrNotFound) {
		return nil, nil, err
	}
	var job exportJob
	mine := err == nil && e.Persona == c.owner() && c.now.Before(e.ExpiresAt)
	matricola := nobody
	if mine {
		if err := json.Unmarshal(e.Request, &job); err != nil {
			return nil, nil, err
		}
		matricola = job.Search.Matricola
	}
	g, err := s.authorize(c, azioneEsporta, matricola)
	if g != nil {
		g.about("esportazione " + id)
		if !mine {
			g.line.Matricola = ""
		}
	}
	if f, ok := errors.AsType[*fault.Fault](err); !mine && err == nil || ok && f.Code == codeMatricolaNotFound {
		return nil, nil, failure(c.lang, codeExportNotFound)
	}
	return e, &job, err
}
