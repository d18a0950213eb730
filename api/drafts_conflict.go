package api

import (
	"omnia/archive"
)

// draftConflict is what a caller is told whose change rests on an older version than there is: who was faster, and
// in which fields the two differ, so that a person can be asked which to keep.
type draftConflict struct {
	error
	current currentDraft
}

// Unwrap gives the refusal itself.
func (d *draftConflict) Unwrap() error { return d.error }

// currentDraft is the draft as it is now, in brief.
type currentDraft struct {
	ETag      string             `json:"etag"`
	Version   int                `json:"version"`
	State     archive.DraftState `json:"state"`
	UpdatedAt string             `json:"updated_at"`
	UpdatedBy string             `json:"updated_by"`
	Self      bool               `json:"self"`   // the caller was faster than itself, on another device
	Fields    []string           `json:"fields"` // in which what was sent differs from it, the first maxDiffering
}

// maxDiffering is how many fields a conflict names.
const maxDiffering = 200

// conflict is the refusal of a change that does not rest on d; in is what was sent, if anything.
func (c *call) conflict(d *archive.Draft, in *draftInput) error {
	now := currentDraft{
		ETag: draftTag(d), Version: d.Version, State: d.State, UpdatedAt: instantText(d.UpdatedAt), UpdatedBy: d.UpdatedBy,
		Self: d.UpdatedBy == c.author(), Fields: []string{},
	}
	if in != nil {
		differing, err := archive.DifferingFields(d.Facts, in.facts.AppendJSON(nil, true), maxDiffering)
		if err != nil {
			return err
		}
		now.Fields = append(now.Fields, differing...)
	}
	return &draftConflict{failure(c.lang, codeDraftConflict), now}
}

// overtaken is the refusal of a change when another one was faster while it was being made.
func (s *server) overtaken(c *call, in *draftInput) error {
	d, err := s.findDraft(c)
	switch {
	case err != nil:
		return err
	case d == nil:
		return failure(c.lang, codeDraftNotFound)
	}
	return c.conflict(d, in)
}
