package rome_test

import (
	"testing"
	"time"

	"omnia/engine/calendar"
	"omnia/internal/rome"
)

func TestDayChangesAtMidnightInRomeNotInUTC(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, instant, want string }{
		{"winter, one hour ahead", "2025-12-31T23:00:00Z", "2026-01-01"},
		{"winter, a second before", "2025-12-31T22:59:59Z", "2025-12-31"},
		{"summer, two hours ahead", "2025-06-30T22:00:00Z", "2025-07-01"},
		{"the night the clock goes back", "2025-10-25T22:00:00Z", "2025-10-26"},
		{"another zone's instant", "2025-11-30T20:00:00-05:00", "2025-12-01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339, tt.instant)
			if err != nil {
				t.Fatal(err)
			}
			if got := rome.Day(at).String(); got != tt.want {
				t.Errorf("Day(%s) = %s, want %s", tt.instant, got, tt.want)
			}
		})
	}
}

func TestMidnightBeginsTheDay(t *testing.T) {
	t.Parallel()
	for d, want := range map[string]string{
		"2025-11-30": "2025-11-29T23:00:00Z", "2025-07-01": "2025-06-30T22:00:00Z",
		"2025-03-30": "2025-03-29T23:00:00Z", "2025-03-31": "2025-03-30T22:00:00Z", // the day that has 23 hours
		"2025-10-26": "2025-10-25T22:00:00Z", "2025-10-27": "2025-10-26T23:00:00Z", // the day that has 25
	} {
		at := rome.Midnight(calendar.MustParse(d))
		if got := at.Format(time.RFC3339); got != want || rome.Day(at).String() != d || rome.Day(at.Add(-1)).String() == d {
			t.Errorf("%s begins at %s, want %s", d, got, want)
		}
	}
}
