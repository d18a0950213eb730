package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"omnia/archive"
	"omnia/archive/avvisi"
	"omnia/chat"
	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/counter"
	"omnia/engine/explain"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/rules"
)

// RulesCmd is `omnia rules`: the tools of those who write the rules. What they print is Italian.
type RulesCmd struct {
	Check   rulesCheckCmd   `cmd:"" help:"Report every defect of the rules, with file, line and column."`
	Test    rulesTestCmd    `cmd:"" help:"Run the cases beside the rules."`
	Show    rulesShowCmd    `cmd:"" help:"Print the versions of a rule, parameter, counter, …"`
	Diff    rulesDiffCmd    `cmd:"" help:"Tell what changed between two folders or published editions."`
	Schema  rulesSchemaCmd  `cmd:"" help:"Write the JSON Schemas that editors use."`
	Fmt     rulesFmtCmd     `cmd:"" help:"Write the files in their canonical form."`
	Publish rulesPublishCmd `cmd:"" help:"Freeze the rules as a published edition."`

	Activate rulesActivateCmd `cmd:"" help:"Take an edition that the archive knows into use, an older one as well."`

	Reference rulesReferenceCmd `cmd:"" hidden:"" help:"Write the pages about facts and rules."`
}

// rulesDir is the folder that a command works on.
type rulesDir struct {
	Dir string `env:"OMNIA_RULES" placeholder:"FOLDER" help:"Folder of rules; without it those in the binary."`
}

// open is the folder, read through a root that links can't leave.
func (d rulesDir) open() (fs.FS, error) {
	if d.Dir == "" {
		return rules.FS, nil
	}
	return openFolder(d.Dir)
}

func openFolder(dir string) (fs.FS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, usage(err)
	}
	return root.FS(), nil
}

// writable is the folder to write in; the rules in the binary are not.
func (d rulesDir) writable() (*os.Root, error) {
	if d.Dir == "" {
		return nil, usage(errors.New("indica la cartella delle regole con --dir: quelle nel programma non si modificano"))
	}
	root, err := os.OpenRoot(d.Dir)
	if err != nil {
		return nil, usage(err)
	}
	return root, nil
}

// checkedRules is the edition of a folder, fit to decide: the sentences of the explanations and of
// the alerts are all there, and INFO CIG has its hours, classes and texts.
func checkedRules(fsys fs.FS) (*rulebook.Edition, rulebook.Defects) {
	ed, defects := rulebook.Load(fsys)
	if len(defects) > 0 {
		return nil, defects
	}
	if defects := complete(ed); len(defects) > 0 {
		return nil, defects
	}
	return ed, nil
}

// complete tells what an edition lacks of all that is said beside the rules.
func complete(ed *rulebook.Edition) rulebook.Defects {
	return slices.Concat(explain.Check(ed), avvisi.Check(ed), chat.Check(ed), archive.CheckRetention(ed))
}

// refuse prints the defects; the error says how many there are.
func refuse(std streams, defects rulebook.Defects) error {
	if err := defects.Print(std.err); err != nil {
		return err
	}
	if len(defects) == 1 {
		return wrong(errors.New("un difetto"))
	}
	return wrong(fmt.Errorf("%d difetti", len(defects)))
}

// load is the edition of the folder; the defects are printed.
func (d rulesDir) load(std streams) (*rulebook.Edition, error) {
	fsys, err := d.open()
	if err != nil {
		return nil, err
	}
	ed, defects := rulebook.Load(fsys)
	if len(defects) > 0 {
		return nil, refuse(std, defects)
	}
	return ed, nil
}

type rulesCheckCmd struct{ rulesDir }

// Run checks everything that can be checked without deciding.
func (c *rulesCheckCmd) Run(std streams) error {
	fsys, err := c.open()
	if err != nil {
		return err
	}
	ed, defects := checkedRules(fsys)
	if len(defects) > 0 {
		return refuse(std, defects)
	}
	_, err = fmt.Fprintf(std.out, "nessun difetto: %d versioni, edizione %s, %s\n", len(ed.Items), ed.Name, ed.Digest)
	return err
}

type rulesTestCmd struct {
	rulesDir
	Coverage bool `help:"Print which parts of the rules the cases reached."`
}

// Run decides every case and compares.
func (c *rulesTestCmd) Run(std streams) error {
	fsys, err := c.open()
	if err != nil {
		return err
	}
	return runCases(std, fsys, c.Coverage)
}

func runCases(std streams, fsys fs.FS, withCoverage bool) error {
	ed, defects := checkedRules(fsys)
	if len(defects) > 0 {
		return refuse(std, defects)
	}
	cases, defects := casesBeside(fsys)
	if len(defects) > 0 {
		return refuse(std, defects)
	}
	coverage := rulebook.NewCoverage(ed)
	chat.Covered(ed, coverage)
	report, err := decideCases(ed, cases, coverage)
	if err != nil {
		return err
	}
	if withCoverage {
		if err := coverage.Print(std.out); err != nil {
			return err
		}
	}
	if len(report.Failed) == 0 {
		return report.Print(std.out)
	}
	if err := report.Print(std.err); err != nil {
		return err
	}
	return wrong(errors.New("i casi non tornano"))
}

