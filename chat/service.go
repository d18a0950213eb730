package chat

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
)

// Rules are what the edition in force says about the service; see [PlanOf].
type Rules interface {
	// Open tells whether advisers answer at that instant, and else when they will next.
	Open(at time.Time) (open bool, next time.Time)
	// Class is the class of the queue for a topic and an office, and its priority.
	Class(topic Topic, sede string) (class string, priority int)
	// Gone is how long an adviser may be silent before the conversations go back to the queue.
	Gone() time.Duration
	// LongestWait is the wait after which alternatives are offered.
	LongestWait() time.Duration
	// Kept is how long events are kept for streams that broke.
	Kept() time.Duration
	// Retained is how long a conversation is kept after its end.
	Retained() time.Duration
	// Silent is how long nobody may say anything in an open conversation before it is closed; zero is for ever.
	Silent() time.Duration
	// OpenEach is how many open conversations one person may have; zero is as many as they like.
	OpenEach() int
	// Samples are how many waits an estimate needs.
	Samples() int
	// Capacity is how many conversations an adviser may have at a time.
	Capacity() int
	// Replies are the canned replies in a language, their placeholders filled from words.
	Replies(language string, words map[string]string) []Reply
	// Fits tells whether an adviser may be given a conversation of that class after it has waited so long.
	Fits(a *Adviser, c *Conversation, waited time.Duration) bool
	// Notice is a text of the service in a language: closed_hours, transferred, adviser_gone, access_ended, long_wait, silent.
	Notice(code, language string, words map[string]string) string
}

// Reply is a canned reply.
type Reply struct {
	ID    string
	Topic Topic // "" is of all
	Text  string
}

// Service is what can be done with conversations. Who may do it has been asked before. All methods are safe for
// concurrent use.
type Service struct {
	Storage Storage
	Rules   func() Rules     // those in force now
	Now     func() time.Time // the clock
}

// Opening is what a conversation begins with.
type Opening struct {
	Matricola, UnitaProduttiva, Sede string
	Topic                            Topic
	Draft                            string
	By                               Person
	Delegation                       string
	Language                         string // of who opens it
	Notice                           string // version of the privacy notice shown; "" when consent is not given
}

// Open puts a conversation into the queue, at any hour, and gives it to an adviser when one is free.
func (s *Service) Open(ctx context.Context, o Opening) (*Conversation, error) {
	now, rules := s.now(), s.Rules()
	c := &Conversation{
		ID: newID(), Matricola: o.Matricola, UnitaProduttiva: o.UnitaProduttiva, Topic: o.Topic, Sede: o.Sede, Draft: o.Draft,
		OpenedBy: o.By, Delegation: o.Delegation, Language: o.Language, State: Queued, OpenedAt: now, QueuedAt: now,
	}
	c.Class, c.Priority = rules.Class(o.Topic, o.Sede)
	if o.Notice != "" {
		c.Consent = &Consent{GivenAt: now, Notice: o.Notice}
	}
	open, next := rules.Open(now)
	if c.OutOfHours = !open; !open {
		c.ToldOpening = &next
	}
	err := s.transact(ctx, func(ctx context.Context, t *turn) error {
		if err := t.LockQueue(ctx); err != nil {
			return err
		}
		if err := t.roomFor(ctx, o.By.ID); err != nil {
			return err
		}
		if err := t.Insert(ctx, c); err != nil {
			return err
		}
		if err := t.tell(ctx, c, EventOpened, encode(opened{c.ID, c.Matricola, c.Topic, c.Draft, instant(c.OpenedAt)}), o.By.ID); err != nil {
			return err
		}
		if !open {
			if err := t.closedHours(ctx, c, next); err != nil {
				return err
			}
		}
		if err := t.positions(ctx, c.Class, c.ID); err != nil {
			return err
		}
		return t.assign(ctx)
	})
	if err != nil {
		return nil, err
	}
	return s.Storage.Conversation(ctx, c.ID) // as it stands after the assignment
}

