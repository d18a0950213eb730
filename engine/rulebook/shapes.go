package rulebook

import (
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// The forms of every kind of file. What is said here is what the loader takes, what the JSON
// Schemas of the editors say, and the order in which fmt writes the keys.

var (
	texts   = &form{kind: formTexts}
	words   = &form{}
	day     = &form{kind: formDay}
	flag    = &form{kind: formBool}
	formula = &form{kind: formExpr}
	anyYAML = &form{kind: formAny}
	natural = &form{kind: formWhole, least: 1}

	unitName   = codeOf(unitNames()...)
	confidence = codeOf(string(Confirmed), string(Confirmed2), string(Recalled), string(Default))

	dottedID   = textLike(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`, "lettere minuscole, cifre e _, con punti fra le parti: cigo.settimane_biennio")
	plainID    = textLike(`^[a-z][a-z0-9_]*$`, "lettere minuscole, cifre e _: mancanza_lavoro")
	codeName   = textLike(`^\S+$`, "senza spazi: accoglimento_parziale")
	upperID    = textLike(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`, "lettere maiuscole, cifre e _: METEO24")
	actID      = textLike(`^[A-Z][A-Z0-9]*(-[0-9]+)?$`, "la sigla di un atto di acts.yaml: D148, C176-2016")
	messageID  = textLike(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(@[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*)?$`, "un nome con i punti; dopo @ il contatore o la forma per cui vale: counter.norm@cigo.settimane_biennio")
	articleNum = textLike(`^[0-9]+(-[a-z]+)?$`, `il numero, con l'eventuale -bis: "12", "22-ter"`)
	normName   = textLike(`^(\*|[A-Z][A-Z0-9]*(-[0-9]+)?(\.art[0-9]+(-[a-z]+)?(\.c[0-9]+(-[a-z]+)?)?)?)$`, `atto, articolo e comma: D148.art12.c3; un articolo intero: D148.art12; tutto: "*"`)
	normOnly   = textLike(`^[A-Z][A-Z0-9]*(-[0-9]+)?\.art[0-9]+(-[a-z]+)?(\.c[0-9]+(-[a-z]+)?)?$`, `atto, articolo e comma: D148.art12.c3`)
	editionID  = textLike(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`, "lettere, cifre, punto, trattino: 2026.1")
	digestText = textLike(`^sha256:[0-9a-f]{64}$`, "sha256: e 64 cifre esadecimali")
)

func unitNames() []string {
	var names []string
	for _, u := range quantity.Units {
		names = append(names, string(u))
	}
	return names
}

func schemaKey(name string) key {
	return must("schema", codeOf(name), "il tipo e la versione di questo file: "+name)
}

var citation = &shape{name: "citation", text: "una citazione", keys: []key{
	must("act", actID, "la sigla dell'atto, come in acts.yaml"),
	may("article", articleNum, "l'articolo"),
	may("paragraph", articleNum, "il comma"),
}}

var citations = listOf(1, objectOf(citation))

// dated puts the keys that every version shares around those of its kind.
func dated(name, text string, own ...key) *shape {
	keys := []key{
		must("version", natural, "il numero della versione, da 1 in su"),
		must("valid_from", day, "il primo giorno in cui vale"),
		may("valid_to", day, "l'ultimo giorno in cui vale, compreso; senza, fino alla versione che segue o senza termine"),
	}
	law := []key{
		must("law", citations, "gli atti su cui si fonda"),
		must("confidence", confidence, "quanto è sicura la fonte"),
		may("note", words, "perché, quando la fonte non è sicura"),
	}
	if name == "table_version" || name == "counter_version" { // long ones tell the law first
		return &shape{name: name, text: text, keys: append(append(keys, law...), own...)}
	}
	return &shape{name: name, text: text, keys: append(append(keys, own...), law...)}
}

var actsFile = &shape{name: "acts", text: "questo file", keys: []key{
	schemaKey("acts/v1"),
	must("acts", listOf(1, objectOf(&shape{name: "act", text: "un atto", keys: []key{
		must("id", actID, "la sigla che gli altri file usano"),
		must("name", words, "come si legge nelle spiegazioni: D.lgs. 148/2015"),
		may("urn", textLike(`^urn:nir:[!-~]+$`, "urn:nir:stato:decreto.legislativo:2015-09-14;148"), "l'identificativo su Normattiva: gli indirizzi di articoli e commi ne discendono"),
		may("url", textLike(`^https://[!-~]+$`, "un indirizzo https"), "l'indirizzo dell'atto, quando non ha urn"),
	}})), "gli atti che si possono citare"),
}}

