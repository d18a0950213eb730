package replay

import (
	"fmt"
	"strconv"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/ledger"
)

// The kinds of decisions, as receipts name them.
const (
	KindCounters = "counters"
	KindValidate = "validate"
)

// The options that a caller may want to know of, by name.
const (
	OptionToday    = "today"
	OptionComplete = "complete"
)

// CountersOptions are the options of a decision on counters as its receipt binds them: all that a replay needs
// beside the facts.
func CountersOptions(o engine.Options) []ledger.Option {
	return []ledger.Option{
		{Name: "explain", Value: string(o.Explain)}, {Name: "kept", Value: strconv.FormatBool(o.Kept)},
		{Name: "language", Value: o.Language}, {Name: OptionToday, Value: o.Today.String()},
	}
}

// ValidateOptions are those of the check of a form.
func ValidateOptions(o engine.ValidateOptions) []ledger.Option {
	return []ledger.Option{
		{Name: OptionComplete, Value: strconv.FormatBool(o.Complete)}, {Name: "form", Value: o.Form},
		{Name: "language", Value: o.Language}, {Name: OptionToday, Value: o.Today.String()},
	}
}

// asked are the options of a receipt, by name.
type asked struct {
	today              calendar.Day
	language, explain  string
	form               string
	kept, completeForm bool
}

// readOptions reads them back. One that is unknown was bound by a later version, and would change the decision.
func readOptions(list []ledger.Option) (a asked, err error) {
	for _, o := range list {
		switch o.Name {
		case OptionToday:
			a.today, err = calendar.Parse(o.Value)
		case "language":
			a.language = o.Value
		case "explain":
			a.explain = o.Value
		case "form":
			a.form = o.Value
		case "kept":
			a.kept, err = strconv.ParseBool(o.Value)
		case OptionComplete:
			a.completeForm, err = strconv.ParseBool(o.Value)
		default:
			err = fmt.Errorf("this version does not know it")
		}
		if err != nil {
			return a, fmt.Errorf("option %s %q: %w", o.Name, o.Value, err)
		}
	}
	return a, nil
}
