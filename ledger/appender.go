package ledger

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Appender makes the log longer, for one process. What keeps the log in one piece is the database: whoever appends
// holds the lock of its head from reading it until the commit, and writes only where the size is still the one that
// was read. So there is one order of leaves and one checkpoint of each size, whatever two processes do and wherever
// one dies.
//
// What it remembers is the edge of the tree, so that a step need not read it again, and the last checkpoint that
// it knows to be on disk: a database that has an older one, or another of the same size, was restored from a backup
// or altered, and nothing is appended to it. It is safe for concurrent use.
type Appender struct {
	secrets []string
	now     func() time.Time

	mu      sync.Mutex
	signers []note.Signer // of the secrets that can be read, once they were needed
	head    *head         // of the last step of our own; nil: read it
	seen    *Signed       // the last checkpoint known to be on disk
}

// NewAppender signs with these secret keys, of which the keyring says which one is good now.
func NewAppender(secrets []string, now func() time.Time) *Appender {
	return &Appender{secrets: slices.Clone(secrets), now: now}
}

// ErrFenced says that the head moved while a step was made: somebody appended without the lock. Nothing was kept.
var ErrFenced = errors.New("the log has grown meanwhile")

// Step makes the extension by leaves of the log whose head is checkpoint ("" while it is empty), under that keyring.
// It is to be kept in the transaction that holds the head; when that is on disk, Kept is to be told.
//
// ErrReadOnly: none of the keys is good now. ErrRollback and ErrSplitView are not to be tried again.
//
// It is signed as of before the instant before, if there is one: a key whose successor comes into use then must have signed sooner.
func (a *Appender) Step(ctx context.Context, checkpoint string, keys *Keyring, r TileReader, leaves []Waiting, before time.Time) (*Extension, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.enter(ctx, checkpoint, keys, r); err != nil {
		return nil, err
	}
	return a.step(keys, leaves, before)
}

// StepOn is [Appender.Step] where the last step that this process knows to be on disk ended in checkpoint, and ErrFenced elsewhere: it
// is for who does not hold the head, and reads nothing. Whether the log still ends there is for the database to say.
func (a *Appender) StepOn(checkpoint string, keys *Keyring, leaves []Waiting) (*Extension, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.stands(checkpoint) {
		return nil, ErrFenced
	}
	return a.step(keys, leaves, time.Time{})
}

// step makes the extension of the head that was entered.
func (a *Appender) step(keys *Keyring, leaves []Waiting, before time.Time) (*Extension, error) {
	signer, at, err := a.signer(keys, a.head.edge.size+int64(len(leaves)))
	if err != nil {
		return nil, err
	}
	if !before.IsZero() && !at.Before(before) {
		at = before.Add(-time.Millisecond)
	}
	h := a.head
	a.head = nil // until it is known to be kept
	x, err := h.extend(leaves, signer, at)
	if err != nil {
		return nil, err
	}
	x.head = h
	return x, nil
}

// Kept says that an extension is on disk.
func (a *Appender) Kept(x *Extension) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen == nil || a.seen.Tree.N < x.Checkpoint.Tree.N {
		a.head, a.seen = x.head, x.Checkpoint
	}
}

// Keys are the public halves of the secret keys, in their order.
func (a *Appender) Keys() (list []string, err error) {
	for _, s := range a.secrets {
		public, err := PublicOf(s)
		if err != nil {
			return nil, err
		}
		list = append(list, public)
	}
	return list, nil
}

// signer is the key that may sign that size, and when: a key that comes into use a moment from now, by the clock of who
// rotated the keys, signs as of its first moment.
func (a *Appender) signer(keys *Keyring, size int64) (*Signer, time.Time, error) {
	for _, key := range a.keys() {
		s, err := signerOf(key, keys)
		if err != nil {
			continue // of another time, or of another log
		}
		c := Checkpoint{Origin: keys.Origin, Instant: a.now().UTC()}
		c.Tree.N = size
		key := keys.find(s.signer.Name(), s.signer.KeyHash())
		if key.From != nil && c.Instant.Before(*key.From) {
			c.Instant = *key.From
		}
		if key.good(&c) {
			return s, c.Instant, nil
		}
	}
	return nil, time.Time{}, ErrReadOnly
}

// keys are the secret keys that can be read: to make one ready takes as long as to sign.
func (a *Appender) keys() []note.Signer {
	if a.signers == nil {
		for _, secret := range a.secrets {
			if s, err := note.NewSigner(secret); err == nil {
				a.signers = append(a.signers, s)
			}
		}
	}
	return a.signers
}

// enter finds the head of the log, and that it is a continuation of what was seen before.
func (a *Appender) enter(ctx context.Context, checkpoint string, keys *Keyring, r TileReader) error {
	if a.stands(checkpoint) {
		return nil // nobody else was here
	}
	var last *Signed
	var err error
	if checkpoint != "" {
		if last, err = keys.Open(checkpoint); err != nil {
			return fmt.Errorf("head of the log: %w", err)
		}
	}
	found, err := readHead(ctx, last, r)
	if err != nil {
		return err
	}
	if err := a.recognise(ctx, last, r); err != nil {
		return err
	}
	a.head = found
	return nil
}

// stands tells whether the last step of our own ended in checkpoint; witnesses may have signed it since.
func (a *Appender) stands(checkpoint string) bool {
	return a.head != nil && a.head.last != nil && a.head.last.Text() == bodyOf(checkpoint)
}

func bodyOf(text string) string {
	body, err := noteBody(text)
	if err != nil {
		return ""
	}
	return body
}

// recognise compares the head with what this process knows to have been on disk. It is not remembered: it may have been
// written by the very transaction that is under way, and never come to be on disk.
func (a *Appender) recognise(ctx context.Context, last *Signed, r TileReader) error {
	switch {
	case a.seen == nil:
	case last == nil:
		return fmt.Errorf("%w: it is empty, and had %d leaves", ErrRollback, a.seen.Tree.N)
	default:
		return continues(ctx, a.seen, last, r)
	}
	return nil
}

// continues tells whether a log only grew between two checkpoints, by its tiles.
func continues(ctx context.Context, before, now *Signed, r TileReader) error {
	proof, err := proveTree(ctx, before.Tree.N, now.Tree, r)
	if err != nil {
		return err
	}
	return follows(before.Tree, now.Tree, proof)
}

// PublicOf is the public half of a secret key, as keyrings have it. The form is that of golang.org/x/mod/sumdb/note:
// PRIVATE+KEY+name+hash+base64 of the algorithm, 1 for Ed25519, and the seed.
func PublicOf(secret string) (string, error) {
	broken := errors.New("the secret key can't be read") // without a word of it
	s, err := note.NewSigner(secret)
	if err != nil {
		return "", broken
	}
	_, text, _ := strings.Cut(secret, fmt.Sprintf("+%s+%08x+", s.Name(), s.KeyHash()))
	seed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(seed) != 1+ed25519.SeedSize || seed[0] != 1 {
		return "", broken
	}
	public, _ := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(s.Name(), public)
}

// Found is the keyring of a log that begins: the last of the secret keys signs it from its first leaf on.
func Found(secrets []string) (*Keyring, error) {
	if len(secrets) == 0 {
		return nil, ErrReadOnly
	}
	last := secrets[len(secrets)-1]
	public, err := PublicOf(last)
	if err != nil {
		return nil, err
	}
	s, err := note.NewSigner(last)
	if err != nil {
		return nil, err
	}
	ring := &Keyring{Origin: s.Name(), Log: []Key{{Verifier: public}}}
	return ring, ring.Check()
}
