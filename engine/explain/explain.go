// Package explain words what the counters found: the trace in, sentences out.
//
// Nothing here knows a word of any language. The sentences are content, in rules/messages, with
// named slots; the code chooses which to say, in the order in which an Italian administrative act
// gives its reasons (fact, norm, application, consequence), and fills the slots from the trace and
// from nowhere else. A sentence that is not in the catalogue, or a value that the trace does not
// hold, is written as such for all to see; [Check] finds both before any decision is taken.
//
// A sentence of the catalogue may be written again for one case: counter.norm@catena for every
// counter over a chain of weeks, counter.norm@cigo.settimane_biennio for one counter, and
// counter.norm@cigs.mesi_quinquennio.crisi for one variant of it. The most special one is said.
package explain

import (
	"strconv"

	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// Facts is what explanations need of the case, beside the results.
type Facts interface {
	Ref() calendar.Day
	Period(row int) (numero string, span calendar.Span) // of `periodi`
	Request() (span calendar.Span, ok bool)
	Label(fact.Ref) string
	Presumed(*rulebook.Presumption) bool // it filled a fact of the case
}

// The depths of an explanation; anything else is depthNormal.
const (
	depthShort  = "short"
	depthNormal = "normal"
	depthFull   = "full"
)

// Writer words the results of one decision in one language. It is used by one goroutine.
type Writer struct {
	*language
	book    *Book
	perWeek int64 // days a week of the unit; 0 when not known

	r      *counter.Result // in hand
	f      Facts
	set    *set
	values values
	out    []string
	buf    []byte

	quantities map[amount]string
	days       map[calendar.Day]string
	reasons    [msgCount]string // of r: sentences about a period that name nothing of it
}

type amount struct {
	num, den int64
	unit     quantity.Unit
}

// New words results in lang ("it", "en" or "de"; anything else is Italian). Callers that decide
// more than once keep a [Book].
func New(ed *rulebook.Edition, lang string, perWeek int64) *Writer {
	return NewBook(ed).Writer(lang, perWeek)
}

// Writer words the results of one decision on a unit that works perWeek days (0 when not known).
func (b *Book) Writer(lang string, perWeek int64) *Writer {
	l := b.languages[lang]
	if l == nil {
		l = b.languages[quantity.Languages[0]]
	}
	w, ok := b.writers.Get().(*Writer)
	if !ok {
		w = &Writer{buf: make([]byte, 0, 512), quantities: make(map[amount]string, 64), days: make(map[calendar.Day]string, 64)}
	}
	*w = Writer{language: l, book: b, perWeek: perWeek, buf: w.buf, quantities: w.quantities, days: w.days}
	return w
}

// Done gives back the room of the writer. What it said stays good; it must not be used again.
func (w *Writer) Done() {
	if len(w.days)+len(w.quantities) > maxKept {
		return
	}
	clear(w.quantities)
	clear(w.days)
	w.r, w.f, w.out = nil, nil, nil
	w.book.writers.Put(w)
}

// maxKept is how many words make a writer too large to keep: clearing takes as long as it is large.
const maxKept = 1_000

// Counter explains a result: the outcome in one sentence ("short"), the motivated paragraph
// ("normal"), or that with the whole calculation ("full").
func (w *Writer) Counter(r *counter.Result, f Facts, depth string) []string {
	w.begin(r, f)
	w.out = make([]string, 0, 12)
	switch depth {
	case depthShort:
		w.short()
	case depthFull:
		w.motivate()
		w.calculate()
	default:
		w.motivate()
	}
	return w.out
}

// Quantity is a quantity with its words.
func (w *Writer) Quantity(v quantity.Rat, u quantity.Unit) quantity.Quantity {
	return quantity.Quantity{Value: v, Unit: u, Text: w.amount(v, u)}
}

// amount is the words of a quantity, found once per decision.
func (w *Writer) amount(v quantity.Rat, u quantity.Unit) string {
	num, den, small := v.Frac64()
	if !small {
		return quantity.Of(v, u, w.perWeek, w.lang).Text
	}
	key := amount{num, den, u}
	s, ok := w.quantities[key]
	if !ok {
		s = quantity.Of(v, u, w.perWeek, w.lang).Text
		w.quantities[key] = s
	}
	return s
}

// day is a day as people write it, likewise.
func (w *Writer) day(d calendar.Day) string {
	s, ok := w.days[d]
	if !ok {
		s = d.In(w.lang)
		w.days[d] = s
	}
	return s
}

// add says a sentence of its own.
func (w *Writer) add(m msg) { w.out = append(w.out, w.say(m)) }

// say is a sentence with its slots filled.
func (w *Writer) say(m msg) string {
	w.buf = w.set[m].write(w.buf[:0], &w.values)
	return string(w.buf)
}

// put fills a slot with the words of a sentence.
func (w *Writer) put(s slot, m msg) { w.values[s] = w.say(m) }

// begin takes a result in hand and fills the slots that hold for all of it.
func (w *Writer) begin(r *counter.Result, f Facts) {
	if w.r == r {
		return
	}
	w.r, w.f, w.values = r, f, values{}
	w.reasons = [msgCount]string{}
	w.set = w.sets[r.Variant]
	if w.set == nil {
		w.set = w.bare[r.Counter]
	}
	v := &w.values
	v[sTitolo], v[sRif] = r.Counter.Title.In(w.lang), w.day(f.Ref())
	v[sNorma] = w.cite(r.Version.Law)
	if r.Variant != nil && len(r.Variant.Law) > 0 {
		v[sNorma] = w.cite(r.Variant.Law)
	}
	w.putVersion(&r.Version.Version)
	u := r.Counter.Unit
	w.putAmount(sLimite, r.Limit, u)
	w.putAmount(sContato, r.Counted, u)
	w.putAmount(sResiduo, r.Residual, u)
	w.putAmount(sAutorizzato, r.Authorised, u)
	w.putAmount(sFruito, r.Used, u)
	w.putAmount(sRichiesto, r.Requested, u)
	w.putAmount(sAliquota, r.Rate, quantity.Percent)
	w.putDay(sPausaFine, r.PauseEnd)
	w.putDay(sPrimoInizio, r.EarliestStart)
	w.putDay(sPrimoInizioIntero, r.EarliestFullStart)
	if r.Schedule != nil {
		v[sScaglioni] = r.Schedule.Title.In(w.lang)
	}
	if r.Failure != nil {
		v[sGuasto] = r.Failure.Text
	}
	if r.Window != nil {
		v[sFinestraDal], v[sFinestraAl] = w.day(r.Window.From), w.day(r.Window.To)
		v[sAmpiezza] = w.amount(quantity.Int(int64(r.Window.Len()/7)), quantity.Weeks)
	}
	if req, ok := f.Request(); ok {
		v[sRichiestaDal], v[sRichiestaAl] = w.day(req.From), w.day(req.To)
	}
	w.putTier()
	w.putGrant()
}

func (w *Writer) putAmount(s slot, v *quantity.Rat, u quantity.Unit) {
	if v != nil {
		w.values[s] = w.amount(*v, u)
	}
}

func (w *Writer) putDay(s slot, d *calendar.Day) {
	if d != nil {
		w.values[s] = w.day(*d)
	}
}

// putVersion fills the slots that speak of one version.
func (w *Writer) putVersion(v *rulebook.Version) {
	w.values[sVersione] = strconv.Itoa(v.Number)
	w.values[sVersioneDal], w.values[sVersioneAl] = w.day(v.From), ""
	if v.Open() {
		w.put(sVigenza, since)
		return
	}
	w.values[sVersioneAl] = w.day(v.To)
	w.put(sVigenza, between)
}

func (w *Writer) putTier() {
	if t := w.r.Tier; t != nil {
		w.values[sSogliaConto] = w.amount(t.Total, w.r.Counter.Unit)
		w.values[sSogliaDal], w.values[sSogliaAl] = w.day(t.Window.From), w.day(t.Window.To)
	}
}

// putGrant fills what fits of the request, and what is left over.
func (w *Writer) putGrant() {
	g := w.r.Grantable
	if g == nil {
		return
	}
	u := w.r.Counter.Unit
	w.values[sAmmesso] = w.amount(g.Amount, u)
	if w.r.Requested != nil {
		w.values[sResto] = w.amount(w.r.Requested.Sub(g.Amount), u)
	}
	if g.Span != nil {
		w.values[sAmmessoDal], w.values[sAmmessoAl] = w.day(g.Span.From), w.day(g.Span.To)
		w.values[sRestoDal] = w.day(g.Span.To + 1)
	}
}

// putExam fills the slots that speak of one judged piece of the request.
func (w *Writer) putExam(j *counter.Judged) {
	v, u := &w.values, w.r.Counter.Unit
	v[sEsameDal], v[sEsameAl] = w.day(j.Span.From), w.day(j.Span.To)
	v[sEsameFinestraDal], v[sEsameFinestraAl] = w.day(j.Window.From), w.day(j.Window.To)
	v[sEsameTotale], v[sEsameLimite], v[sEsameEccesso] = w.amount(j.Total, u), w.amount(j.Limit, u), ""
	if j.Total.Cmp(j.Limit) > 0 {
		v[sEsameEccesso] = w.amount(j.Total.Sub(j.Limit), u)
	}
}
