package api

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// Whoever asks gets an answer that was begun after they came, and many who ask at once have it asked a few times.
func TestTurnsGiveNoOldAnswers(t *testing.T) {
	t.Parallel()
	var asked turns[int, int64]
	var state, put atomic.Int64
	var all sync.WaitGroup
	const who, times = 50, 200
	for range who {
		all.Go(func() {
			for range times {
				known := state.Add(1)
				got, err := asked.ask(t.Context(), 7, func() (int64, error) {
					put.Add(1)
					return state.Load(), nil
				})
				if err != nil || got < known {
					t.Errorf("came at %d, was told %d, %v", known, got, err)
					return
				}
			}
		})
	}
	all.Wait()
	if n := put.Load(); n >= who*times {
		t.Errorf("asked %d times for %d who asked: nobody asked together", n, who*times)
	}
	if len(asked.next) != 0 || len(asked.current) != 0 {
		t.Errorf("%d and %d questions are left", len(asked.next), len(asked.current))
	}
}

// Where the one who asks fails, the others ask for themselves; who goes away waits for nobody.
func TestTurnsOutliveWhoLeads(t *testing.T) {
	t.Parallel()
	var asked turns[string, string]
	begun, fail := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := asked.ask(t.Context(), "a", func() (string, error) { close(begun); <-fail; return "", nil }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	gone, leave := context.WithCancel(t.Context())
	leave()
	lost := errors.New("gone")
	led := make(chan struct{})
	all.Go(func() { // leads the next turn, and fails
		_, err := asked.ask(gone, "a", func() (string, error) { <-led; return "", lost })
		if !errors.Is(err, lost) && !errors.Is(err, context.Canceled) {
			t.Errorf("who leads is told %v", err)
		}
	})
	for asked.waits("a") == nil { // until the next turn is there
	}
	all.Go(func() {
		if got, err := asked.ask(t.Context(), "a", func() (string, error) { return "own", nil }); err != nil || got != "own" {
			t.Errorf("who joined is told %q, %v", got, err)
		}
	})
	if _, err := asked.ask(gone, "a", func() (string, error) { return "", lost }); !errors.Is(err, context.Canceled) && !errors.Is(err, lost) {
		t.Errorf("who has gone is told %v", err)
	}
	close(fail)
	close(led)
	all.Wait()
}

// A question that panics stops nobody who asks after it.
func TestTurnsGoOnAfterAPanic(t *testing.T) {
	t.Parallel()
	var asked turns[string, string]
	func() {
		defer func() { _ = recover() }() // as the guard of a request does
		_, _ = asked.ask(t.Context(), "a", func() (string, error) { panic("put") })
	}()
	if got, err := asked.ask(t.Context(), "a", func() (string, error) { return "b", nil }); got != "b" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func (t *turns[K, V]) waits(key K) *turn[V] {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next[key]
}
