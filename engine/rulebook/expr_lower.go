package rulebook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// lower turns expr's tree into ours: names resolved, types and units checked, connectives
// flattened. A part that is wrong is reported and becomes a node of kindBad, which fits
// everywhere, so that the rest is still checked.
func (c *checker) lower(n ast.Node) *node {
	c.visited++
	c.depth++
	defer func() { c.depth-- }()
	if c.visited > maxNodes || c.depth > maxDepth {
		if c.visited < 2*maxNodes {
			c.visited = 2 * maxNodes // says it once, and ends every other branch
			c.tooComplex(start(n))
		}
		return c.bad(n.Location().From)
	}
	switch n := n.(type) {
	case *ast.BoolNode:
		v := &node{op: opConst, kind: kindBool, at: n.Location().From}
		if n.Value {
			v.num = 1
		}
		return v
	case *ast.IntegerNode:
		return &node{op: opConst, kind: kindInt, num: int64(n.Value), at: n.Location().From}
	case *ast.StringNode:
		return c.lowerText(n)
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		if name, at, ok := dotted(n); ok {
			return c.factNode(name, at)
		}
		return c.lowerMember(n)
	case *ast.UnaryNode:
		return c.lowerUnary(n)
	case *ast.BinaryNode:
		return c.lowerBinary(n)
	case *ast.ConditionalNode:
		return c.lowerChoose(n)
	case *ast.CallNode:
		return c.lowerCall(n)
	case *ast.BuiltinNode:
		c.noBuiltin(n.Name, n.Location().From)
		return c.bad(n.Location().From)
	case *ast.ArrayNode:
		c.defect(n.Location().From, "list_literal", `scrivi per esempio azienda.settore in ["m", "n"]`,
			"un elenco di valori si può scrivere solo dopo in")
	}
	return c.bad(start(n)) // anything else has been told by the scan
}

// lowerMember refuses a field of something that is not a name. An index, and a field of what was
// read by one, was told by the scan.
func (c *checker) lowerMember(n ast.Node) *node {
	if chain, ok := n.(*ast.ChainNode); ok {
		n = chain.Node
	}
	m, ok := n.(*ast.MemberNode)
	if !ok {
		return c.bad(start(n))
	}
	c.lower(m.Node)
	at := m.Location().From
	switch m.Node.(type) {
	case *ast.MemberNode, *ast.ChainNode, *ast.SliceNode, *ast.IdentifierNode:
	default:
		if []rune(c.src)[at] != '[' {
			c.defect(at, "member", "i campi si leggono solo dai fatti: azienda.settore", "un valore calcolato non ha campi da leggere con il punto")
		}
	}
	return c.bad(start(n))
}

func (c *checker) bad(at int) *node { return &node{op: opConst, kind: kindBad, at: at} }

func (c *checker) lowerText(n *ast.StringNode) *node {
	at := n.Location().From
	if !utf8.ValidString(n.Value) || strings.ContainsFunc(n.Value, unprintable) {
		c.defect(at, "bad_text", "scrivi i caratteri come sono, senza codici", "il testo contiene caratteri invisibili")
		return c.bad(at)
	}
	return &node{op: opConst, kind: kindText, text: n.Value, at: at}
}

func (c *checker) lowerUnary(n *ast.UnaryNode) *node {
	at := n.Location().From
	kid := c.lower(n.Node)
	switch n.Operator {
	case "!", "not":
		return &node{op: opNot, kind: c.needCondition(kid, n.Node), at: at, place: c.place(at), kids: []*node{kid}}
	case "-":
		if !kid.isNumber() {
			c.mismatch(start(n.Node), "il segno meno vuole un numero, ma %s è %s", c.quote(kid), kid.kind)
			return c.bad(at)
		}
		return &node{op: opNeg, kind: kid.kind, unit: kid.unit, at: at, place: c.place(at), kids: []*node{kid}}
	}
	c.defect(at, "plus_sign", "toglilo", "il segno + davanti a un valore non è ammesso")
	return c.bad(at)
}

