package main

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The walk through what came after the archive: forms and drafts, and INFO CIG.

// forms fills in an application: asked what it wants, checked without and with the archive, kept as a draft.
func (w *walk) forms() {
	w.get("", "/v1/forms")
	w.get("", "/v1/forms/cigo")
	facts := `{"azienda":{"settore":"a"},"richiesta":{"dal":"2026-12-07","al":"2026-12-20","causale":"mancanza_lavoro"}}`
	answer := w.object(w.post("", "/v1/validate", `{"form":"cigo","facts":`+facts+`}`, http.StatusOK))
	w.want("an application half written", answer["outcome"], "incomplete")
	matricola := w.own()
	unita := w.items(w.get("titolare", "/v1/matricole/"+matricola+"/unita-produttive"))[0]["progressivo"].(string)
	checked := w.object(w.post("titolare", "/v1/matricole/"+matricola+"/unita-produttive/"+unita+"/validate", `{"form":"cigo","facts":{"richiesta":{"dal":"2026-12-07"}}}`, http.StatusOK))
	if len(checked["prefilled"].([]any)) == 0 {
		w.t.Error("the archive has nothing to say of a unit that it knows")
	}
	draft := fmt.Sprintf(`{"form":"cigo","matricola":%q,"unita_produttiva":%q,"step":"periodo","facts":{"richiesta":{"dal":"2026-12-07"}}}`, matricola, unita)
	opened := w.post("titolare", "/v1/drafts", draft, http.StatusCreated)
	at := opened.header.Get("Location")
	w.want("drafts", len(w.items(w.get("titolare", "/v1/drafts?matricola="+matricola))), "1")
	read := w.get("titolare", at)
	saved := w.ask("titolare", http.MethodPut, at, strings.Replace(draft, "2026-12-07", "2026-12-14", 1), http.StatusOK, "If-Match", read.header.Get("ETag"))
	w.ask("titolare", http.MethodPut, at, draft, http.StatusPreconditionFailed, "If-Match", read.header.Get("ETag"))
	w.want("a check of the draft", w.object(w.post("titolare", at+"/validation", "", http.StatusOK))["outcome"], "incomplete")
	w.get("titolare", at+"/validation")
	w.want("what is sent too early", w.object(w.post("titolare", at+"/submission", "", http.StatusOK, "If-Match", saved.header.Get("ETag")))["outcome"], "incomplete")
	w.ask("titolare", http.MethodDelete, at, "", http.StatusNoContent, "If-Match", saved.header.Get("ETag"))
}

// decisions looks at what was decided: searched, read, decided again, proved, compared, erased, held; and at the log.
func (w *walk) decisions() {
	matricola := w.own()
	unita := w.items(w.get("titolare", "/v1/matricole/"+matricola+"/unita-produttive"))[0]["progressivo"].(string)
	for range 2 {
		w.get("titolare", "/v1/matricole/"+matricola+"/unita-produttive/"+unita+"/counters")
	}
	list := w.items(w.get("auditor", "/v1/decisions?matricola="+matricola+"&kind=counters"))
	if len(list) < 2 {
		w.t.Fatalf("%d decisions on %s", len(list), matricola)
	}
	one, two := "/v1/decisions/"+fmt.Sprint(list[0]["id"]), fmt.Sprint(list[1]["id"])
	read := w.object(w.get("auditor", one))
	if len(read["rules"].([]any)) == 0 {
		w.t.Error("a decision says no rule")
	}
	w.want("decided again", w.object(w.post("auditor", one+"/replay", "", http.StatusOK))["identical"], "true")
	w.get("auditor", one+"/proof")
	w.get("auditor", one+"/evidence")
	w.get("auditor", one+"/comparison?with="+two)
	w.get("auditor", one+"/correction?provvedimento="+w.measureOf(read))
	hold := w.object(w.post("auditor", "/v1/legal-holds", fmt.Sprintf(`{"matricola":%q,"reason":"contenzioso"}`, matricola), http.StatusCreated))
	w.want("legal holds", len(w.items(w.get("auditor", "/v1/legal-holds"))), "1")
	w.ask("auditor", http.MethodDelete, "/v1/legal-holds/"+fmt.Sprint(hold["id"]), "", http.StatusNoContent)
	head := w.get("", "/v1/ledger/checkpoint")
	size := strings.Split(head.body, "\n")[1]
	w.get("", "/v1/ledger/keys")
	w.get("", "/v1/ledger/consistency?from=1&to="+size)
	w.get("", "/v1/ledger/tiles/0/0?width=1")
	matricola = fmt.Sprint(w.items(w.get("operatore", "/v1/matricole"))[0]["matricola"])
	unita = w.items(w.get("operatore", "/v1/matricole/"+matricola+"/unita-produttive"))[0]["progressivo"].(string)
	w.get("operatore", "/v1/matricole/"+matricola+"/unita-produttive/"+unita+"/counters")
	one = "/v1/decisions/" + fmt.Sprint(w.items(w.get("operatore", "/v1/decisions?matricola="+matricola))[0]["id"])
	w.post("operatore", one+"/erasure", `{"reason":"richiesta dell'interessato"}`, http.StatusOK)
	w.want("what was erased", caller{w.server.url, w.tokens["auditor"]}.ask(http.MethodPost, one+"/replay", "").status, "409")
	// Nobody countersigns here: what is no checkpoint is refused.
	w.ask("", http.MethodPost, "/v1/ledger/cosignatures", "x", http.StatusUnprocessableEntity, "Content-Type", "text/plain")
	w.called["POST /v1/ledger/cosignatures"] = true
}

