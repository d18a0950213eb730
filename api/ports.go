package api

import (
	"context"
	"io"
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/identity"
	"omnia/policies"
)

// Verifier says whose a bearer token is. A token that is not good is a *fault.Fault of kind
// Unauthorized; keys that can't be fetched are one of kind Unavailable.
type Verifier interface {
	Verify(ctx context.Context, token string) (*identity.Principal, error)
}

// Policies say who may do what. An error means that there is no verdict, and so no access.
type Policies interface {
	Decide(ctx context.Context, q policies.Question) (policies.Verdict, error)
	Reach(ctx context.Context, q policies.Question) (policies.Reach, policies.Verdict, error)
	// Masking is how whoever acts as the verdict says sees the personal values of decisions.
	Masking(v policies.Verdict) policies.Masking
	// Digest is that of the policies and their tables.
	Digest() string
}

// Archive is the store as the handlers need it. All methods are safe for concurrent use. A store
// that can't be reached is archive.ErrUnavailable; what is not there is archive.ErrNotFound.
//
// Methods called with a context that [Archive.Within] passed on are part of its transaction.
type Archive interface {
	Drafts   // applications being filled in
	Editions // of the rules

	// Within runs do in one transaction: all of it is kept, or nothing when do fails.
	Within(ctx context.Context, do func(ctx context.Context) error) error
	// Ping tells whether the store can be reached.
	Ping(ctx context.Context) error

	// Subject is what binds the person of that codice fiscale to the matricola. It takes the same
	// steps whether the matricola exists or not.
	Subject(ctx context.Context, codiceFiscale, matricola string) (archive.Subject, error)
	// Matricole lists what is in reach, by matricola; q is folded words of the name, or the beginning of a
	// matricola. more tells whether there is a further page.
	Matricole(ctx context.Context, reach archive.Reach, q string, page archive.Page) (items []archive.Listed, more bool, err error)

	// Posizione is a company as it was known at that instant (zero: now).
	Posizione(ctx context.Context, matricola string, knownAt time.Time) (*archive.Posizione, error)
	// Posizioni are the companies of these matricole, as they are now; one that is not stored is left out.
	Posizioni(ctx context.Context, matricole []string) ([]archive.Posizione, error)
	// WritePosizione stores a company, or a change of it. ifVersion is the version that the change rests
	// on: 0 for a new one, -1 for whatever there is; otherwise ErrStale. It gives the version stored.
	WritePosizione(ctx context.Context, p *archive.Posizione, ifVersion int) (archive.Written, int, error)

	// WriteProvvedimenti stores versions of provvedimenti, in order, in one transaction. With atomic, a
	// Conflict or a Gap anywhere leaves nothing stored; without, the others are stored.
	WriteProvvedimenti(ctx context.Context, list []archive.Provvedimento, atomic bool) ([]archive.Written, error)
	// Provvedimento is one version of a measure (0: the last one), as known at that instant (zero: now).
	Provvedimento(ctx context.Context, numero string, versione int, knownAt time.Time) (*archive.Provvedimento, error)
	// Versions are all versions of a measure, the newest first.
	Versions(ctx context.Context, numero string) ([]archive.Provvedimento, error)
	// Search is one page of a search, in the order of c.Sort; After is c.Key of the last item shown.
	Search(ctx context.Context, c archive.Criteria, page archive.Page) (items []archive.Provvedimento, more bool, err error)
	// Sections counts the hits of a search by section, whichever c.Sezione asks for.
	Sections(ctx context.Context, c archive.Criteria) (map[archive.Sezione]int, error)
	// Cases are all that is kept of these matricole, as known at that instant (zero: now), in their order; one
	// that is not stored is left out. The last treatments are those before the day; see LastTreatment.
	Cases(ctx context.Context, matricole []string, before calendar.Day, knownAt time.Time) ([]archive.Dossier, error)
	// Case is what the counters of one unit rest on, as known at that instant (zero: now): the company, its last
	// treatment before the day, and the history of the unit, of which only Numero, Esito, Dal, Al and Corpo
	// are read. A company that was not stored is ErrNotFound; one without that unit has no history.
	Case(ctx context.Context, matricola, unita string, before calendar.Day, knownAt time.Time) (*archive.Dossier, error)
	// History are the provvedimenti of one production unit, as known at that instant (zero: now), by dal, numero.
	History(ctx context.Context, matricola, unita string, knownAt time.Time) ([]archive.Provvedimento, error)
	// LastTreatment is the last day granted to the company of that codice fiscale, in any matricola and
	// unit, before the day; ok is false when there was none.
	LastTreatment(ctx context.Context, codiceFiscale string, before calendar.Day, knownAt time.Time) (day calendar.Day, ok bool, err error)

	// Delega is one delegation, its parent read along.
	Delega(ctx context.Context, id string) (*archive.Delega, error)
	// Grant stores delegations, all or none. A subdelega whose parent is not good any more, or narrower
	// or shorter than it, is refused by the transaction itself: archive.ErrParent.
	Grant(ctx context.Context, list []archive.Delega) error
	// GrantApart is Grant of one delegation that is new: when the same person has one of this kind for the matricola
	// already (of a subdelega: under this parent), on days that overlap, it is archive.ErrOverlap. Of several who
	// grant the same at once, one does.
	GrantApart(ctx context.Context, d archive.Delega) error
	// Revoke ends a delegation at that instant, and with it those that hang on it. Again is no error.
	Revoke(ctx context.Context, id, by string, at time.Time) (*archive.Delega, error)
	// Deleghe lists delegations, the newest last, by id.
	Deleghe(ctx context.Context, c archive.DelegaCriteria, page archive.Page) (items []archive.Delega, more bool, err error)

	// Record adds lines to the record of accesses; they are on disk when it returns.
	Record(ctx context.Context, lines ...archive.Access) error
	// Accesses lists the record, the newest first; After is an id.
	Accesses(ctx context.Context, c archive.AccessCriteria, page archive.Page) (items []archive.Access, more bool, err error)

	// Answered is the answer stored under an Idempotency-Key, or ErrNotFound.
	Answered(ctx context.Context, persona, key string) (*archive.Answer, error)
	// KeepAnswer stores an answer. When another request stored one meanwhile, it is archive.ErrConflict.
	KeepAnswer(ctx context.Context, a archive.Answer) error

	// Exports are jobs: put in the queue here, run by a worker, read back in parts.
	PutExport(ctx context.Context, e archive.Export) error
	Export(ctx context.Context, id string) (*archive.Export, error)
	// ClaimExport takes the oldest job in the queue, or one whose worker has been silent since before; ErrNotFound when there is none.
	ClaimExport(ctx context.Context, now, silentSince time.Time) (*archive.Export, error)
	// WriteExport stores what a worker made of a job, part by part, and ends it; a job claimed by another meanwhile is ErrStale.
	WriteExport(ctx context.Context, e *archive.Export, write func(w io.Writer) (rows int, err error)) error
	// ReadExport copies the file of a finished job.
	ReadExport(ctx context.Context, id string, w io.Writer) error
	// Expire removes answers, exports and drafts that are past their time.
	Expire(ctx context.Context, now time.Time) error
}
