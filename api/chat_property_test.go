package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"omnia/api"
	"omnia/chat"
)

// pane is what a client of one person holds: it was read once, and after that only events have changed it.
type pane struct {
	p             *parlour
	persona       string
	adviser       bool
	cursor        int64
	conversations map[string]map[string]any
	messages      map[string]map[string]map[string]any // by conversation and id
}

func (p *parlour) pane(persona string) *pane {
	p.t.Helper()
	c := &pane{p: p, persona: persona, adviser: strings.HasPrefix(persona, "advisor")}
	c.conversations, c.messages = map[string]map[string]any{}, map[string]map[string]map[string]any{}
	var epoch string
	for next := ""; ; {
		page := read[map[string]any](p.t, p.as(persona, get(conversations+"?limit=200"+next)))
		if next == "" { // what happens while the pages are read comes again as events
			if _, err := fmt.Sscanf(strings.Replace(page["events_cursor"].(string), ".", " ", 1), "%s %d", &epoch, &c.cursor); err != nil {
				p.t.Fatal(err)
			}
		}
		for _, item := range page["items"].([]any) {
			c.fetch(item.(map[string]any)["id"].(string))
		}
		cursor, more := page["next_cursor"].(string)
		if !more {
			return c
		}
		next = "&cursor=" + cursor
	}
}

// fetch reads a conversation, as a client does of which it has never heard; one that it may not have is not held.
func (c *pane) fetch(id string) {
	delete(c.conversations, id)
	delete(c.messages, id)
	at := conversations + "/" + id
	res := c.p.as(c.persona, get(at))
	if res.Code != http.StatusOK {
		return
	}
	k := read[map[string]any](c.p.t, res)
	if c.adviser && (k["adviser"] == nil || k["adviser"].(map[string]any)["id"] != c.me()) {
		return
	}
	marks := map[string]any{}
	if list, ok := k["marks"].([]any); ok {
		for _, m := range list {
			marks[m.(map[string]any)["persona"].(string)] = m
		}
	}
	k["marks"] = marks
	if place, waits := k["queue"].(map[string]any); waits {
		delete(place, "estimated_wait") // a forecast of the moment in which it is read
	}
	c.conversations[id], c.messages[id] = k, map[string]map[string]any{}
	for next := ""; ; {
		page := read[map[string]any](c.p.t, c.p.as(c.persona, get(at+"/messages?limit=200"+next)))
		for _, item := range page["items"].([]any) {
			m := item.(map[string]any)
			c.messages[id][m["id"].(string)] = m
		}
		cursor, more := page["next_cursor"].(string)
		if !more {
			return
		}
		next = "&cursor=" + cursor
	}
}

func (c *pane) me() string { return "sub-" + c.persona }

// follow takes the events of the box that it has not had yet.
func (c *pane) follow() {
	events, err := c.p.chat.Storage.Events(c.p.t.Context(), c.me(), c.cursor, 10_000)
	if err != nil {
		c.p.t.Fatal(err)
	}
	for _, e := range events {
		c.cursor = e.N
		var data map[string]any
		if err := json.Unmarshal(e.Data, &data); err != nil {
			c.p.t.Fatalf("%s: %v", e.Data, err)
		}
		c.apply(e.Type, e.Conversation, data)
	}
}

func (c *pane) apply(kind, id string, data map[string]any) {
	k := c.conversations[id]
	if k == nil || kind == chat.EventAssigned && data["adviser"] == c.me() {
		c.fetch(id)
		if k = c.conversations[id]; k == nil {
			return
		}
	}
	switch kind {
	case chat.EventMessage, chat.EventNotice, chat.EventNote:
		c.messages[id][data["id"].(string)] = data
		if seq, counts := data["seq"].(float64); counts && kind == chat.EventMessage {
			k["last_seq"] = max(k["last_seq"].(float64), seq)
			c.mark(k, data["author"].(string), seq, seq) // one has read what one wrote
		}
	case chat.EventRedacted:
		c.messages[id][data["id"].(string)] = data
	case chat.EventRead:
		c.mark(k, data["persona"].(string), data["delivered"].(float64), data["read"].(float64))
	case chat.EventQueue:
		if c.adviser {
			delete(c.conversations, id)
			delete(c.messages, id)
			return
		}
		k["state"], k["topic"], k["queue"] = "in_coda", data["topic"], without(without(without(data, "conversation"), "topic"), "estimated_wait")
		delete(k, "adviser")
		delete(k, "assigned_at")
	case chat.EventAssigned:
		if c.adviser && data["adviser"] != c.me() {
			delete(c.conversations, id)
			delete(c.messages, id)
			return
		}
		who := map[string]any{"id": data["adviser"]}
		if name, named := data["adviser_name"]; named {
			who["name"] = name
		}
		delete(k, "queue")
		k["state"], k["topic"], k["adviser"], k["assigned_at"] = "assegnata", data["topic"], who, data["assigned_at"]
	case chat.EventClosed:
		delete(k, "queue")
		k["state"], k["closed_at"] = "chiusa", data["closed_at"]
		if data["reason"] != "" {
			k["close_reason"] = data["reason"]
		}
	case chat.EventRated:
		k["rating"] = without(data, "conversation")
	case chat.EventContext:
		k["consent"] = map[string]any{"given": data["consent"], "notice": data["notice"], "at": data["at"]}
	}
}

