package archive

import (
	"time"

	"omnia/engine/calendar"
	"omnia/internal/fault"
)

// AnswerLife is how long the answer to an Idempotency-Key is kept at least.
const AnswerLife = 24 * time.Hour

// Answer is what was answered to a request with an Idempotency-Key, to be given again when it is
// repeated (draft-ietf-httpapi-idempotency-key-header).
type Answer struct {
	Persona   string // subject of the token: keys of two people never meet
	Key       string
	Operation string // method and path
	Request   string // digest of the body: the same key with another body is refused
	Status    int
	Header    map[string]string // those that are of the answer itself: Location, ETag, Content-Type
	Body      []byte
	CreatedAt time.Time
}

// Export is a job that makes a file of a long search.
type Export struct {
	ID        string
	Persona   string
	Request   []byte // what was asked, as JSON: the worker's own format
	State     ExportState
	Rows      int
	Error     string // a problem code, when it failed
	CreatedAt time.Time
	ClaimedAt *time.Time
	ReadyAt   *time.Time
	ExpiresAt time.Time
}

// ExportState is how far a job is.
type ExportState string

// The states of a job.
const (
	ExportQueued  ExportState = "in_coda"
	ExportRunning ExportState = "in_corso"
	ExportReady   ExportState = "pronta"
	ExportFailed  ExportState = "fallita"
)

// DelegaCriteria is a search among delegations; zero fields are no criteria.
type DelegaCriteria struct {
	Matricola string
	Delegante string // codice fiscale
	Delegato  string // codice fiscale
	Padre     string
	// Visible narrows the list to what this person may see: those granted by or to that codice
	// fiscale, and those of matricole of which it is titolare. "" is everything.
	Visible string
	// Today is the day of Rome on which Visible must be titolare; 0 is that of the store's clock.
	Today calendar.Day
	Tipi  []Tipo
}

// ErrParent is a subdelega that its parent does not carry.
var ErrParent = fault.New(fault.Conflict, "delega_padre", "The delegation it hangs on is not good any more, or does not go so far.")

// Import is how far the import of a file is, so that one that broke off goes on where it was.
type Import struct {
	Digest    string         // of the file
	Kind      string         // what its lines are: posizioni, provvedimenti, deleghe
	Lines     int64          // lines from its beginning that are done
	Counts    map[string]int // what became of them, by outcome
	StartedAt time.Time
	UpdatedAt time.Time
}
