package chattest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/archive"
	"omnia/chat"
)

// Monday is an instant at which INFO CIG is open, for twenty more minutes.
var Monday = time.Date(2025, 12, 1, 16, 40, 0, 0, time.UTC)

// The people of the sequences.
var (
	offices  = []string{"4900", "7000"}
	advisers = []string{"a", "b", "c", "d"}
)

// run is one sequence of actions on a service, beside the model.
type run struct {
	t       testing.TB
	ctx     context.Context
	seed    uint64
	rand    *rand.Rand
	now     time.Time
	service *chat.Service
	model   *model
	done    []string // the actions, in words
	opened  int
	cursors map[string]int64
	told    map[string]int // the position that each conversation was told last
	revived bool           // who was silent gave a sign of life by taking something by hand: what waits comes to them with the next sweep
}

// NobodyIsOvertaken runs a sequence of actions that seed stands for: conversations are opened, taken by hand, transferred
// and closed, advisers come, go and fall silent, and time passes. After each it wants that
//
//   - the queue is in the order of class, place and id, and each who waits was told where they stand;
//   - who was given to an adviser has nobody before them in their class, or in a class that goes first, whom that adviser
//     may have and who still waits;
//   - nobody waits whom an adviser with room may have, at the latest after the next sweep.
//
// wide is after how long the rules let another office answer.
func NobodyIsOvertaken(t testing.TB, storage chat.Storage, rules func(now func() time.Time) chat.Rules, wide time.Duration, seed uint64, steps int) {
	t.Helper()
	r := &run{t: t, ctx: t.Context(), seed: seed, rand: rand.New(rand.NewPCG(seed, 6)), now: Monday, cursors: map[string]int64{}, told: map[string]int{}}
	plan := rules(func() time.Time { return r.now })
	r.service = &chat.Service{Storage: storage, Rules: func() chat.Rules { return plan }, Now: func() time.Time { return r.now }}
	r.model = &model{rules: plan, wide: wide, talks: map[string]*talk{}, advisers: map[string]*adviser{}}
	actions := []func() string{r.open, r.open, r.open, r.come, r.come, r.leave, r.take, r.transfer, r.handOver, r.close, r.close, r.pass, r.pass, r.pass}
	for range steps {
		r.now = r.now.Add(time.Duration(1+r.rand.IntN(2000)) * time.Millisecond)
		r.done = append(r.done, r.now.Format("15:04:05 ")+pick(r, actions)())
		r.judge()
	}
}

func pick[T any](r *run, list []T) T { return list[r.rand.IntN(len(list))] }

// fail ends the test with what led to it.
func (r *run) fail(format string, args ...any) {
	r.t.Helper()
	text := ""
	for i, d := range r.done {
		text += fmt.Sprintf("\n%3d %s", i, d)
	}
	r.t.Fatalf("seed %d: %s, after%s", r.seed, fmt.Sprintf(format, args...), text)
}

// must wants what the service did to have succeeded.
func (r *run) must(err error) {
	r.t.Helper()
	if err != nil {
		r.fail("%v", err)
	}
}

