package api

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"omnia/engine/calendar"
	"omnia/internal/fault"
)

// query reads the parameters of a request and collects every defect, so that they are reported
// together. A pointer to a parameter is "/query/" and its name.
type query struct {
	lang    string
	values  url.Values
	known   []string
	defects []fault.Detail
}

// maxText is the longest text of a parameter, in characters.
const maxText = 200

func readQuery(c *call) *query {
	q := &query{lang: c.lang}
	values, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		q.wrong("", codeQuerySyntax)
	}
	q.values = values
	return q
}

func (q *query) wrong(name, code string, args ...any) {
	pointer := "/query"
	if name != "" {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	q.defects = append(q.defects, defect(q.lang, pointer, code, args...))
}

// text is the value of a parameter; fallback when it is absent or empty.
func (q *query) text(name, fallback string) string { return q.bounded(name, fallback, maxText) }

// bounded is text of at most that many characters.
func (q *query) bounded(name, fallback string, most int) string {
	q.known = append(q.known, name)
	values := q.values[name]
	if len(values) > 1 {
		q.wrong(name, codeRepeated)
	}
	if len(values) == 0 || values[0] == "" {
		return fallback
	}
	if utf8.RuneCountInString(values[0]) > most {
		q.wrong(name, codeTooLong, most)
		return fallback
	}
	return values[0]
}

// plain is text without control characters; a NUL in a search is never meant.
func (q *query) plain(name string) string {
	v := q.text(name, "")
	if !plainText(v, maxText) {
		q.wrong(name, codeText)
		return ""
	}
	return v
}

// choice is one of the allowed values, the first of them when the parameter is absent.
func (q *query) choice(name string, allowed ...string) string {
	v := q.text(name, allowed[0])
	if !slices.Contains(allowed, v) {
		q.wrong(name, codeChoice, strings.Join(slices.DeleteFunc(slices.Clone(allowed), isEmpty), ", "))
		return allowed[0]
	}
	return v
}

func isEmpty(s string) bool { return s == "" }

// day is a civil day.
func (q *query) day(name string, fallback calendar.Day) calendar.Day {
	v := q.text(name, "")
	if v == "" {
		return fallback
	}
	d, err := calendar.Parse(v)
	if err != nil {
		q.wrong(name, codeDay)
		return fallback
	}
	return d
}

func (q *query) limit() int {
	v := q.text("limit", strconv.Itoa(defaultLimit))
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxLimit {
		q.wrong("limit", codeLimit, maxLimit)
		return defaultLimit
	}
	return n
}

// err is what was wrong, parameters that nobody asked for included: one that is silently ignored
// is a trap for who mistyped it.
func (q *query) err() error {
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		if !slices.Contains(q.known, name) {
			q.wrong(name, codeUnknownParameter, orNone(q.known))
		}
	}
	if len(q.defects) == 0 {
		return nil
	}
	return failure(q.lang, codeQuery).With(q.defects...)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "–"
	}
	return strings.Join(names, ", ")
}
