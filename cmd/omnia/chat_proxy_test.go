package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// badLine stands between clients and one instance and does what networks do on their worst days: it loses
// requests and answers, delivers a request twice, now or later, lets requests overtake each other, cuts a
// stream in the middle of an event, stalls it, or leaves it open with nothing behind it.
type badLine struct {
	server *httptest.Server
	kind   atomic.Bool    // no more faults
	posts  map[string]int // how many in a hundred go wrong, and how
	opened map[string]int // likewise, of streams
	mu     sync.Mutex
	to     string // host:port of the instance
	faults map[string]int
	late   sync.WaitGroup
}

func newBadLine(t *testing.T, s *server) *badLine {
	b := &badLine{
		posts:  map[string]int{"request lost": 6, "answer lost": 6, "twice": 6, "twice, later": 6, "overtaken": 6},
		opened: map[string]int{"cut": 40, "stalled": 15, "half open": 15},
		faults: map[string]int{},
	}
	b.point(s)
	b.server = httptest.NewServer(b)
	t.Cleanup(func() {
		b.server.CloseClientConnections()
		b.server.Close()
		b.late.Wait()
	})
	return b
}

// point leads the line to another instance.
func (b *badLine) point(s *server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = s.url[len("http://"):]
}

func (b *badLine) target() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.to
}

// fault draws one of the names, with the weights that follow them, and counts it; "" is none.
func (b *badLine) fault(named map[string]int) string {
	if b.kind.Load() {
		return ""
	}
	at := rand.IntN(100)
	for name, weight := range named {
		if at -= weight; at < 0 {
			b.mu.Lock()
			b.faults[name]++
			b.mu.Unlock()
			return name
		}
	}
	return ""
}

var errLost = http.ErrAbortHandler // the connection ends without an answer

func (b *badLine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == "/v1/chat/events" {
		b.stream(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(errLost)
	}
	fault := ""
	if r.Method == http.MethodPost {
		fault = b.fault(b.posts)
	}
	switch fault {
	case "request lost":
		panic(errLost)
	case "overtaken":
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
	case "twice":
		b.again(r, body, 0)
	case "twice, later":
		b.again(r, body, time.Duration(100+rand.IntN(900))*time.Millisecond)
	}
	res, err := b.forward(r, body)
	if err != nil {
		panic(errLost)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || fault == "answer lost" {
		panic(errLost)
	}
	for name, values := range res.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(text) // who asked may be gone
}

// again delivers a request once more, at its own pace.
func (b *badLine) again(r *http.Request, body []byte, after time.Duration) {
	r = r.Clone(r.Context())
	b.late.Go(func() {
		time.Sleep(after)
		if res, err := b.forward(r, body); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	})
}

// plainTransport keeps few connections: those of an instance that was killed are of no use.
var plainTransport = &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 5 * time.Second}

func (b *badLine) forward(r *http.Request, body []byte) (*http.Response, error) {
	out, err := http.NewRequest(r.Method, "http://"+b.target()+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	return plainTransport.RoundTrip(out)
}

// stream passes bytes on as they come, up to where it goes wrong.
func (b *badLine) stream(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("Connection", "close") // what would come on it after the answer is not passed on
	request, err := httputil.DumpRequest(r, false)
	if err != nil {
		panic(errLost)
	}
	up, err := net.Dial("tcp", b.target())
	if err != nil {
		panic(errLost)
	}
	defer up.Close()
	down, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(errLost)
	}
	defer down.Close()
	if _, err := up.Write(request); err != nil {
		return
	}
	gone := make(chan struct{})
	go func() { // the client says nothing more: what comes is its end
		defer close(gone)
		_, _ = io.Copy(io.Discard, down)
	}()
	fault := b.fault(b.opened)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.pass(down, up, fault, gone)
	}()
	select {
	case <-ended:
	case <-gone:
	}
}

func (b *badLine) pass(down, up net.Conn, fault string, gone <-chan struct{}) {
	if fault == "" {
		_, _ = io.Copy(down, up)
		return
	}
	_, err := io.CopyN(down, up, 300+rand.Int64N(6000)) // headers are some 700 bytes
	switch {
	case err != nil || fault == "cut":
	case fault == "stalled":
		time.Sleep(time.Duration(200+rand.IntN(1500)) * time.Millisecond)
		_, _ = io.Copy(down, up)
	case fault == "half open":
		<-gone
	}
}
