package engine_test

import (
	"bytes"
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
	"omnia/fixtures"
	"omnia/rules"
)

// question is something to decide: counters, or a form.
type question struct {
	name     string
	facts    []byte
	form     string // "": counters
	complete bool
}

// answered decides anew, from the bytes; without an answer, the list is nil.
func (q *question) answered(g *engine.Engine, lang string) (text []byte, rests []engine.Applied) {
	f, err := fact.Decode(g.Edition().Vocabulary, q.facts, fact.Options{Language: lang, Lenient: q.form != ""})
	if err != nil {
		return []byte(err.Error()), nil
	}
	if q.form == "" {
		a, err := g.Counters(f, engine.Options{Today: validationDay, Language: lang, Explain: engine.Normal})
		if err != nil {
			return []byte(err.Error()), nil
		}
		for i := range a.Items { // they also tell what a counter may presume under its whole text, whatever it did
			a.Items[i].Explanation = nil
		}
		return a.AppendJSON(nil), a.Applied()
	}
	a, err := g.Validate(f, engine.ValidateOptions{Form: q.form, Complete: q.complete, Today: validationDay, Language: lang})
	if err != nil {
		return []byte(err.Error()), nil
	}
	return a.AppendJSON(nil), a.Applied()
}

// questions are the cases beside the rules, the demo companies, some made histories, and the cases of the forms.
func questions(t testing.TB) (all []question) {
	t.Helper()
	cases, defects := rulebook.Cases(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	for i := range cases {
		all = append(all, question{name: cases[i].Name, facts: cases[i].FactsJSON})
	}
	whole := func(body []byte) []byte {
		return bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(body), []byte(`{"facts":`)), []byte("}"))
	}
	for seed := range uint64(12) {
		all = append(all, question{name: fmt.Sprintf("made %d", seed), facts: whole(fixtures.Generate(seed, int(seed)*4))})
	}
	forms, defects := rulebook.FormCases(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	for i := range forms {
		all = append(all, question{forms[i].Name, forms[i].FactsJSON, forms[i].Form, forms[i].Complete})
	}
	return all
}

// slip is one version that says something else; undo takes it back.
type slip struct {
	item *rulebook.Item
	what string
	do   func() (undo func())
}

// put is a slip that puts a value in the place of another.
func put[T any](at *T, value T) func() func() {
	return func() func() {
		was := *at
		*at = value
		return func() { *at = was }
	}
}

