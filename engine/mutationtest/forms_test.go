package mutationtest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/rules"
)

// The forms are asked the same question: would their cases, and the whole applications that a person has read,
// notice a mistake in a rule, a value, a bound, a parameter or a table that only they look at?

// formsOf is the folder with the forms, without their cases.
func formsOf(t testing.TB) folder {
	t.Helper()
	f := shipped(t)
	names, err := fs.Glob(rules.FS, "forms/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".cases.yaml") {
			continue
		}
		text, err := fs.ReadFile(rules.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		f[name] = string(text)
	}
	return f
}

// formMutants is every change of the forms, of the parameters that they read and no counter does, and of the
// columns of tables that they read. What asks for a fact that a rule asks for anyway is left as it is: the check can't tell.
func formMutants(t testing.TB, f folder) (all []mutant) {
	t.Helper()
	counters, forms := f.parametersRead(), map[string]bool{}
	columns, asked := map[string]bool{}, askedAnyway(t, f)
	for name, text := range f {
		if path.Dir(name) != "forms" {
			continue
		}
		for _, m := range readsParameter.FindAllStringSubmatch(text, -1) {
			forms[m[1]] = !counters[m[1]]
		}
		for _, m := range readsColumn.FindAllStringSubmatch(text, -1) {
			columns[m[1]+m[3]+" "+m[2]+m[4]] = true
		}
	}
	for _, name := range f.names() {
		m := &mutator{file: name, lines: strings.Split(f[name], "\n"), inScope: func(p string) bool { return forms[p] }, ofForms: true}
		switch dir, base := path.Dir(name), strings.TrimSuffix(path.Base(name), ".yaml"); {
		case dir == "forms":
			m.form(asked[base])
		case dir == "parameters":
			m.parameters()
		case dir == "tables":
			m.formTable(func(column string) bool { return columns[base+" "+column] })
		}
		all = append(all, m.out...)
	}
	return all
}

var readsColumn = regexp.MustCompile(`table\("([a-z0-9_]+)", "([a-z0-9_]+)"|table: ([a-z0-9_]+), where: ([a-z0-9_]+)`)

// askedAnyway are, by form, the facts that a rule of it asks for when they are not known.
func askedAnyway(t testing.TB, f folder) map[string]map[string]bool {
	t.Helper()
	ed, defects := rulebook.Load(f.with("", ""))
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]bool{}
	for _, form := range ed.Forms {
		out[form.ID] = map[string]bool{}
		for _, r := range form.Versions[0].Rules {
			reads := r.Reads()
			if r.Counter != nil {
				reads = append(reads, r.Counter.Reads()...)
			}
			for _, x := range reads {
				if r.Versions[0].Unknown == rulebook.UnknownAsk {
					out[form.ID][x.Path] = true
				}
			}
		}
	}
	return out
}

var factOf = regexp.MustCompile(`^\s*- fact: (\S+)`)

// form mutates a file of forms: expressions, what a finding does, what may be forgotten. asked are the facts that the
// rules ask for anyway.
func (m *mutator) form(asked map[string]bool) {
	skip := false // the field in hand is asked for whatever the form says of it
	past := m.past()
	for i, line := range m.lines {
		if past[i] {
			continue
		}
		trimmed := strings.TrimSpace(line)
		if p := factOf.FindStringSubmatch(line); p != nil {
			skip = asked[pathOf(p[1])] || !m.mandatory(i)
		}
		if skip && (strings.HasPrefix(trimmed, "mandatory:") || strings.HasPrefix(trimmed, "asked_when:")) {
			continue
		}
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, "title:") || strings.HasPrefix(trimmed, "note:") {
			continue
		}
		for _, span := range quoted(line) {
			if !isLanguage.MatchString(trimmed) {
				m.expression(i, span[0], span[1])
				m.conjuncts(i, span[0], span[1])
			}
		}
		m.chosen(i)
		m.days(i)
		if forgotten.MatchString(line) {
			m.drop(i, m.below(i), "key dropped")
		}
		if listed.MatchString(line) {
			m.drop(i, i, "rule not run")
		}
	}
}

