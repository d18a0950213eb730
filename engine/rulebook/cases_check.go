package rulebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"omnia/engine/quantity"
)

// Check compares an answer with what the case expects: a decision, or the problem document of an
// input that was refused. Every difference comes back, at the place of the expectation.
func (c *TestCase) Check(answerJSON []byte) Defects {
	dec := json.NewDecoder(bytes.NewReader(answerJSON))
	dec.UseNumber()
	var answer map[string]any
	if err := dec.Decode(&answer); err != nil {
		return Defects{{Place: c.Place, Code: "case_failed", Message: "la risposta non è JSON: " + err.Error()}}
	}
	k := &caseChecker{}
	if _, refused := answer["errors"]; refused && !c.Refused() {
		return Defects{{Place: c.Place, Code: "case_failed", Message: "i fatti del caso sono rifiutati: " + brief(answer["errors"])}}
	}
	for _, e := range c.Expect {
		switch e.Key {
		case "warnings", "errors":
			k.exactly(e.Key, e, answer[e.Key])
		case "data_riferimento":
			k.compare(e.Key, e, answer[e.Key])
		default:
			k.counter(e, answer)
		}
	}
	return k.defects
}

// caseChecker gathers the differences.
type caseChecker struct{ defects Defects }

func (k *caseChecker) differs(e Expected, format string, args ...any) {
	k.defects = append(k.defects, Defect{Place: e.Place, Code: "case_failed", Message: fmt.Sprintf(format, args...)})
}

func (k *caseChecker) counter(e Expected, answer map[string]any) {
	items, _ := answer["items"].([]any)
	for _, i := range items {
		if item, ok := i.(map[string]any); ok && item["id"] == e.Key {
			k.object(e.Key, e, item)
			return
		}
	}
	k.differs(e, "la risposta non ha il contatore «%s»", e.Key)
}

// object compares the fields that are written; `absent` names those that must not be there.
func (k *caseChecker) object(path string, e Expected, got map[string]any) {
	for _, f := range e.Fields {
		if f.Key != "absent" {
			k.compare(path+"."+f.Key, f, got[f.Key])
			continue
		}
		for _, name := range f.Items {
			if v, there := got[name.Text]; there {
				k.differs(name, "%s.%s: non ci deve essere, trovato %s", path, name.Text, brief(v))
			}
		}
	}
}

func (k *caseChecker) compare(path string, e Expected, got any) {
	switch e.Kind {
	case ExpectScalar:
		if !sameScalar(e.Text, got) {
			k.differs(e, "%s: atteso %s, trovato %s", path, e.Text, brief(got))
		}
	case ExpectObject:
		if m, ok := got.(map[string]any); ok {
			k.object(path, e, m)
		} else {
			k.differs(e, "%s: atteso un gruppo di campi, trovato %s", path, brief(got))
		}
	case ExpectList:
		k.list(path, e, got)
	}
}

// list looks for each item written among those found. An empty list, and a list of plain words
// (but for sentences), says all there is.
func (k *caseChecker) list(path string, e Expected, got any) {
	list, ok := got.([]any)
	if got != nil && !ok {
		k.differs(e, "%s: atteso un elenco, trovato %s", path, brief(got))
		return
	}
	if e.Key == "explanation" {
		k.sentences(path, e, list)
		return
	}
	plain := !slices.ContainsFunc(e.Items, func(i Expected) bool { return i.Kind != ExpectScalar })
	if plain {
		k.exactly(path, e, got)
		return
	}
	for _, item := range e.Items {
		k.among(path, item, list)
	}
}

// identities are the fields by which an item of a list is known.
var identities = []string{"numero", "causale", "on", "dal"}

// among compares with the item of the same identity, so that the difference is told by field;
// without one, any item will do that has everything.
func (k *caseChecker) among(path string, e Expected, list []any) {
	for _, id := range identities {
		i := slices.IndexFunc(e.Fields, func(f Expected) bool { return f.Key == id && f.Kind == ExpectScalar })
		if i < 0 {
			continue
		}
		want := e.Fields[i].Text
		for _, got := range list {
			if m, ok := got.(map[string]any); ok && sameScalar(want, m[id]) {
				k.object(path+"["+want+"]", e, m)
				return
			}
		}
		k.differs(e, "%s: nessuno con %s %s", path, id, want)
		return
	}
	if !slices.ContainsFunc(list, func(got any) bool { return matches(e, got) }) {
		k.differs(e, "%s: nessuno come questo, trovato %s", path, brief(list))
	}
}

// exactly wants each item written and no other, in any order.
func (k *caseChecker) exactly(path string, e Expected, got any) {
	list, _ := got.([]any)
	taken := make([]bool, len(list))
	for _, item := range e.Items {
		i := -1
		for j := range list {
			if i < 0 && !taken[j] && matches(item, list[j]) {
				i = j
			}
		}
		if i < 0 {
			k.differs(item, "%s: atteso %s, trovato %s", path, item.brief(), brief(got))
			continue
		}
		taken[i] = true
	}
	for j, was := range taken {
		if !was {
			k.differs(e, "%s: non atteso %s", path, brief(list[j]))
		}
	}
}

// sentences looks for fragments of what is said.
func (k *caseChecker) sentences(path string, e Expected, list []any) {
	for _, want := range e.Items {
		if !slices.ContainsFunc(list, func(got any) bool {
			text, _ := got.(string)
			return strings.Contains(text, want.Text)
		}) {
			k.differs(want, "%s: nessuna frase contiene «%s»", path, want.Text)
		}
	}
}

func matches(e Expected, got any) bool {
	k := &caseChecker{}
	k.compare("", e, got)
	return len(k.defects) == 0
}

// sameScalar compares a word or a number with what was found; a quantity by its exact value.
func sameScalar(want string, got any) bool {
	switch got := got.(type) {
	case map[string]any:
		exact, ok := got["exact"].(string)
		return ok && sameNumber(want, exact)
	case string:
		return want == got
	case json.Number:
		return sameNumber(want, got.String())
	case bool:
		return want == fmt.Sprint(got)
	}
	return false
}

func sameNumber(a, b string) bool {
	x, err1 := quantity.Parse(a)
	y, err2 := quantity.Parse(b)
	return err1 == nil && err2 == nil && x.Equal(y)
}

// brief is a value found, short enough for a line.
func brief(v any) string {
	const longest = 160
	switch t := v.(type) {
	case nil:
		return "nulla"
	case string:
		return t
	case map[string]any:
		if exact, ok := t["exact"].(string); ok {
			return exact
		}
	}
	if text := []rune(canonical(v)); len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return canonical(v)
}

func (e *Expected) brief() string {
	switch e.Kind {
	case ExpectObject:
		var words []string
		for i := range e.Fields {
			words = append(words, e.Fields[i].Key+": "+e.Fields[i].brief())
		}
		return "{" + strings.Join(words, ", ") + "}"
	case ExpectList:
		var words []string
		for i := range e.Items {
			words = append(words, e.Items[i].brief())
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	return e.Text
}
