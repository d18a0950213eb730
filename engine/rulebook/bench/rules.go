// Package bench is the material on which the speed of rules is measured: a hundred rules of ten
// shapes over sixty facts, random forms, and the same rules as straight-line Go, the floor that
// every ratio is taken to. All of it follows from one seed.
//
// [Floor] is generated: go generate ./engine/rulebook/bench
package bench

//go:generate go run ./write

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// Counts of the rules and of the facts by type.
const (
	Rules    = 100
	Numbers  = 20
	Texts    = 20
	Decimals = 10
	Bools    = 10
)

// Words are the values of text facts; the first is empty.
var Words = []string{"", "alfa", "beta", "gamma", "delta", "epsilon", "zeta", "IT60X0542811101", "annuale", "asset", "omega", "x"}

// Rule is one rule in the forms needed to run it elsewhere.
type Rule struct {
	Shape int    // 0…9
	Expr  string // in the language of the rules, which is expr's
	Go    string // over `f *Form`
}

// Form is one set of facts. Decimals are in hundredths, as a careful hand would keep them, and
// leave 1 when divided by 4, so that no sum that the rules take is whole: engines that compute
// in floats then agree on every form.
type Form struct {
	N [Numbers]int64
	S [Texts]string
	D [Decimals]int64
	B [Bools]bool
}

// Generate is the hundred rules of a seed.
func Generate(seed uint64) []Rule {
	g := generator{rand.New(rand.NewPCG(seed, seed))}
	rules := make([]Rule, Rules)
	for i := range rules {
		rules[i] = g.rule(i % 10)
	}
	return rules
}

type generator struct{ *rand.Rand }

func (g generator) rule(shape int) Rule {
	n := func() string { return fmt.Sprint("n", g.IntN(Numbers)) }
	s := func() string { return fmt.Sprint("s", g.IntN(Texts)) }
	d := func() string { return fmt.Sprint("d", g.IntN(Decimals)) }
	b := func() string { return fmt.Sprint("b", g.IntN(Bools)) }
	word := func() string { return Words[1+g.IntN(len(Words)-1)] }
	a, c := n(), n()
	var text string
	switch shape {
	case 0:
		text = fmt.Sprintf("%s >= %d && %s <= %d", a, g.IntN(80), a, 920+g.IntN(80))
	case 1:
		text = fmt.Sprintf(`!%s || %s != ""`, b(), s())
	case 2:
		text = fmt.Sprintf("%s <= %s + %d", a, c, 700+g.IntN(200))
	case 3:
		return g.membership(s())
	case 4:
		text = fmt.Sprintf("(%s > %d && %s == %q) || %s || %s < %d", a, 50+g.IntN(100), s(), word(), b(), c, 600+g.IntN(300))
	case 5:
		x, y, k := d(), d(), 220+g.IntN(60)
		return Rule{5, fmt.Sprintf("%s * 2 + %s <= %d", x, y, k), fmt.Sprintf("%s*2+%s <= %d", element(x), element(y), k*100)}
	case 6:
		text = fmt.Sprintf("%s != %q && %s != %q", s(), word(), s(), word())
	case 7:
		text = fmt.Sprintf("%s + %s <= %d", a, c, 1600+g.IntN(350))
	case 8:
		t, x, k := s(), b(), 100+g.IntN(200)
		return Rule{8, fmt.Sprintf(`%s startsWith "a" || %s || %s > %d`, t, x, a, k),
			fmt.Sprintf(`strings.HasPrefix(%s, "a") || %s || %s > %d`, element(t), element(x), element(a), k)}
	case 9:
		text = fmt.Sprintf("(%s && %s) || %s > %s || %s == %q", b(), b(), a, c, s(), word())
	}
	return Rule{shape, text, goText(text)}
}

func (g generator) membership(name string) Rule {
	words := append([]string(nil), Words[1:]...)
	g.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	var quoted, compared []string
	for _, w := range words[:9] {
		quoted = append(quoted, fmt.Sprintf("%q", w))
		compared = append(compared, fmt.Sprintf("%s == %q", element(name), w))
	}
	return Rule{3, name + " in [" + strings.Join(quoted, ", ") + "]", strings.Join(compared, " || ")}
}

// element is the fact as an element of a Form: "n12" is f.N[12].
func element(name string) string {
	return "f." + strings.ToUpper(name[:1]) + "[" + name[1:] + "]"
}

// goText rewrites the names of facts outside of quotes.
func goText(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			end := i + 2 + strings.IndexByte(text[i+1:], '"')
			out.WriteString(text[i:end])
			i = end
		case c >= 'a' && c <= 'z':
			end := i + 1
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			out.WriteString(element(text[i:end]))
			i = end
		default:
			out.WriteByte(c)
			i++
		}
	}
	return out.String()
}

// Forms is n random forms of a seed.
func Forms(seed uint64, n int) []Form {
	r := rand.New(rand.NewPCG(seed, ^seed))
	forms := make([]Form, n)
	for i := range forms {
		f := &forms[i]
		for j := range f.N {
			f.N[j] = r.Int64N(1000)
		}
		for j := range f.S {
			f.S[j] = Words[r.IntN(len(Words))]
		}
		for j := range f.D {
			f.D[j] = r.Int64N(2500)*4 + 1
		}
		for j := range f.B {
			f.B[j] = r.IntN(2) == 0
		}
	}
	return forms
}

// Group declares the facts: n0…, s0…, d0…, b0….
func Group() *fact.Group {
	var fields []*fact.Field
	add := func(letter string, n int, t fact.Type) {
		for i := range n {
			name := fmt.Sprint(letter, i)
			fields = append(fields, &fact.Field{Name: name, Path: name, Type: t})
		}
	}
	add("n", Numbers, fact.Integer)
	add("s", Texts, fact.Text)
	add("d", Decimals, fact.Decimal)
	add("b", Bools, fact.Bool)
	return fact.NewGroup("", fields)
}

// Record is the form as facts, in the order of [Group].
func (f *Form) Record() fact.Record {
	var r fact.Record
	for _, n := range f.N {
		r = append(r, fact.OfInt(n))
	}
	for _, s := range f.S {
		r = append(r, fact.OfText(s))
	}
	for _, d := range f.D {
		r = append(r, fact.OfRat(quantity.Frac(d, 100)))
	}
	for _, b := range f.B {
		r = append(r, fact.OfBool(b))
	}
	return r
}
