// Package calendar holds the civil days the law counts with: days, weeks from Monday to
// Sunday, months added with an explicit end-of-month rule, Italian holidays and deadlines.
//
// A [Day] has no clock and no zone. Turning an instant into a day of Rome is the caller's task.
package calendar

import (
	"fmt"
)

// Day is a civil day, counted from 1970-01-01 (day 0). Ordering is plain integer ordering.
type Day int32

// Min and Max bound what the service reads: years 1 to 9999.
var (
	Min = Of(1, 1, 1)
	Max = Of(9999, 12, 31)
)

// Of is the day of that year, month and day; parts out of range carry over.
func Of(year, month, day int) Day {
	if m := month - 1; m < 0 || m > 11 {
		years := floorDiv(m, 12)
		year, month = year+years, m-12*years+1
	}
	// The year is taken to begin in March, so that a leap day is its last; 400 years are 146,097 days.
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	y := year - 400*era
	inYear := (153*(month-3) + 2) / 5
	return Day(146_097*era + 365*y + y/4 - y/100 + inYear + day - 1 - 719_468)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Parse reads "2025-11-30" and refuses anything else, 31 February included.
func Parse(s string) (Day, error) {
	d, why := read(s)
	if why != "" {
		return 0, fmt.Errorf("%q %s", s, why)
	}
	return d, nil
}

// ParseBytes is Parse for bytes in hand: no copy is made, and no reason given.
func ParseBytes(b []byte) (Day, bool) {
	d, why := read(b)
	return d, why == ""
}

// read is the one reader of days; why is empty when s is one.
func read[T string | []byte](s T) (d Day, why string) {
	const form = "is not a day written as YYYY-MM-DD"
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, form
	}
	year, ok1 := digits(s[:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:])
	if !ok1 || !ok2 || !ok3 || year == 0 {
		return 0, form
	}
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, "does not exist in the calendar"
	}
	return Of(year, month, day), ""
}

// MustParse is Parse for constants and tests; it panics on a bad text.
func MustParse(s string) Day {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func digits[T string | []byte](s T) (n int, ok bool) {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// Date is year, month and day of the month.
func (d Day) Date() (year, month, day int) {
	days := int(d) + 719_468 // from 0000-03-01
	era := floorDiv(days, 146_097)
	days -= 146_097 * era
	y := (days - days/1_460 + days/36_524 - days/146_096) / 365
	days -= 365*y + y/4 - y/100
	m := (5*days + 2) / 153
	day = days - (153*m+2)/5 + 1
	if month = m + 3; month > 12 {
		month -= 12
		y++
	}
	return y + 400*era, month, day
}

// String is the day as YYYY-MM-DD.
func (d Day) String() string { return string(d.Append(nil)) }

// Append adds the day as YYYY-MM-DD to dst. Days outside Min and Max have more digits, or a sign.
func (d Day) Append(dst []byte) []byte {
	y, m, dd := d.Date()
	if y < 0 || y > 9999 {
		return fmt.Appendf(dst, "%04d-%02d-%02d", y, m, dd)
	}
	digit := func(n int) byte { return byte('0' + n%10) }
	return append(dst, digit(y/1000), digit(y/100), digit(y/10), digit(y), '-', digit(m/10), digit(m), '-', digit(dd/10), digit(dd))
}

// MarshalText writes YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return d.Append(nil), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Day) UnmarshalText(b []byte) (err error) { *d, err = Parse(string(b)); return err }

// Weekday is 0 for Monday to 6 for Sunday.
func (d Day) Weekday() int { return int(((int64(d)+3)%7 + 7) % 7) }

// Monday is the first day of d's week.
func (d Day) Monday() Day { return d - Day(d.Weekday()) }

// Sunday is the last day of d's week.
func (d Day) Sunday() Day { return d.Monday() + 6 }

// AddMonths moves n months on (or back) and clamps to the end of a shorter month:
// 31 January + 1 month is the last day of February.
func (d Day) AddMonths(n int) Day {
	y, m, dd := d.Date()
	m += n - 1
	y += m / 12
	if m %= 12; m < 0 {
		m += 12
		y--
	}
	m++
	return Of(y, m, min(dd, daysIn(y, m)))
}

// FirstOfMonth is the first day of d's month.
func (d Day) FirstOfMonth() Day {
	y, m, _ := d.Date()
	return Of(y, m, 1)
}

// LastOfMonth is the last day of d's month.
func (d Day) LastOfMonth() Day {
	y, m, _ := d.Date()
	return Of(y, m, daysIn(y, m))
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// Span is a run of days, both ends inclusive. It is empty when To is before From.
type Span struct{ From, To Day }

// Empty tells whether no day is inside.
func (s Span) Empty() bool { return s.To < s.From }

// Len is the number of days.
func (s Span) Len() int {
	if s.Empty() {
		return 0
	}
	return int(s.To-s.From) + 1
}

// Has tells whether d is inside.
func (s Span) Has(d Day) bool { return s.From <= d && d <= s.To }

// Clip is the part of s inside o; empty when there is none.
func (s Span) Clip(o Span) Span { return Span{max(s.From, o.From), min(s.To, o.To)} }

// Meets tells whether both share a day.
func (s Span) Meets(o Span) bool { return !s.Clip(o).Empty() }

// String is "2025-01-01…2025-12-31".
func (s Span) String() string { return s.From.String() + "…" + s.To.String() }

// Months measures the span date to date: the largest n with From + n months − 1 day ≤ To, each
// n added from From and clamped to the month's end, and the days that are left over
// (law.md section 9, default 31).
func (s Span) Months() (whole, days int) {
	if s.Empty() {
		return 0, 0
	}
	y1, m1, _ := s.From.Date()
	y2, m2, _ := s.To.Date()
	n := max((y2-y1)*12+m2-m1-1, 0)
	for s.From.AddMonths(n+1)-1 <= s.To {
		n++
	}
	return n, int(s.To-s.From.AddMonths(n)) + 1
}

// Workdays counts the days of the span that a unit working perWeek days a week works: Monday
// to Friday for 5, to Saturday for 6, holidays included (law.md section 9, default 32).
func (s Span) Workdays(perWeek int) int {
	if s.Empty() {
		return 0
	}
	return worked(s.To, perWeek) - worked(s.From-1, perWeek)
}

// worked counts working days up to d from a Monday long ago.
func worked(d Day, perWeek int) int {
	const monday = -719_162 - 7 // the Monday a week before 0001-01-01
	n := int(d) - monday + 1
	return n/7*perWeek + min(n%7, perWeek)
}
