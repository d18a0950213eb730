package engine

import (
	"strconv"
	"unicode/utf8"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
)

// AppendJSON adds the answer to dst, byte for byte as json.Marshal writes it, several times as
// fast: writing down a long history would otherwise cost as much as deciding on it. The tests
// set every field of the answer by reflection, so that none can be added and forgotten here.
func (a *Counters) AppendJSON(dst []byte) []byte { return encoded(dst).counters(a) }

// AppendHeadless is AppendJSON with an empty header: what is the same whenever the same is decided. See [Headed].
func (a *Counters) AppendHeadless(dst []byte) []byte {
	neutral := *a
	neutral.Decision = Header{}
	return neutral.AppendJSON(dst)
}

// Headed adds an answer to dst that was written without its header, with it: the bytes of AppendJSON, written once.
func Headed(dst []byte, h *Header, headless []byte) []byte {
	return append(encoded(dst).open().key("decision").header(h), headless[len(emptyHead):]...)
}

// emptyHead is how an answer begins that has no header.
var emptyHead = encoded(nil).open().key("decision").header(&Header{})

// encoded is JSON that grows at its end. It goes from hand to hand by value: kept behind a
// pointer, each step would be a write that the garbage collector wants to know of.
type encoded []byte

func (b encoded) counters(a *Counters) encoded {
	b = b.open().key("decision").header(&a.Decision).text("data_riferimento", a.DataRiferimento)
	b = list(b, "items", a.Items, encoded.item)
	return list(b, "warnings", a.Warnings, encoded.warning).close()
}

func (b encoded) header(h *Header) encoded {
	b = b.open().text("id", h.ID).text("instant", h.Instant)
	b = b.text("edition", h.Edition).text("edition_digest", h.EditionDigest).text("facts_digest", h.FactsDigest)
	b = strconv.AppendBool(b.key("simulation"), h.Simulation)
	if h.Recorded != nil {
		b = strconv.AppendBool(b.key("recorded"), *h.Recorded)
	}
	return b.close()
}

func (b encoded) item(it *Item) encoded {
	b = b.open().text("id", it.ID).text("title", it.Title)
	b = list(b, "law", it.Law, encoded.citation)
	b = b.key("rule").rule(&it.Rule).text("verdict", it.Verdict)
	if it.Window != nil {
		b = b.key("window").span(it.Window)
	}
	b = b.amount("limit", it.Limit).amount("counted", it.Counted).amount("residual", it.Residual)
	b = b.amount("authorised", it.Authorised).amount("used", it.Used)
	b = b.amount("requested", it.Requested).amount("total", it.Total).amount("rate", it.Rate)
	if it.Grantable != nil {
		b = b.key("grantable").grant(it.Grantable)
	}
	b = b.day("earliest_start", it.EarliestStart).day("earliest_full_start", it.EarliestFullStart)
	if len(it.ByCausale) > 0 {
		b = list(b, "by_causale", it.ByCausale, encoded.breakdown)
	}
	b = list(b, "releases", it.Releases, encoded.release)
	b = list(b, "periods", it.Periods, encoded.period)
	b = list(b, "missing", it.Missing, encoded.string)
	b = list(b, "explanation", it.Explanation, encoded.string)
	if it.Failure != nil {
		b = b.key("failure").failure(it.Failure)
	}
	return b.close()
}

func (b encoded) citation(c *rulebook.Citation) encoded {
	return b.open().text("act", c.Act).some("article", c.Article).some("paragraph", c.Paragraph).some("url", c.URL).close()
}

func (b encoded) rule(r *RuleRef) encoded {
	b = b.open().text("id", r.ID)
	b = strconv.AppendInt(b.key("version"), int64(r.Version), 10)
	return b.day("valid_from", &r.ValidFrom).day("valid_to", r.ValidTo).text("digest", r.Digest).text("text_digest", r.TextDigest).close()
}

