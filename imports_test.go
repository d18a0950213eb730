package omnia_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// room says what a folder and those below it may import of this module. Longest prefix wins.
type room struct {
	folder string
	may    []string // folders of this module, with all below them when the name ends in /...
	why    string
}

var rooms = []room{
	{"cmd", []string{"..."}, "commands wire everything together"},
	{"fixtures", []string{}, "demo companies and generated loads are bytes: they know nothing of the engine"},
	{"api", []string{"archive/...", "ledger/...", "chat", "policies", "identity", "engine/...", "internal/fault", "internal/rome"}, "HTTP asks the engine; it must not reach for stores or rules by itself"},
	{"engine", []string{"engine/...", "internal/fault"}, "the engine is pure and knows no one above it"},
	{"engine/quantity", nil, "exact numbers are the ground floor"},
	{"engine/calendar", nil, "civil days are the ground floor"},
	{"engine/fact", []string{"engine/calendar", "engine/quantity", "internal/fault"}, "facts know numbers and days only"},
	{"engine/rulebook", []string{"engine/fact", "engine/calendar", "engine/quantity", "internal/fault"}, "rules speak of facts, not of decisions"},
	{"engine/rulebook/bench", []string{"..."}, "made-up editions to measure with; nothing of the service imports them"},
	{"engine/counter", []string{"engine/rulebook", "engine/fact", "engine/calendar", "engine/quantity", "internal/fault"}, "the kernel runs what the rulebook declares"},
	{"engine/explain", []string{"engine/counter", "engine/rulebook", "engine/fact", "engine/calendar", "engine/quantity", "internal/fault"}, "sentences are made from the trace"},
	{"archive", []string{"archive/...", "engine/...", "internal/fault", "internal/rome"}, "what is kept, as plain values: it knows neither SQL nor HTTP"},
	{"archive/avvisi", []string{"archive", "engine/...", "internal/fault"}, "what a company should be told before it asks: pure, out of the counters and the rules"},
	{"store", []string{"archive", "chat", "ledger", "engine/calendar", "internal/fault", "internal/rome"}, "SQL for the values of the archive; it decides nothing"},
	{"store/storetest", []string{"..."}, "the suite that both databases must pass"},
	{"policies", nil, "who may do what: a leaf that is asked one question"},
	{"identity", []string{"internal/fault"}, "who it is: tokens in, a principal out"},
	{"ledger", []string{"internal/fault"}, "the record of decisions, as pure logic: it knows neither SQL nor HTTP nor the engine"},
	{"ledger/replay", []string{"ledger", "engine/...", "internal/fault", "internal/rome"}, "deciding again what the record says was decided: it asks the engine, and knows neither SQL nor HTTP"},
	{"chat", []string{"archive", "engine/...", "internal/fault", "internal/rome"}, "conversations, queue and hub: it knows neither SQL nor HTTP"},
	{"chat/chattest", []string{"chat", "archive"}, "the queue of INFO CIG beside a model of it; only tests import it"},
	{"internal/pgtest", nil, "a PostgreSQL of one's own for a test binary"},
	{"bench", []string{"..."}, "measurements may look anywhere; nothing imports them"},
	{"rules", nil, "content is data; anyone may embed it"},
	{"internal/fault", nil, "what went wrong is a leaf that every room can use"},
	{"internal/rome", []string{"engine/calendar"}, "the clock's one way to a civil day"},
}

// walls keep a module from outside in the rooms that need it.
var walls = []struct {
	module string
	rooms  []string
	why    string
}{
	{"github.com/expr-lang/expr", []string{"engine/rulebook", "bench/peers"}, "one compiler of expressions: ours, behind the rulebook"},
	{"gopkg.in/yaml.v3", []string{"engine/rulebook", "policies"}, "one strict reader of rule files, and one of the tables of the policies"},
	{"go.yaml.in/yaml", []string{"engine/rulebook"}, "one strict reader of rule files"},
	{"github.com/goccy/go-yaml", nil, "one YAML library is enough"},
	{"github.com/gin-gonic/gin", []string{"api", "bench"}, "only api speaks HTTP; the plain handler it is measured against is gin too"},
	{"github.com/getkin/kin-openapi", []string{"api"}, "only api has an HTTP contract"},
	{"github.com/prometheus/client_golang", []string{"api", "cmd"}, "the engine is measured from outside"},
	{"github.com/alecthomas/kong", []string{"cmd"}, "only commands have a command line"},
	{"github.com/open-policy-agent/opa", []string{"policies", "bench/peers"}, "one room asks the policies"},
	{"gorm.io", []string{"store"}, "SQL stays in the store"},
	{"github.com/jackc/pgx", []string{"store", "bench", "internal/pgtest"}, "SQL stays in the store; the plain COPY it is measured against is pgx too, and the server of the tests makes its databases by it"},
	{"github.com/pressly/goose", []string{"store"}, "one way to change the schema"},
	{"github.com/golang-jwt/jwt", []string{"identity"}, "one reader of tokens"},
	{"github.com/MicahParks", []string{"identity"}, "one reader of tokens"},
	{"github.com/arran4/golang-ical", []string{"archive/avvisi", "api"}, "calendars are written by hand there, and read back by another's reader in its tests"},
	{"github.com/xuri/excelize", []string{"archive", "api"}, "sheets are written beside the CSV of the same rows"},
	{"golang.org/x/mod/sumdb", []string{"ledger", "store", "api", "cmd"}, "one log, and one way to sign it"},
	{"codeberg.org/go-pdf/fpdf", []string{"api"}, "a transcript is drawn beside its page and its JSON"},
	{"codeberg.org/go-fonts", []string{"api"}, "the letters of the transcript"},
	{"github.com/chromedp", []string{"cmd"}, "a browser that no one here wrote reads the stream of real instances, in their tests"},
	{"github.com/tmaxmax/go-sse", []string{"cmd"}, "a client that no one here wrote reads the stream of real instances, in their tests"},
	{"github.com/blevesearch/snowballstem", []string{"archive"}, "one way to find the stem of a word"},
}

