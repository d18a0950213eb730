package engine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// need notes facts that are asked anyway, whatever rules wait for them.
func (v *validation) need(refs []fact.Ref) { v.ask(nil, v.sources(nil, map[fact.Ref]bool{}, refs)) }

// ask notes the facts that keep a rule from being decided; rule is nil for what is asked anyway. A fact that
// keeps it open on many rows is counted once: one answer of a person serves one rule.
func (v *validation) ask(rule *rulebook.Rule, refs []fact.Ref) {
	if len(refs) > 0 && v.unlocks == nil {
		v.unlocks, v.needs = map[fact.Ref]int{}, map[fact.Ref]*rulebook.Rule{}
	}
	for _, r := range refs {
		if _, known := v.unlocks[r]; !known {
			v.asked = append(v.asked, r)
			v.unlocks[r] = 0
		}
		if rule == nil {
			continue
		}
		v.unlocks[r]++
		if v.needs[r] == nil {
			v.needs[r] = rule
		}
	}
}

// sources adds what to ask for these facts, each once: what was written and can't be used is told, not asked.
func (v *validation) sources(out []fact.Ref, seen map[fact.Ref]bool, refs []fact.Ref) []fact.Ref {
	for _, r := range refs {
		for _, source := range v.sourcesOf(r) {
			if !seen[source] && !(v.refused != nil && v.refused[source.Pointer()]) {
				seen[source] = true
				out = append(out, source)
			}
		}
	}
	return out
}

// sourcesOf are what to ask for a fact: itself or, when a rule would presume it from others, those.
func (v *validation) sourcesOf(r fact.Ref) []fact.Ref {
	if r.Row >= 0 {
		return []fact.Ref{r}
	}
	for _, p := range v.engine.edition.Presumed {
		if p.Target != r.Field {
			continue
		}
		if refs := v.presumedFrom(p); len(refs) > 0 {
			return refs
		}
	}
	return []fact.Ref{r}
}

func (v *validation) presumedFrom(p *rulebook.Presumption) []fact.Ref {
	env := v.env
	env.Row, env.Day = nil, v.ref
	for i := range p.Versions {
		if x := &p.Versions[i]; x.Has(v.ref) && x.Value != nil {
			return x.Value.Blocking(&env, x.When.Blocking(&env, nil))
		}
	}
	return nil
}

// mandatory notes the fields without which the form can't be sent.
func (v *validation) mandatory() {
	for i := range v.plan.version.Steps {
		fields := v.plan.version.Steps[i].Fields
		for j := range fields {
			v.mandatoryField(&fields[j])
		}
	}
}

func (v *validation) mandatoryField(f *rulebook.FormField) {
	if f.Mandatory == nil {
		return
	}
	if f.List == nil {
		v.mandatoryIn(f, &v.facts.Root[f.Field.Slot], nil, -1)
		return
	}
	for i, row := range v.facts.Root[f.List.Slot].Rows() {
		v.mandatoryIn(f, &row[f.Field.Slot], row, i)
	}
}

func (v *validation) mandatoryIn(f *rulebook.FormField, value *fact.Value, row fact.Record, i int) {
	if value.IsKnown() {
		return
	}
	v.env.Row, v.env.RowIndex, v.env.Day = row, max(i, 0), v.dayOf(rulebook.ByStart)
	for _, when := range []*rulebook.Condition{f.Asked, f.Mandatory} {
		switch when.Eval(&v.env) {
		case rulebook.True:
			continue
		case rulebook.Unknown:
			if v.options.Complete {
				v.need(when.Blocking(&v.env, nil))
			}
		}
		return
	}
	v.need([]fact.Ref{{Field: f.Field, Row: i}})
}

// rank puts the facts still needed in the order in which they help most: by the rules they unlock,
// then as the form asks for them. A fact that many rows lack is one question.
func (v *validation) rank() {
	if len(v.asked) == 0 {
		return
	}
	v.askRows()
	last := len(v.plan.place)
	place := func(r fact.Ref) int {
		if i, ok := v.plan.place[r.Field]; ok {
			return i
		}
		return last + r.Field.Slot
	}
	slices.SortStableFunc(v.asked, func(a, b fact.Ref) int {
		return cmp.Or(cmp.Compare(v.unlocks[b], v.unlocks[a]), cmp.Compare(place(a), place(b)), cmp.Compare(a.Row, b.Row), cmp.Compare(a.Field.Path, b.Field.Path))
	})
	for _, r := range v.asked {
		v.out.Missing = append(v.out.Missing, Missing{Field: v.name(r), Label: v.label(r.Field), Why: v.why(r)})
	}
}

// allRows is the row of a reference that stands for many.
const allRows = -2

// manyRows is how many rows may each be a question of their own.
const manyRows = 10

// askRows makes one question of a fact that more than a few rows lack.
func (v *validation) askRows() {
	rows := map[*fact.Field]int{}
	for _, r := range v.asked {
		if r.Row >= 0 {
			rows[r.Field]++
		}
	}
	kept := v.asked[:0]
	for _, r := range v.asked {
		if r.Row < 0 || rows[r.Field] <= manyRows {
			kept = append(kept, r)
			continue
		}
		all := fact.Ref{Field: r.Field, Row: allRows}
		if _, ok := v.unlocks[all]; !ok {
			v.unlocks[all], v.needs[all] = v.unlocks[r], v.needs[r]
			kept = append(kept, all)
		}
		v.unlocks[all] = max(v.unlocks[all], v.unlocks[r])
	}
	v.asked = kept
}

func (v *validation) name(r fact.Ref) string {
	if r.Row == allRows {
		return r.Field.Path
	}
	return r.Path()
}

// label is what the form calls the fact.
func (v *validation) label(f *fact.Field) string {
	if x := v.plan.fields[f]; x != nil {
		return x.Words(v.opt.Language)
	}
	return f.Label.In(v.opt.Language)
}

var whyTexts = map[string]fact.Texts{
	"mandatory": {"it": "Senza questo dato la domanda non si può inviare.", "en": "Without it the application can't be sent.", "de": "Ohne diese Angabe kann der Antrag nicht gesendet werden."},
	"rule":      {"it": "Serve per controllare: {1}.", "en": "It is needed to check: {1}.", "de": "Sie wird gebraucht, um zu prüfen: {1}."},
	"rules":     {"it": "Serve per {2} controlli, il primo: {1}.", "en": "It is needed for {2} checks, the first: {1}.", "de": "Sie wird für {2} Prüfungen gebraucht, zuerst: {1}."},
}

func (v *validation) why(r fact.Ref) string {
	lang, rule := v.opt.Language, v.needs[r]
	if rule == nil {
		return whyTexts["mandatory"].In(lang)
	}
	text := whyTexts["rules"]
	if v.unlocks[r] == 1 {
		text = whyTexts["rule"]
	}
	return strings.NewReplacer("{1}", rule.Title.In(lang), "{2}", strconv.Itoa(v.unlocks[r])).Replace(text.In(lang))
}
