package main

import (
	"omnia/engine/calendar"
	"omnia/engine/fact"
)

// The floors of the counter: what a careful hand would write for one question only, with the law
// in the code. Days are counted in tenths, which the declared use of the cases comes out in.
const (
	tenths  = 10
	perWeek = 5
)

// plainPeriod is a period as the hand-written loop has it.
type plainPeriod struct {
	from, to   calendar.Day
	cigo, eone bool
	granted    bool
	used       int // days; -1 when not declared
	complete   bool
}

// reader takes the periods out of the facts: where each fact stands in a row is found once.
type reader struct {
	periods, from, to, prestazione, eone, esito, used, complete int
	out                                                         []plainPeriod
}

func newReader(v *fact.Vocabulary) *reader {
	row := v.Groups["periodo"]
	return &reader{
		periods: v.Root.Slot("periodi"), from: row.Slot("dal"), to: row.Slot("al"), prestazione: row.Slot("prestazione"),
		eone: row.Slot("evento_non_evitabile"), esito: row.Slot("esito"), used: row.Slot("giorni_fruiti"), complete: row.Slot("flussi_completi"),
	}
}

func (r *reader) read(f *fact.Facts) []plainPeriod {
	r.out = r.out[:0]
	for _, row := range f.Root[r.periods].Rows() {
		p := plainPeriod{
			from: row[r.from].Day(), to: row[r.to].Day(), cigo: row[r.prestazione].Text == "CIGO",
			eone: row[r.eone].Bool(), granted: row[r.esito].Text == "accoglimento", used: -1,
		}
		if row[r.used].IsKnown() {
			p.used, p.complete = int(row[r.used].Num), row[r.complete].Bool()
		}
		r.out = append(r.out, p)
	}
	return r.out
}

// floor holds the arrays that the loop writes into, so that it allocates nothing.
type floor struct {
	window  calendar.Span
	diff    [728 + 1]int
	days    [728]int // what counts on each day, in tenths
	left    [728]int
	amounts []int
	codes   []string
	release []int
}

// counts is the sum of the window: union of days, neutral days out, complete use in place of what
// was granted.
func (f *floor) counts(periods []plainPeriod) int {
	clear(f.diff[:])
	for i := range periods {
		p := &periods[i]
		if !p.cigo || !p.granted || p.eone {
			continue
		}
		share := tenths
		if p.used >= 0 && p.complete {
			share = p.used * tenths / calendar.Span{From: p.from, To: p.to}.Workdays(perWeek)
		}
		f.lay(p, share)
	}
	return f.scan()
}

func (f *floor) lay(p *plainPeriod, share int) {
	from, to := max(p.from, f.window.From), min(p.to, f.window.To)
	if from <= to {
		f.diff[from-f.window.From] += share
		f.diff[to-f.window.From+1] -= share
	}
}

// scan sums the days, each at most one, working days only. The window begins on a Monday.
func (f *floor) scan() (sum int) {
	run, weekday := 0, 0
	for i := range f.days {
		run += f.diff[i]
		day := 0
		if weekday < perWeek {
			day = min(run, tenths)
		}
		f.days[i] = day
		sum += day
		if weekday++; weekday == 7 {
			weekday = 0
		}
	}
	return sum
}

// answer is all that the kernel says of the state: the sum, both bases, what each period adds and
// why, and the days on which room comes back.
func (f *floor) answer(periods []plainPeriod) (counted, authorised, used int) {
	authorised = f.basis(periods, func(p *plainPeriod) int { return tenths })
	used = f.basis(periods, func(p *plainPeriod) int {
		if p.used < 0 {
			return 0
		}
		return p.used * tenths / calendar.Span{From: p.from, To: p.to}.Workdays(perWeek)
	})
	counted = f.counts(periods)
	f.split(periods)
	f.releases()
	return counted, authorised, used
}

func (f *floor) basis(periods []plainPeriod, share func(*plainPeriod) int) int {
	clear(f.diff[:])
	for i := range periods {
		if p := &periods[i]; p.cigo && p.granted && !p.eone {
			f.lay(p, share(p))
		}
	}
	return f.scan()
}

// split gives each period its part of the days it shares with others: the first takes first.
func (f *floor) split(periods []plainPeriod) {
	f.left = f.days
	for i := range periods {
		p := &periods[i]
		f.amounts[i], f.codes[i] = 0, "outside_window"
		switch {
		case p.to < f.window.From || p.from > f.window.To:
		case !p.cigo:
			f.codes[i] = "other_benefit"
		case p.eone:
			f.codes[i] = "EONE"
		case !p.granted:
			f.codes[i] = "REIEZIONE"
		default:
			f.take(p, i)
		}
	}
}

func (f *floor) take(p *plainPeriod, i int) {
	share, code := tenths, "counted"
	if p.used >= 0 && p.complete {
		share, code = p.used*tenths/calendar.Span{From: p.from, To: p.to}.Workdays(perWeek), "counted_used"
	}
	for d := max(p.from, f.window.From); d <= min(p.to, f.window.To); d++ {
		at := d - f.window.From
		taken := min(share, f.left[at])
		f.left[at] -= taken
		f.amounts[i] += taken
		f.codes[i] = code
	}
}

// releases is what each week gives back when it leaves the window.
func (f *floor) releases() {
	f.release = f.release[:0]
	for at := 0; at < len(f.days); at += 7 {
		week := 0
		for _, d := range f.days[at : at+7] {
			week += d
		}
		if week > 0 {
			f.release = append(f.release, week)
		}
	}
}
