package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/internal/fault"
	"omnia/policies"
)

func (s *server) delegheRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/deleghe", produces: asJSON, action: s.listDeleghe, archived: true,
			summary: "elenca le deleghe conferite e ricevute"},
		{method: http.MethodPost, path: "/v1/deleghe", produces: asJSON, action: s.grantDelega, archived: true, repeats: true,
			bulk: []string{typeNDJSON, typeCSV}, summary: "conferisce una delega, o ne carica molte"},
		{method: http.MethodGet, path: "/v1/deleghe/:id", produces: asJSON, action: s.showDelega, archived: true,
			summary: "mostra una delega"},
		{method: http.MethodDelete, path: "/v1/deleghe/:id", produces: asJSON, action: s.revokeDelega, archived: true,
			summary: "revoca una delega"},
	}
}

// shownDelega is a delegation as callers see it.
type shownDelega struct {
	ID         string             `json:"id"`
	Tipo       archive.Tipo       `json:"tipo"`
	Matricola  string             `json:"matricola"`
	Delegante  string             `json:"delegante"`
	Delegato   string             `json:"delegato"`
	Studio     string             `json:"studio,omitempty"`
	Servizi    []archive.Servizio `json:"servizi"`
	ValidaDal  calendar.Day       `json:"valida_dal"`
	ValidaAl   *calendar.Day      `json:"valida_al,omitempty"`
	Padre      string             `json:"padre,omitempty"`
	Stato      string             `json:"stato"`
	CreataIl   string             `json:"creata_il"`
	RevocataIl string             `json:"revocata_il,omitempty"`
}

// The states of a delegation on a day.
const (
	delegaActive  = "attiva"
	delegaFuture  = "futura"
	delegaExpired = "scaduta"
	delegaRevoked = "revocata"
	delegaBroken  = "sospesa" // of a subdelega: the delegation it hangs on is not good
)

func stateOf(d *archive.Delega, today calendar.Day) string {
	switch {
	case d.RevocataIl != nil:
		return delegaRevoked
	case d.To != nil && *d.To < today:
		return delegaExpired
	case today < d.From:
		return delegaFuture
	case !d.In(today):
		return delegaBroken
	}
	return delegaActive
}

func (c *call) delega(d *archive.Delega) shownDelega {
	out := shownDelega{
		ID: d.ID, Tipo: d.Tipo, Matricola: d.Matricola, Delegante: d.Delegante, Delegato: d.Delegato, Studio: d.Studio,
		Servizi: append([]archive.Servizio{}, d.Servizi...), ValidaDal: d.From, ValidaAl: d.To, Padre: d.Padre,
		Stato: stateOf(d, c.today()), CreataIl: instantText(d.CreataIl),
	}
	if d.RevocataIl != nil {
		out.RevocataIl = instantText(*d.RevocataIl)
	}
	return out
}

// grantDelega grants one delegation by the caller, or loads many.
func (s *server) grantDelega(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	if err := readQuery(c).err(); err != nil {
		return err
	}
	media, err := bodyMedia(c, typeJSON, typeNDJSON, typeCSV)
	if err != nil {
		return err
	}
	if media != typeJSON {
		return s.loadDeleghe(c)
	}
	d, err := s.readDelega(c)
	if err != nil {
		return err
	}
	if err := c.complete(d); err != nil {
		return err
	}
	g, err := s.mayGrant(c, d)
	if err != nil {
		return err
	}
	return s.once(c, func(ctx context.Context) error { return s.storeDelega(ctx, c, g, d) })
}

// mayGrant asks whether the caller may grant this. A subdelega without an end gets that of the
// delegation it hangs on.
func (s *server) mayGrant(c *call, d *archive.Delega) (*grant, error) {
	g, err := s.ask(c, granting(d), d.Matricola, func(sub *archive.Subject) *policies.Delegation { return under(d, sub) })
	if g != nil && notUnder(d, g) {
		return nil, failure(c.lang, codeDelegaParent)
	}
	return g, err
}

// granting is the action that grants a delegation.
func granting(d *archive.Delega) string {
	if d.Tipo == archive.Subdelega {
		return "deleghe.subdelega"
	}
	return "deleghe.conferisci"
}

