package fact

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"omnia/engine/quantity"
	"omnia/internal/fault"
)

// maxDetails bounds what one body can make us say; the rest is only counted.
const maxDetails = 1000

// maxFindings bounds what lenient reading tells of one form: five thousand workers with four wrong values each.
const maxFindings = 20_000

// Codes of what is wrong with a body. Each has its sentences in messages.go.
const (
	malformedJSON = "malformed_json" // 400
	unknownField  = "unknown_field"
	duplicateKey  = "duplicate_key"
	trailingData  = "trailing_data"
	tooDeepCode   = "too_deep"

	wrongType        = "wrong_type" // 422
	invalidDate      = "invalid_date"
	notExact         = "not_exact"
	notInteger       = "not_integer"
	outOfRange       = "out_of_range"
	tooLong          = "too_long"
	tooMany          = "too_many"
	unknownCode      = "unknown_code"
	emptyText        = "empty"
	controlCharacter = "control_character"
	dateOrder        = "date_order"
	duplicateValue   = "duplicate_" // and the name of the field
	missing          = "required"

	tooManyErrors = "too_many_errors" // the kind of the others
)

// report gathers the defects of one body, each at the place where the reader stands.
type report struct {
	lang                         string
	base                         string // pointer of the value that the path starts from
	path                         []step
	malformed, invalid, findings []fault.Detail
	dropped                      int
	untold                       int    // findings beyond maxFindings
	untoldAt                     string // where the first of them is
}

// step is one level of a path: a name, or a row when row is not negative.
type step struct {
	name string
	row  int
}

func (r *report) push(name string, row int) { r.path = append(r.path, step{name, row}) }
func (r *report) pop()                      { r.path = r.path[:len(r.path)-1] }

