package chat

import (
	"cmp"
	"slices"
	"time"
)

// Pair is a conversation with the adviser who gets it.
type Pair struct {
	Conversation *Conversation
	Adviser      *Adviser
}

// Assign gives conversations to advisers. waiting is in the order of the queue. It is pure, but for last, which is asked
// for a conversation that can be given: who answered this person before.
//
// Within a class nobody is overtaken: whoever gets an adviser has nobody of the class before them whom that
// adviser may have. One behind the first may be served before it only by an adviser who may not have the first one:
// of another topic or, for the first minutes, another office, or who has just handed it back, or asks it themselves. Of the advisers who may, the
// one who knows the person goes first; then who has the fewest conversations; then who has been idle longest. What an
// adviser takes by hand is their own choice, and no part of this.
func Assign(now time.Time, waiting []Conversation, advisers []Adviser, rules Rules, last func(*Conversation) (string, error)) ([]Pair, error) {
	var pairs []Pair
	free := slices.Clone(advisers)
	for i := range waiting {
		c := &waiting[i]
		known, err := "", error(nil)
		best := -1
		for j := range free {
			a := &free[j]
			if !a.There(now, rules.Gone()) || a.Open >= a.Capacity || a.Persona == c.PassedBy || a.Persona == c.OpenedBy.ID ||
				!rules.Fits(a, c, now.Sub(c.QueuedAt)) {
				continue
			}
			if known == "" && best < 0 {
				if known, err = last(c); err != nil {
					return nil, err
				}
			}
			if best < 0 || before(a, &free[best], known) {
				best = j
			}
		}
		if best >= 0 {
			free[best].Open++
			free[best].IdleSince = now
			pairs = append(pairs, Pair{c, &free[best]})
		}
	}
	return pairs, nil
}

// before tells whether a goes before b.
func before(a, b *Adviser, known string) bool {
	if (a.Persona == known) != (b.Persona == known) {
		return a.Persona == known
	}
	return cmp.Or(cmp.Compare(a.Open, b.Open), a.IdleSince.Compare(b.IdleSince), cmp.Compare(a.Persona, b.Persona)) < 0
}
