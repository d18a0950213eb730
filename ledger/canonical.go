package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// The canonical form, in which leaves, proofs and the lines of an export are written: JSON without blanks, every
// member there, in the order documented with its type. Numbers are non-negative integers without
// leading zeros. In texts only the quote, the backslash and the control characters are escaped, as RFC 8785
// does. So every value has one text, and a reader that accepts only that text needs no second look
// for members that are unknown, twice there, or out of order.

// instantLayout is RFC 3339 in UTC with milliseconds.
const instantLayout = "2006-01-02T15:04:05.000Z"

// appendKey begins a member; the comma before it is left out after an opening brace.
func appendKey(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(append(append(dst, '"'), name...), '"', ':')
}

func appendTextMember(dst []byte, name, value string) []byte {
	return appendText(appendKey(dst, name), value)
}

func appendInstantMember(dst []byte, name string, t time.Time) []byte {
	dst = append(appendKey(dst, name), '"')
	return append(t.UTC().AppendFormat(dst, instantLayout), '"')
}

// appendText writes a text with its quotes.
func appendText(dst []byte, s string) []byte {
	const hexadecimal = "0123456789abcdef"
	dst = append(dst, '"')
	n := 0
	for n < len(s) && s[n] >= ' ' && s[n] != '"' && s[n] != '\\' {
		n++
	}
	dst = append(dst, s[:n]...) // nearly always all of it
	for i := n; i < len(s); i++ {
		switch b := s[i]; {
		case b >= ' ' && b != '"' && b != '\\':
			dst = append(dst, b)
		case shortEscape(b) != 0:
			dst = append(dst, '\\', shortEscape(b))
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexadecimal[b>>4], hexadecimal[b&15])
		}
	}
	return append(dst, '"')
}

// shortEscape is the letter of an escape of two characters; 0 when b has none.
func shortEscape(b byte) byte {
	switch b {
	case '"', '\\':
		return b
	case '\b':
		return 'b'
	case '\t':
		return 't'
	case '\n':
		return 'n'
	case '\f':
		return 'f'
	case '\r':
		return 'r'
	}
	return 0
}

// unescape is the text that stands canonically between quotes.
func unescape(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	return string(appendUnescaped(nil, raw))
}

// appendUnescaped is unescape, of a text in which the cursor has seen that each escape is whole.
func appendUnescaped(dst, raw []byte) []byte {
	dst = slices.Grow(dst, len(raw))
	for {
		at := bytes.IndexByte(raw, '\\')
		if at < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:at]...)
		if raw[at+1] == 'u' {
			dst, raw = append(dst, unhex(raw[at+4])<<4|unhex(raw[at+5])), raw[at+6:]
		} else {
			dst, raw = append(dst, longEscape(raw[at+1])), raw[at+2:]
		}
	}
}

// longEscape is the character of which shortEscape gives that letter.
func longEscape(letter byte) byte {
	switch letter {
	case 'b':
		return '\b'
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'f':
		return '\f'
	case 'r':
		return '\r'
	}
	return letter
}

// NotCanonical says where bytes are not what the canonical form has there.
type NotCanonical struct {
	What  string // "receipt/v1"
	Field string // the member being read; "" before the first
	At    int    // bytes from the beginning
	Want  string
}

// Error names the place, and what belongs there.
func (e *NotCanonical) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s, byte %d: %s expected", e.What, e.At, e.Want)
	}
	return fmt.Sprintf("%s, field %s, byte %d: %s expected", e.What, e.Field, e.At, e.Want)
}

// cursor reads canonical JSON. The first thing wrong stays; what is read after it means nothing.
// What it gives out lies in data.
type cursor struct {
	what  string
	data  []byte
	pos   int
	field string
	err   *NotCanonical
}

func (c *cursor) refuse(want string) {
	if c.err == nil {
		c.err = &NotCanonical{What: c.what, Field: c.field, At: c.pos, Want: want}
	}
}

// peek is the next byte, 0 at the end.
func (c *cursor) peek() byte {
	if c.err != nil || c.pos >= len(c.data) {
		return 0
	}
	return c.data[c.pos]
}

