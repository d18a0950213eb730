package rulebook

import (
	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// Counter is a moving window declared as data. One kernel runs them all (package counter).
type Counter struct {
	ID       string
	Order    int
	Title    Texts
	Unit     quantity.Unit
	SelectBy Selector // ByDay or ByStart: which requested date selects the version that judges it
	Versions []CounterVersion
	Place    Place
}

// At is the version in force on d, or nil.
func (c *Counter) At(d calendar.Day) *CounterVersion {
	for i := range c.Versions {
		if c.Versions[i].Has(d) {
			return &c.Versions[i]
		}
	}
	return nil
}

// CounterVersion is one complete dated form of a counter.
type CounterVersion struct {
	Version
	AppliesWhen    *Condition // facts of the company; false: not_applicable
	AsksWhen       *Condition // facts of a request; false while one is made: not_applicable; nil: always
	WithoutRequest string     // what the answer is when nothing is requested: StateOnly or NotAsked
	Requests       *Condition // the request (as `periodo`) concerns this counter; false: nothing is requested
	Lines          []Line     // what counts, classified day by day; a day belongs to the first line that claims it
	Variants       []Variant  // one without When, or several of which exactly one holds
	Breakdown      string     // name of the per-variant list in the answer ("by_causale"); "" for none
	Rate           *Rate      // only of a counter that never refuses
	Norms          []string   // what an exception must waive to take days out: "D148.art12.c3"
}

// What a counter answers when nothing is requested.
const (
	StateOnly = "stato"
	NotAsked  = "non_applicabile"
)

// Line is one kind of days that a counter counts.
type Line struct {
	ID             string
	When           *Condition // over `periodo`
	Measure        Measure
	Factor         *Expr // a number per week (days measure) or nil for 1: 3/13 months to a week
	Basis          Basis
	WholeWeeksWhen *Condition // calendar weeks are counted whole where use does not replace (default 12); nil: never
}

// Measure is how the days of a line become the counter's unit.
type Measure string

// The measures.
const (
	MeasureDays   Measure = "giorni"            // distinct working days ÷ days a week = weeks, times Factor
	MeasureMonths Measure = "mesi"              // months date to date of joined stretches
	MeasureHours  Measure = "ore"               // hours, pro rata of working days where cut
	MeasureWeeks  Measure = "settimane_toccate" // calendar weeks with a counted day
)

// Basis says which days or hours of a period count.
type Basis string

// The bases.
const (
	BasisUsedComplete Basis = "fruito_completo"   // used when declared and flows are complete, else authorised
	BasisUsedDeclared Basis = "fruito_dichiarato" // used when declared and flows are not declared incomplete, else authorised
	BasisAuthorised   Basis = "autorizzato"
)

// Variant is a limit with its window; a counter has one, or one for each case of law.
type Variant struct {
	ID         string
	Title      Texts
	When       *Condition // over the facts and the request; nil: always
	Sum        []Term
	Limit      []Case // exactly one must hold; empty: no limit (a rate)
	Window     Window
	Judge      []Judge // first… exactly one must hold for a request
	Pause      *Pause
	Law        []Citation
	MaxRequest *Expr // most weeks in one application (chain of weeks)
}

// Term adds lines to the sum, pooled before they are weighted.
type Term struct {
	Lines      []string
	Weight     []WeightStep // piecewise on the sum of the line; empty: as it is
	WeightWhen *Condition   // the weight applies where it holds; nil: always
}

// WeightStep is a slice of a piecewise weight: Factor for what lies below UpTo (nil: the rest).
type WeightStep struct {
	UpTo   *Expr
	Factor *Expr
}

// Case is a value that holds under a condition. Two that hold with different values are a conflict.
type Case struct {
	When  *Condition // nil: always
	Value *Expr
	Label string
}

// WindowKind is the shape of a window.
type WindowKind string

// The shapes.
const (
	WindowWeeks     WindowKind = "settimane"   // Length weeks, the examined one last
	WindowMonths    WindowKind = "mesi"        // Length months, ending on the examined day: (day + 1) − Length … day
	WindowFixed     WindowKind = "fissa"       // From…To
	WindowChain     WindowKind = "catena"      // the unbroken chain of calendar weeks
	WindowTreatment WindowKind = "trattamento" // touching periods are one treatment, measured in months
	WindowRequest   WindowKind = "richiesta"   // the programme requested
)

// Window is a window declared as data.
type Window struct {
	Kind     WindowKind
	Length   *Expr
	From, To calendar.Day // WindowFixed
}

// Judge is how a request is judged.
type Judge struct {
	When   *Condition // over the request as `periodo`; nil: always
	Step   Step
	Excess *Expr // a code: "prefisso", "rifiuto" or "quantita"
}

// Step is the piece of a request judged at a time.
type Step string

// The steps.
const (
	StepWeek  Step = "settimana" // every calendar week, in the window that ends on its Sunday
	StepWhole Step = "intera"    // the whole request, in the window that ends on its last day
	StepHours Step = "ore"       // the hours requested as a whole, in the window of its last week
	StepNone  Step = "nessuno"   // never refused
)

// What happens to a request that does not fit.
const (
	ExcessPrefix = "prefisso" // the leading part that fits is grantable
	ExcessRefuse = "rifiuto"  // refused whole
	ExcessAmount = "quantita" // the amount that fits is grantable, without dates
)

// Pause is a time after a full chain or a treatment in which nothing new may start.
type Pause struct {
	Norms    []string   // an exception that waives one of these frees a request of the pause
	After    *Expr      // chain at least this long; nil: after any treatment
	Length   *Expr      // weeks of work (chain), or a fraction of the authorised months (treatment)
	IdleWhen *Condition // over `periodo`: a week with such a day is not a week of work
	Law      []Citation
}

// Rate is the tiered rate of a counter that never refuses (contributo addizionale).
type Rate struct {
	Schedules []Schedule
	Delay     bool // the tier changes from the month after the one in which it is crossed
}

// Schedule is one set of tiers; exactly one must hold.
type Schedule struct {
	ID         string
	Title      Texts
	When       *Condition
	Tiers      []Tier
	Law        []Citation
	Confidence Confidence
}

// Tier is a rate for counts up to UpTo inclusive (nil: beyond).
type Tier struct {
	UpTo *Expr
	Rate *Expr
}
