package avvisi

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// refresh is how often a calendar should ask again: alerts change by the day.
const refresh = "PT12H"

// ICal is a feed for calendars (RFC 5545): one all-day event for each alert that has a day of its
// own. name is what the calendar is called; stamp is the instant at which the alerts were found. The
// UID of an event is the id of its alert, so that a calendar that asks again moves it.
func ICal(alerts []Alert, name string, stamp time.Time) []byte {
	var b ical
	b.line("BEGIN", "VCALENDAR")
	b.line("VERSION", "2.0")
	b.line("PRODID", "-//omnia//avvisi//IT")
	b.line("CALSCALE", "GREGORIAN")
	b.line("METHOD", "PUBLISH")
	b.text("NAME", name)
	b.text("X-WR-CALNAME", name)
	b.line("REFRESH-INTERVAL;VALUE=DURATION", refresh)
	b.line("X-PUBLISHED-TTL", refresh)
	at := stamp.UTC().Format("20060102T150405Z")
	for i := range alerts {
		if alerts[i].Dated {
			b.event(&alerts[i], at)
		}
	}
	b.line("END", "VCALENDAR")
	return b.out
}

// ical writes content lines.
type ical struct{ out []byte }

func (b *ical) event(a *Alert, stamp string) {
	b.line("BEGIN", "VEVENT")
	b.line("UID", a.ID)
	b.line("DTSTAMP", stamp)
	b.line("DTSTART;VALUE=DATE", compact(a.On.String()))
	b.line("DTEND;VALUE=DATE", compact((a.On + 1).String())) // the day after: the end is exclusive
	b.text("SUMMARY", a.Title)
	b.text("DESCRIPTION", a.Text)
	b.text("CATEGORIES", string(a.Kind))
	b.line("PRIORITY", strconv.Itoa(1+4*gravity(a.Severity))) // 1 is the highest of RFC 5545, 5 the middle, 9 the lowest
	b.line("TRANSP", "TRANSPARENT")
	b.line("END", "VEVENT")
}

// compact is a day as calendars write it: 20261123.
func compact(day string) string { return strings.ReplaceAll(day, "-", "") }

// text writes a property of free text.
func (b *ical) text(name, value string) { b.line(name, escape.Replace(value)) }

// escape is RFC 5545 section 3.3.11; control characters, which no text may have, become blanks.
var escape = strings.NewReplacer(escapes()...)

func escapes() []string {
	out := []string{`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`}
	for c := rune(0); c < 0x20; c++ {
		if c != '\n' && c != '\r' && c != '\t' {
			out = append(out, string(c), " ")
		}
	}
	return append(out, "\x7f", " ")
}

// maxLine is how many octets a line may have, its end apart (section 3.1).
const maxLine = 75

// line writes one property, folded before its 76th octet and never within a character.
func (b *ical) line(name, value string) {
	rest := name + ":" + value
	for room := maxLine; len(rest) > room; room = maxLine - 1 {
		cut := room
		for cut > 1 && !utf8.RuneStart(rest[cut]) {
			cut--
		}
		b.out = append(append(b.out, rest[:cut]...), "\r\n "...)
		rest = rest[cut:]
	}
	b.out = append(append(b.out, rest...), "\r\n"...)
}
