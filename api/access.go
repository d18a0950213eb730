package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/identity"
	"omnia/internal/fault"
	"omnia/internal/rome"
	"omnia/ledger"
	"omnia/policies"
)

// How a handler gets at what the archive keeps:
//
//	g, err := s.authorize(c, "provvedimenti.leggi", matricola)
//	if err != nil { return err }   // 401, 403, or the 404 of a matricola that does not exist
//	g.about(numero)                // what is looked at, for the record of accesses
//
// One question, one evaluation of the policies, one line in the record of accesses. The answer of
// such a route is held back until the line is on disk (see recorded), so nothing is ever seen of
// which there is no record. A list is decided once: see reach.

// grant is one access that the policies allowed.
type grant struct {
	verdict policies.Verdict
	subject archive.Subject // what binds the person to the matricola; zero when there is none
	line    *archive.Access

	shown               int    // matricole of a list that the answer shows; see shows
	first, last, before string // the first and the last of them, and what the line said before
}

// about says what is looked at: a numero, an unità produttiva, criteria. The record keeps its first
// maxObject characters.
func (g *grant) about(object string) { g.line.Oggetto = cut(object, maxObject) }

const maxObject = 1000

// shows says that an answer about many matricole tells something of this one. They come in their order: the line
// keeps how many, the first and the last. Which of those in between the caller could see follows from the
// delegations and offices of that day, which the archive keeps.
func (g *grant) shows(matricola string) {
	if matricola == g.last {
		return
	}
	if g.shown == 0 {
		g.first, g.before = matricola, g.line.Oggetto
	}
	g.shown, g.last = g.shown+1, matricola
	g.about(strings.TrimSpace(fmt.Sprintf("%s matricole mostrate: %d, da %s a %s", cut(g.before, maxObject-100), g.shown, g.first, g.last)))
}

// authorize asks whether the caller may do this, on this matricola, today. With no matricola it
// asks about the archive as a whole.
//
// Who may not learn whether the matricola exists gets the answer of one that does not, after the
// same steps: one read, one decision, one line in the record.
func (s *server) authorize(c *call, azione, matricola string) (*grant, error) {
	return s.ask(c, azione, matricola, nil)
}

// ask is authorize, with the delegation that the question is about, if any: what it says may depend on
// what binds the person to the matricola.
func (s *server) ask(c *call, azione, matricola string, about func(*archive.Subject) *policies.Delegation) (*grant, error) {
	who := c.who()
	if who == nil {
		return nil, unauthenticated(c) // nobody has nothing to do with any matricola: the archive is not asked
	}
	g := &grant{line: s.line(c, azione, matricola)}
	if matricola != "" && !isMatricola(matricola) {
		g.line.Matricola = "" // a caller's text is none
		g.about(matricola)
		g.line.Esito = outcomeDeny + ":" + codeMatricolaNotFound
		return nil, failure(c.lang, codeMatricolaNotFound)
	}
	ctx := c.Request.Context()
	if matricola != "" {
		var err error
		if g.subject, err = s.Archive.Subject(ctx, who.CodiceFiscale, matricola); err != nil {
			return nil, err
		}
		bonds, err := s.conversationBonds(ctx, c, matricola)
		if err != nil {
			return nil, err
		}
		g.subject.Deleghe = append(g.subject.Deleghe, bonds...)
	}
	q := s.question(c, azione)
	q.Matricola, q.Sede, q.Bonds = matricola, g.subject.Sede, bondsOf(g.subject.Deleghe)
	if about != nil {
		q.Delega = about(&g.subject)
	}
	var err error
	if g.verdict, err = s.Policies.Decide(ctx, q); err != nil {
		return nil, err
	}
	return g, g.judge(c)
}

// reach asks which matricole the caller may have in a list of that kind. Whoever lists filters by it
// in the database; nothing is decided row by row.
func (s *server) reach(c *call, azione string) (archive.Reach, *grant, error) {
	if c.who() == nil {
		return archive.Reach{}, nil, unauthenticated(c)
	}
	g := &grant{line: s.line(c, azione, "")}
	r, v, err := s.Policies.Reach(c.Request.Context(), s.question(c, azione))
	if err != nil {
		return archive.Reach{}, nil, err
	}
	g.verdict = v
	out := archive.Reach{
		CodiceFiscale: r.CodiceFiscale, Servizio: archive.Servizio(r.Servizio), Sede: r.Sede, All: r.All, Today: c.today(),
	}
	for _, t := range r.Tipi {
		out.Tipi = append(out.Tipi, archive.Tipo(t))
	}
	return out, g, g.judge(c)
}

