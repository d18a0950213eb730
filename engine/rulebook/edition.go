// Package rulebook turns the folder of rules that experts edit into one checked, compiled,
// immutable [Edition]: YAML and expr in, typed closures out, and every defect with its place.
package rulebook

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// Texts are words by language, as everywhere.
type Texts = fact.Texts

// Citation points to the text of law a piece of content rests on.
type Citation struct {
	Act       string `json:"act"`                 // "D.lgs. 148/2015"
	Article   string `json:"article,omitempty"`   // "12"
	Paragraph string `json:"paragraph,omitempty"` // "3"
	URL       string `json:"url,omitempty"`
}

// Confidence is how sure the source is (law.md section 0).
type Confidence string

// The marks of the sources. What is not Confirmed is said in every explanation that rests on it.
const (
	Confirmed  Confidence = "CONFIRMED"
	Confirmed2 Confidence = "CONFIRMED-2nd"
	Recalled   Confidence = "RECALLED"
	Default    Confidence = "DEFAULT"
)

// Version is the dated part that every versioned piece of content shares.
type Version struct {
	Number     int
	From       calendar.Day
	To         calendar.Day // inclusive; calendar.Max while open
	Law        []Citation
	Confidence Confidence
	Note       string // why, when the confidence is not Confirmed; the number of the open default
	Digest     string // of meaning: "sha256:…"
	TextDigest string // of the source bytes of the file

	filed int // place in Edition.Items, plus one; see Uses
}

// Open tells whether no end is set.
func (v *Version) Open() bool { return v.To == calendar.Max }

// Has tells whether the version is in force on d.
func (v *Version) Has(d calendar.Day) bool { return v.From <= d && d <= v.To }

// Place is where something is written, for messages to authors.
type Place struct {
	File      string
	Line, Col int
}

// Edition is a whole set of content at one digest. It is immutable and safe to share.
type Edition struct {
	Name       string // of the newest published edition with this digest, else "bozza"
	Digest     string // root over every (kind, id, version, digest)
	Vocabulary *fact.Vocabulary
	Parameters map[string]*Parameter
	Tables     map[string]*Table
	Values     map[string]*NamedValue
	Exceptions []*Exception // sorted by id
	Presumed   []*Presumption
	Counters   []*Counter // in the order of their `order` key
	Rules      []*Rule    // sorted by id
	FormRules  []*Rule    // of the folder forms: run only for a form that names them; sorted by id
	Forms      []*Form    // sorted by id
	Bounds     []*Bound   // sorted by id
	Messages   *Messages
	Holidays   *calendar.Holidays
	Published  []*Published // oldest first
	Items      []Item       // everything versioned, for GET /v1/rules, digests and diffs; sorted by kind, id, version
}

// Item is one version of one piece of content, as the API and auditors see it.
type Item struct {
	Kind    string // parameter, table, exception, presumption, counter, rule, messages, facts
	ID      string
	Title   Texts
	Version *Version
	Place   Place
	Source  string // the text of this version as written in its file
	Canon   string // canonical JSON of the meaning
	words   string // canonical JSON of what people read: title, law, confidence, note, labels, messages
}

// Parameter is a dated value with unit and citation.
type Parameter struct {
	ID       string
	Title    Texts
	Unit     quantity.Unit
	Kind     fact.Type // Decimal, Bool or Code
	Versions []ParameterVersion
	Place    Place
}

// ParameterVersion is one dated value. Value.State is Known always.
type ParameterVersion struct {
	Version
	Value fact.Value
}

// At is the version in force on d, or nil: nothing applies before the first or after the last.
func (p *Parameter) At(d calendar.Day) *ParameterVersion {
	for i := range p.Versions {
		if p.Versions[i].Has(d) {
			return &p.Versions[i]
		}
	}
	return nil
}

// Exception is a named derogation: on its days, where When holds, the norms it names are waived.
// It has no priority and no order; two that hold together waive together.
type Exception struct {
	ID       string // the label people know: "EONE", "METEO24"
	Title    Texts
	Versions []ExceptionVersion
	Place    Place
}

// ExceptionVersion is one dated form of it. The days waived are those of Version.From…To.
type ExceptionVersion struct {
	Version
	Derogates []Derogation
	When      *Condition // over `periodo`, which may be the request
}

