package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"omnia/api"
	"omnia/engine"
	"omnia/engine/fact"
)

func TestTheCorrelationIDComesBackOrIsMade(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct {
		name, sent string
		kept       bool
	}{
		{"a UUID", "7b1c9c4e-3f57-4f0f-9d0b-1c7f3b1d2a90", true},
		{"none", "", false},
		{"with a blank", "a b", false},
		{"with markup", "<script>", false},
		{"not ASCII", "è", false},
		{"too long", strings.Repeat("a", 129), false},
		{"as long as may be", strings.Repeat("a", 128), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/status", nil)
			r.Header.Set("X-Correlation-ID", tt.sent)
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			got := w.Header().Get("X-Correlation-ID")
			if (got == tt.sent) != tt.kept || !api.ValidCorrelation(got) {
				t.Errorf("sent %q, got %q", tt.sent, got)
			}
		})
	}
}

func TestOverTheRateIs429UntilTimePasses(t *testing.T) {
	t.Parallel()
	now := noon
	s := newService(t, func(c *api.Config) { c.Limits.Rate = 3; c.Now = func() time.Time { return now } })
	now = now.Add(time.Minute) // reading the document took one
	for left := 2; left >= 0; left-- {
		w := s.do(get("/v1/editions"))
		want(t, w, http.StatusOK, "")
		if got := w.Header().Get("X-RateLimit-Remaining"); got != strconv.Itoa(left) {
			t.Errorf("remaining %s, want %d", got, left)
		}
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/editions", nil))
	want(t, w, http.StatusTooManyRequests, "rate_limited")
	for header, wanted := range map[string]string{"Retry-After": "1", "X-RateLimit-Limit": "3", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"} {
		if got := w.Header().Get(header); got != wanted {
			t.Errorf("%s is %q, want %q", header, got, wanted)
		}
	}
	other := httptest.NewRequest(http.MethodGet, "/v1/editions", nil)
	other.RemoteAddr = "198.51.100.7:1234"
	w = httptest.NewRecorder()
	s.handler.ServeHTTP(w, other)
	want(t, w, http.StatusOK, "")
	now = now.Add(time.Second)
	want(t, s.do(get("/v1/editions")), http.StatusOK, "")
}

func TestThePrincipalOfIPv6IsItsNetwork(t *testing.T) {
	t.Parallel()
	for address, wanted := range map[string]string{
		"192.0.2.1": "192.0.2.1", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "2001:db8:1:2:ffff::1": "2001:db8:1:2::/64",
		"::ffff:192.0.2.1": "::ffff:192.0.2.1", "fe80::1%eth0": "fe80::/64", "": "",
	} {
		if got := api.Principal(address); got != wanted {
			t.Errorf("Principal(%q) = %q, want %q", address, got, wanted)
		}
	}
}

func TestTheLimiterForgetsRatherThanGrows(t *testing.T) {
	t.Parallel()
	l := api.NewLimiter(200)
	for i := range 3*api.MaxBuckets + 7 {
		l.Take(strconv.Itoa(i), noon)
	}
	if n := l.Buckets(); n > 2*api.MaxBuckets {
		t.Errorf("%d buckets", n)
	}
}

func TestForwardedAddressesAreBelievedOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		trusted []string
		want    string
	}{
		{"no proxy is trusted", nil, "192.0.2.1"},
		{"the proxy is trusted", []string{"192.0.2.0/24"}, "203.0.113.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			s := newService(t, func(c *api.Config) {
				c.TrustedProxies = tt.trusted
				c.Log = slog.New(slog.NewJSONHandler(&log, nil))
			})
			log.Reset()
			s.do(get("/v1/editions").with("X-Forwarded-For", "203.0.113.9"))
			if r := record(t, &log); r["client_ip"] != tt.want {
				t.Errorf("client_ip %v, want %s", r["client_ip"], tt.want)
			}
		})
	}
}

