package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"omnia/api"
)

// What a hostile or broken client may send. Each must be refused with a problem, quickly, and
// the service must go on.

// live is the service behind a real listener, for what only a connection can show.
func live(t *testing.T, change ...func(*api.Config)) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(newService(t, change...).handler)
	t.Cleanup(server.Close)
	return server
}

func TestABodyOverTheLimitIs413(t *testing.T) {
	t.Parallel()
	server := live(t)
	big := `{"facts": {"periodi": [` + strings.Repeat(" ", 10<<20) + `]}}`
	for _, tt := range []struct {
		name string
		body io.Reader
	}{
		{"with its length declared", strings.NewReader(big)},
		{"in chunks", io.MultiReader(strings.NewReader(big))}, // a reader of unknown length
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, text := roundTrip(t, server, tt.body)
			if status != http.StatusRequestEntityTooLarge || !strings.Contains(text, `"code":"body_too_large"`) {
				t.Errorf("got %d %s", status, text)
			}
		})
	}
}

func TestABodyOfExactlyTheLimitIsRead(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *api.Config) { c.Limits.Body = 64 })
	body := `{"facts": {}}`
	want(t, s.do(post("/v1/counters", body+strings.Repeat(" ", 64-len(body)))), http.StatusOK, "")
	want(t, s.do(post("/v1/counters", body+strings.Repeat(" ", 65-len(body)))), http.StatusRequestEntityTooLarge, "body_too_large")
}

// roundTrip posts over a connection of its own and reads what comes, even when the server stops
// reading before the whole body is sent.
func roundTrip(t *testing.T, server *httptest.Server, body io.Reader) (int, string) {
	t.Helper()
	conn := dial(t, server)
	sent := make(chan error, 1)
	go func() {
		req, err := http.NewRequest(http.MethodPost, server.URL+"/v1/counters", body)
		if err == nil {
			req.Header.Set("Content-Type", "application/json")
			err = req.Write(conn)
		}
		sent <- err
	}()
	status, text := answerOn(t, conn)
	conn.Close()
	<-sent // a broken pipe is fine: the server had seen enough
	return status, text
}

func dial(t *testing.T, server *httptest.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func answerOn(t *testing.T, conn net.Conn) (int, string) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body) // the connection may be cut after the answer
	return res.StatusCode, string(text)
}

func TestASlowBodyIsCutOff(t *testing.T) {
	t.Parallel()
	server := live(t, func(c *api.Config) { c.Limits.Time = 200 * time.Millisecond })
	conn := dial(t, server)
	fmt.Fprintf(conn, "POST /v1/counters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"facts\":")
	start := time.Now()
	status, text := answerOn(t, conn)
	if status != http.StatusGatewayTimeout || !strings.Contains(text, `"code":"body_timeout"`) {
		t.Errorf("got %d %s", status, text)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestABodyThatBreaksOffIsRefused(t *testing.T) {
	t.Parallel()
	conn := dial(t, live(t))
	fmt.Fprintf(conn, "POST /v1/counters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	if status, text := answerOn(t, conn); status != http.StatusBadRequest || !strings.Contains(text, `"code":"body_incomplete"`) {
		t.Errorf("got %d %s", status, text)
	}
}

func TestContentTypesThatAreNotJSON(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct {
		media string
		ok    bool
	}{
		{"application/json", true},
		{"application/json; charset=utf-8", true},
		{"Application/JSON;charset=UTF-8", true},
		{"", false},
		{"text/plain", false},
		{"application/json; charset=iso-8859-1", false},
		{"application/x-www-form-urlencoded", false},
		{"application/jsonx", false},
		{"application/merge-patch+json", false},
		{"application/json, text/plain", false},
		{"application/json; charset=utf-8; charset=utf-16", false},
		{"\x00", false},
	} {
		t.Run(tt.media, func(t *testing.T) {
			t.Parallel()
			w := s.do(post("/v1/counters", oneFact).with("Content-Type", tt.media))
			if tt.ok {
				want(t, w, http.StatusOK, "")
			} else {
				want(t, w, http.StatusUnsupportedMediaType, "unsupported_media_type")
			}
		})
	}
	want(t, s.do(post("/v1/counters", oneFact).with("Content-Encoding", "gzip")), http.StatusUnsupportedMediaType, "unsupported_encoding")
	want(t, s.do(post("/v1/counters", oneFact).with("Content-Encoding", "identity")), http.StatusOK, "")
}

func TestHostileJSON(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, tt := range []struct{ name, body, code string }{
		{"a million brackets", strings.Repeat("[", 1_000_000), "too_deep"},
		{"facts nested without end", `{"facts": {"azienda": ` + strings.Repeat(`{"a":`, 100_000) + `1` + strings.Repeat(`}`, 100_000) + `}}`, "too_deep"},
		{"not UTF-8", "{\"facts\": {\"azienda\": {\"matricola\": \"\xff\xfe\"}}}", "malformed_json"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "malformed_json"},
		{"a lone surrogate", `{"facts": {"azienda": {"matricola": "\ud800"}}}`, "malformed_json"},
		{"a number that is none", `{"facts": {"azienda": {"dipendenti_semestre": NaN}}}`, "malformed_json"},
		{"a key twice, once escaped", `{"facts": {"azienda": {"matricola": "0123456789", "\u006datricola": "0123456789"}}}`, "duplicate_key"},
		{"prototype pollution", `{"facts": {"__proto__": {"x": 1}}}`, "unknown_field"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			w := s.do(post("/v1/counters", tt.body))
			if p := problem(t, w); w.Code != http.StatusBadRequest || p.Code != tt.code {
				t.Errorf("got %d %s, want 400 %s", w.Code, p.Code, tt.code)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			if w.Body.Len() > 1<<20 {
				t.Errorf("%d bytes of answer", w.Body.Len())
			}
		})
	}
}

func TestAHugeNumberIsRefusedQuickly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	w := s.do(post("/v1/counters", `{"facts": {"azienda": {"dipendenti_semestre": `+strings.Repeat("9", 1_000_000)+`}}}`))
	want(t, w, http.StatusUnprocessableEntity, "")
	w = s.do(post("/v1/counters", `{"facts": {"azienda": {"dipendenti_semestre": 1e999999999}}}`))
	want(t, w, http.StatusUnprocessableEntity, "")
}

func TestPathTricksAreNotFound(t *testing.T) {
	t.Parallel()
	server := live(t)
	for _, path := range []string{
		"/v1/rules/", "//v1/rules", "/v1//rules", "/v1/../v1/rules", "/V1/rules", "/v1/rules/../../etc/passwd", "/v1/rules/%2e%2e/%2e%2e/etc/passwd",
		"/v1/rules/a%2Fb%2Fc", "/v1/rules/%00", "/.git/config", "/v1/rules/x/versions/", "/v1/rules;a=b", "/v1/rules%3Fkind=x", "/%", "/v1/rules/\xff",
	} {
		conn := dial(t, server)
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path)
		status, text := answerOn(t, conn)
		if status != http.StatusNotFound && status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", path, status, text)
		}
		if strings.Contains(text, "root:") || strings.Contains(text, "goroutine") {
			t.Errorf("%s: %s", path, text)
		}
	}
}

