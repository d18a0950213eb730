package api

import "omnia/internal/fault"

// importProblems explain what can be wrong with a line of a file that is loaded.
var importProblems = []explained{
	{
		Code: "duplicate_value", Kind: fault.Invalid,
		Title: texts("Valore ripetuto", "Repeated value", "Wert mehrfach"),
		Text:  texts("Lo stesso valore è due volte nell’elenco.", "The list has the same value twice.", "Die Liste enthält denselben Wert zweimal."),
		Cure:  texts("Scriverlo una volta sola.", "Write it once.", "Ihn nur einmal schreiben."),
	},
	{
		Code: "csv_header", Kind: fault.Invalid,
		Title: texts("Intestazione del CSV errata", "Wrong header of the CSV", "Falsche Kopfzeile der CSV-Datei"),
		Text: texts("La prima riga del CSV non ha le colonne previste.", "The first line of the CSV does not have the expected columns.",
			"Die erste Zeile der CSV-Datei hat nicht die erwarteten Spalten."),
		Cure: texts("Scrivere le colonne elencate nel messaggio, separate da virgole o punti e virgola.",
			"Write the columns that the message lists, between commas or semicolons.",
			"Die in der Meldung genannten Spalten schreiben, durch Kommas oder Semikolons getrennt."),
	},
	{
		Code: "csv_row", Kind: fault.Invalid,
		Title: texts("Virgolette fuori posto", "Misplaced quotes", "Falsche Anführungszeichen"),
		Text: texts("Le virgolette di una riga del CSV non si chiudono, o stanno dentro una cella.",
			"The quotes of a line of the CSV are not closed, or stand inside a cell.",
			"Die Anführungszeichen einer CSV-Zeile sind nicht geschlossen oder stehen in einer Zelle."),
		Cure: texts("Racchiudere la cella fra virgolette e raddoppiare quelle del testo.", "Put the cell in quotes and double those of the text.",
			"Die Zelle in Anführungszeichen setzen und die des Textes verdoppeln."),
	},
	{
		Code: "csv_cells", Kind: fault.Invalid,
		Title: texts("Numero di celle errato", "Wrong number of cells", "Falsche Zahl von Zellen"),
		Text:  texts("Una riga del CSV non ha tante celle quante l’intestazione.", "A line of the CSV does not have as many cells as the header.", "Eine CSV-Zeile hat nicht so viele Zellen wie die Kopfzeile."),
		Cure:  texts("Controllare i separatori della riga.", "Check the separators of the line.", "Die Trennzeichen der Zeile prüfen."),
	},
	{
		Code: "csv_utf8", Kind: fault.Invalid,
		Title: texts("CSV non in UTF-8", "CSV is not UTF-8", "CSV-Datei nicht in UTF-8"),
		Text:  texts("Una riga del CSV ha byte che non sono UTF-8.", "A line of the CSV has bytes that are not UTF-8.", "Eine CSV-Zeile enthält Bytes, die kein UTF-8 sind."),
		Cure:  texts("Salvare il file come «CSV UTF-8».", "Save the file as “CSV UTF-8”.", "Die Datei als „CSV UTF-8“ speichern."),
	},
}
