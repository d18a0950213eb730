package archive

import (
	"time"

	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// Edition is an edition of the rules with its whole text, as it is published.
type Edition struct {
	Name         string
	Digest       string // root digest
	PolicyDigest string // of the policies published with it
	PublishedAt  time.Time
	Items        []EditionItem
	Files        []EditionFile // paths ascending
	Size         int           // how many versions there are, also where Items are left out
	Position     int64         // of its leaf in the log
}

// EditionItem is one version of content.
type EditionItem struct {
	Kind, ID string
	Version  int
	Digest   string // of meaning
}

// Frozen tells whether the version, once it was published, may never mean anything else.
func (i *EditionItem) Frozen() bool { return rulebook.Frozen(i.Kind) }

// EditionFile is one file of an edition.
type EditionFile struct {
	Path   string
	Text   string
	Digest string // of the text
}

// Activation says from when on an edition was in use.
type Activation struct {
	ID       string
	Edition  string // root digest
	Name     string // of the edition
	Instant  time.Time
	By       string // person; "" is the service itself
	Reason   string
	Position int64 // of its leaf in the log
}

// What can keep an edition from being published.
var (
	ErrEditionName    = fault.New(fault.Conflict, "edition_name_taken", "Another edition has this name.")
	ErrVersionChanged = fault.New(fault.Conflict, "published_version_changed", "A version that was published has another meaning now.")
)

// Draft tells whether the edition is a draft, which has no name but the beginning of its digest: its versions bind nobody.
func (e *Edition) Draft() bool { return e.Name == rulebook.DraftName(e.Digest) }
