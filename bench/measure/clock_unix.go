//go:build unix

package measure

import (
	"syscall"
	"time"
)

// clock is the processor time that this process has used, in all its threads: on a machine that
// others use too it is far steadier than the time of day, and the garbage collector is in it.
func clock() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no process without its usage
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
