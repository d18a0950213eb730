package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/internal/fault"
)

// unitState is the state of the counters of one production unit, in short.
type unitState struct {
	Matricola       string         `json:"matricola"`
	Denominazione   string         `json:"denominazione"`
	UnitaProduttiva string         `json:"unita_produttiva"`
	DataRiferimento calendar.Day   `json:"data_riferimento"`
	Items           []counterState `json:"items"`
	// Failed says why nothing could be decided about this unit; Items is empty then.
	Failed *unexplained `json:"errore,omitempty"`
}

// counterState is one counter in short.
type counterState struct {
	ID       string             `json:"id"`
	Verdict  string             `json:"verdict"`
	Limit    *quantity.Quantity `json:"limit,omitempty"`
	Counted  *quantity.Quantity `json:"counted,omitempty"`
	Residual *quantity.Quantity `json:"residual,omitempty"`
}

// listCounters answers the counters of all units that the caller may see, a page at a time. Who may see
// which is decided once; a page is read with a few questions, however many units there are.
func (s *server) listCounters(c *call) error {
	reach, g, err := s.reach(c, "contatori.leggi")
	if err != nil {
		return err
	}
	q := readQuery(c)
	limit, ask := q.limit(), archived{day: q.day("data_fine", 0), knownAt: q.knownAt(c.now), depth: engine.Short}
	after := q.unitCursor()
	if err := q.err(); err != nil {
		return err
	}
	if err := s.hasLaw(c, ask); err != nil {
		return err
	}
	g.about("contatori al " + ask.reference(c).String())
	out := list[unitState]{Items: []unitState{}, Limit: limit}
	w := walk{server: s, call: c, reach: reach, before: ask.before(c), knownAt: ask.knownAt}
	last, more, err := w.units(after, limit, func(k kase) error {
		state, err := s.unitState(c, k, ask)
		out.Items = append(out.Items, state)
		g.shows(k.at.matricola)
		return err
	})
	if err != nil {
		return err
	}
	if more {
		out.NextCursor = writeCursor(unitOrder, last.matricola+" "+last.progressivo)
	}
	return c.json(out)
}

// unitState decides on one unit. That it can't be decided on does not fail the others.
func (s *server) unitState(c *call, k kase, ask archived) (unitState, error) {
	state := unitState{
		Matricola: k.at.matricola, Denominazione: k.pos.Denominazione, UnitaProduttiva: k.at.progressivo,
		DataRiferimento: ask.reference(c), Items: []counterState{},
	}
	m, answer, err := s.decide(c, k, ask)
	if f, ok := errors.AsType[*fault.Fault](err); ok && f.Kind == fault.Invalid {
		state.Failed = &unexplained{f.Code, f.Text}
		return state, nil
	}
	if err != nil {
		return state, err
	}
	s.metrics.decided(answer.Items)
	if err := s.enter(c.Request.Context(), c, *m); err != nil {
		return state, err
	}
	for i := range answer.Items {
		it := &answer.Items[i]
		state.Items = append(state.Items, counterState{it.ID, it.Verdict, it.Limit, it.Counted, it.Residual})
	}
	return state, nil
}

// hasLaw refuses a reference day on which there was no law to decide by, whatever is in reach: each unit would
// refuse it. The words are those of the rule, which is asked with the day alone.
func (s *server) hasLaw(c *call, ask archived) error {
	day := ask.reference(c)
	if day >= archive.LawInForce {
		return nil
	}
	ed := s.Decider.Edition()
	facts := &fact.Facts{Vocabulary: ed.Vocabulary, Root: ed.Vocabulary.Root.New()}
	facts.Root[ed.Vocabulary.Root.Slot("data_riferimento")] = fact.OfDay(day)
	_, err := s.Decider.Counters(c.Request.Context(), ed, facts, engine.Options{Today: c.today(), Language: c.lang, Explain: engine.Short})
	if err != nil {
		return ask.placed(err)
	}
	return nil
}

// unitOrder is the one order of lists of units: by matricola, then by progressivo.
const unitOrder = "unita"

// unitCursor reads the cursor of a list of units; it is zero for the first page.
func (q *query) unitCursor() (after unit) {
	cursor := q.text("cursor", "")
	if cursor == "" {
		return unit{}
	}
	sort, key, ok := readCursor(cursor)
	matricola, progressivo, found := strings.Cut(key, " ")
	if !ok || sort != unitOrder || !found || !isMatricola(matricola) {
		q.wrong("cursor", codeCursor)
		return unit{}
	}
	return unit{matricola, progressivo}
}

// walk goes through the units of all matricole in reach, in their order, reading many at a time.
type walk struct {
	server  *server
	call    *call
	reach   archive.Reach
	before  calendar.Day // see archive.Dossier
	knownAt time.Time
}

// walkChunk is how many matricole are read at a time. Most have one unit or two.
const walkChunk = 50

// units visits up to limit units after one; more tells that there are others after the last one visited.
func (w *walk) units(after unit, limit int, visit func(k kase) error) (last unit, more bool, err error) {
	n, last := 0, after
	err = w.dossiers(matricolaBefore(after.matricola), min(limit+1, walkChunk), func(d *archive.Dossier, _ []archive.Delega) error {
		for i := range d.Posizione.Unita {
			at := unit{d.Posizione.Matricola, d.Posizione.Unita[i].Progressivo}
			if at.matricola == after.matricola && at.progressivo <= after.progressivo {
				continue
			}
			if more = n == limit; more {
				return errEnough
			}
			k := kase{at: at, pos: d.Posizione, history: d.Of(at.progressivo), last: d.LastTreatment}
			if err := visit(k); err != nil {
				return err
			}
			last, n = at, n+1
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return last, more, err
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// dossiers visits all that is kept of each matricola in reach after one, with the delegations that put it there.
func (w *walk) dossiers(after string, chunk int, visit func(d *archive.Dossier, bonds []archive.Delega) error) error {
	ctx := w.call.Request.Context()
	for {
		listed, more, err := w.server.Archive.Matricole(ctx, w.reach, "", archive.Page{After: after, Limit: chunk})
		if err != nil || len(listed) == 0 {
			return err
		}
		if err := w.chunk(ctx, listed, visit); err != nil {
			return err
		}
		if !more {
			return nil
		}
		after = listed[len(listed)-1].Matricola
	}
}

func (w *walk) chunk(ctx context.Context, listed []archive.Listed, visit func(d *archive.Dossier, bonds []archive.Delega) error) error {
	names, bonds := make([]string, len(listed)), map[string][]archive.Delega{}
	for i := range listed {
		names[i] = listed[i].Matricola
		bonds[names[i]] = listed[i].Deleghe
	}
	all, err := w.server.Archive.Cases(ctx, names, w.before, w.knownAt)
	if err != nil {
		return err
	}
	for i := range all {
		p := all[i].Posizione
		if err := p.Open(); err != nil {
			return err
		}
		slices.SortFunc(p.Unita, func(a, b archive.Unita) int { return strings.Compare(a.Progressivo, b.Progressivo) })
		if err := visit(&all[i], bonds[p.Matricola]); err != nil {
			return err
		}
	}
	return nil
}

// matricolaBefore is the matricola right before m, so that what follows it begins with m itself.
func matricolaBefore(m string) string {
	if m == "" || strings.Trim(m, "0") == "" {
		return ""
	}
	n, _ := strconv.ParseInt(m, 10, 64) // ten digits
	return fmt.Sprintf("%010d", n-1)
}