// under finds the delegation that one hangs on among those of who grants it, and gives it as the policies are
// asked about it.
func under(d *archive.Delega, sub *archive.Subject) *policies.Delegation {
	i := slices.IndexFunc(sub.Deleghe, func(o archive.Delega) bool { return o.ID == d.Padre })
	if d.Padre != "" && i >= 0 {
		d.Parent = &sub.Deleghe[i]
		if d.To == nil {
			d.To = d.Parent.To
		}
	}
	return delegationOf(d)
}

// notUnder tells whether a subdelega was refused because what it hangs on is not the caller's.
func notUnder(d *archive.Delega, g *grant) bool {
	return g.verdict.Code == codeNotYours && d.Tipo == archive.Subdelega
}

// codeNotYours is the deny of a delegation that the caller has no part in.
const codeNotYours = "delega_not_yours"

// delegationOf is the delegation that a question is about.
func delegationOf(d *archive.Delega) *policies.Delegation {
	b := bondOf(d)
	out := &policies.Delegation{
		ID: d.ID, Tipo: b.Tipo, Delegante: d.Delegante, Delegato: d.Delegato, Servizi: b.Servizi, Dal: b.Dal, Al: b.Al, Padre: d.Padre,
	}
	if d.Parent != nil {
		out.PadreDelegato = d.Parent.Delegato
	}
	return out
}

func (s *server) readDelega(c *call) (*archive.Delega, error) {
	body, err := s.body(c)
	if err != nil {
		return nil, err
	}
	reader, err := s.reader()
	if err != nil {
		return nil, err
	}
	return reader.Delega(body, c.reading())
}

// complete checks what only the day and the caller can say, and fills in who grants.
func (c *call) complete(d *archive.Delega) error {
	who := c.who()
	d.Delegante, d.CreataDa, d.CreataIl = who.CodiceFiscale, who.Subject, archive.Instant(c.now)
	var wrong []fault.Detail
	if d.Tipo == archive.Titolare {
		wrong = append(wrong, defect(c.lang, "/tipo", codeDelegaType))
	}
	if d.Delegato == d.Delegante {
		wrong = append(wrong, defect(c.lang, "/delegato", codeDelegaSelf))
	}
	if d.From < c.today() {
		wrong = append(wrong, defect(c.lang, "/valida_dal", codeDelegaPast, c.today().String()))
	}
	if len(wrong) > 0 {
		return failure(c.lang, codeInvalidInput).With(wrong...)
	}
	id, err := uuid.NewV7()
	d.ID = id.String()
	return err
}

// storeDelega stores the delegation unless one like it is there: to take it away one would have to find both.
func (s *server) storeDelega(ctx context.Context, c *call, g *grant, d *archive.Delega) error {
	if err := s.Archive.GrantApart(ctx, *d); errors.Is(err, archive.ErrOverlap) {
		return failure(c.lang, codeDelegaOverlap)
	} else if err != nil {
		return err
	}
	stored, err := s.Archive.Delega(ctx, d.ID)
	if err != nil {
		return err
	}
	g.about("delega " + d.ID)
	return c.created(s.PublicURL+"/v1/deleghe/"+d.ID, c.delega(stored))
}

// listDeleghe lists the delegations that the caller granted, holds, or owns the matricola of; whoever may
// see all matricole sees all.
func (s *server) listDeleghe(c *call) error {
	reach, g, err := s.reach(c, "deleghe.elenca")
	if err != nil {
		return err
	}
	q := readQuery(c)
	what := archive.DelegaCriteria{
		Matricola: q.matricola("matricola"), Delegante: q.person("delegante"), Delegato: q.person("delegato"),
		Padre: q.id("padre"), Today: c.today(),
	}
	if t := q.choice("tipo", "", string(archive.Titolare), string(archive.Dipendente), string(archive.Intermediario), string(archive.Subdelega)); t != "" {
		what.Tipi = []archive.Tipo{archive.Tipo(t)}
	}
	page := q.pagingByID("id")
	if err := q.err(); err != nil {
		return err
	}
	g.about("matricola=" + what.Matricola + " delegante=" + what.Delegante + " delegato=" + what.Delegato)
	if empty, err := s.narrow(c, reach, &what); err != nil {
		return err
	} else if empty {
		return c.json(list[shownDelega]{Items: []shownDelega{}, Limit: page.limit})
	}
	return s.answerDeleghe(c, what, page)
}

