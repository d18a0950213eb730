package archive

import "omnia/engine/calendar"

// Dossier is all that is kept of one matricola: what the counters of its units rest on.
type Dossier struct {
	Posizione *Posizione
	History   []Provvedimento // of all units, by dal, numero
	// LastTreatment is the last day granted to the company, in any matricola and unit, before the day that
	// was asked; nil when there is none.
	LastTreatment *calendar.Day
}

// Of is the history of one unit.
func (d *Dossier) Of(unita string) []Provvedimento {
	var out []Provvedimento
	for i := range d.History {
		if d.History[i].UnitaProduttiva == unita {
			out = append(out, d.History[i])
		}
	}
	return out
}
