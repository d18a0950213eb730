package ledger

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Keyring is what is known to who checks: the public keys of one log and of its witnesses, and when each
// was good. It never changes; all methods are safe for concurrent use.
//
// A key is good for checkpoints of a size from FromSize to before UntilSize, signed from From to
// before Until. Sizes are what can be relied on, for the log only grows; the instant is what the
// signer's clock said. A key that leaked after its time can sign another past, but not one that agrees
// with checkpoints others hold.
type Keyring struct {
	Origin    string `json:"origin"`
	Log       []Key  `json:"log"`                 // in the order of their sizes; they don't overlap
	Witnesses []Key  `json:"witnesses,omitempty"` // names differ
	Quorum    int    `json:"quorum,omitempty"`    // of Witnesses that the head of an export must be signed by
}

// Key is a public key and its life.
type Key struct {
	Verifier  string     `json:"key"`                  // as GenerateKey gives it: name+hash+key
	FromSize  int64      `json:"from_size,omitempty"`  // inclusive
	UntilSize int64      `json:"until_size,omitempty"` // exclusive; 0 is open
	From      *time.Time `json:"from,omitempty"`       // inclusive; nil is open
	Until     *time.Time `json:"until,omitempty"`      // exclusive; nil is open
}

// GenerateKey makes a pair of Ed25519 keys. The name is the origin of the log, or that of the
// witness. secret signs, and must be kept so; public goes into keyrings.
func GenerateKey(random io.Reader, name string) (secret, public string, err error) {
	if name == "" || strings.ContainsAny(name, "+ \t\r\n") {
		return "", "", fmt.Errorf("key name %q: write it without blanks and without +", name)
	}
	return note.GenerateKey(random, name)
}

// ParseKeyring reads a keyring from its JSON, and checks it.
func ParseKeyring(data []byte) (*Keyring, error) {
	k := new(Keyring)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(k); err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	if d.More() {
		return nil, errors.New("keyring: something stands behind it")
	}
	return k, k.Check()
}

// Check tells what makes the keyring useless.
func (k *Keyring) Check() error {
	if k.Origin == "" || len(k.Log) == 0 {
		return errors.New("keyring: origin and at least one key of the log are needed")
	}
	if k.Quorum < 0 || k.Quorum > len(k.Witnesses) {
		return fmt.Errorf("keyring: a quorum of %d among %d witnesses", k.Quorum, len(k.Witnesses))
	}
	names := map[string]bool{k.Origin: true}
	for i, key := range k.Log {
		v, err := note.NewVerifier(key.Verifier)
		if err != nil || v.Name() != k.Origin {
			return fmt.Errorf("keyring: key %d of the log is none of %s: %w", i+1, k.Origin, orName(err))
		}
		if k.key(key.Verifier) != &k.Log[i] {
			return fmt.Errorf("keyring: key %d of the log is in it already: a key has one life, make another one", i+1)
		}
		if i > 0 && (k.Log[i-1].UntilSize == 0 || k.Log[i-1].UntilSize > key.FromSize) {
			return fmt.Errorf("keyring: key %d of the log begins at size %d, before the one before it ends", i+1, key.FromSize)
		}
	}
	for i, key := range k.Witnesses {
		v, err := note.NewVerifier(key.Verifier)
		if err != nil || names[v.Name()] {
			return fmt.Errorf("keyring: witness %d: %w", i+1, orName(err))
		}
		names[v.Name()] = true
	}
	return nil
}

// orName is the error, or, when there is none, that the name is wrong.
func orName(err error) error {
	if err != nil {
		return err
	}
	return errors.New("its name is not the one it must have, or is taken")
}

// Rotate is the keyring with a new key of the log from that size on. The key before it ends there.
func (k *Keyring) Rotate(public string, size int64, at time.Time) (*Keyring, error) {
	next := *k
	next.Log, next.Witnesses = slices.Clone(k.Log), slices.Clone(k.Witnesses)
	last := &next.Log[len(next.Log)-1]
	if size <= last.FromSize || last.UntilSize != 0 {
		return nil, fmt.Errorf("rotate: the last key can't end at size %d", size)
	}
	last.UntilSize, last.Until = size, &at
	next.Log = append(next.Log, Key{Verifier: public, FromSize: size, From: &at})
	return &next, next.Check()
}

// id is the name and the hash of a key, as signatures have them.
func (k *Key) id() string {
	if v, err := note.NewVerifier(k.Verifier); err == nil {
		return fmt.Sprintf("%s+%08x", v.Name(), v.KeyHash())
	}
	return k.Verifier
}

// good tells whether the key may have signed that checkpoint.
func (k *Key) good(c *Checkpoint) bool {
	n := c.Tree.N
	return n >= k.FromSize && (k.UntilSize == 0 || n < k.UntilSize) &&
		(k.From == nil || !c.Instant.Before(*k.From)) && (k.Until == nil || c.Instant.Before(*k.Until))
}

