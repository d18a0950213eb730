package rulebook

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"omnia/engine/calendar"
)

// kindOfFile is one kind of file: the folder it lives in, its form, and what builds it.
type kindOfFile struct {
	schema string
	dir    string // "." is the root of the folder of rules
	also   string // another folder it may live in; "" is none
	shape  *shape
	build  func(*loader, object)
}

// fileKinds are in the order in which they are built: each may name what stands before it.
var fileKinds = []kindOfFile{
	{"acts/v1", ".", "", actsFile, (*loader).acts},
	{"facts/v1", "facts", "", factsFile, (*loader).facts},
	{"parameters/v1", "parameters", "", parametersFile, (*loader).parameters},
	{"table/v1", "tables", "", tableFile, (*loader).table},
	{"holidays/v1", "tables", "", holidaysFile, (*loader).holidays},
	{"exception/v1", "exceptions", "", exceptionFile, (*loader).exception},
	{"presumptions/v1", "presumptions", "", presumptionsFile, (*loader).presumptions},
	{"values/v1", "forms", "", namedFile, (*loader).namedValues},
	{"rules/v1", "checks", "forms", rulesFile, (*loader).rules},
	{"counter/v1", "counters", "", counterFile, (*loader).counter},
	{"form/v1", "forms", "", formFile, (*loader).formFile},
	{"bounds/v1", "forms", "", boundsFile, (*loader).bounds},
	{"form_cases/v1", "forms", "", formCasesFile, (*loader).formCasesFile},
	{"messages/v1", "messages", "", messagesFile, (*loader).messages},
	{"cases/v1", "counters", "", casesFile, (*loader).casesFile},
	{"chat_cases/v1", "tables", "", chatCasesFile, (*loader).chatCasesFile},
	{"edition/v1", "editions", "", editionFile, (*loader).edition},
}

// maxFiles bounds a folder of rules.
const maxFiles = 5000

// loader builds one edition.
type loader struct {
	ed        *Edition
	defects   Defects
	actsByID  map[string]act
	taken     map[string]Place // "kind id" to the place of the first
	scopes    map[string]*Scope
	groups    []declaredGroup
	holidayID string
	cases     []TestCase
	formCases []FormCase
	chatCases []TestCase
	sources   map[string]*source
	unread    map[string]bool // folders with a file that is not YAML: names may be missing only for that
}

// Load reads every YAML file of a folder of rules and compiles it.
//
// All defects come back together, sorted by place, and then there is no edition. The same files
// give the same edition, whatever the order in which the folder lists them.
func Load(fsys fs.FS) (*Edition, Defects) {
	l := load(fsys)
	if len(l.defects) > 0 {
		return nil, l.defects
	}
	return l.ed, nil
}

func load(fsys fs.FS) *loader {
	l := &loader{
		ed: &Edition{
			Parameters: map[string]*Parameter{}, Tables: map[string]*Table{}, Values: map[string]*NamedValue{},
			Messages: &Messages{byID: map[string]*Template{}}, Holidays: &calendar.Holidays{},
		},
		actsByID: map[string]act{}, taken: map[string]Place{}, scopes: map[string]*Scope{},
		sources: map[string]*source{}, unread: map[string]bool{},
	}
	files := l.read(fsys)
	for _, k := range fileKinds {
		for _, o := range files[k.schema] {
			k.build(l, o)
		}
		switch k.schema {
		case "facts/v1":
			l.vocabulary()
		case "values/v1":
			l.compileAllNamed()
		case "counter/v1":
			for _, o := range files["rules/v1"] {
				l.ruleCounters(o)
			}
		}
	}
	l.finish()
	return l
}

