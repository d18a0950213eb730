package chat

import (
	"context"
	"errors"
	"slices"
	"time"

	"omnia/archive"
)

// Take gives a conversation of the queue to an adviser who asks for it.
func (s *Service) Take(ctx context.Context, conversation string, adviser Person) (c *Conversation, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *turn) error {
		if err := t.LockQueue(ctx); err != nil {
			return err
		}
		if c, err = t.Lock(ctx, conversation); err != nil {
			return err
		}
		switch {
		case c.State == Closed:
			return ErrClosed
		case c.State == Assigned && c.Adviser == adviser.ID:
			return nil
		case c.State == Assigned:
			return ErrTaken
		}
		if err := t.give(ctx, c, adviser); err != nil {
			return err
		}
		if err := t.alive(ctx, adviser.ID); err != nil {
			return err
		}
		return t.positions(ctx, c.Class)
	})
	return c, err
}

// alive says that an adviser who is on duty is there: taking something is a sign of life.
func (t *turn) alive(ctx context.Context, adviser string) error {
	a, err := t.Adviser(ctx, adviser)
	if errors.Is(err, archive.ErrNotFound) || err == nil && !a.Available {
		return nil
	}
	if err != nil {
		return err
	}
	a.SeenAt = t.now
	return t.SetAdviser(ctx, a)
}

// Transfer is where a conversation shall go: to an adviser, or back to the queue under another topic or office.
type Transfer struct {
	Conversation string
	From         string // the adviser who has it
	To           string // an adviser on duty; "" is the queue
	Topic        Topic  // "" is the same
	Sede         string // "" is the same
	Note         string // for the adviser who gets it
	ClientID     string // of the note
}

// Transfer hands a conversation on, with a note for who gets it. The person is told.
func (s *Service) Transfer(ctx context.Context, in Transfer) (c *Conversation, err error) {
	err = s.transact(ctx, func(ctx context.Context, t *turn) error {
		if err := t.LockQueue(ctx); err != nil {
			return err
		}
		if c, err = t.held(ctx, in.Conversation, in.From); err != nil {
			return err
		}
		if in.Note != "" {
			m, err := t.message(ctx, c, &Sending{By: Person{ID: in.From}, ClientID: in.ClientID, Text: in.Note})
			if err != nil {
				return err
			}
			m.Kind, m.Seq, m.After = Note, 0, c.LastSeq
			if err := t.Add(ctx, m); err != nil {
				return err
			}
		}
		if in.To != "" {
			return t.handOver(ctx, c, in.To)
		}
		if in.Topic != "" {
			c.Topic = in.Topic
		}
		if in.Sede != "" {
			c.Sede = in.Sede
		}
		c.Class, c.Priority = s.Rules().Class(c.Topic, c.Sede)
		c.PassedBy = in.From
		if err := t.requeue(ctx, c, t.now, "transferred"); err != nil {
			return err
		}
		return t.assign(ctx)
	})
	return c, err
}

// handOver gives a conversation to a certain adviser, who must be there.
func (t *turn) handOver(ctx context.Context, c *Conversation, to string) error {
	a, err := t.Adviser(ctx, to)
	if err != nil {
		return err
	}
	if !a.There(t.now, t.service.Rules().Gone()) {
		return ErrAdviserAbsent
	}
	if err := t.notice(ctx, c, "transferred", nil); err != nil {
		return err
	}
	if err := t.give(ctx, c, Person{ID: a.Persona, Name: a.Name}); err != nil {
		return err
	}
	return t.assign(ctx) // who had it has room again
}

// Present says that an adviser is on duty, or is not any more. What they have when they go is put back at the head.
func (s *Service) Present(ctx context.Context, a Adviser) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		if err := t.LockQueue(ctx); err != nil {
			return err
		}
		a.SeenAt = t.now
		if err := t.SetAdviser(ctx, &a); err != nil {
			return err
		}
		if !a.Available {
			if err := t.release(ctx, a.Persona); err != nil {
				return err
			}
		}
		return t.assign(ctx)
	})
}

// Sweep puts back what advisers had who fell silent, gives what waits to those who are there, and tells those who wait
// for too long. It is run every few seconds, by any instance. Who has said to be off duty and took something by hand
// keeps it.
func (s *Service) Sweep(ctx context.Context) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		if err := t.LockQueue(ctx); err != nil {
			return err
		}
		advisers, err := t.Advisers(ctx)
		if err != nil {
			return err
		}
		for i := range advisers {
			if a := &advisers[i]; a.Open > 0 && a.Available && !a.There(t.now, s.Rules().Gone()) {
				if err := t.release(ctx, a.Persona); err != nil {
					return err
				}
			}
		}
		if err := t.assign(ctx); err != nil {
			return err
		}
		return t.longWaits(ctx)
	})
}

