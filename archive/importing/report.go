package importing

import (
	"fmt"
	"maps"
	"slices"

	"omnia/archive"
	"omnia/engine/fact"
)

// Report is what became of the lines of a text. Lines is the sum of all outcomes.
type Report struct {
	Kind       Kind  `json:"kind"`
	Lines      int64 `json:"lines"` // lines that are not blank
	Creati     int64 `json:"creati"`
	Corretti   int64 `json:"corretti"`
	Invariati  int64 `json:"invariati"`
	Conflitti  int64 `json:"conflitti"` // the same key is stored with another content
	Salti      int64 `json:"salti"`     // the version before is not stored
	Errati     int64 `json:"errati"`    // lines that could not be read, or that the archive can't take
	Annullati  int64 `json:"annullati"` // good lines of a batch that was refused for another line: not stored
	Batches    int64 `json:"batches"`
	Refused    int64 `json:"batches_refused"`
	Incomplete bool  `json:"incomplete"` // the import broke off: Lines is how far it came

	// ResumedFrom is how many lines of the text, blank ones included, an earlier run had dealt with; the
	// counts are those of both, the errors of this run only.
	ResumedFrom int64 `json:"resumed_from"`

	Errors    []Error `json:"errors"`
	NotListed int64   `json:"errors_not_listed"`

	most int
	done bool
	line int64 // the last line of the text that is dealt with
}

// Error is one thing that is wrong with one line.
type Error struct {
	Line    int64  `json:"line"` // from 1, as an editor counts
	Numero  string `json:"numero,omitempty"`
	Code    string `json:"code"`
	Pointer string `json:"pointer,omitempty"`
	Detail  string `json:"detail"`
}

func newReport(opt Options) *Report {
	r := &Report{Kind: opt.Kind, Errors: []Error{}, most: opt.Errors, Incomplete: true}
	if r.most <= 0 {
		r.most = defaultErrors
	}
	return r
}

// Clean tells whether every line was stored, or was there already.
func (r *Report) Clean() bool {
	return !r.Incomplete && r.Conflitti+r.Salti+r.Errati+r.Annullati == 0
}

func (r *Report) finish() { r.Incomplete = !r.done }

// list reports errors, up to the most.
func (r *Report) list(errors ...Error) {
	room := min(len(errors), r.most-len(r.Errors))
	r.Errors = append(r.Errors, errors[:room]...)
	r.NotListed += int64(len(errors) - room)
}

// counts are the numbers that are kept with the progress of an import.
func (r *Report) counts() map[string]*int64 {
	return map[string]*int64{
		"lines": &r.Lines, "batches": &r.Batches, "batches_refused": &r.Refused, "errati": &r.Errati, "annullati": &r.Annullati,
		string(archive.Created): &r.Creati, string(archive.Corrected): &r.Corretti, string(archive.Same): &r.Invariati,
		string(archive.Conflict): &r.Conflitti, string(archive.Gap): &r.Salti,
	}
}

func sentence(lang, code string, args ...any) string {
	return fmt.Sprintf(sentences[code].In(lang), args...)
}

// sentences are what is wrong with a line and how to put it right, by code.
var sentences = map[string]fact.Texts{
	"line_too_long": {
		"it": "La riga supera %[1]d byte: ogni oggetto sta su una riga, che finisce con un a capo; controllare che non ne manchi uno.",
		"en": "The line is over %[1]d bytes: each object is one line that ends with a line feed; see whether one is missing.",
		"de": "Die Zeile ist länger als %[1]d Byte: Jedes Objekt steht auf einer Zeile mit Zeilenende; prüfen Sie, ob eines fehlt.",
	},
	"csv_header": {
		"it": "L’intestazione del CSV non va: %[1]s. Colonne previste, separate da virgole o punti e virgola: %[2]s; padre può mancare.",
		"en": "The header of the CSV is wrong: %[1]s. Expected columns, between commas or semicolons: %[2]s; padre may be missing.",
		"de": "Die Kopfzeile der CSV-Datei stimmt nicht: %[1]s. Erwartete Spalten, durch Kommas oder Semikolons getrennt: %[2]s; padre darf fehlen.",
	},
	"csv_row": {
		"it": "Le virgolette di questa riga non si chiudono, o stanno dentro una cella: raddoppiarle.",
		"en": "The quotes of this line are not closed, or stand inside a cell: double them.",
		"de": "Die Anführungszeichen dieser Zeile sind nicht geschlossen oder stehen in einer Zelle: Verdoppeln Sie sie.",
	},
	"csv_utf8": {
		"it": "La riga non è in UTF-8: salvare il file come «CSV UTF-8».",
		"en": "The line is not UTF-8: save the file as “CSV UTF-8”.",
		"de": "Die Zeile ist kein UTF-8: Speichern Sie die Datei als „CSV UTF-8“.",
	},
	"csv_cells": {
		"it": "La riga ha %[1]d celle, l’intestazione %[2]d: controllare i separatori.",
		"en": "The line has %[1]d cells, the header %[2]d: check the separators.",
		"de": "Die Zeile hat %[1]d Zellen, die Kopfzeile %[2]d: Prüfen Sie die Trennzeichen.",
	},
	"provvedimento_conflict": {
		"it": "Con questo numero e questa versione è già registrato un altro contenuto: se è una rettifica, darle la versione seguente.",
		"en": "Another content is stored under this number and version: if this is a correction, give it the next version.",
		"de": "Unter dieser Nummer und Version ist bereits ein anderer Inhalt gespeichert: Ist dies eine Berichtigung, geben Sie ihr die nächste Version.",
	},
	"version_gap": {
		"it": "La versione precedente a questa non è registrata: inviare prima quella.",
		"en": "The version before this one is not stored: send that first.",
		"de": "Die vorherige Version ist nicht gespeichert: Senden Sie zuerst diese.",
	},
	"unknown_matricola": {
		"it": "L’archivio non conosce la matricola %s: registrare prima l’azienda.",
		"en": "The archive does not know the matricola %s: store the company first.",
		"de": "Das Archiv kennt die Matricola %s nicht: Speichern Sie zuerst das Unternehmen.",
	},
	"unknown_unita_produttiva": {
		"it": "La matricola non ha un’unità produttiva %q: controllare il progressivo, o registrarla prima con l’azienda.",
		"en": "The matricola has no production unit %q: check the progressivo, or store it with the company first.",
		"de": "Die Matricola hat keine Produktionseinheit %q: Prüfen Sie die Nummer oder speichern Sie sie zuerst mit dem Unternehmen.",
	},
	"delega_overlap": {
		"it": "La stessa persona ha già una delega di questo tipo per la matricola, in giorni che si sovrappongono: scegliere altri giorni, o revocare prima quella.",
		"en": "The same person already has a delegation of this kind for the matricola, on days that overlap: choose other days, or revoke that one first.",
		"de": "Dieselbe Person hat für die Matricola bereits eine Vollmacht dieser Art an sich überschneidenden Tagen: Wählen Sie andere Tage oder widerrufen Sie zuerst jene.",
	},
	"delega_padre": {
		"it": "La delega da cui dipende non c’è, non è più valida, o non arriva a tanto: servizi e giorni devono stare dentro i suoi.",
		"en": "The delegation it hangs on is not there, is not good any more, or does not go so far: services and days must be within its own.",
		"de": "Die übergeordnete Vollmacht fehlt, gilt nicht mehr oder reicht nicht so weit: Dienste und Tage müssen in ihr enthalten sein.",
	},
}

// Codes are those of what can be wrong with a line beyond what its reader says, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(sentences)) }