// roomFor is ErrTooMany when a person has as many open conversations as one may have. The queue is locked: nobody opens another
// meanwhile.
func (t *turn) roomFor(ctx context.Context, persona string) error {
	most := t.service.Rules().OpenEach()
	if most == 0 {
		return nil
	}
	open := 0
	for _, state := range []State{Queued, Assigned} {
		list, _, err := t.service.Storage.Conversations(ctx, Criteria{OpenedBy: persona, State: state}, archive.Page{Limit: most})
		if err != nil {
			return err
		}
		open += len(list)
	}
	if open >= most {
		return ErrTooMany
	}
	return nil
}

// Sending is a message on its way in.
type Sending struct {
	Conversation string
	By           Person
	ClientID     string // by which it may be sent again
	Text         string
	Attachments  []string // ids of files uploaded before
}

// Send stores a message. The same ClientID of the same author again gives what was stored, and fresh is false; with
// another text it is ErrReused.
func (s *Service) Send(ctx context.Context, in Sending) (m *Message, fresh bool, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *turn) error {
		fresh = false // the transaction may have been begun before
		c, err := t.Lock(ctx, in.Conversation)
		if err != nil {
			return err
		}
		if m, err = t.again(ctx, c, &in, Text); m != nil || err != nil {
			return err
		}
		switch {
		case c.State == Closed:
			return ErrClosed
		case in.By.ID != c.OpenedBy.ID && !c.HeldBy(in.By.ID): // an adviser who has just lost it
			return ErrNotAdviser
		}
		fresh = true
		if m, err = t.message(ctx, c, &in); err != nil {
			return err
		}
		return t.say(ctx, c, m)
	})
	return m, fresh, err
}

// again is the message that was sent under that id before; nil when there is none. Another one is ErrReused.
func (t *turn) again(ctx context.Context, c *Conversation, in *Sending, kind Kind) (*Message, error) {
	m, err := t.Sent(ctx, c.ID, in.By.ID, in.ClientID)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case m.Kind != kind, m.Redaction == nil && !m.same(in):
		return nil, ErrReused
	}
	return m, nil
}

// same tells whether this is what is being sent again.
func (m *Message) same(in *Sending) bool {
	if m.Text != in.Text || len(m.Attachments) != len(in.Attachments) {
		return false
	}
	for i := range m.Attachments {
		if m.Attachments[i].ID != in.Attachments[i] {
			return false
		}
	}
	return true
}

// Note stores what only advisers see; it may be sent again like a message.
func (s *Service) Note(ctx context.Context, in Sending) (m *Message, fresh bool, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *turn) error {
		fresh = false
		c, err := t.Lock(ctx, in.Conversation)
		if err != nil {
			return err
		}
		if m, err = t.again(ctx, c, &in, Note); m != nil || err != nil {
			return err
		}
		if !c.HeldBy(in.By.ID) {
			return ErrNotAdviser
		}
		fresh = true
		if m, err = t.message(ctx, c, &in); err != nil {
			return err
		}
		m.Kind, m.Seq, m.After = Note, 0, c.LastSeq
		if err := t.Add(ctx, m); err != nil {
			return err
		}
		if err := t.heard(ctx, c, in.By.ID); err != nil {
			return err
		}
		return t.tell(ctx, c, EventNote, messageData(c, m), c.Adviser)
	})
	return m, fresh, err
}

// See says how far a participant has got. Marks only grow, and not beyond the last message.
func (s *Service) See(ctx context.Context, conversation, persona string, delivered, read int64) (mark Mark, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *turn) error {
		c, err := t.Lock(ctx, conversation)
		if err != nil {
			return err
		}
		if err := t.heard(ctx, c, persona); err != nil {
			return err
		}
		before, err := markOf(ctx, t, c.ID, persona)
		if err != nil {
			return err
		}
		mark = before
		mark.Read = max(before.Read, min(read, c.LastSeq))
		mark.Delivered = max(before.Delivered, mark.Read, min(delivered, c.LastSeq))
		if mark == before {
			return nil
		}
		if err := t.SetMark(ctx, c.ID, mark); err != nil {
			return err
		}
		return t.tell(ctx, c, EventRead, readData(c, mark), c.participants()...)
	})
	return mark, err
}