func (c *checker) lowerBinary(n *ast.BinaryNode) *node {
	if n.Operator == "in" {
		return c.lowerIn(n)
	}
	left, right := c.lower(n.Left), c.lower(n.Right)
	at := n.Location().From
	b := &node{kind: kindBool, at: at, place: c.place(at), kids: []*node{left, right}}
	switch n.Operator {
	case "&&", "and", "||", "or":
		b.kind = min(c.needCondition(left, n.Left), c.needCondition(right, n.Right)) // kindBad is the least
		b.op = opAnd
		if n.Operator == "||" || n.Operator == "or" {
			b.op = opOr
		}
		return b.flatten()
	case "==", "!=", "<", "<=", ">", ">=":
		b.op, b.rel = opCompare, relation(n.Operator)
		before := len(c.defects)
		c.checkCompare(b)
		if len(c.defects) > before {
			b.kind = kindBad
		}
		return b
	case "startsWith", "endsWith", "contains":
		b.op, b.rel = opMatch, relation(n.Operator)
		for _, k := range b.kids {
			if !k.is(kindText) {
				c.mismatch(k.at, "%s vuole due testi, ma %s è %s", n.Operator, c.quote(k), k.kind)
				b.kind = kindBad
			}
		}
		return b
	case "+", "-", "*":
		b.op = map[string]op{"+": opAdd, "-": opSub, "*": opMul}[n.Operator]
		c.checkArithmetic(b, n.Operator)
		return b
	}
	return c.bad(at) // told by the scan
}

// flatten takes the children of children of the same connective, so that a long chain is one
// loop. Evaluation stays left to right, so the meaning is the same.
func (n *node) flatten() *node {
	var kids []*node
	for _, k := range n.kids {
		if k.op == n.op && k.kind == kindBool {
			kids = append(kids, k.kids...)
		} else {
			kids = append(kids, k)
		}
	}
	n.kids = kids
	return n
}

func (c *checker) lowerIn(n *ast.BinaryNode) *node {
	left := c.lower(n.Left)
	at := n.Location().From
	in := &node{op: opIn, kind: kindBool, at: at, place: c.place(at), kids: []*node{left}}
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok {
		c.lower(n.Right)
		c.defect(start(n.Right), "in_without_list", `scrivi i valori uno per uno: azienda.settore in ["m", "n"]`,
			"dopo in va un elenco di valori tra parentesi quadre")
		return c.bad(at)
	}
	if left.kind == kindList || left.kind == kindBool {
		c.mismatch(left.at, "in cerca un testo, un numero o un giorno, ma %s è %s", c.quote(left), left.kind)
		left = c.bad(left.at)
	}
	if len(list.Nodes) == 0 {
		c.defect(list.Location().From, "empty_list", "scrivi almeno un valore", "l'elenco dopo in è vuoto: la condizione sarebbe sempre falsa")
	}
	for _, e := range list.Nodes {
		c.lowerElement(in, left, e)
	}
	return in
}

// lowerElement checks one value of an `in` list and adds it.
func (c *checker) lowerElement(in, left *node, e ast.Node) {
	v := c.lower(e).negated()
	same := func(o *node) bool { return o.num == v.num && o.text == v.text }
	switch {
	case v.kind == kindBad:
	case !v.constant():
		c.defect(start(e), "in_not_constant", "per confrontare con un fatto scrivi == e unisci con ||",
			"nell'elenco dopo in vanno solo valori scritti per esteso")
	case !comparable(left, v):
		c.mismatch(start(e), "%s è %s e non può essere %s, che è %s", c.quote(left), left.kind, c.quote(v), v.kind)
	case slices.ContainsFunc(in.kids[1:], same):
		c.defect(start(e), "duplicate_value", "toglilo", "il valore %s è scritto due volte nell'elenco", c.quote(v))
	default:
		c.checkCode(left, v)
		in.kids = append(in.kids, v)
	}
}

// negated folds the minus before a written number into it.
func (n *node) negated() *node {
	if n.op == opNeg && n.kids[0].constant() && n.kids[0].kind == kindInt {
		return &node{op: opConst, kind: kindInt, num: -n.kids[0].num, at: n.at}
	}
	return n
}

func (c *checker) lowerChoose(n *ast.ConditionalNode) *node {
	at := n.Cond.Location().From
	if !n.Ternary {
		return c.bad(start(n)) // told by the scan
	}
	if n.Cond == n.Exp1 {
		c.defect(start(n), "if_else", "scrivi condizione ? valore : altro valore", "la forma breve ?: non è ammessa")
		return c.bad(start(n))
	}
	cond, yes, no := c.lower(n.Cond), c.lower(n.Exp1), c.lower(n.Exp2)
	c.needCondition(cond, n.Cond)
	v := &node{op: opChoose, kind: yes.kind, unit: yes.unit, at: start(n), place: c.place(at), kids: []*node{cond, yes, no}}
	switch {
	case cond.kind != kindBool || yes.kind == kindBad || no.kind == kindBad:
		v.kind = kindBad
	case yes.kind == kindList || no.kind == kindList:
		c.mismatch(start(n.Exp1), "un elenco non è un valore da scegliere")
		v.kind = kindBad
	case yes.isNumber() && no.isNumber():
		v.kind = wider(yes, no)
		v.unit = c.sameUnit(yes, no, start(n.Exp2))
	case yes.kind != no.kind:
		c.mismatch(start(n.Exp2), "i due valori della scelta devono essere dello stesso tipo: %s è %s, %s è %s",
			c.quote(yes), yes.kind, c.quote(no), no.kind)
		v.kind = kindBad
	case yes.kind == kindText:
		v.codes = bothCodes(yes, no)
	}
	return v
}