func (b encoded) span(s *Span) encoded { return b.open().day("from", &s.From).day("to", &s.To).close() }

func (b encoded) grant(g *Grant) encoded {
	return b.open().day("from", g.From).day("to", g.To).amount("amount", &g.Amount).close()
}

func (b encoded) release(r *Release) encoded {
	return b.open().day("on", &r.On).amount("amount", &r.Amount).close()
}

func (b encoded) period(p *Period) encoded {
	b = b.open().some("numero", p.Numero).day("dal", p.Dal).day("al", p.Al)
	return b.amount("counted", p.Counted).text("reason", p.Reason).text("code", p.Code).close()
}

func (b encoded) breakdown(x *Breakdown) encoded {
	b = b.open().text("causale", x.Causale)
	return b.amount("limit", x.Limit).amount("counted", x.Counted).amount("residual", x.Residual).close()
}

func (b encoded) failure(f *Failure) encoded {
	return b.open().text("code", f.Code).text("detail", f.Detail).close()
}

func (b encoded) warning(w *Warning) encoded {
	return b.open().text("pointer", w.Pointer).text("code", w.Code).text("message", w.Message).close()
}

// list writes an array under a key; one that was never made is null.
func list[T any](b encoded, name string, all []T, write func(encoded, *T) encoded) encoded {
	b = b.key(name)
	if all == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = write(b, &all[i])
	}
	return append(b, ']')
}

func (b encoded) open() encoded  { return append(b, '{') }
func (b encoded) close() encoded { return append(b, '}') }

// key writes the name of the next value, after a comma unless it is the first of its object.
func (b encoded) key(name string) encoded {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(append(b, '"'), name...)
	return append(b, '"', ':')
}

func (b encoded) text(name, s string) encoded { return b.key(name).string(&s) }

// some is text that is left out when empty.
func (b encoded) some(name, s string) encoded {
	if s == "" {
		return b
	}
	return b.text(name, s)
}

// day is left out when nil, and so is an amount.
func (b encoded) day(name string, d *calendar.Day) encoded {
	if d == nil {
		return b
	}
	return append(d.Append(append(b.key(name), '"')), '"')
}

func (b encoded) amount(name string, q *quantity.Quantity) encoded {
	if q == nil {
		return b
	}
	return q.AppendJSON(b.key(name))
}

// string writes a JSON string that is safe inside HTML too, as json.Marshal does.
func (b encoded) string(text *string) encoded {
	b = append(b, '"')
	s, done := *text, 0
	for i := plainPrefix(s); i < len(s); i += plainPrefix(s[i:]) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= utf8.RuneSelf && r != '\u2028' && r != '\u2029' && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		b = append(b, s[done:i]...).escape(r)
		i += size
		done = i
	}
	return append(append(b, s[done:]...), '"')
}

// plainPrefix is how many bytes from the first stand for themselves, wherever they are. Most texts
// are nothing else, so it looks at eight at once, and at each of them only near the end.
func plainPrefix(s string) int {
	i := 0
	for ; i+8 <= len(s) && allPlain(s[i:i+8]); i += 8 {
	}
	for i < len(s) && plain[s[i]] {
		i++
	}
	return i
}

func allPlain(s string) bool {
	w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	// A byte below 0x80 borrows into its top bit when less than what is taken away; x^c is 0 for c only.
	const each, top = 0x0101010101010101, 0x8080808080808080
	odd := w | (w - ' '*each) | ((w ^ '"'*each) - each) | ((w ^ '\\'*each) - each) |
		((w ^ '&'*each) - each) | (((w &^ (2 * each)) ^ '<'*each) - each) // < and > differ in one bit
	return odd&top == 0
}

// plain are the bytes that stand for themselves.
var plain = func() (ok [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		ok[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return ok
}()

// escape writes what can't stand for itself; a broken byte is U+FFFD, the mark for one.
func (b encoded) escape(r rune) encoded {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
