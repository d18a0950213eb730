package calendar_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"omnia/engine/calendar"
)

// italian are the national holidays.
func italian() *calendar.Holidays {
	h := &calendar.Holidays{Easter: []calendar.Holiday{{Offset: 1, From: calendar.Min, To: calendar.Max}}}
	for _, md := range [][2]int{{1, 1}, {1, 6}, {4, 25}, {5, 1}, {6, 2}, {8, 15}, {11, 1}, {12, 8}, {12, 25}, {12, 26}} {
		h.Fixed = append(h.Fixed, calendar.Holiday{Month: md[0], Day: md[1]})
	}
	h.Fixed = append(h.Fixed, calendar.Holiday{Month: 10, Day: 4, From: calendar.Of(2026, 1, 1)})
	return h
}

func TestHolidays(t *testing.T) {
	t.Parallel()
	h := italian()
	for day, want := range map[string]bool{
		"2025-04-25": true,  // a Friday
		"2025-04-20": true,  // Easter, a Sunday
		"2025-04-21": true,  // Easter Monday
		"2024-04-01": true,  // Easter Monday
		"2025-04-18": false, // Good Friday is a working day
		"2025-04-26": false, // a Saturday
		"2025-11-30": true,  // a Sunday
		"2025-12-08": true,
		"2025-10-04": false, // a Saturday before the law
		"2024-10-04": false,
		"2027-10-04": true, // a Monday
		"2028-10-04": true,
		"2025-03-18": false,
	} {
		if got := h.IsHoliday(calendar.MustParse(day)); got != want {
			t.Errorf("%s is a holiday: %t, want %t", day, got, want)
		}
	}
}

func TestAHolidayEnds(t *testing.T) {
	t.Parallel()
	h := &calendar.Holidays{
		Fixed:  []calendar.Holiday{{Month: 3, Day: 19, To: calendar.Of(1977, 12, 31)}},
		Easter: []calendar.Holiday{{Offset: 39, To: calendar.Of(1977, 12, 31)}},
	}
	for day, want := range map[string]bool{
		"1976-03-19": true, "1978-03-20": false, "1979-03-19": false, // Saint Joseph
		"1976-05-27": true, "1978-05-04": false, // Ascension
	} {
		if got := h.IsHoliday(calendar.MustParse(day)); got != want {
			t.Errorf("%s is a holiday: %t, want %t", day, got, want)
		}
	}
}

func TestRollGoesToTheNextWorkingDay(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]string{
		"2025-03-18": "2025-03-18", // a Tuesday
		"2025-04-25": "2025-04-26", // to a Saturday, which counts
		"2025-11-30": "2025-12-01",
		"2025-04-20": "2025-04-22", // Easter, then its Monday
		"2022-12-25": "2022-12-27", // a Sunday, then Saint Stephen
		"2028-12-24": "2028-12-27", // a Sunday, Christmas, Saint Stephen
		"2026-10-04": "2026-10-05",
		"2027-10-04": "2027-10-05",
	} {
		if got := italian().Roll(calendar.MustParse(day)).String(); got != want {
			t.Errorf("%s goes to %s, want %s", day, got, want)
		}
	}
}

func TestRollIsTheFirstDayThatIsNoHoliday(t *testing.T) {
	t.Parallel()
	h := italian()
	rapid.Check(t, func(t *rapid.T) {
		d := drawDay(t, "day")
		to := h.Roll(d)
		if to < d || to < calendar.Max && h.IsHoliday(to) {
			t.Fatalf("%s goes to %s", d, to)
		}
		for between := d; between < to; between++ {
			if !h.IsHoliday(between) {
				t.Fatalf("%s goes to %s, past %s", d, to, between)
			}
		}
	})
}

func TestRollEndsWhenEveryDayIsAHoliday(t *testing.T) {
	t.Parallel()
	h := &calendar.Holidays{}
	for m := 1; m <= 12; m++ {
		for d := 1; d <= 31; d++ {
			h.Fixed = append(h.Fixed, calendar.Holiday{Month: m, Day: d})
		}
	}
	if got := h.Roll(calendar.Max - 400); got != calendar.Max {
		t.Errorf("goes to %s", got)
	}
}

// The epact method of the calendar reform, as Knuth gives it (The Art of Computer Programming,
// 1.3.2, exercise 14): another way to the same Sunday.
func easterByEpact(year int) (month, day int) {
	golden := year%19 + 1
	century := year/100 + 1
	leap := 3*century/4 - 12
	moon := (8*century+5)/25 - 5
	sunday := 5*year/4 - leap - 10
	epact := ((11*golden+20+moon-leap)%30 + 30) % 30
	if epact == 25 && golden > 11 || epact == 24 {
		epact++
	}
	full := 44 - epact
	if full < 21 {
		full += 30
	}
	full += 7 - (sunday+full)%7
	if full > 31 {
		return 4, full - 31
	}
	return 3, full
}

func TestEasterAgreesWithTheEpactMethod(t *testing.T) {
	t.Parallel()
	for year := 1583; year <= 4099; year++ {
		month, day := easterByEpact(year)
		if got, want := calendar.Easter(year), calendar.Of(year, month, day); got != want || got.Weekday() != 6 {
			t.Fatalf("Easter %d is %s, want %s", year, got, want)
		}
	}
	for year, want := range map[int]string{1818: "03-22", 1943: "04-25", 2000: "04-23", 2024: "03-31", 2025: "04-20", 2026: "04-05", 2038: "04-25"} {
		if got := calendar.Easter(year).String(); got != fmt.Sprintf("%d-%s", year, want) {
			t.Errorf("Easter %d is %s, want %s", year, got, want)
		}
	}
}
