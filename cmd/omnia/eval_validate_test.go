package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestEvalValidatesAForm(t *testing.T) {
	t.Parallel()
	const body = `{"form": "cigo", "facts": {"richiesta": {"prestazione": "CIGO", "dal": "2025-03-04"}}}`
	code, stdout, stderr := call(t, body, "eval", "--kind", "validate", "-")
	if code != 0 {
		t.Fatal(stderr)
	}
	var answer struct {
		Decision struct{ ID, Instant string }
		Outcome  string
		Findings []struct {
			Code   string
			Fields []string
		}
		Missing []struct{ Field string }
	}
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Outcome != "invalid" || len(answer.Findings) != 1 || answer.Findings[0].Code != "not_monday" || answer.Findings[0].Fields[0] != "richiesta.dal" {
		t.Errorf("%s", stdout)
	}
	if len(answer.Missing) == 0 || answer.Decision.ID == "" || answer.Decision.Instant == "" {
		t.Errorf("%s", stdout)
	}
}

func TestEvalRefusesWhatIsNoForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body, want string }{
		{"another form", `{"form": "cigs", "facts": {}}`, "unknown_form"},
		{"no form", `{"facts": {}}`, "/form: required"},
		{"a wrong type", `{"form": "cigo", "facts": {"richiesta": {"dal": 3}}}`, "/facts/richiesta/dal: wrong_type"},
		{"a day that can't be read", `{"form": "cigo", "facts": {"richiesta": {"dal": "2025-02-30"}}}`, "/facts/richiesta/dal: invalid_date"},
	} {
		code, _, stderr := call(t, tt.body, "eval", "--kind", "validate", "-")
		if code != 1 || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: %d %s", tt.name, code, stderr)
		}
	}
}
