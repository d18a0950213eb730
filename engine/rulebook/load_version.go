package rulebook

import (
	"omnia/engine/calendar"
)

// version builds the part that every version shares.
func (l *loader) version(o object) Version {
	v := Version{
		Number: o.whole("version"), To: calendar.Max, Law: l.citations(o, "law"),
		Confidence: Confidence(o.text("confidence")), Note: o.text("note"),
		TextDigest: digestOf(o.written()),
	}
	v.From, _ = o.day("valid_from")
	if to, ok := o.day("valid_to"); ok {
		v.To = to
	}
	return v
}

// timeline checks the versions of one piece of content, newest first, and closes each on the day
// before its successor begins.
func (l *loader) timeline(list []object, versions []*Version) {
	for i, v := range versions {
		o := list[i]
		if want := len(versions) - i; o.has("version") && v.Number != want {
			l.defect(o, "version", "version_number", "le versioni vanno dalla più recente alla prima, con i numeri che scendono di uno fino a 1",
				"qui ci vuole la versione %d, non la %d", want, v.Number)
		}
		if !o.has("valid_from") {
			continue
		}
		if i > 0 && list[i-1].has("valid_from") {
			l.close(o, v, list[i-1], versions[i-1])
		}
		if v.To < v.From && (i == 0 || v.From < versions[i-1].From) {
			l.defect(o, "valid_to", "bad_period", "correggi uno dei due giorni", "la versione finisce il %s, prima di cominciare il %s", v.To, v.From)
		}
	}
}

// close compares the end of an older version with the beginning of the one after it.
func (l *loader) close(o object, v *Version, nextObject object, next *Version) {
	last := next.From - 1
	switch {
	case next.From <= v.From:
		l.defect(nextObject, "valid_from", "version_order", "le versioni vanno dalla più recente alla prima",
			"la versione %d comincia il %s, non dopo la %d che comincia il %s", next.Number, next.From, v.Number, v.From)
	case !o.has("valid_to"):
	case v.To < last:
		l.defect(o, "valid_to", "version_hole", "togli valid_to, o scrivi \""+last.String()+"\"",
			"dal %s al %s nessuna versione è in vigore", v.To+1, last)
	case v.To > last:
		l.defect(o, "valid_to", "version_overlap", "togli valid_to, o scrivi \""+last.String()+"\"",
			"dal %s al %s sono in vigore due versioni", next.From, v.To)
	}
	v.To = last
}
