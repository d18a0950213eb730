package calendar_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"omnia/engine/calendar"
)

// drawDay is mostly of the years that cases are about, sometimes of any year read.
func drawDay(t *rapid.T, name string) calendar.Day {
	low, high := calendar.Of(1990, 1, 1), calendar.Of(2060, 12, 31)
	if rapid.IntRange(0, 3).Draw(t, name+" is far") == 0 {
		low, high = calendar.Min, calendar.Max
	}
	return calendar.Day(rapid.Int32Range(int32(low), int32(high)).Draw(t, name))
}

// noon is the day as the naive model knows it.
func noon(d calendar.Day) time.Time {
	return time.Date(1970, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, int(d))
}

func TestDaysAreWrittenAndReadBack(t *testing.T) {
	t.Parallel()
	check := func(d calendar.Day) {
		if got, ok := calendar.ParseBytes(d.Append(nil)); !ok || got != d {
			t.Fatalf("%s is read as %s", d, got)
		}
	}
	for d := calendar.Of(1890, 1, 1); d <= calendar.Of(2110, 1, 1); d++ {
		check(d)
	}
	for d := calendar.Min; d <= calendar.Max; d += 97 {
		check(d)
	}
	check(calendar.Max)
}

func TestDaysBeyondTheCalendarAreStillWritten(t *testing.T) {
	t.Parallel()
	for d, want := range map[calendar.Day]string{calendar.Max + 1: "10000-01-01", calendar.Min - 1: "0000-12-31"} {
		if got := d.String(); got != want {
			t.Errorf("written as %s, want %s", got, want)
		}
		if _, err := calendar.Parse(d.String()); err == nil {
			t.Errorf("%s is read", d)
		}
	}
}

func TestParseTakesWhatTheCalendarHas(t *testing.T) {
	t.Parallel()
	for _, year := range []int{1, 4, 100, 1900, 2000, 2023, 2024, 9999} {
		for month := range 14 {
			for day := range 33 {
				s := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
				want, naive := time.Parse(time.DateOnly, s)
				got, err := calendar.Parse(s)
				if (err == nil) != (naive == nil) {
					t.Fatalf("Parse(%s) is %v; time says %v", s, err, naive)
				}
				if err == nil && got.String() != want.Format(time.DateOnly) {
					t.Fatalf("Parse(%s) is %s", s, got)
				}
				if _, ok := calendar.ParseBytes([]byte(s)); ok != (err == nil) {
					t.Fatalf("ParseBytes(%s) is %t", s, ok)
				}
			}
		}
	}
}

func TestParseRefusesOtherForms(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "2025", "2025-1-1", "25-01-01", "2025/01/01", "01-01-2025", "2025-01-01 ", " 2025-01-01", "2025-01-0a",
		"2025-01-01T00:00:00Z", "0000-01-01", "-001-01-01", "+202-01-01", "２０２５-01-01", "2025-13-01", "2025-02-30", "10000-01-01",
	} {
		if d, err := calendar.Parse(s); err == nil {
			t.Errorf("Parse(%q) is %s", s, d)
		}
	}
}

func TestDaysAgreeWithTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawDay(t, "day")
		naive := noon(d)
		y, m, dd := d.Date()
		if y != naive.Year() || m != int(naive.Month()) || dd != naive.Day() || calendar.Of(y, m, dd) != d {
			t.Fatalf("%d is %d-%d-%d, time says %s", int(d), y, m, dd, naive)
		}
		if got, want := d.Weekday(), (int(naive.Weekday())+6)%7; got != want {
			t.Fatalf("%s is weekday %d, want %d", d, got, want)
		}
		if d.Monday().Weekday() != 0 || d.Sunday().Weekday() != 6 || d.Monday() > d || d.Sunday() < d || d.Sunday()-d.Monday() != 6 {
			t.Fatalf("the week of %s is %s to %s", d, d.Monday(), d.Sunday())
		}
		if got := d.FirstOfMonth(); noon(got).Day() != 1 || got > d || noon(got).Month() != naive.Month() {
			t.Fatalf("the month of %s starts on %s", d, got)
		}
		if got := d.LastOfMonth(); noon(got+1).Day() != 1 || got < d || noon(got).Month() != naive.Month() {
			t.Fatalf("the month of %s ends on %s", d, got)
		}
	})
}

func TestOfCarriesOver(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		y, m, d int
		want    string
	}{
		{2024, 2, 30, "2024-03-01"}, {2025, 13, 1, "2026-01-01"}, {2025, 1, 0, "2024-12-31"}, {1969, 12, 31, "1969-12-31"},
	} {
		if got := calendar.Of(tt.y, tt.m, tt.d).String(); got != tt.want {
			t.Errorf("Of(%d, %d, %d) is %s, want %s", tt.y, tt.m, tt.d, got, tt.want)
		}
	}
}

func TestDaysMarshalAsText(t *testing.T) {
	t.Parallel()
	d := calendar.MustParse("2025-11-30")
	if b, err := d.MarshalText(); err != nil || string(b) != "2025-11-30" {
		t.Errorf("marshalled as %s, %v", b, err)
	}
	var back calendar.Day
	if err := back.UnmarshalText([]byte("2025-11-30")); err != nil || back != d {
		t.Errorf("read back as %s, %v", back, err)
	}
	if err := back.UnmarshalText([]byte("2025-11-31")); err == nil {
		t.Error("31 November is read")
	}
}

func TestAddMonths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from   string
		months int
		want   string
	}{
		{"2024-01-31", 1, "2024-02-29"}, {"2025-01-31", 1, "2025-02-28"}, {"2025-01-31", 2, "2025-03-31"},
		{"2025-03-31", -1, "2025-02-28"}, {"2025-01-15", -1, "2024-12-15"}, {"2025-01-15", -13, "2023-12-15"},
		{"2025-12-31", 12, "2026-12-31"}, {"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", -48, "2020-02-29"},
		{"2024-03-01", -60, "2019-03-01"}, {"2025-07-01", 0, "2025-07-01"}, {"2025-07-31", -24, "2023-07-31"},
		{"2025-01-31", -11, "2024-02-29"}, {"2025-12-01", 1, "2026-01-01"},
	} {
		if got := calendar.MustParse(tt.from).AddMonths(tt.months).String(); got != tt.want {
			t.Errorf("%s %+d months is %s, want %s", tt.from, tt.months, got, tt.want)
		}
	}
}

// The last day of a month that is not after the day asked: found by walking back.
func TestAddMonthsAgreesWithWalking(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := calendar.Day(rapid.Int32Range(int32(calendar.Of(1800, 1, 1)), int32(calendar.Of(2400, 1, 1))).Draw(t, "day"))
		n := rapid.IntRange(-1200, 1200).Draw(t, "months")
		first := noon(d).AddDate(0, 0, 1-noon(d).Day()).AddDate(0, n, 0)
		want := first.AddDate(0, 0, noon(d).Day()-1)
		for want.Month() != first.Month() {
			want = want.AddDate(0, 0, -1)
		}
		if got := d.AddMonths(n); got.String() != want.Format(time.DateOnly) {
			t.Fatalf("%s %+d months is %s, want %s", d, n, got, want.Format(time.DateOnly))
		}
	})
}

func TestWindowOfTheQuinquennioStartsTheDayAfter(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]string{"2022-12-31": "2018-01-01", "2025-06-30": "2020-07-01", "2024-02-29": "2019-03-01"} {
		if got := (calendar.MustParse(end) + 1).AddMonths(-60).String(); got != want {
			t.Errorf("five years ending on %s start on %s, want %s", end, got, want)
		}
	}
}
