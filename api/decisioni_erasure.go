package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/engine/fact"
	"omnia/ledger"
)

const azioneCancella = "decisioni.cancella"

// maxReason is the longest reason of an erasure or of a hold, in characters.
const maxReason = 500

var reasonField = fact.Field{Name: "reason", Type: fact.Text, MaxLen: maxReason, Required: true, Label: texts("Motivo", "Reason", "Grund")}

var erasureBody = bodyOf(reasonField,
	fact.Field{Name: "paths", Type: fact.List, MaxLen: 50_000, Label: texts("Dati da cancellare", "Values to erase", "Zu löschende Werte"),
		Element: fact.NewBare(fact.Field{Type: fact.Text, MaxLen: 200, Label: texts("Percorso", "Path", "Pfad")})})

// erased is a decision after an erasure: what of it is gone, and the leaves of the log that say so.
type erased struct {
	ID     string        `json:"id"`
	Erased []erasedValue `json:"erased"`
}

type erasedValue struct {
	Path     string `json:"path"`
	Position int64  `json:"position"`
}

// eraseDecision removes personal values of a decision, as a person has the right to ask. The proof of the decision stays good, and its
// replay says from then on that it can't be made. No paths are all values.
func (s *server) eraseDecision(c *call) error {
	if err := c.noQuery(); err != nil {
		return err
	}
	in, err := s.small(c, erasureBody)
	if err != nil {
		return err
	}
	d, err := s.heldDecision(c, azioneCancella, c.Param("id"))
	if err != nil {
		return err
	}
	e := ledger.Erasure{
		ID: uuid.Must(uuid.NewV7()).String(), Instant: s.Now(), Entry: d.Receipt.ID, Reason: in.Get("reason").Text, Correlation: c.GetString(correlationKey),
	}
	for _, row := range in.Get("paths").Rows() {
		e.Paths = append(e.Paths, row[0].Text)
	}
	if err := c.erasable(d.Decision, e.Paths); err != nil {
		return err
	}
	return s.once(c, func(ctx context.Context) error {
		if err := s.Ledger.Erase(ctx, e); err != nil {
			return c.heldFast(err)
		}
		after, err := s.Ledger.Decision(ctx, d.Receipt.ID)
		if err != nil {
			return err
		}
		return c.json(erasedShown(after))
	})
}

// erasable refuses paths that are none of the decision's personal values.
func (c *call) erasable(d *ledger.Decision, paths []string) error {
	f := failure(c.lang, codeInvalidInput)
	for i, path := range paths {
		named := func(x ledger.Commitment) bool { return x.Path == path }
		if path != ledger.PathActor && !slices.ContainsFunc(d.Receipt.Personal, named) || path == ledger.PathActor && d.Receipt.Actor == "" {
			f = f.With(append(f.Details, defect(c.lang, "/paths/"+strconv.Itoa(i), codeNoPersonal))...)
		}
	}
	if len(f.Details) > 0 {
		return f
	}
	return nil
}

func erasedShown(d *ledger.Decision) erased {
	out := erased{ID: d.Receipt.ID, Erased: []erasedValue{}}
	for path, at := range d.Erased {
		out.Erased = append(out.Erased, erasedValue{path, at})
	}
	slices.SortFunc(out.Erased, func(a, b erasedValue) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// heldFast says of what is under a legal hold that it is.
func (c *call) heldFast(err error) error {
	if errors.Is(err, archive.ErrHeld) {
		return failure(c.lang, codeHeld).Wrap(err)
	}
	return err
}
