package modeltest

import "encoding/json"

// Facts is the part of the vocabulary that the counters look at. A nil is an unknown fact.
type Facts struct {
	DataRiferimento *string    `json:"data_riferimento,omitempty"`
	Azienda         *Azienda   `json:"azienda,omitempty"`
	Unita           *Unita     `json:"unita_produttiva,omitempty"`
	Periodi         *[]Periodo `json:"periodi,omitempty"`
	Richiesta       *Richiesta `json:"richiesta,omitempty"`
}

type Azienda struct {
	Settore    *string      `json:"settore,omitempty"`
	Fondo      *string      `json:"fondo,omitempty"`
	Dipendenti *json.Number `json:"dipendenti_semestre,omitempty"`
	FineUltimo *string      `json:"fine_ultimo_trattamento,omitempty"`
}

type Unita struct {
	Giorni   *int      `json:"giorni_settimana,omitempty"`
	Organico *[]Fascia `json:"organico_medio,omitempty"`
}

type Fascia struct {
	Ore        *json.Number `json:"ore_settimanali,omitempty"`
	Lavoratori *json.Number `json:"lavoratori,omitempty"`
}

type Periodo struct {
	Numero      *string      `json:"numero,omitempty"`
	Prestazione *string      `json:"prestazione,omitempty"`
	Causale     *string      `json:"causale,omitempty"`
	Evento      *bool        `json:"evento_non_evitabile,omitempty"`
	Regime      *string      `json:"regime,omitempty"`
	Esito       *string      `json:"esito,omitempty"`
	Dal         *string      `json:"dal,omitempty"`
	Al          *string      `json:"al,omitempty"`
	Fruiti      *int         `json:"giorni_fruiti,omitempty"`
	Flussi      *bool        `json:"flussi_completi,omitempty"`
	Giornate    *[]string    `json:"giornate_fruite,omitempty"`
	OreAut      *json.Number `json:"ore_autorizzate,omitempty"`
	OreFruite   *json.Number `json:"ore_fruite,omitempty"`
	ZeroOre     *bool        `json:"zero_ore,omitempty"`
}

type Richiesta struct {
	Prestazione *string      `json:"prestazione,omitempty"`
	Causale     *string      `json:"causale,omitempty"`
	Evento      *bool        `json:"evento_non_evitabile,omitempty"`
	Regime      *string      `json:"regime,omitempty"`
	Dal         *string      `json:"dal,omitempty"`
	Al          *string      `json:"al,omitempty"`
	Ore         *json.Number `json:"ore,omitempty"`
}

func (f *Facts) json() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return b
}

func (f *Facts) clone() *Facts {
	out := new(Facts)
	if err := json.Unmarshal(f.json(), out); err != nil {
		panic(err)
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
