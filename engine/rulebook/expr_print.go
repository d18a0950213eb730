package rulebook

import (
	"strconv"
	"strings"

	"omnia/engine/calendar"
)

// printCanonical prints a checked tree in the one form that digests of meaning are taken of:
// && || ! for the words, double quotes, single blanks, brackets only where needed or where && and
// || meet. Printing what it prints, read again, gives the same text.
func printCanonical(n *node) string {
	var b strings.Builder
	printNode(&b, n)
	return b.String()
}

// Binding strengths, weakest first. They are not those of expr: where they differ, brackets are
// printed that expr does not need.
const (
	bindChoose = iota
	bindConnective
	bindCompare
	bindAdd
	bindMul
	bindUnary
	bindAtom
)

func (n *node) binding() int {
	switch n.op {
	case opChoose:
		return bindChoose
	case opAnd, opOr:
		return bindConnective
	case opCompare, opIn, opMatch:
		return bindCompare
	case opAdd, opSub:
		return bindAdd
	case opMul:
		return bindMul
	case opNot, opNeg:
		return bindUnary
	case opConst:
		if n.kind == kindInt && n.num < 0 {
			return bindUnary
		}
	}
	return bindAtom
}

func printNode(b *strings.Builder, n *node) {
	switch n.op {
	case opConst:
		printConst(b, n)
	case opField:
		b.WriteString(n.name())
	case opKnown:
		b.WriteString("known(" + n.name() + ")")
	case opParam:
		b.WriteString("param(" + quoteText(n.param.ID) + ")")
	case opNamed:
		b.WriteString("value(" + quoteText(n.named.ID) + ")")
	case opNot:
		b.WriteString("!")
		printKid(b, n.kids[0], bindAtom)
	case opNeg:
		b.WriteString("-")
		printKid(b, n.kids[0], bindAtom)
	case opAnd:
		printJoined(b, n.kids, " && ", bindCompare)
	case opOr:
		printJoined(b, n.kids, " || ", bindCompare)
	case opCompare, opMatch:
		printJoined(b, n.kids, " "+string(n.rel)+" ", bindAdd)
	case opIn:
		printKid(b, n.kids[0], bindAdd)
		b.WriteString(" in [")
		printJoined(b, n.kids[1:], ", ", bindChoose)
		b.WriteString("]")
	case opAdd, opSub:
		printKid(b, n.kids[0], bindAdd)
		b.WriteString(map[op]string{opAdd: " + ", opSub: " - "}[n.op])
		printKid(b, n.kids[1], bindMul)
	case opMul:
		printKid(b, n.kids[0], bindMul)
		b.WriteString(" * ")
		printKid(b, n.kids[1], bindUnary)
	case opChoose:
		printKid(b, n.kids[0], bindConnective)
		b.WriteString(" ? ")
		printKid(b, n.kids[1], bindConnective)
		b.WriteString(" : ")
		printKid(b, n.kids[2], bindConnective)
	case opCall:
		printCall(b, n)
	}
}

func printKid(b *strings.Builder, n *node, least int) {
	if n.binding() >= least {
		printNode(b, n)
		return
	}
	b.WriteByte('(')
	printNode(b, n)
	b.WriteByte(')')
}

func printJoined(b *strings.Builder, kids []*node, sep string, least int) {
	for i, k := range kids {
		if i > 0 {
			b.WriteString(sep)
		}
		printKid(b, k, least)
	}
}

func printConst(b *strings.Builder, n *node) {
	switch n.kind {
	case kindBool:
		b.WriteString(strconv.FormatBool(n.num != 0))
	case kindInt:
		b.WriteString(strconv.FormatInt(n.num, 10))
	case kindText:
		b.WriteString(quoteText(n.text))
	case kindDate:
		b.WriteString(`data("` + calendar.Day(n.num).String() + `")`)
	default:
		b.WriteString("?")
	}
}

func printCall(b *strings.Builder, n *node) {
	var fixed []string
	switch {
	case n.table != nil:
		fixed = []string{quoteText(n.table.ID), quoteText(n.table.Outputs[n.output].Name)}
	case n.field != nil:
		fixed = []string{n.name()}
		for _, f := range n.columns {
			fixed = append(fixed, quoteText(f.Name))
		}
	}
	b.WriteString(n.call.Name + "(" + strings.Join(fixed, ", "))
	if len(fixed) > 0 && len(n.kids) > 0 {
		b.WriteString(", ")
	}
	printJoined(b, n.kids, ", ", bindChoose)
	b.WriteByte(')')
}

// name is the field as the text names it.
func (n *node) name() string {
	if n.row {
		return n.rowName + "." + n.field.Name
	}
	return n.field.Name
}

var textEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func quoteText(s string) string { return `"` + textEscapes.Replace(s) + `"` }
