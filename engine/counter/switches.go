package counter

import (
	"omnia/engine/calendar"
	"omnia/engine/rulebook"
)

// switchUse is a parameter that an exception read to tell whether it holds for a row: an open
// default that switches it on or off. Exceptions are looked at once for a case, whichever counter
// asks first, so what they read is kept apart and given to each counter that it touches.
type switchUse struct {
	class, row int // of the row looked at
	version    *rulebook.ExceptionVersion
	norm       *rulebook.Derogation // the one whose condition read it; nil: the exception's own
	use        ParamUse
}

// noteSwitch keeps a parameter read while the exception in c.switching is looked at.
func (c *Case) noteSwitch(p *rulebook.Parameter, v *rulebook.ParameterVersion) {
	s := c.switching
	s.use = ParamUse{p, v}
	for i := range c.switches {
		if c.switches[i] == s {
			return
		}
	}
	c.switches = append(c.switches, s)
}

// addSwitches adds the parameters read by exceptions that could take days out of this result.
func (u *run) addSwitches() {
	for i := range u.c.switches {
		if s := &u.c.switches[i]; s.waivesAny(u.r.Version.Norms) && u.touches(s) {
			u.c.noteParam(s.use.Parameter, s.use.Version)
		}
	}
}

func (s *switchUse) waivesAny(norms []string) bool {
	if s.norm != nil {
		return waivesAny(s.norm, norms)
	}
	for i := range s.version.Derogates {
		if waivesAny(&s.version.Derogates[i], norms) {
			return true
		}
	}
	return false
}

// touches tells whether days that a line of this counter claims, in its windows, were looked at.
func (u *run) touches(s *switchUse) bool {
	if s.row == rulebook.RequestRow {
		return u.r.Asked
	}
	days := calendar.Span{From: max(u.need, s.version.From), To: s.version.To}
	for i := range u.segments {
		seg := &u.segments[i]
		p := &u.c.periods[seg.period]
		alike := p.row == s.row || s.class >= 0 && p.class == s.class
		if alike && (seg.fate == counts || seg.fate == waived) && seg.span.Meets(days) {
			return true
		}
	}
	return false
}
