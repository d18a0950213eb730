package ledger

import (
	"bytes"
	"slices"
	"strconv"
	"time"
)

// Receipt is what can't be denied of a decision. Its canonical form, receipt/v1, has these members in
// this order:
//
//	schema           "receipt/v1"
//	id               of the decision; not empty
//	instant          at which it was taken, UTC, milliseconds
//	kind             what was asked: a word such as counters, validate
//	simulation       true for a what-if
//	edition          name of the edition of the law
//	edition_digest   root digest of that edition
//	policy_digest    of the policies that allowed it; "" when none were asked
//	engine           version of the engine
//	options          what was asked beside the facts (today, language, …): names ascending, texts
//	facts_digest     of the bytes of the facts that are not personal
//	personal         of each personal value its path and commitment, paths ascending
//	outcome_digest   of the bytes of the outcome
//	rules            each version that was applied: id, version, digest of meaning, on (the day that
//	                 selected the version, or ""), state (a word such as true, false, unknown)
//	actor            commitment to who asked, with the path "actor"; "" when nobody was named
//	role             that was decisive; "" when none
//	delegation       that allowed it; "" when none
//	correlation      of the request; "" when none
type Receipt struct {
	ID            string
	Instant       time.Time
	Kind          string
	Simulation    bool
	Edition       string
	EditionDigest Digest
	PolicyDigest  Digest
	Engine        string
	Options       []Option
	FactsDigest   Digest
	Personal      []Commitment
	OutcomeDigest Digest
	Rules         []Rule
	Actor         Digest
	Role          string
	Delegation    string
	Correlation   string
}

// Option is one thing that was asked beside the facts, and that a replay needs.
type Option struct{ Name, Value string }

// Rule is one version of a rule that a decision applied.
type Rule struct {
	ID      string
	Version int
	Digest  Digest // of meaning
	On      string // day of the case that selected the version, YYYY-MM-DD; "" when none did
	State   string // what became of it
}

// PathActor is the path of the personal value that says who asked.
const PathActor = "actor"

var pathActor = []byte(PathActor)

// Encode is the canonical form. A receipt that has none (a digest that is none, paths out of order, a
// text that is not UTF-8) is an error that names the field.
func (r *Receipt) Encode() ([]byte, error) {
	dst := beginLeaf(SchemaReceipt, r.ID, r.Instant)
	dst = slices.Grow(dst, 1024+200*len(r.Rules))
	dst = appendTextMember(dst, "kind", r.Kind)
	dst = strconv.AppendBool(appendKey(dst, "simulation"), r.Simulation)
	dst = appendTextMember(dst, "edition", r.Edition)
	dst = appendTextMember(dst, "edition_digest", string(r.EditionDigest))
	dst = appendTextMember(dst, "policy_digest", string(r.PolicyDigest))
	dst = appendTextMember(dst, "engine", r.Engine)
	dst = append(appendKey(dst, "options"), '{')
	for i, o := range r.Options {
		dst = append(appendText(comma(dst, i), o.Name), ':')
		dst = appendText(dst, o.Value)
	}
	dst = appendTextMember(append(dst, '}'), "facts_digest", string(r.FactsDigest))
	dst = appendCommitments(dst, r.Personal)
	dst = appendTextMember(dst, "outcome_digest", string(r.OutcomeDigest))
	dst = append(appendKey(dst, "rules"), '[')
	for i := range r.Rules {
		dst = r.Rules[i].append(comma(dst, i))
	}
	dst = appendTextMember(append(dst, ']'), "actor", string(r.Actor))
	dst = appendTextMember(dst, "role", r.Role)
	dst = appendTextMember(dst, "delegation", r.Delegation)
	return finish(appendTextMember(dst, "correlation", r.Correlation))
}

func (r *Rule) append(dst []byte) []byte {
	dst = appendText(append(dst, `{"id":`...), r.ID)
	dst = strconv.AppendInt(append(dst, `,"version":`...), int64(r.Version), 10)
	dst = appendText(append(dst, `,"digest":`...), string(r.Digest))
	dst = appendText(append(dst, `,"on":`...), r.On)
	return append(appendText(append(dst, `,"state":`...), r.State), '}')
}

