package mutationtest

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"

	"omnia/engine/calendar"
	"omnia/engine/quantity"
)

// mutant is one change of one file.
type mutant struct {
	file string
	line int    // from 1
	kind string // what sort of slip
	what string // was → is
	text string // of the whole file, changed; empty when the file is taken out
}

func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", m.file, m.line, m.kind, m.what)
}

// mutator walks the lines of one file and gathers what may go wrong in it.
type mutator struct {
	file    string
	lines   []string
	inScope func(parameter string) bool
	out     []mutant
	skipped []string // parameters that no counter reads
	ofForms bool
}

// mutants is every change of the folder, in the order of files and lines.
func mutants(t testing.TB, f folder) (all []mutant, outOfScope []string) {
	t.Helper()
	read := f.parametersRead()
	for _, name := range f.names() {
		m := &mutator{file: name, lines: strings.Split(f[name], "\n"), inScope: func(p string) bool { return read[p] }}
		switch dir := path.Dir(name); {
		case decides(dir):
			m.rules(dir)
		case dir == "parameters":
			m.parameters()
		case name == "tables/settori.yaml" || name == "tables/causali.yaml" || name == "tables/fondi.yaml":
			m.table()
		}
		all = append(all, m.out...)
		outOfScope = append(outOfScope, m.skipped...)
	}
	return all, outOfScope
}

// change adds the mutant in which line i reads `to`.
func (m *mutator) change(i int, kind, what, to string) {
	if to == m.lines[i] {
		return
	}
	text := strings.Join(m.lines[:i], "\n") + "\n" + to + "\n" + strings.Join(m.lines[i+1:], "\n")
	m.out = append(m.out, mutant{file: m.file, line: i + 1, kind: kind, what: what, text: strings.TrimPrefix(text, "\n")})
}

// drop adds the mutant without lines i to j.
func (m *mutator) drop(i, j int, kind string) {
	text := strings.Join(append(append([]string(nil), m.lines[:i]...), m.lines[j+1:]...), "\n")
	m.out = append(m.out, mutant{file: m.file, line: i + 1, kind: kind, what: "without " + strings.TrimSpace(m.lines[i]), text: text})
}

// at replaces line[from:to].
func (m *mutator) at(i, from, to int, kind, with string) {
	line := m.lines[i]
	m.change(i, kind, near(line, from, to)+" → "+with, line[:from]+with+line[to:])
}

// near is the piece that is changed, with a little of what stands around it.
func near(line string, from, to int) string {
	const around = 28
	before, after := line[max(0, from-around):from], line[to:min(len(line), to+around)]
	return "…" + strings.TrimSpace(before) + " ⟦" + line[from:to] + "⟧ " + strings.TrimSpace(after) + "…"
}

// rules mutates a counter, an exception, a presumption or a check.
func (m *mutator) rules(dir string) {
	if dir == "exceptions" {
		m.out = append(m.out, mutant{file: m.file, line: 1, kind: "exception dropped", what: "the whole file"})
	}
	block := false // inside a folded expression
	for i, line := range m.lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if block && strings.TrimSpace(line) != "" && indent >= blockIndent(m.lines, i) {
			m.expression(i, indent, len(line))
			continue
		}
		block = strings.HasSuffix(line, ">-")
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, span := range quoted(line) {
			m.expression(i, span[0], span[1])
		}
		m.days(i)
		m.declared(i)
	}
	m.dropped(dir)
}

// blockIndent is how far the lines of a folded expression are indented.
func blockIndent(lines []string, i int) int {
	for ; i > 0 && !strings.HasSuffix(lines[i], ">-"); i-- {
	}
	return len(lines[i]) - len(strings.TrimLeft(lines[i], " ")) + 2
}

// quoted are the places of expressions, which stand between single quotes.
func quoted(line string) (spans [][2]int) {
	for from := 0; ; {
		i := strings.IndexByte(line[from:], '\'')
		if i < 0 || strings.HasPrefix(strings.TrimSpace(line), "title:") || strings.HasPrefix(strings.TrimSpace(line), "note:") {
			return spans
		}
		i += from
		j := strings.IndexByte(line[i+1:], '\'')
		if j < 0 {
			return spans
		}
		spans = append(spans, [2]int{i + 1, i + 1 + j})
		from = i + j + 2
	}
}

var token = regexp.MustCompile(`"[^"]*"|==|!=|<=|>=|<|>|&&|\|\||!|\*|\b\d+\b|\btrue\b|\bfalse\b`)

// turned is what a tired hand writes instead.
var turned = map[string][]string{
	"==": {"!="}, "!=": {"=="}, "<": {"<=", ">"}, "<=": {"<", ">"}, ">": {">=", "<"}, ">=": {">", "<"},
	"&&": {"||"}, "||": {"&&"}, "!": {""}, "*": {"+"}, "true": {"false"}, "false": {"true"},
}