// names goes down the objects that a dotted name passes through; the value of a bare row has none.
func (r *report) names(dotted string) {
	for name := range strings.SplitSeq(dotted, ".") {
		if name != "" {
			r.push(name, -1)
		}
	}
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// pointer is the place in hand, with further names below it.
func (r *report) pointer(below ...string) string {
	b := []byte(r.base)
	for _, s := range r.path {
		b = append(b, '/')
		if s.row >= 0 {
			b = strconv.AppendInt(b, int64(s.row), 10)
		} else {
			b = append(b, s.name...)
		}
	}
	for _, name := range below {
		b = append(append(b, '/'), escapePointer.Replace(name)...)
	}
	return string(b)
}

// full tells that enough was said; what is dropped is counted.
func (r *report) full() bool {
	if len(r.malformed)+len(r.invalid) < maxDetails {
		return false
	}
	r.dropped++
	return true
}

// syntax reports the error that stopped the scanner. It is said even when the report is full.
func (r *report) syntax(s *scanner) {
	code := malformedJSON
	switch s.reason {
	case tooDeep:
		code = tooDeepCode
	case trailing:
		code = trailingData
		r.path = r.path[:0]
	}
	line, column := s.lineAndColumn()
	r.malformed = append(r.malformed, fault.Detail{
		Pointer: r.pointer(), Code: code,
		Text: fmt.Sprintf(syntaxTexts[s.reason][r.lang], line, column),
	})
}

func (r *report) malformedAt(code string, args ...any) {
	if r.full() {
		return
	}
	r.malformed = append(r.malformed, fault.Detail{Pointer: r.pointer(), Code: code, Text: r.sentence(code, args...)})
}

// unknownField reports a key that o does not have, with the one that was probably meant.
func (r *report) unknownField(o *object, name string) {
	if r.full() {
		return
	}
	short := shorten(name)
	text := r.sentence(unknownField, short)
	if near := Nearest(name, o.names()); near != "" {
		text += " " + r.sentence("did_you_mean", near)
	} else if names := o.names(); len(names) <= 20 {
		text += " " + r.sentence("allowed_here", strings.Join(names, ", "))
	}
	r.malformed = append(r.malformed, fault.Detail{Pointer: r.pointer(short), Code: unknownField, Text: text})
}

func (r *report) invalidType(label, want, got string) {
	if r.full() {
		return
	}
	text := r.sentence("null")
	if got != "null" {
		text = r.sentence(wrongType, typeTexts[want][r.lang], gotTexts[got][r.lang])
	}
	r.invalid = append(r.invalid, fault.Detail{Pointer: r.pointer(), Code: wrongType, Text: labelled(label, text)})
}

func (r *report) invalidAt(f *Field, code string, args ...any) {
	if !r.full() {
		r.invalid = append(r.invalid, r.detail(f, code, args))
	}
}

func (r *report) findingAt(f *Field, code string, args ...any) {
	if len(r.findings) < maxFindings {
		r.findings = append(r.findings, r.detail(f, code, args))
		return
	}
	if r.untold++; r.untold == 1 {
		r.untoldAt = r.pointer()
	}
}

// detail words a defect of a value. Values of personal facts are never repeated: messages reach logs.
func (r *report) detail(f *Field, code string, args []any) fault.Detail {
	if f == nil {
		return fault.Detail{Pointer: r.pointer(), Code: code, Text: r.sentence(code, args...)}
	}
	var text string
	switch {
	case code == outOfRange:
		text = r.bounds(f)
	case code == unknownCode:
		text = r.codes(f, args[0].(string))
	case code == tooLong && f.Type.IsNumber():
		text = r.sentence("number_too_long", quantity.MaxDigits)
	case code == InvalidFormat:
		text = r.sentence(code, formats[f.Format].Says.In(r.lang))
	case code == invalidDate && f.Personal:
		text = r.sentence(code, "…")
	case strings.HasPrefix(code, duplicateValue):
		text = r.sentence(duplicateValue, args...)
	default:
		text = r.sentence(code, args...)
	}
	return fault.Detail{Pointer: r.pointer(), Code: code, Text: labelled(f.Label.In(r.lang), text)}
}

func (r *report) bounds(f *Field) string {
	switch {
	case f.Min != nil && f.Max != nil:
		return r.sentence("between", f.Min, f.Max)
	case f.Min != nil:
		return r.sentence("at_least", f.Min)
	case f.Max != nil:
		return r.sentence("at_most", f.Max)
	}
	return r.sentence("fits_64_bits")
}

func (r *report) codes(f *Field, written string) string {
	codes := make([]string, len(f.Options))
	for i, o := range f.Options {
		codes[i] = o.Code
	}
	if f.Personal {
		written = "…"
	}
	text := r.sentence(unknownCode, shorten(written))
	if near := Nearest(written, codes); near != "" {
		return text + " " + r.sentence("did_you_mean", near)
	}
	return text + " " + r.sentence("allowed_codes", strings.Join(codes, ", "))
}

// labelled puts the name of the field before the sentence, which else begins in upper case.
func labelled(label, text string) string {
	if label == "" {
		first, size := utf8.DecodeRuneInString(text)
		return string(unicode.ToUpper(first)) + text[size:]
	}
	return label + ": " + text
}

// shorten keeps a message readable whatever was sent.
func shorten(s string) string {
	const most = 60
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}

func (r *report) sentence(code string, args ...any) string {
	text := sentences[code][r.lang]
	if len(args) == 0 || !strings.Contains(text, "%") {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// err is the fault of everything gathered, or nil.
func (r *report) err() error {
	switch {
	case len(r.malformed) > 0:
		return r.fault(fault.Malformed, r.mostBasic(), "body_malformed", append(r.malformed, r.invalid...))
	case len(r.invalid) > 0:
		return r.fault(fault.Invalid, "invalid_input", "body_invalid", r.invalid)
	}
	return nil
}

func (r *report) fault(k fault.Kind, code, text string, details []fault.Detail) error {
	f := fault.New(k, code, r.sentence(text)).With(details...)
	if r.dropped > 0 {
		f.Details = append(f.Details, fault.Detail{Code: tooManyErrors, Text: r.sentence(tooManyErrors, r.dropped)})
	}
	return f
}

// mostBasic is the code that explains the others: a text that is not JSON before a wrong key.
func (r *report) mostBasic() string {
	for _, code := range []string{malformedJSON, tooDeepCode, trailingData, duplicateKey} {
		for _, d := range r.malformed {
			if d.Code == code {
				return code
			}
		}
	}
	return unknownField
}

// languageOf is lang when there are messages in it, else Italian.
func languageOf(lang string) string {
	for _, l := range quantity.Languages {
		if l == lang {
			return l
		}
	}
	return quantity.Languages[0]
}
