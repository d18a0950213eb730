package rulebook

// The forms of the files of the assisted compilation.

var counterVerdicts = []string{"admissible", "partly_admissible", "inadmissible", "exempt", "not_applicable"}

// The parts of the answer of a counter that a form may show, say or suggest.
const (
	PartResidual = "residuo"      // what is left of the limit
	PartLimit    = "limite"       // the limit
	PartRate     = "aliquota"     // the rate, of a counter that has one
	PartGrantTo  = "ammesso_al"   // last day of the part that fits
	PartGrant    = "ammesso"      // how much of what is asked fits
	PartRoom     = "capienza"     // the most that could be asked instead, of a request judged as an amount
	PartStart    = "primo_inizio" // first start from which what is asked would begin to fit
	PartTotal    = "totale"       // what is counted with what is asked, in the worst of its windows
)

var counterParts = []string{PartResidual, PartLimit, PartRate, PartGrantTo, PartGrant, PartRoom, PartStart, PartTotal}

var suggestionShape = &shape{name: "suggestion", text: "un suggerimento", keys: []key{
	must("field", dottedID, "il fatto da correggere"),
	may("value", formula, "il valore proposto"),
	may("part", codeOf(counterParts...), "il valore proposto, preso dal contatore della regola"),
	must("text", texts, "la frase, con il valore in {valore}"),
}}

var overShape = &shape{name: "over", text: "un confronto con un contatore", keys: []key{
	must("counter", dottedID, "il contatore"),
	must("part", codeOf(PartResidual, PartLimit, PartGrant, PartRoom, PartTotal), "che cosa del contatore"),
	must("value", formula, "il valore che quella parte deve superare"),
}}

var formFieldShape = &shape{name: "form_field", text: "un campo del modulo", keys: []key{
	must("fact", dottedID, "il fatto: richiesta.dal; di una riga: lavoratore.qualifica"),
	may("label", texts, "come si chiama in questo modulo, se diverso dal fatto"),
	may("help", texts, "l'aiuto in questo modulo, se diverso dal fatto"),
	may("asked_when", formula, "quando si chiede; senza, sempre"),
	may("mandatory", formula, "quando è obbligatorio per inviare; senza, mai"),
	may("options", objectOf(&shape{name: "form_options", text: "le scelte di un campo", keys: []key{
		must("table", plainID, "la tabella le cui righe sono le scelte"),
		may("where", plainID, "la colonna vero o falso che dice quali righe; senza, tutte"),
	}}), "le scelte, da una tabella"),
	may("prefilled", flag, "se il valore si prende dagli archivi, quando c'è"),
}}

var formFile = &shape{name: "form", text: "questo file", keys: []key{
	schemaKey("form/v1"),
	must("id", formID, "il nome del modulo, uguale al nome del file"),
	must("title", texts, "che cosa si chiede con il modulo"),
	must("versions", listOf(1, objectOf(dated("form_version", "una versione del modulo",
		must("steps", listOf(1, objectOf(&shape{name: "form_step", text: "un passo del modulo", keys: []key{
			must("id", plainID, "il nome del passo"),
			must("title", texts, "il titolo del passo"),
			may("help", texts, "una spiegazione"),
			must("fields", listOf(1, objectOf(formFieldShape)), "i campi"),
		}})), "i passi, nell'ordine"),
		must("rules", listOf(1, dottedID), "le regole che il modulo fa girare, nell'ordine delle segnalazioni"),
		may("derived", listOf(1, objectOf(derivedShape)), "i valori calcolati che mostra"),
		may("counters", listOf(1, dottedID), "i contatori che mostra")))), "le versioni, dalla più recente"),
}}

var derivedShape = &shape{name: "derived", text: "un valore calcolato", keys: []key{
	must("name", plainID, "il nome nella risposta: scadenza_presentazione"),
	must("label", texts, "come si chiama per le persone"),
	must("select_by", codeOf(string(ByReference), string(ByStart), string(ByFiling)), "la data che sceglie i valori di legge"),
	may("when", formula, "quando ha senso; senza, sempre"),
	may("value", formula, "il valore"),
	may("counter", dottedID, "il contatore da cui si prende"),
	may("part", codeOf(counterParts...), "che cosa del contatore"),
	may("within", listOf(1, dottedID), "i contatori oltre il cui ultimo giorno ammesso il valore, un giorno, non va"),
	must("text", texts, "perché vale così, con il valore in {valore}"),
	must("law", citations, "gli atti su cui si fonda"),
}}

