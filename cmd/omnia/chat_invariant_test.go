package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The promise of INFO CIG: every message that was acknowledged reaches every participant exactly once, in
// order; what was not acknowledged can be sent again without doubling; and nothing of a matricola reaches who
// may not act for it any more. Two instances, each behind a bad line, one of which is killed on the way.

// talks is the test under way.
type talks struct {
	*lounge
	both      [2]*server
	lines     [2]*badLine
	companies []*talker
	advisers  []*talker
	rooms     []string // of each company
	revoked   []bool
	acked     atomic.Int64

	mu   sync.Mutex
	sent map[string]map[string]int64 // by conversation: text, and the seq that was acknowledged; 0 is refused
}

// timesLonger makes the test so many times longer: make chat-soak.
func timesLonger() int {
	n, err := strconv.Atoi(os.Getenv("OMNIA_TEST_LONGER"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

func TestEveryAcknowledgedMessageArrivesOnce(t *testing.T) {
	t.Parallel()
	const companies, advisers, revocations = 200, 40, 10
	each := 7 * timesLonger() // messages of each company; of its adviser there are as many
	x := &talks{lounge: newLounge(t, onShared(t)), sent: map[string]map[string]int64{}, rooms: make([]string, companies), revoked: make([]bool, companies)}
	var starting sync.WaitGroup
	for i := range x.both {
		starting.Go(func() { x.both[i] = x.start(t) })
	}
	starting.Wait()
	for i := range x.lines {
		x.lines[i] = newBadLine(t, x.both[i])
		x.urls = append(x.urls, x.lines[i].server.URL)
	}
	x.invite(t, companies, advisers)
	ctx, cancel := context.WithCancel(t.Context())
	var listening sync.WaitGroup
	for _, k := range append(x.companies, x.advisers...) {
		listening.Go(func() { k.listen(ctx) })
	}
	for _, k := range x.advisers {
		listening.Go(func() { k.beat(ctx) })
	}
	defer listening.Wait()
	defer cancel()
	x.seat(t)

	total := int64(2 * companies * each)
	var talking sync.WaitGroup
	talking.Go(func() { eachAtOnce(companies, companies, func(i int) { x.speak(t, x.companies[i], i, each) }) })
	talking.Go(func() {
		eachAtOnce(advisers, advisers, func(a int) {
			for n := range each {
				for i := a; i < companies; i += advisers {
					x.one(t, x.advisers[a], i, fmt.Sprintf("a%d-%d", i, n))
				}
			}
		})
	})
	x.reached(t, total/4)
	x.both[0].signal(syscall.SIGKILL)
	<-x.both[0].ended
	x.reached(t, total/2)
	x.revoke(t, revocations)
	x.both[0] = x.start(t)
	x.lines[0].point(x.both[0])
	talking.Wait()
	for _, b := range x.lines {
		b.kind.Store(true)
		t.Logf("faults: %v", b.faults)
	}
	x.arrived(t)
	cancel()
	listening.Wait()
	x.judge(t)
}

// invite makes the people, and reads from where each goes on.
func (x *talks) invite(t *testing.T, companies, advisers int) {
	t.Helper()
	titolare := caller{x.both[1].url, x.token(t, "titolare")}
	x.companies, x.advisers = make([]*talker, companies), make([]*talker, advisers)
	eachAtOnce(companies, 8, func(i int) {
		x.companies[i] = x.company(t, i, titolare)
		x.companies[i].begin(t)
	})
	eachAtOnce(advisers, 8, func(i int) {
		x.advisers[i] = x.adviser(t, i)
		x.advisers[i].begin(t)
	})
}

// seat opens a conversation for each company, and has its adviser take it by hand, at whatever hour.
func (x *talks) seat(t *testing.T) {
	t.Helper()
	eachAtOnce(len(x.companies), 16, func(i int) {
		if x.rooms[i] = x.companies[i].open(t); x.rooms[i] == "" {
			return
		}
		if a := x.advisers[i%len(x.advisers)].insist(http.MethodPost, "/v1/chat/conversations/"+x.rooms[i]+"/assignment", ""); a.status != http.StatusOK {
			t.Errorf("assignment: %s", a)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
}

func (x *talks) speak(t *testing.T, k *talker, i, each int) {
	for n := range each {
		if !x.one(t, k, i, fmt.Sprintf("c%d-%d", i, n)) {
			return
		}
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
	}
}

// one sends one text; false when it is refused, which only a revocation may bring about.
func (x *talks) one(t *testing.T, k *talker, i int, text string) bool {
	seq, a := k.say(x.rooms[i], text)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sent[x.rooms[i]] == nil {
		x.sent[x.rooms[i]] = map[string]int64{}
	}
	x.sent[x.rooms[i]][text] = seq
	x.acked.Add(1) // or refused for good
	if seq == 0 && !x.revoked[i] {
		t.Errorf("%s is refused: %s", text, a)
	}
	return seq > 0
}

func (x *talks) reached(t *testing.T, n int64) {
	t.Helper()
	eventually(t, fmt.Sprint(n, " messages are acknowledged"), func() bool { return x.acked.Load() >= n || t.Failed() })
}

// revoke ends the delegation of the first few, at the instance that is there. From the moment it is answered, what
// the advisers write is not for them.
func (x *talks) revoke(t *testing.T, n int) {
	t.Helper()
	titolare := caller{x.both[1].url, x.token(t, "titolare")}
	for i := range n {
		x.mu.Lock()
		x.revoked[i] = true
		x.mu.Unlock()
		if a := titolare.ask(http.MethodDelete, "/v1/deleghe/"+x.companies[i].bond, ""); a.status != http.StatusOK {
			t.Fatalf("revoke: %s", a)
		}
		if seq, a := x.companies[i].say(x.rooms[i], "dopo la revoca"); seq != 0 || a.status != http.StatusNotFound {
			t.Errorf("after the revocation the person writes: %s", a)
		}
		x.one(t, x.advisers[i%len(x.advisers)], i, secret+strconv.Itoa(i))
	}
}

// secret begins the texts that were written after a revocation.
const secret = "segreto-"

// arrived waits until everyone has as many messages as there are.
func (x *talks) arrived(t *testing.T) {
	t.Helper()
	eventually(t, "everything has arrived", func() bool {
		for i, room := range x.rooms {
			want := 0
			for _, seq := range x.sent[room] {
				if seq > 0 {
					want++
				}
			}
			if x.advisers[i%len(x.advisers)].has(room) < want || !x.revoked[i] && x.companies[i].has(room) < want {
				return false
			}
		}
		return true
	})
	eventually(t, "the conversations of who was revoked are closed", func() bool {
		return x.counts(t, `SELECT stato, count(*) FROM conversazioni GROUP BY stato`)["chiusa"] == 10
	})
}

// judge holds what everybody heard against what is stored, as a new reader finds it.
func (x *talks) judge(t *testing.T) {
	messages := 0
	for i, room := range x.rooms {
		adviser := x.advisers[i%len(x.advisers)]
		stored := adviser.messagesOf(t, room)
		messages += len(stored)
		texts := map[string]int64{}
		for n, m := range stored {
			if m.Seq != int64(n+1) || texts[m.Text] != 0 {
				t.Errorf("%s: message %d has seq %d, and %q was there as %d", room, n, m.Seq, m.Text, texts[m.Text])
			}
			texts[m.Text] = m.Seq
		}
		for text, seq := range x.sent[room] {
			if seq == 0 { // refused; or stored, and its answer lost before the revocation
				continue
			}
			if texts[text] != seq {
				t.Errorf("%s: %q was acknowledged as %d, and is %d", room, text, seq, texts[text])
			}
		}
		same(t, adviser, room, stored)
		if !x.revoked[i] {
			same(t, x.companies[i], room, stored)
		} else {
			x.silenced(t, x.companies[i], room, stored)
		}
	}
	connects, events := 0, map[string]int{}
	for _, k := range append(x.companies, x.advisers...) {
		connects += k.connects
		for kind, n := range k.counts {
			events[kind] += n
		}
		for _, w := range k.wrong {
			t.Errorf("%s: %s", k.id, w)
		}
	}
	for i, k := range append(x.companies, x.advisers...) {
		if k.resyncs > 0 && (i >= len(x.revoked) || !x.revoked[i]) {
			t.Errorf("%s was told to read everything again", k.id)
		}
	}
	t.Logf("%d messages, %d streams, events %v", messages, connects, events)
}

// same wants each stored message heard, once and in order.
func same(t *testing.T, k *talker, room string, stored []heard) {
	t.Helper()
	got := k.heard[room]
	if len(got) != len(stored) {
		t.Errorf("%s heard %d of %d messages", k.id, len(got), len(stored))
	}
	for n := range min(len(got), len(stored)) {
		if got[n] != stored[n] {
			t.Errorf("%s heard %+v in the place of %+v", k.id, got[n], stored[n])
			return
		}
	}
}

// silenced wants what was heard to be a beginning of what was said, without anything from after the revocation.
func (x *talks) silenced(t *testing.T, k *talker, room string, stored []heard) {
	t.Helper()
	got := k.heard[room]
	same(t, k, room, stored[:min(len(got), len(stored))])
	for _, m := range got {
		if strings.HasPrefix(m.Text, secret) {
			t.Errorf("%s heard %q after the revocation", k.id, m.Text)
		}
	}
	if k.resyncs == 0 {
		t.Errorf("%s was never told that something is gone", k.id)
	}
	for _, text := range k.texts {
		if !strings.HasPrefix(text, "resync ") || strings.Contains(text, matricola) || strings.Contains(text, room) {
			t.Errorf("%s heard after the revocation: %s", k.id, text)
		}
	}
}
