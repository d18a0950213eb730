package rulebook_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	. "omnia/engine/rulebook"
)

// naive is the meaning of the language written the plain way: it walks expr's tree with boxed
// values and big rationals, and knows nothing of closures, slots or fused leaves.
//
// A value is a bool, *big.Rat, string, calendar.Day or fact.Value (a list).
type naive struct {
	*world
	*Env
}

// parse gives expr's own tree of a source, with the names of its built-in functions free.
func parse(src string) ast.Node {
	c := conf.CreateNew()
	for name := range c.Builtins {
		c.Disabled[name] = true
	}
	c.Functions["sum"], c.Functions["count"] = c.Builtins["len"], c.Builtins["len"]
	tree, err := parser.ParseWithConfig(src, c)
	if err != nil {
		panic(err)
	}
	return tree.Node
}

func (w naive) truth(n ast.Node) Tri {
	v, t := w.eval(n)
	if t != True {
		return t
	}
	return tri(v.(bool))
}

func tri(b bool) Tri {
	if b {
		return True
	}
	return False
}

func (w naive) eval(n ast.Node) (any, Tri) {
	switch n := n.(type) {
	case *ast.BoolNode:
		return n.Value, True
	case *ast.IntegerNode:
		return big.NewRat(int64(n.Value), 1), True
	case *ast.StringNode:
		return n.Value, True
	case *ast.IdentifierNode, *ast.MemberNode:
		return w.fact(n.String())
	case *ast.UnaryNode:
		v, t := w.eval(n.Node)
		if t != True {
			return nil, t
		}
		if n.Operator == "-" {
			return new(big.Rat).Neg(v.(*big.Rat)), True
		}
		return !v.(bool), True
	case *ast.ConditionalNode:
		switch t := w.truth(n.Cond); t {
		case True:
			return w.eval(n.Exp1)
		case False:
			return w.eval(n.Exp2)
		default:
			return nil, t
		}
	case *ast.BinaryNode:
		return w.binary(n)
	case *ast.CallNode:
		return w.call(n)
	}
	panic(fmt.Sprintf("%T", n))
}

// connective is Kleene's table; the truth named decides at once.
func (w naive) connective(n *ast.BinaryNode, decides Tri) (any, Tri) {
	l := w.truth(n.Left)
	if l == decides || l == Failed {
		return l == True, known(l)
	}
	r := w.truth(n.Right)
	if r == decides || r == Failed {
		return r == True, known(r)
	}
	if l == Unknown || r == Unknown {
		return nil, Unknown
	}
	return decides != True, True
}