func markOf(ctx context.Context, t *turn, conversation, persona string) (Mark, error) {
	marks, err := t.Marks(ctx, conversation)
	for _, m := range marks {
		if m.Persona == persona {
			return m, err
		}
	}
	return Mark{Persona: persona}, err
}

// Type tells the others that somebody is writing. It is never stored.
func (s *Service) Type(ctx context.Context, conversation, persona string) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		c, err := t.Lock(ctx, conversation)
		if err != nil {
			return err
		}
		if c.State == Closed {
			return ErrClosed
		}
		if err := t.heard(ctx, c, persona); err != nil {
			return err
		}
		return t.tell(ctx, c, EventTyping, encode(typing{c.ID, persona}), c.others(persona)...)
	})
}

// Point shows the person a field of the form that they are filling.
func (s *Service) Point(ctx context.Context, conversation, adviser, field, text string) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		c, err := t.held(ctx, conversation, adviser)
		if err != nil {
			return err
		}
		if err := t.heard(ctx, c, adviser); err != nil {
			return err
		}
		return t.tell(ctx, c, EventField, encode(pointing{c.ID, c.Draft, field, text}), c.OpenedBy.ID)
	})
}

// Consent gives, or takes back, the consent to show the case to the adviser.
func (s *Service) Consent(ctx context.Context, conversation, notice string, given bool) (c *Conversation, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *turn) error {
		if c, err = t.Lock(ctx, conversation); err != nil {
			return err
		}
		now := t.now
		switch {
		case given == c.Consent.Stands() && (!given || notice == c.Consent.Notice):
			return nil
		case given:
			if c.Consent != nil { // that it was given before, and to which notice, stays known
				c.Consents = append(c.Consents, *c.Consent)
			}
			c.Consent = &Consent{GivenAt: now, Notice: notice}
		default:
			c.Consent.WithdrawnAt = &now
		}
		if err := t.Update(ctx, c); err != nil {
			return err
		}
		return t.tell(ctx, c, EventContext, contextData(c), c.participants()...)
	})
	return c, err
}

// DraftChanged tells the adviser that the draft of a conversation is another one now, so that the context card is
// read again.
func (s *Service) DraftChanged(ctx context.Context, draft string) error {
	list, _, err := s.Storage.Conversations(ctx, Criteria{Draft: draft, State: Assigned}, archive.Page{Limit: 10})
	if err != nil {
		return err
	}
	for i := range list {
		if err := s.cardChanged(ctx, list[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// cardChanged tells the adviser who may see the context card of a conversation to read it again.
func (s *Service) cardChanged(ctx context.Context, conversation string) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		c, err := t.Lock(ctx, conversation)
		if err != nil || c.State != Assigned || !c.Consent.Stands() {
			return err
		}
		return t.tell(ctx, c, EventContext, contextData(c), c.Adviser)
	})
}

// Close ends a conversation. by is "" when the service does it. Again is no error.
func (s *Service) Close(ctx context.Context, conversation, by, reason string) (c *Conversation, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *turn) error {
		if err := t.LockQueue(ctx); err != nil {
			return err
		}
		if c, err = t.Lock(ctx, conversation); err != nil || c.State == Closed {
			return err
		}
		return t.close(ctx, c, by, reason)
	})
	return c, err
}

