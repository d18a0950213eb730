// Package measure times things side by side.
//
// A machine is never quiet, so a number taken alone means little. Here the subjects of a group
// run by turns, round by round; every ratio is to the first subject of the same round, and what is
// reported is the median over the rounds, with the least and the greatest beside it. Times are
// processor time of this process, garbage collection included.
package measure

import (
	"runtime"
	"slices"
	"time"
)

// Subject is one thing to be timed.
type Subject struct {
	Name string
	Run  func(i int) // one operation; i counts up, for those who go through many inputs
	Per  float64     // operations that one Run stands for; 0 is 1
}

// Plan is how long to measure.
type Plan struct {
	Rounds int           // at least 7
	Slice  time.Duration // of one subject in one round
}

// Row is what was found of one subject.
type Row struct {
	Name          string
	Nanoseconds   float64 // median, per operation
	Allocs, Bytes float64 // per operation
	Ratio         float64 // median of the ratios to the first subject
	Least, Most   float64 // the ratios at their extremes
}

// Compare times the subjects; the first is the floor.
func Compare(p Plan, subjects ...Subject) []Row {
	counts := make([]int, len(subjects))
	for i := range subjects {
		counts[i] = calibrate(p, &subjects[i])
	}
	times := make([][]float64, len(subjects))
	rows := make([]Row, len(subjects))
	for range max(p.Rounds, 7) {
		for i := range subjects {
			elapsed, allocs, bytes := run(&subjects[i], counts[i])
			times[i] = append(times[i], elapsed)
			rows[i].Allocs, rows[i].Bytes = allocs, bytes
		}
	}
	for i := range subjects {
		ratios := make([]float64, len(times[i]))
		for round := range ratios {
			ratios[round] = times[i][round] / times[0][round]
		}
		rows[i].Name, rows[i].Nanoseconds, rows[i].Ratio = subjects[i].Name, Median(times[i]), Median(ratios)
		rows[i].Least, rows[i].Most = slices.Min(ratios), slices.Max(ratios)
	}
	return rows
}

// calibrate finds how many operations fill a slice.
func calibrate(p Plan, s *Subject) int {
	for n := 1; ; n *= 2 {
		start := clock()
		for i := range n {
			s.Run(i)
		}
		if took := clock() - start; took > p.Slice/8 || n > 1<<28 {
			return max(1, int(float64(n)*float64(p.Slice)/float64(took+1)))
		}
	}
}

func run(s *Subject, n int) (nanoseconds, allocs, bytes float64) {
	var before, after runtime.MemStats
	runtime.GC() // nobody pays for the garbage of the one before
	runtime.ReadMemStats(&before)
	start := clock()
	for i := range n {
		s.Run(i)
	}
	took := clock() - start
	runtime.ReadMemStats(&after)
	ops := float64(n) * max(s.Per, 1)
	return float64(took.Nanoseconds()) / ops, float64(after.Mallocs-before.Mallocs) / ops, float64(after.TotalAlloc-before.TotalAlloc) / ops
}

// Median is the middle value; of an even number, the upper of the two.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// Quantile is the value below which that part of the values lies, 0 to 1.
func Quantile(values []float64, part float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}
