package fact

// sentences are what the reader of a refused body is told, by code and language. Each says what
// is wrong and what to do; the verbs are the arguments of the code, in their order.
var sentences = map[string]Texts{
	"body_malformed": {
		"it": "Il corpo della richiesta non è un documento JSON come quello previsto.",
		"en": "The request body is not a JSON document of the expected shape.",
		"de": "Der Anfragetext ist kein JSON-Dokument in der erwarteten Form.",
	},
	"body_invalid": {
		"it": "Alcuni dati non sono validi: ogni errore dice dove e come correggere.",
		"en": "Some data are not valid: each error says where, and how to correct it.",
		"de": "Einige Angaben sind ungültig: Jeder Fehler nennt die Stelle und die Abhilfe.",
	},
	unknownField: {
		"it": "Il campo «%s» non esiste.",
		"en": "There is no field “%s”.",
		"de": "Das Feld „%s“ gibt es nicht.",
	},
	"did_you_mean": {
		"it": "Forse intendevi «%s»?",
		"en": "Did you mean “%s”?",
		"de": "Meinten Sie „%s“?",
	},
	"allowed_here": {
		"it": "Qui sono ammessi: %s.",
		"en": "Allowed here: %s.",
		"de": "Hier zulässig: %s.",
	},
	"allowed_codes": {
		"it": "Codici ammessi: %s.",
		"en": "Allowed codes: %s.",
		"de": "Zulässige Codes: %s.",
	},
	duplicateKey: {
		"it": "Il campo «%s» è scritto più di una volta: lasciarne uno solo.",
		"en": "The field “%s” is written more than once: keep only one.",
		"de": "Das Feld „%s“ steht mehrfach da: Lassen Sie nur eines stehen.",
	},
	wrongType: {
		"it": "qui serve %s, non %s.",
		"en": "this must be %s, not %s.",
		"de": "erwartet wird %s, nicht %s.",
	},
	"null": {
		"it": "null non è un valore: se il dato non è noto, omettere il campo.",
		"en": "null is not a value: when the fact is not known, leave the field out.",
		"de": "null ist kein Wert: Ist die Angabe nicht bekannt, lassen Sie das Feld weg.",
	},
	invalidDate: {
		"it": "«%s» non è un giorno del calendario scritto come AAAA-MM-GG, per esempio 2025-11-30.",
		"en": "“%s” is not a calendar day written as YYYY-MM-DD, such as 2025-11-30.",
		"de": "„%s“ ist kein Kalendertag in der Form JJJJ-MM-TT, etwa 2025-11-30.",
	},
	notExact: {
		"it": "scrivere il numero per esteso, senza esponente: 1500 e non 1.5e3.",
		"en": "write the number in full, without an exponent: 1500, not 1.5e3.",
		"de": "Schreiben Sie die Zahl aus, ohne Exponent: 1500, nicht 1.5e3.",
	},
	notInteger: {
		"it": "serve un numero intero, senza decimali.",
		"en": "this must be a whole number, without decimals.",
		"de": "erwartet wird eine ganze Zahl, ohne Dezimalstellen.",
	},
	"between": {
		"it": "il numero deve stare fra %s e %s.",
		"en": "the number must be between %s and %s.",
		"de": "Die Zahl muss zwischen %s und %s liegen.",
	},
	"at_least": {
		"it": "il numero non può essere minore di %s.",
		"en": "the number can't be less than %s.",
		"de": "Die Zahl darf nicht kleiner als %s sein.",
	},
	"at_most": {
		"it": "il numero non può essere maggiore di %s.",
		"en": "the number can't be more than %s.",
		"de": "Die Zahl darf nicht größer als %s sein.",
	},
	"fits_64_bits": {
		"it": "il numero è troppo grande: al più 18 cifre.",
		"en": "the number is too large: at most 18 digits.",
		"de": "Die Zahl ist zu groß: höchstens 18 Ziffern.",
	},
	"number_too_long": {
		"it": "il numero è troppo lungo: al più %d caratteri.",
		"en": "the number is too long: at most %d characters.",
		"de": "Die Zahl ist zu lang: höchstens %d Zeichen.",
	},
	tooLong: {
		"it": "il testo è troppo lungo: al più %d caratteri.",
		"en": "the text is too long: at most %d characters.",
		"de": "Der Text ist zu lang: höchstens %d Zeichen.",
	},
	tooMany: {
		"it": "l'elenco è troppo lungo: al più %d elementi, qui sono %d.",
		"en": "the list is too long: at most %d entries, here there are %d.",
		"de": "Die Liste ist zu lang: höchstens %d Einträge, hier sind es %d.",
	},
	unknownCode: {
		"it": "il codice «%s» non è previsto.",
		"en": "the code “%s” is not one of those allowed.",
		"de": "Der Code „%s“ ist nicht vorgesehen.",
	},
	emptyText: {
		"it": "il testo è vuoto: scriverlo, oppure omettere il campo.",
		"en": "the text is empty: fill it in, or leave the field out.",
		"de": "Der Text ist leer: Füllen Sie ihn aus oder lassen Sie das Feld weg.",
	},
	controlCharacter: {
		"it": "il testo contiene caratteri di controllo: toglierli.",
		"en": "the text has control characters: remove them.",
		"de": "Der Text enthält Steuerzeichen: Entfernen Sie sie.",
	},
	InvalidFormat: {
		"it": "la forma non è quella prevista: %s.",
		"en": "the form is not the expected one: %s.",
		"de": "Die Form stimmt nicht: %s.",
	},
	InvalidCheckDigit: {
		"it": "il carattere di controllo non torna: controllare che il codice sia copiato bene.",
		"en": "the check character does not match: see whether the code was copied correctly.",
		"de": "Das Prüfzeichen stimmt nicht: Prüfen Sie, ob der Code richtig übernommen wurde.",
	},
	InvalidBirthDate: {
		"it": "il giorno di nascita scritto nel codice non esiste: controllare il codice.",
		"en": "the day of birth written in the code does not exist: check the code.",
		"de": "Den Geburtstag im Code gibt es nicht: Prüfen Sie den Code.",
	},
	LowerCase: {
		"it": "le lettere vanno scritte in maiuscolo.",
		"en": "write the letters in upper case.",
		"de": "Schreiben Sie die Buchstaben groß.",
	},
	dateOrder: {
		"it": "la data %[2]s precede il %[1]s di «%[3]s»: correggere una delle due.",
		"en": "%[2]s comes before %[1]s of “%[3]s”: correct one of the two.",
		"de": "Der %[2]s liegt vor dem %[1]s von „%[3]s“: Berichtigen Sie eines der beiden Daten.",
	},
	duplicateValue: {
		"it": "lo stesso valore è già nella riga %d dell'elenco: ognuno va scritto una volta sola.",
		"en": "row %d of the list already has this value: write each only once.",
		"de": "Zeile %d der Liste hat diesen Wert bereits: Geben Sie jeden nur einmal an.",
	},
	missing: {
		"it": "questo campo è obbligatorio.",
		"en": "this field is required.",
		"de": "dieses Feld ist erforderlich.",
	},
	tooManyErrors: {
		"it": "Ci sono altri %d errori, non elencati: correggere questi e riprovare.",
		"en": "There are %d more errors, not listed: correct these and try again.",
		"de": "Es gibt %d weitere, nicht aufgeführte Fehler: Berichtigen Sie diese und versuchen Sie es erneut.",
	},
}

