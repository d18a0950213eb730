package rulebook

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// Format writes a file of rules in its one canonical form, so that differences between versions
// are about what they say: keys in the order of the schema, quotes by the kind of value, two
// blanks for a level, at most one blank line. Comments stay with what they stand before; what was
// written on one line in brackets stays so. Formatting what is formatted changes nothing.
func Format(name string, data []byte) ([]byte, Defects) {
	s, defects := readSource(name, data)
	if s.root == nil {
		return nil, defects
	}
	l := &loader{}
	k := l.kindOf(s)
	if k == nil {
		return nil, l.defects
	}
	c := &formChecker{src: s, wrong: map[*yaml.Node]bool{}}
	if c.object(s.root, k.shape, name); len(c.defects) > 0 {
		return nil, c.defects.tidy()
	}
	f := newFormatter(s)
	f.mapping(s.root, &form{kind: formObject, shape: k.shape}, 0, false)
	f.lines(f.tail, 0)
	out := []byte(f.out.String())
	if !f.faithful(out) {
		return nil, Defects{s.at(1, 1, "format", "semplifica i commenti dentro parentesi e liste", "il file non si può formattare senza perdere qualcosa")}
	}
	return out, nil
}

// formatter prints the tree of a file.
type formatter struct {
	src     *source
	out     strings.Builder
	above   map[*yaml.Node][]string // comments before an entry
	beside  map[*yaml.Node]string   // comment at the end of its line
	spaced  map[*yaml.Node]bool     // a blank line stands before it
	tail    []string                // comments after everything
	entries []*yaml.Node            // keys and items that have a line of their own, in order
	blocks  []*yaml.Node            // scalars written as | or >
	notes   []comment
}

func newFormatter(s *source) *formatter {
	f := &formatter{src: s, above: map[*yaml.Node][]string{}, beside: map[*yaml.Node]string{}, spaced: map[*yaml.Node]bool{}}
	f.collect(s.root)
	f.notes = s.comments(f.blocks)
	f.attach()
	return f
}

// collect lists the entries in the order of the file.
func (f *formatter) collect(n *yaml.Node) {
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 && n.Kind == yaml.ScalarNode:
		f.blocks = append(f.blocks, n)
	case inline(n):
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			f.entries = append(f.entries, n.Content[i])
			f.collect(n.Content[i+1])
		}
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			f.entries = append(f.entries, item)
			f.collect(item)
		}
	}
}

// inline tells whether a node is printed on the line of its key.
func inline(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode || n.Style&yaml.FlowStyle != 0 || len(n.Content) == 0
}

// comment is one comment of a file.
type comment struct {
	line  int
	text  string // with its #
	alone bool   // nothing else on the line
}

// comments finds the comments of a file: what follows a # that begins a word outside quotes.
func (s *source) comments(blocks []*yaml.Node) []comment {
	var found []comment
	skip := map[int]bool{}
	for _, b := range blocks {
		for n := range s.blockLines(b) {
			skip[b.Line+1+n] = true
		}
	}
	var quote byte
	for i, line := range s.lines {
		if skip[i+1] {
			continue
		}
		at := -1
		at, quote = commentStart(line, quote)
		if at >= 0 {
			found = append(found, comment{i + 1, strings.TrimRight(line[at:], " "), strings.TrimSpace(line[:at]) == ""})
		}
	}
	return found
}

// blockLines are the lines of a scalar written as | or >.
func (s *source) blockLines(n *yaml.Node) []string {
	indent := 0
	lines := s.lines[min(n.Line, len(s.lines)):]
	for i, line := range lines {
		text := strings.TrimLeft(line, " ")
		if text == "" {
			continue
		}
		if indent == 0 {
			indent = len(line) - len(text)
			if parent := len(s.line(n.Line)) - len(strings.TrimLeft(s.line(n.Line), " ")); indent <= parent {
				return nil
			}
		}
		if len(line)-len(text) < indent {
			return lines[:i]
		}
	}
	return lines
}

// commentStart is where the comment of a line begins, -1 for none; quote is the quote that is open
// before the line and after it, 0 for none.
func commentStart(line string, quote byte) (int, byte) {
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '"' && c == '\\':
			i++
		case quote == '\'' && c == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '#' && (i == 0 || line[i-1] == ' '):
			return i, 0
		case (c == '"' || c == '\'') && opensQuote(line[:i]):
			quote = c
		}
	}
	return -1, quote
}

// opensQuote tells whether a quote after this text begins a scalar; inside a word it is an apostrophe.
func opensQuote(before string) bool {
	trimmed := strings.TrimRight(before, " ")
	if trimmed == "" {
		return true
	}
	switch trimmed[len(trimmed)-1] {
	case '[', '{', ',':
		return true
	case ':', '-':
		return len(trimmed) < len(before) || strings.HasSuffix(trimmed, `":`)
	}
	return false
}

