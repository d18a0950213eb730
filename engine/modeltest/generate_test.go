package modeltest

import (
	"encoding/json"
	"fmt"

	"pgregory.net/rapid"
)

// taste says what a generated case may hold.
type taste struct {
	sectors  []string
	from, to day  // where history and requests lie
	odd      bool // first and last days anywhere in the week
	ask      string
	mixed    bool // COVID, special regimes, refusals
	heavy    bool // long periods close together, so that limits are reached
	used     bool
}

var (
	cigoCauses = []string{"mancanza_lavoro", "crisi_mercato", "fine_cantiere", "manutenzione_straordinaria", "meteo", "eventi_calamitosi", "guasto_macchinari"}
	letters    = []string{"a", "b", "e", "l", "m", "m", "n", "o"}
)

func pick[T any](t *rapid.T, what string, from ...T) T { return rapid.SampledFrom(from).Draw(t, what) }

func chance(t *rapid.T, what string, oneIn int) bool {
	return rapid.IntRange(1, oneIn).Draw(t, what) == oneIn
}

// length draws a length up to most, or one of some that reach the limits.
func (w taste) length(t *rapid.T, what string, most int, reaching ...int) int {
	if w.heavy {
		return pick(t, what, reaching...)
	}
	return rapid.IntRange(1, most).Draw(t, what)
}

func number(format string, args ...any) *json.Number {
	return ptr(json.Number(fmt.Sprintf(format, args...)))
}

// stretch draws a run of days that starts in [from, to].
func stretch(t *rapid.T, from, to day, odd bool, maxWeeks int) span {
	return stretchOf(t, from, to, odd, rapid.IntRange(1, maxWeeks).Draw(t, "weeks"))
}

func stretchOf(t *rapid.T, from, to day, odd bool, weeks int) span {
	first := (from + day(rapid.IntRange(0, int(to-from)/7).Draw(t, "start")*7)).monday()
	s := span{first, first + day(7*weeks) - 1}
	if odd {
		s.from += day(rapid.IntRange(0, 6).Draw(t, "late"))
		s.to = max(s.from, s.to-day(rapid.IntRange(0, 6).Draw(t, "early")))
	}
	return s
}

// months draws whole months, sometimes with days more.
func (w taste) months(t *rapid.T, from, to day, odd bool) span {
	y, m, _ := (from + day(rapid.IntRange(0, int(to-from)).Draw(t, "start"))).time().Date()
	first := date(y, int(m), 1)
	s := span{first, first.addMonths(w.length(t, "months", 18, 12, 6, 9, 18, 24)) - 1}
	if odd {
		s.from += day(rapid.IntRange(0, 27).Draw(t, "late"))
		s.to += day(rapid.IntRange(0, 27).Draw(t, "more"))
	}
	return s
}

func (w taste) facts() *rapid.Generator[*Facts] {
	return rapid.Custom(func(t *rapid.T) *Facts {
		settore := pick(t, "settore", w.sectors...)
		f := company(settore, pick(t, "d", 5, 5, 6))
		f.Azienda.Dipendenti = pick(t, "dipendenti", number("5"), number("5.01"), number("4.5"), number("48"))
		f.Unita.Organico = &[]Fascia{{Ore: number("40"), Lavoratori: number("%d", rapid.IntRange(1, 40).Draw(t, "staff"))}}
		if chance(t, "part time", 3) {
			*f.Unita.Organico = append(*f.Unita.Organico, Fascia{Ore: number("20.5"), Lavoratori: number("3.25")})
		}
		if chance(t, "last treatment stated", 6) {
			f.Azienda.FineUltimo = ptr((w.from + day(rapid.IntRange(0, int(w.to-w.from)).Draw(t, "last treatment"))).String())
		}
		periods := []Periodo{}
		next := w.from
		least := 0
		if w.heavy {
			least = 2
		}
		for i := range rapid.IntRange(least, 8).Draw(t, "periods") {
			start := next
			if !w.heavy && chance(t, "elsewhere", 3) {
				start = w.from
			}
			p := w.period(t, settore, start, min(start+500, w.to))
			p.Numero = ptr(fmt.Sprintf("P%d", i))
			periods = append(periods, p)
			next = min(w.to-7, parseDay(*p.Al)+1+day(7*rapid.IntRange(0, 20).Draw(t, "gap")*pick(t, "adjacent", 0, 1)))
		}
		f.Periodi = &periods
		if w.ask != "none" {
			w.request(t, f, settore, next)
		}
		if f.Richiesta == nil || chance(t, "own ref", 8) {
			f.DataRiferimento = ptr(max(inForce, w.from+day(rapid.IntRange(0, int(w.to-w.from)).Draw(t, "ref"))).String())
		}
		return f
	})
}

func (w taste) benefit(t *rapid.T, settore string) string {
	if settore == "fis" || settore == "fondo" {
		return pick(t, "prestazione", "AIS", "AIS", "AIS", "CIGS")
	}
	if settore == "altro" {
		return "CIGS"
	}
	return pick(t, "prestazione", "CIGO", "CIGO", "CIGO", "CIGS")
}

func (w taste) cause(t *rapid.T, prestazione string, first day) string {
	switch {
	case prestazione == "CIGS":
		return pick(t, "causale", cigsCauses...)
	case prestazione == "AIS" && first < fisReform:
		return pick(t, "causale", "mancanza_lavoro", "solidarieta")
	default:
		return pick(t, "causale", cigoCauses...)
	}
}