// narrow keeps a list within the caller's reach: everything, the matricola asked for when it is of the
// caller's office, or what the person has a part in. empty tells that nothing is left.
func (s *server) narrow(c *call, reach archive.Reach, what *archive.DelegaCriteria) (empty bool, err error) {
	if reach.All {
		return false, nil
	}
	if reach.Sede != "" && what.Matricola != "" {
		sub, err := s.Archive.Subject(c.Request.Context(), reach.CodiceFiscale, what.Matricola)
		if err != nil {
			return false, err
		}
		if sub.Sede == reach.Sede {
			return false, nil
		}
	}
	what.Visible = reach.CodiceFiscale
	return what.Visible == "", nil
}

func (s *server) answerDeleghe(c *call, what archive.DelegaCriteria, page paging) error {
	found, more, err := s.Archive.Deleghe(c.Request.Context(), what, archive.Page{After: page.after, Limit: page.limit})
	if err != nil {
		return err
	}
	out := list[shownDelega]{Items: make([]shownDelega, len(found)), Limit: page.limit}
	for i := range found {
		out.Items[i] = c.delega(&found[i])
	}
	if more {
		out.NextCursor = writeCursor(page.sort, found[len(found)-1].ID)
	}
	return c.json(out)
}

// findDelega reads a delegation and what binds the caller to its matricola. For one that is not there
// the same steps are taken, with a matricola of nobody.
func (s *server) findDelega(c *call) (*archive.Delega, error) {
	id := c.Param("id")
	if !isUUID(id) {
		return nil, nil
	}
	d, err := s.Archive.Delega(c.Request.Context(), id)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	return d, err
}

// showDelega shows one delegation to whom the list would show it.
func (s *server) showDelega(c *call) error {
	reach, g, err := s.reach(c, "deleghe.elenca")
	if err != nil {
		return err
	}
	if err := readQuery(c).err(); err != nil {
		return err
	}
	d, err := s.findDelega(c)
	if err != nil {
		return err
	}
	matricola := nobody
	if d != nil {
		matricola = d.Matricola
	}
	sub, err := s.Archive.Subject(c.Request.Context(), reach.CodiceFiscale, matricola)
	if err != nil {
		return err
	}
	g.about("delega " + c.Param("id"))
	if d == nil || !mayRead(reach, &sub, d) {
		return failure(c.lang, codeDelegaNotFound)
	}
	g.line.Matricola = d.Matricola
	return c.json(c.delega(d))
}

// mayRead says of one delegation what narrow says of a list.
func mayRead(reach archive.Reach, sub *archive.Subject, d *archive.Delega) bool {
	cf := reach.CodiceFiscale
	switch {
	case reach.All, reach.Sede != "" && reach.Sede == sub.Sede:
		return true
	case cf == "":
		return false
	case d.Delegante == cf, d.Delegato == cf:
		return true
	}
	return slices.ContainsFunc(sub.Deleghe, func(o archive.Delega) bool { return o.Tipo == archive.Titolare && o.In(reach.Today) })
}

// revokeDelega ends a delegation at once, and those that hang on it. Again is no error: whoever asks
// twice wants it gone.
func (s *server) revokeDelega(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	if err := readQuery(c).err(); err != nil {
		return err
	}
	d, err := s.findDelega(c)
	if err != nil {
		return err
	}
	missing := d == nil
	if missing {
		d = &archive.Delega{Matricola: nobody, Tipo: archive.Intermediario}
	}
	g, err := s.ask(c, "deleghe.revoca", d.Matricola, func(*archive.Subject) *policies.Delegation { return delegationOf(d) })
	if g != nil {
		g.about("delega " + c.Param("id"))
		if missing {
			g.line.Matricola = ""
		}
	}
	if f, ok := errors.AsType[*fault.Fault](err); missing && err == nil || ok && f.Code == codeMatricolaNotFound {
		return failure(c.lang, codeDelegaNotFound)
	}
	if err != nil {
		return err
	}
	return s.atomically(c, func(ctx context.Context) error {
		revoked, err := s.Archive.Revoke(ctx, d.ID, c.who().Subject, c.now)
		if err != nil {
			return err
		}
		return c.json(c.delega(revoked))
	})
}
