package rulebook

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// counter builds a moving window.
func (l *loader) counter(o object) {
	list := o.list("versions")
	c := &Counter{
		ID: o.text("id"), Order: o.whole("order"), Title: o.texts("title"), Unit: quantity.Unit(o.text("unit")),
		SelectBy: Selector(o.text("select_by")), Versions: make([]CounterVersion, len(list)), Place: o.placeOf("id"),
	}
	if c.SelectBy == "" {
		c.SelectBy = ByDay
	}
	l.take(o, "counter", c.ID)
	l.named(o, c.ID)
	heads := make([]*Version, len(list))
	for i, v := range list {
		c.Versions[i].Version = l.version(v)
		heads[i] = &c.Versions[i].Version
		l.counterVersion(c, &c.Versions[i], v)
	}
	l.timeline(list, heads)
	for i, v := range list {
		meaning := meaningOfCounter(&c.Versions[i])
		meaning["unit"], meaning["select_by"] = c.Unit, c.SelectBy
		l.item(v, "counter", c.ID, c.Title, heads[i], meaning, wordsOfCounter(c, &c.Versions[i]))
	}
	l.ed.Counters = append(l.ed.Counters, c)
}

// orderOfCounters refuses two counters in one place of the answer.
func (l *loader) orderOfCounters() {
	for i, c := range l.ed.Counters {
		if i > 0 && c.Order != 0 && c.Order == l.ed.Counters[i-1].Order {
			l.file(c.Place.File, "duplicate_order", "dai a ogni contatore un posto suo", "il posto %d è già di «%s»", c.Order, l.ed.Counters[i-1].ID)
			l.defects[len(l.defects)-1].Place = c.Place
		}
	}
}

func (l *loader) counterVersion(c *Counter, v *CounterVersion, o object) {
	row := l.scope(rowOfPeriods)
	v.AppliesWhen = l.condition(o, "applies_when", l.scope(""))
	v.AsksWhen = l.condition(o, "asks_when", row)
	v.Requests = l.condition(o, "requests", row)
	v.WithoutRequest = o.text("without_request")
	if v.WithoutRequest == "" {
		v.WithoutRequest = StateOnly
	}
	v.Norms = o.strings("norms")
	for _, norm := range v.Norms {
		l.norm(o, "norms", norm)
	}
	v.Breakdown = o.text("breakdown")
	v.Lines = l.lines(o, row)
	v.Variants = l.variants(c, v, o, row)
	v.Rate = l.rate(v, o, row)
}

func (l *loader) lines(o object, row *Scope) []Line {
	var lines []Line
	for _, n := range o.list("lines") {
		id := n.text("id")
		if id != "" && slices.ContainsFunc(lines, func(before Line) bool { return before.ID == id }) {
			l.defect(n, "id", "duplicate_id", "dai un altro nome a una delle due", "la riga «%s» c'è già", id)
		}
		line := Line{
			ID: id, When: l.condition(n, "when", row), Measure: Measure(n.text("measure")), Basis: Basis(n.text("basis")),
			Factor: l.expr(n, "factor", row, Want{Kind: WantNumber}), WholeWeeksWhen: l.condition(n, "whole_weeks_when", row),
		}
		if n.has("factor") && line.Measure != MeasureDays {
			l.defect(n, "factor", "exclusive_keys", "togli factor, o misura in giorni", "il fattore vale solo per la misura «%s»", MeasureDays)
		}
		lines = append(lines, line)
	}
	return lines
}

// variants builds the variants; a version that has none is one itself.
func (l *loader) variants(c *Counter, v *CounterVersion, o object, row *Scope) []Variant {
	list := o.list("variants")
	if valueOf(o.n, "variants") == nil {
		for _, key := range []string{"window", "judge"} {
			if valueOf(o.n, key) == nil {
				l.defect(o, "", "missing_key", "«"+key+"»: "+variant.key(key).text, "manca la chiave «%s» in una versione del contatore senza varianti", key)
			}
		}
		single := l.variant(c, v, o, row)
		single.ID, single.When, single.Title, single.Law = "", nil, nil, v.Law
		return []Variant{single}
	}
	for _, k := range limitKeys {
		if valueOf(o.n, k.name) != nil {
			l.defect(o, k.name, "exclusive_keys", "spostala dentro ogni variante", "con «variants» la chiave «%s» non può stare nella versione", k.name)
		}
	}
	var variants []Variant
	for _, n := range list {
		id := n.text("id")
		if id != "" && slices.ContainsFunc(variants, func(before Variant) bool { return before.ID == id }) {
			l.defect(n, "id", "duplicate_id", "dai un altro nome a una delle due", "la variante «%s» c'è già", id)
		}
		variants = append(variants, l.variant(c, v, n, row))
	}
	return variants
}

