package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"omnia/api"
	"omnia/archive/export"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// noon is the instant at which every test takes place.
var noon = time.Date(2025, 11, 30, 12, 0, 0, 0, time.UTC)

// fake decides what a test wants; without a wish it gives one counter.
type fake struct {
	edition *rulebook.Edition
	unready error // why it can't decide
	decide  func(ctx context.Context, facts *fact.Facts, opt engine.Options) (*engine.Counters, error)
}

func (f *fake) Edition() *rulebook.Edition { return f.edition }

func (f *fake) Ready() error { return f.unready }

func (f *fake) Servable(ctx context.Context, digest string) error {
	_, err := f.At(ctx, digest)
	return err
}

func (f *fake) Renew(context.Context) error { return f.unready }

func (f *fake) At(_ context.Context, digest string) (*engine.Engine, error) {
	return real{engine.New(f.edition)}.At(context.Background(), digest)
}

func (f *fake) Counters(ctx context.Context, ed *rulebook.Edition, facts *fact.Facts, opt engine.Options) (*engine.Counters, error) {
	if f.decide != nil {
		return f.decide(ctx, facts, opt)
	}
	return answer(ed, opt), nil
}

// answer is a decision with one counter, worded by the options it was asked with.
func answer(ed *rulebook.Edition, opt engine.Options) *engine.Counters {
	return &engine.Counters{
		Decision: engine.Header{
			ID: "01939a00-0000-7000-8000-000000000001", Instant: "2025-11-30T12:00:00.000Z",
			Edition: ed.Name, EditionDigest: ed.Digest, FactsDigest: "sha256:00",
		},
		DataRiferimento: opt.Today.String(),
		Items: []engine.Item{{
			ID: "cigo.settimane_biennio", Title: "Settimane nel biennio",
			Law:     []rulebook.Citation{{Act: "D.lgs. 148/2015", Article: "12", Paragraph: "3"}},
			Rule:    engine.RuleRef{ID: "cigo.settimane_biennio", Version: 1, ValidFrom: calendar.Of(2015, 9, 24), Digest: "sha256:01", TextDigest: "sha256:02"},
			Verdict: "admissible", Releases: []engine.Release{}, Periods: []engine.Period{}, Missing: []string{},
			Explanation: []string{string(opt.Explain) + " " + opt.Language},
		}},
		Warnings: []engine.Warning{},
	}
}

func label(s string) fact.Texts { return fact.Texts{"it": s, "en": s + " (en)", "de": s + " (de)"} }

// smallEdition is an edition written by hand: a few facts, and content with holes and several versions.
func smallEdition(t testing.TB) *rulebook.Edition {
	t.Helper()
	vocabulary, defects := fact.NewVocabulary([]fact.GroupSpec{
		{Fields: []fact.FieldSpec{{Name: "data_riferimento", Type: "date", Label: label("Giorno"), Source: "dichiarato"}}},
		{Name: "azienda", Label: label("Azienda"), Fields: []fact.FieldSpec{
			{Name: "matricola", Type: "text", Format: "matricola", MaxLength: 10, Label: label("Matricola"), Source: "archivio"},
			{Name: "dipendenti_semestre", Type: "decimal", Min: "0", Max: "1000000.5", Label: label("Dipendenti"), Source: "uniemens"},
		}},
		{List: "periodi", Row: "periodo", Label: label("Periodi"), MaxLength: 100, Spans: []fact.SpanSpec{{From: "dal", To: "al"}}, Unique: []string{"numero"},
			Fields: []fact.FieldSpec{
				{Name: "numero", Type: "text", Label: label("Numero"), Source: "archivio"},
				{Name: "dal", Type: "date", Label: label("Dal"), Source: "archivio"},
				{Name: "al", Type: "date", Label: label("Al"), Source: "archivio"},
			}},
	})
	if len(defects) > 0 {
		t.Fatal(defects)
	}
	return &rulebook.Edition{
		Name: "2025-11", Digest: "sha256:aa", Vocabulary: vocabulary,
		Items: []rulebook.Item{
			item("counter", "cigo.settimane_biennio", "Settimane nel biennio", 1, "2015-09-24", ""),
			item("exception", "METEO25", "Eventi meteo 2025", 1, "2025-07-01", "2025-12-31"),
			item("parameter", "cigo.limite", "Limite", 1, "2015-09-24", "2019-12-31"),
			item("parameter", "cigo.limite", "Limite", 2, "2021-01-01", "2022-12-31"),
			item("parameter", "doppio", "Doppio", 1, "2020-01-01", ""),
			item("table", "doppio", "Doppio", 1, "2020-01-01", ""),
		},
	}
}

func item(kind, id, title string, version int, from, to string) rulebook.Item {
	v := &rulebook.Version{
		Number: version, From: calendar.MustParse(from), To: calendar.Max, Confidence: rulebook.Confirmed,
		Digest: "sha256:" + id, TextDigest: "sha256:text",
		Law: []rulebook.Citation{{Act: "D.lgs. 148/2015", Article: "12"}},
	}
	if to != "" {
		v.To = calendar.MustParse(to)
	}
	return rulebook.Item{Kind: kind, ID: id, Title: label(title), Version: v, Source: "titolo: " + title + "\n",
		Place: rulebook.Place{File: kind + "s/" + id + ".yaml", Line: 3, Col: 1}}
}

// service is a handler whose every answer is held against the OpenAPI document it serves.
type service struct {
	t       testing.TB
	handler http.Handler
	fake    *fake
	doc     *openapi3.T
	router  routers.Router
}