// DecodeReceipt reads the canonical form, and nothing else: a member that is unknown, missing, twice
// there or out of order, a blank, another way to write a text are a *[NotCanonical].
func DecodeReceipt(data []byte) (*Receipt, error) {
	l, err := decode(data, SchemaReceipt)
	if err != nil {
		return nil, err
	}
	r := &Receipt{
		ID: unescape(l.id), Instant: instantOf(l.instant), Edition: unescape(l.edition), EditionDigest: Digest(l.editionDigest),
		PolicyDigest: Digest(l.policyDigest), FactsDigest: Digest(l.factsDigest), OutcomeDigest: Digest(l.outcomeDigest),
	}
	r.Personal = l.commitments()
	if n := len(r.Personal) - 1; n >= 0 && r.Personal[n].Path == PathActor {
		r.Actor, r.Personal = r.Personal[n].Hash, append([]Commitment(nil), r.Personal[:n]...)
	}
	r.rest(data)
	return r, nil
}

// rest reads the members that only people need, from bytes that were found canonical.
func (r *Receipt) rest(data []byte) {
	c := cursor{data: data}
	c.seek("kind")
	r.Kind = unescape(c.raw())
	c.seek("simulation")
	r.Simulation = c.boolean()
	c.seek("engine")
	r.Engine = unescape(c.raw())
	c.seek("options")
	for _, m := range members(c.value()) {
		r.Options = append(r.Options, Option{m.name(), member{key: m.value}.name()})
	}
	c.seek("rules")
	for _, e := range elements(c.value()) {
		r.Rules = append(r.Rules, ruleOf(e))
	}
	for _, m := range []struct {
		name string
		to   *string
	}{{"role", &r.Role}, {"delegation", &r.Delegation}, {"correlation", &r.Correlation}} {
		c.seek(m.name)
		*m.to = unescape(c.raw())
	}
}

func ruleOf(data []byte) Rule {
	m := members(data)
	version, _ := strconv.Atoi(string(m[1].value))
	text := func(i int) string { return member{key: m[i].value}.name() }
	return Rule{ID: text(0), Version: version, Digest: Digest(text(2)), On: text(3), State: text(4)}
}

// seek goes to the value of a member of the outermost object.
func (c *cursor) seek(name string) {
	if c.pos == 0 {
		c.pos = 1
	}
	for c.err == nil {
		c.next(",")
		key := c.raw()
		c.literal(":")
		if string(key) == name {
			return
		}
		c.value()
	}
}

// readReceipt reads what follows the instant.
func readReceipt(c *cursor, l *leaf) {
	c.key("kind")
	c.word()
	c.key("simulation")
	c.boolean()
	c.key("edition")
	l.edition = c.needed()
	c.key("edition_digest")
	l.editionDigest = c.digest()
	c.key("policy_digest")
	l.policyDigest = c.digestOrNone()
	c.key("engine")
	c.needed()
	c.key("options")
	readOptions(c)
	c.key("facts_digest")
	l.factsDigest = c.digest()
	readCommitments(c, l)
	c.key("outcome_digest")
	l.outcomeDigest = c.digest()
	c.key("rules")
	for first := true; c.more(first); first = false {
		when := readRule(c, l)
		l.follow(c, when)
	}
	c.key("actor")
	if actor := c.digestOrNone(); actor != nil {
		l.personal = append(l.personal, sealed{pathActor, actor})
	}
	c.key("role")
	c.raw()
	c.key("delegation")
	c.raw()
	c.key("correlation")
	c.raw()
}

func readOptions(c *cursor) {
	c.literal("{")
	var last []byte
	for first := true; c.err == nil && !c.next("}"); first = false {
		if !first {
			c.literal(",")
		}
		name := c.word()
		if c.err == nil && bytes.Compare(last, name) >= 0 {
			c.refuse("names ascending, each once")
		}
		last = name
		c.literal(":")
		c.raw()
	}
}

// readRule gives the members on and state, as written.
func readRule(c *cursor, l *leaf) (when []byte) {
	c.literal("{")
	c.field = "rules"
	l.version(c)
	from := c.pos
	c.key("on")
	c.dayOrNone()
	c.key("state")
	c.word()
	when = c.data[from:c.pos]
	c.literal("}")
	c.field = "rules"
	return when
}

// version reads the next version that a leaf names.
func (l *leaf) version(c *cursor) {
	if l.known == nil {
		readVersion(c)
		return
	}
	var behind *version
	if n := len(l.rules); n > 0 {
		behind = l.rules[n-1]
	}
	if v := l.known.read(c, behind); v != nil {
		l.rules = append(l.rules, v)
	}
}

// readVersion reads the members id, version and digest, and gives them as they are written.
func readVersion(c *cursor) []byte {
	from := c.pos
	c.field = "id"
	c.literal(`"id":`)
	c.needed()
	c.key("version")
	c.integer()
	c.key("digest")
	c.digest()
	return c.data[from:c.pos]
}
