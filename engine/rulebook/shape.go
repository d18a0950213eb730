package rulebook

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// A form says what may be written at one place of a file. Files are checked against forms before
// anything is built from them, and the JSON Schemas of the editors are printed from the same
// forms: what the editor accepts and what the loader accepts can't drift apart.
type form struct {
	kind    formKind
	options []string       // formCode: the words allowed
	pattern *regexp.Regexp // formText: what it looks like
	looks   string         // the same for people, in Italian
	of      *form          // formList, formMap
	atLeast int            // formList
	least   int            // formWhole
	most    int            // formWhole; 0 is no bound
	shape   *shape         // formObject
}

type formKind uint8

const (
	formText   formKind = iota // text, in quotes where YAML would read something else
	formCode                   // one of options
	formDay                    // "2015-09-24"
	formWhole                  // whole number, without quotes
	formBool                   // true or false, without quotes
	formTexts                  // {it: …, en: …, de: …}
	formExpr                   // a condition or an expression
	formList                   // a list of form
	formObject                 // an object of shape
	formMap                    // free keys, each with a value of form
	formAny                    // anything of plain YAML
)

// shape is an object with declared keys, in the order in which fmt writes them.
type shape struct {
	name string // unique: the name in the JSON Schema
	text string // what it is, in Italian: "una versione del parametro"
	keys []key
	free *form // further keys, each with a value of this form; nil: none
}

type key struct {
	name     string
	form     *form
	required bool
	text     string // what it says, in Italian
}

func must(name string, f *form, text string) key { return key{name, f, true, text} }
func may(name string, f *form, text string) key  { return key{name, f, false, text} }

func listOf(atLeast int, f *form) *form { return &form{kind: formList, of: f, atLeast: atLeast} }
func objectOf(s *shape) *form           { return &form{kind: formObject, shape: s} }
func codeOf(options ...string) *form    { return &form{kind: formCode, options: options} }
func textLike(pattern, looks string) *form {
	return &form{pattern: regexp.MustCompile(pattern), looks: looks}
}

func (s *shape) key(name string) *key {
	i := slices.IndexFunc(s.keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return nil
	}
	return &s.keys[i]
}

func (s *shape) names() []string {
	names := make([]string, len(s.keys))
	for i := range s.keys {
		names[i] = s.keys[i].name
	}
	return names
}

// checker of forms: gathers the defects of one file, and remembers the nodes that are wrong, so
// that what is built on them says nothing more.
type formChecker struct {
	src     *source
	defects Defects
	wrong   map[*yaml.Node]bool
}

func (c *formChecker) defect(n *yaml.Node, code, hint, format string, args ...any) {
	c.defects = append(c.defects, c.src.defect(n, code, hint, format, args...))
	c.wrong[n] = true
}

// check compares the node with the form; what is the name by which a message calls it.
func (c *formChecker) check(n *yaml.Node, f *form, what string) {
	switch f.kind {
	case formObject:
		c.object(n, f.shape, what)
	case formMap:
		if c.isKind(n, yaml.MappingNode, what, "un gruppo di chiavi") {
			c.keys(n, what, func(k, v *yaml.Node) { c.check(v, f.of, k.Value) })
		}
	case formTexts:
		c.texts(n, what)
	case formList:
		c.list(n, f, what)
	case formAny:
		c.any(n, what)
	default:
		if c.isKind(n, yaml.ScalarNode, what, scalarName(f)) {
			c.scalar(n, f, what)
		}
	}
}

func scalarName(f *form) string {
	switch f.kind {
	case formDay:
		return "un giorno"
	case formWhole:
		return "un numero intero"
	case formBool:
		return "true o false"
	case formExpr:
		return "un'espressione"
	}
	return "un testo"
}

func (c *formChecker) isKind(n *yaml.Node, k yaml.Kind, what, expected string) bool {
	switch {
	case n.Kind == k && !(k == yaml.ScalarNode && n.ShortTag() == "!!null"):
		return true
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		c.defect(n, "empty_value", "scrivi "+expected+", o togli la chiave", "«%s» non ha valore", what)
	default:
		c.defect(n, "wrong_type", layouts[k], "«%s» deve essere %s, non %s", what, expected, nodeName(n))
	}
	return false
}

