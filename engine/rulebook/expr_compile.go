package rulebook

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// A checked tree becomes closures once, at load. The common leaves (a fact against a constant or
// another fact) are one closure each, without a closure for the fact inside; connectives are
// Kleene's, evaluated left to right. Nothing here allocates, unless a number outgrows 64 bits or
// something fails.
type (
	test     func(*Env) Tri
	intFunc  func(*Env) (int64, Tri) // whole numbers, and days as calendar.Day
	ratFunc  func(*Env) (quantity.Rat, Tri)
	textFunc func(*Env) (string, Tri)
)

// slot is where a fact stands.
type slot struct {
	i   int
	row bool
}

func (n *node) slot() slot { return slot{n.field.Slot, n.row} }

func (s slot) of(e *Env) *fact.Value {
	r := e.Root
	if s.row {
		r = e.Row
	}
	return &r[s.i]
}

func truth(b bool) Tri {
	if b {
		return True
	}
	return False
}

// both is the knowledge of a value made of two, of which the first has not failed.
func both(x, y Tri) Tri {
	if x == True || y == Failed {
		return y
	}
	return x
}

func fail(e *Env, at Place, code, format string, args ...any) Tri {
	e.Failure = &Failure{Code: code, Text: fmt.Sprintf(format, args...), Place: at}
	return Failed
}

func overflow(e *Env, at Place) Tri {
	return fail(e, at, "overflow", "Il calcolo esce dai numeri ammessi (64 bit).")
}

// Each part is compiled once for each form in which it is asked and kept with its node. Without
// that, a choice inside a comparison inside a choice … would double the work at every level.

func compileTest(n *node) test {
	if n.test == nil {
		n.test = newTest(n)
	}
	return n.test
}

func compileText(n *node) textFunc {
	if n.asText == nil {
		n.asText = newText(n)
	}
	return n.asText
}

func compileInt(n *node) intFunc {
	if n.asInt == nil {
		n.asInt = newInt(n)
	}
	return n.asInt
}

func compileRat(n *node) ratFunc {
	if n.asRat == nil {
		n.asRat = newRat(n)
	}
	return n.asRat
}

func compileFraction(n *node) fracFunc {
	if n.asFraction == nil {
		n.asFraction = newFraction(n)
	}
	return n.asFraction
}

func newTest(n *node) test {
	switch n.op {
	case opConst:
		t := truth(n.num != 0)
		return func(*Env) Tri { return t }
	case opField:
		s := n.slot()
		return func(e *Env) Tri {
			v := s.of(e)
			if v.State == fact.Unknown {
				return Unknown
			}
			return truth(v.Num != 0)
		}
	case opKnown:
		s := n.slot()
		return func(e *Env) Tri {
			if s.of(e).State == fact.Unknown && e.Open {
				return Unknown
			}
			return truth(s.of(e).State != fact.Unknown)
		}
	case opParam:
		return testParam(n)
	case opNamed:
		return testNamed(n)
	case opNot:
		return testNot(n.kids[0])
	case opAnd:
		return testAll(compileTests(n))
	case opOr:
		return testAny(compileTests(n))
	case opCompare:
		return testCompare(n)
	case opIn:
		return testIn(n)
	case opMatch:
		return testMatch(n)
	case opChoose:
		cond, yes, no := compileTest(n.kids[0]), compileTest(n.kids[1]), compileTest(n.kids[2])
		return func(e *Env) Tri {
			switch t := cond(e); t {
			case True:
				return yes(e)
			case False:
				return no(e)
			default:
				return t
			}
		}
	}
	if n.table == nil {
		return testRows(n)
	}
	return testTable(n)
}

func testParam(n *node) test {
	p, at := n.param, n.place
	return func(e *Env) Tri {
		v := inForce(e, p, at)
		if v == nil {
			return Failed
		}
		return truth(v.Value.Num != 0)
	}
}

// inForce is the version of the parameter on the day examined; nil when none is, and then Failure says so.
func inForce(e *Env, p *Parameter, at Place) *ParameterVersion {
	v := p.At(e.Day)
	if v == nil {
		fail(e, at, "param_not_in_force", "Il parametro %s non è in vigore il %s.", p.ID, e.Day)
		return nil
	}
	e.read(&v.Version)
	if e.Used != nil {
		e.Used(p, v)
	}
	return v
}

var negation = [4]Tri{True, False, Unknown, Failed}