// bothCodes are the codes of either side, when one is limited and the other is, or is written out.
func bothCodes(a, b *node) []string {
	if a.constant() && b.constant() {
		return nil
	}
	of := func(n *node) []string {
		if n.constant() {
			return []string{n.text}
		}
		return n.codes
	}
	x, y := of(a), of(b)
	if x == nil || y == nil {
		return nil
	}
	codes := append(slices.Clone(x), y...)
	slices.Sort(codes)
	return slices.Compact(codes)
}

func (c *checker) checkCompare(b *node) {
	left, right := b.kids[0], b.kids[1]
	switch {
	case left.kind == kindBad || right.kind == kindBad:
		return
	case left.kind == kindList || right.kind == kindList:
		list := left
		if right.kind == kindList {
			list = right
		}
		c.defect(list.at, "list_as_value", "usa count, sum o sum_product", "%s è un elenco e non si confronta con un valore", c.quote(list))
		return
	case !comparable(left, right):
		c.defect(b.at, "type_mismatch", retype(left, right), "non si possono confrontare %s, che è %s, e %s, che è %s",
			c.quote(left), left.kind, c.quote(right), right.kind)
		return
	case b.rel != relEQ && b.rel != relNE && (left.kind == kindText || left.kind == kindBool):
		c.mismatch(b.at, "%s è %s: si confronta solo con == e !=", c.quote(left), left.kind)
		return
	}
	if left.isNumber() {
		c.sameUnit(left, right, b.at)
	}
	c.checkCode(left, right)
	c.checkCode(right, left)
}

// retype is the cure of a value written in quotes that should be something else.
func retype(a, b *node) string {
	if a.constant() {
		a, b = b, a
	}
	if !b.constant() || b.kind != kindText {
		return ""
	}
	_, err := calendar.Parse(b.text)
	switch {
	case a.kind == kindDate && err == nil:
		return fmt.Sprintf("scrivi data(%q)", b.text)
	case a.kind == kindDate:
		return `scrivi un giorno, per esempio data("2017-09-24")`
	case a.isNumber():
		return "scrivi il numero senza virgolette"
	case a.kind == kindBool:
		return "scrivi true o false senza virgolette, o soltanto la condizione"
	}
	return ""
}

// comparable tells whether two values may be equal at all.
func comparable(a, b *node) bool {
	return a.kind == kindBad || b.kind == kindBad || a.kind == b.kind || a.isNumber() && b.isNumber()
}

// checkCode refuses a written text that is not among the codes the other side may have.
func (c *checker) checkCode(value, text *node) {
	if len(value.codes) == 0 || !text.constant() || text.kind != kindText || slices.Contains(value.codes, text.text) {
		return
	}
	hint := "i codici ammessi sono " + strings.Join(firsts(value.codes, 20), ", ")
	if near := nearest(text.text, value.codes); near != "" && len(text.text) > 2 {
		hint = fmt.Sprintf("forse intendevi %q?", near)
	}
	c.defect(text.at, "unknown_code", hint, "%q non è un codice di %s", text.text, c.quote(value))
}

func firsts(s []string, n int) []string {
	if len(s) > n {
		return append(slices.Clone(s[:n]), "…")
	}
	return s
}

func (c *checker) checkArithmetic(b *node, sign string) {
	left, right := b.kids[0], b.kids[1]
	for _, k := range b.kids {
		if k.isNumber() {
			continue
		}
		switch {
		case k.kind == kindDate:
			c.defect(b.at, "date_arithmetic", "usa add_days, add_months, days o weeks", "con i giorni del calendario non si usa %s", sign)
		case k.kind == kindText && sign == "+":
			c.mismatch(b.at, "i testi non si uniscono con +")
		default:
			c.mismatch(k.at, "%s vuole numeri, ma %s è %s", sign, c.quote(k), k.kind)
		}
		b.kind = kindBad
		return
	}
	if left.kind == kindBad || right.kind == kindBad {
		b.kind = kindBad
		return
	}
	b.kind = wider(left, right)
	if b.op == opMul {
		b.unit = productUnit(left.unit, right.unit)
	} else {
		b.unit = c.sameUnit(left, right, b.at)
	}
}

// wider is decimal as soon as one side is.
func wider(a, b *node) kind {
	if a.kind == kindInt && b.kind == kindInt {
		return kindInt
	}
	return kindDec
}

