package replay

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"omnia/ledger"
)

// FactChange is one fact that differs, or one row of a list that only one of the decisions has.
type FactChange struct {
	Pointer  string          `json:"pointer"` // in the second facts; of what only the first have, there
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
	Personal bool            `json:"personal"` // it holds personal values
	Mattered Weight          `json:"mattered"`

	path []step
}

// AskedChange is something that was asked otherwise beside the facts.
type AskedChange struct {
	Name   string `json:"name"` // today, form, complete, language …
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Masked is the contrast without the values of personal facts.
func (c *Contrast) Masked() *Contrast {
	out := *c
	out.Facts = slices.Clone(c.Facts)
	for i := range out.Facts {
		if f := &out.Facts[i]; f.Personal {
			f.Before, f.After = nil, nil
		}
	}
	return &out
}

// How many changes of facts are tried, each with two decisions: of facts that are many, fewer.
const (
	mostTried  = 60
	fewTried   = 4
	smallFacts = 64 << 10 // bytes
)

func (w *weighing) tries() int {
	return max(fewTried, mostTried*smallFacts/max(smallFacts, len(w.a.facts), len(w.b.facts)))
}

// facts lists the facts that differ, and tries each: put alone into the first facts, taken alone out of the second.
func (w *weighing) facts() {
	first, second, tries := tree(w.a.facts), tree(w.b.facts), w.tries()
	d := factDiffer{personal: Personal(w.b.engine.Edition().Vocabulary)}
	d.values(nil, "/facts", "", first, second)
	w.Facts = append(w.Facts, d.list...)
	for i := range w.Facts {
		f := &w.Facts[i]
		switch {
		case !w.FactsMattered:
			f.Mattered = No
		case i >= tries:
			f.Mattered = Untested
		default:
			f.Mattered = w.tried(f, first, second)
		}
	}
}

func (w *weighing) tried(f *FactChange, first, second any) Weight {
	with := w.a.under(w.a.engine, factsOf(changed(first, f.path, f.After)))
	if !with.same(w.aa) {
		return Yes
	}
	without := w.b.under(w.b.engine, factsOf(changed(second, f.path, f.Before)))
	if !without.same(w.bb) {
		return Yes
	}
	return No
}

// asked lists the options that differ.
func (w *weighing) asked() {
	before, after := optionsOf(w.a.decision), optionsOf(w.b.decision)
	for _, o := range w.a.decision.Receipt.Options {
		if x := after[o.Name]; x != o.Value {
			w.Asked = append(w.Asked, AskedChange{o.Name, o.Value, x})
		}
	}
	for _, o := range w.b.decision.Receipt.Options {
		if _, both := before[o.Name]; !both {
			w.Asked = append(w.Asked, AskedChange{Name: o.Name, After: o.Value})
		}
	}
}

func optionsOf(d *ledger.Decision) map[string]string {
	m := map[string]string{}
	for _, o := range d.Receipt.Options {
		m[o.Name] = o.Value
	}
	return m
}

// tree is JSON with its numbers as they are written; nil for nothing.
func tree(data []byte) any {
	if len(data) == 0 {
		return absent{}
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return absent{} // canonical facts can be read
	}
	return v
}

func factsOf(v any) []byte { return written(v) }

// step is one step of a path into facts: a member, a row by what names it, or a row by its place.
type step struct {
	name string // of a member; of the fact that names a row
	key  string // value of that fact; "" of a member
	at   int    // of a row without a name; -1 otherwise
}

// rowNames are the facts that name a row, when every row has one and no two have the same.
var rowNames = []string{"numero", "codice_fiscale"}

// factDiffer walks two trees of facts side by side, rows beside the row of the same name.
type factDiffer struct {
	personal ledger.Shapes
	list     []FactChange
}

func (d *factDiffer) values(path []step, at, shape string, a, b any) {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			d.objects(path, at, shape, x, y)
			return
		}
	case []any:
		if y, ok := b.([]any); ok && rowsOf(x) && rowsOf(y) {
			d.rows(path, at, shape, x, y)
			return
		}
	}
	if before, after := written(a), written(b); !bytes.Equal(before, after) {
		private := d.private(shape, a) || d.private(shape, b)
		d.list = append(d.list, FactChange{Pointer: at, Before: before, After: after, Personal: private, path: slices.Clone(path)})
	}
}

