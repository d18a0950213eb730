package rulebook

import (
	"cmp"
	"slices"

	"gopkg.in/yaml.v3"

	"omnia/engine/fact"
)

// bounds builds the bounds of one file, which are all of one form.
func (l *loader) bounds(o object) {
	form := l.ed.Form(o.text("form"))
	if form == nil && o.has("form") && !l.unread[formsDir] {
		l.defect(o, "form", "unknown_form", "i moduli sono nella cartella "+formsDir, "il modulo «%s» non esiste", o.text("form"))
	}
	for _, b := range o.list("bounds") {
		l.bound(b, form)
	}
}

func (l *loader) bound(o object, form *Form) {
	list := o.list("versions")
	b := &Bound{
		ID: o.text("id"), Title: o.texts("title"), Form: form, Side: Side(o.text("side")), SelectBy: Selector(o.text("select_by")),
		Versions: make([]BoundVersion, len(list)), Place: o.placeOf("id"),
	}
	l.take(o, "bound", b.ID)
	b.Field = l.boundField(o, form, b.Side)
	if id := o.text("counter"); id != "" {
		if b.Counter = l.counterNamed(id); b.Counter == nil {
			l.defect(o, "counter", "unknown_counter", suggestKey(id, l.counterIDs()), "il contatore «%s» non esiste", id)
		}
	}
	heads := make([]*Version, len(list))
	for i, v := range list {
		b.Versions[i] = l.boundVersion(v, b, o.has("counter"))
		heads[i] = &b.Versions[i].Version
	}
	l.timeline(list, heads)
	for i, v := range list {
		l.item(v, "bound", b.ID, b.Title, heads[i], meaningOfBound(o, v, b, &b.Versions[i]), map[string]any{"text": v.texts("text")})
	}
	if form != nil && b.Field != nil {
		l.ed.Bounds = append(l.ed.Bounds, b)
	}
}

// boundField is the field that is bounded: of the case, asked by the form, of a type that the side can bound.
func (l *loader) boundField(o object, form *Form, side Side) *fact.Field {
	f, row := l.factNamed(o, "field")
	if f == nil || form == nil {
		return nil
	}
	ordered := f.Type == fact.Date || f.Type == fact.Integer || f.Type == fact.Decimal
	switch {
	case row != "" || !form.asks(f):
		l.defect(o, "field", "wrong_field", "scegli un campo del modulo che non sia di una riga", "«%s» non è un campo del modulo che si possa limitare", f.Path)
		return nil
	case side == SideOptions && f.Type != fact.Code:
		l.defect(o, "field", "wrong_type", "le scelte sono di un campo con codici", "«%s» non ha scelte", f.Path)
		return nil
	case side != SideOptions && !ordered:
		l.defect(o, "field", "wrong_type", "min e max sono di un giorno o di un numero", "«%s» non ha un minimo né un massimo", f.Path)
		return nil
	}
	return f
}

// asks tells whether some version of the form asks for the fact.
func (f *Form) asks(x *fact.Field) bool {
	for i := range f.Versions {
		for j := range f.Versions[i].Steps {
			if slices.ContainsFunc(f.Versions[i].Steps[j].Fields, func(field FormField) bool { return field.Field == x }) {
				return true
			}
		}
	}
	return false
}

func (l *loader) boundVersion(o object, b *Bound, counted bool) BoundVersion {
	v := BoundVersion{Version: l.version(o), Part: o.text("part")}
	l.oneSource(o, b, counted)
	s := l.scope("")
	if s == nil || b.Field == nil {
		return v
	}
	v.When = l.condition(o, "when", s)
	if o.has("value") {
		v.Value = l.expr(o, "value", s, WantField(b.Field))
	}
	if counted && v.Part != "" && partType(v.Part) != dayOrNumber(b.Field) {
		l.defect(o, "part", "type_mismatch", "", "«%s» non può limitare «%s»", v.Part, b.Field.Path)
	}
	v.Attempts = l.attempts(o, s)
	for _, n := range o.nodes("refused_by") {
		l.refusing(o, n, &v)
	}
	values, names := l.values(o, s)
	v.Values = values
	names = append(names, SlotValue)
	if counted {
		names = append(names, counterParts...)
	}
	v.Text = l.template(o, "text", withSlots(s.slotOf, names))
	return v
}

