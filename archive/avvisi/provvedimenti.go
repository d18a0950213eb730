package avvisi

import (
	"encoding/json"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// provvedimento gives the alerts of one measure.
func (w *writer) provvedimento(p *archive.Provvedimento) {
	switch archive.SezioneOf(p.Esito) {
	case archive.Autorizzazioni:
		w.offset(p)
		w.flows(p)
	case archive.Tutte:
		w.pending(p)
	}
	if p.Esito == "reiezione" || p.Esito == "accoglimento_parziale" {
		w.appeal(p)
	}
}

// about is what can be said of a measure in words.
func (w *writer) measure(p *archive.Provvedimento) values {
	return values{
		"numero": p.Numero, "periodo_dal": p.Dal.In(w.lang), "periodo_al": p.Al.In(w.lang), "emissione": p.DataEmissione.In(w.lang),
	}
}

// term gives the alert of a term that ends on a day, once the days of notice have begun.
func (w *writer) term(k Kind, p *archive.Provvedimento, on calendar.Day, rule Rule, law string) {
	notice, _, _, ok := w.number(prefix + string(k) + ".giorni")
	if !ok || on < w.today || on > w.today+calendar.Day(notice) {
		return
	}
	say := w.measure(p)
	say["scadenza"], say["norma"] = on.In(w.lang), law
	w.add(Alert{Kind: k, Numero: p.Numero, On: on, Until: &on, Dated: true, Rule: rule}, say)
}

// offset is the term of art. 7 c. 3: the months run from the end of the pay period in course at the
// end of the grant or, if later, from the day of the measure; it is in time if done with the
// contributions due in the month after the pay period in which they end.
func (w *writer) offset(p *archive.Provvedimento) {
	months, rule, law, ok1 := w.number("conguaglio.term.months")
	day, _, _, ok2 := w.number("conguaglio.versamento.day")
	if !ok1 || !ok2 {
		return
	}
	end := max(p.Al.LastOfMonth(), p.DataEmissione).AddMonths(months)
	due := w.ed.Holidays.Roll(end.LastOfMonth() + calendar.Day(day))
	w.term(Conguaglio, p, due, rule, w.lawOf(law))
}

// appeal is the term of art. 17, from the day of issue.
func (w *writer) appeal(p *archive.Provvedimento) {
	days, rule, law, ok := w.number("appeal.days")
	if !ok {
		return
	}
	w.term(Ricorso, p, p.DataEmissione+calendar.Day(days), rule, w.lawOf(law))
}

// pending tells of an application without outcome for longer than the edition finds usual.
func (w *writer) pending(p *archive.Provvedimento) {
	days, rule, _, ok := w.number(prefix + string(Istruttoria) + ".giorni")
	since := w.today - p.DataEmissione
	if !ok || since < calendar.Day(days) {
		return
	}
	say := w.measure(p)
	say["mancano"] = w.days(since)
	w.add(Alert{Kind: Istruttoria, Numero: p.Numero, On: p.DataEmissione + calendar.Day(days), Rule: rule}, say)
}

// days is a number of days in words.
func (w *writer) days(n calendar.Day) string {
	return quantity.Of(quantity.Int(int64(n)), quantity.Days, 0, w.lang).Text
}

// flows tells of a period over and still counted whose declared use can't count, because the flows
// are not complete.
func (w *writer) flows(p *archive.Provvedimento) {
	if p.Al >= w.today || !w.counted[p.Numero] {
		return
	}
	var use struct {
		Giorni   *json.Number `json:"giorni_fruiti"`
		Giornate []string     `json:"giornate_fruite"`
		Completi bool         `json:"flussi_completi"`
	}
	if json.Unmarshal(p.Corpo, &use) != nil || use.Completi || use.Giorni == nil && len(use.Giornate) == 0 {
		return
	}
	say := w.measure(p)
	k := w.param(prefix + string(FlussiIncompleti) + ".gravita")
	if k == nil {
		return
	}
	say["norma"] = w.lawOf(k.Law)
	w.add(Alert{Kind: FlussiIncompleti, Numero: p.Numero, On: w.today, Rule: Rule{prefix + string(FlussiIncompleti) + ".gravita", k.Number}}, say)
}
