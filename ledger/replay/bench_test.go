package replay_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/fixtures"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/rules"
)

// BenchmarkReplay replays decisions, and decides and writes out the same ones in turn: "of-deciding" is the speed of the first as a
// part of that of the second, whose room for the answer is used again. Both begin with the bytes of the facts. What else the machine does falls on both alike.
func BenchmarkReplay(b *testing.B) {
	g := newEngine(b, rules.FS)
	editions := newShelf(g)
	for _, periods := range []int{2, 15, 60} {
		b.Run(fmt.Sprint(periods, " periods"), func(b *testing.B) {
			list, bodies := history(b, g, periods)
			replays, decisions, room := time.Hour, time.Hour, []byte(nil)
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				for _, d := range list {
					if r, err := replay.Rerun(b.Context(), editions, d); err != nil || r.State != replay.Identical {
						b.Fatal(r, err)
					}
				}
				between := time.Now()
				for _, body := range bodies {
					room = answer(b, g, body, room[:0])
				}
				replays, decisions = min(replays, between.Sub(start)), min(decisions, time.Since(between))
			}
			facts, outcome := 0, 0
			for _, d := range list {
				facts, outcome = facts+len(d.Facts), outcome+len(d.Outcome)
			}
			b.ReportMetric(float64(decisions)/float64(replays), "of-deciding")
			b.ReportMetric(float64(replays.Microseconds())/float64(len(list)), "µs/replay")
			b.ReportMetric(float64(facts)/float64(len(list)), "facts-B")
			b.ReportMetric(float64(outcome)/float64(len(list)), "outcome-B")
		})
	}
}

func answer(b *testing.B, g *engine.Engine, body, room []byte) []byte {
	facts, err := fact.Decode(g.Edition().Vocabulary, body, fact.Options{Language: "it"})
	if err != nil {
		b.Fatal(err)
	}
	a, err := g.Counters(facts, engine.Options{Today: today, Language: "it", Explain: engine.Normal})
	if err != nil {
		b.Fatal(err)
	}
	return a.AppendJSON(room)
}

// history is decisions on histories of so many periods, and the facts of each as they came.
func history(t testing.TB, g *engine.Engine, periods int) (list []*ledger.Decision, bodies [][]byte) {
	r := newRecorder(t, g)
	for seed := range uint64(20) {
		body := bytes.TrimSuffix(bytes.TrimPrefix(fixtures.Generate(seed, periods), []byte(`{"facts":`)), []byte(`}`))
		list = append(list, r.counters(body, engine.Options{Today: today, Language: "it", Explain: engine.Normal}))
		bodies = append(bodies, body)
	}
	return list, bodies
}

// BenchmarkWalk replays many decisions as a run over a database does, each read anew. "peak-MB" is the most that the heap held; it must not grow
// with their number.
func BenchmarkWalk(b *testing.B) {
	g := newEngine(b, rules.FS)
	editions := newShelf(g)
	list, _ := history(b, g, 15)
	for _, many := range []int{2_000, 20_000} {
		b.Run(fmt.Sprint(many), func(b *testing.B) {
			for b.Loop() {
				walkMany(b, editions, list, many)
			}
		})
	}
}

func walkMany(b *testing.B, editions shelf, list []*ledger.Decision, many int) {
	chunks := func(yield func(replay.Chunk, error) bool) {
		for from := 0; from < many; from += 256 {
			chunk := make(replay.Chunk, min(256, many-from))
			for i := range chunk {
				d := *list[(from+i)%len(list)]
				d.Position, d.Facts, d.Outcome = int64(from+i), bytes.Clone(d.Facts), bytes.Clone(d.Outcome)
				chunk[i] = &d
			}
			if !yield(chunk, nil) {
				return
			}
		}
	}
	total, peak := new(replay.Total), uint64(0)
	runtime.GC()
	start := time.Now()
	err := replay.Walk(b.Context(), chunks, runtime.GOMAXPROCS(0), func() *replay.Total { return new(replay.Total) },
		func(ctx context.Context, sum *replay.Total, d *ledger.Decision) error {
			return sum.Add(ctx, editions, d)
		},
		func(_ int64, sum *replay.Total) error {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			total.Merge(sum)
			return nil
		})
	if err != nil || total.Identical != int64(many) {
		b.Fatal(err, total)
	}
	b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
	b.ReportMetric(float64(many)/time.Since(start).Seconds(), "decisions/s")
}
