package rulebook

import (
	"path"
	"strings"

	"omnia/engine/calendar"
)

// messages builds the catalogue of sentences of one file.
func (l *loader) messages(o object) {
	said := map[string]any{}
	for _, m := range o.list("messages") {
		id := m.text("id")
		l.take(m, "message", id)
		t := Texts{"it": m.text("it"), "en": m.text("en"), "de": m.text("de")}
		l.ed.Messages.byID[id] = l.compileTemplate(m, m.n, t, messageSlot)
		l.ed.Messages.byID[id].Place = m.placeOf("id")
		said[id] = t
	}
	name := strings.TrimSuffix(path.Base(o.src.name), ".yaml")
	v := &Version{Number: 1, From: calendar.Min, To: calendar.Max, Confidence: Confirmed, TextDigest: digestOf(o.written())}
	title := Texts{"it": "Frasi delle spiegazioni: " + name, "en": "Sentences of the explanations: " + name, "de": "Sätze der Erläuterungen: " + name}
	l.item(o, "messages", name, title, v, nil, said)
}

// messageSlot tells whether a sentence of the catalogue may have the slot: the cure when it may not.
func messageSlot(slot string) string {
	if _, ok := TraceSlots[slot]; ok {
		return ""
	}
	names := sortedKeys(TraceSlots)
	return suggestOr(slot, names, "i valori previsti sono "+strings.Join(firsts(names, 20), ", "))
}
