package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"omnia/internal/pgtest"
)

// These tests treat the real binary as its worst days would: killed without warning, two at once,
// with the database gone for a while.

// place is an archive that outlives the processes on it.
type place struct {
	t      *testing.T
	data   string // folder: the key of the sign-in, and SQLite's file
	dsn    string // "" is the SQLite file of the folder
	driver string // of database/sql
}

// places runs the test on both databases.
func places(t *testing.T, test func(t *testing.T, p *place)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, &place{t: t, data: t.TempDir(), driver: "sqlite"})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, onServer(t, pgtest.Own(t, pgtest.Config{Durable: true})))
	})
}

func onServer(t *testing.T, s *pgtest.Server) *place {
	t.Helper()
	dsn, err := s.Create("omnia", "")
	if err != nil {
		t.Fatal(err)
	}
	return &place{t: t, data: t.TempDir(), dsn: dsn, driver: "pgx"}
}

func (p *place) env(more ...string) []string {
	return append([]string{"OMNIA_DATA=" + p.data, "OMNIA_DATABASE=" + p.dsn, "OMNIA_RATE_LIMIT=100000"}, more...)
}

func (p *place) start(t *testing.T) *server { t.Helper(); return start(t, p.env()...) }

// run is a command of the binary on the archive.
func (p *place) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := command(t, p.env(), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("omnia %v: %v: %s", args, err, &stderr)
	}
	return string(out)
}

func (p *place) token(t *testing.T, persona string) string {
	t.Helper()
	return strings.TrimSpace(p.run(t, "token", persona))
}

// count asks the database itself, while no service has it.
func (p *place) count(t *testing.T, query string) (n int) {
	t.Helper()
	dsn := p.dsn
	if dsn == "" {
		dsn = filepath.Join(p.data, "omnia.db")
	}
	db, err := sql.Open(p.driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// caller asks one service as one person.
type caller struct{ url, token string }

// send gives status 0 when no answer came.
func (c caller) send(method, path, body string, header ...string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// matricola is of the demo: the one company of the titolare.
const matricola = "0907451236"

func measure(numero string) string {
	return fmt.Sprintf(`{"numero":%q,"matricola":%q,"unita_produttiva":"0","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento",`+
		`"dal":"2025-03-03","al":"2025-03-09","ore_autorizzate":40,"data_emissione":"2025-03-20"}`, numero, matricola)
}

// writers write measures until they are told to stop, and remember which were acknowledged.
type writers struct {
	mu      sync.Mutex
	sent    []string
	acked   map[string]bool
	strange []string // answers that are neither an acknowledgement, nor "try again"
	wait    sync.WaitGroup
	stop    chan struct{}
}

func (w *writers) work(c caller, prefix string, n int) {
	w.stop = make(chan struct{})
	for i := range n {
		w.wait.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-w.stop:
					return
				default:
				}
				w.write(c, fmt.Sprintf("%s-%d-%d", prefix, i, k))
			}
		})
	}
}

func (w *writers) write(c caller, numero string) {
	w.mu.Lock()
	w.sent = append(w.sent, numero)
	w.mu.Unlock()
	status, body := c.send(http.MethodPost, "/v1/provvedimenti", measure(numero))
	w.mu.Lock()
	defer w.mu.Unlock()
	switch status {
	case http.StatusCreated:
		w.acked[numero] = true
	case 0: // nobody answered
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		w.strange = append(w.strange, fmt.Sprintf("%s: %d %s", numero, status, body))
	}
}

func (w *writers) end() {
	close(w.stop)
	w.wait.Wait()
}

// settle sends again what was not acknowledged, as a caller would, and then everything once more.
func (w *writers) settle(t *testing.T, c caller) {
	t.Helper()
	for _, s := range w.strange {
		t.Error(s)
	}
	for _, numero := range w.sent {
		status, body := c.send(http.MethodPost, "/v1/provvedimenti", measure(numero))
		if w.acked[numero] && status != http.StatusOK {
			t.Errorf("%s was acknowledged, and is %d now: %s", numero, status, body)
		}
		if status != http.StatusOK && status != http.StatusCreated {
			t.Errorf("%s can't be sent again: %d %s", numero, status, body)
		}
	}
}

func TestWhatWasAcknowledgedSurvivesKill(t *testing.T) {
	t.Parallel()
	places(t, func(t *testing.T, p *place) {
		w := &writers{acked: map[string]bool{}}
		for round := range 4 {
			s := p.start(t)
			w.work(caller{s.url, p.token(t, "archivio")}, fmt.Sprintf("K%d", round), 6)
			time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
			s.signal(syscall.SIGKILL)
			<-s.ended
			w.end()
		}
		if len(w.acked) == 0 {
			t.Fatal("nothing was acknowledged: the test proves nothing")
		}
		s := p.start(t)
		w.settle(t, caller{s.url, p.token(t, "archivio")})
		s.signal(syscall.SIGTERM)
		s.exit()
		if n := p.count(t, `SELECT count(*) FROM provvedimenti WHERE numero LIKE 'K%'`); n != len(w.sent) {
			t.Errorf("%d rows of %d measures", n, len(w.sent))
		}
		// Each answer that showed something has its line, and each write of the second sending.
		if n := p.count(t, `SELECT count(*) FROM accessi WHERE azione = 'provvedimenti.scrivi'`); n < len(w.acked)+len(w.sent) {
			t.Errorf("%d accesses on record for %d answers", n, len(w.acked)+len(w.sent))
		}
	})
}

func TestTheServiceOutlivesItsDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.Own(t, pgtest.Config{Durable: true})
	p := onServer(t, db)
	s := p.start(t)
	c := caller{s.url, p.token(t, "archivio")}
	w := &writers{acked: map[string]bool{}}
	w.work(c, "R", 4)
	time.Sleep(300 * time.Millisecond)
	if err := db.Stop(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	status, body := c.send(http.MethodGet, "/v1/matricole", "")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, `"archive_unavailable"`) {
		t.Errorf("without its database: %d %s", status, body)
	}
	if status, _ := s.get("/status"); status != http.StatusServiceUnavailable {
		t.Errorf("/status without a database: %d", status)
	}
	if status, _ := c.send(http.MethodPost, "/v1/counters", demoBody); status != http.StatusServiceUnavailable {
		t.Errorf("a decision that can't be recorded is given: %d", status)
	}
	if err := db.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if status, _ := s.get("/status"); status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not recover by itself")
		}
	}
	time.Sleep(300 * time.Millisecond)
	w.end()
	w.settle(t, c)
	s.signal(syscall.SIGTERM)
	s.exit()
	if n := p.count(t, `SELECT count(*) FROM provvedimenti WHERE numero LIKE 'R-%'`); n != len(w.sent) || len(w.acked) == 0 {
		t.Errorf("%d rows of %d measures, %d acknowledged", n, len(w.sent), len(w.acked))
	}
}

// grantBody lets the person act for the titolare's company from today on, in Rome or anywhere near it.
func grantBody(codiceFiscale string) string {
	day := time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	return fmt.Sprintf(`{"tipo":"intermediario","matricola":%q,"delegato":%q,"servizi":["contatori"],"valida_dal":%q}`, matricola, codiceFiscale, day)
}

func TestTwoInstancesAreOneService(t *testing.T) {
	t.Parallel()
	p := onServer(t, pgtest.Own(t, pgtest.Config{Durable: true}))
	var both [2]*server
	var wait sync.WaitGroup
	for i := range both { // at once, on an empty database
		wait.Go(func() { both[i] = p.start(t) })
	}
	wait.Wait()
	one, two := both[0], both[1]
	as := func(s *server, persona string) caller { return caller{s.url, p.token(t, persona)} }

	t.Run("a revocation counts at the other at once", func(t *testing.T) {
		status, body := as(one, "consulente").send(http.MethodGet, "/v1/matricole/"+matricola, "")
		var seen struct{ Deleghe []struct{ ID string } }
		if err := json.Unmarshal([]byte(body), &seen); err != nil || status != http.StatusOK || len(seen.Deleghe) == 0 {
			t.Fatalf("%d %s", status, body)
		}
		for _, d := range seen.Deleghe {
			if status, body := as(one, "titolare").send(http.MethodDelete, "/v1/deleghe/"+d.ID, ""); status != http.StatusOK {
				t.Fatalf("%d %s", status, body)
			}
		}
		_, unknown := as(two, "consulente").send(http.MethodGet, "/v1/matricole/9999999999", "", "X-Correlation-ID", "same")
		status, body = as(two, "consulente").send(http.MethodGet, "/v1/matricole/"+matricola, "", "X-Correlation-ID", "same")
		if status != http.StatusNotFound || body != unknown {
			t.Errorf("%d %s, where an unknown one is %s", status, body, unknown)
		}
	})
	t.Run("a key used at both has one effect", func(t *testing.T) {
		before := p.count(t, `SELECT count(*) FROM deleghe`)
		bodies := make([]string, 8)
		var wait sync.WaitGroup
		for i := range bodies {
			c := as(both[i%2], "titolare")
			wait.Go(func() {
				for range 20 { // a twin under way may ask to come back
					status, body := c.send(http.MethodPost, "/v1/deleghe", grantBody("SRTPLA75M08L736L"), "Idempotency-Key", "twins")
					if bodies[i] = fmt.Sprint(status, body); status != http.StatusConflict && status != http.StatusServiceUnavailable {
						return
					}
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		wait.Wait()
		for _, b := range bodies {
			if b != bodies[0] || !strings.HasPrefix(b, "201") {
				t.Errorf("%s\nand %s", bodies[0], b)
			}
		}
		if after := p.count(t, `SELECT count(*) FROM deleghe`); after != before+1 {
			t.Errorf("%d delegations were %d", after, before)
		}
	})
	t.Run("one goes on when the other is killed", func(t *testing.T) {
		w := &writers{acked: map[string]bool{}}
		w.work(as(one, "archivio"), "T", 4)
		time.Sleep(200 * time.Millisecond)
		one.signal(syscall.SIGKILL)
		<-one.ended
		w.end()
		w.settle(t, as(two, "archivio"))
		if n := p.count(t, `SELECT count(*) FROM provvedimenti WHERE numero LIKE 'T-%'`); n != len(w.sent) {
			t.Errorf("%d rows of %d measures", n, len(w.sent))
		}
	})
	if n := p.count(t, `SELECT count(*) FROM posizioni WHERE matricola = '`+matricola+`'`); n != 1 {
		t.Errorf("the demo data are there %d times", n)
	}
}

func TestOneProcessHasTheFile(t *testing.T) {
	t.Parallel()
	p := &place{t: t, data: t.TempDir(), driver: "sqlite"}
	s := p.start(t)
	cmd := command(t, p.env(), "migrate")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "PostgreSQL") {
		t.Errorf("a second process: %v: %s", err, out)
	}
	s.signal(syscall.SIGKILL)
	<-s.ended
	if got := p.run(t, "migrate"); !strings.HasPrefix(got, "schema version ") {
		t.Errorf("after the kill: %s", got)
	}
}
