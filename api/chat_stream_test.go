package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/chat"
	"omnia/identity"
)

// shortLived is a token that is good for so long.
func (p *parlour) shortLived(persona string, ttl time.Duration) string {
	p.t.Helper()
	who := p.people[persona]
	token, err := p.dev.Token(identity.Person{Subject: "sub-" + persona, CodiceFiscale: who.CodiceFiscale, Ruoli: who.Ruoli, Livello: 2}, ttl)
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

// stream opens a stream at an address with a token; whatever comes back is the answer.
func (p *parlour) stream(url, token, lastID string) *listener {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/chat/events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept-Encoding", "gzip, br")
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		cancel()
		p.t.Fatal(err)
	}
	l := &listener{t: p.t, res: res, lines: bufio.NewScanner(res.Body), lastID: lastID, cancel: cancel}
	p.t.Cleanup(l.close)
	return l
}

// stored puts messages into a conversation, past the limit on floods.
func (p *parlour) stored(at, by string, texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		_, _, err := p.chat.Send(p.t.Context(), chat.Sending{
			Conversation: strings.TrimPrefix(at, conversations+"/"), By: chat.Person{ID: "sub-" + by}, ClientID: uuid.NewString(), Text: text,
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// hears wants these texts, one after the other, and no other message.
func (l *listener) hears(who string, texts ...string) {
	l.t.Helper()
	for _, text := range texts {
		if e := l.until("message"); !strings.Contains(e.data, `"text":"`+text+`"`) {
			l.t.Fatalf("%s: %.200s, want %.50q", who, e.data, text)
		}
	}
}

func numbered(n int, prefix string) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint(prefix, i)
	}
	return texts
}

func TestEightTabsOfOnePerson(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	var tabs []*listener
	for range 8 {
		l := p.listen("titolare", "")
		if l.res.Proto != "HTTP/1.1" {
			t.Fatalf("over %s", l.res.Proto)
		}
		tabs = append(tabs, l)
	}
	texts := numbered(20, "scheda ")
	for _, text := range texts {
		p.say("titolare", at, text)
	}
	for i, l := range tabs {
		l.hears(fmt.Sprint("tab ", i), texts...)
	}
	for range 24 {
		p.listen("titolare", "")
	}
	over := p.stream(p.url, p.token("titolare"), "")
	if over.res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the 33rd stream: %d", over.res.StatusCode)
	}
	if other := p.stream(p.url, p.token("consulente"), ""); other.res.StatusCode != http.StatusOK {
		t.Errorf("the streams of one are in the way of another: %d", other.res.StatusCode)
	}
	tabs[0].close()
	for deadline := time.Now().Add(20 * time.Second); p.stream(p.url, p.token("titolare"), "").res.StatusCode != http.StatusOK; {
		if time.Now().After(deadline) {
			t.Fatal("the place of a stream that was closed is never free")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A reader who does not read holds up nobody and no memory: the stream is cut, and the next one goes on from there.
func TestASlowReaderIsCutAndReplayHeals(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	cursor := read[map[string]any](t, p.as("titolare", get(conversations)))["events_cursor"].(string)
	fmt.Fprintf(conn, "GET /v1/chat/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nLast-Event-ID: %s\r\n\r\n", p.token("titolare"), cursor)
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("%q %v", line, err)
	}
	long := numbered(1_200, strings.Repeat("à", 3_900)) // more than the buffers of the system hold
	p.stored(at, "titolare", long...)
	for deadline := time.Now().Add(40 * time.Second); p.hub.Streams() > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a reader who does not read is never cut")
		}
	}
	got := p.listen("titolare", cursor)
	got.lines.Buffer(nil, 1<<20)
	got.hears("replay", long...)
}

