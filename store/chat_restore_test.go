package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/chat"
	"omnia/store"
	"omnia/store/storetest"
)

// room is the chat of one database.
type room struct {
	*testing.T
	chat *chat.Service
}

func newRoom(t *testing.T, dsn string) room {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return room{t, storetest.ChatService(s)}
}

// say has somebody send so many messages.
func (r room) say(conversation, persona string, n int) {
	r.Helper()
	for range n {
		if _, _, err := r.chat.Send(r.Context(), chat.Sending{Conversation: conversation, By: chat.Person{ID: persona}, ClientID: uuid.NewString(), Text: "testo"}); err != nil {
			r.Fatal(err)
		}
	}
}

// end is where a box ends: the id of its last event.
func (r room) end(persona string) chat.Cursor {
	r.Helper()
	box, err := r.chat.Storage.Box(r.Context(), persona)
	if err != nil {
		r.Fatal(err)
	}
	return box.End()
}

// follows wants a client with that id to go on from where it is.
func (r room) follows(persona string, id chat.Cursor) {
	r.Helper()
	if at, resync, err := chat.Follow(r.Context(), r.chat.Storage, persona, id.String()); at != id || resync || err != nil {
		r.Errorf("%s has seen %v and is sent to %v, to read again: %v, %v", persona, id, at, resync, err)
	}
}

// lost wants a client with that id to read again, whether it comes with it or was there all the while.
func (r room) lost(persona string, id chat.Cursor) {
	r.Helper()
	if at, resync, err := chat.Follow(r.Context(), r.chat.Storage, persona, id.String()); at != r.end(persona) || !resync || err != nil {
		r.Errorf("%s has seen %v and goes on after %v, to read again: %v, %v", persona, id, at, resync, err)
	}
	if events, err := r.stream(persona, id); !errors.Is(err, chat.ErrLost) {
		r.Errorf("a stream of %s at %v goes on with %v %v", persona, id, events, err)
	}
}

// stream is what a stream that is at that place finds.
func (r room) stream(persona string, at chat.Cursor) ([]chat.Event, error) {
	r.Helper()
	sub, err := chat.NewHub(r.chat.Storage, nil, time.Now).Subscribe(persona, at)
	if err != nil {
		r.Fatal(err)
	}
	defer sub.Close()
	return sub.Ready(r.Context())
}

// TestAStreamAfterARestore takes a backup, lets a client see more than the backup has, and gives those numbers again in
// the restored database. The client must be told to read again, however far the numbers have got by then; who had seen no
// more than the backup goes on as if nothing had happened.
func TestAStreamAfterARestore(t *testing.T) {
	t.Parallel()
	for _, db := range copies {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			dsn := db.dsn(t)
			before := newRoom(t, dsn)
			k, err := before.chat.Open(t.Context(), chat.Opening{Matricola: "4900000001", Topic: chat.TopicCigo, By: chat.Person{ID: "rossi"}})
			if err != nil {
				t.Fatal(err)
			}
			before.say(k.ID, "rossi", 3)
			kept, empty := before.end("rossi"), before.end("verdi") // one box has nothing yet
			backup := db.copy(t, dsn)
			before.say(k.ID, "rossi", 5)
			seen := before.end("rossi")

			after := newRoom(t, backup)
			after.follows("verdi", empty)
			for range 8 { // less than was lost, as much, more
				after.lost("rossi", seen)
				after.follows("rossi", kept)
				after.say(k.ID, "rossi", 1)
			}
			after.lost("rossi", seen)
			if events, err := after.stream("rossi", kept); err != nil || len(events) != 8 || events[0].N != kept.N+1 {
				t.Errorf("who had seen what the backup has goes on with %v %v", events, err)
			}
			if n, err := after.chat.Storage.Purge(t.Context(), time.Now().Add(time.Hour), int(kept.N)); err != nil || n != kept.N {
				t.Fatalf("purged %d: %v", n, err)
			}
			after.follows("rossi", kept) // its row is gone, its mark is not
			after.lost("rossi", chat.Cursor{Mark: fmt.Sprintf("%012d", 0), N: kept.N})
		})
	}
}

// TestARestoreUnderAStream puts a box back to what it was while a stream is open on it and the service runs on: what is said after
// that has numbers that the stream has had already. It must end, not go on with the numbers that it is waiting for.
func TestARestoreUnderAStream(t *testing.T) {
	t.Parallel()
	for _, db := range copies {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			dsn := db.dsn(t)
			r := newRoom(t, dsn)
			k, err := r.chat.Open(t.Context(), chat.Opening{Matricola: "4900000001", Topic: chat.TopicCigo, By: chat.Person{ID: "rossi"}})
			if err != nil {
				t.Fatal(err)
			}
			kept := r.end("rossi")
			r.say(k.ID, "rossi", 5)
			ctx, cancel := context.WithCancel(t.Context())
			hub, ended := chat.NewHub(r.chat.Storage, nil, time.Now), make(chan struct{})
			go func() { defer close(ended); hub.Run(ctx) }()
			defer func() { cancel(); <-ended }()
			sub, err := hub.Subscribe("rossi", r.end("rossi"))
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			if events, err := sub.Ready(t.Context()); err != nil || len(events) != 0 {
				t.Fatalf("before the restore: %v %v", events, err)
			}
			source := plainDSN(dsn)
			if db.driver == "sqlite" {
				source += "?_pragma=busy_timeout(10000)"
			}
			back := plain(t, db.driver, source)
			for _, sql := range []string{
				fmt.Sprintf("DELETE FROM eventi WHERE persona = 'rossi' AND n > %d", kept.N),
				fmt.Sprintf("UPDATE caselle SET ultimo = %d, segno_ultima = '%s' WHERE persona = 'rossi'", kept.N, kept.Mark),
			} {
				if _, err := back.ExecContext(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			r.say(k.ID, "rossi", 1)
			limit, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			for {
				select {
				case <-sub.Woken():
				case <-limit.Done():
					t.Fatal("the stream waits for numbers that have come already")
				}
				if events, err := sub.Ready(t.Context()); errors.Is(err, chat.ErrLost) {
					return
				} else if err != nil || len(events) != 0 {
					t.Fatalf("it goes on with %v %v", events, err)
				}
			}
		})
	}
}