// permit asks about something that reads no archive: rules, and counters on facts of one's own.
// There is nothing to record.
func (s *server) permit(c *call, azione string) error {
	if s.Policies == nil {
		return nil
	}
	v, err := s.Policies.Decide(c.Request.Context(), s.question(c, azione))
	switch {
	case err != nil:
		return err
	case v.Allow:
		c.verdict = v
		return nil
	case c.who() == nil:
		return unauthenticated(c)
	}
	return forbidden(c, v.Code)
}

// judge fills the line with the verdict, and turns a deny into its answer.
func (g *grant) judge(c *call) error {
	v := g.verdict
	g.line.Ruolo, g.line.Base, g.line.Delega, g.line.Policy = v.Ruolo, v.Base, v.Delega, v.Policy
	switch {
	case v.Allow:
		g.line.Esito = outcomeAllow
		c.verdict = v
		return nil
	case v.Visible:
		g.line.Esito = outcomeDeny + ":" + v.Code
		return forbidden(c, v.Code)
	}
	g.line.Esito = outcomeDeny + ":" + v.Code
	return failure(c.lang, codeMatricolaNotFound)
}

// forbidden is the refusal of that code of the policies.
func forbidden(c *call, code string) error {
	if e := problemIndex[code]; e == nil || e.Kind != fault.Forbidden {
		code = codeForbidden
	}
	return failure(c.lang, code)
}

// question is what the policies are asked, as far as the request says it.
func (s *server) question(c *call, azione string) policies.Question {
	q := policies.Question{Azione: azione, Oggi: c.today().String(), Sviluppo: s.Development}
	if p := c.who(); p != nil {
		q.Person = personOf(p)
	}
	return q
}

// personOf is a principal as the policies know it.
func personOf(p *identity.Principal) *policies.Person {
	return &policies.Person{
		Subject: p.Subject, CodiceFiscale: p.CodiceFiscale, Ruoli: p.Ruoli, Sede: p.Sede, Livello: p.Livello,
		Organizzazione: p.Organization, Profilo: p.Profile, Finalita: p.Purpose,
	}
}

// bondsOf are delegations as the policies know them.
func bondsOf(list []archive.Delega) []policies.Bond {
	bonds := make([]policies.Bond, len(list))
	for i := range list {
		bonds[i] = bondOf(&list[i])
	}
	return bonds
}

func bondOf(d *archive.Delega) policies.Bond {
	b := policies.Bond{ID: d.ID, Tipo: string(d.Tipo), Dal: d.From.String(), Revocata: d.RevocataIl != nil}
	if d.To != nil {
		b.Al = d.To.String()
	}
	for _, v := range d.Servizi {
		b.Servizi = append(b.Servizi, string(v))
	}
	if d.Parent != nil {
		p := bondOf(d.Parent)
		b.Parent = &p
	}
	return b
}

// The ways an access ends, as its line says them. A deny and an error carry their code behind a colon.
const (
	outcomeAllow = "allow"
	outcomeDeny  = "deny"
	outcomeError = "error" // allowed, but the answer was a problem and showed nothing
)

// line begins a line of the record of accesses; it is written before the answer leaves.
func (s *server) line(c *call, azione, matricola string) *archive.Access {
	p := c.who()
	l := &archive.Access{
		Persona: p.Subject, CodiceFiscale: p.CodiceFiscale, Azione: azione, Matricola: matricola,
		Motivo: p.Purpose, Correlation: c.GetString(correlationKey), Address: c.ClientIP(),
	}
	if l.Motivo == "" {
		l.Motivo = c.purpose
	}
	c.lines = append(c.lines, l)
	return l
}

// conclude says in the lines how the request ended. What was denied stays so.
func (c *call) conclude(err error, lang string) {
	for _, l := range c.lines {
		if err != nil && (l.Esito == outcomeAllow || l.Esito == "") {
			l.Esito = outcomeError + ":" + faultOf(err, lang).Code
		}
	}
}

// writeRecord stores the lines of the request. Each gets its instant and its id here, so that lines
// sort as they are written.
func (s *server) writeRecord(ctx context.Context, c *call) error {
	lines := make([]archive.Access, len(c.lines))
	for i, l := range c.lines {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		lines[i] = *l
		lines[i].ID, lines[i].Instant = id.String(), s.Now()
	}
	decisions := c.decisions
	if s.Ledger == nil || len(decisions) == 0 {
		return s.Archive.Record(ctx, lines...)
	}
	if err := s.Ledger.Commit(ctx, decisions, lines); err != nil {
		return err
	}
	c.decisions = nil
	return nil
}

