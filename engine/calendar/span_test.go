package calendar_test

import (
	"testing"

	"pgregory.net/rapid"

	"omnia/engine/calendar"
)

func span(from, to string) calendar.Span {
	return calendar.Span{From: calendar.MustParse(from), To: calendar.MustParse(to)}
}

func drawSpan(t *rapid.T, name string, longest int32) calendar.Span {
	from := calendar.Day(rapid.Int32Range(int32(calendar.Of(1990, 1, 1)), int32(calendar.Of(2060, 1, 1))).Draw(t, name))
	return calendar.Span{From: from, To: from + calendar.Day(rapid.Int32Range(-3, longest).Draw(t, name+" length"))}
}

func TestSpansAgreeWithTheirDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := drawSpan(t, "a", 60)
		b := calendar.Span{From: a.From + calendar.Day(rapid.Int32Range(-70, 70).Draw(t, "b"))}
		b.To = b.From + calendar.Day(rapid.Int32Range(-3, 60).Draw(t, "b length"))
		var days, shared int
		for d := a.From - 80; d <= a.To+200; d++ {
			if a.Has(d) {
				days++
			}
			if a.Has(d) && b.Has(d) {
				shared++
			}
		}
		if a.Len() != days || a.Empty() != (days == 0) {
			t.Fatalf("%s has %d days by Len, %d by Has; empty: %t", a, a.Len(), days, a.Empty())
		}
		if got := a.Clip(b).Len(); got != shared || a.Meets(b) != (shared > 0) || b.Meets(a) != a.Meets(b) {
			t.Fatalf("%s and %s share %d days by Clip, %d by Has; meet: %t", a, b, got, shared, a.Meets(b))
		}
	})
}

func TestWorkdaysAgreeWithCounting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpan(t, "span", 900)
		perWeek := rapid.IntRange(5, 6).Draw(t, "days a week")
		want := 0
		for d := s.From; d <= s.To; d++ {
			if (int(noon(d).Weekday())+6)%7 < perWeek {
				want++
			}
		}
		if got := s.Workdays(perWeek); got != want {
			t.Fatalf("%s at %d days a week has %d, want %d", s, perWeek, got, want)
		}
	})
	for perWeek, want := range map[int]int{5: 260, 6: 312} {
		if got := span("2024-01-08", "2025-01-05").Workdays(perWeek); got != want {
			t.Errorf("52 weeks at %d days are %d, want %d", perWeek, got, want)
		}
	}
	if got := (calendar.Span{From: calendar.Min, To: calendar.Min + 6}).Workdays(5); got != 5 {
		t.Errorf("the first week of all has %d working days", got)
	}
}

func TestMonthsDateToDate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to    string
		whole, days int
	}{
		{"2025-01-01", "2025-12-31", 12, 0}, {"2025-01-01", "2025-01-31", 1, 0}, {"2025-01-01", "2025-01-30", 0, 30},
		{"2025-01-15", "2025-02-14", 1, 0}, {"2025-01-15", "2025-02-15", 1, 1}, {"2025-02-01", "2025-02-28", 1, 0},
		{"2024-02-01", "2024-02-28", 0, 28}, {"2024-02-29", "2025-02-28", 12, 1}, {"2024-02-29", "2025-02-27", 12, 0},
		{"2025-01-31", "2025-02-27", 1, 0}, {"2025-01-31", "2025-02-28", 1, 1}, {"2025-01-31", "2025-03-30", 2, 0},
		{"2025-01-31", "2025-01-31", 0, 1}, {"2025-06-30", "2025-06-29", 0, 0}, {"2020-07-01", "2025-06-30", 60, 0},
		{"2025-12-31", "2026-02-28", 2, 1},
	} {
		whole, days := span(tt.from, tt.to).Months()
		if whole != tt.whole || days != tt.days {
			t.Errorf("%s to %s is %d months and %d days, want %d and %d", tt.from, tt.to, whole, days, tt.whole, tt.days)
		}
	}
}

// By the words of the default: the largest n such that the n-th month, added from the first day and
// clamped, ends within the span.
func TestMonthsAgreeWithTheirDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSpan(t, "span", 2000)
		n := 0
		for !s.Empty() && s.From.AddMonths(n+1)-1 <= s.To {
			n++
		}
		rest := 0
		for d := s.From.AddMonths(n); d <= s.To; d++ {
			rest++
		}
		whole, days := s.Months()
		if whole != n || days != rest {
			t.Fatalf("%s is %d months and %d days, want %d and %d", s, whole, days, n, rest)
		}
		if days < 0 || days > 30 {
			t.Fatalf("%s leaves %d days", s, days)
		}
	})
}
