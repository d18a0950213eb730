package policies

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
)

// withTests are the rules and their tests, compiled with the restricted capabilities.
func withTests(t *testing.T) (*source, *ast.Compiler) {
	t.Helper()
	s, err := readSource(files)
	if err != nil {
		t.Fatal(err)
	}
	tests, err := filepath.Glob("*_test.rego")
	if err != nil || len(tests) == 0 {
		t.Fatalf("tests of the rules: %v, %v", tests, err)
	}
	for _, name := range tests {
		if err := s.parse(os.DirFS("."), name); err != nil {
			t.Fatal(err)
		}
	}
	compiler, err := s.compile()
	if err != nil {
		t.Fatal(err)
	}
	return s, compiler
}

// The rules' own tests pass, reach every line of the rules, and say the same when OPA does not use
// its index of rules: an index that is wrong would show up as a difference.
func TestRulesPassTheirTestsWithAndWithoutIndex(t *testing.T) {
	tables, err := readTables(files)
	if err != nil {
		t.Fatal(err)
	}
	s, compiler := withTests(t)
	store := tables.storeWithPermits(t, compiler)
	reached := cover.New()
	var results []*tester.Result
	err = storage.Txn(t.Context(), store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		runner := tester.NewRunner().SetCompiler(compiler).SetStore(store).SetModules(s.modules).
			RaiseBuiltinErrors(true).SetCoverageQueryTracer(reached)
		all, err := runner.RunTests(t.Context(), txn)
		if err != nil {
			return err
		}
		for r := range all {
			results = append(results, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) < 40 {
		t.Fatalf("only %d tests of the rules ran", len(results))
	}
	for _, r := range results {
		if !r.Pass() {
			t.Errorf("%s: %s: %v", r.Location, r.Name, r)
		}
		if pass := unindexed(t, compiler, store, r); pass != r.Pass() {
			t.Errorf("%s: %s: passes with the index: %v, without: %v", r.Location, r.Name, r.Pass(), pass)
		}
	}
	everyLine(t, reached, s)
}

// storeWithPermits holds the tables, and what the rules make of them, so that not each test does it again.
func (t *tableFiles) storeWithPermits(tt *testing.T, compiler *ast.Compiler) storage.Store {
	tt.Helper()
	q, err := rego.New(rego.Query("data.preparazione.permessi"), rego.Compiler(compiler), rego.Store(t.store())).PrepareForEval(tt.Context())
	if err != nil {
		tt.Fatal(err)
	}
	rs, err := q.Eval(tt.Context())
	if err != nil || len(rs) != 1 {
		tt.Fatalf("%v, %v", rs, err)
	}
	return inmem.NewFromObjectWithOpts(map[string]any{"tabelle": t.raw, "permessi": rs[0].Expressions[0].Value}, inmem.OptReturnASTValuesOnRead(true))
}

// unindexed evaluates one test of the rules without the index.
func unindexed(t *testing.T, compiler *ast.Compiler, store storage.Store, r *tester.Result) bool {
	t.Helper()
	q, err := rego.New(rego.Query(r.Package+"."+r.Name), rego.Compiler(compiler), rego.Store(store),
		rego.StrictBuiltinErrors(true)).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	rs, err := q.Eval(t.Context(), rego.EvalRuleIndexing(false))
	if err != nil {
		t.Errorf("%s without the index: %v", r.Name, err)
	}
	return rs.Allowed()
}

// everyLine reports the coverage of the rules, and fails for each line that no test reached.
func everyLine(t *testing.T, reached *cover.Cover, s *source) {
	t.Helper()
	report := reached.Report(s.modules)
	lines := 0
	for name, f := range report.Files {
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		lines += f.CoveredLines
		t.Logf("%s: %d lines reached, %d not", name, f.CoveredLines, f.NotCoveredLines)
		for _, r := range f.NotCovered {
			t.Errorf("%s:%d: no test of the rules reaches it, up to line %d", name, r.Start.Row, r.End.Row)
		}
	}
	if lines < 100 {
		t.Errorf("only %d lines reached: the report is not of these rules", lines)
	}
}

func TestRulesAreInTheOneFormat(t *testing.T) {
	names, err := filepath.Glob("*.rego")
	if err != nil || len(names) < 5 {
		t.Fatalf("rules: %v, %v", names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		formatted, err := format.SourceWithOpts(name, text, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(formatted, text) {
			continue
		}
		if *update {
			if err := os.WriteFile(name, formatted, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("%s is not in the format of opa fmt: go test ./policies -update rewrites it", name)
	}
}

// What is not among the capabilities, or not in the schema of the question, does not compile.
func TestWhatTheRulesMayNotSayDoesNotCompile(t *testing.T) {
	for name, tt := range map[string]struct{ rule, want string }{
		"the clock":       {`p if time.now_ns() > 0`, "time.now_ns"},
		"the network":     {`p if http.send({"method": "get", "url": "https://example.org"})`, "http.send"},
		"chance":          {`p if rand.intn("x", 2) == 0`, "rand.intn"},
		"the process":     {`p if opa.runtime().env.HOME`, "opa.runtime"},
		"a mistyped name": {"p if input.azzione == \"x\"", "undefined ref: input.azzione"},
		"an unused name":  {"p if { x := 1; input.sviluppo }", "assigned var x unused"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := readSource(files)
			if err != nil {
				t.Fatal(err)
			}
			text := "package accesso\n\nimport rego.v2\n\n" + tt.rule + "\n"
			m, err := ast.ParseModuleWithOpts("x.rego", text, ast.ParserOptions{ProcessAnnotation: true, Capabilities: s.capabilities})
			if err == nil {
				s.modules["x.rego"] = m
				_, err = s.compile()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("compiled: %v; it must fail naming %q", err, tt.want)
			}
		})
	}
}