// What can be wrong with the signatures of a checkpoint.
var (
	ErrForged     = errors.New("the signature is not that of the key")
	ErrUnknownKey = errors.New("signed by a key that is not in the keyring")
	ErrRetiredKey = errors.New("signed by a key outside its time")
	ErrUnsigned   = errors.New("not signed by the log")
	ErrQuorum     = errors.New("too few witnesses have signed")
)

// Signed is a checkpoint whose signatures were verified.
type Signed struct {
	Checkpoint
	Note      string   // as it is signed
	Witnesses []string // names of those that have signed, sorted
}

// Open verifies a signed checkpoint. All its signatures must be good, and of keys known here: a byte that
// could be changed without anyone noticing has no place in it. Errors are ErrCheckpoint or one of those of
// signatures. The quorum is another question: see [Keyring.Witnessed].
func (k *Keyring) Open(text string) (*Signed, error) { return k.open(text, false) }

// open is Open, which may let signatures of keys that are not known here stand beside that of the log.
func (k *Keyring) open(text string, others bool) (*Signed, error) {
	body, err := noteBody(text)
	if err != nil {
		return nil, err
	}
	c, err := ParseCheckpoint(body)
	if err != nil {
		return nil, err
	}
	if c.Origin != k.Origin {
		return nil, fmt.Errorf("%w: it is of %q", ErrCheckpoint, c.Origin)
	}
	n, err := note.Open([]byte(text), k)
	var forged *note.InvalidSignatureError
	switch {
	case errors.As(err, &forged):
		return nil, fmt.Errorf("%w: %s+%08x", ErrForged, forged.Name, forged.Hash)
	case err != nil && !isUnverified(err):
		return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	case err != nil || len(n.UnverifiedSigs) > 0 && !others:
		return nil, fmt.Errorf("%w: %s", ErrUnknownKey, strangers(n, err))
	}
	return k.admit(&Signed{Checkpoint: c, Note: text}, n.Sigs)
}

func isUnverified(err error) bool {
	_, ok := err.(*note.UnverifiedNoteError)
	return ok
}

func strangers(n *note.Note, err error) string {
	if u, ok := err.(*note.UnverifiedNoteError); ok {
		n = u.Note
	}
	var names []string
	for _, s := range n.UnverifiedSigs {
		names = append(names, fmt.Sprintf("%s+%08x", s.Name, s.Hash))
	}
	return strings.Join(names, ", ")
}

// admit asks of each signature whether its key was in its time.
func (k *Keyring) admit(s *Signed, sigs []note.Signature) (*Signed, error) {
	logs := 0
	for _, sig := range sigs {
		key := k.find(sig.Name, sig.Hash)
		if !key.good(&s.Checkpoint) {
			return nil, fmt.Errorf("%w: %s+%08x, size %d", ErrRetiredKey, sig.Name, sig.Hash, s.Tree.N)
		}
		if sig.Name == k.Origin {
			logs++
		} else {
			s.Witnesses = append(s.Witnesses, sig.Name)
		}
	}
	if logs == 0 {
		return nil, ErrUnsigned
	}
	slices.Sort(s.Witnesses)
	return s, nil
}

// Witnessed tells whether enough witnesses have signed: ErrQuorum.
func (k *Keyring) Witnessed(s *Signed) error {
	if len(s.Witnesses) < k.Quorum {
		return fmt.Errorf("%w: %d of the %d needed", ErrQuorum, len(s.Witnesses), k.Quorum)
	}
	return nil
}

// Verifier finds a key for [note.Open].
func (k *Keyring) Verifier(name string, hash uint32) (note.Verifier, error) {
	if key := k.find(name, hash); key != nil {
		return note.NewVerifier(key.Verifier)
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

func (k *Keyring) find(name string, hash uint32) *Key {
	prefix := fmt.Sprintf("%s+%08x+", name, hash)
	for _, list := range [][]Key{k.Log, k.Witnesses} {
		for i := range list {
			if strings.HasPrefix(list[i].Verifier, prefix) {
				return &list[i]
			}
		}
	}
	return nil
}

// noteBody is the text of a note, whose signature lines must be written in the one way: no line twice, no
// base64 with bits to spare.
func noteBody(text string) (string, error) {
	at := strings.LastIndex(text, "\n\n")
	if at < 0 || !strings.HasSuffix(text, "\n") {
		return "", ErrCheckpoint
	}
	seen := map[string]bool{}
	for line := range strings.Lines(text[at+2:]) {
		name, b64, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(line, "— "), "\n"), " ")
		sig, err := base64.StdEncoding.DecodeString(b64)
		if err != nil || base64.StdEncoding.EncodeToString(sig) != b64 || len(sig) < 4 || seen[name+string(sig[:4])] {
			return "", fmt.Errorf("%w: a line of the signatures is not one", ErrCheckpoint)
		}
		seen[name+string(sig[:4])] = true
	}
	return text[:at+1], nil
}
