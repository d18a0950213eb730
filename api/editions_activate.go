package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"omnia/archive"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
	"omnia/ledger/replay"
)

// actionPublish is what the policies are asked of who takes an edition into use.
const actionPublish = "regole.pubblica"

func (s *server) editionRoutes() []route {
	const editions = "edizioni.leggi"
	return []route{
		{method: http.MethodGet, path: "/v1/editions", produces: asJSON, action: s.listEditions, permit: editions,
			summary: "elenca le edizioni delle regole"},
		{method: http.MethodGet, path: "/v1/editions/:edition", produces: asJSON, action: s.showEdition, permit: editions,
			summary: "mostra il contenuto di un’edizione"},
		{method: http.MethodGet, path: "/v1/editions/:edition/files", produces: asJSON, action: s.listEditionFiles, permit: editions,
			summary: "dà il testo di un’edizione"},
		{method: http.MethodPost, path: "/v1/editions/:edition/activation", produces: asJSON, action: s.activateEdition, archived: true, repeats: true,
			summary: "mette in uso un’edizione, anche una precedente"},
	}
}

// editionFile is one file of an edition with its text.
type editionFile struct {
	editionPath
	Text string `json:"text"`
}

// listEditionFiles gives the text of an edition, as the archive keeps it; path asks for one file.
func (s *server) listEditionFiles(c *call) error {
	q := readQuery(c)
	path := q.text("path", "")
	page := q.paging("path")
	if err := q.err(); err != nil {
		return err
	}
	if s.Archive == nil {
		return failure(c.lang, codeArchiveUnavailable)
	}
	name := c.Param("edition")
	e, err := s.Archive.PublishedEdition(c.Request.Context(), name)
	if errors.Is(err, archive.ErrNotFound) {
		return failure(c.lang, codeEditionNotFound, name)
	}
	if err != nil {
		return err
	}
	files := []editionFile{}
	for _, f := range e.Files {
		if path == "" || path == f.Path {
			files = append(files, editionFile{editionPath{f.Path, f.Digest}, f.Text})
		}
	}
	if path != "" && len(files) == 0 {
		return failure(c.lang, codeFileNotFound, e.Name, path)
	}
	return c.json(paged(files, page, func(f editionFile) string { return f.Path }))
}

// activationBody is the body of POST /v1/editions/{edition}/activation.
var activationBody = bodyOf(reasonField)

// activateEdition takes an edition that was published into use, for all instances: the way back is to take an older one.
// One that is in use already is left so.
func (s *server) activateEdition(c *call) error {
	g, err := s.authorize(c, actionPublish, "")
	if err != nil {
		return err
	}
	body, err := s.small(c, activationBody)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(body.Get("reason").Text)
	if reason == "" || !plainText(reason, maxReason) {
		return failure(c.lang, codeInvalidInput).With(defect(c.lang, "/reason", codeText))
	}
	e, err := s.usable(c, c.Param("edition"))
	if err != nil {
		return err
	}
	g.about("edizione " + e.Name)
	err = s.once(c, func(ctx context.Context) error {
		if err := s.Archive.Activate(ctx, e.Digest, c.who().Subject, reason); err != nil {
			return err
		}
		return s.showUse(ctx, c, e.Digest)
	})
	if err == nil {
		err = s.Decider.Renew(c.Request.Context()) // others learn of it by their next decision
	}
	return err
}

// usable is an edition that this service could serve.
func (s *server) usable(c *call, name string) (*archive.Edition, error) {
	ctx := c.Request.Context()
	e, err := s.Archive.Edition(ctx, name)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, failure(c.lang, codeEditionNotFound, name)
	}
	if err != nil {
		return nil, err
	}
	err = s.Decider.Servable(ctx, e.Digest)
	if errors.Is(err, replay.ErrNoEdition) {
		return nil, failure(c.lang, codeEditionUnservable, e.Name).Wrap(err)
	}
	return e, err
}

// showUse answers with an edition as lists have it.
func (s *server) showUse(ctx context.Context, c *call, digest string) error {
	all, err := s.editions(ctx, c)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Digest == digest {
			return c.json(e)
		}
	}
	return failure(c.lang, codeEditionNotFound, digest)
}

// ruled is the handler of a route that rests on the edition in use: while this instance can't load it, nothing is
// answered under another one. Editions themselves can be read and taken into use, for that is the way out.
func (s *server) ruled(path string, do action) action {
	if !strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v1/editions") {
		return do
	}
	return func(c *call) error {
		if err := s.Decider.Ready(); err != nil {
			return editionUnavailable(c, err)
		}
		return do(c)
	}
}

// unrenewed is the refusal of a decision whose edition is not in use any more, when the one that is can't be had.
func (s *server) unrenewed(c *call, err error) error {
	if reason := s.Decider.Ready(); reason != nil {
		return editionUnavailable(c, reason)
	}
	return failure(c.lang, codeArchiveUnavailable).Wrap(err)
}

// mostReason bounds what is told of why an edition can't be loaded; the log has all of it.
const mostReason = 300

func editionUnavailable(c *call, err error) *fault.Fault {
	return failure(c.lang, codeEditionUnavailable, cut(err.Error(), mostReason)).Wrap(err)
}

// ruleEdition is the edition whose rules are read: the one in use, or the one that the parameter names.
func (s *server) ruleEdition(c *call, name string) (*rulebook.Edition, error) {
	ed := s.Decider.Edition()
	if name == "" || name == ed.Name || name == ed.Digest {
		return ed, nil
	}
	ctx := c.Request.Context()
	stored, err := s.storedEdition(ctx, name)
	if err != nil {
		return nil, err
	}
	if stored == nil {
		return nil, failure(c.lang, codeQuery).With(defect(c.lang, "/query/edition", codeEditionNotFound, name))
	}
	g, err := s.Decider.At(ctx, stored.Digest)
	if errors.Is(err, replay.ErrNoEdition) {
		return nil, failure(c.lang, codeEditionUnservable, stored.Name).Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	return g.Edition(), nil
}
