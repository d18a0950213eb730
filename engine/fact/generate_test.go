package fact_test

import (
	"strings"

	"pgregory.net/rapid"

	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
)

// drawFacts makes facts that strict decoding accepts.
func drawFacts(t *rapid.T) *fact.Facts {
	f := &fact.Facts{Vocabulary: vocabulary, Root: drawRecord(t, vocabulary.Root)}
	numbers := map[string]bool{}
	periodo := vocabulary.Groups["periodo"]
	for _, row := range f.Get("periodi").Rows() {
		numero := &row[periodo.Slot("numero")]
		if numbers[numero.Text] {
			*numero = fact.Value{}
		}
		numbers[numero.Text] = true
	}
	return f
}

func drawRecord(t *rapid.T, g *fact.Group) fact.Record {
	rec := g.New()
	for i, f := range g.Fields {
		if rapid.Bool().Draw(t, f.Name+" is known") {
			rec[i] = drawValue(t, f)
		}
	}
	for _, s := range g.Spans {
		from, to := &rec[s.From.Slot], &rec[s.To.Slot]
		if from.IsKnown() && to.IsKnown() && from.Num > to.Num {
			*from, *to = *to, *from
		}
	}
	return rec
}

func drawValue(t *rapid.T, f *fact.Field) fact.Value {
	switch f.Type {
	case fact.Text, fact.Code:
		return fact.OfText(drawText(t, f))
	case fact.Bool:
		return fact.OfBool(rapid.Bool().Draw(t, f.Name))
	case fact.Integer:
		return fact.OfInt(drawInteger(t, f))
	case fact.Decimal:
		return fact.OfRat(drawDecimal(t, f))
	case fact.Date:
		return fact.OfDay(drawDay(t, f.Name))
	case fact.Days:
		days := make([]calendar.Day, rapid.IntRange(0, 3).Draw(t, f.Name))
		for i := range days {
			days[i] = drawDay(t, f.Name)
		}
		return fact.OfDays(days)
	}
	rows := make([]fact.Record, rapid.IntRange(0, 10).Draw(t, f.Name))
	for i := range rows {
		rows[i] = drawRecord(t, f.Element)
	}
	return fact.OfRows(rows)
}

func drawText(t *rapid.T, f *fact.Field) string {
	switch {
	case len(f.Options) > 0:
		return rapid.SampledFrom(f.Options).Draw(t, f.Name).Code
	case f.Format != "":
		return fact.FormatOf(f.Format).Example
	}
	return rapid.String().Filter(func(s string) bool {
		return len(s) <= f.MaxLen && strings.TrimSpace(s) != "" &&
			strings.IndexFunc(s, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\n\t\r", r) || r >= 0x7f && r < 0xa0 }) < 0
	}).Draw(t, f.Name)
}

func drawInteger(t *rapid.T, f *fact.Field) int64 {
	low, high := int64(-1<<63+1), int64(1<<63-1)
	if f.Min != nil {
		low, _ = f.Min.Int64()
	}
	if f.Max != nil {
		high, _ = f.Max.Int64()
	}
	return rapid.Int64Range(low, high).Draw(t, f.Name)
}

func drawDecimal(t *rapid.T, f *fact.Field) quantity.Rat {
	form := `-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,12})?`
	if f.Min != nil {
		form = strings.TrimPrefix(form, "-?")
	}
	return quantity.MustParse(rapid.StringMatching(form).Draw(t, f.Name))
}

func drawDay(t *rapid.T, name string) calendar.Day {
	return calendar.Day(rapid.Int32Range(int32(calendar.Min), int32(calendar.Max)).Draw(t, name))
}
