package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"omnia/archive"
	"omnia/chat"
	"omnia/engine/fact"
	"omnia/identity"
	"omnia/internal/fault"
)

// INFO CIG over HTTP. A conversation is seen by the person who opened it, for as long as that person may act for
// the matricola, and by the adviser who has it or may take it. To anybody else it is not there.

func (s *server) chatRoutes() []route {
	const base, one = "/v1/chat/conversations", "/v1/chat/conversations/:id"
	return []route{
		{method: http.MethodPost, path: base, produces: asJSON, action: s.openConversation, archived: true, repeats: true,
			summary: "apre una conversazione con un consulente"},
		{method: http.MethodGet, path: base, produces: asJSON, action: s.listConversations, archived: true,
			summary: "elenca le proprie conversazioni"},
		{method: http.MethodGet, path: one, produces: asJSON, action: s.showConversation, archived: true,
			summary: "mostra una conversazione"},
		{method: http.MethodGet, path: one + "/messages", produces: asJSON, action: s.listMessages, archived: true,
			summary: "elenca i messaggi di una conversazione"},
		{method: http.MethodPost, path: one + "/messages", produces: asJSON, action: s.sendMessage, archived: true, repeats: true,
			summary: "invia un messaggio"},
		{method: http.MethodPost, path: one + "/messages/:message/redaction", produces: asJSON, action: s.redactMessage, archived: true, repeats: true,
			summary: "oscura un messaggio"},
		{method: http.MethodPost, path: one + "/attachments", produces: asJSON, action: s.uploadAttachment, archived: true, repeats: true,
			summary: "carica un allegato"},
		{method: http.MethodGet, path: one + "/attachments/:attachment", action: s.downloadAttachment, archived: true,
			summary: "scarica un allegato"},
		{method: http.MethodPost, path: one + "/read", produces: asJSON, action: s.markRead, archived: true, repeats: true,
			summary: "dice fin dove si è letto"},
		{method: http.MethodPost, path: one + "/typing", produces: asJSON, action: s.typing, archived: true,
			summary: "dice che si sta scrivendo"},
		{method: http.MethodPost, path: one + "/consent", produces: asJSON, action: s.giveConsent, archived: true, repeats: true,
			summary: "dà o ritira il consenso a mostrare la pratica"},
		{method: http.MethodPost, path: one + "/close", produces: asJSON, action: s.closeConversation, archived: true, repeats: true,
			summary: "chiude una conversazione"},
		{method: http.MethodPost, path: one + "/rating", produces: asJSON, action: s.rateConversation, archived: true, repeats: true,
			summary: "valuta una conversazione chiusa"},
		{method: http.MethodGet, path: one + "/transcript", produces: []string{typeHTML, typeJSON, typePDF}, action: s.transcript, archived: true,
			summary: "la trascrizione di una conversazione"},
		{method: http.MethodGet, path: "/v1/chat/messages", produces: asJSON, action: s.findMessages, archived: true,
			summary: "cerca nei propri messaggi"},
		{method: http.MethodGet, path: "/v1/chat/availability", produces: asJSON, action: s.chatAvailability,
			summary: "dice se il servizio risponde, e quando"},
		{method: http.MethodGet, path: "/v1/chat/events", produces: []string{typeEvents}, action: s.streamEvents, streams: true,
			summary: "il flusso degli eventi di una persona"},
		{method: http.MethodPost, path: "/v1/session", produces: asJSON, action: s.openSession,
			summary: "apre la sessione del browser per il flusso degli eventi"},
		{method: http.MethodDelete, path: "/v1/session", action: s.closeSession,
			summary: "chiude la sessione del browser"},
	}
}

// side is in what quality somebody takes part.
type side int

const (
	sideCompany side = iota // opened it, for the company
	sideAdviser             // has it, or had it last
	sideQueue               // an adviser who may take it
)

// seat is the place of a caller in a conversation.
type seat struct {
	*chat.Conversation
	side  side
	grant *grant
}

// seated finds the conversation of the path and asks whether the caller may have it. Whoever may not gets the
// answer of one that does not exist.
func (s *server) seated(c *call) (*seat, error) {
	who := c.who()
	if who == nil {
		return nil, unauthenticated(c)
	}
	if err := s.chatThere(c); err != nil {
		return nil, err
	}
	id := c.Param("id")
	if !isUUID(id) {
		return nil, failure(c.lang, codeConversationNotFound)
	}
	k, err := s.Chat.Storage.Conversation(c.Request.Context(), id)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, failure(c.lang, codeConversationNotFound)
	}
	if err != nil {
		return nil, err
	}
	return s.seatOf(c, k)
}