// measureOf is the number of a measure that a decision rested on.
func (w *walk) measureOf(decision map[string]any) string {
	w.t.Helper()
	facts, _ := decision["facts"].(map[string]any)
	periods, _ := facts["periodi"].([]any)
	if len(periods) == 0 {
		w.t.Fatal("the decision rests on no measure")
	}
	return fmt.Sprint(periods[0].(map[string]any)["numero"])
}

// chat holds a conversation: whatever the hour, it is taken by hand.
func (w *walk) chat() {
	const base = "/v1/chat/conversations"
	w.get("", "/v1/chat/availability")
	w.post("titolare", "/v1/session", "", http.StatusOK)
	w.ask("titolare", http.MethodDelete, "/v1/session", "", http.StatusNoContent)
	matricola := w.own()
	at := base + "/" + fmt.Sprint(w.object(w.post("titolare", base, fmt.Sprintf(`{"matricola":%q,"topic":"cigo","consent_notice":"2026-1"}`, matricola), http.StatusCreated))["id"])
	begun := w.cursor("titolare")
	said := w.object(w.post("titolare", at+"/messages", message("Buongiorno"), http.StatusCreated))
	w.ask("advisor", http.MethodPut, "/v1/chat/presence", `{"available":true}`, http.StatusOK)
	w.get("advisor", "/v1/chat/queue")
	w.get("advisor", "/v1/chat/replies")
	w.post("advisor", at+"/assignment", "", http.StatusOK)
	w.want("the case that the adviser sees", w.object(w.get("advisor", at+"/context"))["matricola"], matricola)
	w.want("messages", len(w.items(w.get("advisor", at+"/messages"))) > 0, "true")
	w.post("advisor", at+"/messages", message("Salve"), http.StatusCreated)
	w.post("advisor", at+"/typing", "", http.StatusNoContent)
	w.post("advisor", at+"/pointer", `{"field":"richiesta.al"}`, http.StatusNoContent)
	w.post("titolare", at+"/read", `{"read":2}`, http.StatusOK)
	file := w.object(w.post("titolare", at+"/attachments?name=nota.txt", "un testo", http.StatusCreated, "Content-Type", "application/octet-stream"))
	w.get("titolare", at+"/attachments/"+fmt.Sprint(file["id"]))
	w.want("found", len(w.items(w.get("titolare", "/v1/chat/messages?q=buongiorno"))), "1")
	w.get("titolare", base)
	w.get("titolare", at)
	w.hears("titolare", begun, "Salve")
	w.post("titolare", at+"/messages/"+fmt.Sprint(said["id"])+"/redaction", `{"reason":"prova"}`, http.StatusOK)
	w.post("titolare", at+"/consent", `{"given":false}`, http.StatusOK)
	w.post("advisor", at+"/transfer", `{"topic":"cigs","note":"da cigs"}`, http.StatusOK)
	w.post("titolare", at+"/close", `{"reason":"risolto"}`, http.StatusOK)
	w.post("titolare", at+"/rating", `{"score":5}`, http.StatusOK)
	w.get("titolare", at+"/transcript")
	w.get("operatore", "/v1/chat/figures")
	w.ask("advisor", http.MethodPut, "/v1/chat/presence", `{"available":false}`, http.StatusOK)
}

// own is the first company of the titolare.
func (w *walk) own() string {
	w.t.Helper()
	return fmt.Sprint(w.items(w.get("titolare", "/v1/matricole"))[0]["matricola"])
}

func message(text string) string {
	return fmt.Sprintf(`{"client_id":%q,"text":%q}`, uuid.NewString(), text)
}

// cursor is where the stream of a person ends now.
func (w *walk) cursor(persona string) string {
	w.t.Helper()
	return decoded[struct {
		Cursor string `json:"events_cursor"`
	}](w.t, w.get(persona, "/v1/chat/conversations")).Cursor
}

// hears reads the stream of a person from a place on, until it says that.
func (w *walk) hears(persona, cursor, text string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.url+"/v1/chat/events?last_event_id="+cursor, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.tokens[persona])
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close() // the stream has no end of its own
	timer := time.AfterFunc(20*time.Second, func() { _ = res.Body.Close() })
	defer timer.Stop()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), text) {
			w.called["GET /v1/chat/events"] = true
			return
		}
	}
	w.t.Errorf("the stream never says %q", text)
}
