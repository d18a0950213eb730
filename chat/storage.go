package chat

import (
	"context"
	"time"

	"omnia/archive"
)

// Storage is what a [Service] asks of a database. What is not there is archive.ErrNotFound; a database that can't be
// reached is archive.ErrUnavailable. All methods are safe for concurrent use.
type Storage interface {
	// Transact runs do in one transaction: all of it is kept, or nothing when do fails. After a commit the boxes
	// that got an event are told to those who listen; see Listen.
	Transact(ctx context.Context, do func(ctx context.Context, tx Tx) error) error

	Conversation(ctx context.Context, id string) (*Conversation, error)
	// Conversations lists, the last opened first; After is an id.
	Conversations(ctx context.Context, c Criteria, page archive.Page) (items []Conversation, more bool, err error)
	// Messages are those after a place, oldest first; notes too when asked.
	Messages(ctx context.Context, conversation string, from Place, notes bool, limit int) (items []Message, more bool, err error)
	Marks(ctx context.Context, conversation string) ([]Mark, error)
	// Upload keeps a file for a message that its author is about to send.
	Upload(ctx context.Context, conversation, author string, a Attachment, data []byte) error
	// Attachment is a file with its bytes; one that was not sent yet is its author's alone, and one of a note is shown when
	// notes are.
	Attachment(ctx context.Context, conversation, id, reader string, notes bool) (*Attachment, []byte, error)
	// Find searches the folded words of messages in the conversations of c, the newest first.
	Find(ctx context.Context, c Criteria, q string, page archive.Page) (items []Message, more bool, err error)

	// Box is the state of a box; one that never got anything is empty, with a mark.
	Box(ctx context.Context, persona string) (Box, error)
	// Events are those of a box after a number, in order, at most limit.
	Events(ctx context.Context, persona string, after int64, limit int) ([]Event, error)
	// Listen tells what is put into boxes, by whichever instance, as soon as it is known, until ctx ends. It may be told
	// twice, out of order, or not at all: Moved finds what was missed.
	Listen(ctx context.Context, hear func(Signal)) error
	// Moved are the boxes that grew since that instant, with their last numbers.
	Moved(ctx context.Context, since time.Time) (map[string]int64, error)

	// Waiting are the conversations in the queue, in the order in which they are served: priority, QueuedAt, ID.
	Waiting(ctx context.Context) ([]Conversation, error)
	// Opened calls do with every conversation opened between two instants, from inclusive, to exclusive.
	Opened(ctx context.Context, from, to time.Time, do func(*Conversation) error) error
	// Purge forgets events from before that instant, at most about so many, and gives their number.
	Purge(ctx context.Context, before time.Time, most int) (int64, error)
	// Forget deletes conversations that ended before closed, with all that belongs to them, and files that were
	// uploaded before unsent and never sent; at most about so many, and tells which conversations. What a legal hold
	// stands on is kept, and so is what still has events in a box.
	Forget(ctx context.Context, closed, unsent time.Time, most int) ([]Forgotten, error)
	// Handled are the times that the last conversations of a class took, from when somebody got them until their end, the
	// last ended first.
	Handled(ctx context.Context, class string, most int) ([]time.Duration, error)
	// Advisers are those who answer, or ever did, with how many conversations each has.
	Advisers(ctx context.Context) ([]Adviser, error)
}

// Forgotten is what remains of a conversation that was deleted.
type Forgotten struct {
	ID, Matricola         string
	OpenedAt, ClosedAt    time.Time
	Messages, Attachments int64
}

// Place is where a reading of messages goes on. With Seq alone it is behind the message of that number, so that
// notices that came after it are read; with an ID it is behind that very item.
type Place struct {
	Seq  int64
	Late bool // the item has no number of its own, and stands behind the message of that number
	ID   string
}

// PlaceOf is the place behind a message.
func PlaceOf(m *Message) Place {
	if m.Seq == 0 {
		return Place{Seq: m.After, Late: true, ID: m.ID}
	}
	return Place{Seq: m.Seq, ID: m.ID}
}

