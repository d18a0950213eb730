// Package chattest tries the queue of INFO CIG: a model of it that is too simple to be wrong, sequences of what people
// may do, and a storage in memory on which many of them run in little time. The stores run some on theirs.
package chattest

import (
	"context"
	"slices"
	"strings"
	"time"

	"omnia/archive"
	"omnia/chat"
)

// Memory is a storage for one goroutine, as far as the queue needs one. What it lacks panics.
type Memory struct {
	chat.Storage
	conversations []*chat.Conversation // in the order in which they were opened
	advisers      []*chat.Adviser
	events        []*chat.Event
}

// memoryTx is a transaction on it.
type memoryTx struct {
	chat.Tx
	m *Memory
}

// Transact runs do, and puts everything back when it fails. As on a database, what is read meanwhile is read within it.
func (m *Memory) Transact(ctx context.Context, do func(ctx context.Context, tx chat.Tx) error) error {
	before := &Memory{events: slices.Clone(m.events)}
	for _, c := range m.conversations {
		before.conversations = append(before.conversations, clone(c))
	}
	for _, a := range m.advisers {
		before.advisers = append(before.advisers, clone(a))
	}
	err := do(ctx, memoryTx{m: m})
	if err != nil {
		*m = *before
	}
	return err
}

func clone[T any](v *T) *T {
	c := *v
	return &c
}

// Conversation is one by its id.
func (m *Memory) Conversation(_ context.Context, id string) (*chat.Conversation, error) {
	for _, c := range m.conversations {
		if c.ID == id {
			return clone(c), nil
		}
	}
	return nil, archive.ErrNotFound
}

// Conversations are those in a state that somebody opened: no more is asked for here.
func (m *Memory) Conversations(_ context.Context, what chat.Criteria, page archive.Page) (list []chat.Conversation, more bool, err error) {
	for _, c := range m.conversations {
		if c.OpenedBy.ID == what.OpenedBy && c.State == what.State && len(list) < page.Limit {
			list = append(list, *c)
		}
	}
	return list, false, nil
}

// Waiting is the queue.
func (m *Memory) Waiting(context.Context) (list []chat.Conversation, err error) {
	for _, c := range m.conversations {
		if c.State == chat.Queued {
			list = append(list, *c)
		}
	}
	slices.SortFunc(list, func(a, b chat.Conversation) int {
		if a.Priority != b.Priority {
			return a.Priority - b.Priority
		}
		if order := a.QueuedAt.Compare(b.QueuedAt); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

// Advisers are all who ever were on duty.
func (m *Memory) Advisers(context.Context) (list []chat.Adviser, err error) {
	for _, a := range m.advisers {
		shown := *a
		for _, c := range m.conversations {
			if c.State == chat.Assigned && c.Adviser == a.Persona {
				shown.Open++
			}
		}
		list = append(list, shown)
	}
	return list, nil
}

// Handled are none: estimates are tried elsewhere.
func (m *Memory) Handled(context.Context, string, int) ([]time.Duration, error) { return nil, nil }

// Events are those of a box.
func (m *Memory) Events(_ context.Context, persona string, after int64, limit int) (list []chat.Event, err error) {
	n := int64(0)
	for _, e := range m.events {
		if e.Persona == persona {
			if n++; n > after && len(list) < limit {
				e.N = n
				list = append(list, *e)
			}
		}
	}
	return list, nil
}

// The transaction.

func (t memoryTx) LockQueue(context.Context) error                          { return nil }
func (t memoryTx) Waiting(ctx context.Context) ([]chat.Conversation, error) { return t.m.Waiting(ctx) }
func (t memoryTx) Advisers(ctx context.Context) ([]chat.Adviser, error)     { return t.m.Advisers(ctx) }
func (t memoryTx) Add(context.Context, *chat.Message) error                 { return nil }

func (t memoryTx) Lock(ctx context.Context, id string) (*chat.Conversation, error) {
	return t.m.Conversation(ctx, id)
}

func (t memoryTx) Insert(_ context.Context, c *chat.Conversation) error {
	t.m.conversations = append(t.m.conversations, clone(c))
	return nil
}

func (t memoryTx) Update(_ context.Context, c *chat.Conversation) error {
	c.Version++
	for i, old := range t.m.conversations {
		if old.ID == c.ID {
			t.m.conversations[i] = clone(c)
		}
	}
	return nil
}

func (t memoryTx) Adviser(ctx context.Context, persona string) (*chat.Adviser, error) {
	list, err := t.m.Advisers(ctx)
	for i := range list {
		if list[i].Persona == persona {
			return &list[i], err
		}
	}
	return nil, archive.ErrNotFound
}

func (t memoryTx) SetAdviser(_ context.Context, a *chat.Adviser) error {
	kept := clone(a)
	kept.Open = 0
	for i, old := range t.m.advisers {
		if old.Persona == a.Persona {
			kept.IdleSince = old.IdleSince
			t.m.advisers[i] = kept
			return nil
		}
	}
	kept.IdleSince = a.SeenAt
	t.m.advisers = append(t.m.advisers, kept)
	return nil
}

func (t memoryTx) Busy(_ context.Context, persona string, at time.Time) error {
	for _, a := range t.m.advisers {
		if a.Persona == persona {
			a.IdleSince = at
		}
	}
	return nil
}

func (t memoryTx) OfAdviser(_ context.Context, persona string) (list []chat.Conversation, err error) {
	for _, c := range t.m.conversations {
		if c.State == chat.Assigned && c.Adviser == persona {
			list = append(list, *c)
		}
	}
	return list, nil
}

func (t memoryTx) LastAdviser(_ context.Context, persona, matricola string) (last string, err error) {
	for _, c := range t.m.conversations {
		if c.OpenedBy.ID == persona && c.Matricola == matricola && c.Adviser != "" {
			last = c.Adviser
		}
	}
	return last, nil
}

func (t memoryTx) Emit(_ context.Context, events ...*chat.Event) error {
	t.m.events = append(t.m.events, events...)
	return nil
}
