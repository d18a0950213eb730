package ledger

import "time"

// Hold says that a legal hold was placed on a matricola, or lifted: for how long nothing personal of it might be erased. It makes a
// hold that somebody took out of the database stand in the log. hold/v1 has these members in this order:
//
//	schema, id, instant
//	hold        id of the hold
//	matricola
//	state       placed or lifted
//	personal    path and commitment of who did it (/persona) and, where it was placed, of why (/motivo), paths ascending
type Hold struct {
	ID              string
	Instant         time.Time
	Hold, Matricola string
	Lifted          bool
	Personal        []Commitment
}

// The states of a hold.
const (
	holdPlaced = "placed"
	holdLifted = "lifted"
)

// Encode is the canonical form; see [Receipt.Encode].
func (h *Hold) Encode() ([]byte, error) {
	state := holdPlaced
	if h.Lifted {
		state = holdLifted
	}
	dst := appendTextMember(beginLeaf(SchemaHold, h.ID, h.Instant), "hold", h.Hold)
	dst = appendTextMember(appendTextMember(dst, "matricola", h.Matricola), "state", state)
	return finish(appendCommitments(dst, h.Personal))
}

// DecodeHold reads the canonical form, and nothing else.
func DecodeHold(data []byte) (*Hold, error) {
	l, err := decode(data, SchemaHold)
	if err != nil {
		return nil, err
	}
	h := &Hold{ID: unescape(l.id), Instant: instantOf(l.instant), Personal: l.commitments()}
	c := cursor{data: data}
	c.seek("hold")
	h.Hold = unescape(c.raw())
	c.seek("matricola")
	h.Matricola = unescape(c.raw())
	c.seek("state")
	h.Lifted = unescape(c.raw()) == holdLifted
	return h, nil
}

func readHold(c *cursor, l *leaf) {
	c.key("hold")
	c.needed()
	c.key("matricola")
	c.needed()
	c.key("state")
	if state := string(c.needed()); c.err == nil && state != holdPlaced && state != holdLifted {
		c.refuse("placed or lifted")
	}
	readCommitments(c, l)
}
