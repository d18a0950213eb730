package archive

import (
	"slices"
	"time"

	"omnia/engine/calendar"
)

// Access is one line of the record of accesses to personal data: who, as what, under which
// delegation, what, when, why, and how it ended. Lines are only ever added.
type Access struct {
	ID            string // UUID of version 7, so that lines sort by time
	Instant       time.Time
	Persona       string // subject of the token
	CodiceFiscale string // of the person; "" of an organisation
	Ruolo         string // the role that was decisive: titolare, intermediario, operatore, archivio, …
	Base          string // own, delega, subdelega, ufficio; "" when none was needed or found
	Delega        string // the delegation that allowed it
	Azione        string // of the policy: "provvedimenti.cerca"
	Matricola     string // "" for what concerns no single one
	Oggetto       string // what was looked at: a numero, an unità produttiva, criteria
	Motivo        string // why: the purpose the caller or its voucher states; "" when none
	Esito         string // allow; deny:CODE of the policy; error:CODE of the problem, when it was allowed and showed nothing
	Policy        string // version of the policies that decided
	Correlation   string
	Address       string // of the caller
}

// AccessCriteria is a search among accesses; zero fields are no criteria. Esito is one with or without
// its code: "deny" finds all denies.
type AccessCriteria struct {
	Matricola, Persona, Delega, Azione, Esito string
	From, To                                  calendar.Day // of Rome, both inclusive; 0 is open
	Oggetto, Correlation                      string
}

// Reach is the matricole a person may list, as the policy put it: those bound by a delegation of one
// of Tipi that is good on Today and allows Servizio, and those of the office Sede. The zero Reach is none.
type Reach struct {
	CodiceFiscale string   // of the person; "" means no delegation counts
	Tipi          []Tipo   // bonds that count
	Servizio      Servizio // that the bond must allow; "" is any
	Sede          string   // the office whose matricole all count; "" is none
	All           bool     // every matricola of the archive (auditor, archivio)
	Today         calendar.Day
}

// Has tells whether the delegation puts its matricola in reach. Its parent must have been read.
func (r Reach) Has(d *Delega) bool {
	return r.CodiceFiscale != "" && d.Delegato == r.CodiceFiscale && slices.Contains(r.Tipi, d.Tipo) &&
		d.In(r.Today) && (r.Servizio == "" || d.Allows(r.Servizio))
}

// Listed is one matricola of a list, with why it is there.
type Listed struct {
	Matricola     string
	CodiceFiscale string
	Denominazione string
	Sede          string
	Deleghe       []Delega // those good today that put it in the list; empty by office
}
