package engine

import (
	"slices"

	"omnia/engine/counter"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// counted is what the counters answered on some facts. Counting is most of the work of a check, so an
// answer is kept as long as nothing that it rests on changes.
type counted struct {
	root    fact.Record
	asks    bool              // something is requested at all
	results []*counter.Result // as the counters of the plan; nil: not needed
}

// of is the answer of a counter of the plan; nil when it was not asked.
func (c *counted) of(i int) *counter.Result {
	if c == nil || i < 0 {
		return nil
	}
	return c.results[i]
}

// count runs the counters that the form needs. On facts that no decision can be taken on they stay out.
func (v *validation) count() {
	if v.before != nil && !v.changed.touch(v.plan.possible) {
		v.done.impossible = v.before.impossible
	} else {
		_, refused := v.check()
		v.done.impossible = len(refused) > 0
	}
	if v.done.impossible {
		return
	}
	var known []earlier
	if v.before != nil {
		known = append(known, earlier{v.before.counted, v.changed, v.plan.search})
	}
	v.done.counted = v.recount(v.decision, known, nil, v.plan.search)
}

// earlier is what counters answered on other facts, and in what those differ.
type earlier struct {
	*counted
	since  changes
	search []bool // by counter: the first start that fits was looked for
}

// answer is the answer of a counter if it holds still; nil else.
func (e *earlier) answer(i int, asks bool, reads slotSet, search bool) *counter.Result {
	if e.counted == nil || e.asks != asks || e.since.touch(reads) || search && !e.search[i] {
		return nil
	}
	return e.of(i)
}

// recount asks the counters, all of the plan or those wanted, unless their answer is known. search says of which
// the first start that fits is wanted.
func (v *validation) recount(c *decision, known []earlier, wanted []int, search []bool) *counted {
	now := &counted{root: c.facts.Root, asks: v.engine.plan.Asks(c.facts.Root), results: make([]*counter.Result, len(v.plan.counters))}
	var kase *counter.Case
	for i, k := range v.plan.counters {
		if wanted != nil && !slices.Contains(wanted, i) {
			continue
		}
		for j := range known {
			if now.results[i] == nil {
				now.results[i] = known[j].answer(i, now.asks, v.plan.reads[i], search[i])
			}
		}
		if now.results[i] != nil {
			continue
		}
		if kase == nil {
			kase = v.engine.plan.NewCase(c.facts, c.ref)
			kase.Brief = true
			kase.Note(c.env.Uses)
			defer kase.Done()
		}
		now.results[i] = ask(kase, k, search[i])
	}
	return now
}

// ask runs a counter; the first start that fits is looked for only where what is asked does not fit, and somebody
// wants to know.
func ask(kase *counter.Case, k *rulebook.Counter, search bool) *counter.Result {
	kase.NoSearch = true
	r := kase.Run(k)
	if search && (r.Verdict == counter.Inadmissible || r.Verdict == counter.PartlyAdmissible) {
		kase.NoSearch = false
		return kase.Run(k)
	}
	return r
}

// result is what the counter of that index answered on the facts as they are; nil when it was not asked.
func (v *validation) result(i int) *counter.Result { return v.done.counted.of(i) }

// sameResult tells whether the answer of a counter was taken over.
func (v *validation) sameResult(i int) bool {
	return i < 0 || v.before != nil && v.before.counted.of(i) == v.result(i)
}

// states are the counters that the form shows.
func (v *validation) states() {
	for i, k := range v.plan.version.Counters {
		r := v.result(i)
		if r == nil {
			continue
		}
		v.done.states = append(v.done.states, v.stateOf(i, k, r))
		if v.options.Complete && r.Verdict == counter.MissingData {
			v.need(r.Missing)
		}
	}
	v.out.Counters = append(v.out.Counters, v.done.states...)
}

func (v *validation) stateOf(i int, k *rulebook.Counter, r *counter.Result) CounterState {
	if v.before != nil && v.sameResult(i) && !v.changed.slots.has(v.engine.slots.perWeek) {
		for _, s := range v.before.states {
			if s.ID == k.ID {
				return s
			}
		}
	}
	return CounterState{ID: k.ID, Verdict: string(r.Verdict), Residual: v.quantity(r.Residual, k.Unit)}
}

// trialPlan is a set of values to try in some fields before counters are asked.
type trialPlan struct {
	attempts []rulebook.Attempt
	selectBy rulebook.Selector
	key      string
	wanted   []int   // indexes of the counters that are asked
	search   []bool  // by counter: its first start is wanted
	reads    slotSet // what it rests on
}

// trial asks the counters on the facts with the values tried; nil when a value is not known.
func (v *validation) trial(i int) *counted {
	if v.done.trials[i] != nil || v.done.impossible {
		return v.done.trials[i]
	}
	p := v.plan.trials[i]
	if v.before != nil && !v.before.impossible && v.before.trials != nil && v.kept(p.reads) {
		v.done.trials[i] = v.before.trials[i]
		return v.done.trials[i]
	}
	v.on(v.dayOf(p.selectBy))
	values := make([]fact.Value, len(p.attempts))
	for j, a := range p.attempts {
		value, known := a.Value.Value(&v.env)
		if known != rulebook.True {
			return nil
		}
		values[j] = value
	}
	c := v.trying()
	for j, a := range p.attempts {
		c.facts.Root[a.Field.Slot] = values[j]
	}
	c.presumeAgain(v.engine.edition.Presumed)
	known := []earlier{{v.done.counted, differences(v.facts.Root, c.facts.Root, nil), v.plan.search}} // what is tried may be what is written
	if v.before != nil && v.before.trials[i] != nil {
		old := v.before.trials[i]
		known = append(known, earlier{old, differences(old.root, c.facts.Root, &v.changed), p.search})
	}
	v.done.trials[i] = v.recount(c, known, p.wanted, p.search)
	return v.done.trials[i]
}

// differences compares the facts of a trial with others. Their lists are those of the facts of the case, or of the
// case before, which were compared: since says in what they differ, nil that they are the same.
func differences(before, after fact.Record, since *changes) changes {
	c := changes{all: since != nil && since.all, slots: make(slotSet, (len(after)+63)/64)}
	for i := range after {
		isList := after[i].Rows() != nil || before[i].Rows() != nil
		if isList && since != nil && since.slots.has(i) || !isList && !sameValue(&before[i], &after[i]) {
			c.slots = c.slots.with(i)
		}
	}
	return c
}

// trying is the decision on a copy of the facts of the root. The rows of lists are shared, and stay as they are.
func (v *validation) trying() *decision {
	c := *v.decision
	c.facts = &fact.Facts{Vocabulary: v.facts.Vocabulary, Root: slices.Clone(v.facts.Root)}
	c.env.Root, c.filled = c.facts.Root, nil
	return &c
}

// presumeAgain takes back what was presumed of the root from other values, and presumes it anew.
func (c *decision) presumeAgain(list []*rulebook.Presumption) {
	if ref := &c.facts.Root[c.engine.slots.ref]; ref.State == fact.Presumed {
		*ref = fact.Value{}
	}
	c.reference()
	for _, p := range list {
		if c.facts.Vocabulary.Root.Field(p.Target.Name) != p.Target {
			continue
		}
		if target := &c.facts.Root[p.Target.Slot]; target.State == fact.Presumed {
			*target = fact.Value{}
		}
	}
	for _, p := range list {
		if c.facts.Vocabulary.Root.Field(p.Target.Name) == p.Target {
			c.presumeOne(p)
		}
	}
}
