package archive

import (
	"fmt"
	"slices"
	"time"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/rome"
)

// paramPersonalKept is for how many days the personal values of a decision are kept: Reg. (UE) 2016/679, art. 5 par. 1 e.
const paramPersonalKept = "registro.dati_personali_giorni"

// Retention is how long something is kept, and which version of which rule says so.
type Retention struct {
	Before time.Time // what is older has been kept for long enough
	Rule   string    // "<parameter>, versione <number>, edizione <name>"
}

// PersonalRetention is that of the personal values of decisions, as an edition has it at an instant. False is an edition that
// says nothing of it: then nothing is erased.
func PersonalRetention(ed *rulebook.Edition, now time.Time) (Retention, bool) {
	v, named := ed.InForce(paramPersonalKept, rome.Day(now))
	if v == nil {
		return Retention{}, false
	}
	days, _ := v.Value.Rat.Int64() // CheckRetention has seen that it is whole
	return Retention{Before: now.AddDate(0, 0, -int(days)), Rule: named}, days > 0
}

// The bounds of a number of days. What is erased can't be had back: nobody means less than a year, and a thousand are for ever.
const leastRetention, mostRetention = 365, 365_250

// CheckRetention finds what is wrong with what an edition says about how long personal values are kept: a version that is no
// number of days, or a time for which there is none. One that does not speak of it erases nothing, and is fine.
func CheckRetention(ed *rulebook.Edition) (out []rulebook.Defect) {
	p := ed.Parameters[paramPersonalKept]
	if p == nil {
		return nil
	}
	if !slices.ContainsFunc(p.Versions, func(v rulebook.ParameterVersion) bool { return v.Open() }) {
		out = append(out, rulebook.Defect{Place: p.Place, Code: "not_in_force", Hint: "togli valid_to dall'ultima versione, o aggiungi quella che segue",
			Message: fmt.Sprintf("«%s» finisce, e da allora non si cancellerebbe più niente", p.ID)})
	}
	for _, v := range p.Versions {
		if n, whole := v.Value.Rat.Int64(); p.Kind != fact.Decimal || !whole || n < leastRetention || n > mostRetention {
			out = append(out, rulebook.Defect{Place: p.Place, Code: "bad_value", Hint: fmt.Sprintf("scrivi un numero intero di giorni, da %d a %d: ciò che si cancella non si riha", leastRetention, mostRetention),
				Message: fmt.Sprintf("il valore di «%s» nella versione %d non è un numero di giorni", p.ID, v.Number)})
		}
	}
	return out
}
