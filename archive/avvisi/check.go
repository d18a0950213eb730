package avvisi

import (
	"fmt"
	"slices"
	"strings"

	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// How the ids begin that this package answers for.
const (
	prefix     = "avvisi."        // parameters
	thresholds = "avvisi.soglia." // thresholds, by counter
	message    = "avviso."        // messages
)

// dated are the kinds that need days of notice, or of waiting.
var dated = []Kind{Rientro, Conguaglio, Ricorso, Istruttoria, Delega}

// terms are the parameters of the law that alerts rest on.
var terms = []string{"conguaglio.term.months", "conguaglio.versamento.day", "appeal.days"}

// common are the slots that every alert fills; ofUnit those of every alert about a unit.
var common = []string{"azienda", "matricola", "rif"}

// held are the slots that an alert fills beside the common ones.
var held = map[Kind][]string{
	LimiteVicino:     {"unita", "titolo", "norma", "limite", "contato", "residuo", "soglia"},
	LimiteEsaurito:   {"unita", "titolo", "norma", "limite", "contato", "residuo", "soglia"},
	ScaglioneVicino:  {"unita", "titolo", "norma", "limite", "contato", "residuo", "soglia", "aliquota"},
	Rientro:          {"unita", "titolo", "norma", "limite", "contato", "residuo", "soglia", "rientro", "rientro_il", "rientro_fine"},
	Conguaglio:       {"unita", "numero", "periodo_dal", "periodo_al", "emissione", "scadenza", "norma"},
	Ricorso:          {"unita", "numero", "periodo_dal", "periodo_al", "emissione", "scadenza", "norma"},
	Istruttoria:      {"unita", "numero", "periodo_dal", "periodo_al", "emissione", "mancano"},
	FlussiIncompleti: {"unita", "numero", "periodo_dal", "periodo_al", "emissione", "norma"},
	NonFruito:        {"unita", "titolo", "norma", "limite", "contato", "residuo", "autorizzato", "rientro"},
	DatiMancanti:     {"unita", "titolo", "mancanti"},
	Delega:           {"scadenza", "mancano", "norma"},
}

// Check finds what is wrong with the alerts of an edition before one is given: a parameter or a
// sentence that is missing or that nothing would use, a threshold in another unit than its counter, a
// sentence that names a value that is not at hand. An edition without alerts at all has none, and is fine.
func Check(ed *rulebook.Edition) (out []rulebook.Defect) {
	if !speaks(ed) {
		return nil
	}
	for _, id := range needed() {
		if ed.Parameters[id] == nil {
			out = append(out, defect(rulebook.Place{File: "parameters"}, "missing_parameter", "aggiungilo, o togli tutti gli avvisi", "manca il parametro «%s», che gli avvisi usano", id))
		}
	}
	for _, id := range sortedKeys(ed.Parameters) {
		if strings.HasPrefix(id, prefix) {
			out = append(out, checkParameter(ed, ed.Parameters[id])...)
		}
	}
	for _, k := range Kinds {
		out = append(out, checkSentences(ed, k)...)
	}
	for _, id := range ed.Messages.IDs() {
		if strings.HasPrefix(id, message) && !slices.Contains(sentences(), id) {
			out = append(out, defect(ed.Messages.Get(id).Place, "unknown_message", "gli avvisi sono: "+join(sentences()), "nessun avviso usa la frase «%s»", id))
		}
	}
	return out
}

// speaks tells whether an edition has alerts: any parameter of theirs. Sentences alone say nothing.
func speaks(ed *rulebook.Edition) bool {
	return slices.ContainsFunc(sortedKeys(ed.Parameters), func(id string) bool { return strings.HasPrefix(id, prefix) })
}

// needed are the parameters without which some alert could not be given, thresholds apart: a
// counter without one has no alert.
func needed() []string {
	out := slices.Clone(terms)
	for _, k := range Kinds {
		out = append(out, prefix+string(k)+".gravita")
	}
	for _, k := range dated {
		out = append(out, prefix+string(k)+".giorni")
	}
	return append(out, thresholds+string(NonFruito))
}

// sentences are the messages of the alerts.
func sentences() (out []string) {
	for _, k := range Kinds {
		out = append(out, message+string(k)+".titolo", message+string(k)+".testo")
	}
	return out
}

func checkSentences(ed *rulebook.Edition, k Kind) (out []rulebook.Defect) {
	holds := append(slices.Clone(common), held[k]...)
	for _, id := range []string{message + string(k) + ".titolo", message + string(k) + ".testo"} {
		t := ed.Messages.Get(id)
		if t == nil {
			out = append(out, defect(rulebook.Place{File: "messages"}, "missing_message", "aggiungila in un file della cartella messages, in ogni lingua", "manca la frase «%s», che gli avvisi usano", id))
			continue
		}
		for _, slot := range t.Slots {
			if !slices.Contains(holds, slot) {
				out = append(out, defect(t.Place, "slot_not_held", "qui si possono usare: "+join(holds), "la frase «%s» usa {%s}, un valore che lì può mancare", id, slot))
			}
		}
	}
	return out
}

// checkParameter looks at one parameter of the alerts: each must be one that is used, and its values
// of the sort that is expected.
func checkParameter(ed *rulebook.Edition, p *rulebook.Parameter) []rulebook.Defect {
	if counter, ok := strings.CutPrefix(p.ID, thresholds); ok {
		return checkThreshold(ed, p, counter)
	}
	if !slices.Contains(needed(), p.ID) {
		return []rulebook.Defect{defect(p.Place, "unknown_parameter", "gli avvisi usano: "+join(needed()), "nessun avviso usa il parametro «%s»", p.ID)}
	}
	if strings.HasSuffix(p.ID, ".giorni") {
		return checkDays(p)
	}
	for i := range p.Versions {
		if p.Kind != fact.Code || gravity(p.Versions[i].Value.Text) < 0 {
			return []rulebook.Defect{defect(p.Place, "bad_value", "scrivi una di: "+join(severities), "la gravità di un avviso, in «%s», non è una di quelle note", p.ID)}
		}
	}
	return nil
}

func checkDays(p *rulebook.Parameter) []rulebook.Defect {
	for i := range p.Versions {
		if n, whole := p.Versions[i].Value.Rat.Int64(); p.Unit != quantity.Days || !whole || n < 0 || n > maxNotice {
			return []rulebook.Defect{defect(p.Place, "bad_value", "scrivi unit: day e un numero intero di giorni", "«%s» deve essere un numero intero di giorni, da 0 a %d", p.ID, maxNotice)}
		}
	}
	return nil
}

// maxNotice keeps days of notice within what calendars can hold: ten years.
const maxNotice = 3_660

func checkThreshold(ed *rulebook.Edition, p *rulebook.Parameter, counter string) (out []rulebook.Defect) {
	at := slices.IndexFunc(ed.Counters, func(k *rulebook.Counter) bool { return k.ID == counter })
	switch {
	case counter == string(NonFruito):
		if p.Unit != quantity.None {
			out = append(out, defect(p.Place, "unit_mismatch", "togli unit: è una quota del limite", "la soglia «%s» vale per ogni contatore, e non ha unità", p.ID))
		}
	case at < 0:
		out = append(out, defect(p.Place, "unknown_counter", "dopo «"+thresholds+"» ci vuole il nome di un contatore", "la soglia «%s» non è di un contatore", p.ID))
	case p.Unit != quantity.None && p.Unit != ed.Counters[at].Unit:
		out = append(out, defect(p.Place, "unit_mismatch", "usa l'unità del contatore, oppure nessuna per una quota del limite", "la soglia «%s» è in «%s», il contatore in «%s»", p.ID, p.Unit, ed.Counters[at].Unit))
	}
	for i := range p.Versions {
		if p.Kind != fact.Decimal || p.Versions[i].Value.Rat.Sign() < 0 {
			out = append(out, defect(p.Place, "bad_value", "scrivi un numero, o una frazione come 1/8", "la soglia «%s» deve essere un numero, non sotto zero", p.ID))
			break
		}
	}
	return out
}

func defect(at rulebook.Place, code, hint, format string, args ...any) rulebook.Defect {
	return rulebook.Defect{Place: at, Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

func join(list []string) string { return strings.Join(list, ", ") }

func sortedKeys[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