// past marks the lines of the versions that another one follows on the first day of the law or before: no application
// is judged by them any more. What they decided while they held is replayed from the record (fixtures/decisioni).
func (m *mutator) past() map[int]bool {
	out, followed := map[int]bool{}, false
	for i, line := range m.lines {
		switch {
		case strings.HasSuffix(line, "versions:"):
			followed = false
		case isVersion.MatchString(line) && followed:
			for j := i; j <= m.below(i); j++ {
				out[j] = true
			}
		case isVersion.MatchString(line):
			from := validFrom.FindStringSubmatch(m.lines[i+1])
			followed = from != nil && from[1] <= firstDayOfLaw
		}
	}
	return out
}

// firstDayOfLaw is that of D.lgs. 148/2015.
const firstDayOfLaw = "2015-09-24"

var (
	isVersion = regexp.MustCompile(`^\s*- version: \d+$`)
	validFrom = regexp.MustCompile(`^\s*valid_from: "([0-9-]{10})"`)
)

// pathOf is a fact of a row as its path: lavoratore.qualifica is richiesta.lavoratori[].qualifica.
func pathOf(name string) string {
	for row, list := range map[string]string{"lavoratore.": "richiesta.lavoratori[].", "fascia.": "unita_produttiva.organico_medio[].", "allegato.": "richiesta.allegati[]."} {
		if rest, ok := strings.CutPrefix(name, row); ok {
			return list + rest
		}
	}
	return name
}

// mandatory tells whether the field that begins on line i may be mandatory: when it is asked shows in nothing else.
func (m *mutator) mandatory(i int) bool {
	for _, line := range m.lines[i+1 : m.below(i)+1] {
		if strings.HasPrefix(strings.TrimSpace(line), "mandatory:") {
			return true
		}
	}
	return false
}

var (
	isLanguage = regexp.MustCompile(`^(it|en|de|text|label|help): `)
	forgotten  = regexp.MustCompile(`^\s*(when|asked_when|mandatory|suggestion|several):`)
	listed     = regexp.MustCompile(`^      - [a-z_.]+$`)
	word       = regexp.MustCompile(`\b(severity|unknown|part|side|select_by): ([a-z_]+)`)
	verdictsOf = regexp.MustCompile(`verdicts: \[([a-z_, ]+)\]`)
	fieldsOf   = regexp.MustCompile(`fields: \[([^\]]+)\]`)
)

// formWords are the closed sets that the rules of forms choose from, each with what is taken for it.
var formWords = map[string]map[string]string{
	"severity": {"error": "warning", "warning": "error", "info": "warning"},
	"unknown":  {"ask": "skip", "skip": "ask"},
	"side":     {"min": "max", "max": "min"},
	"part":     {"residuo": "limite", "limite": "residuo", "ammesso_al": "primo_inizio", "primo_inizio": "ammesso_al", "ammesso": "residuo", "capienza": "residuo"},
}

// chosen changes what a finding does: its severity, its verdict, its fields, what it asks for.
func (m *mutator) chosen(i int) {
	line := m.lines[i]
	for _, p := range word.FindAllStringSubmatchIndex(line, -1) {
		if other := formWords[line[p[2]:p[3]]][line[p[4]:p[5]]]; other != "" {
			m.at(i, p[4], p[5], line[p[2]:p[3]], other)
		}
	}
	if p := verdictsOf.FindStringSubmatchIndex(line); p != nil {
		other := map[string]string{"inadmissible": "partly_admissible", "partly_admissible": "inadmissible"}[line[p[2]:p[3]]]
		m.at(i, p[2], p[3], "verdict", orElse(other, "admissible"))
	}
	if p := fieldsOf.FindStringSubmatchIndex(line); p != nil {
		m.fields(i, p[2], p[3])
	}
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// fields points a finding at another field of the same object, or forgets one of several.
func (m *mutator) fields(i, a, b int) {
	items := strings.Split(m.lines[i][a:b], ", ")
	for j := range items {
		if len(items) > 1 {
			m.at(i, a, b, "field forgotten", strings.Join(slices.Delete(slices.Clone(items), j, j+1), ", "))
		}
	}
	if other := neighbour[items[0]]; other != "" && len(items) == 1 {
		m.at(i, a, b, "field swapped", other)
	}
}

// neighbour is a field taken for another.
var neighbour = map[string]string{
	"richiesta.dal": "richiesta.al", "richiesta.al": "richiesta.dal", "richiesta.ore": "richiesta.al", "richiesta.causale": "richiesta.prestazione",
	"richiesta.prestazione": "richiesta.causale", "richiesta.data_presentazione": "richiesta.dal", "lavoratore.qualifica": "lavoratore.codice_fiscale",
	"lavoratore.codice_fiscale": "lavoratore.qualifica", "lavoratore.anzianita_giorni": "lavoratore.qualifica", "azienda.settore": "azienda.matricola",
	"richiesta.allegati": "richiesta.causale", "richiesta.pagamento": "richiesta.allegati", "richiesta.lavoratori": "unita_produttiva.organico_medio",
}

// conjuncts forgets each part of a chain of && or || that stands outside brackets.
func (m *mutator) conjuncts(i, from, to int) {
	text := m.lines[i][from:to]
	for _, sign := range []string{" && ", " || "} {
		parts := splitOutside(text, sign)
		for j := range parts {
			if len(parts) > 1 {
				m.at(i, from, to, "part of a condition forgotten", strings.Join(slices.Delete(slices.Clone(parts), j, j+1), sign))
			}
		}
	}
}

// splitOutside splits at a sign that stands outside brackets.
func splitOutside(text, sign string) (parts []string) {
	depth, last := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		}
		if depth == 0 && strings.HasPrefix(text[i:], sign) {
			parts = append(parts, text[last:i])
			i += len(sign) - 1
			last = i + 1
		}
	}
	return append(parts, text[last:])
}

