package api

import (
	"fmt"
	"slices"
	"strings"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/internal/rome"
)

// kinds are the kinds of content that GET /v1/rules may be asked for.
var kinds = []string{"", "parameter", "table", "exception", "presumption", "counter", "rule", "messages", "facts", "form", "value", "bound"}

// ruleSummary is one piece of content in a list.
type ruleSummary struct {
	Kind     string      `json:"kind"`
	ID       string      `json:"id"`
	Title    string      `json:"title"`
	Versions int         `json:"versions"`
	Current  *versionRef `json:"current,omitempty"` // absent when none is in force today
}

// versionRef is one dated version, without its text.
type versionRef struct {
	Version    int                 `json:"version"`
	ValidFrom  calendar.Day        `json:"valid_from"`
	ValidTo    *calendar.Day       `json:"valid_to,omitempty"`
	Confidence rulebook.Confidence `json:"confidence,omitempty"`
	Note       string              `json:"note,omitempty"`
	Law        []rulebook.Citation `json:"law"`
	Digest     string              `json:"digest"`
	TextDigest string              `json:"text_digest"`
}

// ruleVersion is one version in full, as an auditor needs it.
type ruleVersion struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Title string `json:"title"`
	versionRef
	File          string `json:"file"` // in the folder of rules
	Line          int    `json:"line"`
	Source        string `json:"source"`
	Edition       string `json:"edition"`
	EditionDigest string `json:"edition_digest"`
}

func (s *server) listRules(c *call) error {
	q := readQuery(c)
	kind, edition := q.choice("kind", kinds...), q.text("edition", "")
	needle := strings.ToLower(q.text("q", ""))
	page := q.paging("id", "-id", "kind", "-kind")
	if err := q.err(); err != nil {
		return err
	}
	ed, err := s.ruleEdition(c, edition)
	if err != nil {
		return err
	}
	today := rome.Day(s.Now())
	var out []ruleSummary
	for _, item := range grouped(ed.Items) {
		r := summary(item, c.lang, today)
		if (kind == "" || kind == r.Kind) && matches(r, needle) {
			out = append(out, r)
		}
	}
	return c.json(paged(out, page, func(r ruleSummary) string {
		if strings.HasSuffix(page.sort, "kind") {
			return r.Kind + "\t" + r.ID
		}
		return r.ID + "\t" + r.Kind
	}))
}

func matches(r ruleSummary, needle string) bool {
	return strings.Contains(strings.ToLower(r.ID), needle) || strings.Contains(strings.ToLower(r.Title), needle)
}

// grouped gives the versions of each piece of content; items are sorted by kind, id, version.
func grouped(items []rulebook.Item) (groups [][]rulebook.Item) {
	for len(items) > 0 {
		n := slices.IndexFunc(items, func(i rulebook.Item) bool { return i.Kind != items[0].Kind || i.ID != items[0].ID })
		if n < 0 {
			n = len(items)
		}
		groups = append(groups, items[:n])
		items = items[n:]
	}
	return groups
}

func summary(versions []rulebook.Item, lang string, today calendar.Day) ruleSummary {
	first := versions[0]
	r := ruleSummary{Kind: first.Kind, ID: first.ID, Title: first.Title.In(lang), Versions: len(versions)}
	if v := inForce(versions, today); v != nil {
		ref := reference(v.Version)
		r.Current = &ref
	}
	return r
}

func inForce(versions []rulebook.Item, day calendar.Day) *rulebook.Item {
	for i := range versions {
		if versions[i].Version.Has(day) {
			return &versions[i]
		}
	}
	return nil
}

func reference(v *rulebook.Version) versionRef {
	ref := versionRef{
		Version: v.Number, ValidFrom: v.From, Confidence: v.Confidence, Note: v.Note,
		Law: v.Law, Digest: v.Digest, TextDigest: v.TextDigest,
	}
	if ref.Law == nil {
		ref.Law = []rulebook.Citation{}
	}
	if !v.Open() {
		to := v.To
		ref.ValidTo = &to
	}
	return ref
}

func (s *server) showRule(c *call) error {
	q := readQuery(c)
	day := q.day("at", rome.Day(s.Now()))
	kind, edition := q.choice("kind", kinds...), q.text("edition", "")
	if err := q.err(); err != nil {
		return err
	}
	ed, err := s.ruleEdition(c, edition)
	if err != nil {
		return err
	}
	versions, err := find(ed, c.lang, c.Param("id"), kind)
	if err != nil {
		return err
	}
	v := inForce(versions, day)
	if v == nil {
		return failure(c.lang, codeNotInForce, versions[0].ID, day, validity(versions, day, c.lang))
	}
	return c.json(ruleVersion{
		Kind: v.Kind, ID: v.ID, Title: v.Title.In(c.lang), versionRef: reference(v.Version),
		File: v.Place.File, Line: v.Place.Line, Source: v.Source,
		Edition: ed.Name, EditionDigest: ed.Digest,
	})
}

func (s *server) listRuleVersions(c *call) error {
	q := readQuery(c)
	kind, edition := q.choice("kind", kinds...), q.text("edition", "")
	page := q.paging("-version", "version")
	if err := q.err(); err != nil {
		return err
	}
	ed, err := s.ruleEdition(c, edition)
	if err != nil {
		return err
	}
	versions, err := find(ed, c.lang, c.Param("id"), kind)
	if err != nil {
		return err
	}
	refs := make([]versionRef, len(versions))
	for i := range versions {
		refs[i] = reference(versions[i].Version)
	}
	return c.json(paged(refs, page, func(v versionRef) string { return fmt.Sprintf("%09d", v.Version) }))
}

// find is the versions of that id; an id that several kinds share needs the kind.
func find(ed *rulebook.Edition, lang, id, kind string) ([]rulebook.Item, error) {
	var found [][]rulebook.Item
	var in []string
	for _, g := range grouped(ed.Items) {
		if g[0].ID == id && (kind == "" || kind == g[0].Kind) {
			found, in = append(found, g), append(in, g[0].Kind)
		}
	}
	switch len(found) {
	case 0:
		return nil, failure(lang, codeRuleNotFound, id)
	case 1:
		return found[0], nil
	}
	return nil, failure(lang, codeQuery).With(defect(lang, "/query/kind", codeAmbiguous, strings.Join(in, ", ")))
}

// validity says when the content was last in force before that day, or will first be after it.
func validity(versions []rulebook.Item, day calendar.Day, lang string) string {
	var last, next *rulebook.Version
	for i := range versions {
		switch v := versions[i].Version; {
		case v.To < day && (last == nil || v.To > last.To):
			last = v
		case v.From > day && (next == nil || v.From < next.From):
			next = v
		}
	}
	var said []string
	if last != nil {
		said = append(said, fmt.Sprintf(lastInForce.In(lang), last.Number, last.From, last.To))
	}
	if next != nil {
		said = append(said, fmt.Sprintf(nextInForce.In(lang), next.Number, next.From))
	}
	return strings.Join(said, "; ")
}

var (
	lastInForce = texts("l’ultima versione in vigore prima è la %d, dal %s al %s",
		"the last version in force before it is %d, from %s to %s",
		"die letzte davor gültige Fassung ist %d, vom %s bis %s")
	nextInForce = texts("la prima versione in vigore dopo è la %d, dal %s",
		"the first version in force after it is %d, from %s",
		"die erste danach gültige Fassung ist %d, ab %s")
)
