package chat_test

import (
	"testing"
	"time"

	"omnia/chat"
	"omnia/chat/chattest"
	"omnia/engine/rulebook"
	"omnia/rules"
)

// Under the rules that are shipped, nobody is overtaken, whatever people do.
func TestNobodyIsOvertaken(t *testing.T) {
	t.Parallel()
	ed, defects := rulebook.Load(rules.FS)
	if len(defects) > 0 {
		t.Fatal(defects)
	}
	plan := func(now func() time.Time) chat.Rules { return chat.PlanOf(ed, now) }
	for seed := range uint64(500) {
		chattest.NobodyIsOvertaken(t, &chattest.Memory{}, plan, 3*time.Minute, seed, 80)
	}
}
