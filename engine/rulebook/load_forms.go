package rulebook

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"omnia/engine/fact"
)

// formFile builds one form.
func (l *loader) formFile(o object) {
	list := o.list("versions")
	f := &Form{ID: o.text("id"), Title: o.texts("title"), Versions: make([]FormVersion, len(list)), Place: o.placeOf("id")}
	l.take(o, "form", f.ID)
	l.named(o, f.ID)
	heads := make([]*Version, len(list))
	for i, v := range list {
		f.Versions[i] = l.formVersion(v)
		heads[i] = &f.Versions[i].Version
	}
	l.timeline(list, heads)
	for i, v := range list {
		meaning, words := meaningOfForm(&f.Versions[i])
		l.item(v, "form", f.ID, f.Title, heads[i], meaning, words)
	}
	l.ed.Forms = append(l.ed.Forms, f)
}

func (l *loader) formVersion(o object) FormVersion {
	v := FormVersion{Version: l.version(o)}
	taken := map[string]bool{}
	for _, s := range o.list("steps") {
		step := FormStep{ID: s.text("id"), Title: s.texts("title"), Help: s.texts("help")}
		l.once(s, "id", "step "+step.ID, taken)
		for _, x := range s.list("fields") {
			l.once(x, "fact", "fact "+x.text("fact"), taken)
			if l.ed.Vocabulary == nil {
				continue
			}
			if field, ok := l.formField(x); ok {
				step.Fields = append(step.Fields, field)
			}
		}
		v.Steps = append(v.Steps, step)
	}
	for _, n := range o.nodes("rules") {
		l.formRule(o, n, &v)
	}
	for _, d := range o.list("derived") {
		l.once(d, "name", "derived "+d.text("name"), taken)
		v.Derived = append(v.Derived, l.derived(d))
	}
	for _, n := range o.nodes("counters") {
		if k := l.counterNamed(n.Value); k != nil {
			v.Counters = append(v.Counters, k)
		} else {
			l.defects = append(l.defects, o.src.defect(n, "unknown_counter", suggestKey(n.Value, l.counterIDs()), "il contatore «%s» non esiste", n.Value))
		}
	}
	return v
}

// once refuses a name that was used before in the form.
func (l *loader) once(o object, key, name string, taken map[string]bool) {
	if o.has(key) && taken[name] {
		l.defect(o, key, "duplicate_id", "tieni uno solo dei due", "«%s» è già nel modulo", o.text(key))
	}
	taken[name] = true
}

func (l *loader) formField(o object) (FormField, bool) {
	name := o.text("fact")
	list, row := l.listOfRow(name)
	s := l.scope(row)
	f, _ := s.resolve(name)
	if f == nil {
		if name != "" {
			l.defect(o, "fact", "unknown_fact", suggestOr(name, l.factNames(), "i fatti sono dichiarati nella cartella facts"), "«%s» non è un fatto", name)
		}
		return FormField{}, false
	}
	return FormField{
		Name: name, Field: f, List: list, Label: o.texts("label"), Help: o.texts("help"),
		Asked: l.condition(o, "asked_when", s), Mandatory: l.condition(o, "mandatory", s),
		Options: l.formOptions(o, f), Prefilled: o.flag("prefilled"),
	}, true
}

// listOfRow is the list that a name such as lavoratore.qualifica speaks of, and the name of its row.
func (l *loader) listOfRow(name string) (*fact.Field, string) {
	head, _, _ := strings.Cut(name, ".")
	g := l.ed.Vocabulary.Groups[head]
	if g == nil {
		return nil, ""
	}
	for _, f := range l.ed.Vocabulary.Root.Fields {
		if f.Element == g {
			return f, head
		}
	}
	return nil, ""
}

func (l *loader) formOptions(o object, f *fact.Field) *FormOptions {
	x, ok := o.object("options")
	if !ok {
		return nil
	}
	id := x.text("table")
	t := l.ed.Tables[id]
	switch {
	case id == "" || t == nil && l.unread["tables"]:
		return nil
	case t == nil:
		l.defect(x, "table", "unknown_table", suggestKey(id, sortedKeys(l.ed.Tables)), "la tabella «%s» non esiste", id)
		return nil
	case len(t.Inputs) != 1 || kindOf(t.Inputs[0].Type) != kindText || kindOf(f.Type) != kindText:
		l.defect(x, "table", "wrong_table", "le scelte sono codici: la tabella ha un solo ingresso, di tipo code o text", "la tabella «%s» non può dare le scelte di «%s»", id, f.Path)
		return nil
	}
	out := &FormOptions{Table: t, Column: -1}
	if where := x.text("where"); where != "" {
		out.Column = slices.IndexFunc(t.Outputs, func(c Column) bool { return c.Name == where && c.Type == fact.Bool })
		if out.Column < 0 {
			l.defect(x, "where", "unknown_column", suggestKey(where, columnNames(t.Outputs)), "la tabella «%s» non ha una colonna vero o falso «%s»", id, where)
		}
	}
	return out
}