func (l *loader) variant(c *Counter, v *CounterVersion, o object, row *Scope) Variant {
	own := Want{Kind: WantNumber, Unit: c.Unit}
	out := Variant{
		ID: o.text("id"), Title: o.texts("title"), When: l.condition(o, "when", row), Law: l.citations(o, "law"),
		MaxRequest: l.expr(o, "max_request", row, Want{Kind: WantNumber, Unit: quantity.Weeks}),
	}
	out.Sum = l.terms(v, o, row, own)
	for _, n := range o.list("limit") {
		out.Limit = append(out.Limit, Case{When: l.condition(n, "when", row), Value: l.expr(n, "value", row, own), Label: n.text("label")})
		l.onlyWithCondition(n, len(o.list("limit")), "limite")
	}
	if w, ok := o.object("window"); ok {
		out.Window = l.window(w, row)
	}
	for _, n := range o.list("judge") {
		out.Judge = append(out.Judge, l.judge(n, row))
		l.onlyWithCondition(n, len(o.list("judge")), "modo di giudicare")
	}
	if p, ok := o.object("pause"); ok {
		out.Pause = l.pause(p, row, own, out.Window.Kind)
	}
	return out
}

// onlyWithCondition wants a condition where several cases stand side by side: exactly one must hold.
func (l *loader) onlyWithCondition(o object, siblings int, what string) {
	if siblings > 1 && valueOf(o.n, "when") == nil {
		l.defect(o, "", "missing_key", "aggiungi when: ne deve valere uno solo", "fra più casi, a questo %s manca la condizione «when»", what)
	}
}

func (l *loader) terms(v *CounterVersion, o object, row *Scope, own Want) []Term {
	var terms []Term
	seen := map[string]bool{}
	for _, n := range o.list("sum") {
		t := Term{Lines: n.strings("lines"), WeightWhen: l.condition(n, "weight_when", row)}
		for _, id := range n.nodes("lines") {
			switch {
			case !slices.ContainsFunc(v.Lines, func(line Line) bool { return line.ID == id.Value }):
				l.defects = append(l.defects, o.src.defect(id, "unknown_line", suggestKey(id.Value, lineIDs(v)), "la riga «%s» non esiste in questa versione", id.Value))
			case seen[id.Value]:
				l.defects = append(l.defects, o.src.defect(id, "duplicate_id", "ogni riga si somma una volta", "la riga «%s» è già nella somma", id.Value))
			}
			seen[id.Value] = true
		}
		steps := n.list("weight")
		for i, s := range steps {
			t.Weight = append(t.Weight, WeightStep{l.expr(s, "up_to", row, own), l.expr(s, "factor", row, Want{Kind: WantNumber})})
			l.lastWithoutBound(s, i, len(steps))
		}
		terms = append(terms, t)
	}
	if len(v.Lines) > 0 && len(terms) == 0 && valueOf(o.n, "sum") == nil {
		l.defect(o, "", "missing_key", "«sum»: che cosa si somma, per esempio [{lines: ["+v.Lines[0].ID+"]}]", "manca la chiave «sum»: le righe non sono sommate")
	}
	return terms
}

func lineIDs(v *CounterVersion) []string {
	var ids []string
	for i := range v.Lines {
		ids = append(ids, v.Lines[i].ID)
	}
	return ids
}

// lastWithoutBound wants steps that cover everything: each bounded, but for the last.
func (l *loader) lastWithoutBound(o object, i, n int) {
	bounded := valueOf(o.n, "up_to") != nil
	switch {
	case i == n-1 && bounded:
		l.defect(o, "up_to", "open_steps", "togli up_to dall'ultimo scaglione", "l'ultimo scaglione deve valere per tutto il resto")
	case i < n-1 && !bounded:
		l.defect(o, "", "open_steps", "aggiungi up_to", "solo l'ultimo scaglione può non avere «up_to»")
	}
}

