package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/identity"
	"omnia/internal/rome"
)

// What the tests of INFO CIG share: people who were invented for the test, and a client of the stream that was
// written from the text of the standard, not from the service.

// lounge is where people meet: one or more instances, each behind an address of its own.
type lounge struct {
	*place
	dev  *identity.Dev
	urls []string // of the instances, or of what stands before them
}

func newLounge(t *testing.T, p *place, urls ...string) *lounge {
	t.Helper()
	dev, err := identity.OpenDev(p.data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return &lounge{p, dev, urls}
}

// invented is the codice fiscale of nobody: a family name and a first name from a number, and the check letter.
func invented(n int) string {
	name := []byte("XAAXAA")
	for i, place := range []int{2, 1, 5, 4} {
		name[place] = 'A' + byte(n/pow(26, i)%26)
	}
	const odd = "\x01\x00\x05\x07\x09\x0d\x0f\x11\x13\x15\x02\x04\x12\x14\x0b\x03\x06\x08\x0c\x0e\x10\x0a\x16\x19\x18\x17"
	code, sum := string(name)+"75M08L736", 0
	for i := range len(code) {
		value := int(code[i] - 'A')
		if code[i] <= '9' {
			value = int(code[i] - '0')
		}
		if i%2 == 0 {
			value = int(odd[value])
		}
		sum += value
	}
	return code + string(rune('A'+sum%26))
}

func pow(base, exponent int) int {
	n := 1
	for range exponent {
		n *= base
	}
	return n
}

// talker is one person with one client: a stream that is opened again whenever it ends, and requests that are
// sent again until they are answered.
type talker struct {
	*lounge
	person    identity.Person
	id, token string
	bond      string // the delegation under which they act; "" for an adviser

	mu       sync.Mutex
	lastID   string
	heard    map[string][]heard // by conversation, as they came
	counts   map[string]int     // of events, by type
	texts    []string           // of events that came after a resync, and of resyncs
	resyncs  int
	connects int
	cut      int // streams that the service, or the line, broke off
	wrong    []string
}

// heard is a message as the stream brought it.
type heard struct {
	Conversation, ID, Author, Text string
	Seq                            int64
}

// company is a person who may chat for the titolare's company, on a delegation of their own.
func (l *lounge) company(t *testing.T, n int, titolare caller) *talker {
	t.Helper()
	cf := invented(n)
	k := l.talker(t, identity.Person{Subject: cf, CodiceFiscale: cf, Nome: fmt.Sprint("Persona ", n), Ruoli: []string{"impresa"}, Livello: demoLevel})
	body := fmt.Sprintf(`{"tipo":"intermediario","matricola":%q,"delegato":%q,"servizi":["chat"],"valida_dal":%q}`, matricola, cf, rome.Day(time.Now()))
	a := titolare.ask(http.MethodPost, "/v1/deleghe", body)
	if a.status != http.StatusCreated {
		t.Fatalf("a delegation for %s: %s", cf, a)
	}
	k.bond = decoded[struct{ ID string }](t, a).ID
	return k
}

// adviser is a consultant of INPS.
func (l *lounge) adviser(t *testing.T, n int) *talker {
	t.Helper()
	cf := invented(100_000 + n)
	return l.talker(t, identity.Person{Subject: cf, CodiceFiscale: cf, Nome: fmt.Sprint("Consulente ", n), Ruoli: []string{"advisor"}, Sede: "4900", Livello: demoLevel})
}

func (l *lounge) talker(t *testing.T, p identity.Person) *talker {
	t.Helper()
	token, err := l.dev.Token(p, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return &talker{lounge: l, person: p, id: p.Subject, token: token, heard: map[string][]heard{}, counts: map[string]int{}}
}

// any is one of the instances.
func (k *talker) any() caller { return caller{k.urls[rand.IntN(len(k.urls))], k.token} }

// insist sends a request until it is answered for good, at whichever instance. A twin that is under way, a flood
// and a service that is away are reasons to come back.
func (k *talker) insist(method, path, body string, header ...string) (a answer) {
	for range 200 {
		a = k.any().ask(method, path, body, header...)
		switch a.status {
		case 0, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		case http.StatusConflict:
			if !strings.Contains(a.code(), "idempotency") {
				return a
			}
		default:
			return a
		}
		time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond)
	}
	return a
}

// begin reads where the stream goes on from.
func (k *talker) begin(t *testing.T) {
	t.Helper()
	a := k.insist(http.MethodGet, "/v1/chat/conversations", "")
	if k.lastID = decoded[struct {
		Cursor string `json:"events_cursor"`
	}](t, a).Cursor; k.lastID == "" {
		t.Fatalf("no cursor: %s", a)
	}
}

// open opens a conversation; the key makes sure that it is one.
func (k *talker) open(t *testing.T) string {
	a := k.insist(http.MethodPost, "/v1/chat/conversations", fmt.Sprintf(`{"matricola":%q,"topic":"cigo"}`, matricola), "Idempotency-Key", "open-"+k.id)
	if a.status != http.StatusCreated {
		t.Errorf("open: %s", a)
		return ""
	}
	return decoded[struct{ ID string }](t, a).ID
}

// say sends a text until it is acknowledged, and gives its seq; 0 with the answer that refuses it.
func (k *talker) say(conversation, text string) (int64, answer) {
	body := fmt.Sprintf(`{"client_id":%q,"text":%q}`, uuid.NewString(), text)
	a := k.insist(http.MethodPost, "/v1/chat/conversations/"+conversation+"/messages", body)
	var m struct{ Seq int64 }
	if a.status == http.StatusOK || a.status == http.StatusCreated {
		_ = json.Unmarshal([]byte(a.body), &m) // a body that is none has no seq
	}
	return m.Seq, a
}

// listen reads the stream until ctx ends, from wherever it was, at any instance.
func (k *talker) listen(ctx context.Context) {
	for ctx.Err() == nil {
		k.connect(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(30+rand.IntN(200)) * time.Millisecond):
		}
	}
}