func without(m map[string]any, name string) map[string]any {
	m = maps.Clone(m)
	delete(m, name)
	return m
}

// mark only grows.
func (c *pane) mark(k map[string]any, persona string, delivered, seen float64) {
	marks := k["marks"].(map[string]any)
	if old, ok := marks[persona].(map[string]any); ok {
		delivered, seen = max(delivered, old["delivered"].(float64)), max(seen, old["read"].(float64))
	}
	marks[persona] = map[string]any{"persona": persona, "delivered": delivered, "read": seen}
}

// actor does one thing, whether it is allowed or not: only what comes of it matters.
type actor struct {
	p     *parlour
	rooms []string // paths
	now   time.Time
	sent  map[string][]string // ids of messages by room
}

func (a *actor) room(t *rapid.T) string {
	if len(a.rooms) == 0 {
		return conversations + "/" + uuid.NewString()
	}
	return rapid.SampledFrom(a.rooms).Draw(t, "room")
}

// forget ends and deletes everything, so that the next sequence begins without it.
func (a *actor) forget(t *rapid.T) {
	ctx, later := a.p.t.Context(), a.now.Add(time.Hour)
	for _, room := range a.rooms {
		if err := a.p.chat.End(ctx, strings.TrimPrefix(room, conversations+"/")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.p.chat.Storage.Purge(ctx, later, 1_000_000); err != nil {
		t.Fatal(err)
	}
	if list, err := a.p.chat.Storage.Forget(ctx, later, later, 1_000); err != nil || len(list) != len(a.rooms) {
		t.Fatalf("%d of %d conversations are forgotten: %v", len(list), len(a.rooms), err)
	}
}

var (
	chatPeople   = []string{"titolare", "consulente", "advisor", "advisor-2"}
	chatAdvisers = chatPeople[2:]
)

func (a *actor) actions() map[string]func(*rapid.T) {
	do := func(persona, method, path, body string) map[string]any {
		r := post(path, body)
		r.method = method
		res := a.p.as(persona, r)
		if res.Code >= http.StatusInternalServerError {
			a.p.t.Fatalf("%s %s by %s: %d %s", method, path, persona, res.Code, res.Body)
		}
		var m map[string]any
		_ = json.Unmarshal(res.Body.Bytes(), &m) // a 204 has none
		return m
	}
	who := func(t *rapid.T) string { return rapid.SampledFrom(chatPeople).Draw(t, "who") }
	simple := func(suffix string, body func(*rapid.T) string) func(*rapid.T) {
		return func(t *rapid.T) { do(who(t), http.MethodPost, a.room(t)+suffix, body(t)) }
	}
	text := func(body string) func(*rapid.T) string { return func(*rapid.T) string { return body } }
	say := func(note bool) func(*rapid.T) {
		return func(t *rapid.T) {
			room := a.room(t)
			m := do(who(t), http.MethodPost, room+"/messages", fmt.Sprintf(`{"client_id": %q, "text": "parola", "note": %v}`, uuid.NewString(), note))
			if id, ok := m["id"].(string); ok {
				a.sent[room] = append(a.sent[room], id)
			}
		}
	}
	return map[string]func(*rapid.T){
		"open": func(t *rapid.T) {
			m := do(rapid.SampledFrom(chatPeople[:2]).Draw(t, "who"), http.MethodPost, conversations,
				fmt.Sprintf(`{"matricola": %q, "topic": %q}`, first, rapid.SampledFrom(chat.Topics).Draw(t, "topic")))
			if id, ok := m["id"].(string); ok {
				a.rooms = append(a.rooms, conversations+"/"+id)
			}
		},
		"say":  say(false),
		"say2": say(false),
		"note": say(true),
		"read": simple("/read", func(t *rapid.T) string {
			return fmt.Sprintf(`{"read": %d, "delivered": %d}`, rapid.IntRange(0, 9).Draw(t, "read"), rapid.IntRange(0, 9).Draw(t, "delivered"))
		}),
		"redact": func(t *rapid.T) {
			if room := a.room(t); len(a.sent[room]) > 0 {
				do(who(t), http.MethodPost, room+"/messages/"+rapid.SampledFrom(a.sent[room]).Draw(t, "message")+"/redaction", `{"reason": "dato personale"}`)
			}
		},
		"consent": simple("/consent", func(t *rapid.T) string {
			return fmt.Sprintf(`{"given": %v, "notice": "2026-1"}`, rapid.Bool().Draw(t, "given"))
		}),
		"close":  simple("/close", text(`{"reason": "risolto"}`)),
		"rating": simple("/rating", text(`{"score": 4, "comment": "bene"}`)),
		"take": func(t *rapid.T) {
			do(rapid.SampledFrom(chatAdvisers).Draw(t, "who"), http.MethodPost, a.room(t)+"/assignment", "")
		},
		"transfer": func(t *rapid.T) {
			from := rapid.SampledFrom(chatAdvisers).Draw(t, "who")
			to := rapid.SampledFrom([]string{`"adviser": "sub-advisor"`, `"adviser": "sub-advisor-2", "topic": "cigs"`, `"topic": "altro"`, `"sede": "7000"`}).Draw(t, "to")
			do(from, http.MethodPost, a.room(t)+"/transfer", `{"note": "vedi sopra", `+to+`}`)
		},
		"presence": func(t *rapid.T) {
			do(rapid.SampledFrom(chatAdvisers).Draw(t, "who"), http.MethodPut, "/v1/chat/presence", fmt.Sprintf(`{"available": %v}`, rapid.Bool().Draw(t, "available")))
		},
		"point":  simple("/pointer", text(`{"field": "richiesta.al"}`)),
		"typing": simple("/typing", text("")),
		"time": func(t *rapid.T) {
			a.now = a.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds")) * time.Second)
			a.p.at(a.now)
			if err := a.p.chat.Sweep(a.p.t.Context()); err != nil {
				a.p.t.Fatal(err)
			}
		},
	}
}

// What a client holds, and what the events make of it, is what somebody reads who comes anew: for everyone, after
// any sequence of actions, at any moment.
func TestStateAndEventsAreAFreshRead(t *testing.T) {
	t.Parallel()
	p := newParlour(t, func(c *api.Config) { c.Limits.Messages = 1_000_000 })
	p.people["advisor-2"] = p.people["advisor"]
	a := &actor{p: p, now: opening, sent: map[string][]string{}}
	shown := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		a.rooms = nil // each sequence has rooms of its own; the people keep theirs
		a.now = opening.Add(time.Duration(rapid.IntRange(0, 600).Draw(rt, "start")) * time.Second)
		p.at(a.now)
		var panes []*pane
		for _, persona := range chatPeople {
			panes = append(panes, p.pane(persona))
		}
		same := func(rt *rapid.T) {
			for _, old := range panes {
				old.follow()
				fresh := p.pane(old.persona)
				if old.cursor != fresh.cursor {
					rt.Fatalf("%s: the cursor is %d, and of a new reader %d", old.persona, old.cursor, fresh.cursor)
				}
				for _, id := range slices.Sorted(maps.Keys(fresh.conversations)) {
					shown[old.persona]++
					if !reflect.DeepEqual(old.conversations[id], fresh.conversations[id]) {
						rt.Fatalf("%s holds\n%v\nand a new reader finds\n%v", old.persona, old.conversations[id], fresh.conversations[id])
					}
					if !reflect.DeepEqual(old.messages[id], fresh.messages[id]) {
						rt.Fatalf("%s holds the messages\n%v\nand a new reader finds\n%v", old.persona, old.messages[id], fresh.messages[id])
					}
				}
				if len(old.conversations) != len(fresh.conversations) {
					rt.Fatalf("%s holds %d conversations, and a new reader finds %d", old.persona, len(old.conversations), len(fresh.conversations))
				}
			}
		}
		actions := a.actions()
		steps := rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(actions))), 5, 40).Draw(rt, "actions")
		for i, name := range append([]string{"open"}, steps...) {
			actions[name](rt)
			if i%8 == 7 {
				same(rt)
			}
		}
		same(rt)
		a.forget(rt)
	})
	for _, persona := range chatPeople {
		if shown[persona] == 0 {
			t.Errorf("%s never held a conversation: the test proves nothing for them", persona)
		}
	}
}
