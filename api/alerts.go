package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"omnia/archive"
	"omnia/archive/avvisi"
	"omnia/engine"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
)

// alertBook are the alerts of the edition in use.
func (s *server) alertBook() (*avvisi.Book, error) {
	return s.alerts.of(s.Decider.Edition(), func(ed *rulebook.Edition) (*avvisi.Book, error) { return avvisi.New(ed), nil })
}

// alertFilter is which alerts are asked for; zero fields are all.
type alertFilter struct {
	kind, severity, matricola string
}

func (f *alertFilter) has(a *avvisi.Alert) bool {
	return (f.kind == "" || string(a.Kind) == f.kind) && (f.severity == "" || a.Severity == f.severity)
}

// alertsBounds is how far one request goes: further matricole are another page.
const (
	alertsPerPage     = 200   // matricole that one page goes through, whether they have alerts or not
	alertsPerCalendar = 1_000 // matricole of one calendar
)

// listAlerts gives what the caller should be told about the matricole in reach, as a list or, to who prefers
// one, as a calendar.
func (s *server) listAlerts(c *call) error {
	if c.media == typeCalendar {
		return s.alertCalendar(c)
	}
	q := readQuery(c)
	limit, filter := q.limit(), q.alertFilter()
	from := q.alertCursor()
	if err := q.err(); err != nil {
		return err
	}
	scope, err := s.alertScope(c, filter)
	if err != nil {
		return err
	}
	out := list[avvisi.Alert]{Items: []avvisi.Alert{}, Limit: limit}
	n := 0
	next, err := s.alertsOf(c, scope, from.matricola, func(matricola string, all []avvisi.Alert) (place, bool) {
		n++
		all = slices.DeleteFunc(after(all, matricola, from), func(a avvisi.Alert) bool { return !filter.has(&a) })
		room := min(limit-len(out.Items), len(all))
		out.Items = append(out.Items, all[:room]...)
		if room < len(all) {
			return place{matricola, out.Items[len(out.Items)-1].ID}, false
		}
		return place{matricola: matricola}, n < alertsPerPage && len(out.Items) < limit
	})
	if err != nil {
		return err
	}
	if next != (place{}) {
		out.NextCursor = writeCursor(alertOrder, next.matricola+" "+next.alert)
	}
	return c.json(out)
}

// alertCalendar gives the alerts that have a day of their own as a calendar. A calendar has no pages: one
// that would be cut short is refused.
func (s *server) alertCalendar(c *call) error {
	q := readQuery(c)
	filter := q.alertFilter()
	if err := q.err(); err != nil {
		return err
	}
	scope, err := s.alertScope(c, filter)
	if err != nil {
		return err
	}
	var found []avvisi.Alert
	n := 0
	next, err := s.alertsOf(c, scope, "", func(matricola string, all []avvisi.Alert) (place, bool) {
		found = append(found, slices.DeleteFunc(all, func(a avvisi.Alert) bool { return !filter.has(&a) })...)
		n++
		return place{matricola: matricola}, n < alertsPerCalendar
	})
	if err != nil {
		return err
	}
	if next != (place{}) {
		return failure(c.lang, codeCalendarTooLarge, alertsPerCalendar)
	}
	body := avvisi.ICal(avvisi.Sort(found), calendarName.In(c.lang), c.now)
	c.Header("Content-Disposition", `attachment; filename="avvisi.ics"`)
	send(c.Context, http.StatusOK, typeCalendar, body)
	return nil
}

var calendarName = texts("Avvisi sulle integrazioni salariali", "Alerts on wage integration", "Hinweise zur Lohnausgleichskasse")

func (q *query) alertFilter() alertFilter {
	kinds := []string{""}
	for _, k := range avvisi.Kinds {
		kinds = append(kinds, string(k))
	}
	return alertFilter{
		kind:      q.choice("kind", kinds...),
		severity:  q.choice("severity", "", "error", "warning", "info"),
		matricola: q.text("matricola", ""),
	}
}

// place is where a page of alerts ended: after one of a matricola, or, with no alert, after all of it.
type place struct{ matricola, alert string }

// alertOrder is the one order of the list: by matricola, then as avvisi.Sort has them.
const alertOrder = "avvisi"

