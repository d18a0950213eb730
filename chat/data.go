package chat

import (
	"encoding/json"
	"time"
)

// The data of events, as the stream sends them.

type messageEvent struct {
	ID           string           `json:"id"`
	Conversation string           `json:"conversation"`
	Seq          int64            `json:"seq,omitempty"`
	After        int64            `json:"after,omitempty"` // of a note
	Author       string           `json:"author,omitempty"`
	AuthorName   string           `json:"author_name,omitempty"`
	AuthorRole   string           `json:"author_role"` // impresa, advisor, servizio
	Text         string           `json:"text"`
	SentAt       string           `json:"sent_at"`
	Attachments  []attachmentData `json:"attachments,omitempty"`
	Redacted     bool             `json:"redacted,omitempty"`
}

type attachmentData struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"`
}

type (
	typing struct {
		Conversation string `json:"conversation"`
		Author       string `json:"author"`
	}
	pointing struct {
		Conversation string `json:"conversation"`
		Draft        string `json:"draft,omitempty"`
		Field        string `json:"field"`
		Text         string `json:"text,omitempty"`
	}
	closing struct {
		Conversation string `json:"conversation"`
		Reason       string `json:"reason"`
		ClosedAt     string `json:"closed_at"`
	}
	reading struct {
		Conversation string `json:"conversation"`
		Persona      string `json:"persona"`
		Delivered    int64  `json:"delivered"`
		Read         int64  `json:"read"`
	}
	consenting struct {
		Conversation string `json:"conversation"`
		Consent      bool   `json:"consent"`
		Notice       string `json:"notice,omitempty"`
		At           string `json:"at,omitempty"`
		Draft        string `json:"draft,omitempty"`
	}
	assigning struct {
		Conversation string `json:"conversation"`
		Topic        Topic  `json:"topic"` // a transfer may have changed it
		Adviser      string `json:"adviser"`
		AdviserName  string `json:"adviser_name,omitempty"`
		AssignedAt   string `json:"assigned_at"`
	}
	opened struct {
		Conversation string `json:"conversation"`
		Matricola    string `json:"matricola"`
		Topic        Topic  `json:"topic"`
		Draft        string `json:"draft,omitempty"`
		OpenedAt     string `json:"opened_at"`
	}
	rated struct {
		Conversation string `json:"conversation"`
		Score        int    `json:"score"`
		Comment      string `json:"comment,omitempty"`
	}
	queueing struct {
		Conversation  string    `json:"conversation"`
		Topic         Topic     `json:"topic"`                    // a transfer may have changed it
		Position      int       `json:"position,omitempty"`       // absent for the adviser from whom it went back to the queue
		EstimatedWait *Estimate `json:"estimated_wait,omitempty"` // absent when there is too little to go by
		Alternatives  bool      `json:"alternatives,omitempty"`   // the wait is longer than it should be
	}
)

// Estimate is a wait, as a range in minutes.
type Estimate struct {
	From int `json:"from_minutes"`
	To   int `json:"to_minutes"`
}

// MessageData is a message as events and reads show it.
func MessageData(c *Conversation, m *Message) json.RawMessage { return messageData(c, m) }

func messageData(c *Conversation, m *Message) json.RawMessage {
	e := messageEvent{
		ID: m.ID, Conversation: c.ID, Seq: m.Seq, After: m.After, Author: m.Author.ID, AuthorName: m.Author.Name,
		AuthorRole: RoleOf(c, m), Text: m.Text, SentAt: instant(m.SentAt), Redacted: m.Redaction != nil,
	}
	for _, a := range m.Attachments {
		e.Attachments = append(e.Attachments, attachmentData{a.ID, a.Name, a.Type, a.Bytes})
	}
	return encode(e)
}

// RoleOf is in what quality the author of a message wrote: impresa, advisor or servizio.
func RoleOf(c *Conversation, m *Message) string {
	switch {
	case m.Kind == Notice:
		return "servizio"
	case m.Kind == Text && m.Author.ID == c.OpenedBy.ID:
		return "impresa"
	}
	return "advisor"
}

func readData(c *Conversation, m Mark) json.RawMessage {
	return encode(reading{c.ID, m.Persona, m.Delivered, m.Read})
}

func contextData(c *Conversation) json.RawMessage {
	e := consenting{Conversation: c.ID, Consent: c.Consent.Stands(), Draft: c.Draft}
	if c.Consent != nil {
		e.Notice, e.At = c.Consent.Notice, instant(c.Consent.Since())
	}
	return encode(e)
}

// instant writes an instant as the reads of the API do.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// encode writes what can always be written.
func encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers only
	}
	return data
}
