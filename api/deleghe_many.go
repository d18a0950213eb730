package api

import (
	"cmp"
	"context"
	"fmt"

	"omnia/archive"
	"omnia/archive/importing"
)

// loadDeleghe loads many delegations, as NDJSON or CSV. Who loads for everybody says of each who granted it; anyone
// else grants them, and each is judged as if it came alone. All are stored, or none; what is there already
// changes nothing, so that a file may be sent again.
func (s *server) loadDeleghe(c *call) error {
	everybody, err := s.Policies.Decide(c.Request.Context(), s.question(c, "deleghe.carica"))
	if err != nil {
		return err
	}
	if !everybody.Allow {
		_, able, err := s.Policies.Reach(c.Request.Context(), s.question(c, "deleghe.conferisci"))
		if err != nil {
			return err
		}
		if able.Allow {
			return s.loadOwn(c)
		}
	}
	g, err := s.authorize(c, "deleghe.carica", "")
	if err != nil {
		return err
	}
	return s.load(c, g, nil)
}

// load brings the text in; judge is asked about each delegation when the caller grants them itself.
func (s *server) load(c *call, g *grant, own *ownDeleghe) error {
	reader, err := s.reader()
	if err != nil {
		return err
	}
	body := s.patient(c)
	file, remove, err := aside(body)
	if err != nil {
		return body.notAside(c, err, s.Limits.Bulk)
	}
	defer remove()
	opt := importing.Options{
		Kind: importing.Deleghe, Batch: importing.All, By: c.who().Subject, Language: c.lang, Today: c.today(), Now: s.Now,
	}
	if own != nil {
		opt.Judge = own.judge
	}
	return s.once(c, func(ctx context.Context) error {
		report, err := importing.Run(ctx, reader, s.Archive, file, opt)
		if err != nil {
			return err
		}
		if own != nil {
			g.about(fmt.Sprintf("caricamento: %d righe, %d giudizi oltre quelli registrati", report.Lines, own.beyond))
		}
		if !report.Clean() {
			return &reported{failure(c.lang, codeImportRefused), report}
		}
		g.about(fmt.Sprintf("%s; %d create, %d invariate", cmp.Or(g.line.Oggetto, "caricamento"), report.Creati, report.Invariati))
		return c.json(report)
	})
}

// loadOwn has the caller grant many delegations: a titolare for its matricole, an intermediario under its own.
func (s *server) loadOwn(c *call) error {
	_, g, err := s.reach(c, "deleghe.conferisci")
	if err != nil {
		return err
	}
	return s.load(c, g, &ownDeleghe{server: s, call: c, subjects: map[string]archive.Subject{}, recorded: map[string]bool{}})
}

// ownDeleghe judges the delegations that a caller grants by a file. What binds the caller to a matricola is read
// once, however many lines are about it.
type ownDeleghe struct {
	server   *server
	call     *call
	subjects map[string]archive.Subject
	recorded map[string]bool // what has its line in the record
	beyond   int             // judgements for which there was no room in it
}

// The bounds of what is remembered of a long file.
const (
	maxSubjects = 20_000 // matricole
	maxRecorded = 50_000 // lines in the record of accesses, one for each matricola and outcome; more are counted
)

// judge completes a delegation and asks whether the caller may grant it. What may not be is refused with the code
// that it has alone.
func (o *ownDeleghe) judge(ctx context.Context, d *archive.Delega) error {
	if err := o.call.complete(d); err != nil {
		return err
	}
	g, err := o.ask(ctx, d)
	if err != nil {
		return err
	}
	err = g.judge(o.call)
	o.record(g)
	if notUnder(d, g) {
		return failure(o.call.lang, codeDelegaParent)
	}
	return err
}

// ask is [server.ask] for one line.
func (o *ownDeleghe) ask(ctx context.Context, d *archive.Delega) (*grant, error) {
	sub, err := o.subject(ctx, d.Matricola)
	if err != nil {
		return nil, err
	}
	azione := granting(d)
	q := o.server.question(o.call, azione)
	q.Matricola, q.Sede, q.Bonds, q.Delega = d.Matricola, sub.Sede, bondsOf(sub.Deleghe), under(d, &sub)
	g := &grant{subject: sub, line: o.line(azione, d.Matricola)}
	g.verdict, err = o.server.Policies.Decide(ctx, q)
	return g, err
}

func (o *ownDeleghe) subject(ctx context.Context, matricola string) (archive.Subject, error) {
	if sub, there := o.subjects[matricola]; there {
		return sub, nil
	}
	if len(o.subjects) >= maxSubjects {
		clear(o.subjects)
	}
	sub, err := o.server.Archive.Subject(ctx, o.call.who().CodiceFiscale, matricola)
	if err == nil {
		o.subjects[matricola] = sub
	}
	return sub, err
}

// line is a line of the record that is not in it yet.
func (o *ownDeleghe) line(azione, matricola string) *archive.Access {
	lines := o.call.lines
	l := o.server.line(o.call, azione, matricola)
	o.call.lines = lines
	l.Oggetto = "caricamento di deleghe"
	return l
}

// record puts the line of a judgement into the record, once for each matricola, delegation and outcome.
func (o *ownDeleghe) record(g *grant) {
	key := g.line.Matricola + " " + g.line.Azione + " " + g.line.Delega + " " + g.line.Esito
	if o.recorded[key] {
		return
	}
	if len(o.recorded) >= maxRecorded {
		o.beyond++
		return
	}
	o.recorded[key] = true
	o.call.lines = append(o.call.lines, g.line)
}
