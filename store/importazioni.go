package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"omnia/archive"
)

// importazioneRow is a row of importazioni.
type importazioneRow struct {
	Digest       string `gorm:"primaryKey"`
	Tipo         string
	Righe        int64
	Conteggi     string // JSON
	IniziataIl   instant
	AggiornataIl instant
}

// TableName is for gorm.
func (importazioneRow) TableName() string { return "importazioni" }

// Imported is how far the import of the file with that digest is, or archive.ErrNotFound.
func (s *Store) Imported(ctx context.Context, digest string) (archive.Import, error) {
	if !storable(digest) {
		return archive.Import{}, archive.ErrNotFound
	}
	var r importazioneRow
	if err := s.db(ctx).Where("digest = ?", digest).Take(&r).Error; err != nil {
		return archive.Import{}, s.failure(ctx, "read the state of an import", err)
	}
	i := archive.Import{Digest: r.Digest, Kind: r.Tipo, Lines: r.Righe, StartedAt: time.Time(r.IniziataIl), UpdatedAt: time.Time(r.AggiornataIl)}
	if err := json.Unmarshal([]byte(r.Conteggi), &i.Counts); err != nil {
		return archive.Import{}, fmt.Errorf("read the state of an import: its counts: %w", err)
	}
	return i, nil
}

// RecordImport stores how far an import is, in place of what was stored before; the first StartedAt stays.
// Called in the transaction that stores a batch of lines, it makes that batch and its progress one.
func (s *Store) RecordImport(ctx context.Context, i archive.Import) error {
	counts, err := json.Marshal(i.Counts)
	if err != nil {
		return fmt.Errorf("store the state of an import: its counts: %w", err)
	}
	err = s.db(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "digest"}},
		DoUpdates: clause.AssignmentColumns([]string{"righe", "conteggi", "aggiornata_il"}),
	}).Create(&importazioneRow{
		Digest: i.Digest, Tipo: i.Kind, Righe: i.Lines, Conteggi: string(counts),
		IniziataIl: instant(archive.Instant(i.StartedAt)), AggiornataIl: instant(archive.Instant(i.UpdatedAt)),
	}).Error
	return s.failure(ctx, "store the state of an import", err)
}
