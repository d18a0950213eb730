package fact

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON bytes strictly (RFC 8259), one token at a time. The first syntax error
// stops it: reason says why and pos where.
type scanner struct {
	buf    []byte
	pos    int
	depth  int // open objects and lists
	above  int // lines of a larger text that stand before buf
	reason reason
}

// maxDepth is the deepest nesting read; facts need six levels with their envelope.
const maxDepth = 32

// reason is why a text is not JSON; each has its sentence in messages.go.
type reason uint8

const (
	fine reason = iota
	emptyBody
	byteOrderMark
	badUTF8
	cutShort
	strayCharacter
	badString
	badEscape
	loneSurrogate
	badNumber
	tooDeep
	trailing
)

// open checks what concerns the whole text and stands before its value.
func (s *scanner) open() bool {
	switch {
	case bytes.HasPrefix(s.buf, []byte("\xef\xbb\xbf")):
		return s.fail(byteOrderMark, 0)
	case !utf8.Valid(s.buf):
		return s.fail(badUTF8, firstInvalid(s.buf))
	}
	if s.peek() == 0 && s.pos == len(s.buf) {
		return s.fail(emptyBody, 0)
	}
	return true
}

// close checks that nothing follows the value.
func (s *scanner) close() bool {
	if s.peek(); s.pos < len(s.buf) {
		return s.fail(trailing, s.pos)
	}
	return true
}

func firstInvalid(b []byte) int {
	at := 0
	for {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

func (s *scanner) fail(why reason, at int) bool {
	s.reason, s.pos = why, at
	return false
}

// stray fails at a character that can't stand where it does, or at the end of the text.
func (s *scanner) stray() bool {
	if s.pos >= len(s.buf) {
		return s.fail(cutShort, s.pos)
	}
	return s.fail(strayCharacter, s.pos)
}

// peek skips blanks and gives the next byte; 0 at the end of the text (and for a NUL, which no
// token starts with).
func (s *scanner) peek() byte {
	for s.pos < len(s.buf) {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// enter opens an object or list, whose bracket is next.
func (s *scanner) enter() bool {
	if s.depth++; s.depth > maxDepth {
		return s.fail(tooDeep, s.pos)
	}
	s.pos++
	return true
}

// more tells whether another member or element follows, in an object or list ended by end;
// first is true before the first one. When it is false and ok, the bracket is closed.
func (s *scanner) more(end byte, first bool) (more, ok bool) {
	c := s.peek()
	if c == end {
		s.pos++
		s.depth--
		return false, true
	}
	if first {
		return true, true
	}
	if c != ',' {
		return false, s.stray()
	}
	s.pos++
	if s.peek() == end {
		return false, s.stray()
	}
	return true, true
}

// key reads the name of a member and its colon. The bytes are good until the next call of the scanner.
func (s *scanner) key() (name []byte, ok bool) {
	if s.peek() != '"' {
		return nil, s.stray()
	}
	if name, ok = s.text(); !ok {
		return nil, false
	}
	if s.peek() != ':' {
		return nil, s.stray()
	}
	s.pos++
	return name, true
}

// text reads a string, whose quote is next, without its escapes.
func (s *scanner) text() (text []byte, ok bool) {
	start := s.pos + 1
	for i := start; i < len(s.buf); i++ {
		switch c := s.buf[i]; {
		case c == '"':
			s.pos = i + 1
			return s.buf[start:i], true
		case c == '\\':
			return s.escaped(start, i)
		case c < ' ':
			return nil, s.fail(badString, i)
		}
	}
	return nil, s.fail(cutShort, len(s.buf))
}

// escaped reads on from the first backslash, at i, of a string that begins at start.
func (s *scanner) escaped(start, i int) (text []byte, ok bool) {
	text = append(make([]byte, 0, i-start+32), s.buf[start:i]...)
	for i < len(s.buf) {
		switch c := s.buf[i]; {
		case c == '"':
			s.pos = i + 1
			return text, true
		case c == '\\':
			r, size, why := escape(s.buf[i:])
			if why != fine {
				return nil, s.fail(why, i)
			}
			text = utf8.AppendRune(text, r)
			i += size
		case c < ' ':
			return nil, s.fail(badString, i)
		default:
			text = append(text, c)
			i++
		}
	}
	return nil, s.fail(cutShort, len(s.buf))
}

// escape reads one escape at the start of b: the character, and how many bytes it took. Half of
// a surrogate pair is no character, and would not survive being written again.
func escape(b []byte) (r rune, size int, why reason) {
	if len(b) < 2 {
		return 0, 0, cutShort
	}
	if b[1] != 'u' {
		if i := bytes.IndexByte([]byte(`"\/bfnrt`), b[1]); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i]), 2, fine
		}
		return 0, 0, badEscape
	}
	r, why = fourHex(b[2:])
	if why != fine || !utf16.IsSurrogate(r) {
		return r, 6, why
	}
	if len(b) < 8 || b[6] != '\\' || b[7] != 'u' {
		return 0, 0, loneSurrogate
	}
	low, why := fourHex(b[8:])
	if why != fine {
		return 0, 0, why
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0, loneSurrogate
	}
	return r, 12, fine
}

func fourHex(b []byte) (r rune, why reason) {
	if len(b) < 4 {
		return 0, cutShort
	}
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, badEscape
		}
		r = r<<4 | rune(c)
	}
	return r, fine
}

