package ledger

import "time"

// Access is one line of the record of who looked at what. What names a person, or may, is kept apart as
// personal values: who it was, the object looked at, the reason given, the address. access/v1 has these
// members in this order, texts that may be empty but for the id:
//
//	schema, id, instant
//	role, basis, delegation   as what, on which ground
//	action                    of the policies
//	matricola                 "" for what concerns no single one
//	outcome                   allow, deny:CODE, error:CODE
//	policy                    version of the policies that decided
//	personal                  path and commitment of each personal value, paths ascending
//	correlation
type Access struct {
	ID                      string
	Instant                 time.Time
	Role, Basis, Delegation string
	Action                  string
	Matricola               string
	Outcome                 string
	Policy                  string
	Personal                []Commitment
	Correlation             string
}

// Encode is the canonical form; see [Receipt.Encode].
func (a *Access) Encode() ([]byte, error) {
	dst := beginLeaf(SchemaAccess, a.ID, a.Instant)
	for _, m := range a.public() {
		dst = appendTextMember(dst, m.name, *m.to)
	}
	return finish(appendTextMember(appendCommitments(dst, a.Personal), "correlation", a.Correlation))
}

// text is a member that is a text.
type text struct {
	name string
	to   *string
}

func (a *Access) public() [7]text {
	return [...]text{
		{"role", &a.Role}, {"basis", &a.Basis}, {"delegation", &a.Delegation}, {"action", &a.Action},
		{"matricola", &a.Matricola}, {"outcome", &a.Outcome}, {"policy", &a.Policy},
	}
}

// DecodeAccess reads the canonical form, and nothing else.
func DecodeAccess(data []byte) (*Access, error) {
	l, err := decode(data, SchemaAccess)
	if err != nil {
		return nil, err
	}
	a := &Access{ID: unescape(l.id), Instant: instantOf(l.instant), Personal: l.commitments()}
	c := cursor{data: data}
	for _, m := range a.public() {
		c.seek(m.name)
		*m.to = unescape(c.raw())
	}
	c.seek("correlation")
	a.Correlation = unescape(c.raw())
	return a, nil
}

func readAccess(c *cursor, l *leaf) {
	for _, name := range [...]string{"role", "basis", "delegation", "action", "matricola", "outcome", "policy"} {
		c.key(name)
		c.raw()
	}
	readCommitments(c, l)
	c.key("correlation")
	c.raw()
}
