package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/rulebook"
)

// era is the day itself when the law may have changed since the first day requested, else
// that first day: limits are read once for days under the same law.
func (a *asked) era(day calendar.Day) calendar.Day {
	base := a.c.request.span.From
	if a.c.plan.sameLaw(base, day) {
		return base
	}
	return day
}

// sameLaw tells whether nothing in the edition changes between two days.
func (p *Plan) sameLaw(from, to calendar.Day) bool {
	i, _ := slices.BinarySearch(p.changes, from+1)
	return i == len(p.changes) || p.changes[i] > to
}

// measuresOf lists, for each version of a counter, the days on which a parameter that sizes its
// windows or measures its days changes.
func measuresOf(ed *rulebook.Edition) map[*rulebook.Version][]calendar.Day {
	out := map[*rulebook.Version][]calendar.Day{}
	for _, k := range ed.Counters {
		for i := range k.Versions {
			v := &k.Versions[i]
			note := func(x *rulebook.Expr) {
				if x == nil {
					return
				}
				for _, p := range x.Params() {
					for j := range p.Versions {
						if d := p.Versions[j].From; d > v.From && d <= v.To {
							out[&v.Version] = append(out[&v.Version], d)
						}
					}
				}
			}
			for j := range v.Lines {
				note(v.Lines[j].Factor)
			}
			for j := range v.Variants {
				note(v.Variants[j].Window.Length)
				for _, sum := range v.Variants[j].Sum {
					for _, w := range sum.Weight {
						note(w.UpTo)
						note(w.Factor)
					}
				}
			}
			slices.Sort(out[&v.Version])
		}
	}
	return out
}

// changesOf lists the days on which any parameter, table or counter of the edition changes, in order.
func changesOf(ed *rulebook.Edition) []calendar.Day {
	var days []calendar.Day
	note := func(v *rulebook.Version) {
		days = append(days, v.From)
		if !v.Open() {
			days = append(days, v.To+1)
		}
	}
	for _, p := range ed.Parameters {
		for i := range p.Versions {
			note(&p.Versions[i].Version)
		}
	}
	for _, t := range ed.Tables {
		for i := range t.Versions {
			note(&t.Versions[i].Version)
		}
	}
	for _, k := range ed.Counters {
		for i := range k.Versions {
			note(&k.Versions[i].Version)
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// breaksOf lists, for each version of a counter or exception, the days on which a parameter or
// table that its conditions on days read changes: a period is judged anew from there.
func breaksOf(ed *rulebook.Edition) map[*rulebook.Version][]calendar.Day {
	out := map[*rulebook.Version][]calendar.Day{}
	for _, k := range ed.Counters {
		for i := range k.Versions {
			v := &k.Versions[i]
			for j := range v.Lines {
				noteBreaks(out, &v.Version, v.Lines[j].When)
			}
		}
	}
	for _, x := range ed.Exceptions {
		for i := range x.Versions {
			v := &x.Versions[i]
			noteBreaks(out, &v.Version, v.When)
			for j := range v.Derogates {
				noteBreaks(out, &v.Version, v.Derogates[j].When)
			}
		}
	}
	for v, days := range out {
		slices.Sort(days)
		out[v] = slices.Compact(days)
	}
	return out
}

func noteBreaks(out map[*rulebook.Version][]calendar.Day, v *rulebook.Version, c *rulebook.Condition) {
	if c == nil {
		return
	}
	note := func(d calendar.Day) {
		if d > v.From && d <= v.To {
			out[v] = append(out[v], d)
		}
	}
	for _, p := range c.Params() {
		for i := range p.Versions {
			note(p.Versions[i].From)
		}
	}
	for _, t := range c.Tables() {
		for i := range t.Versions {
			note(t.Versions[i].From)
		}
	}
}

// split calls yield for the parts of a span between the days on which the law of v changes.
func (p *Plan) split(v *rulebook.Version, span calendar.Span, yield func(calendar.Span)) {
	for _, d := range p.breaks[v] {
		if d > span.From && d <= span.To {
			yield(calendar.Span{From: span.From, To: d - 1})
			span.From = d
		}
	}
	yield(span)
}
