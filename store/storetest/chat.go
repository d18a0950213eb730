package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/chat"
	"omnia/store"
)

// alwaysOpen are rules with one class, three conversations for each adviser and no closing time.
type alwaysOpen struct{}

func (alwaysOpen) Open(time.Time) (bool, time.Time)                           { return true, time.Time{} }
func (alwaysOpen) Class(t chat.Topic, _ string) (string, int)                 { return string(t), 1 }
func (alwaysOpen) Kept() time.Duration                                        { return time.Hour }
func (alwaysOpen) Retained() time.Duration                                    { return time.Hour }
func (alwaysOpen) Capacity() int                                              { return 3 }
func (alwaysOpen) Replies(string, map[string]string) []chat.Reply             { return nil }
func (alwaysOpen) Gone() time.Duration                                        { return time.Minute }
func (alwaysOpen) LongestWait() time.Duration                                 { return time.Hour }
func (alwaysOpen) Silent() time.Duration                                      { return 0 }
func (alwaysOpen) OpenEach() int                                              { return 0 }
func (alwaysOpen) Samples() int                                               { return 3 }
func (alwaysOpen) Fits(*chat.Adviser, *chat.Conversation, time.Duration) bool { return true }
func (alwaysOpen) Notice(code, _ string, _ map[string]string) string          { return code }

func service(s *store.Store) *chat.Service {
	return &chat.Service{Storage: s.Chat(), Rules: func() chat.Rules { return alwaysOpen{} }, Now: time.Now}
}

// ChatService is the chat over a store, under the rules of this suite: always open, one class for each topic.
func ChatService(s *store.Store) *chat.Service { return service(s) }

