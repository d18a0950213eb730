package replay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"omnia/engine"
	"omnia/ledger"
)

// Backtest adds up what a draft edition would change in past decisions. It keeps sums and a few examples, never
// decisions: its size depends on how many rules, articles, outcomes and sectors there are, not on how many decisions.
// It is not safe for concurrent use: each worker has its own, and [Backtest.Merge] brings them together. What comes out does not depend on the
// order.
type Backtest struct {
	Decisions     int64
	Unchanged     int64 // nothing that was found changes
	Words         int64 // of those, the words change
	Changed       int64
	NotReplayable map[string]int64 // by reason; [ReasonDiffers] is a decision that its own edition does not give any more

	groups map[dimension]map[string]*group
}

// ReasonDiffers is a decision that comes out otherwise under its own edition: what the draft would change in
// it can't be told apart from what the engine changes.
const ReasonDiffers = "differs"

// dimension is what changes are added up by.
type dimension string

const (
	byRule    dimension = "rule"
	byArticle dimension = "article"
	byOutcome dimension = "outcome"
	bySector  dimension = "sector"
)

// dimensions in the order of the report.
var dimensions = []dimension{byOutcome, byRule, byArticle, bySector}

// mostExamples is how many decisions are shown of a group.
const mostExamples = 3

// group is the decisions in which the same thing changes in the same way.
type group struct {
	change
	decisions int64
	sectors   map[string]int64
	examples  []Example // those with the least ids
}

// change is one thing that a draft changes in a decision. Its texts come from the rules, never from facts, so that there are
// only so many.
type change struct {
	Kind   string // counters, validate
	Rule   string // id; "" in the other dimensions
	Laws   string // articles that the rule rests on
	Sector string
	// Before and After are a verdict, an outcome, the severity and code of a finding, or one of the words below; "" is
	// that there is no such thing.
	Before, After string
	// Figures says that both are the same, and the amounts or days behind them are not.
	Figures bool
}

const (
	refused = "refused" // the facts: no decision is taken on them
	needed  = "needed"  // a fact of a form
	value   = "value"   // something that a form works out
)

func (c *change) key() string {
	return strings.Join([]string{c.Kind, c.Rule, c.Laws, c.Sector, c.Before, c.After, strconv.FormatBool(c.Figures)}, "\x00")
}

// Example is one decision of a group, with nothing in it that names a person or a company.
type Example struct {
	Decision  string          `json:"decision"`
	On        string          `json:"on"`        // day of the decision
	Matricola string          `json:"matricola"` // masked
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
}

// NewBacktest is one in which nothing was added up yet.
func NewBacktest() *Backtest {
	b := &Backtest{NotReplayable: map[string]int64{}, groups: map[dimension]map[string]*group{}}
	for _, d := range dimensions {
		b.groups[d] = map[string]*group{}
	}
	return b
}

// Add decides a past decision under its own edition and under the draft. The error is one of reaching the editions.
func (b *Backtest) Add(ctx context.Context, editions Editions, draft *engine.Engine, d *ledger.Decision) error {
	own, facts, res, err := rerun(ctx, editions, d)
	if err != nil {
		return err
	}
	b.Decisions++
	switch res.State {
	case NotReplayable:
		b.NotReplayable[res.Reason]++
		return nil
	case Different:
		b.NotReplayable[ReasonDiffers]++
		return nil
	}
	then, err := decide(draft, d, facts)
	if errors.As(err, new(*unknownForm)) {
		b.NotReplayable[ReasonForm]++
		return nil
	}
	b.count(d, own, then, err)
	return nil
}

// count adds up the changes between the two.
func (b *Backtest) count(d *ledger.Decision, own, then *decided, failure error) {
	c := comparison{decision: d, sector: own.sector(), matricola: masked(own.facts.Text("azienda.matricola")), before: own.esito(), after: refused}
	if failure == nil {
		c.after = then.esito()
		c.compare(own, then)
	}
	if len(c.list) > 0 || c.before != c.after {
		b.Changed++
		b.gather(&c)
		return
	}
	b.Unchanged++
	if own.words() != then.words() {
		b.Words++
	}
}

// gather puts a changed decision into the groups of each dimension, once into each group.
func (b *Backtest) gather(c *comparison) {
	whole := found{change: change{Before: c.before, After: c.after, Figures: c.before == c.after}}
	if shown := c.shown(); shown != nil {
		whole.before, whole.after = shown.before, shown.after
	}
	b.put(byOutcome, c, whole)
	sector := whole
	sector.change = change{Sector: c.sector}
	b.put(bySector, c, sector)
	articles := map[string]bool{}
	for _, f := range c.list {
		b.put(byRule, c, f)
		for _, article := range f.articles {
			if articles[article] {
				continue
			}
			articles[article] = true
			at := f
			at.change = change{Laws: article}
			b.put(byArticle, c, at)
		}
	}
}

func (b *Backtest) put(by dimension, c *comparison, f found) {
	f.change.Kind = c.decision.Receipt.Kind
	key := f.change.key()
	g := b.groups[by][key]
	if g == nil {
		g = &group{change: f.change, sectors: map[string]int64{}}
		b.groups[by][key] = g
	}
	g.decisions++
	g.sectors[c.sector]++
	r := &c.decision.Receipt
	g.example(Example{Decision: r.ID, On: r.Instant.UTC().Format("2006-01-02"), Matricola: c.matricola, Before: f.before, After: f.after})
}

// example keeps the examples with the least ids: whichever worker finds them, and when.
func (g *group) example(x Example) {
	at, _ := slices.BinarySearchFunc(g.examples, x, func(a, b Example) int { return cmp.Compare(a.Decision, b.Decision) })
	if at >= mostExamples {
		return
	}
	g.examples = slices.Insert(g.examples, at, x)
	g.examples = g.examples[:min(len(g.examples), mostExamples)]
}

// Merge adds what another one has added up.
func (b *Backtest) Merge(o *Backtest) {
	b.Decisions, b.Unchanged, b.Words, b.Changed = b.Decisions+o.Decisions, b.Unchanged+o.Unchanged, b.Words+o.Words, b.Changed+o.Changed
	for reason, n := range o.NotReplayable {
		b.NotReplayable[reason] += n
	}
	for by, groups := range o.groups {
		for key, g := range groups {
			b.mergeGroup(by, key, g)
		}
	}
}

func (b *Backtest) mergeGroup(by dimension, key string, g *group) {
	mine := b.groups[by][key]
	if mine == nil {
		mine = &group{change: g.change, sectors: map[string]int64{}}
		b.groups[by][key] = mine
	}
	mine.decisions += g.decisions
	for sector, n := range g.sectors {
		mine.sectors[sector] += n
	}
	for _, x := range g.examples {
		mine.example(x)
	}
}

// sorted are the groups of a dimension, the largest first.
func (b *Backtest) sorted(by dimension) []*group {
	keys := slices.Sorted(maps.Keys(b.groups[by]))
	list := make([]*group, len(keys))
	for i, k := range keys {
		list[i] = b.groups[by][k]
	}
	slices.SortStableFunc(list, func(a, b *group) int { return cmp.Compare(b.decisions, a.decisions) })
	return list
}

// masked leaves the last three digits of a matricola.
func masked(matricola string) string {
	const shown = 3
	if len(matricola) <= shown {
		return strings.Repeat("•", len(matricola))
	}
	return strings.Repeat("•", len(matricola)-shown) + matricola[len(matricola)-shown:]
}