func TestASleeperWakesUp(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	l := p.listen("titolare", "")
	p.say("titolare", at, "prima di dormire")
	asleep := l.until("message").id
	l.close()
	texts := numbered(300, "mentre dormiva ")
	p.stored(at, "titolare", texts...)
	p.at(opening.Add(time.Hour))
	again := p.listen("titolare", asleep)
	again.hears("after an hour", texts...)
	again.close()

	// After a month the events are gone, and the client is told to read; nothing is lost, and nothing comes twice.
	later := opening.AddDate(0, 0, 35)
	p.at(later)
	if n, err := p.chat.Storage.Purge(t.Context(), later.Add(-p.chat.Rules().Kept()), 10_000); err != nil || n == 0 {
		t.Fatalf("purged %d: %v", n, err)
	}
	long := p.listen("titolare", asleep)
	e, _ := long.next()
	if e.kind != "resync" {
		t.Fatalf("after a month: %+v", e)
	}
	if items := read[listing](t, p.as("titolare", get(at+"/messages?limit=200"))).Items; len(items) != 200 {
		t.Errorf("read again: %d", len(items))
	}
	p.stored(at, "titolare", "di nuovo")
	long.hears("after resync", "di nuovo")
	if e, _ := p.listen("titolare", e.id).next(); !strings.Contains(e.data, "di nuovo") {
		t.Errorf("from the id of resync: %+v", e)
	}
}

// A stream that is open while what follows it is purged does not skip it in silence.
func TestAPurgeUnderAStreamEndsIt(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	box, err := p.chat.Storage.Box(t.Context(), "sub-titolare")
	if err != nil {
		t.Fatal(err)
	}
	sub, err := p.hub.Subscribe("sub-titolare", box.End())
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	p.stored(at, "titolare", "uno", "due", "tre")
	if _, err := p.chat.Storage.Purge(t.Context(), opening.Add(time.Hour), 2+int(box.Last)); err != nil {
		t.Fatal(err)
	}
	if events, err := sub.Ready(t.Context()); !errors.Is(err, chat.ErrLost) {
		t.Errorf("%v %v", events, err)
	}
}

