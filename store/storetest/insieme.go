package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"omnia/archive"
	"omnia/store"
)

// insieme is the part about many at once.
func insieme(t *testing.T, open Open) {
	t.Run("many write overlapping numeri", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		Overlap(t, s)
	})
	t.Run("readers see whole batches only", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		wholeBatches(t, s)
	})
}

const (
	writers   = 32
	numeri    = 40
	corrected = 3 // versions of each numero
)

// Overlap lets many goroutines write the same numeri in different orders and batches, through all the
// stores given, which must be of one database. Each must be told that its content is stored, and each version
// must be stored once.
func Overlap(t *testing.T, stores ...*store.Store) {
	t.Helper()
	var all []archive.Provvedimento
	for v := range corrected {
		for n := range numeri {
			all = append(all, sample(fmt.Sprintf("N%02d", n), version(v+1)))
		}
	}
	counts := make([]map[archive.Written]int, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { counts[w] = writeAll(t, stores[w%len(stores)], all, uint64(w)) })
	}
	wg.Wait()
	total := map[archive.Written]int{}
	for _, c := range counts {
		for k, n := range c {
			total[k] += n
		}
	}
	if total[archive.Created] != numeri || total[archive.Corrected] != numeri*(corrected-1) || total[archive.Conflict]+total[archive.Gap] != 0 {
		t.Errorf("outcomes %v, want %d created and %d corrected", total, numeri, numeri*(corrected-1))
	}
	for n := range numeri {
		chained(t, stores[0], fmt.Sprintf("N%02d", n))
	}
}

// writeAll writes every version, the numeri in an order of its own, in batches of a size of its own.
func writeAll(t *testing.T, s *store.Store, all []archive.Provvedimento, seed uint64) map[archive.Written]int {
	random := rand.New(rand.NewPCG(seed, 1))
	counts := map[archive.Written]int{}
	for v := range corrected {
		list := slices.Clone(all[v*numeri : (v+1)*numeri])
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		for batch := range slices.Chunk(list, 1+random.IntN(numeri)) {
			got, err := s.WriteProvvedimenti(t.Context(), batch, true)
			if err != nil {
				t.Error(err)
				return counts
			}
			for _, w := range got {
				counts[w]++
			}
		}
	}
	return counts
}

// chained wants all versions of a numero once, each known from the instant at which the one before ends.
func chained(t *testing.T, s *store.Store, numero string) {
	t.Helper()
	all, err := s.Versions(t.Context(), numero)
	if err != nil || len(all) != corrected {
		t.Errorf("%s: %d versions, %v", numero, len(all), err)
		return
	}
	slices.Reverse(all)
	for i, p := range all {
		last := i == len(all)-1
		if p.Versione != i+1 || last != (p.SuperatoIl == nil) || !last && !p.SuperatoIl.Equal(all[i+1].RegistratoIl) {
			t.Errorf("%s: version %d at place %d is known from %s to %v", numero, p.Versione, i, p.RegistratoIl, p.SuperatoIl)
		}
	}
}

// wholeBatches reads while batches are written: a batch is there as a whole or not at all, and each measure has
// one last word at any time.
func wholeBatches(t *testing.T, s *store.Store) {
	const size, rounds = 60, 12
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				items, _, err := s.Search(ctx, archive.Criteria{Matricola: "7000000001", Sort: "numero"}, archive.Page{Limit: 200})
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if err == nil && (len(items) != 0 && len(items) != size || slices.ContainsFunc(items, func(p archive.Provvedimento) bool { return p.Versione != items[0].Versione })) {
					t.Errorf("half a batch is seen: %d measures", len(items))
				}
			}
		})
	}
	for v := range rounds {
		list := make([]archive.Provvedimento, size)
		for i := range list {
			list[i] = sample(fmt.Sprintf("N%02d", i), version(v+1))
		}
		if _, err := s.WriteProvvedimenti(t.Context(), list, true); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	wg.Wait()
	if items, _, err := s.Search(t.Context(), archive.Criteria{Matricola: "7000000001"}, archive.Page{Limit: 200}); err != nil || len(items) != size || items[0].Versione != rounds {
		t.Errorf("at the end %d measures, %v", len(items), err)
	}
}
