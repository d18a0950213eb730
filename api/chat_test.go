package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestAConversationFromTheFirstWordToTheRating(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.post2("advisor", http.MethodPut, "/v1/chat/presence", `{"available": true, "topics": ["cigo"]}`, http.StatusOK)
	company, adviser := p.listen("titolare", ""), p.listen("advisor", "")
	at := p.open("titolare", first, `, "unita_produttiva": "0"`)
	if e := company.until("assigned"); !strings.Contains(e.data, "sub-advisor") {
		t.Errorf("assigned: %s", e.data)
	}
	adviser.until("assigned")
	if seq := p.say("titolare", at, "Buongiorno, <b>una</b> domanda"); seq != 1 {
		t.Errorf("the first message has seq %d", seq)
	}
	var m struct {
		Seq                int
		Text, Author       string
		AuthorRole, SentAt string
	}
	for _, l := range []*listener{company, adviser} {
		if err := json.Unmarshal([]byte(l.until("message").data), &m); err != nil || m.Seq != 1 || m.Text != "Buongiorno, <b>una</b> domanda" || m.Author != "sub-titolare" {
			t.Errorf("heard %+v %v", m, err)
		}
	}
	p.say("advisor", at, "Prego")
	p.post("advisor", at+"/messages", fmt.Sprintf(`{"client_id": %q, "text": "sembra in ritardo", "note": true}`, uuid.NewString()), http.StatusCreated)
	adviser.until("note")
	p.post("titolare", at+"/typing", "", http.StatusNoContent)
	adviser.until("typing")
	p.post("titolare", at+"/read", `{"read": 2}`, http.StatusOK)
	adviser.until("read")

	if n := len(read[listing](t, p.as("titolare", get(at+"/messages"))).Items); n != 2 {
		t.Errorf("the company reads %d messages, want 2: a note is not for it", n)
	}
	if n := len(read[listing](t, p.as("advisor", get(at+"/messages"))).Items); n != 3 {
		t.Errorf("the adviser reads %d messages, want 3", n)
	}
	if n := len(read[listing](t, p.as("advisor", get(at+"/messages?after=2"))).Items); n != 1 {
		t.Errorf("after the second the adviser reads %d, want the note", n)
	}
	want(t, p.as("titolare", post(at+"/rating", `{"score": 5}`)), http.StatusConflict, "conversation_not_closed")
	p.post("advisor", at+"/pointer", `{"field": "richiesta.al", "text": "qui"}`, http.StatusNoContent)
	company.until("field")
	p.post("advisor", at+"/close", `{"reason": "risolto"}`, http.StatusOK)
	company.until("closed")
	p.post("titolare", at+"/rating", `{"score": 5, "comment": "grazie"}`, http.StatusOK)
	want(t, p.as("titolare", post(at+"/rating", `{"score": 1}`)), http.StatusConflict, "conversation_rated")
	want(t, p.as("titolare", post(at+"/messages", fmt.Sprintf(`{"client_id": %q, "text": "ancora"}`, uuid.NewString()))), http.StatusConflict, "conversation_closed")

	page := p.as("titolare", get(at+"/transcript").with("Accept", "text/html")).Body.String()
	if !strings.Contains(page, "&lt;b&gt;una&lt;/b&gt;") || strings.Contains(page, "ritardo") {
		t.Errorf("the transcript is not what was said, as text: %s", page)
	}
	if f := read[map[string]any](t, p.as("operatore", get("/v1/chat/figures"))); f["opened"] != 1.0 || f["answered"] != 1.0 || f["closed"] != 1.0 {
		t.Errorf("figures: %v", f)
	}
}

// post2 is post with another method.
func (p *parlour) post2(persona, method, path, body string, status int) map[string]any {
	p.t.Helper()
	r := post(path, body)
	r.method = method
	res := p.as(persona, r)
	if res.Code != status {
		p.t.Fatalf("%s %s by %s: %d, want %d: %s", method, path, persona, res.Code, status, res.Body)
	}
	return read[map[string]any](p.t, res)
}

func TestAMessageSentAgainIsTheSameMessage(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	body := fmt.Sprintf(`{"client_id": %q, "text": "uno"}`, uuid.NewString())
	one := p.post("titolare", at+"/messages", body, http.StatusCreated)
	two := p.post("titolare", at+"/messages", body, http.StatusOK)
	if one["id"] != two["id"] || one["seq"] != two["seq"] {
		t.Errorf("first %v, again %v", one, two)
	}
	want(t, p.as("titolare", post(at+"/messages", strings.Replace(body, "uno", "due", 1))), http.StatusConflict, "client_id_reused")
	for name, wrong := range map[string]string{
		"no id":    `{"text": "x"}`,
		"bad id":   `{"client_id": "x", "text": "x"}`,
		"no text":  fmt.Sprintf(`{"client_id": %q, "text": "  "}`, uuid.NewString()),
		"too long": fmt.Sprintf(`{"client_id": %q, "text": %q}`, uuid.NewString(), strings.Repeat("è", 4001)),
		"a note":   fmt.Sprintf(`{"client_id": %q, "text": "x", "note": true}`, uuid.NewString()),
	} {
		if res := p.as("titolare", post(at+"/messages", wrong)); res.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, res.Code, res.Body)
		}
	}
	if m := p.post("titolare", at+"/messages", fmt.Sprintf(`{"client_id": %q, "text": %q}`, uuid.NewString(), strings.Repeat("è", 4000)), http.StatusCreated); m["seq"] != 2.0 {
		t.Errorf("the longest text: %v", m)
	}
}

func TestAConversationOfOthersIsNotThere(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	absent := conversations + "/" + uuid.NewString()
	for _, persona := range []string{"consulente", "consulente-scaduto", "operatore", "auditor"} {
		for _, path := range []string{"", "/messages", "/transcript"} {
			there, not := p.as(persona, get(at+path)), p.as(persona, get(absent+path))
			if there.Code != http.StatusNotFound || not.Code != http.StatusNotFound || sameProblem(there) != sameProblem(not) {
				t.Errorf("%s %s: %d %s, and of one that is not there %d %s", persona, path, there.Code, there.Body, not.Code, not.Body)
			}
		}
	}
	if res := p.as("advisor", get(at+"/messages")); res.Code != http.StatusNotFound {
		t.Errorf("an adviser who has not taken it reads it: %d", res.Code)
	}
	want(t, p.as("consulente-scaduto", post(conversations, fmt.Sprintf(`{"matricola": %q, "topic": "cigo"}`, second))), http.StatusNotFound, "matricola_not_found")
	want(t, p.as("subdelegato", post(conversations, fmt.Sprintf(`{"matricola": %q, "topic": "cigo"}`, second))), http.StatusForbidden, "service_not_delegated")
	want(t, p.as("titolare", post(at+"/assignment", "")), http.StatusForbidden, "access_denied")
}

// sameProblem is a problem without what is of the one request.
func sameProblem(w *httptest.ResponseRecorder) string {
	var m map[string]any
	if json.Unmarshal(w.Body.Bytes(), &m) != nil {
		return w.Body.String()
	}
	delete(m, "correlation_id")
	b, _ := json.Marshal(m)
	return string(b)
}

func TestAStreamGoesOnFromWhereItWas(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	l := p.listen("titolare", "")
	for i := range 3 {
		p.say("titolare", at, fmt.Sprint("messaggio ", i))
	}
	e := l.until("message")
	l.close()
	p.say("titolare", at, "mentre non c'ero")
	again := p.listen("titolare", e.id)
	for _, text := range []string{"messaggio 1", "messaggio 2", "mentre non c'ero"} {
		if e, ok := again.next(); !ok || e.kind != "message" || !strings.Contains(e.data, text) {
			t.Fatalf("after the first: %+v, want %q", e, text)
		}
	}
	list := read[map[string]any](t, p.as("titolare", get(conversations)))
	p.say("titolare", at, "dopo la lettura")
	fromList := p.listen("titolare", list["events_cursor"].(string))
	if e, _ := fromList.next(); !strings.Contains(e.data, "dopo la lettura") {
		t.Errorf("after the list: %+v", e)
	}
	end := read[map[string]any](t, p.as("titolare", get(conversations)))["events_cursor"].(string)
	mark, number, _ := strings.Cut(e.id, ".")
	for _, forged := range []string{
		"x", "1", mark, mark + ".", mark + ".x", mark + ".-1", mark + ".999999", mark + ".0" + number, mark + ".1", "aaaaaaaaaaaa." + number, "." + number, "é.1",
	} {
		if e, ok := p.listen("titolare", forged).next(); !ok || e.kind != "resync" || e.id != end {
			t.Errorf("id %q: %+v", forged, e)
		}
	}
	if e, _ := p.listen("consulente", e.id).next(); e.kind != "resync" {
		t.Errorf("the id of another's box: %+v", e)
	}
}

func TestNothingIsHeardAfterARevocation(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("consulente", second, "")
	l := p.listen("consulente", "")
	p.say("consulente", at, "prima")
	l.until("message")
	if _, err := p.store.Revoke(t.Context(), p.bonds["mandate2"], "prova", opening); err != nil {
		t.Fatal(err)
	}
	want(t, p.as("consulente", post(at+"/messages", fmt.Sprintf(`{"client_id": %q, "text": "dopo"}`, uuid.NewString()))), http.StatusNotFound, "conversation_not_found")
	id := strings.TrimPrefix(at, conversations+"/")
	if err := p.chat.End(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	events := l.ended()
	if len(events) != 1 || events[0].kind != "resync" || strings.Contains(events[0].data, second) {
		t.Errorf("after the revocation: %v", events)
	}
	var said []string
	for _, line := range p.lines() {
		if line.Oggetto == "flusso degli eventi" {
			said = append(said, line.Matricola+" "+line.Esito)
		}
	}
	if !slices.Equal(said, []string{second + " allow", second + " deny:bond_not_good"}) {
		t.Errorf("the record of accesses says of the stream: %q", said)
	}
	if items := read[listing](t, p.as("consulente", get(conversations))).Items; len(items) != 0 {
		t.Errorf("still listed: %v", items)
	}
	k, err := p.chat.Storage.Conversation(t.Context(), id)
	if err != nil || k.State != "chiusa" || k.CloseReason != "accesso_cessato" {
		t.Errorf("the conversation: %+v %v", k, err)
	}
}

func TestTheCookieIsGoodForTheStreamOnly(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	res := p.as("titolare", post("/v1/session", ""))
	cookies := res.Result().Cookies()
	if res.Code != http.StatusOK || len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("session: %d %v", res.Code, cookies)
	}
	cookie := cookies[0].Name + "=" + cookies[0].Value
	r, err := http.NewRequest(http.MethodGet, p.url+"/v1/chat/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if stream.StatusCode != http.StatusOK {
		t.Errorf("the stream by cookie: %d", stream.StatusCode)
	}
	for _, path := range []string{"/v1/matricole", conversations} {
		if got := p.do(get(path).with("Cookie", cookie)); got.Code != http.StatusUnauthorized {
			t.Errorf("%s by cookie: %d", path, got.Code)
		}
	}
	if got := p.do(post(conversations, `{}`).with("Cookie", cookie)); got.Code != http.StatusUnauthorized {
		t.Errorf("a write by cookie: %d", got.Code)
	}
}

func TestOutOfHours(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	for name, tt := range map[string]struct {
		at   time.Time
		next string
	}{
		"sunday":           {time.Date(2025, 11, 30, 12, 0, 0, 0, time.UTC), "2025-12-01T14:00:00.000000Z"},
		"monday morning":   {time.Date(2025, 12, 1, 8, 0, 0, 0, time.UTC), "2025-12-01T14:00:00.000000Z"},
		"evening":          {time.Date(2025, 12, 1, 17, 0, 0, 0, time.UTC), "2025-12-02T14:00:00.000000Z"},
		"holiday (8 dic.)": {time.Date(2025, 12, 8, 14, 30, 0, 0, time.UTC), "2025-12-09T14:00:00.000000Z"},
		"in summer":        {time.Date(2026, 6, 5, 16, 0, 0, 0, time.UTC), "2026-06-08T13:00:00.000000Z"},
	} {
		p.at(tt.at)
		got := read[map[string]any](t, p.do(get("/v1/chat/availability")))
		if got["open"] != false || got["next_opening"] != tt.next {
			t.Errorf("%s: %v, want %s", name, got, tt.next)
		}
	}
	p.at(noon)
	p.post2("advisor", http.MethodPut, "/v1/chat/presence", `{"available": true}`, http.StatusOK)
	at := p.open("titolare", first, "")
	if k := read[map[string]any](t, p.as("titolare", get(at))); k["state"] != "in_coda" || k["out_of_hours"] != true {
		t.Errorf("given to an adviser while closed: %v", k)
	}
	p.at(opening)
	p.post2("advisor", http.MethodPut, "/v1/chat/presence", `{"available": true}`, http.StatusOK)
	if k := read[map[string]any](t, p.as("titolare", get(at))); k["state"] != "assegnata" {
		t.Errorf("not given when the service opened: %v", k)
	}
}

func TestTheContextCardNeedsConsent(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.post2("advisor", http.MethodPut, "/v1/chat/presence", `{"available": true}`, http.StatusOK)
	at := p.open("titolare", first, `, "unita_produttiva": "0"`)
	want(t, p.as("advisor", get(at+"/context")), http.StatusForbidden, "consent_missing")
	want(t, p.as("advisor", get("/v1/matricole/"+first)), http.StatusNotFound, "matricola_not_found")
	want(t, p.as("titolare", post(at+"/consent", `{"given": true}`)), http.StatusUnprocessableEntity, "invalid_input", "notice_missing")
	p.post("titolare", at+"/consent", `{"given": true, "notice": "2026-1"}`, http.StatusOK)
	card := read[map[string]any](t, p.as("advisor", get(at+"/context")))
	if card["matricola"] != first || len(card["counters"].([]any)) == 0 {
		t.Errorf("the card: %v", card)
	}
	if res := p.as("advisor", get("/v1/matricole/"+first+"/provvedimenti")); res.Code != http.StatusOK {
		t.Errorf("the archive, with consent: %d %s", res.Code, res.Body)
	}
	want(t, p.as("advisor", get("/v1/matricole/"+second)), http.StatusNotFound, "matricola_not_found")
	p.post("titolare", at+"/consent", `{"given": false}`, http.StatusOK)
	want(t, p.as("advisor", get(at+"/context")), http.StatusForbidden, "consent_missing")
	want(t, p.as("advisor", get("/v1/matricole/"+first+"/provvedimenti")), http.StatusNotFound, "matricola_not_found")
}

// The adviser hears that the draft was written on, for as long as the consent stands.
func TestTheAdviserHearsOfTheDraft(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.post2("advisor", http.MethodPut, "/v1/chat/presence", `{"available": true}`, http.StatusOK)
	path, tag := p.world.open("titolare", first, `{}`)
	id := strings.TrimPrefix(path, "/v1/drafts/")
	at := p.open("titolare", first, fmt.Sprintf(`, "draft": %q`, id))
	l := p.listen("advisor", "")
	write := func(step string) {
		t.Helper()
		res := p.as("titolare", put(path, draftBody(first, step, `{}`)).with("If-Match", tag))
		if res.Code != http.StatusOK {
			t.Fatalf("saved: %d %s", res.Code, res.Body)
		}
		tag = res.Header().Get("ETag")
	}
	write("without consent")
	p.post("titolare", at+"/consent", `{"given": true, "notice": "2026-1"}`, http.StatusOK)
	write("with consent")
	write("with consent") // the same again: nothing was changed
	p.post("titolare", at+"/consent", `{"given": false}`, http.StatusOK)
	write("after it")
	p.say("titolare", at, "fine")
	var heard []bool
	for e, ok := l.next(); ok && e.kind != "message"; e, ok = l.next() {
		if e.kind == "context" {
			card := map[string]any{}
			decode(t, []byte(e.data), &card)
			if card["draft"] != id {
				t.Errorf("of another draft: %s", e.data)
			}
			heard = append(heard, card["consent"].(bool))
		}
	}
	if want := []bool{true, true, false}; !slices.Equal(heard, want) { // given, written on, taken back
		t.Errorf("heard %v, want %v", heard, want)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	upload := func(name string, body []byte) *httptest.ResponseRecorder {
		r := post(at+"/attachments?name="+name, string(body))
		r.headers["Content-Type"] = "application/octet-stream"
		return p.as("titolare", r)
	}
	png, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		t.Fatal(err)
	}
	a := upload("foto.png", png)
	if a.Code != http.StatusCreated {
		t.Fatalf("upload: %d %s", a.Code, a.Body)
	}
	id := read[map[string]any](t, a)["id"].(string)
	m := p.post("titolare", at+"/messages", fmt.Sprintf(`{"client_id": %q, "attachments": [%q]}`, uuid.NewString(), id), http.StatusCreated)
	if m["seq"] != 1.0 {
		t.Errorf("sent: %v", m)
	}
	got := p.as("titolare", get(at+"/attachments/"+id))
	if got.Code != http.StatusOK || got.Body.String() != string(png) || !strings.HasPrefix(got.Header().Get("Content-Disposition"), "attachment") ||
		!strings.Contains(got.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("download: %d %v", got.Code, got.Header())
	}
	want(t, upload("pagina.png", []byte("<html><script>alert(1)</script>")), http.StatusUnsupportedMediaType, "file_type_not_allowed")
	want(t, upload("vuoto.txt", nil), http.StatusUnsupportedMediaType, "file_type_not_allowed")
	want(t, upload("grande.txt", []byte(strings.Repeat("a", 3<<20+1))), http.StatusRequestEntityTooLarge, "body_too_large")
	if res := upload("..%2Fpasswd", png); res.Code != http.StatusUnprocessableEntity {
		t.Errorf("a name with a path: %d", res.Code)
	}
	if res := p.as("consulente", get(at+"/attachments/"+id)); res.Code != http.StatusNotFound {
		t.Errorf("another reads it: %d", res.Code)
	}
}

func TestAFloodIsHeldBack(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	for range 60 {
		p.say("titolare", at, "x")
	}
	res := p.as("titolare", post(at+"/messages", fmt.Sprintf(`{"client_id": %q, "text": "x"}`, uuid.NewString())))
	want(t, res, http.StatusTooManyRequests, "chat_rate_limited")
	for i := range 60 { // what is no message has a limit of its own
		p.post("titolare", at+"/consent", fmt.Sprintf(`{"given": %v, "notice": "2026-1"}`, i%2 == 0), http.StatusOK)
	}
	want(t, p.as("titolare", post(at+"/consent", `{"given": false}`)), http.StatusTooManyRequests, "chat_rate_limited")
	if res.Header().Get("Retry-After") == "" {
		t.Error("nobody says how long to wait")
	}
	p.at(opening.Add(time.Minute))
	p.say("titolare", at, "x")
}

func TestFiguresOfNoDaysAreRefused(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	res := p.as("operatore", get("/v1/chat/figures?dal=2025-12-02&al=2025-12-01"))
	want(t, res, http.StatusUnprocessableEntity, "invalid_parameters", "days_in_wrong_order")
	if !strings.Contains(res.Body.String(), `"/query/al"`) {
		t.Errorf("no pointer to what is wrong: %s", res.Body)
	}
	f := read[map[string]any](t, p.as("operatore", get("/v1/chat/figures?al=2024-05-31")))
	if f["from"] != "2024-05-01" || f["to"] != "2024-05-31" {
		t.Errorf("thirty days before the last: %v", f)
	}
}
