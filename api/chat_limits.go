package api

import (
	"errors"
	"sync"
	"time"
)

// streamCount bounds how many streams are open, of one person and of all.
type streamCount struct {
	mu    sync.Mutex
	total int
	each  map[string]*ownStreams
}

// ownStreams are those of one person.
type ownStreams struct {
	open     int
	listened time.Time // when it was last said that one of them is open
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
	own := n.each[persona]
	if n.total >= streamsTotal || own != nil && own.open >= streamsEach {
		return errStreams
	}
	if own == nil {
		if n.each == nil {
			n.each = map[string]*ownStreams{}
		}
		own = &ownStreams{}
		n.each[persona] = own
	}
	n.total++
	own.open++
	return nil
}

func (n *streamCount) leave(persona string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.total--
	if own := n.each[persona]; own.open == 1 {
		delete(n.each, persona)
	} else {
		own.open--
	}
}

// listens tells whether it is time to say that a stream of somebody is open: once for all their tabs, and not at each heartbeat of each.
func (n *streamCount) listens(persona string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	own := n.each[persona]
	if own == nil || now.Sub(own.listened) < heartbeat*2/3 {
		return false
	}
	own.listened = now
	return true
}
