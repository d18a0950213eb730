package api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/chat"
	"omnia/internal/rome"
	"omnia/policies"
)

// ChatKeeper looks after the conversations of all: it gives those that wait to advisers, takes back what advisers
// had who are gone, ends those whose person may not act any more, and forgets events and conversations that are too
// old. Every
// instance runs one; what one has done, the others find done.
type ChatKeeper struct {
	server  *server
	stop    context.CancelFunc
	done    sync.WaitGroup
	garbage int // that may be there now, in hundredths; 0 is not set yet
}

// The rhythm of the keeper.
const (
	keepEvery    = 3 * time.Second
	purgeEvery   = time.Hour
	purgeAtOnce  = 5000           // events
	forgetAtOnce = 100            // conversations
	unsentKept   = 24 * time.Hour // of a file that no message took
)

// NewChatKeeper is a keeper for the chat of a configuration; see [New].
func NewChatKeeper(cfg Config) *ChatKeeper {
	return &ChatKeeper{server: &server{Config: cfg.withDefaults()}}
}

// Start begins, and wakes the streams of this instance. Without a chat there is nothing to do.
func (k *ChatKeeper) Start() {
	if k.server.Chat == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	k.stop = cancel
	if k.server.Hub != nil {
		k.done.Go(func() { k.server.Hub.Run(ctx) })
	}
	k.done.Go(func() { k.run(ctx) })
}

// Stop ends it. Streams must have been ended before, by [chat.Hub.Close].
func (k *ChatKeeper) Stop() {
	if k.stop != nil {
		k.stop()
		k.done.Wait()
	}
}

func (k *ChatKeeper) run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	var purged time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		k.attempt(ctx, "ending conversations", k.endOld)
		k.attempt(ctx, "sweeping the queue", k.server.Chat.Sweep)
		k.tidy()
		if now := k.server.Now(); now.Sub(purged) > purgeEvery &&
			k.attempt(ctx, "purging events", k.purge) && k.attempt(ctx, "forgetting old conversations", k.forget) {
			purged = now // else there is more to do than one attempt has time for
		}
	}
}

// tidy has garbage collected sooner while many streams are open: they hold much memory for long and make little of it, and the collector
// would let garbage take as much again. With so much that is alive it does not run more often than it does without them. Who sets GOGC
// decides otherwise.
func (k *ChatKeeper) tidy() {
	if k.server.Hub == nil || os.Getenv("GOGC") != "" {
		return
	}
	percent := usualGarbage
	if k.server.Hub.Streams() >= manyStreams {
		percent = leastGarbage
	}
	if percent != k.garbage {
		k.garbage = percent
		debug.SetGCPercent(percent)
	}
}

// How much garbage there may be, in hundredths of what is alive.
const (
	usualGarbage = 100
	leastGarbage = 40
	manyStreams  = 1000
)

// attempt does one thing within the time of a request; what fails is tried again the next time.
func (k *ChatKeeper) attempt(ctx context.Context, what string, do func(context.Context) error) bool {
	bounded, cancel := context.WithTimeout(ctx, k.server.Limits.Time)
	defer cancel()
	err := do(bounded)
	if err != nil && ctx.Err() == nil {
		k.server.Log.WarnContext(ctx, "chat: "+what, "error", err)
	}
	return err == nil
}

func (k *ChatKeeper) purge(ctx context.Context) error {
	before := k.server.Now().Add(-k.server.Chat.Rules().Kept())
	for {
		n, err := k.server.Chat.Storage.Purge(ctx, before, purgeAtOnce)
		if err != nil || n < purgeAtOnce {
			return err
		}
	}
}

// forget deletes conversations whose time is over, as the rules say how long that is, unless a legal hold stands. What was
// deleted, when, and under which rule stays in the record of accesses, which is part of the log.
func (k *ChatKeeper) forget(ctx context.Context) error {
	for {
		n := 0
		err := k.server.Archive.Within(ctx, func(ctx context.Context) error {
			now := k.server.Now()
			list, err := k.server.Chat.Storage.Forget(ctx, now.Add(-k.server.Chat.Rules().Retained()), now.Add(-unsentKept), forgetAtOnce)
			if n = len(list); err != nil || n == 0 {
				return err
			}
			return k.server.Archive.Record(ctx, k.forgotten(now, list)...)
		})
		if err != nil || n < forgetAtOnce {
			return err
		}
	}
}

// forgotten are the lines of the record about conversations that were deleted.
func (k *ChatKeeper) forgotten(now time.Time, list []chat.Forgotten) []archive.Access {
	lines := make([]archive.Access, len(list))
	for i, f := range list {
		lines[i] = archive.Access{
			ID: uuid.Must(uuid.NewV7()).String(), Instant: now, Ruolo: roleService, Azione: "chat.dimentica", Matricola: f.Matricola, Esito: outcomeAllow,
			Oggetto: fmt.Sprintf("conversazione %s cancellata a fine conservazione: aperta il %s, chiusa il %s, messaggi %d, allegati %d",
				f.ID, rome.Day(f.OpenedAt), rome.Day(f.ClosedAt), f.Messages, f.Attachments),
			Motivo: chat.RetentionRule(k.server.Decider.Edition(), rome.Day(now)),
		}
	}
	return lines
}

// roleService is the role of what the service does by itself.
const roleService = "servizio"

// endOld ends the open conversations of people who may not act for the matricola any more, and those in which nobody has said anything
// for too long. One that can't be judged does not
// keep the others from being ended.
func (k *ChatKeeper) endOld(ctx context.Context) (failed error) {
	for _, state := range []chat.State{chat.Queued, chat.Assigned} {
		for page := (archive.Page{Limit: maxLimit}); ; {
			open, more, err := k.server.Chat.Storage.Conversations(ctx, chat.Criteria{State: state}, page)
			if err != nil {
				return errors.Join(failed, err)
			}
			for i := range open {
				failed = errors.Join(failed, k.endIfOver(ctx, &open[i]))
			}
			if !more {
				break
			}
			page.After = open[len(open)-1].ID
		}
	}
	return failed
}

func (k *ChatKeeper) endIfOver(ctx context.Context, c *chat.Conversation) error {
	may, err := k.server.mayStill(ctx, c)
	switch {
	case err != nil:
		return err
	case may:
		return k.server.Chat.EndSilent(ctx, c)
	}
	return k.server.Chat.End(ctx, c.ID)
}

// mayStill tells whether who opened a conversation may act for its matricola now.
func (s *server) mayStill(ctx context.Context, c *chat.Conversation) (bool, error) {
	v, _, err := s.ground(ctx, c)
	return err == nil && v.Allow, err
}

// ground is what the policies say now of who opened a conversation, and what binds that person to its matricola.
func (s *server) ground(ctx context.Context, c *chat.Conversation) (v policies.Verdict, sub archive.Subject, err error) {
	if sub, err = s.Archive.Subject(ctx, c.OpenedBy.CodiceFiscale, c.Matricola); err != nil {
		return v, sub, err
	}
	v, err = s.Policies.Decide(ctx, policies.Question{
		Azione: "chat.usa", Oggi: rome.Day(s.Now()).String(), Sviluppo: s.Development, Matricola: c.Matricola, Sede: sub.Sede, Bonds: bondsOf(sub.Deleghe),
		Person: &policies.Person{Subject: c.OpenedBy.ID, CodiceFiscale: c.OpenedBy.CodiceFiscale, Ruoli: c.OpenedBy.Roles, Sede: c.OpenedBy.Sede,
			Livello: c.OpenedBy.Level, Profilo: c.OpenedBy.Profile},
	})
	return v, sub, err
}
