package engine

import "strconv"

// AppendJSON adds the answer to dst, byte for byte as json.Marshal writes it.
func (a *Validation) AppendJSON(dst []byte) []byte { return encoded(dst).validation(a) }

// AppendHeadless is AppendJSON with an empty header; see [Headed].
func (a *Validation) AppendHeadless(dst []byte) []byte {
	neutral := *a
	neutral.Decision = Header{}
	return neutral.AppendJSON(dst)
}

func (b encoded) validation(a *Validation) encoded {
	b = b.open().key("decision").header(&a.Decision).text("outcome", a.Outcome)
	b = list(b, "findings", a.Findings, encoded.finding)
	b = list(b, "missing", a.Missing, encoded.missing)
	b = b.key("derived").derived(a.Derived)
	b = list(b, "explanations", a.Explanations, encoded.note)
	b = list(b, "counters", a.Counters, encoded.counterState)
	return list(b, "allowed", a.Allowed, encoded.allowed).close()
}

func (b encoded) ruleOf(r *FindingRule) encoded {
	b = b.key("rule").open().text("id", r.ID)
	return encoded(strconv.AppendInt(b.key("version"), int64(r.Version), 10)).text("digest", r.Digest).close()
}

func (b encoded) finding(f *Finding) encoded {
	b = b.open().ruleOf(&f.Rule)
	b = b.text("severity", f.Severity)
	b = list(b, "fields", f.Fields, encoded.string).text("code", f.Code).text("message", f.Message)
	b = list(b, "law", f.Law, encoded.citation)
	if s := f.Suggestion; s != nil {
		b = b.key("suggestion").open().text("field", s.Field)
		b = encoded(append(b.key("value"), s.Value...)).text("text", s.Text).close()
	}
	return b.close()
}

func (b encoded) missing(m *Missing) encoded {
	return b.open().text("field", m.Field).text("label", m.Label).text("why", m.Why).close()
}

func (b encoded) derived(all DerivedValues) encoded {
	b = b.open()
	for i := range all {
		b = append(b.key(all[i].Name), all[i].Value...)
	}
	return b.close()
}

func (b encoded) note(n *DerivedNote) encoded {
	return list(b.open().text("name", n.Name).text("label", n.Label).text("text", n.Text), "law", n.Law, encoded.citation).close()
}

func (b encoded) counterState(s *CounterState) encoded {
	return b.open().text("id", s.ID).text("verdict", s.Verdict).amount("residual", s.Residual).close()
}

func (b encoded) allowed(a *Allowed) encoded {
	b = b.open().text("field", a.Field)
	if len(a.Min) > 0 {
		b = append(b.key("min"), a.Min...)
	}
	if len(a.Max) > 0 {
		b = append(b.key("max"), a.Max...)
	}
	if len(a.Options) > 0 {
		b = list(b, "options", a.Options, encoded.string)
	}
	b = list(b.text("text", a.Text), "law", a.Law, encoded.citation)
	return b.ruleOf(&a.Rule).close()
}
