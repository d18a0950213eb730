package rulebook

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// table builds a decision table.
func (l *loader) table(o object) {
	list := o.list("versions")
	t := &Table{
		ID: o.text("id"), Title: o.texts("title"), Versions: make([]TableVersion, len(list)),
		Inputs: l.columns(o, "inputs"), Outputs: l.columns(o, "outputs"), Place: o.placeOf("id"),
		NoRow: cmp.Or(o.text("without_row"), NoRowFails),
	}
	l.take(o, "table", t.ID)
	l.named(o, t.ID)
	l.uniqueColumns(o, t)
	heads := make([]*Version, len(list))
	for i, v := range list {
		t.Versions[i].Version = l.version(v)
		heads[i] = &t.Versions[i].Version
		l.rows(t, &t.Versions[i], v)
	}
	l.timeline(list, heads)
	for i, v := range list {
		meaning, words := meaningOfTable(t, &t.Versions[i])
		l.item(v, "table", t.ID, t.Title, heads[i], meaning, words)
	}
	l.ed.Tables[t.ID] = t
}

func (l *loader) columns(o object, key string) []Column {
	var columns []Column
	for _, c := range o.list(key) {
		t, _ := fact.ParseType(c.text("type"))
		columns = append(columns, Column{
			Name: c.text("name"), Type: t, Unit: quantity.Unit(c.text("unit")), Options: c.strings("options"),
		})
		if c.has("unit") && !t.IsNumber() {
			l.defect(c, "unit", "unit_mismatch", "togli unit, o il tipo è integer o decimal", "solo una colonna di numeri ha un'unità")
		}
		if c.has("options") && t != fact.Code {
			l.defect(c, "options", "wrong_type", "togli options, o il tipo è code", "solo una colonna di tipo code ha i codici ammessi")
		}
	}
	return columns
}

// uniqueColumns refuses a name used twice, or that means something else in every row.
func (l *loader) uniqueColumns(o object, t *Table) {
	seen := map[string]bool{}
	for _, key := range []string{"inputs", "outputs"} {
		for _, c := range o.list(key) {
			name := c.text("name")
			switch {
			case name == "":
			case tableRowShape.key(name) != nil:
				l.defect(c, "name", "reserved_name", "scegli un altro nome", "«%s» ha già un significato in ogni riga", name)
			case seen[name]:
				l.defect(c, "name", "duplicate_id", "dai un altro nome a una delle due", "la colonna «%s» è dichiarata due volte", name)
			}
			seen[name] = true
		}
	}
}

func (l *loader) rows(t *Table, v *TableVersion, o object) {
	first := map[string]int{}
	for _, r := range o.list("rows") {
		row := TableRow{
			Label: r.texts("label"), Law: v.Law, Confidence: v.Confidence, Place: r.place(),
			Inputs: make([]fact.Value, len(t.Inputs)), Outputs: make([]fact.Value, len(t.Outputs)),
		}
		if r.has("law") {
			row.Law = l.citations(r, "law")
		}
		if r.has("confidence") {
			row.Confidence = Confidence(r.text("confidence"))
		}
		l.unknownCells(t, r)
		complete := l.cells(r, t.Inputs, row.Inputs, true)
		l.cells(r, t.Outputs, row.Outputs, false)
		if complete {
			key := rowKey(t.Inputs, row.Inputs)
			if line, ok := first[key]; ok {
				l.defect(r, t.Inputs[0].Name, "duplicate_row", "tieni una sola delle due", "la riga %s è già alla riga %d del file", key, line)
			}
			first[key] = r.n.Line
		}
		v.Rows = append(v.Rows, row)
	}
}

func (l *loader) unknownCells(t *Table, r object) {
	var names []string
	for _, c := range slices.Concat(t.Inputs, t.Outputs) {
		names = append(names, c.Name)
	}
	for i := 0; i+1 < len(r.n.Content); i += 2 {
		k := r.n.Content[i]
		if !slices.Contains(names, k.Value) && tableRowShape.key(k.Value) == nil {
			l.defects = append(l.defects, r.src.defect(k, "unknown_key", suggestKey(k.Value, names), "«%s» non è una colonna della tabella", k.Value))
		}
	}
}

