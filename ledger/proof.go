package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// proveTree is the consistency proof between two sizes of a log; empty when the smaller is 0, or not
// smaller.
func proveTree(ctx context.Context, before int64, now tlog.Tree, r TileReader) (tlog.TreeProof, error) {
	if before == 0 || before >= now.N {
		return tlog.TreeProof{}, nil
	}
	p, err := tlog.ProveTree(now.N, before, hashes(ctx, now, r))
	if err != nil {
		return nil, fmt.Errorf("proof from %d to %d leaves: %w", before, now.N, err)
	}
	return p, nil
}

// ErrNotCovered is a leaf or a size that the checkpoint does not reach.
var ErrNotCovered = errors.New("the checkpoint does not reach so far")

// Consistency proves that the log at a checkpoint is the continuation of the log when it had before leaves.
// ErrNotCovered: it had never more.
func Consistency(ctx context.Context, before int64, now *Signed, r TileReader) (*Growth, error) {
	if before < 0 || before > now.Tree.N {
		return nil, ErrNotCovered
	}
	p, err := proveTree(ctx, before, now.Tree, r)
	if err != nil {
		return nil, err
	}
	return &Growth{Before: before, Proof: p, Checkpoint: now.Note}, nil
}

// Growth is a consistency proof: with a checkpoint that one holds, it shows that nothing before it was changed.
// Its canonical form, growth/v1: schema, before, proof (hashes in base64), checkpoint.
type Growth struct {
	Before     int64
	Proof      tlog.TreeProof
	Checkpoint string
}

const schemaGrowth = "growth/v1"

// Encode is the canonical form.
func (g *Growth) Encode() []byte {
	dst := appendTextMember([]byte{'{'}, "schema", schemaGrowth)
	dst = strconv.AppendInt(appendKey(dst, "before"), g.Before, 10)
	dst = appendHashes(dst, g.Proof)
	return append(appendTextMember(dst, "checkpoint", g.Checkpoint), '}')
}

// DecodeGrowth reads the canonical form, and nothing else.
func DecodeGrowth(data []byte) (*Growth, error) {
	c := cursor{what: schemaGrowth, data: data}
	c.literal(`{"schema":"` + schemaGrowth + `"`)
	g := new(Growth)
	c.key("before")
	g.Before = c.integer()
	g.Proof = c.hashes()
	c.key("checkpoint")
	g.Checkpoint = unescape(c.raw())
	c.literal("}")
	return g, c.end()
}

// Verify checks the proof from a checkpoint that one holds, and gives the later one.
func (g *Growth) Verify(held *Signed, keys *Keyring) (*Signed, error) {
	now, err := keys.Open(g.Checkpoint)
	if err != nil {
		return nil, err
	}
	if g.Before != held.Tree.N {
		return nil, fmt.Errorf("the proof begins at size %d, the checkpoint held is of size %d", g.Before, held.Tree.N)
	}
	if len(g.Proof) > 0 && (g.Before == 0 || g.Before == now.Tree.N) {
		return nil, fmt.Errorf("%w: a proof where none is needed", ErrSplitView)
	}
	return now, follows(held.Tree, now.Tree, g.Proof)
}

// Proof shows that a leaf is in the log: the leaf, its place, the hashes on the way from it to the root
// (RFC 6962 2.1.1), and a signed checkpoint with that root. Its canonical form, proof/v1, has these members
// in this order:
//
//	schema       "proof/v1"
//	position     of the leaf, from 0
//	leaf         the leaf itself
//	proof        hashes in base64, from the leaf upwards
//	checkpoint   signed
type Proof struct {
	Position   int64
	Leaf       []byte
	Proof      tlog.RecordProof
	Checkpoint string
}

const schemaProof = "proof/v1"

