package rulebook

import (
	"github.com/expr-lang/expr/ast"

	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// callNamed checks value("id"): the value is declared, speaks of the row in hand or of none, and
// does not rest on what is being compiled.
func (c *checker) callNamed(call *node, a ast.Node) {
	call.kind = kindBad
	id, ok := c.textArgument(a, call.call)
	if !ok {
		return
	}
	v := c.scope.Values[id]
	switch {
	case v == nil:
		c.defect(start(a), "unknown_value", c.suggest(id, sortedKeys(c.scope.Values)), "il valore «%s» non esiste", id)
	case v.ForEach != nil && v.ForEach != c.scope.Row:
		c.defect(start(a), "row_not_in_scope", "leggilo in una regola con for_each: "+v.ForEach.Name, "il valore «%s» è di una riga «%s», e qui non ce n'è", id, v.ForEach.Name)
	case !v.ready():
		c.defect(start(a), "cycle", "togli uno dei rimandi", "il valore «%s» dipende da sé stesso", id)
	default:
		call.op, call.named, call.kind, call.unit, call.codes = opNamed, v, v.kind, v.unit, v.codes
	}
}

// valueInForce is the expression of a named value on the day examined; nil when none is, and then
// Failure says so.
func (n *node) valueInForce(e *Env) *Expr {
	if v := n.named.At(e.Day); v != nil {
		e.read(&v.Version)
		return v.Value
	}
	fail(e, n.place, "value_not_in_force", "Il valore %s non è in vigore il %s.", n.named.ID, e.Day)
	return nil
}

func testNamed(n *node) test {
	return func(e *Env) Tri {
		if x := n.valueInForce(e); x != nil {
			return x.test(e)
		}
		return Failed
	}
}

func textNamed(n *node) textFunc {
	return func(e *Env) (string, Tri) {
		if x := n.valueInForce(e); x != nil {
			return x.text(e)
		}
		return "", Failed
	}
}

func intNamed(n *node) intFunc {
	return func(e *Env) (int64, Tri) {
		if x := n.valueInForce(e); x != nil {
			return x.whole(e)
		}
		return 0, Failed
	}
}

func ratNamed(n *node) ratFunc {
	return func(e *Env) (quantity.Rat, Tri) {
		if x := n.valueInForce(e); x != nil {
			return x.num(e)
		}
		return quantity.Rat{}, Failed
	}
}

// collectNamed adds what the versions of a named value read to what the expression reads.
func (x *expr) collectNamed(v *NamedValue, read func(*fact.Field)) {
	for i := range v.Versions {
		y := v.Versions[i].Value
		if y == nil {
			continue
		}
		for _, f := range y.reads {
			read(f)
		}
		for _, p := range y.params {
			x.params = appendNew(x.params, p)
		}
		for _, t := range y.tables {
			x.tables = appendNew(x.tables, t)
		}
		x.around = x.around || y.around
		x.rootWidth, x.rowWidth = max(x.rootWidth, y.rootWidth), max(x.rowWidth, y.rowWidth)
	}
}
