package rulebook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxFile bounds one file of rules, in bytes. The largest we ship is a hundredth of it.
const maxFile = 1 << 20

// source is one YAML file: its text, and its tree where every node knows its line and column.
type source struct {
	name  string
	data  []byte // with LF line ends, whatever the editor wrote: digests must not depend on it
	lines []string
	root  *yaml.Node // the mapping at the top; nil when the file can't be read
}

// readSource parses one file strictly: one document of plain YAML, without the features that
// make two readers see different things (anchors, merge keys, tags, tabs).
func readSource(name string, data []byte) (*source, Defects) {
	s := &source{name: name}
	if d := s.refuseBytes(data); len(d) > 0 {
		return s, d
	}
	s.data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	s.lines = strings.Split(string(s.data), "\n")
	if d := append(s.refuseTabs(), s.refuseInvisible()...); len(d) > 0 {
		return s, d
	}
	root, err := parseOne(s.data)
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		return s, Defects{s.syntaxDefect(syntax)}
	case errors.Is(err, errSecondDocument):
		return s, Defects{s.at(root.Line, 1, "second_document", "togli la riga «---» e metti il resto in un altro file",
			"il file contiene più di un documento")}
	case root == nil:
		return s, Defects{s.at(1, 1, "empty_file", "la prima chiave è «schema», per esempio schema: parameters/v1", "il file è vuoto")}
	}
	if d := s.refuseFeatures(root); len(d) > 0 {
		return s, d
	}
	if root.Kind != yaml.MappingNode {
		return s, Defects{s.defect(root, "wrong_type", "la prima chiave è «schema», per esempio schema: parameters/v1",
			"il file deve contenere chiavi con i loro valori, non %s", nodeName(root))}
	}
	s.root = root
	return s, nil
}

func (s *source) refuseBytes(data []byte) Defects {
	switch {
	case len(data) > maxFile:
		return Defects{s.at(0, 0, "file_too_large", "dividi il file in più file",
			"il file è di %d byte, oltre il massimo di %d", len(data), maxFile)}
	case bytes.HasPrefix(data, []byte("\ufeff")):
		return Defects{s.at(1, 1, "byte_order_mark", "salva il file come UTF-8 senza BOM", "il file comincia con un segno invisibile (BOM)")}
	case !utf8.Valid(data):
		line := 1 + bytes.Count(data[:validPrefix(data)], []byte("\n"))
		return Defects{s.at(line, 1, "not_utf8", "salva il file come UTF-8", "la riga contiene caratteri che non sono UTF-8")}
	}
	return nil
}

func validPrefix(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return len(data)
}

func (s *source) refuseTabs() (defects Defects) {
	for i, line := range s.lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if col := strings.IndexByte(indent, '\t'); col >= 0 && len(indent) < len(line) {
			defects = append(defects, s.at(i+1, col+1, "tab", "usa gli spazi: due per ogni livello", "la riga rientra con una tabulazione"))
		}
	}
	return defects
}

// refuseInvisible refuses characters that no editor shows: some are line ends to YAML alone, and
// could hide a key behind a comment; others turn the order of what is read.
func (s *source) refuseInvisible() (defects Defects) {
	for i, line := range s.lines {
		col := 0
		for _, r := range line {
			col++
			if invisible(r) {
				defects = append(defects, s.at(i+1, col, "invisible", "toglilo, o scrivilo come sequenza in un testo tra virgolette", "la riga contiene un carattere invisibile (U+%04X)", r))
				break
			}
		}
	}
	return defects
}

func invisible(r rune) bool {
	return r != '\t' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Cf, r)
}

func (s *source) refuseFeatures(n *yaml.Node) (defects Defects) {
	if n.Anchor != "" {
		defects = append(defects, s.defect(n, "anchor", "ripeti il valore per esteso", "le ancore (&%s) non sono ammesse", n.Anchor))
	}
	if n.Style&yaml.TaggedStyle != 0 {
		defects = append(defects, s.defect(n, "tag", "togli il tag: il tipo è quello previsto dalla chiave", "i tag (%s) non sono ammessi", n.Tag))
	}
	switch n.Kind {
	case yaml.AliasNode:
		return append(defects, s.defect(n, "alias", "ripeti il valore per esteso", "i rimandi (*%s) non sono ammessi", n.Value))
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			if k := n.Content[i]; k.Kind == yaml.ScalarNode && k.ShortTag() == "!!merge" {
				defects = append(defects, s.defect(k, "merge_key", "ripeti le chiavi per esteso", "la chiave «<<» non è ammessa"))
			}
		}
	}
	for _, k := range n.Content {
		defects = append(defects, s.refuseFeatures(k)...)
	}
	return defects
}

