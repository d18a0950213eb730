package store

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"omnia/chat"
)

// What is put into boxes is told at once to those who listen in this process, and on PostgreSQL to other
// instances by NOTIFY. A notification is a hint, sent after the commit and for many commits together: a
// transaction that notifies takes a lock of the whole server while it commits. One that is lost is made up
// for by the slow look at the boxes that grew.

// channel is the name of the notifications.
const channel = "omnia_chat"

// signals are those who listen, and what is on its way to other instances.
type signals struct {
	mu        sync.Mutex
	instance  string
	listeners map[int]func(chat.Signal)
	next      int
	notify    func(payloads []string) error // nil: there are no other instances
	waiting   map[string]bool               // persons
	passing   []*chat.Event                 // that are not stored
	sending   bool
	idle      sync.WaitGroup
}

// told passes events on. It is called after their commit.
func (g *signals) told(events []*chat.Event) {
	if len(events) == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, hear := range g.listeners {
		for _, e := range events {
			hear(chat.Signal{Persona: e.Persona, Event: e})
		}
	}
	if g.notify == nil {
		return
	}
	for _, e := range events {
		if e.Type == chat.EventTyping {
			g.passing = append(g.passing, e)
		} else {
			if g.waiting == nil {
				g.waiting = map[string]bool{}
			}
			g.waiting[e.Persona] = true
		}
	}
	if !g.sending {
		g.sending = true
		g.idle.Go(g.send)
	}
}

// send notifies until nothing is left.
func (g *signals) send() {
	for {
		g.mu.Lock()
		persons, passing := g.waiting, g.passing
		g.waiting, g.passing = nil, nil
		if len(persons) == 0 && len(passing) == 0 {
			g.sending = false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		_ = g.notify(g.payloads(persons, passing)) // a hint that is lost is found by the slow look
	}
}

// notification is the payload.
type notification struct {
	From    string      `json:"i"`
	Persons []string    `json:"p,omitempty"`
	Event   *chat.Event `json:"e,omitempty"`
}

// payloadPersons keeps a payload well under the 8,000 bytes that PostgreSQL takes.
const payloadPersons = 60

func (g *signals) payloads(persons map[string]bool, passing []*chat.Event) (list []string) {
	add := func(n notification) {
		n.From = g.instance
		if text, err := json.Marshal(n); err == nil && len(text) < 8000 {
			list = append(list, string(text))
		}
	}
	var some []string
	for p := range persons {
		if some = append(some, p); len(some) == payloadPersons {
			add(notification{Persons: some})
			some = nil
		}
	}
	if len(some) > 0 {
		add(notification{Persons: some})
	}
	for _, e := range passing {
		add(notification{Event: e})
	}
	return list
}

// Close waits for what is being sent.
func (g *signals) Close() error {
	g.idle.Wait()
	return nil
}

// Listen tells what is put into boxes until ctx ends; see chat.Storage. hear must not block, and must not call back.
func (s chatStore) Listen(ctx context.Context, hear func(chat.Signal)) error {
	g := &s.signals
	g.mu.Lock()
	if g.listeners == nil {
		g.listeners = map[int]func(chat.Signal){}
	}
	me := g.next
	g.next++
	g.listeners[me] = hear
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		delete(g.listeners, me)
		g.mu.Unlock()
	}()
	if s.dial == nil {
		<-ctx.Done()
		return nil
	}
	for ctx.Err() == nil {
		if err := s.hearOthers(ctx, hear); err != nil && ctx.Err() == nil {
			s.warn(ctx, "listen for the chat", err)
		}
		select { // the connection broke: again, but not in a hurry
		case <-ctx.Done():
		case <-time.After(relisten):
		}
	}
	return nil
}

// relisten is how long to wait before a connection that broke is made again.
const relisten = 500 * time.Millisecond

// hearOthers listens on a connection of its own until it breaks.
func (s chatStore) hearOthers(ctx context.Context, hear func(chat.Signal)) error {
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	hear(chat.Signal{}) // what came before is not known
	for {
		n, err := c.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var what notification
		if json.Unmarshal([]byte(n.Payload), &what) != nil || what.From == s.signals.instance {
			continue
		}
		for _, p := range what.Persons {
			hear(chat.Signal{Persona: p})
		}
		if what.Event != nil {
			hear(chat.Signal{Persona: what.Event.Persona, Event: what.Event})
		}
	}
}

// connectOthers prepares what a PostgreSQL store needs to speak with other instances.
func (s *Store) connectOthers(config *pgx.ConnConfig) {
	s.signals.instance = uuid.NewString()
	s.dial = func(ctx context.Context) (*pgx.Conn, error) { return pgx.ConnectConfig(ctx, config.Copy()) }
	s.signals.notify = func(payloads []string) error {
		ctx, cancel := context.WithTimeout(context.Background(), s.opt.ConnectTimeout)
		defer cancel()
		for _, p := range payloads {
			if _, err := s.pool.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, p); err != nil {
				return err
			}
		}
		return nil
	}
}
