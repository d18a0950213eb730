// Package quantity holds the numbers of the law: exact rationals, the units
// they are counted in, and the few named ways to round them.
//
// No figure of law is ever a float. A float appears only in [Rat.Display], which
// is for screens. Arithmetic stays in 64 bits while it fits and moves to big
// integers when it does not, so nothing wraps and nothing is lost.
package quantity

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Rat is an exact rational number. The zero value is 0. Values are immutable.
//
// Compare with [Rat.Cmp] or [Rat.Equal], never with ==.
type Rat struct {
	num int64
	den int64    // 0 stands for 1, so that the zero value is a number
	big *big.Rat // set only when num/den do not fit 64 bits
}

// Int is the whole number n.
func Int(n int64) Rat { return Rat{num: n} }

// Frac is n/d in lowest terms. It panics when d is zero: division by a value
// that may be zero has no place in a rule.
func Frac(n, d int64) Rat {
	if d == 0 {
		panic("quantity: zero denominator")
	}
	if n == math.MinInt64 || d == math.MinInt64 {
		return fromBig(new(big.Rat).SetFrac64(n, d))
	}
	if d < 0 {
		n, d = -n, -d
	}
	if g := gcd(abs(n), d); g > 1 {
		n, d = n/g, d/g
	}
	if d == 1 {
		d = 0
	}
	return Rat{num: n, den: d}
}

// MaxDigits bounds what [Parse] accepts, so that hostile input can't buy unbounded arithmetic.
const MaxDigits = 30

// Parse reads "24", "-3", "5.01" or "315/13". Exponents, signs inside, blanks and
// anything longer than [MaxDigits] characters are refused.
func Parse(s string) (Rat, error) {
	if s == "" || len(s) > MaxDigits || strings.Trim(s, "-0123456789./") != "" || strings.LastIndexByte(s, '-') > 0 {
		return Rat{}, fmt.Errorf("%q is not an exact number such as 24, 5.01 or 1/3", s)
	}
	digits := strings.TrimPrefix(s, "-")
	if !isDigit(digits) || strings.Count(digits, "/")+strings.Count(digits, ".") > 1 {
		return Rat{}, fmt.Errorf("%q is not an exact number such as 24, 5.01 or 1/3", s)
	}
	num, den, fraction := strings.Cut(digits, "/")
	if fraction && strings.Trim(den, "0") == "" {
		return Rat{}, fmt.Errorf("%q divides by zero", s)
	}
	if !fraction {
		whole, decimals, _ := strings.Cut(digits, ".")
		num, den = whole+decimals, "1"+strings.Repeat("0", len(decimals))
	}
	r := new(big.Rat).SetFrac(decimal(num), decimal(den))
	if s[0] == '-' {
		r.Neg(r)
	}
	return fromBig(r), nil
}

// decimal reads digits in base ten: big.Rat would take a leading zero for an octal number.
func decimal(digits string) *big.Int {
	n, _ := new(big.Int).SetString(digits, 10)
	return n
}

func isDigit(s string) bool {
	return s != "" && s[0] >= '0' && s[0] <= '9' && s[len(s)-1] >= '0' && s[len(s)-1] <= '9'
}

// MustParse is Parse for constants and tests; it panics on a bad text.
func MustParse(s string) Rat {
	r, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return r
}

// Add is r + o.
func (r Rat) Add(o Rat) Rat {
	if r.big == nil && o.big == nil {
		rd, od := r.denom(), o.denom()
		if rd == 1 && od == 1 {
			if s := r.num + o.num; (s > r.num) == (o.num > 0) {
				return Rat{num: s}
			}
		} else if a, ok1 := mul64(r.num, od); ok1 {
			if b, ok2 := mul64(o.num, rd); ok2 {
				if d, ok3 := mul64(rd, od); ok3 {
					if s := a + b; (s > a) == (b > 0) {
						return Frac(s, d)
					}
				}
			}
		}
	}
	return fromBig(new(big.Rat).Add(r.Big(), o.Big()))
}

