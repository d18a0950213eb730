package replay

import (
	"encoding/json"
	"strconv"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// writer is compact JSON that grows at its end: members without a value are left out.
type writer []byte

func (b writer) open() writer  { return append(b, '{') }
func (b writer) close() writer { return append(b, '}') }

// key writes the name of the next value, after a comma unless it is the first of its object.
func (b writer) key(name string) writer {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), '"', ':')
}

// text is left out when empty.
func (b writer) text(name, s string) writer {
	if s == "" {
		return b
	}
	return b.key(name).string(s)
}

func (b writer) number(name string, n int) writer {
	return strconv.AppendInt(b.key(name), int64(n), 10)
}

func (b writer) day(name string, d *calendar.Day) writer {
	if d == nil {
		return b
	}
	return b.key(name).date(*d)
}

func (b writer) date(d calendar.Day) writer { return append(d.Append(append(b, '"')), '"') }

func (b writer) amount(name string, q *quantity.Quantity) writer {
	if q == nil {
		return b
	}
	return b.key(name).exact(q.Value)
}

// exact is an integer or a reduced fraction, as text.
func (b writer) exact(v quantity.Rat) writer {
	num, den, small := v.Frac64()
	if !small {
		return b.string(v.String())
	}
	b = strconv.AppendInt(append(b, '"'), num, 10)
	if den != 1 {
		b = strconv.AppendInt(append(b, '/'), den, 10)
	}
	return append(b, '"')
}

// string writes a text with its quotes. Nearly all are codes and paths, which stand for themselves.
func (b writer) string(s string) writer {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a text can always be written
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// array is left out when empty.
func array[T any](b writer, name string, all []T, write func(writer, *T) writer) writer {
	if len(all) == 0 {
		return b
	}
	b = append(b.key(name), '[')
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = write(b, &all[i])
	}
	return append(b, ']')
}
