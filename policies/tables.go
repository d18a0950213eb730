package policies

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// The tables, one file each, as tabelle/ has them. Their meaning is told there.
type (
	azione struct {
		Titolo   string `yaml:"titolo"`
		Riguarda string `yaml:"riguarda"`
		Servizio string `yaml:"servizio"`
		Scrive   bool   `yaml:"scrive"`
	}
	ruolo struct {
		Titolo     string   `yaml:"titolo"`
		Precedenza int      `yaml:"precedenza"`
		Origine    string   `yaml:"origine"`
		Ambito     string   `yaml:"ambito"`
		Persona    bool     `yaml:"persona"`
		Livello    int      `yaml:"livello"`
		Azioni     []string `yaml:"azioni"`
	}
	legame struct {
		Titolo string   `yaml:"titolo"`
		Ruolo  string   `yaml:"ruolo"`
		Base   string   `yaml:"base"`
		Rango  int      `yaml:"rango"`
		Padre  string   `yaml:"padre"`
		Nasce  string   `yaml:"nasce"`
		Azioni []string `yaml:"azioni"`
	}
	servizio struct {
		Titolo string `yaml:"titolo"`
	}
	purpose struct {
		Titolo   string   `yaml:"titolo"`
		Sviluppo bool     `yaml:"sviluppo"`
		Azioni   []string `yaml:"azioni"`
	}
	codice struct {
		Titolo   string `yaml:"titolo"`
		Visibile bool   `yaml:"visibile"`
	}
	maschera struct {
		Titolo string          `yaml:"titolo"`
		Fatti  Mask            `yaml:"fatti"`
		Salvo  map[string]Mask `yaml:"salvo"`
		Propri bool            `yaml:"propri"`
		Attore Mask            `yaml:"attore"`
	}
)

// tables are all of them.
type tables struct {
	Azioni   map[string]azione   `yaml:"azioni"`
	Ruoli    map[string]ruolo    `yaml:"ruoli"`
	Legami   map[string]legame   `yaml:"legami"`
	Servizi  map[string]servizio `yaml:"servizi"`
	Finalita map[string]purpose  `yaml:"finalita"`
	Codici   map[string]codice   `yaml:"codici"`
	Maschere map[string]maschera `yaml:"mascheramento"`
}

// tableNames are the files of tabelle/, and the one key of each.
var tableNames = []string{"azioni", "ruoli", "legami", "servizi", "finalita", "codici", "mascheramento"}

// tableFiles are the tables with what is needed to point into them.
type tableFiles struct {
	tables
	raw   map[string]any        // as OPA reads them
	nodes map[string]*yaml.Node // by table
	wrong []defect
}

// defect is one thing wrong with a table, and where.
type defect struct {
	file         string
	line, column int
	text         string
}

// readTables reads the tables and checks them against each other. All defects come back together,
// in the order of the files.
func readTables(fsys fs.FS) (*tableFiles, error) {
	t := &tableFiles{raw: map[string]any{}, nodes: map[string]*yaml.Node{}}
	for _, name := range tableNames {
		if err := t.read(fsys, name); err != nil {
			return nil, err
		}
	}
	t.check()
	return t, t.defects()
}

func tablePath(name string) string { return "tabelle/" + name + ".yaml" }

// read reads one file: one document, its one key, no unknown field.
func (t *tableFiles) read(fsys fs.FS, name string) error {
	text, err := fs.ReadFile(fsys, tablePath(name))
	if err != nil {
		return fmt.Errorf("policies: %w", err)
	}
	var only map[string]yaml.Node
	if err := yaml.Unmarshal(text, &only); err != nil {
		return fmt.Errorf("policies: %s: %w", tablePath(name), err)
	}
	node, ok := only[name]
	if !ok || len(only) != 1 {
		return fmt.Errorf("policies: %s: the file must have the key %s and no other", tablePath(name), name)
	}
	strict := yaml.NewDecoder(bytes.NewReader(text))
	strict.KnownFields(true)
	if err := strict.Decode(&t.tables); err != nil {
		return fmt.Errorf("policies: %s: %w", tablePath(name), err)
	}
	if err := strict.Decode(new(any)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("policies: %s: the file must have one document", tablePath(name))
	}
	var raw any
	if err := node.Decode(&raw); err != nil {
		return fmt.Errorf("policies: %s: %w", tablePath(name), err)
	}
	t.raw[name], t.nodes[name] = raw, &node
	return nil
}

// at notes a defect at a place: keys of mappings and, for lists, the text of the item.
func (t *tableFiles) at(table string, path []string, format string, args ...any) {
	node := t.nodes[table]
	for _, step := range path {
		if next := child(node, step); next != nil {
			node = next
		}
	}
	t.wrong = append(t.wrong, defect{tablePath(table), node.Line, node.Column, fmt.Sprintf(format, args...)})
}

// child is what stands under a key, or the item of that text.
func child(node *yaml.Node, step string) *yaml.Node {
	for i, c := range node.Content {
		if c.Value != step {
			continue
		}
		if node.Kind == yaml.SequenceNode {
			return c
		}
		if i%2 == 0 {
			return node.Content[i+1]
		}
	}
	return nil
}

// defects is all that is wrong, or nil.
func (t *tableFiles) defects() error {
	slices.SortStableFunc(t.wrong, func(a, b defect) int {
		return cmp.Or(cmp.Compare(slices.Index(tableNames, table(a.file)), slices.Index(tableNames, table(b.file))),
			cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	errs := make([]error, len(t.wrong))
	for i, d := range t.wrong {
		errs[i] = fmt.Errorf("policies: %s:%d:%d: %s", d.file, d.line, d.column, d.text)
	}
	return errors.Join(errs...)
}

func table(file string) string { return file[len("tabelle/") : len(file)-len(".yaml")] }

// sortedKeys are the keys of a table, sorted.
func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
