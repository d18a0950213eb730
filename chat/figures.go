package chat

import (
	"context"
	"slices"
	"time"
)

// Figures measures the conversations opened between two instants, from inclusive, to exclusive. An abandoned one was
// closed by the person before an adviser wrote.
func (s *Service) Figures(ctx context.Context, from, to time.Time) (*Figures, error) {
	f := &Figures{ByTopic: map[Topic]int{}}
	var waits, handles []time.Duration
	err := s.Storage.Opened(ctx, from, to, func(c *Conversation) error {
		f.count(c)
		if c.FirstAssignedAt != nil && !c.OutOfHours {
			waits = append(waits, c.FirstAssignedAt.Sub(c.OpenedAt))
		}
		if c.FirstAssignedAt != nil && c.ClosedAt != nil {
			handles = append(handles, c.ClosedAt.Sub(*c.FirstAssignedAt))
		}
		return nil
	})
	f.WaitP50, f.WaitP90 = percentiles(waits)
	f.HandleP50, f.HandleP90 = percentiles(handles)
	return f, err
}

func (f *Figures) count(c *Conversation) {
	f.Opened++
	f.ByTopic[c.Topic]++
	if c.OutOfHours {
		f.OutOfHours++
	}
	if c.FirstAnswerAt != nil {
		f.Answered++
	}
	if c.Rating != nil {
		f.Ratings[c.Rating.Score-1]++
	}
	switch c.State {
	case Queued:
		f.Waiting++
	case Closed:
		f.Closed++
		if c.FirstAnswerAt == nil && c.ClosedBy == c.OpenedBy.ID {
			f.Abandoned++
		}
	}
}

// percentiles are the time within which half were, and nine in ten; nil when there is none.
func percentiles(list []time.Duration) (half, most *time.Duration) {
	if len(list) == 0 {
		return nil, nil
	}
	slices.Sort(list)
	a, b := list[len(list)/2], list[len(list)*9/10]
	return &a, &b
}

// Moment is how the service stands now.
type Moment struct {
	Waiting int           // in the queue
	Longest time.Duration // wait, since the person may expect an answer; 0 when nobody waits
	OnDuty  int           // advisers who are there
	Talking int           // conversations that have an adviser, on duty or not
}

// Moment looks at the queue and at the advisers.
func (s *Service) Moment(ctx context.Context) (m Moment, err error) {
	waiting, err := s.Storage.Waiting(ctx)
	if err != nil {
		return m, err
	}
	advisers, err := s.Storage.Advisers(ctx)
	now := s.now()
	m.Waiting = len(waiting)
	for i := range waiting {
		m.Longest = max(m.Longest, now.Sub(waiting[i].expectedSince()))
	}
	for i := range advisers {
		m.Talking += advisers[i].Open
		if advisers[i].There(now, s.Rules().Gone()) {
			m.OnDuty++
		}
	}
	return m, err
}
