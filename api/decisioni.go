package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"omnia/archive"
	"omnia/engine/counter"
	"omnia/internal/rome"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/policies"
)

// What is asked of a decision. Its own decisions, on facts of its own, anybody may read again; all others belong to their matricola.
const (
	azioneDecisioni = "decisioni.leggi"
	azioneProprie   = "decisioni.proprie"
	azioneRipeti    = "decisioni.ripeti"
)

// decisionRoutes are about the record of decisions.
func (s *server) decisionRoutes() []route {
	const at = "/v1/decisions/:id"
	return []route{
		{method: http.MethodGet, path: "/v1/decisions", produces: []string{typeJSON, typeNDJSON, typeCSV}, long: []string{typeNDJSON, typeCSV}, action: s.listDecisions,
			archived: true, summary: "cerca fra le decisioni prese"},
		{method: http.MethodGet, path: at, produces: asJSON, action: s.showDecision, archived: true,
			summary: "mostra una decisione: fatti, esito, regole applicate e perché"},
		{method: http.MethodPost, path: at + "/replay", produces: asJSON, action: s.replayDecision, archived: true,
			summary: "decide di nuovo e dice se ne esce la stessa cosa"},
		{method: http.MethodGet, path: at + "/comparison", produces: asJSON, action: s.compareDecisions, archived: true,
			summary: "dice perché due decisioni differiscono"},
		{method: http.MethodGet, path: at + "/correction", produces: asJSON, action: s.correctDecision, archived: true,
			summary: "dice che cosa cambierebbe con un provvedimento rettificato"},
		{method: http.MethodGet, path: at + "/proof", produces: asJSON, action: s.proveDecision, archived: true,
			summary: "la prova che la decisione è nel registro"},
		{method: http.MethodGet, path: at + "/evidence", produces: []string{typeNDJSON}, action: s.gatherEvidence, archived: true,
			summary: "il fascicolo di prova, da controllare con omnia verify"},
		{method: http.MethodPost, path: at + "/erasure", produces: asJSON, action: s.eraseDecision, archived: true, repeats: true,
			summary: "cancella dati personali di una decisione"},
		{method: http.MethodGet, path: "/v1/legal-holds", produces: asJSON, action: s.listHolds, archived: true,
			summary: "elenca i vincoli di conservazione"},
		{method: http.MethodPost, path: "/v1/legal-holds", produces: asJSON, action: s.placeHold, archived: true, repeats: true,
			summary: "pone un vincolo di conservazione su una matricola"},
		{method: http.MethodDelete, path: "/v1/legal-holds/:id", produces: asJSON, action: s.liftHold, archived: true,
			summary: "toglie un vincolo di conservazione"},
	}
}

// reading is a decision that somebody may see, with how they see its personal values.
type reading struct {
	*ledger.Decision
	masking policies.Masking
	self    string // codice fiscale of who reads
}

// heldDecision is the decision of that id, when the caller may do this with it. One that is not there and one of others
// answer alike, after the same steps.
func (s *server) heldDecision(c *call, azione, id string) (*reading, error) {
	if c.who() == nil {
		return nil, unauthenticated(c)
	}
	if s.Ledger == nil {
		return nil, failure(c.lang, codeArchiveUnavailable)
	}
	d, err := s.findDecision(c, id)
	if err != nil {
		return nil, err
	}
	if c.own(d) && (azione == azioneDecisioni || azione == azioneRipeti) {
		return s.ownDecision(c, d)
	}
	g, err := s.authorize(c, azione, matricolaOf(d))
	if g != nil || len(c.lines) > 0 {
		line := c.lines[len(c.lines)-1]
		line.Oggetto = decisionObject(id)
		if d == nil || d.Index.Matricola == "" {
			line.Matricola = ""
		}
		if err == nil && d == nil {
			line.Esito = outcomeDeny + ":" + codeDecisionNotFound
		}
	}
	switch {
	case isCode(err, codeMatricolaNotFound), err == nil && d == nil:
		return nil, failure(c.lang, codeDecisionNotFound)
	case err != nil:
		return nil, err
	}
	return &reading{d, s.Policies.Masking(g.verdict), c.who().CodiceFiscale}, nil
}

// findDecision is nil for a decision that is not there.
func (s *server) findDecision(c *call, id string) (*ledger.Decision, error) {
	if !isUUID(id) {
		return nil, nil
	}
	d, err := s.Ledger.Decision(c.Request.Context(), id)
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	return d, err
}