// attach gives each comment to the entry it stands before or beside.
func (f *formatter) attach() {
	for _, c := range f.notes {
		next := slices.IndexFunc(f.entries, func(e *yaml.Node) bool { return e.Line > c.line })
		before := f.entries[:len(f.entries)]
		if next >= 0 {
			before = f.entries[:next]
		}
		end := len(f.src.lines) + 1
		if next >= 0 {
			end = f.entries[next].Line
		}
		switch {
		case !c.alone && len(before) > 0 && f.beside[before[len(before)-1]] == "":
			f.beside[before[len(before)-1]] = c.text
		case len(before) > 0 && (!c.alone || f.contentBetween(c.line, end)): // inside brackets over several lines
			last := before[len(before)-1]
			f.above[last] = append(f.above[last], c.text)
		case next >= 0:
			f.above[f.entries[next]] = append(f.above[f.entries[next]], c.text)
		default:
			f.tail = append(f.tail, c.text)
		}
	}
	for i, e := range f.entries {
		opens := i == 0 || f.entries[i-1].Line < e.Line // the first key of an item is on the item's line
		f.spaced[e] = opens && f.blankBefore(e.Line)
	}
}

// contentBetween tells whether something other than comments stands between two lines.
func (f *formatter) contentBetween(after, before int) bool {
	for n := after + 1; n < before; n++ {
		if text := strings.TrimSpace(f.src.line(n)); text != "" && text[0] != '#' {
			return true
		}
	}
	return false
}

// blankBefore tells whether a blank line stands before a line and the comments above it.
func (f *formatter) blankBefore(line int) bool {
	for line--; line > 0; line-- {
		text := strings.TrimSpace(f.src.line(line))
		if text == "" {
			return true
		}
		if text[0] != '#' {
			return false
		}
	}
	return false
}

// mapping prints the keys of an object at an indent; opened tells that the first stands after "- ".
func (f *formatter) mapping(n *yaml.Node, of *form, indent int, opened bool) {
	for i, pair := range orderedPairs(n, of) {
		first := opened && i == 0
		f.head(pair.key, indent, first, i == 0)
		f.out.WriteString(keyText(pair.key.Value) + ":")
		f.value(pair.key, pair.value, pair.form, indent)
	}
}

// head prints what stands before an entry.
func (f *formatter) head(e *yaml.Node, indent int, opened, first bool) {
	if opened {
		return
	}
	if f.spaced[e] && !first {
		f.out.WriteByte('\n')
	}
	f.lines(f.above[e], indent)
	f.indent(indent)
}

func (f *formatter) lines(lines []string, indent int) {
	for _, line := range lines {
		f.indent(indent)
		f.out.WriteString(line + "\n")
	}
}

func (f *formatter) indent(n int) { f.out.WriteString(strings.Repeat(" ", n)) }

// value prints what follows a key, to the end of its lines.
func (f *formatter) value(key, n *yaml.Node, of *form, indent int) {
	switch {
	case f.isBlock(n):
		f.out.WriteString(" " + f.blockHead(n))
		f.endLine(key)
		f.blockBody(n, indent+2)
	case inline(n):
		f.out.WriteString(" " + flowText(n, of))
		f.endLine(key)
	case n.Kind == yaml.MappingNode:
		f.endLine(key)
		f.mapping(n, of, indent+2, false)
	default:
		f.endLine(key)
		f.sequence(n, of, indent+2)
	}
}

func (f *formatter) endLine(e *yaml.Node) {
	if c := f.beside[e]; c != "" {
		f.out.WriteString(" " + c)
	}
	f.out.WriteByte('\n')
}

func (f *formatter) sequence(n *yaml.Node, of *form, indent int) {
	item := of.element()
	for i, e := range n.Content {
		f.liftComments(e, item)
		f.head(e, indent, false, i == 0)
		f.out.WriteString("-")
		switch {
		case inline(e) && !f.isBlock(e):
			f.out.WriteString(" " + flowText(e, item))
			f.endLine(e)
		case f.isBlock(e):
			f.out.WriteString(" " + f.blockHead(e))
			f.endLine(e)
			f.blockBody(e, indent+2)
		case e.Kind == yaml.MappingNode:
			f.out.WriteString(" ")
			f.mapping(e, item, indent+2, true)
		default:
			f.endLine(e)
			f.sequence(e, item, indent+2)
		}
	}
}

// liftComments moves the comments of the key that will stand after "- " above the item: no line of
// its own is left to put them on.
func (f *formatter) liftComments(item *yaml.Node, of *form) {
	if item.Kind != yaml.MappingNode || inline(item) {
		return
	}
	first := orderedPairs(item, of)[0].key
	f.above[item] = append(f.above[item], f.above[first]...)
}

