package counter

import (
	"slices"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// stretch is an unbroken run of days measured in months, date to date. share is below one
// when declared use replaces what was authorised.
type stretch struct {
	span  calendar.Span
	share quantity.Rat
	parts []part // the periods it is made of, by first day
}

// part is the days one period puts into a stretch.
type part struct {
	period int
	span   calendar.Span
}

// months is the exact measure of a span: whole months, and leftover days in thirtieths
// (law.md section 9, defaults 5 and 31).
func months(s calendar.Span) quantity.Rat {
	whole, days := s.Months()
	return quantity.Frac(int64(whole)*30+int64(days), 30)
}

// join makes stretches of spans: touching and overlapping ones with a full share become one.
func join(pieces []stretch) []stretch {
	slices.SortStableFunc(pieces, func(a, b stretch) int { return int(a.span.From) - int(b.span.From) })
	one := quantity.Int(1)
	out := pieces[:0]
	for _, p := range pieces {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if p.share.Equal(one) && last.share.Equal(one) && p.span.From <= last.span.To+1 {
				last.span.To = max(last.span.To, p.span.To)
				last.parts = append(last.parts, p.parts...)
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// without takes out the days that earlier lines have claimed: a day counts once.
func without(pieces []stretch, claimed []calendar.Span) []stretch {
	for _, cut := range claimed {
		var next []stretch
		for _, p := range pieces {
			if !p.span.Meets(cut) {
				next = append(next, p)
				continue
			}
			for _, s := range []calendar.Span{{From: p.span.From, To: cut.From - 1}, {From: cut.To + 1, To: p.span.To}} {
				if !s.Empty() {
					next = append(next, p.clip(s))
				}
			}
		}
		pieces = next
	}
	return pieces
}

func (s stretch) clip(to calendar.Span) stretch {
	out := stretch{span: s.span.Clip(to), share: s.share}
	for _, p := range s.parts {
		if c := p.span.Clip(to); !c.Empty() {
			out.parts = append(out.parts, part{p.period, c})
		}
	}
	return out
}

// monthsIn is the sum of the stretches, each clipped to the window first.
func monthsIn(list []stretch, w calendar.Span) quantity.Rat {
	var sum quantity.Rat
	for i := range list {
		if c := list[i].span.Clip(w); !c.Empty() {
			sum = sum.Add(months(c).Mul(list[i].share))
		}
	}
	return sum
}

// shares splits the months of the stretches among their periods, so that they add up to
// monthsIn: each period adds what the stretch grows by when its days are put on.
func shares(list []stretch, w calendar.Span, add func(period int, m quantity.Rat)) {
	for i := range list {
		s := list[i].clip(w)
		if s.span.Empty() {
			continue
		}
		var done quantity.Rat
		end := s.span.From - 1
		for _, p := range s.parts {
			end = max(end, p.span.To)
			now := months(calendar.Span{From: s.span.From, To: end}).Mul(s.share)
			add(p.period, now.Sub(done))
			done = now
		}
	}
}
