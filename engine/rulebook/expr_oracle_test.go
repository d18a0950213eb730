package rulebook_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	exprlang "github.com/expr-lang/expr"
	"github.com/expr-lang/expr/types"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	. "omnia/engine/rulebook"
)

// The oracle is expr's own compiler and machine, on an environment of native values: int,
// string, bool, time.Time, and quantity.Rat with its operators overloaded. It has no unknown
// facts, so here every fact is known.

type vmRow struct {
	Lavoratori int
	Peso       quantity.Rat
}

type (
	rat = quantity.Rat
	day = time.Time
)

// operators overloads the signs for Rat with Rat and with int.
func operators() []exprlang.Option {
	var options []exprlang.Option
	pair := func(sign, name string, result any, f func(a, b rat) any) {
		_, isBool := result.(bool)
		forms := []any{new(func(rat, rat) rat), new(func(int, rat) rat), new(func(rat, int) rat)}
		if isBool {
			forms = []any{new(func(rat, rat) bool), new(func(int, rat) bool), new(func(rat, int) bool)}
		}
		options = append(options,
			exprlang.Function(name, func(p ...any) (any, error) { return f(asRat(p[0]), asRat(p[1])), nil }, forms...),
			exprlang.Operator(sign, name))
	}
	pair("+", "plus", rat{}, func(a, b rat) any { return a.Add(b) })
	pair("-", "less", rat{}, func(a, b rat) any { return a.Sub(b) })
	pair("*", "times", rat{}, func(a, b rat) any { return a.Mul(b) })
	pair("==", "eq", true, func(a, b rat) any { return a.Equal(b) })
	pair("!=", "ne", true, func(a, b rat) any { return !a.Equal(b) })
	pair("<", "lt", true, func(a, b rat) any { return a.Cmp(b) < 0 })
	pair("<=", "le", true, func(a, b rat) any { return a.Cmp(b) <= 0 })
	pair(">", "gt", true, func(a, b rat) any { return a.Cmp(b) > 0 })
	pair(">=", "ge", true, func(a, b rat) any { return a.Cmp(b) >= 0 })
	return options
}

func asRat(v any) rat {
	if n, ok := v.(int); ok {
		return quantity.Int(int64(n))
	}
	return v.(rat)
}

func asTime(d calendar.Day) day { return time.Unix(int64(d)*86400, 0).UTC() }

// functionsOf are ours, written again over native values; param needs the day.
func functionsOf(w *world, on *calendar.Day) []exprlang.Option {
	fn := func(name string, f func(p []any) any, forms ...any) exprlang.Option {
		return exprlang.Function(name, func(p ...any) (any, error) { return f(p), nil }, forms...)
	}
	floor := func(r rat) int { n, _ := r.Floor(); return int(n) }
	round := func(p []any) rat {
		scale := quantity.Int(1)
		for range p[1].(int) {
			scale = scale.Mul(quantity.Int(10))
		}
		return quantity.Int(int64(floor(asRat(p[0]).Mul(scale).Add(quantity.Frac(1, 2))))).Quo(scale)
	}
	length := func(p []any) int64 { return max(0, int64(p[1].(day).Sub(p[0].(day)).Hours()/24)+1) }
	workdays := func(p []any) any {
		n := 0
		for d := p[0].(day); !d.After(p[1].(day)); d = d.AddDate(0, 0, 1) {
			if (int(d.Weekday())+6)%7 < p[2].(int) {
				n++
			}
		}
		return n
	}
	sum := func(p []any) any {
		if len(p) == 2 && p[1] == "lavoratori" {
			n := 0
			for _, r := range p[0].([]vmRow) {
				n += r.Lavoratori
			}
			return n
		}
		total := rat{}
		for _, r := range p[0].([]vmRow) {
			if len(p) == 3 {
				r.Peso = r.Peso.Mul(quantity.Int(int64(r.Lavoratori)))
			}
			total = total.Add(r.Peso)
		}
		return total
	}
	addMonths := func(p []any) any {
		t, n := p[0].(day), p[1].(int)
		first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		return first.AddDate(0, 0, min(t.Day(), last)-1)
	}
	extreme := func(sign int) func(p []any) any {
		return func(p []any) any {
			if a, ok := p[0].(day); ok {
				if b := p[1].(day); b.Compare(a)*sign > 0 {
					return b
				}
				return a
			}
			a, aInt := p[0].(int)
			b, bInt := p[1].(int)
			if aInt && bInt {
				if (b-a)*sign > 0 {
					return b
				}
				return a
			}
			if x, y := asRat(p[0]), asRat(p[1]); y.Cmp(x)*sign > 0 {
				return y
			}
			return asRat(p[0])
		}
	}
	extremes := []any{new(func(int, int) int), new(func(rat, rat) rat), new(func(rat, int) rat), new(func(int, rat) rat), new(func(day, day) day)}
	return []exprlang.Option{
		fn("param", func(p []any) any { return w.Parameters[p[0].(string)].At(*on).Value.Rat }, new(func(string) rat)),
		fn("known", func(p []any) any { return true }, new(func(any) bool)),
		fn("data", func(p []any) any { return asTime(calendar.MustParse(p[0].(string))) }, new(func(string) day)),
		fn("add_months", addMonths, new(func(day, int) day)),
		fn("add_days", func(p []any) any { return p[0].(day).AddDate(0, 0, p[1].(int)) }, new(func(day, int) day)),
		fn("days", func(p []any) any { return int(length(p)) }, new(func(day, day) int)),
		fn("weeks", func(p []any) any { return quantity.Frac(length(p), 7) }, new(func(day, day) rat)),
		fn("workdays", workdays, new(func(day, day, int) int)),
		fn("max", extreme(1), extremes...),
		fn("min", extreme(-1), extremes...),
		fn("floor", func(p []any) any { return floor(asRat(p[0])) }, new(func(rat) int), new(func(int) int)),
		fn("ceil", func(p []any) any { return -floor(asRat(p[0]).Neg()) }, new(func(rat) int), new(func(int) int)),
		fn("round_whole", func(p []any) any { return floor(round(p)) }, new(func(rat, int) int)),
		fn("round_half_up", func(p []any) any { return round(p) }, new(func(rat, int) rat)),
		fn("count", func(p []any) any { return lengthOf(p[0]) }, new(func(any) int)),
		fn("sum_whole", sum, new(func([]vmRow, string) int)),
		fn("sum", sum, new(func([]vmRow, string) rat)),
		fn("sum_product", sum, new(func([]vmRow, string, string) rat)),
	}
}