// layouts say how a kind of node is written.
var layouts = map[yaml.Kind]string{
	yaml.MappingNode:  "una chiave con il suo valore per riga, o tutte tra parentesi graffe: {chiave: valore}",
	yaml.SequenceNode: "una riga che comincia con «- » per ogni elemento, o tutti tra parentesi quadre: [uno, due]",
	yaml.ScalarNode:   "scrivi un solo valore sulla riga della chiave",
}

func (c *formChecker) object(n *yaml.Node, s *shape, what string) {
	if !c.isKind(n, yaml.MappingNode, what, s.text) {
		return
	}
	seen := map[string]bool{}
	c.keys(n, what, func(k, v *yaml.Node) {
		seen[k.Value] = true
		switch known := s.key(k.Value); {
		case known != nil:
			c.check(v, known.form, k.Value)
		case s.free != nil:
			c.check(v, s.free, k.Value)
		default:
			c.wrong[v] = true
			c.defect(k, "unknown_key", suggestKey(k.Value, s.names()), "«%s» non è una chiave di %s", k.Value, s.text)
		}
	})
	for i := range s.keys {
		if k := &s.keys[i]; k.required && !seen[k.name] {
			c.defects = append(c.defects, c.src.defect(n, "missing_key", "«"+k.name+"»: "+k.text, "manca la chiave «%s» in %s", k.name, s.text))
		}
	}
}

func suggestKey(name string, names []string) string {
	if near := nearest(name, names); near != "" {
		return "forse intendevi «" + near + "»?"
	}
	return "le chiavi previste sono " + strings.Join(names, ", ")
}

// keys visits every pair of an object, once each.
func (c *formChecker) keys(n *yaml.Node, what string, visit func(k, v *yaml.Node)) {
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.ShortTag() != "!!str" {
			c.wrong[v] = true
			c.defect(k, "wrong_key", `se è davvero il nome di una chiave, chiudilo tra virgolette`, "una chiave di «%s» deve essere un testo, non %s", what, nodeName(k))
			continue
		}
		if before := first[k.Value]; before != nil {
			c.wrong[v] = true
			c.defect(k, "duplicate_key", "tieni una sola delle due", "la chiave «%s» è già alla riga %d", k.Value, before.Line)
			continue
		}
		first[k.Value] = k
		visit(k, v)
	}
}

func (c *formChecker) list(n *yaml.Node, f *form, what string) {
	if !c.isKind(n, yaml.SequenceNode, what, "un elenco") {
		return
	}
	if len(n.Content) < f.atLeast {
		c.defect(n, "empty_list", "aggiungi almeno un elemento", "l'elenco «%s» è vuoto", what)
	}
	for _, item := range n.Content {
		c.check(item, f.of, what)
	}
}

// texts wants every language, and no other.
func (c *formChecker) texts(n *yaml.Node, what string) {
	if !c.isKind(n, yaml.MappingNode, what, `un testo per lingua, per esempio {it: "…", en: "…", de: "…"}`) {
		return
	}
	seen := map[string]bool{}
	c.keys(n, what, func(k, v *yaml.Node) {
		seen[k.Value] = true
		if !slices.Contains(quantity.Languages, k.Value) {
			c.defect(k, "unknown_language", "le lingue sono "+strings.Join(quantity.Languages, ", "), "«%s» non è una lingua prevista", k.Value)
			return
		}
		if c.isKind(v, yaml.ScalarNode, k.Value, "un testo") && c.isText(v, k.Value) && strings.TrimSpace(v.Value) == "" {
			c.defect(v, "empty_text", "scrivi il testo", "il testo in «%s» è vuoto", k.Value)
		}
	})
	for _, lang := range quantity.Languages {
		if !seen[lang] {
			c.defect(n, "missing_language", `aggiungi `+lang+`: "…"`, "in «%s» manca la lingua «%s»", what, lang)
		}
	}
}

// any takes whatever is plain YAML, as the facts of a case are.
func (c *formChecker) any(n *yaml.Node, what string) {
	switch n.Kind {
	case yaml.MappingNode:
		c.keys(n, what, func(k, v *yaml.Node) { c.any(v, k.Value) })
	case yaml.SequenceNode:
		for _, item := range n.Content {
			c.any(item, what)
		}
	}
}

