package archive

import (
	"time"

	"omnia/engine/calendar"
)

// Provvedimento is one version of a measure: a grant, a partial grant, a refusal, or an application
// still under examination. Corpo is the whole record, every other field is read out of it.
type Provvedimento struct {
	Numero          string // of the measure, unique in the archive
	Versione        int    // 1, then one more for each correction
	Matricola       string
	UnitaProduttiva string // progressivo
	Prestazione     string // CIGO, CIGS, AIS
	Causale         string // "" when not said
	Esito           string // accoglimento, accoglimento_parziale, reiezione, in_istruttoria
	Dal, Al         calendar.Day
	DataEmissione   calendar.Day
	Motivazione     string
	Correzione      string // why this version corrects the one before; "" in version 1

	// Stems are those of the motivazione, where whoever read the body found them beforehand; nil says nothing.
	Stems []string

	Corpo  []byte // the record as canonical JSON, in the order of its declaration
	Digest string // "sha256:…" of Corpo: the same content has the same digest

	RegistratoIl time.Time  // from when on this version was known
	SuperatoIl   *time.Time // when a correction took its place; nil while it is the last word
	RegistratoDa string     // who wrote it: the subject of the token, or "import"
}

// Sezione is the part of the archive a measure is listed under (msg. 4620/2023: autorizzazioni and
// reiezioni are searched apart).
type Sezione string

// The sections. An application under examination has not been decided: it is in neither of the two that
// the notice lists, and is found only by who asks for it.
const (
	Tutte          Sezione = "" // autorizzazioni and reiezioni, in a search
	InIstruttoria  Sezione = "in_istruttoria"
	Autorizzazioni Sezione = "autorizzazioni" // accoglimento, accoglimento_parziale
	Reiezioni      Sezione = "reiezioni"      // reiezione
)

// SezioneOf is the section of an outcome.
func SezioneOf(esito string) Sezione {
	switch esito {
	case "accoglimento", "accoglimento_parziale":
		return Autorizzazioni
	case "reiezione":
		return Reiezioni
	}
	return Tutte
}

// Criteria is a search among the provvedimenti of one matricola. The zero value of a field is no
// criterion.
type Criteria struct {
	Matricola       string
	Sezione         Sezione
	Emissione       Validity // days of issue; From 0 is from the beginning
	Prestazione     string
	Causale         string
	UnitaProduttiva string
	Parole          []string  // stems that the motivazione must have, each one; see Stems
	KnownAt         time.Time // as it was known at that instant; zero is now
	Sort            string    // one of Sorts
}

// Sorts are the orders of a search; the first is the default. Equal keys follow numero.
var Sorts = []string{"-data_emissione", "data_emissione", "-dal", "dal", "numero", "-numero"}

// Written is what became of one provvedimento that was to be stored.
type Written string

// The outcomes of writing.
const (
	Created   Written = "creato"    // a new numero
	Corrected Written = "corretto"  // a further version of a numero
	Same      Written = "invariato" // this numero and version were stored already, with the same content
	Conflict  Written = "conflitto" // this numero and version were stored already, with other content
	Gap       Written = "salto"     // the version before this one is not stored
)

// Key is the place of p in the order of c.Sort: what a page goes on after.
func (c Criteria) Key(p *Provvedimento) string {
	switch c.Sort {
	case "dal", "-dal":
		return p.Dal.String() + " " + p.Numero
	case "numero", "-numero":
		return p.Numero
	}
	return p.DataEmissione.String() + " " + p.Numero
}
