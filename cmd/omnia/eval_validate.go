package main

import (
	"context"
	"time"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/rome"
)

// validateEnvelope is the body of POST /v1/validate: the form, whether it is about to be sent, the facts so far.
func validateEnvelope(ed *rulebook.Edition) (*fact.Envelope, error) {
	return fact.NewEnvelope(ed.Vocabulary, fact.AllFacts("facts"),
		fact.Plain(fact.Field{Name: "form", Type: fact.Text, MaxLen: 64, Required: true}),
		fact.Plain(fact.Field{Name: "complete", Type: fact.Bool}))
}

// validate checks the form and prints the answer.
func (c *evalCmd) validate(ctx context.Context, std streams, ed *rulebook.Edition, body []byte) error {
	envelope, err := validateEnvelope(ed)
	if err != nil {
		return wrong(err)
	}
	request, err := envelope.Decode(body, fact.Options{Language: c.Lang, Lenient: true})
	if err != nil {
		return c.refused(err)
	}
	d := newDecider(ed, time.Now)
	answer, err := d.Validate(ctx, ed, request.Facts, engine.ValidateOptions{
		Form: request.Get("form").Text, Complete: request.Get("complete").Bool(), Today: rome.Day(d.now()), Language: c.Lang,
	})
	if err != nil {
		return c.refused(err)
	}
	return c.print(std.out, answer.AppendJSON(nil))
}

// Validate checks a form, and stamps the decision.
func (d *decider) Validate(ctx context.Context, ed *rulebook.Edition, facts *fact.Facts, opt engine.ValidateOptions) (*engine.Validation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := d.engine.Load()
	if e.Edition() != ed { // a reload came between reading the facts and deciding on them
		e = engine.New(ed)
	}
	answer, err := e.Validate(facts, opt)
	if err != nil {
		return nil, err
	}
	now := d.now().UTC()
	answer.Decision.ID = newID(now)
	answer.Decision.Instant = now.Format("2006-01-02T15:04:05.000Z")
	return answer, nil
}
