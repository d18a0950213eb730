package rulebook

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// Function is one function that authors may call. These are all there are.
type Function struct {
	Name      string
	Signature string // as an author writes it
	Text      string // what it gives, in Italian
}

type function struct {
	Function
	least, most int // number of arguments
}

const many = 1 << 10 // arguments without an upper bound of their own

var functions = indexFunctions([]function{
	{Function{"param", `param("id")`, "valore del parametro nella versione in vigore nel giorno esaminato; fuori dalla sua validità la regola non si applica e segnala un errore"}, 1, 1},
	{Function{"value", `value("id")`, "il valore con quel nome, detto una volta sola per tutte le regole, nella versione in vigore nel giorno esaminato; ignoto se è ignoto ciò da cui dipende"}, 1, 1},
	{Function{"known", `known(fatto)`, "vero se il fatto è stato indicato (o presunto), falso se è ignoto; non è mai ignoto"}, 1, 1},
	{Function{"data", `data("2017-09-24")`, "un giorno del calendario scritto per esteso, controllato al caricamento"}, 1, 1},
	{Function{"add_months", `add_months(giorno, mesi)`, "il giorno dopo tanti mesi; se il mese di arrivo è più corto, il suo ultimo giorno"}, 2, 2},
	{Function{"add_days", `add_days(giorno, giorni)`, "il giorno dopo tanti giorni di calendario"}, 2, 2},
	{Function{"add_weeks", `add_weeks(giorno, settimane)`, "il giorno dopo tante settimane intere"}, 2, 2},
	{Function{"days", `days(dal, al)`, "giorni di calendario dal primo all'ultimo compresi; zero se al precede dal"}, 2, 2},
	{Function{"weeks", `weeks(dal, al)`, "giorni di calendario dal primo all'ultimo compresi, divisi per 7, esatti; in settimane"}, 2, 2},
	{Function{"workdays", `workdays(dal, al, giorni_settimana)`, "giorni lavorativi dal primo all'ultimo compresi, per chi lavora tanti giorni la settimana da lunedì; le feste contano"}, 3, 3},
	{Function{"max", `max(a, b)`, "il più grande dei due numeri, o il più tardo dei due giorni"}, 2, 2},
	{Function{"min", `min(a, b)`, "il più piccolo dei due numeri, o il primo dei due giorni"}, 2, 2},
	{Function{"sum", `sum(elenco, "campo")`, "somma del campo su tutte le righe; ignota se lo è l'elenco o il campo di una riga"}, 2, 2},
	{Function{"sum_product", `sum_product(elenco, "campo", "campo")`, "somma, riga per riga, del prodotto dei due campi; ignota come sum"}, 3, 3},
	{Function{"count", `count(elenco)`, "numero delle righe, o dei giorni, di un elenco"}, 1, 1},
	{Function{"table", `table("id", "colonna", ingresso, …)`, "valore della colonna nella riga della tabella che ha questi ingressi, nella versione in vigore nel giorno esaminato; senza riga la regola segnala un errore"}, 2, many},
	{Function{"round_half_up", `round_half_up(numero, decimali)`, "arrotonda a tanti decimali (da 0 a 6), la metà verso l'alto"}, 2, 2},
	{Function{"floor", `floor(numero)`, "il più grande numero intero che non supera il numero"}, 1, 1},
	{Function{"ceil", `ceil(numero)`, "il più piccolo numero intero non inferiore al numero"}, 1, 1},
	{Function{"monday", `monday(giorno)`, "il lunedì della settimana del giorno"}, 1, 1},
	{Function{"sunday", `sunday(giorno)`, "la domenica della settimana del giorno"}, 1, 1},
	{Function{"month_end", `month_end(giorno)`, "l'ultimo giorno del mese del giorno"}, 1, 1},
	{Function{"not_holiday", `not_holiday(giorno)`, "il giorno o, se è domenica o festa, il primo dopo che non lo è; il sabato non è festa"}, 1, 1},
	{Function{"has_row", `has_row(elenco, "campo", valore)`, "vero se una riga dell'elenco ha quel valore nel campo; ignoto se nessuna lo ha ma di qualcuna il campo non si sa"}, 3, 3},
	{Function{"repeated", `repeated(riga.campo)`, "vero se una riga prima di questa ha nel campo lo stesso valore"}, 1, 1},
})

func indexFunctions(list []function) map[string]*function {
	m := make(map[string]*function, len(list))
	for i := range list {
		m[list[i].Name] = &list[i]
	}
	return m
}

