package rulebook

// TraceSlots are the values that a sentence of the catalogue may name, each with what it is, in
// Italian. A slot that is not here is refused when the sentences are loaded; whether the trace
// always holds it where a given sentence is used is checked by package explain.
var TraceSlots = map[string]string{
	// Il contatore e la sua versione.
	"titolo":       "il nome del contatore",
	"norma":        "le norme del contatore, o della sua variante",
	"rif":          "il giorno di riferimento",
	"versione":     "il numero della versione che si applica",
	"versione_dal": "il primo giorno in cui la versione è in vigore",
	"versione_al":  "l'ultimo giorno in cui la versione è in vigore",
	"vigenza":      "da quando a quando la versione è in vigore",
	"versioni":     "l'elenco delle versioni che hanno giudicato la richiesta",
	"giorno":       "il giorno che sceglie la versione",

	// Lo stato al giorno di riferimento, con la sola storia.
	"limite":       "il limite al giorno di riferimento",
	"contato":      "quanto è contato nella finestra, senza la richiesta",
	"residuo":      "limite meno contato, mai sotto zero",
	"autorizzato":  "quanto è autorizzato nella finestra",
	"fruito":       "quanto è dichiarato fruito nella finestra",
	"finestra_dal": "il primo giorno della finestra",
	"finestra_al":  "l'ultimo giorno della finestra",
	"ampiezza":     "quante settimane dura la finestra",
	"pausa_fine":   "il primo giorno dopo la pausa",
	"rientro":      "di quanto scende il conteggio quando periodi vecchi escono dalla finestra, in un giorno o in tutto",
	"rientro_il":   "il giorno in cui il conteggio scende",
	"rientro_fine": "l'ultimo di più giorni vicini in cui il conteggio scende",

	// La richiesta e il suo esame.
	"richiesta_dal":       "il primo giorno richiesto",
	"richiesta_al":        "l'ultimo giorno richiesto",
	"richiesto":           "quanto è richiesto",
	"ammesso":             "quanto è ammissibile",
	"ammesso_dal":         "il primo giorno ammissibile",
	"ammesso_al":          "l'ultimo giorno ammissibile",
	"resto":               "quanto della richiesta non rientra",
	"resto_dal":           "il primo giorno richiesto che non rientra",
	"massimo_domanda":     "quanto può durare al massimo una sola domanda",
	"primo_inizio":        "il primo inizio dal quale rientrerebbe la prima settimana, o il primo mese",
	"primo_inizio_intero": "il primo inizio dal quale rientrerebbe tutta la durata",
	"esame_dal":           "il primo giorno della parte esaminata",
	"esame_al":            "l'ultimo giorno della parte esaminata",
	"esame_finestra_dal":  "il primo giorno della finestra di quella parte",
	"esame_finestra_al":   "l'ultimo giorno della finestra di quella parte",
	"esame_totale":        "il totale in quella finestra, con la richiesta",
	"esame_limite":        "il limite con cui si confronta quel totale",
	"esame_eccesso":       "di quanto il totale supera il limite",
	"esaminate":           "quante settimane sono state esaminate",
	"serie_al":            "l'ultimo giorno di una serie di settimane con lo stesso esito",
	"serie_totale":        "il totale alla fine della serie",
	"perche":              "perché la richiesta non rientra",
	"esito":               "l'esito di una settimana esaminata",
	"eccezioni":           "le deroghe che tolgono giorni dal conteggio",
	"mancanti":            "i dati che mancano",
	"guasto":              "perché la regola non si è potuta applicare",

	// Il contributo addizionale.
	"aliquota":     "l'aliquota",
	"scaglioni":    "il nome della serie di aliquote",
	"soglia_conto": "le settimane su cui si legge lo scaglione",
	"soglia_dal":   "il primo giorno della finestra su cui si legge lo scaglione",
	"soglia_al":    "l'ultimo giorno della finestra su cui si legge lo scaglione",

	// Un periodo della storia.
	"numero":      "il numero del provvedimento",
	"numeri":      "i numeri di più provvedimenti",
	"quanti":      "quanti sono, in cifre",
	"periodo_dal": "il primo giorno del periodo",
	"periodo_al":  "l'ultimo giorno del periodo",
	"conteggio":   "quanto aggiunge il periodo",
	"motivo":      "la frase che dice quanto aggiunge il periodo, o perché nulla",

	// Lo stato di una causale.
	"causale":          "il nome della causale, o della variante",
	"causale_limite":   "il limite della causale",
	"causale_contato":  "quanto è contato per la causale",
	"causale_residuo":  "quanto resta per la causale",
	"parametro":        "il nome di un parametro",
	"valore":           "il valore del parametro",
	"parametro_numero": "il numero della versione del parametro",

	// Le fonti, gli elenchi, le citazioni.
	"fonte":       "il titolo di ciò che non è confermato",
	"nota":        "la nota che lo accompagna",
	"norma_fonte": "le norme di un parametro, di una deroga o di una presunzione",
	"voci":        "più frasi o voci una dopo l'altra",
	"dato":        "il nome di un dato, come lo chiamano le persone",
	"sigla":       "la sigla di una deroga: EONE, METEO24",
	"articolo":    "il numero di un articolo",
	"comma":       "il numero di un comma",
	"commi":       "i numeri di più commi",
	"articoli":    "gli articoli citati di un atto",
	"atto":        "il nome di un atto",
	"primo":       "il primo di due elementi di un elenco",
	"secondo":     "il secondo di due elementi di un elenco",
	"elenco":      "gli elementi di un elenco troppo lungo per dirli tutti",

	// Gli avvisi.
	"azienda":   "la denominazione dell'azienda",
	"matricola": "la matricola dell'azienda",
	"unita":     "il nome dell'unità produttiva, o il suo numero",
	"soglia":    "la soglia oltre la quale l'avviso si dà",
	"scadenza":  "il giorno in cui scade un termine, o finisce una delega",
	"emissione": "il giorno in cui il provvedimento è stato emesso",
	"mancano":   "quanti giorni mancano, o sono passati",

	// INFO CIG.
	"persona":    "il nome di chi ha aperto la conversazione",
	"consulente": "il nome del consulente che risponde",
	"prossima":   "il giorno e l'ora in cui il servizio riapre",
	"giorni":     "quanti giorni una conversazione può restare senza messaggi",
}
