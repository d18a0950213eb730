package modeltest

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
)

type rat = *big.Rat

func frac(n, d int) rat { return big.NewRat(int64(n), int64(d)) }
func whole(n int) rat   { return frac(n, 1) }
func add(a, b rat) rat  { return new(big.Rat).Add(a, b) }
func sub(a, b rat) rat  { return new(big.Rat).Sub(a, b) }
func mul(a, b rat) rat  { return new(big.Rat).Mul(a, b) }
func over(a, b rat) bool {
	return a.Cmp(b) > 0
}

func smaller(a, b rat) rat {
	if over(a, b) {
		return b
	}
	return a
}

func notBelowZero(a rat) rat {
	if a.Sign() < 0 {
		return whole(0)
	}
	return a
}

func decimal(n *json.Number) rat {
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		panic("not a number: " + n.String())
	}
	return r
}

// inForce is the first day of d.lgs. 148/2015: earlier days count nothing anywhere (art. 44 c. 2).
var inForce = date(2015, 9, 24)

// ukraine is the window of the 26 weeks of art. 44 c. 11-quinquies.
var ukraine = span{date(2022, 3, 22), date(2022, 12, 31)}

// weather tells the windows in which art. 12 cc. 2-3 are waived for the EONE of letters m, n, o.
func weather(d day) bool {
	y, m, _ := d.time().Date()
	return y >= 2023 && y <= 2026 && m >= 7
}

var eoneCauses = []string{"meteo", "eventi_calamitosi", "mancanza_energia", "impraticabilita", "ordine_autorita", "guasto_macchinari"}

// past is one period of the history with its defaults filled in.
type past struct {
	Periodo
	span
	numero string
	eone   bool
	regime string
}

func (p past) granted() bool {
	return text(p.Esito) == "accoglimento" || text(p.Esito) == "accoglimento_parziale"
}

func (p past) is(prestazione string) bool { return text(p.Prestazione) == prestazione }

// useKnown tells whether use replaces what was authorised: declared, and the flows complete.
func (p past) useKnown() bool {
	return (p.Giornate != nil || p.Fruiti != nil) && p.Flussi != nil && *p.Flussi
}

// covid: by regime or by causale (default 30).
func (p past) covid() bool { return p.regime == "covid19" || text(p.Causale) == "covid19" }

// ask is the request with its defaults filled in.
type ask struct {
	Richiesta
	span
	eone   bool
	regime string
}

func (q *ask) is(prestazione string) bool {
	return q != nil && text(q.Prestazione) == prestazione
}

func (q *ask) covid() bool { return q.regime == "covid19" || text(q.Causale) == "covid19" }

// law is one case in hand.
type law struct {
	facts  *Facts
	ref    day
	letter string // sector; "" is unknown
	d      int    // working days a week; 0 is unknown
	past   []past // sorted by first day, then number
	known  bool   // the history is known
	ask    *ask   // nil: nothing is requested
}

func orElse(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}

func eone(stated *bool, causale *string) bool {
	if stated != nil {
		return *stated
	}
	return slices.Contains(eoneCauses, text(causale))
}

// open reads the facts. Days of periods and of the request must be there.
func open(f *Facts, today day) *law {
	l := &law{facts: f, ref: today, known: f.Periodi != nil}
	if f.Azienda != nil {
		l.letter = text(f.Azienda.Settore)
	}
	if f.Unita != nil && f.Unita.Giorni != nil {
		l.d = *f.Unita.Giorni
	}
	if l.known {
		for _, p := range *f.Periodi {
			l.past = append(l.past, past{
				Periodo: p, span: span{parseDay(*p.Dal), parseDay(*p.Al)}, numero: text(p.Numero),
				eone: eone(p.Evento, p.Causale), regime: orElse(p.Regime, "ordinario"),
			})
		}
	}
	slices.SortStableFunc(l.past, func(a, b past) int {
		if a.from != b.from {
			return int(a.from - b.from)
		}
		return strings.Compare(a.numero, b.numero)
	})
	if r := f.Richiesta; r != nil {
		l.ask = &ask{Richiesta: *r, span: span{parseDay(*r.Dal), parseDay(*r.Al)}, eone: eone(r.Evento, r.Causale), regime: orElse(r.Regime, "ordinario")}
		l.ref = l.ask.to
	}
	if f.DataRiferimento != nil {
		l.ref = parseDay(*f.DataRiferimento)
	}
	return l
}

func (l *law) industry() bool {
	return len(l.letter) == 1 && strings.Contains("abcdefghilmno", l.letter)
}
func (l *law) building() bool { return len(l.letter) == 1 && strings.Contains("mno", l.letter) }

// works: Monday to Friday, or to Saturday; holidays included (default 32).
func (l *law) works(d day) bool { return d.weekday() < l.d }