// Neg is -r.
func (r Rat) Neg() Rat {
	if r.big == nil && r.num != math.MinInt64 {
		return Rat{num: -r.num, den: r.den}
	}
	return fromBig(new(big.Rat).Neg(r.Big()))
}

// Sub is r - o.
func (r Rat) Sub(o Rat) Rat { return r.Add(o.Neg()) }

// Mul is r * o.
func (r Rat) Mul(o Rat) Rat {
	if r.big == nil && o.big == nil {
		if n, ok := mul64(r.num, o.num); ok {
			if d, ok := mul64(r.denom(), o.denom()); ok {
				return Frac(n, d)
			}
		}
	}
	return fromBig(new(big.Rat).Mul(r.Big(), o.Big()))
}

// Quo is r / o, for the kernel's own constants; it panics when o is zero.
func (r Rat) Quo(o Rat) Rat {
	if o.Sign() == 0 {
		panic("quantity: division by zero")
	}
	if o.big == nil && o.num != math.MinInt64 {
		return r.Mul(Frac(o.denom(), o.num))
	}
	return fromBig(new(big.Rat).Quo(r.Big(), o.Big()))
}

// Cmp is -1, 0 or +1 as r is below, equal to or above o.
func (r Rat) Cmp(o Rat) int {
	if r.big == nil && o.big == nil {
		rd, od := r.denom(), o.denom()
		if rd == od {
			return cmp64(r.num, o.num)
		}
		if a, ok := mul64(r.num, od); ok {
			if b, ok := mul64(o.num, rd); ok {
				return cmp64(a, b)
			}
		}
	}
	return r.Big().Cmp(o.Big())
}

// Equal tells whether both are the same number.
func (r Rat) Equal(o Rat) bool { return r.Cmp(o) == 0 }

// Sign is -1, 0 or +1.
func (r Rat) Sign() int {
	if r.big != nil {
		return r.big.Sign()
	}
	return cmp64(r.num, 0)
}

// Min is the smaller of the two.
func (r Rat) Min(o Rat) Rat {
	if o.Cmp(r) < 0 {
		return o
	}
	return r
}

// Max is the larger of the two.
func (r Rat) Max(o Rat) Rat {
	if o.Cmp(r) > 0 {
		return o
	}
	return r
}

// Int64 is the number when it is whole and fits; ok is false otherwise.
func (r Rat) Int64() (n int64, ok bool) {
	if r.big != nil || r.denom() != 1 {
		return 0, false
	}
	return r.num, true
}

// Frac64 is the reduced fraction when both parts fit 64 bits.
func (r Rat) Frac64() (num, den int64, ok bool) {
	if r.big != nil {
		return 0, 0, false
	}
	return r.num, r.denom(), true
}

// Floor is the largest whole number not above r; ok is false when it does not fit.
func (r Rat) Floor() (n int64, ok bool) {
	if r.big == nil {
		d := r.denom()
		q := r.num / d
		if r.num%d < 0 {
			q--
		}
		return q, true
	}
	q := new(big.Int).Div(r.big.Num(), r.big.Denom())
	return q.Int64(), q.IsInt64()
}

// Ceil is the smallest whole number not below r; ok is false when it does not fit.
func (r Rat) Ceil() (n int64, ok bool) {
	if n, ok := r.Int64(); ok {
		return n, true
	}
	n, ok = r.Neg().Floor()
	return -n, ok && n != math.MinInt64
}

// Big is r as a new big.Rat.
func (r Rat) Big() *big.Rat {
	if r.big != nil {
		return new(big.Rat).Set(r.big)
	}
	return big.NewRat(r.num, r.denom())
}

// String is the exact form: "24" or "315/13".
func (r Rat) String() string { return string(r.appendExact(make([]byte, 0, 24))) }

