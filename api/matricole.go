package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/internal/fault"
)

func (s *server) matricoleRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/matricole", produces: asJSON, action: s.listMatricole, archived: true,
			summary: "elenca le matricole per cui si può agire oggi"},
		{method: http.MethodGet, path: "/v1/matricole/:matricola", produces: asJSON, action: s.showMatricola, archived: true,
			summary: "mostra una matricola"},
		{method: http.MethodPut, path: "/v1/matricole/:matricola", produces: asJSON, action: s.writeMatricola, archived: true,
			summary: "registra o modifica una matricola"},
		{method: http.MethodGet, path: "/v1/matricole/:matricola/unita-produttive", produces: asJSON, action: s.listUnits, archived: true,
			summary: "elenca le unità produttive di una matricola"},
	}
}

// The bases on which a person acts for a matricola, the nearest one first.
const (
	basisOwn       = "own"       // titolare
	basisDelega    = "delega"    // delegated by the company
	basisSubdelega = "subdelega" // delegated by somebody delegated
	basisUfficio   = "ufficio"   // by office, with no delegation
)

var bases = []string{basisOwn, basisDelega, basisSubdelega, basisUfficio}

// listedMatricola is one matricola with why the caller may act for it.
type listedMatricola struct {
	Matricola string  `json:"matricola"`
	Azienda   company `json:"azienda"`
	Sede      string  `json:"sede"`
	standing
}

type company struct {
	CodiceFiscale string `json:"codice_fiscale"`
	Denominazione string `json:"denominazione"`
}

// standing is on what basis, for what and until when a person may act for a matricola: the nearest
// basis, and the services and the last day of all delegations together.
type standing struct {
	Basis    string             `json:"basis"`
	Servizi  []archive.Servizio `json:"servizi"`
	Scadenza *calendar.Day      `json:"scadenza,omitempty"` // the last day; absent when there is none
	Deleghe  []ground           `json:"deleghe"`            // each delegation; none by office
}

// ground is one delegation that lets a person act.
type ground struct {
	ID       string             `json:"id"`
	Tipo     archive.Tipo       `json:"tipo"`
	Basis    string             `json:"basis"`
	Servizi  []archive.Servizio `json:"servizi"`
	Scadenza *calendar.Day      `json:"scadenza,omitempty"`
}

// shownMatricola is one matricola with all that is known of it.
type shownMatricola struct {
	listedMatricola
	Versione     int             `json:"versione"`
	RegistratoIl string          `json:"registrato_il"`
	Posizione    json.RawMessage `json:"posizione"` // the document, as PUT takes it
}

// listMatricole lists those the caller may act for today.
func (s *server) listMatricole(c *call) error {
	reach, g, err := s.reach(c, "matricole.elenca")
	if err != nil {
		return err
	}
	q := readQuery(c)
	words := q.plain("q")
	page := q.paging("matricola")
	if page.after != "" && !isMatricola(page.after) {
		q.wrong("cursor", codeCursor)
	}
	if err := q.err(); err != nil {
		return err
	}
	g.about("q=" + words)
	found, more, err := s.Archive.Matricole(c.Request.Context(), reach, words, archive.Page{After: page.after, Limit: page.limit})
	if err != nil {
		return err
	}
	out := list[listedMatricola]{Items: make([]listedMatricola, len(found)), Limit: page.limit}
	for i := range found {
		out.Items[i] = c.listed(&found[i], g)
		g.shows(found[i].Matricola)
	}
	if more {
		out.NextCursor = writeCursor(page.sort, found[len(found)-1].Matricola)
	}
	return c.json(out)
}

func (c *call) listed(l *archive.Listed, g *grant) listedMatricola {
	return listedMatricola{
		Matricola: l.Matricola, Azienda: company{l.CodiceFiscale, l.Denominazione}, Sede: l.Sede,
		standing: c.standing(l.Deleghe, g),
	}
}

