package api

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"omnia/archive"
	"omnia/ledger"
)

// Ledger is the record of decisions as the handlers need it; the store implements it beside [Archive]. All methods
// are safe for concurrent use. A store that can't be reached is archive.ErrUnavailable; what is not there is
// archive.ErrNotFound.
type Ledger interface {
	// Commit puts decisions and lines of the record of accesses into the log, all in one transaction; they are on disk,
	// with their places, when it returns. A decision under an edition that is not the active one is ledger.ErrEdition.
	Commit(ctx context.Context, decisions []*ledger.Decision, lines []archive.Access) error

	// Decisions lists decisions, the newest first, without their personal values; After is an id.
	Decisions(ctx context.Context, c ledger.Criteria, page archive.Page) (items []ledger.Decision, more bool, err error)
	// RuleVersions are the versions of a rule that an edition stored here has, or that a decision applied; none of one that nobody knows.
	RuleVersions(ctx context.Context, id string) ([]int, error)
	// Decision is one decision, whole.
	Decision(ctx context.Context, id string) (*ledger.Decision, error)

	// Head is the last checkpoint, as it is signed.
	Head(ctx context.Context) (*ledger.Signed, error)
	// HeadOf is the checkpoint that leaves before size are proved under: the last that as many witnesses have signed as the keyring asks
	// for, or the head when none of these has so many leaves.
	HeadOf(ctx context.Context, size int64) (*ledger.Signed, error)
	// Keyring is what is needed to check the log.
	Keyring(ctx context.Context) (*ledger.Keyring, error)
	// ReadTiles reads the tree; see ledger.TileReader.
	ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error)
	// SignedAt is the checkpoint of that size; archive.ErrNotFound when it is not kept.
	SignedAt(ctx context.Context, size int64) (*ledger.Signed, error)
	// EntriesOf are leaves with what belongs to them, by their ids, ascending; one that is not there is left out.
	EntriesOf(ctx context.Context, ids []string) ([]*ledger.Entry, error)
	// Entries are leaves from a position on, at most so many.
	Entries(ctx context.Context, from int64, limit int) ([]ledger.Entry, error)
	// Cosign adds signatures of witnesses to a checkpoint that is kept.
	Cosign(ctx context.Context, text string) (*ledger.Signed, error)

	// Erase removes personal values of a decision, and appends the leaf that says so. paths nil is all of them.
	// One that is under a legal hold is archive.ErrHeld.
	Erase(ctx context.Context, e ledger.Erasure) error
	// Hold and Unhold place and lift a legal hold; Holds lists those of a matricola ("" is all).
	Hold(ctx context.Context, h archive.Hold) error
	Unhold(ctx context.Context, id, by string, at time.Time) error
	Holds(ctx context.Context, matricola string) ([]archive.Hold, error)
}
