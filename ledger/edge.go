package ledger

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// TileHeight is the height of the tiles in which the tree is kept: a tile of level L holds up to 64
// consecutive hashes of the tree's level 6·L, 2 KiB. Of ten million leaves one proof reads seven
// tiles; appending rewrites one tile that is not full, on average 1 KiB, which stays in its row on
// PostgreSQL.
const TileHeight = 6

const tileWidth = 1 << TileHeight

// TileReader reads tiles from where they are kept, of the height TileHeight. The data of a tile are
// its hashes one after the other; when it is wider than asked, it may be given as it is. A
// tile that is not there is an error.
type TileReader interface {
	ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error)
}

// hashes lets tlog read a tree out of tiles. Each tile is checked against the root before a hash of it is
// used, so that a tile altered on disk is an error and never a proof that fails elsewhere.
func hashes(ctx context.Context, tree tlog.Tree, r TileReader) tlog.HashReader {
	return tlog.TileHashReader(tree, tiles{ctx, r})
}

// tiles is a TileReader for one call of tlog.
type tiles struct {
	ctx  context.Context
	from TileReader
}

func (tiles) Height() int                     { return TileHeight }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	data, err := t.from.ReadTiles(t.ctx, want)
	if err != nil {
		return nil, err
	}
	if len(data) != len(want) {
		return nil, fmt.Errorf("%d tiles read, %d asked", len(data), len(want))
	}
	for i, w := range want {
		if len(data[i]) < w.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is cut off", w.Path())
		}
		data[i] = data[i][:w.W*tlog.HashSize]
	}
	return data, nil
}

// Edge is the right edge of a tree: of each level the tile that is not full yet. It is all that appending
// needs.
type Edge struct {
	size  int64
	tiles [][]byte // by level; each has less than tileWidth hashes, so that the last may be empty
	dirty map[tlog.Tile][]byte
}

// ReadEdge reads the edge of a tree, and checks it against the root. The tree without leaves needs no
// reader.
func ReadEdge(ctx context.Context, tree tlog.Tree, r TileReader) (*Edge, error) {
	e := &Edge{size: tree.N, dirty: map[tlog.Tile][]byte{}}
	var want []tlog.Tile
	for level, n := 0, tree.N; n > 0; level, n = level+1, n>>TileHeight {
		if w := int(n % tileWidth); w > 0 {
			want = append(want, tlog.Tile{H: TileHeight, L: level, N: n >> TileHeight, W: w})
		}
		e.tiles = append(e.tiles, nil)
	}
	if tree.N == 0 {
		return e, nil
	}
	data, err := tiles{ctx, r}.ReadTiles(want)
	if err != nil {
		return nil, fmt.Errorf("edge of the tree of %d leaves: %w", tree.N, err)
	}
	for i, t := range want {
		e.tiles[t.L] = slices.Clone(data[i])
	}
	if got := e.Tree(); got != tree {
		return nil, fmt.Errorf("%w: the tiles do not give the root of size %d", ErrSplitView, tree.N)
	}
	return e, nil
}

// Append adds a leaf by its hash.
func (e *Edge) Append(h tlog.Hash) {
	for level, n := 0, e.size; ; level, n = level+1, n>>TileHeight {
		if level == len(e.tiles) {
			e.tiles = append(e.tiles, nil)
		}
		e.tiles[level] = append(e.tiles[level], h[:]...)
		if len(e.tiles[level]) < tileWidth*tlog.HashSize {
			break
		}
		full := tlog.Tile{H: TileHeight, L: level, N: n >> TileHeight, W: tileWidth}
		e.dirty[full] = e.tiles[level]
		h = root(e.tiles[level])
		e.tiles[level] = nil
	}
	e.size++
}

// root is the hash over a full tile, or over any run of hashes whose number is a power of two.
func root(data []byte) tlog.Hash {
	if len(data) == tlog.HashSize {
		return tlog.Hash(data)
	}
	half := len(data) / 2
	return tlog.NodeHash(root(data[:half]), root(data[half:]))
}

// Tree is the size and the root.
func (e *Edge) Tree() tlog.Tree {
	h, err := tlog.TreeHash(e.size, tlog.HashReaderFunc(e.readHashes))
	if err != nil {
		panic(err) // the edge has every hash that its own root needs
	}
	return tlog.Tree{N: e.size, Hash: h}
}

// readHashes finds hashes of the edge, and of the tiles that became full since it was read.
func (e *Edge) readHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		t := tlog.TileForIndex(TileHeight, x)
		data, ok := e.dirty[tlog.Tile{H: TileHeight, L: t.L, N: t.N, W: tileWidth}]
		if !ok {
			if t.L >= len(e.tiles) || t.N != e.size>>(TileHeight*(t.L+1)) || len(e.tiles[t.L]) < t.W*tlog.HashSize {
				return nil, fmt.Errorf("%s is not at the edge", t.Path())
			}
			data = e.tiles[t.L]
		}
		var err error
		if list[i], err = tlog.HashFromTile(t, data[:t.W*tlog.HashSize], x); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Since proves that the tree has only grown since it had before leaves, which it had when the edge was
// read or last [Edge.Flush]ed.
func (e *Edge) Since(before int64) (tlog.TreeProof, error) {
	if before == 0 || before == e.size {
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(e.size, before, tlog.HashReaderFunc(e.readHashes))
}

// KeptTile is a tile to be kept: to be inserted, or, when it was there with fewer hashes, to be replaced.
type KeptTile struct {
	Level  int
	Number int64
	Data   []byte // 32 bytes for each hash
}

// Flush gives the tiles that have changed since the edge was read or last flushed, by level and number.
func (e *Edge) Flush(before int64) (list []KeptTile) {
	for _, t := range tlog.NewTiles(TileHeight, before, e.size) {
		data, ok := e.dirty[tlog.Tile{H: TileHeight, L: t.L, N: t.N, W: tileWidth}]
		if !ok {
			data = e.tiles[t.L]
		}
		list = append(list, KeptTile{t.L, t.N, slices.Clone(data[:t.W*tlog.HashSize])})
	}
	clear(e.dirty)
	return list
}
