package archive

import (
	"slices"
	"time"

	"omnia/engine/calendar"
)

// Tipo is what binds a person to a matricola.
type Tipo string

// The bonds. A titolare is known to INPS from the company's own data; the others are granted.
const (
	Titolare      Tipo = "titolare"      // owner or legal representative
	Dipendente    Tipo = "dipendente"    // employee of the company, delegated by the titolare
	Intermediario Tipo = "intermediario" // consultant or association, delegated by the titolare
	Subdelega     Tipo = "subdelega"     // collaborator of an intermediario, delegated by that one
)

// Servizio is what a delegation allows.
type Servizio string

// The services, in their order.
const (
	ServizioContatori     Servizio = "contatori"
	ServizioProvvedimenti Servizio = "provvedimenti"
	ServizioDomande       Servizio = "domande"
	ServizioChat          Servizio = "chat"
	ServizioDeleghe       Servizio = "deleghe" // to delegate on: an intermediario to a collaborator
)

// Servizi are all the services, in their order. A titolare has them all.
var Servizi = []Servizio{ServizioContatori, ServizioProvvedimenti, ServizioDomande, ServizioChat, ServizioDeleghe}

// Delega is a bond of one person with one matricola.
type Delega struct {
	ID        string // UUID of version 7
	Tipo      Tipo
	Matricola string
	Delegante string // codice fiscale of who granted it: a person, or the company when INPS loaded it
	Delegato  string // codice fiscale of the person who may act
	Studio    string // the intermediary's firm, for people; "" when there is none
	Servizi   []Servizio
	Validity          // days on which it is good, both inclusive
	Padre     string  // of a subdelega: the delegation it hangs on
	Parent    *Delega // that delegation, where it was read along

	CreataIl   time.Time
	CreataDa   string // subject of the token
	RevocataIl *time.Time
	RevocataDa string
}

// In tells whether the delegation is good on that day of Rome: not revoked, within its days, and, of
// a subdelega, that its parent is good too. Parent must have been read.
func (d *Delega) In(today calendar.Day) bool {
	if d.RevocataIl != nil || !d.Has(today) {
		return false
	}
	return d.Tipo != Subdelega || d.Parent != nil && d.Parent.In(today)
}

// Allows tells whether the delegation covers the service; a subdelega never more than its parent.
func (d *Delega) Allows(s Servizio) bool {
	return slices.Contains(d.Servizi, s) && (d.Tipo != Subdelega || d.Parent != nil && d.Parent.Allows(s))
}

// Subject is what is known of a person and a matricola, for one access decision. It is the same for a
// matricola that does not exist as for one that the person has nothing to do with.
type Subject struct {
	Matricola string
	Sede      string   // the office in charge; "" when the matricola does not exist
	Deleghe   []Delega // all bonds of the person with it, past and revoked ones too, parents read along
}
