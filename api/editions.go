package api

import (
	"slices"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
)

// editionSummary is one edition in a list.
type editionSummary struct {
	Name        string        `json:"name"`
	Digest      string        `json:"digest"`
	PublishedOn *calendar.Day `json:"published_on,omitempty"` // absent of a draft
	Current     bool          `json:"current"`                // decisions are taken under it
	Size        int           `json:"size"`                   // versions of content
}

// edition is one edition with what it is made of.
type edition struct {
	editionSummary
	Items []editionItem `json:"items"`
}

// editionItem is one version of content in an edition, by its digests.
type editionItem struct {
	Kind       string        `json:"kind"`
	ID         string        `json:"id"`
	Version    int           `json:"version"`
	ValidFrom  calendar.Day  `json:"valid_from"`
	ValidTo    *calendar.Day `json:"valid_to,omitempty"`
	Digest     string        `json:"digest"`
	TextDigest string        `json:"text_digest"`
}

func (s *server) listEditions(c *call) error {
	q := readQuery(c)
	page := q.paging("-published_on", "published_on", "name", "-name")
	if err := q.err(); err != nil {
		return err
	}
	return c.json(paged(editions(s.Decider.Edition()), page, func(e editionSummary) string {
		if strings.HasSuffix(page.sort, "name") {
			return e.Name
		}
		on := calendar.Max // a draft is newer than all that was published
		if e.PublishedOn != nil {
			on = *e.PublishedOn
		}
		return on.String() + "\t" + e.Name
	}))
}

func (s *server) showEdition(c *call) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	ed, wanted := s.Decider.Edition(), c.Param("edition")
	all := editions(ed)
	i := slices.IndexFunc(all, func(e editionSummary) bool { return e.Name == wanted || e.Digest == wanted })
	if i < 0 {
		return failure(c.lang, codeEditionNotFound, wanted)
	}
	return c.json(edition{all[i], contents(ed, &all[i])})
}

// editions are those published and known here, and the one in use, which may be a draft.
func editions(ed *rulebook.Edition) []editionSummary {
	use := editionSummary{Name: ed.Name, Digest: ed.Digest, Current: true, Size: len(ed.Items)}
	var all []editionSummary
	for _, p := range ed.Published {
		if p.Name == ed.Name {
			use.PublishedOn = &p.On
			continue
		}
		all = append(all, editionSummary{Name: p.Name, Digest: p.Digest, PublishedOn: &p.On, Size: len(p.Items)})
	}
	return append(all, use)
}

// contents are the versions in an edition. Of one that is not in use the published list tells them.
func contents(ed *rulebook.Edition, e *editionSummary) []editionItem {
	items := []editionItem{}
	if e.Current {
		for _, i := range ed.Items {
			v := i.Version
			items = append(items, editionItem{i.Kind, i.ID, v.Number, v.From, end(v.To), v.Digest, v.TextDigest})
		}
		return items
	}
	for _, p := range ed.Published {
		if p.Name != e.Name {
			continue
		}
		for _, i := range p.Items {
			items = append(items, editionItem{i.Kind, i.ID, i.Version, i.From, end(i.To), i.Digest, i.TextDigest})
		}
	}
	return items
}

// end is the last day of a version; nil while it is open.
func end(d calendar.Day) *calendar.Day {
	if d == calendar.Max {
		return nil
	}
	return &d
}
