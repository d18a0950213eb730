package policies

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// Policies are rules and tables, compiled. They never change and are safe for concurrent use.
type Policies struct {
	tables   tables
	digest   string
	version  string    // the beginning of the digest
	verdict  *prepared // one access
	reach    *prepared // a list
	names    names
	permits  permits
	grounds  map[ground][]string // why a verdict allows
	refusals map[string][]string // why a code denies
}

// New compiles the policies built into the binary. Whatever is wrong with a table or a rule is an
// error that says where.
func New() (*Policies, error) { return load(files) }

// Actions are the names of all that can be asked for, sorted.
func Actions() []string { return slices.Clone(builtInNames().actions) }

// Codes are the codes of all denies, sorted.
func Codes() []string { return slices.Clone(builtInNames().codes) }

// load compiles the policies of a folder laid out as this one.
func load(fsys fs.FS) (*Policies, error) {
	t, err := readTables(fsys)
	if err != nil {
		return nil, err
	}
	source, err := readSource(fsys)
	if err != nil {
		return nil, err
	}
	compiler, err := source.compile()
	if err != nil {
		return nil, err
	}
	whole, err := digest(fsys)
	if err != nil {
		return nil, err
	}
	p := &Policies{tables: t.tables, digest: "sha256:" + whole, version: whole[:32], names: intern(&t.tables)}
	p.grounds, p.refusals = t.reasons()
	if p.permits, err = t.permits(compiler); err != nil {
		return nil, err
	}
	store := t.store()
	if p.verdict, err = prepare(compiler, store, "data.accesso.verdetto"); err != nil {
		return nil, err
	}
	if p.reach, err = prepare(compiler, store, "data.accesso.elenco"); err != nil {
		return nil, err
	}
	return p, nil
}

// source is what is compiled.
type source struct {
	modules      map[string]*ast.Module
	capabilities *ast.Capabilities
	schemas      *ast.SchemaSet
}

const (
	capabilitiesFile = "capabilities.json"
	schemaFile       = "domanda.schema.json"
)

// readSource parses the rules, without their tests.
func readSource(fsys fs.FS) (*source, error) {
	s := &source{modules: map[string]*ast.Module{}, schemas: ast.NewSchemaSet()}
	text, err := fs.ReadFile(fsys, capabilitiesFile)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	if s.capabilities, err = ast.LoadCapabilitiesJSON(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("policies: %s: %w", capabilitiesFile, err)
	}
	if text, err = fs.ReadFile(fsys, schemaFile); err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	var schema any
	if err = json.Unmarshal(text, &schema); err != nil {
		return nil, fmt.Errorf("policies: %s: %w", schemaFile, err)
	}
	s.schemas.Put(ast.MustParseRef("schema.domanda"), schema)
	names, err := ruleFiles(fsys)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := s.parse(fsys, name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *source) parse(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	m, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{
		ProcessAnnotation: true, Capabilities: s.capabilities, RegoVersion: ast.RegoV1,
	})
	if err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	s.modules[name] = m
	return nil
}

// ruleFiles are the files of rules, without their tests, sorted.
func ruleFiles(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, "*.rego")
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "_test.rego") }), nil
}

// compile checks the rules against capabilities and schema: a name that the question does not have,
// or a function that is not allowed, does not compile.
func (s *source) compile() (*ast.Compiler, error) {
	c := ast.NewCompiler().WithStrict(true).WithCapabilities(s.capabilities).WithSchemas(s.schemas).WithUseTypeCheckAnnotations(true)
	if c.Compile(s.modules); c.Failed() {
		return nil, fmt.Errorf("policies: %w", c.Errors)
	}
	return c, nil
}

// digest names the rules and tables by their bytes: the first 128 bits of a SHA-256, in hex.
func digest(fsys fs.FS) (string, error) {
	names, err := ruleFiles(fsys)
	if err != nil {
		return "", err
	}
	for _, t := range tableNames {
		names = append(names, tablePath(t))
	}
	names = append(names, schemaFile, capabilitiesFile)
	slices.Sort(names)
	all := sha256.New()
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return "", fmt.Errorf("policies: %w", err)
		}
		fmt.Fprintf(all, "%s %d\n", name, len(text))
		all.Write(text)
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

// store holds the tables as the rules read them, in the form they are evaluated in.
func (t *tableFiles) store() storage.Store {
	return inmem.NewFromObjectWithOpts(map[string]any{"tabelle": t.raw}, inmem.OptReturnASTValuesOnRead(true))
}

// permits are the tables turned by action: who may it, and how, with a matricola and without. A
// question carries the line of its action, which costs nothing; to look it up in OPA would.
type permits struct{ with, without map[string]*ast.Term }

func (t *tableFiles) permits(compiler *ast.Compiler) (permits, error) {
	const query = "data.preparazione.permessi"
	var answer ast.Object
	keep := func(t *ast.Term, _ *rego.EvalContext) (any, error) {
		answer, _ = t.Value.(ast.Object)
		return nil, nil
	}
	prepared, err := prepare(compiler, t.store(), query)
	if err != nil {
		return permits{}, err
	}
	if _, err := prepared.query.Eval(context.Background(), rego.EvalGenerateJSON(keep)); err != nil {
		return permits{}, fmt.Errorf("policies: %s: %w", query, err)
	}
	if answer == nil {
		return permits{}, fmt.Errorf("policies: %s is undefined: every verdict rests on it", query)
	}
	return permits{lines(answer.Get(with)), lines(answer.Get(without))}, nil
}

func lines(t *ast.Term) map[string]*ast.Term {
	m := map[string]*ast.Term{}
	if o, ok := term(t).(ast.Object); ok {
		o.Foreach(func(k, v *ast.Term) { m[text(k)] = v })
	}
	return m
}

// of is the line of an action; nil when there is no such action.
func (p permits) of(q *Question) *ast.Term {
	if q.Matricola == "" {
		return p.without[q.Azione]
	}
	return p.with[q.Azione]
}

// prepare readies one entry point.
func prepare(compiler *ast.Compiler, store storage.Store, query string) (*prepared, error) {
	ctx := context.Background() // nothing here waits: rules and tables are in memory
	q, err := rego.New(rego.Query(query), rego.Compiler(compiler), rego.Store(store), rego.Strict(true),
		rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("policies: %s: %w", query, err)
	}
	return &prepared{query: q}, nil
}