// longWaits tells those who have waited for longer than one should what else they can do: once each, while the
// service is open. Who came out of hours knows.
func (t *turn) longWaits(ctx context.Context) error {
	rules := t.service.Rules()
	if open, _ := rules.Open(t.now); !open {
		return nil
	}
	waiting, err := t.Waiting(ctx)
	if err != nil {
		return err
	}
	for i := range waiting {
		if w := &waiting[i]; w.OutOfHours || w.LongWaitAt != nil || t.now.Sub(w.QueuedAt) <= rules.LongestWait() {
			continue
		}
		c, err := t.Lock(ctx, waiting[i].ID)
		if err != nil {
			return err
		}
		if c.State != Queued {
			continue
		}
		now := t.now
		c.LongWaitAt = &now
		if err := t.Update(ctx, c); err != nil {
			return err
		}
		if err := t.notice(ctx, c, "long_wait", nil); err != nil {
			return err
		}
		if err := t.positions(ctx, c.Class, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// There tells whether an adviser is on duty and was heard of lately.
func (a *Adviser) There(now time.Time, gone time.Duration) bool {
	return a.Available && now.Sub(a.SeenAt) < gone
}

// release puts back all that an adviser has, each at the place that it had: that at which it was opened, or, when it was
// transferred, that which it took then. The place of its opening would take it past those who were there before it came.
func (t *turn) release(ctx context.Context, adviser string) error {
	list, err := t.OfAdviser(ctx, adviser)
	if err != nil {
		return err
	}
	for i := range list {
		c, err := t.Lock(ctx, list[i].ID)
		if err != nil {
			return err
		}
		if c.State != Assigned || c.Adviser != adviser {
			continue
		}
		if err := t.requeue(ctx, c, c.QueuedAt, "adviser_gone"); err != nil {
			return err
		}
	}
	return nil
}

// requeue puts a conversation into the queue, at the place of that instant.
func (t *turn) requeue(ctx context.Context, c *Conversation, at time.Time, code string) error {
	if err := t.notice(ctx, c, code, nil); err != nil {
		return err
	}
	c.State, c.QueuedAt, c.AssignedAt = Queued, at, nil
	if err := t.Update(ctx, c); err != nil {
		return err
	}
	if err := t.tell(ctx, c, EventQueue, encode(queueing{Conversation: c.ID, Topic: c.Topic}), c.Adviser); err != nil { // who is rid of it
		return err
	}
	return t.positions(ctx, c.Class)
}

// give makes a conversation that of an adviser, and tells both, and whoever had it before.
func (t *turn) give(ctx context.Context, c *Conversation, a Person) error {
	now, before := t.now, c.Adviser
	c.State, c.Adviser, c.AdviserName, c.AssignedAt, c.PassedBy = Assigned, a.ID, a.Name, &now, ""
	if c.FirstAssignedAt == nil {
		c.FirstAssignedAt = &now
	}
	if err := t.Update(ctx, c); err != nil {
		return err
	}
	if err := t.Busy(ctx, a.ID, now); err != nil {
		return err
	}
	to := c.participants()
	if !slices.Contains(to, before) {
		to = append(to, before)
	}
	return t.tell(ctx, c, EventAssigned, encode(assigning{c.ID, a.ID, a.Name, instant(now)}), to...)
}

// assign gives what waits to those who are free; see [Assign].
func (t *turn) assign(ctx context.Context) error {
	rules := t.service.Rules()
	if open, _ := rules.Open(t.now); !open {
		return nil
	}
	waiting, err := t.Waiting(ctx)
	if err != nil || len(waiting) == 0 {
		return err
	}
	advisers, err := t.Advisers(ctx)
	if err != nil {
		return err
	}
	last := func(c *Conversation) (string, error) { return t.LastAdviser(ctx, c.OpenedBy.ID, c.Matricola) }
	pairs, err := Assign(t.now, waiting, advisers, rules, last)
	if err != nil {
		return err
	}
	moved := map[string]bool{}
	for _, p := range pairs {
		c, err := t.Lock(ctx, p.Conversation.ID)
		if err != nil {
			return err
		}
		if err := t.give(ctx, c, Person{ID: p.Adviser.Persona, Name: p.Adviser.Name}); err != nil {
			return err
		}
		moved[c.Class] = true
	}
	for class := range moved {
		if err := t.positions(ctx, class); err != nil {
			return err
		}
	}
	return nil
}

// positions tells those who wait in a class, or only some of them, where they stand now.
func (t *turn) positions(ctx context.Context, class string, only ...string) error {
	waiting, err := t.Waiting(ctx)
	if err != nil {
		return err
	}
	estimate, err := t.service.estimate(ctx, class)
	if err != nil {
		return err
	}
	position := 0
	for i := range waiting {
		c := &waiting[i]
		if c.Class != class {
			continue
		}
		position++
		if len(only) > 0 && only[0] != c.ID {
			continue
		}
		data := queueing{c.ID, c.Topic, position, estimate, c.LongWaitAt != nil}
		if err := t.tell(ctx, c, EventQueue, encode(data), c.OpenedBy.ID); err != nil {
			return err
		}
	}
	return nil
}
