package explain_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"omnia/engine/explain"
)

// manyPeriods is a history of 200 periods, one week each, with a request after it.
func manyPeriods() []byte {
	var b strings.Builder
	b.WriteString(`{"azienda":{"settore":"a","dipendenti_semestre":40},"unita_produttiva":{"giorni_settimana":5,"organico_medio":[{"ore_settimanali":40,"lavoratori":40}]},"periodi":[`)
	for i := range 200 {
		if i > 0 {
			b.WriteByte(',')
		}
		year, week := 2021+i/50, i%50
		fmt.Fprintf(&b, `{"numero":"%d","prestazione":"CIGO","causale":"mancanza_lavoro","esito":"accoglimento","dal":"%s","al":"%s","ore_autorizzate":%d}`,
			1000+i, day(year, week), day(year, week), 8+i%7)
	}
	b.WriteString(`],"richiesta":{"prestazione":"CIGO","causale":"mancanza_lavoro","dal":"2025-02-03","al":"2025-05-04","ore":900}}`)
	return []byte(b.String())
}

func day(year, week int) string { return fmt.Sprintf("%d-%02d-%02d", year, 1+week/5, 1+week%5*5) }

// BenchmarkExplain words nine counters over 200 periods, beside the cost of encoding as many words
// as JSON strings, and nothing else of the answer.
func BenchmarkExplain(b *testing.B) {
	k := decide(b, manyPeriods(), nil)
	book := explain.NewBook(edition(b))
	speak := func(depth string) (all []string) {
		w := book.Writer("it", 5)
		for _, r := range k.results {
			all = append(all, w.Counter(r, k, depth)...)
			for _, p := range r.Periods {
				all = append(all, w.Reason(r, p, k))
			}
		}
		return all
	}
	for _, depth := range []string{"short", "normal", "full"} {
		b.Run(depth, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				speak(depth)
			}
		})
	}
	b.Run("encode", func(b *testing.B) {
		said := speak("normal")
		b.ReportAllocs()
		for range b.N {
			if _, err := json.Marshal(said); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("book", func(b *testing.B) {
		for range b.N {
			explain.NewBook(edition(b))
		}
	})
}
