package replay

import (
	"strconv"

	"omnia/engine"
	"omnia/engine/quantity"
)

// Most of an answer about a long history is the same line again and again: room that comes back Monday after
// Monday, periods that do not count for the same reason. The record keeps runs of them.

// releaseRun is equal amounts at equal steps, and that again at equal steps: five days of a week, eight weeks long.
type releaseRun struct {
	first       *engine.Release
	step, times int // of days
	next, again int // days from one run to the next, and how many there are
}

// releases writes runs: [day, amount], then step and times of days where there are several, then those of runs.
func (b writer) releases(all []engine.Release) writer {
	if len(all) == 0 {
		return b
	}
	b = append(b.key("releases"), '[')
	run, rest := dayRun(all), all
	for first := true; run.first != nil; first = false {
		rest = rest[run.times:]
		next := dayRun(rest)
		for run.repeats(&next) {
			run.next, run.again = int(next.first.On-run.first.On)/run.again, run.again+1
			rest = rest[next.times:]
			next = dayRun(rest)
		}
		if !first {
			b = append(b, ',')
		}
		b = b.release(&run)
		run = next
	}
	return append(b, ']')
}

// dayRun is the first run of releases; none is without first.
func dayRun(all []engine.Release) releaseRun {
	if len(all) == 0 {
		return releaseRun{}
	}
	r := releaseRun{first: &all[0], times: 1, again: 1}
	if len(all) == 1 || !same(&all[0].Amount, &all[1].Amount) {
		return r
	}
	r.step = int(all[1].On - all[0].On)
	for r.times < len(all) && same(&all[0].Amount, &all[r.times].Amount) && int(all[r.times].On-all[r.times-1].On) == r.step {
		r.times++
	}
	return r
}

// repeats tells whether the next run is this one again, as far on as those before. Runs of one or two days are not worth it.
func (r *releaseRun) repeats(next *releaseRun) bool {
	if next.first == nil || r.times < 3 || next.times != r.times || next.step != r.step || !same(&r.first.Amount, &next.first.Amount) {
		return false
	}
	return r.again == 1 || int(next.first.On-r.first.On) == r.next*r.again
}

func (b writer) release(r *releaseRun) writer {
	b = append(append(b, '[').date(r.first.On), ',').exact(r.first.Amount.Value)
	if r.times > 1 {
		b = b.plain(r.step).plain(r.times)
	}
	if r.again > 1 {
		b = b.plain(r.next).plain(r.again)
	}
	return append(b, ']')
}

// plain is a number behind a comma.
func (b writer) plain(n int) writer { return strconv.AppendInt(append(b, ','), int64(n), 10) }

// periods writes runs of periods that count alike. Which they are the facts say: they stand in the order of their
// days and numbers.
func (b writer) periods(all []engine.Period) writer {
	if len(all) == 0 {
		return b
	}
	b = append(b.key("periods"), '[')
	for i := 0; i < len(all); {
		if i > 0 {
			b = append(b, ',')
		}
		n := periodRun(all[i:])
		b = append(append(b, '[').string(all[i].Code), ',')
		if q := all[i].Counted; q != nil {
			b = b.exact(q.Value)
		} else {
			b = append(b, "null"...)
		}
		if n > 1 {
			b = b.plain(n)
		}
		b = append(b, ']')
		i += n
	}
	return append(b, ']')
}

func periodRun(all []engine.Period) int {
	n := 1
	for n < len(all) && all[n].Code == all[0].Code && same(all[n].Counted, all[0].Counted) {
		n++
	}
	return n
}

func same(a, b *quantity.Quantity) bool {
	return a == b || a != nil && b != nil && a.Value.Equal(b.Value)
}
