package chat

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
	"omnia/internal/rome"
)

// situation is one in which the rules of INFO CIG are tried: what a case beside them says.
type situation struct {
	At       string // at Rome: "2025-12-01 15:30"
	Language string
	Waiting  []struct {
		Name, Topic, Sede string
		Minutes           int
		PassedBy          string `json:"passed_by"`
	}
	Advisers []struct {
		Name, Sede    string
		Topics        []Topic
		Open          int
		SilentSeconds int `json:"silent_seconds"`
		Knows         []string
	}
	Words  map[string]string
	Expect struct { // only what is asked for is told, so that only it counts as reached
		Parameters, Notices, Replies map[string]any
	}
}

// tried is what the service does in a situation.
type tried struct {
	Open       bool              `json:"open"`
	Next       string            `json:"next,omitempty"` // absent while it is open
	Queue      []triedPlace      `json:"queue"`
	Given      map[string]string `json:"given"` // who waits: the adviser who gets it
	LongWait   []string          `json:"long_wait"`
	Gone       []string          `json:"gone"`
	Parameters map[string]int    `json:"parameters"`
	Notices    map[string]string `json:"notices"`
	Replies    map[string]string `json:"replies"`
}

type triedPlace struct {
	Name     string `json:"name"`
	Class    string `json:"class"`
	Priority int    `json:"priority"`
	Position int    `json:"position"` // within the class
}

const never = "mai" // in the words of those who write the cases

// Try tells, as JSON, what the service does under an edition in the situation of a case. seen is told what of the edition
// had a say; nil is nobody.
func Try(ed *rulebook.Edition, situationJSON []byte, seen *rulebook.Coverage) ([]byte, error) {
	var in situation
	if err := json.Unmarshal(situationJSON, &in); err != nil {
		return nil, err
	}
	now, err := wallClock(in.At)
	if err != nil {
		return nil, err
	}
	p := &Plan{edition: ed, now: func() time.Time { return now }, seen: seen}
	out := tried{Queue: []triedPlace{}, Given: map[string]string{}, LongWait: []string{}, Gone: []string{}}
	var next time.Time
	switch out.Open, next = p.Open(now); {
	case !next.IsZero():
		out.Next = rome.Wall(next)
	case !out.Open:
		out.Next = never
	}
	waiting, err := in.waiting(p, now)
	if err != nil {
		return nil, err
	}
	if err := out.serve(p, &in, now, waiting); err != nil {
		return nil, err
	}
	out.numbers(p, &in)
	out.texts(p, &in, next)
	return json.Marshal(out)
}

// wallClock reads an instant at Rome.
func wallClock(text string) (time.Time, error) {
	day, clock, _ := strings.Cut(text, " ")
	d, err := calendar.Parse(day)
	h, m, ok := parseClock(clock)
	if err != nil || !ok {
		return time.Time{}, fmt.Errorf("«%s» non è un momento: si scrive \"2025-12-01 15:30\"", text)
	}
	return rome.At(d, h, m), nil
}

// waiting is the queue of a situation, in its order.
func (in *situation) waiting(p *Plan, now time.Time) ([]Conversation, error) {
	list := make([]Conversation, 0, len(in.Waiting))
	for _, w := range in.Waiting {
		if !slices.Contains(Topics, Topic(w.Topic)) {
			return nil, fmt.Errorf("«%s» non è un argomento", w.Topic)
		}
		c := Conversation{ID: w.Name, Topic: Topic(w.Topic), Sede: w.Sede, PassedBy: w.PassedBy, QueuedAt: now.Add(-time.Duration(w.Minutes) * time.Minute)}
		c.Class, c.Priority = p.Class(c.Topic, c.Sede)
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b Conversation) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.QueuedAt.Compare(b.QueuedAt))
	})
	return list, nil
}

// serve gives what waits to the advisers of the situation, as the service does.
func (out *tried) serve(p *Plan, in *situation, now time.Time, waiting []Conversation) error {
	position := map[string]int{}
	for i := range waiting {
		c := &waiting[i]
		position[c.Class]++
		out.Queue = append(out.Queue, triedPlace{c.ID, c.Class, c.Priority, position[c.Class]})
		if out.Open && now.Sub(c.QueuedAt) > p.LongestWait() {
			out.LongWait = append(out.LongWait, c.ID)
		}
	}
	knows := map[string]string{}
	var there []Adviser
	for _, a := range in.Advisers {
		adviser := Adviser{Persona: a.Name, Sede: a.Sede, Topics: a.Topics, Capacity: p.Capacity(), Available: true, Open: a.Open,
			SeenAt: now.Add(-time.Duration(a.SilentSeconds) * time.Second)}
		if !adviser.There(now, p.Gone()) {
			out.Gone = append(out.Gone, a.Name)
		}
		for _, name := range a.Knows {
			knows[name] = a.Name
		}
		there = append(there, adviser)
	}
	if !out.Open {
		return nil
	}
	pairs, err := Assign(now, waiting, there, p, func(c *Conversation) (string, error) { return knows[c.ID], nil })
	for _, pair := range pairs {
		out.Given[pair.Conversation.ID] = pair.Adviser.Persona
	}
	return err
}

// numbers are the parameters that the case asks for.
func (out *tried) numbers(p *Plan, in *situation) {
	out.Parameters = map[string]int{}
	for id := range in.Expect.Parameters {
		if slices.Contains(used, id) {
			out.Parameters[id] = p.number(id, 0)
		}
	}
}

// texts are the notices and the canned replies that the case asks for, by what is left of their names.
func (out *tried) texts(p *Plan, in *situation, next time.Time) {
	language := cmp.Or(in.Language, "it")
	out.Notices, out.Replies = map[string]string{}, map[string]string{}
	for code, name := range notices {
		words := in.Words
		if code == "closed_hours" { // the one that speaks of an opening
			words = map[string]string{"next": next.UTC().Format(time.RFC3339)}
		}
		if _, asked := in.Expect.Notices[name]; asked {
			out.Notices[name] = p.Notice(code, language, words)
		}
	}
	for _, r := range p.Replies(language, in.Words) {
		if name := strings.TrimPrefix(r.ID, replyPrefix); in.Expect.Replies[name] != nil {
			out.Replies[name] = r.Text
			p.seen.Text(r.ID)
		}
	}
}

// Covered lists what the cases of INFO CIG may reach.
func Covered(ed *rulebook.Edition, c *rulebook.Coverage) {
	var tables []*rulebook.Table
	for _, id := range []string{tableHours, tableClasses} {
		if t := ed.Tables[id]; t != nil {
			tables = append(tables, t)
		}
	}
	var parameters []*rulebook.Parameter
	for _, id := range used {
		if p := ed.Parameters[prefix+id]; p != nil {
			parameters = append(parameters, p)
		}
	}
	var texts []string
	for _, id := range ed.Messages.IDs() {
		if strings.HasPrefix(id, noticePrefix) || strings.HasPrefix(id, replyPrefix) {
			texts = append(texts, id)
		}
	}
	c.DeclareChat(tables, parameters, texts)
}
