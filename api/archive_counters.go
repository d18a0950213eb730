package api

import (
	"errors"
	"slices"
	"strings"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/internal/fault"
)

// unit names one production unit.
type unit struct{ matricola, progressivo string }

// archived is what is asked of the archive about a unit.
type archived struct {
	day       calendar.Day // the reference day; 0 is the last day requested, else today
	knownAt   time.Time    // zero is now
	richiesta *fact.Facts  // of a what-if; nil is none
	depth     engine.Depth
}

// unitCounters answers the counters of a unit out of the archive.
func (s *server) unitCounters(c *call) error { return s.countersOf(c, "contatori.leggi", nil) }

// simulateCounters answers what the counters would be with a request. It stores nothing.
func (s *server) simulateCounters(c *call) error {
	return s.countersOf(c, "contatori.simula", s.whatIf)
}

// countersOf decides on a unit of the archive; body, where there is one, reads what is asked beside.
func (s *server) countersOf(c *call, azione string, body func(c *call, ask *archived) error) error {
	at := unit{c.Param("matricola"), c.Param("progressivo")}
	g, err := s.authorize(c, azione, at.matricola)
	if err != nil {
		return err
	}
	g.about("unita_produttiva " + at.progressivo)
	ask, err := readArchived(c, body == nil)
	if err != nil {
		return err
	}
	if body != nil {
		if err := body(c, &ask); err != nil {
			return err
		}
	}
	m, answer, err := s.decided(c, at, ask)
	if err != nil {
		return ask.placed(err)
	}
	s.metrics.decided(answer.Items)
	answer.Decision.Simulation = body != nil
	if err := s.enter(c.Request.Context(), c, *m); err != nil {
		return err
	}
	c.decision(answer, instantText(c.orNow(ask.knownAt)))
	return nil
}

// placed is an error of the engine with its defects where the caller wrote what they are about: there are
// no facts in a question to the archive.
func (a archived) placed(err error) error {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || len(f.Details) == 0 {
		return err
	}
	details := slices.Clone(f.Details)
	for i := range details {
		p := &details[i].Pointer
		switch rest := strings.TrimPrefix(*p, "/facts"); {
		case a.richiesta != nil && (rest == "/data_riferimento" || strings.HasPrefix(rest, "/richiesta")):
			*p = rest
		case rest == "/data_riferimento":
			*p = "/query/data_fine"
		default:
			*p = "/archivio" + rest
		}
	}
	return f.With(details...)
}

// readArchived reads the parameters of a question about a unit. With a body the reference day is in it.
func readArchived(c *call, withDay bool) (archived, error) {
	q := readQuery(c)
	ask := archived{
		depth:   engine.Depth(q.choice("explain", string(engine.Normal), string(engine.Short), string(engine.Full))),
		knownAt: q.knownAt(c.now),
	}
	if withDay {
		ask.day = q.day("data_fine", 0)
	}
	return ask, q.err()
}

// whatIf reads the body of a what-if: a request, and perhaps the reference day.
func (s *server) whatIf(c *call, ask *archived) error {
	body, err := s.body(c)
	if err != nil {
		return err
	}
	voc := s.Decider.Edition().Vocabulary
	day := *voc.Root.Field("data_riferimento")
	envelope, err := fact.NewEnvelope(voc, fact.Part("richiesta"), fact.Plain(day))
	if err != nil {
		return err
	}
	request, err := envelope.Decode(body, fact.Options{Language: c.lang})
	if err != nil {
		return err
	}
	ask.richiesta = request.Facts
	if v := request.Get("data_riferimento"); v.IsKnown() {
		ask.day = v.Day()
	}
	return nil
}

// decided takes a decision on a unit as the archive knows it: with the facts that the body of the
// stateless POST would have, by the same decider.
func (s *server) decided(c *call, at unit, ask archived) (*made, *engine.Counters, error) {
	d, err := s.Archive.Case(c.Request.Context(), at.matricola, at.progressivo, ask.before(c), ask.knownAt)
	if errors.Is(err, archive.ErrNotFound) { // the caller may see it today, but then nobody knew of it
		return nil, nil, failure(c.lang, codeUnitNotFound)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := d.Posizione.Open(); err != nil {
		return nil, nil, err
	}
	k := kase{at: at, pos: d.Posizione, history: d.History, last: d.LastTreatment}
	return s.decide(c, k, ask)
}

// kase is what the archive knows of one unit.
type kase struct {
	at      unit
	pos     *archive.Posizione
	history []archive.Provvedimento
	last    *calendar.Day // the end of the last treatment of the company, before the day asked
}

// decide decides on a unit that has been read.
func (s *server) decide(c *call, k kase, ask archived) (*made, *engine.Counters, error) {
	ed := s.Decider.Edition()
	reader, err := s.readerOf(ed)
	if err != nil {
		return nil, nil, err
	}
	facts, err := reader.Case(k.pos, k.at.progressivo, k.history, archive.Ask{
		Day: ask.reference(c), LastTreatment: k.elsewhere(ask.before(c)), Richiesta: ask.richiesta,
	})
	if errors.Is(err, archive.ErrUnita) {
		return nil, nil, failure(c.lang, codeUnitNotFound)
	}
	if err != nil {
		return nil, nil, err
	}
	ctx, opt := c.Request.Context(), engine.Options{Today: c.today(), Language: c.lang, Explain: ask.depth, Kept: true}
	answer, err := s.Decider.Counters(ctx, ed, facts, opt)
	if err != nil {
		return nil, nil, err
	}
	m := countersMade(answer, ed, facts, opt, k.at)
	return &m, answer, ctx.Err() // too late to be of use: say so rather than answer
}

// reference is the day whose law and whose counters are asked.
func (a archived) reference(c *call) calendar.Day {
	if a.day != 0 {
		return a.day
	}
	if a.richiesta != nil {
		if last := a.richiesta.Get("richiesta.al"); last.IsKnown() {
			return last.Day()
		}
	}
	return c.today()
}

// before is the day before which the last treatment of the company is looked for: the first one requested,
// or the one after the reference day.
func (a archived) before(c *call) calendar.Day {
	if a.richiesta != nil {
		if first := a.richiesta.Get("richiesta.dal"); first.IsKnown() {
			return first.Day()
		}
	}
	return a.reference(c) + 1
}

// elsewhere is the end of the last treatment when another unit or matricola of the company had it. What the
// history of this unit says by itself is left to the rule that presumes it, so that the same facts sent
// without an archive give the same answer.
func (k *kase) elsewhere(before calendar.Day) *calendar.Day {
	if k.last == nil {
		return nil
	}
	for i := range k.history {
		p := &k.history[i]
		granted := archive.SezioneOf(p.Esito) == archive.Autorizzazioni && p.Dal < before
		if granted && min(p.Al, before-1) >= *k.last {
			return nil
		}
	}
	return k.last
}