func testNot(kid *node) test {
	if kid.op == opField {
		s := kid.slot()
		return func(e *Env) Tri {
			v := s.of(e)
			if v.State == fact.Unknown {
				return Unknown
			}
			return truth(v.Num == 0)
		}
	}
	x := compileTest(kid)
	return func(e *Env) Tri { return negation[x(e)&3] }
}

// compileTests compiles the children of a connective, two bounds on one fact as one test.
func compileTests(n *node) []test {
	var tests []test
	for i := 0; i < len(n.kids); i++ {
		if n.op == opAnd && i+1 < len(n.kids) {
			a, okA := boundsOf(n.kids[i])
			b, okB := boundsOf(n.kids[i+1])
			if okA && okB && a.slot == b.slot {
				a.lo, a.hi = max(a.lo, b.lo), min(a.hi, b.hi)
				tests = append(tests, a.test())
				i++
				continue
			}
		}
		tests = append(tests, compileTest(n.kids[i]))
	}
	return tests
}

// testAll is Kleene's and: False ends it, a failure ends it, Unknown waits for a False.
func testAll(k []test) test {
	switch len(k) {
	case 1:
		return k[0]
	case 2:
		a, b := k[0], k[1]
		return func(e *Env) Tri {
			x := a(e)
			if x == True {
				return b(e)
			}
			if x != Unknown {
				return x
			}
			return orUnknown(b(e), True)
		}
	case 3:
		a, b, c := k[0], k[1], k[2]
		return func(e *Env) Tri {
			if x := a(e); x != True {
				if x != Unknown {
					return x
				}
			} else if x := b(e); x == True {
				return c(e)
			} else if x != Unknown {
				return x
			} else {
				return orUnknown(c(e), True)
			}
			if x := b(e); x == False || x == Failed {
				return x
			}
			return orUnknown(c(e), True)
		}
	}
	return func(e *Env) Tri {
		all := True
		for _, t := range k {
			switch x := t(e); x {
			case False, Failed:
				return x
			case Unknown:
				all = Unknown
			}
		}
		return all
	}
}

// orUnknown is x, or Unknown where x is the truth that decides nothing after an Unknown.
func orUnknown(x, neutral Tri) Tri {
	if x == neutral {
		return Unknown
	}
	return x
}

// testAny is Kleene's or, likewise.
func testAny(k []test) test {
	switch len(k) {
	case 1:
		return k[0]
	case 2:
		a, b := k[0], k[1]
		return func(e *Env) Tri {
			x := a(e)
			if x == False {
				return b(e)
			}
			if x != Unknown {
				return x
			}
			return orUnknown(b(e), False)
		}
	case 3:
		a, b, c := k[0], k[1], k[2]
		return func(e *Env) Tri {
			if x := a(e); x != False {
				if x != Unknown {
					return x
				}
			} else if x := b(e); x == False {
				return c(e)
			} else if x != Unknown {
				return x
			} else {
				return orUnknown(c(e), False)
			}
			if x := b(e); x == True || x == Failed {
				return x
			}
			return orUnknown(c(e), False)
		}
	}
	return func(e *Env) Tri {
		any := False
		for _, t := range k {
			switch x := t(e); x {
			case True, Failed:
				return x
			case Unknown:
				any = Unknown
			}
		}
		return any
	}
}

// holds tells whether a relation holds of two values of which the first compares to the second as order says.
func (r relation) holds(order int) bool {
	switch r {
	case relEQ:
		return order == 0
	case relNE:
		return order != 0
	case relLT:
		return order < 0
	case relLE:
		return order <= 0
	case relGT:
		return order > 0
	}
	return order >= 0
}

func testCompare(n *node) test {
	left, right := n.kids[0], n.kids[1]
	switch {
	case left.kind == kindBool:
		return compareBools(n.rel, compileTest(left), compileTest(right))
	case left.kind == kindText:
		return compareTexts(n.rel, left, right)
	case left.kind == kindDec || right.kind == kindDec:
		return compareRats(n.rel, left, right)
	}
	if b, ok := boundsOf(n); ok {
		return b.test()
	}
	if n.rel == relNE && left.op == opField && right.constant() {
		s, c := left.slot(), right.num
		return func(e *Env) Tri {
			v := s.of(e)
			if v.State == fact.Unknown {
				return Unknown
			}
			return truth(v.Num != c)
		}
	}
	if left.op == opField && right.op == opField {
		return compareSlots(n.rel, left.slot(), right.slot())
	}
	return compareInts(n.rel, left, right)
}

