package chat

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// used are the parameters of the plan.
var used = []string{"altra_sede_minuti", "aperte_per_persona", "assenza_secondi", "attesa_massima_minuti", "attese_per_stima", "capienza", "conservazione_giorni", "eventi_giorni", "inattiva_giorni"}

// held are the values that each notice may name; one that is not here names none.
var held = map[string][]string{"fuori_orario": {"prossima"}, "accesso_finito": {"matricola"}, "inattiva": {"giorni"}}

// heldByReplies are the values that canned replies may name.
var heldByReplies = []string{"matricola", "unita", "persona", "consulente"}

// Check finds what is wrong with what an edition says about INFO CIG, before anybody asks: hours that are none, a
// topic without a class, a parameter or text that is missing, that ends while the service goes on, or that nothing would
// use. An edition that says nothing of it has no chat, and is fine.
func Check(ed *rulebook.Edition) (out []rulebook.Defect) {
	hours := ed.Tables[tableHours]
	if hours == nil {
		return withoutHours(ed)
	}
	out = append(checkHours(hours), checkClasses(ed.Tables[tableClasses], hours)...)
	out = append(out, checkParameters(ed, hours)...)
	return append(out, checkTexts(ed)...)
}

func defect(at rulebook.Place, code, hint, format string, args ...any) rulebook.Defect {
	return rulebook.Defect{Place: at, Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// withoutHours wants nothing of INFO CIG where there are no hours: else the service would be gone, and nobody told.
func withoutHours(ed *rulebook.Edition) []rulebook.Defect {
	missing := func(at rulebook.Place, what string) []rulebook.Defect {
		return []rulebook.Defect{defect(at, "missing_table", "aggiungi tables/"+tableHours+".yaml, o togli tutto ciò che è di INFO CIG", "c'è %s, ma manca la tabella «%s»: senza orario INFO CIG non c'è", what, tableHours)}
	}
	if t := ed.Tables[tableClasses]; t != nil {
		return missing(t.Place, "la tabella «"+tableClasses+"»")
	}
	for _, id := range used {
		if p := ed.Parameters[prefix+id]; p != nil {
			return missing(p.Place, "il parametro «"+p.ID+"»")
		}
	}
	return nil
}

// covers tells of versions that are not there on days on which the hours are: nothing applies after its end.
func covers(at rulebook.Place, what string, from, to calendar.Day, hours *rulebook.Table) []rulebook.Defect {
	first, last := lifeOfTable(hours)
	if from <= first && to >= last {
		return nil
	}
	return []rulebook.Defect{defect(at, "not_in_force", "fallo valere quanto l'orario: togli valid_to, o aggiungi una versione", "%s non vale in tutti i giorni dell'orario «%s»", what, tableHours)}
}

// life is from the first to the last day of what has versions.
func life[V any](versions []V, head func(*V) *rulebook.Version) (from, to calendar.Day) {
	from, to = calendar.Max, calendar.Min
	for i := range versions {
		v := head(&versions[i])
		from, to = min(from, v.From), max(to, v.To)
	}
	return from, to
}

func lifeOfTable(t *rulebook.Table) (from, to calendar.Day) {
	return life(t.Versions, func(v *rulebook.TableVersion) *rulebook.Version { return &v.Version })
}

func lifeOf(p *rulebook.Parameter) (from, to calendar.Day) {
	return life(p.Versions, func(v *rulebook.ParameterVersion) *rulebook.Version { return &v.Version })
}

func named(columns []rulebook.Column, names ...string) bool {
	return slices.EqualFunc(columns, names, func(c rulebook.Column, name string) bool { return c.Name == name })
}

func checkHours(t *rulebook.Table) (out []rulebook.Defect) {
	if !named(t.Inputs, "giorno") || !named(t.Outputs, "dalle", "alle") || t.Outputs[0].Type != fact.Text || t.Outputs[1].Type != fact.Text {
		return []rulebook.Defect{defect(t.Place, "bad_table", "un ingresso (giorno) e due uscite di testo (dalle, alle)", "la tabella «%s» non ha la forma di un orario", t.ID)}
	}
	for _, v := range t.Versions {
		spans := map[string][][2]int{} // of a day, in minutes
		for _, row := range v.Rows {
			day, known := dayOf(row.Inputs[0].Text)
			if !known {
				out = append(out, defect(row.Place, "bad_value", "i giorni sono: "+strings.Join(weekdays[:], ", ")+"; una seconda e una terza fascia dello stesso giorno: lun_2, lun_3", "«%s» non è un giorno della settimana", row.Inputs[0].Text))
			}
			h1, m1, ok1 := parseClock(row.Outputs[0].Text)
			h2, m2, ok2 := parseClock(row.Outputs[1].Text)
			if !ok1 || !ok2 || h2*60+m2 <= h1*60+m1 {
				out = append(out, defect(row.Place, "bad_value", "scrivi le ore come \"15:00\", la seconda dopo la prima", "l'orario da «%s» a «%s» non è un orario", row.Outputs[0].Text, row.Outputs[1].Text))
				continue
			}
			minutes := [2]int{h1*60 + m1, h2*60 + m2}
			for _, other := range spans[day] {
				if minutes[0] < other[1] && other[0] < minutes[1] {
					out = append(out, defect(row.Place, "bad_value", "fai cominciare l'una dopo la fine dell'altra", "due fasce dello stesso giorno («%s») si sovrappongono", day))
				}
			}
			spans[day] = append(spans[day], minutes)
		}
	}
	return out
}

// dayOf is the day of a row of the hours: lun_2 is a part of lun.
func dayOf(code string) (day string, known bool) {
	for _, part := range partsOfDay {
		if day, is := strings.CutSuffix(code, part); is && slices.Contains(weekdays[:], day) {
			return day, true
		}
	}
	return code, false
}

func checkClasses(t, hours *rulebook.Table) (out []rulebook.Defect) {
	if t == nil {
		return []rulebook.Defect{defect(hours.Place, "missing_table", "aggiungi tables/"+tableClasses+".yaml", "manca la tabella «%s», che la coda usa", tableClasses)}
	}
	if !named(t.Inputs, "argomento") || !named(t.Outputs, "classe", "priorita") || t.Outputs[0].Type != fact.Text || t.Outputs[1].Type != fact.Integer {
		return []rulebook.Defect{defect(t.Place, "bad_table", "un ingresso (argomento) e due uscite: classe (text) e priorita (integer)", "la tabella «%s» non ha la forma delle classi", t.ID)}
	}
	from, to := lifeOfTable(t)
	out = covers(t.Place, "la tabella «"+t.ID+"»", from, to, hours)
	for _, v := range t.Versions {
		for _, topic := range Topics {
			if !slices.ContainsFunc(v.Rows, func(r rulebook.TableRow) bool { return r.Inputs[0].Text == string(topic) }) {
				out = append(out, defect(t.Place, "missing_row", "aggiungi una riga", "nella versione %d di «%s» manca l'argomento «%s»", v.Number, t.ID, topic))
			}
		}
		priority := map[string]int64{}
		for _, row := range v.Rows {
			class := row.Outputs[0].Text
			if class == "" || row.Outputs[1].Num < 1 {
				out = append(out, defect(row.Place, "bad_value", "scrivi classe: \"domande\", priorita: \"1\"; prima la più bassa", "l'argomento «%s» non ha una classe, o una priorità da 1 in su", row.Inputs[0].Text))
			}
			if n, known := priority[class]; known && n != row.Outputs[1].Num {
				out = append(out, defect(row.Place, "bad_value", "dai la stessa priorità a tutti gli argomenti della classe", "la classe «%s» ha due priorità: entro una classe nessuno passa avanti", class))
			} else {
				priority[class] = row.Outputs[1].Num
			}
			if !slices.Contains(Topics, Topic(row.Inputs[0].Text)) {
				out = append(out, defect(row.Place, "bad_value", "gli argomenti sono fissi: cigo, cigs, ais, pagamenti, altro", "«%s» non è un argomento", row.Inputs[0].Text))
			}
		}
	}
	return out
}

func checkParameters(ed *rulebook.Edition, hours *rulebook.Table) (out []rulebook.Defect) {
	for _, id := range used {
		if ed.Parameters[prefix+id] == nil {
			out = append(out, defect(rulebook.Place{File: "parameters"}, "missing_parameter", "aggiungilo in parameters/chat.yaml", "manca il parametro «%s», che INFO CIG usa", prefix+id))
		}
	}
	for id, p := range ed.Parameters {
		rest, ok := strings.CutPrefix(id, prefix)
		switch {
		case !ok:
		case !slices.Contains(used, rest):
			out = append(out, defect(p.Place, "unknown_parameter", "INFO CIG usa: "+strings.Join(used, ", "), "nessuno usa il parametro «%s»", id))
		default:
			out = append(out, checkWhole(p)...)
			from, to := lifeOf(p)
			out = append(out, covers(p.Place, "il parametro «"+id+"»", from, to, hours)...)
		}
	}
	out = append(out, checkKept(ed)...)
	slices.SortFunc(out, func(a, b rulebook.Defect) int { return strings.Compare(a.Message, b.Message) })
	return out
}

// checkKept wants a conversation to be kept for as long as its events: one that still has some is not deleted, and would
// be kept for longer than is said.
func checkKept(ed *rulebook.Edition) []rulebook.Defect {
	events, conversations := ed.Parameters[prefix+"eventi_giorni"], ed.Parameters[prefix+"conservazione_giorni"]
	if events == nil || conversations == nil {
		return nil
	}
	for i := range events.Versions {
		e := &events.Versions[i]
		for j := range conversations.Versions {
			c := &conversations.Versions[j]
			if e.From <= c.To && c.From <= e.To && e.Value.Rat.Cmp(c.Value.Rat) > 0 {
				return []rulebook.Defect{defect(events.Place, "bad_value", "abbassa l'uno o alza l'altro", "«%s» supera «%s»: gli eventi terrebbero in vita conversazioni da cancellare", events.ID, conversations.ID)}
			}
		}
	}
	return nil
}

func checkWhole(p *rulebook.Parameter) []rulebook.Defect {
	for i := range p.Versions {
		if n, whole := p.Versions[i].Value.Rat.Int64(); p.Kind != fact.Decimal || !whole || n < 1 {
			return []rulebook.Defect{defect(p.Place, "bad_value", "scrivi un numero intero da 1 in su", "il valore di «%s» non è un numero intero positivo", p.ID)}
		}
	}
	return nil
}

func checkTexts(ed *rulebook.Edition) (out []rulebook.Defect) {
	var known []string
	for _, id := range notices {
		known = append(known, noticePrefix+id)
	}
	slices.Sort(known)
	for _, id := range known {
		if ed.Messages.Get(id) == nil {
			out = append(out, defect(rulebook.Place{File: "messages"}, "missing_message", "aggiungilo in messages/chat.yaml, in ogni lingua", "manca la frase «%s», che INFO CIG usa", id))
		}
	}
	for _, id := range ed.Messages.IDs() {
		t := ed.Messages.Get(id)
		out = append(out, checkSlots(id, t)...)
		out = append(out, checkLength(id, t)...)
		topic, _, has := strings.Cut(strings.TrimPrefix(id, replyPrefix), ".")
		switch {
		case strings.HasPrefix(id, noticePrefix) && !slices.Contains(known, id):
			out = append(out, defect(t.Place, "unknown_message", "gli avvisi sono: "+strings.Join(known, ", "), "nessuno usa la frase «%s»", id))
		case strings.HasPrefix(id, replyPrefix) && (!has || topic != anyTopic && !slices.Contains(Topics, Topic(topic))):
			out = append(out, defect(t.Place, "bad_name", "chat.risposta.ARGOMENTO.NOME, con un argomento o «tutti»", "la risposta «%s» non dice di quale argomento è", id))
		}
	}
	return out
}

// checkLength wants a canned reply that can be sent as one message, with something in the place of its placeholders.
func checkLength(id string, t *rulebook.Template) (out []rulebook.Defect) {
	if !strings.HasPrefix(id, replyPrefix) {
		return nil
	}
	const filled = 100 // characters that a name may take
	for _, language := range []string{"it", "en", "de"} {
		text := t.Render(language, func(string) string { return strings.Repeat("x", filled) })
		if n := utf8.RuneCountInString(text); n > MaxText {
			out = append(out, defect(t.Place, "too_long", "dividila in due risposte", "la risposta «%s» (%s) può arrivare a %d caratteri: un messaggio ne ha al più %d", id, language, n, MaxText))
		}
	}
	return out
}

// checkSlots wants a text to name only what is known where it is said: anything else would be a hole in it.
func checkSlots(id string, t *rulebook.Template) (out []rulebook.Defect) {
	may := heldByReplies
	if notice, is := strings.CutPrefix(id, noticePrefix); is {
		may = held[notice]
	} else if !strings.HasPrefix(id, replyPrefix) {
		return nil
	}
	hint := "qui si possono usare: " + strings.Join(may, ", ")
	if len(may) == 0 {
		hint = "qui non se ne possono usare"
	}
	for _, slot := range t.Slots {
		if !slices.Contains(may, slot) {
			out = append(out, defect(t.Place, "slot_not_held", hint, "la frase «%s» usa {%s}, un valore che lì manca", id, slot))
		}
	}
	return out
}