var formCell = regexp.MustCompile(`\b([a-z_]+): "([^"]*)"`)

// formTable mutates the cells of a table and takes rows out.
func (m *mutator) formTable(read func(column string) bool) {
	row := regexp.MustCompile(`^\s*- \{`)
	for i, line := range m.lines {
		if !row.MatchString(line) || strings.Contains(line, "name:") {
			continue
		}
		any := false
		for _, p := range formCell.FindAllStringSubmatchIndex(line, -1) {
			if read(line[p[2]:p[3]]) {
				m.cell(i, p[4], p[5])
				any = true
			}
		}
		if any {
			m.drop(i, i, "row dropped")
		}
	}
}

// cell mutates what is a number or a truth; a code of a table has no neighbour.
func (m *mutator) cell(i, a, b int) {
	text := m.lines[i][a:b]
	if _, err := strconv.ParseFloat(text, 64); err == nil && !strings.HasPrefix(text, "0") || turned[text] != nil {
		m.value(i, a, b)
	}
}

// formBench runs the cases of the forms, and whole applications, on mutants.
type formBench struct {
	bench
	forms        []rulebook.FormCase
	read         [][]string // what each case gets, as it stands in testdata
	applications []read
}

// read is an application that was read by a person: what was sent, and what came back.
type read struct {
	form     string
	complete bool
	facts    []byte
	answer   string
}

// applicationsDay is the day on which the whole applications are checked.
var applicationsDay = calendar.Of(2026, 11, 23)

