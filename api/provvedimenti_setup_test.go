package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omnia/api"
	"omnia/archive"
	"omnia/engine"
	"omnia/fixtures"
	"omnia/identity"
	"omnia/internal/rome"
	"omnia/policies"
	"omnia/store"
)

// ticking is a clock that goes on a millisecond each time it is read, so that no two instants are equal.
type ticking struct {
	mu  sync.Mutex
	now time.Time
}

func (c *ticking) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// set puts the clock forward, or back.
func (c *ticking) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

// engineOnce is the engine of the rules in the binary; loading them takes longer than most tests.
var engineOnce = sync.OnceValue(func() *engine.Engine { return engine.New(editionOnce()) })

// policiesOnce are the policies in the binary.
var policiesOnce = sync.OnceValues(policies.New)

// house is a whole service: the real rules, policies, sign-in and store, on SQLite in a folder of its own.
type house struct {
	*service
	clock *ticking
	store *store.Store
	dev   *identity.Dev
	cfg   api.Config
	demo  *fixtures.Demo

	reader *archive.Reader
}

// newHouse is a house without data.
func newHouse(t testing.TB, change ...func(*api.Config)) *house {
	t.Helper()
	h := &house{clock: &ticking{now: noon}}
	var err error
	if h.store, err = store.Open(t.Context(), "sqlite:"+t.TempDir()+"/omnia.db", store.Options{Now: h.clock.read}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	if err := h.store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.dev, err = identity.OpenDev(t.TempDir(), h.clock.read); err != nil {
		t.Fatal(err)
	}
	verifier, err := identity.NewVerifier(t.Context(), []identity.Issuer{h.dev.Issuer()}, identity.WithClock(h.clock.read))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policiesOnce()
	if err != nil {
		t.Fatal(err)
	}
	if h.reader, err = archive.NewReader(engineOnce().Edition().Vocabulary); err != nil {
		t.Fatal(err)
	}
	h.service = newService(t, append([]func(*api.Config){func(c *api.Config) {
		c.Decider, c.Archive, c.Verifier, c.Policies, c.Development = real{engineOnce()}, h.store, verifier, rules, true
		c.Now = h.clock.read
	}, func(c *api.Config) { h.cfg = *c }}, append(change, func(c *api.Config) { h.cfg = *c })...)...)
	return h
}

// newItaly is a house with the demo data.
func newItaly(t testing.TB, change ...func(*api.Config)) *house {
	t.Helper()
	h := newHouse(t, change...)
	h.demo = fixtures.Italia(time.Date(2025, 11, 30, 0, 0, 0, 0, time.UTC))
	for _, body := range h.demo.Posizioni {
		h.company(body)
	}
	var list []archive.Provvedimento
	for _, body := range h.demo.Provvedimenti {
		list = append(list, *h.read(string(body)))
	}
	h.put(list...)
	h.grant(h.demo.Deleghe...)
	return h
}

func (h *house) options() archive.Options { return archive.Options{Today: rome.Day(noon)} }

func (h *house) company(body []byte) {
	h.t.Helper()
	p, err := h.reader.Posizione(body, h.options())
	if err != nil {
		h.t.Fatalf("%v in %s", err, body)
	}
	if _, _, err := h.store.WritePosizione(h.t.Context(), p, -1); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) read(body string) *archive.Provvedimento {
	h.t.Helper()
	p, err := h.reader.Provvedimento([]byte(body), h.options())
	if err != nil {
		h.t.Fatalf("%v in %s", err, body)
	}
	return p
}

func (h *house) put(list ...archive.Provvedimento) {
	h.t.Helper()
	written, err := h.store.WriteProvvedimenti(h.t.Context(), list, true)
	if err != nil || slices.Contains(written, archive.Conflict) || slices.Contains(written, archive.Gap) {
		h.t.Fatal(written, err)
	}
}

func (h *house) grant(list ...fixtures.Delega) {
	h.t.Helper()
	var all []archive.Delega
	for i := range list {
		g, err := h.reader.LoadedDelega(list[i].Body(), h.options())
		if err != nil {
			h.t.Fatal(err)
		}
		g.ID, g.Padre, g.CreataIl, g.CreataDa = list[i].ID, list[i].Padre, list[i].CreataIl, "test"
		all = append(all, *g)
	}
	if err := h.store.Grant(h.t.Context(), all); err != nil {
		h.t.Fatal(err)
	}
	for i := range list {
		if at := list[i].RevocataIl; at != nil {
			if _, err := h.store.Revoke(h.t.Context(), list[i].ID, "test", *at); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

// as sends a request as one of the demo people.
func (h *house) as(persona string, r request) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.do(r.with("Authorization", "Bearer "+h.token(persona)))
}

func (h *house) token(persona string) string {
	h.t.Helper()
	people := fixtures.People()
	i := slices.IndexFunc(people, func(p fixtures.Person) bool { return p.Persona == persona })
	if i < 0 {
		h.t.Fatalf("there is no demo person %s", persona)
	}
	p := people[i]
	who := identity.Person{Subject: persona, Ruoli: p.Ruoli, Sede: p.Sede}
	if p.CodiceFiscale != "" {
		who = identity.Person{Subject: p.CodiceFiscale, CodiceFiscale: p.CodiceFiscale, Nome: p.Nome + " " + p.Cognome, Ruoli: p.Ruoli, Sede: p.Sede, Livello: 2}
	}
	token, err := h.dev.Token(who, time.Hour)
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// get reads a JSON object, which must be a 200.
func (h *house) get(persona, path string) map[string]any {
	h.t.Helper()
	w := h.as(persona, get(path))
	if w.Code != 200 {
		h.t.Fatalf("GET %s as %s: %d %s", path, persona, w.Code, w.Body)
	}
	return object(h.t, w)
}

func object(t testing.TB, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(w.Body.String()))
	d.UseNumber()
	var out map[string]any
	if err := d.Decode(&out); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return out
}

// items are the objects of a list.
func items(list map[string]any) (out []map[string]any) {
	for _, v := range list["items"].([]any) {
		out = append(out, v.(map[string]any))
	}
	return out
}

// values are one member of each object.
func values(list []map[string]any, name string) (out []string) {
	for _, v := range list {
		out = append(out, fmt.Sprint(v[name]))
	}
	return out
}

// The company of most tests: one unit, the demo titolare, an intermediary.
const (
	ferri     = "0907451236" // the company of the demo titolare
	ownMatric = "7000000001"
)

// small is a house with one company, which the demo titolare owns, and no measures.
func small(t testing.TB, change ...func(*api.Config)) *house {
	t.Helper()
	h := newHouse(t, change...)
	h.company([]byte(`{"matricola":"` + ownMatric + `","codice_fiscale":"01234567897","denominazione":"Prova S.r.l.","sede":"7000","attiva_dal":"2010-01-01",
"inquadramenti":[{"dal":"2010-01-01","settore":"a"}],"dipendenti":[{"dal":"2010-01-01","media":50}],
"unita_produttive":[{"progressivo":"0","attiva_dal":"2010-01-01","giorni_settimana":[{"dal":"2010-01-01","giorni":5}],"organico":[{"dal":"2010-01-01","fasce":[{"ore_settimanali":40,"lavoratori":50}]}]},
 {"progressivo":"1","attiva_dal":"2015-01-01","giorni_settimana":[{"dal":"2015-01-01","giorni":5}]}]}`))
	h.grant(owner(ownMatric))
	return h
}

// owner is the bond of the demo titolare with a matricola.
func owner(matricola string) fixtures.Delega {
	return fixtures.Delega{
		ID: "01900000-0000-7000-8000-0000" + matricola[2:], Tipo: "titolare", Matricola: matricola, Delegante: "01234567897",
		Delegato: "FRRGLI71C52A662L", ValidaDal: "2010-01-01", CreataIl: noon.AddDate(-10, 0, 0),
	}
}

// measure is a body of POST /v1/provvedimenti; change sets or, with nil, removes members.
func measure(numero string, change map[string]any) string {
	body := map[string]any{
		"numero": numero, "matricola": ownMatric, "unita_produttiva": "0", "prestazione": "CIGO", "causale": "mancanza_lavoro",
		"esito": "accoglimento", "dal": "2025-09-01", "al": "2025-09-28", "ore_autorizzate": 400, "data_emissione": "2025-10-15",
		"motivazione": "Sospensione delle attività per mancanza di commesse",
	}
	for name, v := range change {
		if body[name] = v; v == nil {
			delete(body, name)
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

type with = map[string]any

func put(path, body string) request {
	r := post(path, body)
	r.method = "PUT"
	return r
}

func ndjson(path, body string) request {
	return post(path, body).with("Content-Type", "application/x-ndjson")
}
