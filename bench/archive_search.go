package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"omnia/archive"
	"omnia/bench/measure"
	"omnia/store"
)

// perCompany is how many provvedimenti a matricola has on average, in the small archive and in the large.
const perCompany = 100

// pageOf is the page of a search, as long as it is by default over HTTP.
const pageOf = 50

// searches are what is asked of one matricola.
var searches = []struct {
	name     string
	criteria archive.Criteria
	second   bool // the second page, not the first
}{
	{"default: the last six months", archive.Criteria{Emissione: archive.Validity{From: monthsAgo(6)}}, false},
	{"one section, all years", archive.Criteria{Sezione: archive.Autorizzazioni}, false},
	{"words of the reason, all years", archive.Criteria{Parole: archive.Stems("limiti del biennio mobile")}, false},
	{"the second page, all years", archive.Criteria{}, true},
}

// search measures what a search of one matricola costs in a small archive and in a large one. Both are
// asked by turns, search by search.
func (b *bench) search() error {
	b.Title(fmt.Sprintf("Search of one matricola in %s and in %s provvedimenti", thousands(b.sizes.small), thousands(b.sizes.large)),
		fmt.Sprintf("`store.Search`, pages of %d, time by the clock. The archives have %d provvedimenti a matricola on average; asked are matricole that have as many here as there (half to double of it), at random among all such.", pageOf, perCompany))
	return b.with(func(d *databases) error {
		for _, kind := range kinds {
			if err := b.searchOn(d, kind); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
		return nil
	})
}

func (b *bench) searchOn(d *databases, kind string) error {
	small, large := archiveLoad{1, b.sizes.small / perCompany, b.sizes.small}, archiveLoad{2, b.sizes.large / perCompany, b.sizes.large}
	var stores [2]*store.Store
	for i, l := range []archiveLoad{small, large} {
		s, _, err := d.fresh(kind)
		if err != nil {
			return err
		}
		defer s.Close()
		start := time.Now()
		if err := b.fill(s, l); err != nil {
			return err
		}
		if err := d.settle(kind); err != nil {
			return err
		}
		b.Line("%s: an archive of %s provvedimenti was made in %.0f s.\n", kind, thousands(l.provvedimenti), time.Since(start).Seconds())
		stores[i] = s
	}
	twins := twinsOf(small.counts(), large.counts())
	if len(twins) == 0 {
		return errors.New("no two matricole have as many provvedimenti")
	}
	return b.compareSearches(kind, stores, twins)
}

// twinsOf pairs matricole of two archives that have as many provvedimenti, half to double of the usual
// number: each one of the large archive that has a twin in the small one.
func twinsOf(small, large map[string]int) (twins [][2]string) {
	by := map[int][]string{}
	for m, n := range small {
		if perCompany/2 <= n && n <= 2*perCompany {
			by[n] = append(by[n], m)
		}
	}
	for _, list := range by {
		slices.Sort(list)
	}
	for m, n := range large {
		if list := by[n]; len(list) > 0 {
			twins = append(twins, [2]string{list[len(twins)%len(list)], m})
		}
	}
	slices.SortFunc(twins, func(a, b [2]string) int { return cmp.Compare(a[1], b[1]) })
	return twins
}

// searched is a search made ready: what is asked of each of the two archives.
type searched struct {
	stores   [2]*store.Store
	twins    [][2]string
	criteria archive.Criteria
	after    [2]map[string]string // the key of the first page, by matricola; of a second page only
	rows     [2]int
	asked    int
}

// searchesOfRound is how many searches of an archive a p99 is taken from.
const searchesOfRound = 400

func (b *bench) compareSearches(kind string, stores [2]*store.Store, twins [][2]string) error {
	var table [][]string
	ratios := make([]float64, len(searches))
	for i, q := range searches {
		s := &searched{stores: stores, twins: twins, criteria: q.criteria}
		if q.second {
			if err := s.firstPages(); err != nil {
				return err
			}
		}
		row, ratio, err := s.measure(max(b.plan.Rounds, 7), b.least(searchesOfRound))
		if err != nil {
			return err
		}
		table, ratios[i] = append(table, append([]string{q.name}, row...)), ratio
	}
	b.Line("%s, %d matricole asked:\n", kind, len(twins))
	b.Table([]string{"", "rows a page", "p50 small", "p50 large", "p99 small", "p99 large", "p50 ×", "p99 ×"}, table)
	for i, q := range searches {
		b.AtMost(fmt.Sprintf("%s, %s: p99 in the large archive, × the small one", kind, q.name), ratios[i], 1.5)
	}
	b.Line("")
	return nil
}

// firstPages notes where the first page of each matricola ends.
func (s *searched) firstPages() error {
	for i := range s.stores {
		s.after[i] = map[string]string{}
		for _, pair := range s.twins {
			c := s.criteria
			c.Matricola = pair[i]
			items, _, err := s.stores[i].Search(context.Background(), c, archive.Page{Limit: pageOf})
			if err != nil {
				return err
			}
			if len(items) > 0 {
				s.after[i][pair[i]] = c.Key(&items[len(items)-1])
			}
		}
	}
	return nil
}

// one is the time of one search in one archive.
func (s *searched) one(i int, matricola string) (float64, error) {
	c := s.criteria
	c.Matricola = matricola
	page := archive.Page{After: s.after[i][matricola], Limit: pageOf}
	start := time.Now()
	items, _, err := s.stores[i].Search(context.Background(), c, page)
	took := float64(time.Since(start).Nanoseconds())
	s.rows[i] += len(items)
	return took, err
}

// round searches both archives by turns.
func (s *searched) round(n int) (times [2][]float64, err error) {
	runtime.GC()
	for range n {
		pair := s.twins[s.asked*7919%len(s.twins)]
		s.asked++
		for turn := range 2 {
			i := (turn + s.asked) % 2 // who is first changes
			took, err := s.one(i, pair[i])
			if err != nil {
				return times, err
			}
			times[i] = append(times[i], took)
		}
	}
	return times, nil
}

// measure gives the cells of the report, and the ratio of the two p99: the median of the rounds.
func (s *searched) measure(rounds, n int) (cells []string, ratio float64, err error) {
	if _, err := s.round(n); err != nil { // connections, statements, caches
		return nil, 0, err
	}
	s.rows, s.asked = [2]int{}, 0
	var p50, p99 [2][]float64
	for range rounds {
		times, err := s.round(n)
		if err != nil {
			return nil, 0, err
		}
		for i := range times {
			p50[i] = append(p50[i], measure.Quantile(times[i], 0.50))
			p99[i] = append(p99[i], measure.Quantile(times[i], 0.99))
		}
	}
	ratio = ratioOf(p99)
	per := float64(s.asked)
	cells = []string{fmt.Sprintf("%.1f, %.1f", float64(s.rows[0])/per, float64(s.rows[1])/per)}
	for _, p := range [][2][]float64{p50, p99} {
		cells = append(cells, measure.Time(measure.Median(p[0])), measure.Time(measure.Median(p[1])))
	}
	return append(cells, fmt.Sprintf("%.2f", ratioOf(p50)), fmt.Sprintf("%.2f", ratio)), ratio, nil
}

// ratioOf is the second by the first, round by round.
func ratioOf(p [2][]float64) float64 { return ratio(p[1], p[0]) }

// thousands is a number with its thousands apart.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
