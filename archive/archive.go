// Package archive is what the service keeps and who may see it, as plain values: companies
// (posizioni aziendali), provvedimenti with their corrections, deleghe, and the record of accesses.
// It knows no SQL and no HTTP: store keeps these values, policies says who may see them, api shows them.
//
// Two axes of time. A provvedimento has its own days (what was so), and each version of it has the
// instants between which it was the last word (what we knew when). Nothing is overwritten: a
// correction is a further version, and any answer can be asked again as it was known at an instant.
//
// Days are civil days of Europe/Rome, both ends inclusive; instants are UTC, in microseconds.
package archive

import (
	"time"

	"omnia/engine/calendar"
	"omnia/internal/fault"
)

// Instant is t as the archive keeps it: UTC, in microseconds, which is what both databases hold.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Validity is a run of days that may be open at its end: To nil is "until further notice".
type Validity struct {
	From calendar.Day
	To   *calendar.Day
}

// Has tells whether d is in it.
func (v Validity) Has(d calendar.Day) bool { return v.From <= d && (v.To == nil || d <= *v.To) }

// Within tells whether all of v is in o.
func (v Validity) Within(o Validity) bool {
	return o.From <= v.From && (o.To == nil || v.To != nil && *v.To <= *o.To)
}

// Page is which part of a list is asked: the keys after After, at most Limit of them. Keys are those
// of the order asked; a list that is read again after inserts goes on where it was.
type Page struct {
	After string // the key of the last item of the page before; "" is the first page
	Limit int    // 1 to 200
}

// What can go wrong with the archive itself. What is wrong with an input is said where it is read.
var (
	ErrNotFound    = fault.New(fault.NotFound, "not_found", "Nothing is there for the caller.")
	ErrConflict    = fault.New(fault.Conflict, "provvedimento_conflict", "Another content is stored under this number and version.")
	ErrStale       = fault.New(fault.Conflict, "stale_version", "It was changed meanwhile: read it again.")
	ErrOverlap     = fault.New(fault.Conflict, "delega_overlap", "The same person has a delegation of this kind for the matricola already, on days that overlap.")
	ErrUnavailable = fault.New(fault.Unavailable, "archive_unavailable", "The archive can't be reached; try again.")
)