// next passes over s, when it stands here.
func (c *cursor) next(s string) bool {
	if c.err != nil || len(c.data)-c.pos < len(s) || string(c.data[c.pos:c.pos+len(s)]) != s {
		return false
	}
	c.pos += len(s)
	return true
}

func (c *cursor) literal(s string) {
	if !c.next(s) {
		c.refuse(s)
	}
}

// key passes over the name of a member.
func (c *cursor) key(name string) {
	if c.err != nil {
		return
	}
	c.field = name
	// Nearly always it stands here, behind a comma.
	if rest, n := c.data[c.pos:], len(name)+4; len(rest) > n && rest[0] == ',' && rest[1] == '"' && string(rest[2:n-2]) == name && rest[n-2] == '"' && rest[n-1] == ':' && c.pos > 0 && c.data[c.pos-1] != '{' {
		c.pos += n
		return
	}
	if c.pos > 0 && c.data[c.pos-1] != '{' {
		c.literal(",")
	}
	if !c.next(`"`) || !c.next(name) || !c.next(`":`) {
		c.refuse(`"` + name + `":`)
	}
}

// plain are the bytes that stand in a text as they are, those beyond ASCII apart; short those of an escape behind its
// backslash, but for u; hexDigit those of digests.
var plain, short, hexDigit = func() (plain, short, hexDigit [256]bool) {
	for b := ' '; b < utf8.RuneSelf; b++ {
		plain[b] = b != '"' && b != '\\'
	}
	for _, b := range "0123456789abcdef" {
		hexDigit[b] = true
	}
	for _, b := range `"\btnfr` {
		short[b] = true
	}
	return plain, short, hexDigit
}()

// raw reads a text and gives what stands between its quotes.
func (c *cursor) raw() []byte {
	c.literal(`"`)
	from, ascii := c.pos, true
	for c.err == nil {
		n := plainWords(c.data[c.pos:])
		for _, b := range c.data[c.pos+n:] {
			if !plain[b] {
				break
			}
			n++
		}
		c.pos += n
		switch b := c.peek(); {
		case b == '"':
			text := c.data[from:c.pos]
			c.pos++
			if !ascii && !utf8.Valid(text) {
				c.refuse("a text in UTF-8")
			}
			return text
		case b == '\\':
			c.escape()
		case b < ' ':
			c.refuse("the end of the text")
		default:
			ascii = false
			c.pos++
		}
	}
	return nil
}

// plainWords is how far data is plain for sure, eight bytes at a time.
func plainWords(data []byte) (n int) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(data) >= n+8; n += 8 {
		x := binary.LittleEndian.Uint64(data[n:])
		quote, backslash := x^ones*'"', x^ones*'\\'
		// Taking one from a zero, or a blank from what is below it, leaves the high bit; and so does a byte beyond ASCII.
		if (x|(x-ones*' ')|(quote-ones)|(backslash-ones))&highs != 0 {
			break
		}
	}
	return n
}

// escape passes over an escape, which must be the shortest that the character has.
func (c *cursor) escape() {
	rest := c.data[c.pos+1:]
	if len(rest) > 0 && short[rest[0]] {
		c.pos += 2
		return
	}
	if len(rest) >= 5 && string(rest[:3]) == "u00" && hexDigit[rest[3]] && hexDigit[rest[4]] {
		b := unhex(rest[3])<<4 | unhex(rest[4])
		if b < ' ' && shortEscape(b) == 0 {
			c.pos += 6
			return
		}
	}
	c.refuse("a canonical escape")
}

func unhex(b byte) byte {
	if b >= 'a' {
		return b - 'a' + 10
	}
	return b - '0'
}

// needed is a text that is not empty.
func (c *cursor) needed() []byte {
	text := c.raw()
	if len(text) == 0 {
		c.refuse("a text that is not empty")
	}
	return text
}

// word is a name: small letters, digits and _ . - /, at least one.
func (c *cursor) word() []byte {
	text := c.needed()
	for _, b := range text {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && strings.IndexByte("_.-/", b) < 0 {
			c.refuse("a word in small letters")
		}
	}
	return text
}

