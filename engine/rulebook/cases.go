package rulebook

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"omnia/engine/calendar"
)

// TestCase is one worked example beside the rules: facts, and what the answer must say of them.
//
//	schema: cases/v1
//	cases:
//	  - name: "metà del biennio"
//	    facts: {data_riferimento: "2025-11-30", …}
//	    expect:
//	      cigo.settimane_biennio: {verdict: admissible, residual: "26", absent: [grantable]}
//	      warnings: [{pointer: /facts/periodi/0/giorni_fruiti, code: used_above_authorised}]
//
// A quantity is given by its exact value. Of a list of periods or the like, what is written must
// be there, and more may be. A case that must be refused has `errors` alone.
type TestCase struct {
	Name      string
	Source    string       // where the example comes from: "WE-21"
	FactsJSON []byte       // {"data_riferimento": …}, numbers as written
	Today     calendar.Day // CasesDay when the case names none
	Expect    []Expected   // by counter id, in the order written; and "warnings", "errors"
	Place     Place
}

// Expected is something that the answer must say: a scalar, an object or a list.
type Expected struct {
	Key    string // of an object's field
	Kind   ExpectedKind
	Text   string     // of a scalar, as written
	Fields []Expected // of an object
	Items  []Expected // of a list
	Place  Place
}

// ExpectedKind is the sort of an expectation.
type ExpectedKind uint8

// The kinds.
const (
	ExpectScalar ExpectedKind = iota
	ExpectObject
	ExpectList
)

// Cases reads the cases beside the rules, in the order of files and lines. The rules themselves
// must load: a case names what they hold.
func Cases(fsys fs.FS) ([]TestCase, Defects) {
	l := load(fsys)
	if len(l.defects) > 0 {
		return nil, l.defects
	}
	return l.cases, nil
}

func (l *loader) casesFile(o object) {
	if !strings.HasSuffix(o.src.name, ".cases.yaml") {
		l.file(o.src.name, "wrong_name", "rinominalo in "+strings.TrimSuffix(o.src.name, ".yaml")+".cases.yaml", "un file di casi finisce in .cases.yaml")
	}
	for _, c := range o.list("cases") {
		l.testCase(c)
	}
}