func (s *server) seatOf(c *call, k *chat.Conversation) (*seat, error) {
	who := c.who()
	at := &seat{Conversation: k}
	var err error
	switch {
	case k.OpenedBy.ID == who.Subject:
		at.side = sideCompany
		at.grant, err = s.authorize(c, "chat.usa", k.Matricola)
	case who.Has("advisor") && k.HeldBy(who.Subject):
		at.side = sideAdviser
		at.grant, err = s.answering(c, k)
	case who.Has("advisor") && k.State == chat.Queued:
		at.side = sideQueue
		at.grant, err = s.answering(c, k)
	default:
		return nil, failure(c.lang, codeConversationNotFound)
	}
	if f, refused := errors.AsType[*fault.Fault](err); refused && (f.Kind == fault.Forbidden || f.Kind == fault.NotFound) {
		return nil, failure(c.lang, codeConversationNotFound)
	}
	if err != nil {
		return nil, err
	}
	at.grant.about("conversazione " + k.ID)
	return at, nil
}

// answering asks whether the caller may answer at all; the line of the record says whom it was about.
func (s *server) answering(c *call, k *chat.Conversation) (*grant, error) {
	g, err := s.authorize(c, "chat.rispondi", "")
	if g != nil {
		g.line.Matricola = k.Matricola
	}
	return g, err
}

// mine is the seat of one of the two who take part; an adviser who could only take it is not one.
func (s *server) mine(c *call) (*seat, error) {
	at, err := s.seated(c)
	if err == nil && at.side == sideQueue {
		return nil, failure(c.lang, codeConversationNotFound)
	}
	return at, err
}

// ours is the seat of the person who opened it.
func (s *server) ours(c *call) (*seat, error) {
	at, err := s.seated(c)
	if err == nil && at.side != sideCompany {
		return nil, forbidden(c, codeForbidden)
	}
	return at, err
}

// chatThere tells whether there is a chat at all.
func (s *server) chatThere(c *call) error {
	if s.Chat == nil {
		return failure(c.lang, codeArchiveUnavailable)
	}
	return nil
}

// shownConversation is a conversation as callers see it.
type shownConversation struct {
	ID              string        `json:"id"`
	Matricola       string        `json:"matricola"`
	UnitaProduttiva string        `json:"unita_produttiva,omitempty"`
	Topic           chat.Topic    `json:"topic"`
	Draft           string        `json:"draft,omitempty"`
	State           chat.State    `json:"state"`
	OutOfHours      bool          `json:"out_of_hours"`
	OpenedBy        participant   `json:"opened_by"`
	Adviser         *participant  `json:"adviser,omitempty"`
	OpenedAt        string        `json:"opened_at"`
	AssignedAt      string        `json:"assigned_at,omitempty"`
	ClosedAt        string        `json:"closed_at,omitempty"`
	CloseReason     string        `json:"close_reason,omitempty"`
	LastSeq         int64         `json:"last_seq"`
	Consent         *shownConsent `json:"consent,omitempty"`
	Rating          *shownRating  `json:"rating,omitempty"`
	Marks           []shownMark   `json:"marks,omitempty"`
	Queue           *shownPlace   `json:"queue,omitempty"` // while it waits
}

// shownPlace is where a conversation stands in the queue, as the event queue tells it.
type shownPlace struct {
	Position      int            `json:"position"`
	EstimatedWait *chat.Estimate `json:"estimated_wait,omitempty"` // absent when there is too little to go by
	Alternatives  bool           `json:"alternatives,omitempty"`
}

type participant struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

type shownConsent struct {
	Given  bool   `json:"given"`
	Notice string `json:"notice"`
	At     string `json:"at"`
}

type shownRating struct {
	Score   int    `json:"score"`
	Comment string `json:"comment,omitempty"`
}

type shownMark struct {
	Persona   string `json:"persona"`
	Delivered int64  `json:"delivered"`
	Read      int64  `json:"read"`
}

func conversationShown(k *chat.Conversation, marks []chat.Mark) shownConversation {
	out := shownConversation{
		ID: k.ID, Matricola: k.Matricola, UnitaProduttiva: k.UnitaProduttiva, Topic: k.Topic, Draft: k.Draft, State: k.State,
		OutOfHours: k.OutOfHours, OpenedBy: participant{k.OpenedBy.ID, k.OpenedBy.Name}, OpenedAt: instantText(k.OpenedAt),
		AssignedAt: instantOrNone(k.AssignedAt), ClosedAt: instantOrNone(k.ClosedAt), CloseReason: k.CloseReason, LastSeq: k.LastSeq,
	}
	if k.HeldBy(k.Adviser) {
		out.Adviser = &participant{k.Adviser, k.AdviserName}
	}
	if k.Consent != nil {
		out.Consent = &shownConsent{k.Consent.Stands(), k.Consent.Notice, instantText(k.Consent.Since())}
	}
	if k.Rating != nil {
		out.Rating = &shownRating{k.Rating.Score, k.Rating.Comment}
	}
	for _, m := range marks {
		out.Marks = append(out.Marks, shownMark(m))
	}
	return out
}

