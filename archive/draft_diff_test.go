package archive_test

import (
	"slices"
	"testing"

	"omnia/archive"
)

func TestDifferingFieldsAreNamed(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		a, b string
		want []string
	}{
		{`{}`, `{}`, nil},
		{`{"a": {"b": 1.0}}`, `{"a": {"b": 1.0}}`, nil},
		{`{"a": {"b": 1}}`, `{"a": {"b": "1"}}`, []string{"a.b"}},
		{`{"a": {"b": 1, "c": 2}}`, `{}`, []string{"a.b", "a.c"}},
		{`{}`, `{"z": true, "a": {"b": {"c": 1}}}`, []string{"a.b.c", "z"}},
		{`{"r": [{"x": 1}, {"x": 2}]}`, `{"r": [{"x": 1}, {"x": 3}, {"x": 4}]}`, []string{"r[1].x", "r[2]"}},
		{`{"r": []}`, `{"r": {"x": 1}}`, []string{"r"}},
		{`{"r": []}`, `{}`, []string{"r"}},
		{`{"d": ["2025-01-01"]}`, `{"d": ["2025-01-02"]}`, []string{"d[0]"}},
	} {
		for _, back := range []bool{false, true} {
			if back {
				x.a, x.b = x.b, x.a
			}
			got, err := archive.DifferingFields([]byte(x.a), []byte(x.b), 10)
			if err != nil || !slices.Equal(got, x.want) {
				t.Errorf("%s and %s: %v %v, want %v", x.a, x.b, got, err, x.want)
			}
		}
	}
	if got, err := archive.DifferingFields([]byte(`{"r": [1, 2, 3, 4]}`), []byte(`{"r": []}`), 2); err != nil || len(got) != 2 {
		t.Errorf("%v %v", got, err)
	}
	if _, err := archive.DifferingFields([]byte(`{`), []byte(`{}`), 2); err == nil {
		t.Error("a text that is no JSON was compared")
	}
}
