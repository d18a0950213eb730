package explain

import (
	"slices"
	"strings"

	"omnia/engine/counter"
	"omnia/engine/rulebook"
)

// presumptions say which facts a cited rule filled, where this counter may rest on them.
func (w *Writer) presumptions() {
	var items []string
	for _, p := range w.book.presumed[w.r.Counter] {
		if !w.f.Presumed(p) {
			continue
		}
		v := presumedUnder(p, w)
		items = append(items, render(w.set, presumedItem, []fill{{sFonte, p.Title.In(w.lang)}, {sNormaFonte, w.cite(v.Law)}}))
	}
	if len(items) == 0 {
		return
	}
	slices.Sort(items)
	w.values[sVoci] = enumerate(w.set, listSemicolon, slices.Compact(items))
	w.add(presumed)
}

// presumedUnder is the version in force on the reference day, else the newest.
func presumedUnder(p *rulebook.Presumption, w *Writer) *rulebook.PresumptionVersion {
	for i := range p.Versions {
		if p.Versions[i].Has(w.f.Ref()) {
			return &p.Versions[i]
		}
	}
	return &p.Versions[0]
}

// source is something that a result rests on and that is not confirmed.
type source struct {
	title string
	mark  rulebook.Confidence
	note  string
}

// sources name what the result rests on that the law leaves open, or that was not read in the
// act: each once, one sentence for each mark.
func (w *Writer) sources() {
	found := w.unconfirmed()
	for _, x := range []struct {
		mark rulebook.Confidence
		m    msg
	}{{rulebook.Default, sourceDefault}, {rulebook.Confirmed2, sourceSecond}, {rulebook.Recalled, sourceRecalled}} {
		var b strings.Builder
		for _, s := range found {
			if s.mark != x.mark {
				continue
			}
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(w.sourceText(s))
		}
		if b.Len() > 0 {
			w.values[sVoci] = b.String()
			w.add(x.m)
		}
	}
}

func (w *Writer) sourceText(s source) string {
	if s.note == "" {
		return render(w.set, sourceBare, []fill{{sFonte, s.title}})
	}
	return render(w.set, sourceItem, []fill{{sFonte, s.title}, {sNota, strings.TrimRight(s.note, ".")}})
}

// unconfirmed collects them in the order: the rule, its rate, the parameters read, the
// exceptions applied, the presumptions.
func (w *Writer) unconfirmed() (found []source) {
	r := w.r
	add := func(title rulebook.Texts, v *rulebook.Version) { found = appendSource(found, title.In(w.lang), v) }
	add(r.Counter.Title, &r.Version.Version)
	for _, v := range r.Versions {
		add(r.Counter.Title, &v.Version)
	}
	if s := r.Schedule; s != nil {
		add(s.Title, &rulebook.Version{Confidence: s.Confidence})
	}
	unfit := r.Verdict == counter.PartlyAdmissible || r.Verdict == counter.Inadmissible
	for _, p := range r.Params {
		if unfit || !w.book.excess[p.Parameter] {
			add(p.Parameter.Title, &p.Version.Version)
		}
	}
	for _, x := range w.exceptionsApplied() {
		for i := range x.Versions {
			add(x.Title, &x.Versions[i].Version)
		}
	}
	for _, p := range w.book.presumed[r.Counter] {
		if w.f.Presumed(p) {
			add(p.Title, &presumedUnder(p, w).Version)
		}
	}
	return found
}

// appendSource adds what is not confirmed, once.
func appendSource(found []source, title string, v *rulebook.Version) []source {
	if v.Confidence == rulebook.Confirmed || v.Confidence == "" {
		return found
	}
	s := source{title, v.Confidence, v.Note}
	for _, have := range found {
		if have == s || s.note != "" && have.note == s.note {
			return found
		}
	}
	return append(found, s)
}

// exceptionsApplied are those that took days out of the request or of the history.
func (w *Writer) exceptionsApplied() (out []*rulebook.Exception) {
	add := func(label string) {
		if x := w.book.exceptions[label]; x != nil && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	for _, label := range w.r.Waived {
		add(label)
	}
	for i := range w.r.Periods {
		for _, label := range w.r.Periods[i].Labels {
			add(label)
		}
	}
	return out
}