// impure is what the engine may not touch: the same facts and edition must give the same bytes.
var impure = map[string]string{
	"os": "reads the machine", "net": "reads the network", "net/http": "reads the network", "log": "writes outside", "log/slog": "writes outside",
	"math/rand": "is random", "math/rand/v2": "is random", "crypto/rand": "is random", "unsafe": "leaves the language",
	"database/sql": "reads a database", "embed": "is for content, which is passed in",
}

// impureCalls are functions of allowed packages that read the clock or start something.
var impureCalls = map[string][]string{
	"time": {"Now", "Since", "Until", "After", "Sleep", "Tick", "NewTimer", "NewTicker", "AfterFunc", "LoadLocation"},
}

// source is one file of the module.
type source struct {
	folder  string
	name    string
	test    bool
	ast     *ast.File
	imports []string
}

// sources reads the files themselves: what `go list` or a test cache remembers may be old.
func sources(t *testing.T) (all []source) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && anotherModule(path) {
			return filepath.SkipDir
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "data") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := source{folder: filepath.ToSlash(filepath.Dir(path)), name: filepath.ToSlash(path), test: strings.HasSuffix(path, "_test.go"), ast: parsed}
		for _, i := range parsed.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, p)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d Go files found: the test runs in the wrong folder", len(all))
	}
	return all
}

func anotherModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test || s.folder == "." {
			continue
		}
		r, ok := roomOf(s.folder)
		if !ok {
			t.Errorf("%s: folder %s is in no room: add it to the table, with its reason", s.name, s.folder)
			continue
		}
		for _, i := range s.imports {
			if target, own := strings.CutPrefix(i, "omnia/"); own && !r.allows(target) {
				t.Errorf("%s imports %s, but %s may not: %s", s.name, i, r.folder, r.why)
			}
		}
	}
}

func roomOf(folder string) (best room, ok bool) {
	for _, r := range rooms {
		if within(folder, r.folder) && len(r.folder) > len(best.folder) {
			best, ok = r, true
		}
	}
	return best, ok
}

func (r room) allows(target string) bool {
	return slices.ContainsFunc(r.may, func(m string) bool {
		if m == "..." {
			return true
		}
		if tree, ok := strings.CutSuffix(m, "/..."); ok {
			return within(target, tree)
		}
		return target == m
	})
}

func within(path, tree string) bool { return path == tree || strings.HasPrefix(path, tree+"/") }

func TestEachLibraryStaysInItsRoom(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, w := range walls {
			home := slices.ContainsFunc(w.rooms, func(r string) bool { return within(s.folder, r) })
			if home {
				continue
			}
			for _, i := range s.imports {
				if within(i, w.module) {
					t.Errorf("%s imports %s, which belongs in %v: %s", s.name, i, w.rooms, w.why)
				}
			}
		}
	}
}

func TestTheEngineIsPure(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test || !within(s.folder, "engine") || within(s.folder, "engine/rulebook/bench") {
			continue
		}
		for _, i := range s.imports {
			if why, bad := impure[i]; bad {
				t.Errorf("%s imports %s, which %s: pass in what is needed", s.name, i, why)
			}
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine: the engine has none", s.name)
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && slices.Contains(impureCalls[pkg.Name], n.Sel.Name) {
					t.Errorf("%s calls %s.%s: time comes in as a value", s.name, pkg.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestNoRoomIsListedInVain(t *testing.T) {
	t.Parallel()
	all := sources(t)
	for _, r := range rooms {
		if !slices.ContainsFunc(all, func(s source) bool { return within(s.folder, r.folder) }) {
			t.Errorf("room %s has no Go file: take it out of the table", r.folder)
		}
	}
}