func (d *factDiffer) objects(path []step, at, shape string, a, b map[string]any) {
	for _, name := range names(a, b) {
		d.values(append(path, step{name: name, at: -1}), at+"/"+pointerEscape.Replace(name), shape+"/"+name, member(a, name), member(b, name))
	}
}

func names(a, b map[string]any) (list []string) {
	for name := range a {
		list = append(list, name)
	}
	for name := range b {
		if _, both := a[name]; !both {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// rowsOf tells whether a list is one of rows, which may be compared one by one.
func rowsOf(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(map[string]any); return !ok })
}

func (d *factDiffer) rows(path []step, at, shape string, a, b []any) {
	name := rowName(a, b)
	if name == "" {
		for i := range max(len(a), len(b)) {
			d.values(append(path, step{at: i}), at+"/"+strconv.Itoa(i), shape+"/*", element(a, i), element(b, i))
		}
		return
	}
	there := map[string]int{}
	for i, row := range b {
		there[keyOf(row, name)] = i
	}
	for i, row := range a {
		key := keyOf(row, name)
		j, both := there[key]
		s := append(path, step{name: name, key: key, at: -1})
		if both {
			d.values(s, at+"/"+strconv.Itoa(j), shape+"/*", row, b[j])
			delete(there, key)
		} else {
			d.values(s, at+"/"+strconv.Itoa(i), shape+"/*", row, absent{})
		}
	}
	for j, row := range b {
		if key := keyOf(row, name); there[key] == j && has(there, key) {
			d.values(append(path, step{name: name, key: key, at: -1}), at+"/"+strconv.Itoa(j), shape+"/*", absent{}, row)
		}
	}
}

func has(m map[string]int, key string) bool { _, ok := m[key]; return ok }

// rowName is the fact that names the rows of both lists; "" when none does.
func rowName(a, b []any) string {
	for _, name := range rowNames {
		if named(a, name) && named(b, name) {
			return name
		}
	}
	return ""
}

func named(rows []any, name string) bool {
	seen := map[string]bool{}
	for _, row := range rows {
		key := keyOf(row, name)
		if key == "" || seen[key] {
			return false
		}
		seen[key] = true
	}
	return true
}

func keyOf(row any, name string) string {
	m, _ := row.(map[string]any)
	key, _ := m[name].(string)
	return key
}

// private tells whether a value of that shape is, or holds, something personal.
func (d *factDiffer) private(shape string, v any) bool {
	if here, _ := d.personal(shape); here {
		return true
	}
	switch x := v.(type) {
	case map[string]any:
		for name, y := range x {
			if d.private(shape+"/"+name, y) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(x, func(y any) bool { return d.private(shape+"/*", y) })
	}
	return false
}

// changed is a tree with another value at a path; the tree itself stays as it is. Nothing (a value that is absent) takes out.
func changed(v any, path []step, to json.RawMessage) any {
	if len(path) == 0 {
		return tree(to)
	}
	s := path[0]
	if s.key == "" && s.at < 0 {
		m, _ := v.(map[string]any)
		out := make(map[string]any, len(m)+1)
		for k, x := range m {
			out[k] = x
		}
		out[s.name] = changed(member(m, s.name), path[1:], to)
		if _, gone := out[s.name].(absent); gone {
			delete(out, s.name)
		}
		return out
	}
	list, _ := v.([]any)
	list = slices.Clone(list)
	i := s.at
	if s.key != "" {
		i = slices.IndexFunc(list, func(row any) bool { return keyOf(row, s.name) == s.key })
	}
	if i < 0 || i >= len(list) {
		list, i = append(list, absent{}), len(list)
	}
	list[i] = changed(list[i], path[1:], to)
	if _, gone := list[i].(absent); gone {
		list = slices.Delete(list, i, i+1)
	}
	return list
}

// declaredPath is a path without its rows: "richiesta.lavoratori[].qualifica", as facts are declared.
func declaredPath(path []step) string {
	var b strings.Builder
	for _, s := range path {
		switch {
		case s.key != "" || s.at >= 0:
			b.WriteString("[]")
		case b.Len() > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}
