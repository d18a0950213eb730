package api

import (
	"omnia/engine/fact"
	"omnia/internal/fault"
	"omnia/ledger/replay"
)

// The codes of the record of decisions.
const (
	codeDecisionNotFound = "decision_not_found"
	codeNotReplayable    = "not_replayable"
	codeErased           = "erased"
	codeNoPeriod         = "period_not_in_decision"
	codeNoPersonal       = "not_a_personal_value"
	codeHeld             = "legal_hold"
	codeHoldNotFound     = "hold_not_found"
	codeRequired         = "required"
	codeNeeds            = "needs_parameter"
	codeVersionNotFound  = "rule_version_not_found"
	codeTooWide          = "matricola_needed"
	codeActorHidden      = "actor_hidden"
	codeLogEmpty         = "log_empty"
	codeNotSoLong        = "log_not_so_long"
	codeSizeOrder        = "sizes_in_wrong_order"
	codeNotKept          = "checkpoint_not_kept"
	codeNoTile           = "tile_not_found"
	codeNotCountersigned = "not_countersigned"
	codeSplitView        = "split_view"
)

// reasonTexts say why the answer of a decision can't be made again.
var reasonTexts = map[string]fact.Texts{
	replay.ReasonErased: texts("dati personali che servono sono stati cancellati", "personal values that are needed were erased",
		"benötigte personenbezogene Daten wurden gelöscht"),
	replay.ReasonEdition: texts("il testo della sua edizione non c’è, o questa versione del servizio non lo legge", "the text of its edition is not there, or this version of the service can’t read it",
		"der Text ihrer Ausgabe fehlt oder ist für diese Version des Dienstes nicht lesbar"),
	replay.ReasonForm: texts("è registrata in una forma che questa versione del servizio non conosce", "it is recorded in a form that this version of the service does not know",
		"sie ist in einer Form aufgezeichnet, die diese Version des Dienstes nicht kennt"),
	replay.ReasonDifferent: texts("questa versione del servizio non giunge a ciò che è registrato: la ripetizione dice in che cosa", "this version of the service does not come to what is recorded: a replay says where",
		"diese Version des Dienstes kommt nicht zum aufgezeichneten Ergebnis: die Wiederholung sagt wo"),
}

func reasonText(reason, lang string) string { return reasonTexts[reason].In(lang) }