// hoarder is a proxy that keeps what an instance sends until it has all of it, unless it is told not to, as nginx is.
func hoarder(t *testing.T, to string, obeys bool) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), r.Method, to+r.URL.RequestURI(), nil)
		if err != nil {
			panic(err)
		}
		out.Header = r.Header.Clone()
		res, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer res.Body.Close()
		for name, values := range res.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(res.StatusCode)
		w.(http.Flusher).Flush()
		if !obeys || res.Header.Get("X-Accel-Buffering") != "no" {
			whole, err := io.ReadAll(res.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write(whole)
			return
		}
		for b := make([]byte, 512); ; {
			n, err := res.Body.Read(b)
			_, _ = w.Write(b[:n])
			w.(http.Flusher).Flush()
			if err != nil {
				return
			}
		}
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

func TestAProxyThatBuffers(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	direct := p.stream(p.url, p.token("titolare"), "") // returns with the headers, while there is nothing to send
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform", "Content-Encoding": "", "Content-Length": "",
	} {
		if got := direct.res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	cursor := read[map[string]any](t, p.as("titolare", get(conversations)))["events_cursor"].(string)
	obeying := p.stream(hoarder(t, p.url, true), p.token("titolare"), cursor)
	deaf := p.stream(hoarder(t, p.url, false), p.shortLived("titolare", 3*time.Second), cursor)
	texts := numbered(10, "dietro il proxy ")
	for i, text := range texts {
		p.say("titolare", at, text)
		obeying.hears(fmt.Sprint(i), text) // each as it is said
	}
	deaf.hears("all at once, when the stream ends", texts...)
	if e, ok := deaf.next(); ok {
		t.Errorf("something comes twice: %+v", e)
	}
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	token := p.shortLived("titolare", 2*time.Second)
	l := p.stream(p.url, token, "")
	p.say("titolare", at, "in tempo")
	events := l.ended() // by itself, and cleanly
	if len(events) != 1 || !strings.Contains(events[0].data, "in tempo") {
		t.Fatalf("before the end: %v", events)
	}
	p.at(opening.Add(time.Minute))
	p.say("titolare", at, "a sessione scaduta")
	if res := p.stream(p.url, token, events[0].id).res; res.StatusCode != http.StatusUnauthorized {
		t.Errorf("with the token that expired: %d", res.StatusCode)
	}
	p.stream(p.url, p.token("titolare"), events[0].id).hears("with a new token", "a sessione scaduta")
}

func TestAnIdleStreamIsKeptAlive(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	l := p.stream(p.url, p.token("titolare"), "")
	timer := time.AfterFunc(2*time.Minute, l.cancel)
	defer timer.Stop()
	for l.lines.Scan() {
		if l.lines.Text() == ":" {
			return
		}
	}
	t.Errorf("no comment came: %v", l.lines.Err())
}

// A client that is cut off before its first event knows its place all the same, whether it named one or not.
func TestAStreamBeginsWithItsPlace(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	p.stored(at, "titolare", "uno")
	cursor := read[map[string]any](t, p.as("titolare", get(conversations)))["events_cursor"].(string)
	for _, asked := range []string{"", cursor} {
		l := p.listen("titolare", asked)
		for l.lines.Scan() && l.lines.Text() != "" {
			l.lastID = strings.TrimPrefix(l.lines.Text(), "id: ")
			if l.lastID != l.lines.Text() {
				break
			}
		}
		l.close()
		if l.lastID != cursor {
			t.Errorf("asked with %q, the stream begins at %q, want %q", asked, l.lastID, cursor)
		}
	}
	p.stored(at, "titolare", "due")
	p.listen("titolare", cursor).hears("who comes back", "due")
	// Before a resync there is none: were it lost, the client would come back to a place it has never read up to.
	l := p.listen("titolare", "un-altro.7")
	for l.lines.Scan() && l.lines.Text() != "" {
		if strings.HasPrefix(l.lines.Text(), "id:") {
			t.Errorf("before a resync: %q", l.lines.Text())
		}
	}
	if e, _ := l.next(); e.kind != "resync" {
		t.Errorf("a forged id: %+v", e)
	}
}

// What is refused on its way out does not come back: the client goes on behind all of it, whatever it was.
func TestAfterARevocationTheStreamGoesOnBehindIt(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	gone, kept := p.open("consulente", second, ""), p.open("consulente", first, "")
	cursor := read[map[string]any](t, p.as("consulente", get(conversations)))["events_cursor"].(string)
	p.stored(gone, "consulente", numbered(50, "riservato ")...)
	p.stored(kept, "consulente", "altro")
	if _, err := p.store.Revoke(t.Context(), p.bonds["mandate2"], "prova", opening); err != nil {
		t.Fatal(err)
	}
	events := p.listen("consulente", cursor).ended()
	if len(events) != 1 || events[0].kind != "resync" {
		t.Fatalf("%v", events)
	}
	l := p.listen("consulente", events[0].id)
	p.stored(kept, "consulente", "dopo")
	if e, _ := l.next(); e.kind != "message" || !strings.Contains(e.data, "dopo") {
		t.Errorf("after resync: %+v", e)
	}
	// What is never stored has no number: it must not lead a client back to the beginning.
	if err := p.chat.Type(t.Context(), strings.TrimPrefix(gone, conversations+"/"), "sub-advisor"); err != nil {
		t.Fatal(err)
	}
	rest := l.ended()
	if len(rest) != 1 || rest[0].kind != "resync" || rest[0].id == events[0].id || strings.HasSuffix(rest[0].id, ".0") {
		t.Errorf("typing on what is gone: %v", rest)
	}
}

func TestSomeoneWhoDoesNotSpeakOfTheChatHasNoStream(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	for persona, status := range map[string]int{"": http.StatusUnauthorized, "archivio": http.StatusForbidden, "auditor": http.StatusForbidden} {
		if res := p.as(persona, get("/v1/chat/events").with("Accept", "text/event-stream")); res.Code != status {
			t.Errorf("%q: %d %s", persona, res.Code, res.Body)
		}
	}
	p.hub.Close()
	if res := p.as("titolare", get("/v1/chat/events").with("Accept", "text/event-stream")); res.Code != http.StatusServiceUnavailable || res.Header().Get("Retry-After") == "" {
		t.Errorf("while stopping: %d %s", res.Code, res.Body)
	}
}
