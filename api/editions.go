package api

import (
	"context"
	"errors"
	"slices"
	"strings"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/internal/rome"
	"omnia/ledger/replay"
)

// editionSummary is one edition in a list.
type editionSummary struct {
	Name        string        `json:"name"`
	Digest      string        `json:"digest"`
	PublishedOn *calendar.Day `json:"published_on,omitempty"` // as its list says; absent of a draft
	RecordedAt  string        `json:"recorded_at,omitempty"`  // when it came into the record of decisions; absent when it did not
	Current     bool          `json:"current"`                // decisions are taken under it
	Size        int           `json:"size"`                   // versions of content
	InUse       []editionUse  `json:"in_use,omitempty"`       // when decisions were taken under it, the last time first
}

// editionUse is a time for which an edition was in use.
type editionUse struct {
	From   string `json:"from"`
	To     string `json:"to,omitempty"` // absent while it is in use
	By     string `json:"by,omitempty"` // who took it into use; told to who approves and to auditors; absent when the service did
	Reason string `json:"reason"`
}

// edition is one edition with what it is made of.
type edition struct {
	editionSummary
	PolicyDigest string        `json:"policy_digest,omitempty"` // of the policies it came with
	Position     *int64        `json:"position,omitempty"`      // of its leaf in the log
	Items        []editionItem `json:"items"`
	Files        []editionPath `json:"files,omitempty"`
}

// editionItem is one version of content in an edition, by its digests. Days are absent, and the digest of the text, of an
// edition that this version of the service can't read.
type editionItem struct {
	Kind       string        `json:"kind"`
	ID         string        `json:"id"`
	Version    int           `json:"version"`
	ValidFrom  *calendar.Day `json:"valid_from,omitempty"`
	ValidTo    *calendar.Day `json:"valid_to,omitempty"`
	Digest     string        `json:"digest"`
	TextDigest string        `json:"text_digest,omitempty"`
}

// editionPath is one file of an edition.
type editionPath struct {
	Path   string `json:"path"`
	Digest string `json:"digest"`
}

func (s *server) listEditions(c *call) error {
	q := readQuery(c)
	page := q.paging("-published_on", "published_on", "name", "-name")
	if err := q.err(); err != nil {
		return err
	}
	all, err := s.editions(c.Request.Context(), c)
	if err != nil {
		return err
	}
	return c.json(paged(all, page, func(e editionSummary) string {
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
	e, err := s.editionNamed(c, c.Param("edition"))
	if err != nil {
		return err
	}
	return c.json(e)
}

// editionNamed is an edition by its name or root digest.
func (s *server) editionNamed(c *call, wanted string) (*edition, error) {
	ctx := c.Request.Context()
	all, err := s.editions(ctx, c)
	if err != nil {
		return nil, err
	}
	stored, err := s.storedEdition(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if stored != nil {
		wanted = stored.Digest // also when it was asked for by the name that it had as a draft
	}
	i := slices.IndexFunc(all, func(e editionSummary) bool { return e.Name == wanted || e.Digest == wanted })
	if i < 0 {
		return nil, failure(c.lang, codeEditionNotFound, wanted)
	}
	out := &edition{editionSummary: all[i]}
	if stored != nil {
		out.PolicyDigest, out.Position = stored.PolicyDigest, &stored.Position
		for _, f := range stored.Files {
			out.Files = append(out.Files, editionPath{f.Path, f.Digest})
		}
	}
	out.Items, err = s.contents(ctx, &all[i], stored)
	return out, err
}

// storedEdition is an edition out of the archive; nil when it has none of that name, or there is no archive.
func (s *server) storedEdition(ctx context.Context, name string) (*archive.Edition, error) {
	if s.Archive == nil {
		return nil, nil
	}
	e, err := s.Archive.Edition(ctx, name)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	return e, err
}

// editions are those in the archive, those that the lists of the edition in use tell of, and the one in use.
func (s *server) editions(ctx context.Context, c *call) ([]editionSummary, error) {
	all := listedEditions(s.Decider.Edition())
	if s.Archive == nil {
		return all, nil
	}
	stored, err := s.Archive.PublishedEditions(ctx)
	if err != nil {
		return nil, err
	}
	active, err := s.Archive.ActiveEdition(ctx)
	if err != nil {
		return nil, err
	}
	uses, err := s.editionUses(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, e := range stored {
		i := slices.IndexFunc(all, func(l editionSummary) bool { return l.Digest == e.Digest })
		if i < 0 {
			all = append(all, editionSummary{Digest: e.Digest})
			i = len(all) - 1
		}
		all[i].describe(&e, uses[e.Digest])
	}
	if active != "" {
		for i := range all {
			all[i].Current = all[i].Digest == active
		}
	}
	return all, nil
}

// describe adds what the archive knows.
func (e *editionSummary) describe(stored *archive.Edition, uses []editionUse) {
	e.Name, e.Size, e.InUse, e.RecordedAt = stored.Name, stored.Size, uses, instantText(stored.PublishedAt)
	if e.PublishedOn == nil && !stored.Draft() {
		on := rome.Day(stored.PublishedAt)
		e.PublishedOn = &on
	}
}

// editionUses are the times for which editions were in use, by root digest.
func (s *server) editionUses(ctx context.Context, c *call) (map[string][]editionUse, error) {
	list, err := s.Archive.Activations(ctx)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	named, err := s.seesWho(ctx, c)
	if err != nil {
		return nil, err
	}
	uses, until := map[string][]editionUse{}, ""
	for _, a := range list {
		use := editionUse{From: instantText(a.Instant), To: until, Reason: a.Reason}
		if named {
			use.By = a.By
		}
		uses[a.Edition] = append(uses[a.Edition], use)
		until = use.From
	}
	return uses, nil
}

// seesWho tells whether the caller may learn who took an edition into use: who may do it, and who audits.
func (s *server) seesWho(ctx context.Context, c *call) (bool, error) {
	if c.who() == nil {
		return false, nil
	}
	for _, azione := range []string{actionPublish, "accessi.leggi"} {
		v, err := s.Policies.Decide(ctx, s.question(c, azione))
		if err != nil || v.Allow {
			return v.Allow, err
		}
	}
	return false, nil
}

// listedEditions are those in the lists of an edition, and itself, which may be a draft.
func listedEditions(ed *rulebook.Edition) []editionSummary {
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

// contents are the versions in an edition: as its text says, or the list of its publication, or its leaf.
func (s *server) contents(ctx context.Context, e *editionSummary, stored *archive.Edition) ([]editionItem, error) {
	ed := s.Decider.Edition()
	if e.Digest == ed.Digest {
		return itemsOf(ed), nil
	}
	if stored != nil {
		g, err := s.Decider.At(ctx, e.Digest)
		if err == nil {
			return itemsOf(g.Edition()), nil
		}
		if !errors.Is(err, replay.ErrNoEdition) {
			return nil, err
		}
	}
	items := []editionItem{}
	for _, p := range ed.Published {
		if p.Digest != e.Digest {
			continue
		}
		for _, i := range p.Items {
			items = append(items, editionItem{i.Kind, i.ID, i.Version, &i.From, end(i.To), i.Digest, i.TextDigest})
		}
		return items, nil
	}
	for _, i := range stored.Items {
		items = append(items, editionItem{Kind: i.Kind, ID: i.ID, Version: i.Version, Digest: i.Digest})
	}
	return items, nil
}

func itemsOf(ed *rulebook.Edition) []editionItem {
	items := []editionItem{}
	for _, i := range ed.Items {
		v := i.Version
		items = append(items, editionItem{i.Kind, i.ID, v.Number, &v.From, end(v.To), v.Digest, v.TextDigest})
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
