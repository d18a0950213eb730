package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// maxDepth bounds how deep facts are nested; see [Split].
const maxDepth = 64

var errDepth = errors.New("facts are nested deeper than 64 levels")

// skipValue is the length of the JSON value that data begins with, 0 when there is none. It finds the
// end of a valid value; of others it finds some end or none.
func skipValue(data []byte) int {
	if len(data) == 0 {
		return 0
	}
	switch data[0] {
	case '"':
		return skipText(data)
	case '{', '[':
		return skipNested(data)
	}
	n := 0
	for n < len(data) && strings.IndexByte(",]}: \t\r\n\"[{", data[n]) < 0 {
		n++
	}
	return n
}

func skipText(data []byte) int {
	for i := 1 + plainWords(data[1:]); i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

func skipNested(data []byte) int {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			n := skipText(data[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// Compact tells whether data is one JSON value without blanks.
func Compact(data []byte) bool {
	n := compactValue(data, 0)
	return n > 0 && n == len(data)
}

// compactValue is the length of the JSON value without blanks that data begins with, 0 when there is none.
func compactValue(data []byte, depth int) int {
	if len(data) == 0 || depth > maxCompact {
		return 0
	}
	switch b := data[0]; {
	case b == '"':
		return compactText(data)
	case b == '{' || b == '[':
		return compactNested(data, depth)
	case b == '-' || b >= '0' && b <= '9':
		return compactNumber(data)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(data) >= len(word) && string(data[:len(word)]) == word {
			return len(word)
		}
	}
	return 0
}

const maxCompact = 1000 // deep enough for all that is written here

func compactNested(data []byte, depth int) int {
	object, n := data[0] == '{', 1
	end := data[0] + 2 // of either bracket
	if len(data) > 1 && data[1] == end {
		return 2
	}
	for n < len(data) {
		if object {
			key := compactText(data[n:])
			if n += key; key == 0 || n >= len(data) || data[n] != ':' {
				return 0
			}
			n++
		}
		value := compactValue(data[n:], depth+1)
		if n += value; value == 0 || n >= len(data) {
			return 0
		}
		switch data[n] {
		case end:
			return n + 1
		case ',':
			n++
		default:
			return 0
		}
	}
	return 0
}

func compactText(data []byte) int {
	if len(data) == 0 || data[0] != '"' {
		return 0
	}
	for n := 1 + plainWords(data[1:]); n < len(data); n++ {
		switch b := data[n]; {
		case b == '"':
			return n + 1
		case b < ' ':
			return 0
		case b == '\\':
			more := compactEscape(data[n+1:])
			if more == 0 {
				return 0
			}
			n += more
		}
	}
	return 0
}

// compactEscape is the length of what stands behind a backslash.
func compactEscape(rest []byte) int {
	switch {
	case len(rest) == 0:
		return 0
	case short[rest[0]] || rest[0] == '/':
		return 1
	case rest[0] != 'u' || len(rest) < 5:
		return 0
	}
	for _, b := range rest[1:5] {
		if !hexDigit[b] && (b < 'A' || b > 'F') {
			return 0
		}
	}
	return 5
}

func compactNumber(data []byte) (n int) {
	digits := func() bool {
		from := n
		for n < len(data) && data[n] >= '0' && data[n] <= '9' {
			n++
		}
		return n > from
	}
	if data[0] == '-' {
		n++
	}
	zero := n < len(data) && data[n] == '0'
	if from := n; !digits() || zero && n > from+1 {
		return 0
	}
	if n < len(data) && data[n] == '.' {
		if n++; !digits() {
			return 0
		}
	}
	if n < len(data) && (data[n] == 'e' || data[n] == 'E') {
		if n++; n < len(data) && (data[n] == '+' || data[n] == '-') {
			n++
		}
		if !digits() {
			return 0
		}
	}
	return n
}

// member is one of an object; both parts lie in the object's text.
type member struct{ key, value []byte }

// name is the key without its quotes and escapes.
func (m member) name() string {
	if bytes.IndexByte(m.key, '\\') < 0 {
		return string(m.key[1 : len(m.key)-1])
	}
	var s string
	_ = json.Unmarshal(m.key, &s) // part of JSON that was found valid
	return s
}

// sameName tells whether two members have the same name, however it is escaped.
func (m member) sameName(o member) bool {
	if bytes.IndexByte(m.key, '\\') < 0 && bytes.IndexByte(o.key, '\\') < 0 {
		return bytes.Equal(m.key, o.key)
	}
	return m.name() == o.name()
}

// members takes a valid JSON object without blanks apart.
func members(object []byte) []member { return appendMembers(make([]member, 0, 8), object) }

func appendMembers(list []member, object []byte) []member {
	for rest := object[1:]; rest[0] != '}'; {
		if rest[0] == ',' {
			rest = rest[1:]
		}
		k := skipText(rest)
		v := skipValue(rest[k+1:])
		list = append(list, member{rest[:k], rest[k+1 : k+1+v]})
		rest = rest[k+1+v:]
	}
	return list
}

// elements takes a valid JSON array without blanks apart.
func elements(array []byte) (list [][]byte) {
	for rest := array[1:]; rest[0] != ']'; {
		if rest[0] == ',' {
			rest = rest[1:]
		}
		n := skipValue(rest)
		list = append(list, rest[:n])
		rest = rest[n:]
	}
	return list
}

// compact is valid JSON without blanks: data itself, where it has none, as all has that we write.
func compact(data []byte) ([]byte, error) {
	if Compact(data) {
		return data, nil
	}
	if !json.Valid(data) {
		return nil, errors.New("not valid JSON")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
