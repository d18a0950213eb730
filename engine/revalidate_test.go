package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
)

var validationDay = calendar.Of(2026, 11, 23)

// written is the facts of a JSON text, read as a form is.
func written(t interface{ Fatal(...any) }, g *engine.Engine, factsJSON []byte) *fact.Facts {
	f, err := fact.Decode(g.Edition().Vocabulary, factsJSON, fact.Options{Language: "it", Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// edit is one change of a tree of facts: a value at a path of names and row numbers, or nothing there any more.
type edit struct {
	path  []any
	value any
	out   bool
}

// applied is the tree with the change; the tree itself stays as it is.
func (e edit) applied(tree any) any { return changedAt(tree, e.path, e) }

func changedAt(tree any, path []any, e edit) any {
	if len(path) == 0 {
		return e.value
	}
	if i, isRow := path[0].(int); isRow {
		list, _ := tree.([]any)
		list = slices.Clone(list)
		if i >= len(list) {
			list = append(list, map[string]any{})
			i = len(list) - 1
		}
		if e.out && len(path) == 1 {
			return slices.Delete(list, i, i+1)
		}
		list[i] = changedAt(list[i], path[1:], e)
		return list
	}
	out := map[string]any{}
	if m, ok := tree.(map[string]any); ok {
		for k, v := range m {
			out[k] = v
		}
	}
	name := path[0].(string)
	if e.out && len(path) == 1 {
		delete(out, name)
		return out
	}
	out[name] = changedAt(out[name], path[1:], e)
	return out
}

// leaves are the paths of a tree down to what is not an object; of a list, itself and what its rows hold.
func leaves(tree any, at []any, yield func(path []any, value any)) {
	switch v := tree.(type) {
	case map[string]any:
		for _, k := range sortedNames(v) {
			leaves(v[k], append(slices.Clone(at), k), yield)
		}
		return
	case []any:
		for i, x := range v {
			yield(append(slices.Clone(at), i), x)
			leaves(x, append(slices.Clone(at), i), yield)
		}
	}
	yield(at, tree)
}

func sortedNames(m map[string]any) []string {
	var names []string
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

func treeOf(t interface{ Fatal(...any) }, factsJSON []byte) any {
	var tree any
	if err := json.Unmarshal(factsJSON, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func jsonOf(t interface{ Fatal(...any) }, tree any) []byte {
	b, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// editsOf are the changes that lead from any of these cases to another, field by field, and values that fit no field.
func editsOf(t interface{ Fatal(...any) }, cases []rulebook.FormCase) []edit {
	var out []edit
	seen := map[string]bool{}
	add := func(e edit) {
		if key := fmt.Sprint(e); !seen[key] && len(e.path) > 0 {
			seen[key] = true
			out = append(out, e)
		}
	}
	for i := range cases {
		leaves(treeOf(t, cases[i].FactsJSON), nil, func(path []any, value any) {
			add(edit{path: path, value: value})
			add(edit{path: path, out: true})
			if text, isText := value.(string); isText {
				add(edit{path: path, value: strings.Repeat(text, 2)})
			}
		})
	}
	return out
}

// What a keystroke check answers is what a check from the beginning answers, byte for byte, whatever was edited
// before and in whatever order.
func TestACheckCarriedOnIsACheckFromTheBeginning(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	for _, form := range []string{"cigo", "ais-fis"} {
		mine := slices.DeleteFunc(slices.Clone(cases), func(c rulebook.FormCase) bool { return c.Form != form })
		edits := editsOf(t, mine)
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				opt := engine.ValidateOptions{Form: form, Complete: rapid.Bool().Draw(t, "complete"), Today: validationDay, Language: rapid.SampledFrom([]string{"it", "en", "de"}).Draw(t, "language")}
				tree := treeOf(t, mine[rapid.IntRange(0, len(mine)-1).Draw(t, "case")].FactsJSON)
				done, err := g.Check(written(t, g, jsonOf(t, tree)), opt)
				if err != nil {
					t.Fatal(err)
				}
				for range rapid.IntRange(1, 25).Draw(t, "edits") {
					e := edits[rapid.IntRange(0, len(edits)-1).Draw(t, "edit")]
					tree = e.applied(tree)
					body := jsonOf(t, tree)
					f, err := fact.Decode(g.Edition().Vocabulary, body, fact.Options{Language: "it", Lenient: true})
					if err != nil {
						continue // a type that no form may have: it never reaches the engine
					}
					if done, err = g.Revalidate(done, f); err != nil {
						t.Fatal(err)
					}
					want, err := g.Validate(written(t, g, body), opt)
					if err != nil {
						t.Fatal(err)
					}
					if got := done.Answer(); string(got.AppendJSON(nil)) != string(want.AppendJSON(nil)) {
						t.Fatalf("after %v\n got %s\nwant %s", e, got.AppendJSON(nil), want.AppendJSON(nil))
					}
				}
			})
		})
	}
}

// Fields of a complete valid application, filled in any order, never show an error on the way, and what was once
// found in order stays so.
func TestTheWayToAValidApplicationShowsNoError(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	var valid []rulebook.FormCase
	for _, c := range cases {
		opt := engine.ValidateOptions{Form: c.Form, Complete: true, Today: validationDay, Language: "it"}
		if a, err := g.Validate(written(t, g, c.FactsJSON), opt); err == nil && a.Outcome == engine.OutcomeValid {
			valid = append(valid, c)
		}
	}
	if len(valid) < 10 {
		t.Fatalf("only %d valid applications among the cases", len(valid))
	}
	rapid.Check(t, func(t *rapid.T) {
		c := valid[rapid.IntRange(0, len(valid)-1).Draw(t, "case")]
		var steps []edit
		leaves(treeOf(t, c.FactsJSON), nil, func(path []any, value any) {
			if !slices.ContainsFunc(path, func(x any) bool { _, isRow := x.(int); return isRow }) {
				steps = append(steps, edit{path: path, value: value}) // a list is written at once
			}
		})
		steps = rapid.Permutation(steps).Draw(t, "order")
		var tree any = map[string]any{}
		for _, e := range steps {
			tree = e.applied(tree)
			opt := engine.ValidateOptions{Form: c.Form, Today: validationDay, Language: "it"}
			a, err := g.Validate(written(t, g, jsonOf(t, tree)), opt)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Findings {
				if f.Severity == "error" {
					t.Fatalf("%s: with %s it says %s %q", c.Name, jsonOf(t, tree), f.Rule.ID, f.Message)
				}
			}
		}
		whole, opt := treeOf(t, c.FactsJSON), engine.ValidateOptions{Form: c.Form, Complete: true, Today: validationDay, Language: "it"}
		got, want := checkedTree(t, g, tree, opt), checkedTree(t, g, whole, opt)
		if got != want {
			t.Fatalf("%s: the order of filling shows\n got %s\nwant %s", c.Name, got, want)
		}
	})
}

// An error that was told stays told, whatever else is written: nothing that is added takes back what was said, so that nobody
// corrects what was right. Two rules give way to a stronger one, and what is presumed or stands for the whole history is
// written first: to say otherwise is to change a fact.
func TestAnErrorOnceToldStaysTold(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	givesWayTo := map[string]string{"modulo.fine_domenica": "cigo.durata_massima", "modulo.unita_chiusa": "modulo.unita_ignota"}
	rapid.Check(t, func(t *rapid.T) {
		c := cases[rapid.IntRange(0, len(cases)-1).Draw(t, "case")]
		whole := treeOf(t, c.FactsJSON)
		first, later := steps(whole)
		opt := engine.ValidateOptions{Form: c.Form, Today: validationDay, Language: "it"}
		var tree any = map[string]any{}
		var told []engine.Finding
		for _, e := range append(first, rapid.Permutation(later).Draw(t, "order")...) {
			tree = e.applied(rooms(tree, whole, e.path))
			a, err := g.Validate(written(t, g, jsonOf(t, tree)), opt)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range told {
				if !tells(a, f.Rule.ID, f.Fields) && !tells(a, givesWayTo[f.Rule.ID], nil) {
					t.Fatalf("%s: with %s, after %v, it no longer says %s %q", c.Name, jsonOf(t, tree), e.path, f.Rule.ID, f.Message)
				}
			}
			told = slices.DeleteFunc(slices.Clone(a.Findings), func(f engine.Finding) bool { return f.Severity != "error" || f.Code == "rule_failed" })
		}
		leaves(whole, nil, func(path []any, _ any) { tree = rooms(tree, whole, path) }) // rows with nothing in them
		if got, want := checkedTree(t, g, tree, opt), checkedTree(t, g, whole, opt); got != want {
			t.Fatalf("%s: the order of filling shows\n got %s\nwant %s", c.Name, got, want)
		}
	})
}

// steps are the ways to fill in facts one by one, also those of rows; what would be presumed, and the history, first.
func steps(whole any) (first, later []edit) {
	early := map[string]bool{"data_riferimento": true, "periodi": true, "richiesta.evento_non_evitabile": true, "richiesta.regime": true}
	leaves(whole, nil, func(path []any, value any) {
		name, _ := path[0].(string)
		if len(path) > 1 {
			name += "." + fmt.Sprint(path[1])
		}
		_, isRow := path[len(path)-1].(int)
		list, isList := value.([]any)
		switch {
		case path[0] == "periodi" && len(path) > 1 || isRow || isList && len(list) > 0 && path[0] != "periodi":
		case early[name] || path[0] == "periodi":
			first = append(first, edit{path: path, value: value})
		default:
			later = append(later, edit{path: path, value: value})
		}
	})
	return first, later
}

// rooms makes the rows of the list that a path goes through, all of them empty where none is there.
func rooms(tree, whole any, path []any) any {
	for n, x := range path {
		if _, isRow := x.(int); !isRow || at(tree, path[:n]) != nil {
			continue
		}
		rows := make([]any, len(at(whole, path[:n]).([]any)))
		for i := range rows {
			rows[i] = map[string]any{}
		}
		return edit{path: path[:n], value: rows}.applied(tree)
	}
	return tree
}

// at is what stands at a path of names; nil for nothing.
func at(tree any, path []any) any {
	for _, name := range path {
		m, _ := tree.(map[string]any)
		tree = m[name.(string)]
	}
	return tree
}

// tells whether a rule found something about all these fields.
func tells(a *engine.Validation, rule string, fields []string) bool {
	return slices.ContainsFunc(a.Findings, func(f engine.Finding) bool {
		return f.Rule.ID == rule && !slices.ContainsFunc(fields, func(x string) bool { return !slices.Contains(f.Fields, x) })
	})
}

// The cases, which the properties above are tried on, fill in every field of every form, and those that are valid every
// field that an application in order may have.
func TestThePropertiesAreTriedOnEveryField(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	filled, valid := map[string]bool{}, map[string]bool{}
	for _, c := range cases {
		a, err := g.Validate(written(t, g, c.FactsJSON), engine.ValidateOptions{Form: c.Form, Complete: true, Today: validationDay, Language: "it"})
		if err != nil {
			t.Fatal(err)
		}
		leaves(treeOf(t, c.FactsJSON), nil, func(path []any, _ any) {
			key := c.Form
			for _, x := range path {
				if name, isName := x.(string); isName {
					key += "." + name
				}
			}
			filled[key] = true
			valid[key] = valid[key] || a.Outcome == engine.OutcomeValid
		})
	}
	for _, form := range g.Edition().Forms {
		for _, step := range form.Versions[0].Steps {
			for i := range step.Fields {
				field := &step.Fields[i]
				path := field.Name
				if field.List != nil {
					path = field.List.Path + "." + field.Field.Name
				}
				if !filled[form.ID+"."+path] {
					t.Errorf("no case of %s fills in %s", form.ID, path)
				} else if !valid[form.ID+"."+path] {
					t.Errorf("no valid case of %s fills in %s", form.ID, path)
				}
			}
		}
	}
}

func checkedTree(t *rapid.T, g *engine.Engine, tree any, opt engine.ValidateOptions) string {
	a, err := g.Validate(written(t, g, jsonOf(t, tree)), opt)
	if err != nil {
		t.Fatal(err)
	}
	return string(a.AppendJSON(nil))
}

// The counters of a form say what the counters say.
func TestTheCountersOfAFormAreTheCounters(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	for i := range cases {
		a := checked(t, g, cases[i].FactsJSON, engine.ValidateOptions{Form: cases[i].Form, Language: "it"})
		f := written(t, g, cases[i].FactsJSON)
		c, err := g.Counters(f, engine.Options{Today: validationDay, Language: "it", Explain: engine.Short})
		if err != nil { // facts that no decision can be taken on
			if len(a.Counters) > 0 {
				t.Errorf("%s: counted, though %v", cases[i].Name, err)
			}
			continue
		}
		for _, s := range a.Counters {
			k := slices.IndexFunc(c.Items, func(it engine.Item) bool { return it.ID == s.ID })
			if k < 0 || c.Items[k].Verdict != s.Verdict || fmt.Sprint(c.Items[k].Residual) != fmt.Sprint(s.Residual) {
				t.Errorf("%s: %+v is not what the counter says", cases[i].Name, s)
			}
		}
	}
}

// A hostile form: thousands of workers, wrong in every way. Everything is told, grouped, and nothing is passed over in silence.
func TestAHostileListIsToldWhole(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	tree := treeOf(t, crowd(t, cases, 5000, 200)).(map[string]any)
	workers := tree["richiesta"].(map[string]any)["lavoratori"].([]any)
	for i := 200; i < 400; i++ {
		workers[i].(map[string]any)["anzianita_giorni"] = 3
	}
	for i := 400; i < 600; i++ {
		workers[i].(map[string]any)["codice_fiscale"] = workers[0].(map[string]any)["codice_fiscale"]
	}
	a := checked(t, g, jsonOf(t, tree), engine.ValidateOptions{Form: "cigo", Complete: true, Language: "it"})
	for code, n := range map[string]int{"executive_excluded": 200, "insufficient_seniority": 200, "duplicate_worker": 200} {
		i := slices.IndexFunc(a.Findings, func(f engine.Finding) bool { return f.Code == code })
		if i < 0 || len(a.Findings[i].Fields) != n {
			t.Errorf("%s: %d findings in all, %+v", code, len(a.Findings), a.Findings)
			continue
		}
		if more := slices.IndexFunc(a.Findings[i+1:], func(f engine.Finding) bool { return f.Code == code }); more >= 0 {
			t.Errorf("%s is told twice", code)
		}
	}
}

// What lenient reading finds in thousands of rows is told of each, in one finding, without repeating what was written.
func TestEveryWrongValueIsTold(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	tree := treeOf(t, crowd(t, cases, 5000, 0)).(map[string]any)
	for _, w := range tree["richiesta"].(map[string]any)["lavoratori"].([]any) {
		w.(map[string]any)["codice_fiscale"] = "<script>alert(1)</script>"
	}
	a := checked(t, g, jsonOf(t, tree), engine.ValidateOptions{Form: "cigo", Complete: true, Language: "it"})
	told := 0
	for _, f := range a.Findings {
		if strings.HasSuffix(f.Fields[0], ".codice_fiscale") {
			told += len(f.Fields)
		}
		if strings.Contains(f.Message, "script") {
			t.Errorf("a personal value is repeated: %q", f.Message)
		}
	}
	if a.Outcome != engine.OutcomeInvalid || told != 5000 || len(a.Findings) > 5 {
		t.Errorf("%s: %d findings about %d fields", a.Outcome, len(a.Findings), told)
	}
}

// Rows are gone through once each: duplicates by a table, not each against each.
func TestAListCostsInProportionToItsLength(t *testing.T) {
	g, cases := forms(t)
	opt := engine.ValidateOptions{Form: "cigo", Complete: true, Today: validationDay, Language: "it"}
	allocated := func(n int) float64 {
		f := written(t, g, crowd(t, cases, n, n/25))
		return testing.AllocsPerRun(3, func() {
			if _, err := g.Validate(f, opt); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocated(1000), allocated(5000); many > 6*few {
		t.Errorf("%v allocations for 1,000 workers, %v for 5,000", few, many)
	}
}