var factsFile = &shape{name: "facts", text: "questo file", keys: []key{
	schemaKey("facts/v1"),
	must("groups", listOf(1, objectOf(&shape{name: "fact_group", text: "un gruppo di fatti", keys: []key{
		may("name", textLike(`^([a-z][a-z0-9_]*)?$`, "lettere minuscole, cifre e _"), "il nome di un oggetto alla radice: azienda; vuoto per i fatti della radice"),
		may("list", dottedID, "il percorso di un elenco: periodi"),
		may("row", plainID, "il nome che le regole danno a una riga dell'elenco: periodo"),
		may("label", texts, "come si chiama per le persone"),
		may("help", texts, "una spiegazione"),
		may("source", words, "da dove vengono le righe"),
		may("max_length", natural, "quante righe al massimo"),
		may("spans", listOf(1, objectOf(&shape{name: "fact_span", text: "una coppia di giorni", keys: []key{
			must("from", dottedID, "il primo giorno"),
			must("to", dottedID, "l'ultimo giorno"),
		}})), "coppie di giorni che devono essere in ordine"),
		may("unique", listOf(1, dottedID), "i campi che due righe non possono avere uguali"),
		must("fields", listOf(1, objectOf(factField)), "i campi"),
	}})), "i gruppi di fatti"),
}}

var factField = &shape{name: "fact_field", text: "un campo", keys: []key{
	must("name", dottedID, "il nome, con i punti per gli oggetti annidati"),
	must("type", codeOf(fact.TypeNames()...), "il tipo"),
	may("unit", unitName, "l'unità di un numero"),
	may("format", codeOf(fact.FormatNames()...), "il controllo di forma"),
	may("min", words, "il minimo, compreso"),
	may("max", words, "il massimo, compreso"),
	may("max_length", natural, "caratteri di un testo, o giorni di un elenco, al massimo"),
	must("label", texts, "come si chiama per le persone"),
	may("help", texts, "una spiegazione"),
	must("source", words, "da dove viene il dato"),
	may("personal", flag, "se è un dato personale"),
	may("options", listOf(1, objectOf(&shape{name: "fact_option", text: "un codice", keys: []key{
		must("code", codeName, "il codice"),
		must("label", texts, "come si legge"),
	}})), "i codici ammessi"),
}}

var parametersFile = &shape{name: "parameters", text: "questo file", keys: []key{
	schemaKey("parameters/v1"),
	must("parameters", listOf(1, objectOf(&shape{name: "parameter", text: "un parametro", keys: []key{
		must("id", dottedID, "il nome usato in param(\"…\")"),
		must("title", texts, "che cosa è"),
		may("unit", unitName, "l'unità del valore"),
		must("versions", listOf(1, objectOf(dated("parameter_version", "una versione del parametro",
			must("value", words, `il valore tra virgolette: un numero esatto ("52", "1/3", "0.80"), "true", "false" o un codice`)))),
			"le versioni, dalla più recente"),
	}})), "i parametri"),
}}

var tableColumn = []key{
	must("name", plainID, "il nome della colonna"),
	must("type", codeOf(columnTypes...), "il tipo dei valori"),
	may("unit", unitName, "l'unità dei numeri"),
	may("options", listOf(1, words), "i codici ammessi"),
}

var columnTypes = []string{"text", "code", "boolean", "integer", "decimal", "date"}

