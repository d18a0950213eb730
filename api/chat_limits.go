package api

import (
	"errors"
	"sync"
)

// streamCount bounds how many streams are open, of one person and of all.
type streamCount struct {
	mu    sync.Mutex
	total int
	each  map[string]int
}

// heldBack refuses a flood of what is stored for others to see: messages, and apart from them files, pointers and
// changes of consent. Each kind may come as often.
func (s *server) heldBack(c *call, kind string) error {
	q := s.chatLimiter.take(kind+" "+c.who().Subject, s.Now())
	if q.allowed {
		return nil
	}
	c.Header("Retry-After", seconds(q.retry))
	return failure(c.lang, codeChatFlood, s.Limits.Messages)
}

var errStreams = errors.New("too many streams are open")

func (n *streamCount) enter(persona string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.total >= streamsTotal || n.each[persona] >= streamsEach {
		return errStreams
	}
	if n.each == nil {
		n.each = map[string]int{}
	}
	n.total++
	n.each[persona]++
	return nil
}

func (n *streamCount) leave(persona string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.total--
	if n.each[persona]--; n.each[persona] == 0 {
		delete(n.each, persona)
	}
}
