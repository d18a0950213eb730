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
		if err := t.attends(ctx, adviser); err != nil {
			return err
		}
		return t.positions(ctx, c.Class)
	})
	return c, err
}

// attends says that an adviser who has taken something by hand is there, on duty or not: from now on they are missed when
// they fall silent.
func (t *turn) attends(ctx context.Context, p Person) error {
	a, err := t.Adviser(ctx, p.ID)
	if errors.Is(err, archive.ErrNotFound) {
		a, err = &Adviser{Persona: p.ID, Name: p.Name, Sede: p.Sede, Capacity: t.service.Rules().Capacity()}, nil
	}
	if err != nil {
		return err
	}
	a.SeenAt = t.now
	return t.SetAdviser(ctx, a)
}

// heard says that somebody does something in a conversation: of its adviser it is a sign of life, as good as saying to be
// present. It is written down a few times in the span of silence that is allowed, not at each word.
func (t *turn) heard(ctx context.Context, c *Conversation, persona string) error {
	if c.State != Assigned || c.Adviser != persona {
		return nil
	}
	return t.Seen(ctx, persona, t.now, t.now.Add(-t.service.Rules().Gone()/4))
}

// Listens says that somebody's stream is open. For an adviser who is off duty and has taken something by hand that is a sign of
// life; who is on duty has a client that says to be present, and its silence tells more.
func (s *Service) Listens(ctx context.Context, persona string) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		a, err := t.Adviser(ctx, persona)
		if errors.Is(err, archive.ErrNotFound) || err == nil && a.Available {
			return nil
		}
		if err != nil {
			return err
		}
		return t.Seen(ctx, persona, t.now, t.now.Add(-s.Rules().Gone()/4))
	})
}

// Transfer is where a conversation shall go: to an adviser, or back to the queue under another topic or office.
type Transfer struct {
	Conversation string
	From         string // the adviser who has it
	FromName     string
	To           string // an adviser on duty who has room; "" is the queue
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
			m, err := t.message(ctx, c, &Sending{By: Person{ID: in.From, Name: in.FromName}, ClientID: in.ClientID, Text: in.Note})
			if err != nil {
				return err
			}
			m.Kind, m.Seq, m.After = Note, 0, c.LastSeq
			if err := t.Add(ctx, m); err != nil {
				return err
			}
		}
		if in.Topic != "" {
			c.Topic = in.Topic
		}
		if in.Sede != "" {
			c.Sede = in.Sede
		}
		c.Class, c.Priority = s.Rules().Class(c.Topic, c.Sede)
		if in.To != "" {
			return t.handOver(ctx, c, in.To)
		}
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
	if !a.There(t.now, t.service.Rules().Gone()) || a.Persona == c.OpenedBy.ID {
		return ErrAdviserAbsent
	}
	if a.Open >= a.Capacity { // beyond it one goes by one's own choice only; see Take
		return ErrAdviserFull
	}
	if err := t.notice(ctx, c, "transferred", nil); err != nil {
		return err
	}
	if err := t.give(ctx, c, Person{ID: a.Persona, Name: a.Name}); err != nil {
		return err
	}
	return t.assign(ctx) // who had it has room again
}

// Present says that an adviser is on duty, or is not. Saying it again is a sign of life, also of who is off duty and
// took something by hand. What they have when they go off duty is put back at the head.
func (s *Service) Present(ctx context.Context, a Adviser) error {
	return s.transact(ctx, func(ctx context.Context, t *turn) error {
		if err := t.LockQueue(ctx); err != nil {
			return err
		}
		was, err := t.onDuty(ctx, a.Persona)
		if err != nil {
			return err
		}
		if was && !a.Available {
			if err := t.release(ctx, a.Persona); err != nil {
				return err
			}
		}
		a.SeenAt = t.now // behind the conversations: whoever has one of those locked may wait for this row
		if err := t.SetAdviser(ctx, &a); err != nil {
			return err
		}
		if err := t.assign(ctx); err != nil || was == a.Available {
			return err
		}
		return t.allPositions(ctx) // with one more, or one less, to answer the wait is another
	})
}

// onDuty tells whether somebody has said to be on duty.
func (t *turn) onDuty(ctx context.Context, persona string) (bool, error) {
	advisers, err := t.Advisers(ctx)
	for i := range advisers {
		if advisers[i].Persona == persona {
			return advisers[i].Available, err
		}
	}
	return false, err
}

