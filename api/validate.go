package api

import (
	"context"
	"encoding/json"
	"net/http"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// formRoutes are about the forms: what they ask, and whether what was filled in is right.
func (s *server) formRoutes() []route {
	const check, forms = "validazioni.calcola", "regole.leggi"
	return []route{
		{method: http.MethodPost, path: "/v1/validate", produces: asJSON, action: s.validate, permit: check, decides: true,
			summary: "controlla una domanda mentre la si compila"},
		{method: http.MethodPost, path: "/v1/matricole/:matricola/unita-produttive/:progressivo/validate", produces: asJSON,
			action: s.validateUnit, archived: true, decides: true, summary: "controlla una domanda con ciò che l’archivio sa"},
		{method: http.MethodGet, path: "/v1/forms", produces: asJSON, action: s.listForms, permit: forms,
			summary: "elenca i moduli delle domande"},
		{method: http.MethodGet, path: "/v1/forms/:form", produces: asJSON, action: s.showForm, permit: forms,
			summary: "mostra ciò che un modulo chiede, come lo chiede e quando"},
	}
}

// ValidateEnvelope is the body of POST /v1/validate: the form, whether it is about to be sent, the facts so far.
func ValidateEnvelope(voc *fact.Vocabulary) (*fact.Envelope, error) {
	return fact.NewEnvelope(voc, fact.AllFacts("facts"),
		fact.Plain(fact.Field{Name: "form", Type: fact.Text, MaxLen: maxFormID, Required: true}),
		fact.Plain(fact.Field{Name: "complete", Type: fact.Bool}))
}

// maxFormID is the longest id of a form, in characters.
const maxFormID = 64

// formQuestion is an application to be checked, under the edition whose vocabulary its facts were read with.
type formQuestion struct {
	edition  *rulebook.Edition
	form     string
	complete bool
	facts    *fact.Facts
	at       unit         // of a check over the archive, and of what is known of a stateless one
	said     *archiveSaid // nil: the archive was not asked
}

// asking reads a question with the vocabulary of an edition. It may be put again under a later one.
type asking func(ed *rulebook.Edition) (*formQuestion, error)

// validate checks the facts of the body and reads nothing else.
func (s *server) validate(c *call) error {
	if err := readQuery(c).err(); err != nil {
		return err
	}
	body, err := s.body(c)
	if err != nil {
		return err
	}
	_, answer, err := s.checkForm(c.Request.Context(), c, func(ed *rulebook.Edition) (*formQuestion, error) {
		q, err := s.readFormQuestion(c, ed, body)
		if err == nil {
			q.at = unitOf(q.facts)
		}
		return q, err
	})
	if err != nil {
		return err
	}
	c.validation(answer, nil)
	return nil
}

// unitOf is the unit that the facts name; "" where they name none.
func unitOf(f *fact.Facts) unit {
	return unit{f.Text("azienda.matricola"), f.Text("unita_produttiva.progressivo")}
}

// readFormQuestion reads a body. Only a wrong JSON type or an unreadable day is refused: all else that is
// wrong with the facts is for the answer to tell.
func (s *server) readFormQuestion(c *call, ed *rulebook.Edition, body []byte) (*formQuestion, error) {
	envelope, err := s.forms.of(ed, func(ed *rulebook.Edition) (*fact.Envelope, error) { return ValidateEnvelope(ed.Vocabulary) })
	if err != nil {
		return nil, err
	}
	request, err := envelope.Decode(body, fact.Options{Language: c.lang, Lenient: true})
	if err != nil {
		return nil, err
	}
	return &formQuestion{edition: ed, form: request.Get("form").Text, complete: request.Get("complete").Bool(), facts: request.Facts}, nil
}

// options are what the engine is told beside the facts.
func (q *formQuestion) options(c *call) engine.ValidateOptions {
	return engine.ValidateOptions{Form: q.form, Complete: q.complete, Today: c.today(), Language: c.lang}
}

// checkForm takes the decision on a question. ctx carries the transaction that the decision belongs to, if any.
func (s *server) checkForm(ctx context.Context, c *call, ask asking) (*formQuestion, *engine.Validation, error) {
	q, err := ask(s.Decider.Edition())
	if err != nil {
		return nil, nil, err
	}
	opt := q.options(c)
	answer, err := s.Decider.Validate(ctx, q.edition, q.facts, opt)
	if err != nil {
		return nil, nil, err
	}
	if err := ctx.Err(); err != nil { // too late to be of use: say so rather than answer
		return nil, nil, err
	}
	if q.complete {
		c.unrecorded = false // the check before sending is always recorded
	}
	return q, answer, s.enter(ctx, c, validationMade(answer, q, opt))
}

// validation answers 200 with the check of a form, and behind it what the archive had to say.
func (c *call) validation(a *engine.Validation, said *archiveSaid) {
	buf := decisions.Get().(*[]byte)
	text, written := c.headless.append((*buf)[:0], &a.Decision)
	if !written {
		text = a.AppendJSON(text)
	}
	*buf = append(said.appendTo(text), '\n')
	send(c.Context, http.StatusOK, c.media, *buf)
	giveBack(buf)
}

// appendTo adds members to an object that is written already.
func (a *archiveSaid) appendTo(object []byte) []byte {
	if a == nil {
		return object
	}
	more, err := json.Marshal(a)
	if err != nil {
		panic(err) // texts, versions and instants: they always have a JSON
	}
	return append(append(object[:len(object)-1], ','), more[1:]...)
}
