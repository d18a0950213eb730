package main

import (
	"fmt"

	"omnia/bench/measure"
	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// endDates is how many days a chart of five years has.
const endDates = 1826

// dates measures one counter on every day of five years, as a chart needs it.
func (b *bench) dates() error {
	m, err := b.oneCounter()
	if err != nil {
		return err
	}
	first := reference - endDates + 1
	sums := newPrefixSums(first, reference)
	if err := m.agreeOn(sums, first); err != nil {
		return err
	}
	b.Title(fmt.Sprintf("One counter on %d end dates", endDates),
		fmt.Sprintf("`%s` over %d periods, a time for each date. The floor lays the days once and takes two look-ups a date.", biennio, periodsOfCounter))
	rows := measure.Compare(b.plan,
		measure.Subject{Name: "prefix sums by hand, table included (floor)", Per: endDates, Run: func(int) { sums.all(m.reader.read(m.facts)) }},
		measure.Subject{Name: "kernel, all dates from one table", Per: endDates, Run: func(int) { m.every(calendar.Span{From: first, To: reference}) }},
		measure.Subject{Name: "kernel, a whole answer for each date", Run: func(i int) { m.answer(first + calendar.Day(i%endDates)) }},
	)
	b.Rows(rows)
	b.AtMost("all end dates, × prefix sums", rows[1].Ratio, 3)
	return nil
}

// every is the kernel's count on each day.
func (m *oneCounter) every(days calendar.Span) []quantity.Rat {
	c := m.plan.NewCase(m.facts, days.To)
	defer c.Done()
	counts, _ := c.Every(m.rule, days)
	return counts
}

// prefixSums counts by hand on every end date: a difference array over all days, then running sums.
type prefixSums struct {
	lo      calendar.Day // a Monday
	first   calendar.Day // of the end dates
	diff    []int
	sum     []int // sum[i] is that of the i days from lo
	counted [endDates]int
}

func newPrefixSums(first, last calendar.Day) *prefixSums {
	lo := first.Monday() - 103*7
	n := int(last.Sunday()-lo) + 1
	return &prefixSums{lo: lo, first: first, diff: make([]int, n+1), sum: make([]int, n+1)}
}

func (s *prefixSums) all(periods []plainPeriod) {
	clear(s.diff)
	hi := s.lo + calendar.Day(len(s.diff)) - 2
	for i := range periods {
		p := &periods[i]
		if !p.cigo || !p.granted || p.eone || p.to < s.lo || p.from > hi {
			continue
		}
		share := tenths
		if p.used >= 0 && p.complete {
			share = p.used * tenths / calendar.Span{From: p.from, To: p.to}.Workdays(perWeek)
		}
		s.diff[max(p.from, s.lo)-s.lo] += share
		s.diff[min(p.to, hi)-s.lo+1] -= share
	}
	run, weekday := 0, 0
	for i := range len(s.sum) - 1 {
		run += s.diff[i]
		day := 0
		if weekday < perWeek {
			day = min(run, tenths)
		}
		s.sum[i+1] = s.sum[i] + day
		if weekday++; weekday == 7 {
			weekday = 0
		}
	}
	for i := range s.counted {
		monday := int((s.first + calendar.Day(i)).Monday() - s.lo)
		s.counted[i] = s.sum[monday+7] - s.sum[monday-103*7]
	}
}

// agreeOn checks the floor against the kernel: its list on every day, its answers on some.
func (m *oneCounter) agreeOn(s *prefixSums, first calendar.Day) error {
	s.all(m.periods)
	counts := m.every(calendar.Span{From: first, To: first + endDates - 1})
	if len(counts) != endDates {
		return fmt.Errorf("the kernel counts on %d days, not %d", len(counts), endDates)
	}
	for i := range counts {
		want := quantity.Frac(int64(s.counted[i]), tenths*perWeek)
		if !counts[i].Equal(want) {
			return fmt.Errorf("on %s: kernel %v, floor %v", first+calendar.Day(i), counts[i], want)
		}
		if i%61 != 0 {
			continue
		}
		if r := m.answer(first + calendar.Day(i)); r.Counted == nil || !r.Counted.Equal(want) {
			return fmt.Errorf("on %s: the answer is %v, floor %v", first+calendar.Day(i), r.Counted, want)
		}
	}
	return nil
}