// typeTexts are the types as things that a field must be.
var typeTexts = map[string]Texts{
	"text":    {"it": "un testo fra virgolette", "en": "a text in quotes", "de": "ein Text in Anführungszeichen"},
	"code":    {"it": "un codice fra virgolette", "en": "a code in quotes", "de": "ein Code in Anführungszeichen"},
	"boolean": {"it": "true o false", "en": "true or false", "de": "true oder false"},
	"integer": {"it": "un numero intero", "en": "a whole number", "de": "eine ganze Zahl"},
	"decimal": {"it": "un numero", "en": "a number", "de": "eine Zahl"},
	"date":    {"it": "un giorno fra virgolette (AAAA-MM-GG)", "en": "a day in quotes (YYYY-MM-DD)", "de": "ein Tag in Anführungszeichen (JJJJ-MM-TT)"},
	"days":    {"it": "un elenco di giorni", "en": "a list of days", "de": "eine Liste von Tagen"},
	"list":    {"it": "un elenco", "en": "a list", "de": "eine Liste"},
	"object":  {"it": "un oggetto", "en": "an object", "de": "ein Objekt"},
}

// gotTexts are the JSON types as things that were found instead.
var gotTexts = map[string]Texts{
	"string":  {"it": "un testo", "en": "a string", "de": "ein Text"},
	"number":  {"it": "un numero", "en": "a number", "de": "eine Zahl"},
	"boolean": {"it": "true o false", "en": "true or false", "de": "true oder false"},
	"array":   {"it": "un elenco", "en": "a list", "de": "eine Liste"},
	"object":  {"it": "un oggetto", "en": "an object", "de": "ein Objekt"},
}

