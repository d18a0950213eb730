package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"omnia/archive"
	"omnia/archive/export"
)

// decisionWriter writes the rows of a search, one after the other.
type decisionWriter interface {
	row(r *decisionRow) error
	flush() error
}

// exportDecisions writes all that a search finds, as it is read. Whether the access still holds is asked again before each page.
func (s *server) exportDecisions(c *call, what *decisionSearch, after string) error {
	c.Header("Content-Type", c.media)
	c.Header("Content-Disposition", `attachment; filename="decisioni`+map[string]string{typeCSV: ".csv", typeNDJSON: ".ndjson"}[c.media]+`"`)
	c.Status(http.StatusOK)
	if err := s.stream(c); err != nil {
		return err
	}
	if err := s.writeDecisions(c, what, after, newDecisionWriter(c.media, c.Writer)); err != nil {
		s.cutOff(c, err)
	}
	return nil
}

func (s *server) writeDecisions(c *call, what *decisionSearch, after string, out decisionWriter) error {
	ctx, page := c.Request.Context(), archive.Page{After: after, Limit: exportPage}
	conn := http.NewResponseController(c.Writer)
	for {
		if err := s.stillReading(ctx, c, what); err != nil {
			return err
		}
		items, more, err := s.decisionPage(ctx, what, page)
		if err != nil {
			return err
		}
		rows := what.rows(items)
		for i := range rows {
			if err := out.row(&rows[i]); err != nil {
				return err
			}
		}
		_ = conn.SetWriteDeadline(time.Now().Add(s.Limits.Time)) // a recorder of a test can't
		if err := out.flush(); err != nil || !more {
			return err
		}
		page.After = items[len(items)-1].Receipt.ID
	}
}

// stillReading asks again what was allowed when the export began.
func (s *server) stillReading(ctx context.Context, c *call, what *decisionSearch) error {
	if what.Matricola != "" {
		return s.stillAllowed(ctx, c.who(), azioneDecisioni, what.Matricola)
	}
	for _, m := range what.Matricole {
		if err := s.stillAllowed(ctx, c.who(), azioneDecisioni, m); err != nil {
			return err
		}
	}
	if what.Matricole != nil {
		return nil
	}
	v, err := s.Policies.Decide(ctx, s.question(c, azioneDecisioni))
	if err == nil && !v.Allow {
		err = errRevoked
	}
	return err
}

func newDecisionWriter(media string, to io.Writer) decisionWriter {
	if media == typeCSV {
		out := csv.NewWriter(to)
		out.UseCRLF = true // as the RFC asks
		return &decisionCSV{out: out}
	}
	return decisionLines{json.NewEncoder(to)}
}

// decisionLines is one JSON object a line.
type decisionLines struct{ out *json.Encoder }

func (w decisionLines) row(r *decisionRow) error { return w.out.Encode(r) }
func (w decisionLines) flush() error             { return nil }

// decisionCSV is RFC 4180, with the names of the JSON members on the first line.
type decisionCSV struct {
	out   *csv.Writer
	begun bool
}

var decisionColumns = []string{
	"id", "instant", "kind", "simulation", "edition", "edition_digest", "matricola", "unita_produttiva", "settore", "esito", "role", "delegation", "actor",
	"correlation_id", "position",
}

func (w *decisionCSV) row(r *decisionRow) error {
	if err := w.head(); err != nil {
		return err
	}
	return w.out.Write([]string{
		r.ID, r.Instant, r.Kind, strconv.FormatBool(r.Simulation), export.Guard(r.Edition), r.EditionDigest, r.Matricola, export.Guard(r.UnitaProduttiva), export.Guard(r.Settore), r.Esito,
		r.Role, r.Delegation, export.Guard(r.Actor), export.Guard(r.Correlation), strconv.FormatInt(r.Position, 10),
	})
}

func (w *decisionCSV) head() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.out.Write(decisionColumns)
}

func (w *decisionCSV) flush() error {
	if err := w.head(); err != nil {
		return err
	}
	w.out.Flush()
	return w.out.Error()
}