// besideRules are the cases beside the rules: of the counters, of the forms, of INFO CIG.
type besideRules struct {
	counters []rulebook.TestCase
	forms    []rulebook.FormCase
	chat     []rulebook.TestCase
}

func casesBeside(fsys fs.FS) (b besideRules, defects rulebook.Defects) {
	if b.counters, defects = rulebook.Cases(fsys); len(defects) > 0 {
		return b, defects
	}
	if b.forms, defects = rulebook.FormCases(fsys); len(defects) > 0 {
		return b, defects
	}
	b.chat, defects = rulebook.ChatCases(fsys)
	return b, defects
}

// decideCases decides every case and compares.
func decideCases(ed *rulebook.Edition, cases besideRules, coverage *rulebook.Coverage) (*rulebook.CaseReport, error) {
	decide, err := caseDecider(ed, coverage)
	if err != nil {
		return nil, err
	}
	report := rulebook.RunCases(cases.counters, decide, coverage)
	report.Add(rulebook.RunFormCases(cases.forms, formDecider(ed), coverage))
	report.Add(rulebook.RunChatCases(cases.chat, func(situation []byte) ([]byte, error) { return chat.Try(ed, situation, coverage) }))
	return report, nil
}

// caseDecider answers a case as POST /v1/counters would, and tells the coverage what spoke.
func caseDecider(ed *rulebook.Edition, coverage *rulebook.Coverage) (rulebook.Decider, error) {
	envelope, err := fact.NewEnvelope(ed.Vocabulary, fact.AllFacts("facts"))
	if err != nil {
		return nil, err
	}
	decider := engine.New(ed)
	return func(factsJSON []byte, today calendar.Day) ([]byte, error) {
		body := slices.Concat([]byte(`{"facts":`), factsJSON, []byte(`}`))
		request, err := envelope.Decode(body, fact.Options{Language: "it"})
		if err != nil {
			return nil, err
		}
		answer, err := decider.Counters(request.Facts, engine.Options{
			Today: today, Language: "it", Explain: engine.Full,
			Observe: func(r *counter.Result) { cover(coverage, r) },
			Found:   func(r *rulebook.Rule) { coverage.Finding(r.ID) },
		})
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	}, nil
}

// formDecider checks a case as POST /v1/validate would, and tells what every rule did.
func formDecider(ed *rulebook.Edition) rulebook.FormDecider {
	g := engine.New(ed)
	return func(c *rulebook.FormCase) ([]byte, map[string]string, error) {
		facts, err := fact.Decode(ed.Vocabulary, c.FactsJSON, fact.Options{Language: "it", Lenient: true})
		if err != nil {
			return nil, nil, err
		}
		states := map[string]string{}
		answer, err := g.Validate(facts, engine.ValidateOptions{
			Form: c.Form, Complete: c.Complete, Today: c.Today, Language: "it",
			Observe: func(r *rulebook.Rule, state string) { states[r.ID] = state }, Looked: c.Looked,
		})
		if err != nil {
			return nil, nil, err
		}
		return answer.AppendJSON(nil), states, nil
	}
}

// cover counts what had a say in a result. Its verdict is counted with the answer.
func cover(c *rulebook.Coverage, r *counter.Result) {
	id, reached := r.Counter.ID, r.Reached
	if r.NotFor != counter.NotInForce {
		c.Version(id, r.Version)
	}
	for _, v := range r.Versions {
		if v != r.Version {
			c.Version(id, v)
		}
	}
	for _, line := range reached.Lines {
		c.Line(id, line.ID)
	}
	for _, x := range reached.Variants {
		c.Variant(id, x.ID)
	}
	for _, limit := range reached.Limits {
		c.Limit(id, limit)
	}
	for _, t := range reached.Tiers {
		c.Schedule(id, r.Schedule, t)
	}
	for _, x := range reached.Exceptions {
		c.Exception(id, x)
	}
	for _, x := range reached.PauseExceptions {
		c.PauseException(id, x)
	}
}

type rulesShowCmd struct {
	rulesDir
	At string `placeholder:"DAY" help:"Only the version in force on this day, YYYY-MM-DD."`
	ID string `arg:"" help:"Name of a rule, parameter, counter, table, …"`
}

// Run prints the versions.
func (c *rulesShowCmd) Run(std streams) error {
	at, err := optionalDay(c.At)
	if err != nil {
		return err
	}
	ed, err := c.load(std)
	if err != nil {
		return err
	}
	found := ed.Find(c.ID, at)
	switch {
	case len(found) > 0:
		return ed.Show(std.out, found)
	case len(ed.Find(c.ID, nil)) > 0:
		return wrong(fmt.Errorf("«%s» non è in vigore il %s", c.ID, at))
	}
	if near := ed.NearestID(c.ID); near != "" {
		return wrong(fmt.Errorf("«%s» non esiste: forse intendevi «%s»?", c.ID, near))
	}
	return wrong(fmt.Errorf("«%s» non esiste", c.ID))
}

