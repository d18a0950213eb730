package rulebook

import (
	"omnia/engine/calendar"
)

// holidays builds the public holidays. There is one list of them.
func (l *loader) holidays(o object) {
	id := o.text("id")
	l.take(o, "table", id)
	l.named(o, id)
	if l.holidayID != "" {
		l.defect(o, "id", "duplicate_id", "riunisci le feste in un file solo", "le feste sono già in «%s»", l.holidayID)
	}
	l.holidayID = id
	h := l.ed.Holidays
	for _, f := range o.list("fixed") {
		day := l.holiday(f)
		day.Month, day.Day = f.whole("month"), f.whole("day")
		if day.Month > 0 && day.Day > 0 && !dayExists(day.Month, day.Day) {
			l.defect(f, "day", "bad_day", "correggi il giorno o il mese", "il giorno %d del mese %d non esiste", day.Day, day.Month)
		}
		h.Fixed = append(h.Fixed, day)
	}
	for _, f := range o.list("easter") {
		day := l.holiday(f)
		day.Offset = f.whole("offset")
		h.Easter = append(h.Easter, day)
	}
	v := &Version{
		Number: 1, From: calendar.Min, To: calendar.Max, Law: l.citations(o, "law"),
		Confidence: Confidence(o.text("confidence")), Note: o.text("note"), TextDigest: digestOf(o.written()),
	}
	l.item(o, "table", id, o.texts("title"), v, map[string]any{"fixed": plainHolidays(h.Fixed), "easter": plainHolidays(h.Easter)}, nil)
}

func (l *loader) holiday(o object) calendar.Holiday {
	h := calendar.Holiday{From: calendar.Min, To: calendar.Max}
	if d, ok := o.day("valid_from"); ok {
		h.From = d
	}
	if d, ok := o.day("valid_to"); ok {
		h.To = d
	}
	if h.To < h.From {
		l.defect(o, "valid_to", "bad_period", "correggi uno dei due giorni", "la festa finisce il %s, prima di cominciare il %s", h.To, h.From)
	}
	l.citations(o, "law")
	return h
}

// dayExists tells whether some year has that day: 29 February is one.
func dayExists(month, day int) bool {
	_, m, _ := calendar.Of(2000, month, day).Date()
	return m == month
}

func plainHolidays(list []calendar.Holiday) []any {
	out := []any{}
	for _, h := range list {
		out = append(out, map[string]any{"month": h.Month, "day": h.Day, "offset": h.Offset, "from": h.From.String(), "to": h.To.String()})
	}
	return out
}
