package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"omnia/ledger"
)

func TestFactsAreSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, facts, public string
		paths               string // between blanks
	}{
		{"nothing personal", `{"a":1,"b":[1,{}],"c":{}}`, `{"a":1,"b":[1,{}],"c":{}}`, ""},
		{"a member", `{"a":{"cf":"X","b":1}}`, `{"a":{"b":1}}`, "/a/cf"},
		{"the first of three", `{"cf":1,"a":2,"b":3}`, `{"a":2,"b":3}`, "/cf"},
		{"an object left with nothing", `{"a":{"b":{"cf":"X"}},"c":1}`, `{"c":1}`, "/a/b/cf"},
		{"all of it", `{"cf":"X"}`, `{}`, "/cf"},
		{"elements keep their place", `{"l":[{"cf":"X"},{"cf":"Y","n":1}]}`, `{"l":[{},{"n":1}]}`, "/l/0/cf /l/1/cf"},
		{"a whole object", `{"cf":{"x":[1,"]"]},"b":1}`, `{"b":1}`, "/cf"},
		{"elements that are personal", `{"nomi":["X","Y"]}`, `{"nomi":[null,null]}`, "/nomi/0 /nomi/1"},
		{"names with a slash and a tilde", `{"a/b~":{"cf":1},"z":0}`, `{"z":0}`, "/a~1b~0/cf"},
		{"escapes", `{"\u0063f":"\"}","b":"{"}`, `{"b":"{"}`, "/cf"},
		{"blanks", " { \"a\" : [ 1 , 2 ] , \"cf\" : \"X Y\" } \n", `{"a":[1,2]}`, "/cf"},
		{"numbers as they are written", `{"a":5.010,"b":1e3,"cf":0.10}`, `{"a":5.010,"b":1e3}`, "/cf"},
		{"a text alone", `"x"`, `"x"`, ""},
	} {
		personal := func(shape string) (here, within bool) {
			return strings.HasSuffix(shape, "/cf") || shape == "/nomi/*", true
		}
		given := []byte(tt.facts)
		public, values, bound, err := ledger.Split(given, personal, seeded(3))
		clear(given) // the room is lent: what comes out must not lie in it
		var paths []string
		for i, v := range values {
			paths = append(paths, v.Path)
			if bound[i].Path != v.Path || bound[i].Hash != ledger.Commit(v.Path, v.Salt, v.Value) || len(v.Salt) != 32 {
				t.Errorf("%s: %+v is bound as %+v", tt.name, v, bound[i])
			}
		}
		if err != nil || string(public) != tt.public || strings.Join(paths, " ") != tt.paths {
			t.Errorf("%s: %s and %q, %v", tt.name, public, paths, err)
		}
		again, err := ledger.Assemble(public, bound, values)
		if diff := cmp.Diff(plain(t, []byte(tt.facts)), plain(t, again)); err != nil || diff != "" {
			t.Errorf("%s comes back as %s: %v", tt.name, again, err)
		}
	}
}

// plain is what JSON means, the order of members apart.
func plain(t interface{ Fatalf(string, ...any) }, data []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

func TestFactsThatCantBeSplit(t *testing.T) {
	t.Parallel()
	many := ""
	for i := range 40 {
		many += fmt.Sprintf(`"m%d":0,`, i)
	}
	for _, tt := range []struct{ name, facts, want string }{
		{"not JSON", `{"a":}`, "not valid JSON"},
		{"nothing", ``, "not valid JSON"},
		{"a personal value twice", `{"cf":1,"cf":2}`, "/cf is there twice"},
		{"a public value twice", `{"b":{"a":1,"\u0061":2}}`, "/b/a is there twice"},
		{"one of many twice", `{` + many + `"m7":1}`, "/m7 is there twice"},
		{"nested too deep", strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100), "deeper than 64"},
	} {
		_, _, _, err := ledger.Split([]byte(tt.facts), func(shape string) (here, within bool) { return shape == "/cf", true }, seeded(3))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if _, _, _, err := ledger.Split([]byte(`{"cf":1}`), func(string) (here, within bool) { return true, true }, strings.NewReader("short")); err == nil {
		t.Error("a value was sealed without a salt")
	}
}

// genJSON draws a JSON value in which some members are called cf.
func genJSON(depth int) *rapid.Generator[any] {
	scalar := rapid.OneOf(rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Int(), func(n int) any { return n }), rapid.Just[any](nil), rapid.Just[any](true))
	if depth == 0 {
		return scalar
	}
	inner := rapid.Deferred(func() *rapid.Generator[any] { return genJSON(depth - 1) })
	// Names are few, so that the same ones meet.
	name := rapid.SampledFrom([]string{"cf", "a", "b/~", "é\"", ""})
	return rapid.OneOf(scalar,
		rapid.Map(rapid.MapOfN(name, inner, 0, 4), func(m map[string]any) any { return m }),
		rapid.Map(rapid.SliceOfN(inner, 0, 3), func(l []any) any { return l }))
}

func TestAnyFactsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts, err := json.Marshal(genJSON(4).Draw(t, "facts"))
		if err != nil {
			t.Fatal(err)
		}
		public, values, bound, err := ledger.Split(facts, func(shape string) (here, within bool) { return strings.HasSuffix(shape, "cf"), true }, seeded(3))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(public, []byte(`"cf":`)) {
			t.Fatalf("%s is public", public)
		}
		again, err := ledger.Assemble(public, bound, values)
		if diff := cmp.Diff(plain(t, facts), plain(t, again)); err != nil || diff != "" {
			t.Fatalf("%s\ncomes back as %s: %v %s", facts, again, err, diff)
		}
	})
}

func TestWhatWasErasedIsSaidAndNeverGuessed(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.decide(1, "2026-1", 1)
	e := b.entries[0]
	r := must[*ledger.Receipt](t)(ledger.DecodeReceipt(e.Leaf))
	if _, err := ledger.Assemble(e.Facts, r.Personal, e.Personal); err != nil {
		t.Fatal(err)
	}

	kept := slices.DeleteFunc(slices.Clone(e.Personal), func(p ledger.Personal) bool { return strings.HasPrefix(p.Path, "/richiesta") })
	_, err := ledger.Assemble(e.Facts, r.Personal, kept)
	var erased *ledger.Erased
	if !errors.As(err, &erased) || len(erased.Paths) != 2 || err.Error() != "not replayable: erased /richiesta/lavoratori/0/codice_fiscale, /richiesta/lavoratori/1/codice_fiscale" {
		t.Errorf("%v", err)
	}

	for name, change := range map[string]func(p *ledger.Personal){
		"value": func(p *ledger.Personal) { p.Value = []byte(`"00000000002"`) },
		"salt":  func(p *ledger.Personal) { p.Salt = strings.Repeat("0", 32) },
	} {
		altered := slices.Clone(e.Personal)
		change(&altered[0])
		_, err := ledger.Assemble(e.Facts, r.Personal, altered)
		var at *ledger.Altered
		if !errors.As(err, &at) || at.Path != "/azienda/codice_fiscale" {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

// The four lines are hashed as they are documented, and every part counts.
func TestCommitments(t *testing.T) {
	t.Parallel()
	salt := strings.Repeat("0f", 16)
	text := "omnia personal/v1\n" + salt + "\n\"/a/\\\"b\"\n\"RSSMRA80A01H501U\""
	if got, want := ledger.Commit(`/a/"b`, salt, []byte(`"RSSMRA80A01H501U"`)), ledger.DigestOf([]byte(text)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	long := []byte(`"` + strings.Repeat("x", 2000) + `"`)
	if got, want := ledger.Commit("/a", salt, long), ledger.DigestOf(fmt.Appendf(nil, "omnia personal/v1\n%s\n\"/a\"\n%s", salt, long)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	a, _, err1 := ledger.Seal("/a", []byte(`"x"`), seeded(1))
	c, _, err2 := ledger.Seal("/a", []byte(` "x" `), seeded(2))
	if err1 != nil || err2 != nil || a.Salt == c.Salt || string(a.Value) != string(c.Value) {
		t.Errorf("%+v %+v", a, c)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(`{"a":{"cf":"X"},"l":[{"cf":1},[]],"cf":null}`))
	f.Fuzz(func(t *testing.T, facts []byte) {
		public, values, bound, err := ledger.Split(facts, func(shape string) (here, within bool) { return strings.HasSuffix(shape, "cf"), true }, seeded(3))
		if err != nil {
			return
		}
		if !json.Valid(public) {
			t.Errorf("%s leaves %s", facts, public)
		}
		again, err := ledger.Assemble(public, bound, values)
		if err != nil || !json.Valid(again) {
			t.Errorf("%s comes back as %s: %v", facts, again, err)
		}
	})
}
