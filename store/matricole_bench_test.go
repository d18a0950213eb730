package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"omnia/archive"
)

// BenchmarkReach measures what every request asks (Subject) and what a studio looks at (a page of its
// matricole), in an archive with 5,000 matricole of the studio and in one with 50,000: the cost must not
// follow the size. ratio is the median of the large one by that of the small one, asked in turns.
func BenchmarkReach(b *testing.B) {
	reach := archive.Reach{CodiceFiscale: "STUDIO", Tipi: []archive.Tipo{archive.Titolare, archive.Intermediario}, Servizio: archive.ServizioContatori, Today: planDay}
	for _, d := range plannedAt {
		small, large := d.open(b), d.open(b)
		country(b, small, 5_000, 5_000)
		country(b, large, 50_000, 50_000)
		for _, asked := range []struct {
			name string
			ask  func(s *Store, i int) error
		}{
			{"subject", func(s *Store, i int) error {
				_, err := s.Subject(b.Context(), "STUDIO", fmt.Sprintf("%010d", i*37%5_000))
				return err
			}},
			{"subject of none", func(s *Store, i int) error {
				_, err := s.Subject(b.Context(), "NOBODY", fmt.Sprintf("9%09d", i*37%5_000))
				return err
			}},
			{"subject of another's", func(s *Store, i int) error {
				_, err := s.Subject(b.Context(), "NOBODY", fmt.Sprintf("%010d", i*37%5_000))
				return err
			}},
			{"deleghe that one sees", func(s *Store, i int) error {
				c := archive.DelegaCriteria{Visible: "STUDIO", Today: planDay}
				items, _, err := s.Deleghe(b.Context(), c, archive.Page{After: fmt.Sprintf("b%010d", i*37%4_900), Limit: 50})
				if err == nil && len(items) != 50 {
					return fmt.Errorf("%d items", len(items))
				}
				return err
			}},
			{"page of 50", func(s *Store, i int) error {
				items, _, err := s.Matricole(b.Context(), reach, "", archive.Page{After: fmt.Sprintf("%010d", i*37%4_900), Limit: 50})
				if err == nil && len(items) != 50 {
					return fmt.Errorf("%d items", len(items))
				}
				return err
			}},
			{"search by a whole matricola", func(s *Store, i int) error {
				_, _, err := s.Matricole(b.Context(), reach, fmt.Sprintf("%010d", i*37%5_000), archive.Page{Limit: 50})
				return err
			}},
		} {
			b.Run(d.name+"/"+asked.name, func(b *testing.B) { inTurns(b, small, large, asked.ask) })
		}
	}
}

// inTurns asks both stores one after the other, so that whatever else the machine does meets both.
func inTurns(b *testing.B, small, large *Store, ask func(s *Store, i int) error) {
	took := map[*Store][]time.Duration{}
	i := 0
	for b.Loop() {
		for _, s := range []*Store{small, large} {
			start := time.Now()
			if err := ask(s, i); err != nil {
				b.Fatal(err)
			}
			took[s] = append(took[s], time.Since(start))
		}
		i++
	}
	median := func(s *Store) float64 {
		slices.Sort(took[s])
		return float64(took[s][len(took[s])/2])
	}
	b.ReportMetric(median(small)/1e3, "small-µs")
	b.ReportMetric(median(large)/1e3, "large-µs")
	b.ReportMetric(median(large)/median(small), "ratio")
	b.ReportMetric(0, "ns/op")
}
