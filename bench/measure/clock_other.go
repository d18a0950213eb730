//go:build !unix

package measure

import "time"

var start = time.Now()

// clock is the time of day where the processor time is not at hand.
func clock() time.Duration { return time.Since(start) }
