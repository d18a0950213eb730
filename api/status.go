package api

import (
	"context"
	"net/http"
	"time"
)

// pingTime is how long the archive may take to show that it is there.
const pingTime = 2 * time.Second

// status says whether this instance may be chosen: 200 while it serves, 503 once it is stopping, or
// while its archive is away, or the edition in use is one that it can't load.
func (s *server) status(c *call) error {
	if s.Draining() {
		return failure(c.lang, codeStopping)
	}
	if s.Archive != nil {
		ctx, cancel := context.WithTimeout(c.Request.Context(), pingTime)
		defer cancel()
		if err := s.Archive.Ping(ctx); err != nil {
			return failure(c.lang, codeArchiveUnavailable).Wrap(err)
		}
	}
	if err := s.Decider.Ready(); err != nil {
		return editionUnavailable(c, err)
	}
	ed := s.Decider.Edition()
	write(c.Context, http.StatusOK, c.media, up{
		Type: "about:blank", Title: "OK", Status: http.StatusOK,
		Detail:  statusUp.In(c.lang),
		Edition: ed.Name, EditionDigest: ed.Digest,
	})
	return nil
}

// up is the body of a good /status: the shape of a problem that is none, as the Italian
// guidelines ask for.
type up struct {
	Type          string `json:"type"`
	Title         string `json:"title"`
	Status        int    `json:"status"`
	Detail        string `json:"detail"`
	Edition       string `json:"edition"`
	EditionDigest string `json:"edition_digest"`
}

var statusUp = texts("Il servizio è in linea.", "The service is up.", "Der Dienst ist in Betrieb.")
