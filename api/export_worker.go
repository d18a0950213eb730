package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/internal/fault"
)

// Exporter makes the files of long searches, one at a time, out of the queue in the archive. Any number of
// instances may run one each: a job is taken by one of them, and taken over when that one falls silent.
type Exporter struct {
	server *server
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// The pace of an Exporter.
const (
	exportPoll   = time.Second      // between two looks at an empty queue
	exportSilent = 30 * time.Second // after which a worker's job is taken over
	expirePoll   = 10 * time.Minute // between two clearings of what is past its time
)

// NewExporter is a worker for the service of that configuration.
func NewExporter(cfg Config) *Exporter {
	return &Exporter{server: &server{Config: cfg.withDefaults()}}
}

// Start begins to work. It must be called once.
func (e *Exporter) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	e.done.Go(func() { e.run(ctx) })
}

// Stop ends the work and waits until it has. A job that is cut short is taken over by another worker, or
// by this one when it comes back. One that was never started has nothing to end.
func (e *Exporter) Stop() {
	if e.cancel != nil {
		e.cancel()
	}
	e.done.Wait()
}

func (e *Exporter) run(ctx context.Context) {
	var expired time.Time
	for ctx.Err() == nil {
		if now := time.Now(); now.Sub(expired) > expirePoll {
			expired = now
			e.note(ctx, "clearing what has expired", e.server.Archive.Expire(ctx, e.server.Now()))
		}
		worked, err := e.Once(ctx)
		e.note(ctx, "making an export", err)
		if worked && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(exportPoll):
		}
	}
}

// note logs what went wrong, unless it is that the work is over.
func (e *Exporter) note(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		e.server.Log.ErrorContext(ctx, "export worker", "doing", doing, "error", err)
	}
}

// Once makes the file of the oldest job; worked is false when there is none.
func (e *Exporter) Once(ctx context.Context) (worked bool, err error) {
	s := e.server
	now := s.Now()
	job, err := s.Archive.ClaimExport(ctx, archive.Instant(now), archive.Instant(now.Add(-exportSilent)))
	if errors.Is(err, archive.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, e.make(ctx, job)
}

// make makes the file of one job and leaves its line in the record of accesses.
func (e *Exporter) make(ctx context.Context, claimed *archive.Export) error {
	var job exportJob
	if err := json.Unmarshal(claimed.Request, &job); err != nil {
		return err
	}
	err := e.server.Archive.WriteExport(ctx, claimed, func(w io.Writer) (int, error) {
		rows, err := e.server.writeFile(ctx, &job, w)
		if errors.Is(err, errRevoked) {
			err = fault.New(fault.Forbidden, codeExportRevoked, "The access that the export rests on has ended.").Wrap(err)
		}
		return rows, err
	})
	esito := outcomeAllow
	if f, ok := errors.AsType[*fault.Fault](err); ok && f.Code == codeExportRevoked {
		esito, err = outcomeDeny+":"+codeExportRevoked, nil
	} else if err != nil {
		return err
	}
	return errors.Join(err, e.record(ctx, claimed, &job, esito))
}

func (e *Exporter) record(ctx context.Context, claimed *archive.Export, job *exportJob, esito string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	motivo := job.Purpose
	if motivo == "" {
		motivo = job.Who.Purpose
	}
	return e.server.Archive.Record(ctx, archive.Access{
		ID: id.String(), Instant: e.server.Now(), Persona: job.Who.Subject, CodiceFiscale: job.Who.CodiceFiscale, Azione: azioneEsporta,
		Matricola: job.Search.Matricola, Oggetto: "esportazione " + claimed.ID, Motivo: motivo, Esito: esito,
		Correlation: job.Request, Address: job.Address,
	})
}
