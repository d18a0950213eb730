package rulebook

import (
	"slices"
	"strings"
)

// exception builds a named derogation.
func (l *loader) exception(o object) {
	list := o.list("versions")
	x := &Exception{ID: o.text("id"), Title: o.texts("title"), Versions: make([]ExceptionVersion, len(list)), Place: o.placeOf("id")}
	l.take(o, "exception", x.ID)
	l.named(o, strings.ToLower(strings.ReplaceAll(x.ID, "_", "-")))
	heads := make([]*Version, len(list))
	for i, v := range list {
		x.Versions[i] = ExceptionVersion{Version: l.version(v), Derogates: l.derogations(v)}
		heads[i] = &x.Versions[i].Version
		x.Versions[i].When = l.condition(v, "when", l.scope(rowOfPeriods))
	}
	l.timeline(list, heads)
	for i, v := range list {
		l.item(v, "exception", x.ID, x.Title, heads[i], meaningOfException(&x.Versions[i]), nil)
	}
	l.ed.Exceptions = append(l.ed.Exceptions, x)
}

func (l *loader) derogations(o object) []Derogation {
	var out []Derogation
	for _, d := range o.list("derogates") {
		norm := d.text("norm")
		l.norm(d, "norm", norm)
		if slices.ContainsFunc(out, func(before Derogation) bool { return norm != "" && before.Norm == norm }) {
			l.defect(d, "norm", "duplicate_id", "tieni una sola delle due", "la norma «%s» è già fra le derogate", norm)
		}
		out = append(out, Derogation{Norm: norm, When: l.condition(d, "when", l.scope(""))})
	}
	return out
}

func meaningOfException(v *ExceptionVersion) map[string]any {
	var norms []string
	for i := range v.Derogates {
		norms = append(norms, v.Derogates[i].Norm+" "+v.Derogates[i].When.Canonical())
	}
	slices.Sort(norms)
	return map[string]any{"derogates": norms, "when": v.When.Canonical()}
}
