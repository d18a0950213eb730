package calendar

// Holidays is the set of public holidays, as data: fixed days with the year they start, days
// that follow Easter, and the weekdays that are never working.
type Holidays struct {
	Fixed  []Holiday
	Easter []Holiday // Offset days after Easter Sunday
}

// Holiday is one rule, in force from From to To.
type Holiday struct {
	Month, Day int // of a fixed one
	Offset     int // of one tied to Easter
	From, To   Day
}
