package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"sync"
	"time"

	"omnia/archive"
)

// A POST that stores may carry an Idempotency-Key. Its effect and its answer are then kept in one
// transaction, and the same request sent again, after a broken connection say, gets that answer and
// has no effect. Whether the caller may do it is asked each time all the same, so that a key opens
// nothing that has been closed since.
//
// Only what succeeded is kept. A request that failed had no effect, and may be tried again under
// its key, corrected if need be.

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotent-Replayed"
	maxKey         = 128 // characters
)

// keptHeaders are those that belong to the answer itself rather than to the request it came with.
var keptHeaders = []string{"Content-Type", "Content-Language", "Location", "ETag"}

// repeatable is a handler that understands Idempotency-Key. Its body is hashed as it is read, so that the
// same key with another body is found out.
func (s *server) repeatable(do action) action {
	return func(c *call) error {
		key, err := c.readKey()
		if err != nil {
			return err
		}
		c.key = key
		c.digest = sha256.New()
		c.digest.Write([]byte(c.Request.Header.Get("Content-Type") + "\n"))
		c.digest.Write(c.content) // read before, when the request is decided again
		c.Request.Body = hashedBody{c.Request.Body, c.digest}
		return do(c)
	}
}

type hashedBody struct {
	io.ReadCloser
	digest hash.Hash
}

// Read implements io.Reader.
func (b hashedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.digest.Write(p[:n])
	return n, err
}

// readKey reads the key; "" when there is none.
func (c *call) readKey() (string, error) {
	values := c.Request.Header.Values(keyHeader)
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 || !goodKey(values[0]) {
		return "", failure(c.lang, codeBadKey, maxKey)
	}
	return values[0], nil
}

// goodKey tells whether a key is visible ASCII of a bounded length.
func goodKey(key string) bool {
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return 0 < len(key) && len(key) <= maxKey
}

// bodyDigest reads what is left of the body and gives the digest of all of it.
func (c *call) bodyDigest(limit int64) (string, error) {
	if _, err := io.Copy(io.Discard, c.Request.Body); err != nil {
		return "", bodyFailure(c, err, limit)
	}
	return "sha256:" + hex.EncodeToString(c.digest.Sum(nil)), nil
}

// once runs an effect that stores something and answers, in one transaction with the record of the
// access; under an Idempotency-Key at most once. The handler must have asked for access before. The effect
// must use the context it is given, and must not let the answer out ([server.stream]).
func (s *server) once(c *call, effect func(ctx context.Context) error) error {
	if c.key == "" {
		return s.atomically(c, effect)
	}
	free, err := s.keys.take(c.Request.Context(), c.owner()+"\n"+c.key)
	if err != nil {
		return c.inProgress(err)
	}
	defer free()
	if done, err := s.replay(c); done || err != nil {
		c.decisions = nil // what was decided now is not what is told
		return err
	}
	err = s.atomically(c, func(ctx context.Context) error {
		if err := effect(ctx); err != nil {
			return err
		}
		return s.keep(ctx, c)
	})
	if !errors.Is(err, errTwin) {
		return err
	}
	// Another instance was faster: its answer is the answer.
	if done, err := s.replay(c); done || err != nil {
		c.decisions = nil // what was decided now is not what is told
		return err
	}
	return c.inProgress(errTwin)
}

// inProgress sends the caller away until its own earlier request has ended.
func (c *call) inProgress(cause error) error {
	c.Header("Retry-After", "1")
	return failure(c.lang, codeInProgress).Wrap(cause)
}

// errTwin is an answer that another request with the same key stored meanwhile.
var errTwin = errors.New("another request with the same key was faster")

// owner is whose keys these are: those of two people never meet, nor those of two issuers.
func (c *call) owner() string { return c.who().Issuer + " " + c.who().Subject }

// operation is what a key is good for.
func (c *call) operation() string { return c.Request.Method + " " + c.Request.URL.RequestURI() }

// keep stores the answer that is held.
func (s *server) keep(ctx context.Context, c *call) error {
	digest, err := c.bodyDigest(s.Limits.Body)
	if err != nil {
		return err
	}
	a := archive.Answer{
		Persona: c.owner(), Key: c.key, Operation: c.operation(), Request: digest,
		Status: c.held.Status(), Header: map[string]string{}, Body: c.held.body.Bytes(), CreatedAt: s.Now(),
	}
	for _, name := range keptHeaders {
		if v := c.held.Header().Get(name); v != "" {
			a.Header[name] = v
		}
	}
	if err := s.Archive.KeepAnswer(ctx, a); errors.Is(err, archive.ErrConflict) {
		return errTwin
	} else if err != nil {
		return err
	}
	return nil
}

// replay gives the stored answer, if there is one. A key used for something else is refused.
func (s *server) replay(c *call) (done bool, err error) {
	a, err := s.Archive.Answered(c.Request.Context(), c.owner(), c.key)
	if errors.Is(err, archive.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	digest, err := c.bodyDigest(s.Limits.Body)
	if err != nil {
		return false, err
	}
	if a.Operation != c.operation() || a.Request != digest {
		return false, failure(c.lang, codeKeyReused)
	}
	for name, value := range a.Header {
		c.Header(name, value)
	}
	c.Header(replayedHeader, "true")
	send(c.Context, a.Status, a.Header["Content-Type"], a.Body)
	return true, nil
}

// keyring lets one request at a time work under a key. The others wait for it, as long as their time
// lasts. It remembers only keys that are in use.
type keyring struct {
	mu    sync.Mutex
	inUse map[string]chan struct{} // closed when the key is free again
}

// take gives the key to the caller, who must free it.
func (k *keyring) take(ctx context.Context, key string) (free func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, twinPatience)
	defer cancel()
	for {
		k.mu.Lock()
		busy := k.inUse[key]
		if busy == nil {
			mine := make(chan struct{})
			if k.inUse == nil {
				k.inUse = map[string]chan struct{}{}
			}
			k.inUse[key] = mine
			k.mu.Unlock()
			return func() { k.free(key, mine) }, nil
		}
		k.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (k *keyring) free(key string, mine chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.inUse, key)
	close(mine)
}

// twinPatience is how long a request waits for its twin before it is told to come back.
const twinPatience = 2 * time.Second
