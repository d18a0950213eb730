package main

import (
	"fmt"

	"omnia/bench/measure"
	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// periodsOfCounter is how long the history is on which one counter is measured: far longer than
// that of one unit, so that what costs by the period shows.
const periodsOfCounter = 1000

// biennio is the counter measured.
const biennio = "cigo.settimane_biennio"

// oneCounter is the material of the groups on one counter.
type oneCounter struct {
	plan    *counter.Plan
	rule    *rulebook.Counter
	facts   *fact.Facts
	reader  *reader
	periods []plainPeriod // as the reader gives them
	size    int           // bytes of the body
}

func (b *bench) oneCounter() (*oneCounter, error) {
	body := newFacts(periodsOfCounter, false).body()
	decoded, err := b.decode(body)
	if err != nil {
		return nil, err
	}
	m := &oneCounter{plan: counter.NewPlan(b.edition), facts: decoded, reader: newReader(b.edition.Vocabulary), size: len(body)}
	m.periods = m.reader.read(decoded)
	for _, k := range b.edition.Counters {
		if k.ID == biennio {
			m.rule = k
		}
	}
	if m.rule == nil {
		return nil, fmt.Errorf("the rules have no counter %s", biennio)
	}
	return m, nil
}

// answer is what the kernel says on a day, the case made ready first.
func (m *oneCounter) answer(day calendar.Day) *counter.Result {
	c := m.plan.NewCase(m.facts, day)
	defer c.Done()
	return c.Run(m.rule)
}

// newFloor is the hand-written loop over the window of the reference day.
func (m *oneCounter) newFloor() *floor {
	monday := reference.Monday()
	return &floor{
		window:  calendar.Span{From: monday - 103*7, To: monday + 6},
		amounts: make([]int, len(m.periods)), codes: make([]string, len(m.periods)), release: make([]int, 0, 104),
	}
}

// counter measures one counter on one long history.
func (b *bench) counter() error {
	m, err := b.oneCounter()
	if err != nil {
		return err
	}
	f := m.newFloor()
	if err := m.agree(f); err != nil {
		return err
	}
	b.Title(fmt.Sprintf("One counter over %d periods", periodsOfCounter),
		fmt.Sprintf("`%s`, facts in memory (%s as JSON). The floor answers the same question from the same facts, with the law written into the code.", biennio, measure.Size(float64(m.size))))
	today := calendar.Span{From: reference, To: reference}
	ready := m.plan.NewCase(m.facts, reference)
	rows := measure.Compare(b.plan,
		measure.Subject{Name: "hand-written, the whole answer (floor)", Run: func(int) { f.answer(m.reader.read(m.facts)) }},
		measure.Subject{Name: "hand-written, the sum only", Run: func(int) { f.counts(m.reader.read(m.facts)) }},
		measure.Subject{Name: "hand-written, the sum, from an array made ready", Run: func(int) { f.counts(m.periods) }},
		measure.Subject{Name: "kernel, the whole answer", Run: func(int) { m.answer(reference) }},
		measure.Subject{Name: "kernel, case made ready before", Run: func(int) { ready.Run(m.rule) }},
		measure.Subject{Name: "kernel, the sum only", Run: func(int) { m.every(today) }},
	)
	b.Rows(rows)
	b.AtMost("one counter, × the hand-written answer", rows[3].Ratio, 3)
	return nil
}

// agree checks that the kernel and the loop say the same, in every part.
func (m *oneCounter) agree(f *floor) error {
	r := m.answer(reference)
	counted, authorised, used := f.answer(m.periods)
	weeks := func(n int) quantity.Rat { return quantity.Frac(int64(n), tenths*perWeek) }
	for _, x := range []struct {
		name string
		got  *quantity.Rat
		want int
	}{{"counted", r.Counted, counted}, {"authorised", r.Authorised, authorised}, {"used", r.Used, used}} {
		if x.got == nil || !x.got.Equal(weeks(x.want)) {
			return fmt.Errorf("%s: kernel %v, floor %v (missing %v, failure %v)", x.name, x.got, weeks(x.want), r.Missing, r.Failure)
		}
	}
	for _, p := range r.Periods {
		if p.Code != f.codes[p.Row] || !p.Counted.Equal(weeks(f.amounts[p.Row])) {
			return fmt.Errorf("period %d: kernel %s %v, floor %s %v", p.Row, p.Code, p.Counted, f.codes[p.Row], weeks(f.amounts[p.Row]))
		}
	}
	if len(r.Releases) != len(f.release) {
		return fmt.Errorf("releases: kernel %d, floor %d", len(r.Releases), len(f.release))
	}
	for i, x := range r.Releases {
		if !x.Amount.Equal(weeks(f.release[i])) {
			return fmt.Errorf("release %d: kernel %v, floor %v", i, x.Amount, weeks(f.release[i]))
		}
	}
	return nil
}