func (l *law) workdays(s span) int {
	n := 0
	for d := s.from; d <= s.to; d++ {
		if l.works(d) {
			n++
		}
	}
	return n
}

// basis is what a period adds on single days, before it meets other periods.
type basis func(p past, counts func(day) bool) map[day]rat

// authorised: one for each working day granted. EONE of edilizia (letter m) counts by calendar week
// (default 12), touched by any day that counts; of a week that a neutral window cuts, the days outside (default 37).
func (l *law) authorised(p past, counts func(day) bool) map[day]rat {
	out := map[day]rat{}
	byWeek := l.byWeek(p)
	for d := p.from; d <= p.to; d++ {
		if byWeek && counts(d) {
			for x := d.monday(); x <= d.sunday(); x++ {
				if l.works(x) && counts(x) {
					out[x] = whole(1)
				}
			}
		} else if l.works(d) && counts(d) {
			out[d] = whole(1)
		}
	}
	return out
}

// byWeek tells whether a period counts by calendar week (default 12).
func (l *law) byWeek(p past) bool {
	return p.eone && p.is("CIGO") && l.letter == "m" && !p.useKnown()
}

// used: the days themselves where known, at most d a week (defaults 29, 32); else the number,
// laid evenly on the working days granted (default 28). Nil when no use is declared.
func (l *law) used(p past, counts func(day) bool) map[day]rat {
	out := map[day]rat{}
	switch {
	case p.Giornate != nil:
		days := []day{}
		for _, s := range *p.Giornate {
			days = append(days, parseDay(s))
		}
		slices.Sort(days)
		inWeek := map[day]int{}
		for _, d := range slices.Compact(days) {
			if inWeek[d.monday()]++; inWeek[d.monday()] <= l.d && counts(d) {
				out[d] = whole(1)
			}
		}
	case p.Fruiti != nil:
		n := l.workdays(p.span)
		for d := p.from; d <= p.to; d++ {
			if l.works(d) && counts(d) {
				out[d] = frac(*p.Fruiti, n)
			}
		}
	default:
		return nil
	}
	return out
}

// counted: used where declared and the flows are complete, else authorised (A.2.3).
func (l *law) counted(p past, counts func(day) bool) map[day]rat {
	if p.useKnown() {
		return l.used(p, counts)
	}
	return l.authorised(p, counts)
}

// ledger is the history laid on single days: a day under several periods counts their sum, at
// most one, and a week at most d days. What is cut falls on the later period.
type ledger struct {
	value   map[day]rat
	periods map[string]map[day]rat
	running []rat
}

const horizon = 11000 // days from inForce that a running sum covers

func (l *law) lay(b basis, counts func(p past, d day) bool) *ledger { return l.layOn(nil, b, counts) }

// layOn lays the history on what another ledger leaves of each day.
func (l *law) layOn(below *ledger, b basis, counts func(p past, d day) bool) *ledger {
	g := &ledger{value: map[day]rat{}, periods: map[string]map[day]rat{}}
	for _, p := range l.past {
		mine := map[day]rat{}
		g.periods[p.numero] = mine
		values := b(p, func(d day) bool { return d >= inForce && counts(p, d) })
		for _, d := range slices.Sorted(maps.Keys(values)) {
			room := sub(whole(1), g.at(d))
			if below != nil {
				room = sub(room, below.at(d))
			}
			added := notBelowZero(smaller(values[d], smaller(room, sub(whole(l.d), g.week(d)))))
			g.value[d] = add(g.at(d), added)
			mine[d] = added
		}
	}
	g.running = make([]rat, horizon)
	sum := whole(0)
	for i := range g.running {
		if v := g.value[inForce+day(i)]; v != nil {
			sum = add(sum, v)
		}
		g.running[i] = sum
	}
	return g
}

func (g *ledger) at(d day) rat {
	if v := g.value[d]; v != nil {
		return v
	}
	return whole(0)
}

// week is what lies on the calendar week of d.
func (g *ledger) week(d day) rat {
	sum := whole(0)
	for x := d.monday(); x <= d.sunday(); x++ {
		sum = add(sum, g.at(x))
	}
	return sum
}

func (g *ledger) upTo(d day) rat {
	if d < inForce {
		return whole(0)
	}
	return g.running[min(int(d-inForce), horizon-1)]
}

func (g *ledger) sum(s span) rat { return sub(g.upTo(s.to), g.upTo(s.from-1)) }

// of is what one period adds inside s.
func (g *ledger) of(numero string, s span) rat {
	sum := whole(0)
	for d, v := range g.periods[numero] {
		if s.has(d) {
			sum = add(sum, v)
		}
	}
	return sum
}

// last is the last day with something on it.
func (g *ledger) last() day {
	last := inForce - 1
	for d, v := range g.value {
		if v.Sign() > 0 {
			last = max(last, d)
		}
	}
	return last
}
