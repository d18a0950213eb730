package main

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"

	"omnia/archive"
	"omnia/engine"
)

// published is where the text of editions is.
type published interface {
	PublishedEdition(ctx context.Context, digest string) (*archive.Edition, error)
}

// shelf keeps the engines of the few editions that were asked for last.
type shelf struct {
	store published // nil: there is none

	mu      sync.Mutex
	engines []*engine.Engine // the one asked for last stands last
	making  singleflight.Group
}

// shelfSize is how many engines are kept. Each takes some megabytes, and a few tenths of a second to make.
const shelfSize = 8

// put keeps an engine.
func (s *shelf) put(e *engine.Engine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.engines = append(slices.DeleteFunc(s.engines, func(k *engine.Engine) bool { return k.Edition().Digest == e.Edition().Digest }), e)
	if len(s.engines) > shelfSize {
		s.engines = slices.Delete(s.engines, 0, 1)
	}
}

// get is an engine that is kept, or nil.
func (s *shelf) get(digest string) *engine.Engine {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.engines, func(e *engine.Engine) bool { return e.Edition().Digest == digest })
	if i < 0 {
		return nil
	}
	e := s.engines[i]
	s.engines = append(slices.Delete(s.engines, i, i+1), e)
	return e
}

// at is the engine of an edition that was published; archive.ErrNotFound when none has that digest, and replay.ErrNoEdition
// when this program can't use it. Those who ask for the same at once wait for one to make it, each as long as it
// likes.
func (s *shelf) at(ctx context.Context, digest string) (*engine.Engine, error) {
	if e := s.get(digest); e != nil {
		return e, nil
	}
	if s.store == nil {
		return nil, archive.ErrNotFound
	}
	made := s.making.DoChan(digest, func() (any, error) { return s.make(context.WithoutCancel(ctx), digest) })
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-made:
		e, _ := r.Val.(*engine.Engine)
		return e, r.Err
	}
}

func (s *shelf) make(ctx context.Context, digest string) (*engine.Engine, error) {
	text, err := s.store.PublishedEdition(ctx, digest)
	if err != nil {
		return nil, err
	}
	e, err := compiled(text)
	if err == nil {
		s.put(e)
	}
	return e, err
}