// digest is a text of the form of a [Digest].
func (c *cursor) digest() []byte {
	c.literal(`"` + digestPrefix)
	from, end := c.pos-len(digestPrefix), c.pos+digestLength-len(digestPrefix)
	if c.err != nil || end > len(c.data) {
		c.refuse("64 hexadecimal digits")
		return nil
	}
	for i, b := range c.data[c.pos:end] {
		if !hexDigit[b] {
			c.pos += i
			c.refuse("a hexadecimal digit in small letters")
			return nil
		}
	}
	c.pos = end
	c.literal(`"`)
	return c.data[from:end]
}

// digestOrNone is a digest, or the empty text.
func (c *cursor) digestOrNone() []byte {
	if c.next(`""`) {
		return nil
	}
	return c.digest()
}

// instant is a text of instantLayout that names a real instant.
func (c *cursor) instant() []byte {
	text := c.raw()
	if c.err == nil && (!digitsAs(text, "0000-00-00T00:00:00.000Z") || !isDay(text[:10]) || string(text[11:13]) > "23" || text[14] > '5' || text[17] > '5') {
		c.refuse("an instant such as 2026-01-31T09:30:00.000Z")
	}
	return text
}

// digitsAs tells whether text has digits where the pattern has zeros, and else the same.
func digitsAs(text []byte, pattern string) bool {
	if len(text) != len(pattern) {
		return false
	}
	for i, b := range text {
		if p := pattern[i]; b != p && (p != '0' || b < '0' || b > '9') {
			return false
		}
	}
	return true
}

// isDay tells whether there is such a day; text has the digits of 2006-01-02.
func isDay(text []byte) bool {
	n := func(from, to int) (n int) {
		for _, b := range text[from:to] {
			n = 10*n + int(b-'0')
		}
		return n
	}
	year, month, day := n(0, 4), n(5, 7), n(8, 10)
	if day <= 28 || month < 1 || month > 12 {
		return day >= 1 && month >= 1 && month <= 12
	}
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day && day <= 31
}

func instantOf(text []byte) (t time.Time) {
	_ = t.UnmarshalText(text) // the cursor has read it before
	return t
}

// dayOrNone is a civil day, or the empty text.
func (c *cursor) dayOrNone() []byte {
	text := c.raw()
	if len(text) > 0 && c.err == nil && (!digitsAs(text, "0000-00-00") || !isDay(text)) {
		c.refuse("a day such as 2026-01-31, or no text")
	}
	return text
}

// integer is a number from 0 to the largest int64.
func (c *cursor) integer() int64 {
	from := c.pos
	for b := c.peek(); b >= '0' && b <= '9'; b = c.peek() {
		c.pos++
	}
	text := string(c.data[from:c.pos])
	n, err := strconv.ParseInt(text, 10, 64)
	if c.err == nil && (err != nil || len(text) > 1 && text[0] == '0') {
		c.pos = from
		c.refuse("an integer without leading zeros")
	}
	return n
}

func (c *cursor) boolean() bool {
	if c.next("true") {
		return true
	}
	if !c.next("false") {
		c.refuse("true or false")
	}
	return false
}

// hash is a hash of the tree, in the one base64 it has.
func (c *cursor) hash() (h tlog.Hash) {
	text := c.raw()
	if c.err == nil {
		var err error
		if h, err = tlog.ParseHash(string(text)); err != nil || h.String() != string(text) {
			c.refuse("a hash in base64")
		}
	}
	return h
}

// more tells whether a list has a further element, and passes over what stands before it. It is
// called once before each element; first tells that none was read yet.
func (c *cursor) more(first bool) bool {
	if first {
		c.literal("[")
	}
	switch {
	case c.err != nil || c.next("]"):
		return false
	case !first:
		c.literal(",")
	}
	return c.err == nil
}

// value passes over any JSON value and gives it. What is inside is not looked at beyond what it takes
// to find the end.
func (c *cursor) value() []byte {
	if c.err != nil {
		return nil
	}
	n := skipValue(c.data[c.pos:])
	if n == 0 {
		c.refuse("a JSON value")
		return nil
	}
	c.pos += n
	return c.data[c.pos-n : c.pos]
}

// end must be the end of the data.
func (c *cursor) end() error {
	if c.err == nil && c.pos != len(c.data) {
		c.refuse("nothing more")
	}
	if c.err != nil {
		return c.err
	}
	return nil
}