// A line may take to be written what its request has left of its time, within these bounds: the answer,
// or the refusal for want of a record, must still leave before the connection is cut (see writeGrace).
const (
	recordLeast = time.Second
	recordMost  = 5 * time.Second
)

// recordTime is how long the lines of a request may take to be written.
func recordTime(request context.Context) time.Duration {
	left := recordMost
	if deadline, ok := request.Deadline(); ok {
		left = time.Until(deadline)
	}
	return min(max(left, recordLeast), recordMost)
}

// settle writes the lines that are still pending. A caller who has gone does not keep them from
// being written.
func (s *server) settle(c *call) error {
	if len(c.lines) == 0 && len(c.decisions) == 0 {
		return nil
	}
	request := c.Request.Context()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(request), recordTime(request))
	defer cancel()
	if err := s.writeRecord(ctx, c); err != nil {
		return unrecorded(c, err)
	}
	c.lines = nil
	return nil
}

// unrecorded is the refusal to show what could not be recorded.
//
// That another edition is in use is no failure: the request is decided again.
func unrecorded(c *call, err error) error {
	if errors.Is(err, ledger.ErrEdition) {
		return err
	}
	return failure(c.lang, codeArchiveUnavailable).Wrap(err)
}

// recorded is a handler whose answer leaves only after its accesses are in the record. When they
// can't be stored, the answer is forgotten and the request fails.
func (s *server) recorded(do action) action {
	return func(c *call) error {
		if s.Archive == nil {
			return failure(c.lang, codeArchiveUnavailable)
		}
		if err := c.readPurpose(); err != nil {
			return err
		}
		c.held = hold(c.Context)
		defer c.held.release(c.Context)
		err := caught(c, do)
		if err != nil && c.held.through { // half an answer must not look whole
			c.Set(causeKey, err)
			panic(http.ErrAbortHandler)
		}
		if errors.Is(err, ledger.ErrEdition) { // nothing was done: it is decided again
			c.held.takeBack()
			return err
		}
		c.conclude(err, c.lang)
		if err != nil {
			c.decisions = nil // nothing is told of them
		}
		if unsettled := s.settle(c); unsettled != nil {
			c.held.takeBack()
			return errors.Join(unsettled, err)
		}
		if err == nil {
			c.held.letGo()
		}
		return err
	}
}

// caught turns a panic of the handler into an error, so that its access is recorded all the same.
func caught(c *call, do action) (err error) {
	defer func() {
		if v := recover(); v == http.ErrAbortHandler {
			panic(v)
		} else if v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return do(c)
}

// stream lets the answer out while it is still being written, for what is too long to be held:
// the accesses so far are recorded first. From here on an error can only cut the connection.
func (s *server) stream(c *call) error {
	if err := s.settle(c); err != nil {
		return err
	}
	c.held.letGo()
	return nil
}

// atomically runs an effect in one transaction with the record of the access that caused it: both
// are kept or neither is. The effect must use the context it is given.
func (s *server) atomically(c *call, effect func(ctx context.Context) error) error {
	err := s.Archive.Within(c.Request.Context(), func(ctx context.Context) error {
		if err := effect(ctx); err != nil {
			return err
		}
		if err := s.writeRecord(ctx, c); err != nil {
			return unrecorded(c, err)
		}
		return nil
	})
	if err != nil {
		c.held.takeBack()
		return err
	}
	c.lines = nil
	return nil
}

// purposeHeader is where a caller may say why it asks; a voucher says it by itself.
const (
	purposeHeader = "Motivo-Accesso"
	maxPurpose    = 200 // characters
)

func (c *call) readPurpose() error {
	values := c.Request.Header.Values(purposeHeader)
	if len(values) == 0 {
		return nil
	}
	if len(values) > 1 || values[0] == "" || !plainText(values[0], maxPurpose) {
		return failure(c.lang, codePurpose, maxPurpose)
	}
	c.purpose = values[0]
	return nil
}

// plainText tells whether s is text that can be shown and stored, of at most that many characters.
func plainText(s string, most int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > most {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// cut is the beginning of s, at most that many characters.
func cut(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i]
		}
	}
	return s
}

// today is the civil day in Rome on which the request is judged. It is read once, so that a request
// at midnight has one answer.
func (c *call) today() calendar.Day { return rome.Day(c.now) }

// isMatricola tells whether s has the form of one: ten digits.
func isMatricola(s string) bool {
	if len(s) != 10 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