// decisionProblems explain what can be wrong with a question about the record of decisions.
var decisionProblems = []explained{
	{
		Code: codeDecisionNotFound, Kind: fault.NotFound,
		Title: texts("Decisione inesistente", "No such decision", "Entscheidung nicht vorhanden"),
		Text: texts("La decisione non esiste, o chi la chiede non può vederla.", "The decision does not exist, or the caller may not see it.",
			"Die Entscheidung ist nicht vorhanden oder darf von der anfragenden Person nicht eingesehen werden."),
		Cure: texts("Controllare l’identificativo: è in decision.id della risposta.", "Check the id: it is decision.id of the answer.",
			"Die Kennung prüfen: sie steht in decision.id der Antwort."),
	},
	{
		Code: codeNotReplayable, Kind: fault.Conflict,
		Title: texts("Decisione non ripetibile", "Decision can’t be replayed", "Entscheidung nicht wiederholbar"),
		Text:  texts("La decisione non si può ripetere: %s.", "The decision can’t be replayed: %s.", "Die Entscheidung lässt sich nicht wiederholen: %s."),
		Cure: texts("Nulla si suppone al posto di ciò che manca. La prova della decisione resta valida: GET /v1/decisions/{id}/proof.",
			"Nothing is guessed in place of what is missing. The proof of the decision stays good: GET /v1/decisions/{id}/proof.",
			"Fehlendes wird nicht vermutet. Der Nachweis der Entscheidung bleibt gültig: GET /v1/decisions/{id}/proof."),
	},
	{
		Code: codeErased, Kind: fault.Invalid,
		Title: texts("Dato cancellato", "Erased value", "Gelöschter Wert"),
		Text:  texts("Il dato personale è stato cancellato.", "The personal value was erased.", "Der personenbezogene Wert wurde gelöscht."),
		Cure:  texts("Non si può riavere.", "It can’t be had again.", "Er ist nicht wiederherstellbar."),
	},
	{
		Code: codeNoPeriod, Kind: fault.Invalid,
		Title: texts("Provvedimento ignoto alla decisione", "Measure unknown to the decision", "Der Entscheidung unbekannter Bescheid"),
		Text: texts("La decisione non aveva fra i periodi il provvedimento %s.", "The decision had no period of measure %s.",
			"Die Entscheidung hatte keinen Zeitraum zum Bescheid %s."),
		Cure: texts("GET /v1/decisions?provvedimento= elenca le decisioni che lo avevano.", "GET /v1/decisions?provvedimento= lists the decisions that had it.",
			"GET /v1/decisions?provvedimento= nennt die Entscheidungen, die ihn hatten."),
	},
	{
		Code: codeNoPersonal, Kind: fault.Invalid,
		Title: texts("Nessun dato personale in quel posto", "No personal value at that place", "Dort kein personenbezogener Wert"),
		Text: texts("La decisione non ha un dato personale in quel posto.", "The decision has no personal value at that place.",
			"Die Entscheidung hat dort keinen personenbezogenen Wert."),
		Cure: texts("I posti si scrivono come /richiesta/lavoratori/0/codice_fiscale; actor è chi ha chiesto.", "Places are written as /richiesta/lavoratori/0/codice_fiscale; actor is who asked.",
			"Orte schreibt man wie /richiesta/lavoratori/0/codice_fiscale; actor ist, wer gefragt hat."),
	},
	{
		Code: codeHeld, Kind: fault.Conflict,
		Title: texts("Vincolo di conservazione", "Legal hold", "Aufbewahrungspflicht"),
		Text: texts("Sulla matricola c’è un vincolo di conservazione: nulla si cancella finché dura.", "The matricola is under a legal hold: nothing is erased while it stands.",
			"Für die Matricola gilt eine Aufbewahrungspflicht: Solange sie besteht, wird nichts gelöscht."),
		Cure: texts("Ripetere la richiesta quando il vincolo è tolto.", "Ask again when the hold is lifted.", "Nach Ende der Aufbewahrungspflicht erneut anfragen."),
	},
	{
		Code: codeHoldNotFound, Kind: fault.NotFound,
		Title: texts("Vincolo inesistente", "No such hold", "Aufbewahrungspflicht nicht vorhanden"),
		Text: texts("Il vincolo non esiste, o chi lo chiede non può vederlo.", "The hold does not exist, or the caller may not see it.",
			"Die Aufbewahrungspflicht ist nicht vorhanden oder darf nicht eingesehen werden."),
		Cure: texts("Cercarlo fra quelli della matricola (GET /v1/legal-holds).", "Look for it among those of the matricola (GET /v1/legal-holds).",
			"Unter denen der Matricola suchen (GET /v1/legal-holds)."),
	},
	{
		Code: codeNeeds, Kind: fault.Invalid,
		Title: texts("Parametro da solo", "Parameter alone", "Parameter allein"),
		Text:  texts("Questo parametro vale soltanto insieme a %s.", "This parameter has a meaning only together with %s.", "Dieser Parameter gilt nur zusammen mit %s."),
		Cure:  texts("Indicarli entrambi.", "Give both.", "Beide angeben."),
	},
	{
		Code: codeVersionNotFound, Kind: fault.NotFound,
		Title: texts("Versione inesistente", "No such version", "Version nicht vorhanden"),
		Text:  texts("La regola %s non ha mai avuto la versione %d.", "Rule %s never had a version %d.", "Die Regel %s hatte nie eine Version %d."),
		Cure: texts("Cercare la versione in /v1/rules/{id}/versions.", "Look for the version in /v1/rules/{id}/versions.",
			"Die Version in /v1/rules/{id}/versions suchen."),
	},
	{
		Code: codeTooWide, Kind: fault.Invalid,
		Title: texts("Troppe matricole", "Too many matricole", "Zu viele Matricole"),
		Text: texts("Le matricole in cui cercare sono più di %d: occorre indicarne una.", "There are more than %d matricole to search in: one must be named.",
			"Es sind mehr als %d Matricole zu durchsuchen: eine muss genannt werden."),
		Cure: texts("Aggiungere il parametro matricola.", "Add the parameter matricola.", "Den Parameter matricola hinzufügen."),
	},
	{
		Code: codeActorHidden, Kind: fault.Forbidden,
		Title: texts("Ricerca per persona non consentita", "No search by person", "Suche nach Personen nicht zulässig"),
		Text: texts("Chi non vede in chiaro chi ha chiesto una decisione può cercare soltanto le proprie.", "Who does not see who asked for a decision may search only for their own.",
			"Wer nicht sieht, wer eine Entscheidung angefragt hat, darf nur nach eigenen suchen."),
		Cure: texts("Togliere il parametro persona.", "Leave out the parameter persona.", "Den Parameter persona weglassen."),
	},
	{
		Code: codeLogEmpty, Kind: fault.NotFound,
		Title: texts("Registro vuoto", "Empty log", "Leeres Register"),
		Text:  texts("Il registro delle decisioni non ha ancora nulla.", "There is nothing in the log of decisions yet.", "Das Register der Entscheidungen ist noch leer."),
		Cure:  texts("Riprovare dopo la prima decisione.", "Try again after the first decision.", "Nach der ersten Entscheidung erneut versuchen."),
	},
	{
		Code: codeNotSoLong, Kind: fault.Invalid,
		Title: texts("Registro più corto", "Log is shorter", "Register ist kürzer"),
		Text:  texts("A quella testa il registro ha %d righe, meno di quelle indicate.", "At that checkpoint the log has %d leaves, fewer than were named.", "An diesem Prüfpunkt hat das Register %d Einträge, weniger als angegeben."),
		Cure: texts("Se la misura viene da una testa firmata, il registro è stato accorciato: conservarla e segnalarlo.", "If the size comes from a signed checkpoint, the log was cut off: keep it and report this.",
			"Stammt die Größe von einem signierten Prüfpunkt, wurde das Register gekürzt: ihn aufbewahren und dies melden."),
	},
	{
		Code: codeSizeOrder, Kind: fault.Invalid,
		Title: texts("Misure in ordine sbagliato", "Sizes in wrong order", "Größen in falscher Reihenfolge"),
		Text:  texts("to è minore di from.", "to is less than from.", "to ist kleiner als from."),
		Cure:  texts("Scambiare from e to.", "Exchange from and to.", "from und to tauschen."),
	},
	{
		Code: codeNotKept, Kind: fault.NotFound,
		Title: texts("Testa non conservata", "Checkpoint not kept", "Prüfpunkt nicht aufbewahrt"),
		Text:  texts("Una testa firmata di %d righe non è conservata.", "No signed checkpoint of %d leaves is kept.", "Ein signierter Prüfpunkt mit %d Einträgen ist nicht aufbewahrt."),
		Cure:  texts("Omettere to: la prova arriva alla testa di adesso.", "Leave out to: the proof then goes to the head of now.", "to weglassen: Der Nachweis reicht dann bis zum jetzigen Stand."),
	},
	{
		Code: codeNoTile, Kind: fault.NotFound,
		Title: texts("Riquadro inesistente", "No such tile", "Kachel nicht vorhanden"),
		Text:  texts("L’albero di un registro di %d righe non ha questo riquadro.", "The tree of a log of %d leaves does not have this tile.", "Der Baum eines Registers mit %d Einträgen hat diese Kachel nicht."),
		Cure: texts("Ricavare livello e numero dalla misura della testa: un riquadro pieno ha 64 impronte.", "Work out level and number from the size of the head: a full tile has 64 hashes.",
			"Ebene und Nummer aus der Größe des Prüfpunkts ableiten: eine volle Kachel hat 64 Hashes."),
	},
	{
		Code: codeNotCountersigned, Kind: fault.Invalid,
		Title: texts("Firma non accolta", "Countersignature not taken", "Gegenzeichnung nicht angenommen"),
		Text: texts("Il testo non è una testa di questo registro con la firma di un suo testimone.", "The text is no checkpoint of this log with the signature of one of its witnesses.",
			"Der Text ist kein Prüfpunkt dieses Registers mit der Signatur eines seiner Zeugen."),
		Cure: texts("Inviare, com’è, la nota che il testimone ha firmato; le chiavi dei testimoni sono in /v1/ledger/keys.", "Send the note as the witness signed it; the keys of the witnesses are at /v1/ledger/keys.",
			"Die Notiz unverändert senden, wie der Zeuge sie signiert hat; die Schlüssel der Zeugen stehen unter /v1/ledger/keys."),
	},
	{
		Code: codeSplitView, Kind: fault.Conflict,
		Title: texts("Due registri diversi", "Two different logs", "Zwei verschiedene Register"),
		Text: texts("Il testimone ha firmato un’altra radice per la stessa misura: uno dei due registri è falso.", "The witness signed another root of the same size: one of the two logs is forged.",
			"Der Zeuge hat für dieselbe Größe eine andere Wurzel signiert: Eines der beiden Register ist gefälscht."),
		Cure: texts("Conservare entrambe le teste e segnalarlo: è una prova.", "Keep both checkpoints and report this: they are evidence.",
			"Beide Prüfpunkte aufbewahren und dies melden: Sie sind ein Beweis."),
	},
}