func (q *query) alertCursor() (p place) {
	cursor := q.text("cursor", "")
	if cursor == "" {
		return place{}
	}
	sort, key, ok := readCursor(cursor)
	matricola, alert, found := strings.Cut(key, " ")
	if !ok || sort != alertOrder || !found || !isMatricola(matricola) {
		q.wrong("cursor", codeCursor)
		return place{}
	}
	return place{matricola, alert}
}

// after are the alerts of a matricola behind the place where the page before ended. When that alert is not
// given any more, they are all shown: one twice is better than one never.
func after(all []avvisi.Alert, matricola string, p place) []avvisi.Alert {
	if matricola != p.matricola {
		return all
	}
	if p.alert == "" {
		return nil
	}
	i := slices.IndexFunc(all, func(a avvisi.Alert) bool { return a.ID == p.alert })
	return all[i+1:]
}

// alertScope is whose alerts the caller may see: those of one matricola, or of all in reach.
type alertScope struct {
	walk  *walk
	grant *grant
	one   string           // the one matricola; "" is all in reach
	bonds []archive.Delega // of the caller with that one
}

// alertScope asks for access: to the one matricola that the filter names, or to the list.
func (s *server) alertScope(c *call, filter alertFilter) (*alertScope, error) {
	const azione = "avvisi.leggi"
	scope := &alertScope{walk: &walk{server: s, call: c, before: c.today() + 1}, one: filter.matricola}
	if filter.matricola != "" {
		g, err := s.authorize(c, azione, filter.matricola)
		if err != nil {
			return nil, err
		}
		scope.grant, scope.bonds = g, g.subject.Deleghe
		return scope, nil
	}
	var err error
	scope.walk.reach, scope.grant, err = s.reach(c, azione)
	return scope, err
}

// alertsOf visits the alerts of each matricola from one on, until visit wants no more. It gives the place from
// which to go on, and the zero place when there is nothing further.
func (s *server) alertsOf(c *call, scope *alertScope, from string, visit func(matricola string, all []avvisi.Alert) (place, bool)) (place, error) {
	var at, next place
	enough := false
	each := func(d *archive.Dossier, bonds []archive.Delega) error {
		if enough { // there is one more: the page has a next one
			next = at
			return errEnough
		}
		all, err := s.alertsOfOne(c, d, bonds)
		if err != nil {
			return err
		}
		scope.grant.shows(d.Posizione.Matricola)
		var more bool
		at, more = visit(d.Posizione.Matricola, all)
		if at.alert != "" {
			next = at
			return errEnough
		}
		enough = !more
		return nil
	}
	var err error
	if scope.one != "" {
		err = scope.walk.chunk(c.Request.Context(), []archive.Listed{{Matricola: scope.one, Deleghe: scope.bonds}}, each)
	} else {
		err = scope.walk.dossiers(matricolaBefore(from), walkChunk, each)
	}
	if errors.Is(err, errEnough) {
		err = nil
	}
	return next, err
}

// alertsOfOne are the alerts of one matricola: of its units, and of the caller's own delegations with it.
func (s *server) alertsOfOne(c *call, d *archive.Dossier, bonds []archive.Delega) ([]avvisi.Alert, error) {
	book, err := s.alertBook()
	if err != nil {
		return nil, err
	}
	today := c.today()
	out := book.Deleghe(d.Posizione, bonds, today, c.lang)
	for i := range d.Posizione.Unita {
		u := &d.Posizione.Unita[i]
		k := kase{at: unit{d.Posizione.Matricola, u.Progressivo}, pos: d.Posizione, history: d.Of(u.Progressivo), last: d.LastTreatment}
		_, answer, err := s.decide(c, k, archived{day: today, depth: engine.Short})
		if f, ok := errors.AsType[*fault.Fault](err); ok && f.Kind == fault.Invalid {
			continue // the counters of this unit say what is wrong with its history
		}
		if err != nil {
			return nil, err
		}
		out = append(out, book.Unit(avvisi.Case{Posizione: d.Posizione, Unita: u.Progressivo, Counters: answer, Storia: k.history}, today, c.lang)...)
	}
	return avvisi.Sort(out), nil
}