// newService is a service with the small edition, a still clock and room for any number of requests.
func newService(t testing.TB, change ...func(*api.Config)) *service {
	t.Helper()
	f := &fake{edition: smallEdition(t)}
	cfg := api.Config{Decider: f, Now: func() time.Time { return noon }, Limits: api.Limits{Rate: 1_000_000}}
	for _, c := range change {
		c(&cfg)
	}
	s := &service{t: t, handler: api.New(cfg), fake: f}
	if f, ok := cfg.Decider.(*fake); ok {
		s.fake = f
	}
	s.doc = servedDocument(t, s.handler)
	s.doc.Servers = nil // the tests' host is any
	router, err := gorillamux.NewRouter(s.doc)
	if err != nil {
		t.Fatal(err)
	}
	s.router = router
	return s
}

// registerBodies teaches the validator the media types that it does not know; once for all tests.
var registerBodies = sync.OnceFunc(func() {
	for _, media := range []string{"text/html", "text/yaml", "application/x-ndjson", "text/csv", "text/calendar", export.XLSX.MediaType()} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.PlainBodyDecoder)
	}
})

func servedDocument(t testing.TB, h http.Handler) *openapi3.T {
	t.Helper()
	registerBodies()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatalf("GET /openapi.json: %d, %v", w.Code, err)
	}
	return doc
}

// request is one request of a test.
type request struct {
	method, path, body string
	headers            map[string]string
}

func get(path string) request { return request{method: http.MethodGet, path: path} }

func post(path, body string) request {
	return request{method: http.MethodPost, path: path, body: body, headers: map[string]string{"Content-Type": "application/json"}}
}

func (r request) with(header, value string) request {
	headers := map[string]string{header: value}
	for k, v := range r.headers {
		if k != header {
			headers[k] = v
		}
	}
	r.headers = headers
	return r
}

func (r request) build() *http.Request {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	out := httptest.NewRequest(r.method, r.path, body)
	for k, v := range r.headers {
		out.Header.Set(k, v)
	}
	return out
}

// do sends the request and checks the answer against the document, and what every answer must carry.
func (s *service) do(r request) *httptest.ResponseRecorder {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r.build())
	for _, h := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Correlation-ID", "X-Content-Type-Options", "Content-Security-Policy"} {
		if w.Header().Get(h) == "" {
			s.t.Errorf("%s %s: %d without %s", r.method, r.path, w.Code, h)
		}
	}
	s.conform(r, w)
	if w.Code >= 400 {
		s.checkProblem(r, w)
	}
	return w
}

// conform holds request and response against the document. A request that the service takes must
// be one that the document allows; a response must be one that it announces.
func (s *service) conform(r request, w *httptest.ResponseRecorder) {
	s.t.Helper()
	req := r.build()
	route, params, err := s.router.FindRoute(req)
	if err != nil {
		if w.Code < 400 && r.method != http.MethodHead && r.method != http.MethodOptions {
			s.t.Errorf("%s %s: %d, but the document does not have it: %v", r.method, r.path, w.Code, err)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if err := openapi3filter.ValidateRequest(req.Context(), in); err != nil && w.Code < 400 {
		s.t.Errorf("%s %s: taken, but the document does not allow it: %v", r.method, r.path, err)
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: w.Code, Header: w.Header(),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	out.SetBodyBytes(w.Body.Bytes())
	if err := openapi3filter.ValidateResponse(req.Context(), out); err != nil {
		s.t.Errorf("%s %s: %d is not what the document announces: %v", r.method, r.path, w.Code, err)
	}
}

// checkProblem checks what every error must be: a problem document with a page that explains it.
func (s *service) checkProblem(r request, w *httptest.ResponseRecorder) {
	s.t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		s.t.Errorf("%s %s: %d as %q, want a problem document", r.method, r.path, w.Code, got)
		return
	}
	p := problem(s.t, w)
	if p.Status != w.Code || p.Title == "" || p.Detail == "" || p.CorrelationID != w.Header().Get("X-Correlation-ID") {
		s.t.Errorf("%s %s: problem does not agree with its response %d: %+v", r.method, r.path, w.Code, p)
	}
	for _, code := range append([]string{p.Code}, codes(p)...) {
		page := httptest.NewRecorder()
		s.handler.ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/problems/"+url.PathEscape(code), nil))
		if page.Code != http.StatusOK {
			s.t.Errorf("%s %s: code %s has no page", r.method, r.path, code)
		}
	}
}

func problem(t testing.TB, w *httptest.ResponseRecorder) (p api.Problem) {
	t.Helper()
	decode(t, w.Body.Bytes(), &p)
	return p
}

// codes are those of the errors of a problem, in their order.
func codes(p api.Problem) []string {
	out := make([]string, len(p.Errors))
	for i, e := range p.Errors {
		out[i] = e.Code
	}
	return out
}

// decode reads JSON strictly: a field that the test does not know is a finding.
func decode(t testing.TB, body []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
}

// want checks the status, and for a problem the code and those of its errors.
func want(t testing.TB, w *httptest.ResponseRecorder, status int, code string, errors ...string) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("got %d %s, want %d", w.Code, w.Body, status)
	}
	if code == "" {
		return
	}
	p := problem(t, w)
	if got := codes(p); p.Code != code || !slices.Equal(got, append([]string{}, errors...)) {
		t.Errorf("got %s %v, want %s %v: %s", p.Code, got, code, errors, w.Body)
	}
}

// digest is the SHA-256 of a text as a content security policy writes it.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}