// number reads a number, whose first character is next, as it is written.
func (s *scanner) number() (literal []byte, ok bool) {
	start, i := s.pos, s.pos
	if s.buf[i] == '-' {
		i++
	}
	whole := s.digits(i)
	if whole == i || s.buf[i] == '0' && whole > i+1 {
		return nil, s.fail(badNumber, start)
	}
	i = whole
	if i < len(s.buf) && s.buf[i] == '.' {
		end := s.digits(i + 1)
		if end == i+1 {
			return nil, s.fail(badNumber, start)
		}
		i = end
	}
	if i < len(s.buf) && s.buf[i]|0x20 == 'e' {
		i++
		if i < len(s.buf) && (s.buf[i] == '+' || s.buf[i] == '-') {
			i++
		}
		end := s.digits(i)
		if end == i {
			return nil, s.fail(badNumber, start)
		}
		i = end
	}
	s.pos = i
	return s.buf[start:i], true
}

// digits is the place after the digits that begin at i.
func (s *scanner) digits(i int) int {
	for i < len(s.buf) && s.buf[i] >= '0' && s.buf[i] <= '9' {
		i++
	}
	return i
}

// word reads true, false or null, whichever is next.
func (s *scanner) word(w string) bool {
	for i := range len(w) {
		if s.pos+i >= len(s.buf) || s.buf[s.pos+i] != w[i] {
			s.pos += i
			return s.stray()
		}
	}
	s.pos += len(w)
	return true
}

// skip reads one value of any kind and forgets it.
func (s *scanner) skip() bool {
	switch c := s.peek(); c {
	case '"':
		_, ok := s.text()
		return ok
	case '{', '[':
		return s.skipInside(c + 2) // the closing bracket is two after the opening one, in ASCII
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		if c == '-' || c >= '0' && c <= '9' {
			_, ok := s.number()
			return ok
		}
	}
	return s.stray()
}

func (s *scanner) skipInside(end byte) bool {
	if !s.enter() {
		return false
	}
	for first := true; ; first = false {
		more, ok := s.more(end, first)
		if !more {
			return ok
		}
		if end == '}' {
			if _, ok := s.key(); !ok {
				return false
			}
		}
		if !s.skip() {
			return false
		}
	}
}

// lineAndColumn is where pos stands in the whole text, from 1; columns are characters.
func (s *scanner) lineAndColumn() (line, column int) {
	before := s.buf[:min(s.pos, len(s.buf))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return s.above + bytes.Count(before, []byte{'\n'}) + 1, utf8.RuneCount(before[start:]) + 1
}