func lengthOf(v any) int {
	if rows, ok := v.([]vmRow); ok {
		return len(rows)
	}
	return len(v.([]day))
}

// vmTypes and vmValues are the vocabulary and a case as nested maps of native values.
func vmTypes(w *world) types.Map {
	m := types.Map{}
	add := func(prefix string, g *fact.Group) {
		for _, f := range g.Fields {
			at, name := m, prefix+f.Name
			for {
				head, rest, nested := strings.Cut(name, ".")
				if !nested {
					at[head] = vmType(f.Type)
					break
				}
				if at[head] == nil {
					at[head] = types.Map{}
				}
				at, name = at[head].(types.Map), rest
			}
		}
	}
	add("", w.root)
	add("periodo.", w.row)
	return m
}

func vmType(t fact.Type) types.Type {
	return types.TypeOf(map[fact.Type]any{
		fact.Text: "", fact.Code: "", fact.Bool: true, fact.Integer: 0, fact.Decimal: rat{}, fact.Date: day{},
		fact.Days: []day{}, fact.List: []vmRow{},
	}[t])
}

func vmValues(w *world, e *Env) map[string]any {
	m := map[string]any{}
	add := func(prefix string, g *fact.Group, rec fact.Record) {
		for i, f := range g.Fields {
			at, name := m, prefix+f.Name
			for {
				head, rest, nested := strings.Cut(name, ".")
				if !nested {
					at[head] = vmValue(w, f, rec[i])
					break
				}
				if at[head] == nil {
					at[head] = map[string]any{}
				}
				at, name = at[head].(map[string]any), rest
			}
		}
	}
	add("", w.root, e.Root)
	add("periodo.", w.row, e.Row)
	return m
}

func vmValue(w *world, f *fact.Field, v fact.Value) any {
	switch f.Type {
	case fact.Bool:
		return v.Bool()
	case fact.Integer:
		return int(v.Num)
	case fact.Decimal:
		return v.Rat
	case fact.Date:
		return asTime(v.Day())
	case fact.Days:
		return make([]day, len(v.Days()))
	case fact.List:
		rows := []vmRow{}
		for _, r := range v.Rows() {
			rows = append(rows, vmRow{int(r[w.row.Slot("lavoratori")].Num), r[w.row.Slot("peso")].Rat})
		}
		return rows
	}
	return v.Text
}

// vmSource gives the two functions whose type hangs on an argument a name for each type.
func vmSource(src string) string {
	return strings.NewReplacer(`sum(periodi, "lavoratori")`, `sum_whole(periodi, "lavoratori")`, wholeRounding, "round_whole(").Replace(src)
}

func TestClosuresAgreeWithTheMachineOfExpr(t *testing.T) {
	t.Parallel()
	w := newWorld()
	on := new(calendar.Day)
	options := append(operators(), functionsOf(w, on)...)
	options = append(options, exprlang.Env(vmTypes(w)), exprlang.AsBool())
	seen := map[bool]int{}
	for seed := range uint64(4_000) {
		r := rand.New(rand.NewPCG(2, seed))
		g := &grower{Rand: r, vm: true, asked: true}
		src := g.boolean(1 + r.IntN(3))
		c, defects := CompileCondition(src, here, w.Scope)
		if len(defects) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, src, Defects(defects).Error())
		}
		program, err := exprlang.Compile(vmSource(src), options...)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, src, err)
		}
		for range 3 {
			e := w.env(r, 0)
			*on = e.Day
			want, err := exprlang.Run(program, vmValues(w, e))
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, src, err)
			}
			seen[want.(bool)]++
			if got := c.Eval(e); got != tri(want.(bool)) {
				t.Fatalf("seed %d: %s\n is %d, the machine of expr says %v", seed, src, got, want)
			}
		}
	}
	if seen[true] < 2000 || seen[false] < 2000 {
		t.Errorf("the generator is lopsided: %v", seen)
	}
}
