package engine

import (
	"slices"
	"strings"

	"omnia/engine/fact"
)

// slotSet is a set of root slots, one bit each.
type slotSet []uint64

func newSlotSet(slots ...int) slotSet {
	var s slotSet
	for _, i := range slots {
		s = s.with(i)
	}
	return s
}

// with is the set with one more slot; a negative one is none.
func (s slotSet) with(i int) slotSet {
	if i < 0 {
		return s
	}
	for len(s) <= i/64 {
		s = append(s, 0)
	}
	s[i/64] |= 1 << (i % 64)
	return s
}

func (s slotSet) has(i int) bool { return i >= 0 && i/64 < len(s) && s[i/64]>>(i%64)&1 != 0 }

func (s slotSet) union(t slotSet) slotSet {
	out := slices.Clone(s)
	for len(out) < len(t) {
		out = append(out, 0)
	}
	for i := range t {
		out[i] |= t[i]
	}
	return out
}

func (s slotSet) meets(t slotSet) bool {
	for i := range min(len(s), len(t)) {
		if s[i]&t[i] != 0 {
			return true
		}
	}
	return false
}

// changes are the root slots in which two cases differ and, of a list that has as many rows as before, the rows.
type changes struct {
	slots slotSet
	rows  map[int][]int // by slot of the list; a list that is not here changed in its length
	all   bool          // something changed that belongs to no slot
}

func (c *changes) touch(reads slotSet) bool { return c.all || c.slots.meets(reads) }

// only tells whether, of what is read, nothing but rows of that list changed.
func (c *changes) only(reads slotSet, list int) (rows []int, ok bool) {
	rows, ok = c.rows[list]
	if !ok || c.all {
		return nil, false
	}
	for i := range min(len(c.slots), len(reads)) {
		met := c.slots[i] & reads[i]
		if list/64 == i {
			met &^= 1 << (list % 64)
		}
		if met != 0 {
			return nil, false
		}
	}
	return rows, true
}

// changesBetween compares facts of one vocabulary, presumed ones included. What lenient reading refused
// counts as a change where what it said of a place differs.
func changesBetween(before, after *fact.Facts) changes {
	c := changes{slots: make(slotSet, (len(after.Root)+63)/64), rows: map[int][]int{}}
	for i := range after.Root {
		c.slot(i, &before.Root[i], &after.Root[i])
	}
	if !slices.Equal(before.Findings, after.Findings) {
		for _, f := range [][2]*fact.Facts{{before, after}, {after, before}} {
			for _, d := range f[0].Findings {
				if !slices.Contains(f[1].Findings, d) {
					c.place(after.Vocabulary, d.Pointer)
				}
			}
		}
	}
	return c
}

func (c *changes) slot(i int, before, after *fact.Value) {
	if before.State == after.State && before.Rows() != nil && len(before.Rows()) == len(after.Rows()) {
		if rows := differentRows(before.Rows(), after.Rows()); len(rows) > 0 {
			c.slots = c.slots.with(i)
			c.rows[i] = rows
		}
		return
	}
	if !sameValue(before, after) {
		c.slots = c.slots.with(i)
	}
}

// place is the slot that a pointer leads into; the findings of a list may be about how its rows go together.
func (c *changes) place(voc *fact.Vocabulary, pointer string) {
	path, _, isRow := strings.Cut(fact.PathOf(pointer), "[")
	slot := voc.Root.Slot(path)
	if slot < 0 {
		c.all = true
		return
	}
	c.slots = c.slots.with(slot)
	if isRow {
		delete(c.rows, slot)
	}
}

func differentRows(before, after []fact.Record) []int {
	var out []int
	for i := range after {
		if !sameRecord(before[i], after[i]) {
			out = append(out, i)
		}
	}
	return out
}

func sameRecord(a, b fact.Record) bool {
	if len(a) > 0 && len(a) == len(b) && &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if !sameValue(&a[i], &b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

func sameValue(a, b *fact.Value) bool {
	return a.State == b.State && a.Num == b.Num && a.Text == b.Text && a.Rat.Equal(b.Rat) &&
		slices.Equal(a.Days(), b.Days()) && slices.EqualFunc(a.Rows(), b.Rows(), sameRecord)
}