// sameUnit is the unit two numbers share. A number without a unit goes with any.
func (c *checker) sameUnit(a, b *node, at int) quantity.Unit {
	switch {
	case a.unit == quantity.None:
		return b.unit
	case b.unit == quantity.None || a.unit == b.unit:
		return a.unit
	}
	c.defect(at, "unit_mismatch", "porta i due valori alla stessa unità, per esempio con un parametro di conversione",
		"le unità non vanno insieme: %s è in %s, %s è in %s", c.quote(a), unitWord(a.unit), c.quote(b), unitWord(b.unit))
	return quantity.None
}

// productUnit is the unit of a product: of the factor that has one. Of two, euros win, then hours:
// euros for hours are euros, hours times weeks are hours; anything else has lost its unit.
func productUnit(a, b quantity.Unit) quantity.Unit {
	switch {
	case a == quantity.None:
		return b
	case b == quantity.None:
		return a
	case a == quantity.Euro || b == quantity.Euro:
		return quantity.Euro
	case a == quantity.Hours || b == quantity.Hours:
		return quantity.Hours
	}
	return quantity.None
}

func unitWord(u quantity.Unit) string {
	return map[quantity.Unit]string{quantity.Days: "giorni", quantity.Weeks: "settimane", quantity.Months: "mesi",
		quantity.Hours: "ore", quantity.Euro: "euro", quantity.Percent: "percento"}[u]
}

// needCondition is kindBool, or kindBad when the node is no condition, which is reported once.
func (c *checker) needCondition(n *node, src ast.Node) kind {
	if !n.is(kindBool) {
		c.defect(start(src), "type_mismatch", "confronta il valore, per esempio con == o >=; per sapere se c'è usa known(…)",
			"%s non è una condizione: è %s", c.quote(n), n.kind)
		return kindBad
	}
	return n.kind
}

func (c *checker) mismatch(at int, format string, args ...any) {
	c.defect(at, "type_mismatch", "", format, args...)
}

// fits checks the whole expression against what its place asks for.
func (c *checker) fits(root *node, want Want) {
	if root.kind == kindBad {
		return
	}
	if root.kind == kindList {
		c.defect(root.at, "list_as_value", "usa count, sum o sum_product", "%s è un elenco, non un valore", c.quote(root))
		return
	}
	ok := map[WantKind]bool{
		WantAny:     true,
		WantBool:    root.kind == kindBool,
		WantNumber:  root.kind.numeric(),
		WantInteger: root.kind == kindInt,
		WantText:    root.kind == kindText,
		WantDate:    root.kind == kindDate,
	}[want.Kind]
	if !ok {
		hint := ""
		if want.Kind == WantBool {
			hint = "confronta il valore, per esempio con == o >="
		} else if want.Kind == WantInteger && root.kind == kindDec {
			hint = "usa floor, ceil o round_half_up(…, 0)"
		}
		c.defect(0, "wrong_type", hint, "qui serve %s, ma l'espressione è %s", wanted[want.Kind], root.kind)
		return
	}
	if root.kind.numeric() && want.Unit != quantity.None && root.unit != quantity.None && root.unit != want.Unit {
		c.defect(0, "unit_mismatch", "", "qui serve un numero di %s, ma l'espressione è in %s", unitWord(want.Unit), unitWord(root.unit))
	}
	if root.kind == kindText && len(want.Options) > 0 {
		for _, leaf := range root.outcomes() {
			if leaf.constant() && !slices.Contains(want.Options, leaf.text) {
				c.defect(leaf.at, "unknown_code", "i codici ammessi sono "+strings.Join(want.Options, ", "), "%q non è ammesso qui", leaf.text)
			}
		}
	}
}

// outcomes are the values a choice may end in.
func (n *node) outcomes() []*node {
	if n.op != opChoose {
		return []*node{n}
	}
	return append(n.kids[1].outcomes(), n.kids[2].outcomes()...)
}

var wanted = map[WantKind]string{
	WantBool: "una condizione", WantNumber: "un numero", WantInteger: "un numero intero", WantText: "un testo", WantDate: "un giorno",
}

// String is the kind in Italian, with its article.
func (k kind) String() string {
	return [...]string{"un errore", "una condizione", "un numero intero", "un numero", "un testo", "un giorno", "un elenco"}[k]
}

// quote names a part of the expression in a message: by its text when that is short.
func (c *checker) quote(n *node) string {
	switch {
	case n.op == opConst && n.kind == kindText:
		return strconv.Quote(n.text)
	case n.kind == kindBad:
		return "il valore"
	}
	text := printCanonical(n)
	if utf8.RuneCountInString(text) > 60 {
		text = string([]rune(text)[:57]) + "…"
	}
	return "«" + text + "»"
}

// dayConstant is the node of a day written in the text.
func dayConstant(d calendar.Day, at int) *node {
	return &node{op: opConst, kind: kindDate, num: int64(d), at: at}
}
