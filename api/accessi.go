package api

import (
	"net/http"

	"omnia/archive"
)

func (s *server) accessiRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/accessi", produces: asJSON, action: s.listAccesses, archived: true,
			summary: "elenca gli accessi ai dati personali"},
	}
}

// shownAccess is one line of the record of accesses.
type shownAccess struct {
	ID            string `json:"id"`
	Istante       string `json:"istante"`
	Persona       string `json:"persona"`
	CodiceFiscale string `json:"codice_fiscale,omitempty"`
	Ruolo         string `json:"ruolo,omitempty"`
	Base          string `json:"base,omitempty"`
	Delega        string `json:"delega,omitempty"`
	Azione        string `json:"azione"`
	Matricola     string `json:"matricola,omitempty"`
	Oggetto       string `json:"oggetto,omitempty"`
	Motivo        string `json:"motivo,omitempty"`
	Esito         string `json:"esito"`
	Policy        string `json:"policy,omitempty"`
	Correlation   string `json:"correlation_id"`
	Indirizzo     string `json:"indirizzo"`
}

func accessShown(a *archive.Access) shownAccess {
	return shownAccess{
		ID: a.ID, Istante: instantText(a.Instant), Persona: a.Persona, CodiceFiscale: a.CodiceFiscale, Ruolo: a.Ruolo, Base: a.Base,
		Delega: a.Delega, Azione: a.Azione, Matricola: a.Matricola, Oggetto: a.Oggetto, Motivo: a.Motivo, Esito: a.Esito,
		Policy: a.Policy, Correlation: a.Correlation, Indirizzo: a.Address,
	}
}

// listAccesses lists the record, the newest line first. Reading it is an access too.
func (s *server) listAccesses(c *call) error {
	g, err := s.authorize(c, "accessi.leggi", "")
	if err != nil {
		return err
	}
	q := readQuery(c)
	what := archive.AccessCriteria{
		Matricola: q.matricola("matricola"), Persona: q.plain("persona"), Delega: q.id("delega"), Azione: q.plain("azione"),
		Esito: q.choice("esito", "", outcomeAllow, outcomeDeny, outcomeError), From: q.day("dal", 0), To: q.day("al", 0),
	}
	page := q.pagingByID("-istante")
	if err := q.err(); err != nil {
		return err
	}
	g.line.Matricola = what.Matricola
	g.about("persona=" + what.Persona + " delega=" + what.Delega + " azione=" + what.Azione + " esito=" + what.Esito)
	found, more, err := s.Archive.Accesses(c.Request.Context(), what, archive.Page{After: page.after, Limit: page.limit})
	if err != nil {
		return err
	}
	out := list[shownAccess]{Items: make([]shownAccess, len(found)), Limit: page.limit}
	for i := range found {
		out.Items[i] = accessShown(&found[i])
	}
	if more {
		out.NextCursor = writeCursor(page.sort, found[len(found)-1].ID)
	}
	return c.json(out)
}
