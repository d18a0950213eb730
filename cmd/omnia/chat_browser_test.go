package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A browser, which no one here wrote, reads the stream by its own EventSource.

// portal is a page of an application that has the service under its own name, as a portal does: one origin.
const portal = `<!doctype html><title>Portale</title><script>
const got = [];
let source, opens = 0;

// enter turns a token into the cookie of the session, and gives the status.
async function enter(token) {
  return (await fetch('/v1/session', {method: 'POST', headers: {Authorization: 'Bearer ' + token}})).status;
}

// listen opens the stream; from there on the browser does everything by itself.
function listen(from, cursor) {
  opens = 0;
  source = new EventSource(from + '/v1/chat/events?last_event_id=' + encodeURIComponent(cursor), {withCredentials: true});
  source.onopen = () => opens++;
  for (const kind of ['opened', 'message', 'notice', 'note', 'redacted', 'queue', 'assigned', 'typing', 'read', 'closed', 'rated', 'field', 'context', 'resync'])
    source.addEventListener(kind, e => got.push({ID: e.lastEventId, Kind: e.type, Data: e.data}));
}
</script>`

// browser is a tab of Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// browse opens a tab in a browser of its own, with nothing in it of any other.
func browse(t *testing.T, url string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v: install it with make chromium", err)
	}
	flags := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WSURLReadTimeout(2 * time.Minute)}
	for _, flag := range []string{"headless", "disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage"} {
		flags = append(flags, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab) // and waits for the end of the browser
	b := &browser{t, ctx}
	b.navigate(url)
	return b
}

// navigate loads a page.
func (b *browser) navigate(url string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(url)); err != nil {
		b.t.Fatalf("the browser: %v", err)
	}
}

// value is what an expression of JavaScript gives, awaited.
func value[T any](b *browser, script string, args ...any) T {
	b.t.Helper()
	words := make([]any, len(args))
	for i, a := range args {
		text, err := json.Marshal(a)
		if err != nil {
			b.t.Fatal(err)
		}
		words[i] = text
	}
	script = "(async () => " + fmt.Sprintf(script, words...) + ")()"
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("the browser: %v: %s", err, script)
	}
	return v
}

// heardEvent is an event as a client dispatched it.
type heardEvent struct{ ID, Kind, Data string }

// text is that of a message; "" of any other event.
func (e heardEvent) text() string {
	var m heard
	if e.Kind == "message" {
		_ = json.Unmarshal([]byte(e.Data), &m) // what can't be read is none of the texts that were said
	}
	return m.Text
}

func (b *browser) got() []heardEvent { b.t.Helper(); return value[[]heardEvent](b, "got") }

// until waits for something to be so in the tab.
func (b *browser) until(what, script string, args ...any) {
	b.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !value[bool](b, script, args...); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("not in 90 s: %s; opened %d times, state %d, got %v", what, value[int](b, "opens"), value[int](b, "source.readyState"), b.got())
		}
	}
}

// hasText tells in JavaScript whether a message with that text has come.
const hasText = "got.some(e => e.Kind == 'message' && JSON.parse(e.Data).text == %s)"

// couple is a company and the adviser who has its conversation.
type couple struct {
	company, adviser *talker
	room             string
}

func (l *lounge) couple(t *testing.T, url string) *couple {
	t.Helper()
	x := &couple{company: l.company(t, 1, caller{url, l.token(t, "titolare")}), adviser: l.adviser(t, 1)}
	x.company.begin(t)
	x.room = x.company.open(t)
	if a := x.adviser.insist(http.MethodPost, "/v1/chat/conversations/"+x.room+"/assignment", ""); a.status != http.StatusOK {
		t.Fatalf("assignment: %s", a)
	}
	return x
}

// speak has both sides say so many things in turn, and gives what was said.
func (x *couple) speak(t *testing.T, prefix string, times int) (said []string) {
	t.Helper()
	for n := range times {
		who := []*talker{x.company, x.adviser}[n%2]
		text := fmt.Sprintf("%s %d: però, così, già, Straße, 工, 🙂 <b>&amp;", prefix, n)
		if seq, a := who.say(x.room, text); seq == 0 {
			t.Fatalf("say: %s", a)
		}
		said = append(said, text)
	}
	return said
}

// speakUntilCut speaks in bursts, each of which must arrive, until the line was cut often enough; then it is kind.
func (x *couple) speakUntilCut(t *testing.T, line *badLine, breaks func() int, arrived func(text string)) (said []string) {
	t.Helper()
	const cuts, most = 2, 12
	for burst := 0; breaks() < cuts; burst++ {
		if burst == most {
			t.Fatalf("the line was cut %d times only", breaks())
		}
		said = append(said, x.speak(t, fmt.Sprint("detto ", burst), 8)...)
		arrived(said[len(said)-1])
	}
	line.kind.Store(true)
	said = append(said, x.speak(t, "in fine", 1)...)
	arrived(said[len(said)-1])
	t.Logf("%d messages over %v", len(said), line.faults)
	return said
}

