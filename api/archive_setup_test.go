package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"omnia/api"
	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/fixtures"
	"omnia/identity"
	"omnia/internal/rome"
	"omnia/policies"
	"omnia/store"
)

// The companies of every world. The first two are of the office 7000, the third of another.
const (
	first  = "1000000001" // the titolare's; the consulente has a delegation
	second = "1000000002" // the consulente's and the subdelegato's
	third  = "4900000003" // nobody's
	absent = "9999999999" // not in the archive
)

// world is a service with an archive of its own, real policies and real tokens, at an instant that the
// test sets.
type world struct {
	*service
	store  *spy
	policy *counted
	dev    *identity.Dev
	people map[string]fixtures.Person
	now    *atomic.Pointer[time.Time]
	bonds  map[string]string // ids of delegations, by name
}

func newWorld(t testing.TB, change ...func(*api.Config)) *world {
	t.Helper()
	w := &world{people: map[string]fixtures.Person{}, now: &atomic.Pointer[time.Time]{}, bonds: map[string]string{}}
	w.at(noon)
	for _, p := range fixtures.People() {
		w.people[p.Persona] = p
	}
	kept, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "archive.db"), store.Options{Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := kept.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.store = &spy{Store: kept}
	if w.dev, err = identity.OpenDev(t.TempDir(), w.clock); err != nil {
		t.Fatal(err)
	}
	verifier, err := identity.NewVerifier(t.Context(), []identity.Issuer{w.dev.Issuer()}, identity.WithClock(w.clock))
	if err != nil {
		t.Fatal(err)
	}
	rego, err := policiesOnce()
	if err != nil {
		t.Fatal(err)
	}
	w.policy = &counted{Policies: rego}
	w.service = newService(t, append([]func(*api.Config){func(c *api.Config) {
		c.Decider = &fake{edition: editionOnce()}
		c.Archive, c.Verifier, c.Policies, c.Now = w.store, verifier, w.policy, w.clock
		c.Development = true
	}}, change...)...)
	w.fill(t)
	return w
}

func (w *world) clock() time.Time { return *w.now.Load() }

// at sets the clock.
func (w *world) at(now time.Time) { w.now.Store(&now) }

// fill stores the companies and who may act for them.
func (w *world) fill(t testing.TB) {
	t.Helper()
	for _, c := range []struct{ matricola, cf, name, sede string }{
		{first, "01533450266", "Meccanica Ferri S.r.l.", "7000"},
		{second, "02345670125", "Tessitura Prealpina S.p.A.", "7000"},
		{third, "03456780984", "Cantieri del Sud 100% Ponti", "4900"},
	} {
		w.company(t, c.matricola, c.cf, c.name, c.sede)
	}
	w.bond(t, "own", "titolare", first, archive.Titolare, "", "")
	w.bond(t, "mandate1", "consulente", first, archive.Intermediario, "", "2026-12-31", archive.Servizi...)
	w.bond(t, "mandate2", "consulente", second, archive.Intermediario, "", "", archive.Servizi...)
	w.bond(t, "expired", "consulente-scaduto", second, archive.Intermediario, "", "2025-11-29", archive.Servizi...)
	w.bond(t, "sub2", "subdelegato", second, archive.Subdelega, "mandate2", "", archive.ServizioProvvedimenti, archive.ServizioContatori)
}

// document is the body of a company.
func companyDocument(matricola, cf, name, sede string) string {
	return fmt.Sprintf(`{"matricola": %q, "codice_fiscale": %q, "denominazione": %q, "sede": %q, "attiva_dal": "2010-01-01",
		"inquadramenti": [{"dal": "2010-01-01", "settore": "a"}], "dipendenti": [{"dal": "2010-01-01", "media": 40.5}],
		"unita_produttive": [
			{"progressivo": "10", "attiva_dal": "2015-01-01"},
			{"progressivo": "0", "comune": "Bergamo", "attiva_dal": "2010-01-01", "giorni_settimana": [{"dal": "2010-01-01", "giorni": 5}],
				"organico": [{"dal": "2010-01-01", "fasce": [{"ore_settimanali": 40, "lavoratori": 38.5}]}]},
			{"progressivo": "2", "attiva_dal": "2012-01-01"}]}`, matricola, cf, name, sede)
}

