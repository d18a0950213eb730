package ledger

import (
	"strconv"
	"time"
)

// Announcement says by which keys the log is signed from here on: it is written when they change, and signed under the key that
// was good before. So a key that takes over is one that its predecessor named, and a list of keys that was exchanged does not agree
// with the log. keys/v1 has these members in this order:
//
//	schema, id, instant
//	keys   of the log, all that it had, in their order: key, from_size, until_size (0: open), from and until ("": open)
//
// Witnesses have no place in it: whoever verifies chooses whom to believe.
type Announcement struct {
	ID      string
	Instant time.Time
	Keys    []Key
}

// Encode is the canonical form; see [Receipt.Encode].
func (a *Announcement) Encode() ([]byte, error) {
	dst := append(appendKey(beginLeaf(SchemaKeys, a.ID, a.Instant), "keys"), '[')
	for i, k := range a.Keys {
		dst = appendTextMember(append(comma(dst, i), '{'), "key", k.Verifier)
		dst = strconv.AppendInt(appendKey(dst, "from_size"), k.FromSize, 10)
		dst = strconv.AppendInt(appendKey(dst, "until_size"), k.UntilSize, 10)
		dst = appendInstantOrNone(dst, "from", k.From)
		dst = append(appendInstantOrNone(dst, "until", k.Until), '}')
	}
	return finish(append(dst, ']'))
}

// DecodeAnnouncement reads the canonical form, and nothing else.
func DecodeAnnouncement(data []byte) (*Announcement, error) {
	l, err := decode(data, SchemaKeys)
	if err != nil {
		return nil, err
	}
	return &Announcement{ID: unescape(l.id), Instant: instantOf(l.instant), Keys: l.keys}, nil
}

func appendInstantOrNone(dst []byte, name string, t *time.Time) []byte {
	if t == nil {
		return appendTextMember(dst, name, "")
	}
	return appendInstantMember(dst, name, *t)
}

func readKeys(c *cursor, l *leaf) {
	l.keys = nil
	c.key("keys")
	for first := true; c.more(first); first = false {
		var k Key
		c.literal("{")
		c.key("key")
		k.Verifier = unescape(c.needed())
		c.key("from_size")
		k.FromSize = c.integer()
		c.key("until_size")
		k.UntilSize = c.integer()
		c.key("from")
		k.From = c.instantOrNone()
		c.key("until")
		k.Until = c.instantOrNone()
		c.literal("}")
		c.field = "keys"
		l.keys = append(l.keys, k)
	}
	if len(l.keys) == 0 {
		c.refuse("at least one key")
	}
}

// instantOrNone is an instant, or the empty text.
func (c *cursor) instantOrNone() *time.Time {
	if c.next(`""`) {
		return nil
	}
	at := instantOf(c.instant())
	return &at
}

// announced is what the log says of its keys, from a position on.
type announced struct {
	at   int64
	line int64
	keys []Key
}

// announcement remembers what a leaf says of the keys, which must be those that are known to who verifies: as far as their time
// had come.
func (r *reading) announcement() error {
	a := announced{r.at, r.lines.number, r.leaf.keys}
	for i := range a.keys {
		said := &a.keys[i]
		known := r.Keys.key(said.Verifier)
		switch {
		case known == nil && said.FromSize <= r.head.Tree.N:
			return r.finding(r.leaf.subject(), said.id(), CodeKeys, "the log names this key, and the keyring does not have it")
		case known != nil && !said.agrees(known):
			return r.finding(r.leaf.subject(), said.id(), CodeKeys, "the log gives this key another life than the keyring does")
		}
	}
	r.announced = append(r.announced, a)
	return nil
}

// succession tells whether each key that took over was named by the log before: under a key before it, then. Keys that
// took over before the log named any are counted.
func (r *reading) succession() error {
	for i := range r.Keys.Log {
		k := &r.Keys.Log[i]
		if i == 0 || k.FromSize > r.head.Tree.N {
			continue // the first is what whoever verifies relies on
		}
		if r.names(k) {
			continue
		}
		if len(r.announced) > 0 && r.announced[0].at < k.FromSize {
			return r.finding("", k.id(), CodeKeys, "this key of the keyring signs from %d leaves on, and the log did not name it before", k.FromSize)
		}
		r.report.Unannounced++
	}
	return nil
}

// names tells whether a leaf before the first checkpoint of the key names it.
func (r *reading) names(k *Key) bool {
	for _, a := range r.announced {
		for i := range a.keys {
			if a.at+1 < k.FromSize && a.keys[i].Verifier == k.Verifier {
				return true
			}
		}
	}
	return false
}

// key is the key of the log that is written so.
func (k *Keyring) key(verifier string) *Key {
	for i := range k.Log {
		if k.Log[i].Verifier == verifier {
			return &k.Log[i]
		}
	}
	return nil
}

// agrees tells whether the life of a key, as it was said, is that which it is known to have: an end may have come later.
func (k *Key) agrees(known *Key) bool {
	return k.FromSize == known.FromSize && sameInstant(k.From, known.From) &&
		(k.UntilSize == 0 || k.UntilSize == known.UntilSize && sameInstant(k.Until, known.Until))
}

func sameInstant(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