func (w taste) period(t *rapid.T, settore string, from, to day) Periodo {
	prestazione := w.benefit(t, settore)
	var s span
	if prestazione == "CIGS" {
		s = w.months(t, from, max(from, to), w.odd && chance(t, "odd", 3))
	} else {
		s = stretchOf(t, from, max(from, to), w.odd && chance(t, "odd", 3), w.length(t, "weeks", pick(t, "length", 4, 13, 13, 26, 60), 13, 26, 20, 39, 52))
	}
	p := Periodo{Prestazione: &prestazione, Causale: ptr(w.cause(t, prestazione, s.from)), Esito: ptr(pick(t, "esito", "accoglimento", "accoglimento", "accoglimento_parziale"))}
	covid := span{date(2020, 2, 23), date(2021, 12, 31)}
	if w.mixed {
		switch {
		case chance(t, "refused", 10):
			p.Esito = ptr(pick(t, "esito", "reiezione", "in_istruttoria"))
		case prestazione != "CIGS" && covid.has(s.from) && covid.has(s.to) && chance(t, "covid", 2):
			if chance(t, "by cause", 2) {
				p.Causale = ptr("covid19")
			} else {
				p.Regime = ptr("covid19")
			}
		case prestazione == "CIGO" && ukraine.has(s.from) && ukraine.has(s.to) && chance(t, "ukraine", 2):
			p.Regime = ptr("ucraina22")
		case prestazione == "CIGS" && s.from >= date(2022, 1, 1) && chance(t, "special", 5):
			p.Regime = ptr(regime(t, s))
		}
	}
	if prestazione == "CIGO" && text(p.Causale) != "covid19" && chance(t, "event stated", 5) {
		p.Evento = ptr(rapid.Bool().Draw(t, "event"))
	}
	if p.Regime == nil && chance(t, "regime stated", 4) {
		p.Regime = ptr("ordinario")
	}
	p.Dal, p.Al = ptr(s.from.String()), ptr(s.to.String())
	if w.used && chance(t, "declared", 3) {
		w.use(t, &p, s)
	}
	if !chance(t, "hours unknown", 12) || (&law{d: 5}).workdays(s) == 0 {
		p.OreAut = number("%d", rapid.IntRange(0, 4000).Draw(t, "hours"))
	}
	if w.used && chance(t, "hours used", 4) {
		p.OreFruite = number("%d.25", rapid.IntRange(0, 3000).Draw(t, "used hours"))
	}
	if !chance(t, "stand unknown", 6) {
		p.ZeroOre = ptr(chance(t, "stood still", 3))
	}
	return p
}

func regime(t *rapid.T, s span) string {
	if s.to <= date(2023, 12, 31) {
		return pick(t, "regime", "cigs2223", "transizione", "crisi_complessa")
	}
	return pick(t, "regime", "transizione", "crisi_complessa")
}

// use draws used days: a number, or the days themselves.
func (w taste) use(t *rapid.T, p *Periodo, s span) {
	if !chance(t, "flows unknown", 6) {
		p.Flussi = ptr(!chance(t, "flows open", 4))
	}
	l := &law{d: 5}
	if n := l.workdays(s); n == 0 || chance(t, "by date", 2) {
		days := []string{}
		rare := pick[uint64](t, "not used", 0, 3, 7)
		bits := rapid.Uint64().Draw(t, "pattern")
		for d := s.from; d <= s.to; d++ {
			if bits = bits*6364136223846793005 + 1442695040888963407; d.weekday() < 5 && (rare == 0 || bits>>60&rare != 0) {
				days = append(days, d.String())
			}
		}
		p.Giornate = &days
	} else {
		p.Fruiti = ptr(rapid.IntRange(0, n+pick(t, "beyond", 0, 0, 0, 5)).Draw(t, "used"))
	}
}

func (w taste) request(t *rapid.T, f *Facts, settore string, next day) {
	prestazione := w.benefit(t, settore)
	if w.ask != "" {
		prestazione = w.ask
	}
	from := max(min(next, w.to-7), inForce+4)
	to := max(from, min(next+pick[day](t, "soon", 7, 100, 700), w.to))
	var s span
	if prestazione == "CIGS" {
		s = w.months(t, from, to, w.odd && chance(t, "odd", 3))
	} else {
		s = stretchOf(t, from, to, w.odd && chance(t, "odd", 3), w.length(t, "weeks", pick(t, "length", 13, 13, 13, 60), 13, 12, 6, 26))
	}
	r := &Richiesta{Prestazione: &prestazione, Causale: ptr(w.cause(t, prestazione, s.from)), Dal: ptr(s.from.String()), Al: ptr(s.to.String())}
	if prestazione == "CIGO" && chance(t, "event stated", 5) {
		r.Evento = ptr(rapid.Bool().Draw(t, "event"))
	}
	if w.mixed && prestazione == "CIGO" && ukraine.has(s.from) && chance(t, "ukraine", 2) {
		r.Regime = ptr("ucraina22")
	}
	if w.mixed && prestazione == "CIGS" && s.from >= date(2022, 1, 1) && chance(t, "special", 6) {
		r.Regime = ptr(regime(t, s))
	}
	if !chance(t, "hours unknown", 8) {
		r.Ore = number("%d", rapid.IntRange(0, 20000).Draw(t, "hours"))
	}
	f.Richiesta = r
}
