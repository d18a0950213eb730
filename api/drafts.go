package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// A draft belongs to a matricola: whoever may fill in applications for it, today, may read and change it, on any
// device. A change says which version it rests on; of two that rest on the same one the first is kept, and the other
// is told what differs. Nothing in a draft need be right: that is what the check is for.
//
// The last version is kept, and no other: a draft is a person's desk, not a record. What was decided on it is in the
// record of decisions.

func (s *server) draftRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/v1/drafts", produces: asJSON, action: s.listDrafts, archived: true,
			summary: "elenca le bozze di una matricola"},
		{method: http.MethodPost, path: "/v1/drafts", produces: asJSON, action: s.createDraft, archived: true, repeats: true,
			summary: "apre una bozza"},
		{method: http.MethodGet, path: "/v1/drafts/:id", produces: asJSON, action: s.showDraft, archived: true,
			summary: "mostra una bozza"},
		{method: http.MethodPut, path: "/v1/drafts/:id", produces: asJSON, action: s.writeDraft, archived: true,
			summary: "salva una bozza"},
		{method: http.MethodDelete, path: "/v1/drafts/:id", produces: asJSON, action: s.deleteDraft, archived: true,
			summary: "elimina una bozza"},
		{method: http.MethodGet, path: "/v1/drafts/:id/validation", produces: asJSON, action: s.showDraftCheck, archived: true,
			summary: "mostra la ricevuta dell’ultimo controllo di una bozza"},
		{method: http.MethodPost, path: "/v1/drafts/:id/validation", produces: asJSON, action: s.checkDraft, archived: true, repeats: true, decides: true,
			summary: "controlla una bozza con ciò che l’archivio sa"},
		{method: http.MethodPost, path: "/v1/drafts/:id/submission", produces: asJSON, action: s.submitDraft, archived: true, repeats: true, decides: true,
			summary: "controlla una bozza per l’invio e, se va bene, la chiude"},
	}
}

// The actions on drafts, as the policies know them.
const (
	azioneLeggiBozze  = "bozze.leggi"
	azioneScriviBozze = "bozze.scrivi"
)

// shownDraft is a draft as it is answered. Facts are absent in a list.
type shownDraft struct {
	ID              string             `json:"id"`
	Form            string             `json:"form"`
	Matricola       string             `json:"matricola"`
	UnitaProduttiva string             `json:"unita_produttiva,omitempty"`
	Step            string             `json:"step,omitempty"`
	State           archive.DraftState `json:"state"`
	Version         int                `json:"version"`
	Facts           json.RawMessage    `json:"facts,omitempty"`
	CreatedAt       string             `json:"created_at"`
	CreatedBy       string             `json:"created_by"`
	UpdatedAt       string             `json:"updated_at"`
	UpdatedBy       string             `json:"updated_by"`
	ExpiresAt       string             `json:"expires_at"`
}

func shownDraftOf(d *archive.Draft) shownDraft {
	return shownDraft{
		ID: d.ID, Form: d.Form, Matricola: d.Matricola, UnitaProduttiva: d.UnitaProduttiva, Step: d.Step, State: d.State, Version: d.Version,
		Facts: d.Facts, CreatedAt: instantText(d.CreatedAt), CreatedBy: d.CreatedBy, UpdatedAt: instantText(d.UpdatedAt), UpdatedBy: d.UpdatedBy,
		ExpiresAt: instantText(d.ExpiresAt),
	}
}

// draft answers with a draft and its entity tag.
func (c *call) draft(status int, d *archive.Draft) error {
	c.Header("ETag", draftTag(d))
	return c.reply(status, shownDraftOf(d))
}

func draftTag(d *archive.Draft) string { return versionTag(d.Version, d.Digest) }

// listDrafts lists the drafts of one matricola.
func (s *server) listDrafts(c *call) error {
	q := readQuery(c)
	matricola := q.text("matricola", "")
	page := q.pagingByID("id")
	if matricola == "" {
		q.wrong("matricola", codeMatricolaForm)
	}
	if err := q.err(); err != nil {
		return err
	}
	g, err := s.authorize(c, azioneLeggiBozze, matricola)
	if err != nil {
		return err
	}
	g.about("bozze")
	found, more, err := s.Archive.Drafts(c.Request.Context(), matricola, c.now, archive.Page{After: page.after, Limit: page.limit})
	if err != nil {
		return err
	}
	out := list[shownDraft]{Items: make([]shownDraft, len(found)), Limit: page.limit}
	for i := range found {
		out.Items[i] = shownDraftOf(&found[i])
	}
	if more {
		out.NextCursor = writeCursor(page.sort, found[len(found)-1].ID)
	}
	return c.json(out)
}