// mistaken is a code taken for its neighbour.
var mistaken = map[string]string{
	"CIGO": "CIGS", "CIGS": "AIS", "AIS": "CIGO",
	"riorganizzazione": "crisi", "crisi": "solidarieta", "solidarieta": "riorganizzazione",
	"covid19": "ucraina22", "ucraina22": "cigs2223", "cigs2223": "transizione", "transizione": "crisi_complessa", "crisi_complessa": "cigs2223", "ordinario": "covid19",
	"accoglimento": "reiezione", "accoglimento_parziale": "in_istruttoria", "reiezione": "accoglimento", "in_istruttoria": "reiezione",
	"fis": "fondo", "fondo": "fis", "altro": "fis",
	"cigo": "edilizia_lapideo", "ais": "cigo", "edilizia": "edilizia_lapideo", "edilizia_lapideo": "edilizia",
	"quantita": "rifiuto", "prefisso": "rifiuto", "rifiuto": "prefisso",
	"lavoratori": "ore_settimanali", "ore_settimanali": "lavoratori",
}

// expression mutates each operator and literal between two places of a line.
func (m *mutator) expression(i, from, to int) {
	line := m.lines[i]
	for _, p := range token.FindAllStringIndex(line[from:to], -1) {
		a, b := from+p[0], from+p[1]
		tok := line[a:b]
		for _, other := range turned[tok] {
			m.at(i, a, b, "operator", other)
		}
		switch {
		case tok[0] == '"':
			m.literal(i, a, b)
		case tok[0] >= '0' && tok[0] <= '9':
			m.number(i, a, b, "number in an expression")
		}
	}
	m.codes(i, from, to)
	if text := line[from:to]; strings.Contains(line, "length: '") {
		m.at(i, from, to, "window length", text+" + 1")
		m.at(i, from, to, "window length", text+" - 1")
	}
}

var isDay = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// literal mutates a text in double quotes: a day, or a code.
func (m *mutator) literal(i, a, b int) {
	text := m.lines[i][a+1 : b-1]
	if isDay.MatchString(text) {
		for _, d := range shifted(text) {
			m.at(i, a+1, b-1, "day in an expression", d)
		}
		return
	}
	if other, ok := mistaken[text]; ok {
		m.at(i, a+1, b-1, "code literal", other)
	}
}

var list = regexp.MustCompile(`\[[^\]]*\]`)

// codes takes each code out of a list of codes.
func (m *mutator) codes(i, from, to int) {
	line := m.lines[i]
	for _, p := range list.FindAllStringIndex(line[from:to], -1) {
		items := strings.Split(line[from+p[0]+1:from+p[1]-1], ", ")
		for j := range items {
			if len(items) > 1 {
				rest := append(append([]string(nil), items[:j]...), items[j+1:]...)
				m.at(i, from+p[0], from+p[1], "code out of a list", "["+strings.Join(rest, ", ")+"]")
			}
		}
	}
}

// shifted is the day before and the day after.
func shifted(day string) []string {
	d := calendar.MustParse(day)
	return []string{(d - 1).String(), (d + 1).String()}
}

var dated = regexp.MustCompile(`\b(valid_from|valid_to|from|to): "(\d{4}-\d{2}-\d{2})"`)

// lawBegins is the first day on which anything is decided: a day before it is refused as input,
// and only the counters look at periods that reach back beyond it.
const lawBegins = "2015-09-24"

// days moves the days of versions and of fixed windows. Neighbours close up by themselves.
//
// The life of a parameter or table is only made shorter: nothing reads a longer one on
// the days it gains, unless another version follows, and then that one is made shorter.
func (m *mutator) days(i int) {
	dir := path.Dir(m.file)
	for _, p := range dated.FindAllStringSubmatchIndex(m.lines[i], -1) {
		day := m.lines[i][p[4]:p[5]]
		if strings.HasPrefix(day, "0001") || day == lawBegins && m.ofForms {
			continue // the beginning of time has no day before, and no period on it; no form was filled in on the first day of the law
		}
		for _, d := range shifted(day) {
			longer := (m.lines[i][p[2]:p[3]] == "valid_from") == (d < day)
			if (dir == "parameters" || dir == "tables") && longer || d < lawBegins && dir != "counters" {
				continue
			}
			m.at(i, p[4], p[5], "day of a version", d)
		}
	}
}

// words are the closed sets that rules choose from.
var words = map[string][]string{
	"measure":         {"giorni", "mesi", "ore", "settimane_toccate"},
	"basis":           {"fruito_completo", "fruito_dichiarato", "autorizzato"},
	"step":            {"settimana", "intera", "ore"},
	"kind":            {"settimane", "mesi", "trattamento"},
	"select_by":       {"giorno_esaminato", "inizio_richiesta", "data_riferimento"},
	"without_request": {"stato", "non_applicabile"},
	"delay":           {"true", "false"},
}

var declaration = regexp.MustCompile(`\b(measure|basis|step|kind|select_by|without_request|delay): ([a-z_]+)`)

