package engine_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	"omnia/fixtures"
	"omnia/rules"
)

// sameBytes holds the encoder against the reference.
func sameBytes(t rapid.TB, a *engine.Counters) {
	t.Helper()
	want, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	got := a.AppendJSON(nil)
	if string(got) == string(want) {
		return
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	from := max(0, at-60)
	t.Fatalf("from byte %d on\n got %s\nwant %s", at, got[from:min(len(got), at+60)], want[from:min(len(want), at+60)])
}

func TestEveryAnswerIsWrittenAsTheStandardLibraryDoes(t *testing.T) {
	t.Parallel()
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	g := engine.New(ed)
	envelope, err := fact.NewEnvelope(ed.Vocabulary, fact.AllFacts("facts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range fixtures.Companies() {
		for _, lang := range quantity.Languages {
			for _, depth := range []engine.Depth{engine.Short, engine.Normal, engine.Full} {
				request, err := envelope.Decode(c.Body, fact.Options{Language: lang})
				if err != nil {
					t.Fatalf("%s: %v", c.Name, err)
				}
				a, err := g.Counters(request.Facts, engine.Options{Today: calendar.Of(2026, 11, 23), Language: lang, Explain: depth})
				if err != nil {
					t.Fatalf("%s: %v", c.Name, err)
				}
				sameBytes(t, a)
			}
		}
	}
}

func TestAnAnswerGoesAfterWhatIsThere(t *testing.T) {
	t.Parallel()
	if got := string((&engine.Counters{}).AppendJSON([]byte("before "))); !strings.HasPrefix(got, `before {"decision":{"id":""`) {
		t.Errorf("got %s", got)
	}
}

// hostile are texts that a caller may send as a number of a period, or an author as a title.
var hostile = []string{
	"", "plain", `"quoted" \ and / slashed`, "<script>alert('&')</script>", "line\nline\r\ttab\b\f\x00\x1f\x7f",
	"perché – «così» 日本 😀", "\u2028\u2029\ufffd", "\xff broken \xc3", "\xe2\x80", "\xed\xa0\x80 half a pair", "\xf4\x90\x80\x80",
}

func TestHostileTextsAreEscaped(t *testing.T) {
	t.Parallel()
	for _, s := range hostile {
		a := new(engine.Counters)
		set(reflect.ValueOf(a).Elem(), source{
			text: func() string { return s }, number: func() int64 { return 20_000 },
			many: func() int { return 2 }, given: func() bool { return true },
		})
		sameBytes(t, a)
	}
}

func TestEveryByteIsSeenWhereverItStands(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 17 {
			text := []byte("seventeen letters")
			text[at] = byte(c)
			sameBytes(t, &engine.Counters{DataRiferimento: string(text)})
		}
	}
}

// TestNoFieldIsForgotten draws values for whatever fields the answer has: one that the encoder does
// not write, or writes when it should be left out, differs.
func TestNoFieldIsForgotten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		a := new(engine.Counters)
		set(reflect.ValueOf(a).Elem(), source{
			text:   func() string { return texts.Draw(t, "text") },
			number: func() int64 { return rapid.Int64Range(-800_000, 3_000_000).Draw(t, "number") },
			many:   func() int { return rapid.IntRange(-1, 2).Draw(t, "length, or nil") },
			given:  func() bool { return rapid.Bool().Draw(t, "given") },
		})
		sameBytes(t, a)
	})
}

// source gives values to set; a negative length is a list that was never made.
type source struct {
	text   func() string
	number func() int64
	many   func() int
	given  func() bool
}

// set fills v, and all that is in it, from src.
func set(v reflect.Value, src source) {
	switch v.Interface().(type) {
	case calendar.Day:
		v.SetInt(src.number())
		return
	case quantity.Quantity: // its words come from its own package, never from outside
		v.Set(reflect.ValueOf(quantity.Of(quantity.Frac(src.number(), 1+src.number()&15), quantity.Months, 5, "de")))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				set(v.Field(i), src)
			}
		}
	case reflect.Pointer:
		if src.given() {
			v.Set(reflect.New(v.Type().Elem()))
			set(v.Elem(), src)
		}
	case reflect.Slice:
		if n := src.many(); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				set(v.Index(i), src)
			}
		}
	case reflect.String:
		v.SetString(src.text())
	case reflect.Bool:
		v.SetBool(src.given())
	case reflect.Int:
		v.SetInt(src.number())
	default:
		panic("the answer has a field of type " + v.Type().String() + ": say here how to make one")
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	a := new(engine.Counters)
	set(reflect.ValueOf(a).Elem(), source{
		text: func() string { return "Il periodo è fuori della finestra mobile e non conta." }, number: func() int64 { return 20_000 },
		many: func() int { return 6 }, given: func() bool { return true },
	})
	var buf []byte
	for b.Loop() {
		buf = a.AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}
