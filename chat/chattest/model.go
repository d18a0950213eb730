package chattest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"omnia/chat"
)

// model is the queue as it is promised: where everybody stands, and who has whom. It does not say which adviser gets what;
// it judges what it is shown.
type model struct {
	rules    chat.Rules
	wide     time.Duration // after which another office may answer; told, not asked of the rules
	talks    map[string]*talk
	advisers map[string]*adviser
}

// talk is a conversation that is not closed.
type talk struct {
	id, persona string
	number      int // of those opened
	topic       chat.Topic
	sede        string
	class       string
	priority    int
	place       time.Time // in the queue: now, or to which it would go back
	holder      string    // "" waits
	passedBy    string    // must not get it again
}

func (k *talk) String() string { return fmt.Sprintf("%d (%s)", k.number, k.topic) }

// adviser is somebody who was ever on duty.
type adviser struct {
	persona   string
	sede      string
	topics    []chat.Topic
	capacity  int
	available bool
	seen      time.Time
}

func (m *model) there(a *adviser, now time.Time) bool {
	return a != nil && a.available && now.Sub(a.seen) < m.rules.Gone()
}

// may tells whether an adviser may be given a conversation at all.
func (m *model) may(a *adviser, k *talk, now time.Time) bool {
	topic := len(a.topics) == 0 || slices.Contains(a.topics, k.topic)
	office := a.sede == "" || a.sede == k.sede || now.Sub(k.place) >= m.wide
	return m.there(a, now) && topic && office && k.passedBy != a.persona
}

func (m *model) load(persona string) (n int) {
	for _, k := range m.talks {
		if k.holder == persona {
			n++
		}
	}
	return n
}

func (m *model) room(a *adviser) bool { return m.load(a.persona) < a.capacity }

// before tells whether a is served before b where both may be.
func before(a, b *talk) bool {
	return cmp.Or(cmp.Compare(a.priority, b.priority), a.place.Compare(b.place), cmp.Compare(a.id, b.id)) < 0
}

// waiting is the queue.
func (m *model) waiting() (list []*talk) {
	for _, k := range m.talks {
		if k.holder == "" {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b *talk) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	return list
}

// release puts back all that somebody has, at the places they had.
func (m *model) release(persona string) {
	for _, k := range m.talks {
		if k.holder == persona {
			k.holder = ""
		}
	}
}

// requeue puts one at the end of the queue of its topic.
func (m *model) requeue(k *talk, now time.Time, by string) {
	k.class, k.priority = m.rules.Class(k.topic, k.sede)
	k.place, k.holder, k.passedBy = now, "", by
}

func (m *model) give(k *talk, persona string) { k.holder, k.passedBy = persona, "" }

// given takes what the service has given to advisers by itself, and says what is wrong with it.
func (m *model) given(now time.Time, pairs map[string]string) (wrong []string) {
	if open, _ := m.rules.Open(now); !open && len(pairs) > 0 {
		wrong = append(wrong, fmt.Sprintf("given while the service is closed: %v", pairs))
	}
	for id, persona := range pairs {
		k, a := m.talks[id], m.advisers[persona]
		if a == nil || !m.may(a, k, now) {
			wrong = append(wrong, fmt.Sprintf("%s may not have %s", persona, k))
			continue
		}
		for _, other := range m.waiting() {
			if _, served := pairs[other.id]; !served && before(other, k) && m.may(a, other, now) {
				wrong = append(wrong, fmt.Sprintf("%s is overtaken by %s, which %s got", other, k, persona))
			}
		}
	}
	took := map[string]bool{}
	for id, persona := range pairs {
		m.give(m.talks[id], persona)
		took[persona] = true
	}
	for persona := range took {
		if a := m.advisers[persona]; a != nil && m.load(persona) > a.capacity {
			wrong = append(wrong, fmt.Sprintf("%s got more than they may have", persona))
		}
	}
	return wrong
}

// idle tells of advisers who have room while somebody waits whom they may have.
func (m *model) idle(now time.Time) (wrong []string) {
	if open, _ := m.rules.Open(now); !open {
		return nil
	}
	for _, k := range m.waiting() {
		for _, a := range m.advisers {
			if m.may(a, k, now) && m.room(a) {
				wrong = append(wrong, fmt.Sprintf("%s waits although %s has room", k, a.persona))
			}
		}
	}
	return wrong
}