// places are where conversations stand in the queue, by class; each class is read once.
type places map[string]map[string]*shownPlace

// place says of a conversation that waits where it stands.
func (s *server) place(ctx context.Context, known places, k *chat.Conversation, shown *shownConversation) error {
	if k.State != chat.Queued {
		return nil
	}
	if known[k.Class] == nil {
		list, err := s.Chat.Standings(ctx, k.Class)
		if err != nil {
			return err
		}
		known[k.Class] = map[string]*shownPlace{}
		for _, at := range list {
			known[k.Class][at.ID] = &shownPlace{at.Position, at.Wait, at.Alternatives}
		}
	}
	shown.Queue = known[k.Class][k.ID]
	return nil
}

func instantOrNone(t *time.Time) string {
	if t == nil {
		return ""
	}
	return instantText(*t)
}

// chatList is a list that says from where a stream goes on: whatever happens after it was read comes behind that cursor.
type chatList[T any] struct {
	list[T]
	EventsCursor string `json:"events_cursor"`
}

// eventsCursor is the place of the caller's box before anything else is read, so that nothing falls in between.
func (s *server) eventsCursor(c *call) (string, error) {
	box, err := s.Chat.Storage.Box(c.Request.Context(), c.who().Subject)
	return box.End().String(), err
}

// openingBody is the body of POST /v1/chat/conversations.
var openingBody = bodyOf(
	fact.Field{Name: "matricola", Type: fact.Text, Format: "matricola", Required: true, Label: texts("Matricola", "Matricola", "Matrikel")},
	fact.Field{Name: "topic", Type: fact.Code, Options: topicOptions(), Required: true, Label: texts("Argomento", "Topic", "Thema")},
	fact.Field{Name: "unita_produttiva", Type: fact.Text, MaxLen: 20, Label: texts("Unità produttiva", "Production unit", "Produktionseinheit")},
	fact.Field{Name: "draft", Type: fact.Text, MaxLen: 36, Label: texts("Bozza della domanda", "Draft of the application", "Entwurf des Antrags")},
	fact.Field{Name: "consent_notice", Type: fact.Text, MaxLen: 40, Label: texts("Versione dell’informativa accettata", "Version of the privacy notice accepted", "Fassung der akzeptierten Datenschutzinformation")},
)

func topicOptions() (out []fact.Option) {
	words := map[chat.Topic]fact.Texts{
		chat.TopicCigo: texts("CIGO", "CIGO", "CIGO"), chat.TopicCigs: texts("CIGS", "CIGS", "CIGS"), chat.TopicAis: texts("AIS e FIS", "AIS and FIS", "AIS und FIS"),
		chat.TopicPagamenti: texts("Pagamenti", "Payments", "Zahlungen"), chat.TopicAltro: texts("Altro", "Other", "Anderes"),
	}
	for _, t := range chat.Topics {
		out = append(out, fact.Option{Code: string(t), Label: words[t]})
	}
	return out
}

// bodyOf is the shape of a small body.
func bodyOf(fields ...fact.Field) *fact.Envelope {
	members := make([]fact.Member, len(fields))
	for i := range fields {
		members[i] = fact.Plain(fields[i])
	}
	e, err := fact.NewEnvelope(nil, members...)
	if err != nil {
		panic(err) // a literal of ours
	}
	return e
}

// small reads a body of such a shape.
func (s *server) small(c *call, shape *fact.Envelope) (*fact.Request, error) {
	body, err := s.body(c)
	if err != nil {
		return nil, err
	}
	return shape.Decode(body, fact.Options{Language: c.lang})
}

