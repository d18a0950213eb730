package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tmaxmax/go-sse"
)

// A client library that no one here wrote reads the stream, over a line that is cut in the middle of events.
func TestALibraryReadsTheStream(t *testing.T) {
	t.Parallel()
	p := &place{t: t, data: t.TempDir(), driver: "sqlite"}
	s := p.start(t)
	url, line := portalBefore(t, s)
	l := newLounge(t, p, s.url)
	x := l.couple(t, s.url)
	reader := &libraryReader{}
	ctx, stop := context.WithCancel(t.Context())
	ended := reader.listen(ctx, url, x.company.token, x.company.lastID)
	said := x.speakUntilCut(t, line, reader.breaks, func(text string) { reader.until(t, text) })
	x.judge(t, x.company.lastID, reader.events(), said)
	stop()
	<-ended

	// The stream ends with the token, and the answer to coming back is 401: the library gives up.
	token, err := l.dev.Token(x.company.person, 8*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	said = append(said, x.speak(t, "intanto", 2)...)
	events := reader.events()
	ended = reader.listen(t.Context(), url, token, events[len(events)-1].ID)
	reader.until(t, said[len(said)-1])
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("ended with %v, want 401", err)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("the stream outlives its token")
	}
	x.judge(t, x.company.lastID, reader.events(), said)
}

// libraryReader keeps what the library dispatches.
type libraryReader struct {
	mu      sync.Mutex
	got     []heardEvent
	retries int
}

// listen reads after an event until the library gives up, and tells why. The place is in the address too: when the line is cut
// within the headers, this library comes back without the header it was given.
func (l *libraryReader) listen(ctx context.Context, url, token, lastID string) <-chan error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/chat/events?last_event_id="+lastID, nil)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	client := sse.Client{OnRetry: func(error, time.Duration) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.retries++
	}}
	c := client.NewConnection(r)
	c.SubscribeToAll(func(e sse.Event) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if e.Data != "" { // else the standard has it dispatched to nobody: it told when to come back
			l.got = append(l.got, heardEvent{e.LastEventID, e.Type, e.Data})
		}
	})
	ended := make(chan error, 1)
	go func() { ended <- c.Connect() }()
	return ended
}

func (l *libraryReader) events() []heardEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

func (l *libraryReader) breaks() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.retries
}

// until waits for a message with that text.
func (l *libraryReader) until(t *testing.T, text string) {
	t.Helper()
	said := func(e heardEvent) bool { return e.text() == text }
	for deadline := time.Now().Add(90 * time.Second); !slices.ContainsFunc(l.events(), said); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 90 s: %q; got %v", text, l.events())
		}
	}
}
