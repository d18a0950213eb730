package archive

import (
	"fmt"
	"maps"
	"slices"

	"omnia/engine/fact"
	"omnia/internal/fault"
)

// complaints are defects of a body that no declaration of a field says.
type complaints []fault.Detail

// add files a defect at its place; args fill the sentence of its code.
func (c *complaints) add(opt Options, pointer, code string, args ...any) {
	for i, a := range args {
		if d, ok := a.(interface{ In(lang string) string }); ok { // a day, as people of that language write it
			args[i] = d.In(languageOf(opt.Language))
		}
	}
	*c = append(*c, fault.Detail{Pointer: pointer, Code: code, Text: fmt.Sprintf(sentences[code].In(opt.Language), args...)})
}

// languageOf is lang when there are sentences in it, else Italian.
func languageOf(lang string) string {
	if _, ok := sentences["issued_in_future"][lang]; ok {
		return lang
	}
	return "it"
}

// damaged is a record of the archive that can't be read: not the caller's fault, and nothing to show.
func damaged(what string, err error) error {
	return fmt.Errorf("the stored record of %s is damaged: %w", what, fault.New(fault.Internal, "record_damaged", "A stored record can't be read.").Wrap(err))
}

// sentences are what is wrong and how to put it right, by code.
var sentences = map[string]fact.Texts{
	"issued_in_future": labels(
		"Data di emissione: il %s non è ancora venuto, oggi è il %s: correggere la data.",
		"Day of issue: %s has not come yet, today is %s: correct the day.",
		"Ausstellungstag: Der %s liegt in der Zukunft, heute ist der %s: Berichtigen Sie den Tag."),
	"bad_numero": labels(
		"Numero del provvedimento: solo caratteri visibili, senza spazi all’inizio o alla fine, e non un punto o due soli: correggerlo.",
		"Number of the measure: visible characters only, no blanks at either end, and not one dot or two alone: correct it.",
		"Nummer des Bescheids: nur sichtbare Zeichen, keine Leerzeichen am Anfang oder Ende und nicht bloß ein oder zwei Punkte: Berichtigen Sie sie."),
	"correction_of_nothing": labels(
		"Motivo della rettifica: la versione 1 non rettifica nulla: omettere il campo, oppure indicare la versione che rettifica.",
		"Why it is corrected: version 1 corrects nothing: leave the field out, or give the version that corrects.",
		"Grund der Berichtigung: Version 1 berichtigt nichts: Lassen Sie das Feld weg oder nennen Sie die berichtigende Version."),
	"correction_without_reason": labels(
		"Motivo della rettifica: la versione %d rettifica quella prima: dire perché.",
		"Why it is corrected: version %d corrects the one before: say why.",
		"Grund der Berichtigung: Version %d berichtigt die vorige: Nennen Sie den Grund."),
	"classification_overlap": labels(
		"Inquadramento dal %s: si sovrappone a quello dal %s: i giorni di uno solo possono valere.",
		"Classification from %s: it overlaps the one from %s: only one can hold on a day.",
		"Einstufung ab %s: Sie überschneidet sich mit der ab %s: An einem Tag kann nur eine gelten."),
	"same_start": labels(
		"Il %s è già il primo giorno di un’altra riga di questo elenco: lasciarne una sola.",
		"%s is the first day of another row of this list already: keep only one.",
		"Der %s ist bereits der erste Tag einer anderen Zeile dieser Liste: Behalten Sie nur eine."),
	"parent_required": labels(
		"Delega da cui dipende: una subdelega dipende da quella di un intermediario: indicarla.",
		"Delegation it hangs on: a sub-delegation hangs on that of an intermediary: name it.",
		"Übergeordnete Vollmacht: Eine Untervollmacht hängt von der eines Intermediärs ab: Nennen Sie sie."),
	"parent_not_allowed": labels(
		"Delega da cui dipende: solo una subdelega dipende da un’altra: omettere il campo.",
		"Delegation it hangs on: only a sub-delegation hangs on another: leave the field out.",
		"Übergeordnete Vollmacht: Nur eine Untervollmacht hängt von einer anderen ab: Lassen Sie das Feld weg."),
	"services_required": labels(
		"Servizi: una delega vale per i servizi che elenca: indicarne almeno uno.",
		"Services: a delegation is good for the services it lists: name at least one.",
		"Dienste: Eine Vollmacht gilt für die aufgeführten Dienste: Nennen Sie mindestens einen."),
	"not_delegable_on": labels(
		"Servizi: chi ha una subdelega non può delegare a sua volta: togliere «deleghe».",
		"Services: a sub-delegate can't delegate on: take “deleghe” out.",
		"Dienste: Unterbevollmächtigte können nicht weiter bevollmächtigen: Nehmen Sie „deleghe“ heraus."),
	"not_a_uuid": labels(
		"Delega da cui dipende: non è l’identificativo di una delega, come 018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f.",
		"Delegation it hangs on: this is not the id of a delegation, such as 018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f.",
		"Übergeordnete Vollmacht: Das ist keine Kennung einer Vollmacht, wie 018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f."),
}

// Codes are those of the defects that only the archive finds, sorted; every caller is owed an explanation of each.
func Codes() []string { return slices.Sorted(maps.Keys(sentences)) }