// showDraft shows a draft as it was last written, so that a person goes on where it was left.
func (s *server) showDraft(c *call) error {
	d, err := s.heldDraft(c, azioneLeggiBozze)
	if err != nil {
		return err
	}
	if c.unmodified(draftTag(d)) {
		return nil
	}
	return c.draft(http.StatusOK, d)
}

// heldDraft is the draft of the path, when the caller may do this with it. One that is not there, one whose time is
// over and one of others answer alike, after the same steps.
func (s *server) heldDraft(c *call, azione string) (*archive.Draft, error) {
	if c.who() == nil {
		return nil, unauthenticated(c)
	}
	if err := readQuery(c).err(); err != nil {
		return nil, err
	}
	d, err := s.findDraft(c)
	if err != nil {
		return nil, err
	}
	if err := s.mayDraft(c, azione, d); err != nil {
		return nil, err
	}
	return d, nil
}

// findDraft is nil for a draft that is not there.
func (s *server) findDraft(c *call) (*archive.Draft, error) {
	id := c.Param("id")
	if !isUUID(id) {
		return nil, nil
	}
	d, err := s.Archive.Draft(c.Request.Context(), id, c.now)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	return d, err
}

// mayDraft asks for access to a draft; nil is one of nobody.
func (s *server) mayDraft(c *call, azione string, d *archive.Draft) error {
	matricola := nobody
	if d != nil {
		matricola = d.Matricola
	}
	g, err := s.authorize(c, azione, matricola)
	if g != nil {
		g.about("bozza " + cut(c.Param("id"), maxText))
		if d == nil {
			g.line.Matricola = ""
		}
	}
	f, refused := errors.AsType[*fault.Fault](err)
	if d == nil && err == nil || refused && f.Code == codeMatricolaNotFound {
		return failure(c.lang, codeDraftNotFound)
	}
	return err
}

// draftInput is what a caller writes.
type draftInput struct {
	edition                   *rulebook.Edition
	form, matricola, uu, step string
	facts                     *fact.Facts
}

// readDraft reads the body of a draft: facts as leniently as for a check, so that whatever is kept can be checked.
func (s *server) readDraft(c *call) (*draftInput, error) {
	body, err := s.body(c)
	if err != nil {
		return nil, err
	}
	ed := s.Decider.Edition()
	envelope, err := s.drafts.of(ed, draftEnvelope)
	if err != nil {
		return nil, err
	}
	r, err := envelope.Decode(body, fact.Options{Language: c.lang, Lenient: true})
	if err != nil {
		return nil, err
	}
	in := &draftInput{
		edition: ed, form: r.Get("form").Text, matricola: r.Get("matricola").Text, uu: r.Get("unita_produttiva").Text, step: r.Get("step").Text, facts: r.Facts,
	}
	if ed.Form(in.form) == nil {
		return nil, failure(c.lang, codeInvalidInput).With(defect(c.lang, "/form", codeUnknownForm))
	}
	return in, nil
}

// draftEnvelope is the body of a draft.
func draftEnvelope(ed *rulebook.Edition) (*fact.Envelope, error) {
	return fact.NewEnvelope(ed.Vocabulary, fact.AllFacts("facts"),
		fact.Plain(fact.Field{Name: "form", Type: fact.Text, MaxLen: maxFormID, Required: true}),
		fact.Plain(fact.Field{Name: "matricola", Type: fact.Text, Format: "matricola", Required: true}),
		fact.Plain(fact.Field{Name: "unita_produttiva", Type: fact.Text, Format: "progressivo"}),
		fact.Plain(fact.Field{Name: "step", Type: fact.Text, MaxLen: maxFormID}))
}

// createDraft opens a draft under an id of the service.
func (s *server) createDraft(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	if err := readQuery(c).err(); err != nil {
		return err
	}
	in, err := s.readDraft(c)
	if err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return s.openDraft(c, id.String(), in)
}

// openDraft stores the first version of a draft.
func (s *server) openDraft(c *call, id string, in *draftInput) error {
	g, err := s.authorize(c, azioneScriviBozze, in.matricola)
	if err != nil {
		return err
	}
	g.about("bozza " + id)
	now := archive.Instant(c.now)
	d := &archive.Draft{ID: id, Matricola: in.matricola, Form: in.form, State: archive.DraftOpen, CreatedAt: now, CreatedBy: c.author()}
	if err := s.nextDraft(c, d, in); err != nil {
		return err
	}
	return s.once(c, func(ctx context.Context) error {
		if err := s.Archive.CreateDraft(ctx, d); err != nil {
			return err
		}
		c.Header("Location", "/v1/drafts/"+id)
		return c.draft(http.StatusCreated, d)
	})
}