var tableFile = &shape{name: "table", text: "questo file", keys: []key{
	schemaKey("table/v1"),
	must("id", plainID, "il nome usato in table(\"…\"), uguale al nome del file"),
	must("title", texts, "che cosa dice la tabella"),
	may("without_row", codeOf(NoRowFails, NoRowUnknown), "che cosa vuol dire che una riga non c'è: errore (la tabella è completa) o ignoto"),
	must("inputs", listOf(1, objectOf(&shape{name: "table_input", text: "una colonna d'ingresso", keys: tableColumn})), "le colonne con cui si cerca la riga"),
	must("outputs", listOf(1, objectOf(&shape{name: "table_output", text: "una colonna d'uscita", keys: tableColumn})), "le colonne con ciò che si trova"),
	must("versions", listOf(1, objectOf(dated("table_version", "una versione della tabella",
		must("rows", listOf(1, objectOf(tableRowShape)), "le righe")))), "le versioni, dalla più recente"),
}}

// tableRowShape has the keys that every row may have beside its cells.
var tableRowShape = &shape{name: "table_row", text: "una riga della tabella", free: words, keys: []key{
	may("label", texts, "come si chiama la riga per le persone"),
	may("law", citations, "gli atti della riga, se diversi da quelli della versione"),
	may("confidence", confidence, "quanto è sicura la fonte della riga"),
	may("note", words, "una nota"),
}}

var holidaysFile = &shape{name: "holidays", text: "questo file", keys: []key{
	schemaKey("holidays/v1"),
	must("id", plainID, "il nome, uguale al nome del file"),
	must("title", texts, "che cosa è"),
	must("law", citations, "gli atti su cui si fonda"),
	must("confidence", confidence, "quanto è sicura la fonte"),
	may("note", words, "perché, quando la fonte non è sicura"),
	must("fixed", listOf(1, objectOf(holidayShape("fixed_holiday", "una festa a data fissa",
		must("month", &form{kind: formWhole, least: 1, most: 12}, "il mese"),
		must("day", &form{kind: formWhole, least: 1, most: 31}, "il giorno del mese")))), "le feste a data fissa"),
	must("easter", listOf(0, objectOf(holidayShape("easter_holiday", "una festa legata alla Pasqua",
		must("offset", &form{kind: formWhole, least: -60, most: 60}, "i giorni dopo la domenica di Pasqua")))), "le feste legate alla Pasqua"),
}}

func holidayShape(name, text string, own ...key) *shape {
	return &shape{name: name, text: text, keys: append(own,
		may("valid_from", day, "dal giorno"),
		may("valid_to", day, "fino al giorno, compreso"),
		may("law", citations, "l'atto, se diverso da quello del file"),
		may("confidence", confidence, "quanto è sicura la fonte"),
		may("note", words, "una nota"),
	)}
}

var exceptionFile = &shape{name: "exception", text: "questo file", keys: []key{
	schemaKey("exception/v1"),
	must("id", upperID, "la sigla della deroga; il file ha lo stesso nome, in minuscolo"),
	must("title", texts, "che cosa è"),
	must("versions", listOf(1, objectOf(dated("exception_version", "una versione della deroga",
		must("derogates", listOf(1, objectOf(&shape{name: "derogation", text: "una norma derogata", keys: []key{
			must("norm", normName, "la norma che non si applica"),
			may("when", formula, "la condizione della singola deroga"),
		}})), "le norme derogate"),
		may("when", formula, "quali periodi, o quale richiesta (periodo.…)")))), "le versioni, dalla più recente"),
}}

var presumptionsFile = &shape{name: "presumptions", text: "questo file", keys: []key{
	schemaKey("presumptions/v1"),
	must("presumptions", listOf(1, objectOf(&shape{name: "presumption", text: "una presunzione", keys: []key{
		must("id", dottedID, "il nome"),
		must("title", texts, "che cosa si presume"),
		must("target", dottedID, "il fatto che si presume quando non è detto"),
		must("versions", listOf(1, objectOf(dated("presumption_version", "una versione della presunzione",
			may("when", formula, "la condizione"),
			may("value", formula, "il valore presunto"),
			may("latest", dottedID, "il giorno di cui si prende l'ultimo: periodo.al"),
			may("where", formula, "le righe fra cui si cerca l'ultimo giorno")))), "le versioni, dalla più recente"),
	}})), "le presunzioni"),
}}

