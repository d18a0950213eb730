package rulebook_test

import (
	"testing"

	"omnia/engine/rulebook"
	"omnia/rules"
)

func TestShippedRulesHaveNoDefects(t *testing.T) {
	t.Parallel()
	_, defects := rulebook.Load(rules.FS)
	for i := range defects {
		t.Error(defects[i].String())
	}
}
