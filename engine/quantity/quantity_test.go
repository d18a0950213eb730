package quantity_test

import (
	"encoding/json"
	"strings"
	"testing"

	"omnia/engine/quantity"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value      string
		unit       quantity.Unit
		perWeek    int64
		it, en, de string
	}{
		{"315/13", quantity.Months, 5, "24 mesi e 1 settimana", "24 months and 1 week", "24 Monate und 1 Woche"},
		{"6/13", quantity.Months, 5, "2 settimane", "2 weeks", "2 Wochen"},
		{"16/13", quantity.Months, 5, "1 mese e 1 settimana", "1 month and 1 week", "1 Monat und 1 Woche"},
		{"61/30", quantity.Months, 5, "2 mesi e 1 giorno", "2 months and 1 day", "2 Monate und 1 Tag"},
		{"1/7", quantity.Months, 5, "0,14 mesi", "0.14 months", "0,14 Monate"},
		{"52/5", quantity.Weeks, 5, "10 settimane e 2 giorni", "10 weeks and 2 days", "10 Wochen und 2 Tage"},
		{"26/3", quantity.Weeks, 6, "8 settimane e 4 giorni", "8 weeks and 4 days", "8 Wochen und 4 Tage"},
		{"26/3", quantity.Weeks, 5, "8,67 settimane", "8.67 weeks", "8,67 Wochen"},
		{"52/5", quantity.Weeks, 0, "10,4 settimane", "10.4 weeks", "10,4 Wochen"},
		{"1/5", quantity.Weeks, 5, "1 giorno", "1 day", "1 Tag"},
		{"6", quantity.Weeks, 5, "6 settimane", "6 weeks", "6 Wochen"},
		{"1", quantity.Weeks, 5, "1 settimana", "1 week", "1 Woche"},
		{"0", quantity.Weeks, 5, "0 settimane", "0 weeks", "0 Wochen"},
		{"41600/3", quantity.Hours, 5, "13.866,67 ore", "13,866.67 hours", "13.866,67 Stunden"},
		{"1", quantity.Hours, 5, "1 ora", "1 hour", "1 Stunde"},
		{"1234567", quantity.Days, 5, "1.234.567 giorni", "1,234,567 days", "1.234.567 Tage"},
		{"-1234", quantity.Days, 5, "-1.234 giorni", "-1,234 days", "-1.234 Tage"},
		{"900", quantity.Euro, 0, "900 euro", "900 euros", "900 Euro"},
		{"842418/10", quantity.Euro, 0, "84.241,80 euro", "84,241.80 euros", "84.241,80 Euro"},
		{"140403/100", quantity.Euro, 0, "1.404,03 euro", "1,404.03 euros", "1.404,03 Euro"},
		{"9", quantity.Percent, 0, "9%", "9%", "9%"},
		{"12/5", quantity.Percent, 0, "2,4%", "2.4%", "2,4%"},
		{"7/2", quantity.None, 0, "3,5", "3.5", "3,5"},
	} {
		for lang, want := range map[string]string{"it": tt.it, "en": tt.en, "de": tt.de, "fr": tt.it} {
			if got := quantity.Of(quantity.MustParse(tt.value), tt.unit, tt.perWeek, lang).Text; got != want {
				t.Errorf("%s %s at %d days a week in %s is %q, want %q", tt.value, tt.unit, tt.perWeek, lang, got, want)
			}
		}
	}
}

func TestAQuantityIsWrittenExactFirst(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(quantity.Of(quantity.MustParse("315/13"), quantity.Months, 5, "it"))
	want := `{"exact":"315/13","value":24.2308,"unit":"month","text":"24 mesi e 1 settimana"}`
	if err != nil || string(b) != want {
		t.Errorf("got %s, %v\nwant %s", b, err, want)
	}
	b, err = json.Marshal(quantity.Of(quantity.Int(24), quantity.Months, 5, "en"))
	if err != nil || !strings.HasPrefix(string(b), `{"exact":"24","value":24,`) {
		t.Errorf("a whole number is written as %s, %v", b, err)
	}
}
