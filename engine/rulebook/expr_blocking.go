package rulebook

import (
	"slices"

	"omnia/engine/fact"
)

// blocking appends the unknown facts that keep the expression open. It evaluates again, part by
// part, and so runs only for what is to be explained; it leaves no trace in the Env.
func (x *expr) blocking(e *Env, refs []fact.Ref) []fact.Ref {
	if len(e.Root) < x.rootWidth || len(e.Row) < x.rowWidth {
		return refs
	}
	quiet := *e
	quiet.Used = nil
	found := x.root.block(&quiet, nil)
	for _, r := range found {
		if !slices.Contains(refs, r) {
			refs = append(refs, r)
		}
	}
	return refs
}

// block lists the unknown facts of a part that is Unknown; of any other part, none.
func (n *node) block(e *Env, refs []fact.Ref) []fact.Ref {
	if n.op == opConst || n.state(e) != Unknown {
		return refs
	}
	switch {
	case n.op == opField || n.op == opKnown:
		return append(refs, n.ref(e))
	case n.op == opNamed:
		if x := n.valueInForce(e); x != nil {
			return x.root.block(e, refs)
		}
		return refs
	case n.op == opChoose:
		switch n.kids[0].state(e) {
		case True:
			return n.kids[1].block(e, refs)
		case False:
			return n.kids[2].block(e, refs)
		}
		return n.kids[0].block(e, refs)
	case n.op == opCall && n.field != nil && len(n.kids) > 0 && n.kids[0].state(e) == Unknown:
		return n.kids[0].block(e, refs)
	case n.op == opCall && n.field != nil:
		return n.blockList(e, refs)
	}
	for _, k := range n.kids {
		refs = k.block(e, refs)
	}
	return refs
}

// prepare gives every part its own closure, so that blocking facts can be found part by part.
func (n *node) prepare() {
	n.walk(func(n *node) {
		switch n.kind {
		case kindBool:
			n.state = compileTest(n)
		case kindText:
			x := compileText(n)
			n.state = func(e *Env) Tri { _, t := x(e); return t }
		case kindDec:
			x := compileRat(n)
			n.state = func(e *Env) Tri { _, t := x(e); return t }
		default:
			x := compileInt(n)
			n.state = func(e *Env) Tri { _, t := x(e); return t }
		}
	})
}

func (n *node) ref(e *Env) fact.Ref {
	if n.row {
		return fact.Ref{Field: n.field, Row: e.RowIndex}
	}
	return fact.Ref{Field: n.field, Row: -1}
}

// blockList names the list, or the unknown fields of its rows, one by one.
func (n *node) blockList(e *Env, refs []fact.Ref) []fact.Ref {
	list := n.slot().of(e)
	if list.State == fact.Unknown {
		return append(refs, n.ref(e))
	}
	for i, row := range list.Rows() {
		for _, f := range n.columns {
			if row[f.Slot].State == fact.Unknown {
				refs = append(refs, fact.Ref{Field: f, Row: i})
			}
		}
	}
	return refs
}