// defect is a defect at a node.
func (s *source) defect(n *yaml.Node, code, hint, format string, args ...any) Defect {
	return s.at(n.Line, n.Column, code, hint, format, args...)
}

func (s *source) at(line, col int, code, hint, format string, args ...any) Defect {
	return Defect{
		Place: Place{s.name, line, col}, Code: code, Hint: hint,
		Message: fmt.Sprintf(format, args...), Snippet: s.line(line),
	}
}

func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// syntaxError is what the YAML reader says of a text that is not YAML.
type syntaxError struct {
	line int // as the reader tells it: often the line before, or where the block began
	text string
}

func (e *syntaxError) Error() string { return e.text }

var errSecondDocument = errors.New("second document")

var syntaxLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)$`)

// parseOne reads the only document of a file. With errSecondDocument comes the second one.
func parseOne(data []byte) (root *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil { // the reader is not ours: hostile bytes must not take the service down
			root, err = nil, &syntaxError{text: fmt.Sprint(p)}
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, asSyntax(err)
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, asSyntax(err)
	default:
		return &second, errSecondDocument
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

func asSyntax(err error) error {
	m := syntaxLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	line, _ := strconv.Atoi(m[1])
	return &syntaxError{line, m[2]}
}

// syntaxDefect words a syntax error, at the line where the text stops being YAML.
func (s *source) syntaxDefect(e *syntaxError) Defect {
	line := s.brokenLine()
	if line == 0 {
		line = max(e.line, 1)
	}
	col := 1 + len(s.line(line)) - len(strings.TrimLeft(s.line(line), " "))
	if _, quote := commentStart(s.line(line), 0); quote != 0 {
		return s.at(line, col, "yaml_syntax", "mancano le virgolette di chiusura", "qui il testo non è YAML valido")
	}
	hint := "controlla rientri, virgolette e parentesi di questa riga e della precedente"
	for _, c := range syntaxCures {
		if strings.Contains(e.text, c.says) {
			hint = c.cure
		}
	}
	return s.at(line, col, "yaml_syntax", hint, "qui il testo non è YAML valido")
}

var syntaxCures = []struct{ says, cure string }{
	{"mapping values are not allowed", "se il testo contiene «: », chiudilo tra virgolette"},
	{"did not find expected key", "controlla che la riga rientri come le sue sorelle e che le virgolette siano chiuse"},
	{"did not find expected ',' or", "manca una virgola o la parentesi che chiude"},
	{"while scanning a quoted scalar", "mancano le virgolette di chiusura"},
	{"unexpected end of stream", "mancano le virgolette di chiusura"},
	{"cannot start any token", "un testo che comincia con @, `, % o simili va tra virgolette"},
	{"could not find expected ':'", "dopo una chiave ci vogliono i due punti e uno spazio"},
}

// brokenLine finds where the text stops being YAML: the line after the longest readable beginning.
// The reader itself tells the start of the enclosing block, which may be a page above. Zero when
// the file is too large to be worth the search.
func (s *source) brokenLine() int {
	const ahead, largest, budget = 40, 128 << 10, 200
	if len(s.data) > largest {
		return 0
	}
	good, bad, tries := 0, len(s.lines), 0
	reads := func(n int) bool {
		if tries++; tries > budget {
			return false
		}
		_, err := parseOne([]byte(strings.Join(s.lines[:n], "\n") + "\n"))
		return err == nil
	}
	for bad-good > 1 {
		mid := (good + bad) / 2
		// A beginning may be unreadable only because a bracket or a quote closes further on.
		found := 0
		for n := mid; n < bad && n < mid+ahead && found == 0; n++ {
			if reads(n) {
				found = n
			}
		}
		if found > 0 {
			good = found
		} else {
			bad = mid
		}
	}
	return good + 1
}

// nodeName says in Italian what was written at a node.
func nodeName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "un gruppo di chiavi"
	case yaml.SequenceNode:
		return "un elenco"
	}
	switch n.ShortTag() {
	case "!!null":
		return "un valore vuoto"
	case "!!int", "!!float":
		return "un numero"
	case "!!bool":
		return "vero o falso"
	}
	return "un testo"
}
