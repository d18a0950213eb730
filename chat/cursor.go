package chat

import (
	"context"
	"strconv"
	"strings"
)

// Cursor is a place in a box: behind the event of that number. The mark tells that event from any other that ever gets the
// same number: it is made up when an event is stored. A database that is restored from a backup gives the numbers
// after the backup again, with other marks, so that a cursor from before the restore is followed only where it
// leads to what its holder has seen.
type Cursor struct {
	Mark string
	N    int64
}

// String is the id of the stream: "<mark>.<number>".
func (c Cursor) String() string { return c.Mark + "." + strconv.FormatInt(c.N, 10) }

// parseCursor reads an id of the stream; ok is false when it is none.
func parseCursor(id string) (c Cursor, ok bool) {
	mark, number, _ := strings.Cut(id, ".")
	n, err := strconv.ParseInt(number, 10, 64)
	c = Cursor{Mark: mark, N: n}
	return c, err == nil && n >= 0 && c.String() == id
}

// Cursor is the place behind an event.
func (e *Event) Cursor() Cursor { return Cursor{Mark: e.Mark, N: e.N} }

// Box is the state of the box of one person.
type Box struct {
	First  int64  // the oldest event still kept; Last+1 when none is
	Last   int64  // 0 when there was none yet
	Before string // mark of the event before First, which is not kept any more; made up when there was none
	Mark   string // mark of Last
}

// End is the place behind all that is there.
func (b Box) End() Cursor { return Cursor{Mark: b.Mark, N: b.Last} }

// Follow is the place after which a stream goes on for whoever has the events up to that id. An id that names no event
// of this box, or one whose followers are not kept any more, can't be followed: the place is the end, and resync is
// true. No id is the end as well.
func Follow(ctx context.Context, s Storage, persona, id string) (at Cursor, resync bool, err error) {
	box, err := s.Box(ctx, persona)
	if err != nil || id == "" {
		return box.End(), false, err
	}
	at, ok := parseCursor(id)
	if ok {
		ok, err = box.has(ctx, s, persona, at)
	}
	if !ok {
		return box.End(), true, err
	}
	return at, false, err
}

// has tells whether a cursor names an event of the box, and all that followed it is kept.
func (b Box) has(ctx context.Context, s Storage, persona string, c Cursor) (bool, error) {
	switch {
	case c.N == b.Last:
		return c.Mark == b.Mark, nil
	case c.N == b.First-1:
		return c.Mark == b.Before, nil
	case c.N < b.First || c.N > b.Last:
		return false, nil
	}
	events, err := s.Events(ctx, persona, c.N-1, 1)
	return len(events) == 1 && events[0].Cursor() == c, err
}
