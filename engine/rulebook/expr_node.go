package rulebook

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// kind is the type of a checked expression.
type kind uint8

const (
	kindBad  kind = iota // a defect was already reported; it fits everywhere, so that one slip gives one message
	kindBool             // a condition
	kindInt              // whole number in 64 bits
	kindDec              // exact rational
	kindText             // text or code
	kindDate             // civil day
	kindList             // rows or days: only as an argument of a list function
)

func (k kind) numeric() bool { return k == kindInt || k == kindDec }

// op is what a node does with its children.
type op uint8

const (
	opConst op = iota // num or text, by kind
	opField           // field
	opKnown           // known(field)
	opParam           // param("id")
	opNot
	opNeg
	opAnd // n children, flattened
	opOr  // n children, flattened
	opCompare
	opIn // kids[0] among the constants kids[1:]
	opMatch
	opAdd
	opSub
	opMul
	opChoose // kids[0] ? kids[1] : kids[2]
	opCall
	opNamed // value("id")
)

// relation is a comparison, and opMatch's way to look into a text.
type relation string

const (
	relEQ       relation = "=="
	relNE       relation = "!="
	relLT       relation = "<"
	relLE       relation = "<="
	relGT       relation = ">"
	relGE       relation = ">="
	relStarts   relation = "startsWith"
	relEnds     relation = "endsWith"
	relContains relation = "contains"
)

// mirror is the relation that holds with the sides exchanged.
func (r relation) mirror() relation {
	switch r {
	case relLT:
		return relGT
	case relLE:
		return relGE
	case relGT:
		return relLT
	case relGE:
		return relLE
	}
	return r
}

// node is one node of the checked tree: typed, with units, names resolved to slots.
type node struct {
	op    op
	kind  kind
	unit  quantity.Unit
	at    int // offset in the source, in runes
	place Place
	kids  []*node

	rel     relation
	num     int64    // constant bool, integer or day
	text    string   // constant text
	codes   []string // the codes a value may have; nil when any
	field   *fact.Field
	row     bool   // field belongs to the row in hand
	rowName string // its name: "periodo"
	param   *Parameter
	table   *Table
	named   *NamedValue
	output  int           // column of table that is read
	call    *function     // opCall
	columns []*fact.Field // fields of the list that a list function reads

	holidays *calendar.Holidays // of not_holiday; nil: Sundays only
	list     int                // root slot of the list whose row is in hand, of repeated

	// Closures, made once; see compileTest.
	test       test
	asText     textFunc
	asInt      intFunc
	asRat      ratFunc
	asFraction fracFunc
	state      test // the truth of a condition, or whether a value is known
}

func (n *node) is(k kind) bool { return n.kind == k || n.kind == kindBad }

func (n *node) isNumber() bool { return n.kind.numeric() || n.kind == kindBad }

func (n *node) constant() bool { return n.op == opConst }

// walk visits n and everything below it, parents first.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, k := range n.kids {
		k.walk(visit)
	}
}
