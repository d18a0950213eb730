package counter

import (
	"testing"

	"pgregory.net/rapid"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

var monday = calendar.MustParse("2024-01-01")

// drawItems draws periods that overlap, with whole days, shares of days and days known by date.
func drawItems(t *rapid.T) []item {
	n := rapid.IntRange(0, 6).Draw(t, "items")
	out := make([]item, n)
	for i := range out {
		from := monday + calendar.Day(rapid.IntRange(0, 60).Draw(t, "from"))
		out[i] = item{period: i, span: calendar.Span{From: from, To: from + calendar.Day(rapid.IntRange(0, 30).Draw(t, "len"))}}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			out[i].perDay = quantity.Int(1)
		case 1:
			out[i].perDay = quantity.Frac(int64(rapid.IntRange(1, 40).Draw(t, "num")), int64(rapid.IntRange(1, 30).Draw(t, "den")))
		default:
			out[i].days = []calendar.Day{}
			for d := from; d <= out[i].span.To; d++ {
				if rapid.Bool().Draw(t, "day") {
					out[i].days = append(out[i].days, d)
				}
			}
		}
	}
	return out
}

// naive is the table said in the dumbest way: day by day, the caps applied as the days come.
func naive(items []item, l layout, w calendar.Span) quantity.Rat {
	var sum, week quantity.Rat
	for d := monday; d <= monday+100; d++ {
		if d.Weekday() == 0 {
			week = quantity.Int(0)
		}
		var day quantity.Rat
		for i := range items {
			day = day.Add(items[i].amountOn(d, l.perWeek))
		}
		if l.capped {
			day = day.Min(quantity.Int(1)).Min(quantity.Int(int64(l.perWeek)).Sub(week))
			week = week.Add(day)
		}
		if w.Has(d) {
			sum = sum.Add(day)
		}
	}
	return sum
}

func TestTableAgreesWithDayByDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t)
		l := layout{lo: monday, hi: monday + 100, perWeek: rapid.IntRange(5, 6).Draw(t, "d"), capped: rapid.Bool().Draw(t, "capped")}
		table := l.build(items)
		exact := &series{lo: table.lo}
		if n := max(len(table.prefix), len(table.exact)); n > 0 {
			exact.buildExact(l, items, n-1)
		}
		for range 5 {
			from := monday + calendar.Day(rapid.IntRange(-5, 95).Draw(t, "wfrom"))
			w := calendar.Span{From: from, To: from + calendar.Day(rapid.IntRange(0, 40).Draw(t, "wlen"))}
			want := naive(items, l, w)
			if got := table.sum(w); !got.Equal(want) {
				t.Fatalf("table says %s in %s, day by day %s", got, w, want)
			}
			if got := exact.sum(w); !got.Equal(want) {
				t.Fatalf("exact table says %s in %s, day by day %s", got, w, want)
			}
		}
	})
}

func TestTableFallsBackToRationalsWhenDenominatorsDoNotFit(t *testing.T) {
	t.Parallel()
	var items []item
	want := quantity.Int(0)
	for i, p := range []int64{61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109} {
		day := monday + calendar.Day(7*i)
		items = append(items, item{span: calendar.Span{From: day, To: day}, perDay: quantity.Frac(1, p), period: i})
		want = want.Add(quantity.Frac(1, p))
	}
	table := layout{lo: monday, hi: monday + 365, perWeek: 5, capped: true}.build(items)
	if table.exact == nil {
		t.Fatal("the denominators fit 64 bits: choose larger ones")
	}
	if got := table.sum(calendar.Span{From: monday, To: monday + 365}); !got.Equal(want) {
		t.Errorf("sum %s, want %s", got, want)
	}
}

func TestPeriodsShareOverlappingDaysWithoutLoss(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := &linePart{items: drawItems(t), factor: quantity.Frac(1, 5)}
		p.table = layout{lo: monday, hi: monday + 100, perWeek: 5, capped: true}.build(p.items)
		from := monday + calendar.Day(rapid.IntRange(0, 60).Draw(t, "wfrom"))
		w := calendar.Span{From: from, To: from + calendar.Day(rapid.IntRange(0, 40).Draw(t, "wlen"))}
		var sum quantity.Rat
		p.paint(w, 5, nil, func(_ int, m quantity.Rat) { sum = sum.Add(m) })
		if want := p.in(w); !sum.Equal(want) {
			t.Fatalf("periods add up to %s, the window counts %s", sum, want)
		}
		exact := quantity.Int(0)
		p.paintExact(w, 5, func(_ int, m quantity.Rat) { exact = exact.Add(m) })
		if !sum.Equal(exact) {
			t.Fatalf("in whole numbers %s, in rationals %s", sum, exact)
		}
	})
}

func TestStretchesShareTheirMonthsWithoutLoss(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var pieces []stretch
		for i := range rapid.IntRange(0, 6).Draw(t, "n") {
			from := monday + calendar.Day(rapid.IntRange(0, 400).Draw(t, "from"))
			s := calendar.Span{From: from, To: from + calendar.Day(rapid.IntRange(0, 200).Draw(t, "len"))}
			share := quantity.Int(1)
			if rapid.Bool().Draw(t, "used") {
				share = quantity.Frac(2, 3)
			}
			pieces = append(pieces, stretch{span: s, share: share, parts: []part{{i, s}}})
		}
		cut := calendar.Span{From: monday + 100, To: monday + 120}
		list := join(without(pieces, []calendar.Span{cut}))
		from := monday + calendar.Day(rapid.IntRange(0, 300).Draw(t, "wfrom"))
		w := calendar.Span{From: from, To: from + 365}
		var sum quantity.Rat
		shares(list, w, func(_ int, m quantity.Rat) { sum = sum.Add(m) })
		if want := monthsIn(list, w); !sum.Equal(want) {
			t.Fatalf("periods add up to %s, the window counts %s", sum, want)
		}
		for _, s := range list {
			if s.span.Meets(cut) {
				t.Fatalf("%s still has days that another line claimed", s.span)
			}
		}
	})
}

func TestWeightIsAppliedToTheSum(t *testing.T) {
	t.Parallel()
	half := termTally{steps: []step{{upTo: quantity.Int(24), factor: quantity.Frac(1, 2)}, {open: true, factor: quantity.Int(1)}}}
	for _, tt := range []struct{ in, want int64 }{{0, 0}, {6, 3}, {24, 12}, {30, 18}, {36, 24}} { // WE-36
		if got := half.weigh(quantity.Int(tt.in)); !got.Equal(quantity.Int(tt.want)) {
			t.Errorf("%d months weigh %s, want %d", tt.in, got, tt.want)
		}
	}
}
