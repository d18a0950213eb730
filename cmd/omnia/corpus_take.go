package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	"omnia/fixtures"
	"omnia/internal/fault"
	"omnia/internal/rome"
	"omnia/ledger"
	"omnia/ledger/replay"
)

// corpusTaker takes decisions, and keeps those that show something not yet shown often enough.
type corpusTaker struct {
	engine *engine.Engine
	fsys   fs.FS
	at     time.Time
	seen   map[string]int // what was shown, and how often
	kept   []*ledger.Decision
}

// enough is how often a thing is to be shown.
const enough = 2

func newCorpusTaker(g *engine.Engine, fsys fs.FS, at time.Time) *corpusTaker {
	return &corpusTaker{engine: g, fsys: fsys, at: at, seen: map[string]int{}}
}

// decisions are taken on the demo companies, on the cases beside the rules, and on histories that are made up.
func (c *corpusTaker) decisions() ([]*ledger.Decision, error) {
	for _, take := range []func() error{c.companies, c.cases, c.forms, c.histories} {
		if err := take(); err != nil {
			return nil, err
		}
	}
	return c.kept, nil
}

func (c *corpusTaker) companies() error {
	for _, company := range fixtures.Companies() {
		for i, depth := range []engine.Depth{engine.Short, engine.Normal, engine.Full} {
			lang := quantity.Languages[i%len(quantity.Languages)]
			if err := c.counters(factsOf(company.Body), engine.Options{Today: rome.Day(c.at), Language: lang, Explain: depth, Kept: i == 0}); err != nil {
				return fmt.Errorf("company %s: %w", company.Name, err)
			}
		}
	}
	return nil
}

// factsOf is the one member of a body of POST /v1/counters.
func factsOf(body []byte) []byte {
	var b struct {
		Facts json.RawMessage `json:"facts"`
	}
	if err := json.Unmarshal(body, &b); err != nil {
		panic(err) // the fixtures are checked by their own tests
	}
	return b.Facts
}

func (c *corpusTaker) cases() error {
	list, defects := rulebook.Cases(c.fsys)
	if err := defects.Err(); err != nil {
		return err
	}
	for i := range list {
		lang := quantity.Languages[i%len(quantity.Languages)]
		if err := c.counters(list[i].FactsJSON, engine.Options{Today: list[i].Today, Language: lang, Explain: engine.Normal}); err != nil {
			return fmt.Errorf("%s: %w", list[i].Name, err)
		}
	}
	return nil
}

func (c *corpusTaker) forms() error {
	list, defects := rulebook.FormCases(c.fsys)
	if err := defects.Err(); err != nil {
		return err
	}
	for i := range list {
		f := &list[i]
		for _, complete := range []bool{false, true} {
			o := engine.ValidateOptions{Form: f.Form, Complete: complete, Today: f.Today, Language: quantity.Languages[i%len(quantity.Languages)]}
			if err := c.validate(f.FactsJSON, o); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
		}
	}
	return nil
}

func (c *corpusTaker) histories() error {
	for seed := range uint64(200) {
		facts := factsOf(fixtures.Generate(seed, int(seed%40)))
		if err := c.counters(facts, engine.Options{Today: calendar.Of(2026, 1, 1), Language: "it", Explain: engine.Full, Kept: seed%2 == 0}); err != nil {
			return fmt.Errorf("history %d: %w", seed, err)
		}
	}
	return nil
}

// refused tells facts that no decision can be taken on: they leave no trace.
func refused(err error) bool {
	var f *fault.Fault
	return errors.As(err, &f) && f.Kind == fault.Invalid
}

func (c *corpusTaker) counters(body []byte, o engine.Options) error {
	facts, err := fact.Decode(c.engine.Edition().Vocabulary, body, fact.Options{Language: o.Language})
	if err != nil {
		return skipRefused(err)
	}
	d, err := c.decision(replay.KindCounters, facts, replay.CountersOptions(o))
	if err != nil {
		return err
	}
	a, err := c.engine.Counters(facts, o)
	if err != nil {
		return skipRefused(err)
	}
	d.Outcome, d.Receipt.Rules = replay.CountersOutcome(a, d.Personal), replay.Rules(a.Applied())
	return c.keep(d)
}

