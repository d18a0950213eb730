package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"omnia/engine/calendar"
	"omnia/ledger"
)

// mostDifferences bounds what is told of one decision.
const mostDifferences = 200

// Diff are the places at which two outcomes differ, in the order of their pointers' names and numbers. When the digest of the answer alone does, everything that was found
// is the same, and the words differ.
func Diff(before, after []byte) []Difference {
	a, err := expand(before)
	if err != nil {
		return []Difference{{Pointer: "/outcome", Text: fmt.Sprintf("what is recorded can't be read: %v", err)}}
	}
	b, err := expand(after)
	if err != nil {
		return []Difference{{Pointer: "/outcome", Text: fmt.Sprintf("what is decided now can't be read: %v", err)}}
	}
	var d differ
	d.values("", a, b)
	if len(d.list) == 1 && d.list[0].Pointer == "/answer" {
		d.list[0].Text = "only the words of the answer differ: titles, citations, explanations, messages"
	}
	if len(d.list) > mostDifferences {
		rest := len(d.list) - mostDifferences
		d.list = append(d.list[:mostDifferences], Difference{Pointer: "", Text: fmt.Sprintf("and %d further differences", rest)})
	}
	return d.list
}

// differ walks two values of JSON side by side.
type differ struct{ list []Difference }

func (d *differ) values(at string, a, b any) {
	switch x := a.(type) {
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			d.objects(at, x, y)
			return
		}
	case []any:
		if y, ok := b.([]any); ok {
			d.lists(at, x, y)
			return
		}
	}
	if before, after := written(a), written(b); !bytes.Equal(before, after) {
		d.list = append(d.list, Difference{Pointer: at, Before: before, After: after})
	}
}

// absent is what a value is compared with that the other side does not have.
type absent struct{}

func (d *differ) objects(at string, a, b map[string]any) {
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		d.values(at+"/"+pointerEscape.Replace(name), member(a, name), member(b, name))
	}
}

func member(m map[string]any, name string) any {
	if v, there := m[name]; there {
		return v
	}
	return absent{}
}

func (d *differ) lists(at string, a, b []any) {
	for i := range max(len(a), len(b)) {
		d.values(at+"/"+strconv.Itoa(i), element(a, i), element(b, i))
	}
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return absent{}
}

func written(v any) json.RawMessage {
	if _, none := v.(absent); none {
		return nil
	}
	out, err := json.Marshal(v)
	if err != nil {
		return quoted(err.Error()) // values that came out of JSON go back into it
	}
	return out
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// Expand is an outcome with its runs written out: releases as {"on", "amount"}, periods as {"code", "counted"}, one each.
func Expand(outcome []byte) ([]byte, error) {
	v, err := expand(outcome)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func expand(outcome []byte) (any, error) {
	in := json.NewDecoder(bytes.NewReader(outcome))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return nil, err
	}
	root, _ := v.(map[string]any)
	items, _ := root["items"].([]any)
	for _, it := range items {
		if it, ok := it.(map[string]any); ok {
			if err := expandItem(it); err != nil {
				return nil, fmt.Errorf("item %v: %w", it["id"], err)
			}
		}
	}
	return v, nil
}

func expandItem(it map[string]any) (err error) {
	for name, one := range map[string]func([]any) ([]any, error){"releases": expandRelease, "periods": expandPeriod} {
		runs, there := it[name].([]any)
		if !there {
			continue
		}
		var all []any
		for _, r := range runs {
			run, _ := r.([]any)
			some, err := one(run)
			if err != nil {
				return fmt.Errorf("%s %v: %w", name, r, err)
			}
			all = append(all, some...)
		}
		it[name] = all
	}
	return nil
}

// mostRun bounds what a run that was tampered with can unfold to.
const mostRun = 100_000

func expandRelease(run []any) (all []any, err error) {
	if len(run) != 2 && len(run) != 4 && len(run) != 6 {
		return nil, fmt.Errorf("a run of 2, 4 or 6 values expected")
	}
	on, _ := run[0].(string)
	day, err := calendar.Parse(on)
	if err != nil {
		return nil, err
	}
	step, times, next, again := 0, 1, 0, 1
	if len(run) > 2 {
		if step, times, err = count(run[2], run[3]); err != nil {
			return nil, err
		}
	}
	if len(run) > 4 {
		if next, again, err = count(run[4], run[5]); err != nil {
			return nil, err
		}
	}
	if times*again > mostRun {
		return nil, fmt.Errorf("a run of at most %d expected", mostRun)
	}
	for i := range times * again {
		on := day + calendar.Day(i/times*next+i%times*step)
		all = append(all, map[string]any{"on": on.String(), "amount": run[1]})
	}
	return all, nil
}

func expandPeriod(run []any) (all []any, err error) {
	if len(run) != 2 && len(run) != 3 {
		return nil, fmt.Errorf("a run of 2 or 3 values expected")
	}
	times := 1
	if len(run) == 3 {
		if _, times, err = count(json.Number("0"), run[2]); err != nil {
			return nil, err
		}
	}
	for range times {
		one := map[string]any{"code": run[0]}
		if run[1] != nil {
			one["counted"] = run[1]
		}
		all = append(all, one)
	}
	return all, nil
}

func count(step, times any) (int, int, error) {
	s, _ := step.(json.Number)
	n, _ := times.(json.Number)
	a, err1 := s.Int64()
	b, err2 := n.Int64()
	if err1 != nil || err2 != nil || a < 0 || a > mostRun || b < 2 || b > mostRun {
		return 0, 0, fmt.Errorf("step and times expected")
	}
	return int(a), int(b), nil
}

// diffRules holds the versions that were applied against those that are applied now.
func diffRules(before, after []ledger.Rule) (list []Difference) {
	if slices.Equal(before, after) {
		return nil
	}
	for i := range max(len(before), len(after)) {
		x := Difference{Pointer: "/rules/" + strconv.Itoa(i), Before: ruleAt(before, i), After: ruleAt(after, i)}
		if !bytes.Equal(x.Before, x.After) {
			list = append(list, x)
		}
	}
	return list
}

func ruleAt(list []ledger.Rule, i int) json.RawMessage {
	if i >= len(list) {
		return nil
	}
	r := &list[i]
	b := writer(nil).open().text("id", r.ID).number("version", r.Version).text("digest", string(r.Digest))
	return json.RawMessage(b.text("on", r.On).text("state", r.State).close())
}
