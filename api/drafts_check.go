package api

import (
	"context"
	"errors"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/rulebook"
)

// draftStanding is how a draft stands after a check.
type draftStanding struct {
	ID      string             `json:"id"`
	State   archive.DraftState `json:"state"`
	Version int                `json:"version"`
	ETag    string             `json:"etag"`
}

func standingOf(d *archive.Draft) *draftStanding {
	return &draftStanding{ID: d.ID, State: d.State, Version: d.Version, ETag: draftTag(d)}
}

// showDraftCheck shows the receipt of the last check of a draft.
func (s *server) showDraftCheck(c *call) error {
	d, err := s.heldDraft(c, azioneLeggiBozze)
	if err != nil {
		return err
	}
	if d.Check == nil {
		return failure(c.lang, codeDraftUnchecked)
	}
	return c.json(receiptOf(d.Check))
}

// checkDraft checks a draft as it was last written, with what the archive knows, and keeps the receipt with it.
func (s *server) checkDraft(c *call) error {
	d, err := s.heldDraft(c, azioneScriviBozze)
	if err != nil {
		return err
	}
	if d.State != archive.DraftOpen {
		return archive.ErrDraftReady
	}
	return s.concludeDraft(c, d, false)
}

// submitDraft is the check before sending, of the version that the caller read. Where nothing is wrong and nothing
// is missing, the draft is ready: what was checked is what stands in it, and it can't be changed any more.
func (s *server) submitDraft(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	on, err := c.precondition()
	if err != nil {
		return err
	}
	d, err := s.heldDraft(c, azioneScriviBozze)
	switch {
	case err != nil:
		return err
	case d.State != archive.DraftOpen && c.key == "": // under a key the answer of that time is given again
		return archive.ErrDraftReady
	case d.State == archive.DraftOpen && !on.holds(draftTag(d)):
		return c.conflict(d, nil)
	}
	return s.concludeDraft(c, d, true)
}

// concludeDraft checks a draft, and stores the receipt and the answer together. The check itself is made before: a
// transaction must be short. One that was overtaken meanwhile is told so.
func (s *server) concludeDraft(c *call, d *archive.Draft, complete bool) error {
	var k *draftChecked
	if d.State == archive.DraftOpen {
		var err error
		if k, err = s.draftChecked(c, d, complete); err != nil {
			return err
		}
	}
	err := s.once(c, func(ctx context.Context) error {
		if d.State != archive.DraftOpen {
			return archive.ErrDraftReady
		}
		return s.keepOutcome(ctx, c, *d, k)
	})
	if errors.Is(err, archive.ErrStale) {
		return s.overtaken(c, nil)
	}
	return err
}

// draftChecked is a check of a draft that is not stored yet.
type draftChecked struct {
	question *formQuestion
	answer   *engine.Validation
	check    *archive.Check
}

// draftChecked checks a draft, and compares with the check before.
func (s *server) draftChecked(c *call, d *archive.Draft, complete bool) (*draftChecked, error) {
	ctx := c.Request.Context()
	q, answer, err := s.checkForm(ctx, c, func(ed *rulebook.Edition) (*formQuestion, error) { return s.draftQuestion(ctx, c, ed, d, complete) })
	if err != nil {
		return nil, err
	}
	check, err := checkOf(answer, q, d)
	if err != nil {
		return nil, err
	}
	q.said.Changes, err = s.changesSince(ctx, c, d.Check, check)
	return &draftChecked{q, answer, check}, err
}

// keepOutcome stores what a check came to, and answers it.
func (s *server) keepOutcome(ctx context.Context, c *call, d archive.Draft, k *draftChecked) (err error) {
	q, answer := k.question, k.answer
	d.Check = k.check
	if q.complete && answer.Outcome == engine.OutcomeValid {
		err = s.readyDraft(ctx, c, &d)
	} else {
		err = s.Archive.KeepCheck(ctx, d.ID, d.Check)
	}
	if err != nil {
		return err
	}
	q.said.Draft = standingOf(&d)
	c.Header("ETag", draftTag(&d))
	c.validation(q.said.tell(answer, q, c.lang), q.said)
	return nil
}

// readyDraft closes a draft that may be sent.
func (s *server) readyDraft(ctx context.Context, c *call, d *archive.Draft) error {
	d.State, d.Version, d.UpdatedAt, d.UpdatedBy = archive.DraftReady, d.Version+1, archive.Instant(c.now), c.author()
	d.Digest = draftDigest(d)
	return s.Archive.WriteDraft(ctx, d)
}

// draftQuestion is the question that a draft puts, with what the archive knows filled in.
func (s *server) draftQuestion(ctx context.Context, c *call, ed *rulebook.Edition, d *archive.Draft, complete bool) (*formQuestion, error) {
	facts, err := readDraftFacts(ed, d.Facts, c.lang)
	if err != nil {
		return nil, err
	}
	q := &formQuestion{edition: ed, form: d.Form, complete: complete, facts: facts}
	at := unit{d.Matricola, d.UnitaProduttiva}
	if chosen := facts.Get("unita_produttiva.progressivo"); at.progressivo == "" && chosen.IsKnown() {
		at.progressivo = chosen.Text
	}
	return q, s.prefill(ctx, c, q, at, time.Time{})
}

// checkOf is the receipt of a check.
func checkOf(a *engine.Validation, q *formQuestion, d *archive.Draft) (*archive.Check, error) {
	at, err := time.Parse(time.RFC3339Nano, a.Decision.Instant)
	if err != nil {
		return nil, err
	}
	return &archive.Check{
		Decision: a.Decision.ID, Instant: at, Edition: a.Decision.Edition, EditionDigest: a.Decision.EditionDigest,
		FactsDigest: a.Decision.FactsDigest, Outcome: a.Outcome, Complete: q.complete, Version: d.Version,
	}, nil
}

// draftReceipt is the receipt of a check as it is answered.
type draftReceipt struct {
	Decision      string `json:"decision"`
	Instant       string `json:"instant"`
	Edition       string `json:"edition"`
	EditionDigest string `json:"edition_digest"`
	FactsDigest   string `json:"facts_digest"`
	Outcome       string `json:"outcome"`
	Complete      bool   `json:"complete"`
	Version       int    `json:"draft_version"`
}

func receiptOf(k *archive.Check) draftReceipt {
	return draftReceipt{
		Decision: k.Decision, Instant: instantText(k.Instant), Edition: k.Edition, EditionDigest: k.EditionDigest,
		FactsDigest: k.FactsDigest, Outcome: k.Outcome, Complete: k.Complete, Version: k.Version,
	}
}
