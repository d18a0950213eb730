package ledger

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The quick reading of days and instants agrees with that of the library.
func TestDaysAndInstantsAreThoseOfTheCalendar(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`(0000|19[0-9]{2}|20[0-9]{2})-(0[0-9]|1[0-4])-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\.[0-9]{3}Z`),
			rapid.StringMatching(`[0-9]{4}-(02|12)-(28|29|30|31|32)T2[34]:59:(59|60)\.999[Zz]`),
		).Draw(t, "instant")
		_, err := time.Parse(instantLayout, text)
		c := cursor{data: []byte(`"` + text + `"`)}
		if c.instant(); (c.err == nil) != (err == nil) {
			t.Fatalf("%s: %v, the library says %v", text, c.err, err)
		}
		_, err = time.Parse(time.DateOnly, text[:10])
		c = cursor{data: []byte(`"` + text[:10] + `"`)}
		if c.dayOrNone(); (c.err == nil) != (err == nil) {
			t.Fatalf("%s: %v, the library says %v", text[:10], c.err, err)
		}
	})
}