func (f *formatter) isBlock(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

var blockIndicator = regexp.MustCompile(`[|>][-+]?`)

// blockHead is the indicator of a block scalar as written: | or >, with its - or +.
func (f *formatter) blockHead(n *yaml.Node) string {
	runes := []rune(f.src.line(n.Line))
	return blockIndicator.FindString(string(runes[n.Column-1:]))
}

func (f *formatter) blockBody(n *yaml.Node, indent int) {
	lines := f.src.blockLines(n)
	own := 0
	for _, line := range lines {
		if text := strings.TrimLeft(line, " "); text != "" {
			own = len(line) - len(text)
			break
		}
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	for _, line := range lines {
		if text := strings.TrimRight(line[min(own, len(line)):], " "); text != "" {
			f.indent(indent)
			f.out.WriteString(text)
		}
		f.out.WriteByte('\n')
	}
}

// element is the form of an item of a list.
func (f *form) element() *form {
	if f.kind == formList {
		return f.of
	}
	return f
}

// pair is one key of an object with the form of its value.
type pair struct {
	key, value *yaml.Node
	form       *form
}

// orderedPairs are the keys of an object in the order of its shape: free keys before, as written.
func orderedPairs(n *yaml.Node, of *form) []pair {
	var pairs []pair
	rank := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		p := pair{k, n.Content[i+1], anyYAML}
		switch of.kind {
		case formObject:
			if i := slices.Index(of.shape.names(), k.Value); i >= 0 {
				p.form = of.shape.keys[i].form
				rank[k.Value] = i + 1
			} else if of.shape.free != nil {
				p.form = of.shape.free
			}
		case formTexts:
			p.form = words
			rank[k.Value] = 1 + slices.Index([]string{"it", "en", "de"}, k.Value)
		case formMap:
			p.form = of.of
		}
		pairs = append(pairs, p)
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return rank[a.key.Value] - rank[b.key.Value] })
	return pairs
}

// flowText prints a value on one line.
func flowText(n *yaml.Node, of *form) string {
	switch n.Kind {
	case yaml.MappingNode:
		var parts []string
		for _, p := range orderedPairs(n, of) {
			parts = append(parts, keyText(p.key.Value)+": "+flowText(p.value, p.form))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case yaml.SequenceNode:
		var parts []string
		for _, item := range n.Content {
			parts = append(parts, flowText(item, of.element()))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return scalarText(n, of)
}

var plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./:-]*[A-Za-z0-9_./-]$`)

func isPlain(s string) bool {
	return plainText.MatchString(s) && !strings.Contains(s, "://") && !slices.Contains(append(yesNo, "true", "false", "null"), strings.ToLower(s))
}

// nameText is a name or a key: plain where YAML reads it as text.
func nameText(s string) string {
	if isPlain(s) {
		return s
	}
	return doubleQuoted(s)
}

// keyText is a key: «on» is a word there to every reader that matters, and we answer with it.
func keyText(s string) string {
	if slices.Contains(yesNo, s) && len(s) > 1 {
		return s
	}
	return nameText(s)
}

// scalarText quotes a scalar by its form: expressions in single quotes, words in double quotes,
// names plain.
func scalarText(n *yaml.Node, of *form) string {
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0
	switch {
	case of.kind == formWhole || of.kind == formBool:
		return n.Value
	case of.kind == formAny && plain && (n.ShortTag() != "!!str" || isPlain(n.Value)):
		return n.Value
	case of.kind == formExpr && printable(n.Value):
		return "'" + strings.ReplaceAll(n.Value, "'", "''") + "'"
	case of.kind == formCode || of.pattern != nil:
		return nameText(n.Value)
	}
	return doubleQuoted(n.Value)
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// doubleQuoted writes a text in double quotes, with escapes only where YAML needs them.
func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(escapeRune(r))
		}
	}
	b.WriteByte('"')
	return b.String()
}

func escapeRune(r rune) string {
	const hex = "0123456789ABCDEF"
	b := []byte(`\U00000000`)
	for i := len(b) - 1; i >= 2; i-- {
		b[i] = hex[r&15]
		r >>= 4
	}
	return string(b)
}

// faithful reads the result again: the same values under the same keys, and every comment.
func (f *formatter) faithful(out []byte) bool {
	again, defects := readSource(f.src.name, out)
	if len(defects) > 0 || !sameTree(f.src.root, again.root) {
		return false
	}
	g := newFormatter(again)
	return slices.Equal(commentTexts(f.notes), commentTexts(g.notes))
}

func commentTexts(notes []comment) []string {
	var texts []string
	for _, c := range notes {
		texts = append(texts, c.text)
	}
	slices.Sort(texts)
	return texts
}

// sameTree compares two trees; the order of keys does not matter.
func sameTree(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	switch a.Kind {
	case yaml.ScalarNode:
		return a.Value == b.Value && a.ShortTag() == b.ShortTag()
	case yaml.MappingNode:
		for i := 0; i+1 < len(a.Content); i += 2 {
			other := valueOf(b, a.Content[i].Value)
			if other == nil || !sameTree(a.Content[i+1], other) {
				return false
			}
		}
		return true
	}
	for i := range a.Content {
		if !sameTree(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}