// standing sums up delegations; those that are not good today don't count. Without any, the caller
// acts by office, in the role that the verdict names.
func (c *call) standing(deleghe []archive.Delega, g *grant) standing {
	st := standing{Basis: basisUfficio, Servizi: []archive.Servizio{}, Deleghe: []ground{}}
	for i := range deleghe {
		if d := &deleghe[i]; d.In(c.today()) {
			st.Deleghe = append(st.Deleghe, groundOf(d))
		}
	}
	if len(st.Deleghe) == 0 {
		st.Servizi = officeServices(g.verdict.Ruolo)
		return st
	}
	slices.SortStableFunc(st.Deleghe, func(a, b ground) int { return slices.Index(bases, a.Basis) - slices.Index(bases, b.Basis) })
	st.Basis, st.Scadenza = st.Deleghe[0].Basis, st.Deleghe[0].Scadenza
	for _, g := range st.Deleghe {
		if g.Scadenza == nil || st.Scadenza != nil && *g.Scadenza > *st.Scadenza {
			st.Scadenza = g.Scadenza
		}
	}
	for _, v := range archive.Servizi {
		if slices.ContainsFunc(st.Deleghe, func(g ground) bool { return slices.Contains(g.Servizi, v) }) {
			st.Servizi = append(st.Servizi, v)
		}
	}
	return st
}

// groundOf is what a delegation really allows: a subdelega never more or longer than its parent.
func groundOf(d *archive.Delega) ground {
	g := ground{ID: d.ID, Tipo: d.Tipo, Basis: basisOf(d.Tipo), Servizi: []archive.Servizio{}, Scadenza: d.To}
	for _, v := range archive.Servizi {
		if d.Allows(v) {
			g.Servizi = append(g.Servizi, v)
		}
	}
	if p := d.Parent; p != nil && p.To != nil && (g.Scadenza == nil || *p.To < *g.Scadenza) {
		g.Scadenza = p.To
	}
	return g
}

func basisOf(t archive.Tipo) string {
	switch t {
	case archive.Titolare:
		return basisOwn
	case archive.Subdelega:
		return basisSubdelega
	}
	return basisDelega
}

// officeServices are those that a role has by office.
func officeServices(ruolo string) []archive.Servizio {
	if ruolo == "archivio" {
		return []archive.Servizio{archive.ServizioProvvedimenti}
	}
	return []archive.Servizio{archive.ServizioContatori, archive.ServizioProvvedimenti}
}

// posizione is the company of a matricola that the caller may see. One that the archive does not have
// answers as one that may not be seen.
func (s *server) posizione(ctx context.Context, c *call, matricola string, knownAt time.Time) (*archive.Posizione, error) {
	p, err := s.Archive.Posizione(ctx, matricola, knownAt)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, failure(c.lang, codeMatricolaNotFound)
	}
	return p, err
}

// showMatricola shows one matricola.
func (s *server) showMatricola(c *call) error {
	matricola := c.Param("matricola")
	g, err := s.authorize(c, "matricole.leggi", matricola)
	if err != nil {
		return err
	}
	q := readQuery(c)
	at := q.knownAt(c.now)
	if err := q.err(); err != nil {
		return err
	}
	p, err := s.posizione(c.Request.Context(), c, matricola, at)
	if err != nil {
		return err
	}
	tag := versionTag(p.Versione, p.Digest)
	c.Header("ETag", tag)
	// What a delegation allows, and until when, changes without a new version of the company.
	if len(g.subject.Deleghe) == 0 && c.unmodified(tag) {
		return nil
	}
	return c.json(c.shown(p, g))
}

func (c *call) shown(p *archive.Posizione, g *grant) shownMatricola {
	return shownMatricola{
		listedMatricola: listedMatricola{
			Matricola: p.Matricola, Azienda: company{p.CodiceFiscale, p.Denominazione}, Sede: p.Sede,
			standing: c.standing(g.subject.Deleghe, g),
		},
		Versione: p.Versione, RegistratoIl: instantText(p.RegistratoIl), Posizione: p.Corpo,
	}
}

// writeMatricola stores a company, or a change of it, for a caller who says what it rests on.
func (s *server) writeMatricola(c *call) error {
	matricola := c.Param("matricola")
	g, err := s.authorize(c, "posizioni.scrivi", matricola)
	if err != nil {
		return err
	}
	if err := readQuery(c).err(); err != nil {
		return err
	}
	rests, err := c.precondition()
	if err != nil {
		return err
	}
	p, err := s.readPosizione(c, matricola)
	if err != nil {
		return err
	}
	return s.atomically(c, func(ctx context.Context) error { return s.putMatricola(ctx, c, g, p, rests) })
}

// readPosizione reads the body, which must be of that matricola.
func (s *server) readPosizione(c *call, matricola string) (*archive.Posizione, error) {
	body, err := s.body(c)
	if err != nil {
		return nil, err
	}
	reader, err := s.reader()
	if err != nil {
		return nil, err
	}
	p, err := reader.Posizione(body, c.reading())
	if err != nil {
		return nil, err
	}
	if p.Matricola != matricola {
		return nil, failure(c.lang, codeInvalidInput).With(defect(c.lang, "/matricola", codeOtherMatricola))
	}
	p.RegistratoDa = c.who().Subject
	return p, nil
}

