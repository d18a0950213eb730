package rulebook

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// rowOfPeriods is the row that counters, exceptions and their like speak of.
const rowOfPeriods = "periodo"

// scope is the scope with a row of that name in hand; "" is none. It is nil while the facts are
// not well declared: then nothing is compiled, for every expression would fail for that reason.
func (l *loader) scope(row string) *Scope {
	v := l.ed.Vocabulary
	if v == nil {
		return nil
	}
	s := l.scopes[row]
	if s == nil {
		s = &Scope{Vocabulary: v, Row: v.Groups[row], Parameters: l.ed.Parameters, Tables: l.ed.Tables, Values: l.ed.Values, Holidays: l.ed.Holidays}
		l.scopes[row] = s
	}
	return s
}

// condition compiles the expression under a key; nil when there is none, or it is wrong.
func (l *loader) condition(o object, key string, s *Scope) *Condition {
	t, ok := o.expression(key)
	if !ok || s == nil {
		return nil
	}
	c, defects := CompileCondition(t.text, t.at, s)
	l.expressionDefects(t, defects)
	return c
}

// expr compiles the expression under a key that yields a value, likewise.
func (l *loader) expr(o object, key string, s *Scope, want Want) *Expr {
	t, ok := o.expression(key)
	if !ok || s == nil {
		return nil
	}
	x, defects := CompileExpr(t.text, t.at, s, want)
	l.expressionDefects(t, defects)
	return x
}

func (l *loader) expressionDefects(t expression, defects []Defect) {
	for _, d := range defects {
		if d.Code == "unknown_parameter" && l.unread["parameters"] || d.Code == "unknown_table" && l.unread["tables"] || d.Code == "unknown_value" && l.unread[formsDir] {
			continue
		}
		d.Place = t.place(d.Place)
		d.Snippet = t.src.line(d.Place.Line)
		l.defects = append(l.defects, d)
	}
}

// expression is the text of an expression and the place of its first character in the file.
type expression struct {
	src  *source
	node *yaml.Node
	text string
	at   Place
}

func (o object) expression(key string) (expression, bool) {
	n := o.node(key)
	if n == nil {
		return expression{}, false
	}
	t := expression{src: o.src, node: n, text: n.Value, at: Place{o.src.name, n.Line, n.Column}}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		t.block()
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		t.at.Col++
	}
	return t, true
}

// block takes the lines as they stand in the file: folded or not, blanks don't matter in an
// expression, and so every character keeps its place.
func (t *expression) block() {
	var lines []string
	indent := 0
	for _, line := range t.src.lines[t.node.Line:] {
		text := strings.TrimLeft(line, " ")
		if indent == 0 {
			indent = len(line) - len(text)
		}
		if text != "" && len(line)-len(text) < indent {
			break
		}
		lines = append(lines, line[min(indent, len(line)):])
	}
	t.text = strings.TrimRight(strings.Join(lines, "\n"), " \n")
	t.at = Place{t.src.name, t.node.Line + 1, indent + 1}
}

// place is where in the file a place of the compiled text stands.
func (t *expression) place(p Place) Place {
	if p.Line == t.at.Line {
		p.Col = t.at.Col + t.written(max(0, p.Col-t.at.Col))
	}
	if p.Col > len([]rune(t.src.line(p.Line)))+1 {
		return t.at // a text folded over several lines: say where it begins
	}
	return p
}

// written is the number of characters that the first n of the text take in the file: an escape in
// quotes takes more than one.
func (t *expression) written(n int) int {
	if t.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
		return n
	}
	line := []rune(t.src.line(t.node.Line))
	double := t.node.Style&yaml.DoubleQuotedStyle != 0
	from := t.at.Col - 1
	i := from
	for ; n > 0 && i < len(line); n-- {
		switch {
		case double && line[i] == '\\' && i+1 < len(line):
			i += map[rune]int{'x': 2, 'u': 4, 'U': 8}[line[i+1]] + 2
		case !double && line[i] == '\'':
			i += 2
		default:
			i++
		}
	}
	return i - from + n
}
