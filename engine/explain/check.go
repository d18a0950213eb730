package explain

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// Check finds what is wrong with the sentences of an edition before a decision asks for them: one
// that is missing, one that names a value the trace does not hold where it is said, one that
// nothing would ever say. The order is that of the code, then of the ids.
func Check(ed *rulebook.Edition) []rulebook.Defect {
	var out []rulebook.Defect
	for i := 0; i < len(messages) && len(ed.Counters) > 0; i++ { // with no counter, nothing is explained
		if ed.Messages.Get(messages[i].id) == nil {
			out = append(out, missingMessage(messages[i].id))
		}
	}
	known := knownTargets(ed)
	for _, id := range ed.Messages.IDs() {
		if strings.HasPrefix(id, prefix) {
			out = append(out, checkMessage(ed.Messages.Get(id), id, known)...)
		}
	}
	return out
}

// prefix is how the ids begin that this package answers for.
const prefix = "counter."

func missingMessage(id string) rulebook.Defect {
	return rulebook.Defect{
		Place: rulebook.Place{File: "messages"}, Code: "missing_message",
		Message: "manca la frase «" + id + "», che le spiegazioni usano",
		Hint:    "aggiungila in un file della cartella messages, in ogni lingua",
	}
}

// checkMessage looks at one sentence of the catalogue.
func checkMessage(t *rulebook.Template, id string, known map[string]slots) (out []rulebook.Defect) {
	name, target, special := strings.Cut(id, "@")
	m, ok := msgByName[name]
	if !ok {
		return []rulebook.Defect{{Place: t.Place, Code: "unknown_message", Message: "nessuna spiegazione usa la frase «" + name + "»", Hint: "controlla il nome: " + nearest(name)}}
	}
	holds := messages[m].slots
	if special {
		extra, ok := known[target]
		if !ok {
			return []rulebook.Defect{{Place: t.Place, Code: "unknown_message_target", Message: "«" + target + "» non è un contatore, una sua variante o una forma di finestra", Hint: "dopo @ si può scrivere: " + strings.Join(sorted(known), ", ")}}
		}
		if !early.has(m) {
			holds = holds.with(extra)
		}
	}
	for _, lang := range quantity.Languages {
		t.Each(lang, func(string) {}, func(name string) {
			if s, ok := slotByName[name]; !ok || !holds.has(s) {
				out = append(out, rulebook.Defect{
					Place: t.Place, Code: "slot_not_held", Hint: "qui si possono usare: " + strings.Join(holds.names(), ", "),
					Message: fmt.Sprintf("la frase «%s» (%s) usa {%s}, un valore che lì può mancare", id, lang, name),
				})
			}
		})
	}
	return out
}

// knownTargets are what a sentence may be written for, each with what the trace always holds there.
func knownTargets(ed *rulebook.Edition) map[string]slots {
	known := map[string]slots{}
	add := func(target string, holds slots) {
		if have, ok := known[target]; ok {
			holds = slots{have[0] & holds[0], have[1] & holds[1]} // what holds in every case
		}
		known[target] = holds
	}
	for _, k := range ed.Counters {
		for i := range k.Versions {
			v := &k.Versions[i]
			for j := range v.Variants {
				form := formOf(k, v, &v.Variants[j])
				for _, target := range targets(k, v, &v.Variants[j]) {
					add(target, heldBy[form])
				}
			}
		}
	}
	return known
}

// early are the sentences said where no state was reached: no window may be at hand.
var early = msgs{
	shortNotInForce, shortNotCompany, shortNotRequest, shortNotAsked, shortMissing, shortFailed, shortConflict,
	normOpen, versionWeek, versionDay, versionState, versionSeveral,
}

type msgs []msg

func (l msgs) has(m msg) bool { return slices.Contains(l, m) }

// heldBy is what the trace holds of a form of window wherever a result was reached, beside what
// every counter has: a moving window of weeks always has its days and length.
var heldBy = map[string]slots{
	string(rulebook.WindowWeeks):  window.with(of(sAmpiezza)),
	string(rulebook.WindowFixed):  window,
	string(rulebook.WindowMonths): window,
	formHours:                     window.with(of(sAmpiezza)),
	formRate:                      window,
}

func (a slots) names() (out []string) {
	for s := slot(0); s < slotCount; s++ {
		if a.has(s) {
			out = append(out, slotNames[s])
		}
	}
	sort.Strings(out)
	return out
}

func sorted(m map[string]slots) (out []string) {
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// nearest is the known name that shares the longest beginning with the one written.
func nearest(name string) (best string) {
	longest := -1
	for i := range messages {
		n := 0
		for id := messages[i].id; n < len(id) && n < len(name) && id[n] == name[n]; n++ {
		}
		if n > longest {
			longest, best = n, messages[i].id
		}
	}
	return best
}
