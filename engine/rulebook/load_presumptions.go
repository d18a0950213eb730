package rulebook

import (
	"slices"
	"strings"

	"omnia/engine/fact"
)

// presumptions builds the presumptions of one file.
func (l *loader) presumptions(o object) {
	for _, p := range o.list("presumptions") {
		l.presumption(p)
	}
}

func (l *loader) presumption(o object) {
	list := o.list("versions")
	p := &Presumption{ID: o.text("id"), Title: o.texts("title"), Versions: make([]PresumptionVersion, len(list)), Place: o.placeOf("id")}
	l.take(o, "presumption", p.ID)
	var row string
	p.Target, row = l.factNamed(o, "target")
	if p.Target != nil && (p.Target.Type == fact.List || p.Target.Type == fact.Days) {
		l.defect(o, "target", "wrong_type", "scegli un campo", "«%s» è un elenco: non si può presumere", o.text("target"))
		p.Target = nil
	}
	heads := make([]*Version, len(list))
	for i, v := range list {
		p.Versions[i].Version = l.version(v)
		heads[i] = &p.Versions[i].Version
		l.presumed(p, &p.Versions[i], v, l.scope(row))
	}
	l.timeline(list, heads)
	for i, v := range list {
		pv := &p.Versions[i]
		meaning := map[string]any{"target": o.text("target"), "when": pv.When.Canonical(), "where": pv.Where.Canonical(), "latest": v.text("latest")}
		if pv.Value != nil {
			meaning["value"] = pv.Value.Canonical()
		}
		l.item(v, "presumption", p.ID, p.Title, heads[i], meaning, nil)
	}
	if p.Target != nil {
		l.ed.Presumed = append(l.ed.Presumed, p)
	}
}

// presumed builds one version: a value, or the latest day of a list.
func (l *loader) presumed(p *Presumption, v *PresumptionVersion, o object, s *Scope) {
	v.When = l.condition(o, "when", s)
	value, latest := valueOf(o.n, "value") != nil, valueOf(o.n, "latest") != nil
	switch {
	case value == latest:
		l.defect(o, "latest", "exclusive_keys", "scrivi value con un'espressione, oppure latest con il giorno da cercare", "una presunzione ha «value» oppure «latest»")
	case value:
		if valueOf(o.n, "where") != nil {
			l.defect(o, "where", "exclusive_keys", "usa when", "«where» si usa solo con «latest»")
		}
		want := Want{}
		if p.Target != nil {
			want = WantField(p.Target)
		}
		v.Value = l.expr(o, "value", s, want)
	default:
		l.latest(p, v, o)
	}
}

func (l *loader) latest(p *Presumption, v *PresumptionVersion, o object) {
	f, row := l.factNamed(o, "latest")
	switch {
	case f == nil:
		return
	case row == "" || f.Type != fact.Date:
		l.defect(o, "latest", "wrong_type", "per esempio periodo.al", "«latest» vuole un giorno di un elenco, non «%s»", o.text("latest"))
		return
	case p.Target != nil && p.Target.Type != fact.Date:
		l.defect(o, "latest", "wrong_type", "", "«%s» non è un giorno, e l'ultimo giorno di un elenco lo è", p.Target.Name)
	}
	v.Latest = f
	v.Where = l.condition(o, "where", l.scope(row))
}

// factNamed is the fact that a key names, and the row it belongs to ("" for none). A name that is
// not declared is a defect.
func (l *loader) factNamed(o object, key string) (f *fact.Field, row string) {
	name := o.text(key)
	if name == "" || l.ed.Vocabulary == nil {
		return nil, ""
	}
	head, rest, _ := strings.Cut(name, ".")
	if g := l.ed.Vocabulary.Groups[head]; g != nil {
		f, row = g.Field(rest), head
	} else {
		f = l.ed.Vocabulary.Root.Field(name)
	}
	if f == nil {
		l.defect(o, key, "unknown_fact", suggestOr(name, l.factNames(), "i fatti sono dichiarati nella cartella facts"), "«%s» non è un fatto dichiarato", name)
	}
	return f, row
}

// factNames are all facts as rules name them.
func (l *loader) factNames() []string {
	v := l.ed.Vocabulary
	var names []string
	for _, f := range v.Root.Fields {
		names = append(names, f.Name)
	}
	for row, g := range v.Groups {
		for _, f := range g.Fields {
			names = append(names, row+"."+f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// cyclesOfPresumptions refuses two presumptions of one fact, and presumptions that wait for each
// other: whichever were taken first would decide.
func (l *loader) cyclesOfPresumptions() {
	by := map[*fact.Field]*Presumption{}
	for _, p := range l.ed.Presumed {
		if before := by[p.Target]; before != nil && p.ID != "" && before.ID != p.ID {
			l.presumptionDefect(p, "duplicate_target", "riuniscile in una sola", "anche «%s» presume «%s»", before.ID, p.Target.Path)
			continue
		}
		by[p.Target] = p
	}
	for _, p := range l.ed.Presumed {
		if path := cycle(p, by, nil); path != nil && path[0] == p.ID && slices.Min(path) == p.ID {
			l.presumptionDefect(p, "cycle", "togli uno dei rimandi", "la presunzione dipende da sé stessa: %s", strings.Join(append(path, p.ID), " → "))
		}
	}
}

func (l *loader) presumptionDefect(p *Presumption, code, hint, format string, args ...any) {
	l.file(p.Place.File, code, hint, format, args...)
	l.defects[len(l.defects)-1].Place = p.Place
}

// cycle walks from a presumption along the facts it reads; it gives the ids of the way that leads
// back to where it began, or nil.
func cycle(p *Presumption, by map[*fact.Field]*Presumption, path []string) []string {
	if slices.Contains(path, p.ID) {
		return path[slices.Index(path, p.ID):]
	}
	path = append(path, p.ID)
	for _, f := range p.reads() {
		if next := by[f]; next != nil {
			if found := cycle(next, by, path); found != nil && found[0] == path[0] {
				return found
			}
		}
	}
	return nil
}

// reads are the facts that the versions of a presumption look at.
func (p *Presumption) reads() []*fact.Field {
	var fields []*fact.Field
	for i := range p.Versions {
		v := &p.Versions[i]
		fields = append(fields, v.When.Reads()...)
		fields = append(fields, v.Where.Reads()...)
		if v.Value != nil {
			fields = append(fields, v.Value.Reads()...)
		}
		if v.Latest != nil {
			fields = append(fields, v.Latest)
		}
	}
	return fields
}