func (l *loader) testCase(o object) {
	c := TestCase{Name: o.text("name"), Source: o.text("source"), Today: CasesDay, Place: o.placeOf("name")}
	if day, ok := o.day("today"); ok {
		c.Today = day
	}
	l.take(o, "case "+o.src.name, c.Name)
	if facts := o.node("facts"); facts != nil {
		c.FactsJSON = l.plainJSON(o, facts, nil)
	}
	if expect := o.node("expect"); expect != nil {
		c.Expect = l.expected(o, expect, "").Fields
		l.expectedNames(o, c.Expect)
	}
	l.cases = append(l.cases, c)
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// plainJSON appends a tree of plain YAML as JSON: the same numbers, digit by digit, and the keys
// in their order.
func (l *loader) plainJSON(o object, n *yaml.Node, b []byte) []byte {
	switch n.Kind {
	case yaml.MappingNode:
		b = append(b, '{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendJSONText(b, n.Content[i].Value), ':')
			b = l.plainJSON(o, n.Content[i+1], b)
		}
		return append(b, '}')
	case yaml.SequenceNode:
		b = append(b, '[')
		for i, item := range n.Content {
			if i > 0 {
				b = append(b, ',')
			}
			b = l.plainJSON(o, item, b)
		}
		return append(b, ']')
	}
	return append(b, l.plainScalar(o, n)...)
}

func (l *loader) plainScalar(o object, n *yaml.Node) []byte {
	if n.Style == 0 {
		switch tag := n.ShortTag(); {
		case n.Value == "true" || n.Value == "false" || n.Value == "null":
			return []byte(n.Value)
		case (tag == "!!int" || tag == "!!float") && jsonNumber.MatchString(n.Value):
			return []byte(n.Value)
		}
	}
	c := &formChecker{src: o.src, wrong: o.wrong}
	if !c.isText(n, n.Value) {
		l.defects = append(l.defects, c.defects...)
	}
	return appendJSONText(nil, n.Value)
}

func appendJSONText(b []byte, s string) []byte {
	text, _ := json.Marshal(s) // a string always has a JSON form
	return append(b, text...)
}

func (l *loader) expected(o object, n *yaml.Node, key string) Expected {
	e := Expected{Key: key, Place: Place{o.src.name, n.Line, n.Column}}
	switch n.Kind {
	case yaml.MappingNode:
		e.Kind = ExpectObject
		for i := 0; i+1 < len(n.Content); i += 2 {
			e.Fields = append(e.Fields, l.expected(o, n.Content[i+1], n.Content[i].Value))
		}
	case yaml.SequenceNode:
		e.Kind = ExpectList
		for _, item := range n.Content {
			e.Items = append(e.Items, l.expected(o, item, key))
		}
	default:
		e.Text = n.Value
		if n.Style == 0 && n.ShortTag() == "!!null" {
			l.defects = append(l.defects, o.src.defect(n, "empty_value", "per un campo che non deve esserci scrivi absent: ["+key+"]", "«%s» non ha valore", key))
		} else {
			l.plainScalar(o, n)
		}
	}
	return e
}

// answerFields are the fields of an item of the answer, as the contract names them. A slip in
// `absent` would otherwise always hold.
var answerFields = []string{
	"title", "law", "rule", "verdict", "window", "limit", "counted", "residual", "authorised", "used", "requested", "total",
	"rate", "grantable", "earliest_start", "earliest_full_start", "by_causale", "releases", "periods", "missing", "explanation", "failure",
}

func (l *loader) expectedNames(o object, list []Expected) {
	say := func(e Expected, code, hint, format string, args ...any) {
		l.defects = append(l.defects, o.src.at(e.Place.Line, e.Place.Col, code, hint, format, args...))
	}
	ids := []string{"warnings", "errors", "data_riferimento"}
	for _, c := range l.ed.Counters {
		ids = append(ids, c.ID)
	}
	if len(list) == 0 {
		l.defect(o, "expect", "empty_list", "scrivi che cosa deve dire la risposta", "il caso non si aspetta nulla")
	}
	for _, e := range list {
		i := slices.Index(ids, e.Key)
		switch {
		case i < 0:
			say(e, "unknown_key", suggestKey(e.Key, ids), "«%s» non è un contatore", e.Key)
		case i < 2 && e.Kind != ExpectList:
			say(e, "wrong_type", "per esempio [{pointer: /facts/richiesta/al, code: …}]", "«%s» deve essere un elenco", e.Key)
		case i > 2 && e.Kind != ExpectObject:
			say(e, "wrong_type", "per esempio {verdict: admissible}", "ciò che ci si aspetta da «%s» deve essere un gruppo di chiavi", e.Key)
		case i > 2:
			for _, f := range e.Fields {
				l.expectedField(f, say)
			}
		}
	}
}

func (l *loader) expectedField(f Expected, say func(e Expected, code, hint, format string, args ...any)) {
	if f.Key != "absent" {
		if !slices.Contains(answerFields, f.Key) {
			say(f, "unknown_key", suggestKey(f.Key, answerFields), "«%s» non è un campo della risposta", f.Key)
		}
		return
	}
	if f.Kind != ExpectList {
		say(f, "wrong_type", "per esempio absent: [grantable]", "«absent» deve essere un elenco")
	}
	for _, name := range f.Items {
		if !slices.Contains(answerFields, name.Text) {
			say(name, "unknown_key", suggestKey(name.Text, answerFields), "«%s» non è un campo della risposta", name.Text)
		}
	}
}

// Refused tells whether the case expects that the input is refused.
func (c *TestCase) Refused() bool {
	return slices.ContainsFunc(c.Expect, func(e Expected) bool { return e.Key == "errors" && len(e.Items) > 0 })
}

// Label is the case as reports name it.
func (c *TestCase) Label() string {
	if c.Source == "" {
		return strconv.Quote(c.Name)
	}
	return fmt.Sprintf("%q (%s)", c.Name, c.Source)
}
