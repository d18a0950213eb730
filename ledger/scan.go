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
	for i := 1; i < len(data); i++ {
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
func members(object []byte) []member {
	list := make([]member, 0, 8)
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

// compact is valid JSON without blanks, a copy.
func compact(data []byte) ([]byte, error) {
	if !json.Valid(data) {
		return nil, errors.New("not valid JSON")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
