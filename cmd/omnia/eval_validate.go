package main

import (
	"context"
	"time"

	"omnia/api"
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/rome"
)

// validate checks the form and prints the answer.
func (c *evalCmd) validate(ctx context.Context, std streams, ed *rulebook.Edition, body []byte) error {
	envelope, err := api.ValidateEnvelope(ed.Vocabulary)
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
