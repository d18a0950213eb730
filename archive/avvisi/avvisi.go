// Package avvisi finds what a company should be told before it asks: a limit that is running out,
// room that comes back, a term that is near, a delegation about to end.
//
// Nothing here knows a figure of the law or a word of any language. An alert rests on the counters
// and on the provvedimenti as they are; when it is given, and how grave it is, are parameters of the
// edition (rules/parameters/avvisi.yaml), its title and text are messages of it
// (rules/messages/avvisi.yaml). A parameter with no version in force silences its alert.
//
// It is pure: the same edition, case, day and language give the same alerts, in the same order, and
// one alert has the same id on every day it is given.
package avvisi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"omnia/archive"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/explain"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// Kind is what an alert is about.
type Kind string

// The kinds of alert.
const (
	LimiteVicino     Kind = "limite_vicino"     // what is left of a counter is at or under its threshold
	LimiteEsaurito   Kind = "limite_esaurito"   // nothing is left
	ScaglioneVicino  Kind = "scaglione_vicino"  // the rate of the contribution is about to rise
	Rientro          Kind = "rientro"           // room comes back to a counter that is short of it
	Conguaglio       Kind = "conguaglio"        // the last day to set off what the company advanced
	Ricorso          Kind = "ricorso"           // the last day to appeal
	Istruttoria      Kind = "istruttoria"       // an application has had no outcome for long
	FlussiIncompleti Kind = "flussi_incompleti" // use was declared, but can't count yet
	NonFruito        Kind = "non_fruito"        // granted and not used: room is there again
	DatiMancanti     Kind = "dati_mancanti"     // a counter can't be worked out
	Delega           Kind = "delega"            // a delegation is about to end
)

// Kinds are all of them, in the order of this list.
var Kinds = []Kind{LimiteVicino, LimiteEsaurito, ScaglioneVicino, Rientro, Conguaglio, Ricorso, Istruttoria, FlussiIncompleti, NonFruito, DatiMancanti, Delega}

// Alert is one thing to be told.
type Alert struct {
	ID              string        `json:"id"` // UUID of version 5: of what it is about, not of the day
	Kind            Kind          `json:"kind"`
	Severity        string        `json:"severity"` // error, warning, info: as the edition says
	Matricola       string        `json:"matricola"`
	UnitaProduttiva string        `json:"unita_produttiva,omitempty"`
	Counter         string        `json:"counter,omitempty"` // its id
	Causale         string        `json:"causale,omitempty"` // of a counter with one limit for each
	Numero          string        `json:"numero,omitempty"`  // of the provvedimento
	Delega          string        `json:"delega,omitempty"`  // its id
	On              calendar.Day  `json:"on"`                // the day it speaks of: a term, a return of room; else the day asked
	Until           *calendar.Day `json:"until,omitempty"`   // the last day it speaks of, when it is known
	Dated           bool          `json:"dated"`             // On is a day of its own, fit for a calendar
	Title           string        `json:"title"`
	Text            string        `json:"text"`
	Rule            Rule          `json:"rule"`
}

// Rule names what decided that the alert is given: a parameter or a counter.
type Rule struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// Case is one production unit as it stands, without any request.
type Case struct {
	Posizione *archive.Posizione
	Unita     string                  // progressivo
	Counters  *engine.Counters        // of the unit on the day, in the language of the alerts
	Storia    []archive.Provvedimento // of the unit, the last version of each, in the order in which the counters were asked
}

// Book is one edition made ready to alert. It is immutable and safe to share.
type Book struct {
	ed    *rulebook.Edition
	words *explain.Book
}

// New prepares an edition; that it has all it needs is told by [Check].
func New(ed *rulebook.Edition) *Book { return &Book{ed, explain.NewBook(ed)} }

// Unit are the alerts of one production unit on the day, sorted.
func (b *Book) Unit(c Case, today calendar.Day, lang string) []Alert {
	w := b.writer(c.Posizione, today, lang)
	w.at(c)
	for i := range c.Counters.Items {
		w.counter(&c.Counters.Items[i])
	}
	for i := range c.Storia {
		w.provvedimento(&c.Storia[i])
	}
	return Sort(w.out)
}

// Deleghe are the alerts about delegations with the matricola of pos, sorted. Parents must have been read.
func (b *Book) Deleghe(pos *archive.Posizione, list []archive.Delega, today calendar.Day, lang string) []Alert {
	w := b.writer(pos, today, lang)
	for i := range list {
		w.delega(&list[i])
	}
	return Sort(w.out)
}

