package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"omnia/archive"
	"omnia/internal/rome"
)

// accessoRow is a row of accessi.
type accessoRow struct {
	ID            string `gorm:"primaryKey"`
	Istante       instant
	Giorno        day
	Persona       string
	CodiceFiscale string
	Ruolo         string
	Base          string
	Delega        string
	Azione        string
	Matricola     string
	Oggetto       string
	Motivo        string
	Esito         string
	Policy        string
	Correlazione  string
	Indirizzo     string
}

// personalOfAccess are the columns that may be emptied, as a person may ask; paths of the leaf are called alike.
var personalOfAccess = []string{"persona", "codice_fiscale", "oggetto", "motivo", "indirizzo"}

// TableName is for gorm.
func (accessoRow) TableName() string { return "accessi" }

func accessoRowOf(a *archive.Access) accessoRow {
	return accessoRow{
		ID: a.ID, Istante: instant(archive.Instant(a.Instant)), Giorno: day(rome.Day(a.Instant)),
		Persona: recordable(a.Persona), CodiceFiscale: recordable(a.CodiceFiscale), Ruolo: recordable(a.Ruolo), Base: recordable(a.Base),
		Delega: recordable(a.Delega), Azione: recordable(a.Azione), Matricola: recordable(a.Matricola), Oggetto: recordable(a.Oggetto),
		Motivo: recordable(a.Motivo), Esito: recordable(a.Esito), Policy: recordable(a.Policy),
		Correlazione: recordable(a.Correlation), Indirizzo: recordable(a.Address),
	}
}

// recordable is s with what a database can't hold replaced: an access must not go unrecorded because of
// the bytes that it came with.
func recordable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func (r *accessoRow) access() archive.Access {
	return archive.Access{
		ID: r.ID, Instant: time.Time(r.Istante), Persona: r.Persona, CodiceFiscale: r.CodiceFiscale, Ruolo: r.Ruolo, Base: r.Base,
		Delega: r.Delega, Azione: r.Azione, Matricola: r.Matricola, Oggetto: r.Oggetto, Motivo: r.Motivo, Esito: r.Esito,
		Policy: r.Policy, Correlation: r.Correlazione, Address: r.Indirizzo,
	}
}

// Accesses lists the record, the newest first; After is an id.
func (s *Store) Accesses(ctx context.Context, c archive.AccessCriteria, page archive.Page) (items []archive.Access, more bool, err error) {
	if !storable(c.Matricola, c.Persona, c.Delega, c.Azione, c.Esito, c.Oggetto, c.Correlation, page.After) {
		return nil, false, nil
	}
	var rows []accessoRow
	if err := accessiWhere(s.db(ctx), c, page).Order("id DESC").Limit(page.Limit + 1).Find(&rows).Error; err != nil {
		return nil, false, s.failure(ctx, "list accesses", err)
	}
	rows, more = upTo(rows, page.Limit)
	for i := range rows {
		items = append(items, rows[i].access())
	}
	return items, more, nil
}

func accessiWhere(db *gorm.DB, c archive.AccessCriteria, page archive.Page) *gorm.DB {
	for _, criterion := range []struct{ condition, value string }{
		{"id < ?", page.After}, {"matricola = ?", c.Matricola}, {"persona = ?", c.Persona},
		{"delega = ?", c.Delega}, {"azione = ?", c.Azione},
		{"oggetto = ?", c.Oggetto}, {"correlazione = ?", c.Correlation},
	} {
		if criterion.value != "" {
			db = db.Where(criterion.condition, criterion.value)
		}
	}
	if c.Esito != "" { // the outcome itself, or with its code behind a colon
		db = db.Where("(esito = ? OR esito LIKE ? ESCAPE '!')", c.Esito, likeEscape.Replace(c.Esito)+":%")
	}
	if c.From != 0 {
		db = db.Where("giorno >= ?", day(c.From))
	}
	if c.To != 0 {
		db = db.Where("giorno <= ?", day(c.To))
	}
	return db
}