func (l *loader) window(o object, row *Scope) Window {
	w := Window{Kind: WindowKind(o.text("kind")), To: calendar.Max}
	unit := quantity.Months
	if w.Kind == WindowWeeks {
		unit = quantity.Weeks
	}
	w.Length = l.expr(o, "length", row, Want{Kind: WantNumber, Unit: unit})
	w.From, _ = o.day("from")
	if to, ok := o.day("to"); ok {
		w.To = to
	}
	wanted := map[WindowKind][]string{
		WindowWeeks: {"length"}, WindowMonths: {"length"}, WindowTreatment: {"length"}, WindowFixed: {"from", "to"}, WindowChain: nil, WindowRequest: nil,
	}
	keys, known := wanted[w.Kind]
	for _, key := range []string{"length", "from", "to"} {
		there := valueOf(o.n, key) != nil
		switch need := slices.Contains(keys, key); {
		case known && need && !there:
			l.defect(o, "", "missing_key", "aggiungi "+key, "manca la chiave «%s» in una finestra «%s»", key, w.Kind)
		case known && !need && there:
			l.defect(o, key, "exclusive_keys", "togli "+key, "una finestra «%s» non ha «%s»", w.Kind, key)
		}
	}
	if w.Kind == WindowFixed && o.has("from") && w.To < w.From {
		l.defect(o, "to", "bad_period", "correggi uno dei due giorni", "la finestra finisce il %s, prima di cominciare il %s", w.To, w.From)
	}
	return w
}

func (l *loader) judge(o object, row *Scope) Judge {
	j := Judge{When: l.condition(o, "when", row), Step: Step(o.text("step"))}
	options := []string{ExcessPrefix, ExcessRefuse, ExcessAmount}
	j.Excess = l.expr(o, "excess", row, Want{Kind: WantText, Options: options})
	switch there := valueOf(o.n, "excess") != nil; {
	case j.Step == StepNone && there:
		l.defect(o, "excess", "exclusive_keys", "togli excess", "chi non rifiuta mai non ha eccedenze")
	case j.Step != "" && j.Step != StepNone && !there:
		l.defect(o, "", "missing_key", `aggiungi excess, per esempio 'param("default.eccedenza_cigo")'`, "manca la chiave «excess»: che cosa accade a ciò che non rientra?")
	}
	return j
}

// pause builds the time after a full chain, in weeks of work, or after a treatment, as a fraction
// of its months.
func (l *loader) pause(o object, row *Scope, own Want, window WindowKind) *Pause {
	length := Want{Kind: WantNumber}
	if window == WindowChain {
		length.Unit = quantity.Weeks
	}
	p := &Pause{
		Norms: o.strings("norms"), After: l.expr(o, "after", row, own), Length: l.expr(o, "length", row, length),
		IdleWhen: l.condition(o, "idle_when", row), Law: l.citations(o, "law"),
	}
	for _, norm := range p.Norms {
		l.norm(o, "norms", norm)
	}
	if window != "" && window != WindowChain && window != WindowTreatment {
		l.defect(o, "", "exclusive_keys", "togli pause", "una finestra «%s» non ha una pausa", window)
	}
	return p
}

func (l *loader) rate(v *CounterVersion, o object, row *Scope) *Rate {
	r, ok := o.object("rate")
	if !ok {
		return nil
	}
	rate := &Rate{Delay: r.flag("delay")}
	list := r.list("schedules")
	for _, n := range list {
		s := Schedule{
			ID: n.text("id"), Title: n.texts("title"), When: l.condition(n, "when", row), Law: l.citations(n, "law"),
			Confidence: Confidence(n.text("confidence")),
		}
		if s.Confidence == "" {
			s.Confidence = v.Confidence
		}
		l.onlyWithCondition(n, len(list), "gruppo di aliquote")
		tiers := n.list("tiers")
		for i, t := range tiers {
			s.Tiers = append(s.Tiers, Tier{
				l.expr(t, "up_to", row, Want{Kind: WantNumber, Unit: quantity.Weeks}),
				l.expr(t, "rate", row, Want{Kind: WantNumber, Unit: quantity.Percent}),
			})
			l.lastWithoutBound(t, i, len(tiers))
		}
		if s.ID != "" && slices.ContainsFunc(rate.Schedules, func(before Schedule) bool { return before.ID == s.ID }) {
			l.defect(n, "id", "duplicate_id", "dai un altro nome a uno dei due", "le aliquote «%s» ci sono già", s.ID)
		}
		rate.Schedules = append(rate.Schedules, s)
	}
	return rate
}
