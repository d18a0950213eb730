package api

import (
	"time"

	"omnia/archive"
	"omnia/engine/calendar"
	"omnia/internal/rome"
)

// knownAt reads noto_al, the instant whose knowledge of the archive is asked for: an instant, or a day,
// which means its end in Rome. It is zero when the parameter is absent: the archive as it is.
//
// Today has not ended, so it means now. What will be known later nobody can say: that is refused.
func (q *query) knownAt(now time.Time) time.Time {
	v := q.text("noto_al", "")
	if v == "" {
		return time.Time{}
	}
	at, ok := readKnownAt(v, now)
	switch {
	case !ok:
		q.wrong("noto_al", codeInstant)
	case at.After(now):
		q.wrong("noto_al", codeFuture)
	default:
		return archive.Instant(at)
	}
	return time.Time{}
}

func readKnownAt(v string, now time.Time) (at time.Time, ok bool) {
	if d, err := calendar.Parse(v); err == nil {
		if d == rome.Day(now) {
			return now, true
		}
		return rome.Midnight(d + 1).Add(-time.Microsecond), true
	}
	at, err := time.Parse(time.RFC3339Nano, v)
	return at, err == nil
}

// instantText writes an instant of the archive, always with its microseconds: two of them compare as texts.
func instantText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// orNow is t, or the instant of the request when none was asked for.
func (c *call) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return archive.Instant(c.now)
	}
	return t
}