// nextDraft makes the next version of d out of what was written.
func (s *server) nextDraft(c *call, d *archive.Draft, in *draftInput) error {
	life, err := draftLife(in.edition, c)
	if err != nil {
		return err
	}
	d.UnitaProduttiva, d.Step, d.Facts = in.uu, in.step, in.facts.AppendJSON(nil, true)
	d.Version, d.UpdatedAt, d.UpdatedBy = d.Version+1, archive.Instant(c.now), c.author()
	d.Digest, d.ExpiresAt = draftDigest(d), d.UpdatedAt.Add(life)
	return nil
}

// draftDigest is the digest of what a version says.
func draftDigest(d *archive.Draft) string {
	h := sha256.New()
	for _, part := range []string{d.Form, d.Matricola, d.UnitaProduttiva, d.Step, string(d.State), string(d.Facts)} {
		fmt.Fprintf(h, "%d\n%s", len(part), part) // a hash takes everything
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// paramDraftLife is the parameter that says for how long a draft is kept after its last change.
const paramDraftLife = "bozze.durata"

func draftLife(ed *rulebook.Edition, c *call) (time.Duration, error) {
	p := ed.Parameters[paramDraftLife]
	if p == nil || p.At(c.today()) == nil {
		return 0, fmt.Errorf("the parameter %s is not in force on %s: a draft would be kept for ever", paramDraftLife, c.today())
	}
	days, whole := p.At(c.today()).Value.Rat.Int64()
	if !whole || days < 1 {
		return 0, fmt.Errorf("the parameter %s is not a number of days", paramDraftLife)
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

// author is who writes, as others of the same matricola know the person.
func (c *call) author() string {
	if p := c.who(); p.CodiceFiscale != "" {
		return p.CodiceFiscale
	}
	return c.who().Subject
}

// writeDraft saves a draft: a new one under the caller's id (If-None-Match: *), or the next version of the one that
// the caller read (If-Match).
func (s *server) writeDraft(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	if err := readQuery(c).err(); err != nil {
		return err
	}
	on, err := c.precondition()
	if err != nil {
		return err
	}
	d, err := s.findDraft(c)
	if err != nil {
		return err
	}
	if d == nil && on.create && isUUID(c.Param("id")) {
		in, err := s.readDraft(c)
		if err != nil {
			return err
		}
		return s.openDraft(c, c.Param("id"), in)
	}
	if err := s.mayDraft(c, azioneScriviBozze, d); err != nil {
		return err
	}
	in, err := s.readDraft(c)
	if err != nil {
		return err
	}
	return s.saveDraft(c, d, in, on)
}

// saveDraft stores the next version of a draft, when the caller's rests on the last one.
func (s *server) saveDraft(c *call, d *archive.Draft, in *draftInput, on precondition) error {
	if err := sameDraft(c, d, in); err != nil {
		return err
	}
	if !on.holds(draftTag(d)) {
		return c.conflict(d, in)
	}
	if d.State != archive.DraftOpen {
		return archive.ErrDraftReady
	}
	next := *d
	if err := s.nextDraft(c, &next, in); err != nil {
		return err
	}
	if next.Digest == d.Digest { // nothing changed: an autosave costs no write
		return c.draft(http.StatusOK, d)
	}
	err := s.atomically(c, func(ctx context.Context) error {
		if err := s.Archive.WriteDraft(ctx, &next); err != nil {
			return err
		}
		if s.Chat != nil {
			if err := s.Chat.DraftChanged(ctx, next.ID); err != nil {
				return err
			}
		}
		return c.draft(http.StatusOK, &next)
	})
	if errors.Is(err, archive.ErrStale) {
		return s.overtaken(c, in)
	}
	return err
}

// sameDraft refuses to make a draft one of another company, or of another form.
func sameDraft(c *call, d *archive.Draft, in *draftInput) error {
	var wrong []fault.Detail
	if in.matricola != d.Matricola {
		wrong = append(wrong, defect(c.lang, "/matricola", codeDraftFixed))
	}
	if in.form != d.Form {
		wrong = append(wrong, defect(c.lang, "/form", codeDraftFixed))
	}
	if len(wrong) > 0 {
		return failure(c.lang, codeInvalidInput).With(wrong...)
	}
	return nil
}

// deleteDraft removes the version of a draft that the caller read. What was decided on it stays in the record.
func (s *server) deleteDraft(c *call) error {
	on, err := c.precondition()
	if err != nil && c.who() != nil {
		return err
	}
	d, err := s.heldDraft(c, azioneScriviBozze)
	if err != nil {
		return err
	}
	if !on.holds(draftTag(d)) {
		return c.conflict(d, nil)
	}
	err = s.atomically(c, func(ctx context.Context) error {
		if err := s.Archive.DeleteDraft(ctx, d.ID, d.Version); err != nil {
			return err
		}
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
		return nil
	})
	if errors.Is(err, archive.ErrStale) {
		return s.overtaken(c, nil)
	}
	return err
}
