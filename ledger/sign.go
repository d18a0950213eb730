package ledger

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Signer signs the checkpoints of a log. It never changes; it is safe for concurrent use.
type Signer struct {
	ring   *Keyring
	signer note.Signer
}

// NewSigner takes the secret key, whose public half must be a key of the log in the ring.
func NewSigner(secret string, ring *Keyring) (*Signer, error) {
	s, err := note.NewSigner(secret)
	if err != nil {
		return nil, errors.New("the secret key can't be read") // without a word of it
	}
	return signerOf(s, ring)
}

func signerOf(s note.Signer, ring *Keyring) (*Signer, error) {
	if s.Name() != ring.Origin || ring.find(s.Name(), s.KeyHash()) == nil {
		return nil, fmt.Errorf("%w: %s+%08x", ErrUnknownKey, s.Name(), s.KeyHash())
	}
	return &Signer{ring, s}, ring.Check()
}

// Origin is the name of the log.
func (s *Signer) Origin() string { return s.ring.Origin }

// Sign signs the tree next, of which before (nil: nothing yet) is the beginning, as the proof shows.
// ErrRollback and ErrSplitView are a tree that is no continuation; ErrRetiredKey a key that may
// not sign that size, or not now. A clock behind that of the one who signed before is set to it.
//
// The note must not leave the process before the leaves it speaks of are on disk: two checkpoints of one size
// that differ can't be taken back.
func (s *Signer) Sign(before *Signed, next tlog.Tree, proof tlog.TreeProof, at time.Time) (*Signed, error) {
	at = at.UTC().Truncate(time.Millisecond)
	if before != nil {
		if err := follows(before.Tree, next, proof); err != nil {
			return nil, err
		}
		if at.Before(before.Instant) {
			at = before.Instant
		}
	}
	c := Checkpoint{Origin: s.ring.Origin, Tree: next, Instant: at}
	if !s.ring.find(s.signer.Name(), s.signer.KeyHash()).good(&c) {
		return nil, fmt.Errorf("%w: %s+%08x, size %d", ErrRetiredKey, s.signer.Name(), s.signer.KeyHash(), next.N)
	}
	text, err := note.Sign(&note.Note{Text: c.Text()}, s.signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint %d: %w", next.N, err)
	}
	return &Signed{Checkpoint: c, Note: string(text)}, nil
}

// Witness countersigns what a log has signed, as long as the log only grows. It is run by somebody else, who
// keeps the last checkpoint it was shown.
type Witness struct {
	ring   *Keyring
	signer note.Signer
}

// NewWitness takes the secret key of the witness, and the keys of the log.
func NewWitness(secret string, ring *Keyring) (*Witness, error) {
	s, err := note.NewSigner(secret)
	if err != nil {
		return nil, errors.New("the secret key can't be read")
	}
	return &Witness{ring, s}, ring.Check()
}

// Cosign adds the signature of the witness to a checkpoint. last is the one it countersigned before
// (nil: none); proof shows that the log has only grown since. What it gives must be kept before it is
// handed out. Signatures of witnesses that this one does not know stay as they are. Errors are those of [Keyring.Open], ErrRollback and ErrSplitView.
func (w *Witness) Cosign(last *Signed, text string, proof tlog.TreeProof) (*Signed, error) {
	next, err := w.ring.open(text, true)
	if err != nil {
		return nil, err
	}
	if last != nil {
		if err := follows(last.Tree, next.Tree, proof); err != nil {
			return nil, err
		}
	}
	n, err := note.Open([]byte(text), w.ring)
	if err != nil {
		return nil, err
	}
	signed, err := note.Sign(n, w.signer)
	if err != nil {
		return nil, fmt.Errorf("countersign %d: %w", next.Tree.N, err)
	}
	next.Note = string(signed)
	return next, nil
}

// Merge is a checkpoint with the signatures of both: of the one kept here, and of the same one as it came
// back from a witness.
func (k *Keyring) Merge(kept, countersigned string) (*Signed, error) {
	a, err := k.Open(kept)
	if err != nil {
		return nil, err
	}
	b, err := k.Open(countersigned)
	if err != nil {
		return nil, err
	}
	if a.Text() != b.Text() {
		return nil, fmt.Errorf("%w: the witness has signed another one", ErrSplitView)
	}
	n, err := note.Open([]byte(kept), k)
	if err != nil {
		return nil, err
	}
	m, err := note.Open([]byte(countersigned), k)
	if err != nil {
		return nil, err
	}
	for _, s := range m.Sigs {
		known := func(h note.Signature) bool { return h.Name == s.Name && h.Hash == s.Hash }
		if !slices.ContainsFunc(n.Sigs, known) {
			n.Sigs = append(n.Sigs, s)
		}
	}
	merged, err := note.Sign(n)
	if err != nil {
		return nil, err
	}
	return k.Open(string(merged))
}