// Sweep puts back what advisers had who fell silent, on duty or not, gives what waits to those who are there, and tells
// those who wait for too long. It is run every few seconds, by any instance.
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
			if a := &advisers[i]; a.Open > 0 && t.now.Sub(a.SeenAt) >= s.Rules().Gone() {
				if err := t.release(ctx, a.Persona); err != nil {
					return err
				}
			}
		}
		if err := t.assign(ctx); err != nil {
			return err
		}
		if open, next := s.Rules().Open(t.now); !open {
			return t.closedOn(ctx, next)
		}
		return t.longWaits(ctx)
	})
}

// closedOn tells those who wait while the service has closed on them that they are answered when it opens again: once for
// each opening.
func (t *turn) closedOn(ctx context.Context, next time.Time) error {
	return t.eachWaiting(ctx, func(c *Conversation) bool { return c.ToldOpening == nil || !c.ToldOpening.Equal(next) },
		func(ctx context.Context, c *Conversation) error {
			c.ToldOpening = &next
			if err := t.Update(ctx, c); err != nil {
				return err
			}
			return t.closedHours(ctx, c, next)
		})
}

// closedHours says when the service opens again.
func (t *turn) closedHours(ctx context.Context, c *Conversation, next time.Time) error {
	return t.notice(ctx, c, "closed_hours", map[string]string{"next": next.UTC().Format(time.RFC3339)})
}

// longWaits tells those who have waited for longer than one should what else they can do: once each, while the
// service is open.
func (t *turn) longWaits(ctx context.Context) error {
	longest := t.service.Rules().LongestWait()
	return t.eachWaiting(ctx, func(c *Conversation) bool { return c.LongWaitAt == nil && t.now.Sub(c.expectedSince()) > longest },
		func(ctx context.Context, c *Conversation) error {
			now := t.now
			c.LongWaitAt = &now
			if err := t.Update(ctx, c); err != nil {
				return err
			}
			if err := t.notice(ctx, c, "long_wait", nil); err != nil {
				return err
			}
			return t.positions(ctx, c.Class, c.ID)
		})
}

// expectedSince is since when the person may expect to be answered: from the opening of which they were told, when they wrote
// before it.
func (c *Conversation) expectedSince() time.Time {
	if c.ToldOpening != nil && c.ToldOpening.After(c.QueuedAt) {
		return *c.ToldOpening
	}
	return c.QueuedAt
}

// eachWaiting does something with the conversations of the queue that are such, locked.
func (t *turn) eachWaiting(ctx context.Context, such func(*Conversation) bool, do func(context.Context, *Conversation) error) error {
	waiting, err := t.Waiting(ctx)
	if err != nil {
		return err
	}
	for i := range waiting {
		if !such(&waiting[i]) {
			continue
		}
		c, err := t.Lock(ctx, waiting[i].ID)
		if err != nil {
			return err
		}
		if c.State != Queued {
			continue
		}
		if err := do(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// There tells whether an adviser is on duty and was heard of lately.
func (a *Adviser) There(now time.Time, gone time.Duration) bool {
	return a.Available && now.Sub(a.SeenAt) < gone
}

// release puts back all that an adviser has, each at the place it had when it was opened.
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
		if err := t.requeue(ctx, c, c.OpenedAt, "adviser_gone"); err != nil {
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
	return t.tell(ctx, c, EventAssigned, encode(assigning{c.ID, c.Topic, a.ID, a.Name, instant(now)}), to...)
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
	list, err := t.service.Standings(ctx, class)
	if err != nil {
		return err
	}
	for _, at := range list {
		if len(only) > 0 && !slices.Contains(only, at.ID) {
			continue
		}
		data := queueing{at.ID, at.Topic, at.Position, at.Wait, at.Alternatives}
		if err := t.tell(ctx, at.Conversation, EventQueue, encode(data), at.OpenedBy.ID); err != nil {
			return err
		}
	}
	return nil
}

// allPositions tells all who wait where they stand now.
func (t *turn) allPositions(ctx context.Context) error {
	waiting, err := t.Waiting(ctx)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	for i := range waiting {
		class := waiting[i].Class
		if told[class] {
			continue
		}
		told[class] = true
		if err := t.positions(ctx, class); err != nil {
			return err
		}
	}
	return nil
}
