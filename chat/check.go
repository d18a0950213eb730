package chat

import (
	"fmt"
	"slices"
	"strings"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// used are the parameters of the plan.
var used = []string{"altra_sede_minuti", "assenza_secondi", "attesa_massima_minuti", "attese_per_stima", "capienza", "conservazione_giorni", "eventi_giorni"}

// held are the values that texts may name: of the service's own, and of canned replies.
var held = map[string][]string{
	noticePrefix: {"prossima", "matricola"},
	replyPrefix:  {"matricola", "unita", "persona", "consulente"},
}

// Check finds what is wrong with what an edition says about INFO CIG, before anybody asks: hours that are none, a
// topic without a class, a parameter or text that is missing or that nothing would use. An edition that has no hours
// has no chat, and is fine.
func Check(ed *rulebook.Edition) (out []rulebook.Defect) {
	hours := ed.Tables[tableHours]
	if hours == nil {
		return nil
	}
	out = append(checkHours(hours), checkClasses(ed.Tables[tableClasses], hours.Place)...)
	out = append(out, checkParameters(ed)...)
	return append(out, checkTexts(ed)...)
}

func defect(at rulebook.Place, code, hint, format string, args ...any) rulebook.Defect {
	return rulebook.Defect{Place: at, Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

func checkHours(t *rulebook.Table) (out []rulebook.Defect) {
	if len(t.Inputs) != 1 || len(t.Outputs) != 2 || t.Outputs[0].Type != fact.Text || t.Outputs[1].Type != fact.Text {
		return []rulebook.Defect{defect(t.Place, "bad_table", "un ingresso (giorno) e due uscite di testo (dalle, alle)", "la tabella «%s» non ha la forma di un orario", t.ID)}
	}
	for _, v := range t.Versions {
		for _, row := range v.Rows {
			if !slices.Contains(weekdays[:], row.Inputs[0].Text) {
				out = append(out, defect(row.Place, "bad_value", "i giorni sono: "+strings.Join(weekdays[:], ", "), "«%s» non è un giorno della settimana", row.Inputs[0].Text))
			}
			h1, m1, ok1 := parseClock(row.Outputs[0].Text)
			h2, m2, ok2 := parseClock(row.Outputs[1].Text)
			if !ok1 || !ok2 || h2*60+m2 <= h1*60+m1 {
				out = append(out, defect(row.Place, "bad_value", "scrivi le ore come \"15:00\", la seconda dopo la prima", "l'orario da «%s» a «%s» non è un orario", row.Outputs[0].Text, row.Outputs[1].Text))
			}
		}
	}
	return out
}

func checkClasses(t *rulebook.Table, near rulebook.Place) (out []rulebook.Defect) {
	if t == nil {
		return []rulebook.Defect{defect(near, "missing_table", "aggiungi tables/"+tableClasses+".yaml", "manca la tabella «%s», che la coda usa", tableClasses)}
	}
	if len(t.Inputs) != 1 || len(t.Outputs) != 2 || t.Outputs[0].Type != fact.Text || t.Outputs[1].Type != fact.Integer {
		return []rulebook.Defect{defect(t.Place, "bad_table", "un ingresso (argomento) e due uscite: classe (text) e priorita (integer)", "la tabella «%s» non ha la forma delle classi", t.ID)}
	}
	if !slices.ContainsFunc(t.Versions, func(v rulebook.TableVersion) bool { return v.Open() }) {
		out = append(out, defect(t.Place, "not_in_force", "togli valid_to dall'ultima versione, o aggiungi quella che segue", "la tabella «%s» finisce, e la coda resterebbe senza classi", t.ID))
	}
	for _, v := range t.Versions {
		for _, topic := range Topics {
			if !slices.ContainsFunc(v.Rows, func(r rulebook.TableRow) bool { return r.Inputs[0].Text == string(topic) }) {
				out = append(out, defect(t.Place, "missing_row", "aggiungi una riga", "nella versione %d di «%s» manca l'argomento «%s»", v.Number, t.ID, topic))
			}
		}
		priority := map[string]int64{}
		for _, row := range v.Rows {
			class := row.Outputs[0].Text
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

func checkParameters(ed *rulebook.Edition) (out []rulebook.Defect) {
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
		}
	}
	slices.SortFunc(out, func(a, b rulebook.Defect) int { return strings.Compare(a.Message, b.Message) })
	return out
}

func checkWhole(p *rulebook.Parameter) []rulebook.Defect {
	if !slices.ContainsFunc(p.Versions, func(v rulebook.ParameterVersion) bool { return v.Open() }) {
		return []rulebook.Defect{defect(p.Place, "not_in_force", "togli valid_to dall'ultima versione, o aggiungi quella che segue", "«%s» finisce, e INFO CIG resterebbe senza", p.ID)}
	}
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
		for start, slots := range held {
			if !strings.HasPrefix(id, start) {
				continue
			}
			for _, slot := range t.Slots {
				if !slices.Contains(slots, slot) {
					out = append(out, defect(t.Place, "slot_not_held", "qui si possono usare: "+strings.Join(slots, ", "), "la frase «%s» usa {%s}, un valore che lì manca", id, slot))
				}
			}
		}
		topic, _, named := strings.Cut(strings.TrimPrefix(id, replyPrefix), ".")
		switch {
		case strings.HasPrefix(id, noticePrefix) && !slices.Contains(known, id):
			out = append(out, defect(t.Place, "unknown_message", "gli avvisi sono: "+strings.Join(known, ", "), "nessuno usa la frase «%s»", id))
		case strings.HasPrefix(id, replyPrefix) && (!named || topic != anyTopic && !slices.Contains(Topics, Topic(topic))):
			out = append(out, defect(t.Place, "bad_name", "chat.risposta.ARGOMENTO.NOME, con un argomento o «tutti»", "la risposta «%s» non dice di quale argomento è", id))
		}
	}
	return out
}
