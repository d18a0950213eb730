package engine

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// slots are where the facts are that the words of a decision need, found once per edition.
type slots struct{ periodi, numero, dal, al, reqFrom, reqTo, filed, ref, perWeek int }

func newSlots(v *fact.Vocabulary) slots {
	root, row := v.Root, v.Groups["periodo"]
	return slots{
		periodi: root.Slot("periodi"), numero: row.Slot("numero"), dal: row.Slot("dal"), al: row.Slot("al"),
		reqFrom: root.Slot("richiesta.dal"), reqTo: root.Slot("richiesta.al"),
		filed: root.Slot("richiesta.data_presentazione"), ref: root.Slot("data_riferimento"), perWeek: root.Slot("unita_produttiva.giorni_settimana"),
	}
}

// past is one period of the history: what every counter says alike of it. Its days point into
// the span when they are known.
type past struct {
	Period
	span calendar.Span
}

// recall gathers the history, for all counters at once.
func (c *decision) recall() {
	at := &c.engine.slots
	rows := c.facts.Root[at.periodi].Rows()
	c.history = make([]past, len(rows))
	for i, row := range rows {
		p, from, to := &c.history[i], &row[at.dal], &row[at.al]
		p.Numero, p.span = row[at.numero].Text, calendar.Span{From: from.Day(), To: to.Day()}
		if from.IsKnown() {
			p.Dal = &p.span.From
		}
		if to.IsKnown() {
			p.Al = &p.span.To
		}
	}
}

// Period is the number and the days of one period of the history.
func (c *decision) Period(row int) (numero string, span calendar.Span) {
	return c.history[row].Numero, c.history[row].span
}
