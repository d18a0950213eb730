package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"omnia/bench/measure"
	"omnia/chat"
	"omnia/fixtures"
	"omnia/identity"
	"omnia/store"
)

// chatSizes are how much goes on in INFO CIG while it is measured. Tests have little.
type chatSizes struct {
	people  int // who wait, each with as many tabs as streams are wanted
	tabs    int
	connect int           // streams that are opened one after the other at the end
	pairs   int           // conversations that go on while messages are timed
	talk    int           // streams that are open meanwhile
	rate    float64       // messages a second
	spoken  time.Duration // for how long
	missed  int           // events that somebody has missed
}

// The targets of INFO CIG.
const (
	mostOfStream   = 40 << 10               // bytes of memory of the service
	mostOfFanOut   = 3                      // times the p99 of a bare handler
	mostOfDelivery = 250 * time.Millisecond // p99 from sending to receiving
)

// chatted measures the streams of INFO CIG, on PostgreSQL: what they hold, how fast an event is with all of them, how long a message
// takes, and what it costs to catch up.
func (b *bench) chatted() error {
	if err := manyFiles(); err != nil {
		return err
	}
	b.Title("INFO CIG: open streams", "omnia serve in processes of their own, on one PostgreSQL; every stream is a connection of its own over loopback. "+
		"The clients share the machine with the servers. Times are by the clock on the wall.")
	return b.with(func(d *databases) error {
		binary, err := d.program()
		if err != nil {
			return err
		}
		l := &lounge{bench: b, binary: binary, data: filepath.Join(d.dir, "data of the chat")}
		if err := l.furnish(d); err != nil {
			return err
		}
		for _, step := range []func() error{l.fanOut, l.connects, func() error { return l.delivery(1) }, func() error { return l.delivery(2) }, l.catchUp} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
}

// lounge is a database with people who may chat.
type lounge struct {
	*bench
	binary, dsn, data string
	dev               *identity.Dev
	people            []*guest // with a company of their own
	advisers          []*guest
}

// guest is somebody with a token.
type guest struct{ id, token, matricola string }

// furnish makes the companies, their owners, and as many advisers.
func (l *lounge) furnish(d *databases) error {
	s, dsn, err := d.fresh("PostgreSQL")
	if err != nil {
		return err
	}
	l.dsn = dsn
	most := max(l.sizes.chat.people, (l.sizes.chat.connect+l.sizes.chat.tabs-1)/l.sizes.chat.tabs, l.sizes.chat.pairs)
	load := archiveLoad{seed: 7, companies: 2 * most}
	err = errors.Join(
		l.bring(s, fixtures.Posizioni, text(load.of(fixtures.Posizioni)), 1000),
		l.bring(s, fixtures.Deleghe, text(load.of(fixtures.Deleghe)), 1000), s.Close())
	if err != nil {
		return err
	}
	if l.dev, err = identity.OpenDev(l.data, time.Now); err != nil {
		return err
	}
	for line := range load.of(fixtures.Deleghe) {
		var g struct{ Tipo, Matricola, Delegato string }
		if err := json.Unmarshal(line, &g); err != nil {
			return err
		}
		if g.Tipo != "titolare" {
			continue
		}
		who, list := identity.Person{Subject: g.Delegato, CodiceFiscale: g.Delegato, Ruoli: []string{"impresa"}, Livello: 2}, &l.people
		if len(l.people) == most {
			who.Ruoli, who.Sede, list = []string{"advisor"}, "4900", &l.advisers
		}
		token, err := l.dev.Token(who, time.Hour)
		if err != nil {
			return err
		}
		*list = append(*list, &guest{g.Delegato, token, g.Matricola})
	}
	return nil
}

// serve runs do while so many instances run.
func (l *lounge) serve(instances int, do func(list []*child) error) error {
	var list []*child
	var failed error
	for range instances {
		s, err := startService(l.binary, l.dsn, l.data)
		if err != nil {
			failed = err
			break
		}
		list = append(list, s)
	}
	if failed == nil {
		failed = do(list)
	}
	for _, s := range list {
		s.stop()
	}
	return failed
}

// ask sends a request of somebody, and reads the answer into out.
func (s *child) ask(who *guest, method, path, body string, out any) error {
	r, err := http.NewRequest(method, s.server+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+who.token)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: status %d: %.300s", method, path, res.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

const conversationsPath = "/v1/chat/conversations"

// open opens a conversation of somebody.
func (s *child) open(who *guest) (id string, err error) {
	var c struct{ ID string }
	err = s.ask(who, http.MethodPost, conversationsPath, fmt.Sprintf(`{"matricola":%q,"topic":"cigo"}`, who.matricola), &c)
	return c.ID, err
}

func (s *child) close(who *guest, conversation string) error {
	return s.ask(who, http.MethodPost, conversationsPath+"/"+conversation+"/close", `{"reason":"risolto"}`, nil)
}

// fanOut has all who wait told, each in all their tabs, that somebody before them has left the queue, and a bare handler send one event to as
// many connections.
func (l *lounge) fanOut() error {
	people := l.people[:l.sizes.chat.people]
	return l.serve(1, func(list []*child) error {
		service := list[0]
		rooms := make([]string, len(people))
		for i, who := range people {
			var err error
			if rooms[i], err = service.open(who); err != nil {
				return err
			}
		}
		bare, err := l.bare()
		if err != nil {
			return err
		}
		defer bare.stop()
		before := service.memory()
		var ours, plain crowd
		for _, who := range people {
			for range l.sizes.chat.tabs {
				if err := errors.Join(ours.join(service, who, ""), plain.join(bare, who, "")); err != nil {
					return errors.Join(err, ours.leave(), plain.leave())
				}
			}
		}
		time.Sleep(l.pause()) // what comes with an opening is over
		each := func() float64 { return float64(service.memory()-before) / float64(len(ours.listeners)) }
		fresh := each()
		if !l.sizes.hasty {
			time.Sleep(time.Minute) // the collector has run, and garbage has come again
		}
		later := each()
		streams := len(ours.listeners)
		err = errors.Join(l.compareFanOut(&ours, &plain, people, rooms, service, bare), ours.leave(), plain.leave())
		if err != nil {
			return err
		}
		l.AtMost(fmt.Sprintf("%d open streams: KB of resident memory each, garbage and all, after a minute", streams), later/1024, mostOfStream/1024)
		l.Line("\nResident before: %s; with the streams just opened %s more for each.", measure.Size(float64(before)), measure.Size(fresh))
		for i, who := range people { // the queue is empty again
			if err := service.close(who, rooms[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// bare is the floor in a process of its own; in a test, which can't become another program, in this one.
func (l *lounge) bare() (*child, error) {
	if !l.sizes.hasty {
		return startChild("fan-out")
	}
	cmd := exec.Command("cat") // that a child has a process
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := httptest.NewServer(bareFanOut())
	return &child{command: cmd, stdin: closers{stdin, s}, server: s.URL, client: s.Client()}, nil
}

// closers are closed one after the other.
type closers struct {
	first io.Closer
	then  *httptest.Server
}

func (c closers) Close() error {
	c.then.CloseClientConnections()
	c.then.Close()
	return c.first.Close()
}

func (l *lounge) compareFanOut(ours, plain *crowd, people []*guest, rooms []string, service, bare *child) error {
	var p50, p99 [2][]float64
	for round := range max(l.plan.Rounds, 7) + 1 {
		first := round % len(people) // who has waited for longest
		took := [2][]float64{}
		var err error
		if took[0], err = plain.event(func() error { return bare.ask(people[0], http.MethodPost, "/event", "", nil) }); err != nil {
			return err
		}
		if took[1], err = ours.event(func() error { return service.close(people[first], rooms[first]) }); err != nil {
			return err
		}
		if rooms[first], err = service.open(people[first]); err != nil {
			return err
		}
		time.Sleep(l.pause())
		for k := range took {
			if round > 0 { // the first one warms
				p50[k], p99[k] = append(p50[k], measure.Quantile(took[k], 0.5)), append(p99[k], measure.Quantile(took[k], 0.99))
			}
		}
	}
	rows := make([][]string, 2)
	for k, name := range []string{"bare gin (floor)", "omnia: the queue has moved"} {
		against := ratios(p99[k], p99[0])
		rows[k] = []string{name, measure.Time(measure.Median(p50[k])), measure.Time(measure.Median(p99[k])), fmt.Sprintf("%.2f", measure.Median(against)),
			fmt.Sprintf("%.2f – %.2f", slices.Min(against), slices.Max(against))}
	}
	l.Line("One event to %d streams of %d people, from the request that brings it about:\n", len(ours.listeners), len(people))
	l.Table([]string{"", "median of the streams", "p99 of the streams", "× floor", "least – most"}, rows)
	l.AtMost("one event to all, p99, × bare gin", ratio(p99[1], p99[0]), mostOfFanOut)
	return nil
}

// pause is how long to wait until nothing more comes.
func (l *lounge) pause() time.Duration {
	if l.sizes.hasty {
		return 200 * time.Millisecond
	}
	return 2 * time.Second
}

// connects opens many streams, as fast as one client does it.
func (l *lounge) connects() error {
	return l.serve(1, func(list []*child) error {
		before, start := list[0].memory(), time.Now()
		var all crowd
		for i := range l.sizes.chat.connect {
			if err := all.join(list[0], l.people[i/l.sizes.chat.tabs], ""); err != nil {
				return errors.Join(fmt.Errorf("stream %d: %w", i, err), all.leave())
			}
		}
		took := time.Since(start)
		each := float64(list[0].memory()-before) / float64(l.sizes.chat.connect)
		l.Line("\n%d streams were opened without an error in %.1f s; %s of resident memory each.\n", l.sizes.chat.connect, took.Seconds(), measure.Size(each))
		return all.leave()
	})
}

// delivery has pairs talk at a steady rate while many streams are open, spread over the instances: the two of a pair are at different ones.
func (l *lounge) delivery(instances int) error {
	c := l.sizes.chat
	return l.serve(instances, func(list []*child) error {
		at := func(i int) *child { return list[i%len(list)] }
		var all crowd
		rooms := make([]string, c.pairs)
		for i := range c.pairs {
			person, adviser := l.people[i], l.advisers[i]
			var err error
			if rooms[i], err = at(i).open(person); err != nil {
				return err
			}
			if err := at(i+1).ask(adviser, http.MethodPost, conversationsPath+"/"+rooms[i]+"/assignment", "", nil); err != nil {
				return err
			}
		}
		for i := range c.talk {
			pair := i / 2 % c.pairs
			who, where := l.people[pair], at(pair)
			if i%2 == 1 {
				who, where = l.advisers[pair], at(pair+1)
			}
			if err := all.join(where, who, ""); err != nil {
				return errors.Join(err, all.leave())
			}
		}
		time.Sleep(l.pause())
		took, err := l.talk(&all, rooms, at)
		if err := errors.Join(err, all.leave()); err != nil {
			return err
		}
		l.Line("\n%d messages at %.0f a second in %d conversations, %d streams open at %d instances: median %s, p99 %s, at most %s from sending to receiving, in every tab of both.\n",
			int(c.rate*c.spoken.Seconds()), c.rate, c.pairs, c.talk, instances, measure.Time(measure.Quantile(took, 0.5)), measure.Time(measure.Quantile(took, 0.99)), measure.Time(slices.Max(took)))
		l.AtMost(fmt.Sprintf("from sending to receiving at %d instances, p99, ms", instances), measure.Quantile(took, 0.99)/1e6, float64(mostOfDelivery.Milliseconds()))
		for i := range c.pairs {
			if err := at(i).close(l.people[i], rooms[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// talk sends messages evenly, and gives how long each was on its way to each stream of its conversation. Each must come to each of them once.
func (l *lounge) talk(all *crowd, rooms []string, at func(int) *child) ([]float64, error) {
	c := l.sizes.chat
	n := int(c.rate * c.spoken.Seconds())
	sent := make([]atomic.Int64, n) // by the clock, in ns
	tabs := c.talk / c.pairs        // of both sides of a conversation
	type arrival struct {
		number, stream int
		took           float64
	}
	heard := make(chan arrival, 2*n*tabs)
	all.hear(func(stream int, _ string, data []byte, now time.Time) {
		var m struct{ Text string }
		var number int
		if json.Unmarshal(data, &m) == nil {
			if _, err := fmt.Sscanf(m.Text, "messaggio %d", &number); err == nil {
				heard <- arrival{number, stream, float64(now.UnixNano() - sent[number].Load())}
			}
		}
	})
	var sending sync.WaitGroup
	var failed atomic.Pointer[error]
	start := time.Now()
	for i := range n {
		time.Sleep(time.Until(start.Add(time.Duration(float64(i) / c.rate * float64(time.Second)))))
		pair := i % c.pairs
		who, where := l.people[pair], at(pair)
		if i/c.pairs%2 == 1 {
			who, where = l.advisers[pair], at(pair+1)
		}
		sending.Go(func() {
			body := fmt.Sprintf(`{"client_id":%q,"text":"messaggio %d"}`, uuid.NewString(), i)
			sent[i].Store(time.Now().UnixNano())
			if err := where.ask(who, http.MethodPost, conversationsPath+"/"+rooms[pair]+"/messages", body, nil); err != nil {
				failed.Store(&err)
			}
		})
	}
	sending.Wait()
	if e := failed.Load(); e != nil {
		return nil, *e
	}
	took, got := make([]float64, 0, n*tabs), map[[2]int]bool{}
	for late := time.After(time.Minute); len(took) < n*tabs; {
		select {
		case a := <-heard:
			if key := [2]int{a.number, a.stream}; got[key] {
				return nil, fmt.Errorf("message %d came twice to stream %d", a.number, a.stream)
			} else {
				got[key], took = true, append(took, a.took)
			}
		case <-late:
			return nil, fmt.Errorf("%d of %d did not come", n*tabs-len(took), n*tabs)
		}
	}
	time.Sleep(l.pause())
	if len(heard) > 0 {
		return nil, errors.New("a message came twice")
	}
	return took, nil
}

// catchUp has somebody come back who has missed many events, and half as many, and a quarter.
func (l *lounge) catchUp() error {
	who := l.people[0]
	var cursor struct {
		Cursor string `json:"events_cursor"`
	}
	return l.serve(1, func(list []*child) error {
		if err := list[0].ask(who, http.MethodGet, conversationsPath, "", &cursor); err != nil {
			return err
		}
		rows := [][]string{}
		stored := 0
		var times []float64
		for _, n := range []int{l.sizes.chat.missed / 4, l.sizes.chat.missed / 2, l.sizes.chat.missed} {
			if err := l.missed(who, n-stored); err != nil {
				return err
			}
			stored = n
			var took []float64
			before := list[0].memory()
			for range max(l.plan.Rounds, 7) {
				t, err := replayed(list[0], who, cursor.Cursor, n)
				if err != nil {
					return err
				}
				took = append(took, float64(t))
			}
			times = append(times, measure.Median(took)/float64(n))
			rows = append(rows, []string{fmt.Sprint(n), measure.Time(measure.Median(took)), measure.Time(measure.Median(took) / float64(n)),
				fmt.Sprintf("%.1f MB", float64(list[0].memory()-before)/1e6)})
		}
		l.Line("\nComing back after missed events:\n")
		l.Table([]string{"events", "until the last", "each", "memory of the service, more than before"}, rows)
		l.AtMost("an event among four times as many, × one among a quarter", times[2]/times[0], 1.5)
		return nil
	})
}

// missed puts events into the box of somebody, as a conversation does.
func (l *lounge) missed(who *guest, n int) error {
	s, err := store.Open(context.Background(), l.dsn, store.Options{})
	if err != nil {
		return err
	}
	data := json.RawMessage(fmt.Sprintf(`{"conversation":%q,"persona":"ABC","delivered":1,"read":1}`, uuid.NewString()))
	return errors.Join(s.Chat().Transact(context.Background(), func(ctx context.Context, tx chat.Tx) error {
		events := make([]*chat.Event, n)
		for i := range events {
			events[i] = &chat.Event{Persona: who.id, Type: chat.EventRead, Conversation: uuid.NewString(), Matricola: who.matricola, Data: data, At: time.Now()}
		}
		return tx.Emit(ctx, events...)
	}), s.Close())
}

// replayed is how long it takes until the last of so many missed events has come.
func replayed(s *child, who *guest, after string, n int) (time.Duration, error) {
	var one crowd
	done := make(chan time.Time, 1)
	left := int64(n)
	one.hear(func(_ int, _ string, _ []byte, now time.Time) {
		if atomic.AddInt64(&left, -1) == 0 {
			done <- now
		}
	})
	start := time.Now()
	if err := one.join(s, who, after); err != nil {
		return 0, err
	}
	select {
	case at := <-done:
		return at.Sub(start), one.leave()
	case <-time.After(time.Minute):
		return 0, errors.Join(fmt.Errorf("%d of %d events did not come", atomic.LoadInt64(&left), n), one.leave())
	}
}

// memory is what of a server is in memory, in bytes, from Linux; zero elsewhere.
func (s *child) memory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	var kb int64
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		return 0
	}
	return kb << 10
}