// judge wants every text once, in order, and events without gap or twin: each id follows the one before it.
func (x *couple) judge(t *testing.T, after string, got []heardEvent, said []string) {
	t.Helper()
	var texts []string
	for _, e := range got {
		if !follows(after, e.ID) {
			t.Errorf("after %s came %s (%s)", after, e.ID, e.Kind)
		}
		after = e.ID
		if e.Kind == "message" {
			texts = append(texts, e.text())
		}
	}
	if !slices.Equal(texts, said) {
		t.Errorf("said %d: %q\ncame %d: %q", len(said), said, len(texts), texts)
	}
}

// portalBefore is a portal with a service behind it; what cuts its streams is given as well.
func portalBefore(t *testing.T, s *server) (url string, line *badLine) {
	t.Helper()
	line = newBadLine(t, s)
	line.posts, line.opened = nil, map[string]int{"cut": 100}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /portale", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(portal)) // the browser says what is missing
	})
	mux.Handle("/", line)
	front := httptest.NewServer(mux)
	t.Cleanup(func() { front.CloseClientConnections(); front.Close() })
	return front.URL, line
}

// The line is cut again and again in the middle of things; the browser comes back by itself with Last-Event-ID, and
// nothing is lost and nothing comes twice.
func TestABrowserReadsTheStream(t *testing.T) {
	t.Parallel()
	p := &place{t: t, data: t.TempDir(), driver: "sqlite"}
	s := p.start(t)
	url, line := portalBefore(t, s)
	l := newLounge(t, p, s.url)
	x := l.couple(t, s.url)
	b := browse(t, url+"/portale")

	if status := value[int](b, "(await fetch('/v1/chat/events')).status"); status != http.StatusUnauthorized {
		t.Errorf("the stream without a session: %d", status)
	}
	if status := value[int](b, "await enter(%s)", x.company.token); status != http.StatusOK {
		t.Fatalf("the session: %d", status)
	}
	if cookie := value[string](b, "document.cookie"); cookie != "" {
		t.Errorf("a script can read the session: %q", cookie)
	}
	if status := value[int](b, "(await fetch('/v1/chat/conversations')).status"); status != http.StatusUnauthorized {
		t.Errorf("the cookie opens more than the stream: %d", status)
	}
	value[bool](b, "(listen('', %s), true)", x.company.lastID)
	said := x.speakUntilCut(t, line, func() int { return value[int](b, "opens") - 1 }, func(text string) { b.until("a message came", hasText, text) })
	x.judge(t, x.company.lastID, b.got(), said)

	// A page of another site has neither the cookie nor the answer.
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(portal)) // as above
	}))
	t.Cleanup(stranger.Close)
	b.navigate(strings.Replace(stranger.URL, "127.0.0.1", "localhost", 1))
	value[bool](b, "(listen(%s, %s), true)", url, x.company.lastID)
	b.until("the browser gave up", "source.readyState == EventSource.CLOSED")
	if opens, got := value[int](b, "opens"), b.got(); opens > 0 || len(got) > 0 {
		t.Errorf("another site reads the stream: %d, %v", opens, got)
	}
}

// When the token ends, so does the stream, and the browser learns from the 401 that coming back is of no use. With a
// new session it goes on from the last event it has.
func TestABrowserWhoseTokenEnds(t *testing.T) {
	t.Parallel()
	p := &place{t: t, data: t.TempDir(), driver: "sqlite"}
	s := p.start(t)
	url, line := portalBefore(t, s)
	line.kind.Store(true)
	l := newLounge(t, p, s.url)
	x := l.couple(t, s.url)
	b := browse(t, url+"/portale")
	value[bool](b, "(listen('', %s), true)", x.company.lastID) // of nobody yet
	b.until("the browser gave up without a session", "source.readyState == EventSource.CLOSED")

	token, err := l.dev.Token(x.company.person, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if status := value[int](b, "await enter(%s)", token); status != http.StatusOK {
		t.Fatalf("the session: %d", status)
	}
	value[bool](b, "(listen('', %s), true)", x.company.lastID)
	said := x.speak(t, "prima", 2)
	b.until("the first messages came", hasText, said[len(said)-1])
	b.until("the browser gave up when the token ended", "source.readyState == EventSource.CLOSED")

	said = append(said, x.speak(t, "intanto", 2)...)
	if status := value[int](b, "await enter(%s)", x.company.token); status != http.StatusOK {
		t.Fatalf("the new session: %d", status)
	}
	value[bool](b, "(listen('', got.at(-1).ID), true)")
	b.until("the stream went on", hasText, said[len(said)-1])
	x.judge(t, x.company.lastID, b.got(), said)
}
