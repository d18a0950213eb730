package storetest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/chat"
)

// goneByHand has an adviser who was never on duty take a conversation: what they do in it is a sign of life, and so is
// saying again to be off duty; who falls silent loses it.
func goneByHand(t *testing.T, c *chat.Service) {
	now := time.Now()
	c.Now = func() time.Time { return now }
	k := opened(t, c, "rossi")
	if _, err := c.Take(t.Context(), k.ID, chat.Person{ID: "a", Name: "Anna"}); err != nil {
		t.Fatal(err)
	}
	state := func() *chat.Conversation {
		t.Helper()
		if err := c.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		k, err := c.Storage.Conversation(t.Context(), k.ID)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	by := func(id string) chat.Sending {
		return chat.Sending{Conversation: k.ID, By: chat.Person{ID: id}, ClientID: uuid.NewString(), Text: "testo"}
	}
	for i, sign := range []func() error{
		func() error { _, _, err := c.Send(t.Context(), by("a")); return err },
		func() error { _, _, err := c.Note(t.Context(), by("a")); return err },
		func() error { _, err := c.See(t.Context(), k.ID, "a", 1, 1); return err },
		func() error { return c.Type(t.Context(), k.ID, "a") },
		func() error { return c.Point(t.Context(), k.ID, "a", "richiesta.al", "") },
		func() error { return c.Present(t.Context(), chat.Adviser{Persona: "a", Capacity: 3}) },
		func() error { return c.Listens(t.Context(), "a") },
	} {
		now = now.Add(50 * time.Second)
		if err := sign(); err != nil {
			t.Fatal(err)
		}
		if k := state(); k.State != chat.Assigned || k.Adviser != "a" {
			t.Fatalf("sign %d was not heard: %+v", i, k)
		}
	}
	if later := opened(t, c, "verdi"); later.State != chat.Queued {
		t.Errorf("who is off duty is given a conversation: %+v", later)
	}
	now = now.Add(50 * time.Second)
	if _, _, err := c.Send(t.Context(), by("rossi")); err != nil { // no sign of life of the adviser
		t.Fatal(err)
	}
	now = now.Add(10 * time.Second)
	if k := state(); k.State != chat.Queued {
		t.Errorf("nobody has missed them: %+v", k)
	}
	onDuty(t, c, "b", 1)
	now = now.Add(50 * time.Second)
	if err := c.Listens(t.Context(), "b"); err != nil { // on duty it takes more than an open stream
		t.Fatal(err)
	}
	now = now.Add(10 * time.Second)
	if k := state(); k.State != chat.Queued {
		t.Errorf("nobody has missed who was on duty: %+v", k)
	}
	waiting, err := c.Storage.Waiting(t.Context())
	if err != nil || len(waiting) != 2 || waiting[0].ID != k.ID {
		t.Errorf("not at the place that it had: %+v %v", waiting, err)
	}
}

// lifeSigns lets an adviser go off duty and write at the same moment, time and again: neither waits for the other.
func lifeSigns(t *testing.T, c *chat.Service) {
	for i := range 10 {
		onDuty(t, c, "a", 3)
		var all sync.WaitGroup
		k := opened(t, c, fmt.Sprint("persona-", i))
		all.Go(func() {
			for range 5 {
				_, _, err := c.Send(t.Context(), chat.Sending{Conversation: k.ID, By: chat.Person{ID: k.OpenedBy.ID}, ClientID: uuid.NewString(), Text: "x"})
				if err != nil {
					t.Error(err)
				}
				if err := c.Type(t.Context(), k.ID, "a"); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			if err := c.Present(t.Context(), chat.Adviser{Persona: "a", Capacity: 3}); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if _, err := c.Close(t.Context(), k.ID, k.OpenedBy.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// expected opens conversations behind advisers who are busy, under a history of nine that took ten minutes and one that
// took thirty.
func expected(t *testing.T, c *chat.Service) {
	now := time.Now()
	c.Now = func() time.Time { return now }
	wait := func(k *chat.Conversation) *chat.Estimate {
		t.Helper()
		list, err := c.Standings(t.Context(), k.Class)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range list {
			if at.ID == k.ID {
				return at.Wait
			}
		}
		t.Fatalf("%s does not wait", k.OpenedBy.ID)
		return nil
	}
	is := func(what string, got, want *chat.Estimate) {
		t.Helper()
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	for i := range 10 {
		onDuty(t, c, "a", 1)
		k := opened(t, c, fmt.Sprint("prima-", i)) // a has it at once
		if i == 2 {
			late := opened(t, c, "presto")
			is("with two that ended", wait(late), nil)
			if _, err := c.Close(t.Context(), late.ID, "presto", ""); err != nil { // nobody ever had it: it is no history
				t.Fatal(err)
			}
		}
		now = now.Add(10 * time.Minute)
		if i == 9 {
			now = now.Add(20 * time.Minute)
		}
		if _, err := c.Close(t.Context(), k.ID, "a", ""); err != nil {
			t.Fatal(err)
		}
	}
	onDuty(t, c, "a", 1)
	opened(t, c, "occupa")
	var queue []*chat.Conversation
	for i := range 4 {
		queue = append(queue, opened(t, c, fmt.Sprint("dopo-", i)))
	}
	is("the first in the queue, one place", wait(queue[0]), &chat.Estimate{From: 10, To: 30})
	is("the third", wait(queue[2]), &chat.Estimate{From: 30, To: 90})
	last := queue[3]
	is("the fourth", wait(last), &chat.Estimate{From: 40, To: 120})
	other, err := c.Open(t.Context(), chat.Opening{Matricola: "4900000001", Topic: chat.TopicAltro, By: chat.Person{ID: "altro"}})
	if err != nil {
		t.Fatal(err)
	}
	is("of a class without history", wait(other), nil)

	events, err := c.Storage.Events(t.Context(), "dopo-3", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Position      int            `json:"position"`
		EstimatedWait *chat.Estimate `json:"estimated_wait"`
	}
	if err := json.Unmarshal(events[len(events)-1].Data, &said); err != nil {
		t.Fatal(err)
	}
	is("as the stream says it", said.EstimatedWait, &chat.Estimate{From: 40, To: 120})

	onDuty(t, c, "b", 1) // takes the first
	is("with two on duty, and one less before", wait(last), &chat.Estimate{From: 15, To: 45})
	events, err = c.Storage.Events(t.Context(), "dopo-3", events[len(events)-1].N, 100)
	if err != nil || len(events) == 0 {
		t.Fatalf("nobody is told of the shorter wait: %v", err)
	}
	if err := json.Unmarshal(events[len(events)-1].Data, &said); err != nil {
		t.Fatal(err)
	}
	if said.Position != 3 {
		t.Errorf("the position is %d", said.Position)
	}
	is("as the stream says it", said.EstimatedWait, &chat.Estimate{From: 15, To: 45})
	now = now.Add(2 * time.Minute)
	is("with nobody on duty", wait(last), nil)
}