var boundsFile = &shape{name: "bounds", text: "questo file", keys: []key{
	schemaKey("bounds/v1"),
	must("form", formID, "il modulo"),
	must("bounds", listOf(1, objectOf(&shape{name: "bound", text: "ciò che un campo può ancora essere", keys: []key{
		must("id", dottedID, "il nome"),
		must("title", texts, "che cosa limita"),
		must("field", dottedID, "il campo: richiesta.al"),
		must("side", codeOf(string(SideMin), string(SideMax), string(SideOptions)), "se limita il minimo, il massimo o le scelte"),
		may("counter", dottedID, "il contatore da cui si prende"),
		must("select_by", codeOf(string(ByReference), string(ByStart), string(ByFiling)), "la data che sceglie la versione e i valori di legge"),
		must("versions", listOf(1, objectOf(dated("bound_version", "una versione del limite",
			may("when", formula, "quando ha senso; senza, sempre"),
			may("value", formula, "il minimo o il massimo"),
			may("part", codeOf(counterParts...), "che cosa del contatore"),
			may("try", &form{kind: formMap, of: formula}, "i valori da provare nei campi prima di chiedere al contatore: una fine lontana, per sapere fin dove si arriva"),
			may("refused_by", listOf(1, dottedID), "le scelte che restano sono quelle su cui nessuna di queste regole dà errore"),
			may("values", &form{kind: formMap, of: formula}, "altri valori per la frase"),
			must("text", texts, "la frase, con il valore in {valore}")))), "le versioni, dalla più recente"),
	}})), "ciò che i campi del modulo possono ancora essere"),
}}

var namedFile = &shape{name: "values", text: "questo file", keys: []key{
	schemaKey("values/v1"),
	must("values", listOf(1, objectOf(&shape{name: "named_value", text: "un valore con un nome", keys: []key{
		must("id", dottedID, "il nome usato in value(\"…\")"),
		must("title", texts, "che cosa è"),
		may("for_each", plainID, "la riga da cui si calcola; senza, una volta per il caso"),
		must("versions", listOf(1, objectOf(dated("named_version", "una versione del valore",
			must("value", formula, "come si calcola")))), "le versioni, dalla più recente"),
	}})), "i valori detti una volta sola, che le regole leggono con value"),
}}

var formCasesFile = &shape{name: "form_cases", text: "questo file", keys: []key{
	schemaKey("form_cases/v1"),
	must("form", formID, "il modulo"),
	may("today", day, "il giorno di oggi, dove il caso non lo dice"),
	may("facts", &form{kind: formMap, of: anyYAML}, "i fatti da cui partono tutti i casi"),
	must("cases", listOf(1, objectOf(&shape{name: "form_case", text: "un caso", keys: []key{
		must("name", words, "che cosa mostra il caso"),
		may("source", words, "da dove viene il caso"),
		may("today", day, "il giorno di oggi per il caso"),
		may("complete", flag, "se è il controllo per l'invio"),
		may("facts", &form{kind: formMap, of: anyYAML}, "che cosa cambia nei fatti: null toglie"),
		must("expect", objectOf(formExpectation), "che cosa ci si aspetta"),
	}})), "i casi"),
}}

var formExpectation = &shape{name: "form_expectation", text: "ciò che ci si aspetta", keys: []key{
	may("outcome", codeOf("valid", "invalid", "incomplete"), "l'esito"),
	may("fires", listOf(0, dottedID), "le regole che segnalano"),
	may("silent", listOf(0, dottedID), "le regole che, con ciò che si sa, non hanno da segnalare"),
	may("unknown", listOf(0, dottedID), "le regole che non si possono decidere"),
	may("findings", listOf(0, anyYAML), "tutte le segnalazioni, nessun'altra: [{code: …, fields: […]}]"),
	may("missing", listOf(0, words), "fatti che devono mancare, nell'ordine"),
	may("derived", &form{kind: formMap, of: anyYAML}, "i valori calcolati"),
	may("counters", &form{kind: formMap, of: anyYAML}, "i contatori, per nome"),
	may("allowed", &form{kind: formMap, of: anyYAML}, "ciò che i campi possono ancora essere: {richiesta.al: {max: …}, absent: [richiesta.dal]}"),
}}

var formID = textLike(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`, "lettere minuscole e cifre, con trattini: ais-fis")
