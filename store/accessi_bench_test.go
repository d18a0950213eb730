package store

import (
	"sync"
	"testing"
	"time"
)

// BenchmarkRecord measures what it gains that callers at once share a commit: lines a second of 64
// callers by those of one who has no one to share with.
func BenchmarkRecord(b *testing.B) {
	const lines = 512
	for _, d := range plannedAt {
		b.Run(d.name, func(b *testing.B) {
			s := d.open(b)
			took := map[int]time.Duration{}
			for b.Loop() {
				for _, callers := range []int{1, 64} {
					start := time.Now()
					var wg sync.WaitGroup
					for range callers {
						wg.Go(func() {
							for range lines / callers {
								if err := s.Record(b.Context(), line()); err != nil {
									b.Error(err)
								}
							}
						})
					}
					wg.Wait()
					took[callers] += time.Since(start)
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[64]), "ratio")
			b.ReportMetric(float64(took[64].Microseconds())/float64(b.N*lines), "µs/line")
			b.ReportMetric(0, "ns/op")
		})
	}
}
