package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

// fate is what becomes of some days of a period in one counter.
type fate uint8

const (
	counts  fate = iota
	waived       // an exception takes them out
	other        // no line wants them
	before       // before the counter's first version
	unclear      // a fact is missing
	failed       // a rule could not be evaluated
)

// segment is a run of days of one period that share a fate.
type segment struct {
	period  int // index in Case.periods, or requestPeriod
	span    calendar.Span
	fate    fate
	line    *rulebook.Line
	label   string // of the exception, when waived
	refs    []fact.Ref
	failure *rulebook.Failure
}

// classify splits a period by rule version, by exception and by what is known of it. With
// norms nil the counter's own norms are looked at.
//
// A version holds on its own days: a period that straddles a change of law, or the edge of
// a neutral window, is split there.
func (c *Case) classify(k *rulebook.Counter, index int, p *period, span calendar.Span, norms []string, out []segment) []segment {
	covered := calendar.Max + 1 // first day classified so far, going back in time
	for i := range k.Versions {
		v := &k.Versions[i]
		part := span.Clip(calendar.Span{From: v.From, To: v.To})
		covered = min(covered, v.From)
		if part.Empty() {
			continue
		}
		c.noteOn(&v.Version, p, part.From, rulebook.UseApplied)
		n := norms
		if n == nil {
			n = v.Norms
		}
		c.plan.split(&v.Version, part, func(days calendar.Span) {
			seg := c.claim(v, index, p, days)
			if seg.fate == other {
				out = append(out, seg)
			} else {
				out = c.waive(seg, p, n, out)
			}
		})
	}
	if rest := span.Clip(calendar.Span{From: calendar.Min, To: covered - 1}); !rest.Empty() && len(k.Versions) > 0 {
		out = append(out, segment{period: index, span: rest, fate: before})
	}
	return out
}

// claim finds the line that wants the days of part.
func (c *Case) claim(v *rulebook.CounterVersion, index int, p *period, part calendar.Span) segment {
	seg := segment{period: index, span: part, fate: other}
	if line, ok := c.remembered(v, p); ok {
		if line != nil {
			seg.fate, seg.line = counts, line
		}
		return seg
	}
	for i := range v.Lines {
		line := &v.Lines[i]
		switch line.When.Eval(c.on(p, part.From)) {
		case rulebook.True:
			if seg.fate == other {
				seg.fate, seg.line = counts, line
			}
			return seg
		case rulebook.Unknown:
			seg.fate, seg.refs = unclear, line.When.Blocking(&c.env, seg.refs)
		case rulebook.Failed:
			seg.fate, seg.failure = failed, c.env.Failure
			return seg
		}
	}
	return seg
}

// waive cuts out the days on which an exception waives one of the norms.
func (c *Case) waive(seg segment, p *period, norms []string, out []segment) []segment {
	if !p.asked {
		p.waivers, p.asked = c.findWaivers(p), true
	}
	var cuts [8]calendar.Day
	marks := cuts[:0]
	hit := false
	for i := range p.waivers {
		w := &p.waivers[i]
		if s := w.span.Clip(seg.span); !s.Empty() && waivesAny(w.norm, norms) {
			hit = true
			if s.From > seg.span.From {
				marks = append(marks, s.From)
			}
			if s.To < seg.span.To {
				marks = append(marks, s.To+1)
			}
		}
	}
	if !hit {
		return append(out, seg)
	}
	slices.Sort(marks)
	marks = append(slices.Compact(marks), seg.span.To+1)
	from := seg.span.From
	for _, next := range marks {
		piece := seg
		piece.span = calendar.Span{From: from, To: next - 1}
		c.judgeWaivers(&piece, p, norms)
		out = append(out, piece)
		from = next
	}
	return out
}

// judgeWaivers sets the fate of a piece that no waiver's edge cuts: one that surely holds
// decides it; one that may hold leaves it unclear.
func (c *Case) judgeWaivers(piece *segment, p *period, norms []string) {
	for i := range p.waivers {
		w := &p.waivers[i]
		if !w.span.Has(piece.span.From) || !waivesAny(w.norm, norms) {
			continue
		}
		if w.truth == rulebook.Failed && piece.fate != waived {
			piece.fate, piece.failure = failed, w.failure
		}
		if w.truth == rulebook.True {
			if piece.fate != waived || w.label < piece.label {
				piece.fate, piece.label, piece.refs = waived, w.label, nil
			}
		} else if w.truth == rulebook.Unknown && (piece.fate == counts || piece.fate == unclear) {
			piece.fate, piece.refs = unclear, append(slices.Clip(piece.refs), w.refs...)
		}
	}
}

func waivesAny(d *rulebook.Derogation, norms []string) bool {
	for _, n := range norms {
		if d.Waives(n) {
			return true
		}
	}
	return false
}
