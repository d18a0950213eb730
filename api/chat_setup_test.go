package api_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/api"
	"omnia/chat"
)

// opening is a Monday on which INFO CIG answers.
var opening = time.Date(2025, 12, 1, 14, 30, 0, 0, time.UTC)

// parlour is a world with INFO CIG, open.
type parlour struct {
	*world
	chat   *chat.Service
	hub    *chat.Hub
	config api.Config
	url    string
}

func newParlour(t testing.TB, change ...func(*api.Config)) *parlour {
	t.Helper()
	p := &parlour{}
	p.world = newWorld(t, append(slices.Clone(change), func(c *api.Config) { // last: a change may put the archive elsewhere
		storage := c.Archive.(*spy).Store.Chat()
		now := c.Now
		p.chat = &chat.Service{Storage: storage, Now: now, Rules: func() chat.Rules { return chat.PlanOf(editionOnce(), now) }}
		p.hub = chat.NewHub(storage, nil, now)
		c.Chat, c.Hub = p.chat, p.hub
		p.config = *c
	})...)
	p.at(opening)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); p.hub.Run(ctx) }()
	server := httptest.NewServer(p.handler)
	p.url = server.URL
	t.Cleanup(func() { // before the store is closed: cleanups run in the opposite order
		p.hub.Close()
		server.Close()
		cancel()
		<-ended
	})
	return p
}

// post sends a body that must be answered with that status.
func (p *parlour) post(persona, path, body string, status int) map[string]any {
	p.t.Helper()
	res := p.as(persona, post(path, body))
	if res.Code != status {
		p.t.Fatalf("POST %s by %s: %d, want %d: %s", path, persona, res.Code, status, res.Body)
	}
	if res.Body.Len() == 0 {
		return nil
	}
	return read[map[string]any](p.t, res)
}

const conversations = "/v1/chat/conversations"

// open opens a conversation and gives its path.
func (p *parlour) open(persona, matricola, more string) string {
	p.t.Helper()
	k := p.post(persona, conversations, fmt.Sprintf(`{"matricola": %q, "topic": "cigo"%s}`, matricola, more), http.StatusCreated)
	return conversations + "/" + k["id"].(string)
}

// say sends a text and gives its seq.
func (p *parlour) say(persona, at, text string) int {
	p.t.Helper()
	m := p.post(persona, at+"/messages", fmt.Sprintf(`{"client_id": %q, "text": %q}`, uuid.NewString(), text), http.StatusCreated)
	return int(m["seq"].(float64))
}

// event is one event as a client reads it.
type event struct{ id, kind, data string }

// listener is a client of the stream, written from the text of the WHATWG: lines, blank line, last id.
type listener struct {
	t      testing.TB
	res    *http.Response
	lines  *bufio.Scanner
	lastID string
	cancel context.CancelFunc
}

// listen opens a stream.
func (p *parlour) listen(persona, lastID string) *listener {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/v1/chat/events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.token(persona))
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		cancel()
		p.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		p.t.Fatalf("the stream: %d %v", res.StatusCode, res.Header)
	}
	l := &listener{t: p.t, res: res, lines: bufio.NewScanner(res.Body), lastID: lastID, cancel: cancel}
	p.t.Cleanup(l.close)
	return l
}

func (l *listener) close() {
	l.cancel()
	_ = l.res.Body.Close()
}

// next is the next event; ok is false when the stream has ended. A test that waits for ever is ended by its own limit.
func (l *listener) next() (e event, ok bool) {
	l.t.Helper()
	timer := time.AfterFunc(time.Minute, l.cancel)
	defer timer.Stop()
	for l.lines.Scan() {
		name, value, _ := strings.Cut(l.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			e.id, l.lastID = value, value
		case "event":
			e.kind = value
		case "data":
			e.data += value
		case "":
			if e.kind != "" {
				return e, true
			}
			e = event{}
		}
	}
	return e, false
}

// until reads events up to the first of that kind.
func (l *listener) until(kind string) event {
	l.t.Helper()
	for {
		e, ok := l.next()
		if !ok {
			l.t.Fatalf("the stream ended before %s: %v", kind, l.lines.Err())
		}
		if e.kind == kind {
			return e
		}
	}
}

// ended tells that the stream ends, and gives what came before.
func (l *listener) ended() (events []event) {
	l.t.Helper()
	for {
		e, ok := l.next()
		if !ok {
			if err := l.lines.Err(); err != nil && err != io.EOF {
				l.t.Errorf("the stream was not ended by the service: %v", err)
			}
			return events
		}
		events = append(events, e)
	}
}