// openConversation opens one, at any hour.
func (s *server) openConversation(c *call) error {
	if err := s.chatThere(c); err != nil {
		return err
	}
	if c.who() == nil {
		return unauthenticated(c)
	}
	body, err := s.small(c, openingBody)
	if err != nil {
		return err
	}
	if draft := body.Get("draft").Text; draft != "" && !isUUID(draft) {
		return failure(c.lang, codeInvalidInput).With(defect(c.lang, "/draft", codeUUID))
	}
	g, err := s.authorize(c, "chat.usa", body.Get("matricola").Text)
	if err != nil {
		return err
	}
	who := c.who()
	in := chat.Opening{
		Matricola: body.Get("matricola").Text, UnitaProduttiva: body.Get("unita_produttiva").Text, Topic: chat.Topic(body.Get("topic").Text),
		Sede: g.subject.Sede, Draft: body.Get("draft").Text, By: personIn(who),
		Delegation: g.verdict.Delega, Notice: body.Get("consent_notice").Text, Language: c.lang,
	}
	return s.once(c, func(ctx context.Context) error {
		k, err := s.Chat.Open(ctx, in)
		if err != nil {
			return err
		}
		g.about("conversazione " + k.ID)
		if in.Notice != "" {
			g.about("conversazione " + k.ID + " " + consentSaid(true, in.Notice))
		}
		shown := conversationShown(k, nil)
		if err := s.place(ctx, places{}, k, &shown); err != nil {
			return err
		}
		return c.created("/v1/chat/conversations/"+k.ID, shown)
	})
}

// personIn is the caller as a conversation keeps it.
func personIn(p *identity.Principal) chat.Person {
	return chat.Person{
		ID: p.Subject, CodiceFiscale: p.CodiceFiscale, Name: p.Nome, Roles: p.Ruoli, Sede: p.Sede, Level: p.Livello, Profile: p.Profile,
	}
}

// listConversations lists those of the caller: opened, or, for an adviser, answered.
func (s *server) listConversations(c *call) error {
	if err := s.chatThere(c); err != nil {
		return err
	}
	who := c.who()
	if who == nil {
		return unauthenticated(c)
	}
	q := readQuery(c)
	what := chat.Criteria{
		Matricola: q.matricola("matricola"), State: chat.State(q.choice("state", "", string(chat.Queued), string(chat.Assigned), string(chat.Closed))),
		Topic: chat.Topic(q.choice("topic", append([]string{""}, topicCodes()...)...)), Draft: q.id("draft"),
	}
	page := q.pagingByID("-id")
	if err := q.err(); err != nil {
		return err
	}
	visible, err := s.ownConversations(c, &what)
	if err != nil {
		return err
	}
	cursor, err := s.eventsCursor(c)
	if err != nil {
		return err
	}
	found, more, err := s.Chat.Storage.Conversations(c.Request.Context(), what, archive.Page{After: page.after, Limit: page.limit})
	if err != nil {
		return err
	}
	out := chatList[shownConversation]{list[shownConversation]{Items: []shownConversation{}, Limit: page.limit}, cursor}
	known := places{}
	for i := range found {
		may, err := visible(&found[i])
		if err != nil {
			return err
		}
		if !may {
			continue
		}
		shown := conversationShown(&found[i], nil)
		if err := s.place(c.Request.Context(), known, &found[i], &shown); err != nil {
			return err
		}
		out.Items = append(out.Items, shown)
	}
	if more {
		out.NextCursor = writeCursor(page.sort, found[len(found)-1].ID)
	}
	return c.json(out)
}

func topicCodes() (list []string) {
	for _, t := range chat.Topics {
		list = append(list, string(t))
	}
	return list
}

// ownConversations narrows criteria to those of the caller, and gives the question whether one may still be seen: a
// delegation may have ended since, or the conversation gone back to the queue. Each matricola is asked once. Who is an
// adviser, and has a company too, sees both kinds.
func (s *server) ownConversations(c *call, what *chat.Criteria) (visible func(*chat.Conversation) (bool, error), err error) {
	who := c.who()
	adviser := who.Has("advisor")
	if !adviser {
		what.OpenedBy = who.Subject
	} else {
		what.Of = who.Subject
		if _, err := s.authorize(c, "chat.rispondi", ""); err != nil {
			return nil, err
		}
	}
	asked := map[string]bool{}
	return func(k *chat.Conversation) (bool, error) {
		if k.OpenedBy.ID != who.Subject {
			return adviser && k.HeldBy(who.Subject), nil
		}
		may, known := asked[k.Matricola]
		if known {
			return may, nil
		}
		_, err := s.authorize(c, "chat.usa", k.Matricola)
		if f, refused := errors.AsType[*fault.Fault](err); refused && (f.Kind == fault.Forbidden || f.Kind == fault.NotFound) {
			asked[k.Matricola] = false
			return false, nil
		}
		asked[k.Matricola] = err == nil
		return err == nil, err
	}, nil
}

