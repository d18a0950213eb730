package archive

import (
	"time"

	"omnia/internal/fault"
)

// Draft is an application that is being filled in, as it was last written: what was typed so far, right or
// wrong, whoever of those who may act for the matricola typed it. It holds personal data, and goes when its
// time is over.
type Draft struct {
	ID              string // UUID, of the service or of the portal
	Matricola       string // whose application it is; it never changes
	Form            string // id of the form; it never changes
	UnitaProduttiva string // progressivo; "" while it is not chosen
	Step            string // where the person was; "" is the beginning
	State           DraftState
	Version         int    // 1, then one more for each change
	Facts           []byte // canonical JSON; what was refused stands in it as it was written
	Digest          string // "sha256:…" of all that a version says
	Check           *Check // the last one; nil when there was none
	CreatedAt       time.Time
	CreatedBy       string // codice fiscale of the person
	UpdatedAt       time.Time
	UpdatedBy       string
	ExpiresAt       time.Time
}

// DraftState is how far a draft is.
type DraftState string

// The states of a draft. One that is ready passed the check before sending: what was checked and recorded is what
// stands in it, so that it can't be changed any more.
const (
	DraftOpen  DraftState = "aperta"
	DraftReady DraftState = "pronta"
)

// Check is the receipt of a check of a draft: the decision, which the record of decisions keeps, and which
// version of the draft it looked at.
type Check struct {
	Decision      string    `json:"decision"`
	Instant       time.Time `json:"instant"`
	Edition       string    `json:"edition"`
	EditionDigest string    `json:"edition_digest"`
	FactsDigest   string    `json:"facts_digest"`
	Outcome       string    `json:"outcome"`
	Complete      bool      `json:"complete"`
	Version       int       `json:"draft_version"`
}

// MaxDrafts is how many drafts of one matricola are kept at a time.
const MaxDrafts = 500

// What can keep a draft from being written.
var (
	ErrDraftExists   = fault.New(fault.PreconditionFailed, "draft_exists", "There is a draft of that id already.")
	ErrDraftReady    = fault.New(fault.Conflict, "draft_ready", "The draft was checked for sending and can't be changed any more.")
	ErrTooManyDrafts = fault.New(fault.Conflict, "too_many_drafts", "The matricola has as many drafts as are kept at a time.")
)