// finish puts everything in its order and takes the digests.
func (l *loader) finish() {
	ed := l.ed
	slices.SortFunc(ed.Exceptions, func(a, b *Exception) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(ed.Presumed, func(a, b *Presumption) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(ed.Rules, func(a, b *Rule) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(ed.FormRules, func(a, b *Rule) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(ed.Forms, func(a, b *Form) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(ed.Bounds, func(a, b *Bound) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(ed.Counters, func(a, b *Counter) int { return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(ed.Items, compareItems)
	for i := range ed.Items {
		ed.Items[i].Version.filed = i + 1
	}
	l.unusedFormRules()
	l.orderOfCounters()
	l.cyclesOfPresumptions()
	ed.Digest = rootDigest(ed.states())
	l.comparePublished()
	l.quoteLines()
	l.defects = l.defects.tidy()
}

// quoteLines adds the line to the defects that know only their place.
func (l *loader) quoteLines() {
	for i := range l.defects {
		d := &l.defects[i]
		if s := l.sources[d.Place.File]; s != nil && d.Snippet == "" {
			d.Snippet = s.line(d.Place.Line)
		}
	}
}

// read gives the checked files of every schema, each list sorted by file name.
func (l *loader) read(fsys fs.FS) map[string][]object {
	files := map[string][]object{}
	for _, name := range l.names(fsys) {
		s, defects := readFile(fsys, name)
		l.defects = append(l.defects, defects...)
		l.sources[name] = s
		if s.root == nil {
			l.unread[path.Dir(name)] = true
			continue
		}
		if k := l.kindOf(s); k != nil {
			c := &formChecker{src: s, wrong: map[*yaml.Node]bool{}}
			c.object(s.root, k.shape, name)
			l.defects = append(l.defects, c.defects...)
			files[k.schema] = append(files[k.schema], object{src: s, wrong: c.wrong, n: s.root, end: len(s.lines)})
		}
	}
	return files
}

// names lists the YAML files of the folder, sorted.
func (l *loader) names(fsys fs.FS) (names []string) {
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir():
		case strings.HasSuffix(name, ".yml"):
			l.file(name, "wrong_name", "rinominalo in "+strings.TrimSuffix(name, ".yml")+".yaml", "il file non verrebbe letto: l'estensione è .yaml")
		case !strings.HasSuffix(name, ".yaml"):
		case !d.Type().IsRegular():
			l.file(name, "not_a_file", "copia il file al suo posto", "non è un file ma un collegamento, e i collegamenti non si seguono")
		case len(names) == maxFiles:
			return fmt.Errorf("più di %d file", maxFiles)
		default:
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		l.file(".", "unreadable", "", "la cartella delle regole non si legge: %v", err)
	}
	slices.Sort(names)
	return names
}

// file is a defect of a whole file.
func (l *loader) file(name, code, hint, format string, args ...any) {
	l.defects = append(l.defects, Defect{Place: Place{File: name}, Code: code, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

func readFile(fsys fs.FS, name string) (*source, Defects) {
	unreadable := func(err error) (*source, Defects) {
		return &source{name: name}, Defects{{Place: Place{File: name}, Code: "unreadable", Message: "il file non si legge: " + reason(err)}}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return unreadable(err)
	}
	return readSource(name, data)
}

// reason is the error without the name of the file, which the place already says.
func reason(err error) string {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// kindOf is the kind that the first key of the file names; nil, and a defect, when it is none.
func (l *loader) kindOf(s *source) *kindOfFile {
	var schemas []string
	for i := range fileKinds {
		schemas = append(schemas, fileKinds[i].schema)
	}
	n := valueOf(s.root, "schema")
	if n == nil {
		l.defects = append(l.defects, s.defect(s.root, "missing_key", "la prima riga è, per esempio, schema: parameters/v1", "manca la chiave «schema»"))
		return nil
	}
	i := slices.Index(schemas, n.Value)
	if i < 0 {
		l.defects = append(l.defects, s.defect(n, "unknown_schema", suggestKey(n.Value, schemas), "«%s» non è un tipo di file previsto", n.Value))
		return nil
	}
	k := &fileKinds[i]
	if dir := path.Dir(s.name); dir != k.dir && dir != cmp.Or(k.also, k.dir) {
		l.defects = append(l.defects, s.defect(n, "wrong_folder", "spostalo in "+path.Join(k.dir, path.Base(s.name)), "un file %s non sta nella cartella «%s»", k.schema, dir))
	}
	return k
}

// take claims an id; the second time it is a defect. An empty id was told already.
func (l *loader) take(o object, kind, id string) {
	if id == "" {
		return
	}
	place := o.placeOf("id")
	if before, ok := l.taken[kind+" "+id]; ok {
		l.defect(o, "id", "duplicate_id", "dai un altro nome a uno dei due", "«%s» è già in %s", id, before)
		return
	}
	l.taken[kind+" "+id] = place
}

// named wants the file to have the name of what it holds.
func (l *loader) named(o object, base string) {
	if id := o.text("id"); id != "" && path.Base(o.src.name) != base+".yaml" {
		l.defect(o, "id", "wrong_name", "rinomina il file o correggi l'id", "il file di «%s» deve chiamarsi %s.yaml", id, base)
	}
}

// defect is a defect at the value of a key of o, or at o itself when it has no such key.
func (l *loader) defect(o object, key, code, hint, format string, args ...any) {
	n := valueOf(o.n, key)
	if n == nil {
		n = o.n
	}
	l.defects = append(l.defects, o.src.defect(n, code, hint, format, args...))
}