// showConversation shows one, with how far each has got.
func (s *server) showConversation(c *call) error {
	at, err := s.seated(c)
	if err != nil {
		return err
	}
	marks, err := s.Chat.Storage.Marks(c.Request.Context(), at.ID)
	if err != nil {
		return err
	}
	shown := conversationShown(at.Conversation, marks)
	if err := s.place(c.Request.Context(), places{}, at.Conversation, &shown); err != nil {
		return err
	}
	return c.json(shown)
}

var consentBody = bodyOf(
	fact.Field{Name: "given", Type: fact.Bool, Required: true, Label: texts("Consenso dato", "Consent given", "Einwilligung erteilt")},
	fact.Field{Name: "notice", Type: fact.Text, MaxLen: 40, Label: texts("Versione dell’informativa", "Version of the privacy notice", "Fassung der Datenschutzinformation")},
)

// giveConsent gives or takes back the consent to show the case.
func (s *server) giveConsent(c *call) error {
	at, err := s.ours(c)
	if err != nil {
		return err
	}
	body, err := s.small(c, consentBody)
	if err != nil {
		return err
	}
	given, notice := body.Get("given").Bool(), body.Get("notice").Text
	if given && notice == "" {
		return failure(c.lang, codeInvalidInput).With(defect(c.lang, "/notice", codeNoticeMissing))
	}
	if err := s.heldBack(c, "consent"); err != nil {
		return err
	}
	at.grant.about("conversazione " + at.ID + " " + consentSaid(given, notice))
	return s.once(c, func(ctx context.Context) error {
		k, err := s.Chat.Consent(ctx, at.ID, notice, given)
		if err != nil {
			return s.chatFailure(c, err)
		}
		return c.json(conversationShown(k, nil))
	})
}

// consentSaid is a consent as the record of accesses has it, which is part of the log.
func consentSaid(given bool, notice string) string {
	if !given {
		return "consenso ritirato"
	}
	return "consenso dato sull’informativa " + notice
}

var closeBody = bodyOf(
	fact.Field{Name: "reason", Type: fact.Text, MaxLen: 200, Label: texts("Motivo", "Reason", "Grund")},
)

// closeConversation ends one; either side may.
func (s *server) closeConversation(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	body, err := s.small(c, closeBody)
	if err != nil {
		return err
	}
	return s.once(c, func(ctx context.Context) error {
		k, err := s.Chat.Close(ctx, at.ID, c.who().Subject, body.Get("reason").Text)
		if err != nil {
			return s.chatFailure(c, err)
		}
		return c.json(conversationShown(k, nil))
	})
}

var ratingBody = bodyOf(
	fact.Field{Name: "score", Type: fact.Integer, Required: true, Label: texts("Voto da 1 a 5", "Score from 1 to 5", "Note von 1 bis 5")},
	fact.Field{Name: "comment", Type: fact.Text, MaxLen: 1000, Label: texts("Commento", "Comment", "Kommentar")},
)

// rateConversation keeps what the person thought of it.
func (s *server) rateConversation(c *call) error {
	at, err := s.ours(c)
	if err != nil {
		return err
	}
	body, err := s.small(c, ratingBody)
	if err != nil {
		return err
	}
	score := body.Get("score").Num
	if score < 1 || score > 5 {
		return failure(c.lang, codeInvalidInput).With(defect(c.lang, "/score", codeScore))
	}
	return s.once(c, func(ctx context.Context) error {
		if err := s.Chat.Rate(ctx, at.ID, int(score), body.Get("comment").Text); err != nil {
			return s.chatFailure(c, err)
		}
		return c.json(shownRating{int(score), body.Get("comment").Text})
	})
}

// chatFailure is a refusal of the chat in the language of the caller.
func (s *server) chatFailure(c *call, err error) error {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || problemIndex[f.Code] == nil || len(f.Details) > 0 {
		return err
	}
	return failure(c.lang, f.Code).Wrap(err)
}

// availability is what the bubble of the form shows before anything is opened.
type availability struct {
	Open     bool   `json:"open"`
	NextOpen string `json:"next_opening,omitempty"`
	Waiting  int    `json:"waiting"`
}

// chatAvailability tells whether advisers answer now, and how many wait.
func (s *server) chatAvailability(c *call) error {
	if err := s.chatThere(c); err != nil {
		return err
	}
	open, next := s.Chat.Rules().Open(s.Now())
	waiting, err := s.Chat.Storage.Waiting(c.Request.Context())
	if err != nil {
		return err
	}
	out := availability{Open: open, Waiting: len(waiting)}
	if !open && !next.IsZero() {
		out.NextOpen = instantText(next)
	}
	return c.json(out)
}
