package rulebook

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"omnia/engine/calendar"
)

// Coverage counts which parts of the rules the cases have reached: of each counter and check the
// states that can occur, and how often each did.
//
// What can't occur is not asked for: a counter that never refuses has no verdict of refusal, one that
// is granted whole or not at all has no part, and an exception that a parameter switches off takes
// no days.
type Coverage struct {
	items []*covered // counters in their order, then rules
	index map[string]*covered

	formRules map[string]bool
	rows      map[*TableRow]string // of the tables that forms and INFO CIG read: what each is called
}

// covered is one item with its states, in the order in which they are declared.
type covered struct {
	id     string
	states []state
}

type state struct {
	sort, name string
	times      int
}

// The sorts of states, in the words that say that one never occurred.
const (
	neverVersion   = "versioni mai usate"
	neverVerdict   = "esiti mai dati"
	neverLine      = "righe mai contate"
	neverVariant   = "varianti mai scelte"
	neverLimit     = "limiti mai applicati"
	neverSchedule  = "aliquote mai applicate"
	neverException = "deroghe che non hanno mai tolto giorni"
	neverPause     = "deroghe mai viste sulla pausa"
	neverFinding   = "mai segnalato"
)

// NewCoverage lists everything that the cases of an edition may reach.
func NewCoverage(ed *Edition) *Coverage {
	c := &Coverage{index: map[string]*covered{}, formRules: map[string]bool{}, rows: map[*TableRow]string{}}
	for _, k := range ed.Counters {
		c.declareCounter(ed, k)
	}
	for _, r := range ed.Rules {
		c.declare(r.ID, neverFinding, "")
	}
	for _, r := range ed.FormRules {
		c.declareFormRule(ed, r)
		c.formRules[r.ID] = true
	}
	for _, b := range ed.Bounds {
		c.declareBound(b)
	}
	c.declareTables(ed)
	return c
}

func (c *Coverage) declareCounter(ed *Edition, k *Counter) {
	for _, verdict := range verdicts(ed, k) {
		c.declare(k.ID, neverVerdict, verdict)
	}
	for i := range k.Versions {
		v := &k.Versions[i]
		if len(k.Versions) > 1 {
			c.declare(k.ID, neverVersion, fmt.Sprint(v.Number))
		}
		for _, line := range v.Lines {
			c.declare(k.ID, neverLine, line.ID)
		}
		for j := range v.Variants {
			c.declareVariant(k.ID, &v.Variants[j])
		}
		if v.Rate != nil {
			for j := range v.Rate.Schedules {
				c.declareSchedule(k.ID, &v.Rate.Schedules[j])
			}
		}
		c.declareExceptions(ed, k.ID, v)
	}
}

func (c *Coverage) declareVariant(counter string, x *Variant) {
	if x.ID != "" {
		c.declare(counter, neverVariant, x.ID)
	}
	if len(x.Limit) > 1 {
		for i := range x.Limit {
			c.declare(counter, neverLimit, limitName(&x.Limit[i]))
		}
	}
}

func limitName(c *Case) string {
	if c.Label != "" {
		return c.Label
	}
	return c.Value.Source
}

func (c *Coverage) declareSchedule(counter string, s *Schedule) {
	if len(s.Tiers) < 2 {
		c.declare(counter, neverSchedule, s.ID)
	}
	for i := range s.Tiers {
		if len(s.Tiers) > 1 {
			c.declare(counter, neverSchedule, tierName(s, &s.Tiers[i]))
		}
	}
}

func tierName(s *Schedule, t *Tier) string {
	if t.UpTo == nil {
		return s.ID + " oltre"
	}
	return s.ID + " fino a " + t.UpTo.Source
}

func (c *Coverage) declareExceptions(ed *Edition, counter string, v *CounterVersion) {
	for _, x := range ed.Exceptions {
		if ed.waives(x, v.Norms, len(v.Lines) > 0) && v.classifies() {
			c.declare(counter, neverException, x.ID)
		}
		for i := range v.Variants {
			if p := v.Variants[i].Pause; p != nil && p.After != nil && ed.waives(x, p.Norms, true) {
				c.declare(counter, neverPause, x.ID)
			}
		}
	}
}

