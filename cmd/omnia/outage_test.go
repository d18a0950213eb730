package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"omnia/internal/pgtest"
)

// archived are requests that need the archive, one of each kind.
func archived() []struct{ persona, method, path, body string } {
	return []struct{ persona, method, path, body string }{
		{"titolare", http.MethodGet, "/v1/matricole", ""},
		{"titolare", http.MethodGet, "/v1/matricole/" + matricola, ""},
		{"titolare", http.MethodGet, "/v1/matricole/" + matricola + "/provvedimenti", ""},
		{"titolare", http.MethodGet, "/v1/matricole/" + matricola + "/provvedimenti/export", ""},
		{"titolare", http.MethodGet, "/v1/matricole/" + matricola + "/unita-produttive/0/counters", ""},
		{"titolare", http.MethodGet, "/v1/counters", ""},
		{"titolare", http.MethodGet, "/v1/alerts", ""},
		{"titolare", http.MethodGet, "/v1/alerts.ics", ""},
		{"titolare", http.MethodGet, "/v1/deleghe", ""},
		{"titolare", http.MethodPost, "/v1/deleghe", `{"tipo":"intermediario","matricola":"` + matricola + `","delegato":"SRTPLA75M08L736L","servizi":["contatori"],"valida_dal":"2099-01-01"}`},
		{"titolare", http.MethodDelete, "/v1/deleghe/018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f", ""},
		{"titolare", http.MethodGet, "/v1/provvedimenti/1", ""},
		{"titolare", http.MethodGet, "/v1/esportazioni/018f3c6e-7b1a-7c3d-9e4f-5a6b7c8d9e0f", ""},
		{"archivio", http.MethodPost, "/v1/provvedimenti", measure("A-1")},
		{"auditor", http.MethodGet, "/v1/accessi", ""},
	}
}

// refused sends one request of each kind at once, and wants each answered, as someone to come back later.
func (p *place) refused(t *testing.T, s *server, fine func(a answer) bool) {
	t.Helper()
	tokens := map[string]string{}
	for _, persona := range []string{"titolare", "archivio", "auditor"} {
		tokens[persona] = p.token(t, persona)
	}
	var wait sync.WaitGroup
	for _, r := range archived() {
		wait.Go(func() {
			if a := (caller{s.url, tokens[r.persona]}).ask(r.method, r.path, r.body); !fine(a) {
				t.Errorf("%s %s: %s", r.method, r.path, a)
			}
		})
	}
	wait.Wait()
}

// unaffected wants what needs no archive to go on.
func (p *place) unaffected(t *testing.T, s *server) {
	t.Helper()
	for _, path := range []string{"/v1/rules", "/problems", "/openapi.json", "/metrics"} {
		if a := (caller{url: s.url}).ask(http.MethodGet, path, ""); a.status != http.StatusOK {
			t.Errorf("%s needs no archive: %s", path, a)
		}
	}
}

// undecided wants that nothing is decided which can't be recorded.
func undecided(t *testing.T, s *server) {
	t.Helper()
	if a := (caller{url: s.url}).ask(http.MethodPost, "/v1/counters", demoBody); a.status != http.StatusServiceUnavailable {
		t.Errorf("a decision that can't be recorded is given: %s", a)
	}
}

func TestAnOutageIsToldAndForgotten(t *testing.T) {
	t.Parallel()
	db := pgtest.Own(t, pgtest.Config{Durable: true})
	p := onServer(t, db)
	s := p.start(t)
	f := newTraffic(t, p)
	f.run(s, "o", 4)
	f.flows(t, 10)

	for range 3 { // the server stays, its connections go
		if err := db.Exec("postgres", `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'omnia'`); err != nil {
			t.Fatal(err)
		}
		f.flows(t, 10)
	}
	for _, how := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGINT} {
		if err := db.Stop(how); err != nil {
			t.Fatal(err)
		}
		p.refused(t, s, answer.tryAgain)
		if a := (caller{url: s.url}).ask(http.MethodGet, "/status", ""); !a.tryAgain() {
			t.Errorf("/status without a database: %s", a)
		}
		p.unaffected(t, s)
		undecided(t, s)
		if err := db.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it recovers by itself", s.up)
		f.flows(t, 10)
	}
	f.end()
	f.settle(t, s)
	s.signal(syscall.SIGTERM)
	s.exit()
	f.accounted(t, p)
}

// stallable passes connections on to a socket, until it is told to pass nothing: as a network that has
// gone dead, on which nobody says that there is nobody.
type stallable struct {
	net.Listener
	to    string
	still sync.RWMutex // held for writing while it is stalled
}

func stall(t *testing.T, to string) *stallable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	x := &stallable{Listener: l, to: to}
	t.Cleanup(func() { _ = l.Close() }) // those connected end with the server behind it
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go x.connect(c)
		}
	}()
	return x
}

func (x *stallable) connect(c net.Conn) {
	defer c.Close()
	behind, err := net.Dial("unix", x.to)
	if err != nil {
		return
	}
	defer behind.Close()
	go func() {
		x.pass(behind, c)
		_ = behind.Close() // ends the other direction
	}()
	x.pass(c, behind)
}

func (x *stallable) pass(to io.Writer, from io.Reader) {
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		x.still.RLock()
		_, wrote := to.Write(b[:n])
		x.still.RUnlock()
		if err != nil || wrote != nil {
			return
		}
	}
}

// A database that does not even refuse must hold nobody beyond the time limit.
func TestADatabaseThatFallsSilentHoldsNobody(t *testing.T) {
	t.Parallel()
	direct := onShared(t)
	u, err := url.Parse(direct.dsn)
	if err != nil {
		t.Fatal(err)
	}
	wire := stall(t, filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	p := &place{t: t, data: direct.data, driver: "pgx", dsn: fmt.Sprintf("postgres://postgres@%s%s?sslmode=disable", wire.Addr(), u.Path)}
	s := start(t, p.env("OMNIA_REQUEST_TIME=1s")...)
	p.refused(t, s, func(a answer) bool { return a.status != 0 && a.status < 500 })

	wire.still.Lock()
	p.refused(t, s, func(a answer) bool { return a.tryAgain() || a.status == http.StatusGatewayTimeout && a.code() != "" })
	if a := (caller{url: s.url}).ask(http.MethodGet, "/status", ""); !a.tryAgain() {
		t.Errorf("/status: %s", a)
	}
	p.unaffected(t, s)
	undecided(t, s)
	wire.still.Unlock()

	eventually(t, "it recovers by itself", s.up)
	titolare := caller{s.url, p.token(t, "titolare")}
	eventually(t, "the archive answers", func() bool {
		return titolare.ask(http.MethodGet, "/v1/matricole/"+matricola, "").status == http.StatusOK
	})
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != exitFine {
		t.Errorf("exit %d\n%s", code, s.log)
	}
}