// slips are changes of every version of the edition that decides something.
func slips(t testing.TB, ed *rulebook.Edition) (all []slip) {
	t.Helper()
	items := map[*rulebook.Version]*rulebook.Item{}
	for i := range ed.Items {
		items[ed.Items[i].Version] = &ed.Items[i]
	}
	add := func(v *rulebook.Version, what string, do func() func()) {
		if items[v] == nil {
			t.Fatalf("a version is not among the items: %+v", v)
		}
		all = append(all, slip{items[v], what, do})
	}
	never, always := condition(t, ed, "not known(data_riferimento)"), condition(t, ed, "known(data_riferimento)")
	for _, p := range ed.Parameters {
		for i := range p.Versions {
			v := &p.Versions[i]
			add(&v.Version, "another value", put(&v.Value, another(p.Kind, v.Value)))
		}
	}
	for _, x := range ed.Tables {
		for i := range x.Versions {
			v := &x.Versions[i]
			add(&v.Version, "other outputs", put(&v.Rows, otherRows(x, v.Rows)))
			add(&v.Version, "no rows", put(&v.Rows, nil))
		}
	}
	for _, x := range ed.Exceptions {
		for i := range x.Versions {
			v := &x.Versions[i]
			add(&v.Version, "never", put(&v.When, never))
			add(&v.Version, "always", put(&v.When, always))
			add(&v.Version, "waives nothing", put(&v.Derogates, nil))
			add(&v.Version, "waives everything", put(&v.Derogates, []rulebook.Derogation{{Norm: "*"}}))
		}
	}
	for _, x := range ed.Presumed {
		for i := range x.Versions {
			v := &x.Versions[i]
			add(&v.Version, "never", put(&v.When, never))
			add(&v.Version, "always", put(&v.When, always))
		}
	}
	for _, k := range ed.Counters {
		for i := range k.Versions {
			v := &k.Versions[i]
			add(&v.Version, "concerns nobody", put(&v.AppliesWhen, never))
			add(&v.Version, "counts nothing", put(&v.Lines, closed(v.Lines, never)))
			add(&v.Version, "waived by anything", put(&v.Norms, append(slices.Clone(v.Norms), allNorms(ed)...)))
			add(&v.Version, "waived by nothing", put(&v.Norms, nil))
		}
	}
	for _, r := range slices.Concat(ed.Rules, ed.FormRules) {
		for i := range r.Versions {
			v := &r.Versions[i]
			add(&v.Version, "never", put(&v.When, never))
			if r.Counter == nil {
				add(&v.Version, "always", put(&v.Finding, always))
			} else {
				add(&v.Version, "other verdicts", put(&v.Verdicts, []string{"admissible", "exempt", "not_applicable"}))
			}
		}
	}
	for _, f := range ed.Forms {
		for i := range f.Versions {
			v := &f.Versions[i]
			add(&v.Version, "no rules", put(&v.Rules, nil))
			add(&v.Version, "nothing derived", put(&v.Derived, nil))
		}
	}
	for _, b := range ed.Bounds {
		for i := range b.Versions {
			v := &b.Versions[i]
			add(&v.Version, "never", put(&v.When, never))
			add(&v.Version, "always", put(&v.When, always))
		}
	}
	for _, x := range ed.Values {
		for i := range x.Versions {
			v := &x.Versions[i]
			if y := alike(ed, x, v.Value); y != nil {
				add(&v.Version, "another value", put(&v.Value, y))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b slip) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
	return all
}

func (s *slip) String() string {
	return fmt.Sprintf("%s %s %d: %s", s.item.Kind, s.item.ID, s.item.Version.Number, s.what)
}

func condition(t testing.TB, ed *rulebook.Edition, src string) *rulebook.Condition {
	t.Helper()
	c, defects := rulebook.CompileCondition(src, rulebook.Place{}, &rulebook.Scope{Vocabulary: ed.Vocabulary})
	if len(defects) > 0 {
		t.Fatal(defects)
	}
	return c
}

// closed are lines that no day belongs to.
func closed(lines []rulebook.Line, never *rulebook.Condition) []rulebook.Line {
	out := slices.Clone(lines)
	for i := range out {
		out[i].When = never
	}
	return out
}

func allNorms(ed *rulebook.Edition) (all []string) {
	for _, x := range ed.Exceptions {
		for i := range x.Versions {
			for _, d := range x.Versions[i].Derogates {
				all = append(all, d.Norm)
			}
		}
	}
	return all
}

func another(kind fact.Type, v fact.Value) fact.Value {
	switch {
	case kind == fact.Bool:
		return fact.OfBool(!v.Bool())
	case v.Text == rulebook.ExcessPrefix:
		return fact.OfText(rulebook.ExcessRefuse)
	case kind == fact.Code || v.Text != "":
		return fact.OfText(rulebook.ExcessPrefix)
	}
	v.Rat = v.Rat.Add(quantity.Int(1))
	v.Num++
	return v
}

func otherRows(x *rulebook.Table, rows []rulebook.TableRow) []rulebook.TableRow {
	out := slices.Clone(rows)
	for i := range out {
		out[i].Outputs = slices.Clone(out[i].Outputs)
		for j := range out[i].Outputs {
			if o := &out[i].Outputs[j]; o.IsKnown() {
				*o = another(x.Outputs[j].Type, *o)
			}
		}
	}
	return out
}

// alike is the expression of another named value of the same sort.
func alike(ed *rulebook.Edition, x *rulebook.NamedValue, was *rulebook.Expr) *rulebook.Expr {
	kind, _ := was.Type()
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for id := range ed.Values {
			if !yield(id) {
				return
			}
		}
	}) {
		y := ed.Values[id]
		if k, _ := y.Versions[0].Value.Type(); y != x && k == kind && y.ForEach == x.ForEach {
			return y.Versions[0].Value
		}
	}
	return nil
}

