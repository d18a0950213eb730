// Package storetest is the one suite that the store must pass on both databases. A part of it is one
// concept: what a method promises is tested here once, from outside, on an empty store of the test's own.
package storetest

import (
	"testing"
	"time"

	"omnia/store"
)

// Open gives an empty, migrated store of the test's own, closed when the test ends.
type Open func(t testing.TB) *store.Store

// parts are the suite, by concept.
var parts = []struct {
	name string
	run  func(t *testing.T, open Open)
}{
	{"posizioni", posizioni},
	{"provvedimenti", provvedimenti},
	{"ricerca", ricerca},
	{"casi", casi},
	{"insieme", insieme},
	{"transazioni", transazioni},
	{"deleghe", deleghe},
	{"matricole", matricole},
	{"accessi", accessi},
	{"risposte", risposte},
	{"bozze", bozze},
	{"esportazioni", esportazioni},
	{"conversazioni", conversazioni},
	{"registro", registro},
	{"edizioni", edizioni},
	{"ricerca nel registro", registroCerca},
	{"dati personali nel registro", registroErase},
	{"firme del registro", registroFirme},
}

// Run runs the whole suite.
func Run(t *testing.T, open func(t testing.TB) *store.Store) {
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			p.run(t, open)
		})
	}
}

// tick waits until the clock of the archive, which has microseconds, has gone on, and gives its time: an
// instant after all that was written before and before all that is written later.
func tick() time.Time {
	time.Sleep(2 * time.Microsecond)
	at := time.Now().UTC().Truncate(time.Microsecond)
	time.Sleep(2 * time.Microsecond)
	return at
}
