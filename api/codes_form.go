package api

import (
	"strconv"

	"omnia/archive"
	"omnia/internal/fault"
)

// The codes of forms and drafts.
const (
	codeUnknownForm      = "unknown_form" // of the engine
	codeFormNotFound     = "form_not_found"
	codeFormNotInForceOn = "form_not_in_force_on"
	codeDraftNotFound    = "draft_not_found"
	codeDraftConflict    = "draft_conflict"
	codeDraftFixed       = "draft_fixed"
	codeDraftUnchecked   = "draft_unchecked"
	codeRuleFailed       = "rule_failed" // of the engine
)

// formProblems explain what can be wrong with a form or a draft.
var formProblems = []explained{
	{
		Code: codeUnknownForm, Kind: fault.Invalid,
		Title: texts("Modulo inesistente", "No such form", "Formular nicht vorhanden"),
		Text:  texts("Il modulo indicato non esiste.", "There is no such form.", "Dieses Formular gibt es nicht."),
		Cure:  texts("Scegliere uno dei moduli di GET /v1/forms.", "Choose one of the forms of GET /v1/forms.", "Eines der Formulare aus GET /v1/forms wählen."),
	},
	{
		Code: "form_not_in_force", Kind: fault.Invalid,
		Title: texts("Modulo non in vigore", "Form not in force", "Formular nicht in Kraft"),
		Text: texts("Il modulo non è in vigore nel primo giorno richiesto.", "The form is not in force on the first day requested.",
			"Das Formular ist am ersten beantragten Tag nicht in Kraft."),
		Cure: texts("Controllare il primo giorno richiesto, o scegliere un altro modulo.", "Check the first day requested, or choose another form.",
			"Den ersten beantragten Tag prüfen oder ein anderes Formular wählen."),
	},
	{
		Code: codeFormNotFound, Kind: fault.NotFound,
		Title: texts("Modulo inesistente", "No such form", "Formular nicht vorhanden"),
		Text:  texts("Il modulo «%s» non esiste.", "There is no form “%s”.", "Das Formular „%s“ gibt es nicht."),
		Cure:  texts("Scegliere uno dei moduli di GET /v1/forms.", "Choose one of the forms of GET /v1/forms.", "Eines der Formulare aus GET /v1/forms wählen."),
	},
	{
		Code: codeFormNotInForceOn, Kind: fault.NotFound,
		Title: texts("Modulo non in vigore", "Form not in force", "Formular nicht in Kraft"),
		Text:  texts("Il modulo «%s» non è in vigore il %s.", "The form “%s” is not in force on %s.", "Das Formular „%s“ ist am %s nicht in Kraft."),
		Cure: texts("Indicare un altro giorno; /v1/rules/{id}/versions?kind=form dice quando il modulo lo è.",
			"Name another day; /v1/rules/{id}/versions?kind=form says when the form is.",
			"Einen anderen Tag angeben; /v1/rules/{id}/versions?kind=form nennt die Zeiten."),
	},
	{
		Code: codeDraftNotFound, Kind: fault.NotFound,
		Title: texts("Bozza inesistente", "No such draft", "Entwurf nicht vorhanden"),
		Text: texts("La bozza non esiste, è scaduta o non è di chi la chiede.", "The draft does not exist, has expired or is not the caller’s.",
			"Der Entwurf ist nicht vorhanden, abgelaufen oder gehört jemand anderem."),
		Cure: texts("Cercarla fra quelle della matricola (GET /v1/drafts), o aprirne una nuova.", "Look for it among those of the matricola (GET /v1/drafts), or open a new one.",
			"Unter den Entwürfen der Matricola suchen (GET /v1/drafts) oder einen neuen anlegen."),
	},
	{
		Code: archive.ErrDraftExists.Code, Kind: fault.PreconditionFailed,
		Title: texts("Bozza già presente", "Draft is there already", "Entwurf bereits vorhanden"),
		Text:  texts("C’è già una bozza con questo identificativo.", "There is a draft of that id already.", "Es gibt bereits einen Entwurf mit dieser Kennung."),
		Cure: texts("Leggerla e modificarla con If-Match, o scegliere un altro identificativo.", "Read it and change it by If-Match, or choose another id.",
			"Ihn lesen und mit If-Match ändern oder eine andere Kennung wählen."),
	},
	{
		Code: archive.ErrDraftReady.Code, Kind: fault.Conflict,
		Title: texts("Bozza già chiusa", "Draft is closed", "Entwurf bereits abgeschlossen"),
		Text: texts("La bozza ha superato il controllo per l’invio: ciò che è stato controllato non si cambia più.",
			"The draft passed the check before sending: what was checked is not changed any more.",
			"Der Entwurf hat die Prüfung vor dem Versand bestanden: Das Geprüfte wird nicht mehr geändert."),
		Cure: texts("Per una domanda diversa, aprire una nuova bozza con gli stessi dati.", "For another application, open a new draft with the same data.",
			"Für einen anderen Antrag einen neuen Entwurf mit denselben Daten anlegen."),
	},
	{
		Code: archive.ErrTooManyDrafts.Code, Kind: fault.Conflict,
		Title: texts("Troppe bozze", "Too many drafts", "Zu viele Entwürfe"),
		Text: texts("La matricola ha già "+strconv.Itoa(archive.MaxDrafts)+" bozze.", "The matricola has "+strconv.Itoa(archive.MaxDrafts)+" drafts already.",
			"Die Matricola hat bereits "+strconv.Itoa(archive.MaxDrafts)+" Entwürfe."),
		Cure: texts("Eliminare le bozze che non servono più.", "Delete the drafts that are of no use any more.", "Nicht mehr benötigte Entwürfe löschen."),
	},
	{
		Code: codeDraftConflict, Kind: fault.PreconditionFailed,
		Title: texts("Bozza cambiata nel frattempo", "Draft was changed meanwhile", "Entwurf inzwischen geändert"),
		Text: texts("La bozza è stata cambiata dopo che è stata letta: la modifica non è stata salvata.", "The draft was changed after it was read: the change was not saved.",
			"Der Entwurf wurde geändert, nachdem er gelesen worden war: Die Änderung wurde nicht gespeichert."),
		Cure: texts("Il membro draft dice chi l’ha cambiata, quando e in quali campi differisce. Rileggerla, scegliere che cosa tenere e salvare con il nuovo ETag.",
			"The member draft says who changed it, when, and in which fields it differs. Read it, choose what to keep and save with the new ETag.",
			"Das Element draft nennt, wer ihn wann geändert hat und welche Felder abweichen. Erneut lesen, auswählen und mit dem neuen ETag speichern."),
	},
	{
		Code: codeDraftFixed, Kind: fault.Invalid,
		Title: texts("Dato che non si cambia", "Not to be changed", "Nicht änderbar"),
		Text: texts("La matricola e il modulo di una bozza non cambiano.", "The matricola and the form of a draft don’t change.",
			"Matricola und Formular eines Entwurfs ändern sich nicht."),
		Cure: texts("Aprire un’altra bozza.", "Open another draft.", "Einen anderen Entwurf anlegen."),
	},
	{
		Code: codeDraftUnchecked, Kind: fault.NotFound,
		Title: texts("Nessun controllo", "No check", "Keine Prüfung"),
		Text:  texts("La bozza non è ancora stata controllata.", "The draft has not been checked yet.", "Der Entwurf wurde noch nicht geprüft."),
		Cure:  texts("Chiederne il controllo con POST.", "Ask for a check by POST.", "Die Prüfung mit POST anfordern."),
	},
	{
		Code: codeDiffers, Said: true,
		Title: texts("Diverso dall’archivio", "Other than in the archive", "Anders als im Archiv"),
		Text: texts("Ciò che è scritto nella domanda non è ciò che risulta in archivio. È una segnalazione: ciò che è scritto resta.",
			"What the application says is not what the archive has. It is a notice: what is written stays.",
			"Die Angabe im Antrag entspricht nicht dem Archiv. Dies ist ein Hinweis: Die Angabe bleibt."),
		Cure: texts("Correggere il dato, o chiedere la correzione dell’archivio.", "Correct the value, or ask for a correction of the archive.",
			"Den Wert berichtigen oder die Berichtigung des Archivs beantragen."),
	},
	{
		Code: codeRuleFailed, Said: true,
		Title: texts("Regola non valutata", "Rule could not be evaluated", "Regel nicht auswertbar"),
		Text: texts("Una regola non si è potuta valutare su questi dati: non è un giudizio sulla domanda, che però così non può risultare valida.",
			"A rule could not be evaluated on these data: that is no judgement of the application, which can’t pass as valid like this.",
			"Eine Regel ließ sich auf diese Angaben nicht anwenden: Das ist kein Urteil über den Antrag, der so aber nicht gültig sein kann."),
		Cure: texts("Controllare i campi indicati; se sono giusti, segnalare la regola indicata in rule.",
			"Check the fields named; if they are right, report the rule named in rule.",
			"Die genannten Felder prüfen; sind sie richtig, die in rule genannte Regel melden."),
	},
}