// TestWhatIsNotAppliedDecidesNothing changes one version at a time: an answer that is another then must have named it.
func TestWhatIsNotAppliedDecidesNothing(t *testing.T) {
	t.Parallel()
	ed, defects := rulebook.Load(rules.FS)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	type known struct {
		text []byte
		at   map[string]bool
	}
	all := questions(t)
	before := make([]known, len(all))
	g := engine.New(ed)
	for i := range all {
		text, rests := all[i].answered(g, "it")
		k := known{text, map[string]bool{}}
		for _, a := range rests {
			k.at[fmt.Sprint(a.Kind, a.ID, a.Version)] = true
		}
		before[i] = k
	}
	draw := rand.New(rand.NewPCG(4, 8))
	moved := 0 // slips that some answer showed
	list := slips(t, ed)
	for i := range list {
		s := &list[i]
		undo := s.do()
		g := engine.New(ed)
		key, seen := fmt.Sprint(s.item.Kind, s.item.ID, s.item.Version.Number), false
		for _, n := range draw.Perm(len(all))[:24] {
			q := &all[n]
			was := before[n]
			if was.text[0] != '{' || seen && was.at[key] {
				continue
			}
			text, _ := q.answered(g, "it")
			if bytes.Equal(text, was.text) {
				continue
			}
			if seen = true; !was.at[key] {
				t.Errorf("%s: the answer to %q is another, and did not name it:\n%s", s, q.name, firstChange(was.text, text))
				break
			}
		}
		if seen {
			moved++
		}
		undo()
	}
	t.Logf("%d of %d changes made a difference", moved, len(list))
	if moved*3 < len(list) {
		t.Errorf("only %d of %d changes made a difference to any answer: they are too tame", moved, len(list))
	}
}

func firstChange(a, b []byte) string {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	from := max(0, at-120)
	return fmt.Sprintf("was …%s\nis  …%s", a[from:min(len(a), at+120)], b[from:min(len(b), at+120)])
}

// TestEachVersionSaysWhyItHolds reads the sentences of every decision: none lacks a reason, none is of another edition.
func TestEachVersionSaysWhyItHolds(t *testing.T) {
	t.Parallel()
	g, _ := forms(t)
	ed := g.Edition()
	whys, states := map[string]bool{}, map[string]bool{}
	for _, q := range questions(t) {
		_, rests := q.answered(g, "it")
		for i := range rests {
			a := &rests[i]
			whys[a.Why], states[a.State] = true, true
			if i > 0 && (rests[i-1].Kind > a.Kind || rests[i-1].Kind == a.Kind && (rests[i-1].ID > a.ID || rests[i-1].ID == a.ID && rests[i-1].Version >= a.Version)) {
				t.Fatalf("%s: %v stands before %v", q.name, rests[i-1], *a)
			}
			if (a.On == "") != (a.Why == engine.WhyCase) || a.State == "" || a.Why == "" || !strings.HasPrefix(a.Digest, "sha256:") {
				t.Fatalf("%s: %+v", q.name, *a)
			}
			for _, lang := range quantity.Languages {
				if s := engine.Why(ed, a, lang); s == "" || strings.ContainsAny(s, "{}") || a.On != "" && !strings.Contains(s, dayIn(a.On, lang)) && !strings.Contains(s, "non dice") && lang == "it" {
					t.Fatalf("%s: %+v: %q", q.name, *a, s)
				}
			}
		}
	}
	for _, why := range []string{engine.WhyCase, engine.WhyReference, engine.WhyStart, engine.WhyEachDay, engine.WhyPeriodDay, engine.WhyTriedDay, engine.WhyUse} {
		if !whys[why] {
			t.Errorf("no case has a version %s", why)
		}
	}
	for _, s := range []string{engine.StateFalse, engine.StateUnknown, engine.StateApplied, engine.StateTrue} {
		if !states[s] {
			t.Errorf("no case has a version that is %s", s)
		}
	}
}

func dayIn(day, lang string) string {
	d, err := calendar.Parse(day)
	if err != nil {
		return err.Error()
	}
	return d.In(lang)
}

