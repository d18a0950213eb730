package fact_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"omnia/engine/fact"
	"omnia/internal/fault"
)

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	ore := func(literal string) string { return `{"richiesta":{"saldo":` + literal + `}}` }
	numero := func(content string) string { return `{"periodi":[{"numero":"` + content + `"}]}` }
	for _, tt := range []struct{ name, body, want string }{
		{"byte order mark", "\xef\xbb\xbf{}", "400 malformed_json"},
		{"UTF-16", "{\x00}\x00", "400 malformed_json"},
		{"NUL for a blank", "{\x00}", "400 malformed_json"},
		{"NUL after the end", "{}\x00", "400 trailing_data"},
		{"form feed for a blank", "{\f}", "400 malformed_json"},
		{"no-break space for a blank", "{\u00a0}", "400 malformed_json"},
		{"invalid UTF-8 in a text", numero("\xff"), "400 malformed_json"},
		{"overlong UTF-8", numero("\xc0\x80"), "400 malformed_json"},
		{"surrogate in UTF-8", numero("\xed\xa0\x80"), "400 malformed_json"},
		{"invalid UTF-8 in an unknown key", "{\"\xff\":1}", "400 malformed_json"},
		{"lone high surrogate", numero(`\ud83d`), "400 malformed_json"},
		{"lone low surrogate", numero(`\ude00`), "400 malformed_json"},
		{"two high surrogates", numero(`\ud83d\ud83d`), "400 malformed_json"},
		{"high surrogate and text", numero(`\ud83dx`), "400 malformed_json"},
		{"lone surrogate in a key", `{"\ud800":1}`, "400 malformed_json"},
		{"unknown escape", numero(`\x41`), "400 malformed_json"},
		{"escape cut short", `{"periodi":[{"numero":"\u00`, "400 malformed_json"},
		{"escape that is no hex", numero(`\u00g0`), "400 malformed_json"},
		{"backslash at the end", `{"a\`, "400 malformed_json"},
		{"bare newline in a text", numero("a\nb"), "400 malformed_json"},
		{"escaped duplicate", `{"azienda":{},"\u0061zienda":{}}`, "400 duplicate_key"},
		{"escaped duplicate in a row", `{"periodi":[{"dal":"2025-01-01","d\u0061l":"2025-01-02"}]}`, "400 duplicate_key"},
		{"empty key", `{"":1}`, "400 unknown_field"},
		{"prototype key", `{"__proto__":{"settore":"a"}}`, "400 unknown_field"},
		{"dotted key", `{"azienda.settore":"a"}`, "400 unknown_field"},
		{"key with a NUL", `{"azienda\u0000":{}}`, "400 unknown_field"},
		{"key in look-alike letters", `{"аzienda":{}}`, "400 unknown_field"},
		{"infinite by exponent", ore("1e999999"), "422 invalid_input"},
		{"exponent of many digits", ore("1e" + strings.Repeat("9", 100_000)), "422 invalid_input"},
		{"a million digits", ore(strings.Repeat("9", 1_000_000)), "422 invalid_input"},
		{"a million decimals", ore("0." + strings.Repeat("0", 1_000_000) + "1"), "422 invalid_input"},
		{"leading zero", ore("007"), "400 malformed_json"},
		{"leading zero of a negative", ore("-01"), "400 malformed_json"},
		{"leading plus", ore("+1"), "400 malformed_json"},
		{"no digit before the point", ore(".5"), "400 malformed_json"},
		{"no digit after the point", ore("5."), "400 malformed_json"},
		{"no digit after the exponent", ore("5e"), "400 malformed_json"},
		{"only a sign", ore("-"), "400 malformed_json"},
		{"hexadecimal", ore("0x10"), "400 malformed_json"},
		{"digits with marks", ore("1_000"), "400 malformed_json"},
		{"NaN", ore("NaN"), "400 malformed_json"},
		{"Infinity", ore("-Infinity"), "400 malformed_json"},
		{"true cut short", ore("tru"), "400 malformed_json"},
		{"True", ore("True"), "400 malformed_json"},
		{"minus zero", ore("-0"), "accepted"},
		{"32 levels", `{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, "400 unknown_field"},
		{"33 levels", `{"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, "400 too_deep"},
		{"a million brackets", `{"x":` + strings.Repeat("[", 1_000_000), "400 too_deep"},
		{"a million objects", strings.Repeat(`{"azienda":`, 1_000_000), "400 too_deep"},
		{"brackets that don't match", `{"x":[1,2}}`, "400 malformed_json"},
		{"more closed than opened", `{}}`, "400 trailing_data"},
		{"day in other digits", `{"richiesta":{"dal":"２０２５-01-01"}}`, "422 invalid_input"},
		{"day with a sign", `{"richiesta":{"dal":"-025-01-01"}}`, "422 invalid_input"},
		{"day with a time", `{"richiesta":{"dal":"2025-01-01T00:00:00Z"}}`, "422 invalid_input"},
		{"day 29 February 1900", `{"richiesta":{"dal":"1900-02-29"}}`, "422 invalid_input"},
		{"last day of all", `{"richiesta":{"dal":"9999-12-31"}}`, "accepted"},
		{"first day of all", `{"richiesta":{"dal":"0001-01-01"}}`, "accepted"},
		{"year of five digits", `{"richiesta":{"dal":"10000-01-01"}}`, "422 invalid_input"},
		{"escapes in a day", `{"richiesta":{"dal":"\u0032025-01-01"}}`, "accepted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := fact.Decode(vocabulary, []byte(tt.body), fact.Options{})
			got, _, _ := strings.Cut(defects(t, err), "\n")
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if err != nil && len(err.Error()) > 2000 {
				t.Errorf("the answer has %d characters", len(err.Error()))
			}
		})
	}
}

func TestNoPrefixOfABodyIsAccepted(t *testing.T) {
	t.Parallel()
	body := twentyPeriods()
	for n := 0; n < len(body); n += 1 + n/400 {
		if _, err := fact.Decode(vocabulary, body[:n], fact.Options{}); err == nil {
			t.Fatalf("the first %d bytes are accepted", n)
		}
	}
}

func TestListsAreCapped(t *testing.T) {
	t.Parallel()
	body := []byte(`{"periodi":[` + strings.Repeat(`{},`, 10_000) + `{"numero":7}]}`)
	for _, opt := range []fact.Options{{}, {Lenient: true}} {
		_, err := fact.Decode(vocabulary, body, opt)
		if got := defects(t, err); got != "422 invalid_input\n/facts/periodi too_many" {
			t.Errorf("got %s", got)
		}
	}
	whole := append(bytes.Repeat([]byte(`{},`), 9_999), `{}`...)
	f, err := fact.Decode(vocabulary, append(append([]byte(`{"periodi":[`), whole...), `]}`...), fact.Options{})
	if err != nil || len(f.Get("periodi").Rows()) != 10_000 {
		t.Errorf("10,000 periods: %v", err)
	}
}

func TestManyDefectsAreCountedNotListed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"unknown keys": `{` + strings.Repeat(`"unknwn":1,`, 200_000) + `"x":1}`,
		"wrong values": `{"periodi":[` + strings.Repeat(`{"dal":1,"al":"x","causale":"?"},`, 9_000) + `{}]}`,
		"duplicates":   `{"periodi":[]` + strings.Repeat(`,"periodi":[]`, 200_000) + `}`,
	} {
		_, err := fact.Decode(vocabulary, []byte(body), fact.Options{})
		var f *fault.Fault
		if !errors.As(err, &f) {
			t.Fatalf("%s are accepted", name)
		}
		last := f.Details[len(f.Details)-1]
		if len(f.Details) != 1001 || last.Code != "too_many_errors" {
			t.Errorf("%s: %d details, the last %+v", name, len(f.Details), last)
		}
	}
}

// A form tells every wrong value of thousands of rows; beyond its limit it says how many it does not tell, and where.
func TestFindingsThatAreNotToldAreCounted(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]int{5_000: 10_000, 10_000: 20_000, 10_001: 20_001, 10_010: 20_001} {
		body := `{"richiesta":{"lavoratori":[` + strings.Repeat(`{"codice_fiscale":"x","qualifica":"?"},`, rows-1) + `{"codice_fiscale":"x","qualifica":"?"}]}}`
		f, err := fact.Decode(vocabulary, []byte(body), fact.Options{Lenient: true})
		if err != nil || len(f.Findings) != want {
			t.Fatalf("%d rows: %d findings, want %d (%v)", rows, len(f.Findings), want, err)
		}
		i := slices.IndexFunc(f.Findings, func(d fault.Detail) bool { return d.Code == "too_many_errors" })
		if (i >= 0) != (want > 20_000) || i >= 0 && (f.Findings[i].Pointer != "/facts/richiesta/lavoratori/10000/codice_fiscale" ||
			!strings.Contains(f.Findings[i].Text, fmt.Sprint(2*rows-20_000))) {
			t.Errorf("%d rows: at %d", rows, i)
		}
	}
}

func TestASyntaxErrorIsSaidAfterAnyNumberOfDefects(t *testing.T) {
	t.Parallel()
	_, err := fact.Decode(vocabulary, []byte(`{`+strings.Repeat(`"unknwn":1,`, 2000)+`!`), fact.Options{})
	if got := defects(t, err); !strings.HasPrefix(got, "400 malformed_json\n/facts malformed_json") {
		t.Errorf("got %.100s", got)
	}
}

// A large body must cost little, whatever is in it: time in proportion to its length, and memory
// for what a case can hold. The time is generous, for slow machines and the race detector; what is
// not in proportion takes far longer.
func TestLargeBodiesCostLittle(t *testing.T) {
	for name, body := range map[string]string{
		"one text":        `{"richiesta":{"relazione_tecnica":"` + strings.Repeat("a", 10_000_000) + `"}}`,
		"one key":         `{"` + strings.Repeat("a", 10_000_000) + `":1}`,
		"blanks":          `{` + strings.Repeat("\n", 10_000_000) + `!`,
		"escapes":         `{"richiesta":{"relazione_tecnica":"` + strings.Repeat(`\u00e8`, 200_000) + `"}}`,
		"rows":            `{"periodi":[` + strings.Repeat(`{},`, 400_000) + `{}]}`,
		"days":            `{"periodi":[{"giornate_fruite":[` + strings.Repeat(`"2024-01-01",`, 100_000) + `"2024-01-01"]}]}`,
		"keys":            `{` + strings.Repeat(`"azienda":1,`, 100_000) + `"azienda":1}`,
		"unknown keys":    `{` + strings.Repeat(`"aziendx":1,`, 100_000) + `"aziendx":1}`,
		"unknown nesting": `{"x":[` + strings.Repeat(`{"y":[[]]},`, 100_000) + `0]}`,
	} {
		for _, opt := range []fact.Options{{}, {Lenient: true}} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			if _, err := fact.Decode(vocabulary, []byte(body), opt); err == nil && !opt.Lenient {
				t.Errorf("%s: accepted", name)
			}
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if took > 20*time.Second {
				t.Errorf("%s: took %s", name, took)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 100<<20 {
				t.Errorf("%s: %d MiB were allocated", name, used>>20)
			}
		}
	}
}

func TestReadersShareAVocabulary(t *testing.T) {
	t.Parallel()
	body := twentyPeriods()
	want := decode(t, string(body)).Digest()
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for range 20 {
				if got := decode(t, string(body)).Digest(); got != want {
					t.Fatalf("digest %s, want %s", got, want)
				}
			}
		})
	}
}
