package ledger

import (
	"bytes"
	"slices"
	"time"
)

// Erasure says that personal values of an entry were erased, as a person may ask. Without one, a value
// that is missing was taken out by somebody. erasure/v1 has these members in this order:
//
//	schema, id, instant
//	entry         id of the decision or access erased from
//	paths         of the values erased, ascending, at least one
//	reason        why, without naming anyone
//	correlation   of the request; "" when none
type Erasure struct {
	ID          string
	Instant     time.Time
	Entry       string
	Paths       []string
	Reason      string
	Correlation string
}

// Encode is the canonical form; see [Receipt.Encode]. The order of Paths does not matter.
func (e *Erasure) Encode() ([]byte, error) {
	dst := appendTextMember(beginLeaf(SchemaErasure, e.ID, e.Instant), "entry", e.Entry)
	paths := slices.Clone(e.Paths)
	slices.SortFunc(paths, comparePaths)
	dst = append(appendKey(dst, "paths"), '[')
	for i, p := range paths {
		dst = appendText(comma(dst, i), p)
	}
	dst = appendTextMember(append(dst, ']'), "reason", e.Reason)
	return finish(appendTextMember(dst, "correlation", e.Correlation))
}

// DecodeErasure reads the canonical form, and nothing else.
func DecodeErasure(data []byte) (*Erasure, error) {
	l, err := decode(data, SchemaErasure)
	if err != nil {
		return nil, err
	}
	e := &Erasure{ID: unescape(l.id), Instant: instantOf(l.instant), Entry: unescape(l.entry)}
	for _, p := range l.paths {
		e.Paths = append(e.Paths, unescape(p))
	}
	c := cursor{data: data}
	c.seek("reason")
	e.Reason = unescape(c.raw())
	c.seek("correlation")
	e.Correlation = unescape(c.raw())
	return e, nil
}

func readErasure(c *cursor, l *leaf) {
	c.key("entry")
	l.entry = c.needed()
	c.key("paths")
	for first := true; c.more(first); first = false {
		p := c.needed()
		if n := len(l.paths); n > 0 && bytes.Compare(l.paths[n-1], p) >= 0 {
			c.refuse("paths ascending, each once")
		}
		l.paths = append(l.paths, p)
	}
	if len(l.paths) == 0 {
		c.refuse("at least one path")
	}
	c.key("reason")
	c.needed()
	c.key("correlation")
	c.raw()
}
