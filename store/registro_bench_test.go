package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"omnia/archive"
	"omnia/internal/pgtest"
	"omnia/ledger"
	"omnia/store"
	"omnia/store/storetest"
)

// durable are the databases as they are in use: everything that is acknowledged is synced to the disk.
var durable = []struct {
	name string
	dsn  func(b *testing.B) string
}{
	{"sqlite", func(b *testing.B) string { return sqliteDSN(b) }},
	{"postgres", func(b *testing.B) string {
		dsn, err := pgtest.Own(b, pgtest.Config{Durable: true}).Create("omnia", "")
		if err != nil {
			b.Fatal(err)
		}
		return dsn
	}},
}

// realistic is an edition of as many versions as a decision applies.
func realistic() *archive.Edition {
	e := storetest.Edition("2026-1", 1)
	for i := range 66 {
		e.Items = append(e.Items, archive.EditionItem{Kind: "parameter", ID: fmt.Sprintf("parametro.numero_%03d", i), Version: 1, Digest: string(ledger.DigestOf(fmt.Append(nil, i)))})
	}
	return e
}

// BenchmarkCommit measures decisions a second that are durable, each with its line of the record of accesses, by the number of
// callers. A decision is as the service has them: seventy versions applied, an outcome of 1.9 kB.
func BenchmarkCommit(b *testing.B) {
	for _, d := range durable {
		for _, callers := range []int{1, 32, 256} {
			for _, lines := range []int{0, 1} {
				b.Run(fmt.Sprintf("%s/%d callers/%d lines", d.name, callers, lines), func(b *testing.B) {
					s := open(b, d.dsn(b))
					e := realistic()
					storetest.Publish(b, s, e)
					benchmarkCommit(b, s, e, callers, lines)
				})
			}
		}
	}
}

func benchmarkCommit(b *testing.B, s *store.Store, e *archive.Edition, callers, lines int) {
	const each = 2048
	var took time.Duration
	for b.Loop() {
		queue := make(chan *ledger.Decision, each)
		for n := range each {
			queue <- storetest.Decision(e, storetest.Asked{Matricola: fmt.Sprintf("70%08d", n%500), Persona: "p", Delega: "d", Room: 1900, Instant: time.Now()})
		}
		close(queue)
		accesses := storetest.Accesses(each * lines)
		start := time.Now()
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for d := range queue {
					var mine []archive.Access
					if lines > 0 {
						mine = []archive.Access{<-accesses}
					}
					if err := s.Commit(b.Context(), []*ledger.Decision{d}, mine); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		took += time.Since(start)
	}
	b.ReportMetric(float64(each*b.N)/took.Seconds(), "decisions/s")
	b.ReportMetric(0, "ns/op")
}
