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
