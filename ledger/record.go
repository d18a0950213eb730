package ledger

import (
	"errors"
	"time"
)

// Decision is one decision with everything that the record keeps of it.
type Decision struct {
	Receipt  Receipt
	Facts    []byte           // those that are not personal, canonical JSON
	Outcome  []byte           // canonical JSON, without texts; see package replay
	Personal []Personal       // those that are there
	Index    Index            // what it is found by beside its receipt
	Position int64            // in the log; of no meaning before it was appended
	Leaf     []byte           // the canonical form of the receipt, as it stands in the log
	Erased   map[string]int64 // by path: position of the erasure of the personal values that are gone
}

// Index is what a decision is found by. None of it is bound by the log: it is taken from the facts, the
// outcome and the request, and can be made again from them, but for Persona, which is erased with the actor.
type Index struct {
	Matricola       string // "" when the facts name none
	UnitaProduttiva string
	Persona         string // who asked, as identity names the person; "" when nobody was named
	Esito           string // of a form its outcome; of counters the gravest verdict
	Settore         string // "" when unknown
}

// Criteria choose decisions; a zero field asks for nothing.
type Criteria struct {
	Rule            string    // id of any versioned content that was applied
	Version         int       // of Rule
	Edition         string    // name
	EditionDigest   Digest    // root digest
	Matricola       string    //
	Matricole       []string  // one of these; nil is all
	Numero          string    // of a period of the history
	UnitaProduttiva string    //
	Persona         string    //
	Delegation      string    //
	Kind            string    // counters, validate
	Esito           string    //
	Simulation      *bool     //
	From, To        time.Time // instants, from inclusive, to exclusive
}

// ErrEdition says that a decision was taken under an edition that is not the active one any more, or not
// yet: nothing was recorded. It is to be taken again, under the edition that is active now.
var ErrEdition = errors.New("the decision was taken under an edition that is not the active one")

// ErrReadOnly says that this instance can't sign: it has no key for the head of the log. Nothing was recorded.
var ErrReadOnly = errors.New("this instance has no key with which it may sign the log")