func (w naive) binary(n *ast.BinaryNode) (any, Tri) {
	switch n.Operator {
	case "&&", "and":
		return w.connective(n, False)
	case "||", "or":
		return w.connective(n, True)
	case "in":
		return w.in(n)
	}
	l, s := w.eval(n.Left)
	if s == Failed {
		return nil, Failed
	}
	r, t := w.eval(n.Right)
	if t == Failed {
		return nil, Failed
	}
	if s == Unknown || t == Unknown {
		return nil, Unknown
	}
	switch n.Operator {
	case "+":
		return new(big.Rat).Add(l.(*big.Rat), r.(*big.Rat)), True
	case "-":
		return new(big.Rat).Sub(l.(*big.Rat), r.(*big.Rat)), True
	case "*":
		return new(big.Rat).Mul(l.(*big.Rat), r.(*big.Rat)), True
	case "startsWith":
		return strings.HasPrefix(l.(string), r.(string)), True
	case "endsWith":
		return strings.HasSuffix(l.(string), r.(string)), True
	case "contains":
		return strings.Contains(l.(string), r.(string)), True
	}
	c := order(l, r)
	return map[string]bool{"==": c == 0, "!=": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[n.Operator], True
}

func order(a, b any) int {
	switch a := a.(type) {
	case *big.Rat:
		return a.Cmp(b.(*big.Rat))
	case string:
		return strings.Compare(a, b.(string))
	case calendar.Day:
		return int(a) - int(b.(calendar.Day))
	}
	if a == b {
		return 0
	}
	return 1
}

func (w naive) in(n *ast.BinaryNode) (any, Tri) {
	l, t := w.eval(n.Left)
	if t != True {
		return nil, t
	}
	for _, e := range n.Right.(*ast.ArrayNode).Nodes {
		if v, _ := w.eval(e); order(l, v) == 0 {
			return true, True
		}
	}
	return false, True
}

func (w naive) value(v fact.Value, t fact.Type) (any, Tri) {
	if v.State == fact.Unknown {
		return nil, Unknown
	}
	switch t {
	case fact.Bool:
		return v.Bool(), True
	case fact.Text, fact.Code:
		return v.Text, True
	case fact.Integer:
		return big.NewRat(v.Num, 1), True
	case fact.Decimal:
		return v.Rat.Big(), True
	case fact.Date:
		return v.Day(), True
	}
	return v, True
}

func (w naive) fact(name string) (any, Tri) {
	if rest, ok := strings.CutPrefix(name, "periodo."); ok {
		return w.value(w.Row[w.row.Slot(rest)], w.row.Field(rest).Type)
	}
	return w.value(w.Root[w.root.Slot(name)], w.root.Field(name).Type)
}

func (w naive) call(n *ast.CallNode) (any, Tri) {
	text := func(i int) string { return n.Arguments[i].(*ast.StringNode).Value }
	name := n.Callee.String()
	switch name {
	case "known":
		_, t := w.fact(n.Arguments[0].String())
		return t == True, True
	case "data":
		return calendar.MustParse(text(0)), True
	case "param":
		p := w.Parameters[text(0)]
		v := p.At(w.Day)
		if v == nil {
			return nil, Failed
		}
		return w.value(v.Value, p.Kind)
	case "sum", "sum_product":
		return w.sum(n)
	case "table":
		return w.table(n)
	}
	var args []any
	all := True
	for _, a := range n.Arguments {
		v, t := w.eval(a)
		if t == Failed {
			return nil, Failed
		}
		if t == Unknown {
			all = Unknown
		}
		args = append(args, v)
	}
	if all != True {
		return nil, all
	}
	return plain(name, args), True
}

// plain computes the functions of plain values, day by day where days are counted.
func plain(name string, args []any) any {
	rat := func(i int) *big.Rat { return args[i].(*big.Rat) }
	whole := func(i int) int { return int(rat(i).Num().Int64()) }
	day := func(i int) calendar.Day { return args[i].(calendar.Day) }
	switch name {
	case "count":
		v := args[0].(fact.Value)
		return big.NewRat(int64(len(v.Rows())+len(v.Days())), 1)
	case "add_months":
		return day(0).AddMonths(whole(1))
	case "add_days":
		return day(0) + calendar.Day(whole(1))
	case "days", "weeks", "workdays":
		n := int64(0)
		for d := day(0); d <= day(1); d++ {
			if name != "workdays" || d.Weekday() < whole(2) {
				n++
			}
		}
		if name == "weeks" {
			return big.NewRat(n, 7)
		}
		return big.NewRat(n, 1)
	case "max", "min":
		if (order(args[0], args[1]) < 0) == (name == "min") {
			return args[0]
		}
		return args[1]
	case "floor":
		return floor(rat(0))
	case "ceil":
		return new(big.Rat).Neg(floor(new(big.Rat).Neg(rat(0))))
	case "round_half_up":
		scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(whole(1))), nil))
		x := new(big.Rat).Mul(rat(0), scale)
		return new(big.Rat).Quo(floor(x.Add(x, big.NewRat(1, 2))), scale)
	}
	panic(name)
}

func floor(x *big.Rat) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Div(x.Num(), x.Denom()))
}

func (w naive) sum(n *ast.CallNode) (any, Tri) {
	v, t := w.eval(n.Arguments[0])
	if t != True {
		return nil, t
	}
	sum := new(big.Rat)
	list := v.(fact.Value)
	for _, row := range list.Rows() {
		product := big.NewRat(1, 1)
		for _, a := range n.Arguments[1:] {
			f := w.row.Field(a.(*ast.StringNode).Value)
			v, t := w.value(row[f.Slot], f.Type)
			if t != True {
				return nil, t
			}
			product.Mul(product, v.(*big.Rat))
		}
		sum.Add(sum, product)
	}
	return sum, True
}

func (w naive) table(n *ast.CallNode) (any, Tri) {
	t := w.Tables[n.Arguments[0].(*ast.StringNode).Value]
	output := slices.IndexFunc(t.Outputs, func(c Column) bool { return c.Name == n.Arguments[1].(*ast.StringNode).Value })
	var inputs []any
	all := True
	for _, a := range n.Arguments[2:] {
		v, t := w.eval(a)
		if t != True {
			all = t
		}
		inputs = append(inputs, v)
	}
	if all != True {
		return nil, all
	}
	for _, row := range t.Versions[0].Rows {
		match := true
		for i, in := range row.Inputs {
			v, _ := w.value(in, t.Inputs[i].Type)
			match = match && order(v, inputs[i]) == 0
		}
		if match {
			return w.value(row.Outputs[output], t.Outputs[output].Type)
		}
	}
	return nil, Failed
}

// known is the knowledge of a truth: True when it is True or False.
func known(t Tri) Tri {
	if t == False {
		return True
	}
	return t
}
