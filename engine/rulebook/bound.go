package rulebook

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// Bound says what a field of a form may still be: the latest day that the counters leave, the most
// hours, the codes that no rule would refuse. It refuses nothing; the rules do.
type Bound struct {
	ID       string
	Title    Texts
	Form     *Form
	Field    *fact.Field // of the root
	Side     Side
	SelectBy Selector
	Counter  *Counter // whose answer bounds the field; nil: a value, or rules
	Versions []BoundVersion
	Place    Place
}

// Side is what is bounded.
type Side string

// The sides.
const (
	SideMin     Side = "min"
	SideMax     Side = "max"
	SideOptions Side = "options"
)

// BoundVersion is one dated form of it. One of Value, Part and RefusedBy is set.
type BoundVersion struct {
	Version
	When      *Condition // nil: always
	Value     *Expr
	Part      string    // of the answer of the counter
	Attempts  []Attempt // written for the moment into the facts before the counter is asked; none: the facts as they are
	RefusedBy []*Rule   // the options on which none of these reports an error remain
	Values    map[string]*Expr
	Text      *Template
}

// Attempt is a value that is tried in a field: an end far off, so that the counter says how far one may go.
type Attempt struct {
	Field *fact.Field
	Value *Expr
}

// At is the version in force on d, or nil.
func (b *Bound) At(d calendar.Day) *BoundVersion {
	for i := range b.Versions {
		if b.Versions[i].Has(d) {
			return &b.Versions[i]
		}
	}
	return nil
}