func compareBools(r relation, a, b test) test {
	same := r == relEQ
	return func(e *Env) Tri {
		x := a(e)
		if x == Failed {
			return x
		}
		y := b(e)
		switch {
		case y == Failed:
			return y
		case x == Unknown || y == Unknown:
			return Unknown
		}
		return truth((x == y) == same)
	}
}

// bounds is "lo <= fact <= hi", which every order relation with a whole constant is.
type bounds struct {
	slot   slot
	lo, hi int64
}

func boundsOf(n *node) (bounds, bool) {
	if n.op != opCompare {
		return bounds{}, false
	}
	left, right, rel := n.kids[0], n.kids[1], n.rel
	if left.constant() {
		left, right, rel = right, left, rel.mirror()
	}
	right = right.negated()
	if left.op != opField || !right.constant() || (left.kind != kindInt && left.kind != kindDate) || left.kind != right.kind {
		return bounds{}, false
	}
	b, c := bounds{left.slot(), math.MinInt64, math.MaxInt64}, right.num
	switch rel {
	case relEQ:
		b.lo, b.hi = c, c
	case relLE:
		b.hi = c
	case relGE:
		b.lo = c
	case relLT: // c is never the least number: a minus sign is folded from a positive literal
		b.hi = c - 1
	case relGT:
		if c == math.MaxInt64 {
			b.lo, b.hi = 1, 0
		} else {
			b.lo = c + 1
		}
	default:
		return bounds{}, false
	}
	return b, true
}

func (b bounds) test() test {
	s, lo, width := b.slot, b.lo, uint64(b.hi)-uint64(b.lo)
	if b.hi < b.lo {
		return func(e *Env) Tri {
			if s.of(e).State == fact.Unknown {
				return Unknown
			}
			return False
		}
	}
	return func(e *Env) Tri {
		v := s.of(e)
		if v.State == fact.Unknown {
			return Unknown
		}
		return truth(uint64(v.Num)-uint64(lo) <= width)
	}
}

// compareSlots compares two whole facts or days. Greater is less with the sides exchanged.
func compareSlots(r relation, a, b slot) test {
	switch r {
	case relGT:
		return compareSlots(relLT, b, a)
	case relGE:
		return compareSlots(relLE, b, a)
	case relEQ, relNE:
		same := r == relEQ
		return func(e *Env) Tri {
			x, y := a.of(e), b.of(e)
			if x.State == fact.Unknown || y.State == fact.Unknown {
				return Unknown
			}
			return truth((x.Num == y.Num) == same)
		}
	case relLE:
		return func(e *Env) Tri {
			x, y := a.of(e), b.of(e)
			if x.State == fact.Unknown || y.State == fact.Unknown {
				return Unknown
			}
			return truth(x.Num <= y.Num)
		}
	}
	return func(e *Env) Tri {
		x, y := a.of(e), b.of(e)
		if x.State == fact.Unknown || y.State == fact.Unknown {
			return Unknown
		}
		return truth(x.Num < y.Num)
	}
}

func compareInts(r relation, left, right *node) test {
	x, y := compileInt(left), compileInt(right)
	if right = right.negated(); right.constant() {
		c := right.num
		return func(e *Env) Tri {
			a, t := x(e)
			if t != True {
				return t
			}
			return truth(r.holds(cmp.Compare(a, c)))
		}
	}
	return func(e *Env) Tri {
		a, s := x(e)
		if s == Failed {
			return s
		}
		b, t := y(e)
		if t = both(s, t); t != True {
			return t
		}
		return truth(r.holds(cmp.Compare(a, b)))
	}
}

// compareRats compares numbers of which one at least is decimal.
func compareRats(r relation, left, right *node) test {
	x, y := compileRat(left), compileRat(right)
	exact := func(e *Env) Tri {
		a, s := x(e)
		if s == Failed {
			return s
		}
		b, t := y(e)
		if t = both(s, t); t != True {
			return t
		}
		return truth(r.holds(a.Cmp(b)))
	}
	if right = right.negated(); left.arithmetic() && right.arithmetic() {
		return compareFractions(r, left, right, exact)
	}
	return exact
}

