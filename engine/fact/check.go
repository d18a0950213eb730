package fact

// check looks at what concerns several values at once: the order of days, and values that no
// two rows may share. Rows of lists are checked with their own group.
func (d *decoder) check(g *Group, rec Record) {
	d.checkSpans(g, rec, -1)
	for _, f := range g.Fields {
		if f.Type != List {
			continue
		}
		rows := rec[f.Slot].Rows
		for i := range rows {
			d.checkSpans(f.Element, rows[i], i)
		}
		for _, u := range f.Element.Unique {
			d.checkUnique(u, rows)
		}
	}
}

// checkSpans reports the end of each run of days that ends before it starts. In lenient reading
// that end becomes unknown: no rule may take the run for an empty one.
func (d *decoder) checkSpans(g *Group, rec Record, row int) {
	for _, s := range g.Spans {
		from, to := &rec[s.From.Slot], &rec[s.To.Slot]
		if !from.IsKnown() || !to.IsKnown() || from.Day() <= to.Day() {
			continue
		}
		d.discard(Ref{s.To, row}, to, `"`+to.Day().String()+`"`, dateOrder, from.Day(), to.Day(), s.From.Label.In(d.lang))
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
			d.discard(Ref{f, i}, v, string(appendText(nil, v.Text)), duplicateValue+f.Name, first+1)
			continue
		}
		seen[v.Text] = i
	}
}

// discard is refuse for a value already read; written is its JSON text.
func (d *decoder) discard(r Ref, v *Value, written, code string, args ...any) {
	d.at(r)
	if d.lenient {
		*v = Value{Text: written}
		d.findingAt(r.Field, code, args...)
	} else {
		d.invalidAt(r.Field, code, args...)
	}
	d.path = d.path[:0]
}