func (c *corpusTaker) validate(body []byte, o engine.ValidateOptions) error {
	facts, err := fact.Decode(c.engine.Edition().Vocabulary, body, fact.Options{Language: o.Language, Lenient: true})
	if err != nil {
		return skipRefused(err)
	}
	d, err := c.decision(replay.KindValidate, facts, replay.ValidateOptions(o))
	if err != nil {
		return err
	}
	a, err := c.engine.Validate(facts, o)
	if err != nil {
		return skipRefused(err)
	}
	d.Outcome, d.Receipt.Rules = replay.ValidationOutcome(a, d.Personal), replay.Rules(a.Applied())
	return c.keep(d)
}

func skipRefused(err error) error {
	if refused(err) {
		return nil
	}
	return err
}

// decision is one that was not taken yet.
func (c *corpusTaker) decision(kind string, facts *fact.Facts, options []ledger.Option) (*ledger.Decision, error) {
	public, personal, bound, err := ledger.Split(facts.AppendJSON(nil, true), replay.Personal(facts.Vocabulary), rand.Reader)
	if err != nil {
		return nil, err
	}
	ed := c.engine.Edition()
	return &ledger.Decision{
		Receipt: ledger.Receipt{
			ID: newID(c.at), Instant: c.at, Kind: kind, Edition: ed.Name, EditionDigest: ledger.Digest(ed.Digest), Engine: version(),
			Options: options, Personal: bound, FactsDigest: ledger.DigestOf(public),
		},
		Facts: public, Personal: personal,
	}, nil
}

// keep keeps a decision that shows something.
func (c *corpusTaker) keep(d *ledger.Decision) error {
	shows, err := shownBy(d)
	if err != nil {
		return err
	}
	fresh := false
	for _, s := range shows {
		fresh = fresh || c.seen[s] < enough
	}
	if !fresh {
		return nil
	}
	for _, s := range shows {
		c.seen[s]++
	}
	d.Receipt.OutcomeDigest = ledger.DigestOf(d.Outcome)
	c.kept = append(c.kept, d)
	return nil
}

// shown is what a corpus looks at in an outcome.
type shown struct {
	Outcome string
	Items   []struct {
		ID, Verdict, Failure string
		Periods              [][]any
		Releases, Missing    []any
		ByCausale            []any  `json:"by_causale"`
		EarliestStart        string `json:"earliest_start"`
	}
	Warnings []struct{ Code string }
	Findings []struct{ Rule, Code string }
	Missing  []string
	Derived  map[string]any
	Counters []struct{ ID, Verdict string }
}

// shownBy names everything that a decision shows: each verdict of each counter, each reason of a period, each finding, …
func shownBy(d *ledger.Decision) (list []string, err error) {
	var o shown
	if err := json.NewDecoder(bytes.NewReader(d.Outcome)).Decode(&o); err != nil {
		return nil, err
	}
	add := func(parts ...any) { list = append(list, fmt.Sprint(append([]any{d.Receipt.Kind}, parts...)...)) }
	for _, p := range d.Receipt.Options {
		if p.Name != "today" {
			add("option ", p.Name, " ", p.Value)
		}
	}
	for _, it := range o.Items {
		add(it.ID, " ", it.Verdict, " ", it.Failure)
		add(it.ID, " releases ", len(it.Releases) > 0, " earliest ", it.EarliestStart != "", " causali ", len(it.ByCausale))
		for _, m := range it.Missing {
			add(it.ID, " missing ", m)
		}
		for _, run := range it.Periods {
			add(it.ID, " period ", run[0])
		}
	}
	for _, w := range o.Warnings {
		add("warning ", w.Code)
	}
	for _, f := range o.Findings {
		add("finding ", f.Rule, " ", f.Code)
	}
	for _, m := range o.Missing {
		add("missing ", m)
	}
	for name := range o.Derived {
		add("derived ", name)
	}
	for _, s := range o.Counters {
		add(s.ID, " ", s.Verdict)
	}
	if o.Outcome != "" {
		add("outcome ", o.Outcome)
	}
	return list, nil
}