// declared changes a word of a closed set for each other one. With one version there is nothing to
// select.
func (m *mutator) declared(i int) {
	for _, p := range declaration.FindAllStringSubmatchIndex(m.lines[i], -1) {
		key, word := m.lines[i][p[2]:p[3]], m.lines[i][p[4]:p[5]]
		if key == "select_by" && !strings.Contains(strings.Join(m.lines, "\n"), "version: 2") {
			continue
		}
		for _, other := range words[key] {
			if other != word {
				m.at(i, p[4], p[5], key, other)
			}
		}
	}
}

var (
	droppable = regexp.MustCompile(`^\s*(- )?(whole_weeks_when|max_request|factor|weight_when|weight|asks_when|applies_when|without_request|breakdown|idle_when|delay|when|where|norms|pause|rate):`)
	itemOf    = regexp.MustCompile(`^\s*- \{(when|up_to|rate|norm|causale|settore|fondo)\b`)
	summed    = regexp.MustCompile(`lines: (\[[^\]]*\])`)
	presumed  = regexp.MustCompile(`^  - id: `)
)

// dropped takes out what can be forgotten: a key with all below it, an item of a list, a line of
// a sum.
func (m *mutator) dropped(dir string) {
	for i, line := range m.lines {
		switch {
		case droppable.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), "- "):
			m.drop(i, m.below(i), "key dropped")
		case itemOf.MatchString(line):
			kind := "item dropped"
			if dir == "exceptions" {
				kind = "derogation dropped"
			}
			m.drop(i, m.below(i), kind)
		case (dir == "presumptions" || dir == "checks") && presumed.MatchString(line):
			m.drop(i, m.below(i), strings.TrimSuffix(dir, "s")+" dropped")
		}
		if p := summed.FindStringSubmatchIndex(line); p != nil {
			m.sum(i, p[2], p[3])
		}
	}
}

// sum takes each line out of a sum.
func (m *mutator) sum(i, a, b int) {
	items := strings.Split(m.lines[i][a+1:b-1], ", ")
	for j := range items {
		rest := append(append([]string(nil), items[:j]...), items[j+1:]...)
		m.at(i, a, b, "line out of a sum", "["+strings.Join(rest, ", ")+"]")
	}
}

// below is the last line that belongs to the key on line i.
func (m *mutator) below(i int) int {
	indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
	last := i
	for j := i + 1; j < len(m.lines); j++ {
		if strings.TrimSpace(m.lines[j]) == "" {
			continue
		}
		if indent(m.lines[j]) <= indent(m.lines[i]) {
			break
		}
		last = j
	}
	return last
}

var (
	parameterID = regexp.MustCompile(`^  - id: (\S+)`)
	valueOf     = regexp.MustCompile(`\bvalue: "([^"]*)"`)
)

// parameters mutates the values and days of the parameters that counters read.
func (m *mutator) parameters() {
	in := false
	for i, line := range m.lines {
		if id := parameterID.FindStringSubmatch(line); id != nil {
			if in = m.inScope(id[1]); !in {
				m.skipped = append(m.skipped, id[1])
			}
		}
		if !in {
			continue
		}
		m.days(i)
		if p := valueOf.FindStringSubmatchIndex(line); p != nil {
			m.value(i, p[2], p[3])
		}
	}
}

func (m *mutator) value(i, a, b int) {
	text := m.lines[i][a:b]
	switch other, code := mistaken[text]; {
	case text == "true" || text == "false":
		m.at(i, a, b, "value", turned[text][0])
	case code:
		m.at(i, a, b, "value", other)
	default:
		m.number(i, a, b, "value")
	}
}

// number is one more, one less and, for a fraction, the double.
func (m *mutator) number(i, a, b int, kind string) {
	n, err := quantity.Parse(m.lines[i][a:b])
	if err != nil {
		panic(m.file + ": " + m.lines[i][a:b] + " is no number") // the patterns above are wrong
	}
	if _, whole := n.Int64(); !whole {
		m.at(i, a, b, kind, n.Mul(quantity.Int(2)).String())
		m.at(i, a, b, kind, n.Mul(quantity.Frac(99, 100)).String())
		return
	}
	m.at(i, a, b, kind, n.Add(quantity.Int(1)).String())
	m.at(i, a, b, kind, n.Sub(quantity.Int(1)).String())
}

var (
	cell   = regexp.MustCompile(`\b(cigo|ais|edilizia_lapideo|edilizia|evento_non_evitabile|max_settimane_biennio): "([^"]*)"`)
	tabled = regexp.MustCompile(`^\s*- \{(settore|causale|fondo):`)
)

// table mutates the cells that counters read, the days of the versions, and takes rows out.
func (m *mutator) table() {
	for i, line := range m.lines {
		m.days(i)
		if !tabled.MatchString(line) {
			continue
		}
		for _, p := range cell.FindAllStringSubmatchIndex(line, -1) {
			m.value(i, p[4], p[5])
		}
		m.drop(i, i, "row dropped")
	}
}
