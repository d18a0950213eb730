package rulebook

import (
	"math"
	"slices"

	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// A comparison of decimals needs no lowest terms. So sums and products of what fits 64 bits are
// computed as plain fractions and compared crosswise; as soon as something does not fit, the
// whole comparison is done again with [quantity.Rat]. Both are exact, the first is many times
// faster, because reducing a fraction costs far more than computing it.

// fracFunc is a numerator and a positive denominator; the truth may be tooWide.
type fracFunc func(*Env) (num, den int64, t Tri)

// tooWide is the truth of a fraction that does not fit. It never leaves this file.
const tooWide Tri = 4

// arithmetic tells whether n is only facts, parameters and numbers with signs between them. Such
// a thing may be computed twice; a part with conditions of its own may not, for where those are
// nested every level would double the work.
func (n *node) arithmetic() bool {
	switch n.op {
	case opConst, opField, opParam:
		return true
	case opNeg, opAdd, opSub, opMul:
		return !slices.ContainsFunc(n.kids, func(k *node) bool { return !k.arithmetic() })
	}
	return false
}

// compareFractions is the fast form of a comparison; slow decides where it can't.
func compareFractions(r relation, left, right *node, slow test) test {
	x, y, mask := compileFraction(left), compileFraction(right), r.mask()
	return func(e *Env) Tri {
		an, ad, s := x(e)
		if s == Failed || s == tooWide {
			return orSlow(e, s, slow)
		}
		bn, bd, t := y(e)
		if t == Failed || t == tooWide {
			return orSlow(e, t, slow)
		}
		if s != True || t != True {
			return Unknown
		}
		if ad != bd {
			var ok1, ok2 bool
			an, ok1 = mulWhole(an, bd)
			bn, ok2 = mulWhole(bn, ad)
			if !ok1 || !ok2 {
				return slow(e)
			}
		}
		return mask.holds(an, bn)
	}
}

func orSlow(e *Env, t Tri, slow test) Tri {
	if t == tooWide {
		return slow(e)
	}
	return t
}

// mask is a relation as three bits: holds for less, equal, greater.
type mask uint8

func (r relation) mask() mask {
	return map[relation]mask{relLT: 1, relEQ: 2, relLE: 3, relGT: 4, relNE: 5, relGE: 6}[r]
}

func (m mask) holds(a, b int64) Tri {
	i := 1
	if a < b {
		i = 0
	}
	if a > b {
		i = 2
	}
	return Tri(m >> i & 1)
}

func newFraction(n *node) fracFunc {
	switch {
	case n.kind == kindInt && n.constant():
		c := n.num
		return func(*Env) (int64, int64, Tri) { return c, 1, True }
	case n.kind == kindInt:
		x := compileInt(n)
		return func(e *Env) (int64, int64, Tri) {
			a, t := x(e)
			return a, 1, t
		}
	case n.op == opField:
		s := n.slot()
		return func(e *Env) (int64, int64, Tri) {
			v := s.of(e)
			if v.State == fact.Unknown {
				return 0, 1, Unknown
			}
			return fraction(v.Rat, True)
		}
	case n.op == opNeg:
		x := compileFraction(n.kids[0])
		return func(e *Env) (int64, int64, Tri) {
			a, d, t := x(e)
			if a == math.MinInt64 {
				return 0, 1, tooWide
			}
			return -a, d, t
		}
	case n.op == opAdd || n.op == opSub:
		return fractionSum(n)
	case n.op == opMul:
		return fractionProduct(n)
	}
	x := compileRat(n) // a parameter
	return func(e *Env) (int64, int64, Tri) { return fraction(x(e)) }
}

func fraction(r quantity.Rat, t Tri) (num, den int64, _ Tri) {
	if t != True {
		return 0, 1, t
	}
	num, den, ok := r.Frac64()
	if !ok {
		return 0, 1, tooWide
	}
	return num, den, True
}

func fractionSum(n *node) fracFunc {
	x, y, sub := compileFraction(n.kids[0]), compileFraction(n.kids[1]), n.op == opSub
	return func(e *Env) (int64, int64, Tri) {
		an, ad, s := x(e)
		if s == Failed || s == tooWide {
			return 0, 1, s
		}
		bn, bd, t := y(e)
		if t == tooWide {
			return 0, 1, t
		}
		if t = both(s, t); t != True {
			return 0, 1, t
		}
		d, ok := ad, true
		if ad != bd {
			var ok1, ok2, ok3 bool
			an, ok1 = mulWhole(an, bd)
			bn, ok2 = mulWhole(bn, ad)
			d, ok3 = mulWhole(ad, bd)
			ok = ok1 && ok2 && ok3
		}
		var sum int64
		var fits bool
		if sub {
			sum, fits = subWhole(an, bn)
		} else {
			sum, fits = addWhole(an, bn)
		}
		if !ok || !fits {
			return 0, 1, tooWide
		}
		return sum, d, True
	}
}

func fractionProduct(n *node) fracFunc {
	x, y := compileFraction(n.kids[0]), compileFraction(n.kids[1])
	return func(e *Env) (int64, int64, Tri) {
		an, ad, s := x(e)
		if s == Failed || s == tooWide {
			return 0, 1, s
		}
		bn, bd, t := y(e)
		if t == tooWide {
			return 0, 1, t
		}
		if t = both(s, t); t != True {
			return 0, 1, t
		}
		num, ok1 := mulWhole(an, bn)
		den, ok2 := mulWhole(ad, bd)
		if !ok1 || !ok2 {
			return 0, 1, tooWide
		}
		return num, den, True
	}
}
