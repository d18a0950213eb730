// TEMPORARY stub so that the tree compiles: delete this file when the real Writer lands.
package explain

import (
	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

type Facts interface {
	Ref() calendar.Day
	Period(int) (string, calendar.Span)
	Request() (calendar.Span, bool)
	Label(fact.Ref) string
}
type Writer struct {
	lang string
	d    int64
}

func New(ed *rulebook.Edition, lang string, d int64) *Writer                      { return &Writer{lang, d} }
func (w *Writer) Counter(r *counter.Result, f Facts, depth string) []string       { return []string{} }
func (w *Writer) Reason(r *counter.Result, p counter.PeriodCount, f Facts) string { return "" }
func (w *Writer) Quantity(v quantity.Rat, u quantity.Unit) quantity.Quantity {
	return quantity.Of(v, u, w.d, w.lang)
}