// Prove makes the proof for a leaf under a checkpoint that reaches it. It reads a few tiles, however long
// the log is, and checks them against the root. ErrNotCovered: the checkpoint is older than the leaf.
func Prove(ctx context.Context, position int64, leaf []byte, now *Signed, r TileReader) (*Proof, error) {
	if position < 0 || position >= now.Tree.N {
		return nil, ErrNotCovered
	}
	p, err := tlog.ProveRecord(now.Tree.N, position, hashes(ctx, now.Tree, r))
	if err != nil {
		return nil, fmt.Errorf("proof of leaf %d: %w", position, err)
	}
	if err := tlog.CheckRecord(p, now.Tree.N, now.Tree.Hash, position, LeafHash(leaf)); err != nil {
		return nil, fmt.Errorf("%w: leaf %d is not the one that is in the log", ErrNotInLog, position)
	}
	return &Proof{Position: position, Leaf: leaf, Proof: p, Checkpoint: now.Note}, nil
}

// Encode is the canonical form.
func (p *Proof) Encode() []byte {
	dst := appendTextMember([]byte{'{'}, "schema", schemaProof)
	dst = strconv.AppendInt(appendKey(dst, "position"), p.Position, 10)
	dst = append(appendKey(dst, "leaf"), p.Leaf...)
	dst = appendHashes(dst, p.Proof)
	return append(appendTextMember(dst, "checkpoint", p.Checkpoint), '}')
}

// DecodeProof reads the canonical form, and nothing else.
func DecodeProof(data []byte) (*Proof, error) {
	c := cursor{what: schemaProof, data: data}
	c.literal(`{"schema":"` + schemaProof + `"`)
	p := new(Proof)
	c.key("position")
	p.Position = c.integer()
	c.key("leaf")
	p.Leaf = bytes.Clone(c.value())
	p.Proof = c.hashes()
	c.key("checkpoint")
	p.Checkpoint = unescape(c.raw())
	c.literal("}")
	if err := c.end(); err != nil {
		return nil, err
	}
	_, err := SchemaOf(p.Leaf)
	return p, err
}

// ErrNotInLog is a leaf that the checkpoint does not have at that place.
var ErrNotInLog = errors.New("the leaf is not in the log at that place")

// Verify checks that the leaf is in the log, with the public keys alone, and gives the checkpoint that says
// so. What the leaf commits to is checked with [Proof.Holds].
func (p *Proof) Verify(keys *Keyring) (*Signed, error) {
	now, err := keys.Open(p.Checkpoint)
	if err != nil {
		return nil, err
	}
	if p.Position >= now.Tree.N {
		return nil, ErrNotCovered
	}
	if err := tlog.CheckRecord(p.Proof, now.Tree.N, now.Tree.Hash, p.Position, LeafHash(p.Leaf)); err != nil {
		return nil, fmt.Errorf("%w: %d", ErrNotInLog, p.Position)
	}
	return now, nil
}

// Holds checks facts, personal values and outcome against the leaf, which must be a receipt. What
// is wrong is an *[Altered] that names it; values that were erased are left out of personal.
func (p *Proof) Holds(facts []byte, personal []Personal, outcome []byte) error {
	r, err := DecodeReceipt(p.Leaf)
	if err != nil {
		return err
	}
	bound := map[string]Digest{}
	for _, c := range r.Personal {
		bound[c.Path] = c.Hash
	}
	if r.Actor != "" {
		bound[PathActor] = r.Actor
	}
	for _, v := range personal {
		if Commit(v.Path, v.Salt, v.Value) != bound[v.Path] {
			return &Altered{v.Path}
		}
	}
	switch {
	case DigestOf(facts) != r.FactsDigest:
		return &Altered{"facts"}
	case DigestOf(outcome) != r.OutcomeDigest:
		return &Altered{"outcome"}
	}
	return nil
}

func appendHashes(dst []byte, list []tlog.Hash) []byte {
	dst = append(appendKey(dst, "proof"), '[')
	for i, h := range list {
		dst = appendText(comma(dst, i), h.String())
	}
	return append(dst, ']')
}

func (c *cursor) hashes() (list []tlog.Hash) {
	c.key("proof")
	for first := true; c.more(first); first = false {
		list = append(list, c.hash())
	}
	return list
}