func newFormBench(t testing.TB, f folder) *formBench {
	t.Helper()
	cases, defects := rulebook.FormCases(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	ed, defects := rulebook.Load(f.with("", ""))
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	b := &formBench{bench: bench{folder: f, kills: make([]atomic.Int64, 0)}, forms: cases}
	g := engine.New(ed)
	names, err := filepath.Glob("../../fixtures/domande/*/domanda.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b.applications = append(b.applications, readApplication(t, g, name))
	}
	if report := b.runCases(g); len(report.Failed) > 0 {
		t.Fatalf("cases fail on the forms as they are: %v", report.Failed[0].Defects)
	}
	for i := range cases {
		lines, err := linesOf(g, &cases[i])
		if err != nil {
			t.Fatalf("%s: %v", cases[i].Label(), err)
		}
		b.read = append(b.read, lines)
	}
	b.kills = make([]atomic.Int64, len(cases))
	return b
}

func readApplication(t testing.TB, g *engine.Engine, name string) read {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Form     string          `json:"form"`
		Complete bool            `json:"complete"`
		Facts    json.RawMessage `json:"facts"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		t.Fatal(err)
	}
	a := read{form: body.Form, complete: body.Complete, facts: body.Facts}
	if a.answer, err = a.checked(g); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return a
}

// checked is the answer without what changes with every edit of a rule.
func (a *read) checked(g *engine.Engine) (string, error) {
	facts, err := fact.Decode(g.Edition().Vocabulary, a.facts, fact.Options{Language: "it", Lenient: true})
	if err != nil {
		return "", err
	}
	v, err := g.Validate(facts, engine.ValidateOptions{Form: a.form, Complete: a.complete, Today: applicationsDay, Language: "it"})
	if err != nil {
		return "", err
	}
	v.Decision = engine.Header{}
	for i := range v.Findings {
		v.Findings[i].Rule.Digest = ""
	}
	for i := range v.Allowed {
		v.Allowed[i].Rule.Digest = ""
	}
	return string(v.AppendJSON(nil)), nil
}

func (b *formBench) runCases(g *engine.Engine) *rulebook.CaseReport {
	return rulebook.RunFormCases(b.forms, func(c *rulebook.FormCase) ([]byte, map[string]string, error) { return decideForm(g, c) }, nil)
}

func decideForm(g *engine.Engine, c *rulebook.FormCase) (answer []byte, states map[string]string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the engine broke: %v", p)
		}
	}()
	facts, err := fact.Decode(g.Edition().Vocabulary, c.FactsJSON, fact.Options{Language: "it", Lenient: true})
	if err != nil {
		return nil, nil, err
	}
	states = map[string]string{}
	v, err := g.Validate(facts, engine.ValidateOptions{
		Form: c.Form, Complete: c.Complete, Today: c.Today, Language: "it", Observe: func(r *rulebook.Rule, state string) { states[r.ID] = state },
	})
	if err != nil {
		return nil, nil, err
	}
	return v.AppendJSON(nil), states, nil
}

// tryForm loads a mutant and runs cases, those that killed most first, then the applications, until one differs.
func (b *formBench) tryForm(m *mutant) fate {
	ed, defects := rulebook.Load(b.folder.with(m.file, m.text))
	if len(defects) > 0 {
		return stopped
	}
	g := engine.New(ed)
	for _, i := range b.killers() {
		if b.noticesForm(g, i) {
			b.kills[i].Add(1)
			return killed
		}
	}
	for i := range b.applications {
		a := &b.applications[i]
		if answer, err := a.checked(g); err != nil || answer != a.answer {
			return killed
		}
	}
	return survived
}

// noticesForm tells whether a case does not get what was read, or not what it expects.
func (b *formBench) noticesForm(g *engine.Engine, i int) bool {
	lines, err := linesOf(g, &b.forms[i])
	if err != nil || !slices.Equal(lines, b.read[i]) {
		return true
	}
	one := rulebook.RunFormCases(b.forms[i:i+1], func(c *rulebook.FormCase) ([]byte, map[string]string, error) { return decideForm(g, c) }, nil)
	return len(one.Failed) > 0
}

func (b *formBench) killers() []int {
	order := make([]int, len(b.forms))
	weight := make([]int64, len(order))
	for i := range order {
		order[i], weight[i] = i, b.kills[i].Load()
	}
	slices.SortStableFunc(order, func(x, y int) int { return int(weight[y] - weight[x]) })
	return order
}

// sampled is one mutant in n, the same ones as long as they read the same.
func sampled(all []mutant, n uint32) (some []mutant) {
	for _, m := range all {
		h := fnv.New32a()
		h.Write([]byte(m.String()))
		if h.Sum32()%n == 0 {
			some = append(some, m)
		}
	}
	return some
}

// allMutants is the variable of the environment that asks for every mutant: minutes of work on two cores. Without it
// one in eight is tried.
const allMutants = "OMNIA_MUTANTS"

func TestTheCasesNoticeMistakesInTheForms(t *testing.T) {
	f := formsOf(t)
	b := newFormBench(t, f)
	all := formMutants(t, f)
	if len(all) < 500 {
		t.Fatalf("only %d mutants: the patterns no longer fit the files", len(all))
	}
	if os.Getenv(allMutants) == "" {
		all = sampled(all, 8)
	}
	fates := onAllCores(len(all), func(i int) fate { return b.tryForm(&all[i]) })
	report := newReport(all, fates)
	report.print(t, nil)
	if share := report.share(); share < least {
		t.Errorf("the cases notice %.1f %% of the mistakes, less than %.0f %%: write a case for the survivors", 100*share, 100*least)
	}
}
