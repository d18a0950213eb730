package modeltest

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tastes are the kinds of cases that are compared.
var tastes = []struct {
	name string
	taste
}{
	{"CIGO in quiet years", taste{sectors: letters, from: date(2016, 1, 4), to: date(2019, 12, 31), ask: "CIGO"}},
	{"CIGO with used days", taste{sectors: letters, from: date(2016, 1, 4), to: date(2019, 12, 31), ask: "CIGO", used: true}},
	{"CIGO with everything", taste{sectors: letters, from: date(2015, 9, 1), to: date(2026, 12, 31), ask: "CIGO", used: true, mixed: true, odd: true}},
	{"CIGO up to the limits", taste{sectors: letters, from: date(2016, 1, 4), to: date(2022, 12, 31), ask: "CIGO", heavy: true}},
	{"CIGS up to the limits", taste{sectors: letters, from: date(2017, 10, 1), to: date(2024, 12, 31), ask: "CIGS", odd: true, heavy: true}},
	{"FIS up to the limits", taste{sectors: []string{"fis"}, from: date(2017, 1, 2), to: date(2025, 12, 31), ask: "AIS", heavy: true}},
	{"no request", taste{sectors: append(letters, "fis", "altro"), from: date(2016, 1, 4), to: date(2026, 12, 31), ask: "none", used: true, mixed: true, odd: true}},
	{"CIGS", taste{sectors: letters, from: date(2017, 10, 1), to: date(2026, 12, 31), ask: "CIGS", odd: true, mixed: true}},
	{"FIS before 2022", taste{sectors: []string{"fis"}, from: date(2016, 1, 4), to: date(2021, 6, 30), ask: "AIS", used: true, mixed: true, odd: true}},
	{"FIS and funds", taste{sectors: []string{"fis", "fis", "fondo"}, from: date(2019, 1, 1), to: date(2026, 12, 31), used: true, mixed: true, odd: true}},
	{"the year of Ukraine", taste{sectors: letters, from: date(2022, 3, 1), to: date(2023, 2, 28), used: true, mixed: true}},
	{"weather summers", taste{sectors: []string{"m", "n", "o"}, from: date(2023, 1, 2), to: date(2026, 12, 31), ask: "CIGO", odd: true}},
}

// TestEngineAgreesWithTheModel compares every field of every counter on generated cases.
func TestEngineAgreesWithTheModel(t *testing.T) {
	for _, w := range tastes {
		t.Run(w.name, func(t *testing.T) {
			gen := w.facts()
			rapid.Check(t, func(t *rapid.T) {
				f := gen.Draw(t, "facts")
				r := replyTo(t, f)
				var out []string
				for i, a := range open(f, today).answers() {
					if r.Items[i].ID != a.id {
						t.Fatalf("item %d is %s, want %s", i, r.Items[i].ID, a.id)
					}
					out = append(out, differences(a, &r.Items[i])...)
				}
				if len(out) > 0 {
					t.Fatalf("%s\n%s", strings.Join(out, "\n"), f.json())
				}
			})
		})
	}
}
