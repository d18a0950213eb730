package counter

// arena lends zeroed room for tables. What it lent is good until the next reset: the tables of
// one counter on one case.
type arena struct {
	buf  []int64
	used int
}

// zeroes is room for n numbers, all zero. A nil arena takes it from the heap.
func (a *arena) zeroes(n int) []int64 {
	if a == nil {
		return make([]int64, n)
	}
	if a.used+n > len(a.buf) {
		a.buf, a.used = make([]int64, max(2*len(a.buf), 4*n)), 0
	}
	out := a.buf[a.used : a.used+n : a.used+n]
	a.used += n
	clear(out)
	return out
}

// reset takes back all that was lent.
func (a *arena) reset() { a.used = 0 }
