package main

import (
	"fmt"

	"omnia/bench/measure"
)

// growth shows how time and memory grow with the history.
func (b *bench) growth() error {
	b.Title("Growth with the history", "A whole decision, facts in memory, normal explanations. Per period, the last columns should stay level.")
	var rows [][]string
	for _, n := range []int{10, 100, 1000, 10_000} {
		row, err := b.growthRow(n)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	b.Table([]string{"periods", "request", "answer", "time", "allocated", "time a period", "bytes a period"}, rows)
	return nil
}

func (b *bench) growthRow(n int) ([]string, error) {
	body := newFacts(n, true).body()
	facts, err := b.decode(body)
	if err != nil {
		return nil, err
	}
	answer, err := b.engine.Counters(facts, options)
	if err != nil {
		return nil, err
	}
	x := measure.Compare(b.plan, measure.Subject{Run: func(int) {
		if _, err := b.engine.Counters(facts, options); err != nil {
			panic(err)
		}
	}})[0]
	return []string{fmt.Sprint(n), measure.Size(float64(len(body))), measure.Size(float64(len(encode(answer)))), measure.Time(x.Nanoseconds), measure.Size(x.Bytes),
		measure.Time(x.Nanoseconds / float64(n)), measure.Size(x.Bytes / float64(n))}, nil
}
