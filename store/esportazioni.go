package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/internal/fault"
)

// esportazioneRow is a row of esportazioni.
type esportazioneRow struct {
	ID        string `gorm:"primaryKey"`
	Persona   string
	Richiesta string
	Stato     string
	Righe     int
	Errore    string
	CreataIl  instant
	PresaIl   *instant
	ProntaIl  *instant
	ScadeIl   instant
}

// TableName is for gorm.
func (esportazioneRow) TableName() string { return "esportazioni" }

func (r *esportazioneRow) export() *archive.Export {
	return &archive.Export{
		ID: r.ID, Persona: r.Persona, Request: []byte(r.Richiesta), State: archive.ExportState(r.Stato), Rows: r.Righe, Error: r.Errore,
		CreatedAt: time.Time(r.CreataIl), ClaimedAt: instantFrom(r.PresaIl), ReadyAt: instantFrom(r.ProntaIl), ExpiresAt: time.Time(r.ScadeIl),
	}
}

// parte is a row of esportazioni_parti: one piece of the file.
type parte struct {
	Esportazione string `gorm:"primaryKey"`
	Numero       int    `gorm:"primaryKey;autoIncrement:false"`
	Dati         []byte
}

// TableName is for gorm.
func (parte) TableName() string { return "esportazioni_parti" }

// partSize bounds a piece, and so the memory that writing and reading a file of any size takes.
const partSize = 1 << 20

// PutExport puts a job in the queue.
func (s *Store) PutExport(ctx context.Context, e archive.Export) error {
	row := esportazioneRow{
		ID: e.ID, Persona: e.Persona, Richiesta: string(e.Request), Stato: string(archive.ExportQueued),
		CreataIl: instant(archive.Instant(e.CreatedAt)), ScadeIl: instant(archive.Instant(e.ExpiresAt)),
	}
	return s.failure(ctx, "put an export in the queue", s.db(ctx).Create(&row).Error)
}

// Export is a job and how far it is.
func (s *Store) Export(ctx context.Context, id string) (*archive.Export, error) {
	if !storable(id) {
		return nil, archive.ErrNotFound
	}
	var r esportazioneRow
	if err := s.db(ctx).Where("id = ?", id).Take(&r).Error; err != nil {
		return nil, s.failure(ctx, "read an export", err)
	}
	return r.export(), nil
}

// claimable are the jobs that a worker may take: those that wait, and those whose worker is silent.
const claimable = "scade_il > @now AND (stato = 'in_coda' OR stato = 'in_corso' AND presa_il < @silent)"

// ClaimExport takes the oldest job that waits, or whose worker has been silent since before; ErrNotFound
// when there is none. silentSince should lie several seconds back: a worker is heard of every second.
//
// The condition stands twice: a worker that chose a job while another took it finds, once that one has
// committed, that it holds no more, and looks for the next.
func (s *Store) ClaimExport(ctx context.Context, now, silentSince time.Time) (*archive.Export, error) {
	values := map[string]any{"now": instant(archive.Instant(now)), "silent": instant(archive.Instant(silentSince))}
	for {
		var rows []esportazioneRow
		err := s.db(ctx).Raw(`UPDATE esportazioni SET stato = 'in_corso', presa_il = @now
WHERE id = (SELECT id FROM esportazioni WHERE `+claimable+` ORDER BY creata_il, id LIMIT 1) AND `+claimable+` RETURNING *`, values).Scan(&rows).Error
		if err == nil && len(rows) > 0 {
			return rows[0].export(), nil
		}
		if err == nil {
			err = s.db(ctx).Where(claimable, values).Select("id").Take(&esportazioneRow{}).Error
		}
		if err != nil {
			return nil, s.failure(ctx, "claim an export", err)
		}
	}
}

// WriteExport stores what a worker made of a job it has claimed, in parts of bounded size, and ends it.
// While write runs the job counts as alive, whether bytes come or not. A job that another worker has
// claimed meanwhile is ErrStale, and left to that one.
//
// When write fails the job has failed, with the code of its fault ("internal" without one). When
// the store was away or ctx ended, the job stays: another worker takes it over.
func (s *Store) WriteExport(ctx context.Context, e *archive.Export, write func(w io.Writer) (rows int, err error)) error {
	if e.ClaimedAt == nil {
		return archive.ErrStale
	}
	p := &partWriter{ctx: ctx, store: s, id: e.ID, claim: archive.Instant(*e.ClaimedAt)}
	if err := p.begin(); err != nil {
		return err
	}
	stop := p.keepAlive()
	rows, err := write(p)
	stop()
	if err != nil {
		return p.fail(err)
	}
	return p.finish(rows)
}

