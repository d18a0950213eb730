package rulebook

import (
	"strconv"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// cell is one input of a table lookup, with the part that its column's type uses.
type cell struct {
	num  int64
	text string
	rat  quantity.Rat
}

type cellFunc func(*Env) (cell, Tri)

// lookup finds the output cell of a table for the inputs; nil unless the truth is True.
type lookup func(*Env) (*fact.Value, Tri)

// compileLookup compiles a table call. Inputs are evaluated once, then rows are compared one by
// one: a table of the law has some dozens of rows, and a text of another length is told apart at once.
func compileLookup(n *node) lookup {
	var inputs []cellFunc
	for i, k := range n.kids {
		inputs = append(inputs, compileCell(k, n.table.Inputs[i].Type))
	}
	t, output, at := n.table, n.output, n.place
	return func(e *Env) (*fact.Value, Tri) {
		cells, all := make([]cell, 0, 8), True
		for _, input := range inputs {
			v, s := input(e)
			if s == Failed {
				return nil, s
			}
			all = both(all, s)
			cells = append(cells, v)
		}
		if all != True {
			return nil, all
		}
		version := t.At(e.Day)
		if version == nil {
			return nil, fail(e, at, "table_not_in_force", "La tabella %s non è in vigore il %s.", t.ID, e.Day)
		}
		e.read(&version.Version)
		for i := range version.Rows {
			if row := &version.Rows[i]; row.matches(t.Inputs, cells) {
				if e.Looked != nil {
					e.Looked(t, row)
				}
				return &row.Outputs[output], True
			}
		}
		if t.NoRow == NoRowUnknown {
			return nil, Unknown
		}
		return nil, fail(e, at, "table_no_row", "La tabella %s non ha una riga per %s.", t.ID, wordCells(t.Inputs, cells))
	}
}

func compileCell(n *node, t fact.Type) cellFunc {
	switch kindOf(t) {
	case kindText:
		x := compileText(n)
		return func(e *Env) (cell, Tri) {
			s, t := x(e)
			return cell{text: s}, t
		}
	case kindDec:
		x := compileRat(n)
		return func(e *Env) (cell, Tri) {
			r, t := x(e)
			return cell{rat: r}, t
		}
	case kindBool:
		x := compileTest(n)
		return func(e *Env) (cell, Tri) {
			switch t := x(e); t {
			case False, True:
				return cell{num: int64(t)}, True
			default:
				return cell{}, t
			}
		}
	}
	x := compileInt(n)
	return func(e *Env) (cell, Tri) {
		i, t := x(e)
		return cell{num: i}, t
	}
}

// matches tells whether the inputs of the row are these.
func (r *TableRow) matches(columns []Column, cells []cell) bool {
	for i := range cells {
		in, c := &r.Inputs[i], &cells[i]
		switch kindOf(columns[i].Type) {
		case kindText:
			if in.Text != c.text {
				return false
			}
		case kindDec:
			if !in.Rat.Equal(c.rat) {
				return false
			}
		default:
			if in.Num != c.num {
				return false
			}
		}
	}
	return true
}

// At is the version in force on d, or nil.
func (t *Table) At(d calendar.Day) *TableVersion {
	for i := range t.Versions {
		if t.Versions[i].Has(d) {
			return &t.Versions[i]
		}
	}
	return nil
}

func wordCells(columns []Column, cells []cell) string {
	var words []string
	for i, c := range cells {
		text := strconv.FormatInt(c.num, 10)
		switch kindOf(columns[i].Type) {
		case kindText:
			text = strconv.Quote(c.text)
		case kindDec:
			text = c.rat.String()
		case kindDate:
			text = calendar.Day(c.num).String()
		case kindBool:
			text = map[int64]string{0: "no", 1: "sì"}[c.num]
		}
		words = append(words, columns[i].Name+" "+text)
	}
	return strings.Join(words, ", ")
}

func testTable(n *node) test {
	find := compileLookup(n)
	return func(e *Env) Tri {
		v, t := find(e)
		if t != True {
			return t
		}
		if v.State == fact.Unknown {
			return Unknown
		}
		return truth(v.Num != 0)
	}
}

func textTable(n *node) textFunc {
	find := compileLookup(n)
	return func(e *Env) (string, Tri) {
		v, t := find(e)
		if t != True {
			return "", t
		}
		if v.State == fact.Unknown {
			return "", Unknown
		}
		return v.Text, True
	}
}

func wholeTable(n *node) intFunc {
	find := compileLookup(n)
	return func(e *Env) (int64, Tri) {
		v, t := find(e)
		if t != True {
			return 0, t
		}
		if v.State == fact.Unknown {
			return 0, Unknown
		}
		return v.Num, True
	}
}

func ratTable(n *node) ratFunc {
	find := compileLookup(n)
	return func(e *Env) (quantity.Rat, Tri) {
		v, t := find(e)
		if t != True {
			return quantity.Rat{}, t
		}
		if v.State == fact.Unknown {
			return quantity.Rat{}, Unknown
		}
		return v.Rat, True
	}
}
