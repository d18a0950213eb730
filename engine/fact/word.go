package fact

import (
	"strconv"
	"strings"

	"omnia/engine/quantity"
)

var yesNo = map[string][2]string{"it": {"no", "sì"}, "en": {"no", "yes"}, "de": {"nein", "ja"}}

// Word is the value as people read it in lang: codes by their label, days in the form of the
// language, numbers with their unit. An unknown value is a dash.
func (f *Field) Word(v *Value, lang string) string {
	if !v.IsKnown() {
		return "–"
	}
	switch f.Type {
	case Bool:
		w, ok := yesNo[lang]
		if !ok {
			w = yesNo["it"]
		}
		return w[v.Num]
	case Integer:
		if f.Unit == quantity.None {
			return strconv.FormatInt(v.Num, 10)
		}
		return quantity.Of(quantity.Int(v.Num), f.Unit, 0, lang).Text
	case Decimal:
		return quantity.Of(v.Rat, f.Unit, 0, lang).Text
	case Date:
		return v.Day().In(lang)
	case Days:
		days := make([]string, len(v.Days()))
		for i, d := range v.Days() {
			days[i] = d.In(lang)
		}
		return strings.Join(days, ", ")
	case List:
		return strconv.Itoa(len(v.Rows()))
	}
	for i := range f.Options {
		if f.Options[i].Code == v.Text {
			return f.Options[i].Label.In(lang)
		}
	}
	return v.Text
}
