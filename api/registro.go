package api

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/archive"
	"omnia/ledger"
)

// The log itself, for whoever watches it. Nothing in it is personal: leaves are seen as hashes only.

const (
	typeText  = "text/plain"
	typeBytes = "application/octet-stream"
)

func (s *server) ledgerRoutes() []route {
	const read = "registro.leggi"
	return []route{
		{method: http.MethodGet, path: "/v1/ledger/checkpoint", produces: []string{typeText}, action: s.showCheckpoint, permit: read,
			summary: "l’ultima testa firmata del registro delle decisioni"},
		{method: http.MethodGet, path: "/v1/ledger/consistency", produces: asJSON, action: s.showGrowth, permit: read,
			summary: "la prova che il registro è soltanto cresciuto"},
		{method: http.MethodGet, path: "/v1/ledger/keys", produces: asJSON, action: s.showKeys, permit: read,
			summary: "le chiavi pubbliche del registro"},
		{method: http.MethodGet, path: "/v1/ledger/tiles/:level/:number", produces: []string{typeBytes}, action: s.showTile, permit: read,
			summary: "un riquadro dell’albero del registro"},
		{method: http.MethodPost, path: "/v1/ledger/cosignatures", produces: []string{typeText}, action: s.cosign, permit: "registro.controfirma",
			summary: "aggiunge la firma di un testimone a una testa del registro"},
	}
}

// log is the log, where there is one.
func (s *server) log(c *call) (Ledger, error) {
	if s.Ledger == nil {
		return nil, failure(c.lang, codeArchiveUnavailable)
	}
	return s.Ledger, nil
}

// empty says of a log that has no leaf yet that it has none.
func (c *call) empty(err error) error {
	if errors.Is(err, archive.ErrNotFound) {
		return failure(c.lang, codeLogEmpty)
	}
	return err
}

// showCheckpoint gives the head of the log, as it is signed.
func (s *server) showCheckpoint(c *call) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	log, err := s.log(c)
	if err != nil {
		return err
	}
	head, err := log.Head(c.Request.Context())
	if err != nil {
		return c.empty(err)
	}
	send(c.Context, http.StatusOK, c.media, []byte(head.Note))
	return nil
}

// showKeys gives the keyring, as it is verified with.
func (s *server) showKeys(c *call) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	log, err := s.log(c)
	if err != nil {
		return err
	}
	keys, err := log.Keyring(c.Request.Context())
	if err != nil {
		return c.empty(err)
	}
	return c.json(keys)
}

// showGrowth proves that the log at one size has only grown to another; without one, to its head.
func (s *server) showGrowth(c *call) error {
	q := readQuery(c)
	if q.text("from", "") == "" {
		q.wrong("from", codeRequired)
	}
	from, to := q.number("from"), q.number("to")
	if to != 0 && to < from {
		q.wrong("to", codeSizeOrder)
	}
	if err := q.err(); err != nil {
		return err
	}
	log, err := s.log(c)
	if err != nil {
		return err
	}
	now, err := s.signedAt(c, log, to)
	if err != nil {
		return err
	}
	g, err := ledger.Consistency(c.Request.Context(), from, now, log)
	if errors.Is(err, ledger.ErrNotCovered) {
		return failure(c.lang, codeQuery).With(defect(c.lang, "/query/from", codeNotSoLong, now.Tree.N))
	}
	if err != nil {
		return err
	}
	send(c.Context, http.StatusOK, c.media, append(g.Encode(), '\n'))
	return nil
}

// signedAt is the checkpoint of a size; of 0 the head.
func (s *server) signedAt(c *call, log Ledger, size int64) (*ledger.Signed, error) {
	ctx := c.Request.Context()
	if size == 0 {
		head, err := log.Head(ctx)
		return head, c.empty(err)
	}
	at, err := log.SignedAt(ctx, size)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, failure(c.lang, codeNotKept, size)
	}
	return at, err
}

// tileWidth is how many hashes a full tile has.
const tileWidth = 1 << ledger.TileHeight

// showTile gives the hashes of one tile of the tree, which has 64 of them when it is full. A tile at the right edge has fewer; width asks
// for the first of them, as they were when the log was shorter.
func (s *server) showTile(c *call) error {
	q := readQuery(c)
	width := q.number("width")
	if width > tileWidth {
		q.wrong("width", codeNumber, tileWidth)
	}
	if err := q.err(); err != nil {
		return err
	}
	log, err := s.log(c)
	if err != nil {
		return err
	}
	head, err := log.Head(c.Request.Context())
	if err != nil {
		return c.empty(err)
	}
	t, ok := tileIn(head.Tree.N, c.Param("level"), c.Param("number"), int(width))
	if !ok {
		return failure(c.lang, codeNoTile, head.Tree.N)
	}
	data, err := log.ReadTiles(c.Request.Context(), []tlog.Tile{t})
	if err != nil {
		return err
	}
	send(c.Context, http.StatusOK, c.media, data[0][:t.W*tlog.HashSize])
	return nil
}

// tileIn is a tile of a log of that size, as wide as asked, or (0) as it is there.
func tileIn(size int64, level, number string, width int) (t tlog.Tile, ok bool) {
	l, err1 := strconv.ParseUint(level, 10, 8)
	n, err2 := strconv.ParseUint(number, 10, 62)
	if err1 != nil || err2 != nil || l > 62/ledger.TileHeight {
		return t, false
	}
	there := size>>(uint(l)*ledger.TileHeight) - int64(n)*tileWidth // hashes of that level from the tile on
	if int64(n) > size || there <= 0 || there < int64(width) {
		return t, false
	}
	if width == 0 {
		width = int(min(there, tileWidth))
	}
	return tlog.Tile{H: ledger.TileHeight, L: int(l), N: int64(n), W: width}, true
}

// maxNote is the longest checkpoint with its signatures, in bytes.
const maxNote = 64 << 10

// cosign takes the countersignature of a witness. It is looked at before anything is asked of the store: who is no witness changes nothing and holds up nobody.
func (s *server) cosign(c *call) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	log, err := s.log(c)
	if err != nil {
		return err
	}
	text, err := c.note()
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	keys, err := log.Keyring(ctx)
	if err != nil {
		return c.empty(err)
	}
	if given, err := keys.Open(text); err != nil || len(given.Witnesses) == 0 {
		return failure(c.lang, codeNotCountersigned).Wrap(err)
	}
	merged, err := log.Cosign(ctx, text)
	switch {
	case errors.Is(err, ledger.ErrSplitView):
		return failure(c.lang, codeSplitView).Wrap(err)
	case errors.Is(err, archive.ErrNotFound), errors.Is(err, ledger.ErrNotCovered):
		return failure(c.lang, codeNotCountersigned).Wrap(err)
	case err != nil:
		return err
	}
	send(c.Context, http.StatusOK, c.media, []byte(merged.Note))
	return nil
}

// note reads a body that is a signed note.
func (c *call) note() (string, error) {
	if _, err := bodyMedia(c, typeText); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(c.Request.Body, maxNote+1))
	if err != nil {
		c.Header("Connection", "close")
		return "", bodyFailure(c, err, maxNote)
	}
	if len(text) > maxNote {
		c.Header("Connection", "close")
		return "", failure(c.lang, codeTooLarge, maxNote)
	}
	return string(text), nil
}