// some is a conversation that is not closed, of those that fit; nil is none.
func (r *run) some(fits func(*talk) bool) *talk {
	var list []*talk
	for _, id := range slices.Sorted(maps.Keys(r.model.talks)) {
		if k := r.model.talks[id]; fits(k) {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return pick(r, list)
}

func queued(k *talk) bool { return k.holder == "" }
func held(k *talk) bool   { return k.holder != "" }

func (r *run) open() string {
	n := r.rand.IntN(5)
	k := &talk{persona: fmt.Sprint("persona-", n), number: r.opened, topic: pick(r, chat.Topics), sede: pick(r, offices), place: r.now}
	r.opened++
	k.class, k.priority = r.model.rules.Class(k.topic, k.sede)
	c, err := r.service.Open(r.ctx, chat.Opening{Matricola: fmt.Sprintf("49000000%02d", n), Sede: k.sede, Topic: k.topic, By: chat.Person{ID: k.persona}})
	r.must(err)
	k.id = c.ID
	r.model.talks[k.id] = k
	return fmt.Sprintf("%s opens %s in %s", k.persona, k, k.sede)
}

// come is a sign of life as well.
func (r *run) come() string {
	a := &adviser{persona: pick(r, advisers), sede: pick(r, append([]string{""}, offices...)), capacity: 1 + r.rand.IntN(3), available: true, seen: r.now}
	if r.rand.IntN(2) == 0 {
		a.topics = []chat.Topic{pick(r, chat.Topics), pick(r, chat.Topics)}
	}
	r.model.advisers[a.persona] = a
	r.must(r.service.Present(r.ctx, chat.Adviser{Persona: a.persona, Name: a.persona, Sede: a.sede, Topics: a.topics, Capacity: a.capacity, Available: true}))
	return fmt.Sprintf("%s comes for %v in %q, at most %d", a.persona, a.topics, a.sede, a.capacity)
}

func (r *run) leave() string {
	persona := pick(r, advisers)
	a := r.model.advisers[persona]
	if a == nil {
		return persona + " was never there"
	}
	if a.available {
		r.model.release(persona)
	}
	a.available, a.seen = false, r.now // of who has left already it is a sign of life
	r.must(r.service.Present(r.ctx, chat.Adviser{Persona: persona, Name: persona, Sede: a.sede, Topics: a.topics, Capacity: a.capacity}))
	return persona + " leaves"
}

func (r *run) take() string {
	k := r.some(queued)
	if k == nil {
		return "nothing to take"
	}
	persona := pick(r, advisers)
	_, err := r.service.Take(r.ctx, k.id, chat.Person{ID: persona})
	r.must(err)
	r.model.give(k, persona)
	a := r.model.advisers[persona]
	if a == nil { // known from now on, and off duty
		a = &adviser{persona: persona, capacity: r.model.rules.Capacity()}
		r.model.advisers[persona] = a
	}
	r.revived = r.revived || a.available && !r.model.there(a, r.now)
	a.seen = r.now
	return fmt.Sprintf("%s takes %s by hand", persona, k)
}

func (r *run) transfer() string {
	k := r.some(held)
	if k == nil {
		return "nothing to transfer"
	}
	in := chat.Transfer{Conversation: k.id, From: k.holder, Topic: pick(r, append([]chat.Topic{""}, chat.Topics...)), Sede: pick(r, append([]string{""}, offices...))}
	if in.Topic != "" {
		k.topic = in.Topic
	}
	if in.Sede != "" {
		k.sede = in.Sede
	}
	r.model.requeue(k, r.now, in.From)
	_, err := r.service.Transfer(r.ctx, in)
	r.must(err)
	return fmt.Sprintf("%s transfers %s to the queue: %q %q", in.From, k, in.Topic, in.Sede)
}

func (r *run) handOver() string {
	k := r.some(held)
	if k == nil {
		return "nothing to hand over"
	}
	from, to := k.holder, pick(r, advisers)
	_, err := r.service.Transfer(r.ctx, chat.Transfer{Conversation: k.id, From: from, To: to})
	switch a := r.model.advisers[to]; {
	case a == nil && errors.Is(err, archive.ErrNotFound), a != nil && !r.model.there(a, r.now) && errors.Is(err, chat.ErrAdviserAbsent):
		return fmt.Sprintf("%s is not there for %s", to, k)
	case r.model.there(a, r.now) && !r.model.room(a) && errors.Is(err, chat.ErrAdviserFull):
		return fmt.Sprintf("%s has no room for %s", to, k)
	case !r.model.there(a, r.now) || !r.model.room(a):
		r.fail("handed over to %s, who is not there or has no room: %v", to, err)
	}
	r.must(err)
	r.model.give(k, to)
	return fmt.Sprintf("%s hands %s to %s", from, k, to)
}

func (r *run) close() string {
	k := r.some(func(*talk) bool { return true })
	if k == nil {
		return "nothing to close"
	}
	_, err := r.service.Close(r.ctx, k.id, k.persona, "risolto")
	r.must(err)
	delete(r.model.talks, k.id)
	return fmt.Sprintf("%s is closed", k)
}

// pass lets time go by, and the service look after the queue.
func (r *run) pass() string {
	wait := pick(r, []time.Duration{time.Second, 20 * time.Second, 50 * time.Second, 100 * time.Second, 4 * time.Minute, 20 * time.Minute, 22 * time.Hour})
	if wait == 22*time.Hour && r.rand.IntN(4) > 0 { // the service closes: not too often
		wait = 5 * time.Second
	}
	r.now = r.now.Add(wait)
	for _, a := range r.model.advisers {
		if r.now.Sub(a.seen) >= r.model.rules.Gone() { // on duty or not
			r.model.release(a.persona)
		}
	}
	r.must(r.service.Sweep(r.ctx))
	r.revived = false
	return fmt.Sprintf("%s pass", wait)
}

// judge compares what the service has with the model, and takes over what the service has given by itself.
func (r *run) judge() {
	r.t.Helper()
	pairs := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(r.model.talks)) {
		k := r.model.talks[id]
		c, err := r.service.Storage.Conversation(r.ctx, id)
		r.must(err)
		holder := ""
		if c.State == chat.Assigned {
			holder = c.Adviser
		}
		switch {
		case holder == k.holder:
		case k.holder == "":
			pairs[id] = holder
		default:
			r.fail("%q has %s, not %q", holder, k, k.holder)
		}
	}
	wrong := r.model.given(r.now, pairs)
	if !r.revived {
		wrong = append(wrong, r.model.idle(r.now)...)
	}
	if len(wrong) > 0 {
		r.fail("%s", strings.Join(wrong, "; "))
	}
	r.order()
}

// order compares the queue, and what those who wait were told.
func (r *run) order() {
	r.t.Helper()
	waiting, err := r.service.Storage.Waiting(r.ctx)
	r.must(err)
	var got, want []*talk
	for i := range waiting {
		got = append(got, r.model.talks[waiting[i].ID])
	}
	position := map[string]int{}
	r.listen()
	for _, k := range r.model.waiting() {
		want = append(want, k)
		if position[k.class]++; r.told[k.id] != position[k.class] {
			r.fail("%s was told to be at %d, and is at %d of %s", k, r.told[k.id], position[k.class], k.class)
		}
	}
	if !slices.Equal(got, want) {
		r.fail("the queue is %v, not %v", got, want)
	}
}

// listen reads what people were told of their places.
func (r *run) listen() {
	r.t.Helper()
	for n := range 5 {
		persona := fmt.Sprint("persona-", n)
		events, err := r.service.Storage.Events(r.ctx, persona, r.cursors[persona], 10_000)
		r.must(err)
		for _, e := range events {
			r.cursors[persona] = e.N
			var data struct{ Position int }
			if e.Type != chat.EventQueue {
				continue
			}
			if err := json.Unmarshal(e.Data, &data); err != nil {
				r.fail("%s: %v", e.Data, err)
			}
			r.told[e.Conversation] = data.Position
		}
	}
}