// close ends a conversation that is locked, behind the queue.
func (t *turn) close(ctx context.Context, c *Conversation, by, reason string) error {
	waited := c.State == Queued
	now := t.now
	c.State, c.ClosedAt, c.ClosedBy, c.CloseReason = Closed, &now, by, reason
	if err := t.Update(ctx, c); err != nil {
		return err
	}
	if err := t.tell(ctx, c, EventClosed, encode(closing{c.ID, reason, instant(now)}), c.participants()...); err != nil {
		return err
	}
	if waited {
		return t.positions(ctx, c.Class)
	}
	if err := t.Busy(ctx, c.Adviser, now); err != nil {
		return err
	}
	return t.assign(ctx) // whoever had it has room again
}

// The reasons of conversations that the service has closed.
const (
	ReasonAccessEnded = "accesso_cessato" // see [Service.End]
	ReasonSilent      = "inattiva"        // see [Service.EndSilent]
)

// End closes a conversation whose person may not act for the matricola any more. The notice stays in it, for whoever
// may read it; nothing of it is sent to that person.
func (s *Service) End(ctx context.Context, conversation string) error {
	return s.end(ctx, conversation, "access_ended", ReasonAccessEnded, nil)
}

// EndSilent closes a conversation in which nobody has said anything for as long as the rules allow, and tells who is in it. Else it does
// nothing.
func (s *Service) EndSilent(ctx context.Context, c *Conversation) error {
	if !s.isSilent(c) {
		return nil
	}
	return s.end(ctx, c.ID, "silent", ReasonSilent, s.isSilent)
}

func (s *Service) isSilent(c *Conversation) bool {
	allowed := s.Rules().Silent()
	return allowed > 0 && s.now().Sub(c.lastWord()) >= allowed
}

// end closes an open conversation in the name of the service, with a notice, if it is such when it is locked; nil is whatever it is.
func (s *Service) end(ctx context.Context, conversation, notice, reason string, such func(*Conversation) bool) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		if err := t.LockQueue(ctx); err != nil {
			return err
		}
		c, err := t.Lock(ctx, conversation)
		if err != nil || c.State == Closed || such != nil && !such(c) {
			return err
		}
		days := strconv.Itoa(int(s.Rules().Silent() / (24 * time.Hour)))
		if err := t.notice(ctx, c, notice, map[string]string{"matricola": c.Matricola, "giorni": days}); err != nil {
			return err
		}
		return t.close(ctx, c, "", reason)
	})
}

// Rate keeps what the person thought of a conversation that is closed; once.
func (s *Service) Rate(ctx context.Context, conversation string, score int, comment string) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		c, err := t.Lock(ctx, conversation)
		switch {
		case err != nil:
			return err
		case c.State != Closed:
			return ErrNotClosed
		case c.Rating != nil && c.Rating.Score == score && c.Rating.Comment == comment:
			return nil
		case c.Rating != nil:
			return ErrRated
		}
		c.Rating = &Rating{Score: score, Comment: comment, At: t.now}
		if err := t.Update(ctx, c); err != nil {
			return err
		}
		return t.tell(ctx, c, EventRated, encode(rated{c.ID, score, comment}), c.participants()...)
	})
}

// Redact takes the text of a message out, and leaves who did it, when and why. With author, only one of theirs. Under a
// legal hold it is archive.ErrHeld, and nothing is taken out.
func (s *Service) Redact(ctx context.Context, conversation, message, by, author, reason string) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		c, err := t.Lock(ctx, conversation)
		if err != nil {
			return err
		}
		m, err := t.Message(ctx, c.ID, message)
		switch {
		case err != nil:
			return err
		case author != "" && m.Author.ID != author:
			return archive.ErrNotFound
		case m.Redaction != nil:
			return nil
		}
		m.Text, m.Attachments, m.Redaction = "", nil, &Redaction{By: by, At: t.now, Reason: reason}
		if err := t.Redact(ctx, c, m); err != nil {
			return err
		}
		to := c.participants()
		if m.Kind == Note {
			to = []string{c.Adviser}
		}
		return t.tell(ctx, c, EventRedacted, messageData(c, m), to...)
	})
}

