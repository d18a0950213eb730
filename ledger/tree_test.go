package ledger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"omnia/ledger"
)

func nth(i int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

// naive is the root by the definition of RFC 6962 2.1, with no tiles and nothing stored.
func naive(leaves []tlog.Hash) tlog.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(naive(leaves[:k]), naive(leaves[k:]))
}

func TestAnyBatchesGiveTheOneTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newShelf()
		var leaves []tlog.Hash
		var tree tlog.Tree
		tree.Hash = naive(nil)
		for _, n := range rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(60, 70), rapid.IntRange(0, 5000)), 1, 5).Draw(t, "batches") {
			e, err := ledger.ReadEdge(context.Background(), tree, s)
			if err != nil {
				t.Fatal(err)
			}
			before := tree
			for range n {
				h := ledger.LeafHash(nth(int64(len(leaves))))
				leaves = append(leaves, h)
				e.Append(h)
			}
			tree = e.Tree()
			proof, err := e.Since(before.N)
			if err != nil {
				t.Fatal(err)
			}
			if before.N > 0 && before.N < tree.N {
				if err := tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash); err != nil {
					t.Fatalf("from %d to %d: %v", before.N, tree.N, err)
				}
			}
			s.keep(e.Flush(before.N))
			if want := naive(leaves); tree.N != int64(len(leaves)) || tree.Hash != want {
				t.Fatalf("%d leaves: %v, want %v", len(leaves), tree, want)
			}
		}
	})
}

func TestEveryLeafAndEverySizeCanBeProved(t *testing.T) {
	t.Parallel()
	ring, signer := newKeys(t, 1)
	s := newShelf()
	var heads []*ledger.Signed
	var last *ledger.Signed
	for i := int64(0); i < 200; {
		var batch []ledger.Waiting
		for range 7 {
			batch = append(batch, ledger.Waiting{ID: fmt.Sprint(i), Data: nth(i)})
			i++
		}
		x, err := ledger.Extend(t.Context(), last, s, batch, signer, noon)
		if err != nil {
			t.Fatal(err)
		}
		s.keep(x.Tiles)
		last = x.Checkpoint
		heads = append(heads, last)
	}
	for _, head := range []*ledger.Signed{heads[0], heads[10], last} {
		for i := range head.Tree.N {
			p, err := ledger.Prove(t.Context(), i, nth(i), head, s)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Verify(ring); err != nil {
				t.Fatalf("leaf %d of %d: %v", i, head.Tree.N, err)
			}
		}
		for _, before := range heads {
			if before.Tree.N > head.Tree.N {
				break
			}
			g, err := ledger.Consistency(t.Context(), before.Tree.N, head, s)
			if err != nil {
				t.Fatal(err)
			}
			g, err = ledger.DecodeGrowth(g.Encode())
			if err != nil {
				t.Fatal(err)
			}
			if now, err := g.Verify(before, ring); err != nil || now.Tree != head.Tree {
				t.Fatalf("from %d to %d: %v", before.Tree.N, head.Tree.N, err)
			}
		}
	}
	if _, err := ledger.Prove(t.Context(), 7, nth(7), heads[0], s); !errors.Is(err, ledger.ErrNotCovered) {
		t.Errorf("a leaf behind the checkpoint: %v", err)
	}
	if _, err := ledger.Prove(t.Context(), 6, nth(7), heads[0], s); !errors.Is(err, ledger.ErrNotInLog) {
		t.Errorf("another leaf: %v", err)
	}
	if _, err := ledger.Consistency(t.Context(), 8, heads[0], s); !errors.Is(err, ledger.ErrNotCovered) {
		t.Errorf("a size behind the checkpoint: %v", err)
	}
	g := must[*ledger.Growth](t)(ledger.Consistency(t.Context(), 7, last, s))
	other := must[*ledger.Signed](t)(signer.Sign(nil, tlog.Tree{N: 7}, nil, noon))
	if _, err := g.Verify(other, ring); !errors.Is(err, ledger.ErrSplitView) {
		t.Errorf("from another log: %v", err)
	}
	if _, err := g.Verify(heads[1], ring); err == nil || !strings.Contains(err.Error(), "begins at size 7") {
		t.Errorf("from another size: %v", err)
	}
}

// A tile that was altered on disk is found before anything is proved or appended on it.
func TestAnAlteredTileIsFound(t *testing.T) {
	t.Parallel()
	b := fill(t, 200, 50)
	for at, data := range b.shelf.tiles {
		for _, i := range []int{0, len(data) - 1} {
			data[i] ^= 1
			found := 0
			if _, err := ledger.ReadEdge(t.Context(), b.head().Tree, b.shelf); err != nil {
				found++
			}
			for p := range b.head().Tree.N {
				if _, err := ledger.Prove(t.Context(), p, b.entries[p].Leaf, b.head(), b.shelf); err != nil {
					found++
				}
			}
			if found == 0 {
				t.Errorf("nobody sees that byte %d of tile %v was altered", i, at)
			}
			data[i] ^= 1
		}
	}
}

// endless is a tree of any size whose tiles are made when they are read: leaf i is that of i modulo 64, so
// that all full tiles of a level are the same.
type endless struct {
	levels []tlog.Hash // root of a full subtree of 64, 64², … leaves
	reads  []string
}

