package main

import (
	"encoding/json"
	"fmt"

	"omnia/bench/measure"
	"omnia/engine"
)

// periodsOfExplain is the history on which whole decisions are measured.
const periodsOfExplain = 200

// options of every decision measured.
var options = engine.Options{Today: reference, Language: "it", Explain: engine.Normal}

// explain measures a whole decision: every counter with its explanation.
func (b *bench) explain() error {
	body := newFacts(periodsOfExplain, true).body()
	facts, err := b.decode(body)
	if err != nil {
		return err
	}
	answer, err := b.engine.Counters(facts, options)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	b.Title(fmt.Sprintf("All counters with explanations, %d periods", periodsOfExplain),
		fmt.Sprintf("Facts in memory. The floor encodes the answer twice with encoding/json (request %s, answer %s).",
			measure.Size(float64(len(body))), measure.Size(float64(len(encoded)))))
	rows := measure.Compare(b.plan,
		measure.Subject{Name: "encoding the answer twice (floor)", Run: func(int) { encode(answer); encode(answer) }},
		measure.Subject{Name: "deciding", Run: func(int) {
			if _, err := b.engine.Counters(facts, options); err != nil {
				panic(err)
			}
		}},
		measure.Subject{Name: "reading the request", Run: func(int) {
			if _, err := b.decode(body); err != nil {
				panic(err)
			}
		}},
	)
	b.Rows(rows)
	b.AtMost("deciding, × encoding the answer twice", rows[1].Ratio, 1)
	return nil
}

func encode(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}
