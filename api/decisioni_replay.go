package api

import (
	"encoding/json"
	"errors"
	"slices"

	"omnia/archive"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
	"omnia/ledger"
	"omnia/ledger/replay"
)

// replayed is what came out of deciding once more.
type replayed struct {
	ID          string          `json:"id"`
	Identical   bool            `json:"identical"`
	Differences json.RawMessage `json:"differences"`
}

// replayDecision decides again, under the edition and on the facts of then. What can't be decided again is a problem, never a guess.
func (s *server) replayDecision(c *call) error {
	if err := c.noQuery(); err != nil {
		return err
	}
	d, err := s.heldDecision(c, azioneRipeti, c.Param("id"))
	if err != nil {
		return err
	}
	v, err := d.view()
	if err != nil {
		return err
	}
	r, err := replay.Rerun(c.Request.Context(), s.Decider, d.Decision)
	if err != nil {
		return err
	}
	if r.State == replay.NotReplayable {
		return notReplayable(c, r.Reason, v.erased)
	}
	differences, err := json.Marshal(append([]replay.Difference{}, r.Differences...))
	if err != nil {
		return err
	}
	out := replayed{ID: r.ID, Identical: r.State == replay.Identical}
	if out.Differences, err = v.quiet(differences); err != nil {
		return err
	}
	return c.json(out)
}

// notReplayable says why a decision can't be decided again, and which of its facts were erased.
func notReplayable(c *call, reason string, erased []string) error {
	f := failure(c.lang, codeNotReplayable, reasonText(reason, c.lang))
	if reason != replay.ReasonErased {
		return f
	}
	var gone []fault.Detail
	for _, path := range erased {
		if path != ledger.PathActor {
			gone = append(gone, defect(c.lang, "/facts"+path, codeErased))
		}
	}
	return f.With(gone...)
}

// compareDecisions tells which facts and which rules made two decisions differ.
func (s *server) compareDecisions(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	q := readQuery(c)
	with := q.text("with", "")
	if with == "" {
		q.wrong("with", codeRequired)
	}
	if err := q.err(); err != nil {
		return err
	}
	a, err := s.heldDecision(c, azioneRipeti, c.Param("id"))
	if err != nil {
		return err
	}
	b, err := s.heldDecision(c, azioneRipeti, with)
	if err != nil {
		return err
	}
	contrast, err := replay.Compare(c.Request.Context(), s.Decider, a.Decision, b.Decision, c.lang)
	if err != nil {
		return err
	}
	return c.contrast(contrast, a, b)
}

// correctDecision tells what a decision would have been, had a measure of its history been then as it is now. The decision itself stays as it was.
func (s *server) correctDecision(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	q := readQuery(c)
	numero := q.plain("provvedimento")
	if numero == "" {
		q.wrong("provvedimento", codeRequired)
	}
	if err := q.err(); err != nil {
		return err
	}
	d, err := s.heldDecision(c, azioneRipeti, c.Param("id"))
	if err != nil {
		return err
	}
	period, err := s.periodNow(c, d, numero)
	if err != nil {
		return err
	}
	contrast, err := replay.WouldChange(c.Request.Context(), s.Decider, d.Decision, numero, period, c.lang)
	if errors.Is(err, replay.ErrNoPeriod) {
		return failure(c.lang, codeNoPeriod, numero)
	}
	if err != nil {
		return err
	}
	return c.contrast(contrast, d)
}

// periodNow is a measure as it is known now, as a period of the facts; nil when the archive has none. One of another matricola
// than the decision's is none.
func (s *server) periodNow(c *call, d *reading, numero string) ([]byte, error) {
	if !replay.Touches(d.Facts, numero) {
		return nil, failure(c.lang, codeNoPeriod, numero)
	}
	p, err := s.Archive.Provvedimento(c.Request.Context(), numero, 0, c.now)
	if errors.Is(err, archive.ErrNotFound) || err == nil && p.Matricola != d.Index.Matricola {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g, err := s.Decider.At(c.Request.Context(), string(d.Receipt.EditionDigest))
	if errors.Is(err, replay.ErrNoEdition) {
		return nil, notReplayable(c, replay.ReasonEdition, nil)
	}
	if err != nil {
		return nil, err
	}
	return periodOf(g.Edition(), p.Corpo)
}

// periodOf is what of a measure are facts of a period.
func periodOf(ed *rulebook.Edition, corpo []byte) ([]byte, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(corpo, &all); err != nil {
		return nil, err
	}
	fields := ed.Vocabulary.Root.Field("periodi").Element.Fields
	out := map[string]json.RawMessage{}
	for name, value := range all {
		if slices.ContainsFunc(fields, func(f *fact.Field) bool { return f.Name == name }) {
			out[name] = value
		}
	}
	return json.Marshal(out)
}

// contrastShown is a comparison as it is answered: titles in one language.
type contrastShown struct {
	*replay.Contrast
	Rules []ruleChange `json:"rules"`
}

type ruleChange struct {
	replay.RuleChange
	Title string `json:"title"`
}

// contrast answers a comparison as who reads both decisions may see it.
func (c *call) contrast(x *replay.Contrast, sides ...*reading) error {
	var views []*view
	for _, d := range sides {
		v, err := d.view()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(v.masked, func(path string) bool { return path != ledger.PathActor }) {
			x = x.Masked()
		}
		views = append(views, v)
	}
	shown := contrastShown{x, make([]ruleChange, len(x.Rules))}
	for i := range x.Rules {
		shown.Rules[i] = ruleChange{x.Rules[i], x.Rules[i].Title.In(c.lang)}
	}
	out, err := json.Marshal(shown)
	for _, v := range views {
		if err == nil {
			out, err = v.quiet(out)
		}
	}
	if err != nil {
		return err
	}
	return c.json(json.RawMessage(out))
}