func optionalDay(text string) (*calendar.Day, error) {
	if text == "" {
		return nil, nil
	}
	day, err := calendar.Parse(text)
	if err != nil {
		return nil, usage(fmt.Errorf("«%s» non è un giorno: si scrive AAAA-MM-GG", text))
	}
	return &day, nil
}

type rulesDiffCmd struct {
	rulesDir
	Before string `arg:"" help:"A folder of rules, or the name of a published edition."`
	After  string `arg:"" optional:"" help:"Likewise; without it the rules in use."`
}

// Run compares. Two folders are compared in full; of a published edition only digests are kept.
func (c *rulesDiffCmd) Run(std streams) error {
	current, err := c.load(std)
	if err != nil {
		return err
	}
	before, beforeList, err := c.side(std, current, c.Before)
	if err != nil {
		return err
	}
	after, afterList := current, (*rulebook.Published)(nil)
	if c.After != "" {
		if after, afterList, err = c.side(std, current, c.After); err != nil {
			return err
		}
	}
	if beforeList == nil && afterList == nil {
		return rulebook.PrintChanges(std.out, rulebook.Diff(before, after))
	}
	return rulebook.PrintChanges(std.out, rulebook.DiffPublished(frozen(before, beforeList), frozen(after, afterList)))
}

// side is the edition of a folder, or a published list of the rules in use.
func (c *rulesDiffCmd) side(std streams, current *rulebook.Edition, name string) (*rulebook.Edition, *rulebook.Published, error) {
	for _, p := range current.Published {
		if p.Name == name {
			return nil, p, nil
		}
	}
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		return nil, nil, usage(fmt.Errorf("«%s» non è né una cartella né un'edizione pubblicata", name))
	}
	ed, err := rulesDir{name}.load(std)
	return ed, nil, err
}

func frozen(ed *rulebook.Edition, list *rulebook.Published) *rulebook.Published {
	if list != nil {
		return list
	}
	return ed.Freeze(ed.Name, calendar.Min)
}

type rulesSchemaCmd struct{ rulesDir }

// Run writes the schemas into the folder schema.
func (c *rulesSchemaCmd) Run(std streams) error {
	root, err := c.writable()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll("schema", 0o755); err != nil {
		return usage(err)
	}
	schemas := rulebook.JSONSchemas()
	for name, data := range schemas {
		if err := root.WriteFile(path.Join("schema", name), data, 0o644); err != nil {
			return usage(err)
		}
	}
	_, err = fmt.Fprintf(std.out, "%d schemi in %s\n", len(schemas), filepath.Join(c.Dir, "schema"))
	return err
}

type rulesFmtCmd struct {
	rulesDir
	Check bool `help:"Write nothing; list the files that are not in canonical form."`
}

// Run formats every file of the folder.
func (c *rulesFmtCmd) Run(std streams) error {
	fsys, err := c.open()
	if err != nil {
		return err
	}
	changed, defects, err := formatAll(fsys)
	switch {
	case err != nil:
		return usage(err)
	case len(defects) > 0:
		return refuse(std, defects)
	case len(changed) == 0:
		return nil
	case c.Check:
		for _, f := range changed {
			fmt.Fprintln(std.err, f.name)
		}
		return wrong(fmt.Errorf("%d file non sono nella forma canonica: usa «omnia rules fmt»", len(changed)))
	}
	root, err := c.writable()
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range changed {
		if err := root.WriteFile(f.name, f.data, 0o644); err != nil {
			return usage(err)
		}
		fmt.Fprintln(std.out, f.name)
	}
	return nil
}

// formatted is a file with its canonical text.
type formatted struct {
	name string
	data []byte
}

// formatAll gives the files that are not in canonical form.
func formatAll(fsys fs.FS) (changed []formatted, defects rulebook.Defects, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		before, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		after, wrongs := rulebook.Format(name, before)
		defects = append(defects, wrongs...)
		if len(wrongs) == 0 && string(before) != string(after) {
			changed = append(changed, formatted{name, after})
		}
		return nil
	})
	return changed, defects, err
}

// rulesReferenceCmd writes the pages about facts and rules for people. It is for `make generate`.
type rulesReferenceCmd struct {
	rulesDir
	Docs string `arg:"" help:"Folder to write the pages in."`
}

// Run writes both pages.
func (c *rulesReferenceCmd) Run(std streams) error {
	ed, err := c.load(std)
	if err != nil {
		return err
	}
	for name, page := range references(ed) {
		if err := os.WriteFile(filepath.Join(c.Docs, name), page, 0o644); err != nil {
			return usage(err)
		}
	}
	return nil
}

// references are the generated pages by name.
func references(ed *rulebook.Edition) map[string][]byte {
	return map[string][]byte{"riferimento-fatti.md": ed.Vocabulary.Reference(), "riferimento-regole.md": ed.Reference()}
}