var rulesFile = &shape{name: "rules", text: "questo file", keys: []key{
	schemaKey("rules/v1"),
	must("rules", listOf(1, objectOf(&shape{name: "rule", text: "una regola", keys: []key{
		must("id", dottedID, "il nome"),
		must("title", texts, "che cosa controlla"),
		may("for_each", plainID, "la riga su cui si ripete: periodo"),
		may("counter", dottedID, "in un modulo: il contatore di cui si guarda l'esito"),
		must("select_by", codeOf(string(ByReference), string(ByStart), string(ByFiling), string(ByRowStart)), "la data che sceglie la versione"),
		must("versions", listOf(1, objectOf(dated("rule_version", "una versione della regola",
			may("when", formula, "quando la regola riguarda il caso; senza, sempre"),
			may("finding", formula, "quando è vera, la segnalazione esce"),
			may("verdicts", listOf(1, codeOf(counterVerdicts...)), "in un modulo: gli esiti del contatore con cui la segnalazione esce"),
			may("over", objectOf(overShape), "in un modulo: la segnalazione esce solo se una parte di un contatore supera un valore"),
			must("severity", codeOf("error", "warning", "info"), "la gravità"),
			must("fields", listOf(1, dottedID), "i fatti di cui parla"),
			must("code", plainID, "il codice stabile della segnalazione"),
			must("unknown", codeOf(UnknownAsk, UnknownSkip), "con fatti ignoti: ask li chiede, skip tace"),
			may("final", flag, "se con questa segnalazione non c'è altro da decidere: le regole di un modulo che non si possono valutare tacciono"),
			may("values", &form{kind: formMap, of: formula}, "in un modulo: altri valori che la frase può dire, per nome"),
			must("message", texts, "la frase, con i fatti tra graffe: {periodo.dal}"),
			may("several", texts, "in un modulo: la frase per più righe insieme, con {quanti} e {righe}"),
			may("suggestion", objectOf(suggestionShape), "in un modulo: che cosa scrivere invece")))), "le versioni, dalla più recente"),
	}})), "le regole"),
}}

var messagesFile = &shape{name: "messages", text: "questo file", keys: []key{
	schemaKey("messages/v1"),
	must("messages", listOf(1, objectOf(&shape{name: "message", text: "un messaggio", keys: []key{
		must("id", messageID, "il nome"),
		must("it", words, "in italiano, con i valori tra graffe: {limite}"),
		must("en", words, "in inglese"),
		must("de", words, "in tedesco"),
	}})), "i messaggi"),
}}

// limitKeys are those of a variant, which a version with one variant has itself.
var limitKeys = []key{
	may("sum", listOf(1, objectOf(&shape{name: "term", text: "un addendo", keys: []key{
		must("lines", listOf(1, plainID), "le righe sommate"),
		may("weight_when", formula, "quando vale il peso; senza, sempre"),
		may("weight", listOf(1, objectOf(&shape{name: "weight_step", text: "uno scaglione del peso", keys: []key{
			may("up_to", formula, "fino a quanto; senza, il resto"),
			must("factor", formula, "il peso"),
		}})), "gli scaglioni del peso sulla somma"),
	}})), "che cosa si somma"),
	must("window", objectOf(&shape{name: "window", text: "una finestra", keys: []key{
		must("kind", codeOf(string(WindowWeeks), string(WindowMonths), string(WindowFixed), string(WindowChain), string(WindowTreatment), string(WindowRequest)), "la forma della finestra"),
		may("length", formula, "la lunghezza"),
		may("from", day, "il primo giorno di una finestra fissa"),
		may("to", day, "l'ultimo giorno di una finestra fissa"),
	}}), "la finestra"),
	may("limit", listOf(1, objectOf(&shape{name: "limit_case", text: "un limite", keys: []key{
		may("when", formula, "quando vale; senza, sempre"),
		must("value", formula, "il limite"),
		may("label", words, "come si chiama"),
	}})), "il limite: ne vale uno solo"),
	may("max_request", formula, "quante settimane al massimo in una domanda"),
	must("judge", listOf(1, objectOf(&shape{name: "judge", text: "un modo di giudicare", keys: []key{
		may("when", formula, "quali richieste; senza, tutte"),
		must("step", codeOf(string(StepWeek), string(StepWhole), string(StepHours), string(StepNone)), "a che passo si giudica"),
		may("excess", formula, "che cosa accade a ciò che non rientra: prefisso, rifiuto o quantita"),
	}})), "come si giudica una richiesta: vale un solo modo"),
	may("pause", objectOf(&shape{name: "pause", text: "una pausa", keys: []key{
		must("norms", listOf(1, normOnly), "le norme che, se derogate, tolgono la pausa"),
		may("after", formula, "dopo quanto; senza, dopo ogni trattamento"),
		must("length", formula, "quanto dura"),
		may("idle_when", formula, "quali periodi fanno di una settimana una settimana senza lavoro"),
		must("law", citations, "gli atti su cui si fonda"),
	}}), "la pausa che segue"),
}

