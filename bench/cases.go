package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// reference is the day on which the cases are asked.
var reference = mustDay("2026-06-28")

func mustDay(s string) calendar.Day {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// facts is the body of a case, as a caller writes it.
type facts struct {
	DataRiferimento string   `json:"data_riferimento"`
	Azienda         azienda  `json:"azienda"`
	Unita           unita    `json:"unita_produttiva"`
	Periodi         []grant  `json:"periodi"`
	Richiesta       *request `json:"richiesta,omitempty"`
}

type azienda struct {
	Settore string `json:"settore"`
}

type unita struct {
	GiorniSettimana int       `json:"giorni_settimana"`
	Organico        []organic `json:"organico_medio"`
}

type organic struct {
	Ore        int `json:"ore_settimanali"`
	Lavoratori int `json:"lavoratori"`
}

type grant struct {
	Numero      string `json:"numero"`
	Prestazione string `json:"prestazione"`
	Causale     string `json:"causale"`
	EONE        bool   `json:"evento_non_evitabile"`
	Regime      string `json:"regime"`
	Esito       string `json:"esito"`
	Dal         string `json:"dal"`
	Al          string `json:"al"`
	Fruiti      *int   `json:"giorni_fruiti,omitempty"`
	Completi    *bool  `json:"flussi_completi,omitempty"`
	Ore         int    `json:"ore_autorizzate"`
}

type request struct {
	Prestazione string `json:"prestazione"`
	Causale     string `json:"causale"`
	Dal         string `json:"dal"`
	Al          string `json:"al"`
	Ore         int    `json:"ore"`
}

// history is n periods of one or two weeks, spread over the ten years before the reference day,
// so that some overlap. One in four is an unavoidable event, one in eight was refused, one in
// four declares that half of its days were used. Everything follows from n.
func history(n int) []grant {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	first, weeks := reference.Monday()-52*10*7, 52*10
	out := make([]grant, n)
	for i := range out {
		from := first + calendar.Day(7*(i*weeks/n))
		days := calendar.Day(7 * (1 + r.IntN(2)))
		g := grant{
			Numero: fmt.Sprintf("%08d", i), Prestazione: "CIGO", Causale: "mancanza_lavoro", Regime: "ordinario", Esito: "accoglimento",
			Dal: from.String(), Al: (from + days - 1).String(), Ore: 80,
		}
		if r.IntN(4) == 0 {
			g.Causale, g.EONE = "guasto_macchinari", true
		}
		if r.IntN(8) == 0 {
			g.Esito = "reiezione"
		}
		if r.IntN(4) == 0 {
			used, complete := int(days)/7*5/2, true // of 5 or 10 working days
			g.Fruiti, g.Completi = &used, &complete
		}
		out[i] = g
	}
	return out
}

// newFacts is a case of industry with a history; asked tells whether it requests 13 weeks.
func newFacts(n int, asked bool) facts {
	f := facts{
		DataRiferimento: reference.String(),
		Azienda:         azienda{Settore: "a"},
		Unita:           unita{GiorniSettimana: 5, Organico: []organic{{40, 100}}},
		Periodi:         history(n),
	}
	if asked {
		from := reference + 1
		f.Richiesta = &request{"CIGO", "mancanza_lavoro", from.String(), (from + 13*7 - 1).String(), 4000}
	}
	return f
}

// body is the JSON of the facts.
func (f facts) body() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return b
}

// decode reads a body as the engine does.
func (b *bench) decode(body []byte) (*fact.Facts, error) {
	return fact.Decode(b.edition.Vocabulary, body, fact.Options{Language: "it"})
}
