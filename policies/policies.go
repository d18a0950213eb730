// Package policies answers one question: may this caller do that, to this matricola, today?
//
// The rules are Rego, in accesso.rego; what they speak of — actions, roles, bonds, services,
// purposes, codes — are tables beside them, in tabelle/, written so that who answers for them can
// read and change them without Rego. New checks the tables against each other and compiles all of
// it once; then one evaluation decides one request.
//
// The answer is a deny unless some ground allows. A rule that fails, or that has no result, is a
// deny too, each with a code of its own. A verdict names the ground: as what the caller acted, on
// which basis, under which delegation, and by which version of the policies.
//
// The rules see only what the question holds. They know no clock, network or chance: the built-in
// functions for those are not among capabilities.json, so that using one does not compile.
package policies

import (
	"context"
	"fmt"
)

// Person is who asks, as the token has it.
type Person struct {
	Subject        string   // sub; the rules do not look at it
	CodiceFiscale  string   // "" when there is no person, or the token does not say
	Ruoli          []string // of the token; one that the table of roles does not have grants nothing
	Sede           string   // the office of an operatore
	Livello        int      // level of assurance of the sign-in, 1 to 3; 0 is unknown
	Organizzazione bool     // a service account or a PDND voucher: there is no person behind it
	Profilo        string   // portale, pdnd, sviluppo
	Finalita       string   // purposeId of a PDND voucher
}

// Bond is what binds the person to the matricola of the question.
type Bond struct {
	ID       string
	Tipo     string   // titolare, dipendente, intermediario, subdelega, conversazione
	Servizi  []string // what it covers; of a titolare too
	Dal      string   // first day, YYYY-MM-DD
	Al       string   // last day, "" when open
	Revocata bool
	Parent   *Bond // of a subdelega: the delegation it hangs on; without it the subdelega is not good
}

// Delegation is the delegation that the question is about: the one to revoke, or the one to grant.
type Delegation struct {
	ID            string // of one to revoke; "" of one to grant
	Tipo          string
	Delegante     string   // codice fiscale of who granted it
	Delegato      string   // codice fiscale of who may act
	Servizi       []string // what it covers
	Dal           string   // first day, YYYY-MM-DD; may be "" when revoking
	Al            string   // last day, "" when open
	Padre         string   // id of the delegation a subdelega hangs on; "" when granting: any that carries it
	PadreDelegato string   // codice fiscale of who holds that one
}

// Question is one access, or the list of all that an action may touch: see [Policies.Reach].
type Question struct {
	Person    *Person // nil: anonymous
	Azione    string
	Matricola string // "" when the action concerns none, or all of them
	Sede      string // the office in charge of the matricola; "" when it does not exist
	Bonds     []Bond // all that bind the person to the matricola, past and revoked ones too, in any order
	Delega    *Delegation
	Oggi      string // the civil day in Rome, YYYY-MM-DD
	Sviluppo  bool   // the service runs for development
}

// The bases of an access, see Verdict.
const (
	BaseOwn           = "own"
	BaseDelega        = "delega"
	BaseSubdelega     = "subdelega"
	BaseUfficio       = "ufficio"
	BaseConversazione = "conversazione"
)

// Verdict is the answer.
type Verdict struct {
	Allow   bool
	Code    string   // why not, one of Codes; "" when allowed
	Ruolo   string   // as what the caller acted: the kind of the bond, or the role; "" when denied
	Base    string   // own, delega, subdelega, ufficio, conversazione; "" when none was needed
	Delega  string   // id of the bond that allowed it
	Reasons []string // why, in Italian, for the record: who reads it knows the matricola
	Policy  string   // version of the policies
	// Visible says of a deny whether its code may be told: 403. When it is false the matricola, or
	// the delegation, must look as if it did not exist: 404.
	Visible bool
}

// Reach are the matricole that an action may touch: those that a bond of one of Tipi, good today and
// covering Servizio, ties to the person, and those of the office Sede. The zero Reach is none.
type Reach struct {
	CodiceFiscale string   // of the person; "" when no bond counts
	Tipi          []string // kinds of bonds that count, sorted
	Servizio      string   // that the bond must cover; "" is any
	Sede          string   // the office whose matricole all count; "" is none
	All           bool     // every matricola
}

// Decide answers the question. A matricola must be named for all that concerns one, except where the
// role reaches all of them.
//
// The verdict is a deny whenever err is not nil. An error is a question that makes no sense (a day
// that is none) or a rule that failed; it is never the caller's doing.
func (p *Policies) Decide(ctx context.Context, q Question) (Verdict, error) {
	input, err := p.input(&q)
	if err != nil {
		return p.deny(CodeError), fmt.Errorf("policies: %s: %w", q.Azione, err)
	}
	answer, err := p.verdict.eval(ctx, input)
	if err != nil {
		return p.deny(CodeError), fmt.Errorf("policies: %s: %w", q.Azione, interrupted(ctx, err))
	}
	return p.read(&q, answer), nil
}

// Reach decides a list, once for all of its rows: for each matricola it agrees with what Decide
// would say. Matricola, Sede and Bonds of the question do not matter.
//
// A person with no bonds at all is allowed a list, and finds it empty. The verdict's Visible is true.
func (p *Policies) Reach(ctx context.Context, q Question) (Reach, Verdict, error) {
	q.Matricola, q.Sede, q.Bonds, q.Delega = "", "", nil, nil
	input, err := p.input(&q)
	if err != nil {
		return Reach{}, p.deny(CodeError), fmt.Errorf("policies: list of %s: %w", q.Azione, err)
	}
	answer, err := p.reach.eval(ctx, input)
	if err != nil {
		return Reach{}, p.deny(CodeError), fmt.Errorf("policies: list of %s: %w", q.Azione, interrupted(ctx, err))
	}
	v := p.read(&q, answer)
	if !v.Allow {
		return Reach{}, v, nil
	}
	return p.readReach(&q, answer), v, nil
}

// interrupted is err, or, when the request's time was up, that: the evaluator only says it was cancelled.
func interrupted(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// Version names these policies and tables: it changes with any of their bytes.
func (p *Policies) Version() string { return p.version }

// Digest is that of all their bytes, as "sha256:…".
func (p *Policies) Digest() string { return p.digest }
