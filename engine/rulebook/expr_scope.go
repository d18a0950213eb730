package rulebook

import (
	"cmp"
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// Scope is what an expression may name. It is read only while compiling, by one goroutine.
type Scope struct {
	Vocabulary *fact.Vocabulary
	Row        *fact.Group // the list group whose row is in hand, named by its Name (`periodo`); nil for none
	Parameters map[string]*Parameter
	Tables     map[string]*Table
	Values     map[string]*NamedValue
	Holidays   *calendar.Holidays // where a deadline goes that falls on one; nil: only Sundays

	env *environment // the names as expr's type checker sees them, made once
}

// WantKind is the kind of value that the place of an expression asks for.
type WantKind uint8

// The kinds. WantNumber takes whole numbers too; WantAny takes whatever the expression gives.
const (
	WantAny WantKind = iota
	WantBool
	WantNumber
	WantInteger
	WantText
	WantDate
)

// Want is what the place of an expression asks for.
type Want struct {
	Kind    WantKind
	Unit    quantity.Unit // of a number; None takes any
	Options []string      // of a text: the codes allowed; none takes any
}

// WantField is what a field takes as its value. Lists take none, and nothing fits them.
func WantField(f *fact.Field) Want {
	switch f.Type {
	case fact.Bool:
		return Want{Kind: WantBool}
	case fact.Integer:
		return Want{Kind: WantInteger, Unit: f.Unit}
	case fact.Decimal:
		return Want{Kind: WantNumber, Unit: f.Unit}
	case fact.Date:
		return Want{Kind: WantDate}
	}
	return Want{Kind: WantText, Options: codesOf(f.Options)}
}

// CompileCondition compiles a boolean expression.
//
// at is the place of its first character; further lines of src are taken to start in the same
// column, as in a YAML block. Every defect found comes back, in the order of the text, and then
// the condition is nil.
func CompileCondition(src string, at Place, s *Scope) (*Condition, []Defect) {
	x, defects := compile(src, at, s, Want{Kind: WantBool})
	if x == nil {
		return nil, defects
	}
	return &Condition{*x}, nil
}

// CompileExpr compiles an expression that yields a value of the kind wanted, likewise.
func CompileExpr(src string, at Place, s *Scope, want Want) (*Expr, []Defect) {
	x, defects := compile(src, at, s, want)
	if x == nil {
		return nil, defects
	}
	return &Expr{*x}, nil
}

func compile(src string, at Place, s *Scope, want Want) (*expr, []Defect) {
	c := &checker{src: src, at: at, scope: s}
	root := c.check(want)
	if len(c.defects) > 0 {
		slices.SortStableFunc(c.defects, func(a, b Defect) int {
			return cmp.Or(cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Col, b.Place.Col))
		})
		return nil, slices.CompactFunc(c.defects, func(a, b Defect) bool { return a == b })
	}
	x := &expr{Source: src, Place: at, root: root, want: want, canon: printCanonical(root)}
	x.collect()
	x.build()
	return x, nil
}

// collect gathers what the expression names, and how long the records it is run on must be.
func (x *expr) collect() {
	read := func(f *fact.Field) {
		if f != nil && !slices.Contains(x.reads, f) {
			x.reads = append(x.reads, f)
		}
	}
	x.root.walk(func(n *node) {
		read(n.field)
		for _, f := range n.columns {
			read(f)
		}
		if n.field != nil {
			width := &x.rootWidth
			if n.row {
				width = &x.rowWidth
			}
			*width = max(*width, n.field.Slot+1)
		}
		if n.param != nil {
			x.params = appendNew(x.params, n.param)
		}
		if n.table != nil {
			x.tables = appendNew(x.tables, n.table)
		}
		x.around = x.around || n.call != nil && n.call.Name == "repeated"
		if n.named != nil {
			x.collectNamed(n.named, read)
		}
	})
}

// appendNew appends what is not there yet.
func appendNew[T *Parameter | *Table | string](list []T, more ...T) []T {
	for _, x := range more {
		if !slices.Contains(list, x) {
			list = append(list, x)
		}
	}
	return list
}

// build makes the closures of every form in which the value may be asked.
func (x *expr) build() {
	x.root.prepare()
	switch x.root.kind {
	case kindBool:
		x.test = compileTest(x.root)
	case kindText:
		x.text = compileText(x.root)
	case kindInt:
		x.whole, x.num = compileInt(x.root), compileRat(x.root)
	case kindDate:
		x.whole = compileInt(x.root)
	case kindDec:
		x.num = compileRat(x.root)
	}
}