func newEndless() *endless {
	e := &endless{}
	e.levels = append(e.levels, naive(leavesOf64()))
	for range 5 {
		e.levels = append(e.levels, naive(slices.Repeat([]tlog.Hash{e.levels[len(e.levels)-1]}, 64)))
	}
	return e
}

func leavesOf64() (list []tlog.Hash) {
	for i := range int64(64) {
		list = append(list, ledger.LeafHash(nth(i)))
	}
	return list
}

func (e *endless) ReadTiles(_ context.Context, want []tlog.Tile) (list [][]byte, err error) {
	for _, t := range want {
		e.reads = append(e.reads, t.Path())
		var data []byte
		for i := range t.W {
			h := ledger.LeafHash(nth(int64(i)))
			if t.L > 0 {
				h = e.levels[t.L-1]
			}
			data = append(data, h[:]...)
		}
		list = append(list, data)
	}
	return list, nil
}

// tree is the root over n leaves.
func (e *endless) tree(t testing.TB, n int64) tlog.Tree {
	h, err := tlog.TreeHash(n, tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, x := range indexes {
			tile := tlog.TileForIndex(ledger.TileHeight, x)
			data, _ := e.ReadTiles(nil, []tlog.Tile{tile})
			h, err := tlog.HashFromTile(tile, data[0], x)
			if err != nil {
				return nil, err
			}
			list = append(list, h)
		}
		return list, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return tlog.Tree{N: n, Hash: h}
}

func TestAProofAmongTenMillionReadsAFewTiles(t *testing.T) {
	t.Parallel()
	ring, signer := newKeys(t, 1)
	for _, n := range []int64{10_000_000, 9_999_999, 1 << 24, 1<<24 - 1, 100_000_000} {
		e := newEndless()
		head, err := signer.Sign(nil, e.tree(t, n), nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int64{0, 1, 63, 64, 4_095, 4_096, 5_000_000, 7_654_321, n / 3, n - 64, n - 2, n - 1} {
			e.reads = nil
			p, err := ledger.Prove(t.Context(), at, nth(at%64), head, e)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Verify(ring); err != nil {
				t.Error(err)
			}
			if len(e.reads) >= 10 {
				t.Errorf("leaf %d of %d reads %d tiles: %v", at, n, len(e.reads), e.reads)
			}
		}
		e.reads = nil
		if _, err := ledger.ReadEdge(t.Context(), head.Tree, e); err != nil || len(e.reads) >= 6 {
			t.Errorf("appending to %d leaves reads %v, %v", n, e.reads, err)
		}
		e.reads = nil
		before := must[*ledger.Signed](t)(signer.Sign(nil, e.tree(t, n/3), nil, noon))
		e.reads = nil
		g, err := ledger.Consistency(t.Context(), n/3, head, e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Verify(before, ring); err != nil || len(e.reads) >= 12 {
			t.Errorf("from %d to %d leaves reads %d tiles: %v", n/3, n, len(e.reads), err)
		}
	}
}

func TestAProofIsCheckedOffline(t *testing.T) {
	t.Parallel()
	b := fill(t, 60, 16)
	e := b.entries[10]
	text := must[*ledger.Proof](t)(ledger.Prove(t.Context(), 10, e.Leaf, b.head(), b.shelf)).Encode()
	p, err := ledger.DecodeProof(text)
	if err != nil {
		t.Fatal(err)
	}
	if now, err := p.Verify(b.ring); err != nil || now.Tree != b.head().Tree {
		t.Errorf("%v", err)
	}
	if err := p.Holds(e.Facts, e.Personal, e.Outcome); err != nil {
		t.Error(err)
	}
	if err := p.Holds(e.Facts, e.Personal[1:2], e.Outcome); err != nil {
		t.Errorf("with values erased: %v", err)
	}
	for i := range text {
		altered := bytes.Clone(text)
		altered[i] ^= 1 << (i % 8)
		if p, err := ledger.DecodeProof(altered); err == nil {
			if _, err := p.Verify(b.ring); err == nil {
				t.Fatalf("byte %d: …%s… is taken for …%s…", i, around(altered, i), around(text, i))
			}
		}
	}
	swapped := slices.Clone(e.Personal)
	swapped[1].Value = swapped[2].Value
	for _, tt := range []struct {
		err  error
		want string
	}{
		{p.Holds(append(e.Facts, ' '), e.Personal, e.Outcome), "facts"},
		{p.Holds(e.Facts, e.Personal, e.Outcome[1:]), "outcome"},
		{p.Holds(e.Facts, swapped, e.Outcome), "/richiesta/lavoratori/0/codice_fiscale"},
		{p.Holds(e.Facts, []ledger.Personal{{Path: "/x"}}, e.Outcome), "/x"},
	} {
		var at *ledger.Altered
		if !errors.As(tt.err, &at) || at.Path != tt.want {
			t.Errorf("%v, want %s", tt.err, tt.want)
		}
	}
	access := must[*ledger.Proof](t)(ledger.Prove(t.Context(), 2, b.entries[2].Leaf, b.head(), b.shelf))
	if err := access.Holds(nil, nil, nil); err == nil {
		t.Error("an access holds facts")
	}
}
