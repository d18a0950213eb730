package ledger

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Extension is what a log grows by: leaves with their places, the tiles that change, and the signed
// checkpoint. All of it goes into the database in one transaction, or none.
type Extension struct {
	Before     int64   // size that the log must still have
	Last       *Signed // its head; nil of an empty log
	Leaves     []Placed
	Tiles      []KeptTile
	Checkpoint *Signed

	head *head // as it is once this is kept
}

// Placed is a leaf with its place in the log.
type Placed struct {
	Position int64
	ID       string // of what it is the leaf of
	Hash     tlog.Hash
	Data     []byte
}

// Waiting is a leaf that has no place yet.
type Waiting struct {
	ID   string
	Data []byte
}

// head is a log with its edge, ready to grow.
type head struct {
	last *Signed // nil: the log is empty
	edge *Edge
}

// readHead reads the edge of the log as the last checkpoint has it.
func readHead(ctx context.Context, last *Signed, r TileReader) (*head, error) {
	var tree tlog.Tree
	if last != nil {
		tree = last.Tree
	}
	edge, err := ReadEdge(ctx, tree, r)
	return &head{last, edge}, err
}

// Extend appends leaves to the log that ends in last (nil: an empty log): the one step behind every
// way of writing, pure but for reading a handful of tiles. Nothing is appended by it; see [Extension].
func Extend(ctx context.Context, last *Signed, r TileReader, leaves []Waiting, s *Signer, at time.Time) (*Extension, error) {
	h, err := readHead(ctx, last, r)
	if err != nil {
		return nil, err
	}
	return h.extend(leaves, s, at)
}

func (h *head) extend(leaves []Waiting, s *Signer, at time.Time) (*Extension, error) {
	before := h.edge.size
	x := &Extension{Before: before, Last: h.last, Leaves: make([]Placed, len(leaves))}
	for i, w := range leaves {
		x.Leaves[i] = Placed{before + int64(i), w.ID, LeafHash(w.Data), w.Data}
		h.edge.Append(x.Leaves[i].Hash)
	}
	proof, err := h.edge.Since(before)
	if err != nil {
		return nil, fmt.Errorf("append at %d: %w", before, err)
	}
	if x.Checkpoint, err = s.Sign(h.last, h.edge.Tree(), proof, at); err != nil {
		return nil, fmt.Errorf("append at %d: %w", before, err)
	}
	x.Tiles = h.edge.Flush(before)
	h.last = x.Checkpoint
	return x, nil
}
