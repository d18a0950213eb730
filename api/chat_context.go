package api

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"omnia/archive"
	"omnia/chat"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/internal/fault"
	"omnia/ledger"
)

// contextCard is what an adviser sees of the case, with the consent of who opened the conversation. It is read anew
// each time: the event "context" says when it has changed.
//
// The check and the counters on it are a decision like any other, and in the record before the adviser sees them: an
// auditor finds who was shown what, when, and under which rules. One who has the card already, by its ETag, is shown
// nothing, and nothing is recorded but the access.
type contextCard struct {
	Decision      *engine.Header        `json:"decision,omitempty"` // absent: nothing was decided, for want of a draft and a unit
	Conversation  string                `json:"conversation"`
	Matricola     string                `json:"matricola"`
	Azienda       company               `json:"azienda"`
	Sede          string                `json:"sede"`
	Delegation    *cardDelegation       `json:"delegation,omitempty"` // absent: of an owner by right
	Draft         *cardDraft            `json:"draft,omitempty"`
	Counters      []engine.CounterState `json:"counters"` // of the draft, else of the unit as the archive knows it
	Provvedimenti []cardMeasure         `json:"provvedimenti"`
	Conversations []cardConversation    `json:"conversations"` // former ones on the same matricola

	made *made // what Decision is the header of
}

type cardDelegation struct {
	ID       string        `json:"id"`
	Tipo     archive.Tipo  `json:"tipo"`
	Studio   string        `json:"studio,omitempty"`
	Scadenza *calendar.Day `json:"scadenza,omitempty"`
}

type cardDraft struct {
	ID        string           `json:"id"`
	Form      string           `json:"form"`
	Step      string           `json:"step,omitempty"`
	Version   int              `json:"version"`
	UpdatedAt string           `json:"updated_at"`
	Outcome   string           `json:"outcome"`
	Findings  []engine.Finding `json:"findings"`
	Missing   []engine.Missing `json:"missing"`
}

type cardMeasure struct {
	Numero        string       `json:"numero"`
	Prestazione   string       `json:"prestazione"`
	Causale       string       `json:"causale"`
	Esito         string       `json:"esito"`
	Dal           calendar.Day `json:"dal"`
	Al            calendar.Day `json:"al"`
	DataEmissione calendar.Day `json:"data_emissione"`
}

type cardConversation struct {
	ID       string     `json:"id"`
	Topic    chat.Topic `json:"topic"`
	OpenedAt string     `json:"opened_at"`
	State    chat.State `json:"state"`
	Reason   string     `json:"close_reason,omitempty"`
}

// cardItems is how many measures and conversations the card shows.
const cardItems = 5

// showContext is the context card. What it rests on is asked of the policies in the name of the adviser, whose only
// bond with the matricola is the conversation; see conversationBonds.
func (s *server) showContext(c *call) error {
	at, err := s.mine(c)
	if err != nil {
		return err
	}
	if at.side != sideAdviser {
		return forbidden(c, codeForbidden)
	}
	if !at.Consent.Stands() {
		return failure(c.lang, chat.ErrNoConsent.Code)
	}
	g, err := s.authorize(c, "contatori.leggi", at.Matricola)
	if err != nil {
		return err
	}
	g.about("conversazione " + at.ID + " scheda")
	card := &contextCard{Conversation: at.ID, Matricola: at.Matricola, Counters: []engine.CounterState{}, Provvedimenti: []cardMeasure{}, Conversations: []cardConversation{}}
	for _, fill := range []func(*call, *seat, *contextCard) error{s.cardCompany, s.cardBond, s.cardDraft, s.cardMeasures, s.cardFormer} {
		if err := fill(c, at, card); err != nil {
			return err
		}
	}
	tag, err := card.tag()
	if err != nil || c.unmodified(tag) {
		return err
	}
	if card.made != nil {
		if err := s.enter(c.Request.Context(), c, *card.made); err != nil {
			return err
		}
		card.Decision = card.made.header
	}
	return c.json(card)
}

// tag is the tag of what the card shows, whichever decision it comes from.
func (card *contextCard) tag() (string, error) {
	body, err := json.Marshal(card)
	if err != nil {
		return "", err
	}
	_, hex, _ := strings.Cut(string(ledger.DigestOf(body)), ":")
	return `"` + hex + `"`, nil
}

func (s *server) cardCompany(c *call, at *seat, card *contextCard) error {
	pos, err := s.Archive.Posizione(c.Request.Context(), at.Matricola, time.Time{})
	if err != nil {
		return err
	}
	card.Azienda, card.Sede = company{pos.CodiceFiscale, pos.Denominazione}, pos.Sede
	return nil
}

