package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"omnia/engine/rulebook"
	"omnia/rules"
)

// Ten years later the personal values are gone, by the rule that says so; the log verifies, and a replay says what is missing.
func TestPersonalValuesAreErasedByRule(t *testing.T) {
	t.Parallel()
	livelyPlaces(t, func(t *testing.T, p *place) {
		p.record(t, 1)
		s, err := p.archiveConfig().open(t.Context(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ed, err := loadEdition(rules.FS)
		if err != nil {
			t.Fatal(err)
		}
		years := 9
		r := &retention{store: s, edition: func() *rulebook.Edition { return ed }, now: func() time.Time { return time.Now().AddDate(years, 0, 0) }}
		for _, want := range []bool{false, true, false} {
			n, rule, err := r.once(t.Context())
			if err != nil || (n > 0) != want || !strings.Contains(rule, "versione 1, edizione "+ed.Name) {
				t.Errorf("%d erased by %q, %v; want some: %t", n, rule, err, want)
			}
			years = 11
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if out := p.verified(t); !strings.Contains(out, "erasures") {
			t.Error(out)
		}
		var total struct {
			Different     int
			NotReplayable map[string]int `json:"not_replayable"`
		}
		text := p.run(t, "replay", "--all", "--json")
		if err := json.Unmarshal([]byte(text), &total); err != nil || total.Different != 0 || total.NotReplayable["erased"] == 0 {
			t.Errorf("%v: %s", err, text)
		}
	})
}

// slowKeeper has more than one round can erase.
type slowKeeper struct{ left, rounds int }

func (k *slowKeeper) ExpirePersonal(_ context.Context, _ time.Time, _ string, most int) (int, error) {
	n := min(k.left, most)
	k.left -= n
	k.rounds++
	return n, nil
}

func TestRetentionGoesOnUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	ed, err := loadEdition(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	k := &slowKeeper{left: 2*retainAtOnce + 5}
	r := &retention{store: k, edition: func() *rulebook.Edition { return ed }, now: time.Now}
	if n, _, err := r.once(t.Context()); err != nil || n != 2*retainAtOnce+5 || k.rounds != 3 {
		t.Errorf("%d erased in %d rounds, %v", n, k.rounds, err)
	}
}
