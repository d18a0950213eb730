package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omnia/engine/calendar"
	"omnia/internal/pgtest"
	"omnia/internal/rome"
	"omnia/ledger"
	"omnia/ledger/replay"
)

// What the tests of the stateful service share: answers with their headers, databases that outlive the
// service but not the test, and callers whose every request can be accounted for afterwards.

// place is an archive that outlives the processes on it.
type place struct {
	t      *testing.T
	data   string // folder: the key of the sign-in, and SQLite's file
	dsn    string // "" is the SQLite file of the folder
	driver string // of database/sql
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

// matricola is of the demo: the one company of the titolare.
const matricola = "0907451236"

func measure(numero string) string {
	return fmt.Sprintf(`{"numero":%q,"matricola":%q,"unita_produttiva":"0","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento",`+
		`"dal":"2025-03-03","al":"2025-03-09","ore_autorizzate":40,"data_emissione":"2025-03-20"}`, numero, matricola)
}

// answer is what came back; status 0 is that nothing did.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask is send, with the headers of the answer. A redirection is an answer.
func (c caller) ask(method, path, body string, header ...string) answer {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second) // far beyond the service's own limit
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{body: err.Error()}
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// code is that of the problem.
func (a answer) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal([]byte(a.body), &p) // what is no problem has no code
	return p.Code
}

// tryAgain tells whether it is the one way to say so: 503, with its code, and when to come back.
func (a answer) tryAgain() bool {
	return a.status == http.StatusServiceUnavailable && a.code() == "archive_unavailable" && a.header.Get("Retry-After") != ""
}

func (a answer) String() string { return fmt.Sprintf("%d %.600s", a.status, a.body) }

// decoded is the body of an answer.
func decoded[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v: %s", err, a)
	}
	return v
}

// onShared is an empty database on the server that all tests share, which stays up.
func onShared(t *testing.T) *place {
	t.Helper()
	return &place{t: t, data: t.TempDir(), dsn: pgtest.DSN(t, nil), driver: "pgx"}
}

// livelyPlaces runs the test on both databases, for tests that kill the service only.
func livelyPlaces(t *testing.T, test func(t *testing.T, p *place)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, &place{t: t, data: t.TempDir(), driver: "sqlite"})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, onShared(t))
	})
}