// turn is one transaction at one instant.
type turn struct {
	Tx
	now     time.Time
	service *Service
}

func (s *Service) transact(ctx context.Context, do func(ctx context.Context, t *turn) error) error {
	return s.Storage.Transact(ctx, func(ctx context.Context, tx Tx) error {
		return do(ctx, &turn{Tx: tx, now: s.now(), service: s})
	})
}

// held is a conversation, locked, that this adviser has.
func (t *turn) held(ctx context.Context, conversation, adviser string) (*Conversation, error) {
	c, err := t.Lock(ctx, conversation)
	switch {
	case err != nil:
		return nil, err
	case c.State == Closed:
		return nil, ErrClosed
	case c.State != Assigned || c.Adviser != adviser:
		return nil, ErrNotAdviser
	}
	return c, nil
}

// message is a message with the next number of its conversation, which is locked.
func (t *turn) message(ctx context.Context, c *Conversation, in *Sending) (*Message, error) {
	m := &Message{
		ID: newID(), Conversation: c.ID, Seq: c.LastSeq + 1, ClientID: in.ClientID, Kind: Text, Author: in.By, Text: in.Text, SentAt: t.now,
	}
	if len(in.Attachments) == 0 {
		return m, nil
	}
	var err error
	if m.Attachments, err = t.Uploaded(ctx, c.ID, in.By.ID, in.Attachments); errors.Is(err, archive.ErrNotFound) {
		return nil, ErrNoUpload
	}
	return m, err
}

// say stores what somebody said.
func (t *turn) say(ctx context.Context, c *Conversation, m *Message) error {
	if err := t.Add(ctx, m); err != nil {
		return err
	}
	c.LastSeq, c.LastWordAt = m.Seq, &m.SentAt
	if m.Author.ID == c.Adviser && c.FirstAnswerAt == nil {
		c.FirstAnswerAt = &m.SentAt
	}
	if err := t.Update(ctx, c); err != nil {
		return err
	}
	if err := t.SetMark(ctx, c.ID, Mark{m.Author.ID, m.Seq, m.Seq}); err != nil { // one has read what one wrote
		return err
	}
	if err := t.heard(ctx, c, m.Author.ID); err != nil {
		return err
	}
	return t.tell(ctx, c, EventMessage, messageData(c, m), c.participants()...)
}

// notice says something in the name of the service, in the language of who opened the conversation.
func (t *turn) notice(ctx context.Context, c *Conversation, code string, words map[string]string) error {
	m := &Message{
		ID: newID(), Conversation: c.ID, After: c.LastSeq, Kind: Notice, Text: t.service.Rules().Notice(code, c.Language, words), SentAt: t.now,
	}
	if err := t.Add(ctx, m); err != nil {
		return err
	}
	return t.tell(ctx, c, EventNotice, messageData(c, m), c.participants()...)
}

// tell puts an event into the boxes of these people.
func (t *turn) tell(ctx context.Context, c *Conversation, kind string, data json.RawMessage, to ...string) error {
	events := make([]*Event, 0, len(to))
	for _, p := range to {
		if p != "" {
			events = append(events, &Event{
				Persona: p, AsAdviser: p != c.OpenedBy.ID, Type: kind, Conversation: c.ID, Matricola: c.Matricola, Data: data, At: t.now,
			})
		}
	}
	return t.Emit(ctx, events...)
}

// participants are who gets the events of a conversation: each once.
func (c *Conversation) participants() []string {
	if !c.HeldBy(c.Adviser) || c.Adviser == c.OpenedBy.ID {
		return []string{c.OpenedBy.ID}
	}
	return []string{c.OpenedBy.ID, c.Adviser}
}

func (c *Conversation) others(persona string) (list []string) {
	for _, p := range c.participants() {
		if p != persona {
			list = append(list, p)
		}
	}
	return list
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// newID is a UUID of version 7: ids sort by the time they were made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