var variant = &shape{name: "variant", text: "una variante", keys: append([]key{
	must("id", plainID, "il nome"),
	may("title", texts, "come si chiama"),
	must("when", formula, "quando vale"),
	must("law", citations, "gli atti su cui si fonda"),
}, limitKeys...)}

var schedule = &shape{name: "schedule", text: "una serie di aliquote", keys: []key{
	must("id", plainID, "il nome"),
	must("title", texts, "come si chiama"),
	may("when", formula, "quando vale; senza, sempre"),
	must("law", citations, "gli atti su cui si fonda"),
	may("confidence", confidence, "quanto è sicura la fonte"),
	must("tiers", listOf(1, objectOf(&shape{name: "tier", text: "uno scaglione", keys: []key{
		may("up_to", formula, "fino a quante settimane, comprese; senza, oltre"),
		must("rate", formula, "l'aliquota"),
	}})), "gli scaglioni"),
}}

var counterVersion = dated("counter_version", "una versione del contatore", append([]key{
	may("norms", listOf(1, normOnly), "le norme che una deroga deve nominare per togliere giorni"),
	may("applies_when", formula, "quali aziende; senza, tutte"),
	may("without_request", codeOf(StateOnly, NotAsked), "che cosa risponde se non si chiede nulla"),
	may("asks_when", formula, "quali richieste; falsa: non applicabile"),
	may("requests", formula, "quali richieste riguardano il contatore (periodo.…)"),
	may("lines", listOf(1, objectOf(&shape{name: "line", text: "una riga del contatore", keys: []key{
		must("id", plainID, "il nome"),
		must("when", formula, "quali periodi"),
		must("measure", codeOf(string(MeasureDays), string(MeasureMonths), string(MeasureHours), string(MeasureWeeks)), "che cosa si misura"),
		may("factor", formula, "per quanto si moltiplicano le settimane"),
		must("basis", codeOf(string(BasisUsedComplete), string(BasisUsedDeclared), string(BasisAuthorised)), "fruito o autorizzato"),
		may("whole_weeks_when", formula, "quali periodi contano a settimane intere"),
	}})), "che cosa conta"),
	may("breakdown", plainID, "il nome dell'elenco per variante nella risposta"),
	may("variants", listOf(1, objectOf(variant)), "le varianti: ne vale una sola"),
}, append(optional(limitKeys), may("rate", objectOf(&shape{name: "rate", text: "le aliquote", keys: []key{
	may("delay", flag, "se lo scaglione cambia dal mese che segue"),
	must("schedules", listOf(1, objectOf(schedule)), "le serie di aliquote: ne vale una sola"),
}}), "le aliquote, in un contatore che non rifiuta mai"))...)...)

func optional(keys []key) []key {
	out := make([]key, len(keys))
	for i, k := range keys {
		k.required = false
		out[i] = k
	}
	return out
}

var counterFile = &shape{name: "counter", text: "questo file", keys: []key{
	schemaKey("counter/v1"),
	must("id", dottedID, "il nome, uguale al nome del file"),
	must("order", natural, "il posto nella risposta"),
	must("title", texts, "che cosa conta"),
	must("unit", unitName, "l'unità"),
	may("select_by", codeOf(string(ByDay), string(ByStart)), "la data che sceglie la versione"),
	must("versions", listOf(1, objectOf(counterVersion)), "le versioni, dalla più recente"),
}}

