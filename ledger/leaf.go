package ledger

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// The kinds of leaves. The name is the first member of each, "schema"; a change of the form is
// a further version, and the old ones stay readable.
const (
	SchemaReceipt = "receipt/v1"
	SchemaAccess  = "access/v1"
	SchemaErasure = "erasure/v1"
	SchemaEdition = "edition/v1"

	SchemaActivation = "activation/v1"
	SchemaKeys       = "keys/v1"
	SchemaHold       = "hold/v1"
)

// LeafHash is the hash of a leaf in the tree, RFC 6962 2.1: a byte 0 goes before it, so that no leaf can
// be taken for an inner node.
func LeafHash(leaf []byte) tlog.Hash { return tlog.RecordHash(leaf) }

// Commitment stands in a leaf for a personal value that is kept apart.
type Commitment struct {
	Path string // where the value belongs: a JSON pointer, or "actor"
	Hash Digest // of salt, path and value; see Commit
}

// leaf is what can be read of a leaf without copying; all of it lies in the bytes it was read from. Each
// kind fills what it has.
type leaf struct {
	schema   string
	id       []byte
	instant  []byte
	personal []sealed // commitments by path, then that of the actor

	edition, editionDigest, policyDigest []byte
	factsDigest, outcomeDigest           []byte
	known                                *known     // from leaf to leaf; nil: the versions are read, and not kept
	rules                                []*version // those that the leaf names
	files                                []file
	entry                                []byte   // that was erased from
	paths                                [][]byte // that were erased
	keys                                 []Key    // of the log, from here on
}

type sealed struct{ path, hash []byte }

type file struct{ path, digest []byte }

// subject names the leaf for a person.
func (l *leaf) subject() string {
	kind := map[string]string{SchemaReceipt: "decision", SchemaAccess: "access", SchemaErasure: "erasure", SchemaEdition: "edition", SchemaActivation: "activation", SchemaKeys: "change of keys", SchemaHold: "legal hold"}[l.schema]
	return kind + " " + unescape(l.id)
}

// readers of the kinds; each begins after the member schema.
var readers = []struct {
	schema string
	read   func(c *cursor, l *leaf)
}{
	{SchemaReceipt, readReceipt},
	{SchemaAccess, readAccess},
	{SchemaErasure, readErasure},
	{SchemaEdition, readEdition},
	{SchemaActivation, readActivation},
	{SchemaKeys, readKeys},
	{SchemaHold, readHold},
}

// readLeaf reads a leaf of any kind into l, whose room is used again.
func readLeaf(data []byte, l *leaf) error {
	*l = leaf{personal: l.personal[:0], known: l.known, rules: l.rules[:0], files: l.files[:0], paths: l.paths[:0]}
	for _, r := range readers {
		c := cursor{what: r.schema, data: data}
		if !c.next(`{"schema":"`) || !c.next(r.schema) || !c.next(`"`) {
			continue
		}
		l.schema = r.schema
		c.key("id")
		l.id = c.needed()
		c.key("instant")
		l.instant = c.instant()
		r.read(&c, l)
		c.field = ""
		c.literal("}")
		return c.end()
	}
	return &NotCanonical{What: "leaf", Field: "schema", At: 0, Want: "a known kind"}
}

// SchemaOf is the kind of a leaf; an error when it is none.
func SchemaOf(data []byte) (string, error) {
	schema, _, err := Identify(data)
	return schema, err
}

// InstantOf is when a leaf says that it was written; an error when it is none.
func InstantOf(data []byte) (time.Time, error) {
	var l leaf
	err := readLeaf(data, &l)
	return instantOf(l.instant), err
}

// Identify is the kind and the id of a leaf; an error when it is none.
func Identify(data []byte) (schema, id string, err error) {
	var l leaf
	if err := readLeaf(data, &l); err != nil {
		return "", "", err
	}
	return l.schema, unescape(l.id), nil
}

// decode reads a leaf that must be of that kind.
func decode(data []byte, schema string) (*leaf, error) {
	l := new(leaf)
	if err := readLeaf(data, l); err != nil {
		return nil, err
	}
	if l.schema != schema {
		return nil, fmt.Errorf("%s expected, this is %s", schema, l.schema)
	}
	return l, nil
}

// finish closes a leaf and reads it back: what the reader would refuse is never written.
func finish(dst []byte) ([]byte, error) {
	dst = append(dst, '}')
	l := leaves.Get().(*leaf)
	defer leaves.Put(l)
	if err := readLeaf(dst, l); err != nil {
		return nil, fmt.Errorf("can't be recorded: %w", err)
	}
	return dst, nil
}

// leaves lends out what leaves are read back with: it knows the versions that were written before.
var leaves = sync.Pool{New: func() any { return &leaf{known: newKnown()} }}

func beginLeaf(schema, id string, instant time.Time) []byte {
	dst := appendTextMember(append(make([]byte, 0, 1024), '{'), "schema", schema)
	dst = appendTextMember(dst, "id", id)
	return appendInstantMember(dst, "instant", instant)
}

func appendCommitments(dst []byte, list []Commitment) []byte {
	dst = append(appendKey(dst, "personal"), '[')
	for i, p := range list {
		dst = appendTextMember(append(comma(dst, i), '{'), "path", p.Path)
		dst = append(appendTextMember(dst, "hash", string(p.Hash)), '}')
	}
	return append(dst, ']')
}

// readCommitments reads paths in ascending order, each once.
func readCommitments(c *cursor, l *leaf) {
	c.key("personal")
	for first := true; c.more(first); first = false {
		var s sealed
		c.literal("{")
		c.key("path")
		s.path = c.needed()
		c.key("hash")
		s.hash = c.digest()
		c.literal("}")
		c.field = "personal"
		if n := len(l.personal); c.err == nil && (s.path[0] != '/' || n > 0 && bytes.Compare(l.personal[n-1].path, s.path) >= 0) {
			c.refuse("paths that begin with /, ascending, each once")
		}
		l.personal = append(l.personal, s)
	}
}

func (l *leaf) commitments() (list []Commitment) {
	for _, s := range l.personal {
		list = append(list, Commitment{unescape(s.path), Digest(s.hash)})
	}
	return list
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}