func opened(t testing.TB, c *chat.Service, by string) *chat.Conversation {
	t.Helper()
	k, err := c.Open(t.Context(), chat.Opening{Matricola: "4900000001", Sede: "4900", Topic: chat.TopicCigo, By: chat.Person{ID: by}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func onDuty(t testing.TB, c *chat.Service, persona string, capacity int) {
	t.Helper()
	if err := c.Present(t.Context(), chat.Adviser{Persona: persona, Name: persona, Sede: "4900", Capacity: capacity, Available: true}); err != nil {
		t.Fatal(err)
	}
}

// conversazioni is the suite of the chat.
func conversazioni(t *testing.T, open Open) {
	t.Run("a message is stored once, whoever repeats it", func(t *testing.T) { repeated(t, service(open(t))) })
	t.Run("every box gets every message in order", func(t *testing.T) { boxes(t, open(t)) })
	t.Run("first come, first served", func(t *testing.T) { inOrder(t, service(open(t))) })
	t.Run("nobody is overtaken", func(t *testing.T) { overtaken(t, open) })
	t.Run("an adviser who is gone loses what they had", func(t *testing.T) { gone(t, service(open(t))) })
	t.Run("who takes by hand while off duty is missed too", func(t *testing.T) { goneByHand(t, service(open(t))) })
	t.Run("who goes off duty while writing", func(t *testing.T) { lifeSigns(t, service(open(t))) })
	t.Run("the wait to be expected", func(t *testing.T) { expected(t, service(open(t))) })
	t.Run("files", func(t *testing.T) { files(t, service(open(t))) })
	t.Run("redaction", func(t *testing.T) { redaction(t, service(open(t))) })
	t.Run("old events are purged", func(t *testing.T) { purged(t, open(t)) })
	t.Run("search masks what names somebody", func(t *testing.T) { found(t, service(open(t))) })
}

func repeated(t *testing.T, c *chat.Service) {
	k := opened(t, c, "rossi")
	in := chat.Sending{Conversation: k.ID, By: chat.Person{ID: "rossi"}, ClientID: "a", Text: "Buongiorno"}
	first, fresh, err := c.Send(t.Context(), in)
	if err != nil || !fresh || first.Seq != 1 {
		t.Fatalf("first: %+v %v %v", first, fresh, err)
	}
	again, fresh, err := c.Send(t.Context(), in)
	if err != nil || fresh || again.Seq != 1 || again.ID != first.ID {
		t.Errorf("again: %+v %v %v", again, fresh, err)
	}
	in.Text = "Buonasera"
	if _, _, err := c.Send(t.Context(), in); !errors.Is(err, chat.ErrReused) {
		t.Errorf("another text under the same id: %v", err)
	}
	in.By.ID = "verdi" // another author has ids of their own
	if _, _, err := c.Send(t.Context(), in); !errors.Is(err, chat.ErrNotAdviser) {
		t.Errorf("who takes no part: %v", err)
	}
	if _, err := c.Take(t.Context(), k.ID, chat.Person{ID: "verdi"}); err != nil {
		t.Fatal(err)
	}
	if m, fresh, err := c.Send(t.Context(), in); err != nil || !fresh || m.Seq != 2 {
		t.Errorf("another author: %+v %v %v", m, fresh, err)
	}
	if _, err := c.Close(t.Context(), k.ID, "rossi", "risolto"); err != nil {
		t.Fatal(err)
	}
	in.ClientID = "b"
	if _, _, err := c.Send(t.Context(), in); !errors.Is(err, chat.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	in.By.ID, in.ClientID, in.Text = "rossi", "a", "Buongiorno"
	if _, fresh, err := c.Send(t.Context(), in); err != nil || fresh {
		t.Errorf("what was sent before the end can be repeated: %v %v", fresh, err)
	}
}

// boxes has many people write at once, in conversations that share an adviser.
func boxes(t *testing.T, s *store.Store) {
	c := service(s)
	onDuty(t, c, "advisor", 100)
	const people, each = 8, 12
	var all sync.WaitGroup
	for p := range people {
		all.Go(func() {
			me := fmt.Sprintf("persona-%d", p)
			k, err := c.Open(t.Context(), chat.Opening{Matricola: "4900000001", Topic: chat.TopicCigo, By: chat.Person{ID: me}})
			if err != nil {
				t.Error(err)
				return
			}
			for i := range each {
				by := me
				if i%3 == 2 {
					by = "advisor"
				}
				if _, _, err := c.Send(t.Context(), chat.Sending{Conversation: k.ID, By: chat.Person{ID: by}, ClientID: fmt.Sprint(i), Text: "testo"}); err != nil {
					t.Error(err)
				}
			}
			checkBox(t, s.Chat(), me, map[string]int{k.ID: each})
		})
	}
	all.Wait()
	checkBox(t, s.Chat(), "advisor", nil)
	if box, err := s.Chat().Box(t.Context(), "advisor"); err != nil || box.Last < people*each {
		t.Errorf("the box of the adviser: %+v %v", box, err)
	}
}

// checkBox reads a box and holds it against what it must be: numbers without gaps, the messages of each conversation
// in the order of their seq, each once.
func checkBox(t testing.TB, s chat.Storage, persona string, want map[string]int) {
	t.Helper()
	seen, seq := int64(0), map[string]int{}
	for {
		events, err := s.Events(t.Context(), persona, seen, 50)
		if err != nil {
			t.Error(err)
			return
		}
		for _, e := range events {
			if e.N != seen+1 {
				t.Errorf("%s: event %d follows %d", persona, e.N, seen)
			}
			seen = e.N
			if e.Type == chat.EventMessage {
				seq[e.Conversation]++
			}
		}
		if len(events) < 50 {
			break
		}
	}
	for k, n := range want {
		if seq[k] != n {
			t.Errorf("%s: %d messages of %s, want %d", persona, seq[k], k, n)
		}
	}
}

func inOrder(t *testing.T, c *chat.Service) {
	var ids []string
	for i := range 5 {
		ids = append(ids, opened(t, c, fmt.Sprint("persona-", i)).ID)
	}
	onDuty(t, c, "a", 2)
	onDuty(t, c, "b", 1)
	waiting, err := c.Storage.Waiting(t.Context())
	if err != nil || len(waiting) != 2 || waiting[0].ID != ids[3] || waiting[1].ID != ids[4] {
		t.Fatalf("waiting: %+v %v", waiting, err)
	}
	if _, err := c.Close(t.Context(), ids[0], "a", "risolto"); err != nil {
		t.Fatal(err)
	}
	next, err := c.Storage.Conversation(t.Context(), ids[3])
	if err != nil || next.State != chat.Assigned || next.Adviser != "a" {
		t.Errorf("the next in the queue: %+v %v", next, err)
	}
	if _, err := c.Take(t.Context(), ids[4], chat.Person{ID: "b"}); err != nil {
		t.Errorf("taking by hand, beyond the capacity: %v", err)
	}
	if _, err := c.Take(t.Context(), ids[4], chat.Person{ID: "a"}); !errors.Is(err, chat.ErrTaken) {
		t.Errorf("taking what another has: %v", err)
	}
}

func gone(t *testing.T, c *chat.Service) {
	now := time.Now()
	c.Now = func() time.Time { return now }
	onDuty(t, c, "a", 3)
	k := opened(t, c, "rossi")
	if k.Adviser != "a" {
		t.Fatalf("nobody answers: %+v", k)
	}
	now = now.Add(2 * time.Minute)
	later := opened(t, c, "verdi") // a is gone: it waits
	if err := c.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	waiting, err := c.Storage.Waiting(t.Context())
	if err != nil || len(waiting) != 2 || waiting[0].ID != k.ID || waiting[1].ID != later.ID {
		t.Errorf("what was waiting longest is not the first: %+v %v", waiting, err)
	}
	onDuty(t, c, "b", 3)
	if k, err = c.Storage.Conversation(t.Context(), k.ID); err != nil || k.Adviser != "b" {
		t.Errorf("not handed on: %+v %v", k, err)
	}
}

func files(t *testing.T, c *chat.Service) {
	k := opened(t, c, "rossi")
	a := chat.Attachment{ID: id(), Name: "bolla.pdf", Type: "application/pdf", Bytes: 3, Digest: "sha256:x"}
	if err := c.Storage.Upload(t.Context(), k.ID, "rossi", a, []byte("pdf")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Storage.Attachment(t.Context(), k.ID, a.ID, "verdi", false); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("a file that was not sent is read by another: %v", err)
	}
	if _, err := c.Take(t.Context(), k.ID, chat.Person{ID: "verdi"}); err != nil {
		t.Fatal(err)
	}
	in := chat.Sending{Conversation: k.ID, By: chat.Person{ID: "verdi"}, ClientID: "1", Text: "ecco", Attachments: []string{a.ID}}
	if _, _, err := c.Send(t.Context(), in); !errors.Is(err, chat.ErrNoUpload) {
		t.Errorf("a file of another is sent: %v", err)
	}
	in.By.ID = "rossi"
	m, _, err := c.Send(t.Context(), in)
	if err != nil || len(m.Attachments) != 1 || m.Attachments[0] != a {
		t.Fatalf("sent: %+v %v", m, err)
	}
	if _, fresh, err := c.Send(t.Context(), in); err != nil || fresh {
		t.Errorf("sent again: %v %v", fresh, err)
	}
	if got, data, err := c.Storage.Attachment(t.Context(), k.ID, a.ID, "verdi", false); err != nil || *got != a || string(data) != "pdf" {
		t.Errorf("read: %+v %q %v", got, data, err)
	}
}

func redaction(t *testing.T, c *chat.Service) {
	k := opened(t, c, "rossi")
	m, _, err := c.Send(t.Context(), chat.Sending{Conversation: k.ID, By: chat.Person{ID: "rossi"}, ClientID: "1", Text: "un segreto industriale"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Redact(t.Context(), k.ID, m.ID, "advisor", "", "dato personale"); err != nil {
		t.Fatal(err)
	}
	list, _, err := c.Storage.Messages(t.Context(), k.ID, chat.Place{}, true, 10)
	if err != nil || len(list) != 1 || list[0].Text != "" || list[0].Redaction == nil || list[0].Redaction.By != "advisor" {
		t.Errorf("redacted: %+v %v", list, err)
	}
	hits, _, err := c.Storage.Find(t.Context(), chat.Criteria{OpenedBy: "rossi"}, "segreto", archive.Page{Limit: 10})
	if err != nil || len(hits) != 0 {
		t.Errorf("still found: %+v %v", hits, err)
	}
	events, err := c.Storage.Events(t.Context(), "rossi", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if slices.Contains([]string{chat.EventMessage}, e.Type) && containsText(e, "segreto") {
			t.Errorf("event %d still says it: %s", e.N, e.Data)
		}
	}
}

func containsText(e chat.Event, s string) bool {
	for i := 0; i+len(s) <= len(e.Data); i++ {
		if string(e.Data[i:i+len(s)]) == s {
			return true
		}
	}
	return false
}

func purged(t *testing.T, s *store.Store) {
	c := service(s)
	k := opened(t, c, "rossi")
	for i := range 10 {
		if _, _, err := c.Send(t.Context(), chat.Sending{Conversation: k.ID, By: chat.Person{ID: "rossi"}, ClientID: fmt.Sprint(i), Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	before, err := s.Chat().Box(t.Context(), "rossi")
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.Chat().Purge(t.Context(), time.Now().Add(time.Hour), 4)
	if err != nil || n != 4 {
		t.Fatalf("purged %d: %v", n, err)
	}
	after, err := s.Chat().Box(t.Context(), "rossi")
	if err != nil || after.First != before.First+4 || after.Last != before.Last || after.Mark != before.Mark || after.Before == before.Before {
		t.Errorf("the box was %+v and is %+v: %v", before, after, err)
	}
}

func found(t *testing.T, c *chat.Service) {
	k := opened(t, c, "rossi")
	for i, text := range []string{"Il lavoratore RSSMRA80A01H501U è sospeso", "Chiamatemi al 333 1234567", "Nessun dato"} {
		if _, _, err := c.Send(t.Context(), chat.Sending{Conversation: k.ID, By: chat.Person{ID: "rossi"}, ClientID: fmt.Sprint(i), Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	for q, want := range map[string]int{"sospesi": 1, "RSSMRA80A01H501U": 1, "dati": 1, "1234567": 0, "assente": 0} {
		hits, _, err := c.Storage.Find(context.WithoutCancel(t.Context()), chat.Criteria{OpenedBy: "rossi"}, q, archive.Page{Limit: 10})
		if err != nil || len(hits) != want {
			t.Errorf("%s: %d hits, want %d: %v", q, len(hits), want, err)
		}
	}
	if hits, _, err := c.Storage.Find(t.Context(), chat.Criteria{OpenedBy: "verdi"}, "sospesi", archive.Page{Limit: 10}); err != nil || len(hits) != 0 {
		t.Errorf("another person finds it: %+v %v", hits, err)
	}
}