func (w *world) company(t testing.TB, matricola, cf, name, sede string) {
	t.Helper()
	reader, err := archive.NewReader(editionOnce().Vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	p, err := reader.Posizione([]byte(companyDocument(matricola, cf, name, sede)), archive.Options{Language: "it", Today: rome.Day(w.clock())})
	if err != nil {
		t.Fatal(err)
	}
	p.RegistratoDa = "archivio"
	if _, _, err := w.store.WritePosizione(t.Context(), p, 0); err != nil {
		t.Fatal(err)
	}
}

// bond binds a person to a matricola from 2020 on, under a parent by name if any.
func (w *world) bond(t testing.TB, name, persona, matricola string, tipo archive.Tipo, parent, until string, servizi ...archive.Servizio) {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	d := archive.Delega{
		ID: id.String(), Tipo: tipo, Matricola: matricola, Delegante: w.people["titolare"].CodiceFiscale,
		Delegato: w.people[persona].CodiceFiscale, Servizi: servizi, CreataDa: "prova", CreataIl: noon.AddDate(-1, 0, 0),
		Validity: archive.Validity{From: calendar.MustParse("2020-01-01")}, Padre: w.bonds[parent],
	}
	if tipo == archive.Subdelega {
		d.Delegante = w.people["consulente"].CodiceFiscale
	}
	if tipo == archive.Titolare {
		d.Delegante, d.Servizi = "01533450266", archive.Servizi
	}
	if until != "" {
		day := calendar.MustParse(until)
		d.To = &day
	}
	if err := w.store.Grant(t.Context(), []archive.Delega{d}); err != nil {
		t.Fatal(err)
	}
	w.bonds[name] = d.ID
}

// token signs a person in, at the instant of the clock.
func (w *world) token(persona string) string {
	w.t.Helper()
	p, ok := w.people[persona]
	if !ok {
		w.t.Fatalf("nobody is called %s", persona)
	}
	text, err := w.dev.Token(identity.Person{
		Subject: "sub-" + persona, CodiceFiscale: p.CodiceFiscale, Nome: strings.TrimSpace(p.Nome + " " + p.Cognome), Ruoli: p.Ruoli, Sede: p.Sede, Livello: 2,
	}, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// as sends a request of a person; "" is anonymous.
func (w *world) as(persona string, r request) *httptest.ResponseRecorder {
	w.t.Helper()
	if persona != "" {
		r = r.with("Authorization", "Bearer "+w.token(persona))
	}
	return w.do(r)
}

// lines are the record of accesses, the oldest first.
func (w *world) lines() []archive.Access {
	w.t.Helper()
	var all []archive.Access
	for after := ""; ; {
		items, more, err := w.store.Accesses(context.Background(), archive.AccessCriteria{}, archive.Page{After: after, Limit: 200})
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, items...)
		if !more {
			break
		}
		after = items[len(items)-1].ID
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

// last is the newest line of the record.
func (w *world) last() archive.Access {
	w.t.Helper()
	all := w.lines()
	if len(all) == 0 {
		w.t.Fatal("nothing is recorded")
	}
	return all[len(all)-1]
}

// spy counts the calls of the archive, and fails those that a test wants to fail.
type spy struct {
	*store.Store
	subjects, records  atomic.Int64
	failRecord, panics atomic.Bool
	failKeep           atomic.Pointer[error]
	beforeKeep         func()
}

func (s *spy) Subject(ctx context.Context, cf, matricola string) (archive.Subject, error) {
	s.subjects.Add(1)
	return s.Store.Subject(ctx, cf, matricola)
}

func (s *spy) Matricole(ctx context.Context, reach archive.Reach, q string, page archive.Page) ([]archive.Listed, bool, error) {
	if s.panics.Load() {
		panic("a defect of the store")
	}
	return s.Store.Matricole(ctx, reach, q, page)
}

func (s *spy) Record(ctx context.Context, lines ...archive.Access) error {
	s.records.Add(int64(len(lines)))
	if s.failRecord.Load() {
		return archive.ErrUnavailable
	}
	return s.Store.Record(ctx, lines...)
}

func (s *spy) KeepAnswer(ctx context.Context, a archive.Answer) error {
	if s.beforeKeep != nil {
		s.beforeKeep()
	}
	if err := s.failKeep.Load(); err != nil {
		return *err
	}
	return s.Store.KeepAnswer(ctx, a)
}

// counted counts the questions to the policies.
type counted struct {
	*policies.Policies
	asked atomic.Int64
}

func (c *counted) Decide(ctx context.Context, q policies.Question) (policies.Verdict, error) {
	c.asked.Add(1)
	return c.Policies.Decide(ctx, q)
}

func (c *counted) Reach(ctx context.Context, q policies.Question) (policies.Reach, policies.Verdict, error) {
	c.asked.Add(1)
	return c.Policies.Reach(ctx, q)
}

func del(path string) request { return request{method: http.MethodDelete, path: path} }

// read decodes a good answer.
func read[T any](t testing.TB, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if w.Code >= 300 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// listing is what the tests read of a list.
type listing struct {
	Items      []map[string]any `json:"items"`
	Limit      int              `json:"limit"`
	NextCursor string           `json:"next_cursor"`
}

// column are the values of one member of each item.
func (p listing) column(name string) (out []string) {
	for _, item := range p.Items {
		out = append(out, fmt.Sprint(item[name]))
	}
	return out
}

// grant is the body of a delegation.
func (w *world) grant(tipo, persona, matricola, more string) string {
	return fmt.Sprintf(`{"tipo": %q, "matricola": %q, "delegato": %q, "servizi": ["contatori"]%s}`, tipo, matricola, w.people[persona].CodiceFiscale, more)
}

// lockedBuffer is a log that several requests write.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }
