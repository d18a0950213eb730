package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// onDuty puts an adviser on duty.
func (p *parlour) onDuty(persona, more string) {
	p.t.Helper()
	if _, known := p.people[persona]; !known {
		p.people[persona] = p.people["advisor"]
	}
	p.post2(persona, http.MethodPut, "/v1/chat/presence", `{"available": true`+more+`}`, http.StatusOK)
}

func (p *parlour) sweep() {
	p.t.Helper()
	if err := p.chat.Sweep(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// texts are what a person reads in a conversation.
func (p *parlour) texts(persona, at string) (list []string) {
	p.t.Helper()
	for _, item := range read[listing](p.t, p.as(persona, get(at+"/messages?limit=200"))).Items {
		list = append(list, item["text"].(string))
	}
	return list
}

func (p *parlour) conversation(persona, at string) map[string]any {
	p.t.Helper()
	return read[map[string]any](p.t, p.as(persona, get(at)))
}

// Who waits for longer than the rules say is told once what else they can do, counted from when they may expect an answer:
// when they opened the conversation, or when the service opened.
func TestTheLongestWait(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.at(opening.Add(-time.Hour)) // 14.30 in Rome: closed
	early := p.open("titolare", first, "")
	p.at(opening) // 15.30
	prompt := p.open("consulente", second, "")
	long := func(persona, at string) (n int) {
		for _, text := range p.texts(persona, at) {
			if strings.HasPrefix(text, "L’attesa è più lunga del solito.") {
				n++
			}
		}
		return n
	}
	for _, tt := range []struct {
		after         time.Duration
		early, prompt int
	}{
		{0, 1, 0}, // since 15.00, half an hour
		{14 * time.Minute, 1, 0},
		{16 * time.Minute, 1, 1},
		{30 * time.Minute, 1, 1}, // once
	} {
		p.at(opening.Add(tt.after))
		p.sweep()
		if a, b := long("titolare", early), long("consulente", prompt); a != tt.early || b != tt.prompt {
			t.Errorf("after %v: told %d and %d times, want %d and %d", tt.after, a, b, tt.early, tt.prompt)
		}
	}
	for persona, at := range map[string]string{"titolare": early, "consulente": prompt} {
		if q, ok := p.conversation(persona, at)["queue"].(map[string]any); !ok || q["alternatives"] != true || q["position"] == nil {
			t.Errorf("%s: %v", at, q)
		}
	}
}

// Who waits when the service closes is told when it opens again, once for each opening; and is answered then.
func TestTheServiceClosesOnWhoWaits(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, "")
	closed := func() (list []string) {
		for _, text := range p.texts("titolare", at) {
			if strings.HasPrefix(text, "Il servizio ora è chiuso.") {
				list = append(list, text)
			}
		}
		return list
	}
	p.sweep()
	if got := closed(); len(got) != 0 {
		t.Errorf("while it is open: %q", got)
	}
	evening := time.Date(2025, 12, 1, 17, 0, 0, 0, time.UTC) // 18.00 in Rome
	for i, now := range []time.Time{evening, evening.Add(time.Hour), evening.AddDate(0, 0, 1), evening.AddDate(0, 0, 1).Add(time.Minute)} {
		p.at(now)
		p.sweep()
		if got, want := len(closed()), 1+i/2; got != want {
			t.Errorf("at %v: told %d times, want %d: %q", now, got, want, closed())
		}
	}
	p.at(opening.AddDate(0, 0, 2))
	p.onDuty("advisor", "")
	if k := p.conversation("titolare", at); k["state"] != "assegnata" {
		t.Errorf("not answered when it opened: %v", k)
	}
}

// The adviser who answered somebody last is preferred, as long as they have room.
func TestNobodyFillsTheQueueAlone(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	var all []string
	for range 20 {
		all = append(all, p.open("titolare", first, ""))
	}
	body := fmt.Sprintf(`{"matricola": %q, "topic": "cigo"}`, first)
	want(t, p.as("titolare", post(conversations, body)), http.StatusConflict, "too_many_conversations")
	p.open("consulente", second, "") // another person may
	p.post("titolare", all[7]+"/close", `{"reason": "risolto"}`, http.StatusOK)
	p.open("titolare", first, "")
	want(t, p.as("titolare", post(conversations, body)), http.StatusConflict, "too_many_conversations")
}

func TestTheLastAdviserIsPreferred(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.onDuty("advisor-2", `, "capacity": 1`)
	before := p.open("titolare", first, "")
	p.post("titolare", before+"/close", `{}`, http.StatusOK)
	p.at(opening.Add(time.Second))
	p.onDuty("advisor", "") // idle for longer than advisor-2, who was given something
	p.onDuty("advisor-2", `, "capacity": 1`)
	again := p.open("titolare", first, "")
	if who := p.conversation("titolare", again)["adviser"]; who == nil || who.(map[string]any)["id"] != "sub-advisor-2" {
		t.Errorf("given to %v", who)
	}
	third := p.open("titolare", first, "") // advisor-2 is full
	if who := p.conversation("titolare", third)["adviser"]; who == nil || who.(map[string]any)["id"] != "sub-advisor" {
		t.Errorf("beyond the capacity: given to %v", who)
	}
}

// A transfer to an adviser keeps to their capacity, may change the topic with it, and its note is for that adviser only.
func TestATransferWithANote(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.onDuty("advisor", "")
	at := p.open("titolare", first, "")
	p.people["advisor-2"] = p.people["advisor"]
	want(t, p.as("advisor", post(at+"/transfer", `{"adviser": "sub-advisor-2"}`)), http.StatusConflict, "adviser_absent")
	p.onDuty("advisor-2", `, "capacity": 1`)
	own := p.open("consulente", second, "")
	want(t, p.as("advisor", post(at+"/transfer", `{"adviser": "sub-advisor-2"}`)), http.StatusConflict, "adviser_full")
	p.post("consulente", own+"/close", `{}`, http.StatusOK)
	l := p.listen("titolare", "")
	p.post("advisor", at+"/transfer", `{"adviser": "sub-advisor-2", "topic": "pagamenti", "note": "chiede del conguaglio"}`, http.StatusOK)
	if e := l.until("assigned"); !strings.Contains(e.data, `"topic":"pagamenti"`) || !strings.Contains(e.data, "sub-advisor-2") {
		t.Errorf("the company hears %s", e.data)
	}
	if k := p.conversation("advisor-2", at); k["topic"] != "pagamenti" {
		t.Errorf("transferred: %v", k)
	}
	note := read[listing](t, p.as("advisor-2", get(at+"/messages"))).Items
	if len(note) == 0 || note[0]["text"] != "chiede del conguaglio" || note[0]["author"] != "sub-advisor" || note[0]["author_name"] == nil {
		t.Errorf("who gets it reads %v", note)
	}
	for _, path := range []string{at + "/messages", at + "/transcript", "/v1/chat/messages?q=conguaglio"} {
		if res := p.as("titolare", get(path)); res.Code != http.StatusOK || strings.Contains(res.Body.String(), "conguaglio") {
			t.Errorf("%s tells the company: %s", path, res.Body)
		}
	}
	want(t, p.as("advisor", get(at+"/messages")), http.StatusNotFound, "conversation_not_found")
}

// What belongs to an internal note is for advisers only: its file too, whoever has got hold of its id.
func TestTheFileOfANoteIsForAdvisersOnly(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.onDuty("advisor", "")
	at := p.open("titolare", first, "")
	upload := post(at+"/attachments?name=interno.txt", "solo per noi")
	upload.headers["Content-Type"] = "application/octet-stream"
	file := read[map[string]any](t, p.as("advisor", upload))["id"].(string)
	note := fmt.Sprintf(`{"client_id": %q, "text": "vedi", "note": true, "attachments": [%q]}`, uuid.NewString(), file)
	one := p.post("advisor", at+"/messages", note, http.StatusCreated)
	if two := p.post("advisor", at+"/messages", note, http.StatusOK); one["id"] != two["id"] { // again
		t.Errorf("first %v, again %v", one, two)
	}
	want(t, p.as("titolare", get(at+"/attachments/"+file)), http.StatusNotFound, "message_not_found")
	if res := p.as("advisor", get(at+"/attachments/"+file)); res.Code != http.StatusOK {
		t.Errorf("the adviser: %d %s", res.Code, res.Body)
	}
	// An id under which a note was sent is not free for a message, nor the other way round: one of the two would be lost.
	want(t, p.as("advisor", post(at+"/messages", strings.Replace(note, `"note": true`, `"note": false`, 1))), http.StatusConflict, "client_id_reused")
	message := fmt.Sprintf(`{"client_id": %q, "text": "buongiorno"}`, uuid.NewString())
	p.post("advisor", at+"/messages", message, http.StatusCreated)
	want(t, p.as("advisor", post(at+"/messages", strings.Replace(message, `"buongiorno"`, `"buongiorno", "note": true`, 1))), http.StatusConflict, "client_id_reused")
}

// Consent is in the record of accesses with the notice it was given to, each time; a newer notice is a consent of its own.
func TestConsentIsRecorded(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	at := p.open("titolare", first, `, "consent_notice": "2026-1"`)
	p.post("titolare", at+"/consent", `{"given": true, "notice": "2026-1"}`, http.StatusOK) // nothing new
	p.at(opening.Add(time.Minute))
	if k := p.post("titolare", at+"/consent", `{"given": true, "notice": "2026-2"}`, http.StatusOK); k["consent"].(map[string]any)["notice"] != "2026-2" {
		t.Errorf("the newer notice: %v", k["consent"])
	}
	p.post("titolare", at+"/consent", `{"given": false}`, http.StatusOK)
	p.post("titolare", at+"/consent", `{"given": true, "notice": "2026-3"}`, http.StatusOK)
	k, err := p.chat.Storage.Conversation(t.Context(), strings.TrimPrefix(at, conversations+"/"))
	if err != nil || len(k.Consents) != 2 || k.Consents[0].Notice != "2026-1" || k.Consents[1].Notice != "2026-2" || k.Consents[1].WithdrawnAt == nil {
		t.Errorf("former consents: %+v %v", k.Consents, err)
	}
	var said []string
	for _, l := range p.lines() {
		if _, what, ok := strings.Cut(l.Oggetto, " consenso "); ok {
			said = append(said, what)
		}
	}
	if got := strings.Join(said, "; "); got != "dato sull’informativa 2026-1; dato sull’informativa 2026-1; dato sull’informativa 2026-2; ritirato; dato sull’informativa 2026-3" {
		t.Errorf("the record of accesses says %s", got)
	}
}

func TestAPointerPointsToAField(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.onDuty("advisor", "")
	at := p.open("titolare", first, "")
	for _, field := range []string{"richiesta.al", "richiesta.lavoratori", "richiesta.lavoratori[2]", "richiesta.lavoratori[0].codice_fiscale", "azienda.settore"} {
		p.post("advisor", at+"/pointer", fmt.Sprintf(`{"field": %q}`, field), http.StatusNoContent)
	}
	for _, field := range []string{"", "x", "richiesta", "richiesta.Al", "richiesta.al.x", "richiesta.lavoratori[].codice_fiscale", "richiesta.lavoratori[x]", "richiesta.al[0]", "<script>", "richiesta.lavoratori[0].al"} {
		if res := p.as("advisor", post(at+"/pointer", fmt.Sprintf(`{"field": %q}`, field))); res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), `"/field"`) {
			t.Errorf("%q: %d %s", field, res.Code, res.Body)
		}
	}
	want(t, p.as("titolare", post(at+"/pointer", `{"field": "richiesta.al"}`)), http.StatusForbidden, "not_the_adviser")
}

// A file that is uploaded again under the same key is there once, and so is a pointer.
func TestWhatIsStoredForOthersMayBeSentAgain(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	p.onDuty("advisor", "")
	at := p.open("titolare", first, "")
	upload := post(at+"/attachments?name=a.txt", "testo").with("Content-Type", "application/octet-stream").with("Idempotency-Key", "file-1")
	one, two := p.as("titolare", upload), p.as("titolare", upload)
	if one.Code != http.StatusCreated || two.Code != http.StatusCreated || one.Body.String() != two.Body.String() || two.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("uploaded: %d %s, and again: %d %s", one.Code, one.Body, two.Code, two.Body)
	}
	upload.body = "altro"
	want(t, p.as("titolare", upload), http.StatusUnprocessableEntity, "idempotency_key_reused")
	point := post(at+"/pointer", `{"field": "richiesta.al"}`).with("Idempotency-Key", "campo-1")
	before := p.events("titolare")
	for range 2 {
		if res := p.as("advisor", point); res.Code != http.StatusNoContent {
			t.Errorf("pointed: %d %s", res.Code, res.Body)
		}
	}
	p.post("advisor", at+"/typing", "", http.StatusNoContent) // is heard, and never stored
	if n := p.events("titolare") - before; n != 1 {
		t.Errorf("the company gets %d events", n)
	}
}

// events is how many events are in the box of a person.
func (p *parlour) events(persona string) int64 {
	p.t.Helper()
	box, err := p.chat.Storage.Box(p.t.Context(), "sub-"+persona)
	if err != nil {
		p.t.Fatal(err)
	}
	return box.Last
}

// A supervisor sees how the service stands now, beside the figures of the days.
func TestTheSupervisorSeesTheMoment(t *testing.T) {
	t.Parallel()
	p := newParlour(t)
	moment := func(waiting, longest, onDuty, talking float64) {
		t.Helper()
		now := read[map[string]any](t, p.as("operatore", get("/v1/chat/figures")))["now"].(map[string]any)
		if now["waiting"] != waiting || now["longest_wait_seconds"] != longest || now["advisers_on_duty"] != onDuty || now["conversations"] != talking {
			t.Errorf("%v, want %v %v %v %v", now, waiting, longest, onDuty, talking)
		}
	}
	moment(0, 0, 0, 0)
	p.open("titolare", first, "")
	p.at(opening.Add(2 * time.Minute))
	p.open("consulente", second, "")
	moment(2, 120, 0, 0)
	p.onDuty("advisor", `, "capacity": 1`)
	moment(1, 0, 1, 1)
	p.at(opening.Add(4 * time.Minute))
	moment(1, 120, 0, 1) // silent for two minutes, and not swept yet
}
