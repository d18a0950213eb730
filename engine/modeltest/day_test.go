package modeltest

import "time"

// day counts days from 1970-01-01, which was a Thursday.
type day int

func date(y, m, d int) day {
	return day(time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func parseDay(s string) day {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return date(t.Year(), int(t.Month()), t.Day())
}

func (d day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }
func (d day) String() string  { return d.time().Format(time.DateOnly) }

// weekday is 0 on Monday and 6 on Sunday.
func (d day) weekday() int { return ((int(d)+3)%7 + 7) % 7 }
func (d day) monday() day  { return d - day(d.weekday()) }
func (d day) sunday() day  { return d.monday() + 6 }

// addMonths keeps the day of the month, or takes the last day of a shorter month.
func (d day) addMonths(n int) day {
	y, m, dd := d.time().Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return date(first.Year(), int(first.Month()), min(dd, last))
}

// span is a run of days, both ends inclusive.
type span struct{ from, to day }

func (s span) has(d day) bool { return s.from <= d && d <= s.to }
func (s span) String() string { return s.from.String() + "…" + s.to.String() }

// biennio is the week of d and the 103 before it.
func biennio(d day) span { return span{d.monday() - 103*7, d.sunday()} }

// quinquennio is the five years that end on d: the day is added before the years are taken off.
func quinquennio(d day) span { return span{(d + 1).addMonths(-60), d} }