// classifies tells whether days of anything are looked at, so that an exception can take some out.
func (v *CounterVersion) classifies() bool { return len(v.Lines) > 0 || v.Rate != nil }

// waives tells whether some version of the exception can waive one of the norms; "*" on demand.
func (ed *Edition) waives(x *Exception, norms []string, every bool) bool {
	for i := range x.Versions {
		v := &x.Versions[i]
		if ed.off(v.When, &v.Version) {
			continue
		}
		for j := range v.Derogates {
			d := &v.Derogates[j]
			if (every || d.Norm != "*") && slices.ContainsFunc(norms, d.Waives) && !ed.off(d.When, &v.Version) {
				return true
			}
		}
	}
	return false
}

// off tells whether a condition is false whatever the facts, as long as the version is in force: a
// parameter switches it off. With nothing known, what is false all the same is false always, but
// for what asks whether something is known.
func (ed *Edition) off(when *Condition, v *Version) bool {
	if when == nil || strings.Contains(when.canon, "known(") {
		return false
	}
	days := []calendar.Day{v.From}
	for _, p := range when.params {
		for i := range p.Versions {
			if d := p.Versions[i].From; v.Has(d) {
				days = append(days, d)
			}
		}
	}
	env := Env{Root: ed.Vocabulary.Root.New(), RowIndex: RequestRow}
	if g := ed.Vocabulary.Groups["periodo"]; g != nil {
		env.Row = g.New()
	}
	return !slices.ContainsFunc(days, func(d calendar.Day) bool {
		env.Day = d
		return when.Eval(&env) != False
	})
}

// verdicts are the words of the contract in which a counter can answer, without the two that tell of
// a broken rule.
func verdicts(ed *Edition, k *Counter) []string {
	list := []string{"admissible"}
	if !k.all(func(v *CounterVersion) bool { return v.Rate != nil }) {
		list = append(list, "inadmissible")
		if !k.all(func(v *CounterVersion) bool { return !v.cuts() }) {
			list = append(list, "partly_admissible")
		}
	}
	// What waives every norm is about periods that were not granted, and no request is one.
	if !k.all(func(v *CounterVersion) bool { return !v.classifies() || !ed.exempts(v.Norms) }) {
		list = append(list, "exempt")
	}
	if !k.all(func(v *CounterVersion) bool {
		return v.AppliesWhen == nil && v.AsksWhen == nil && v.WithoutRequest != NotAsked
	}) {
		list = append(list, "not_applicable")
	}
	return append(list, "missing_data")
}

func (k *Counter) all(holds func(*CounterVersion) bool) bool {
	for i := range k.Versions {
		if !holds(&k.Versions[i]) {
			return false
		}
	}
	return true
}

func (ed *Edition) exempts(norms []string) bool {
	return slices.ContainsFunc(ed.Exceptions, func(x *Exception) bool { return ed.waives(x, norms, false) })
}

// cuts tells whether a request that does not fit may be granted in part.
func (v *CounterVersion) cuts() bool {
	for i := range v.Variants {
		x := &v.Variants[i]
		for _, j := range x.Judge {
			if j.Excess != nil && x.Window.Kind != WindowTreatment && j.Excess.mayBe(ExcessPrefix, ExcessAmount) {
				return true
			}
		}
	}
	return false
}

// mayBe tells whether the code, written out or in a parameter, can be one of these.
func (x *Expr) mayBe(codes ...string) bool {
	for _, code := range codes {
		if strings.Contains(x.canon, `"`+code+`"`) {
			return true
		}
		for _, p := range x.params {
			if slices.ContainsFunc(p.Versions, func(v ParameterVersion) bool { return v.Value.Text == code }) {
				return true
			}
		}
	}
	return false
}

// declare is the state, made when it is new.
func (c *Coverage) declare(item, sort, name string) *state {
	it := c.index[item]
	if it == nil {
		it = &covered{id: item}
		c.index[item], c.items = it, append(c.items, it)
	}
	for i := range it.states {
		if s := &it.states[i]; s.sort == sort && s.name == name {
			return s
		}
	}
	it.states = append(it.states, state{sort: sort, name: name})
	return &it.states[len(it.states)-1]
}

