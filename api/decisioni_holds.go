package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/engine/fact"
)

const azioneVincola = "decisioni.vincola"

// shownHold is a legal hold.
type shownHold struct {
	ID        string `json:"id"`
	Matricola string `json:"matricola"`
	Reason    string `json:"reason"`
	PlacedBy  string `json:"placed_by"`
	PlacedAt  string `json:"placed_at"`
	LiftedBy  string `json:"lifted_by,omitempty"`
	LiftedAt  string `json:"lifted_at,omitempty"`
}

func holdShown(h *archive.Hold) shownHold {
	out := shownHold{ID: h.ID, Matricola: h.Matricola, Reason: h.Reason, PlacedBy: h.PlacedBy, PlacedAt: instantText(h.PlacedAt), LiftedBy: h.LiftedBy}
	if h.LiftedAt != nil {
		out.LiftedAt = instantText(*h.LiftedAt)
	}
	return out
}

// listHolds lists the legal holds of a matricola, or all, those lifted too, the oldest first.
func (s *server) listHolds(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	if s.Ledger == nil {
		return failure(c.lang, codeArchiveUnavailable)
	}
	q := readQuery(c)
	matricola, page := q.matricola("matricola"), q.paging("id")
	if _, err := s.authorize(c, azioneVincola, matricola); err != nil {
		return err
	}
	if err := q.err(); err != nil {
		return err
	}
	all, err := s.Ledger.Holds(c.Request.Context(), matricola)
	if err != nil {
		return err
	}
	shown := make([]shownHold, len(all))
	for i := range all {
		shown[i] = holdShown(&all[i])
	}
	return c.json(paged(shown, page, func(h shownHold) string { return h.ID }))
}

var holdBody = bodyOf(reasonField, fact.Field{
	Name: "matricola", Type: fact.Text, Format: "matricola", Required: true, Label: texts("Matricola", "Matricola", "Matrikel"),
})

// placeHold places a legal hold: while it stands, nothing personal of the matricola is erased.
func (s *server) placeHold(c *call) error {
	if err := c.noQuery(); err != nil {
		return err
	}
	if s.Ledger == nil {
		return failure(c.lang, codeArchiveUnavailable)
	}
	in, err := s.small(c, holdBody)
	if err != nil {
		return err
	}
	h := archive.Hold{
		ID: uuid.Must(uuid.NewV7()).String(), Matricola: in.Get("matricola").Text, Reason: in.Get("reason").Text, PlacedBy: c.who().Subject, PlacedAt: s.Now(),
	}
	g, err := s.authorize(c, azioneVincola, h.Matricola)
	if err != nil {
		return err
	}
	g.about("vincolo")
	return s.once(c, func(ctx context.Context) error {
		g.about("vincolo " + h.ID) // what is repeated places none
		if err := s.Ledger.Hold(ctx, h); err != nil {
			return err
		}
		return c.created("/v1/legal-holds/"+h.ID, holdShown(&h))
	})
}

// liftHold lifts a legal hold; again is no error.
func (s *server) liftHold(c *call) error {
	if err := c.noQuery(); err != nil {
		return err
	}
	if s.Ledger == nil {
		return failure(c.lang, codeArchiveUnavailable)
	}
	id := c.Param("id")
	all, err := s.Ledger.Holds(c.Request.Context(), "")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(h archive.Hold) bool { return h.ID == id })
	matricola := nobody
	if i >= 0 {
		matricola = all[i].Matricola
	}
	g, err := s.authorize(c, azioneVincola, matricola)
	if isCode(err, codeMatricolaNotFound) || err == nil && i < 0 {
		return failure(c.lang, codeHoldNotFound)
	}
	if err != nil {
		return err
	}
	g.about("vincolo " + id)
	return s.atomically(c, func(ctx context.Context) error {
		if err := s.Ledger.Unhold(ctx, id, c.who().Subject, s.Now()); err != nil {
			return err
		}
		c.Status(http.StatusNoContent)
		return nil
	})
}
