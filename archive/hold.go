package archive

import (
	"time"

	"omnia/internal/fault"
)

// Hold is a legal hold: while it stands, nothing personal of that matricola is erased.
type Hold struct {
	ID        string
	Matricola string
	Reason    string // why, without naming anyone
	PlacedBy  string
	PlacedAt  time.Time
	LiftedBy  string
	LiftedAt  *time.Time // nil while it stands
}

// ErrHeld says that something is under a legal hold.
var ErrHeld = fault.New(fault.Conflict, "legal_hold", "A legal hold stands.")
