package avvisi

import (
	"omnia/archive"
	"omnia/engine/calendar"
)

// delega tells of a delegation, good today, that ends within the days of notice.
func (w *writer) delega(d *archive.Delega) {
	days, rule, law, ok := w.number(prefix + string(Delega) + ".giorni")
	to := lastDay(d)
	if !ok || !d.In(w.today) || to == nil || *to > w.today+calendar.Day(days) {
		return
	}
	w.add(Alert{Kind: Delega, Delega: d.ID, On: *to, Until: to, Dated: true, Rule: rule},
		values{"scadenza": to.In(w.lang), "mancano": w.days(*to - w.today), "norma": w.lawOf(law)})
}

// lastDay is the last day of a delegation: its own, or that of the parent it dies with; nil is none.
func lastDay(d *archive.Delega) *calendar.Day {
	to := d.To
	if d.Tipo == archive.Subdelega && d.Parent != nil {
		if end := lastDay(d.Parent); end != nil && (to == nil || *end < *to) {
			to = end
		}
	}
	return to
}
