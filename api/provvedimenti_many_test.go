package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omnia/api"
	"omnia/archive"
	"omnia/archive/importing"
)

// lines is an NDJSON text of n measures; bad, from 1, can't be read.
func lines(n, bad int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		if i == bad {
			b.WriteString(`{"numero": "rotto", "dal": "2025-02-30"}` + "\n")
			continue
		}
		fmt.Fprintf(&b, `{"numero":"N-%d","matricola":"%s","unita_produttiva":"%d","prestazione":"CIGO","causale":"meteo","esito":"accoglimento","dal":"2025-09-01","al":"2025-09-07","data_emissione":"2025-10-15"}`+"\n", i, ownMatric, i%2)
	}
	return b.String()
}

func report(t *testing.T, body []byte) (r importing.Report) {
	t.Helper()
	decode(t, body, &r)
	return r
}

// stored is how many measures there are.
func (h *house) stored() (n int) {
	h.t.Helper()
	found, err := h.store.Sections(h.t.Context(), archive.Criteria{Matricola: ownMatric})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range found {
		n += x
	}
	return n
}

func TestManyLinesWithOneBad(t *testing.T) {
	t.Parallel()
	h := small(t)
	text := lines(100_000, 45_678)
	w := h.as("archivio", ndjson("/v1/provvedimenti", text))
	want(t, w, http.StatusUnprocessableEntity, "import_refused")
	var p struct {
		Report importing.Report `json:"report"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if r := p.Report; r.Lines != 100_000 || r.Errati != 1 || r.Annullati != 99_999 || r.Creati != 0 || r.Errors[0].Line != 45_678 || r.Errors[0].Numero != "rotto" {
		t.Errorf("report of all or nothing: %+v", r)
	}
	if n := h.stored(); n != 0 {
		t.Fatalf("all or nothing stored %d", n)
	}
	w = h.as("archivio", ndjson("/v1/provvedimenti?blocco=1000", text))
	want(t, w, http.StatusOK, "")
	if r := report(t, w.Body.Bytes()); r.Creati != 99_000 || r.Annullati != 999 || r.Errati != 1 || r.Batches != 100 || r.Refused != 1 {
		t.Errorf("report of batches: %+v", r)
	}
	if n := h.stored(); n != 99_000 {
		t.Errorf("%d stored", n)
	}
	w = h.as("archivio", ndjson("/v1/provvedimenti", lines(100_000, 0)))
	want(t, w, http.StatusOK, "")
	if r := report(t, w.Body.Bytes()); r.Creati != 1000 || r.Invariati != 99_000 || !r.Clean() {
		t.Errorf("report of the corrected text: %+v", r)
	}
}

func TestEachLineIsHeldToItsCompany(t *testing.T) {
	t.Parallel()
	h := small(t)
	text := measure("A-1", nil) + "\n\n" + measure("A-2", with{"matricola": "7999999999"}) + "\n" + measure("A-3", with{"unita_produttiva": "77"}) + "\n" + measure("A-1", with{"causale": "meteo"})
	w := h.as("archivio", ndjson("/v1/provvedimenti?blocco=1", text))
	want(t, w, http.StatusOK, "")
	r := report(t, w.Body.Bytes())
	var got []string
	for _, e := range r.Errors {
		got = append(got, fmt.Sprintf("%d %s %s %s", e.Line, e.Numero, e.Code, e.Pointer))
	}
	if fmt.Sprint(got) != "[3 A-2 unknown_matricola /matricola 4 A-3 unknown_unita_produttiva /unita_produttiva 5 A-1 provvedimento_conflict ]" || r.Creati != 1 {
		t.Errorf("%v in %+v", got, r)
	}
	if w := h.as("archivio", ndjson("/v1/provvedimenti", "\n\n")); w.Code != 200 || report(t, w.Body.Bytes()).Lines != 0 {
		t.Errorf("nothing sent: %d %s", w.Code, w.Body)
	}
	for query, code := range map[string]string{"?blocco=0": "block_out_of_range", "?blocco=10001": "block_out_of_range", "?blocco=tutti": "block_out_of_range", "?blocco=-1": "block_out_of_range", "?x=1": "unknown_parameter"} {
		want(t, h.as("archivio", ndjson("/v1/provvedimenti"+query, text)), http.StatusUnprocessableEntity, "invalid_parameters", code)
	}
	want(t, h.as("archivio", post("/v1/provvedimenti?blocco=1", measure("A-1", nil))), http.StatusUnprocessableEntity, "invalid_parameters", "unknown_parameter")
	want(t, h.as("archivio", post("/v1/provvedimenti", "x").with("Content-Type", "text/plain")), http.StatusUnsupportedMediaType, "unsupported_media_type")
}

// server is the house behind a real connection.
func (h *house) server() string {
	h.t.Helper()
	s := httptest.NewServer(api.New(h.cfg))
	h.t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// half sends the beginning of an NDJSON body, says whether it goes on, and gives the connection.
func (h *house) half(address, query, text string) net.Conn {
	h.t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		h.t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /v1/provvedimenti%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n", query, h.token("archivio"))
	if _, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", len(text), text); err != nil {
		h.t.Fatal(err)
	}
	return conn
}

// eventually waits until a condition holds; a test that waits for ever says where.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 2000 {
		if holds() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("in vain: " + what)
}

// Who is cut off in the middle of a body has stored whole batches, and sends it again.
func TestACallerCutOffLeavesWholeBatches(t *testing.T) {
	t.Parallel()
	h := small(t)
	at := h.server()
	text := lines(5_500, 0)

	conn := h.half(at, "?blocco=1000", text)
	eventually(t, "the whole batches are stored", func() bool { return h.stored() == 5000 })
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	w := h.as("archivio", ndjson("/v1/provvedimenti?blocco=1000", text))
	if r := report(t, w.Body.Bytes()); r.Creati != 500 || r.Invariati != 5000 {
		t.Errorf("sent again: %+v", r)
	}

	other := small(t)
	conn = other.half(other.server(), "", text)
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	w = other.as("archivio", ndjson("/v1/provvedimenti", lines(1, 0))) // it is not kept waiting by the one that was cut
	want(t, w, http.StatusOK, "")
	if n := other.stored(); n != 1 {
		t.Errorf("all or nothing, cut off, left %d", n-1)
	}
}

// A caller that goes silent is told so after a while, and holds up nobody meanwhile.
func TestASilentCallerIsCutOff(t *testing.T) {
	t.Parallel()
	h := small(t, func(c *api.Config) { c.Limits.Time = 300 * time.Millisecond })
	for _, query := range []string{"", "?blocco=10"} {
		conn := h.half(h.server(), query, lines(5, 0)+"{")
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusGatewayTimeout || !bytes.Contains(body, []byte("body_timeout")) {
			t.Errorf("%q: %d %s %v", query, answer.StatusCode, body, err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.stored(); n != 0 {
		t.Errorf("%d stored", n)
	}
}

// A long body that keeps coming may take longer than a request.
func TestALongBodyMayTakeItsTime(t *testing.T) {
	t.Parallel()
	h := small(t, func(c *api.Config) { c.Limits.Time = time.Second })
	conn := h.half(h.server(), "?blocco=1", lines(1, 0))
	for range 12 {
		time.Sleep(100 * time.Millisecond)
		if _, err := fmt.Fprint(conn, "1\r\n\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fmt.Fprint(conn, "0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%d %s %v", answer.StatusCode, body, err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestABodyOverTheBulkLimit(t *testing.T) {
	t.Parallel()
	h := small(t, func(c *api.Config) { c.Limits.Bulk = 20_000 })
	for _, query := range []string{"", "?blocco=5"} {
		conn := h.half(h.server(), query, lines(500, 0))
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%q: %d", query, answer.StatusCode)
		}
		_ = answer.Body.Close()
		_ = conn.Close()
	}
}
