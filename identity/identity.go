// Package identity answers one question: whose request is this? A bearer token goes in, a
// Principal comes out, or a fault that says what is wrong with the token.
//
// Three profiles of issuer are known. "portale" speaks for people who signed in with SPID, CIE or
// CNS at a portal, and for that portal's own service accounts. "pdnd" gives vouchers to other
// administrations: the principal is an organisation, whatever else the voucher claims. "sviluppo"
// is the issuer built in for a run on one's own machine.
//
// A token is read as RFC 8725 asks. The issuer is looked up among those configured by the token's
// own iss, and from there on only the settings of that issuer count: its keys, algorithms, types
// and audience. Nothing in the header of a token is followed (jku, x5u, jwk, x5c). Before the
// signature is verified the token decides nothing but which keys to try.
//
// What a principal may do is none of this package's business.
package identity

import (
	"log/slog"
	"slices"
	"time"
)

// The profiles.
const (
	ProfilePortale  = "portale"
	ProfilePDND     = "pdnd"
	ProfileSviluppo = "sviluppo"
)

// Principal is who asks. It never changes after Verify; the slices are its own.
type Principal struct {
	Subject       string    // sub: a person's pseudonym or codice fiscale, or the account of a service
	CodiceFiscale string    // 16 characters in capitals, its form checked; "" unless a person
	Nome          string    // for showing; "" unless a person
	Ruoli         []string  // of Roles, sorted, each once; empty for a voucher
	Ignorati      []string  // roles that the token has and nobody here knows: they grant nothing
	Sede          string    // the office of an operatore or advisor
	Livello       int       // assurance of the sign-in, 1 to 3 as of SPID; 0 is unknown, or no person
	Profile       string    // portale, pdnd or sviluppo
	Client        string    // client_id; "" when the token names none
	Purpose       string    // purposeId of a voucher
	Organization  bool      // a service account or an administration: there is no person behind it
	Issuer        string    // iss
	TokenID       string    // jti; "" when the token has none
	Expires       time.Time // exp, in UTC
}

// Has tells whether the principal has that role.
func (p *Principal) Has(ruolo string) bool { return slices.Contains(p.Ruoli, ruolo) }

// LogValue leaves out what would name a person: logs say which token it was, not whose.
func (p Principal) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("profile", p.Profile), slog.String("issuer", p.Issuer), slog.String("token", p.TokenID),
		slog.Any("ruoli", p.Ruoli), slog.Int("livello", p.Livello), slog.Bool("organization", p.Organization),
	}
	if p.Organization {
		attrs = append(attrs, slog.String("subject", p.Subject))
	}
	return slog.GroupValue(attrs...)
}

// clone is the same principal with slices of its own.
func (p *Principal) clone() *Principal {
	q := *p
	q.Ruoli, q.Ignorati = slices.Clone(p.Ruoli), slices.Clone(p.Ignorati)
	return &q
}

// role is what a token may say that its bearer is.
type role struct {
	name   string
	person bool // only a person can be that: somebody must answer for what is done
	sede   bool // is that at one office
}

var roles = []role{
	{name: "advisor", person: true, sede: true},
	{name: "approvatore", person: true},
	{name: "archivio"},
	{name: "auditor", person: true},
	{name: "esperto", person: true},
	{name: "impresa", person: true},
	{name: "operatore", person: true, sede: true},
	{name: "portale"},
}

// Roles are the names of the roles known here, sorted.
func Roles() []string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = r.name
	}
	return names
}

func findRole(name string) (role, bool) {
	i := slices.IndexFunc(roles, func(r role) bool { return r.name == name })
	if i < 0 {
		return role{}, false
	}
	return roles[i], true
}
