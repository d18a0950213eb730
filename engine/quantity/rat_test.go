package quantity_test

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/engine/quantity"
)

// edges are where 64 bits end, and near it.
var edges = []int64{
	0, 1, -1, 2, 3, 10, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1,
	math.MaxInt32, math.MinInt32, 1 << 62, -(1 << 62), 3037000499, 3037000500, -3037000500,
}

func drawInt(t *rapid.T, name string) int64 {
	switch rapid.IntRange(0, 2).Draw(t, name+" kind") {
	case 0:
		return rapid.SampledFrom(edges).Draw(t, name)
	case 1:
		return rapid.Int64Range(-1000, 1000).Draw(t, name)
	}
	return rapid.Int64().Draw(t, name)
}

// drawRat is a number, and the same as big.Rat has it; some are beyond 64 bits.
func drawRat(t *rapid.T, name string) (quantity.Rat, *big.Rat) {
	n, d := drawInt(t, name), drawInt(t, name+" denominator")
	if d == 0 {
		d = 1
	}
	r, b := quantity.Frac(n, d), new(big.Rat).SetFrac(big.NewInt(n), big.NewInt(d))
	if rapid.IntRange(0, 3).Draw(t, name+" is large") == 0 {
		r, b = r.Mul(quantity.Int(n)).Add(quantity.Int(1)), b.Mul(b, big.NewRat(n, 1))
		b.Add(b, big.NewRat(1, 1))
	}
	return r, b
}

func TestArithmeticAgreesWithBigRat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, bx := drawRat(t, "x")
		y, by := drawRat(t, "y")
		same := func(what string, got quantity.Rat, want *big.Rat) {
			t.Helper()
			if got.String() != want.RatString() || got.Big().Cmp(want) != 0 {
				t.Fatalf("%s %s %s is %s, want %s", x, what, y, got, want.RatString())
			}
		}
		same("+", x.Add(y), new(big.Rat).Add(bx, by))
		same("-", x.Sub(y), new(big.Rat).Sub(bx, by))
		same("*", x.Mul(y), new(big.Rat).Mul(bx, by))
		same("neg", x.Neg(), new(big.Rat).Neg(bx))
		if y.Sign() != 0 {
			same("/", x.Quo(y), new(big.Rat).Quo(bx, by))
		}
		if x.Cmp(y) != bx.Cmp(by) || x.Equal(y) != (bx.Cmp(by) == 0) || x.Sign() != bx.Sign() {
			t.Fatalf("%s compared with %s", x, y)
		}
		small, large := bx, by
		if by.Cmp(bx) < 0 {
			small, large = by, bx
		}
		same("min", x.Min(y), small)
		same("max", x.Max(y), large)
	})
}

func TestWholePartsAgreeWithBigRat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, bx := drawRat(t, "x")
		floor := new(big.Int).Div(bx.Num(), bx.Denom()) // Euclidean, and the denominator is positive
		ceil := new(big.Int).Set(floor)
		if !bx.IsInt() {
			ceil.Add(ceil, big.NewInt(1))
		}
		for _, c := range []struct {
			name string
			got  func() (int64, bool)
			want *big.Int
		}{{"floor", x.Floor, floor}, {"ceil", x.Ceil, ceil}} {
			n, ok := c.got()
			// The least of 64 bits is kept as a big number: there a whole part may not fit.
			if fits := c.want.IsInt64() && c.want.Int64() != math.MinInt64; fits && (!ok || n != c.want.Int64()) || !c.want.IsInt64() && ok {
				t.Fatalf("%s of %s is %d, %t; want %s", c.name, x, n, ok, c.want)
			}
		}
		if n, ok := x.Int64(); ok && bx.Cmp(new(big.Rat).SetInt64(n)) != 0 {
			t.Fatalf("%s is the whole number %d", x, n)
		}
		if n, d, ok := x.Frac64(); ok && (d < 1 || bx.Cmp(new(big.Rat).SetFrac64(n, d)) != 0) {
			t.Fatalf("%s is %d/%d", x, n, d)
		}
	})
}

func TestEdgesOf64Bits(t *testing.T) {
	t.Parallel()
	for _, a := range edges {
		for _, b := range edges {
			x, y := quantity.Int(a), quantity.Int(b)
			bx, by := new(big.Rat).SetInt64(a), new(big.Rat).SetInt64(b)
			if got, want := x.Add(y).Big(), new(big.Rat).Add(bx, by); got.Cmp(want) != 0 {
				t.Errorf("%d + %d is %s", a, b, got)
			}
			if got, want := x.Sub(y).Big(), new(big.Rat).Sub(bx, by); got.Cmp(want) != 0 {
				t.Errorf("%d - %d is %s", a, b, got)
			}
			if got, want := x.Mul(y).Big(), new(big.Rat).Mul(bx, by); got.Cmp(want) != 0 {
				t.Errorf("%d * %d is %s", a, b, got)
			}
			if b == 0 {
				continue
			}
			if got, want := quantity.Frac(a, b).Big(), new(big.Rat).Quo(bx, by); got.Cmp(want) != 0 {
				t.Errorf("%d / %d is %s", a, b, got)
			}
			if got, want := x.Quo(y).Big(), new(big.Rat).Quo(bx, by); got.Cmp(want) != 0 {
				t.Errorf("%d divided by %d is %s", a, b, got)
			}
		}
	}
}