// Functions lists what authors may call, by name, for the reference.
func Functions() []Function {
	var list []Function
	for _, name := range sortedKeys(functions) {
		list = append(list, functions[name].Function)
	}
	return list
}

// lowerCall checks a call: the function, the number of its arguments, then each by its own rule.
func (c *checker) lowerCall(n *ast.CallNode) *node {
	at := start(n)
	name, _, ok := dotted(n.Callee)
	if !ok {
		return c.lower(n.Callee) // not a name: it says why
	}
	f, ok := functions[name]
	if !ok {
		c.unknownFunction(name, at)
		for _, a := range n.Arguments {
			c.lower(a)
		}
		return c.bad(at)
	}
	if got := len(n.Arguments); got < f.least || got > f.most {
		c.defect(at, "wrong_arity", "si scrive "+f.Signature, "%s vuole %s, qui ne ha %d", name, arguments(f), got)
		return c.bad(at)
	}
	call := &node{op: opCall, kind: kindBad, at: at, place: c.place(at), call: f}
	switch name {
	case "param":
		c.callParam(call, n.Arguments[0])
	case "value":
		c.callNamed(call, n.Arguments[0])
	case "known":
		return c.callKnown(n.Arguments[0], at)
	case "data":
		return c.callData(n.Arguments[0], at)
	case "sum", "sum_product", "count":
		c.callList(call, n.Arguments)
	case "has_row":
		c.callHasRow(call, n.Arguments)
	case "repeated":
		c.callRepeated(call, n.Arguments[0])
	case "table":
		c.callTable(call, n.Arguments)
	default:
		for _, a := range n.Arguments {
			call.kids = append(call.kids, c.lower(a))
		}
		if slices.ContainsFunc(call.kids, func(k *node) bool { return k.kind == kindBad }) {
			return c.bad(at)
		}
		c.callPlain(call)
	}
	return call
}

func arguments(f *function) string {
	switch {
	case f.most == many:
		return fmt.Sprintf("almeno %d argomenti", f.least)
	case f.most == 1:
		return "un argomento"
	}
	return fmt.Sprintf("%d argomenti", f.most)
}

func (c *checker) unknownFunction(name string, at int) {
	if strings.Contains(name, ".") {
		c.defect(at, "unknown_function", "le funzioni si chiamano per nome, con il fatto tra parentesi", "«%s» non è una funzione: i fatti non ne hanno", name)
		return
	}
	if _, ok := builtin.Index[name]; ok {
		c.noBuiltin(name, at)
		return
	}
	c.defect(at, "unknown_function", c.suggest(name, sortedKeys(functions)), "la funzione «%s» non esiste", name)
}

// cures for the functions of expr that an author is likeliest to try.
var cures = map[string]string{
	"now":      "usa data_riferimento o un altro giorno dei fatti",
	"date":     `scrivi data("2017-09-24")`,
	"len":      "per un elenco usa count(elenco)",
	"round":    "usa round_half_up(numero, decimali)",
	"int":      "usa floor, ceil o round_half_up(numero, 0)",
	"float":    "i numeri sono già esatti",
	"duration": "usa days, weeks o add_days",
	"all":      "usa una regola con for_each",
	"any":      "usa una regola con for_each, o count",
	"filter":   "usa una regola con for_each, o count e sum",
}

func (c *checker) noBuiltin(name string, at int) {
	hint, ok := cures[name]
	if !ok {
		hint = "le funzioni ammesse sono " + strings.Join(sortedKeys(functions), ", ")
	}
	c.defect(at, "builtin", hint, "la funzione «%s» non è ammessa nelle regole", name)
}

// textArgument is an argument that must be written out as a text.
func (c *checker) textArgument(a ast.Node, f *function) (string, bool) {
	if s, ok := a.(*ast.StringNode); ok {
		return s.Value, true
	}
	c.defect(start(a), "argument", "si scrive "+f.Signature, "qui %s vuole un testo tra virgolette", f.Name)
	return "", false
}

func (c *checker) callParam(call *node, a ast.Node) {
	id, ok := c.textArgument(a, call.call)
	if !ok {
		return
	}
	p, ok := c.scope.Parameters[id]
	if !ok {
		c.defect(start(a), "unknown_parameter", c.suggest(id, sortedKeys(c.scope.Parameters)), "il parametro «%s» non esiste", id)
		return
	}
	call.op, call.param, call.unit, call.kind = opParam, p, p.Unit, kindOf(p.Kind)
}