func TestTooManyInFlightAre503ButWatchersGetIn(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *api.Config) { c.Limits.InFlight = 1 })
	entered, release := make(chan bool), make(chan bool)
	s.fake.decide = func(_ context.Context, _ *fact.Facts, o engine.Options) (*engine.Counters, error) {
		entered <- true
		<-release
		return answer(s.fake.edition, o), nil
	}
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, post("/v1/counters", oneFact).build())
		done <- w.Code
	}()
	<-entered
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, get("/v1/editions").build())
	want(t, w, http.StatusServiceUnavailable, "overloaded")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	for _, path := range []string{"/status", "/metrics"} {
		want(t, s.do(get(path)), http.StatusOK, "")
	}
	close(release)
	if code := <-done; code != http.StatusOK {
		t.Errorf("the request in flight ended with %d", code)
	}
	want(t, s.do(get("/v1/editions")), http.StatusOK, "")
}

func TestStatusTurns503WhileDraining(t *testing.T) {
	t.Parallel()
	draining := false
	s := newService(t, func(c *api.Config) { c.Draining = func() bool { return draining } })
	w := s.do(get("/status"))
	want(t, w, http.StatusOK, "")
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	draining = true
	w = s.do(get("/status"))
	want(t, w, http.StatusServiceUnavailable, "stopping")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	want(t, s.do(get("/v1/editions")), http.StatusOK, "")
}

// record is the last line of a log.
func record(t *testing.T, log *bytes.Buffer) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	var r map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
		t.Fatalf("%v in %q", err, log)
	}
	return r
}

func TestOneRecordPerRequestWithoutPersonalData(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newService(t, func(c *api.Config) {
		c.Log = slog.New(slog.NewJSONHandler(&log, nil))
		c.PublicURL = "https://omnia.example.it"
	})
	log.Reset()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, post("/v1/counters?explain=short", `{"facts": {"azienda": {"matricola": "0123456789"}}}`).with("X-Correlation-ID", "abc").build())
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Fatalf("%d records: %s", n, &log)
	}
	r := record(t, &log)
	for field, wanted := range map[string]any{
		"msg": "request", "level": "INFO", "provider": "https://omnia.example.it", "operation": "/v1/counters", "method": "POST", "status": 200.0,
		"outcome": "ok", "client_ip": "192.0.2.1", "consumer": "anonymous", "correlation_id": "abc", "bytes": float64(w.Body.Len()),
	} {
		if r[field] != wanted {
			t.Errorf("%s is %v, want %v", field, r[field], wanted)
		}
	}
	for _, text := range []string{"0123456789", "short"} {
		if strings.Contains(log.String(), text) {
			t.Errorf("the log has %q: %s", text, &log)
		}
	}
}

func TestAFailureIsLoggedWithItsCause(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := newService(t, func(c *api.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	s.fake.decide = func(context.Context, *fact.Facts, engine.Options) (*engine.Counters, error) { panic("the cause") }
	log.Reset()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, post("/v1/counters", oneFact).build())
	if text := log.String(); !strings.Contains(text, "the cause") || !strings.Contains(text, "counters_test.go") && !strings.Contains(text, "middleware_test.go") {
		t.Errorf("the log lacks the cause or the stack: %s", text)
	}
	if r := record(t, &log); r["outcome"] != "failed" || r["status"] != 500.0 {
		t.Errorf("got %v", r)
	}
}

func TestMetricsTellRoutesVerdictsAndEdition(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.do(post("/v1/counters", oneFact))
	s.do(get("/v1/rules/cigo.limite?at=2022-01-01"))
	s.do(get("/v1/elsewhere/0123456789"))
	w := s.do(get("/metrics"))
	want(t, w, http.StatusOK, "")
	for _, line := range []string{
		`omnia_counter_verdicts_total{counter="cigo.settimane_biennio",verdict="admissible"} 1`,
		`omnia_edition_info{digest="sha256:aa",edition="2025-11"} 1`,
		`omnia_http_request_duration_seconds_count{method="GET",route="/v1/rules/:id",status="200"} 1`,
		`omnia_http_request_duration_seconds_count{method="GET",route="unmatched",status="404"} 1`,
		`omnia_http_requests_in_flight 1`,
	} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if strings.Contains(w.Body.String(), "0123456789") {
		t.Error("a path got into a label")
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodPut, "/v1/counters", 405, "POST, GET, HEAD, OPTIONS"},
		{http.MethodHead, "/v1/counters", 503, ""},
		{http.MethodDelete, "/v1/rules/x", 405, "GET, HEAD, OPTIONS"},
		{"BREW", "/status", 405, "GET, HEAD, OPTIONS"},
		{http.MethodOptions, "/v1/rules", 204, "GET, HEAD, OPTIONS"},
		{http.MethodOptions, "/v1/counters", 204, "POST, GET, HEAD, OPTIONS"},
		{http.MethodOptions, "/nowhere", 404, ""},
		{http.MethodHead, "/v1/rules", 200, ""},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			w := s.do(request{method: tt.method, path: tt.path})
			want(t, w, tt.status, "")
			if got := w.Header().Get("Allow"); got != tt.allow {
				t.Errorf("Allow %q, want %q", got, tt.allow)
			}
		})
	}
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	t.Parallel()
	s := newService(t)
	server := httptest.NewServer(s.handler)
	defer server.Close()
	res, err := http.Head(server.URL + "/v1/rules")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	whole := s.do(get("/v1/rules"))
	if res.StatusCode != 200 || res.ContentLength != int64(whole.Body.Len()) {
		t.Errorf("%d, %d bytes announced, GET has %d", res.StatusCode, res.ContentLength, whole.Body.Len())
	}
}

