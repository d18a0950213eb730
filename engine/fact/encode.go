package fact

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// AppendJSON writes the facts as canonical JSON: declared order, no blanks, no key without a
// value, exact numbers. Presumed facts are left out, for they were not given; values that lenient
// reading refused are written as they came. Reading the result gives the same facts.
func (f *Facts) AppendJSON(dst []byte, includePersonal bool) []byte {
	return AppendRecord(dst, f.Vocabulary.Root, f.Root, includePersonal)
}

// Digest names the facts that are not personal: "sha256:" and the hash of their canonical JSON.
func (f *Facts) Digest() string {
	room := digestRoom.Get().(*[]byte)
	*room = f.AppendJSON((*room)[:0], false)
	sum := sha256.Sum256(*room)
	digestRoom.Put(room)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// digestRoom lends out the room in which facts are written only to be hashed.
var digestRoom = sync.Pool{New: func() any { return new([]byte) }}

// AppendRecord is [Facts.AppendJSON] for one record of any group.
func AppendRecord(dst []byte, g *Group, rec Record, includePersonal bool) []byte {
	e := encoder{personal: includePersonal}
	if out, any := e.object(dst, g.tree, rec); any {
		return out
	}
	return append(dst, "{}"...)
}

// AppendValue writes one value as [AppendRecord] does inside an object; nothing when there is none.
func AppendValue(dst []byte, f *Field, v *Value) []byte {
	e := encoder{personal: true}
	dst, _ = e.value(dst, f, v)
	return dst
}

type encoder struct{ personal bool }

// object writes o; any is false, and dst as it was, when nothing in it has a value.
func (e *encoder) object(dst []byte, o *object, rec Record) (out []byte, any bool) {
	out = append(dst, '{')
	for i := range o.members {
		m := &o.members[i]
		before := len(out)
		if any {
			out = append(out, ',')
		}
		out = append(appendText(out, m.name), ':')
		var written bool
		if m.child != nil {
			out, written = e.object(out, m.child, rec)
		} else {
			out, written = e.value(out, m.field, &rec[m.field.Slot])
		}
		if !written {
			out = out[:before]
		}
		any = any || written
	}
	if !any {
		return out[:len(dst)], false
	}
	return append(out, '}'), true
}

// value writes v; false when there is nothing to write.
func (e *encoder) value(dst []byte, f *Field, v *Value) ([]byte, bool) {
	if f.Personal && !e.personal || v.State == Presumed {
		return dst, false
	}
	if v.State == Unknown {
		return append(dst, v.Text...), v.Text != ""
	}
	switch f.Type {
	case Text, Code:
		return appendText(dst, v.Text), true
	case Bool:
		return strconv.AppendBool(dst, v.Bool()), true
	case Integer:
		return strconv.AppendInt(dst, v.Num, 10), true
	case Decimal:
		return appendDecimal(dst, v.Rat), true
	case Date:
		return appendDay(dst, v.Day()), true
	case Days:
		dst = append(dst, '[')
		for i, d := range v.Days() {
			dst = appendDay(comma(dst, i), d)
		}
		return append(dst, ']'), true
	}
	dst = append(dst, '[')
	for i, rec := range v.Rows() {
		var any bool
		if f.Element.bare {
			dst, _ = e.value(comma(dst, i), f.Element.Fields[0], &rec[0])
			continue
		}
		if dst, any = e.object(comma(dst, i), f.Element.tree, rec); !any {
			dst = append(dst, "{}"...)
		}
	}
	return append(dst, ']'), true
}

func appendDay(dst []byte, d calendar.Day) []byte {
	return append(d.Append(append(dst, '"')), '"')
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

// appendDecimal writes r as a JSON number when it has finitely many decimals, else as the text of
// the fraction.
func appendDecimal(dst []byte, r quantity.Rat) []byte {
	if n, ok := r.Int64(); ok {
		return strconv.AppendInt(dst, n, 10)
	}
	if out, ok := appendShort(dst, r); ok {
		return out
	}
	b := r.Big()
	if digits, exact := b.FloatPrec(); exact {
		return append(dst, b.FloatString(digits)...)
	}
	return appendText(dst, r.String())
}

// appendShort is appendDecimal for numbers of up to four decimals, nearly all there are.
func appendShort(dst []byte, r quantity.Rat) ([]byte, bool) {
	for digits, scale := 1, int64(10); digits <= 4; digits, scale = digits+1, scale*10 {
		n, ok := r.Mul(quantity.Int(scale)).Int64()
		if !ok {
			continue
		}
		if n < 0 {
			dst, n = append(dst, '-'), -n
		}
		dst = strconv.AppendInt(dst, n/scale, 10)
		dst = append(dst, '.')
		for scale /= 10; scale > 0; scale /= 10 {
			dst = append(dst, '0'+byte(n/scale%10))
		}
		return dst, true
	}
	return dst, false
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON string, escaping only what must be.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