// own tells whether the caller asked for a decision, on facts of its own that name no matricola.
func (c *call) own(d *ledger.Decision) bool {
	return d != nil && d.Index.Matricola == "" && d.Index.Persona != "" && d.Index.Persona == c.who().Subject
}

// ownDecision is one that the caller asked for: it knows the facts.
func (s *server) ownDecision(c *call, d *ledger.Decision) (*reading, error) {
	g, err := s.authorize(c, azioneProprie, "")
	if err != nil {
		return nil, err
	}
	g.about(decisionObject(d.Receipt.ID))
	return &reading{d, policies.Unmasked(), c.who().CodiceFiscale}, nil
}

// matricolaOf is what access to a decision is asked for. One of no matricola is for those alone who may see all of them.
func matricolaOf(d *ledger.Decision) string {
	if d == nil || d.Index.Matricola == "" {
		return nobody
	}
	return d.Index.Matricola
}

// decisionObject is what the record of accesses says was looked at.
func decisionObject(id string) string { return "decisione " + cut(id, maxText) }

func isCode(err error, code string) bool { return err != nil && faultOf(err, "it").Code == code }

// esiti are what decisions come to.
var esiti = []string{
	"", string(counter.Admissible), string(counter.PartlyAdmissible), string(counter.Inadmissible), string(counter.Exempt), string(counter.NotApplicable),
	string(counter.MissingData), string(counter.RuleFailed), string(counter.InConflict), "valid", "invalid", "incomplete",
}

// decisions reads the criteria of a search.
func (q *query) decisions() ledger.Criteria {
	what := ledger.Criteria{
		Rule: q.plain("rule"), Version: q.natural("version"), Matricola: q.matricola("matricola"), UnitaProduttiva: q.plain("unita_produttiva"),
		Persona: q.plain("persona"), Delegation: q.id("delega"), Kind: q.choice("kind", "", replay.KindCounters, replay.KindValidate),
		Esito: q.choice("esito", esiti...), Numero: q.plain("provvedimento"),
	}
	edition := q.plain("edition")
	if strings.HasPrefix(edition, "sha256:") {
		what.EditionDigest = ledger.Digest(edition)
	} else {
		what.Edition = edition
	}
	if v := q.choice("simulation", "", "true", "false"); v != "" {
		yes := v == "true"
		what.Simulation = &yes
	}
	if what.Version > 0 && what.Rule == "" {
		q.wrong("version", codeNeeds, "rule")
	}
	if what.Numero != "" && what.Matricola == "" {
		q.wrong("provvedimento", codeNeeds, "matricola")
	}
	dal, al := q.day("dal", 0), q.day("al", 0)
	if dal != 0 && al != 0 && al < dal {
		q.wrong("al", codeOrder)
	}
	if dal != 0 {
		what.From = rome.Midnight(dal)
	}
	if al != 0 {
		what.To = rome.Midnight(al + 1)
	}
	return what
}

// natural is a whole number from 1; 0 when it is not there.
func (q *query) natural(name string) int {
	v := q.text(name, "")
	if v == "" {
		return 0
	}
	n, ok := wholeNumber(v, maxVersione)
	if !ok {
		q.wrong(name, codeNumber, maxVersione)
	}
	return n
}

// decisionSearch is a search of decisions, as far as the caller may see them.
type decisionSearch struct {
	ledger.Criteria
	masking policies.Masking
	none    bool // nothing is in reach
}

// listDecisions lists decisions, the newest first; as NDJSON or CSV all of them, as they are read.
func (s *server) listDecisions(c *call) error {
	if c.who() == nil {
		return unauthenticated(c)
	}
	if s.Ledger == nil {
		return failure(c.lang, codeArchiveUnavailable)
	}
	q := readQuery(c)
	what := &decisionSearch{Criteria: q.decisions()}
	page := q.pagingByID("-istante")
	g, err := s.reachDecisions(c, q, what)
	if err != nil {
		return err
	}
	if err := s.knowsNames(c, q, &what.Criteria); err != nil {
		return err
	}
	if err := q.err(); err != nil {
		return err
	}
	g.about("decisioni " + c.Request.URL.RawQuery)
	if what.Persona != "" && what.masking.Actor != policies.MaskNone && what.Persona != c.who().Subject {
		return forbidden(c, codeActorHidden)
	}
	if c.media != typeJSON {
		return s.exportDecisions(c, what, page.after)
	}
	items, more, err := s.decisionPage(c.Request.Context(), what, archive.Page{After: page.after, Limit: page.limit})
	if err != nil {
		return err
	}
	out := list[decisionRow]{Items: what.rows(items), Limit: page.limit}
	if more {
		out.NextCursor = writeCursor(page.sort, items[len(items)-1].Receipt.ID)
	}
	return c.json(out)
}

