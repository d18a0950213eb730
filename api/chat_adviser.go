package api

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/chat"
	"omnia/engine/fact"
	"omnia/internal/rome"
)

// What advisers do, and those who look after them.

func (s *server) adviserRoutes() []route {
	const one = "/v1/chat/conversations/:id"
	return []route{
		{method: http.MethodGet, path: "/v1/chat/queue", produces: asJSON, action: s.showQueue, archived: true,
			summary: "la coda delle conversazioni"},
		{method: http.MethodPut, path: "/v1/chat/presence", produces: asJSON, action: s.setPresence, archived: true,
			summary: "dice che si è in servizio, o che non lo si è più"},
		{method: http.MethodGet, path: "/v1/chat/replies", produces: asJSON, action: s.listReplies, permit: "chat.rispondi",
			summary: "le risposte pronte"},
		{method: http.MethodGet, path: "/v1/chat/figures", produces: asJSON, action: s.showFigures, permit: "chat.sovrintendi",
			summary: "le misure del servizio"},
		{method: http.MethodPost, path: one + "/assignment", produces: asJSON, action: s.takeConversation, archived: true, repeats: true,
			summary: "prende una conversazione dalla coda"},
		{method: http.MethodPost, path: one + "/transfer", produces: asJSON, action: s.transferConversation, archived: true, repeats: true,
			summary: "passa una conversazione a un altro consulente o alla coda"},
		{method: http.MethodPost, path: one + "/pointer", produces: asJSON, action: s.pointField, archived: true, repeats: true,
			summary: "indica all’impresa un campo del modulo"},
		{method: http.MethodGet, path: one + "/context", produces: asJSON, action: s.showContext, archived: true, decides: true,
			summary: "la scheda della pratica, con il consenso dell’impresa"},
	}
}

// queuedConversation is one that waits, as an adviser sees it before taking it: nothing of what was said.
type queuedConversation struct {
	ID          string     `json:"id"`
	Topic       chat.Topic `json:"topic"`
	Sede        string     `json:"sede"`
	Class       string     `json:"class"`
	Position    int        `json:"position"`
	QueuedAt    string     `json:"queued_at"`
	WaitSeconds int64      `json:"wait_seconds"`
	OutOfHours  bool       `json:"out_of_hours"`
}

// showQueue is the queue in the order in which it is served.
func (s *server) showQueue(c *call) error {
	if err := s.chatThere(c); err != nil {
		return err
	}
	if _, err := s.authorize(c, "chat.rispondi", ""); err != nil {
		return err
	}
	q := readQuery(c)
	topic := q.choice("topic", append([]string{""}, topicCodes()...)...)
	if err := q.err(); err != nil {
		return err
	}
	waiting, err := s.Chat.Storage.Waiting(c.Request.Context())
	if err != nil {
		return err
	}
	out := list[queuedConversation]{Items: []queuedConversation{}, Limit: len(waiting)}
	position := map[string]int{}
	for i := range waiting {
		k := &waiting[i]
		position[k.Class]++
		if topic == "" || string(k.Topic) == topic {
			out.Items = append(out.Items, queuedConversation{
				ID: k.ID, Topic: k.Topic, Sede: k.Sede, Class: k.Class, Position: position[k.Class], QueuedAt: instantText(k.QueuedAt),
				WaitSeconds: int64(c.now.Sub(k.QueuedAt) / time.Second), OutOfHours: k.OutOfHours,
			})
		}
	}
	return c.json(out)
}

var presenceBody = bodyOf(
	fact.Field{Name: "available", Type: fact.Bool, Required: true, Label: texts("In servizio", "On duty", "Im Dienst")},
	fact.Field{Name: "topics", Type: fact.List, MaxLen: len(chat.Topics), Label: texts("Argomenti", "Topics", "Themen"),
		Element: fact.NewBare(fact.Field{Type: fact.Code, Options: topicOptions(), Label: texts("Argomento", "Topic", "Thema")})},
	fact.Field{Name: "capacity", Type: fact.Integer, Label: texts("Conversazioni insieme", "Conversations at a time", "Gespräche gleichzeitig")},
)

