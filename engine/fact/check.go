package fact

import "cmp"

// check looks at what concerns several values at once: the order of days, and values that no
// two rows may share. Rows of lists are checked with their own group, where they stand.
func (d *decoder) check(g *Group, rec Record) {
	d.checkSpans(g, rec)
	for _, f := range g.lists {
		depth, rows := len(d.path), rec[f.Slot].Rows()
		d.names(f.Name)
		for i := range rows {
			d.push("", i)
			d.check(f.Element, rows[i])
			d.pop()
		}
		for _, u := range f.Element.Unique {
			d.checkUnique(u, rows)
		}
		d.path = d.path[:depth]
	}
}

// checkSpans reports the end of each run of days that ends before it starts. In lenient reading
// that end becomes unknown: no rule may take the run for an empty one.
func (d *decoder) checkSpans(g *Group, rec Record) {
	for _, s := range g.Spans {
		from, to := &rec[s.From.Slot], &rec[s.To.Slot]
		if !from.IsKnown() || !to.IsKnown() || from.Day() <= to.Day() {
			continue
		}
		d.discard(s.To, to, `"`+to.Day().String()+`"`, dateOrder, from.Day(), to.Day(), s.From.Label.In(d.lang))
	}
}

// checkUnique reports every row whose value an earlier row has.
func (d *decoder) checkUnique(f *Field, rows []Record) {
	if len(rows) < 2 {
		return
	}
	seen := make(map[string]int, len(rows))
	for i := range rows {
		v := &rows[i][f.Slot]
		if !v.IsKnown() {
			continue
		}
		if first, ok := seen[v.Text]; ok {
			d.push("", i)
			d.discard(f, v, string(appendText(nil, v.Text)), duplicateValue+cmp.Or(f.Name, "value"), first+1)
			d.pop()
			continue
		}
		seen[v.Text] = i
	}
}

// discard is refuse for a value already read, of the record in hand; written is its JSON text.
func (d *decoder) discard(f *Field, v *Value, written, code string, args ...any) {
	depth := len(d.path)
	d.names(f.Name)
	if d.lenient {
		*v = Value{Text: written}
		d.findingAt(f, code, args...)
	} else {
		d.invalidAt(f, code, args...)
	}
	d.path = d.path[:depth]
}
