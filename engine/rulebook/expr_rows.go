package rulebook

import (
	"github.com/expr-lang/expr/ast"

	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// callHasRow checks has_row: a list, the name of a text field of its rows, a text.
func (c *checker) callHasRow(call *node, args []ast.Node) {
	list := c.lower(args[0])
	if list.kind == kindBad {
		return
	}
	if list.op != opField || list.kind != kindList || list.field.Element == nil {
		c.mismatch(start(args[0]), "has_row vuole un elenco di righe, ma %s non lo è", c.quote(list))
		return
	}
	name, ok := c.textArgument(args[1], call.call)
	if !ok {
		return
	}
	f := list.field.Element.Field(name)
	if f == nil {
		var names []string
		for _, f := range list.field.Element.Fields {
			names = append(names, f.Name)
		}
		c.defect(start(args[1]), "unknown_fact", c.suggest(name, names), "«%s» non è un campo di %s", name, c.quote(list))
		return
	}
	value := c.lower(args[2])
	if kindOf(f.Type) != kindText || !value.is(kindText) {
		c.mismatch(start(args[2]), "has_row confronta testi: «%s» è %s e %s è %s", name, kindOf(f.Type), c.quote(value), value.kind)
		return
	}
	call.field, call.row, call.rowName = list.field, list.row, list.rowName
	call.columns, call.kids, call.kind = []*fact.Field{f}, []*node{value}, kindBool
}

// callRepeated checks repeated: a text field of the row in hand, whose list is one of the root.
func (c *checker) callRepeated(call *node, a ast.Node) {
	f := c.lower(a)
	if f.kind == kindBad {
		return
	}
	if f.op != opField || !f.row || f.kind != kindText {
		c.mismatch(start(a), "repeated vuole un campo di testo della riga in esame, ma %s non lo è", c.quote(f))
		return
	}
	for _, l := range c.scope.Vocabulary.Root.Fields {
		if l.Element == c.scope.Row {
			call.list = l.Slot
		}
	}
	call.field, call.row, call.rowName, call.kind = f.field, true, f.rowName, kindBool
}

// testRows compiles the conditions that look through the rows of a list.
func testRows(n *node) test {
	if n.call.Name == "has_row" {
		return testHasRow(n)
	}
	return testRepeated(n)
}

func testHasRow(n *node) test {
	s, column, value := n.slot(), n.columns[0].Slot, compileText(n.kids[0])
	return func(e *Env) Tri {
		want, t := value(e)
		if t != True {
			return t
		}
		list := s.of(e)
		if list.State == fact.Unknown {
			return Unknown
		}
		found := False
		for _, row := range list.Rows() {
			switch v := &row[column]; {
			case v.State == fact.Unknown:
				found = Unknown
			case v.Text == want:
				return True
			}
		}
		return found
	}
}

func testRepeated(n *node) test {
	s, list, field := n.slot(), n.list, n.field
	return func(e *Env) Tri {
		v := s.of(e)
		if v.State == fact.Unknown {
			return Unknown
		}
		rows := e.Root[list].Rows()
		if e.Repeats != nil {
			return truth(e.Repeats.of(field, rows, e.RowIndex))
		}
		for i := 0; i < e.RowIndex && i < len(rows); i++ {
			if w := &rows[i][field.Slot]; w.IsKnown() && w.Text == v.Text {
				return True
			}
		}
		return False
	}
}

// Repeats remembers which rows of a list repeat a value of an earlier one, so that a long list is
// gone through once and not once for each row. It belongs to the facts of one case.
type Repeats struct{ byField map[*fact.Field][]bool }

func (r *Repeats) of(f *fact.Field, rows []fact.Record, i int) bool {
	again, ok := r.byField[f]
	if !ok {
		again = make([]bool, len(rows))
		seen := make(map[string]struct{}, len(rows))
		for j, row := range rows {
			v := &row[f.Slot]
			if !v.IsKnown() {
				continue
			}
			if _, again[j] = seen[v.Text]; !again[j] {
				seen[v.Text] = struct{}{}
			}
		}
		if r.byField == nil {
			r.byField = map[*fact.Field][]bool{}
		}
		r.byField[f] = again
	}
	return i >= 0 && i < len(again) && again[i]
}

// turnDay compiles the functions that turn a day into another of its week or month.
func turnDay(n *node) intFunc {
	x, at, holidays := compileInt(n.kids[0]), n.place, n.holidays
	if holidays == nil {
		holidays = &calendar.Holidays{}
	}
	turn := map[string]func(calendar.Day) calendar.Day{
		"monday": calendar.Day.Monday, "sunday": calendar.Day.Sunday, "month_end": calendar.Day.LastOfMonth, "not_holiday": holidays.Roll,
	}[n.call.Name]
	rolls := n.call.Name == "not_holiday"
	return func(e *Env) (int64, Tri) {
		d, t := x(e)
		if t != True {
			return 0, t
		}
		if rolls && e.Uses != nil && e.Uses.holidays != nil {
			e.read(e.Uses.holidays)
		}
		return checkDay(e, int64(turn(calendar.Day(d))), at)
	}
}
