package engine

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// formPlan is a version of a form made ready to check: what is asked where, and what each part rests on.
type formPlan struct {
	version  *rulebook.FormVersion
	checks   []*formCheck        // its rules, in its order
	counters []*rulebook.Counter // those it shows, and those its rules, values and bounds look at
	reads    []slotSet           // what each counter rests on
	search   []bool              // somebody asks for the first start that would fit
	derived  []slotSet           // what each derived value rests on
	bounds   []*formBound
	trials   []*trialPlan
	place    map[*fact.Field]int // where the form asks for a fact
	fields   map[*fact.Field]*rulebook.FormField
	room     sync.Pool // of *Validated: the room of checks that nobody carries on
	possible slotSet   // what the checks of every decision rest on
}

// formCheck is a rule of a form.
type formCheck struct {
	*check
	reads   slotSet
	counter int  // index in counters; -1: none
	alone   bool // what it says of a row rests on no other row
}

// planner builds the plans of an edition.
type planner struct {
	engine *Engine
	ready  map[*rulebook.Rule]*check
	lists  map[*fact.Group]int     // slot of the list whose rows have the group
	feeds  map[*fact.Field]slotSet // what a presumed fact is presumed from, down to what is written
}

func newFormPlans(g *Engine) map[*rulebook.FormVersion]*formPlan {
	ed := g.edition
	all := *ed
	all.Rules = slices.Concat(ed.Rules, ed.FormRules)
	b := &planner{engine: g, ready: map[*rulebook.Rule]*check{}, lists: map[*fact.Group]int{}, feeds: map[*fact.Field]slotSet{}}
	for _, k := range newChecks(&all) {
		b.ready[k.rule] = k
	}
	for _, f := range ed.Vocabulary.Root.Fields {
		if f.Element != nil {
			b.lists[f.Element] = f.Slot
		}
	}
	for _, p := range ed.Presumed {
		b.feed(p.Target, nil)
	}
	plans := map[*rulebook.FormVersion]*formPlan{}
	for _, f := range ed.Forms {
		for i := range f.Versions {
			plans[&f.Versions[i]] = b.plan(f, &f.Versions[i])
		}
	}
	return plans
}

// slot is the root slot of a fact, or of the list that its rows are in.
func (b *planner) slot(f *fact.Field) int {
	voc := b.engine.edition.Vocabulary
	if voc.Root.Field(f.Name) == f {
		return f.Slot
	}
	for g, slot := range b.lists {
		if g.Field(f.Name) == f {
			return slot
		}
	}
	return -1
}

// feed is the set of slots that a presumed fact rests on, itself included. Presumptions go in no circle.
func (b *planner) feed(f *fact.Field, on []*fact.Field) slotSet {
	if s, ok := b.feeds[f]; ok {
		return s
	}
	s := newSlotSet(b.slot(f))
	for _, p := range b.engine.edition.Presumed {
		if p.Target != f || slices.Contains(on, f) {
			continue
		}
		s = s.with(b.engine.slots.ref) // the day that selects its version
		for _, r := range p.Reads() {
			s = s.union(b.feed(r, append(on, f)))
		}
	}
	b.feeds[f] = s
	return s
}

// of is the set of slots that these facts rest on.
func (b *planner) of(fields []*fact.Field) slotSet {
	var s slotSet
	for _, f := range fields {
		s = s.union(b.feed(f, nil))
	}
	return s
}

// named adds the facts of the root, or of the row of a rule, that bear these names; other names are no facts.
func (b *planner) named(names []string, row *fact.Group) []*fact.Field {
	var out []*fact.Field
	for _, name := range names {
		if f := b.engine.edition.Vocabulary.Root.Field(name); f != nil {
			out = append(out, f)
			continue
		}
		if row == nil {
			continue
		}
		if rest, ok := strings.CutPrefix(name, row.Name+"."); ok && row.Field(rest) != nil {
			out = append(out, row.Field(rest))
		}
	}
	return out
}

// selected is what decides which version holds, and under which law.
func (b *planner) selected(s rulebook.Selector) slotSet {
	return newSlotSet(b.engine.slots.ref, selectedBy(b.engine.edition.Vocabulary, s))
}

func slotsOf(t *rulebook.Template) []string {
	if t == nil {
		return nil
	}
	return t.Slots
}