// putMatricola stores p when what is there is what the caller thinks, and answers with what is
// there then.
func (s *server) putMatricola(ctx context.Context, c *call, g *grant, p *archive.Posizione, rests precondition) error {
	before, err := s.Archive.Posizione(ctx, p.Matricola, time.Time{})
	if err != nil && !errors.Is(err, archive.ErrNotFound) {
		return err
	}
	version, tag := 0, ""
	if before != nil {
		version, tag = before.Versione, versionTag(before.Versione, before.Digest)
	}
	if !rests.holds(tag) {
		return c.stale()
	}
	if err := s.keepsUnits(ctx, c, before, p); err != nil {
		return err
	}
	written, _, err := s.Archive.WritePosizione(ctx, p, version)
	if errors.Is(err, archive.ErrStale) {
		return c.stale()
	}
	if err != nil {
		return err
	}
	g.about(fmt.Sprintf("versione %d, %s", version+1, written))
	return s.answerWritten(ctx, c, g, p.Matricola, written)
}

// keepsUnits refuses a change that leaves out a unit with provvedimenti: nobody could ask for its counters
// any more.
func (s *server) keepsUnits(ctx context.Context, c *call, before, after *archive.Posizione) error {
	if before == nil {
		return nil
	}
	if err := before.Open(); err != nil {
		return err
	}
	var wrong []fault.Detail
	for _, u := range before.Unita {
		if slices.ContainsFunc(after.Unita, func(v archive.Unita) bool { return v.Progressivo == u.Progressivo }) {
			continue
		}
		history, err := s.Archive.History(ctx, before.Matricola, u.Progressivo, time.Time{})
		if err != nil {
			return err
		}
		if len(history) > 0 {
			wrong = append(wrong, defect(c.lang, "/unita_produttive", codeUnitInUse, u.Progressivo))
		}
	}
	if len(wrong) > 0 {
		return failure(c.lang, codeInvalidInput).With(wrong...)
	}
	return nil
}

func (s *server) answerWritten(ctx context.Context, c *call, g *grant, matricola string, written archive.Written) error {
	p, err := s.Archive.Posizione(ctx, matricola, time.Time{})
	if err != nil {
		return err
	}
	c.Header("ETag", versionTag(p.Versione, p.Digest))
	if written == archive.Created {
		return c.created(s.PublicURL+"/v1/matricole/"+p.Matricola, c.shown(p, g))
	}
	return c.json(c.shown(p, g))
}

// listUnits lists the production units of a matricola, each with its history.
func (s *server) listUnits(c *call) error {
	matricola := c.Param("matricola")
	g, err := s.authorize(c, "matricole.leggi", matricola)
	if err != nil {
		return err
	}
	q := readQuery(c)
	at := q.knownAt(c.now)
	page := q.paging("progressivo", "-progressivo")
	if err := q.err(); err != nil {
		return err
	}
	g.about("unita-produttive")
	p, err := s.posizione(c.Request.Context(), c, matricola, at)
	if err != nil {
		return err
	}
	units, err := unitsOf(p)
	if err != nil {
		return err
	}
	return c.json(paged(units, page, func(u shownUnit) string { return u.key }))
}

// shownUnit is a production unit as the document of its matricola has it.
type shownUnit struct {
	json.RawMessage
	key string // orders "2" before "10"
}

func unitsOf(p *archive.Posizione) ([]shownUnit, error) {
	var document struct {
		Units []json.RawMessage `json:"unita_produttive"`
	}
	if err := json.Unmarshal(p.Corpo, &document); err != nil {
		return nil, fmt.Errorf("the stored document of %s: %w", p.Matricola, err)
	}
	units := make([]shownUnit, len(document.Units))
	for i, text := range document.Units {
		var u struct {
			Progressivo string `json:"progressivo"`
		}
		if err := json.Unmarshal(text, &u); err != nil {
			return nil, fmt.Errorf("the stored document of %s: %w", p.Matricola, err)
		}
		units[i] = shownUnit{text, unitKey(u.Progressivo)}
	}
	return units, nil
}

// unitKey sorts progressivi as the numbers they mostly are.
func unitKey(progressivo string) string {
	number := strings.TrimLeft(progressivo, "0")
	return fmt.Sprintf("%03d%s %03d", len(number), number, len(progressivo))
}
