package engine

import (
	"slices"
	"strings"

	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// Allowed is what a field may still be, as far as what is known already bounds it: the latest day that the
// counters leave, the codes that no rule refuses. One of Min, Max and Options is set.
type Allowed struct {
	Field   string              `json:"field"`
	Min     Scalar              `json:"min,omitempty"`
	Max     Scalar              `json:"max,omitempty"`
	Options []string            `json:"options,omitempty"`
	Text    string              `json:"text"`
	Law     []rulebook.Citation `json:"law"`
	Rule    FindingRule         `json:"rule"`
}

// formBound is a bound of a form, with what it rests on.
type formBound struct {
	*rulebook.Bound
	reads   slotSet
	counter int                     // index in the counters of the plan; -1: none
	trials  []int                   // by version: index in the trials of the plan; -1: the counter is asked on the facts as they are
	refuse  [][]*formCheck          // by version: the rules that refuse options
	again   []*rulebook.Presumption // what is presumed from the field, directly or not
}

// bounded is what a bound came to.
type bounded struct {
	holds bool // there is a bound
	none  bool // nothing at all fits: whatever else bounds the same side says too much
	value fact.Value
	codes []string // the options that remain
	Allowed
}

func (b *planner) bound(p *formPlan, x *rulebook.Bound) *formBound {
	k := &formBound{Bound: x, counter: p.counter(x.Counter)}
	k.reads = b.of(x.Reads()).union(b.selected(x.SelectBy)).with(b.engine.slots.perWeek)
	for i := range x.Versions {
		v := &x.Versions[i]
		k.reads = k.reads.union(b.of(b.named(slotsOf(v.Text), nil)))
		k.trials = append(k.trials, b.trial(p, x, v, k.counter))
		var refuse []*formCheck
		for _, r := range v.RefusedBy {
			c := b.check(p, r)
			refuse, k.reads = append(refuse, c), k.reads.union(c.reads)
		}
		k.refuse = append(k.refuse, refuse)
	}
	for _, y := range b.engine.edition.Presumed {
		if y.Target != x.Field && b.feed(y.Target, nil).has(x.Field.Slot) {
			k.again = append(k.again, y)
		}
	}
	return k
}

// trial is the index of the set of values that a version tries; equal sets are one.
func (b *planner) trial(p *formPlan, x *rulebook.Bound, v *rulebook.BoundVersion, wanted int) int {
	if len(v.Attempts) == 0 {
		return -1
	}
	key := string(x.SelectBy)
	for _, a := range v.Attempts {
		key += "\n" + a.Field.Path + " " + a.Value.Canonical()
	}
	i := slices.IndexFunc(p.trials, func(t *trialPlan) bool { return t.key == key })
	if i < 0 {
		i, p.trials = len(p.trials), append(p.trials, &trialPlan{attempts: v.Attempts, selectBy: x.SelectBy, key: key})
	}
	if t := p.trials[i]; !slices.Contains(t.wanted, wanted) {
		t.wanted = append(t.wanted, wanted)
	}
	return i
}

// allow says what fields may still be. Of several bounds of one side, the tightest speaks.
func (v *validation) allow() {
	for i, b := range v.plan.bounds {
		v.done.bounds[i] = v.bound(i, b)
	}
	for i, b := range v.plan.bounds {
		if x := &v.done.bounds[i]; x.holds && v.tightest(i, b) {
			v.out.Allowed = append(v.out.Allowed, x.Allowed)
		}
	}
}

// tightest tells whether no other bound of the same field and side is tighter; of equals the first speaks.
func (v *validation) tightest(i int, b *formBound) bool {
	x := &v.done.bounds[i]
	for j, other := range v.plan.bounds {
		if j == i || other.Field != b.Field || other.Side != b.Side {
			continue
		}
		y := &v.done.bounds[j]
		if y.none {
			return false
		}
		if order := x.tighter(y, b); y.holds && (order < 0 || order == 0 && j < i) {
			return false
		}
	}
	return true
}

// tighter is positive when x bounds more than y, negative when less.
func (x *bounded) tighter(y *bounded, b *formBound) int {
	order := 0
	switch {
	case b.Side == rulebook.SideOptions:
		return len(y.codes) - len(x.codes)
	case b.Field.Type == fact.Decimal:
		order = x.value.Rat.Cmp(y.value.Rat)
	default:
		order = int(min(max(x.value.Num-y.value.Num, -1), 1))
	}
	if b.Side == rulebook.SideMax {
		return -order
	}
	return order
}

func (v *validation) bound(i int, b *formBound) bounded {
	day := v.dayOf(b.SelectBy)
	x := b.At(day)
	if x == nil {
		return bounded{}
	}
	r, same := v.boundResult(b, x)
	if same && v.kept(b.reads) {
		return v.before.bounds[i]
	}
	v.on(day)
	t := x.When.Eval(&v.env)
	v.env.Uses.Note(&x.Version, day, rulebook.ByAnyDay, rulebook.StateOf(t))
	if t != rulebook.True {
		return bounded{}
	}
	switch {
	case b.Side == rulebook.SideOptions:
		return v.boundOptions(b, x)
	case x.Value != nil:
		value, t := x.Value.Value(&v.env)
		return v.boundBy(b, x, r, value, t == rulebook.True)
	case r == nil:
		return bounded{}
	}
	return v.boundCounted(b, x, r)
}

// boundCounted is what the answer of a counter leaves.
func (v *validation) boundCounted(b *formBound, x *rulebook.BoundVersion, r *counter.Result) bounded {
	grant := x.Part == rulebook.PartGrant || x.Part == rulebook.PartGrantTo
	switch {
	case r.Verdict == counter.Inadmissible && grant:
		return bounded{none: true}
	case r.Verdict != counter.PartlyAdmissible && grant: // all of it fits, or nothing can be said
		return bounded{}
	case r.Verdict != counter.Inadmissible && x.Part == rulebook.PartStart, r.Verdict == counter.Exempt:
		return bounded{}
	}
	p, _ := partOf(r, b.Counter, x.Part)
	return v.boundBy(b, x, r, p.value, p.known)
}

// boundResult is the answer of the counter that bounds; same tells that it was taken over.
func (v *validation) boundResult(b *formBound, x *rulebook.BoundVersion) (r *counter.Result, same bool) {
	if b.counter < 0 {
		return nil, true
	}
	i := b.trials[slices.IndexFunc(b.Versions, func(y rulebook.BoundVersion) bool { return y.Number == x.Number })]
	if i < 0 {
		return v.result(b.counter), v.sameResult(b.counter)
	}
	r = v.trial(i).of(b.counter)
	return r, v.before != nil && v.before.trials[i].of(b.counter) == r
}

// boundBy is a least or greatest value.
func (v *validation) boundBy(b *formBound, x *rulebook.BoundVersion, r *counter.Result, value fact.Value, known bool) bounded {
	if !known {
		return bounded{}
	}
	if b.Field.Type == fact.Integer && value.Num == 0 && !value.Rat.Equal(fact.Value{}.Rat) { // a part of a counter is a fraction
		value.Num, _ = value.Rat.Floor()
	}
	scalar, ok := scalarOf(b.Field, &value)
	if !ok {
		return bounded{}
	}
	out := bounded{holds: true, value: value, Allowed: v.allowed(b, x, r, b.Field.Word(&value, v.opt.Language))}
	if b.Side == rulebook.SideMin {
		out.Min = scalar
	} else {
		out.Max = scalar
	}
	return out
}

// allowed is a bound with its sentence.
func (v *validation) allowed(b *formBound, x *rulebook.BoundVersion, r *counter.Result, value string) Allowed {
	v.on(v.dayOf(b.SelectBy))
	text := x.Text.Render(v.opt.Language, func(slot string) string {
		if slot == rulebook.SlotValue {
			return value
		}
		if y := x.Values[slot]; y != nil {
			if w, ok := v.worded(y); ok {
				return w
			}
			return "–"
		}
		if b.Counter != nil {
			if p, ok := partOf(r, b.Counter, slot); ok {
				return p.word(v.opt.Language)
			}
		}
		return v.factWord(slot)
	})
	return Allowed{Field: b.Field.Path, Text: text, Law: orNone(x.Law), Rule: FindingRule{ID: b.ID, Version: x.Number, Digest: x.Digest}}
}

// boundOptions are the codes on which none of the rules reports an error; no bound when that is all of them.
func (v *validation) boundOptions(b *formBound, x *rulebook.BoundVersion) bounded {
	refuse := b.refuse[slices.IndexFunc(b.Versions, func(y rulebook.BoundVersion) bool { return y.Number == x.Number })]
	c := v.trying()
	all, codes, labels := v.choices(b.Field), []string{}, []string{}
	for _, o := range all {
		c.facts.Root[b.Field.Slot] = fact.OfText(o.Code)
		c.presumeAgain(b.again)
		if !slices.ContainsFunc(refuse, func(k *formCheck) bool { return v.refuses(c, k) }) {
			codes, labels = append(codes, o.Code), append(labels, o.Label.In(v.opt.Language))
		}
	}
	if len(codes) == len(all) || len(codes) == 0 {
		return bounded{}
	}
	out := bounded{holds: true, codes: codes, Allowed: v.allowed(b, x, nil, strings.Join(labels, ", "))}
	out.Options = codes
	return out
}

// choices are the codes that the form offers in a field: those it names, else those of the fact.
func (v *validation) choices(f *fact.Field) []fact.Option {
	if x := v.plan.fields[f]; x != nil && x.Options != nil {
		on := v.dayOf(rulebook.ByStart)
		if t := x.Options.Table.At(on); t != nil {
			v.env.Uses.Note(&t.Version, on, rulebook.ByAnyDay, rulebook.UseApplied)
		}
		return x.Options.Choices(on)
	}
	if f.Slot < len(v.engine.declare) && v.engine.declare[f.Slot] != nil {
		v.env.Uses.Note(v.engine.declare[f.Slot], 0, rulebook.ByCase, rulebook.UseApplied)
	}
	return f.Options
}

// refuses tells whether a rule reports an error on facts that are tried.
func (v *validation) refuses(c *decision, k *formCheck) bool {
	if k.list < 0 {
		return v.refusesRow(c, k, nil, 0)
	}
	for i, row := range c.facts.Root[k.list].Rows() {
		if v.refusesRow(c, k, row, i) {
			return true
		}
	}
	return false
}

func (v *validation) refusesRow(c *decision, k *formCheck, row fact.Record, i int) bool {
	c.env.Row, c.env.RowIndex = row, i
	day := c.selecting(k.check, row)
	for j := range k.rule.Versions {
		if x := &k.rule.Versions[j]; x.Has(day) {
			c.env.Day, c.env.Failure = day, nil
			t, _ := v.truth(c, k, x)
			c.noteRule(k.check, x, row, day, rulebook.UseApplied)
			return t == rulebook.True && x.Severity == severityOfError
		}
	}
	return false
}
