package api

import "omnia/internal/fault"

// The codes of editions.
const (
	codeEditionUnavailable = "edition_unavailable"
	codeEditionUnservable  = "edition_not_servable"
	codeFileNotFound       = "edition_file_not_found"
)

// editionProblems explain what can be wrong with an edition of the rules.
var editionProblems = []explained{
	{
		Code: codeEditionUnavailable, Kind: fault.Unavailable,
		Title: texts("Edizione in uso non caricabile", "The edition in use can’t be loaded", "Geltende Ausgabe nicht ladbar"),
		Text: texts("Questa istanza non può caricare l’edizione delle regole in uso, e non decide con un’altra: %s.",
			"This instance can’t load the edition of the rules in use, and decides under no other: %s.",
			"Diese Instanz kann die geltende Ausgabe der Regeln nicht laden und entscheidet unter keiner anderen: %s."),
		Cure: texts("Rivolgersi a un’altra istanza; chi gestisce il servizio aggiorni questa, o rimetta in uso un’edizione che conosce.",
			"Turn to another instance; who runs the service should update this one, or take an edition that it knows back into use.",
			"Eine andere Instanz wählen; der Betreiber soll diese aktualisieren oder eine ihr bekannte Ausgabe wieder in Kraft setzen."),
	},
	{
		Code: codeEditionUnservable, Kind: fault.Conflict,
		Title: texts("Edizione che non si può usare", "Edition can’t be used", "Ausgabe nicht verwendbar"),
		Text: texts("L’edizione «%s» non si può mettere in uso: il suo testo non basta a questa versione del servizio.",
			"The edition “%s” can’t be taken into use: its text does not do for this version of the service.",
			"Die Ausgabe „%s“ kann nicht in Kraft gesetzt werden: Ihr Text genügt dieser Version des Dienstes nicht."),
		Cure: texts("Pubblicare un’edizione nuova con lo stesso contenuto e i testi che mancano: «omnia rules check» li elenca.",
			"Publish a new edition with the same content and the texts that are missing: “omnia rules check” lists them.",
			"Eine neue Ausgabe mit demselben Inhalt und den fehlenden Texten veröffentlichen: „omnia rules check“ nennt sie."),
	},
	{
		Code: codeFileNotFound, Kind: fault.NotFound,
		Title: texts("File inesistente", "No such file", "Datei nicht vorhanden"),
		Text: texts("L’edizione «%s» non ha il file «%s».", "The edition “%s” does not have the file “%s”.",
			"Die Ausgabe „%s“ hat die Datei „%s“ nicht."),
		Cure: texts("Scegliere uno dei percorsi che l’edizione elenca in files.", "Choose one of the paths that the edition lists in files.",
			"Einen der Pfade wählen, die die Ausgabe unter files nennt."),
	},
}
