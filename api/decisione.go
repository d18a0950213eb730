package api

import (
	"encoding/json"
	"slices"

	"omnia/engine"
	"omnia/engine/rulebook"
	"omnia/ledger"
	"omnia/ledger/replay"
)

// shownDecision is one decision: what was asked, on which facts, what came out, and by which text of which rule.
type shownDecision struct {
	Decision        engine.Header     `json:"decision"`
	Kind            string            `json:"kind"`
	Position        int64             `json:"position"`
	Matricola       string            `json:"matricola,omitempty"`
	UnitaProduttiva string            `json:"unita_produttiva,omitempty"`
	Settore         string            `json:"settore,omitempty"`
	Esito           string            `json:"esito,omitempty"`
	Asked           map[string]string `json:"asked"`
	Actor           string            `json:"actor,omitempty"`
	Role            string            `json:"role,omitempty"`
	Delegation      string            `json:"delegation,omitempty"`
	Correlation     string            `json:"correlation_id,omitempty"`
	Engine          string            `json:"engine"`
	PolicyDigest    string            `json:"policy_digest,omitempty"`
	Facts           json.RawMessage   `json:"facts"`
	Outcome         json.RawMessage   `json:"outcome"`
	Answer          json.RawMessage   `json:"answer,omitempty"`
	AnswerMissing   *unexplained      `json:"answer_missing,omitempty"` // why there is no answer
	Rules           []shownVersion    `json:"rules"`
	Masked          []string          `json:"masked"`
	Erased          []string          `json:"erased"`
}

// shownVersion is a version that was applied, and why that one.
type shownVersion struct {
	Kind    string `json:"kind,omitempty"`
	ID      string `json:"id"`
	Title   string `json:"title,omitempty"`
	Version int    `json:"version"`
	Digest  string `json:"digest"`
	On      string `json:"on,omitempty"`
	State   string `json:"state"`
	Why     string `json:"why,omitempty"`
}

// showDecision shows a decision as it was taken. Its texts, which the record does not keep, are written again under its own edition.
func (s *server) showDecision(c *call) error {
	if err := c.noQuery(); err != nil {
		return err
	}
	d, err := s.heldDecision(c, azioneDecisioni, c.Param("id"))
	if err != nil {
		return err
	}
	v, err := d.view()
	if err != nil {
		return err
	}
	again, err := replay.Render(c.Request.Context(), s.Decider, d.Decision, c.lang)
	if err != nil {
		return err
	}
	out, err := d.shown(v, again, c.lang)
	if err != nil {
		return err
	}
	return c.json(out)
}

// noQuery refuses parameters, once it is known who asks.
func (c *call) noQuery() error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	return readQuery(c).err()
}

func (d *reading) shown(v *view, again *replay.Rendered, lang string) (*shownDecision, error) {
	r := &d.Receipt
	out := &shownDecision{
		Decision: replay.HeaderOf(r), Kind: r.Kind, Position: d.Position, Matricola: d.Index.Matricola, UnitaProduttiva: d.Index.UnitaProduttiva,
		Settore: d.Index.Settore, Esito: d.Index.Esito, Asked: map[string]string{}, Actor: v.actor, Role: r.Role, Delegation: r.Delegation,
		Correlation: r.Correlation, Engine: r.Engine, PolicyDigest: string(r.PolicyDigest), Facts: v.facts,
		Rules: versionsShown(r.Rules, again, lang), Masked: orNoneOf(v.masked), Erased: orNoneOf(v.erased),
	}
	for _, o := range r.Options {
		out.Asked[o.Name] = o.Value
	}
	outcome, err := replay.Expand(d.Outcome)
	if err != nil {
		return nil, err
	}
	if out.Outcome, err = v.quiet(outcome); err != nil {
		return nil, err
	}
	if again.Reason != "" {
		out.AnswerMissing = &unexplained{again.Reason, reasonText(again.Reason, lang)}
		return out, nil
	}
	out.Answer, err = v.quiet(answerBytes(again))
	return out, err
}

func answerBytes(again *replay.Rendered) []byte {
	if again.Counters != nil {
		return again.Counters.AppendJSON(nil)
	}
	return again.Validation.AppendJSON(nil)
}

func orNoneOf(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// versionsShown are the versions of a receipt, with their titles and reasons where the edition is there.
func versionsShown(rules []ledger.Rule, again *replay.Rendered, lang string) []shownVersion {
	out := make([]shownVersion, len(rules))
	for i, r := range rules {
		a := engine.Applied{ID: r.ID, Version: r.Version, Digest: string(r.Digest), On: r.On, State: r.State}
		if i < len(again.Applied) && again.Applied[i].ID == a.ID && again.Applied[i].Digest == a.Digest { // in the same order, when it came out identical
			a = again.Applied[i]
		}
		out[i] = shownVersion{Kind: a.Kind, ID: a.ID, Version: a.Version, Digest: a.Digest, On: a.On, State: a.State}
		if ed := again.Edition; ed != nil {
			out[i].entitle(ed, &a, lang)
		}
	}
	return out
}

func (v *shownVersion) entitle(ed *rulebook.Edition, a *engine.Applied, lang string) {
	v.Why = engine.Why(ed, a, lang)
	at := slices.IndexFunc(ed.Items, func(it rulebook.Item) bool {
		return it.ID == a.ID && it.Version.Digest == a.Digest && (a.Kind == "" || a.Kind == it.Kind)
	})
	if at >= 0 {
		v.Kind, v.Title = ed.Items[at].Kind, ed.Items[at].Title.In(lang)
	}
}