// cells reads the cells of some columns; complete tells that none is missing or wrong.
func (l *loader) cells(r object, columns []Column, values []fact.Value, required bool) (complete bool) {
	complete = true
	for i := range columns {
		c := &columns[i]
		switch {
		case c.Name == "" || valueOf(r.n, c.Name) == nil && !required:
		case valueOf(r.n, c.Name) == nil:
			l.defect(r, "", "missing_key", "ogni riga dice tutti gli ingressi", "nella riga manca l'ingresso «%s»", c.Name)
			complete = false
		case !r.has(c.Name) || r.node(c.Name).Kind != yaml.ScalarNode:
			complete = false
		default:
			v, cure := parseCell(c, r.text(c.Name))
			if cure != "" {
				l.defect(r, c.Name, "bad_value", cure, "«%s» non è un valore della colonna «%s», che è di tipo %s", r.text(c.Name), c.Name, c.Type)
				complete = false
			}
			values[i] = v
		}
	}
	return complete
}

// parseCell reads a cell by the type of its column; the cure is empty when it fits.
func parseCell(c *Column, text string) (v fact.Value, cure string) {
	switch c.Type {
	case fact.Bool:
		if text == "true" || text == "false" {
			return fact.OfBool(text == "true"), ""
		}
		return v, `scrivi "true" o "false"`
	case fact.Integer:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != text {
			return v, "scrivi un numero intero, solo cifre"
		}
		return fact.OfInt(n), ""
	case fact.Decimal:
		r, err := quantity.Parse(text)
		if err != nil {
			return v, `scrivi un numero esatto: "24", "5.01", "1/3"`
		}
		return fact.OfRat(r), ""
	case fact.Date:
		d, err := calendar.Parse(text)
		if err != nil {
			return v, `scrivi un giorno: "2015-09-24"`
		}
		return fact.OfDay(d), ""
	}
	if len(c.Options) > 0 && !slices.Contains(c.Options, text) {
		return v, suggestOr(text, c.Options, "scegli fra "+strings.Join(c.Options, ", "))
	}
	return fact.OfText(text), ""
}

// rowKey is the inputs of a row in words: equal for equal inputs.
func rowKey(columns []Column, inputs []fact.Value) string {
	cells := make([]cell, len(inputs))
	for i, v := range inputs {
		cells[i] = cell{v.Num, v.Text, v.Rat}
	}
	return wordCells(columns, cells)
}

// meaningOfTable leaves out the columns of which the version says nothing, so that a column added
// later does not change the versions before it.
func meaningOfTable(t *Table, v *TableVersion) (meaning, words map[string]any) {
	var rows, said []any
	used := make([]bool, len(t.Outputs))
	for i := range v.Rows {
		r := &v.Rows[i]
		outputs := map[string]any{}
		for j := range r.Outputs {
			if r.Outputs[j].IsKnown() {
				used[j] = true
				outputs[t.Outputs[j].Name] = plainValue(t.Outputs[j].Type, &r.Outputs[j])
			}
		}
		rows = append(rows, []any{rowKey(t.Inputs, r.Inputs), outputs})
		said = append(said, []any{rowKey(t.Inputs, r.Inputs), r.Label, r.Law, r.Confidence})
	}
	byKey := func(a, b any) int { return strings.Compare(a.([]any)[0].(string), b.([]any)[0].(string)) }
	slices.SortFunc(rows, byKey)
	slices.SortFunc(said, byKey)
	outputs := []any{}
	for j, c := range t.Outputs {
		if used[j] {
			outputs = append(outputs, plainColumn(c))
		}
	}
	inputs := []any{}
	for _, c := range t.Inputs {
		inputs = append(inputs, plainColumn(c))
	}
	return map[string]any{"inputs": inputs, "outputs": outputs, "rows": rows}, map[string]any{"rows": said}
}

func plainColumn(c Column) any { return []any{c.Name, c.Type.String(), c.Unit} }

// plainValue is a value as canonical JSON has it: numbers as exact text.
func plainValue(t fact.Type, v *fact.Value) any {
	switch t {
	case fact.Bool:
		return v.Bool()
	case fact.Integer:
		return strconv.FormatInt(v.Num, 10)
	case fact.Decimal:
		return v.Rat.String()
	case fact.Date:
		return v.Day().String()
	}
	return v.Text
}
