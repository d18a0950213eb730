// Package rome turns instants into the civil days that the law counts with: those of Europe/Rome.
//
// It is the only place where a clock meets the calendar. The zone data is built into the binary,
// so that a machine without it decides the same.
package rome

import (
	"time"
	_ "time/tzdata" // the zone must not depend on the machine

	"omnia/engine/calendar"
)

var zone = mustLoad("Europe/Rome")

func mustLoad(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic("rome: the built-in zone data lacks " + name + ": " + err.Error())
	}
	return z
}

// Day is the civil day of t in Rome.
func Day(t time.Time) calendar.Day {
	y, m, d := t.In(zone).Date()
	return calendar.Of(y, int(m), d)
}

// Midnight is the instant at which d begins in Rome.
func Midnight(d calendar.Day) time.Time { return At(d, 0, 0) }

// At is the instant at which the clocks of Rome show that time on that day.
func At(d calendar.Day, hour, minute int) time.Time {
	y, m, day := d.Date()
	return time.Date(y, time.Month(m), day, hour, minute, 0, 0, zone).UTC()
}

// Clock is an instant as people in Rome write it: 23-11-2026 15:00.
func Clock(t time.Time) string { return t.In(zone).Format("02-01-2006 15:04") }

// Wall is an instant as cases write it, by the clocks of Rome: 2026-11-23 15:00.
func Wall(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") }
