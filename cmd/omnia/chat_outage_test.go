package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"omnia/internal/pgtest"
)

// chatter is a few conversations in which everyone writes until they are told to stop.
type chatter struct {
	*lounge
	people []*talker // a company, then its adviser, and so on
	rooms  []string
	acked  atomic.Int64

	mu     sync.Mutex
	seqs   []map[string]int64 // by room
	stop   chan struct{}
	wait   sync.WaitGroup
	cancel context.CancelFunc
}

func newChatter(t *testing.T, l *lounge, rooms int) *chatter {
	t.Helper()
	x := &chatter{lounge: l, stop: make(chan struct{})}
	titolare := caller{l.urls[0], l.token(t, "titolare")}
	ctx, cancel := context.WithCancel(t.Context())
	x.cancel = cancel
	t.Cleanup(func() { cancel(); x.wait.Wait() })
	for i := range rooms {
		k, a := l.company(t, i, titolare), l.adviser(t, i)
		for _, p := range []*talker{k, a} {
			p.begin(t)
			x.wait.Go(func() { p.listen(ctx) })
		}
		room := k.open(t)
		if got := a.insist(http.MethodPost, "/v1/chat/conversations/"+room+"/assignment", ""); got.status != http.StatusOK {
			t.Fatalf("assignment: %s", got)
		}
		x.people, x.rooms, x.seqs = append(x.people, k, a), append(x.rooms, room), append(x.seqs, map[string]int64{})
	}
	return x
}

// talk has everyone write; the end of it is closed stop.
func (x *chatter) talk(t *testing.T) (ended *sync.WaitGroup) {
	ended = new(sync.WaitGroup)
	for p, k := range x.people {
		ended.Go(func() {
			for n := range 50 { // less than the flood limit
				select {
				case <-x.stop:
					return
				default:
				}
				text := fmt.Sprintf("p%d-%d", p, n)
				seq, a := k.say(x.rooms[p/2], text)
				if seq == 0 {
					t.Errorf("%s: %s", text, a)
					return
				}
				x.mu.Lock()
				x.seqs[p/2][text] = seq
				x.mu.Unlock()
				x.acked.Add(1)
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	return ended
}

func (x *chatter) flows(t *testing.T, n int64) {
	t.Helper()
	before := x.acked.Load()
	eventually(t, fmt.Sprint(n, " more are acknowledged"), func() bool { return x.acked.Load() >= before+n || t.Failed() })
}

// complete wants everything that was acknowledged, once, in order, with everyone.
func (x *chatter) complete(t *testing.T) {
	t.Helper()
	eventually(t, "everything has arrived", func() bool {
		for p, k := range x.people {
			if k.has(x.rooms[p/2]) < len(x.seqs[p/2]) {
				return false
			}
		}
		return true
	})
	x.cancel()
	x.wait.Wait()
	for p, k := range x.people {
		stored := k.messagesOf(t, x.rooms[p/2])
		if len(stored) != len(x.seqs[p/2]) {
			t.Errorf("%d messages are stored of %d", len(stored), len(x.seqs[p/2]))
		}
		for _, m := range stored {
			if x.seqs[p/2][m.Text] != m.Seq {
				t.Errorf("%q was acknowledged as %d and is %d", m.Text, x.seqs[p/2][m.Text], m.Seq)
			}
		}
		same(t, k, x.rooms[p/2], stored)
		for _, w := range k.wrong {
			t.Errorf("%s: %s", k.id, w)
		}
		if k.resyncs > 0 {
			t.Errorf("%s was told to read everything again", k.id)
		}
	}
}

func TestTheChatOutlivesItsDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.Own(t, pgtest.Config{Durable: true})
	p := onServer(t, db)
	s := p.start(t)
	x := newChatter(t, newLounge(t, p, s.url), 4)
	ended := x.talk(t)
	x.flows(t, 40)
	if err := db.Stop(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	if a := x.people[0].any().ask(http.MethodGet, "/v1/chat/conversations", ""); !a.tryAgain() {
		t.Errorf("without its database: %s", a)
	}
	if err := db.Start(); err != nil {
		t.Fatal(err)
	}
	x.flows(t, 40)
	close(x.stop)
	ended.Wait()
	x.complete(t)
}

func TestTheChatShutsDownDuringABurst(t *testing.T) {
	t.Parallel()
	p := onShared(t)
	one := p.start(t)
	two := p.start(t)
	x := newChatter(t, newLounge(t, p, one.url, two.url), 8)
	ended := x.talk(t)
	x.flows(t, 60)
	one.signal(syscall.SIGTERM)
	if code := one.exit(); code != 0 { // streams do not hold it up: exit waits for 20 seconds at most
		t.Errorf("the shutdown ended with %d:\n%s", code, one.log)
	}
	x.flows(t, 60)
	close(x.stop)
	ended.Wait()
	x.complete(t)
	for _, k := range x.people {
		if k.cut > 0 {
			t.Errorf("%s had %d streams broken off, where each should end with an event's end", k.id, k.cut)
		}
	}
}