// oneSource wants one of the three things that may bound a field, and the one that fits its side.
func (l *loader) oneSource(o object, b *Bound, counted bool) {
	n := 0
	for _, key := range []string{"value", "part", "refused_by"} {
		if o.has(key) {
			n++
		}
	}
	switch {
	case n != 1:
		l.defect(o, "", "one_of_two", "scrivi value (una formula), part (di un contatore) o refused_by (regole)", "il limite di un campo vuole una sola fra le chiavi «value», «part» e «refused_by»")
	case o.has("refused_by") != (b.Side == SideOptions):
		l.defect(o, "", "wrong_key", "refused_by va con side: options, value e part con min o max", "la chiave non va con side: %s", b.Side)
	case o.has("part") != counted:
		l.defect(o, "", "wrong_key", "counter e part vanno insieme", "«part» vuole la chiave «counter», e «counter» vuole «part»")
	case o.has("try") && !counted:
		l.defect(o, "try", "wrong_key", "aggiungi counter, o togli try", "«try» vuole la chiave «counter»")
	}
}

func dayOrNumber(f *fact.Field) fact.Type {
	if f.Type == fact.Date {
		return fact.Date
	}
	return fact.Decimal
}

// attempts are the values that are tried. Each is computed from the facts as they are, so that their order says nothing.
func (l *loader) attempts(o object, s *Scope) []Attempt {
	g, ok := o.object("try")
	if !ok {
		return nil
	}
	var out []Attempt
	for i := 0; i+1 < len(g.n.Content); i += 2 {
		name := g.n.Content[i].Value
		f := s.Vocabulary.Root.Field(name)
		if f == nil || f.Type == fact.List || f.Type == fact.Days {
			l.defects = append(l.defects, o.src.defect(g.n.Content[i], "unknown_fact", s.cure(name), "«%s» non è un fatto in cui provare un valore", name))
			continue
		}
		if x := l.expr(g, name, s, WantField(f)); x != nil {
			out = append(out, Attempt{Field: f, Value: x})
		}
	}
	slices.SortFunc(out, func(a, b Attempt) int { return cmp.Compare(a.Field.Slot, b.Field.Slot) })
	return out
}

// refusing finds a rule that may refuse an option: not one about a counter, which would be asked once for each.
func (l *loader) refusing(o object, n *yaml.Node, v *BoundVersion) {
	i := slices.IndexFunc(l.ed.FormRules, func(r *Rule) bool { return r.ID == n.Value })
	switch {
	case i < 0 && l.unread[formsDir]:
	case i < 0:
		var ids []string
		for _, r := range l.ed.FormRules {
			ids = append(ids, r.ID)
		}
		l.defects = append(l.defects, o.src.defect(n, "unknown_rule", suggestKey(n.Value, ids), "la regola «%s» non esiste", n.Value))
	case l.ed.FormRules[i].Counter != nil:
		l.defects = append(l.defects, o.src.defect(n, "wrong_rule", "scegli una regola sui fatti", "la regola «%s» guarda un contatore: non può dire quali scelte restano", n.Value))
	default:
		v.RefusedBy = append(v.RefusedBy, l.ed.FormRules[i])
	}
}

// slotOf allows a fact in a sentence, and says what to write instead of anything else.
func (s *Scope) slotOf(name string) string {
	if f, _ := s.resolve(name); f != nil && f.Type != fact.List && f.Type != fact.Days {
		return ""
	}
	return s.cure(name)
}

func meaningOfBound(o, version object, b *Bound, v *BoundVersion) map[string]any {
	rules, values := []string{}, map[string]string{}
	attempts := [][2]string{}
	for _, r := range v.RefusedBy {
		rules = append(rules, r.ID)
	}
	for name, x := range v.Values {
		values[name] = x.Canonical()
	}
	for _, a := range v.Attempts {
		attempts = append(attempts, [2]string{a.Field.Path, a.Value.Canonical()})
	}
	form := ""
	if b.Form != nil {
		form = b.Form.ID
	}
	return map[string]any{
		"form": form, "field": o.text("field"), "side": b.Side, "select_by": b.SelectBy, "counter": o.text("counter"), "when": v.When.Canonical(),
		"value": canonOf(v.Value), "part": v.Part, "try": attempts, "refused_by": rules, "values": values,
	}
}
