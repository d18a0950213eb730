package storetest

import (
	"testing"
	"time"

	"omnia/chat"
	"omnia/chat/chattest"
	"omnia/engine/rulebook"
	"omnia/rules"
)

// overtaken runs a few of the sequences of the queue on the database; many more run in memory, in the tests of chat.
func overtaken(t *testing.T, open Open) {
	ed, defects := rulebook.Load(rules.FS)
	if len(defects) > 0 {
		t.Fatal(defects)
	}
	plan := func(now func() time.Time) chat.Rules { return chat.PlanOf(ed, now) }
	for seed := range uint64(3) {
		chattest.NobodyIsOvertaken(t, open(t).Chat(), plan, 3*time.Minute, 10_000+seed, 60)
	}
}
