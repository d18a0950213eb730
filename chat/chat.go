// Package chat is INFO CIG: conversations between who acts for a company and an adviser of INPS. It knows
// neither SQL nor HTTP: a database is reached through [Storage], and what callers get is a [Service] and a [Hub].
//
// # Rows are the truth
//
// Whatever happens is one transaction: the message or the change of state, its number, and one [Event] in the box
// of each person it concerns. A message takes its number under the lock of its conversation; an event takes the
// next number of its person's box under the lock of that box. So both are without gaps, in the order of the
// commits, and a reader who has seen number n of his box has seen everything before it.
//
// # The stream is a view
//
// A stream sends the events of one box after a cursor, and waits for more. Waking it is only a hint ([Hub]): what
// it sends is what the rows say. An id of the stream is a [Cursor]; one that is not of this box, or is older than
// what is kept, is answered by resync, and the client reads the state again.
package chat

import (
	"encoding/json"
	"time"
)

// Topic is what a conversation is about: a code of the contract.
type Topic string

// The topics.
const (
	TopicCigo      Topic = "cigo"
	TopicCigs      Topic = "cigs"
	TopicAis       Topic = "ais"
	TopicPagamenti Topic = "pagamenti"
	TopicAltro     Topic = "altro"
)

// Topics are all topics, in the order in which they are offered.
var Topics = []Topic{TopicCigo, TopicCigs, TopicAis, TopicPagamenti, TopicAltro}

// State is where a conversation stands.
type State string

// The states. A conversation that was opened out of hours waits like the others, and is answered first when the
// service opens.
const (
	Queued   State = "in_coda"
	Assigned State = "assegnata"
	Closed   State = "chiusa"
)

// Person is somebody who takes part.
type Person struct {
	ID            string // as identity names the person: the subject of the token
	CodiceFiscale string
	Name          string // to be shown; "" when unknown

	// As what the person opened the conversation, so that whether they still may can be asked while they are away.
	Roles   []string `json:",omitempty"`
	Sede    string   `json:",omitempty"`
	Level   int      `json:",omitempty"` // assurance of the sign-in
	Profile string   `json:",omitempty"`
}

// Conversation is one conversation, without its messages.
type Conversation struct {
	ID              string
	Matricola       string
	UnitaProduttiva string // "" when none was named
	Topic           Topic
	Sede            string // INPS office of the matricola
	Draft           string // the application from inside which it was opened; "" is none
	OpenedBy        Person
	Language        string // of who opened it: it, en, de; notices are in it
	Delegation      string // that allowed it; "" for an owner
	State           State
	Class           string // of the queue: who is before whom is decided within a class; see package queue
	Priority        int    // of the class: the smaller goes first
	OutOfHours      bool   // opened while the service was closed
	Adviser         string // who has it now, or had it last; "" is nobody yet
	AdviserName     string
	PassedBy        string `json:",omitempty"` // the adviser who handed it back to the queue: it is not given to them again
	OpenedAt        time.Time
	QueuedAt        time.Time  // when it took the place in the queue that it has, or had
	AssignedAt      *time.Time // to who has it now
	FirstAssignedAt *time.Time
	FirstAnswerAt   *time.Time
	ClosedAt        *time.Time
	ClosedBy        string     // "" when the service did it
	LongWaitAt      *time.Time // when the person was told that the wait is longer than it should be
	CloseReason     string
	ToldOpening     *time.Time `json:",omitempty"` // the opening of which the person was told, while the service was closed
	LastSeq         int64      // number of the last message; 0 is none
	LastWordAt      *time.Time `json:",omitempty"` // when that was said
	Version         int64      // grows with every change: the ETag
	Consent         *Consent
	Consents        []Consent `json:",omitempty"` // former ones, the oldest first
	Rating          *Rating
}

// lastWord is when somebody last said something in it; its opening is the first word.
func (c *Conversation) lastWord() time.Time {
	if c.LastWordAt != nil {
		return *c.LastWordAt
	}
	return c.OpenedAt
}

// HeldBy tells whether somebody is the adviser who has the conversation, or had it when it was closed.
func (c *Conversation) HeldBy(persona string) bool {
	return c.AssignedAt != nil && c.Adviser != "" && c.Adviser == persona
}

// Consent says that the adviser may see the case of the company.
type Consent struct {
	GivenAt     time.Time
	WithdrawnAt *time.Time
	Notice      string // version of the privacy notice that was shown
}

// Stands tells whether the consent is in force.
func (c *Consent) Stands() bool { return c != nil && c.WithdrawnAt == nil }

// Since is when it was given, or taken back.
func (c *Consent) Since() time.Time {
	if c.WithdrawnAt != nil {
		return *c.WithdrawnAt
	}
	return c.GivenAt
}

// Rating is what the person who opened the conversation thought of it.
type Rating struct {
	Score   int // 1 to 5
	Comment string
	At      time.Time
}

// Kind is what a message is.
type Kind string

// The kinds.
const (
	Text   Kind = "message" // of a person
	Notice Kind = "notice"  // of the service
	Note   Kind = "note"    // of an adviser, for advisers only
)

// Message is one message. Seq runs from 1 without gaps over what people say to each other; notices and notes have a Seq
// of 0, and the number of the last message before them in After.
type Message struct {
	ID           string
	Conversation string
	Seq          int64
	After        int64
	ClientID     string // by which the sender may repeat it; unique per conversation and author
	Kind         Kind
	Author       Person
	Text         string // at most MaxText characters; "" when it was redacted
	Attachments  []Attachment
	SentAt       time.Time
	Redaction    *Redaction
}

// MaxText bounds the text of one message, in characters.
const MaxText = 4000

// Attachment is a file that came with a message.
type Attachment struct {
	ID     string
	Name   string
	Type   string // sniffed, never as it was claimed
	Bytes  int64
	Digest string // "sha256:…"
}

// The bounds of attachments.
const (
	MaxAttachments     = 3       // in one message
	MaxAttachmentBytes = 3 << 20 // each
)

// Redaction is the trace of a text that was taken out.
type Redaction struct {
	By     string
	At     time.Time
	Reason string
}

// Mark is how far a participant has got.
type Mark struct {
	Persona   string
	Delivered int64 // seq up to which the person's client says to have them
	Read      int64 // seq up to which the person has seen them
}

// The types of events.
const (
	EventMessage  = "message"
	EventRedacted = "redacted" // of a message that was sent before, as it is shown from now on
	EventOpened   = "opened"
	EventRated    = "rated"
	EventNotice   = "notice"
	EventNote     = "note"
	EventQueue    = "queue"
	EventAssigned = "assigned"
	EventTyping   = "typing" // never stored: it has no number
	EventRead     = "read"
	EventClosed   = "closed"
	EventField    = "field" // the adviser points to a field of the form
	EventContext  = "context"
	EventResync   = "resync" // first event of a stream whose cursor can't be followed
)

// Event is something that happened, in the box of one person.
type Event struct {
	Persona      string
	N            int64  // in the box, from 1 without gaps; 0 for what is never stored
	Mark         string // tells this event from another of the same number; see [Cursor]
	AsAdviser    bool   // it is told to the adviser, not to who opened the conversation
	Type         string
	Conversation string
	Matricola    string // by which it is checked, on its way out, that the person may still see it
	Data         json.RawMessage
	At           time.Time
}
