package rulebook

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// Form is an application to be filled in, as data: what is asked, in which steps and when, which
// rules look at it, what is computed for the person who writes.
type Form struct {
	ID       string
	Title    Texts
	Versions []FormVersion
	Place    Place
}

// FormVersion is one dated form of it.
type FormVersion struct {
	Version
	Steps    []FormStep
	Rules    []*Rule // in the order in which findings are told
	Derived  []Derived
	Counters []*Counter
}

// FormStep is one page.
type FormStep struct {
	ID     string
	Title  Texts
	Help   Texts // may be nil
	Fields []FormField
}

// FormField is one field: a fact, and how this form asks for it.
type FormField struct {
	Name      string      // as written: "richiesta.dal", "lavoratore.qualifica"
	Field     *fact.Field // the fact
	List      *fact.Field // the list whose rows have it; nil: a fact of the root
	Label     Texts       // of this form, else of the fact
	Help      Texts
	Asked     *Condition // nil: always
	Mandatory *Condition // nil: never
	Options   *FormOptions
	Prefilled bool // the archive may know it
}

// FormOptions are the choices of a field: the rows of a table.
type FormOptions struct {
	Table  *Table
	Column int // index of the output that says whether a row is a choice; -1: every row is
}

// Choices are the codes offered on a day, in the order of the table; none when it is not in force.
func (o *FormOptions) Choices(on calendar.Day) []fact.Option {
	v := o.Table.At(on)
	if v == nil {
		return nil
	}
	var out []fact.Option
	for i := range v.Rows {
		row := &v.Rows[i]
		if o.Column >= 0 && !(row.Outputs[o.Column].IsKnown() && row.Outputs[o.Column].Bool()) {
			continue
		}
		out = append(out, fact.Option{Code: row.Inputs[0].Text, Label: row.Label})
	}
	return out
}

// Derived is a value computed for the person who writes, with the sentence that says why.
type Derived struct {
	Name     string
	Label    Texts
	SelectBy Selector
	When     *Condition // nil: always
	Value    *Expr      // nil: Part of Counter
	Counter  *Counter
	Part     string
	Within   []*Counter // Value, a day, is no later than the last day that each of them lets
	Text     *Template
	Law      []Citation
}

// At is the version in force on d, or nil.
func (f *Form) At(d calendar.Day) *FormVersion {
	for i := range f.Versions {
		if f.Versions[i].Has(d) {
			return &f.Versions[i]
		}
	}
	return nil
}

// Form is the form of that id, or nil.
func (ed *Edition) Form(id string) *Form {
	for _, f := range ed.Forms {
		if f.ID == id {
			return f
		}
	}
	return nil
}
