package api

import (
	"cmp"

	"omnia/engine/rulebook"
)

// editionSummary is one edition in a list.
type editionSummary struct {
	Name    string `json:"name"`
	Digest  string `json:"digest"`
	Current bool   `json:"current"`
	Size    int    `json:"size"` // versions of content
}

// edition is one edition with what it is made of.
type edition struct {
	editionSummary
	Items []editionItem `json:"items"`
}

// editionItem is one version of content in an edition, by its digests.
type editionItem struct {
	Kind       string `json:"kind"`
	ID         string `json:"id"`
	Version    int    `json:"version"`
	Digest     string `json:"digest"`
	TextDigest string `json:"text_digest"`
}

func (s *server) listEditions(c *call) error {
	q := readQuery(c)
	page := q.paging("name", "-name")
	if err := q.err(); err != nil {
		return err
	}
	all := []editionSummary{describe(s.Decider.Edition())}
	return c.json(paged(all, page, func(e editionSummary) string { return cmp.Or(e.Name, e.Digest) }))
}

func (s *server) showEdition(c *call) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	ed, wanted := s.Decider.Edition(), c.Param("edition")
	if wanted != ed.Name && wanted != ed.Digest {
		return failure(c.lang, codeEditionNotFound, wanted)
	}
	out := edition{editionSummary: describe(ed), Items: []editionItem{}}
	for _, i := range ed.Items {
		out.Items = append(out.Items, editionItem{i.Kind, i.ID, i.Version.Number, i.Version.Digest, i.Version.TextDigest})
	}
	return c.json(out)
}

func describe(ed *rulebook.Edition) editionSummary {
	return editionSummary{Name: ed.Name, Digest: ed.Digest, Current: true, Size: len(ed.Items)}
}