// knowsNames refuses a rule, a version or an edition that there never was: an empty list would say that nobody applied it.
func (s *server) knowsNames(c *call, q *query, what *ledger.Criteria) error {
	ctx := c.Request.Context()
	if name := cmp.Or(what.Edition, string(what.EditionDigest)); name != "" {
		_, err := s.Archive.Edition(ctx, name)
		switch {
		case errors.Is(err, archive.ErrNotFound):
			q.wrong("edition", codeEditionNotFound, name)
		case err != nil:
			return err
		}
	}
	if what.Rule == "" {
		return nil
	}
	versions, err := s.Ledger.RuleVersions(ctx, what.Rule)
	for _, it := range s.Decider.Edition().Items { // of a draft
		if it.ID == what.Rule {
			versions = append(versions, it.Version.Number)
		}
	}
	switch {
	case err != nil:
		return err
	case len(versions) == 0:
		q.wrong("rule", codeRuleNotFound, what.Rule)
	case what.Version > 0 && !slices.Contains(versions, what.Version):
		q.wrong("version", codeVersionNotFound, what.Rule, what.Version)
	}
	return nil
}

// mostReach is how many matricole one search may go over, unless it is all of them.
const mostReach = 100

// reachDecisions asks for access: to the matricola asked for, else to all that are in reach.
func (s *server) reachDecisions(c *call, q *query, what *decisionSearch) (*grant, error) {
	if what.Matricola != "" {
		g, err := s.authorize(c, azioneDecisioni, what.Matricola)
		if err == nil {
			what.masking = s.Policies.Masking(g.verdict)
		}
		return g, err
	}
	reach, g, err := s.reach(c, azioneDecisioni)
	if err != nil {
		return nil, err
	}
	what.masking = s.Policies.Masking(g.verdict)
	if reach.All {
		return g, nil
	}
	listed, more, err := s.Archive.Matricole(c.Request.Context(), reach, "", archive.Page{Limit: mostReach})
	if err != nil {
		return nil, err
	}
	if more {
		q.wrong("matricola", codeTooWide, mostReach)
	}
	what.Matricole, what.none = make([]string, len(listed)), len(listed) == 0
	for i := range listed {
		what.Matricole[i] = listed[i].Matricola
	}
	return g, nil
}

// decisionPage reads one page of a search.
func (s *server) decisionPage(ctx context.Context, what *decisionSearch, page archive.Page) ([]ledger.Decision, bool, error) {
	if what.none {
		return nil, false, nil
	}
	return s.Ledger.Decisions(ctx, what.Criteria, page)
}

// decisionRow is one decision in a list.
type decisionRow struct {
	ID              string `json:"id"`
	Instant         string `json:"instant"`
	Kind            string `json:"kind"`
	Simulation      bool   `json:"simulation"`
	Edition         string `json:"edition"`
	EditionDigest   string `json:"edition_digest"`
	Matricola       string `json:"matricola,omitempty"`
	UnitaProduttiva string `json:"unita_produttiva,omitempty"`
	Settore         string `json:"settore,omitempty"`
	Esito           string `json:"esito,omitempty"`
	Role            string `json:"role,omitempty"`
	Delegation      string `json:"delegation,omitempty"`
	Actor           string `json:"actor,omitempty"`
	Correlation     string `json:"correlation_id,omitempty"`
	Position        int64  `json:"position"`
}

func rowOf(d *ledger.Decision, m policies.Masking) decisionRow {
	r, at := &d.Receipt, &d.Index
	h := replay.HeaderOf(r)
	return decisionRow{
		ID: r.ID, Instant: h.Instant, Kind: r.Kind, Simulation: r.Simulation, Edition: r.Edition, EditionDigest: string(r.EditionDigest),
		Matricola: at.Matricola, UnitaProduttiva: at.UnitaProduttiva, Settore: at.Settore, Esito: at.Esito, Role: r.Role, Delegation: r.Delegation,
		Actor: m.Actor.Hide(at.Persona), Correlation: r.Correlation, Position: d.Position,
	}
}

// rows are those of a page. That a numero stands somewhere in the facts is what the store can tell; that it is the one of a period is seen here.
func (what *decisionSearch) rows(items []ledger.Decision) []decisionRow {
	out := make([]decisionRow, 0, len(items))
	for i := range items {
		if what.Numero == "" || replay.Touches(items[i].Facts, what.Numero) {
			out = append(out, rowOf(&items[i], what.masking))
		}
	}
	return out
}