// formRule finds a rule that the form runs: one of the forms, or a check of every decision.
func (l *loader) formRule(o object, n *yaml.Node, v *FormVersion) {
	all := slices.Concat(l.ed.FormRules, l.ed.Rules)
	i := slices.IndexFunc(all, func(r *Rule) bool { return r.ID == n.Value })
	switch {
	case i < 0 && !l.unread[formsDir] && !l.unread["checks"]:
		var ids []string
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		l.defects = append(l.defects, o.src.defect(n, "unknown_rule", suggestKey(n.Value, ids), "la regola «%s» non esiste", n.Value))
	case i < 0:
	case slices.Contains(v.Rules, all[i]):
		l.defects = append(l.defects, o.src.defect(n, "duplicate_id", "tieni una sola delle due", "la regola «%s» è già nel modulo", n.Value))
	default:
		v.Rules = append(v.Rules, all[i])
	}
}

func (l *loader) derived(o object) Derived {
	d := Derived{
		Name: o.text("name"), Label: o.texts("label"), SelectBy: Selector(o.text("select_by")), Part: o.text("part"), Law: l.citations(o, "law"),
	}
	if o.has("value") == o.has("counter") || o.has("counter") != o.has("part") {
		l.defect(o, "", "one_of_two", "il valore si calcola con value, o si prende con counter e part", "il valore calcolato vuole «value», oppure «counter» e «part»")
	}
	if id := o.text("counter"); id != "" {
		if d.Counter = l.counterNamed(id); d.Counter == nil {
			l.defect(o, "counter", "unknown_counter", suggestKey(id, l.counterIDs()), "il contatore «%s» non esiste", id)
		}
	}
	s := l.scope("")
	if s == nil {
		return d
	}
	d.When, d.Value = l.condition(o, "when", s), l.expr(o, "value", s, Want{})
	l.within(o, &d)
	d.Text = l.template(o, "text", withSlots(s.slotOf, []string{SlotValue}))
	return d
}

// within finds the counters that a derived day keeps to.
func (l *loader) within(o object, d *Derived) {
	if !o.has("within") {
		return
	}
	if d.Value == nil || d.Value.root.kind != kindDate {
		l.defect(o, "within", "type_mismatch", "scrivi value con un giorno, o togli within", "«within» vuole un giorno calcolato con «value»")
	}
	for _, n := range o.nodes("within") {
		if k := l.counterNamed(n.Value); k != nil {
			d.Within = append(d.Within, k)
		} else {
			l.defects = append(l.defects, o.src.defect(n, "unknown_counter", suggestKey(n.Value, l.counterIDs()), "il contatore «%s» non esiste", n.Value))
		}
	}
}

// within are the names of the counters that the day keeps to.
func (d *Derived) within() []string {
	var ids []string
	for _, k := range d.Within {
		ids = append(ids, k.ID)
	}
	return ids
}

// unusedFormRules reports the rules of the folder forms that no form runs: a check that never speaks.
func (l *loader) unusedFormRules() {
	used := map[*Rule]bool{}
	for _, f := range l.ed.Forms {
		for i := range f.Versions {
			for _, r := range f.Versions[i].Rules {
				used[r] = true
			}
		}
	}
	for _, r := range l.ed.FormRules {
		if !used[r] && r.ID != "" {
			l.defects = append(l.defects, Defect{
				Place: r.Place, Code: "unused_rule", Hint: "aggiungi «" + r.ID + "» all'elenco rules di un modulo, o togli la regola",
				Message: "nessun modulo fa girare la regola «" + r.ID + "»",
			})
		}
	}
}

// meaningOfForm is what decides in a form, and what people read.
func meaningOfForm(v *FormVersion) (meaning, words map[string]any) {
	steps, said, rules, counters, derived := []any{}, []any{}, []string{}, []string{}, []any{}
	for i := range v.Steps {
		s := &v.Steps[i]
		fields := []any{}
		said = append(said, s.Title, s.Help)
		for j := range s.Fields {
			f := &s.Fields[j]
			fields = append(fields, map[string]any{
				"fact": f.Name, "asked_when": f.Asked.Canonical(), "mandatory": f.Mandatory.Canonical(), "options": f.Options.canonical(), "prefilled": f.Prefilled,
			})
			said = append(said, f.Label, f.Help)
		}
		steps = append(steps, map[string]any{"id": s.ID, "fields": fields})
	}
	for _, r := range v.Rules {
		rules = append(rules, r.ID)
	}
	for _, k := range v.Counters {
		counters = append(counters, k.ID)
	}
	for i := range v.Derived {
		d := &v.Derived[i]
		counter := ""
		if d.Counter != nil {
			counter = d.Counter.ID
		}
		derived = append(derived, append([]string{d.Name, string(d.SelectBy), d.When.Canonical(), canonOf(d.Value), counter, d.Part}, d.within()...))
		said = append(said, d.Label, d.Law)
		if d.Text != nil {
			said = append(said, d.Text.Texts)
		}
	}
	return map[string]any{"steps": steps, "rules": rules, "counters": counters, "derived": derived}, map[string]any{"words": said}
}

func (o *FormOptions) canonical() []string {
	switch {
	case o == nil:
		return nil
	case o.Column < 0:
		return []string{o.Table.ID}
	}
	return []string{o.Table.ID, o.Table.Outputs[o.Column].Name}
}