// setPresence says that the caller answers from now on, or does not. Saying it again is the sign of life; who is
// silent for too long is taken to be gone.
func (s *server) setPresence(c *call) error {
	if err := s.chatThere(c); err != nil {
		return err
	}
	if _, err := s.authorize(c, "chat.rispondi", ""); err != nil {
		return err
	}
	body, err := s.small(c, presenceBody)
	if err != nil {
		return err
	}
	who := c.who()
	most := s.Chat.Rules().Capacity()
	a := chat.Adviser{Persona: who.Subject, Name: who.Nome, Sede: who.Sede, Available: body.Get("available").Bool(), Capacity: most}
	if n := body.Get("capacity"); n.IsKnown() {
		if n.Num < 1 || int(n.Num) > most {
			return failure(c.lang, codeInvalidInput).With(defect(c.lang, "/capacity", codeCapacity, most))
		}
		a.Capacity = int(n.Num)
	}
	for _, row := range body.Get("topics").Rows() {
		a.Topics = append(a.Topics, chat.Topic(row[0].Text))
	}
	return s.atomically(c, func(ctx context.Context) error {
		if err := s.Chat.Present(ctx, a); err != nil {
			return err
		}
		return c.json(map[string]any{"available": a.Available, "capacity": a.Capacity, "gone_after_seconds": int64(s.Chat.Rules().Gone() / time.Second)})
	})
}

// takeConversation gives the caller a conversation of the queue.
func (s *server) takeConversation(c *call) error {
	at, err := s.seated(c)
	if err != nil {
		return err
	}
	if at.side == sideCompany {
		return forbidden(c, codeForbidden)
	}
	if c.Request.ContentLength != 0 {
		if _, err := s.small(c, emptyBody); err != nil {
			return err
		}
	}
	return s.once(c, func(ctx context.Context) error {
		k, err := s.Chat.Take(ctx, at.ID, chat.Person{ID: c.who().Subject, Name: c.who().Nome, Sede: c.who().Sede})
		if err != nil {
			return s.chatFailure(c, err)
		}
		return c.json(conversationShown(k, nil))
	})
}

var emptyBody = bodyOf(fact.Field{Name: "note", Type: fact.Text, MaxLen: 200, Label: texts("Nota", "Note", "Notiz")})

var transferBody = bodyOf(
	fact.Field{Name: "adviser", Type: fact.Text, MaxLen: 200, Label: texts("Consulente", "Adviser", "Berater")},
	fact.Field{Name: "topic", Type: fact.Code, Options: topicOptions(), Label: texts("Argomento", "Topic", "Thema")},
	fact.Field{Name: "sede", Type: fact.Text, MaxLen: 10, Label: texts("Sede", "Office", "Dienststelle")},
	fact.Field{Name: "note", Type: fact.Text, MaxLen: chat.MaxText, Label: texts("Nota per chi la riceve", "Note for who gets it", "Notiz für den Empfänger")},
)

// transferConversation hands a conversation on.
func (s *server) transferConversation(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	if at.side != sideAdviser {
		return forbidden(c, codeForbidden)
	}
	body, err := s.small(c, transferBody)
	if err != nil {
		return err
	}
	in := chat.Transfer{
		Conversation: at.ID, From: c.who().Subject, FromName: c.who().Nome, To: body.Get("adviser").Text, Topic: chat.Topic(body.Get("topic").Text),
		Sede: body.Get("sede").Text, Note: body.Get("note").Text, ClientID: uuid.NewString(),
	}
	return s.once(c, func(ctx context.Context) error {
		k, err := s.Chat.Transfer(ctx, in)
		if errors.Is(err, archive.ErrNotFound) {
			return failure(c.lang, chat.ErrAdviserAbsent.Code)
		}
		if err != nil {
			return s.chatFailure(c, err)
		}
		return c.json(conversationShown(k, nil))
	})
}

var pointerBody = bodyOf(
	fact.Field{Name: "field", Type: fact.Text, MaxLen: 200, Required: true, Label: texts("Campo", "Field", "Feld")},
	fact.Field{Name: "text", Type: fact.Text, MaxLen: 500, Label: texts("Testo", "Text", "Text")},
)

// pointField shows the person a field of the form.
func (s *server) pointField(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	body, err := s.small(c, pointerBody)
	if err != nil {
		return err
	}
	if err := s.heldBack(c, "pointer"); err != nil {
		return err
	}
	field := body.Get("field").Text
	if !isField(s.Decider.Edition().Vocabulary, field) {
		return failure(c.lang, codeInvalidInput).With(defect(c.lang, "/field", codeNotAField))
	}
	return s.once(c, func(ctx context.Context) error {
		if err := s.Chat.Point(ctx, at.ID, c.who().Subject, field, body.Get("text").Text); err != nil {
			return s.chatFailure(c, err)
		}
		c.Status(http.StatusNoContent)
		return nil
	})
}

// rowNumber is a row of a list in a path.
var rowNumber = regexp.MustCompile(`\[(0|[1-9][0-9]{0,4})\]`)