// Signal says that something is in a box.
type Signal struct {
	Persona string // "" is everybody: what happened meanwhile is not known
	Event   *Event // what was put there; nil when only that there is something is known
}

// Tx is the chat within one transaction. Locks are taken in one order: the queue, conversations, boxes by person.
type Tx interface {
	// LockQueue lets one instance at a time assign.
	LockQueue(ctx context.Context) error
	// Lock reads a conversation, and keeps others from changing it until the end.
	Lock(ctx context.Context, id string) (*Conversation, error)
	Insert(ctx context.Context, c *Conversation) error
	// Update writes a conversation that was locked; Version grows by one.
	Update(ctx context.Context, c *Conversation) error

	// Sent is the message that this author sent under that id, in a conversation that is locked.
	Sent(ctx context.Context, conversation, author, clientID string) (*Message, error)
	// Add stores a message, with the files that were uploaded for it.
	Add(ctx context.Context, m *Message) error
	// Uploaded are files that this author has uploaded and not sent yet, in the order of the ids; archive.ErrNotFound
	// when one is none.
	Uploaded(ctx context.Context, conversation, author string, ids []string) ([]Attachment, error)
	Message(ctx context.Context, conversation, id string) (*Message, error)
	// Redact takes out the text, the files, what searches find and what is in the boxes, and leaves the trace. Under a legal
	// hold on the matricola the transaction ends with archive.ErrHeld.
	Redact(ctx context.Context, c *Conversation, m *Message) error
	Marks(ctx context.Context, conversation string) ([]Mark, error)
	SetMark(ctx context.Context, conversation string, m Mark) error

	Waiting(ctx context.Context) ([]Conversation, error)
	Advisers(ctx context.Context) ([]Adviser, error)
	// Adviser is the row of one adviser, locked; archive.ErrNotFound when there is none.
	Adviser(ctx context.Context, persona string) (*Adviser, error)
	SetAdviser(ctx context.Context, a *Adviser) error
	// Seen says that an adviser was heard of at an instant, unless they were since another one, or are not known.
	Seen(ctx context.Context, persona string, at, since time.Time) error
	// Busy says that an adviser was given something, or is rid of it.
	Busy(ctx context.Context, persona string, at time.Time) error
	// OfAdviser are the open conversations that somebody has.
	OfAdviser(ctx context.Context, persona string) ([]Conversation, error)
	// LastAdviser is who answered this person last on this matricola; "" is nobody.
	LastAdviser(ctx context.Context, persona, matricola string) (string, error)

	// Emit puts events into boxes when the transaction ends, each with the next number of its box. Events of type typing
	// are not stored: they are told to those who listen.
	Emit(ctx context.Context, events ...*Event) error
}

// Criteria choose conversations; a zero field asks for nothing.
type Criteria struct {
	Of        string // a person who opened it, or has it, or had it last
	OpenedBy  string // a person
	Adviser   string // a person
	Matricola string
	Sede      string
	State     State
	Topic     Topic
	Draft     string
}

// Texts are the criteria that are asked for.
func (c Criteria) Texts() []string {
	return []string{c.Of, c.OpenedBy, c.Adviser, c.Matricola, c.Sede, string(c.State), string(c.Topic), c.Draft}
}

// Adviser is somebody who answers, and whether they are there.
type Adviser struct {
	Persona   string
	Name      string
	Sede      string
	Topics    []Topic // empty is all
	Capacity  int     // conversations at a time
	Available bool    // on duty: what waits is given to them
	SeenAt    time.Time
	Open      int       // conversations they have now
	IdleSince time.Time // when the last one was given to them, or came to an end
}

// Figures are what a supervisor looks at, over the conversations opened between two instants. Times are nil
// when there is none to speak of.
type Figures struct {
	Opened, Answered, Closed, Abandoned, Waiting, OutOfHours int
	WaitP50, WaitP90, HandleP50, HandleP90                   *time.Duration
	Ratings                                                  [5]int // by score, from 1
	ByTopic                                                  map[Topic]int
}
