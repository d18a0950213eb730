package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"omnia/ledger"
	"omnia/policies"
)

// How a reader sees the personal values of a decision.
//
// Personal facts are replaced in the facts, by their places. But texts may quote them: "RSSMRA… is not valid". So where a value is
// masked it is also looked for in every text that is made for people, and in the values that an outcome repeats.

// view is a decision as one reader sees it.
type view struct {
	facts   json.RawMessage // with the values that are left, masked
	actor   string
	masked  []string // paths
	erased  []string
	replace *strings.Replacer // in texts; nil: nothing is masked
}

// view masks the personal values for who reads.
func (d *reading) view() (*view, error) {
	v := new(view)
	var shown []ledger.Personal
	var bound []ledger.Commitment
	var pairs [][2]string
	for _, p := range d.Personal {
		value, hidden := d.mask(&p)
		if hidden {
			v.masked = append(v.masked, p.Path)
			pairs = append(pairs, [2]string{plainWord(p.Value), plainWord(value)})
		}
		if p.Path == ledger.PathActor {
			v.actor = plainWord(value)
			continue
		}
		p.Value = value
		shown = append(shown, p)
		bound = append(bound, ledger.Commitment{Path: p.Path, Hash: ledger.Commit(p.Path, p.Salt, value)})
	}
	for path := range d.Erased {
		v.erased = append(v.erased, path)
	}
	slices.Sort(v.erased)
	v.replace = replacer(pairs)
	var err error
	v.facts, err = ledger.Assemble(d.Facts, bound, shown)
	return v, err
}

// mask is a personal value as the reader may see it; hidden tells that it is not the value itself.
func (d *reading) mask(p *ledger.Personal) (value json.RawMessage, hidden bool) {
	how := d.masking.Actor
	if p.Path != ledger.PathActor {
		how = d.masking.Of(shapeOf(p.Path))
	}
	var text string
	if err := json.Unmarshal(p.Value, &text); err != nil { // a number or more: there is no part of it to show
		return maskedValue(p.Value, how)
	}
	if how == policies.MaskNone || d.masking.Own && text != "" && text == d.self {
		return p.Value, false
	}
	out, err := json.Marshal(how.Hide(text))
	if err != nil {
		return json.RawMessage("null"), true
	}
	return out, true
}

func maskedValue(value json.RawMessage, how policies.Mask) (json.RawMessage, bool) {
	if how == policies.MaskNone {
		return value, false
	}
	return json.RawMessage("null"), true
}

// shapeOf is the shape of a place: with * for the places in lists.
func shapeOf(path string) string {
	steps := strings.Split(path, "/")
	for i, s := range steps {
		if _, err := strconv.Atoi(s); err == nil {
			steps[i] = "*"
		}
	}
	return strings.Join(steps, "/")
}

// leastQuoted is the length from which a masked value is looked for in texts. A shorter one would be found everywhere, and says as little.
const leastQuoted = 4

// replacer replaces masked values in texts, the longest first.
func replacer(pairs [][2]string) *strings.Replacer {
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	var list []string
	for _, p := range pairs {
		if len([]rune(p[0])) >= leastQuoted {
			list = append(list, p[0], p[1])
		}
	}
	if list == nil {
		return nil
	}
	return strings.NewReplacer(list...)
}

// quoting are the members whose texts may repeat a fact. All others are names, codes, days and figures of ours.
var quoting = map[string]bool{
	"message": true, "text": true, "detail": true, "explanation": true, "value": true, "before": true, "after": true, "derived": true, "why": true,
	"words": true, "changes": true,
}

// quiet is JSON with the masked values replaced in what may quote them.
func (v *view) quiet(data []byte) (json.RawMessage, error) {
	if v.replace == nil || len(data) == 0 {
		return data, nil
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var tree any
	if err := in.Decode(&tree); err != nil {
		return nil, fmt.Errorf("mask an answer: %w", err)
	}
	return json.Marshal(v.hush(tree, false))
}

func (v *view) hush(x any, quotes bool) any {
	switch x := x.(type) {
	case string:
		if quotes {
			return v.replace.Replace(x)
		}
	case []any:
		for i := range x {
			x[i] = v.hush(x[i], quotes)
		}
	case map[string]any:
		for name := range x {
			x[name] = v.hush(x[name], quotes || quoting[name])
		}
	}
	return x
}
