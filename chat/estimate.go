package chat

import (
	"context"
	"math"
	"slices"
	"time"
)

// Standing is where a conversation stands in the queue.
type Standing struct {
	*Conversation
	Position     int       // within its class, from 1
	Wait         *Estimate // nil when there is nothing to go by
	Alternatives bool      // the person has waited for longer than they should
}

// Standings are those who wait in a class, in the order in which they are served.
func (s *Service) Standings(ctx context.Context, class string) (list []Standing, err error) {
	waiting, err := s.Storage.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	f, err := s.forecast(ctx, class)
	if err != nil {
		return nil, err
	}
	for i := range waiting {
		c := &waiting[i]
		if c.Class == class {
			list = append(list, Standing{c, len(list) + 1, f.estimate(c), c.LongWaitAt != nil})
		}
		f.pass(c)
	}
	return list, nil
}

// handledRead bounds the conversations that an estimate looks back at.
const handledRead = 50

// forecast estimates the waits of one class. It is given the whole queue, in order: see pass.
//
// Each adviser on duty has room for so many conversations at a time, and as many places come free in the time that a
// conversation takes. So who has n people before them waits until n+1 places have come free: n+1 times that time, over
// the places of all advisers who may answer. How long one takes is what the last ones of the class took: from the time
// within which half had ended to that of nine in ten.
type forecast struct {
	rules      Rules
	half, most time.Duration
	advisers   []Adviser // on duty; none while the service is closed, or when too little is known
	passed     map[kind]int
	fitting    map[kind][]bool // by adviser
}

// kind is what decides which advisers may answer.
type kind struct {
	topic Topic
	sede  string
}

// forever is a wait after which whoever may answer at all may answer.
const forever = time.Duration(math.MaxInt64)

func (s *Service) forecast(ctx context.Context, class string) (*forecast, error) {
	now, rules := s.now(), s.Rules()
	f := &forecast{rules: rules, passed: map[kind]int{}, fitting: map[kind][]bool{}}
	if open, _ := rules.Open(now); !open {
		return f, nil
	}
	took, err := s.Storage.Handled(ctx, class, handledRead)
	if err != nil || len(took) < rules.Samples() {
		return f, err
	}
	half, most := percentiles(took)
	f.half, f.most = *half, *most
	all, err := s.Storage.Advisers(ctx)
	f.advisers = slices.DeleteFunc(all, func(a Adviser) bool { return !a.There(now, rules.Gone()) })
	return f, err
}

// estimate is the wait of who comes next in the queue, in whole minutes; nil when nobody on duty may answer.
func (f *forecast) estimate(c *Conversation) *Estimate {
	mine, places := f.fits(c), 0
	for i, fits := range mine {
		if fits {
			places += f.advisers[i].Capacity
		}
	}
	if places == 0 {
		return nil
	}
	turn := 1
	for k, n := range f.passed {
		if meet(mine, f.fitting[k]) {
			turn += n
		}
	}
	share := func(d time.Duration) time.Duration { return d * time.Duration(turn) / time.Duration(places) }
	from := int(share(f.half) / time.Minute)
	return &Estimate{From: from, To: max(from+1, int((share(f.most)+time.Minute-1)/time.Minute))}
}

// pass says that somebody is served before those who come next.
func (f *forecast) pass(c *Conversation) {
	f.fits(c)
	f.passed[kind{c.Topic, c.Sede}]++
}

// fits tells which of the advisers may answer.
func (f *forecast) fits(c *Conversation) []bool {
	k := kind{c.Topic, c.Sede}
	list, known := f.fitting[k]
	if !known {
		list = make([]bool, len(f.advisers))
		for i := range f.advisers {
			list[i] = f.rules.Fits(&f.advisers[i], c, forever)
		}
		f.fitting[k] = list
	}
	return list
}

// meet tells whether somebody is in both.
func meet(a, b []bool) bool {
	for i := range a {
		if a[i] && b[i] {
			return true
		}
	}
	return false
}