var editionFile = &shape{name: "edition", text: "questo file", keys: []key{
	schemaKey("edition/v1"),
	must("name", editionID, "il nome dell'edizione, uguale al nome del file"),
	must("published_on", day, "il giorno di pubblicazione"),
	must("digest", digestText, "l'impronta di tutto il contenuto"),
	must("items", listOf(1, objectOf(&shape{name: "edition_item", text: "una versione pubblicata", keys: []key{
		must("kind", plainID, "il tipo"),
		must("id", words, "il nome"),
		must("version", natural, "il numero della versione"),
		must("valid_from", day, "il primo giorno in cui vale"),
		may("valid_to", day, "l'ultimo giorno in cui vale"),
		must("digest", digestText, "l'impronta del significato"),
		must("text_digest", digestText, "l'impronta del testo"),
		must("words_digest", digestText, "l'impronta delle parole: titolo, atti, note, messaggi"),
	}})), "le versioni pubblicate"),
}}

var casesFile = &shape{name: "cases", text: "questo file", keys: []key{
	schemaKey("cases/v1"),
	must("cases", listOf(1, objectOf(&shape{name: "case", text: "un caso", keys: []key{
		must("name", words, "che cosa mostra il caso"),
		may("source", words, "da dove viene il caso"),
		may("today", day, "il giorno di oggi per il caso"),
		must("facts", &form{kind: formMap, of: anyYAML}, "i fatti, come nella richiesta JSON"),
		must("expect", &form{kind: formMap, of: anyYAML}, "che cosa ci si aspetta, per contatore e campo"),
	}})), "i casi"),
}}

var upTo = &form{kind: formWhole} // a whole number from 0

var chatCasesFile = &shape{name: "chat_cases", text: "questo file", keys: []key{
	schemaKey("chat_cases/v1"),
	must("cases", listOf(1, objectOf(&shape{name: "chat_case", text: "un caso", keys: []key{
		must("name", words, "che cosa mostra il caso"),
		may("source", words, "da dove viene il caso"),
		must("at", textLike(`^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}$`, `il giorno e l'ora di Roma: "2025-12-01 15:30"`), "il momento, a Roma"),
		may("language", codeOf("it", "en", "de"), "la lingua di chi scrive; senza, l'italiano"),
		may("waiting", listOf(1, objectOf(&shape{name: "chat_waiting", text: "chi aspetta", keys: []key{
			must("name", plainID, "un nome per il caso"),
			must("topic", plainID, "l'argomento"),
			may("sede", words, "la sede della matricola"),
			may("minutes", upTo, "da quanti minuti aspetta; senza, è appena arrivato"),
			may("passed_by", plainID, "il consulente che l'ha rimessa in coda"),
		}})), "chi aspetta"),
		may("advisers", listOf(1, objectOf(&shape{name: "chat_adviser", text: "un consulente in servizio", keys: []key{
			must("name", plainID, "un nome per il caso"),
			may("sede", words, "la sua sede; senza, tutte"),
			may("topics", listOf(1, plainID), "i suoi argomenti; senza, tutti"),
			may("open", upTo, "quante conversazioni ha già"),
			may("silent_seconds", upTo, "da quanti secondi tace"),
			may("knows", listOf(1, plainID), "chi, fra chi aspetta, ha già seguito"),
		}})), "i consulenti in servizio, ciascuno con la capienza delle regole"),
		may("words", &form{kind: formMap, of: words}, "i valori dei segnaposto"),
		must("expect", objectOf(&shape{name: "chat_expectation", text: "ciò che ci si aspetta", keys: []key{
			may("open", flag, "se il servizio risponde"),
			may("next", words, "quando riapre: \"2025-12-01 15:00\"; se non riapre, mai"),
			may("queue", listOf(0, anyYAML), "chi aspetta, nell'ordine in cui è servito: [{name: a, class: domande, position: 1}]"),
			may("given", &form{kind: formMap, of: plainID}, "chi va a quale consulente; nessun altro"),
			may("long_wait", listOf(0, plainID), "a chi si offrono alternative"),
			may("gone", listOf(0, plainID), "i consulenti considerati assenti"),
			may("parameters", &form{kind: formMap, of: upTo}, "i numeri in vigore quel giorno: {capienza: 3}"),
			may("notices", &form{kind: formMap, of: words}, "gli avvisi, per nome"),
			may("replies", &form{kind: formMap, of: words}, "le risposte pronte, per argomento e nome"),
		}}), "che cosa ci si aspetta"),
	}})), "i casi"),
}}