// Derogation is one norm waived: "D148.art12.c3"; "D148.art12" waives every paragraph of it, "*" every norm.
type Derogation struct {
	Norm string
	When *Condition // a switch, over parameters and facts of the company; nil: always
}

// Waives tells whether the derogation, once it holds, waives norm.
func (d *Derogation) Waives(norm string) bool {
	return d.Norm == "*" || d.Norm == norm ||
		len(norm) > len(d.Norm) && norm[:len(d.Norm)] == d.Norm && norm[len(d.Norm)] == '.'
}

// Presumption fills a fact the input leaves unknown, and marks it Presumed.
type Presumption struct {
	ID       string
	Title    Texts
	Target   *fact.Field // a root fact, or a field of a list group
	Versions []PresumptionVersion
	Place    Place
}

// PresumptionVersion is one dated form. Either Value is set, evaluated with the row in scope when
// Target is in a list; or Latest, the greatest known day of that field over the rows where Where holds.
type PresumptionVersion struct {
	Version
	When   *Condition // nil: always
	Value  *Expr
	Latest *fact.Field // a date field of a list group
	Where  *Condition  // over a row of that list
}

// Rule is a check: when Condition holds, a finding is reported.
type Rule struct {
	ID       string
	Title    Texts
	ForEach  *fact.Group // nil: once for the case; else once for each row
	SelectBy Selector
	Counter  *Counter // of a form: the rule looks at the verdict of this counter, or at how much it counts; nil: at the facts
	Versions []RuleVersion
	Place    Place
}

// Unknown policies of a rule: what an unknown condition means.
const (
	UnknownAsk  = "ask"  // no finding; its blocking facts are missing
	UnknownSkip = "skip" // no finding, nothing asked: the check is about what was written
)

// RuleVersion is one dated form of a rule.
type RuleVersion struct {
	Version
	When     *Condition // the rule concerns the case; nil: always
	Finding  *Condition // true: the finding is reported
	Severity string     // error, warning, info
	Fields   []string   // as written: "periodo.giorni_fruiti"
	Code     string
	Unknown  string
	Final    bool // an error on which nothing can be decided: rules that can't judge such facts are not to blame
	Message  *Template

	// Of the rules of a form.
	Verdicts   []string         // of the counter: the finding is reported on these
	Over       *Over            // the finding is reported only above this much; nil: always
	Values     map[string]*Expr // further slots of the messages
	Several    *Template        // what is said once of many rows; nil: each row is said
	Suggestion *Suggestion      // what to write instead; nil: nothing can be computed
}

// Over asks how much the counter of the rule counts: its part must exceed the value.
type Over struct {
	Counter string // its id
	Part    string
	Value   *Expr
}

// Selector is the date of the case that selects the version of a rule or counter.
type Selector string

// The dates a rule may be selected by.
const (
	ByReference Selector = "data_riferimento"   // the day asked
	ByDay       Selector = "giorno_esaminato"   // each day requested, one by one
	ByStart     Selector = "inizio_richiesta"   // first day requested
	ByFiling    Selector = "data_presentazione" // day of filing
	ByRowStart  Selector = "inizio_periodo"     // first day of the row in hand
)

// Table is a decision table: typed inputs, typed outputs, dated versions, every row unique.
type Table struct {
	NoRow    string // what no row for the inputs means: NoRowFails or NoRowUnknown
	ID       string
	Title    Texts
	Inputs   []Column
	Outputs  []Column
	Versions []TableVersion
	Place    Place
}

// What a table says of inputs that it has no row for.
const (
	NoRowFails   = "errore" // the table must be complete: a loud failure
	NoRowUnknown = "ignoto" // the table lists what is known
)

// Column is one column of a table.
type Column struct {
	Name    string
	Type    fact.Type
	Unit    quantity.Unit
	Options []string
}

// TableVersion is one dated form of a table.
type TableVersion struct {
	Version
	Rows []TableRow
}

// TableRow is one row: inputs then outputs, in column order. An output may be unknown.
type TableRow struct {
	Inputs     []fact.Value
	Outputs    []fact.Value
	Label      Texts
	Law        []Citation
	Confidence Confidence
	Place      Place
}
