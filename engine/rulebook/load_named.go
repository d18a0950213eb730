package rulebook

// namedValues declares the values of one file. They are compiled when all are declared, each before
// those that read it.
func (l *loader) namedValues(o object) {
	for _, v := range o.list("values") {
		l.namedValue(v)
	}
}

func (l *loader) namedValue(o object) {
	list := o.list("versions")
	v := &NamedValue{ID: o.text("id"), Title: o.texts("title"), Versions: make([]NamedVersion, len(list)), Place: o.placeOf("id"), kind: kindBad}
	l.take(o, "value", v.ID)
	v.ForEach = l.forEach(o)
	heads := make([]*Version, len(list))
	for i, x := range list {
		v.Versions[i].Version = l.version(x)
		heads[i] = &v.Versions[i].Version
	}
	l.timeline(list, heads)
	v.compile = func() { l.compileNamed(v, o, list) }
	if l.ed.Values[v.ID] == nil {
		l.ed.Values[v.ID] = v
	}
}

// compileAllNamed compiles the values in the order of their names; one that another reads comes first.
func (l *loader) compileAllNamed() {
	for _, id := range sortedKeys(l.ed.Values) {
		l.ed.Values[id].ready()
	}
}

func (l *loader) compileNamed(v *NamedValue, o object, list []object) {
	s := l.scope(o.text("for_each"))
	for i, x := range list {
		y := l.expr(x, "value", s, Want{})
		v.Versions[i].Value = y
		if y != nil {
			l.typeNamed(v, x, y.root)
		}
		l.item(x, "value", v.ID, v.Title, &v.Versions[i].Version, map[string]any{"for_each": o.text("for_each"), "value": canonOf(y)}, nil)
	}
}

// typeNamed wants every version to be of one type: whoever reads the value was checked against it.
func (l *loader) typeNamed(v *NamedValue, o object, n *node) {
	switch {
	case n.kind == kindList:
		l.defect(o, "value", "type_mismatch", "usa count, sum o has_row", "un elenco non è un valore")
	case v.kind == kindBad:
		v.kind, v.unit, v.codes = n.kind, n.unit, n.codes
	case v.kind != n.kind || v.unit != n.unit:
		l.defect(o, "value", "type_mismatch", "un altro tipo vuole un altro nome", "le versioni di «%s» non sono dello stesso tipo: una è %s, un'altra %s", v.ID, v.kind, n.kind)
	case v.codes == nil || n.codes == nil:
		v.codes = nil
	default:
		v.codes = appendNew(v.codes, n.codes...)
	}
}