func (c *formChecker) scalar(n *yaml.Node, f *form, what string) {
	switch f.kind {
	case formWhole:
		c.whole(n, f, what)
		return
	case formBool:
		if n.Style != 0 || n.Value != "true" && n.Value != "false" {
			c.defect(n, "wrong_type", "scrivi true o false, senza virgolette", "«%s» deve essere true o false, non «%s»", what, n.Value)
		}
		return
	}
	if !c.isText(n, what) {
		return
	}
	switch {
	case strings.TrimSpace(n.Value) == "" && f.pattern == nil:
		c.defect(n, "empty_text", "scrivi un valore, o togli la chiave", "«%s» è vuoto", what)
	case f.kind == formDay:
		c.day(n, what)
	case f.kind == formCode && !slices.Contains(f.options, n.Value):
		hint := "scegli fra " + strings.Join(f.options, ", ")
		if near := nearest(n.Value, f.options); near != "" {
			hint = "forse intendevi «" + near + "»?"
		}
		c.defect(n, "unknown_code", hint, "«%s» non è un valore di «%s»", n.Value, what)
	case f.pattern != nil && !f.pattern.MatchString(n.Value):
		c.defect(n, "wrong_form", f.looks, "«%s» non è scritto come vuole «%s»", n.Value, what)
	}
}

func (c *formChecker) day(n *yaml.Node, what string) {
	if _, err := calendar.Parse(n.Value); err != nil {
		c.defect(n, "bad_day", `un giorno si scrive "AAAA-MM-GG" e deve esistere, dall'anno 1 al 9999`, "«%s» non è un giorno in «%s»", n.Value, what)
	}
}

var wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,8})$`)

func (c *formChecker) whole(n *yaml.Node, f *form, what string) {
	if n.Style != 0 || !wholeNumber.MatchString(n.Value) {
		c.defect(n, "wrong_type", "scrivi solo le cifre, senza virgolette", "«%s» deve essere un numero intero, non «%s»", what, n.Value)
		return
	}
	if v, _ := strconv.Atoi(n.Value); v < f.least || f.most != 0 && v > f.most {
		hint := "il minimo è " + strconv.Itoa(f.least)
		if f.most != 0 {
			hint = "va da " + strconv.Itoa(f.least) + " a " + strconv.Itoa(f.most)
		}
		c.defect(n, "out_of_range", hint, "«%s» non può essere %s", what, n.Value)
	}
}

// isText tells whether YAML reads the node as text. A number, a date or a yes without quotes is
// refused, because readers differ on them: 0123456701 is octal to some, "no" is false to others.
func (c *formChecker) isText(n *yaml.Node, what string) bool {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return true
	}
	tag, hint := n.ShortTag(), `scrivi "`+n.Value+`" tra virgolette`
	switch {
	case tag == "!!int":
		var read int64
		if err := n.Decode(&read); err == nil && strconv.FormatInt(read, 10) != n.Value {
			c.defect(n, "not_quoted", hint, "«%s» senza virgolette non è un testo: YAML lo legge come il numero %d", n.Value, read)
			return false
		}
		c.defect(n, "not_quoted", hint, "«%s» senza virgolette non è un testo: YAML lo legge come un numero", n.Value)
	case tag == "!!float":
		c.defect(n, "not_quoted", hint, "«%s» senza virgolette non è un testo: YAML lo legge come un numero approssimato", n.Value)
	case tag == "!!timestamp":
		c.defect(n, "not_quoted", hint, "«%s» senza virgolette non è un testo: YAML lo legge come una data con ora", n.Value)
	case tag == "!!bool" || slices.Contains(yesNo, strings.ToLower(n.Value)):
		c.defect(n, "not_quoted", hint, "«%s» senza virgolette non è un testo: YAML lo legge come vero o falso", n.Value)
	case tag != "!!str":
		c.defect(n, "wrong_type", hint, "«%s» deve essere un testo", what)
	default:
		return true
	}
	return false
}

var yesNo = []string{"y", "n", "yes", "no", "on", "off"}