func TestHostileQueries(t *testing.T) {
	t.Parallel()
	s := newService(t)
	cursor := func(plain string) string { return "/v1/rules?cursor=" + url.QueryEscape(plain) }
	for _, tt := range []struct {
		path   string
		errors []string
	}{
		{"/v1/rules?limit=0", []string{"limit_out_of_range"}},
		{"/v1/rules?limit=201", []string{"limit_out_of_range"}},
		{"/v1/rules?limit=-1", []string{"limit_out_of_range"}},
		{"/v1/rules?limit=1e2", []string{"limit_out_of_range"}},
		{"/v1/rules?limit=99999999999999999999", []string{"limit_out_of_range"}},
		{"/v1/rules?limit=1&limit=2", []string{"repeated_parameter"}},
		{"/v1/rules?sort=title", []string{"value_not_allowed"}},
		{"/v1/rules?kind=Counter", []string{"value_not_allowed"}},
		{cursor("!!!"), []string{"bad_cursor"}},
		{cursor("aWQ"), []string{"bad_cursor"}},
		{cursor("aWQK"), []string{"bad_cursor"}},
		{cursor("LWlkCng="), []string{"bad_cursor"}},
		{cursor("LWlkCng"), []string{"bad_cursor"}}, // of the order -id
		{cursor(strings.Repeat("A", 100_000)), []string{"parameter_too_long"}},
		{"/v1/rules?q=" + strings.Repeat("x", 201), []string{"parameter_too_long"}},
		{"/v1/rules?token=secret", []string{"unknown_parameter"}},
		{"/v1/rules?a;b", []string{"malformed_query"}},
		{"/v1/rules?q=%zz", []string{"malformed_query"}},
		{"/v1/rules/cigo.limite?at=2025-02-29", []string{"not_a_day"}},
		{"/v1/rules/cigo.limite?at=2025-2-1", []string{"not_a_day"}},
		{"/v1/rules/cigo.limite?at=now", []string{"not_a_day"}},
		{"/v1/rules?limit=x&sort=y&z=1", []string{"limit_out_of_range", "value_not_allowed", "unknown_parameter"}},
	} {
		t.Run(tt.path[:min(len(tt.path), 60)], func(t *testing.T) {
			t.Parallel()
			w := s.do(get(tt.path))
			want(t, w, http.StatusUnprocessableEntity, "invalid_parameters", tt.errors...)
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the value came back: %s", w.Body)
			}
		})
	}
}

func TestHugeHeadersDoNotReachAHandler(t *testing.T) {
	t.Parallel()
	conn := dial(t, live(t))
	go func() {
		fmt.Fprintf(conn, "GET /status HTTP/1.1\r\nHost: x\r\nX-Big: %s\r\n\r\n", strings.Repeat("a", 2<<20))
	}()
	if status, _ := answerOn(t, conn); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", status)
	}
}

func FuzzReadCursor(f *testing.F) {
	for _, seed := range []string{"", "aWQKeA", "!!!", "LWlkCng="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		sort, key, ok := api.ReadCursor(cursor)
		if ok && (key == "" || strings.Contains(sort, "\n")) {
			t.Errorf("ReadCursor(%q) = %q, %q", cursor, sort, key)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("en", "application/json", "abc")
	f.Add("de;q=0.5,*;q=0", "*/*;q=0.1", "\x00")
	f.Fuzz(func(t *testing.T, language, accept, correlation string) {
		if l := api.NegotiateLanguage(language); l != "it" && l != "en" && l != "de" {
			t.Errorf("language %q", l)
		}
		if m := api.Preferred([]string{accept}, []string{"application/json"}); m != "" && m != "application/json" {
			t.Errorf("media %q", m)
		}
		if api.ValidCorrelation(correlation) && strings.ContainsAny(correlation, "\r\n \x00\"") {
			t.Errorf("correlation %q", correlation)
		}
	})
}
