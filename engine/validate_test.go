package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/quantity"
	"omnia/engine/rulebook"
	"omnia/internal/fault"
	"omnia/rules"
)

// forms is the engine of the shipped rules, and the cases of its forms.
func forms(t testing.TB) (*engine.Engine, []rulebook.FormCase) {
	t.Helper()
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	cases, defects := rulebook.FormCases(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return engine.New(ed), cases
}

// checked validates a form whose facts are JSON.
func checked(t testing.TB, g *engine.Engine, factsJSON []byte, opt engine.ValidateOptions) *engine.Validation {
	t.Helper()
	f, err := fact.Decode(g.Edition().Vocabulary, factsJSON, fact.Options{Language: opt.Language, Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	opt.Today = calendar.Of(2026, 11, 23)
	a, err := g.Validate(f, opt)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestEveryValidationIsWrittenAsTheStandardLibraryDoes(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	for i := range cases {
		for _, lang := range quantity.Languages {
			a := checked(t, g, cases[i].FactsJSON, engine.ValidateOptions{Form: cases[i].Form, Complete: cases[i].Complete, Language: lang})
			want, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.AppendJSON(nil); string(got) != string(want) {
				t.Fatalf("%s\n got %s\nwant %s", cases[i].Name, got, want)
			}
			if strings.Contains(string(want), "{") && strings.Contains(strings.Join(messages(a), " "), "{") {
				t.Errorf("%s: a slot was left in %q", cases[i].Name, messages(a))
			}
		}
	}
}

func messages(a *engine.Validation) (out []string) {
	for _, f := range a.Findings {
		out = append(out, f.Message)
		if f.Suggestion != nil {
			out = append(out, f.Suggestion.Text)
		}
	}
	for _, e := range a.Explanations {
		out = append(out, e.Text)
	}
	return out
}

// What is wrong with each row does not depend on the others, nor on the order in which keys come.
func TestFillingInAnyOrderEndsInTheSameFindings(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range cases {
		opt := engine.ValidateOptions{Form: cases[i].Form, Complete: cases[i].Complete, Language: "it"}
		want := string(checked(t, g, cases[i].FactsJSON, opt).AppendJSON(nil))
		var tree any
		if err := json.Unmarshal(cases[i].FactsJSON, &tree); err != nil {
			t.Fatal(err)
		}
		if got := string(checked(t, g, shuffled(random, tree), opt).AppendJSON(nil)); got != want {
			t.Errorf("%s\n got %s\nwant %s", cases[i].Name, got, want)
		}
	}
}

// shuffled writes a tree with the keys of each object in some order.
func shuffled(random *rand.Rand, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for k, x := range v {
			members = append(members, fmt.Sprintf("%q:%s", k, shuffled(random, x)))
		}
		slices.Sort(members)
		random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		return []byte("{" + strings.Join(members, ",") + "}")
	case []any:
		var items []string
		for _, x := range v {
			items = append(items, string(shuffled(random, x)))
		}
		return []byte("[" + strings.Join(items, ",") + "]")
	}
	b, _ := json.Marshal(v) // a leaf of decoded JSON
	return b
}

// A mandatory field that is taken out of a clean application is missing, and nothing becomes wrong.
func TestWhatIsTakenOutIsAskedFor(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	for _, field := range []string{
		"azienda.matricola", "azienda.settore", "azienda.dipendenti_semestre", "unita_produttiva.progressivo", "unita_produttiva.giorni_settimana",
		"unita_produttiva.organico_medio", "periodi", "richiesta.prestazione", "richiesta.causale", "richiesta.dal", "richiesta.al", "richiesta.ore",
		"richiesta.data_presentazione", "richiesta.pagamento", "richiesta.relazione_tecnica", "richiesta.lavoratori", "richiesta.consultazione.data_comunicazione",
	} {
		a := checked(t, g, without(t, clean(cases).FactsJSON, field), engine.ValidateOptions{Form: "cigo", Complete: true, Language: "it"})
		asked := slices.ContainsFunc(a.Missing, func(m engine.Missing) bool { return m.Field == field && m.Label != "" && m.Why != "" })
		if !asked || a.Outcome != engine.OutcomeIncomplete || len(a.Findings) > 0 {
			t.Errorf("without %s: %s, missing %v, findings %v", field, a.Outcome, a.Missing, a.Findings)
		}
	}
}

// clean is the application in order of the form cigo, the first of its cases.
func clean(cases []rulebook.FormCase) *rulebook.FormCase {
	return &cases[slices.IndexFunc(cases, func(c rulebook.FormCase) bool { return c.Form == "cigo" })]
}

func without(t testing.TB, factsJSON []byte, path string) []byte {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(factsJSON, &tree); err != nil {
		t.Fatal(err)
	}
	at, names := tree, strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		at = at[name].(map[string]any)
	}
	delete(at, names[len(names)-1])
	b, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// crowd is an application of n workers of whom the first wrong are executives.
func crowd(t testing.TB, cases []rulebook.FormCase, n, wrong int) []byte {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(clean(cases).FactsJSON, &tree); err != nil {
		t.Fatal(err)
	}
	var workers []any
	for i := range n {
		w := map[string]any{"codice_fiscale": person(i), "qualifica": "operaio", "anzianita_giorni": 400}
		if i < wrong {
			w["qualifica"] = "dirigente"
		}
		workers = append(workers, w)
	}
	tree["richiesta"].(map[string]any)["lavoratori"] = workers
	b, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// person is an invented tax code with the right check character, another for each number.
func person(i int) string {
	letters := "BCDFGHLMNPRSTV"
	n := len(letters)
	base := fmt.Sprintf("%c%c%c%c%c%c80A01H501", letters[i%n], letters[i/n%n], letters[i/n/n%n], letters[i/n/n/n%n], 'R', 'S')
	for check := 'A'; ; check++ {
		if _, ok := fact.FormatOf("codice_fiscale_persona").Check(base + string(check)); ok {
			return base + string(check)
		}
	}
}

func TestManyWrongRowsAreOneFinding(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	a := checked(t, g, crowd(t, cases, 5000, 200), engine.ValidateOptions{Form: "cigo", Complete: true, Language: "it"})
	i := slices.IndexFunc(a.Findings, func(f engine.Finding) bool { return f.Code == "executive_excluded" })
	if i < 0 || len(a.Findings[i].Fields) != 200 || a.Findings[i].Fields[199] != "richiesta.lavoratori[199].qualifica" {
		t.Fatalf("%+v", a.Findings)
	}
	if want := "200 dirigenti sono fra i beneficiari (righe 1, 2, 3, "; !strings.HasPrefix(a.Findings[i].Message, want) {
		t.Error(a.Findings[i].Message)
	}
	for _, f := range a.Findings {
		if f.Code == "duplicate_worker" {
			t.Error("the invented workers are not all different")
		}
	}
}

func TestAFormThatIsNotThereIsRefused(t *testing.T) {
	t.Parallel()
	g, _ := forms(t)
	f, err := fact.Decode(g.Edition().Vocabulary, []byte(`{}`), fact.Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	var refused *fault.Fault
	if _, err := g.Validate(f, engine.ValidateOptions{Form: "cigs"}); !errors.As(err, &refused) || refused.Code != "unknown_form" || refused.Details[0].Pointer != "/form" {
		t.Errorf("%v", err)
	}
}

// A rule that can't be evaluated is loud, is no refusal on the merits, and forbids the outcome valid.
func TestARuleThatFailsForbidsValid(t *testing.T) {
	t.Parallel()
	_, cases := forms(t)
	const head = "        valid_from: \"2022-01-01\"\n        value: \"30\"\n"
	g := engine.New(amended(t, "parameters/termini.yaml", head, strings.Replace(head, "\n", "\n        valid_to: \"2024-12-31\"\n", 1)))
	a := checked(t, g, clean(cases).FactsJSON, engine.ValidateOptions{Form: "cigo", Language: "it"})
	i := slices.IndexFunc(a.Findings, func(f engine.Finding) bool { return f.Code == "rule_failed" })
	if i < 0 || a.Findings[i].Severity != "error" || a.Outcome == engine.OutcomeValid || len(a.Findings[i].Fields) == 0 {
		t.Errorf("%s %+v", a.Outcome, a.Findings)
	}
}

// Where no decision can be taken at all, that is said, and not which rules could not judge either.
func TestWhatIsBeforeTheLawIsToldOnce(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	facts := strings.NewReplacer("2025-03-03", "2015-09-07", "2025-03-30", "2015-09-20").Replace(string(clean(cases).FactsJSON)) // a slip of the year
	a := checked(t, g, []byte(facts), engine.ValidateOptions{Form: "cigo", Complete: true, Language: "it"})
	codes := map[string]int{}
	for _, f := range a.Findings {
		codes[f.Code]++
	}
	if codes["before_law"] != 1 || codes["rule_failed"] != 0 || a.Outcome != engine.OutcomeInvalid {
		t.Errorf("%s %v", a.Outcome, codes)
	}
}

// amended is the shipped edition with one text of one file changed.
func amended(t *testing.T, file, from, to string) *rulebook.Edition {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(rules.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(rules.FS, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[file].Data)
	if strings.Count(text, from) != 1 {
		t.Fatalf("%s: not there, or not once: %q", file, from)
	}
	files[file].Data = []byte(strings.Replace(text, from, to, 1))
	ed, defects := rulebook.Load(files)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return ed
}

// From 2028 the seniority needed would be 20 days: a version of a parameter, and no code. Who was
// judged by the old law still is.
func TestALawChangeIsYAMLOnly(t *testing.T) {
	t.Parallel()
	const head = "    unit: day\n    versions:\n      - version: 2\n        valid_from: \"2022-01-01\"\n        value: \"30\"\n"
	ed := amended(t, "parameters/termini.yaml", head, `    unit: day
    versions:
      - version: 3
        valid_from: "2028-01-01"
        value: "20"
        law: [{act: L234}]
        confidence: CONFIRMED
`+strings.TrimPrefix(head, "    unit: day\n    versions:\n"))
	_, cases := forms(t)
	facts := strings.ReplaceAll(string(clean(cases).FactsJSON), `"anzianita_giorni":400`, `"anzianita_giorni":25`)
	for year, want := range map[string]bool{"2025": true, "2028": false} {
		dated := facts
		if year == "2028" {
			dated = strings.NewReplacer("2025-03-03", "2028-03-06", "2025-03-30", "2028-04-02", "2025-03-10", "2028-03-10", "2025-02-", "2028-02-").Replace(facts)
		}
		a := checked(t, engine.New(ed), []byte(dated), engine.ValidateOptions{Form: "cigo", Language: "it"})
		if got := slices.ContainsFunc(a.Findings, func(f engine.Finding) bool { return f.Code == "insufficient_seniority" }); got != want {
			t.Errorf("%s: %v, want %v", year, got, want)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	g, cases := forms(b)
	for _, n := range []int{2, 1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f, err := fact.Decode(g.Edition().Vocabulary, crowd(b, cases, n, n/25), fact.Options{Lenient: true})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := g.Validate(f, engine.ValidateOptions{Form: "cigo", Complete: true, Today: calendar.Of(2026, 11, 23), Language: "it"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// One changed field of a complete form, against the check from the beginning.
func BenchmarkRevalidate(b *testing.B) {
	g, cases := forms(b)
	opt := engine.ValidateOptions{Form: "cigo", Complete: true, Today: calendar.Of(2026, 11, 23), Language: "it"}
	for _, n := range []int{2, 1000, 5000} {
		body := crowd(b, cases, n, n/25)
		for _, e := range []edit{
			{path: []any{"richiesta", "pagamento"}, value: "diretto"},
			{path: []any{"richiesta", "relazione_tecnica"}, value: "Un'altra relazione."},
			{path: []any{"richiesta", "data_presentazione"}, value: "2025-03-11"},
			{path: []any{"richiesta", "ore"}, value: 400},
			{path: []any{"richiesta", "al"}, value: "2025-03-23"},
			{path: []any{"richiesta", "dal"}, value: "2025-03-10"},
			{path: []any{"richiesta", "causale"}, value: "crisi_mercato"},
			{path: []any{"richiesta", "lavoratori", 1, "qualifica"}, value: "impiegato"},
			{path: []any{"richiesta", "lavoratori", 1, "codice_fiscale"}, value: "RSSMRA80A01H501U"},
		} {
			b.Run(fmt.Sprint(n, " ", e.path), func(b *testing.B) {
				before, err := g.Check(written(b, g, body), opt)
				if err != nil {
					b.Fatal(err)
				}
				after := written(b, g, jsonOf(b, e.applied(treeOf(b, body))))
				for b.Loop() {
					if _, err := g.Revalidate(before, after); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
