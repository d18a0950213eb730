package api

import (
	"context"
	"time"

	"omnia/archive"
)

// Drafts is the store of applications being filled in, as the handlers need it; it is a part of [Archive].
// A draft whose time is over at now is not there.
type Drafts interface {
	// Draft is the draft of that id, or archive.ErrNotFound.
	Draft(ctx context.Context, id string, now time.Time) (*archive.Draft, error)
	// Drafts lists the drafts of a matricola by id, without their facts; After is an id.
	Drafts(ctx context.Context, matricola string, now time.Time, page archive.Page) (items []archive.Draft, more bool, err error)
	// CreateDraft stores a new draft: archive.ErrDraftExists when the id is taken, archive.ErrTooManyDrafts when the
	// matricola has as many as are kept.
	CreateDraft(ctx context.Context, d *archive.Draft) error
	// WriteDraft stores version d.Version, which rests on the one before it. When that is not the last one any more, or
	// is ready, or gone, it is archive.ErrStale.
	WriteDraft(ctx context.Context, d *archive.Draft) error
	// KeepCheck notes the last check of a draft that is open; archive.ErrStale when there is no such draft any more.
	KeepCheck(ctx context.Context, id string, check *archive.Check) error
	// DeleteDraft removes that version of a draft; archive.ErrStale when it is not the last one.
	DeleteDraft(ctx context.Context, id string, version int) error
}