// isField tells whether a path names a fact of the vocabulary, as findings name it: "richiesta.al", a whole list, one of its
// rows, "richiesta.lavoratori[3].qualifica".
func isField(voc *fact.Vocabulary, path string) bool {
	shape := rowNumber.ReplaceAllString(path, "[]")
	if strings.Contains(path, "[]") {
		return false
	}
	for _, f := range voc.Root.Fields {
		if f.Path == shape || f.Type == fact.List && f.Path+"[]" == shape {
			return true
		}
		if f.Type == fact.List && slices.ContainsFunc(f.Element.Fields, func(e *fact.Field) bool { return e.Path == shape }) {
			return true
		}
	}
	return false
}

// reply is an answer that is there to be sent.
type reply struct {
	ID    string     `json:"id"`
	Topic chat.Topic `json:"topic,omitempty"` // absent: of all
	Text  string     `json:"text"`            // with {placeholders} still in it, or filled for a conversation
}

// listReplies lists the canned replies, filled for a conversation when one is named.
func (s *server) listReplies(c *call) error {
	if err := s.chatThere(c); err != nil {
		return err
	}
	q := readQuery(c)
	topic, id := q.choice("topic", append([]string{""}, topicCodes()...)...), q.id("conversation")
	if err := q.err(); err != nil {
		return err
	}
	words := map[string]string{}
	if id != "" {
		k, err := s.Chat.Storage.Conversation(c.Request.Context(), id)
		if errors.Is(err, archive.ErrNotFound) || err == nil && !k.HeldBy(c.who().Subject) {
			return failure(c.lang, codeConversationNotFound)
		}
		if err != nil {
			return err
		}
		words = map[string]string{"matricola": k.Matricola, "unita": k.UnitaProduttiva, "persona": k.OpenedBy.Name, "consulente": c.who().Nome}
	}
	out := list[reply]{Items: []reply{}, Limit: maxLimit}
	for _, r := range s.Chat.Rules().Replies(c.lang, words) {
		if topic == "" || r.Topic == "" || string(r.Topic) == topic {
			out.Items = append(out.Items, reply(r))
		}
	}
	return c.json(out)
}

// shownFigures are the figures of the service between two days.
type shownFigures struct {
	From       string             `json:"from"`
	To         string             `json:"to"`
	Opened     int                `json:"opened"`
	Answered   int                `json:"answered"`
	Closed     int                `json:"closed"`
	Abandoned  int                `json:"abandoned"`
	Waiting    int                `json:"waiting"`
	OutOfHours int                `json:"out_of_hours"`
	WaitP50    *int64             `json:"wait_p50_seconds,omitempty"`
	WaitP90    *int64             `json:"wait_p90_seconds,omitempty"`
	HandleP50  *int64             `json:"handle_p50_seconds,omitempty"`
	HandleP90  *int64             `json:"handle_p90_seconds,omitempty"`
	Ratings    [5]int             `json:"ratings"`
	Now        shownMoment        `json:"now"`
	ByTopic    map[chat.Topic]int `json:"by_topic"`
}

// shownMoment is how the service stands now, whatever the days of the figures.
type shownMoment struct {
	Waiting int   `json:"waiting"`
	Longest int64 `json:"longest_wait_seconds"`
	OnDuty  int   `json:"advisers_on_duty"`
	Talking int   `json:"conversations"`
}

// showFigures are what a supervisor looks at; nothing in them is about a person.
func (s *server) showFigures(c *call) error {
	if err := s.chatThere(c); err != nil {
		return err
	}
	q := readQuery(c)
	to := q.day("al", c.today())
	from := q.day("dal", to-30)
	if to < from {
		q.wrong("al", codeOrder)
	}
	if err := q.err(); err != nil {
		return err
	}
	f, err := s.Chat.Figures(c.Request.Context(), rome.Midnight(from), rome.Midnight(to+1))
	if err != nil {
		return err
	}
	now, err := s.Chat.Moment(c.Request.Context())
	if err != nil {
		return err
	}
	return c.json(shownFigures{
		Now:  shownMoment{now.Waiting, int64(now.Longest / time.Second), now.OnDuty, now.Talking},
		From: from.String(), To: to.String(), Opened: f.Opened, Answered: f.Answered, Closed: f.Closed, Abandoned: f.Abandoned, Waiting: f.Waiting,
		OutOfHours: f.OutOfHours, WaitP50: inSeconds(f.WaitP50), WaitP90: inSeconds(f.WaitP90), HandleP50: inSeconds(f.HandleP50),
		HandleP90: inSeconds(f.HandleP90), Ratings: f.Ratings, ByTopic: f.ByTopic,
	})
}

func inSeconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	n := int64(*d / time.Second)
	return &n
}