// Each of these counts one occurrence of a part of a counter, or of a check that found something. A
// nil Coverage counts nothing, so that callers need not ask.

// Version counts a version that judged.
func (c *Coverage) Version(counter string, v *CounterVersion) {
	c.seen(counter, neverVersion, fmt.Sprint(v.Number))
}

// Line counts a line whose days were counted.
func (c *Coverage) Line(counter, line string) { c.hit(counter, neverLine, line) }

// Variant counts a variant that was chosen.
func (c *Coverage) Variant(counter, variant string) { c.seen(counter, neverVariant, variant) }

// Limit counts a limit that was applied.
func (c *Coverage) Limit(counter string, limit *Case) { c.seen(counter, neverLimit, limitName(limit)) }

// Schedule counts a schedule of rates, with the tier that gave the rate.
func (c *Coverage) Schedule(counter string, s *Schedule, t *Tier) {
	name := s.ID
	if len(s.Tiers) > 1 {
		name = tierName(s, t)
	}
	c.hit(counter, neverSchedule, name)
}

// Verdict counts an answer.
func (c *Coverage) Verdict(counter, verdict string) { c.hit(counter, neverVerdict, verdict) }

// Exception counts an exception that took days out of a counter, or out of its pause.
func (c *Coverage) Exception(counter, exception string) { c.hit(counter, neverException, exception) }

// PauseException counts an exception that took days out of what starts a pause, or freed a request.
func (c *Coverage) PauseException(counter, exception string) {
	c.seen(counter, neverPause, exception)
}

// Finding counts a check that reported something.
func (c *Coverage) Finding(rule string) { c.hit(rule, neverFinding, "") }

// hit counts a state, be it one that was not foreseen.
func (c *Coverage) hit(item, sort, name string) {
	if c != nil {
		c.declare(item, sort, name).times++
	}
}

// seen counts a state that may have no name of its own: one of one.
func (c *Coverage) seen(item, sort, name string) {
	if c == nil || c.index[item] == nil {
		return
	}
	for i := range c.index[item].states {
		if s := &c.index[item].states[i]; s.sort == sort && s.name == name {
			s.times++
		}
	}
}

// answer counts what an answer itself shows: the verdicts.
func (c *Coverage) answer(answerJSON []byte) {
	var a struct {
		Items []struct{ ID, Verdict string }
	}
	if c == nil || json.Unmarshal(answerJSON, &a) != nil {
		return
	}
	for _, item := range a.Items {
		c.Verdict(item.ID, item.Verdict)
	}
}

// Reached counts the states that occurred, and all there are.
func (c *Coverage) Reached() (reached, total int) {
	for _, it := range c.items {
		n := it.reached()
		reached, total = reached+n, total+len(it.states)
	}
	return reached, total
}

func (it *covered) reached() (n int) {
	for i := range it.states {
		if it.states[i].times > 0 {
			n++
		}
	}
	return n
}

// Print writes for each item how many of its states occurred, and which did not, by sort.
func (c *Coverage) Print(w io.Writer) error {
	var b strings.Builder
	for _, it := range c.items {
		fmt.Fprintf(&b, "%-40s %3d su %3d\n", it.id, it.reached(), len(it.states))
		it.missed(&b)
	}
	reached, total := c.Reached()
	fmt.Fprintf(&b, "raggiunti %d stati su %d\n", reached, total)
	_, err := io.WriteString(w, b.String())
	return err
}

func (it *covered) missed(b *strings.Builder) {
	for _, sort := range []string{
		neverVerdict, neverVersion, neverLine, neverVariant, neverLimit, neverSchedule, neverException, neverPause, neverState, neverRow, neverFinding, neverSaid,
	} {
		var names []string
		for _, s := range it.states {
			if s.sort == sort && s.times == 0 {
				names = append(names, s.name)
			}
		}
		switch {
		case len(names) == 0:
		case sort == neverFinding || sort == neverSaid:
			fmt.Fprintf(b, "    %s\n", sort)
		default:
			fmt.Fprintf(b, "    %s: %s\n", sort, strings.Join(names, ", "))
		}
	}
}
