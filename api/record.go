package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/ledger"
	"omnia/ledger/replay"
)

// How a decision gets into the record before it is told.
//
// A handler decides, and hands what it decided to [server.enter]. In a route with accesses the decision waits with the
// lines of the record of accesses, and all of it is committed at once, after the handler has ended and before the answer
// leaves; elsewhere it is committed there and then. When another edition was taken into use meanwhile nothing is
// recorded, and the whole handler is run again under it: see [server.retried].

// made is a decision as a handler has made it.
type made struct {
	header  *engine.Header
	kind    string
	edition *rulebook.Edition
	facts   *fact.Facts
	options []ledger.Option
	applied func() []engine.Applied
	write   func(dst []byte) []byte // the answer, without its header
	outcome func(headless []byte, personal []ledger.Personal) []byte
	esito   string
	at      unit // "" where nothing is known of it
}

// countersMade is a decision about counters.
func countersMade(a *engine.Counters, ed *rulebook.Edition, facts *fact.Facts, opt engine.Options, at unit) made {
	return made{
		header: &a.Decision, kind: replay.KindCounters, edition: ed, facts: facts, options: replay.CountersOptions(opt), applied: a.Applied,
		write:   a.AppendHeadless,
		outcome: func(h []byte, p []ledger.Personal) []byte { return replay.CountersOutcomeOf(a, h, p) }, esito: replay.Esito(a), at: at,
	}
}

// validationMade is the check of a form.
func validationMade(a *engine.Validation, q *formQuestion, opt engine.ValidateOptions) made {
	return made{
		header: &a.Decision, kind: replay.KindValidate, edition: q.edition, facts: q.facts, options: replay.ValidateOptions(opt), applied: a.Applied,
		write:   a.AppendHeadless,
		outcome: func(h []byte, p []ledger.Personal) []byte { return replay.ValidationOutcomeOf(a, h, p) }, esito: a.Outcome, at: q.at,
	}
}

// headless is an answer as it was written to be hashed, so that it need not be written again to be sent.
type headless struct {
	of   *engine.Header // of the answer
	text *[]byte        // without it
}

// keep writes the answer of a decision, in the place of the one before.
func (h *headless) keep(m *made) []byte {
	if h.text == nil {
		h.text = decisions.Get().(*[]byte)
	}
	h.of, *h.text = m.header, m.write((*h.text)[:0])
	return *h.text
}

// append adds the answer with that header to dst, where it is the one that is kept; what held it is given back.
func (h *headless) append(dst []byte, of *engine.Header) (out []byte, ok bool) {
	if h.text == nil || h.of != of {
		return dst, false
	}
	out = engine.Headed(dst, of, *h.text)
	giveBack(h.text)
	*h = headless{}
	return out, true
}

// enter sees to it that a decision is in the record before the answer leaves, or marks it as not recorded.
func (s *server) enter(ctx context.Context, c *call, m made) error {
	if s.Ledger == nil {
		return nil
	}
	if c.unrecorded && c.held == nil { // what rests on the archive is always recorded
		no := false
		m.header.Recorded = &no
		c.Header("Preference-Applied", "record=none")
		return nil
	}
	d, err := s.decisionOf(c, m)
	if err != nil {
		return err
	}
	if c.held != nil {
		c.decisions = append(c.decisions, d)
		return nil
	}
	if err := s.Ledger.Commit(ctx, []*ledger.Decision{d}, nil); err != nil {
		return unrecorded(c, err)
	}
	return nil
}

// decisionOf is a decision as the record keeps it.
func (s *server) decisionOf(c *call, m made) (*ledger.Decision, error) {
	shapes, err := s.shapes.of(m.edition, personalIn)
	if err != nil {
		return nil, err
	}
	room := decisions.Get().(*[]byte)
	*room = m.facts.AppendJSON((*room)[:0], true)
	public, personal, commitments, err := ledger.Split(*room, shapes, rand.Reader)
	giveBack(room)
	if err != nil {
		return nil, err
	}
	d := &ledger.Decision{
		Facts: public, Personal: personal, Outcome: m.outcome(c.headless.keep(&m), personal),
		Index: ledger.Index{Matricola: m.at.matricola, UnitaProduttiva: m.at.progressivo, Esito: m.esito, Settore: m.facts.Text("azienda.settore")},
	}
	r := &d.Receipt
	if r.Instant, err = time.Parse(time.RFC3339Nano, m.header.Instant); err != nil {
		return nil, err
	}
	r.ID, r.Kind, r.Simulation, r.Engine = m.header.ID, m.kind, m.header.Simulation, s.EngineVersion
	r.Edition, r.EditionDigest, r.Options = m.edition.Name, ledger.Digest(m.edition.Digest), m.options
	r.FactsDigest, r.Personal, r.OutcomeDigest = ledger.DigestOf(public), commitments, ledger.DigestOf(d.Outcome)
	r.Rules, r.Correlation = replay.Rules(m.applied()), c.GetString(correlationKey)
	if s.Policies != nil {
		r.PolicyDigest, r.Role, r.Delegation = ledger.Digest(s.Policies.Digest()), c.verdict.Ruolo, c.verdict.Delega
	}
	return d, s.sealActor(c, d)
}

// sealActor binds who asked, kept apart like other personal values.
func (s *server) sealActor(c *call, d *ledger.Decision) error {
	who := c.who()
	if who == nil {
		return nil
	}
	name, err := json.Marshal(who.Subject)
	if err != nil {
		return err
	}
	p, bound, err := ledger.Seal(ledger.PathActor, name, rand.Reader)
	if err != nil {
		return err
	}
	d.Personal, d.Receipt.Actor, d.Index.Persona = append(d.Personal, p), bound.Hash, who.Subject
	return nil
}

// personalIn tells which facts of an edition are personal, by shape.
func personalIn(ed *rulebook.Edition) (ledger.Shapes, error) {
	return replay.Personal(ed.Vocabulary), nil
}

// editionTries bounds how often a request is decided again because another edition was taken into use.
const editionTries = 6

// retried runs a handler that decides, and again when the edition changed meanwhile: nothing of the try before is left.
func (s *server) retried(do action) action {
	return func(c *call) error {
		if err := s.readPreference(c); err != nil {
			return err
		}
		for try := 1; ; try++ {
			err := do(c)
			if !errors.Is(err, ledger.ErrEdition) {
				return err
			}
			if try == editionTries {
				return failure(c.lang, codeArchiveUnavailable).Wrap(err)
			}
			if err := s.Decider.Renew(c.Request.Context()); err != nil {
				return s.unrenewed(c, err)
			}
			c.lines, c.decisions, c.headless = nil, nil, headless{}
		}
	}
}

// readPreference reads whether the caller asks not to record (RFC 7240: Prefer: record=none), and whether it may: a
// preference that can't be met is left aside, and the answer does not say that it was.
func (s *server) readPreference(c *call) error {
	if s.Ledger == nil || !prefers(c.Request.Header.Values("Prefer"), "record", "none") {
		return nil
	}
	if s.Policies == nil {
		return nil
	}
	v, err := s.Policies.Decide(c.Request.Context(), s.question(c, "decisioni.tralascia"))
	if err != nil {
		return err
	}
	c.unrecorded = v.Allow
	return nil
}

// prefers tells whether a preference is asked for with that value. The first of several of one name counts.
func prefers(header []string, name, value string) bool {
	for p := range strings.SplitSeq(strings.Join(header, ","), ",") {
		p, _, _ = strings.Cut(p, ";")
		n, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.Trim(strings.TrimSpace(v), `"`) == value
		}
	}
	return false
}
