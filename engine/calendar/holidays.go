package calendar

// Holidays is the set of public holidays, as data: fixed days, and days that follow Easter, each
// with its validity. Sundays are always holidays; Saturdays are not (law.md section 9, default 24).
// The patron saint of a town is local and is not known here.
type Holidays struct {
	Fixed  []Holiday
	Easter []Holiday // Offset days after Easter Sunday
}

// Holiday is one rule, in force from From to To, both included. A zero From or To is open.
type Holiday struct {
	Month, Day int // of a fixed one
	Offset     int // of one tied to Easter
	From, To   Day
}

// inForce tells whether the rule applies to the holiday that falls on d.
func (h *Holiday) inForce(d Day) bool {
	return (h.From == 0 || h.From <= d) && (h.To == 0 || d <= h.To)
}

// IsHoliday tells whether d is a Sunday or a public holiday.
func (h *Holidays) IsHoliday(d Day) bool {
	if d.Weekday() == 6 {
		return true
	}
	year, month, day := d.Date()
	for i := range h.Fixed {
		if f := &h.Fixed[i]; f.Month == month && f.Day == day && f.inForce(d) {
			return true
		}
	}
	if len(h.Easter) == 0 {
		return false
	}
	easter := Easter(year)
	for i := range h.Easter {
		if f := &h.Easter[i]; easter+Day(f.Offset) == d && f.inForce(d) {
			return true
		}
	}
	return false
}

// Roll is d, or the first day after it that is no holiday: where a deadline that falls on a
// holiday goes. It stops at Max.
func (h *Holidays) Roll(d Day) Day {
	for d < Max && h.IsHoliday(d) {
		d++
	}
	return d
}

// Easter is Easter Sunday of a year in the Gregorian calendar, by the anonymous method published
// in Nature in 1876: the Sunday after the ecclesiastical full moon on or after 21 March.
func Easter(year int) Day {
	golden := year % 19
	century, ofCentury := year/100, year%100
	correction := (century + 8) / 25
	moon := (19*golden + century - century/4 - (century-correction+1)/3 + 15) % 30
	weekday := (32 + 2*(century%4) + 2*(ofCentury/4) - moon - ofCentury%4) % 7
	late := (golden + 11*moon + 22*weekday) / 451
	n := moon + weekday - 7*late + 114
	return Of(year, n/31, n%31+1)
}