func TestTheLandingPageNamesEachRoute(t *testing.T) {
	t.Parallel()
	s := newService(t)
	w := s.do(get("/"))
	want(t, w, http.StatusOK, "")
	for _, r := range api.Routes(api.Config{Decider: s.fake}) {
		method, path, _ := strings.Cut(r, " ")
		if !strings.Contains(w.Body.String(), "<td>"+method+"</td>") || !strings.Contains(w.Body.String(), "<code>"+path+"</code>") {
			t.Errorf("the page lacks %s", r)
		}
	}
	for _, bad := range []string{"<script", "http://", "https://", "style="} {
		if strings.Contains(w.Body.String(), bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	want(t, s.do(get("/").with("Accept", "application/json")), http.StatusNotAcceptable, "not_acceptable")
}

func TestThePolicyAllowsTheStyleOfThePageByItsDigest(t *testing.T) {
	t.Parallel()
	w := newService(t).do(get("/"))
	_, rest, _ := strings.Cut(w.Body.String(), "<style>")
	style, _, found := strings.Cut(rest, "</style>")
	if !found || !strings.Contains(w.Header().Get("Content-Security-Policy"), "'sha256-"+digest(style)+"'") {
		t.Errorf("policy %s does not allow the style %q", w.Header().Get("Content-Security-Policy"), style)
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for header, wanted := range map[string]string{
		"": "it", "en": "en", "de-CH": "de", "fr": "it", "fr, en;q=0.1": "en", "en;q=0, de;q=0.2": "de", "*": "it",
		"it;q=0.1, en;q=0.2": "en", ";;;": "it", "en;q=abc": "it", strings.Repeat("en,", 300): "it", "EN-us": "en", "xx-invalid-subtag-!!": "it",
	} {
		if got := api.NegotiateLanguage(header); got != wanted {
			t.Errorf("%q: %s, want %s", header, got, wanted)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	both := []string{"text/html", "application/json"}
	for _, tt := range []struct {
		accept  []string
		offered []string
		want    string
	}{
		{nil, both, "text/html"},
		{[]string{""}, both, "text/html"},
		{[]string{"*/*"}, both, "text/html"},
		{[]string{"application/*"}, both, "application/json"},
		{[]string{"text/html;q=0.1", "application/json"}, both, "application/json"},
		{[]string{"text/html;q=0, */*"}, both, "application/json"},
		{[]string{"application/json;q=0, */*;q=0"}, both, ""},
		{[]string{"image/png"}, both, ""},
		{[]string{"application/json;q=nan"}, both, ""},
		{[]string{"broken;;;=, application/json"}, both, "application/json"},
	} {
		if got := api.Preferred(tt.accept, tt.offered); got != tt.want {
			t.Errorf("%q of %v: %q, want %q", tt.accept, tt.offered, got, tt.want)
		}
	}
	if !slices.Equal(both, []string{"text/html", "application/json"}) {
		t.Error("the offer was changed")
	}
}