func (r Rat) appendExact(dst []byte) []byte {
	if r.big != nil {
		return append(dst, r.big.RatString()...)
	}
	dst = strconv.AppendInt(dst, r.num, 10)
	if r.denom() == 1 {
		return dst
	}
	return strconv.AppendInt(append(dst, '/'), r.den, 10)
}

// Display is the number rounded half up to four decimals, for screens only.
func (r Rat) Display() float64 {
	if n, ok := r.scaled(10_000); ok {
		return float64(n) / 10_000
	}
	f, _ := r.Mul(Int(10_000)).Add(Frac(1, 2)).floorBig().Float64()
	return f / 10_000
}

// appendDisplay writes Display as a JSON number. Up to fifteen digits a float is written as the
// decimal it stands for, so no float is needed.
func (r Rat) appendDisplay(dst []byte) []byte {
	n, ok := r.scaled(10_000)
	if !ok || abs(n) >= 1e15 {
		return strconv.AppendFloat(dst, r.Display(), 'f', -1, 64)
	}
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	dst = strconv.AppendInt(dst, n/10_000, 10)
	n %= 10_000
	if n == 0 {
		return dst
	}
	dst = append(dst, '.')
	for scale := int64(1_000); n > 0; scale /= 10 {
		dst = append(dst, '0'+byte(n/scale))
		n %= scale
	}
	return dst
}

// Decimal is the number rounded half up to n decimals, as digits with a point.
func (r Rat) Decimal(n int) string {
	if n, ok := r.Int64(); ok {
		return strconv.FormatInt(n, 10)
	}
	scale := int64(1)
	for range n {
		scale *= 10
	}
	if v, ok := r.scaled(scale); ok {
		r = Frac(v, scale)
		if r.num >= 0 {
			whole, rest := v/scale, v%scale
			if rest == 0 {
				return strconv.FormatInt(whole, 10)
			}
			digits := strconv.FormatInt(rest+scale, 10)[1:]
			return strconv.FormatInt(whole, 10) + "." + strings.TrimRight(digits, "0")
		}
	}
	v := r.Mul(Int(scale)).Add(Frac(1, 2)).floorBig()
	digits := v.Quo(v, Int(scale).Big()).FloatString(n)
	if n == 0 {
		return digits
	}
	return strings.TrimRight(strings.TrimRight(digits, "0"), ".")
}

// scaled is r times scale rounded half up, when it stays in 64 bits.
func (r Rat) scaled(scale int64) (int64, bool) {
	if r.big != nil {
		return 0, false
	}
	n, ok := mul64(r.num, 2*scale)
	if !ok || abs(n) > math.MaxInt64-r.denom() || r.denom() > math.MaxInt64/2 {
		return 0, false
	}
	n, d := n+r.denom(), 2*r.denom()
	q := n / d
	if n%d < 0 {
		q--
	}
	return q, true
}

func (r Rat) floorBig() *big.Rat {
	if n, ok := r.Floor(); ok {
		return big.NewRat(n, 1)
	}
	b := r.Big()
	return new(big.Rat).SetInt(new(big.Int).Div(b.Num(), b.Denom()))
}

func (r Rat) denom() int64 {
	if r.den == 0 {
		return 1
	}
	return r.den
}

func fromBig(b *big.Rat) Rat {
	if b.Num().IsInt64() && b.Denom().IsInt64() && b.Num().Int64() != math.MinInt64 {
		n, d := b.Num().Int64(), b.Denom().Int64()
		if d == 1 {
			d = 0
		}
		return Rat{num: n, den: d}
	}
	return Rat{big: b}
}

func mul64(a, b int64) (int64, bool) {
	if a == math.MinInt64 || b == math.MinInt64 {
		return 0, false
	}
	hi, lo := bits.Mul64(uint64(abs(a)), uint64(abs(b)))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func cmp64(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