// syntaxTexts say why a text is not JSON; the verbs are line and column.
var syntaxTexts = [...]Texts{
	emptyBody: {
		"it": "Il corpo è vuoto: serve un oggetto JSON (riga %d, colonna %d).",
		"en": "The body is empty: it must be a JSON object (line %d, column %d).",
		"de": "Der Text ist leer: erwartet wird ein JSON-Objekt (Zeile %d, Spalte %d).",
	},
	byteOrderMark: {
		"it": "Il testo comincia con un BOM: salvarlo in UTF-8 senza BOM (riga %d, colonna %d).",
		"en": "The text begins with a byte order mark: save it as UTF-8 without one (line %d, column %d).",
		"de": "Der Text beginnt mit einer Byte-Reihenfolge-Marke: Speichern Sie ihn als UTF-8 ohne BOM (Zeile %d, Spalte %d).",
	},
	badUTF8: {
		"it": "Alla riga %d, colonna %d, il testo non è UTF-8: salvarlo in UTF-8.",
		"en": "At line %d, column %d the text is not UTF-8: save it as UTF-8.",
		"de": "In Zeile %d, Spalte %d ist der Text kein UTF-8: Speichern Sie ihn als UTF-8.",
	},
	cutShort: {
		"it": "Il testo finisce troppo presto, alla riga %d, colonna %d: manca una chiusura.",
		"en": "The text ends too early, at line %d, column %d: something is not closed.",
		"de": "Der Text endet zu früh, in Zeile %d, Spalte %d: Etwas ist nicht geschlossen.",
	},
	strayCharacter: {
		"it": "Alla riga %d, colonna %d, c'è un carattere che qui non può stare: controllare virgole, virgolette e parentesi.",
		"en": "At line %d, column %d there is a character that can't stand here: check commas, quotes and brackets.",
		"de": "In Zeile %d, Spalte %d steht ein Zeichen, das hier nicht stehen kann: Prüfen Sie Kommas, Anführungszeichen und Klammern.",
	},
	badString: {
		"it": "Alla riga %d, colonna %d, un testo contiene un carattere di controllo: scriverlo con \\u o toglierlo.",
		"en": "At line %d, column %d a string has a bare control character: escape it with \\u or remove it.",
		"de": "In Zeile %d, Spalte %d enthält ein Text ein Steuerzeichen: Schreiben Sie es mit \\u oder entfernen Sie es.",
	},
	badEscape: {
		"it": "Alla riga %d, colonna %d, dopo la barra rovesciata c'è una sequenza che il JSON non prevede.",
		"en": "At line %d, column %d the backslash begins a sequence that JSON does not have.",
		"de": "In Zeile %d, Spalte %d beginnt der Rückstrich eine Folge, die JSON nicht kennt.",
	},
	loneSurrogate: {
		"it": "Alla riga %d, colonna %d, c'è mezza coppia surrogata: non è un carattere.",
		"en": "At line %d, column %d there is half of a surrogate pair: that is no character.",
		"de": "In Zeile %d, Spalte %d steht ein halbes Ersatzpaar: Das ist kein Zeichen.",
	},
	badNumber: {
		"it": "Alla riga %d, colonna %d, il numero non è scritto come vuole il JSON: per esempio 5.01, senza zeri iniziali.",
		"en": "At line %d, column %d the number is not written as JSON wants it: such as 5.01, without leading zeros.",
		"de": "In Zeile %d, Spalte %d ist die Zahl nicht so geschrieben, wie JSON es verlangt: etwa 5.01, ohne führende Nullen.",
	},
	tooDeep: {
		"it": "Alla riga %d, colonna %d, l'annidamento supera 32 livelli.",
		"en": "At line %d, column %d the nesting is deeper than 32 levels.",
		"de": "In Zeile %d, Spalte %d ist die Verschachtelung tiefer als 32 Ebenen.",
	},
	trailing: {
		"it": "Alla riga %d, colonna %d, c'è altro testo dopo la fine del documento: toglierlo.",
		"en": "At line %d, column %d there is more text after the end of the document: remove it.",
		"de": "In Zeile %d, Spalte %d steht nach dem Ende des Dokuments weiterer Text: Entfernen Sie ihn.",
	},
}
