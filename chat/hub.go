package chat

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Hub wakes the streams of this instance. It holds nothing that could be lost: what it hands out in memory are
// copies of rows, and whenever it is not sure it says so, and the stream reads the rows.
type Hub struct {
	storage Storage
	log     *slog.Logger
	now     func() time.Time

	mu     sync.Mutex
	boxes  map[string]map[*Subscription]struct{}
	closed bool
	done   chan struct{} // closed when streams shall end
}

// The rhythm of the slow look at the rows, for what no signal has told.
const (
	lookEvery = 2 * time.Second
	lookBack  = 10 * time.Second // a transaction may commit that long after its instant was read
)

// maxQueued bounds what waits in memory for one stream; what is beyond is read from the rows.
const maxQueued = 64

// pageEvents is how many rows are read at a time.
const pageEvents = 200

// NewHub is a hub over the rows. log hears of signals that can't be had; nil is silent.
func NewHub(storage Storage, log *slog.Logger, now func() time.Time) *Hub {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Hub{storage: storage, log: log, now: now, boxes: map[string]map[*Subscription]struct{}{}, done: make(chan struct{})}
}

// Run listens and looks until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() {
		if err := h.storage.Listen(ctx, h.hear); err != nil && ctx.Err() == nil {
			h.log.ErrorContext(ctx, "listening for the chat ended", "error", err)
		}
	})
	both.Go(func() { h.look(ctx) })
	both.Wait()
}

// Close ends all streams, and lets no new one in: it is called before the server is shut down, which would wait
// for them.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.done)
	}
}

// Done is closed when streams shall end.
func (h *Hub) Done() <-chan struct{} { return h.done }

// Streams is how many there are.
func (h *Hub) Streams() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, subs := range h.boxes {
		n += len(subs)
	}
	return n
}

// Subscription is one stream of one person's box. It is used by one goroutine.
type Subscription struct {
	hub     *Hub
	persona string
	wake    chan struct{} // holds one

	mu     sync.Mutex
	last   Cursor  // behind the last event handed out
	queue  []Event // what follows it, without gaps
	passed []Event // that are not stored
	look   bool    // the rows may have more
}

// ErrHubClosed says that the service is about to stop: the stream shall be opened again, elsewhere.
var ErrHubClosed = errors.New("the streams of this instance are closed")

// ErrLost says that the box does not go on from where the stream is: what follows was purged, or the database was
// restored. The stream shall be opened again, and told to read the state.
var ErrLost = errors.New("the box does not go on from here")

// Subscribe begins a stream after that place of the person's box; see [Follow]. The caller must call Close.
func (h *Hub) Subscribe(persona string, after Cursor) (*Subscription, error) {
	s := &Subscription{hub: h, persona: persona, wake: make(chan struct{}, 1), last: after, look: true}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrHubClosed
	}
	if h.boxes[persona] == nil {
		h.boxes[persona] = map[*Subscription]struct{}{}
	}
	h.boxes[persona][s] = struct{}{}
	return s, nil
}

// Close ends the stream.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.boxes[s.persona], s)
	if len(h.boxes[s.persona]) == 0 {
		delete(h.boxes, s.persona)
	}
}

// Woken tells that Ready may have something.
func (s *Subscription) Woken() <-chan struct{} { return s.wake }

// Ready gives the events that are there, without waiting for more; none is an empty list.
func (s *Subscription) Ready(ctx context.Context) ([]Event, error) {
	s.mu.Lock()
	if !s.look {
		defer s.mu.Unlock()
		return s.take(), nil
	}
	after := s.last
	s.look = false
	s.mu.Unlock()
	events, more, err := s.hub.follow(ctx, s.persona, after)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.look = true
		return nil, err
	}
	if n := len(events); n > 0 {
		s.last = events[n-1].Cursor()
	}
	s.look = s.look || more
	s.queue = slices.DeleteFunc(s.queue, func(e Event) bool { return e.N <= s.last.N })
	if len(s.queue) > 0 && s.queue[0].N != s.last.N+1 {
		s.queue, s.look = nil, true
	}
	if s.look {
		s.rouse()
	}
	if len(events) == 0 {
		return s.take(), nil
	}
	return events, nil
}

// follow reads the rows behind a place, and the row of the place itself: a box that was restored may have another event there.
func (h *Hub) follow(ctx context.Context, persona string, after Cursor) (events []Event, more bool, err error) {
	events, err = h.storage.Events(ctx, persona, after.N-1, pageEvents+1)
	if err != nil {
		return nil, false, err
	}
	more = len(events) == pageEvents+1
	if len(events) > 0 && events[0].Cursor() == after {
		return events[1:], more, nil
	}
	if len(events) > 0 && events[0].N != after.N+1 {
		return nil, false, ErrLost
	}
	box, err := h.storage.Box(ctx, persona) // the row is not kept any more, or never was one
	if err != nil {
		return nil, false, err
	}
	if there, err := box.has(ctx, h.storage, persona, after); !there || err != nil {
		return nil, false, errors.Join(err, ErrLost)
	}
	return events, more, nil
}

// take hands out what waits in memory.
func (s *Subscription) take() []Event {
	events := append(s.queue, s.passed...)
	if n := len(s.queue); n > 0 {
		s.last = s.queue[n-1].Cursor()
	}
	s.queue, s.passed = nil, nil
	return events
}

// rouse wakes the stream; one that is awake already stays so.
func (s *Subscription) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// hear passes a signal on. It never blocks.
func (h *Hub) hear(signal Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if signal.Persona == "" {
		for _, subs := range h.boxes {
			for s := range subs {
				s.hear(nil)
			}
		}
		return
	}
	for s := range h.boxes[signal.Persona] {
		s.hear(signal.Event)
	}
}

func (s *Subscription) hear(e *Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch tail := s.last.N + int64(len(s.queue)); {
	case e == nil:
		s.look = true
	case e.N == 0: // never stored: who is too slow for it does without
		if len(s.passed) < maxQueued {
			s.passed = append(s.passed, *e)
		}
	case e.N <= tail:
		return
	case e.N == tail+1 && len(s.queue) < maxQueued:
		s.queue = append(s.queue, *e)
	default:
		s.look = true
	}
	s.rouse()
}

// look finds what no signal has told.
func (h *Hub) look(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for since := h.now().Add(-lookBack); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		began := h.now()
		moved, err := h.storage.Moved(ctx, since)
		if err != nil {
			if ctx.Err() == nil {
				h.log.WarnContext(ctx, "the boxes of the chat can't be looked at", "error", err)
			}
			continue // and look as far back the next time
		}
		since = began.Add(-lookBack)
		h.moved(moved)
	}
}

func (h *Hub) moved(lasts map[string]int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for persona, last := range lasts {
		for s := range h.boxes[persona] {
			s.mu.Lock()
			if last != s.last.N+int64(len(s.queue)) { // fewer, when the database was restored
				s.look = true
				s.rouse()
			}
			s.mu.Unlock()
		}
	}
}
