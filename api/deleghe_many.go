package api

import (
	"context"
	"fmt"

	"omnia/archive/importing"
)

// loadDeleghe loads many delegations, as NDJSON or CSV, each with who granted it. All are stored, or
// none; what is there already changes nothing, so that a file may be sent again.
func (s *server) loadDeleghe(c *call) error {
	g, err := s.authorize(c, "deleghe.carica", "")
	if err != nil {
		return err
	}
	reader, err := s.reader()
	if err != nil {
		return err
	}
	body := s.patient(c)
	file, remove, err := aside(body)
	if err != nil {
		return body.failure(c, err, s.Limits.Bulk)
	}
	defer remove()
	return s.once(c, func(ctx context.Context) error {
		report, err := importing.Run(ctx, reader, s.Archive, file, importing.Options{
			Kind: importing.Deleghe, Batch: importing.All, By: c.who().Subject, Language: c.lang, Today: c.today(), Now: s.Now,
		})
		if err != nil {
			return err
		}
		if !report.Clean() {
			return &reported{failure(c.lang, codeImportRefused), report}
		}
		g.about(fmt.Sprintf("caricamento: %d create, %d invariate", report.Creati, report.Invariati))
		return c.json(report)
	})
}
