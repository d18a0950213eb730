package explain

import "omnia/engine/rulebook"

// slot is a value of the trace that a sentence may name. Its name, and what it means, are those
// of rulebook.TraceSlots.
type slot uint8

const (
	sTitolo slot = iota
	sNorma
	sRif
	sVersione
	sVersioneDal
	sVersioneAl
	sVigenza
	sVersioni
	sGiorno
	sLimite
	sContato
	sResiduo
	sAutorizzato
	sFruito
	sFinestraDal
	sFinestraAl
	sAmpiezza
	sPausaFine
	sRientro
	sRientroIl
	sRientroFine
	sRichiestaDal
	sRichiestaAl
	sRichiesto
	sAmmesso
	sAmmessoDal
	sAmmessoAl
	sResto
	sRestoDal
	sMassimoDomanda
	sPrimoInizio
	sPrimoInizioIntero
	sEsameDal
	sEsameAl
	sEsameFinestraDal
	sEsameFinestraAl
	sEsameTotale
	sEsameLimite
	sEsameEccesso
	sEsaminate
	sSerieAl
	sSerieTotale
	sPerche
	sEsito
	sEccezioni
	sMancanti
	sGuasto
	sAliquota
	sScaglioni
	sSogliaConto
	sSogliaDal
	sSogliaAl
	sNumero
	sNumeri
	sQuanti
	sPeriodoDal
	sPeriodoAl
	sConteggio
	sMotivo
	sCausale
	sCausaleLimite
	sCausaleContato
	sCausaleResiduo
	sParametro
	sValore
	sParametroNumero
	sFonte
	sNota
	sNormaFonte
	sVoci
	sDato
	sSigla
	sArticolo
	sComma
	sCommi
	sArticoli
	sAtto
	sPrimo
	sSecondo
	sElenco
	slotCount
)

var slotNames = [slotCount]string{
	sTitolo: "titolo", sNorma: "norma", sRif: "rif", sVersione: "versione", sVersioneDal: "versione_dal",
	sVersioneAl: "versione_al", sVigenza: "vigenza", sVersioni: "versioni", sGiorno: "giorno",
	sLimite: "limite", sContato: "contato", sResiduo: "residuo", sAutorizzato: "autorizzato", sFruito: "fruito",
	sFinestraDal: "finestra_dal", sFinestraAl: "finestra_al", sAmpiezza: "ampiezza", sPausaFine: "pausa_fine",
	sRientro: "rientro", sRientroIl: "rientro_il", sRientroFine: "rientro_fine",
	sRichiestaDal: "richiesta_dal", sRichiestaAl: "richiesta_al", sRichiesto: "richiesto",
	sAmmesso: "ammesso", sAmmessoDal: "ammesso_dal", sAmmessoAl: "ammesso_al", sResto: "resto", sRestoDal: "resto_dal",
	sMassimoDomanda: "massimo_domanda", sPrimoInizio: "primo_inizio", sPrimoInizioIntero: "primo_inizio_intero",
	sEsameDal: "esame_dal", sEsameAl: "esame_al", sEsameFinestraDal: "esame_finestra_dal", sEsameFinestraAl: "esame_finestra_al",
	sEsameTotale: "esame_totale", sEsameLimite: "esame_limite", sEsameEccesso: "esame_eccesso", sEsaminate: "esaminate",
	sSerieAl: "serie_al", sSerieTotale: "serie_totale", sPerche: "perche", sEsito: "esito",
	sEccezioni: "eccezioni", sMancanti: "mancanti", sGuasto: "guasto",
	sAliquota: "aliquota", sScaglioni: "scaglioni", sSogliaConto: "soglia_conto", sSogliaDal: "soglia_dal", sSogliaAl: "soglia_al",
	sNumero: "numero", sNumeri: "numeri", sQuanti: "quanti", sPeriodoDal: "periodo_dal", sPeriodoAl: "periodo_al",
	sConteggio: "conteggio", sMotivo: "motivo",
	sCausale: "causale", sCausaleLimite: "causale_limite", sCausaleContato: "causale_contato", sCausaleResiduo: "causale_residuo",
	sParametro: "parametro", sValore: "valore", sParametroNumero: "parametro_numero",
	sFonte: "fonte", sNota: "nota", sNormaFonte: "norma_fonte", sVoci: "voci", sDato: "dato", sSigla: "sigla",
	sArticolo: "articolo", sComma: "comma", sCommi: "commi", sArticoli: "articoli", sAtto: "atto",
	sPrimo: "primo", sSecondo: "secondo", sElenco: "elenco",
}

// slotByName finds a slot by the name that authors write.
var slotByName = func() map[string]slot {
	m := make(map[string]slot, slotCount)
	for s, name := range slotNames {
		if rulebook.TraceSlots[name] == "" {
			panic("explain: slot " + name + " is not described in rulebook.TraceSlots")
		}
		m[name] = slot(s)
	}
	return m
}()

// values are what the slots stand for now; "" is a value that the trace does not hold.
type values [slotCount]string

// slots is a set of slots.
type slots [2]uint64

func of(list ...slot) (set slots) {
	for _, s := range list {
		set[s/64] |= 1 << (s % 64)
	}
	return set
}

func (a slots) with(b slots) slots { return slots{a[0] | b[0], a[1] | b[1]} }
func (a slots) has(s slot) bool    { return a[s/64]&(1<<(s%64)) != 0 }
func (a slots) meets(b slots) bool { return a[0]&b[0]|a[1]&b[1] != 0 }
