package ledger_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"omnia/ledger"
)

// compactJSON is what Compact must say, by the standard library.
func compactJSON(data []byte) bool {
	var b bytes.Buffer
	return json.Valid(data) && json.Compact(&b, data) == nil && bytes.Equal(b.Bytes(), data)
}

var jsonSeeds = []string{
	``, `{}`, `[]`, `""`, `0`, `-0`, `-`, `01`, `-01`, `1.5`, `1.`, `.5`, `1e5`, `1E+05`, `1e`, `1e-`, `true`, `tru`, `falsey`, `null`, `nul`,
	`{"a":1}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `[1,2]`, `[1,]`, `[,]`, `[1 ,2]`, ` 1`, "1\n", `[1}`, `{"a":1]`, `[[[]]]`, `[[[]]`,
	`"\n\u00e9\u00E9\/"`, `"\u00g0"`, `"\x"`, `"\"`, `"a`, "\"a\tb\"", "\"a\xffb\"", `{"a":{"b":[1,"c",{"d":null}]},"a":"perché — sì"}`, `{}{}`, `"a long text without any escape"`,
}

func TestCompactIsWhatTheLibraryFindsCompact(t *testing.T) {
	t.Parallel()
	for _, s := range jsonSeeds {
		if got, want := ledger.Compact([]byte(s)), compactJSON([]byte(s)); got != want {
			t.Errorf("%s: %t", s, got)
		}
		for at := range len(s) {
			for _, b := range []byte(`{}[]",:\ 0e-u` + "\n\xff") {
				altered := []byte(s)
				altered[at] = b
				if got, want := ledger.Compact(altered), compactJSON(altered); got != want {
					t.Errorf("%s: %t", altered, got)
				}
			}
		}
	}
}

func FuzzCompact(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, want := ledger.Compact(data), compactJSON(data); got != want && bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) < 1000 {
			t.Errorf("%s: %t", data, got)
		}
	})
}
