package replay_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"omnia/engine"
	"omnia/engine/calendar"
	"omnia/engine/fact"
	"omnia/engine/rulebook"
	"omnia/fixtures"
	"omnia/ledger"
	"omnia/ledger/replay"
	"omnia/rules"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var today = calendar.Of(2026, 3, 2)

// must is for what can't fail in a test that means something else.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// newEngine is the engine of a folder of rules.
func newEngine(t testing.TB, fsys fs.FS) *engine.Engine {
	t.Helper()
	ed, defects := rulebook.Load(fsys)
	if err := defects.Err(); err != nil {
		t.Fatal(err)
	}
	return engine.New(ed)
}

// shelf has engines by the digest of their edition.
type shelf map[string]*engine.Engine

func (s shelf) At(_ context.Context, digest string) (*engine.Engine, error) {
	if g := s[digest]; g != nil {
		return g, nil
	}
	return nil, replay.ErrNoEdition
}

func newShelf(all ...*engine.Engine) shelf {
	s := shelf{}
	for _, g := range all {
		s[g.Edition().Digest] = g
	}
	return s
}

// recorder takes decisions and gives what the record would keep of them.
type recorder struct {
	t      testing.TB
	engine *engine.Engine
	salts  io.Reader
	taken  int
}

func newRecorder(t testing.TB, g *engine.Engine) *recorder {
	return &recorder{t: t, engine: g, salts: rand.NewChaCha8([32]byte{7})}
}

func (r *recorder) counters(body []byte, o engine.Options) *ledger.Decision {
	r.t.Helper()
	ed := r.engine.Edition()
	facts := must[*fact.Facts](r.t)(fact.Decode(ed.Vocabulary, body, fact.Options{Language: o.Language}))
	d := r.decision(replay.KindCounters, facts, replay.CountersOptions(o))
	a := must[*engine.Counters](r.t)(r.engine.Counters(facts, o))
	d.Outcome, d.Receipt.Rules = replay.CountersOutcome(a, d.Personal), replay.Rules(a.Applied())
	return seal(d)
}

func (r *recorder) validate(body []byte, o engine.ValidateOptions) *ledger.Decision {
	r.t.Helper()
	ed := r.engine.Edition()
	facts := must[*fact.Facts](r.t)(fact.Decode(ed.Vocabulary, body, fact.Options{Language: o.Language, Lenient: true}))
	d := r.decision(replay.KindValidate, facts, replay.ValidateOptions(o))
	a := must[*engine.Validation](r.t)(r.engine.Validate(facts, o))
	d.Outcome, d.Receipt.Rules = replay.ValidationOutcome(a, d.Personal), replay.Rules(a.Applied())
	return seal(d)
}

// decision is one but for its outcome.
func (r *recorder) decision(kind string, facts *fact.Facts, options []ledger.Option) *ledger.Decision {
	r.t.Helper()
	r.taken++
	ed := r.engine.Edition()
	public, personal, bound, err := ledger.Split(facts.AppendJSON(nil, true), replay.Personal(facts.Vocabulary), r.salts)
	if err != nil {
		r.t.Fatal(err)
	}
	return &ledger.Decision{
		Receipt: ledger.Receipt{
			ID: fmt.Sprintf("decision-%06d", r.taken), Instant: noon, Kind: kind, Edition: ed.Name, EditionDigest: ledger.Digest(ed.Digest),
			Engine: "test", Options: options, Personal: bound,
		},
		Facts: public, Personal: personal,
	}
}

func seal(d *ledger.Decision) *ledger.Decision {
	d.Receipt.FactsDigest, d.Receipt.OutcomeDigest = ledger.DigestOf(d.Facts), ledger.DigestOf(d.Outcome)
	return d
}

// everything takes the decisions of all companies, cases of counters and cases of forms.
func (r *recorder) everything() []*ledger.Decision { return r.each(1) }

// each takes one in so many of them.
func (r *recorder) each(nth int) (list []*ledger.Decision) {
	r.t.Helper()
	for _, c := range fixtures.Companies() {
		body := strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(c.Body)), `{`)), `}`)
		_, facts, _ := strings.Cut(body, `"facts":`)
		for _, lang := range []string{"it", "de"} {
			list = append(list, r.counters([]byte(facts), engine.Options{Today: today, Language: lang, Explain: engine.Full}))
		}
	}
	cases, defects := rulebook.Cases(rules.FS)
	if err := defects.Err(); err != nil {
		r.t.Fatal(err)
	}
	for i, c := range cases {
		if i%nth > 0 || len(c.Expect) == 1 && c.Expect[0].Key == "errors" {
			continue
		}
		list = append(list, r.counters(c.FactsJSON, engine.Options{Today: c.Today, Language: "it", Explain: engine.Normal}))
	}
	forms, defects := rulebook.FormCases(rules.FS)
	if err := defects.Err(); err != nil {
		r.t.Fatal(err)
	}
	for i, c := range forms {
		if i%nth > 0 {
			continue
		}
		list = append(list, r.validate(c.FactsJSON, engine.ValidateOptions{Form: c.Form, Complete: c.Complete, Today: c.Today, Language: "en"}))
	}
	return list
}

// draft is the folder of rules with changes to the parameters of the CIGO, each of the first that is found.
func draft(t testing.TB, changes map[string]string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(rules.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path, "editions/") || strings.HasSuffix(path, ".cases.yaml") {
			return err
		}
		data, err := rules.FS.ReadFile(path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	file := files["parameters/cigo.yaml"]
	for was, is := range changes {
		changed := strings.Replace(string(file.Data), was, is, 1)
		if changed == string(file.Data) {
			t.Fatalf("%q is not there", was)
		}
		file.Data = []byte(changed)
	}
	return files
}
