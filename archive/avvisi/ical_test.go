package avvisi_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"pgregory.net/rapid"

	"omnia/archive/avvisi"
	"omnia/engine/calendar"
)

var stamp = time.Date(2026, 11, 23, 5, 0, 0, 0, time.FixedZone("CET", 3600))

func alert(id, title, text string) avvisi.Alert {
	return avvisi.Alert{
		ID: id, Kind: avvisi.Conguaglio, Severity: "warning", Matricola: "0907451236", Dated: true,
		On: calendar.MustParse("2026-12-31"), Title: title, Text: text,
	}
}

func TestAFeedIsReadBackAsItWas(t *testing.T) {
	t.Parallel()
	undated := alert("b", "senza giorno", "")
	undated.Dated = false
	feed := avvisi.ICal([]avvisi.Alert{alert("a", `Zennaro; Figli, \ "S.n.c."`, "Prima riga,\nseconda: à è ì — 26 settimane; "+strings.Repeat("così è ", 40)), undated}, "Avvisi: Studio Colonna, Roma", stamp)
	cal, err := ics.ParseCalendar(bytes.NewReader(feed))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(cal.Events()); n != 1 {
		t.Fatalf("%d events: those without a day of their own are no events", n)
	}
	e := cal.Events()[0]
	for property, want := range map[ics.ComponentProperty]string{
		ics.ComponentPropertyUniqueId: "a", ics.ComponentPropertyDtstamp: "20261123T040000Z",
		ics.ComponentPropertySummary: `Zennaro; Figli, \ "S.n.c."`, ics.ComponentPropertyDtStart: "20261231", ics.ComponentPropertyDtEnd: "20270101",
		ics.ComponentPropertyDescription: "Prima riga,\nseconda: à è ì — 26 settimane; " + strings.Repeat("così è ", 40),
		ics.ComponentPropertyCategories:  "conguaglio", ics.ComponentPropertyPriority: "5",
	} {
		p := e.GetProperty(property)
		if p == nil {
			t.Errorf("no %s", property)
			continue
		}
		if p.Value != want && ics.FromText(p.Value) != want {
			t.Errorf("%s is %q, not %q", property, p.Value, want)
		}
	}
	if v := e.GetProperty(ics.ComponentPropertyDtStart).ICalParameters["VALUE"]; len(v) != 1 || v[0] != "DATE" {
		t.Errorf("the day is not a DATE: %v", v)
	}
	for _, line := range []string{"REFRESH-INTERVAL;VALUE=DURATION:PT12H\r\n", "METHOD:PUBLISH\r\n", "X-WR-CALNAME:Avvisi: Studio Colonna\\, Roma\r\n", "VERSION:2.0\r\n"} {
		if !bytes.Contains(feed, []byte("\r\n"+line)) {
			t.Errorf("the feed lacks the line %q", line)
		}
	}
}

// Whatever a company is called, every line obeys section 3.1 of RFC 5545, and no text can write a
// line of its own.
func TestNoTextBreaksAFeed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		title, body := text.Draw(t, "title"), text.Draw(t, "text")
		feed := avvisi.ICal([]avvisi.Alert{alert("a", title, body)}, text.Draw(t, "name"), stamp)
		if !bytes.HasSuffix(feed, []byte("END:VCALENDAR\r\n")) {
			t.Fatal("the feed does not end")
		}
		begins := 0
		for _, line := range strings.Split(strings.TrimSuffix(string(feed), "\r\n"), "\r\n") {
			switch {
			case len(line) > 75:
				t.Errorf("a line has %d octets: %q", len(line), line)
			case !utf8.ValidString(line):
				t.Errorf("a line is cut within a character: %q", line)
			case strings.ContainsAny(line, "\r\n\x00\x07\x7f"):
				t.Errorf("a control character is left: %q", line)
			case strings.HasPrefix(line, "BEGIN:VEVENT"):
				begins++
			}
		}
		if begins != 1 {
			t.Errorf("%d events in a feed of one", begins)
		}
	})
}

func TestAnEmptyFeedIsACalendar(t *testing.T) {
	t.Parallel()
	cal, err := ics.ParseCalendar(bytes.NewReader(avvisi.ICal(nil, "Avvisi", stamp)))
	if err != nil {
		t.Fatal(err)
	}
	if len(cal.Events()) != 0 {
		t.Error("an event out of nothing")
	}
}