func compareTexts(r relation, left, right *node) test {
	same := r == relEQ
	if left.constant() {
		left, right = right, left
	}
	if left.op == opField && right.constant() {
		s, c := left.slot(), right.text
		return func(e *Env) Tri {
			v := s.of(e)
			if v.State == fact.Unknown {
				return Unknown
			}
			return truth((v.Text == c) == same)
		}
	}
	x, y := compileText(left), compileText(right)
	return func(e *Env) Tri {
		a, s := x(e)
		if s == Failed {
			return s
		}
		b, t := y(e)
		if t = both(s, t); t != True {
			return t
		}
		return truth((a == b) == same)
	}
}

func testMatch(n *node) test {
	match := map[relation]func(string, string) bool{relStarts: strings.HasPrefix, relEnds: strings.HasSuffix, relContains: strings.Contains}[n.rel]
	x, y := compileText(n.kids[0]), compileText(n.kids[1])
	return func(e *Env) Tri {
		a, s := x(e)
		if s == Failed {
			return s
		}
		b, t := y(e)
		if t = both(s, t); t != True {
			return t
		}
		return truth(match(a, b))
	}
}

// linear is the longest list that is searched one by one; longer ones are looked up.
const linear = 8

func testIn(n *node) test {
	left := n.kids[0]
	switch left.kind {
	case kindText:
		return textIn(n)
	case kindDec:
		return ratIn(n)
	}
	var list []int64
	for _, k := range n.kids[1:] {
		list = append(list, k.num)
	}
	slices.Sort(list)
	x := compileInt(left)
	return func(e *Env) Tri {
		a, t := x(e)
		if t != True {
			return t
		}
		_, found := slices.BinarySearch(list, a)
		return truth(found)
	}
}

func textIn(n *node) test {
	var list []string
	set := make(map[string]struct{}, len(n.kids)-1)
	for _, k := range n.kids[1:] {
		list = append(list, k.text)
		set[k.text] = struct{}{}
	}
	x := compileText(n.kids[0])
	switch isField := n.kids[0].op == opField; {
	case isField && len(list) <= linear:
		s := n.kids[0].slot()
		return func(e *Env) Tri {
			v := s.of(e)
			if v.State == fact.Unknown {
				return Unknown
			}
			for _, c := range list {
				if c == v.Text {
					return True
				}
			}
			return False
		}
	case isField:
		s := n.kids[0].slot()
		return func(e *Env) Tri {
			v := s.of(e)
			if v.State == fact.Unknown {
				return Unknown
			}
			_, found := set[v.Text]
			return truth(found)
		}
	}
	return func(e *Env) Tri {
		a, t := x(e)
		if t != True {
			return t
		}
		_, found := set[a]
		return truth(found)
	}
}

func ratIn(n *node) test {
	var list []quantity.Rat
	for _, k := range n.kids[1:] {
		list = append(list, quantity.Int(k.num))
	}
	x := compileRat(n.kids[0])
	return func(e *Env) Tri {
		a, t := x(e)
		if t != True {
			return t
		}
		for _, c := range list {
			if a.Equal(c) {
				return True
			}
		}
		return False
	}
}

func newText(n *node) textFunc {
	switch n.op {
	case opConst:
		s := n.text
		return func(*Env) (string, Tri) { return s, True }
	case opField:
		s := n.slot()
		return func(e *Env) (string, Tri) {
			v := s.of(e)
			if v.State == fact.Unknown {
				return "", Unknown
			}
			return v.Text, True
		}
	case opParam:
		p, at := n.param, n.place
		return func(e *Env) (string, Tri) {
			v := inForce(e, p, at)
			if v == nil {
				return "", Failed
			}
			return v.Value.Text, True
		}
	case opNamed:
		return textNamed(n)
	case opChoose:
		cond, yes, no := compileTest(n.kids[0]), compileText(n.kids[1]), compileText(n.kids[2])
		return func(e *Env) (string, Tri) {
			switch t := cond(e); t {
			case True:
				return yes(e)
			case False:
				return no(e)
			default:
				return "", t
			}
		}
	}
	return textTable(n)
}

// checkDay bounds a computed day to the calendar the service reads.
func checkDay(e *Env, d int64, at Place) (int64, Tri) {
	if d < int64(calendar.Min) || d > int64(calendar.Max) {
		return 0, fail(e, at, "date_out_of_range", "Il giorno calcolato esce dal calendario (anni da 1 a 9999).")
	}
	return d, True
}
