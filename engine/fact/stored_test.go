package fact_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/engine/fact"
	"omnia/internal/fault"
)

// house is a group with lists within lists, and one of plain values.
func house() *fact.Group {
	group := func(fields ...*fact.Field) *fact.Group {
		for _, f := range fields {
			f.Path = f.Name
		}
		return fact.NewGroup("", fields)
	}
	room := group(&fact.Field{Name: "name", Type: fact.Text}, &fact.Field{Name: "from", Type: fact.Date}, &fact.Field{Name: "to", Type: fact.Date},
		&fact.Field{Name: "tags", Type: fact.List, Element: fact.NewBare(fact.Field{Type: fact.Code, Options: []fact.Option{{Code: "a"}, {Code: "b"}}})})
	room.Spans = []fact.SpanCheck{{From: room.Field("from"), To: room.Field("to")}}
	room.Unique = []*fact.Field{room.Field("name")}
	floor := group(&fact.Field{Name: "rooms", Type: fact.List, Element: room})
	return group(&fact.Field{Name: "floors", Type: fact.List, Element: floor}, &fact.Field{Name: "owner", Type: fact.Text})
}

func TestListsWithinListsAreChecked(t *testing.T) {
	t.Parallel()
	body := `{"floors":[{},{"rooms":[{"name":"a","from":"2025-01-02","to":"2025-01-01"},{"name":"b","tags":["a","c","a"]},{"name":"a","tags":["b","a",7]}]}]}`
	_, err := fact.DecodeRecord(house(), []byte(body), fact.Options{
		Language: "en",
		Also: func(fact.Record) []fault.Detail {
			return []fault.Detail{{Pointer: "/owner", Code: "nobody", Text: "Whose is it?"}}
		},
	})
	want := []string{
		"/floors/1/rooms/0/to date_order", "/floors/1/rooms/1/tags/1 unknown_code", "/floors/1/rooms/1/tags/2 duplicate_value",
		"/floors/1/rooms/2/name duplicate_name", "/floors/1/rooms/2/tags/2 wrong_type", "/owner nobody",
	}
	if got := places(t, err); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// places are the defects of an error, without their words.
func places(t *testing.T, err error) (out []string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%v is no fault", err)
	}
	for _, d := range f.Details {
		out = append(out, d.Pointer+" "+d.Code)
	}
	return out
}

func TestListsWithinListsAreWrittenBack(t *testing.T) {
	t.Parallel()
	g := house()
	for _, body := range []string{
		`{"floors":[{"rooms":[{"name":"a","tags":["b","a"]},{"tags":[]}]},{}],"owner":"x"}`, `{"floors":[]}`, `{}`,
	} {
		rec, err := fact.DecodeRecord(g, []byte(body), fact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(fact.AppendRecord(nil, g, rec, true)); got != body {
			t.Errorf("%s is written as %s", body, got)
		}
	}
	if got := string(g.JSONSchema()); !strings.Contains(got, `"tags":{"type":"array","items":{"type":"string","enum":["a","b"]`) {
		t.Errorf("the schema is %s", got)
	}
}

// Whatever strict reading takes is read the same from the store.
func TestStoredRecordsAreReadAsTheyWere(t *testing.T) {
	t.Parallel()
	g := vocabulary.Groups["periodo"]
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "records")
		stored := fact.NewStored(g, rapid.IntRange(0, 30).Draw(t, "guess"))
		var texts []string
		var records []fact.Record
		for range n {
			text := fact.AppendRecord(nil, g, drawRecord(t, g), true)
			rec, err := stored.Read(text)
			if err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			texts, records = append(texts, string(text)), append(records, rec)
		}
		for i, rec := range records { // after all were read: none shares its place with another
			if got := string(fact.AppendRecord(nil, g, rec, true)); got != texts[i] {
				t.Fatalf("record %d is\n%s\nnot\n%s", i, got, texts[i])
			}
		}
	})
}

func TestStoredRecordsMayBeOfAnotherVocabulary(t *testing.T) {
	t.Parallel()
	g := vocabulary.Groups["periodo"]
	stored := fact.NewStored(g, 1)
	rec, err := stored.Read([]byte(`{"gone":{"x":[1,{"y":null}]},"numero":"P1","prestazione":"CISOA","zero_ore":true}`))
	if err != nil {
		t.Fatal(err)
	}
	if rec[g.Slot("numero")].Text != "P1" || !rec[g.Slot("zero_ore")].Bool() {
		t.Errorf("read as %+v", rec)
	}
	if v := rec[g.Slot("prestazione")]; v.IsKnown() || v.Refused() != `"CISOA"` {
		t.Errorf("a code that is gone is %+v", v)
	}
	for _, body := range []string{"", "{", `{"numero":1}`, `{"dal":"x"}`, `{"gone":}`, `{"numero":"a","numero":"b"}`, `[]`} {
		if _, err := stored.Read([]byte(body)); err == nil {
			t.Errorf("%q is read", body)
		}
	}
	if rec, err = stored.Read([]byte(`{"numero":"P2"}`)); err != nil || rec[g.Slot("numero")].Text != "P2" {
		t.Errorf("after a bad one: %+v, %v", rec, err)
	}
}

func TestMessagesNameTheLineOfTheWholeText(t *testing.T) {
	t.Parallel()
	_, err := fact.DecodeRecord(house(), []byte(`{"owner":`), fact.Options{Language: "en", Above: 41})
	if err == nil || !strings.Contains(err.Error(), "line 42, column 10") {
		t.Errorf("%v does not name line 42", err)
	}
}
