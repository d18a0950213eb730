package api

import (
	"omnia/engine"
	"omnia/engine/fact"
	"omnia/internal/rome"
)

// computeCounters decides on the facts of the body and reads nothing else.
func (s *server) computeCounters(c *call) error {
	q := readQuery(c)
	depth := q.choice("explain", string(engine.Normal), string(engine.Short), string(engine.Full))
	if err := q.err(); err != nil {
		return err
	}
	body, err := s.body(c)
	if err != nil {
		return err
	}
	ed := s.Decider.Edition()
	facts, err := readFacts(ed.Vocabulary, body, c.lang)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	opt := engine.Options{Today: rome.Day(s.Now()), Language: c.lang, Explain: engine.Depth(depth)}
	answer, err := s.Decider.Counters(ctx, ed, facts, opt)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // too late to be of use: say so rather than answer
		return err
	}
	if err := s.enter(ctx, c, countersMade(answer, ed, facts, opt, unitOf(facts))); err != nil {
		return err
	}
	s.metrics.decided(answer.Items)
	c.decision(answer, "")
	return nil
}

// facts reads a body of the form {"facts": {…}}.
func readFacts(vocabulary *fact.Vocabulary, body []byte, lang string) (*fact.Facts, error) {
	envelope, err := fact.NewEnvelope(vocabulary, fact.AllFacts("facts"))
	if err != nil {
		return nil, err
	}
	request, err := envelope.Decode(body, fact.Options{Language: lang})
	if err != nil {
		return nil, err
	}
	return request.Facts, nil
}
