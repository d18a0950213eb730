package fact_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"omnia/engine/fact"
)

// twentyPeriods is a usual case: a company, its unit, twenty periods of history and a request.
func twentyPeriods() []byte {
	b := []byte(`{"data_riferimento":"2025-11-30","azienda":{"matricola":"0123456789","codice_fiscale":"80078750587","settore":"m","dipendenti_semestre":48.5},` +
		`"unita_produttiva":{"progressivo":"0","giorni_settimana":5,"organico_medio":[{"ore_settimanali":40,"lavoratori":40.25},{"ore_settimanali":20,"lavoratori":8}]},"periodi":[`)
	for i := range 20 {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"numero":"P-%04d","prestazione":"CIGO","causale":"mancanza_lavoro","evento_non_evitabile":false,"regime":"ordinario",`+
			`"esito":"accoglimento","dal":"20%02d-03-04","al":"20%02d-04-07","giorni_fruiti":%d,"flussi_completi":true,"ore_autorizzate":1200.5,"ore_fruite":%d.25,"zero_ore":false}`,
			i, i+5, i+5, i, 40*i)
	}
	return append(b, `],"richiesta":{"prestazione":"CIGO","dal":"2025-09-01","al":"2025-11-30","ore":2400,"lavoratori":[{"codice_fiscale":"RSSMRA80A01H501U","qualifica":"operaio","anzianita_giorni":400}]}}`...)
}

// plain is the same case as encoding/json reads it: no checks, floats for numbers, texts for days.
type plain struct {
	DataRiferimento *string `json:"data_riferimento"`
	Azienda         *struct {
		Matricola     *string  `json:"matricola"`
		CodiceFiscale *string  `json:"codice_fiscale"`
		Settore       *string  `json:"settore"`
		Dipendenti    *float64 `json:"dipendenti_semestre"`
	} `json:"azienda"`
	UnitaProduttiva *struct {
		Progressivo *string `json:"progressivo"`
		Giorni      *int64  `json:"giorni_settimana"`
		Organico    []struct {
			Ore        *float64 `json:"ore_settimanali"`
			Lavoratori *float64 `json:"lavoratori"`
		} `json:"organico_medio"`
	} `json:"unita_produttiva"`
	Periodi []struct {
		Numero         *string  `json:"numero"`
		Prestazione    *string  `json:"prestazione"`
		Causale        *string  `json:"causale"`
		Evento         *bool    `json:"evento_non_evitabile"`
		Regime         *string  `json:"regime"`
		Esito          *string  `json:"esito"`
		Dal            *string  `json:"dal"`
		Al             *string  `json:"al"`
		GiorniFruiti   *int64   `json:"giorni_fruiti"`
		Flussi         *bool    `json:"flussi_completi"`
		OreAutorizzate *float64 `json:"ore_autorizzate"`
		OreFruite      *float64 `json:"ore_fruite"`
		ZeroOre        *bool    `json:"zero_ore"`
	} `json:"periodi"`
	Richiesta *struct {
		Prestazione *string  `json:"prestazione"`
		Dal         *string  `json:"dal"`
		Al          *string  `json:"al"`
		Ore         *float64 `json:"ore"`
		Lavoratori  []struct {
			CodiceFiscale *string `json:"codice_fiscale"`
			Qualifica     *string `json:"qualifica"`
			Anzianita     *int64  `json:"anzianita_giorni"`
		} `json:"lavoratori"`
	} `json:"richiesta"`
}

func BenchmarkDecode(b *testing.B) {
	body := twentyPeriods()
	b.Run("facts", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := fact.Decode(vocabulary, body, fact.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var v plain
			if err := json.Unmarshal(body, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	f := decode(b, string(twentyPeriods()))
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = f.AppendJSON(buf[:0], true)
	}
}
