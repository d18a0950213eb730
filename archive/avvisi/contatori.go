package avvisi

import (
	"slices"
	"strconv"
	"strings"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// state is what a counter, or one causale of it, has left.
type state struct {
	item                     *engine.Item
	causale                  string
	limit, counted, residual *quantity.Quantity
}

// threshold is when a state is worth telling: the amount, and the parameter that says it.
type threshold struct {
	amount quantity.Rat
	rule   Rule
}

// counter gives the alerts of one counter.
func (w *writer) counter(it *engine.Item) {
	if it.Verdict == string(counter.MissingData) {
		w.missing(it)
		return
	}
	for _, s := range states(it) {
		w.state(s)
	}
	if it.Rate == nil && it.Used != nil {
		w.unused(it)
	}
}

// states are what a counter says about room: its own, or that of each causale.
func states(it *engine.Item) (out []state) {
	if it.Residual != nil && it.Limit != nil && it.Counted != nil {
		return []state{{it, "", it.Limit, it.Counted, it.Residual}}
	}
	for i := range it.ByCausale {
		if b := &it.ByCausale[i]; b.Residual != nil && b.Limit != nil && b.Counted != nil {
			out = append(out, state{it, b.Causale, b.Limit, b.Counted, b.Residual})
		}
	}
	return out
}

// state tells of a counter of which something was used and little or nothing is left.
func (w *writer) state(s state) {
	limit, ok := w.threshold(s)
	if !ok || s.counted.Value.Sign() == 0 || s.residual.Value.Cmp(limit.amount) > 0 {
		return
	}
	say := w.about(s)
	say["soglia"] = quantity.Of(limit.amount, s.limit.Unit, w.perWeek, w.lang).Text
	switch {
	case s.item.Rate != nil:
		say["aliquota"] = s.item.Rate.Text
		w.add(s.alert(ScaglioneVicino, w.today, limit.rule), say)
		return
	case s.residual.Value.Sign() == 0:
		w.add(s.alert(LimiteEsaurito, w.today, Rule{s.item.Rule.ID, s.item.Rule.Version}), say)
	default:
		w.add(s.alert(LimiteVicino, w.today, limit.rule), say)
	}
	w.release(s, say)
}

// alert is an alert about a counter.
func (s state) alert(k Kind, on calendar.Day, r Rule) Alert {
	return Alert{Kind: k, Counter: s.item.ID, Causale: s.causale, On: on, Rule: r}
}

// about is what can be said of a counter in words.
func (w *writer) about(s state) values {
	title := s.item.Title
	if s.causale != "" {
		title += ", " + w.label(s.causale)
	}
	return values{
		"titolo": title, "norma": w.words.Cite(w.lang, s.item.Law),
		"limite": s.limit.Text, "contato": s.counted.Text, "residuo": s.residual.Text,
	}
}

// threshold is the one of a counter: an amount in its unit, or a share of its limit.
func (w *writer) threshold(s state) (threshold, bool) {
	id := thresholds + s.item.ID
	p := w.param(id)
	if p == nil {
		return threshold{}, false
	}
	t := threshold{p.Value.Rat, Rule{id, p.Number}}
	if w.ed.Parameters[id].Unit == quantity.None {
		t.amount = t.amount.Mul(s.limit.Value)
	}
	return t, true
}

// release tells of room that comes back to a counter short of it: all that comes within the days
// of notice, at the first of them.
func (w *writer) release(s state, say values) {
	days, rule, _, ok := w.number(prefix + string(Rientro) + ".giorni")
	if !ok || !w.moves(s.item) {
		return
	}
	total, horizon := quantity.Int(0), w.today+calendar.Day(days)
	var first, last calendar.Day
	for _, r := range s.item.Releases {
		if r.On <= w.today || r.On > horizon {
			continue
		}
		if first == 0 {
			first = r.On
		}
		last, total = r.On, total.Add(r.Amount.Value)
	}
	if total.Sign() == 0 {
		return
	}
	say["rientro"] = quantity.Of(total, s.limit.Unit, w.perWeek, w.lang).Text
	say["rientro_il"], say["rientro_fine"] = first.In(w.lang), last.In(w.lang)
	a := s.alert(Rientro, first, rule)
	a.Until, a.Dated = &last, true
	w.add(a, say)
}

// moves tells whether a counter looks at a window that moves on with the days, so that old periods
// leave it; a chain of weeks ends in another way.
func (w *writer) moves(it *engine.Item) bool {
	for _, k := range w.ed.Counters {
		if k.ID != it.ID {
			continue
		}
		for i := range k.Versions {
			v := &k.Versions[i]
			if v.Number != it.Rule.Version {
				continue
			}
			return slices.ContainsFunc(v.Variants, func(x rulebook.Variant) bool {
				return x.Window.Kind == rulebook.WindowWeeks || x.Window.Kind == rulebook.WindowMonths
			})
		}
	}
	return false
}

// unused tells of a share that was granted and, its flows being complete, turned out not to be
// used. Counters in months are left out: they count the same weeks again.
func (w *writer) unused(it *engine.Item) {
	p := w.param(thresholds + string(NonFruito))
	if p == nil || it.Limit == nil || it.Authorised == nil || it.Counted == nil || it.Residual == nil || it.Limit.Unit == quantity.Months || weighted(it) {
		return
	}
	back := it.Authorised.Value.Sub(it.Counted.Value)
	if back.Sign() <= 0 || back.Cmp(it.Limit.Value.Mul(p.Value.Rat)) < 0 {
		return
	}
	say := w.about(state{it, "", it.Limit, it.Counted, it.Residual})
	say["autorizzato"], say["rientro"] = it.Authorised.Text, quantity.Of(back, it.Limit.Unit, w.perWeek, w.lang).Text
	w.add(Alert{Kind: NonFruito, Counter: it.ID, On: w.today, Rule: Rule{thresholds + string(NonFruito), p.Number}}, say)
}

// weighted tells whether a counter counts less than was granted for a reason of its own, so that
// the difference is no unused share: only where each period counts as itself do they sum to the total.
func weighted(it *engine.Item) bool {
	sum := quantity.Int(0)
	for _, p := range it.Periods {
		if p.Counted != nil {
			sum = sum.Add(p.Counted.Value)
		}
	}
	return !sum.Equal(it.Counted.Value)
}

// missing tells that a counter can't be worked out, and what it lacks. What only an application
// would say is not missing from the archive.
func (w *writer) missing(it *engine.Item) {
	var names []string
	for _, path := range it.Missing {
		if name := w.factName(path); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	w.add(Alert{Kind: DatiMancanti, Counter: it.ID, On: w.today, Rule: Rule{it.Rule.ID, it.Rule.Version}},
		values{"titolo": it.Title, "mancanti": strings.Join(names, ", ")})
}

// factName is what people call a fact of the company, the unit or the history; "" of a request.
func (w *writer) factName(path string) string {
	voc := w.ed.Vocabulary
	if strings.HasPrefix(path, "richiesta.") {
		return ""
	}
	if f := voc.Root.Field(path); f != nil {
		return f.Label.In(w.lang)
	}
	list, field, _ := strings.Cut(path, "]")
	name, row, _ := strings.Cut(list, "[")
	f, at, ok := voc.Root.Field(name), 0, false
	if n, err := strconv.Atoi(row); err == nil {
		at, ok = n, n < len(w.storia)
	}
	if f == nil || f.Element == nil || !ok {
		return path
	}
	if of := f.Element.Field(strings.TrimPrefix(field, ".")); of != nil {
		return of.Label.In(w.lang) + " (" + w.storia[at].Numero + ")"
	}
	return path
}

// lawOf is the law of a parameter in words.
func (w *writer) lawOf(law []rulebook.Citation) string { return w.words.Cite(w.lang, law) }
