package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"omnia/archive"
)

// bozzaRow is a row of bozze: one draft, as it was last written.
type bozzaRow struct {
	ID              string `gorm:"primaryKey"`
	Matricola       string
	Modulo          string
	UnitaProduttiva string
	Passo           string
	Stato           string
	Versione        int
	Fatti           string
	Digest          string
	Controllo       string // JSON of archive.Check; "" is none
	CreataIl        instant
	CreataDa        string
	AggiornataIl    instant
	AggiornataDa    string
	ScadeIl         instant
}

// TableName is for gorm.
func (bozzaRow) TableName() string { return "bozze" }

func bozzaOf(d *archive.Draft) (bozzaRow, error) {
	check, err := textOfCheck(d.Check)
	if err != nil {
		return bozzaRow{}, err
	}
	r := bozzaRow{
		ID: d.ID, Matricola: d.Matricola, Modulo: d.Form, UnitaProduttiva: d.UnitaProduttiva, Passo: d.Step, Stato: string(d.State),
		Versione: d.Version, Fatti: string(d.Facts), Digest: d.Digest, Controllo: check,
		CreataIl: instant(archive.Instant(d.CreatedAt)), CreataDa: d.CreatedBy,
		AggiornataIl: instant(archive.Instant(d.UpdatedAt)), AggiornataDa: d.UpdatedBy, ScadeIl: instant(archive.Instant(d.ExpiresAt)),
	}
	if !storable(r.ID, r.Matricola, r.Modulo, r.UnitaProduttiva, r.Passo, r.Fatti, r.CreataDa, r.AggiornataDa) {
		return bozzaRow{}, fmt.Errorf("write a draft: it has text with a NUL, or that is not UTF-8")
	}
	return r, nil
}

func (r *bozzaRow) draft() (*archive.Draft, error) {
	d := &archive.Draft{
		ID: r.ID, Matricola: r.Matricola, Form: r.Modulo, UnitaProduttiva: r.UnitaProduttiva, Step: r.Passo, State: archive.DraftState(r.Stato),
		Version: r.Versione, Facts: []byte(r.Fatti), Digest: r.Digest, CreatedAt: time.Time(r.CreataIl), CreatedBy: r.CreataDa,
		UpdatedAt: time.Time(r.AggiornataIl), UpdatedBy: r.AggiornataDa, ExpiresAt: time.Time(r.ScadeIl),
	}
	if r.Controllo != "" {
		d.Check = &archive.Check{}
		if err := json.Unmarshal([]byte(r.Controllo), d.Check); err != nil {
			return nil, fmt.Errorf("read a draft: its check: %w", err)
		}
	}
	return d, nil
}

func textOfCheck(c *archive.Check) (string, error) {
	if c == nil {
		return "", nil
	}
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write a draft: its check: %w", err)
	}
	return string(b), nil
}

// Draft is the draft of that id. One whose time is over is archive.ErrNotFound, whether it was removed yet or not.
func (s *Store) Draft(ctx context.Context, id string, now time.Time) (*archive.Draft, error) {
	if !storable(id) {
		return nil, archive.ErrNotFound
	}
	var r bozzaRow
	if err := s.db(ctx).Where("id = ? AND scade_il > ?", id, instant(now)).Take(&r).Error; err != nil {
		return nil, s.failure(ctx, "read a draft", err)
	}
	return r.draft()
}

// Drafts lists the drafts of a matricola by id, without their facts; After is an id.
func (s *Store) Drafts(ctx context.Context, matricola string, now time.Time, page archive.Page) (items []archive.Draft, more bool, err error) {
	if !storable(matricola, page.After) {
		return nil, false, nil
	}
	var rows []bozzaRow
	err = s.db(ctx).Omit("fatti").Where("matricola = ? AND id > ? AND scade_il > ?", matricola, page.After, instant(now)).
		Order("id").Limit(page.Limit + 1).Find(&rows).Error
	if err != nil {
		return nil, false, s.failure(ctx, "list drafts", err)
	}
	rows, more = upTo(rows, page.Limit)
	for i := range rows {
		d, err := rows[i].draft()
		if err != nil {
			return nil, false, err
		}
		d.Facts = nil
		items = append(items, *d)
	}
	return items, more, nil
}

