package explain_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"

	"omnia/engine/calendar"
)

type object = map[string]any

// madeUp is facts of no company, with things left out here and there.
func madeUp(r *rand.Rand) []byte {
	sectors := []string{"a", "c", "m", "n", "fis", "fondo", "altro"}
	company := object{"settore": sectors[r.IntN(len(sectors))], "dipendenti_semestre": []float64{3, 5, 5.5, 40}[r.IntN(4)]}
	if r.IntN(3) == 0 {
		company["fine_ultimo_trattamento"] = someDay(r).String()
	}
	unit := object{"giorni_settimana": 5 + r.IntN(2)}
	if r.IntN(3) > 0 {
		unit["organico_medio"] = []object{{"ore_settimanali": 40, "lavoratori": 1 + r.IntN(20)}}
	}
	facts := object{"data_riferimento": someDay(r).String(), "azienda": company, "unita_produttiva": unit}
	if r.IntN(10) > 0 {
		facts["periodi"] = periods(r)
	}
	if r.IntN(4) > 0 {
		req := object{}
		for k, v := range row(r) {
			switch k {
			case "prestazione", "causale", "regime", "dal", "al", "evento_non_evitabile":
				req[k] = v
			case "ore_autorizzate":
				req["ore"] = v
			}
		}
		facts["richiesta"] = req
	}
	drop(r, company, "settore", "dipendenti_semestre")
	drop(r, unit, "giorni_settimana")
	body, err := json.Marshal(facts)
	if err != nil {
		panic(err)
	}
	return body
}

func periods(r *rand.Rand) []object {
	out := []object{}
	for i := range r.IntN(12) {
		p := row(r)
		p["numero"] = strconv.Itoa(100 + i)
		p["esito"] = []string{"accoglimento", "accoglimento", "accoglimento", "accoglimento_parziale", "reiezione", "in_istruttoria"}[r.IntN(6)]
		if r.IntN(3) == 0 {
			p["giorni_fruiti"], p["flussi_completi"] = r.IntN(60), r.IntN(2) == 0
		}
		if r.IntN(3) == 0 {
			p["zero_ore"] = r.IntN(2) == 0
		}
		if r.IntN(4) == 0 {
			p["ore_fruite"] = r.IntN(300)
		}
		drop(r, p, "numero", "esito", "dal", "al", "causale")
		out = append(out, p)
	}
	return out
}

// row is what a period and a request have in common. Requests are rows by the same names.
func row(r *rand.Rand) object {
	from := someDay(r)
	weeks := 1 + r.IntN(30)
	if r.IntN(8) == 0 {
		weeks = 53
	}
	p := object{"dal": from.String(), "al": (from + calendar.Day(7*weeks) - 1).String(), "regime": "ordinario"}
	switch r.IntN(6) {
	case 0, 1, 2:
		p["prestazione"] = "CIGO"
		p["causale"] = []string{"mancanza_lavoro", "meteo", "guasto_macchinari"}[r.IntN(3)]
		if r.IntN(8) == 0 {
			p["regime"] = "ucraina22"
		}
	case 3, 4:
		p["prestazione"] = "CIGS"
		p["causale"] = []string{"riorganizzazione", "crisi", "solidarieta"}[r.IntN(3)]
	default:
		p["prestazione"] = "AIS"
		p["causale"] = []string{"mancanza_lavoro", "solidarieta"}[r.IntN(2)]
	}
	if r.IntN(3) > 0 {
		p["ore_autorizzate"] = r.IntN(4000)
	}
	return p
}

func someDay(r *rand.Rand) calendar.Day {
	d := calendar.Of(2020, 1, 6) + calendar.Day(r.IntN(6*365))
	if r.IntN(4) > 0 {
		return d.Monday()
	}
	return d
}

// drop leaves out one of the keys, now and then.
func drop(r *rand.Rand, o object, keys ...string) {
	if r.IntN(12) == 0 {
		delete(o, keys[r.IntN(len(keys))])
	}
}