func (b *planner) plan(form *rulebook.Form, v *rulebook.FormVersion) *formPlan {
	p := &formPlan{version: v, counters: slices.Clone(v.Counters), place: map[*fact.Field]int{}, fields: map[*fact.Field]*rulebook.FormField{}}
	for _, r := range v.Rules {
		p.checks = append(p.checks, b.check(p, r))
	}
	for i := range v.Derived {
		p.derived = append(p.derived, b.derived(p, &v.Derived[i]))
	}
	for i := range v.Steps {
		for j := range v.Steps[i].Fields {
			f := &v.Steps[i].Fields[j]
			p.place[f.Field], p.fields[f.Field] = len(p.place), f
		}
	}
	for _, x := range b.engine.edition.Bounds {
		if x.Form == form && p.fields[x.Field] != nil {
			p.bounds = append(p.bounds, b.bound(p, x))
		}
	}
	slices.SortStableFunc(p.bounds, func(a, b *formBound) int { // as the form asks; the bounds of an edition are in the order of their names
		return cmp.Or(cmp.Compare(p.place[a.Field], p.place[b.Field]), cmp.Compare(sideOrder[a.Side], sideOrder[b.Side]))
	})
	for _, k := range p.counters {
		p.reads = append(p.reads, newSlotSet(b.engine.plan.Reads(k)...))
		p.search = append(p.search, p.looksForStart(k))
	}
	for i, t := range p.trials {
		t.reads = b.selected(t.selectBy)
		for _, k := range t.wanted {
			t.reads = t.reads.union(p.reads[k]).union(b.of(p.counters[k].Reads()))
		}
		for _, a := range t.attempts {
			t.reads = t.reads.union(b.of(a.Value.Reads()))
		}
		for _, k := range p.counters {
			t.search = append(t.search, slices.ContainsFunc(p.bounds, func(x *formBound) bool { return x.Counter == k && x.startOn(i) }))
		}
	}
	p.room.New = func() any { return newValidated(p, true) }
	for _, k := range b.engine.checks {
		p.possible = p.possible.union(b.readsOf(k.rule))
	}
	return p
}

// looksForStart tells whether a rule or value of the form, or a bound on the facts as they are, names the first start.
func (p *formPlan) looksForStart(k *rulebook.Counter) bool {
	for _, c := range p.checks {
		for i := range c.rule.Versions {
			if v := &c.rule.Versions[i]; c.rule.Counter == k && namesStart(v) {
				return true
			}
		}
	}
	for i := range p.version.Derived {
		if d := &p.version.Derived[i]; d.Counter == k && d.Part == rulebook.PartStart {
			return true
		}
	}
	return slices.ContainsFunc(p.bounds, func(b *formBound) bool { return b.Counter == k && b.startOn(-1) })
}

func namesStart(v *rulebook.RuleVersion) bool {
	names := slices.Concat(slotsOf(v.Message), slotsOf(v.Several))
	if s := v.Suggestion; s != nil {
		names = append(append(names, s.Part), slotsOf(s.Text)...)
	}
	return slices.Contains(names, rulebook.PartStart)
}

// startOn tells whether the bound names the first start that the counter finds on that trial.
func (b *formBound) startOn(trial int) bool {
	for i := range b.Versions {
		v := &b.Versions[i]
		if b.trials[i] == trial && (v.Part == rulebook.PartStart || slices.Contains(slotsOf(v.Text), rulebook.PartStart)) {
			return true
		}
	}
	return false
}

var sideOrder = map[rulebook.Side]int{rulebook.SideMin: 0, rulebook.SideMax: 1, rulebook.SideOptions: 2}

// counter is the index of a counter, which is added when it is new; -1 for none.
func (p *formPlan) counter(k *rulebook.Counter) int {
	if k == nil {
		return -1
	}
	i := slices.Index(p.counters, k)
	if i < 0 {
		i, p.counters = len(p.counters), append(p.counters, k)
	}
	return i
}

func (b *planner) check(p *formPlan, r *rulebook.Rule) *formCheck {
	k := &formCheck{check: b.ready[r], counter: p.counter(r.Counter), alone: true, reads: b.readsOf(r)}
	if k.counter >= 0 { // what it asks for is asked of what those facts are presumed from
		k.reads = k.reads.union(b.of(r.Counter.Reads()))
	}
	for i := range r.Versions {
		v := &r.Versions[i]
		k.alone = k.alone && !looksAround(v)
	}
	if k.list >= 0 {
		list := b.engine.edition.Vocabulary.Root.Fields[k.list]
		k.alone = k.alone && !slices.Contains(r.Reads(), list)
	}
	return k
}

func looksAround(v *rulebook.RuleVersion) bool {
	return v.When != nil && v.When.LooksAround() || v.Finding != nil && v.Finding.LooksAround()
}

// readsOf is what a rule rests on: what its conditions look at and its sentences name, and the day that selects its version.
func (b *planner) readsOf(r *rulebook.Rule) slotSet {
	s := b.of(r.Reads()).union(b.selected(r.SelectBy))
	if r.ForEach != nil {
		s = s.with(b.lists[r.ForEach])
	}
	for i := range r.Versions {
		v := &r.Versions[i]
		names := slices.Concat(v.Fields, slotsOf(v.Message), slotsOf(v.Several))
		if v.Suggestion != nil {
			names = append(append(names, v.Suggestion.Field), slotsOf(v.Suggestion.Text)...)
		}
		s = s.union(b.of(b.named(names, r.ForEach)))
		if len(v.Fields) == 1 && v.Fields[0] == "data_riferimento" { // toldElsewhere
			s = s.with(b.engine.slots.reqTo)
		}
	}
	return s
}

func (b *planner) derived(p *formPlan, d *rulebook.Derived) slotSet {
	p.counter(d.Counter)
	for _, k := range d.Within {
		p.counter(k)
	}
	s := b.of(d.When.Reads()).union(b.selected(d.SelectBy)).union(b.of(b.named(slotsOf(d.Text), nil)))
	if d.Value != nil {
		s = s.union(b.of(d.Value.Reads()))
	}
	return s.with(b.engine.slots.perWeek) // weeks are said in days too
}