func (c *checker) callKnown(a ast.Node, at int) *node {
	name, from, ok := dotted(a)
	if !ok {
		c.defect(start(a), "argument", "si scrive "+functions["known"].Signature, "known vuole il nome di un fatto")
		return c.bad(at)
	}
	n := c.factNode(name, from)
	if n.kind == kindBad {
		return n
	}
	n.op, n.kind, n.unit, n.codes, n.at = opKnown, kindBool, quantity.None, nil, at
	return n
}

func (c *checker) callData(a ast.Node, at int) *node {
	text, ok := c.textArgument(a, functions["data"])
	if !ok {
		return c.bad(at)
	}
	d, err := calendar.Parse(text)
	if err != nil {
		c.defect(start(a), "bad_date", "scrivi anno-mese-giorno: 2017-09-24", "«%s» non è un giorno del calendario", text)
		return c.bad(at)
	}
	return dayConstant(d, at)
}

// callList checks sum, sum_product and count: a list, then names of its fields.
func (c *checker) callList(call *node, args []ast.Node) {
	list := c.lower(args[0])
	if list.kind == kindBad {
		return
	}
	if list.op != opField || list.kind != kindList {
		c.mismatch(start(args[0]), "%s vuole un elenco, ma %s è %s", call.call.Name, c.quote(list), list.kind)
		return
	}
	call.field, call.row, call.rowName = list.field, list.row, list.rowName
	if call.call.Name == "count" {
		call.kind = kindInt
		return
	}
	if list.field.Element == nil {
		c.mismatch(start(args[0]), "%s è un elenco di giorni, senza campi da sommare", c.quote(list))
		return
	}
	kind, unit := kindInt, quantity.None
	for _, a := range args[1:] {
		f := c.listColumn(call, a)
		if f == nil {
			return
		}
		if kindOf(f.Type) == kindDec {
			kind = kindDec
		}
		unit = productUnit(unit, f.Unit)
	}
	call.kind, call.unit = kind, unit
}

// listColumn adds one numeric field of the list to the call; nil when it is no such field.
func (c *checker) listColumn(call *node, a ast.Node) *fact.Field {
	name, ok := c.textArgument(a, call.call)
	if !ok {
		return nil
	}
	group := call.field.Element
	f := group.Field(name)
	if f == nil {
		var names []string
		for _, f := range group.Fields {
			names = append(names, f.Name)
		}
		c.defect(start(a), "unknown_fact", c.suggest(name, names), "«%s» non è un campo di %s", name, call.name())
		return nil
	}
	if !kindOf(f.Type).numeric() {
		c.mismatch(start(a), "%s somma numeri, ma «%s» è %s", call.call.Name, name, kindOf(f.Type))
		return nil
	}
	call.columns = append(call.columns, f)
	return f
}

func (c *checker) callTable(call *node, args []ast.Node) {
	id, ok := c.textArgument(args[0], call.call)
	if !ok {
		return
	}
	t, ok := c.scope.Tables[id]
	if !ok {
		c.defect(start(args[0]), "unknown_table", c.suggest(id, sortedKeys(c.scope.Tables)), "la tabella «%s» non esiste", id)
		return
	}
	column, ok := c.textArgument(args[1], call.call)
	if !ok {
		return
	}
	call.output = slices.IndexFunc(t.Outputs, func(o Column) bool { return o.Name == column })
	if call.output < 0 {
		c.defect(start(args[1]), "unknown_column", c.suggest(column, columnNames(t.Outputs)), "la tabella «%s» non ha la colonna di uscita «%s»", id, column)
		return
	}
	if got := len(args) - 2; got != len(t.Inputs) {
		c.defect(call.at, "wrong_arity", "gli ingressi sono, in ordine: "+strings.Join(columnNames(t.Inputs), ", "),
			"la tabella «%s» ha %d ingressi, qui ce ne sono %d", id, len(t.Inputs), got)
		return
	}
	for i, a := range args[2:] {
		call.kids = append(call.kids, c.tableInput(t, i, a))
	}
	out := t.Outputs[call.output]
	call.table, call.kind, call.unit, call.codes = t, kindOf(out.Type), out.Unit, out.Options
}