// partWriter cuts what is written into parts. Each step holds only while the claim does: presa_il is
// both the sign of life and the proof of who has the job.
type partWriter struct {
	ctx   context.Context // of WriteExport, which it does not outlive
	store *Store
	id    string

	mu    sync.Mutex // the sign of life comes from beside
	claim time.Time
	lost  error // why the claim could not be renewed

	part  []byte
	parts int
}

// step renews the claim and does the rest in the same transaction.
func (p *partWriter) step(set map[string]any, rest func(db *gorm.DB) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost != nil {
		return p.lost
	}
	next := later(p.store.now(), p.claim)
	set["presa_il"] = instant(next)
	err := p.store.Within(p.ctx, func(ctx context.Context) error {
		db := p.store.db(ctx)
		done := db.Model(&esportazioneRow{}).Where("id = ? AND stato = ? AND presa_il = ?", p.id, archive.ExportRunning, instant(p.claim)).Updates(set)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected == 0 {
			return archive.ErrStale
		}
		return rest(db)
	})
	p.claim, p.lost = next, p.store.failure(p.ctx, "write an export", err)
	return p.lost
}

// begin throws away what a worker before left behind.
func (p *partWriter) begin() error {
	return p.step(map[string]any{}, p.dropParts)
}

func (p *partWriter) dropParts(db *gorm.DB) error {
	return db.Where("esportazione = ?", p.id).Delete(&parte{}).Error
}

// exportHeartbeat is how often a worker gives a sign of life.
const exportHeartbeat = time.Second

// keepAlive renews the claim until it is stopped: a workbook gives its first byte at its end.
func (p *partWriter) keepAlive() (stop func()) {
	done := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		tick := time.NewTicker(exportHeartbeat)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				_ = p.step(map[string]any{}, func(*gorm.DB) error { return nil }) // kept in p.lost
			}
		}
	})
	return func() {
		close(done)
		beating.Wait()
	}
}

// Write is for io.Writer.
func (p *partWriter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		room := min(partSize-len(p.part), len(b))
		p.part = append(p.part, b[:room]...)
		b = b[room:]
		if len(p.part) == partSize {
			if err := p.step(map[string]any{}, p.putPart); err != nil {
				return n - len(b), err
			}
			p.part = p.part[:0]
		}
	}
	return n, nil
}

func (p *partWriter) putPart(db *gorm.DB) error {
	if len(p.part) == 0 {
		return nil
	}
	p.parts++
	return db.Create(&parte{Esportazione: p.id, Numero: p.parts, Dati: p.part}).Error
}

func (p *partWriter) finish(rows int) error {
	return p.step(map[string]any{
		"stato": archive.ExportReady, "righe": rows, "pronta_il": instant(p.store.now()),
	}, p.putPart)
}

// fail ends a job that can't be done; err is why.
func (p *partWriter) fail(err error) error {
	if p.lost != nil {
		return errors.Join(p.lost, err)
	}
	if p.ctx.Err() != nil || errors.Is(err, archive.ErrUnavailable) {
		return err
	}
	code := "internal"
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		code = f.Code
	}
	return errors.Join(err, p.step(map[string]any{"stato": archive.ExportFailed, "errore": code}, p.dropParts))
}

// ReadExport copies the file of a finished job, part by part. Nothing was written to w when it is
// ErrNotFound; when the job expires while it is read, the copy may be cut short: io.ErrUnexpectedEOF.
func (s *Store) ReadExport(ctx context.Context, id string, w io.Writer) error {
	if err := s.exportReady(ctx, id); err != nil {
		return err
	}
	for n := 1; ; n++ {
		var p parte
		err := s.db(ctx).Where("esportazione = ? AND numero = ?", id, n).Take(&p).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return s.exportWhole(ctx, id)
		}
		if err != nil {
			return s.failure(ctx, "read an export", err)
		}
		if _, err := w.Write(p.Dati); err != nil {
			return err
		}
	}
}

// exportWhole tells whether the part that was not found is the one after the last: all parts go with
// their job, so that they were there while it still is.
func (s *Store) exportWhole(ctx context.Context, id string) error {
	err := s.exportReady(ctx, id)
	if errors.Is(err, archive.ErrNotFound) {
		return fmt.Errorf("read an export: it expired meanwhile: %w", io.ErrUnexpectedEOF)
	}
	return err
}

func (s *Store) exportReady(ctx context.Context, id string) error {
	e, err := s.Export(ctx, id)
	if err == nil && e.State != archive.ExportReady {
		err = archive.ErrNotFound
	}
	return err
}
