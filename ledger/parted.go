package ledger

import (
	"bytes"
	"errors"
	"strconv"
)

// Four fifths of a receipt say which versions were applied: some seventy, each with its digest, and the same in many
// decisions. So whoever keeps receipts may keep the versions once, apart, and of each receipt the rest, in which
// stands what differs: the day and the state of each version, where several alike stand in a row, once with their number.
//
//	{"schema":"receipt/v1",…,"rules":[["2024-01-08","applied",9],["2024-07-01","false",1]],"actor":…}
//
// The two put together again are the receipt, byte for byte.

var rulesKey = []byte(`,"rules":[`)

// Part takes a receipt in its canonical form apart.
func Part(receipt []byte) (rest, versions []byte, err error) {
	at := bytes.Index(receipt, rulesKey)
	if at < 0 {
		return nil, nil, errors.New("a receipt without rules can't be taken apart")
	}
	at += len(rulesKey) - 1
	p := parting{
		cursor:   cursor{what: SchemaReceipt, data: receipt, pos: at},
		rest:     append(make([]byte, 0, at+1024), receipt[:at+1]...),
		versions: append(make([]byte, 0, len(receipt)-at), '['),
	}
	for first := true; p.more(first); first = false {
		p.rule(first)
	}
	p.flush()
	if p.err != nil {
		return nil, nil, p.err
	}
	return append(append(p.rest, ']'), receipt[p.pos:]...), append(p.versions, ']'), nil
}

// parting is a receipt that is being taken apart.
type parting struct {
	cursor
	rest, versions []byte
	run            []byte // day and state, as they are written
	times          int
	runs           int
}

func (p *parting) rule(first bool) {
	p.literal(`{`)
	from := p.pos
	p.literal(`"id":`)
	p.raw()
	p.key("version")
	p.integer()
	p.key("digest")
	p.raw()
	to := p.pos
	p.literal(`,"on":`)
	on := p.pos
	p.raw()
	onEnd := p.pos
	p.literal(`,"state":`)
	state := p.pos
	p.raw()
	if p.err != nil {
		return
	}
	if !first {
		p.versions = append(p.versions, ',')
	}
	p.versions = append(append(append(p.versions, '{'), p.data[from:to]...), '}')
	p.count(p.data[on:onEnd], p.data[state:p.pos])
	p.literal(`}`)
}

// count makes the run longer, or begins another.
func (p *parting) count(on, state []byte) {
	if n := len(on); p.times > 0 && len(p.run) == n+1+len(state) && bytes.Equal(p.run[:n], on) && bytes.Equal(p.run[n+1:], state) {
		p.times++
		return
	}
	p.flush()
	p.run = append(append(append(p.run[:0], on...), ','), state...)
	p.times = 1
}

func (p *parting) flush() {
	if p.times == 0 {
		return
	}
	p.rest = append(append(comma(p.rest, p.runs), '['), p.run...)
	p.rest = append(strconv.AppendInt(append(p.rest, ','), int64(p.times), 10), ']')
	p.runs++
}

// Versions are the versions that receipts applied, as Part gives them. They never change.
type Versions struct{ each [][]byte } // without their braces

// ReadVersions reads what Part gave.
func ReadVersions(text []byte) (*Versions, error) {
	c := cursor{what: "versions", data: text}
	v := new(Versions)
	for first := true; c.more(first); first = false {
		from := c.pos + 1
		if c.value(); c.err == nil && text[from-1] == '{' {
			v.each = append(v.each, text[from:c.pos-1])
		}
	}
	return v, c.end()
}

var errParts = errors.New("these are not the parts of one receipt")

// Join puts a receipt together again.
func (v *Versions) Join(rest []byte) ([]byte, error) {
	return v.AppendJoin(make([]byte, 0, len(rest)+170*len(v.each)), rest)
}

// AppendJoin is Join into dst.
func (v *Versions) AppendJoin(dst, rest []byte) ([]byte, error) {
	at := bytes.Index(rest, rulesKey)
	if at < 0 {
		return nil, errParts
	}
	at += len(rulesKey) - 1
	c := cursor{what: SchemaReceipt, data: rest, pos: at}
	dst = append(dst, rest[:at+1]...)
	n := 0
	for first := true; c.more(first); first = false {
		c.literal("[")
		on := c.pos
		c.raw()
		onEnd := c.pos
		c.literal(",")
		state := c.pos
		c.raw()
		stateEnd := c.pos
		c.literal(",")
		times := int(c.integer())
		c.literal("]")
		if c.err != nil || times > len(v.each)-n {
			return nil, errParts
		}
		for _, version := range v.each[n : n+times] {
			dst = append(append(comma(dst, n), '{'), version...)
			dst = append(append(dst, `,"on":`...), rest[on:onEnd]...)
			dst = append(append(append(dst, `,"state":`...), rest[state:stateEnd]...), '}')
			n++
		}
	}
	if c.err != nil || n != len(v.each) {
		return nil, errParts
	}
	return append(append(dst, ']'), rest[c.pos:]...), nil
}
