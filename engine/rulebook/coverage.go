package rulebook

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Coverage counts which parts of the rules the cases have reached: for each item the states that
// can occur, and how often each did.
type Coverage struct{ counts map[string]map[string]int }

// The states of an item are named so.
const (
	stateLine     = "riga "
	stateVariant  = "variante "
	stateSchedule = "aliquote "
	stateVerdict  = "esito "
	stateHolds    = "deroga"
	stateFinding  = "segnala"
)

// Verdicts are the words in which a counter answers, as in the contract, without the two that tell
// of a broken rule.
var verdicts = []string{"admissible", "partly_admissible", "inadmissible", "exempt", "not_applicable", "missing_data"}

// NewCoverage lists everything that the cases of an edition may reach.
func NewCoverage(ed *Edition) *Coverage {
	c := &Coverage{map[string]map[string]int{}}
	for _, k := range ed.Counters {
		c.counterStates(k)
	}
	for _, x := range ed.Exceptions {
		c.declare(x.ID, stateHolds)
	}
	for _, r := range ed.Rules {
		c.declare(r.ID, stateFinding)
	}
	return c
}

func (c *Coverage) counterStates(k *Counter) {
	for i := range k.Versions {
		v := &k.Versions[i]
		for _, line := range v.Lines {
			c.declare(k.ID, stateLine+line.ID)
		}
		for _, n := range v.Variants {
			if n.ID != "" {
				c.declare(k.ID, stateVariant+n.ID)
			}
		}
		if v.Rate != nil {
			for _, s := range v.Rate.Schedules {
				c.declare(k.ID, stateSchedule+s.ID)
			}
		}
	}
	for _, verdict := range verdicts {
		c.declare(k.ID, stateVerdict+verdict)
	}
}

func (c *Coverage) declare(item, state string) {
	if c.counts[item] == nil {
		c.counts[item] = map[string]int{}
	}
	c.counts[item][state] += 0
}

// Line, Variant, Schedule, Verdict, Exception and Finding count one occurrence. A nil Coverage
// counts nothing, so that callers need not ask.
func (c *Coverage) Line(counter, line string)         { c.hit(counter, stateLine+line) }
func (c *Coverage) Variant(counter, variant string)   { c.hit(counter, stateVariant+variant) }
func (c *Coverage) Schedule(counter, schedule string) { c.hit(counter, stateSchedule+schedule) }
func (c *Coverage) Verdict(counter, verdict string)   { c.hit(counter, stateVerdict+verdict) }
func (c *Coverage) Exception(id string)               { c.hit(id, stateHolds) }
func (c *Coverage) Finding(rule string)               { c.hit(rule, stateFinding) }

func (c *Coverage) hit(item, state string) {
	if c != nil {
		c.declare(item, state)
		c.counts[item][state]++
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
	for _, states := range c.counts {
		for _, n := range states {
			total++
			if n > 0 {
				reached++
			}
		}
	}
	return reached, total
}

// Print writes one line an item: how many of its states occurred, and which did not.
func (c *Coverage) Print(w io.Writer) error {
	for _, item := range slices.Sorted(maps.Keys(c.counts)) {
		states := c.counts[item]
		var missed []string
		for _, s := range slices.Sorted(maps.Keys(states)) {
			if states[s] == 0 {
				missed = append(missed, s)
			}
		}
		line := fmt.Sprintf("%-40s %3d su %3d", item, len(states)-len(missed), len(states))
		if len(missed) > 0 {
			line += "   mai: " + strings.Join(missed, ", ")
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	reached, total := c.Reached()
	_, err := fmt.Fprintf(w, "raggiunti %d stati su %d\n", reached, total)
	return err
}
