package ledger

import "bytes"

// version is one version of a rule as leaves name it.
type version struct {
	text []byte     // the members id, version and digest, as written
	next *version   // the one that stood behind it last
	when []byte     // the members on and state that it had last, as written
	in   *published // the edition that was last found to have it
}

// known are the versions that leaves named before. A receipt names some seventy, mostly those of the one before it in the
// same order; so their bytes are read once, and from then on compared.
type known struct {
	versions map[string]*version
	first    *version // the one that stood first in the receipt before
}

func newKnown() *known { return &known{versions: map[string]*version{}} }

// read reads a version that stands behind another one, nil: first. What was not read before is read with all care.
func (k *known) read(c *cursor, behind *version) *version {
	guess := &k.first
	if behind != nil {
		guess = &behind.next
	}
	if v := *guess; v != nil && c.err == nil && bytes.HasPrefix(c.data[c.pos:], v.text) {
		c.pos += len(v.text)
		return v
	}
	v := k.find(c)
	if v == nil {
		text := readVersion(c)
		if c.err != nil {
			return nil
		}
		v = &version{text: bytes.Clone(text)}
		k.versions[string(v.text)] = v
	}
	*guess = v
	return v
}

// follow passes over the rules that stand one behind the other as they did before, of the day and state that they had
// before, or that the one has which was read last.
func (l *leaf) follow(c *cursor, when []byte) {
	n := len(l.rules)
	if n == 0 || c.err != nil {
		return
	}
	last := l.rules[n-1]
	last.when = append(last.when[:0], when...)
	for v := last.next; v != nil; v = v.next {
		rest, end := c.data[c.pos:], len(",{")+len(v.text)
		if len(rest) < end || string(rest[:2]) != ",{" || !bytes.Equal(rest[2:end], v.text) {
			return
		}
		if again := rest[end:]; closes(again, v.when) {
			when = again[:len(v.when)]
		} else if closes(again, when) {
			v.when = append(v.when[:0], when...)
		} else {
			return
		}
		l.rules = append(l.rules, v)
		c.pos += end + len(when) + len("}")
	}
}

// closes tells whether a rule goes on with these members, and ends.
func closes(rest, when []byte) bool {
	return len(when) > 0 && len(rest) > len(when) && rest[len(when)] == '}' && bytes.Equal(rest[:len(when)], when)
}

var digestMember = []byte(`,"digest":"`)

// find passes over a version that was read before. The digest is its last member, and always as long.
func (k *known) find(c *cursor) *version {
	if c.err != nil {
		return nil
	}
	rest := c.data[c.pos:]
	at := bytes.Index(rest, digestMember)
	end := at + len(digestMember) + digestLength + len(`"`)
	if at < 0 || end > len(rest) {
		return nil
	}
	v := k.versions[string(rest[:end])]
	if v != nil {
		c.pos += end
	}
	return v
}