// cardBond is on what ground the person acts, as it stands now: the delegation of the opening may have been followed by
// another one.
func (s *server) cardBond(c *call, at *seat, card *contextCard) error {
	v, sub, err := s.ground(c.Request.Context(), at.Conversation)
	if err != nil {
		return err
	}
	for i := range sub.Deleghe {
		if d := &sub.Deleghe[i]; d.ID == v.Delega {
			card.Delegation = &cardDelegation{d.ID, d.Tipo, d.Studio, d.To}
		}
	}
	return nil
}

// cardDraft is the application as it is being written, checked with what the archive knows.
func (s *server) cardDraft(c *call, at *seat, card *contextCard) error {
	if at.Draft == "" {
		return s.cardUnit(c, at, card)
	}
	d, err := s.Archive.Draft(c.Request.Context(), at.Draft, c.now)
	if errors.Is(err, archive.ErrNotFound) || err == nil && d.Matricola != at.Matricola {
		return s.cardUnit(c, at, card) // its time is over, or it is of another matricola
	}
	if err != nil {
		return err
	}
	q, err := s.draftQuestion(c.Request.Context(), c, s.Decider.Edition(), d, false)
	if err != nil {
		return err
	}
	opt := q.options(c)
	answer, err := s.Decider.Validate(c.Request.Context(), q.edition, q.facts, opt)
	if err != nil {
		return err
	}
	m := validationMade(answer, q, opt)
	card.made = &m
	answer = q.said.tell(answer, q, c.lang)
	card.Draft = &cardDraft{d.ID, d.Form, d.Step, d.Version, instantText(d.UpdatedAt), answer.Outcome, answer.Findings, answer.Missing}
	card.Counters = append(card.Counters, answer.Counters...)
	return nil
}

// cardUnit are the counters of the unit as the archive knows it.
func (s *server) cardUnit(c *call, at *seat, card *contextCard) error {
	if at.UnitaProduttiva == "" {
		return nil
	}
	m, answer, err := s.decided(c, unit{at.Matricola, at.UnitaProduttiva}, archived{depth: engine.Short})
	if f, ok := errors.AsType[*fault.Fault](err); ok && f.Kind == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	card.made = m
	for _, it := range answer.Items {
		card.Counters = append(card.Counters, engine.CounterState{ID: it.ID, Verdict: it.Verdict, Residual: it.Residual})
	}
	return nil
}

func (s *server) cardMeasures(c *call, at *seat, card *contextCard) error {
	found, _, err := s.Archive.Search(c.Request.Context(), archive.Criteria{Matricola: at.Matricola, Sort: "-data_emissione"}, archive.Page{Limit: cardItems})
	if err != nil {
		return err
	}
	for i := range found {
		p := &found[i]
		card.Provvedimenti = append(card.Provvedimenti, cardMeasure{p.Numero, p.Prestazione, p.Causale, p.Esito, p.Dal, p.Al, p.DataEmissione})
	}
	return nil
}

func (s *server) cardFormer(c *call, at *seat, card *contextCard) error {
	found, _, err := s.Chat.Storage.Conversations(c.Request.Context(), chat.Criteria{Matricola: at.Matricola}, archive.Page{Limit: cardItems + 1})
	if err != nil {
		return err
	}
	for i := range found {
		if k := &found[i]; k.ID != at.ID && len(card.Conversations) < cardItems {
			card.Conversations = append(card.Conversations, cardConversation{k.ID, k.Topic, instantText(k.OpenedAt), k.State, k.CloseReason})
		}
	}
	return nil
}

// conversationBonds are the bonds that an adviser has with a matricola: the conversations they have, for as long as
// the person who opened each consents and may still act.
func (s *server) conversationBonds(ctx context.Context, c *call, matricola string) ([]archive.Delega, error) {
	who := c.who()
	if s.Chat == nil || who == nil || !who.Has("advisor") || matricola == "" {
		return nil, nil
	}
	open, _, err := s.Chat.Storage.Conversations(ctx, chat.Criteria{Adviser: who.Subject, Matricola: matricola, State: chat.Assigned}, archive.Page{Limit: maxLimit})
	if err != nil {
		return nil, err
	}
	var bonds []archive.Delega
	for i := range open {
		k := &open[i]
		if !k.Consent.Stands() {
			continue
		}
		may, err := s.mayStill(ctx, k)
		if err != nil {
			return nil, err
		}
		if may {
			today := c.today()
			bonds = append(bonds, archive.Delega{
				ID: k.ID, Tipo: "conversazione", Matricola: matricola, Delegante: k.OpenedBy.CodiceFiscale, Delegato: who.CodiceFiscale,
				Servizi: []archive.Servizio{archive.ServizioContatori, archive.ServizioProvvedimenti}, Validity: archive.Validity{From: today, To: &today},
			})
		}
	}
	return bonds, nil
}
