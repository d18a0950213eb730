package api

import (
	"context"
	"errors"
	"runtime"
	"sync"
)

// turns has a question that many ask at the same moment put once for all of them. The answer is never older than the asking: whoever
// comes while it is being put waits for the next time it is put, so that an answer holds for what each of them knew when they came.
// The zero value is ready.
type turns[K comparable, V any] struct {
	mu      sync.Mutex
	next    map[K]*turn[V] // not put yet: who comes joins it
	current map[K]*turn[V] // being put
}

// turn is one time that a question is put.
type turn[V any] struct {
	done   chan struct{} // closed when the answer is there
	answer V
	err    error
}

// ask gives the answer to a question. One of those who ask puts it; where that fails, for instance because that one has gone, the others put it
// themselves.
func (t *turns[K, V]) ask(ctx context.Context, key K, put func() (V, error)) (V, error) {
	mine, leads := t.join(key)
	if leads {
		t.lead(key, mine, put)
		return mine.answer, mine.err
	}
	select {
	case <-mine.done:
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
	if mine.err != nil {
		return put()
	}
	return mine.answer, nil
}

// join is the next turn of a question; leads is true for the first who joins it.
func (t *turns[K, V]) join(key K) (mine *turn[V], leads bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine = t.next[key]; mine != nil {
		return mine, false
	}
	if t.next == nil {
		t.next, t.current = map[K]*turn[V]{}, map[K]*turn[V]{}
	}
	mine = &turn[V]{done: make(chan struct{})}
	t.next[key] = mine
	return mine, true
}

// lead puts the question when the turn before is over.
func (t *turns[K, V]) lead(key K, mine *turn[V], put func() (V, error)) {
	runtime.Gosched() // those who were woken by the same event come first, and join
	t.mu.Lock()
	before := t.current[key]
	t.mu.Unlock()
	if before != nil {
		<-before.done
	}
	t.mu.Lock()
	delete(t.next, key)
	t.current[key] = mine
	t.mu.Unlock()
	mine.err = errNotAsked // unless put comes back
	defer func() {
		t.mu.Lock()
		if t.current[key] == mine {
			delete(t.current, key)
		}
		t.mu.Unlock()
		close(mine.done)
	}()
	mine.answer, mine.err = put()
}

// errNotAsked is what the others of a turn find when who led it panicked: they put the question themselves.
var errNotAsked = errors.New("the question was not put")
