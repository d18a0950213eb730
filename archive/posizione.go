package archive

import (
	"time"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// Posizione is one matricola with all that the law asks about it: the company, how it is
// classified, its staff and its production units, each with its dates.
type Posizione struct {
	Matricola     string // 10 digits
	CodiceFiscale string // of the company
	Denominazione string
	Sede          string // the INPS office in charge, by its code ("7000" is Roma)
	Attiva        Validity
	Inquadramenti []Inquadramento // by day, without overlap
	Dipendenti    []Dipendenti    // by day
	Unita         []Unita         // by progressivo

	Versione     int // counts the changes; it is the ETag
	Corpo        []byte
	Digest       string
	RegistratoIl time.Time
	RegistratoDa string
}

// Inquadramento is how the company is classified over some days (art. 10 d.lgs. 148/2015 for the
// sectors of the CIGO; fis, fondo, altro).
type Inquadramento struct {
	Validity
	Settore string
	Fondo   string // the code of the fund, for settore "fondo"
}

// Dipendenti is the average of employees of the previous semester, good from a day on.
type Dipendenti struct {
	Dal   calendar.Day
	Media quantity.Rat
}

// Unita is a production unit.
type Unita struct {
	Progressivo     string // "0" is the main seat
	Denominazione   string
	Comune          string
	Attiva          Validity
	GiorniSettimana []GiorniSettimana // by day
	Organico        []Organico        // by day
}

// GiorniSettimana is how many days a week the unit works, from a day on: 5 or 6.
type GiorniSettimana struct {
	Dal    calendar.Day
	Giorni int
}

// Organico is the average staff of the previous semester by contract hours (art. 12 c. 5-6), good
// from a day on.
type Organico struct {
	Dal   calendar.Day
	Fasce []Fascia
}

// Fascia is the average number of workers with the same contract hours a week.
type Fascia struct {
	OreSettimanali quantity.Rat
	Lavoratori     quantity.Rat
}