// database is the database itself, beside the service or without one.
func (p *place) database(t *testing.T) *sql.DB {
	t.Helper()
	dsn := p.dsn
	if dsn == "" {
		dsn = filepath.Join(p.data, "omnia.db")
	}
	db, err := sql.Open(p.driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// counts asks the database for texts, each with a number.
func (p *place) counts(t *testing.T, query string) map[string]int {
	t.Helper()
	db := p.database(t)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var text string
		var n int
		if err := rows.Scan(&text, &n); err != nil {
			t.Fatal(err)
		}
		out[text] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

// eventually waits until ready, which is asked again and again.
func eventually(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ready(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// up tells whether the service says that it may be chosen.
func (s *server) up() bool {
	return caller{url: s.url}.ask(http.MethodGet, "/status", "").status == http.StatusOK
}

// letter is a request that must have its effect once, however often it is sent. Its key is also part of what
// it stores.
type letter struct {
	by, path, body, key string
	got                 answer // status 0: not acknowledged yet
}

// traffic is what callers send at the same time: measures and delegations with an Idempotency-Key, requests to read, and questions that are
// decided, on facts of one's own and on those of the archive. It remembers what was answered, and which answers were none of those that may be.
type traffic struct {
	tokens    map[string]string
	mayVanish bool // an answer may stay out: the service gets killed

	mu      sync.Mutex
	letters []*letter
	shown   []string // correlation ids of the answers that showed or stored something
	decided []string // ids of the decisions that were told
	strange []string
	days    atomic.Int64 // delegations so far: each is for a day of its own
	wait    sync.WaitGroup
	stop    chan struct{}
}

func newTraffic(t *testing.T, p *place) *traffic {
	t.Helper()
	f := &traffic{tokens: map[string]string{}}
	for _, persona := range []string{"archivio", "titolare", "consulente", "portale"} {
		f.tokens[persona] = p.token(t, persona)
	}
	return f
}

// run sends from several workers until end. round tells the runs apart.
func (f *traffic) run(s *server, round string, workers int) {
	f.stop = make(chan struct{})
	for i := range workers {
		f.wait.Go(func() {
			for k := 0; ; k++ {
				select {
				case <-f.stop:
					return
				default:
					f.step(s, fmt.Sprintf("%s-%d-%d", round, i, k))
				}
			}
		})
	}
}

// step sends a measure, reads it when it was acknowledged, grants a delegation, and asks for decisions.
func (f *traffic) step(s *server, name string) {
	m := &letter{by: "archivio", path: "/v1/provvedimenti", body: measure("M-" + name), key: "M-" + name}
	if f.post(s, m, "w-"+name) {
		f.judge(caller{s.url, f.tokens["titolare"]}.ask(http.MethodGet, m.path+"/"+m.key, "", "X-Correlation-ID", "r-"+name), "r-"+name)
	}
	day := (rome.Day(time.Now()) + 1 + calendar.Day(f.days.Add(1))).String()
	good := f.post(s, &letter{
		by: "titolare", path: "/v1/deleghe", key: "D-" + name,
		body: fmt.Sprintf(`{"tipo":"intermediario","matricola":%q,"delegato":"FNTCHR77E61G224H","studio":%q,"servizi":["contatori"],"valida_dal":%q,"valida_al":%q}`,
			matricola, "D-"+name, day, day),
	}, "d-"+name)
	good = f.decide(s, "portale", http.MethodPost, "/v1/counters", demoBody, "c-"+name) && good
	good = f.decide(s, "portale", http.MethodPost, "/v1/validate", demoForm, "v-"+name) && good
	good = f.decide(s, "consulente", http.MethodGet, "/v1/matricole/"+delegated+"/unita-produttive/0/counters", "", "a-"+name) && good
	if !good {
		time.Sleep(20 * time.Millisecond) // as one who is told to come back
	}
}

// delegated is a company of the demo that the consulente acts for, and about which nothing is sent.
const delegated = "7003316024"

// decide asks for a decision, and remembers it when it was told. One on facts of one's own is no access.
func (f *traffic) decide(s *server, persona, method, path, body, correlation string) bool {
	a := caller{s.url, f.tokens[persona]}.ask(method, path, body, "X-Correlation-ID", correlation)
	if body != "" {
		correlation = ""
	}
	if !f.judge(a, correlation) {
		return false
	}
	var told struct{ Decision struct{ ID string } }
	_ = json.Unmarshal([]byte(a.body), &told) // without an id it is in no log
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decided = append(f.decided, told.Decision.ID)
	return true
}

// post sends a letter for the first time.
func (f *traffic) post(s *server, l *letter, correlation string) (acknowledged bool) {
	f.mu.Lock()
	f.letters = append(f.letters, l)
	f.mu.Unlock()
	a := f.deliver(s, l, correlation)
	if acknowledged = f.judge(a, correlation); acknowledged {
		f.mu.Lock()
		l.got = a
		f.mu.Unlock()
	}
	return acknowledged
}

func (f *traffic) deliver(s *server, l *letter, correlation string) answer {
	return caller{s.url, f.tokens[l.by]}.ask(http.MethodPost, l.path, l.body, "Idempotency-Key", l.key, "X-Correlation-ID", correlation)
}

// judge tells whether an answer is a good one, and remembers it; one without a correlation leaves no line.
func (f *traffic) judge(a answer, correlation string) (good bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case a.status == http.StatusOK, a.status == http.StatusCreated:
		if correlation != "" {
			f.shown = append(f.shown, correlation)
		}
		return true
	case a.status == 0 && f.mayVanish, a.tryAgain():
	default:
		f.strange = append(f.strange, correlation+": "+a.String())
	}
	return false
}

// acknowledged is how many letters were.
func (f *traffic) acknowledged() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.letters {
		if l.got.status != 0 {
			n++
		}
	}
	return n
}

// flows waits until n more letters have been acknowledged.
func (f *traffic) flows(t *testing.T, n int) {
	t.Helper()
	before := f.acknowledged()
	eventually(t, fmt.Sprintf("%d more acknowledged", n), func() bool { return f.acknowledged() >= before+n })
}

func (f *traffic) end() {
	close(f.stop)
	f.wait.Wait()
}

// settle sends every letter again, under its key, as a caller who missed the answer would. What was
// acknowledged gets the same answer, and nothing has its effect twice.
func (f *traffic) settle(t *testing.T, s *server) {
	t.Helper()
	for i, text := range f.strange {
		if i < 5 {
			t.Errorf("neither an acknowledgement nor a 503 to come back from: %s", text)
		}
	}
	for _, l := range f.letters {
		correlation := "again-" + l.key
		a := f.deliver(s, l, correlation)
		switch {
		case a.status != http.StatusCreated:
			t.Errorf("%s can't be sent again: %s", l.key, a)
		case l.got.status != 0 && (a.body != l.got.body || a.header.Get("Idempotent-Replayed") != "true"):
			t.Errorf("%s was answered %s, and is %s now", l.key, l.got, a)
		}
		f.shown = append(f.shown, correlation)
	}
}

// accounted holds the rows of the database against what was sent and answered, once the service has ended or
// is quiet: each effect once, and a line in the record for each answer.
func (f *traffic) accounted(t *testing.T, p *place) {
	t.Helper()
	stored := p.counts(t, `SELECT numero, count(*) FROM provvedimenti WHERE numero LIKE 'M-%' GROUP BY numero UNION ALL `+
		`SELECT studio, count(*) FROM deleghe WHERE studio LIKE 'D-%' GROUP BY studio`)
	if len(stored) != len(f.letters) {
		t.Errorf("%d things are stored of %d letters", len(stored), len(f.letters))
	}
	for _, l := range f.letters {
		if stored[l.key] != 1 {
			t.Errorf("%s is stored %d times", l.key, stored[l.key])
		}
	}
	lines := p.counts(t, `SELECT correlazione, count(*) FROM accessi WHERE esito = 'allow' GROUP BY correlazione`)
	for _, correlation := range f.shown {
		if lines[correlation] != 1 {
			t.Errorf("the answer to %s has %d lines in the record", correlation, lines[correlation])
		}
	}
	there := p.inTheLog(t)
	for _, id := range f.decided {
		if len(there[id]) != 1 {
			t.Errorf("a decision that was told, %s, is in the log %d times", id, len(there[id]))
		}
	}
	if len(f.decided) == 0 {
		t.Error("nothing was decided")
	}
}

// inTheLog verifies the log where it is stored, on SQLite while no service has it, and gives the decisions in it by their ids.
func (p *place) inTheLog(t *testing.T) map[string][]*ledger.Receipt {
	t.Helper()
	s, err := p.archiveConfig().look(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	keys, err := s.Keyring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there := map[string][]*ledger.Receipt{}
	if _, err := s.VerifyLog(t.Context(), ledger.Verification{Keys: keys, Each: func(e *ledger.Entry) error {
		if r, err := ledger.DecodeReceipt(e.Leaf); err == nil {
			there[r.ID] = append(there[r.ID], r)
		}
		return nil
	}}, replay.EsitoOf); err != nil {
		t.Fatalf("the log does not verify: %v", err)
	}
	return there
}
