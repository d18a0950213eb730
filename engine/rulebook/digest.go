package rulebook

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"omnia/engine/calendar"
)

// digestOf is the digest of a text, with the name of its algorithm.
func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// canonical is JSON with sorted keys, no blanks and no escapes for HTML. The values are our own
// maps, lists and words, which always have a JSON form.
func canonical(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("canonical JSON of %T: %v", v, err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// item files a version, with the digest of its meaning: what decides, with the day from which it
// does, and none of the words. The last day is left out: adding a successor, which closes the
// version before it, is no edit of that version. words is what people read beside the title, the
// law, the confidence and the note.
func (l *loader) item(o object, kind, id string, title Texts, v *Version, meaning, words map[string]any) {
	full := map[string]any{"valid_from": v.From.String()}
	for k, m := range meaning {
		full[k] = m
	}
	canon := canonical(full)
	v.Digest = digestOf(canon)
	said := canonical(map[string]any{"title": title, "law": v.Law, "confidence": v.Confidence, "note": v.Note, "more": words})
	l.ed.Items = append(l.ed.Items, Item{
		Kind: kind, ID: id, Title: title, Version: v, Place: o.place(), Source: o.written(), Canon: canon, words: said,
	})
}

func compareItems(a, b Item) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version.Number, b.Version.Number))
}

// rootDigest binds everything that an answer depends on: of each version its meaning, its days and
// its words. Two editions with the same digest give the same answers, to the byte.
func rootDigest(items []itemState) string {
	var lines []string
	for i := range items {
		s := &items[i]
		lines = append(lines, fmt.Sprintf("%s %s %s %s\n", s.key(), s.digest, s.to, s.words))
	}
	slices.Sort(lines)
	return digestOf(strings.Join(lines, ""))
}

// meaningOfCounter is all that the kernel reads of a version.
func meaningOfCounter(v *CounterVersion) map[string]any {
	lines := []any{}
	for i := range v.Lines {
		n := &v.Lines[i]
		lines = append(lines, map[string]any{
			"id": n.ID, "when": n.When.Canonical(), "measure": n.Measure, "basis": n.Basis,
			"factor": canonOf(n.Factor), "whole_weeks_when": n.WholeWeeksWhen.Canonical(),
		})
	}
	variants := []any{}
	for i := range v.Variants {
		variants = append(variants, meaningOfVariant(&v.Variants[i]))
	}
	m := map[string]any{
		"applies_when": v.AppliesWhen.Canonical(), "asks_when": v.AsksWhen.Canonical(), "requests": v.Requests.Canonical(),
		"without_request": v.WithoutRequest, "lines": lines, "variants": variants, "breakdown": v.Breakdown, "norms": sorted(v.Norms),
	}
	if v.Rate != nil {
		m["rate"] = meaningOfRate(v.Rate)
	}
	return m
}

func meaningOfVariant(v *Variant) map[string]any {
	sum := []any{}
	for i := range v.Sum {
		t := &v.Sum[i]
		weight := []any{}
		for _, s := range t.Weight {
			weight = append(weight, []string{canonOf(s.UpTo), canonOf(s.Factor)})
		}
		sum = append(sum, map[string]any{"lines": sorted(t.Lines), "weight": weight, "weight_when": t.WeightWhen.Canonical()})
	}
	limit, judge := []any{}, []any{}
	for _, c := range v.Limit {
		limit = append(limit, []string{c.When.Canonical(), canonOf(c.Value)})
	}
	for _, j := range v.Judge {
		judge = append(judge, []string{j.When.Canonical(), string(j.Step), canonOf(j.Excess)})
	}
	m := map[string]any{
		"id": v.ID, "when": v.When.Canonical(), "sum": sum, "limit": limit, "judge": judge, "max_request": canonOf(v.MaxRequest),
		"window": []string{string(v.Window.Kind), canonOf(v.Window.Length), plainDay(v.Window.From), plainDay(v.Window.To)},
	}
	if p := v.Pause; p != nil {
		m["pause"] = map[string]any{"norms": sorted(p.Norms), "after": canonOf(p.After), "length": canonOf(p.Length), "idle_when": p.IdleWhen.Canonical()}
	}
	return m
}

func meaningOfRate(r *Rate) map[string]any {
	schedules := []any{}
	for i := range r.Schedules {
		s := &r.Schedules[i]
		tiers := []any{}
		for _, t := range s.Tiers {
			tiers = append(tiers, []string{canonOf(t.UpTo), canonOf(t.Rate)})
		}
		schedules = append(schedules, map[string]any{"id": s.ID, "when": s.When.Canonical(), "tiers": tiers})
	}
	return map[string]any{"delay": r.Delay, "schedules": schedules}
}

// wordsOfCounter is what the answer says of a counter beside its title: where it stands, and the
// words and citations of its parts.
func wordsOfCounter(c *Counter, v *CounterVersion) map[string]any {
	parts := []any{}
	for i := range v.Variants {
		n := &v.Variants[i]
		parts = append(parts, n.Title, n.Law)
		for _, limit := range n.Limit {
			parts = append(parts, limit.Label)
		}
		if n.Pause != nil {
			parts = append(parts, n.Pause.Law)
		}
	}
	if v.Rate != nil {
		for _, s := range v.Rate.Schedules {
			parts = append(parts, s.Title, s.Law, s.Confidence)
		}
	}
	return map[string]any{"order": c.Order, "parts": parts}
}

func canonOf(x *Expr) string {
	if x == nil {
		return ""
	}
	return x.Canonical()
}

func plainDay(d calendar.Day) string {
	if d == 0 || d == calendar.Max {
		return ""
	}
	return d.String()
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}