func TestWhyOfAVersionThatIsNotThereIsEmpty(t *testing.T) {
	t.Parallel()
	g, _ := forms(t)
	it := &g.Edition().Items[0]
	if s := engine.Why(g.Edition(), &engine.Applied{ID: it.ID, Version: it.Version.Number, Digest: "sha256:00"}, "it"); s != "" {
		t.Errorf("another meaning: %q", s)
	}
	if s := engine.Why(g.Edition(), &engine.Applied{ID: it.ID, Version: it.Version.Number, Digest: it.Version.Digest, On: "2025-01-01"}, "it"); s == "" {
		t.Error("a version of a receipt has no sentence")
	}
}

// TestAKeystrokeRestsOnWhatAWholeCheckRestsOn carries checks on, and compares with checks from the beginning.
func TestAKeystrokeRestsOnWhatAWholeCheckRestsOn(t *testing.T) {
	t.Parallel()
	g, cases := forms(t)
	for i := 0; i+1 < len(cases); i += 7 {
		opt := engine.ValidateOptions{Form: cases[i].Form, Complete: cases[i].Complete, Today: validationDay, Language: "it"}
		before, err := g.Check(written(t, g, cases[i].FactsJSON), opt)
		if err != nil {
			continue // the form is not in force then
		}
		after, err := g.Revalidate(before, written(t, g, cases[i+1].FactsJSON))
		if err != nil {
			continue
		}
		q := question{facts: cases[i+1].FactsJSON, form: opt.Form, complete: opt.Complete}
		_, want := q.answered(g, "it")
		if got := after.Answer().Applied(); !slices.Equal(got, want) {
			t.Errorf("%s, then %s:\n got %v\nwant %v", cases[i].Name, cases[i+1].Name, got, want)
		}
	}
}

// TestALawThatChangesIsAppliedFromItsDay puts a second version of the limit into the rules. Requests before its day rest on the
// first, requests after on the second, one over both on both; each says by which day.
func TestALawThatChangesIsAppliedFromItsDay(t *testing.T) {
	t.Parallel()
	files := folder(t)
	const limit = "cigo.biennio.max_weeks"
	before, after, ok := strings.Cut(string(files["parameters/cigo.yaml"].Data), "id: "+limit+"\n")
	if !ok {
		t.Fatal("the parameter is written otherwise")
	}
	files["parameters/cigo.yaml"].Data = []byte(before + "id: " + limit + "\n" + strings.Replace(after, "      - version: 1\n", `      - version: 2
        valid_from: "2025-10-08"
        value: "50"
        law: [{act: D148, article: "12", paragraph: "3"}]
        confidence: CONFIRMED
      - version: 1
`, 1))
	ed, defects := rulebook.Load(files)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	g := engine.New(ed)
	for _, c := range []struct {
		dal, al string
		want    []string // version, day, why
	}{
		{"2025-06-02", "2025-06-29", []string{"1 2025-06-02 by_start"}},
		{"2025-11-03", "2025-11-30", []string{"2 2025-11-03 by_start"}},
		{"2025-10-06", "2025-10-12", []string{"1 2025-10-06 by_start", "2 2025-10-10 by_each_day"}},
	} {
		q := question{facts: fmt.Appendf(nil, `{"azienda":{"settore":"a"},"unita_produttiva":{"giorni_settimana":5},"periodi":[],
			"richiesta":{"prestazione":"CIGO","causale":"mancanza_lavoro","dal":%q,"al":%q}}`, c.dal, c.al)}
		_, rests := q.answered(g, "it")
		var got []string
		for _, a := range rests {
			if a.ID == limit {
				got = append(got, fmt.Sprintf("%d %s %s", a.Version, a.On, a.Why))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.dal, got, c.want)
		}
	}
}

// folder is a copy of the rules that may be changed.
func folder(t testing.TB) fstest.MapFS {
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
	return files
}

// What is wrongly written is refused by its declaration, and the answer rests on that.
func TestARefusedFactRestsOnItsDeclaration(t *testing.T) {
	t.Parallel()
	g, _ := forms(t)
	q := question{facts: []byte(`{"azienda":{"matricola":"12"}}`), form: "cigo"}
	_, rests := q.answered(g, "it")
	if !slices.ContainsFunc(rests, func(a engine.Applied) bool { return a.Kind == "facts" && a.ID == "azienda" }) {
		t.Errorf("%v", rests)
	}
}