// beat says now and then that an adviser is there, though off duty, until ctx ends: who is silent for a minute is gone.
func (k *talker) beat(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(10 * time.Second):
			k.any().ask(http.MethodPut, "/v1/chat/presence", `{"available":false}`) // one that is lost is followed by another
		}
	}
}

// silence is how long a client of these tests believes in a stream on which nothing comes.
const silence = 4 * time.Second

// streams is what clients of streams connect with: one connection for each.
var streamsClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}

// connect reads one stream to its end. What counts is an event that came whole, up to its blank line.
func (k *talker) connect(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.any().url+"/v1/chat/events", nil)
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+k.token)
	r.Header.Set("Last-Event-ID", k.last())
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()
	res, err := streamsClient.Do(r)
	if err != nil {
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return
	}
	k.mu.Lock()
	k.connects++
	k.mu.Unlock()
	err = readEvents(res.Body, func() { watchdog.Reset(silence) }, k.take) // it is opened again, however it ended
	if !errors.Is(err, io.EOF) && ctx.Err() == nil {
		k.mu.Lock()
		k.cut++
		k.mu.Unlock()
	}
}

// sseEvent is one event as the standard has it dispatched.
type sseEvent struct{ id, kind, data string }

var errCutShort = errors.New("the stream ended within an event")

// readEvents reads a stream to its end: lines, and an event at each blank one.
func readEvents(r io.Reader, alive func(), take func(sseEvent)) error {
	in := bufio.NewReader(r)
	var e sseEvent
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			if line != "" || e != (sseEvent{}) {
				return errCutShort
			}
			return err
		}
		alive()
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "\n" || line == "\r\n":
			if e.data != "" {
				take(e)
			}
			e = sseEvent{}
		case name == "id":
			e.id = value
		case name == "event":
			e.kind = value
		case name == "data":
			e.data += value
		}
	}
}

func (k *talker) last() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lastID
}

// take is what a client does with an event. The numbers of a box have no gaps, so that each event follows the last.
func (k *talker) take(e sseEvent) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.counts[e.kind]++
	if k.resyncs > 0 || e.kind == "resync" {
		k.texts = append(k.texts, e.kind+" "+e.data)
	}
	switch {
	case e.id == "":
		return
	case e.kind == "resync":
		k.resyncs++
	case !follows(k.lastID, e.id):
		k.wrong = append(k.wrong, fmt.Sprintf("after %s came %s", k.lastID, e.id))
	}
	k.lastID = e.id
	if e.kind == "message" {
		var m heard
		if err := json.Unmarshal([]byte(e.data), &m); err != nil {
			k.wrong = append(k.wrong, err.Error())
		}
		k.heard[m.Conversation] = append(k.heard[m.Conversation], m)
	}
}

func follows(before, id string) bool {
	_, n, _ := strings.Cut(before, ".")
	number, err := strconv.ParseInt(n, 10, 64)
	_, next, _ := strings.Cut(id, ".")
	return err == nil && next == strconv.FormatInt(number+1, 10)
}

// has is how many messages of a conversation were heard.
func (k *talker) has(conversation string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.heard[conversation])
}

// messagesOf reads all messages of a conversation, as somebody who was never there before.
func (k *talker) messagesOf(t *testing.T, conversation string) (all []heard) {
	t.Helper()
	for path := "/v1/chat/conversations/" + conversation + "/messages?limit=200"; ; {
		a := k.insist(http.MethodGet, path, "")
		if a.status != http.StatusOK {
			t.Fatalf("read %s: %s", conversation, a)
		}
		page := decoded[struct {
			Items []heard
			Next  string `json:"next_cursor"`
		}](t, a)
		for _, m := range page.Items {
			if m.Seq > 0 {
				all = append(all, m)
			}
		}
		if page.Next == "" {
			return all
		}
		path = "/v1/chat/conversations/" + conversation + "/messages?limit=200&cursor=" + page.Next
	}
}

// eachAtOnce does something for each of n, some at a time.
func eachAtOnce(n, some int, do func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range some {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}
