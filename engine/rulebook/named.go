package rulebook

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// NamedValue is something that several conditions rest on (a deadline, a threshold), said once and
// read with value("id"). It is computed where it is read: on the same facts, under the law of the
// same day, and unknown when what it rests on is.
type NamedValue struct {
	ID       string
	Title    Texts
	ForEach  *fact.Group // nil: of the case; else of a row, and only rules on such rows may read it
	Versions []NamedVersion
	Place    Place

	kind  kind // of every version alike
	unit  quantity.Unit
	codes []string // the codes that a text may be; nil when any

	compile   func() // by the loader, when first needed; nil once done
	compiling bool
}

// NamedVersion is one dated form of it.
type NamedVersion struct {
	Version
	Value *Expr
}

// At is the version in force on d, or nil.
func (v *NamedValue) At(d calendar.Day) *NamedVersion {
	for i := range v.Versions {
		if v.Versions[i].Has(d) {
			return &v.Versions[i]
		}
	}
	return nil
}

// ready compiles the value if nobody did; false when it is being compiled, and so rests on itself.
func (v *NamedValue) ready() bool {
	if v.compiling {
		return false
	}
	if v.compile != nil {
		v.compiling = true
		v.compile()
		v.compile, v.compiling = nil, false
	}
	return true
}
