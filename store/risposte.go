package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"omnia/archive"
)

// rispostaRow is a row of risposte.
type rispostaRow struct {
	Persona      string `gorm:"primaryKey"`
	Chiave       string `gorm:"primaryKey"`
	Operazione   string
	Richiesta    string
	Stato        int
	Intestazioni string // JSON
	Corpo        []byte
	CreataIl     instant
}

// TableName is for gorm.
func (rispostaRow) TableName() string { return "risposte" }

// Answered is the answer stored under an Idempotency-Key, or archive.ErrNotFound. It is there for at
// least archive.AnswerLife, until [Store.Expire] removes it.
func (s *Store) Answered(ctx context.Context, persona, key string) (*archive.Answer, error) {
	if !storable(persona, key) {
		return nil, archive.ErrNotFound
	}
	var r rispostaRow
	err := s.db(ctx).Where("persona = ? AND chiave = ?", persona, key).Take(&r).Error
	if err != nil {
		return nil, s.failure(ctx, "read an answer", err)
	}
	a := &archive.Answer{
		Persona: r.Persona, Key: r.Chiave, Operation: r.Operazione, Request: r.Richiesta,
		Status: r.Stato, Body: r.Corpo, CreatedAt: time.Time(r.CreataIl),
	}
	if err := json.Unmarshal([]byte(r.Intestazioni), &a.Header); err != nil {
		return nil, fmt.Errorf("read an answer: its headers: %w", err)
	}
	return a, nil
}

// KeepAnswer stores an answer. When another request stored one meanwhile, it is archive.ErrConflict, and
// a transaction that it is part of can go on.
func (s *Store) KeepAnswer(ctx context.Context, a archive.Answer) error {
	headers, err := json.Marshal(a.Header)
	if err != nil {
		return fmt.Errorf("keep an answer: its headers: %w", err)
	}
	if a.Body == nil {
		a.Body = []byte{} // an empty body is one: 204
	}
	done := s.db(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rispostaRow{
		Persona: a.Persona, Chiave: a.Key, Operazione: a.Operation, Richiesta: a.Request,
		Stato: a.Status, Intestazioni: string(headers), Corpo: a.Body, CreataIl: instant(archive.Instant(a.CreatedAt)),
	})
	if done.Error != nil {
		return s.failure(ctx, "keep an answer", done.Error)
	}
	if done.RowsAffected == 0 {
		return archive.ErrConflict
	}
	return nil
}

// expireAtOnce bounds one statement, so that no writer waits long for it.
const expireAtOnce = 1000

// Expire removes answers older than archive.AnswerLife, and exports and drafts that are past their time.
func (s *Store) Expire(ctx context.Context, now time.Time) error {
	err := s.repeat(ctx, "DELETE FROM risposte WHERE (persona, chiave) IN (SELECT persona, chiave FROM risposte WHERE creata_il < ? LIMIT ?)",
		instant(now.Add(-archive.AnswerLife)), expireAtOnce)
	if err != nil {
		return s.failure(ctx, "expire answers", err)
	}
	if err := s.expireDrafts(ctx, now); err != nil {
		return err
	}
	// One by one: each may have hundreds of parts, which go with it.
	err = s.repeat(ctx, "DELETE FROM esportazioni WHERE id IN (SELECT id FROM esportazioni WHERE scade_il <= ? LIMIT ?)", instant(now), 1)
	return s.failure(ctx, "expire exports", err)
}

// repeat runs a statement until it finds nothing more to do.
func (s *Store) repeat(ctx context.Context, statement string, args ...any) error {
	for {
		done := s.db(ctx).Exec(statement, args...)
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
	}
}