func TestTheZeroValueIsZero(t *testing.T) {
	t.Parallel()
	var zero quantity.Rat
	if zero.String() != "0" || zero.Sign() != 0 || !zero.Equal(quantity.Frac(0, 7)) || !zero.Add(quantity.Int(3)).Equal(quantity.Int(3)) {
		t.Errorf("the zero value is %s", zero)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"24": "24", "-3": "-3", "5.01": "501/100", "315/13": "315/13", "-1/3": "-1/3", "0": "0", "-0": "0", "0.50": "1/2",
		"007": "7", "010/3": "10/3", "1/08": "1/8", "4/2": "2", "0.1": "1/10",
		"9223372036854775808": "9223372036854775808", "-9223372036854775808": "-9223372036854775808",
		"123456789012345678901234567890": "123456789012345678901234567890",
	} {
		r, err := quantity.Parse(text)
		if err != nil || r.String() != want {
			t.Errorf("Parse(%s) is %s, %v; want %s", text, r, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "1 ", "+1", "1e3", "0x10", "0b1", "1_000", "1,5", ".5", "5.", "/2", "1/", "1/0", "1/000", "1/2/3", "1.5/2", "1.2.3",
		"--1", "1-", "1/-2", "NaN", "Inf", "١", "1234567890123456789012345678901",
	} {
		if r, err := quantity.Parse(text); err == nil {
			t.Errorf("Parse(%q) is %s", text, r)
		}
	}
}

func TestParseReadsWhatStringWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Int64Range(1, 1<<40).Draw(t, "denominator")
		x := quantity.Frac(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "numerator"), d)
		if back, err := quantity.Parse(x.String()); err != nil || !back.Equal(x) {
			t.Fatalf("%s is read as %s, %v", x, back, err)
		}
	})
}

func TestDivisionByZeroPanics(t *testing.T) {
	t.Parallel()
	for name, divide := range map[string]func(){
		"Frac":      func() { quantity.Frac(1, 0) },
		"Quo":       func() { quantity.Int(1).Quo(quantity.Rat{}) },
		"MustParse": func() { quantity.MustParse("1/0") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s divides by zero", name)
				}
			}()
			divide()
		}()
	}
}

// What is shown is the number rounded half up, by a way that never leaves big integers.
func TestDecimalsAgreeWithBigRat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, bx := drawRat(t, "x")
		n := rapid.IntRange(0, 4).Draw(t, "decimals")
		scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
		up := new(big.Rat).Add(new(big.Rat).Mul(bx, scale), big.NewRat(1, 2))
		want := new(big.Rat).SetInt(new(big.Int).Div(up.Num(), up.Denom()))
		want.Quo(want, scale)
		got, ok := new(big.Rat).SetString(x.Decimal(n))
		if !ok || got.Cmp(want) != 0 {
			t.Fatalf("%s to %d decimals is %s, want %s", x, n, x.Decimal(n), want.FloatString(n))
		}
		if digits := x.Decimal(n); strings.Contains(digits, ".") && strings.HasSuffix(digits, "0") || digits == "-0" {
			t.Fatalf("%s to %d decimals is written %s", x, n, digits)
		}
	})
}

func TestRoundingIsHalfUpAndOnlyForDisplay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value   string
		decimal string
		display float64
	}{
		{"315/13", "24.23", 24.2308}, {"1/8", "0.13", 0.125}, {"1/200", "0.01", 0.005}, {"-1/200", "0", -0.005},
		{"2/3", "0.67", 0.6667}, {"1/1000", "0", 0.001}, {"41600/3", "13866.67", 13866.6667}, {"100", "100", 100},
		{"999/100", "9.99", 9.99}, {"9999/1000", "10", 9.999}, {"-5/2", "-2.5", -2.5}, {"1/30000", "0", 0},
		{"10000000000000000000000/3", "3333333333333333333333.33", 3.3333333333333335e21},
	} {
		r := quantity.MustParse(tt.value)
		if got := r.Decimal(2); got != tt.decimal {
			t.Errorf("%s to two decimals is %s, want %s", tt.value, got, tt.decimal)
		}
		if got := r.Display(); got != tt.display {
			t.Errorf("%s is displayed as %v, want %v", tt.value, got, tt.display)
		}
	}
	for value, want := range map[string]string{"52/5": "10", "21/2": "11", "199/10": "20", "1/3": "0", "-21/2": "-10", "-199/10": "-20", "30000000000000000000/7": "4285714285714285714"} {
		if got := quantity.MustParse(value).Decimal(0); got != want {
			t.Errorf("%s to no decimals is %s, want %s", value, got, want)
		}
	}
}

func TestADisplayedNumberIsWrittenAsTheFloatWouldBe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, exact := drawRat(t, "r")
		q := quantity.Quantity{Value: r, Unit: quantity.Weeks, Text: "words"}
		want := `{"exact":"` + exact.RatString() + `","value":` + strconv.FormatFloat(r.Display(), 'f', -1, 64) + `,"unit":"week","text":"words"}`
		if got := string(q.AppendJSON(nil)); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
