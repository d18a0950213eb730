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
func (a *Counters) AppendJSON(dst []byte) []byte {
	e := encoder{dst}
	e.counters(a)
	return e.out
}

// encoder appends JSON. Inside an object a value is written after its key.
type encoder struct{ out []byte }

func (e *encoder) counters(a *Counters) {
	e.open('{')
	e.key("decision")
	e.header(&a.Decision)
	e.text("data_riferimento", a.DataRiferimento)
	list(e, "items", a.Items, e.item)
	list(e, "warnings", a.Warnings, e.warning)
	e.close('}')
}

func (e *encoder) header(h *Header) {
	e.open('{')
	e.text("id", h.ID)
	e.text("instant", h.Instant)
	e.text("edition", h.Edition)
	e.text("edition_digest", h.EditionDigest)
	e.text("facts_digest", h.FactsDigest)
	e.key("simulation")
	e.out = strconv.AppendBool(e.out, h.Simulation)
	e.close('}')
}

func (e *encoder) item(it *Item) {
	e.open('{')
	e.text("id", it.ID)
	e.text("title", it.Title)
	list(e, "law", it.Law, e.citation)
	e.key("rule")
	e.rule(&it.Rule)
	e.text("verdict", it.Verdict)
	if it.Window != nil {
		e.key("window")
		e.span(it.Window)
	}
	e.amount("limit", it.Limit)
	e.amount("counted", it.Counted)
	e.amount("residual", it.Residual)
	e.amount("authorised", it.Authorised)
	e.amount("used", it.Used)
	e.amount("requested", it.Requested)
	e.amount("total", it.Total)
	e.amount("rate", it.Rate)
	if it.Grantable != nil {
		e.key("grantable")
		e.grant(it.Grantable)
	}
	e.day("earliest_start", it.EarliestStart)
	e.day("earliest_full_start", it.EarliestFullStart)
	if len(it.ByCausale) > 0 {
		list(e, "by_causale", it.ByCausale, e.breakdown)
	}
	list(e, "releases", it.Releases, e.release)
	list(e, "periods", it.Periods, e.period)
	list(e, "missing", it.Missing, e.string)
	list(e, "explanation", it.Explanation, e.string)
	if it.Failure != nil {
		e.key("failure")
		e.failure(it.Failure)
	}
	e.close('}')
}

func (e *encoder) citation(c *rulebook.Citation) {
	e.open('{')
	e.text("act", c.Act)
	e.some("article", c.Article)
	e.some("paragraph", c.Paragraph)
	e.some("url", c.URL)
	e.close('}')
}

func (e *encoder) rule(r *RuleRef) {
	e.open('{')
	e.text("id", r.ID)
	e.key("version")
	e.out = strconv.AppendInt(e.out, int64(r.Version), 10)
	e.day("valid_from", &r.ValidFrom)
	e.day("valid_to", r.ValidTo)
	e.text("digest", r.Digest)
	e.text("text_digest", r.TextDigest)
	e.close('}')
}

func (e *encoder) span(s *Span) {
	e.open('{')
	e.day("from", &s.From)
	e.day("to", &s.To)
	e.close('}')
}

func (e *encoder) grant(g *Grant) {
	e.open('{')
	e.day("from", g.From)
	e.day("to", g.To)
	e.amount("amount", &g.Amount)
	e.close('}')
}

func (e *encoder) release(r *Release) {
	e.open('{')
	e.day("on", &r.On)
	e.amount("amount", &r.Amount)
	e.close('}')
}

func (e *encoder) period(p *Period) {
	e.open('{')
	e.some("numero", p.Numero)
	e.day("dal", p.Dal)
	e.day("al", p.Al)
	e.amount("counted", p.Counted)
	e.text("reason", p.Reason)
	e.text("code", p.Code)
	e.close('}')
}

func (e *encoder) breakdown(b *Breakdown) {
	e.open('{')
	e.text("causale", b.Causale)
	e.amount("limit", b.Limit)
	e.amount("counted", b.Counted)
	e.amount("residual", b.Residual)
	e.close('}')
}

func (e *encoder) failure(f *Failure) {
	e.open('{')
	e.text("code", f.Code)
	e.text("detail", f.Detail)
	e.close('}')
}

func (e *encoder) warning(w *Warning) {
	e.open('{')
	e.text("pointer", w.Pointer)
	e.text("code", w.Code)
	e.text("message", w.Message)
	e.close('}')
}

// list writes an array under a key; one that was never made is null.
func list[T any](e *encoder, name string, all []T, write func(*T)) {
	e.key(name)
	if all == nil {
		e.out = append(e.out, "null"...)
		return
	}
	e.open('[')
	for i := range all {
		if i > 0 {
			e.out = append(e.out, ',')
		}
		write(&all[i])
	}
	e.close(']')
}

func (e *encoder) open(bracket byte)  { e.out = append(e.out, bracket) }
func (e *encoder) close(bracket byte) { e.out = append(e.out, bracket) }

// key writes the name of the next value, after a comma unless it is the first of its object.
func (e *encoder) key(name string) {
	if e.out[len(e.out)-1] != '{' {
		e.out = append(e.out, ',')
	}
	e.out = append(e.out, '"')
	e.out = append(e.out, name...)
	e.out = append(e.out, '"', ':')
}

func (e *encoder) text(name, s string) {
	e.key(name)
	e.string(&s)
}

// some is text that is left out when empty.
func (e *encoder) some(name, s string) {
	if s != "" {
		e.text(name, s)
	}
}

// day is left out when nil, as an amount is.
func (e *encoder) day(name string, d *calendar.Day) {
	if d == nil {
		return
	}
	e.key(name)
	e.out = append(d.Append(append(e.out, '"')), '"')
}

func (e *encoder) amount(name string, q *quantity.Quantity) {
	if q == nil {
		return
	}
	e.key(name)
	e.out = q.AppendJSON(e.out)
}

// string writes a JSON string that is safe inside HTML too, as json.Marshal does.
func (e *encoder) string(s *string) { e.out = appendString(e.out, *s) }

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := plainPrefix(s); i < len(s); i += plainPrefix(s[i:]) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= utf8.RuneSelf && r != '\u2028' && r != '\u2029' && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		dst = appendEscape(append(dst, s[done:i]...), r)
		i += size
		done = i
	}
	return append(append(dst, s[done:]...), '"')
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

// appendEscape writes what can't stand for itself; a broken byte is U+FFFD, the mark for one.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
