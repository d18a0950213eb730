package rulebook

import (
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// declaredGroup is a group of facts with the place of its declaration.
type declaredGroup struct {
	spec fact.GroupSpec
	at   object
}

// facts gathers the groups of one file; vocabulary checks them together.
func (l *loader) facts(o object) {
	for _, g := range o.list("groups") {
		spec := fact.GroupSpec{
			Name: g.text("name"), List: g.text("list"), Row: g.text("row"),
			Label: g.texts("label"), Help: g.texts("help"), Source: g.text("source"),
			MaxLength: g.whole("max_length"), Unique: g.strings("unique"),
		}
		for _, s := range g.list("spans") {
			spec.Spans = append(spec.Spans, fact.SpanSpec{From: s.text("from"), To: s.text("to")})
		}
		for _, f := range g.list("fields") {
			spec.Fields = append(spec.Fields, fieldSpec(f))
		}
		l.groups = append(l.groups, declaredGroup{spec, g})
	}
}

func fieldSpec(f object) fact.FieldSpec {
	spec := fact.FieldSpec{
		Name: f.text("name"), Type: f.text("type"), Unit: f.text("unit"), Format: f.text("format"),
		Min: f.text("min"), Max: f.text("max"), MaxLength: f.whole("max_length"),
		Label: f.texts("label"), Help: f.texts("help"), Source: f.text("source"), Personal: f.flag("personal"),
	}
	for _, c := range f.list("options") {
		spec.Options = append(spec.Options, fact.Option{Code: c.text("code"), Label: c.texts("label")})
	}
	return spec
}

// vocabulary builds the vocabulary. When the declarations are wrong it is empty, and the
// expressions are not compiled: every one of them would fail for the same reason.
func (l *loader) vocabulary() {
	if l.unread["facts"] {
		return
	}
	before := len(l.defects)
	specs := make([]fact.GroupSpec, len(l.groups))
	for i := range l.groups {
		specs[i] = l.groups[i].spec
	}
	if len(specs) == 0 {
		l.file("facts", "missing_file", "aggiungi facts/…yaml con lo schema facts/v1", "nessun fatto è dichiarato")
	}
	v, errs := fact.NewVocabulary(specs)
	for i := range errs {
		l.specDefect(&errs[i], before > 0)
	}
	l.ed.Vocabulary = v
	for i := range l.groups {
		l.factItem(&l.groups[i])
	}
}

// specDefect places a defect of the vocabulary on the key it names. When the forms of the files
// were wrong already, what follows from it is left out.
func (l *loader) specDefect(e *fact.SpecError, told bool) {
	if told {
		return
	}
	for i := range l.groups {
		if g := &l.groups[i]; g.spec.ID() == e.Group {
			o := g.at
			for j, f := range g.at.list("fields") {
				if e.Field != "" && g.spec.Fields[j].Name == e.Field {
					o = f
				}
			}
			text, hint, _ := strings.Cut(e.Message, ": ")
			l.defect(o, e.Key, "bad_fact", hint, "%s", text)
			return
		}
	}
	l.file("facts", "bad_fact", "", "%s", e.Error())
}

// rootFacts is the id of the group of facts that belong to no object.
const rootFacts = "radice"

func (l *loader) factItem(g *declaredGroup) {
	id := g.spec.ID()
	label := g.spec.Label
	if id == "" {
		id, label = rootFacts, Texts{"it": "Fatti generali", "en": "General facts", "de": "Allgemeine Angaben"}
	}
	meaning, words := meaningOfGroup(&g.spec)
	v := &Version{Number: 1, From: calendar.Min, To: calendar.Max, Confidence: Confirmed, TextDigest: digestOf(g.at.written())}
	l.item(g.at, "facts", id, label, v, meaning, words)
}

func meaningOfGroup(g *fact.GroupSpec) (meaning, words map[string]any) {
	fields, said := []any{}, []any{g.Label, g.Help, g.Source}
	for i := range g.Fields {
		f := &g.Fields[i]
		var codes []string
		for _, o := range f.Options {
			codes = append(codes, o.Code)
			said = append(said, o.Label)
		}
		fields = append(fields, map[string]any{
			"name": f.Name, "type": f.Type, "unit": f.Unit, "format": f.Format, "options": codes,
			"min": f.Min, "max": f.Max, "max_length": f.MaxLength, "personal": f.Personal,
		})
		said = append(said, f.Label, f.Help, f.Source)
	}
	spans := []any{}
	for _, s := range g.Spans {
		spans = append(spans, []string{s.From, s.To})
	}
	return map[string]any{
		"name": g.Name, "list": g.List, "row": g.Row, "max_length": g.MaxLength,
		"spans": spans, "unique": g.Unique, "fields": fields,
	}, map[string]any{"words": said}
}