func (c *checker) tableInput(t *Table, i int, a ast.Node) *node {
	in := t.Inputs[i]
	column := &node{kind: kindOf(in.Type), unit: in.Unit, codes: in.Options}
	v := c.lower(a)
	switch {
	case v.kind == kindBad:
	case v.kind != column.kind && !(v.kind == kindInt && column.kind == kindDec):
		c.mismatch(start(a), "l'ingresso «%s» della tabella «%s» è %s, ma %s è %s", in.Name, t.ID, column.kind, c.quote(v), v.kind)
	case v.unit != quantity.None && in.Unit != quantity.None && v.unit != in.Unit:
		c.defect(start(a), "unit_mismatch", "", "l'ingresso «%s» della tabella «%s» è in %s, ma %s è in %s",
			in.Name, t.ID, unitWord(in.Unit), c.quote(v), unitWord(v.unit))
	case v.constant() && v.kind == kindText && len(in.Options) > 0 && !slices.Contains(in.Options, v.text):
		c.defect(start(a), "unknown_code", "i codici ammessi sono "+strings.Join(firsts(in.Options, 20), ", "), "%q non è un codice dell'ingresso «%s»", v.text, in.Name)
	}
	return v
}

func columnNames(columns []Column) []string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	return names
}

// callPlain checks the functions whose arguments are plain values, none of them in error.
func (c *checker) callPlain(call *node) {
	kids := call.kids
	switch call.call.Name {
	case "add_months":
		call.kind = c.dateAnd(call, quantity.Months)
	case "add_days":
		call.kind = c.dateAnd(call, quantity.Days)
	case "add_weeks":
		call.kind = c.dateAnd(call, quantity.Weeks)
	case "monday", "sunday", "month_end", "not_holiday":
		call.kind, call.holidays = kindDate, c.scope.Holidays
		if !kids[0].is(kindDate) {
			c.argument(call, 0, "un giorno")
		}
	case "days":
		call.kind, call.unit = c.span(call, kindInt), quantity.Days
	case "weeks":
		call.kind, call.unit = c.span(call, kindDec), quantity.Weeks
	case "workdays":
		call.kind, call.unit = c.span(call, kindInt), quantity.Days
		if !kids[2].isNumber() {
			c.argument(call, 2, "un numero di giorni la settimana")
		}
	case "max", "min":
		c.extreme(call)
	case "floor", "ceil":
		call.kind, call.unit = kindInt, kids[0].unit
		if !kids[0].isNumber() {
			c.argument(call, 0, "un numero")
		}
	case "round_half_up":
		c.rounding(call)
	}
}

func (c *checker) argument(call *node, i int, wants string) {
	c.mismatch(call.kids[i].at, "%s vuole %s, ma %s è %s", call.call.Name, wants, c.quote(call.kids[i]), call.kids[i].kind)
	call.kind = kindBad
}

// dateAnd checks (giorno, numero) where the number counts unit.
func (c *checker) dateAnd(call *node, unit quantity.Unit) kind {
	n := call.kids[1]
	if !call.kids[0].is(kindDate) {
		c.argument(call, 0, "un giorno come primo argomento")
	}
	switch {
	case !n.isNumber():
		c.argument(call, 1, "un numero come secondo argomento")
	case n.unit != quantity.None && n.unit != unit:
		c.defect(n.at, "unit_mismatch", "", "%s vuole %s, ma %s è in %s", call.call.Name, unitWord(unit), c.quote(n), unitWord(n.unit))
	}
	return kindDate
}

// span checks (dal, al, …).
func (c *checker) span(call *node, result kind) kind {
	for i := range 2 {
		if !call.kids[i].is(kindDate) {
			c.argument(call, i, "due giorni")
		}
	}
	return result
}

func (c *checker) extreme(call *node) {
	a, b := call.kids[0], call.kids[1]
	switch {
	case a.isNumber() && b.isNumber():
		call.kind, call.unit = wider(a, b), c.sameUnit(a, b, call.at)
	case a.kind == kindDate && b.kind == kindDate:
		call.kind = kindDate
	default:
		c.mismatch(call.at, "%s vuole due numeri o due giorni, ma %s è %s e %s è %s", call.call.Name, c.quote(a), a.kind, c.quote(b), b.kind)
	}
}

const maxDecimals = 6

func (c *checker) rounding(call *node) {
	x, d := call.kids[0], call.kids[1]
	if !x.isNumber() {
		c.argument(call, 0, "un numero")
	}
	if !d.constant() || d.kind != kindInt || d.num > maxDecimals {
		c.defect(d.at, "argument", "si scrive per esempio round_half_up(x, 2)", "i decimali di round_half_up sono un numero scritto da 0 a %d", maxDecimals)
		return
	}
	call.kind, call.unit = kindDec, x.unit
	if d.num == 0 {
		call.kind = kindInt
	}
}
