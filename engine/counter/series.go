package counter

import (
	"math/bits"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// item is days that count: each working day of span adds perDay, or each of days adds one.
type item struct {
	span   calendar.Span
	perDay quantity.Rat
	days   []calendar.Day // when the days themselves are known
	period int            // index in Case.Periods; requestPeriod for the request
}

// series is a day-indexed table of running sums, so that any window is two look-ups.
//
// Amounts are whole numbers of 1/scale; when the denominators together do not fit 64 bits,
// the same table is kept in exact rationals (slower, as right).
type series struct {
	lo     calendar.Day
	scale  int64
	prefix []int64        // prefix[i] is the sum of the i days from lo
	exact  []quantity.Rat // used instead when scale is 0
	capped bool           // some day or week hit its cap: periods overlap
}

// layout is what a table is built over.
type layout struct {
	lo, hi  calendar.Day // days that matter; nothing outside is asked
	perWeek int          // working days a week
	capped  bool         // a day counts at most one, a week at most perWeek (union of days)
	arena   *arena       // where tables are laid; nil: on the heap
	before  []*series    // days that are taken already, by earlier lines or by the history
}

// build lays the items on a table. Days outside lo…hi are dropped.
func (l layout) build(items []item) *series {
	lo, hi := l.trim(items)
	s := &series{lo: lo, scale: 1}
	if hi < lo {
		return s
	}
	n := int(hi-lo) + 1
	scale, ok := commonScale(items, n)
	for _, b := range l.before {
		if ok {
			scale, ok = lcm(scale, max(b.scale, 1))
			ok = ok && b.exact == nil
		}
	}
	if !ok {
		s.scale = 0
		s.buildExact(l, items, n)
		return s
	}
	s.scale = scale
	step := l.arena.zeroes(n + 1)
	var points []int64
	for i := range items {
		it := &items[i]
		if it.days != nil {
			if points == nil {
				points = l.arena.zeroes(n)
			}
			for _, d := range it.days {
				if d >= lo && d <= hi {
					points[d-lo] += scale
				}
			}
			continue
		}
		c := it.span.Clip(calendar.Span{From: lo, To: hi})
		if c.Empty() {
			continue
		}
		num, den, _ := it.perDay.Frac64()
		amount := num * (scale / den)
		step[c.From-lo] += amount
		step[c.To-lo+1] -= amount
	}
	s.prefix = l.arena.zeroes(n + 1)
	var run, week int64
	full := int64(l.perWeek) * scale
	weekday := 7
	for i := 0; i < n; i++ {
		if weekday == 7 && run == 0 && points == nil && i+7 <= n && idle(step[i:i+7]) { // most weeks have nothing
			for k := i + 1; k <= i+7; k++ {
				s.prefix[k] = s.prefix[i]
			}
			i += 6
			continue
		}
		if weekday == 7 {
			weekday, week = 0, l.taken(lo+calendar.Day(i), lo+calendar.Day(i)+6, scale)
		}
		run += step[i]
		var amount int64
		if weekday < l.perWeek {
			amount = run
		}
		if points != nil {
			amount += points[i]
		}
		if l.capped {
			day := scale
			if l.before != nil {
				day -= l.taken(lo+calendar.Day(i), lo+calendar.Day(i), scale)
			}
			if amount > day {
				amount, s.capped = day, true
			}
			if week+amount > full {
				amount, s.capped = max(full-week, 0), true
			}
			week += amount
		}
		s.prefix[i+1] = s.prefix[i] + amount
		weekday++
	}
	return s
}

// idle tells whether nothing begins or ends on the days of a week.
func idle(step []int64) bool {
	for _, s := range step {
		if s != 0 {
			return false
		}
	}
	return true
}

// taken is what earlier tables hold between two days, in 1/scale.
func (l layout) taken(from, to calendar.Day, scale int64) (sum int64) {
	for _, b := range l.before {
		if b.scale > 0 {
			sum += b.units(calendar.Span{From: from, To: to}) * (scale / b.scale)
		}
	}
	return sum
}

func (l layout) takenExact(w calendar.Span) (sum quantity.Rat) {
	for _, b := range l.before {
		sum = sum.Add(b.sum(w))
	}
	return sum
}

// trim is the range of days that have anything, inside lo…hi and aligned to a Monday so
// that the weekly cap sees whole weeks.
func (l layout) trim(items []item) (lo, hi calendar.Day) {
	lo, hi = l.hi+1, l.lo-1
	for i := range items {
		it := &items[i]
		if it.days == nil {
			if c := it.span.Clip(calendar.Span{From: l.lo, To: l.hi}); !c.Empty() {
				lo, hi = min(lo, c.From), max(hi, c.To)
			}
			continue
		}
		for _, d := range it.days {
			if d >= l.lo && d <= l.hi {
				lo, hi = min(lo, d), max(hi, d)
			}
		}
	}
	return lo.Monday(), hi
}

// buildExact is build in rationals.
func (s *series) buildExact(l layout, items []item, n int) {
	s.exact = make([]quantity.Rat, n+1)
	one, week := quantity.Int(1), quantity.Int(0)
	full := quantity.Int(int64(l.perWeek))
	for i := 0; i < n; i++ {
		d := s.lo + calendar.Day(i)
		if d.Weekday() == 0 {
			week = l.takenExact(calendar.Span{From: d, To: d + 6})
		}
		var amount quantity.Rat
		for j := range items {
			amount = amount.Add(items[j].amountOn(d, l.perWeek))
		}
		if l.capped {
			day := one.Sub(l.takenExact(calendar.Span{From: d, To: d}))
			if amount.Cmp(day) > 0 {
				amount, s.capped = day, true
			}
			if week.Add(amount).Cmp(full) > 0 {
				amount, s.capped = full.Sub(week).Max(quantity.Int(0)), true
			}
			week = week.Add(amount)
		}
		s.exact[i+1] = s.exact[i].Add(amount)
	}
}

// amountOn is what the item adds on one day, before any cap.
func (it *item) amountOn(d calendar.Day, perWeek int) quantity.Rat {
	if it.days == nil {
		if it.span.Has(d) && d.Weekday() < perWeek {
			return it.perDay
		}
		return quantity.Rat{}
	}
	n := int64(0)
	for _, x := range it.days {
		if x == d {
			n++
		}
	}
	return quantity.Int(n)
}

// amountIn is what the item adds in a window, before any cap.
func (it *item) amountIn(w calendar.Span, perWeek int) quantity.Rat {
	if it.days == nil {
		return it.perDay.Mul(quantity.Int(int64(it.span.Clip(w).Workdays(perWeek))))
	}
	n := int64(0)
	for _, d := range it.days {
		if w.Has(d) {
			n++
		}
	}
	return quantity.Int(n)
}

// units is the sum over a window, in 1/scale; only when the table is in whole numbers.
func (s *series) units(w calendar.Span) int64 {
	from, to := max(int(w.From-s.lo), 0), min(int(w.To-s.lo)+1, len(s.prefix)-1)
	if to <= from {
		return 0
	}
	return s.prefix[to] - s.prefix[from]
}

// sum is the exact sum over a window.
func (s *series) sum(w calendar.Span) quantity.Rat {
	if s.exact == nil {
		n := s.units(w)
		if n == 0 {
			return quantity.Rat{}
		}
		return quantity.Frac(n, s.scale)
	}
	from, to := max(int(w.From-s.lo), 0), min(int(w.To-s.lo)+1, len(s.exact)-1)
	if to <= from {
		return quantity.Rat{}
	}
	return s.exact[to].Sub(s.exact[from])
}

// next is the first day from d on that has anything; calendar.Max when there is none.
func (s *series) next(d calendar.Day) calendar.Day {
	if s.exact != nil {
		return max(d, s.lo)
	}
	for i := max(int(d-s.lo), 0); i < len(s.prefix)-1; i++ {
		if s.prefix[i+1] != s.prefix[i] {
			return s.lo + calendar.Day(i)
		}
	}
	return calendar.Max
}

// last is the last day that has anything; first before last when there is none.
func (s *series) last() calendar.Day {
	return s.lo + calendar.Day(max(len(s.prefix), len(s.exact))) - 2
}

// commonScale is the common denominator of all items; false when sums could leave 64 bits.
func commonScale(items []item, days int) (int64, bool) {
	scale := int64(1)
	var top int64 = 1
	for i := range items {
		if items[i].days != nil {
			continue
		}
		num, den, ok := items[i].perDay.Frac64()
		if !ok {
			return 0, false
		}
		if scale, ok = lcm(scale, den); !ok {
			return 0, false
		}
		top = max(top, num/den+1)
	}
	hi, lo := bits.Mul64(uint64(scale), uint64(top))
	if hi != 0 || lo > 1<<62 {
		return 0, false
	}
	hi, lo = bits.Mul64(lo, uint64(days)*uint64(len(items)+1))
	return scale, hi == 0 && lo < 1<<62
}

func lcm(a, b int64) (int64, bool) {
	g := a
	for x := b; x != 0; {
		g, x = x, g%x
	}
	hi, lo := bits.Mul64(uint64(a/g), uint64(b))
	return int64(lo), hi == 0 && lo < 1<<40
}
