package replay

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"omnia/engine"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/ledger"
)

// comparison is one decision under two editions.
type comparison struct {
	decision      *ledger.Decision
	sector        string
	matricola     string // masked
	before, after string // the outcome as a whole
	list          []found
}

// found is a change with what it looks like in this decision.
type found struct {
	change
	articles      []string
	before, after json.RawMessage
}

func (c *comparison) add(rule string, laws []rulebook.Citation, before, after string, shownBefore, shownAfter []byte) {
	articles := articlesOf(laws)
	c.list = append(c.list, found{
		change: change{Rule: rule, Laws: strings.Join(articles, "; "), Before: before, After: after, Figures: before == after}, articles: articles,
		before: shownBefore, after: shownAfter,
	})
}

// shown is the change that says most of the decision: the first that is more than figures, else the first.
func (c *comparison) shown() *found {
	for i := range c.list {
		if !c.list[i].Figures {
			return &c.list[i]
		}
	}
	if len(c.list) == 0 {
		return nil
	}
	return &c.list[0]
}

// articlesOf names each article once: "D.lgs. 148/2015 art. 12".
func articlesOf(laws []rulebook.Citation) (list []string) {
	for _, l := range laws {
		name := l.Act
		if l.Article != "" {
			name += " art. " + l.Article
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func (c *comparison) compare(own, then *decided) {
	if own.counters != nil {
		c.counters(own.counters, then.counters)
		return
	}
	c.findings(own.validation, then.validation)
	c.states(own.validation, then.validation)
	c.needs(own.validation, then.validation)
	c.values(own.validation, then.validation)
	c.bounds(own.validation, then.validation)
}

func (c *comparison) counters(a, b *engine.Counters) {
	for i := range a.Items {
		x := &a.Items[i]
		at := slices.IndexFunc(b.Items, func(it engine.Item) bool { return it.ID == x.ID })
		if at < 0 {
			c.add(x.ID, x.Law, x.Verdict, "", brief(x), nil)
			continue
		}
		c.item(x, &b.Items[at])
	}
	for i := range b.Items {
		y := &b.Items[i]
		if !slices.ContainsFunc(a.Items, func(it engine.Item) bool { return it.ID == y.ID }) {
			c.add(y.ID, y.Law, "", y.Verdict, nil, brief(y))
		}
	}
}

func (c *comparison) item(x, y *engine.Item) {
	if bytes.Equal(writer(nil).item(x), writer(nil).item(y)) {
		return
	}
	law := y.Law
	if len(law) == 0 {
		law = x.Law
	}
	c.add(x.ID, law, x.Verdict, y.Verdict, brief(x), brief(y))
}

// brief is an item without its lists.
func brief(it *engine.Item) []byte {
	short := *it
	short.Releases, short.Periods, short.ByCausale, short.Missing = nil, nil, nil, nil
	return writer(nil).item(&short)
}

// findings compares which rules spoke, wherever they did.
func (c *comparison) findings(a, b *engine.Validation) {
	before, after := spoken(a.Findings), spoken(b.Findings)
	for _, s := range sortedUnion(before, after) {
		x, y := before[s], after[s]
		if x != nil && y != nil {
			continue
		}
		if x != nil {
			c.add(x.Rule.ID, x.Law, s.text, "", writer(nil).finding(x), nil)
		} else {
			c.add(y.Rule.ID, y.Law, "", s.text, nil, writer(nil).finding(y))
		}
	}
}

type spokenKey struct{ rule, text string }

func spoken(list []engine.Finding) map[spokenKey]*engine.Finding {
	m := make(map[spokenKey]*engine.Finding, len(list))
	for i := range list {
		f := &list[i]
		m[spokenKey{f.Rule.ID, f.Severity + " " + f.Code}] = f
	}
	return m
}

func sortedUnion(a, b map[spokenKey]*engine.Finding) (list []spokenKey) {
	for _, m := range []map[spokenKey]*engine.Finding{a, b} {
		for k := range m {
			if !slices.Contains(list, k) {
				list = append(list, k)
			}
		}
	}
	slices.SortFunc(list, func(a, b spokenKey) int {
		return strings.Compare(a.rule+"\x00"+a.text, b.rule+"\x00"+b.text)
	})
	return list
}

// states compares the counters that a form shows.
func (c *comparison) states(a, b *engine.Validation) {
	for i := range a.Counters {
		x := &a.Counters[i]
		at := slices.IndexFunc(b.Counters, func(s engine.CounterState) bool { return s.ID == x.ID })
		switch {
		case at < 0:
			c.add(x.ID, nil, x.Verdict, "", writer(nil).state(x), nil)
		case x.Verdict != b.Counters[at].Verdict:
			c.add(x.ID, nil, x.Verdict, b.Counters[at].Verdict, writer(nil).state(x), writer(nil).state(&b.Counters[at]))
		case !same(x.Residual, b.Counters[at].Residual):
			c.add(x.ID, nil, x.Verdict, x.Verdict, writer(nil).state(x), writer(nil).state(&b.Counters[at]))
		}
	}
	for i := range b.Counters {
		y := &b.Counters[i]
		if !slices.ContainsFunc(a.Counters, func(s engine.CounterState) bool { return s.ID == y.ID }) {
			c.add(y.ID, nil, "", y.Verdict, nil, writer(nil).state(y))
		}
	}
}

// needs compares which facts are asked for; the row does not matter.
func (c *comparison) needs(a, b *engine.Validation) {
	before, after := fields(a.Missing), fields(b.Missing)
	for _, f := range before {
		if !slices.Contains(after, f) {
			c.add(f, nil, needed, "", nil, nil)
		}
	}
	for _, f := range after {
		if !slices.Contains(before, f) {
			c.add(f, nil, "", needed, nil, nil)
		}
	}
}

func fields(list []engine.Missing) (names []string) {
	for _, m := range list {
		name := fact.WithoutRows(m.Field)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// values compares what the form works out. Values are many: that they differ is what is added up.
func (c *comparison) values(a, b *engine.Validation) {
	for i := range a.Derived {
		x := &a.Derived[i]
		at := slices.IndexFunc(b.Derived, func(v engine.DerivedValue) bool { return v.Name == x.Name })
		switch {
		case at < 0:
			c.add(x.Name, lawOf(a, x.Name), value, "", x.Value, nil)
		case !bytes.Equal(x.Value, b.Derived[at].Value):
			c.add(x.Name, lawOf(b, x.Name), value, value, x.Value, b.Derived[at].Value)
		}
	}
	for i := range b.Derived {
		y := &b.Derived[i]
		if !slices.ContainsFunc(a.Derived, func(v engine.DerivedValue) bool { return v.Name == y.Name }) {
			c.add(y.Name, lawOf(b, y.Name), "", value, nil, y.Value)
		}
	}
}

// bounds compares what fields may still be. One field may have several, of one rule too.
func (c *comparison) bounds(a, b *engine.Validation) {
	before, after := boundsOf(a.Allowed), boundsOf(b.Allowed)
	for _, field := range union(before, after) {
		x, y := before[field], after[field]
		switch {
		case x == nil:
			c.add(y.rule, y.law, "", value, nil, y.shown)
		case y == nil:
			c.add(x.rule, x.law, value, "", x.shown, nil)
		case !bytes.Equal(x.shown, y.shown):
			c.add(x.rule, y.law, value, value, x.shown, y.shown)
		}
	}
}

// bounded is all that one rule says of one field.
type bounded struct {
	rule  string
	law   []rulebook.Citation
	shown []byte // JSON
}

func boundsOf(list []engine.Allowed) map[string]*bounded {
	m := map[string]*bounded{}
	for i := range list {
		a := &list[i]
		key := a.Rule.ID + "\x00" + a.Field
		x := m[key]
		if x == nil {
			x = &bounded{rule: a.Rule.ID, law: a.Law, shown: []byte("[]")}
			m[key] = x
		}
		w := writer(x.shown[:len(x.shown)-1])
		if len(w) > 1 {
			w = append(w, ',')
		}
		x.shown = append(w.bound(a), ']')
	}
	return m
}

func union(a, b map[string]*bounded) []string {
	keys := slices.Collect(maps.Keys(a))
	for k := range b {
		if a[k] == nil {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

func lawOf(v *engine.Validation, name string) []rulebook.Citation {
	for i := range v.Explanations {
		if v.Explanations[i].Name == name {
			return v.Explanations[i].Law
		}
	}
	return nil
}