// Sort puts alerts in the order in which people read them: by day, then the graver first, then by
// what they are about.
func Sort(list []Alert) []Alert {
	slices.SortFunc(list, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(gravity(a.Severity), gravity(b.Severity)),
			cmp.Compare(a.Matricola, b.Matricola), cmp.Compare(a.UnitaProduttiva, b.UnitaProduttiva),
			cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// severities are the words an edition may use, the gravest first.
var severities = []string{"error", "warning", "info"}

func gravity(s string) int { return slices.Index(severities, s) }

// space is the name space of the ids. It must never change: calendars know an alert by its id.
var space = uuid.MustParse("6f6d6e69-6120-5176-9973-692061766973")

// id names an alert by what it is about.
func (a *Alert) id() string {
	about := strings.Join([]string{string(a.Kind), a.Matricola, a.UnitaProduttiva, a.Counter, a.Causale, a.Numero, a.Delega}, "|")
	return uuid.NewSHA1(space, []byte(about)).String()
}

// writer gathers the alerts of one case.
type writer struct {
	*Book
	today   calendar.Day
	lang    string
	pos     *archive.Posizione
	unit    *archive.Unita // nil while none is in hand
	perWeek int64
	storia  []archive.Provvedimento
	counted map[string]bool // numeri of the provvedimenti that add something to a counter
	out     []Alert
}

func (b *Book) writer(pos *archive.Posizione, today calendar.Day, lang string) *writer {
	return &writer{Book: b, today: today, lang: lang, pos: pos}
}

// at takes a production unit in hand.
func (w *writer) at(c Case) {
	w.counted, w.storia = map[string]bool{}, c.Storia
	for i := range c.Posizione.Unita {
		if u := &c.Posizione.Unita[i]; u.Progressivo == c.Unita {
			w.unit = u
		}
	}
	if w.unit == nil {
		w.unit = &archive.Unita{Progressivo: c.Unita}
	}
	for _, g := range w.unit.GiorniSettimana {
		if g.Dal <= w.today {
			w.perWeek = int64(g.Giorni)
		}
	}
	for i := range c.Counters.Items {
		for _, p := range c.Counters.Items[i].Periods {
			if p.Counted != nil && p.Counted.Value.Sign() > 0 {
				w.counted[p.Numero] = true
			}
		}
	}
}

// add gives an alert, unless the edition is silent about its kind.
func (w *writer) add(a Alert, say values) {
	severity := w.param(prefix + string(a.Kind) + ".gravita")
	if severity == nil || a.Rule.ID == "" {
		return
	}
	a.Severity, a.Matricola = severity.Value.Text, w.pos.Matricola
	say["azienda"], say["matricola"], say["rif"] = w.pos.Denominazione, w.pos.Matricola, w.today.In(w.lang)
	if w.unit != nil && a.Kind != Delega {
		a.UnitaProduttiva, say["unita"] = w.unit.Progressivo, unitName(w.unit)
	}
	a.ID = a.id()
	a.Title, a.Text = w.say(message+string(a.Kind)+".titolo", say), w.say(message+string(a.Kind)+".testo", say)
	w.out = append(w.out, a)
}

func unitName(u *archive.Unita) string {
	if u.Denominazione == "" {
		return u.Progressivo
	}
	return u.Progressivo + " (" + u.Denominazione + ")"
}

// values are what the slots of a message stand for.
type values map[string]string

// say is a message of the edition with its slots filled; [Check] has seen that it is there.
func (w *writer) say(id string, v values) string {
	t := w.ed.Messages.Get(id)
	if t == nil {
		return id
	}
	return t.Render(w.lang, func(slot string) string { return v[slot] })
}

// param is the version in force of a parameter, or nil.
func (w *writer) param(id string) *rulebook.ParameterVersion {
	if p := w.ed.Parameters[id]; p != nil {
		return p.At(w.today)
	}
	return nil
}

// number is a whole number of the edition and what it rests on; ok is false when none is in force.
func (w *writer) number(id string) (n int, from Rule, law []rulebook.Citation, ok bool) {
	p := w.param(id)
	if p == nil {
		return 0, Rule{}, nil, false
	}
	whole, exact := p.Value.Rat.Int64()
	return int(whole), Rule{id, p.Number}, p.Law, exact
}

// label is how people call a code of the causali.
func (w *writer) label(causale string) string {
	if f := w.ed.Vocabulary.Groups["periodo"].Field("causale"); f != nil {
		v := fact.OfText(causale)
		return f.Word(&v, w.lang)
	}
	return causale
}
