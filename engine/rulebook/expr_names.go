package rulebook

import (
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"omnia/engine/fact"
)

// dotted is the name written as a chain of members (`azienda.settore`) and the offset at which
// it begins; ok is false when the tree is something else.
func dotted(n ast.Node) (name string, at int, ok bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, n.Location().From, true
	case *ast.ChainNode:
		return dotted(n.Node)
	case *ast.MemberNode:
		property, isText := n.Property.(*ast.StringNode)
		head, at, ok := dotted(n.Node)
		if !ok || !isText {
			return "", 0, false
		}
		return head + "." + property.Value, at, true
	}
	return "", 0, false
}

// resolve gives the fact of that name, and whether it belongs to the row in hand.
func (s *Scope) resolve(name string) (f *fact.Field, row bool) {
	if s.Row != nil {
		if rest, ok := strings.CutPrefix(name, s.Row.Name+"."); ok {
			if f := s.Row.Field(rest); f != nil {
				return f, true
			}
		}
	}
	return s.Vocabulary.Root.Field(name), false
}

// factNode is the node of a named fact, or a defect that says what was meant.
func (c *checker) factNode(name string, at int) *node {
	f, row := c.scope.resolve(name)
	if f == nil {
		c.unknownFact(name, at)
		return c.bad(at)
	}
	n := &node{op: opField, kind: kindOf(f.Type), unit: f.Unit, at: at, place: c.place(at), field: f, row: row, codes: codesOf(f.Options)}
	if row {
		n.rowName = c.scope.Row.Name
	}
	return n
}

func (c *checker) unknownFact(name string, at int) {
	if _, ok := forbidden[name]; ok || strings.HasPrefix(name, "$env.") {
		return // told already
	}
	if f, ok := functions[name]; ok {
		c.defect(at, "type_mismatch", "scrivi "+f.Signature, "«%s» è una funzione: mancano le parentesi con gli argomenti", name)
		return
	}
	head, _, isMember := strings.Cut(name, ".")
	if isMember && (c.scope.Row == nil || c.scope.Row.Name != head) {
		if _, ok := c.scope.Vocabulary.Groups[head]; ok {
			c.defect(at, "row_not_in_scope", "«"+head+"» esiste solo nelle regole con for_each, nelle righe di un contatore e simili; per l'elenco intero usa count o sum",
				"«%s» non si può usare qui: non c'è una riga di cui parlare", name)
			return
		}
	}
	if c.isPrefix(name) {
		c.defect(at, "not_a_value", "aggiungi un punto e il nome del campo", "«%s» è un gruppo di fatti, non un valore", name)
		return
	}
	for i := len(name) - 1; i > 0; i-- {
		if whole := name[:i]; name[i] == '.' {
			if f, _ := c.scope.resolve(whole); f != nil {
				c.defect(at, "unknown_fact", "forse intendevi "+whole+"?", "«%s» non è un fatto dichiarato: «%s» non ha campi", name, whole)
				return
			}
		}
	}
	c.defect(at, "unknown_fact", c.suggest(name, c.scope.names()), "«%s» non è un fatto dichiarato", name)
}

// isPrefix tells whether the name leads to declared facts without being one.
func (c *checker) isPrefix(name string) bool {
	return slices.ContainsFunc(c.scope.names(), func(n string) bool { return strings.HasPrefix(n, name+".") })
}

// names are all facts that may be named, sorted.
func (s *Scope) names() []string {
	var names []string
	for _, f := range s.Vocabulary.Root.Fields {
		names = append(names, f.Name)
	}
	if s.Row != nil {
		for _, f := range s.Row.Fields {
			names = append(names, s.Row.Name+"."+f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// suggest words the hint for a name that is not among names; "" when nothing is near.
func (c *checker) suggest(name string, names []string) string {
	if near := nearest(name, names); near != "" {
		return "forse intendevi " + near + "?"
	}
	return ""
}

// nearest is the name most like the one written: the same but for a few letters, or the same
// last part after the dots. Empty when none is near enough to help.
func nearest(name string, names []string) string {
	best, least := "", max(2, len(name)/4)+1
	for _, n := range names {
		if d := distance(name, n); d < least {
			best, least = n, d
		}
	}
	if best != "" {
		return best
	}
	last := "." + name[strings.LastIndexByte(name, '.')+1:]
	for _, n := range names {
		if strings.HasSuffix(n, last) {
			return n
		}
	}
	return ""
}

// distance is the number of letters to insert, delete, replace or exchange with the next.
func distance(a, b string) int {
	s, t := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	before, prev, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range s {
		row[0] = i + 1
		for j := range t {
			cost := 1
			if s[i] == t[j] {
				cost = 0
			}
			row[j+1] = min(prev[j+1]+1, row[j]+1, prev[j]+cost)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(t)]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func codesOf(options []fact.Option) []string {
	var codes []string
	for _, o := range options {
		codes = append(codes, o.Code)
	}
	return codes
}

func kindOf(t fact.Type) kind {
	switch t {
	case fact.Text, fact.Code:
		return kindText
	case fact.Bool:
		return kindBool
	case fact.Integer:
		return kindInt
	case fact.Decimal:
		return kindDec
	case fact.Date:
		return kindDate
	}
	return kindList
}
