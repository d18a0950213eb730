package ledger

import "time"

// Activation says that decisions are taken under an edition from here on: when it was published, and again when an
// older one is taken back into use. Every decision must be under the edition that the last activation before it
// names. activation/v1 has these members in this order:
//
//	schema, id, instant
//	edition          its name
//	edition_digest   root digest, as the leaf of the edition has it
//	reason           why, without naming anyone; not empty
//	actor            commitment to who did it, with the path "actor"; "" when nobody was named
type Activation struct {
	ID            string
	Instant       time.Time
	Edition       string
	EditionDigest Digest
	Reason        string
	Actor         Digest
}

// Encode is the canonical form; see [Receipt.Encode].
func (a *Activation) Encode() ([]byte, error) {
	dst := appendTextMember(beginLeaf(SchemaActivation, a.ID, a.Instant), "edition", a.Edition)
	dst = appendTextMember(dst, "edition_digest", string(a.EditionDigest))
	dst = appendTextMember(dst, "reason", a.Reason)
	return finish(appendTextMember(dst, "actor", string(a.Actor)))
}

// DecodeActivation reads the canonical form, and nothing else.
func DecodeActivation(data []byte) (*Activation, error) {
	l, err := decode(data, SchemaActivation)
	if err != nil {
		return nil, err
	}
	a := &Activation{ID: unescape(l.id), Instant: instantOf(l.instant), Edition: unescape(l.edition), EditionDigest: Digest(l.editionDigest)}
	if len(l.personal) > 0 {
		a.Actor = Digest(l.personal[0].hash)
	}
	c := cursor{data: data}
	c.seek("reason")
	a.Reason = unescape(c.raw())
	return a, nil
}

func readActivation(c *cursor, l *leaf) {
	c.key("edition")
	l.edition = c.needed()
	c.key("edition_digest")
	l.editionDigest = c.digest()
	c.key("reason")
	c.needed()
	c.key("actor")
	if actor := c.digestOrNone(); actor != nil {
		l.personal = append(l.personal, sealed{pathActor, actor})
	}
}