// CreateDraft stores a new draft. An id that is taken is archive.ErrDraftExists; of several who take the
// same at once, one does. Where there are archive.MaxDrafts of the matricola it is archive.ErrTooManyDrafts.
func (s *Store) CreateDraft(ctx context.Context, d *archive.Draft) error {
	row, err := bozzaOf(d)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context) error {
		// An id whose time is over is free again.
		if err := s.db(ctx).Exec("DELETE FROM bozze WHERE id = ? AND scade_il <= ?", d.ID, row.CreataIl).Error; err != nil {
			return s.failure(ctx, "clear a draft", err)
		}
		var n int64
		if err := s.db(ctx).Model(&bozzaRow{}).Where("matricola = ? AND scade_il > ?", d.Matricola, row.CreataIl).Count(&n).Error; err != nil {
			return s.failure(ctx, "count drafts", err)
		}
		if n >= archive.MaxDrafts {
			return archive.ErrTooManyDrafts
		}
		done := s.db(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil {
			return s.failure(ctx, "create a draft", done.Error)
		}
		if done.RowsAffected == 0 {
			return archive.ErrDraftExists
		}
		return nil
	})
}

// WriteDraft stores the next version of a draft, which rests on the version before it: of several who change the same
// version at once one does, and the others get archive.ErrStale. It is also that when the draft is
// ready, gone, or past its time: whoever is told reads it again.
func (s *Store) WriteDraft(ctx context.Context, d *archive.Draft) error {
	row, err := bozzaOf(d)
	if err != nil {
		return err
	}
	done := s.db(ctx).Exec(`UPDATE bozze SET unita_produttiva = ?, passo = ?, stato = ?, versione = ?, fatti = ?, digest = ?, controllo = ?,
aggiornata_il = ?, aggiornata_da = ?, scade_il = ? WHERE id = ? AND versione = ? AND stato = ? AND scade_il > ?`,
		row.UnitaProduttiva, row.Passo, row.Stato, row.Versione, row.Fatti, row.Digest, row.Controllo,
		row.AggiornataIl, row.AggiornataDa, row.ScadeIl, row.ID, row.Versione-1, archive.DraftOpen, row.AggiornataIl)
	return s.oneDraft(ctx, "write a draft", done.RowsAffected, done.Error)
}

// KeepCheck notes the last check of a draft, which is no change of it. One that is gone meanwhile, or ready, is
// archive.ErrStale.
func (s *Store) KeepCheck(ctx context.Context, id string, check *archive.Check) error {
	if !storable(id) {
		return archive.ErrStale
	}
	text, err := textOfCheck(check)
	if err != nil {
		return err
	}
	done := s.db(ctx).Exec("UPDATE bozze SET controllo = ? WHERE id = ? AND stato = ? AND scade_il > ?", text, id, archive.DraftOpen, instant(archive.Instant(check.Instant)))
	return s.oneDraft(ctx, "keep the check of a draft", done.RowsAffected, done.Error)
}

// DeleteDraft removes that version of a draft, of whatever state. Another version is archive.ErrStale.
func (s *Store) DeleteDraft(ctx context.Context, id string, version int) error {
	if !storable(id) {
		return archive.ErrStale
	}
	done := s.db(ctx).Exec("DELETE FROM bozze WHERE id = ? AND versione = ?", id, version)
	return s.oneDraft(ctx, "remove a draft", done.RowsAffected, done.Error)
}

func (s *Store) oneDraft(ctx context.Context, doing string, rows int64, err error) error {
	if err == nil && rows == 0 {
		return archive.ErrStale
	}
	return s.failure(ctx, doing, err)
}

// expireDrafts removes drafts that are past their time.
func (s *Store) expireDrafts(ctx context.Context, now time.Time) error {
	err := s.repeat(ctx, "DELETE FROM bozze WHERE id IN (SELECT id FROM bozze WHERE scade_il <= ? LIMIT ?)", instant(now), expireAtOnce)
	return s.failure(ctx, "expire drafts", err)
}
